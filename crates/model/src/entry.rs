//! What a snapshot holds: one entry for each file, folder, link or thing that could not be read.

use crate::{ChunkId, Timestamp, TreePath};

/// One item of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it lies below its root; the root itself has the empty path.
    pub path: TreePath,
    /// What it is.
    pub kind: EntryKind,
    /// Rights, times, owner and extended attributes.
    pub metadata: Metadata,
    /// Names and contents of extended attributes too large to stand in the tree; sorted by name.
    pub large_xattrs: Vec<(Vec<u8>, ChunkList)>,
}

/// Which chunks, one after another, make a content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChunkList {
    /// 0: `chunks` are the content. n: they are lists, whose lists … n deep, are the content. Very large files only.
    pub depth: u8,
    /// Chunk ids and plain lengths, in order.
    pub chunks: Vec<(ChunkId, u32)>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A file. Its content is the chunks' plaintexts one after another, laid around the holes.
    File {
        /// Length in bytes, holes included.
        size: u64,
        /// The chunks of its data.
        chunks: ChunkList,
        /// Ranges that no chunk covers and that read as zeros; ascending, not touching.
        holes: Vec<Hole>,
        /// Where it has several hard links within its root: what names the group.
        link_group: Option<[u8; 32]>,
        /// What whoever backed it up noted of its first bytes.
        glance: Option<Glance>,
    },
    /// A folder.
    Directory,
    /// A symbolic link and what it points to, as bytes.
    Symlink {
        /// The target exactly as stored by the system.
        target: Vec<u8>,
        /// Where it has several hard links within its root: what names the group.
        link_group: Option<[u8; 32]>,
    },
    /// A named pipe.
    Fifo,
    /// A socket: recorded, never restored as one.
    Socket,
    /// A character device.
    CharacterDevice {
        /// Major and minor number as the system encodes them.
        device: u64,
    },
    /// A block device.
    BlockDevice {
        /// Major and minor number as the system encodes them.
        device: u64,
    },
    /// Something that was there and could not be read: it makes the snapshot PARTIAL.
    Unreadable {
        /// The kind of obstacle.
        reason: UnreadableReason,
        /// The system's own words.
        message: String,
    },
}

/// What a glance at a file's first bytes told whoever backed it up, so that one who looks for mail need not fetch every file to see
/// which are mailboxes. A hint: what lies in the file is only known once it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance {
    /// Not mail, although the name leaves that open.
    NotMail,
    /// A mailbox, or a single message.
    Mail,
}

impl EntryKind {
    /// Bytes of content that are not holes: what reading, fetching and writing it takes.
    pub fn data_len(&self) -> u64 {
        match self {
            Self::File { size, holes, .. } => size.saturating_sub(holes.iter().map(|hole| hole.length).sum()),
            _ => 0,
        }
    }
}

/// Why an item could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnreadableReason {
    /// The system refused access.
    PermissionDenied,
    /// It was listed, and gone when it was to be read.
    Vanished,
    /// It kept changing while it was read.
    Changed,
    /// The disk or network reported an error.
    ReadError,
    /// It is in use by another program.
    InUse,
    /// It is only in the cloud.
    CloudOnly,
    /// Its name or kind cannot be stored.
    Unsupported,
}

/// A stretch of zeros that takes no room on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// Where it begins.
    pub offset: u64,
    /// How long it is; never zero.
    pub length: u64,
}

/// What the file system says about an item, apart from its content. No access time, no inode number: those would make
/// every tree node differ on every run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Unix permission bits (the low twelve); `None` where the system has none, and then no owner either.
    pub mode: Option<u32>,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Last change of the content.
    pub modified: Timestamp,
    /// Extended attributes, sorted by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What tells whether a file has changed since it was last read, without opening it. Kept in the local cache only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fingerprint {
    /// Length in bytes.
    pub size: u64,
    /// Last change of the content.
    pub modified: Timestamp,
    /// Last change of content or metadata, as kept by the system: a program cannot set it back.
    pub changed: Timestamp,
    /// The file's number in its file system.
    pub inode: u64,
}

/// The same of a file wherever it lies: with the file system that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLook {
    /// The file system.
    pub device: u64,
    /// How it looks there.
    pub fingerprint: Fingerprint,
}
