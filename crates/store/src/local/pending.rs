//! Temporary files of puts under way, and what becomes of those whose process died.
//!
//! Each is held under an exclusive `flock` from its making until it is published: the system lets go of the lock when the
//! process ends, however it ends. So a temporary file that can be locked belongs to nobody, and only such a one is removed.
//! Where a file system keeps locks per machine (sshfs), a file may be swept under a live writer on another machine: that
//! writer then fails to publish, and writes it again.

use super::direct;
use super::place::{Place, open_folder};
use super::publish::At;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, fstat, openat, unlinkat};
use rustix::io::Errno;
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The folder below the root that holds them.
pub(super) const FOLDER: &str = "tmp";

/// The dot keeps these apart from object names.
const SUFFIX: &str = ".part";

const PREFIX: &str = "put-";

const ATTEMPTS: u32 = 100;

/// A temporary file that is ours. Removed when dropped, unless it has been moved away.
pub(super) struct Pending<'a> {
    folder: &'a OwnedFd,
    name: String,
    file: File,
}

impl<'a> Pending<'a> {
    /// Writes the bytes to a new file and makes them durable.
    pub(super) fn write(folder: &'a OwnedFd, bytes: &[u8]) -> io::Result<Self> {
        let mut pending = Self::create(folder)?;
        // Nobody reads a pack soon, and copying it into the system's cache costs more than anything else that is done to it.
        if !direct::write(&pending.file, bytes)? {
            pending.file.write_all(bytes)?;
        }
        pending.file.sync_all()?;
        Ok(pending)
    }

    /// A new, empty and locked file.
    pub(super) fn create(folder: &'a OwnedFd) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let name = fresh_name();
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = match openat(folder, &name, flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => File::from(file),
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(error.into()),
            };
            let pending = Self { folder, name, file };
            if pending.is_ours()? {
                return Ok(pending);
            }
        }
        Err(io::Error::new(io::ErrorKind::ResourceBusy, "no temporary file could be made"))
    }

    /// Between making and locking, a sweep may have locked the file, or have removed it already.
    fn is_ours(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(false),
            // A file system without locks: a sweep cannot lock either, and leaves the file alone.
            Err(TryLockError::Error(_)) => Ok(true),
            Ok(()) => Ok(fstat(&self.file)?.st_nlink > 0),
        }
    }

    /// Where it lies.
    pub(super) fn at(&self) -> At<'_> {
        At { folder: self.folder.as_fd(), name: &self.name }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        // Gone already where it was renamed; what cannot be removed is shown by `strays` and swept later.
        let _ = unlinkat(self.folder, &self.name, AtFlags::empty());
    }
}

/// `RandomState` draws its keys from the system: neither two processes of one number (containers, several machines on one
/// share) nor a process number used again can meet.
fn fresh_name() -> String {
    let random = RandomState::new().hash_one(std::process::id());
    format!("{PREFIX}{}-{random:016x}{SUFFIX}", std::process::id())
}

/// Whether a path below the root is that of a temporary file of ours.
pub(super) fn is_temporary(path: &str) -> bool {
    let name = path.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
    name.and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX))
        .and_then(|middle| middle.split_once('-'))
        .is_some_and(|(process, random)| {
            process.bytes().all(|byte| byte.is_ascii_digit())
                && random.len() == 16
                && random.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// Whether somebody is still writing this temporary file. What cannot be told counts as abandoned here: it is only shown.
pub(super) fn is_being_written(place: &Place, path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let Ok(Some(folder)) = place.find_folder(folder) else { return false };
    open_for_locking(folder.as_fd(), name)
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Removes what dead processes left. As far as it can: a put must not fail over somebody else's rubbish.
pub(super) fn sweep(place: &Place) {
    let Ok(folder) = open_folder(place.root(), FOLDER) else { return };
    let Ok(entries) = Dir::read_from(&folder) else { return };
    for entry in entries.flatten() {
        if let Ok(name) = entry.file_name().to_str()
            && is_temporary(&format!("{FOLDER}/{name}"))
        {
            remove_if_abandoned(folder.as_fd(), name);
        }
    }
}

fn remove_if_abandoned(folder: BorrowedFd<'_>, name: &str) {
    if let Ok(file) = open_for_locking(folder, name)
        && file.try_lock().is_ok()
    {
        let _ = unlinkat(folder, name, AtFlags::empty());
    }
}

/// For writing, because NFS grants exclusive locks only on such files.
fn open_for_locking(folder: BorrowedFd<'_>, name: &str) -> Result<File, Errno> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::empty()).map(File::from)
}
