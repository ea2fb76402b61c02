//! Owner, rights, extended attributes and times of what has been restored. What cannot be set is told, never fatal: the
//! content is what the user came for.

use std::io;

use chest_model::Metadata;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd};
use rustix::fs::{AtFlags, CWD, Gid, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags};
use rustix::io::Errno;

use super::existing::ItemKind;

const SET_ID_BITS: u32 = 0o6000;

/// Something about a restored item that is not as it was backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataNote {
    /// It belongs to somebody else than it did: only the administrator may give files away.
    Owner {
        /// Owner as backed up.
        uid: u32,
        /// Group as backed up.
        gid: u32,
        /// Why it could not be set.
        reason: io::ErrorKind,
    },
    /// The permission bits could not be set.
    Mode {
        /// As backed up.
        mode: u32,
        /// Why not.
        reason: io::ErrorKind,
    },
    /// The set-user-id and set-group-id bits were left off: the restore is not privileged, or the owner is not the
    /// same.
    SetIdBitsLeftOff {
        /// As backed up.
        mode: u32,
    },
    /// The file system refuses an extended attribute.
    Xattr {
        /// Its name.
        name: Vec<u8>,
        /// Why.
        reason: io::ErrorKind,
    },
    /// A `security.` or `trusted.` attribute was left off, because the restore is not privileged.
    PrivilegedXattrLeftOff {
        /// Its name.
        name: Vec<u8>,
    },
    /// The time of last change could not be set.
    Times {
        /// Why not.
        reason: io::ErrorKind,
    },
    /// Another program replaced the item before its metadata could be set; nothing was set.
    Replaced,
}

/// How an item is reached when its metadata are set: never by its name, which may mean something else by now.
pub(super) enum Subject<'fd> {
    /// Open for reading or writing.
    Open(BorrowedFd<'fd>),
    /// A mere handle of something that is not to be opened (a link, a pipe, a device, an unreadable folder), reached
    /// through the system's list of this program's handles.
    Handle(String),
}

impl<'fd> Subject<'fd> {
    pub(super) fn handle(fd: BorrowedFd<'fd>) -> Self {
        Self::Handle(handle_path(fd))
    }

    fn set_owner(&self, uid: Option<Uid>, gid: Option<Gid>) -> Result<(), Errno> {
        match self {
            Self::Open(fd) => rustix::fs::fchown(fd, uid, gid),
            Self::Handle(path) => rustix::fs::chownat(CWD, path, uid, gid, AtFlags::empty()),
        }
    }

    fn set_mode(&self, mode: Mode) -> Result<(), Errno> {
        match self {
            Self::Open(fd) => rustix::fs::fchmod(fd, mode),
            Self::Handle(path) => rustix::fs::chmodat(CWD, path, mode, AtFlags::empty()),
        }
    }

    fn set_xattr(&self, name: &[u8], value: &[u8]) -> Result<(), Errno> {
        match self {
            Self::Open(fd) => rustix::fs::fsetxattr(fd, name, value, XattrFlags::empty()),
            Self::Handle(path) => rustix::fs::setxattr(path, name, value, XattrFlags::empty()),
        }
    }

    fn set_times(&self, times: &Timestamps) -> Result<(), Errno> {
        match self {
            Self::Open(fd) => rustix::fs::futimens(fd, times),
            Self::Handle(path) => rustix::fs::utimensat(CWD, path, times, AtFlags::empty()),
        }
    }
}

/// Where the system shows an open handle as a path; it leads to the very item, whatever its name is by now.
pub(super) fn handle_path(fd: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// For a folder, given by a mere handle.
pub(super) fn apply_to_folder(
    folder: BorrowedFd<'_>,
    metadata: &Metadata,
    privileged: bool,
) -> Result<Vec<MetadataNote>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(folder, c".", flags, Mode::empty()).ok();
    let subject = match &opened {
        Some(fd) => Subject::Open(fd.as_fd()),
        None => Subject::handle(folder),
    };
    Ok(apply(&subject, &rustix::fs::fstat(folder)?, metadata, privileged))
}

/// Sets everything, on an item that is as `was` now.
///
/// The order matters: a change of owner clears set-id bits and capabilities, so it comes first; attributes in `user.`
/// need the right to write, which the final mode may take away; access lists and capabilities come after the mode,
/// which would change them; the times come last.
pub(super) fn apply(subject: &Subject<'_>, was: &Stat, metadata: &Metadata, privileged: bool) -> Vec<MetadataNote> {
    let mut notes = Vec::new();
    // No mode means that the snapshot comes from a system without owners and rights.
    let from_unix = metadata.mode.is_some();
    let (user, others): (Vec<_>, Vec<_>) = metadata
        .xattrs
        .iter()
        .map(|(name, value)| (&name[..], &value[..]))
        .partition(|(name, _)| name.starts_with(b"user."));
    let owner_set = !from_unix || set_owner(subject, was, metadata, &mut notes);
    set_xattrs(subject, &user, privileged, &mut notes);
    if from_unix && ItemKind::of(was) != ItemKind::Symlink {
        set_mode(subject, was, metadata.mode.unwrap_or_default() & 0o7777, privileged && owner_set, &mut notes);
    }
    set_xattrs(subject, &others, privileged, &mut notes);
    set_times(subject, metadata, &mut notes);
    notes
}

fn set_owner(subject: &Subject<'_>, was: &Stat, metadata: &Metadata, notes: &mut Vec<MetadataNote>) -> bool {
    let (uid, gid) = (metadata.uid, metadata.gid);
    if (was.st_uid, was.st_gid) == (uid, gid) {
        return true;
    }
    // All ones means "leave as it is" to the system, so it can be nobody's number.
    let outcome = match (uid, gid) {
        (u32::MAX, _) | (_, u32::MAX) => Err(Errno::INVAL),
        _ => subject.set_owner(Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))),
    };
    let Err(errno) = outcome else { return true };
    if was.st_gid != gid && gid != u32::MAX {
        // An ordinary user may at least give a file to a group of his.
        subject.set_owner(None, Some(Gid::from_raw(gid))).ok();
    }
    notes.push(MetadataNote::Owner { uid, gid, reason: errno.kind() });
    false
}

fn set_mode(subject: &Subject<'_>, was: &Stat, mode: u32, may_set_id: bool, notes: &mut Vec<MetadataNote>) {
    let is_folder = ItemKind::of(was) == ItemKind::Folder;
    let mut wanted = mode;
    if mode & SET_ID_BITS != 0 && !is_folder && !may_set_id {
        wanted &= !SET_ID_BITS;
        notes.push(MetadataNote::SetIdBitsLeftOff { mode });
    }
    // A change of owner may have cleared the set-id bits that were there, so their presence before proves nothing.
    if was.st_mode & 0o7777 == wanted && wanted & SET_ID_BITS == 0 {
        return;
    }
    if let Err(errno) = subject.set_mode(Mode::from_raw_mode(wanted)) {
        notes.push(MetadataNote::Mode { mode, reason: errno.kind() });
    }
}

fn set_xattrs(subject: &Subject<'_>, xattrs: &[(&[u8], &[u8])], privileged: bool, notes: &mut Vec<MetadataNote>) {
    for &(name, value) in xattrs {
        if !privileged && (name.starts_with(b"security.") || name.starts_with(b"trusted.")) {
            notes.push(MetadataNote::PrivilegedXattrLeftOff { name: name.to_vec() });
        } else if let Err(errno) = subject.set_xattr(name, value) {
            notes.push(MetadataNote::Xattr { name: name.to_vec(), reason: errno.kind() });
        }
    }
}

fn set_times(subject: &Subject<'_>, metadata: &Metadata, notes: &mut Vec<MetadataNote>) {
    let modified = metadata.modified;
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: modified.seconds, tv_nsec: modified.nanoseconds.into() },
    };
    if let Err(errno) = subject.set_times(&times) {
        notes.push(MetadataNote::Times { reason: errno.kind() });
    }
}
