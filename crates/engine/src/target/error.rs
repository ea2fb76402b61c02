//! Why something could not be written into the target, in the classes that a report tells apart.

use std::io;
use std::path::{Path, PathBuf};

use chest_model::TreePath;
use rustix::io::Errno;

/// Why the target, or one item in it, could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The target is something else than a folder.
    #[error("{} is not a folder", chest_model::shown_place(dir))]
    NotAFolder {
        /// The target.
        dir: PathBuf,
    },
    /// The target may not be written to.
    #[error("cannot write into {}: {source}", chest_model::shown_place(dir))]
    Unwritable {
        /// The target.
        dir: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// The target could not be made or opened.
    #[error("cannot open {}: {source}", chest_model::shown_place(dir))]
    Open {
        /// The target.
        dir: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// Where a folder is needed, there is a link, a file or something else. It stays as it is.
    #[error("something that is not a folder is in the way at {path}")]
    Obstructed {
        /// What is in the way.
        path: TreePath,
    },
    /// There is no such folder or file: never made, or removed meanwhile.
    #[error("{path} is not there")]
    Missing {
        /// What is missing.
        path: TreePath,
    },
    /// Something else now has the name of a file that was restored earlier.
    #[error("{path} was replaced by another program")]
    Replaced {
        /// Where it was.
        path: TreePath,
    },
    /// The name is longer than file systems allow.
    #[error("the name of {path} is too long")]
    NameTooLong {
        /// The item.
        path: TreePath,
    },
    /// The file system allows no such name.
    #[error("the file system refuses the name of {path}")]
    NameRefused {
        /// The item.
        path: TreePath,
    },
    /// Every name beside the one that is taken is taken too.
    #[error("no free name is left beside {path}")]
    NoFreeName {
        /// The item.
        path: TreePath,
    },
    /// Empty, too long, or with a NUL: no system can have made such a link.
    #[error("the target of the link {path} is not valid")]
    BadLinkTarget {
        /// The link.
        path: TreePath,
    },
    /// Restored only by a privileged restore.
    #[error("{path} is restored only by a privileged restore")]
    NotAllowed {
        /// The item.
        path: TreePath,
    },
    /// A second name for a file is not possible here; a copy is.
    #[error("cannot link {path}: {source}")]
    CannotLink {
        /// The second name.
        path: TreePath,
        /// The system's own words.
        source: io::Error,
    },
    /// The file system has no way to do this without risking what is there.
    #[error("the file system does not support writing {path} safely: {source}")]
    Unsupported {
        /// The item.
        path: TreePath,
        /// The system's own words.
        source: io::Error,
    },
    /// Larger than a file can be here.
    #[error("{path} is too large for this file system")]
    TooLarge {
        /// The file.
        path: TreePath,
    },
    /// Content was to be written after the end of the file.
    #[error("content beyond the end of {path}")]
    BeyondEnd {
        /// The file.
        path: TreePath,
    },
    /// The disk is full, or the quota used up.
    #[error("no space left for {path}: {source}")]
    NoSpace {
        /// The item.
        path: TreePath,
        /// The system's own words.
        source: io::Error,
    },
    /// The file system is read-only.
    #[error("cannot write {path}: {source}")]
    ReadOnly {
        /// The item.
        path: TreePath,
        /// The system's own words.
        source: io::Error,
    },
    /// The user may not do this there.
    #[error("not permitted at {path}: {source}")]
    Refused {
        /// The item.
        path: TreePath,
        /// The system's own words.
        source: io::Error,
    },
    /// The disk or network reported an error.
    #[error("{path}: {source}")]
    Io {
        /// The item.
        path: TreePath,
        /// The system's own words.
        source: io::Error,
    },
}

impl TargetError {
    /// The item that it is about; `None` where it is about the target as a whole.
    pub fn path(&self) -> Option<&TreePath> {
        match self {
            Self::NotAFolder { .. } | Self::Unwritable { .. } | Self::Open { .. } => None,
            Self::Obstructed { path }
            | Self::Missing { path }
            | Self::Replaced { path }
            | Self::NameTooLong { path }
            | Self::NameRefused { path }
            | Self::NoFreeName { path }
            | Self::BadLinkTarget { path }
            | Self::NotAllowed { path }
            | Self::TooLarge { path }
            | Self::BeyondEnd { path }
            | Self::CannotLink { path, .. }
            | Self::Unsupported { path, .. }
            | Self::NoSpace { path, .. }
            | Self::ReadOnly { path, .. }
            | Self::Refused { path, .. }
            | Self::Io { path, .. } => Some(path),
        }
    }

    pub(super) fn opening(dir: &Path, source: io::Error) -> Self {
        let dir = dir.to_owned();
        match source.kind() {
            io::ErrorKind::NotADirectory => Self::NotAFolder { dir },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Unwritable { dir, source },
            _ => Self::Open { dir, source },
        }
    }

    pub(super) fn at(path: &TreePath, errno: Errno) -> Self {
        let (path, source) = (path.clone(), errno.into());
        match errno {
            Errno::NOSPC | Errno::DQUOT => Self::NoSpace { path, source },
            Errno::ROFS => Self::ReadOnly { path, source },
            Errno::ACCESS | Errno::PERM => Self::Refused { path, source },
            Errno::NOTDIR | Errno::LOOP | Errno::ISDIR => Self::Obstructed { path },
            Errno::NOENT => Self::Missing { path },
            Errno::NAMETOOLONG => Self::NameTooLong { path },
            Errno::FBIG => Self::TooLarge { path },
            Errno::OPNOTSUPP | Errno::NOSYS => Self::Unsupported { path, source },
            _ => Self::Io { path, source },
        }
    }

    /// For calls in which an "invalid argument" can only be the name.
    pub(super) fn naming(path: &TreePath, errno: Errno) -> Self {
        match errno {
            Errno::INVAL | Errno::ILSEQ => Self::NameRefused { path: path.clone() },
            _ => Self::at(path, errno),
        }
    }
}
