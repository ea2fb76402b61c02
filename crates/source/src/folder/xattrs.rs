//! Extended attributes, access lists among them, read through an open handle: never of what a link points to.

use crate::Xattrs;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::fs::{fgetxattr, flistxattr, getxattr, listxattr};
use rustix::io::{Errno, Result, retry_on_intr};
use std::ffi::{CStr, CString};

/// More than any attribute or list of names that Linux allows (64 KiB).
const MOST: usize = 256 * 1024;

/// A way to an item's attributes.
pub(super) enum Door<'f> {
    /// A file or folder that is open for reading.
    Open(BorrowedFd<'f>),
    /// A handle that stands for the item without opening it: such a handle has no calls of its own, but its name in the
    /// process's folder of open files leads to the item itself, links included.
    Named(String),
}

impl<'f> Door<'f> {
    /// Through a handle that was opened with `O_PATH`.
    pub(super) fn named(handle: BorrowedFd<'f>) -> Self {
        Self::Named(format!("/proc/self/fd/{}", handle.as_raw_fd()))
    }

    fn list(&self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Open(file) => flistxattr(file, buffer),
            Self::Named(path) => listxattr(path.as_str(), buffer),
        }
    }

    fn get(&self, name: &CStr, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Open(file) => fgetxattr(file, name, buffer),
            Self::Named(path) => getxattr(path.as_str(), name, buffer),
        }
    }
}

/// All attributes, sorted by name; none where the file system has no such thing.
pub(super) fn read_xattrs(door: &Door<'_>) -> Result<Xattrs> {
    let list = match growing(|buffer| door.list(buffer)) {
        Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        list => list?,
    };
    let mut xattrs = Vec::new();
    for name in list.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let Ok(c_name) = CString::new(name) else { continue };
        match growing(|buffer| door.get(&c_name, buffer)) {
            Ok(value) => xattrs.push((name.to_vec(), value)),
            // Removed since it was listed.
            Err(Errno::NODATA) => {}
            Err(errno) => return Err(errno),
        }
    }
    xattrs.sort_unstable();
    Ok(xattrs)
}

fn growing(mut call: impl FnMut(&mut [u8]) -> Result<usize>) -> Result<Vec<u8>> {
    let mut buffer = vec![0; 256];
    loop {
        match retry_on_intr(|| call(&mut buffer)) {
            Ok(length) => {
                buffer.truncate(length);
                buffer.shrink_to_fit();
                return Ok(buffer);
            }
            Err(Errno::RANGE) if buffer.len() < MOST => buffer.resize(buffer.len() * 4, 0),
            Err(errno) => return Err(errno),
        }
    }
}
