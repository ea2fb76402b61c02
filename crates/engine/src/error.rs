//! Why an operation failed as a whole. What befalls single items is in the outcomes.

use crate::target::TargetError;
use chest_repo::history::HistoryError;
use chest_repo::{ObjectError, RepoError};
use chest_source::SourceError;
use std::path::PathBuf;

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The repository or its store.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The source as a whole.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The place to restore to.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The last step of making a repository failed, and nobody can tell whether it arrived.
    #[error(transparent)]
    PerhapsMade(Box<EngineError>),
    /// A repository was not made, after its words had been shown.
    #[error("{why}")]
    NotMade {
        /// Why.
        why: Box<EngineError>,
        /// Whether nothing of it is left in the store.
        is_taken_back: bool,
    },
    /// This machine holds no writer key for this repository.
    #[error("this computer is not enrolled to back up to this repository")]
    NotEnrolled,
    /// Another backup of this machine into this repository is under way.
    #[error("another backup to this repository is running on this computer (it holds {})", chest_model::shown_place(.0))]
    Busy(PathBuf),
    /// Two of the things to back up would be stored under one name.
    #[error("two of the folders to back up are called \"{0}\": give one of them another name")]
    SameRootTwice(String),
    /// Nothing was given to back up.
    #[error("there is nothing to back up")]
    NothingToBackUp,
    /// A name for a root that no folder can have.
    #[error("\"{0}\" cannot be the name of a folder")]
    BadLabel(String),
    /// Somebody asked to stop.
    #[error("stopped before the end")]
    Interrupted,
    /// Packs were condemned again and again while the run went on.
    #[error("the repository was being cleaned up all the while; nothing is lost; run the backup again")]
    NoQuietMoment,
    /// No snapshot fits what was asked for.
    #[error("there is no backup that fits \"{0}\"")]
    NoSuchSnapshot(String),
    /// No snapshot at all holds it.
    #[error("\"{path}\" is in no backup")]
    InNoBackup {
        /// The path, as shown.
        path: String,
    },
    /// Something newer than what can be read was seen here before, and is damaged.
    #[error(
        "the latest backup that this computer knows of cannot be read: its record {object} is damaged, in both copies"
    )]
    LatestDamaged {
        /// The record's name.
        object: String,
    },
    /// Several snapshots fit.
    #[error("\"{text}\" fits {count} backups: give more digits")]
    AmbiguousSnapshot {
        /// What was given.
        text: String,
        /// How many fit.
        count: usize,
    },
    /// The snapshot does not hold that path.
    #[error("\"{path}\" is not in that backup")]
    NoSuchPath {
        /// The path.
        path: String,
    },
    /// It is there, but is no file.
    #[error("\"{path}\" is not a file")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// A pattern that makes no sense.
    #[error("\"{pattern}\" is not a pattern: {problem}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No message has that id.
    #[error("there is no message with the id \"{0}\"")]
    NoSuchMessage(String),
    /// Several messages fit.
    #[error("\"{text}\" fits {count} messages: give more digits")]
    AmbiguousMessage {
        /// What was given.
        text: String,
        /// How many fit.
        count: usize,
    },
    /// A mailbox does not give the message.
    #[error(transparent)]
    Mail(#[from] chest_mail::MailError),
    /// A mailbox does not give the message within reasonable time.
    #[error("the message takes too long to read; its mailbox may be damaged, and is stored as it was")]
    MessageTakesTooLong,
    /// The search catalogue failed, and in memory too.
    #[error(transparent)]
    Catalogue(#[from] chest_catalogue::CatalogueError),
    /// Writing a file's content out failed.
    #[error("writing failed: {0}")]
    Output(std::io::Error),
}

impl From<HistoryError> for EngineError {
    fn from(error: HistoryError) -> Self {
        Self::Repo(error.into())
    }
}

impl EngineError {
    pub(crate) fn object(name: impl ToString, problem: ObjectError) -> Self {
        Self::Repo(RepoError::Object { object: name.to_string(), problem })
    }
}
