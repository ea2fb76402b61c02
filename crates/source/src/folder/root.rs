//! The source's root, held open: everything below it is reached through this handle, so that no link and no renamed
//! folder above can lead the walk elsewhere, and paths longer than the system allows in one piece are opened in steps.

use super::failure::{means_gone, reason, words};
use crate::SourceError;
use chest_model::UnreadableReason;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fstat, openat, openat2};
use rustix::io::{Errno, Result, retry_on_intr};
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The longest path the system takes in one call, without its closing NUL.
const LONGEST_STEP: usize = 4095;

/// How folders are opened for listing.
pub(super) const LISTING: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NONBLOCK);

const PASSING: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);

/// An open root.
#[derive(Debug)]
pub(super) struct Root {
    handle: OwnedFd,
    /// The name below `handle`, where the root is a single file.
    single: Option<CString>,
    /// Whether the system can open a path of several components beneath a folder without following links.
    opens_beneath: bool,
    /// Some network file systems always count zero links: there, zero does not mean deleted.
    counts_links: bool,
}

impl Root {
    /// Resolves the path (the only time links are followed) and opens it.
    pub(super) fn open(path: &Path) -> std::result::Result<Self, SourceError> {
        let canonical = path.canonicalize().map_err(|error| source_error(path, &error))?;
        let is_folder = canonical.symlink_metadata().map_err(|error| source_error(path, &error))?.is_dir();
        let (folder, single) = match (canonical.parent(), canonical.file_name()) {
            (Some(parent), Some(name)) if !is_folder => (parent, CString::new(name.as_bytes()).ok()),
            _ => (canonical.as_path(), None),
        };
        let flags = if single.is_some() { PASSING } else { LISTING };
        Self::hold(folder, flags, single).map_err(|errno| source_error(path, &errno.into()))
    }

    fn hold(folder: &Path, flags: OFlags, single: Option<CString>) -> Result<Self> {
        let handle = open_one(CWD, folder.as_os_str().as_bytes(), flags)?;
        let counts_links = fstat(&handle)?.st_nlink > 0;
        let opens_beneath = beneath(handle.as_fd(), b".", PASSING).is_ok();
        Ok(Self { handle, single, opens_beneath, counts_links })
    }

    /// The folder that holds everything: the root itself, or the folder of a single file.
    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// The file's name, where the root is a single file.
    pub(super) fn single(&self) -> Option<&CStr> {
        self.single.as_deref()
    }

    /// Opens what lies at `path` below the root; the empty path is the root. Never follows a link.
    pub(super) fn open_below(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
        match &self.single {
            Some(name) if path.is_empty() => open_one(&self.handle, name.to_bytes(), flags),
            Some(_) => Err(Errno::NOTDIR),
            None if path.is_empty() => open_one(&self.handle, b".", flags),
            None => self.open_in_steps(path, flags),
        }
    }

    fn open_in_steps(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
        let (mut step, mut rest) = self.first_step(path);
        let mut held: Option<OwnedFd> = None;
        while !rest.is_empty() {
            let passed = self.open_step(held.as_ref().unwrap_or(&self.handle).as_fd(), step, PASSING)?;
            held = Some(passed);
            (step, rest) = self.first_step(rest);
        }
        self.open_step(held.as_ref().unwrap_or(&self.handle).as_fd(), step, flags)
    }

    /// As much of the path as one call can take, and the rest.
    fn first_step<'p>(&self, path: &'p [u8]) -> (&'p [u8], &'p [u8]) {
        let cut = if !self.opens_beneath {
            path.iter().position(|&byte| byte == b'/')
        } else if path.len() <= LONGEST_STEP {
            None
        } else {
            // A component too long for any step is left to the system to refuse.
            let last_fitting = path[..=LONGEST_STEP].iter().rposition(|&byte| byte == b'/');
            last_fitting.or_else(|| path.iter().position(|&byte| byte == b'/'))
        };
        cut.map_or((path, &[]), |cut| (&path[..cut], &path[cut + 1..]))
    }

    fn open_step(&self, folder: BorrowedFd<'_>, step: &[u8], flags: OFlags) -> Result<OwnedFd> {
        if step.contains(&b'/') { beneath(folder, step, flags) } else { open_one(folder, step, flags) }
    }

    /// Whether the root itself is no longer there: deleted, or its file system gone.
    pub(super) fn is_gone(&self) -> bool {
        match fstat(&self.handle) {
            Ok(stat) if self.counts_links && stat.st_nlink == 0 => true,
            Ok(_) => open_one(&self.handle, b".", PASSING).is_err_and(means_gone),
            Err(_) => true,
        }
    }
}

/// Opens one component in a folder, without following a link.
pub(super) fn open_one(folder: impl AsFd, name: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
    quietly(flags, |flags| openat(&folder, name, flags, Mode::empty()))
}

fn beneath(folder: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    quietly(flags, |flags| openat2(folder, path, flags, Mode::empty(), resolve))
}

/// Reading leaves no trace in access times, where the system lets us (it refuses on other people's files).
fn quietly(flags: OFlags, open: impl Fn(OFlags) -> Result<OwnedFd>) -> Result<OwnedFd> {
    if flags.contains(OFlags::PATH) {
        let flags = flags - (OFlags::NOCTTY | OFlags::NONBLOCK);
        return retry_on_intr(|| open(flags));
    }
    match retry_on_intr(|| open(flags | OFlags::NOATIME)) {
        Err(Errno::PERM) => retry_on_intr(|| open(flags)),
        opened => opened,
    }
}

fn source_error(path: &Path, error: &std::io::Error) -> SourceError {
    let path = chest_model::shown_place(path);
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR) => SourceError::NotFound { path },
        Some(errno) => SourceError::Unreadable { path, reason: reason(errno), message: words(errno) },
        None => SourceError::Unreadable { path, reason: UnreadableReason::ReadError, message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_openat2(path: &Path) -> Root {
        Root { opens_beneath: false, ..Root::open(path).unwrap() }
    }

    #[test]
    fn links_are_not_followed_whichever_way_the_system_opens() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::fs::write(dir.path().join("a/b/file"), b"x").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("file", dir.path().join("a/b/last")).unwrap();
        for root in [Root::open(dir.path()).unwrap(), without_openat2(dir.path())] {
            assert!(root.open_below(b"a/b/file", OFlags::RDONLY).is_ok(), "{root:?}");
            assert!(root.open_below(b"link/b/file", OFlags::RDONLY).is_err(), "{root:?}");
            assert!(root.open_below(b"a/b/last", OFlags::RDONLY).is_err(), "{root:?}");
            assert!(root.open_below(b"a/b/last", OFlags::PATH).is_ok(), "{root:?}");
        }
    }

    #[test]
    fn long_paths_are_cut_at_separators_only() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::open(dir.path()).unwrap();
        let path = vec!["x".repeat(255); 100].join("/").into_bytes();
        let (mut step, mut rest) = root.first_step(&path);
        let mut joined = step.to_vec();
        while !rest.is_empty() {
            assert!(step.len() <= LONGEST_STEP && step.len() > LONGEST_STEP - 257, "{}", step.len());
            (step, rest) = root.first_step(rest);
            joined.push(b'/');
            joined.extend_from_slice(step);
        }
        assert_eq!(joined, path);
    }
}
