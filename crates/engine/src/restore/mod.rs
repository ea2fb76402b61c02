//! Restoring: a plan of what would happen, then the files themselves, pack by pack and in parallel, each appearing under its
//! name only when every byte of it has been proven.

mod content;
mod execute;
mod plan;

pub(crate) use content::{PlacedChunk, lay_out, read_content};
pub use plan::{PlannedItem, PlannedStep, PlannedTotals, Refusal, RestorePlan, ShortenedName};

use crate::browse::ShownPath;
use crate::target::{Existing, MetadataNote, TargetError};
use crate::{Context, EngineError, Opened};
use chest_model::TreePath;
use chest_repo::repository::Snapshot;
use std::path::PathBuf;

/// What is to be restored, and where.
#[derive(Debug, Clone)]
pub struct RestoreRequest {
    /// The folder to restore into; made where it is missing.
    pub to: PathBuf,
    /// What to restore, as `list` and `find` show it; nothing: all.
    pub paths: Vec<ShownPath>,
    /// Whether files go directly into the folder, without the folders they lay in.
    pub flat: bool,
    /// What happens where a name is taken.
    pub existing: Existing,
    /// The day, as it stands in the names of files written beside others: `21 November 2026`.
    pub restored_on: String,
    /// Whether set-user-id bits, devices and privileged attributes are restored too.
    pub privileged: bool,
    /// Threads that fetch and write.
    pub threads: usize,
}

/// What a restore did.
#[derive(Debug, Clone, Default)]
pub struct RestoreOutcome {
    /// Files written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Folders made.
    pub folders: u64,
    /// Links, pipes and devices made.
    pub others: u64,
    /// Files that were there already with the same content.
    pub already_there: u64,
    /// Files that were left as they were, because that was asked for.
    pub skipped: u64,
    /// Files written beside something of their name.
    pub beside: Vec<WrittenBeside>,
    /// What lies in the target under a shorter name, because no folder can hold its own.
    pub shortened: Vec<ShortenedName>,
    /// What could not be restored, with the reason: it is absent from the target.
    pub failed: Vec<RestoreFailure>,
    /// What is restored, with something about it that could not be set.
    pub notes: Vec<(ShownPath, MetadataNote)>,
    /// What was unreadable when the backup was made, so that there is nothing to restore.
    pub never_backed_up: Vec<(ShownPath, String)>,
    /// Sockets, which exist only while their program runs and are never restored.
    pub sockets: Vec<ShownPath>,
    /// Bytes fetched from the store.
    pub bytes_fetched: u64,
}

/// An item that was written beside something that has its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenBeside {
    /// What was asked for.
    pub path: ShownPath,
    /// Where it is, below the target.
    pub written_as: TreePath,
    /// What has its name.
    pub because: BesideBecause,
}

/// Why an item was written beside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BesideBecause {
    /// What was there is not the same.
    Differs,
    /// What was there could not be read, so nobody knows whether it is the same.
    Unreadable,
    /// Another item of that name was restored too.
    SameName,
}

/// An item that could not be restored.
#[derive(Debug, Clone)]
pub struct RestoreFailure {
    /// Which.
    pub path: ShownPath,
    /// Whose fault it is.
    pub cause: FailureCause,
    /// Bytes of data that it takes on the disk.
    pub bytes: u64,
    /// What happened.
    pub message: String,
}

/// Why an item could not be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCause {
    /// What is stored is damaged.
    StoredDamage,
    /// The target is full.
    NoSpace,
    /// Only a privileged restore makes it.
    NotPrivileged,
    /// The target refused it.
    Refused,
}

impl From<&TargetError> for FailureCause {
    fn from(error: &TargetError) -> Self {
        match error {
            TargetError::NoSpace { .. } => Self::NoSpace,
            TargetError::NotAllowed { .. } => Self::NotPrivileged,
            _ => Self::Refused,
        }
    }
}

impl RestoreOutcome {
    /// Whether something could not be restored for this reason.
    pub fn has_failed_by(&self, cause: FailureCause) -> bool {
        self.failed.iter().any(|failure| failure.cause == cause)
    }

    /// Where the target is full: the bytes of everything that did not come there.
    pub fn bytes_lacking(&self) -> Option<u64> {
        let lacking = self.failed.iter().filter(|failure| failure.cause != FailureCause::StoredDamage);
        self.has_failed_by(FailureCause::NoSpace).then(|| lacking.map(|failure| failure.bytes).sum())
    }
}

/// Works out what a restore would do; nothing is written.
pub fn plan(
    context: &Context<'_>,
    opened: &Opened,
    snapshot: &Snapshot,
    request: RestoreRequest,
) -> Result<RestorePlan, EngineError> {
    plan::make(context, opened, snapshot, request)
}
