//! What one look at an item (`fstatat`) tells, cut down to what is needed: a folder ahead of the visitor may hold many.

use crate::{ItemKind, SourceItem};
use chest_model::{FileLook, Fingerprint, Metadata, Timestamp, TreePath};
use rustix::fs::{FileType, Stat};

/// One look at an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// Kind and rights.
    mode: u32,
    uid: u32,
    gid: u32,
    /// How many names it has.
    pub(super) links: u64,
    /// Length in bytes.
    pub(crate) size: u64,
    modified: Timestamp,
    /// Last change of content or metadata.
    pub(super) changed: Timestamp,
    /// Its number in its file system.
    pub(super) inode: u64,
    /// Its file system.
    pub(super) device: u64,
    /// What a device file stands for.
    stands_for: u64,
}

impl Facts {
    /// What kind of item it is.
    pub(super) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }

    /// Everything a snapshot keeps but extended attributes.
    pub(super) fn metadata(&self) -> Metadata {
        Metadata {
            mode: Some(self.mode & 0o7777),
            uid: self.uid,
            gid: self.gid,
            modified: self.modified,
            xattrs: Vec::new(),
        }
    }

    /// What tells whether it has changed.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint { size: self.size, modified: self.modified, changed: self.changed, inode: self.inode }
    }

    /// The same of a file that may lie anywhere.
    pub(crate) fn file_look(&self) -> FileLook {
        FileLook { device: self.device, fingerprint: self.fingerprint() }
    }

    /// User and group that own it.
    pub(crate) fn owner(&self) -> (u32, u32) {
        (self.uid, self.gid)
    }

    /// The kind, for anything but a symbolic link (whose target another look must tell).
    pub(super) fn kind(&self) -> Option<ItemKind> {
        match self.file_type() {
            FileType::RegularFile => Some(ItemKind::File { size: self.size }),
            FileType::Directory => Some(ItemKind::Directory),
            FileType::Fifo => Some(ItemKind::Fifo),
            FileType::Socket => Some(ItemKind::Socket),
            FileType::CharacterDevice => Some(ItemKind::CharacterDevice { device: self.stands_for }),
            FileType::BlockDevice => Some(ItemKind::BlockDevice { device: self.stands_for }),
            FileType::Symlink | FileType::Unknown => None,
        }
    }

    /// The item of that kind.
    pub(super) fn item(&self, path: TreePath, kind: ItemKind) -> SourceItem {
        let (metadata, fingerprint) = (self.metadata(), self.fingerprint());
        SourceItem { path, kind, metadata, fingerprint, first_link: None, cloud_only: false }
    }
}

impl From<&Stat> for Facts {
    // The fields' types differ from one processor to another.
    #[allow(clippy::unnecessary_cast)]
    fn from(stat: &Stat) -> Self {
        Self {
            mode: stat.st_mode as u32,
            uid: stat.st_uid,
            gid: stat.st_gid,
            links: stat.st_nlink as u64,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: Timestamp::new(stat.st_mtime as i64, stat.st_mtime_nsec as u32),
            changed: Timestamp::new(stat.st_ctime as i64, stat.st_ctime_nsec as u32),
            inode: stat.st_ino as u64,
            device: stat.st_dev as u64,
            stands_for: stat.st_rdev as u64,
        }
    }
}
