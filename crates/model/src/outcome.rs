//! What operations report, in words that terminal, JSON, report and page all share.

use crate::{ObjectHash, Timestamp, TreePath, UnreadableReason, WriterId};

/// What kind of documents a root holds, for judging the backup class by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Class {
    /// The council's documents.
    #[default]
    Documents,
    /// E-mail exports.
    Email,
    /// Anything else.
    Other,
}

impl Class {
    /// Every class, in the order of its number in the format.
    pub const ALL: [Self; 3] = [Self::Documents, Self::Email, Self::Other];

    /// Its number in the format.
    pub const fn number(self) -> u8 {
        match self {
            Self::Documents => 0,
            Self::Email => 1,
            Self::Other => 2,
        }
    }

    /// The class of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Email => "email",
            Self::Other => "other",
        }
    }
}

/// Whether a snapshot holds everything it should. A run that left no record has FAILED, which no snapshot can say of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Completeness {
    /// Everything was read.
    Complete,
    /// Something could not be read, or changed while it was read: see the exceptions.
    Partial,
}

/// How the names of a root are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RootEncoding {
    /// Unix: any bytes.
    UnixBytes,
    /// Windows: canonical WTF-8.
    Wtf8,
}

/// Where a part of a snapshot came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootDescription {
    /// The name it is stored under: one path component.
    pub label: Vec<u8>,
    /// The path on the machine it came from, for people to read.
    pub native_path: Vec<u8>,
    /// How names below it are encoded.
    pub encoding: RootEncoding,
    /// What kind of documents it holds.
    pub class: Class,
}

impl RootDescription {
    /// No label is longer, in bytes: on restore it is the name of a folder, and no system takes longer ones.
    pub const LONGEST_LABEL: usize = 255;
}

/// A file that held other files, which were backed up instead of it: an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its own name, without the folder it lay in.
    pub name: Vec<u8>,
    /// Its length in bytes.
    pub size: u64,
    /// BLAKE3 of its bytes; `None` where it could not be read to its end, or changed meanwhile.
    pub hash: Option<[u8; 32]>,
    /// Last change of the newest file in it, as the container says.
    pub newest: Option<Timestamp>,
}

/// One thing that was not read as it should have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The root's label.
    pub root: Vec<u8>,
    /// Where below it.
    pub path: TreePath,
    /// What happened.
    pub kind: ExceptionKind,
    /// The system's own words; may be empty.
    pub message: String,
}

impl Exception {
    /// Whether the root as a whole could not be read: then nothing is known of what it holds.
    pub fn is_of_whole_root(&self) -> bool {
        self.path.is_root() && matches!(self.kind, ExceptionKind::Unreadable(_))
    }
}

/// What happened to an item that is an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExceptionKind {
    /// It could not be read.
    Unreadable(UnreadableReason),
    /// It changed while it was read: the version stored may mix old and new.
    ChangedWhileRead,
}

/// A snapshot as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSummary {
    /// The hash of its record.
    pub id: ObjectHash,
    /// The writer that made it.
    pub writer: WriterId,
    /// Start of reading, as the writer claims.
    pub started: Timestamp,
    /// End of reading, as the writer claims.
    pub ended: Timestamp,
    /// Whether it holds everything.
    pub completeness: Completeness,
    /// The machine's name.
    pub host: String,
    /// Where its parts came from.
    pub roots: Vec<RootDescription>,
    /// The exports that a part came out of, each with the part's label.
    pub containers: Vec<(Vec<u8>, Container)>,
    /// Number of files.
    pub files: u64,
    /// Bytes of content before deduplication.
    pub bytes: u64,
}

/// A file that cannot be had back in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedFile {
    /// The snapshot that holds it.
    pub snapshot: ObjectHash,
    /// The root's label.
    pub root: Vec<u8>,
    /// Where below it.
    pub path: TreePath,
}
