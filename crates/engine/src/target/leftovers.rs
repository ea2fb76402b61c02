//! What a killed restore left under hidden names is removed by the next one that comes to the same folder.
//!
//! An unfinished file is locked by the program that writes it, and the lock dies with the program: so what can be
//! locked is nobody's. Where the file system knows no locks, nothing is ever removed.

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::existing::{FileIdentity, ItemKind};
use super::folders::Folder;
use super::names;

/// Removes leftovers, once for each opening of a folder. It is housekeeping: whatever fails is left for the next time.
pub(super) fn sweep(folder: &Folder) {
    folder.swept.call_once(|| {
        let Ok(found) = find(folder) else { return };
        for name in found {
            remove_if_abandoned(folder, &name).ok();
        }
    });
}

fn find(folder: &Folder) -> Result<Vec<Vec<u8>>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let listing = rustix::fs::openat(folder.handle(), c".", flags, Mode::empty())?;
    let mut found = Vec::new();
    for entry in Dir::new(listing)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if names::is_temporary(name) {
            found.push(name.to_vec());
        }
    }
    Ok(found)
}

fn remove_if_abandoned(folder: &Folder, name: &[u8]) -> Result<(), Errno> {
    let stat = rustix::fs::statat(folder.handle(), name, AtFlags::SYMLINK_NOFOLLOW)?;
    let remove = || rustix::fs::unlinkat(folder.handle(), name, AtFlags::empty());
    match ItemKind::of(&stat) {
        ItemKind::File => {
            let file = open(folder, name)?;
            lock(&file)?;
            // The lock is held until the name is gone: whoever made the file and was about to lock it sees that.
            let is_the_same = FileIdentity::of(&rustix::fs::fstat(&file)?) == FileIdentity::of(&stat);
            if is_the_same { remove() } else { Ok(()) }
        }
        // These cannot be locked; a restore that is just about to rename one makes it again.
        ItemKind::Symlink | ItemKind::Fifo | ItemKind::CharacterDevice | ItemKind::BlockDevice => remove(),
        ItemKind::Folder | ItemKind::Socket | ItemKind::Unknown => Ok(()),
    }
}

fn open(folder: &Folder, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    // Network file systems give locks only for writing; a finished file may be readable only.
    rustix::fs::openat(folder.handle(), name, flags | OFlags::RDWR, Mode::empty())
        .or_else(|_| rustix::fs::openat(folder.handle(), name, flags | OFlags::RDONLY, Mode::empty()))
}

/// Marks a file as being written by this program, until it is closed.
pub(super) fn lock(file: &OwnedFd) -> Result<(), Errno> {
    rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive)
}
