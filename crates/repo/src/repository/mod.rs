//! Working with a whole repository: getting in, reading, and adding.

mod author;
mod batch;
mod beginning;
mod fetch;
mod look_ahead;
mod proven;
mod session;
mod twice;
mod unlock;

pub use author::{SealedDecision, append_decision};
pub use batch::{Batch, BatchNodes, BatchOptions, ChunkTools, Known, RecordedRun, RunRecord, Stored};
pub use beginning::{begins_repository, refuse_broken_off};
pub use fetch::Fetcher;
pub use look_ahead::{LookAhead, Proven};
pub use proven::ProvenStore;
pub use session::{DomainIndex, ReaderSession, Snapshot, repository_ids};
pub use twice::{Copies, CopyProblem, TwiceStore};
pub use unlock::{read_slots, unlock};

use crate::error::RepoError;
use bytes::Bytes;
use chest_model::Environment;
use chest_store::{ObjectName, ObjectStore, PutOutcome, StoreError};

/// Puts an object and does not return before it is seen to be there: an unknown outcome is settled by looking for the name
/// and sending the same bytes again.
pub fn put_settled(store: &dyn ObjectStore, name: &ObjectName, bytes: impl Into<Bytes>) -> Result<(), RepoError> {
    match settle(store, name, &bytes.into())? {
        PutOutcome::Done => Ok(()),
        PutOutcome::Unknown => Err(RepoError::NotThere(name.to_string())),
    }
}

/// The same; `Unknown` only where it was sent several times and is never seen.
fn settle(store: &dyn ObjectStore, name: &ObjectName, bytes: &Bytes) -> Result<PutOutcome, StoreError> {
    for _ in 0..3 {
        let done = store.put(name, bytes.clone())? == PutOutcome::Done;
        if done || is_there(store, name, bytes.len() as u64)? {
            return Ok(PutOutcome::Done);
        }
    }
    Ok(PutOutcome::Unknown)
}

fn is_there(store: &dyn ObjectStore, name: &ObjectName, size: u64) -> Result<bool, StoreError> {
    Ok(store.list(name.as_str())?.iter().any(|listed| listed.name == *name && listed.size == size))
}

/// 32 fresh random bytes.
pub fn fresh(environment: &dyn Environment) -> Result<[u8; 32], RepoError> {
    let mut bytes = [0; 32];
    environment.fill_random(&mut bytes)?;
    Ok(bytes)
}
