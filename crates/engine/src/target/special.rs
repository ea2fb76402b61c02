//! Symbolic links, pipes and devices.

use chest_model::{EntryKind, Metadata, TreePath};
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::destination::Destination;
use super::error::TargetError;
use super::existing::ItemKind;
use super::folders::Folder;
use super::metadata::{self, MetadataNote, Subject};
use super::placing::{self, Nameless, Placed, replace_by_way_of_temporary};
use super::{Shared, Target};

const LONGEST_LINK: usize = 4095;

impl Target {
    /// Makes a symbolic link. It may point anywhere: nothing here ever follows it.
    pub fn make_symlink<'p>(
        &self,
        to: impl Into<Destination<'p>>,
        target: &[u8],
        metadata: &Metadata,
    ) -> Result<Placed, TargetError> {
        let to = to.into();
        if target.is_empty() || target.len() > LONGEST_LINK || target.contains(&0) {
            return Err(TargetError::BadLinkTarget { path: to.own.clone() });
        }
        self.make_special(to, Special::Symlink(target), metadata)
    }

    /// Makes a named pipe.
    pub fn make_fifo<'p>(&self, to: impl Into<Destination<'p>>, metadata: &Metadata) -> Result<Placed, TargetError> {
        self.make_special(to.into(), Special::Node(FileType::Fifo, 0), metadata)
    }

    /// Makes a device, where the restore is privileged. Other kinds than the two kinds of device are refused.
    pub fn make_device<'p>(
        &self,
        to: impl Into<Destination<'p>>,
        kind: ItemKind,
        device: u64,
        metadata: &Metadata,
    ) -> Result<Placed, TargetError> {
        let to = to.into();
        let file_type = match kind {
            ItemKind::CharacterDevice if self.shared.privileged => FileType::CharacterDevice,
            ItemKind::BlockDevice if self.shared.privileged => FileType::BlockDevice,
            _ => return Err(TargetError::NotAllowed { path: to.own.clone() }),
        };
        self.make_special(to, Special::Node(file_type, device), metadata)
    }

    /// Whether the very link, pipe or device that an entry tells of is at `path`.
    pub fn has_special(&self, path: &TreePath, kind: &EntryKind) -> bool {
        let Some(special) = Special::of(kind) else { return false };
        self.shared.parent_and_name(path).is_ok_and(|(folder, name)| special.is_already(&folder, name))
    }

    fn make_special(
        &self,
        to: Destination<'_>,
        mut special: Special<'_>,
        metadata: &Metadata,
    ) -> Result<Placed, TargetError> {
        let (folder, _) = self.shared.parent_and_name(to.own)?;
        let spot = placing::place(&self.shared, &folder, to, &mut special)?;
        let notes = match spot.is_new() {
            true => set_metadata(&folder, &spot.name, &special, metadata, self.shared.privileged),
            false => Vec::new(),
        };
        Ok(spot.placed(to.own, notes))
    }
}

#[derive(Debug)]
enum Special<'target> {
    Symlink(&'target [u8]),
    Node(FileType, u64),
}

impl<'target> Special<'target> {
    fn of(kind: &'target EntryKind) -> Option<Self> {
        Some(match kind {
            EntryKind::Symlink { target, .. } => Self::Symlink(target),
            EntryKind::Fifo => Self::Node(FileType::Fifo, 0),
            EntryKind::CharacterDevice { device } => Self::Node(FileType::CharacterDevice, *device),
            EntryKind::BlockDevice { device } => Self::Node(FileType::BlockDevice, *device),
            _ => return None,
        })
    }

    fn create(&self, folder: &Folder, name: &[u8]) -> Result<(), Errno> {
        match *self {
            Self::Symlink(target) => rustix::fs::symlinkat(target, folder.handle(), name),
            Self::Node(kind, device) => {
                rustix::fs::mknodat(folder.handle(), name, kind, Mode::RUSR | Mode::WUSR, device)
            }
        }
    }

    fn is_of_this_kind(&self, stat: &Stat) -> bool {
        let kind = FileType::from_raw_mode(stat.st_mode);
        match *self {
            Self::Symlink(_) => kind == FileType::Symlink,
            Self::Node(FileType::Fifo, _) => kind == FileType::Fifo,
            Self::Node(wanted, device) => kind == wanted && stat.st_rdev == device,
        }
    }
}

impl Nameless for Special<'_> {
    fn take_name(&mut self, _: &Shared, folder: &Folder, name: &[u8]) -> Result<(), Errno> {
        self.create(folder, name)
    }

    fn replace(&mut self, _: &Shared, folder: &Folder, name: &[u8]) -> Result<(), Errno> {
        replace_by_way_of_temporary(folder, name, |hidden| self.create(folder, hidden))
    }

    fn is_already(&self, folder: &Folder, name: &[u8]) -> bool {
        match self {
            Self::Symlink(target) => {
                rustix::fs::readlinkat(folder.handle(), name, Vec::new()).is_ok_and(|found| found.as_bytes() == *target)
            }
            Self::Node(..) => rustix::fs::statat(folder.handle(), name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| self.is_of_this_kind(&stat)),
        }
    }
}

/// Only if the name still means what was just made: somebody could have put a link to a stranger's file there, to have
/// it given away.
fn set_metadata(
    folder: &Folder,
    name: &[u8],
    special: &Special<'_>,
    metadata: &Metadata,
    privileged: bool,
) -> Vec<MetadataNote> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = rustix::fs::openat(folder.handle(), name, flags, Mode::empty());
    let found = handle.and_then(|handle| Ok((rustix::fs::fstat(&handle)?, handle)));
    match found {
        Ok((stat, handle)) if special.is_of_this_kind(&stat) && stat.st_nlink == 1 => {
            metadata::apply(&Subject::handle(handle.as_fd()), &stat, metadata, privileged)
        }
        _ => vec![MetadataNote::Replaced],
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn what_somebody_put_in_the_place_of_a_new_pipe_keeps_its_rights() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::open_or_create(dir.path(), super::super::TargetOptions::default()).unwrap();
        let at = TreePath::from_bytes(b"pipe".to_vec()).unwrap();
        target.make_fifo(&at, &Metadata { mode: Some(0o600), ..Metadata::default() }).unwrap();
        let (folder, name) = target.shared.parent_and_name(&at).unwrap();
        let metadata = Metadata { mode: Some(0o666), ..Metadata::default() };
        let pipe = Special::Node(FileType::Fifo, 0);
        let mode = || std::fs::symlink_metadata(dir.path().join("pipe")).unwrap().mode() & 0o7777;

        std::fs::hard_link(dir.path().join("pipe"), dir.path().join("another name of it")).unwrap();
        assert_eq!(set_metadata(&folder, name, &pipe, &metadata, false), [MetadataNote::Replaced]);
        assert_eq!(mode(), 0o600);
        std::fs::remove_file(dir.path().join("another name of it")).unwrap();
        let link = Special::Symlink(b"x");
        assert_eq!(set_metadata(&folder, name, &link, &metadata, false), [MetadataNote::Replaced]);
        assert_eq!(mode(), 0o600);
        assert!(!set_metadata(&folder, name, &pipe, &metadata, false).contains(&MetadataNote::Replaced));
        assert_eq!(mode(), 0o666);
    }
}
