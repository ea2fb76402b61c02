//! Giving a finished temporary file its name without ever replacing what lies there.

use rustix::fs::{AtFlags, FileType, RenameFlags, linkat, renameat, renameat_with, statat};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, PoisonError};

/// A way to publish. Tried in the order of [`Method::ALL`] until the file system knows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// `renameat2` with NOREPLACE: ext4, XFS, btrfs, exFAT, FAT, SMB.
    ExclusiveRename,
    /// A second name for the file; the temporary one is removed afterwards: NFS.
    Link,
    /// Look, then rename: what is left for FUSE file systems without either. Two processes that put one name at the same
    /// moment can both pass the look; they put the same bytes, since the name contains their hash.
    LookThenRename,
}

impl Method {
    /// From the best to the last resort.
    pub(super) const ALL: &'static [Self] = &[Self::ExclusiveRename, Self::Link, Self::LookThenRename];
}

/// What publishing found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Published {
    /// The file now has its name.
    Now,
    /// Something of that name lay there, and still does.
    AlreadyThere,
}

/// One end of a publication: a name in a folder.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The folder.
    pub folder: BorrowedFd<'a>,
    /// The name in it.
    pub name: &'a str,
}

/// Publishes by the first of the methods that this file system has.
pub(super) fn publish(methods: &[Method], from: At<'_>, to: At<'_>) -> Result<Published, Errno> {
    let mut last = Errno::NOTSUP;
    for &method in methods {
        let answer = match method {
            Method::ExclusiveRename => {
                renameat_with(from.folder, from.name, to.folder, to.name, RenameFlags::NOREPLACE)
            }
            Method::Link => linkat(from.folder, from.name, to.folder, to.name, AtFlags::empty()),
            Method::LookThenRename => look_then_rename(from, to),
        };
        match answer {
            Ok(()) => return Ok(Published::Now),
            Err(Errno::EXIST) => return Ok(Published::AlreadyThere),
            Err(error) if is_unsupported(method, error) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn is_unsupported(method: Method, error: Errno) -> bool {
    match method {
        Method::ExclusiveRename => matches!(error, Errno::INVAL | Errno::NOSYS | Errno::NOTSUP),
        Method::Link => matches!(error, Errno::PERM | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::MLINK),
        Method::LookThenRename => false,
    }
}

fn look_then_rename(from: At<'_>, to: At<'_>) -> Result<(), Errno> {
    // At least the threads of this process take turns.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match kind_and_size(to.folder, to.name)? {
        Some(_) => Err(Errno::EXIST),
        None => renameat(from.folder, from.name, to.folder, to.name),
    }
}

/// What lies under a name, links not followed.
pub(super) fn kind_and_size(
    folder: BorrowedFd<'_>,
    name: impl rustix::path::Arg,
) -> Result<Option<(FileType, u64)>, Errno> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(status) => Ok(Some((FileType::from_raw_mode(status.st_mode), status.st_size.unsigned_abs()))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}
