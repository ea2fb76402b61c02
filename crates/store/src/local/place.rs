//! The folder a local store lies in: held open, so that no path is resolved twice, and compared with what its path shows
//! now, so that a disk that went away is never taken for an empty store.

use crate::StoreError;
use rustix::fs::{CWD, Mode, OFlags, fstat, openat, stat};
use rustix::io::Errno;
use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Private to the user who backs up: names and sizes are nobody else's business either.
pub(super) const FOLDER_MODE: Mode = Mode::RWXU;

/// No link is ever followed below the root, and nothing waits on a pipe.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn no_folder(path: &Path) -> StoreError {
    StoreError::NoSuchPlace(format!("the folder {}", chest_model::shown_place(path)))
}

/// Why no folder was found: something else may lie there, or above it, such as a file or a link that leads nowhere.
fn nothing_or_no_folder(path: &Path) -> StoreError {
    let is_there = |part: &&Path| part.symlink_metadata().is_ok();
    match path.ancestors().find(is_there).filter(|part| !part.is_dir()) {
        Some(in_the_way) => StoreError::NotAFolder(chest_model::shown_place(in_the_way)),
        None => no_folder(path),
    }
}

/// The root folder of a store.
pub(super) struct Place {
    path: PathBuf,
    root: OwnedFd,
    identity: (u64, u64),
}

impl Place {
    /// Opens a folder that is there.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let describe = |error| describe("opening", path, error);
        let absolute = std::path::absolute(path).map_err(describe)?;
        // The root itself may be reached through links: that is the user's affair.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, &absolute, flags, Mode::empty()).map_err(|error| describe(error.into()))?;
        let status = fstat(&root).map_err(|error| describe(error.into()))?;
        Ok(Self { path: absolute, root, identity: (status.st_dev, status.st_ino) })
    }

    /// Makes the folder and whatever above it is missing, durably, and opens it.
    pub(super) fn create(path: &Path) -> Result<Self, StoreError> {
        let describe = |error| describe("making", path, error);
        let absolute = std::path::absolute(path).map_err(describe)?;
        let missing: Vec<&Path> = absolute.ancestors().take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            match DirBuilder::new().mode(FOLDER_MODE.bits()).create(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(describe(error)),
                _ => {}
            }
            if let Some(parent) = folder.parent() {
                let parent = openat(CWD, parent, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
                    .map_err(|error| describe(error.into()))?;
                sync_folder(parent.as_fd()).map_err(|error| describe(error.into()))?;
            }
        }
        Self::open(path)
    }

    /// The root itself.
    pub(super) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Fails where the path no longer leads to the folder that was opened: removed, renamed or unmounted.
    pub(super) fn must_be_there(&self) -> Result<(), StoreError> {
        if self.is_there() { Ok(()) } else { Err(no_folder(&self.path)) }
    }

    fn is_there(&self) -> bool {
        stat(&self.path).is_ok_and(|now| (now.st_dev, now.st_ino) == self.identity)
    }

    /// The folder of that path below the root, or `None` where there is no such folder.
    pub(super) fn find_folder(&self, path: &str) -> Result<Option<OwnedFd>, Errno> {
        let mut folder = open_folder(self.root(), ".")?;
        for component in components(path) {
            match open_folder(folder.as_fd(), component) {
                Ok(next) => folder = next,
                Err(error) if is_absence(error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(folder))
    }

    /// What a failed system call means, seen from outside.
    pub(super) fn fault(&self, doing: &'static str, name: &str, error: impl Into<io::Error>) -> StoreError {
        match translate(doing, name, error.into()) {
            error @ (StoreError::NoSpace(_) | StoreError::Refused(_)) => error,
            error => self.must_be_there().err().unwrap_or(error),
        }
    }
}

/// A folder within a folder; links are refused.
pub(super) fn open_folder(parent: BorrowedFd<'_>, name: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    openat(parent, name, FOLDER, Mode::empty())
}

/// The parts of a path below the root; none for the root.
pub(super) fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|component| !component.is_empty())
}

/// Whether the error only says that nothing of that kind lies there: nothing at all, a file where a folder was looked for,
/// a link, or a socket.
pub(super) fn is_absence(error: Errno) -> bool {
    matches!(error, Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO)
}

/// Makes the entries of a folder durable. Some network and FUSE file systems cannot sync a folder and say so: nothing more
/// can be had from them, and refusing to back up would be worse.
pub(super) fn sync_folder(folder: BorrowedFd<'_>) -> Result<(), Errno> {
    match rustix::fs::fsync(folder) {
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        answer => answer,
    }
}

/// What a failed system call means for the folder itself.
fn describe(doing: &'static str, path: &Path, error: io::Error) -> StoreError {
    match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => nothing_or_no_folder(path),
        _ => translate(doing, &chest_model::shown_place(path), error),
    }
}

fn translate(doing: &'static str, name: &str, error: io::Error) -> StoreError {
    match Errno::from_io_error(&error) {
        Some(Errno::NOSPC | Errno::DQUOT) => StoreError::NoSpace(format!("{doing} {name}: {error}")),
        Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => StoreError::Refused(format!("{doing} {name}: {error}")),
        Some(Errno::STALE | Errno::NODEV | Errno::NOTCONN | Errno::HOSTDOWN | Errno::HOSTUNREACH) => {
            StoreError::Unreachable(format!("{doing} {name}: {error}"))
        }
        _ => StoreError::Io { doing, name: name.to_owned(), source: error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_system_has_its_own_meaning() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::open(folder.path()).unwrap();
        let fault = |error: Errno| place.fault("writing", "a", error);
        for error in [Errno::NOSPC, Errno::DQUOT] {
            assert!(matches!(fault(error), StoreError::NoSpace(_)), "{error}");
        }
        for error in [Errno::ACCESS, Errno::PERM, Errno::ROFS] {
            assert!(matches!(fault(error), StoreError::Refused(_)), "{error}");
        }
        assert!(matches!(fault(Errno::STALE), StoreError::Unreachable(_)));
        assert!(matches!(fault(Errno::IO), StoreError::Io { .. }));
        folder.close().unwrap();
        assert!(matches!(fault(Errno::IO), StoreError::NoSuchPlace(_)));
    }
}
