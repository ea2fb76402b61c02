//! Why a run that read everything it met is still not called complete: what it met does not look like what there was.

/// A doubt about one root of a backup. Until somebody who knows says that it is right as it is, the backup is PARTIAL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The root's label.
    pub root: Vec<u8>,
    /// What is doubted.
    pub kind: DoubtKind,
    /// Whether somebody has said that it is right as it is.
    pub accepted: bool,
}

/// What does not look right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoubtKind {
    /// More than a fifth of the files, or of the bytes, of the last complete backup is no longer there.
    Shrunk {
        /// What the last complete backup held.
        before: Amount,
        /// What this one holds.
        now: Amount,
    },
    /// An export lacks folders that the last complete one had.
    FoldersGone {
        /// How many.
        count: u64,
        /// The first of them, as paths below the root.
        first: Vec<Vec<u8>>,
    },
    /// What the last complete backup held is not there at all: a disk that is not plugged in, a folder that was moved.
    Missing {
        /// What the last complete backup held.
        before: Amount,
    },
    /// There is no file in it at all, and there was none that anybody knows of: the wrong folder, or a disk that is not connected.
    Empty,
    /// Files have become noise, or demands for money lie about, as after an attack that encrypts files.
    Scrambled {
        /// How many more files are noise than in the last complete backup; 0 where only demands were found.
        files: u64,
        /// How many files there are in all.
        of: u64,
        /// How many files are named as extortionists name their demands.
        demand_count: u64,
        /// The first of them, as paths below the root.
        demands: Vec<Vec<u8>>,
    },
}

/// Files and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Number of files.
    pub files: u64,
    /// Bytes of content.
    pub bytes: u64,
}
