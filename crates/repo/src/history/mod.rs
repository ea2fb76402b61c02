//! The history of a repository: owner records and writers' logs, read from the store, verified, and judged as *views*
//! (what a listing showed). Everything that is judged here is pure; reading is in `read` (docs/format.md, "Protocol").

mod chain;
mod log;
mod missing;
mod owner;
mod protocol;

pub use chain::Chain;
pub use log::{LogEntry, LogHistory, MissingOfLog};
pub use missing::{Claim, MissingRecords, Stranger};
pub use owner::{OwnerHistory, OwnerTrust};
pub use protocol::{LogView, OwnerView, Verdict, WriterEvent, WriterMachine, WriterOperation};

use crate::error::{ObjectError, RepoError};
use crate::layout::Place;
use crate::record::RecordFrame;
use chest_model::WriterId;
use chest_store::{ObjectStore, StoreError};

/// What is wrong with a history as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A record names a predecessor that is not there: the listing is incomplete, or something was removed.
    #[error("the history has a gap: {missing} is named by a later record, and is missing or damaged")]
    Gap {
        /// The name of what is missing.
        missing: String,
    },
    /// Something that this machine has seen before is gone: an older state is being shown, or something was removed.
    #[error(
        "this machine has seen {missing} before, and it is gone or damaged: an older state is shown, or something was removed"
    )]
    SeenBeforeMissing {
        /// The name of what is missing.
        missing: String,
    },
    /// A record of the owner's that is needed lies there, and none of its copies is what was put.
    #[error("{object}, a record of the owner's decisions, is damaged, and there is no good copy of it: {problem}")]
    OwnerRecordDamaged {
        /// Its name.
        object: String,
        /// What is wrong with it.
        problem: ObjectError,
    },
    /// A record of the owner's is named, and is not there; and there are backups of computers that it may have added.
    #[error(
        "{object}, a record of the owner's decisions, is named by other records, and is gone: backups of a computer that \
         it added may be hidden"
    )]
    OwnerRecordMissing {
        /// Its name.
        object: String,
    },
    /// The record of an earlier backup of this machine lies there, and none of its copies is what was put.
    #[error(
        "{object}, the record of an earlier backup of this computer, is damaged, and there is no good copy of it: {problem}"
    )]
    LogRecordDamaged {
        /// Its name.
        object: String,
        /// What is wrong with it.
        problem: ObjectError,
    },
    /// No record begins the history.
    #[error("the record that begins the repository is missing or damaged")]
    NoGenesis,
    /// It is another repository than the one this machine was enrolled with.
    #[error("this is not the repository that this machine was enrolled with")]
    OtherGenesis,
    /// The reader's public key here is not the one the repository was made with.
    #[error("the key to which backups are sealed is not the one this repository was made with: nothing was written")]
    ReaderKeySwapped,
    /// The writer is not (or not with this key) among those that the owner added.
    #[error("this machine's key is not among those that the owner added")]
    NotEnrolled,
    /// The protocol's steps were taken out of order: a mistake in this program, so nothing is acknowledged.
    #[error("the steps of the backup were taken out of order; nothing is acknowledged")]
    OutOfOrder,
    /// The owner has revoked this writer.
    #[error("the owner has revoked this machine's key")]
    Revoked {
        /// Which writer.
        writer: WriterId,
    },
}

/// A record that could not be used: it is reported, and treated as not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredRecord {
    /// Its name.
    pub object: String,
    /// What is wrong with it.
    pub problem: ObjectError,
}

impl IgnoredRecord {
    /// Whether it was put and is not what was put any more: neither gone, nor somebody else's.
    pub fn is_damaged(&self) -> bool {
        matches!(self.problem, ObjectError::NotItsName | ObjectError::BadLength { .. })
    }

    /// Whether it lies in the wrong repository: nothing of this one is damaged.
    pub fn is_of_another_repository(&self) -> bool {
        self.problem == ObjectError::OtherRepository
    }

    fn as_owner_damage(&self) -> HistoryError {
        HistoryError::OwnerRecordDamaged { object: self.object.clone(), problem: self.problem.clone() }
    }
}

/// Fetches a record and holds it against its name. `Ok(Err(..))` is a bad record, `Err` a store that fails.
/// What is longer than any record is not even read.
fn fetch(
    store: &dyn ObjectStore,
    place: &Place,
    listed_len: u64,
) -> Result<Result<RecordFrame, ObjectError>, RepoError> {
    if listed_len > RecordFrame::MAX_LEN {
        return Ok(Err(ObjectError::BadLength { length: listed_len }));
    }
    let name = place.name();
    let bytes = match store.get(&name) {
        Ok(bytes) => bytes,
        // Listed, and gone: as good as never listed; a gap shows it if it matters.
        Err(StoreError::NotFound(_)) => return Ok(Err(ObjectError::Missing)),
        Err(error) => return Err(error.into()),
    };
    if !place.proves(&bytes) {
        return Ok(Err(ObjectError::NotItsName));
    }
    Ok(RecordFrame::parse(bytes))
}

/// What is done with a record that looks as if a newer program had written it, but which nobody is known to have signed:
/// anyone who can put an object can make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnNewer {
    /// Stop: a writer or owner must not act on a history that it may not understand.
    Refuse,
    /// Tell, and go on: one stray object must not stand between people and their files.
    Report,
}

impl OnNewer {
    /// Whether this problem with an owner record stops everything. One that stands under the owner's signature always does.
    fn stops_at_owner_record(self, problem: &ObjectError) -> bool {
        let unsigned = matches!(
            problem,
            ObjectError::NewerFormat { .. } | ObjectError::UnknownSuite { .. } | ObjectError::UnknownType { .. }
        );
        problem.is_from_newer() && (self == Self::Refuse || !unsigned)
    }

    /// Whether this problem with a writer's record stops everything. A stolen writer key must not stop those who read.
    fn stops_at_log_record(self, problem: &ObjectError) -> bool {
        problem.is_from_newer() && self == Self::Refuse
    }
}
