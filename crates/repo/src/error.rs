//! What can be wrong with stored objects, keys and local files, as types.

use chest_model::{ChunkId, Epoch, RandomError, WriterId};
use chest_store::StoreError;

/// What is wrong with one stored object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// It is not in the store.
    #[error("it is missing")]
    Missing,
    /// It ends before it should.
    #[error("it is too short")]
    TooShort,
    /// Its length is none that this kind of object can have.
    #[error("its length, {length} bytes, is not one that such an object can have")]
    BadLength {
        /// The length found.
        length: u64,
    },
    /// Its bytes do not hash to its name: it was altered, cut or swapped.
    #[error("its bytes do not match its name: it was altered or swapped")]
    NotItsName,
    /// It does not begin as our objects do.
    #[error("it was not written by Parish Chest")]
    NotOurs,
    /// A newer program wrote it.
    #[error("written by a newer Parish Chest (format {format}); this is format 1; nothing was changed")]
    NewerFormat {
        /// The format found.
        format: u8,
    },
    /// It uses cryptography that this program does not know.
    #[error("written by a newer Parish Chest (cipher suite {suite}); this one knows suite 1; nothing was changed")]
    UnknownSuite {
        /// The suite found.
        suite: u8,
    },
    /// A type of object that this program does not know.
    #[error("written by a newer Parish Chest (object type {number}); nothing was changed")]
    UnknownType {
        /// The type found.
        number: u8,
    },
    /// A kind of record or pack that this program does not know.
    #[error("written by a newer Parish Chest (kind {kind}); nothing was changed")]
    UnknownKind {
        /// The kind found.
        kind: u8,
    },
    /// A field that must be understood and is not known.
    #[error("written by a newer Parish Chest (field {key}); nothing was changed")]
    UnknownField {
        /// Its number.
        key: u64,
    },
    /// The repository needs something that this program cannot do.
    #[error("this repository needs a newer Parish Chest ({least} or later, for {feature}); nothing was changed")]
    UnknownFeature {
        /// What is needed.
        feature: String,
        /// The least version, as the repository states it.
        least: String,
    },
    /// It belongs to another repository.
    #[error("it belongs to another repository")]
    OtherRepository,
    /// It belongs to another writer.
    #[error("it belongs to another writer ({writer})")]
    OtherWriter {
        /// Whose it is.
        writer: WriterId,
    },
    /// It belongs to an epoch whose key is not held.
    #[error("it belongs to key epoch {}", epoch.0)]
    OtherEpoch {
        /// Which.
        epoch: Epoch,
    },
    /// It is another type of object than its place says.
    #[error("it is another type of object than its place says")]
    WrongType,
    /// The seal does not open: altered, or sealed with another key.
    #[error("its seal does not open: it was altered, or sealed with another key")]
    DoesNotOpen,
    /// The signature is not the one expected.
    #[error("its signature is wrong")]
    BadSignature,
    /// It opens, but what it says makes no sense.
    #[error("its content makes no sense: {0}")]
    Malformed(&'static str),
    /// A chunk's plaintext is not what its id says.
    #[error("chunk {0} does not have the content that its id says")]
    WrongChunk(ChunkId),
    /// What was sealed did not open again: this machine's memory or processor is failing.
    #[error("what was sealed did not open again: this computer's memory or processor may be failing")]
    SealingFailed,
}

impl ObjectError {
    /// Whether a newer program wrote it, or made it look so.
    pub fn is_from_newer(&self) -> bool {
        matches!(
            self,
            Self::NewerFormat { .. }
                | Self::UnknownSuite { .. }
                | Self::UnknownType { .. }
                | Self::UnknownKind { .. }
                | Self::UnknownFeature { .. }
                | Self::UnknownField { .. }
        )
    }
}

/// Why something about a repository failed.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object is bad.
    #[error("{object}: {problem}")]
    Object {
        /// The object's name in the store.
        object: String,
        /// What is wrong with it.
        problem: ObjectError,
    },
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// There is no repository at that place.
    #[error("there is no repository there")]
    NoRepository,
    /// There is one already.
    #[error("there is already something there: {0}")]
    AlreadyThere(String),
    /// Where one is to be made lies something else.
    #[error("the place for the repository is not empty: {0} lies there")]
    NotEmpty(String),
    /// Key slots or decisions, and nothing that they are for.
    #[error(
        "there is no repository there, only {0}: the making of one was cut short, or is under way, or the rest was removed"
    )]
    BrokenOff(String),
    /// Somebody else is making one in the same place.
    #[error("another repository is being made in the same place at this moment: {0} is not of this one")]
    MadeByAnother(String),
    /// No slot opens with what was given.
    #[error(transparent)]
    Unlock(#[from] crate::slot::UnlockError),
    /// A chunk is in no index.
    #[error("chunk {0} is in no pack that the index names")]
    ChunkNotIndexed(ChunkId),
    /// The history contradicts itself or what was seen before.
    #[error("{0}")]
    History(#[from] crate::history::HistoryError),
    /// A file of this machine's own state could not be read or written.
    #[error("{path}: {source}")]
    Local {
        /// Which file.
        path: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file of this machine's own state is damaged or belongs to something else.
    #[error("{path} is damaged or belongs to another repository")]
    LocalDamaged {
        /// Which file.
        path: String,
    },
    /// A chunk or tree node that no pack can hold.
    #[error("{length} bytes in one piece are more than a pack of this repository can hold")]
    ChunkTooLarge {
        /// Its length.
        length: u64,
    },
    /// Another thread of this run failed first.
    #[error("the run was stopped")]
    Stopped,
    /// A put whose outcome is unknown did not show up.
    #[error("{0} was sent and is not there")]
    NotThere(String),
}

impl RepoError {
    /// Whether the store failed or refused, so that nothing was learnt of what is stored: that is no damage. What is not there,
    /// and a place that the disk cannot read, concern one object.
    pub fn is_of_the_store(&self) -> bool {
        let of_one_object = |error: &StoreError| {
            matches!(error, StoreError::NotFound(_) | StoreError::RangeOutside { .. } | StoreError::Io { .. })
        };
        matches!(self, Self::Store(error) if !of_one_object(error))
    }

    pub(crate) fn object(name: impl ToString, problem: ObjectError) -> Self {
        Self::Object { object: name.to_string(), problem }
    }
}
