//! The part of a store in which an examination may do what it likes: a prefix that nobody else uses, and the list of what has
//! to be removed again.

use super::SCRATCH;
use crate::EngineError;
use bytes::Bytes;
use chest_model::Environment;
use chest_repo::RepoError;
use chest_store::{ObjectName, ObjectStore, PutOutcome, StoreError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a put whose outcome nobody can tell is made again.
const PUT_ATTEMPTS: u32 = 3;
/// As many requests at the same time as a backup makes.
pub(super) const THREADS: usize = 8;

/// Something that could not be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// Its name.
    pub object: String,
    /// Why.
    pub why: String,
}

pub(super) struct Scratch<'s> {
    store: &'s dyn ObjectStore,
    /// `doctor/<16 hex digits>`
    prefix: String,
    made: Mutex<BTreeSet<ObjectName>>,
}

impl<'s> Scratch<'s> {
    pub(super) fn new(store: &'s dyn ObjectStore, environment: &dyn Environment) -> Result<Self, EngineError> {
        let mut random = [0; 8];
        environment.fill_random(&mut random).map_err(RepoError::from)?;
        let prefix = format!("{SCRATCH}{:016x}", u64::from_be_bytes(random));
        Ok(Self { store, prefix, made: Mutex::default() })
    }

    pub(super) fn store(&self) -> &'s dyn ObjectStore {
        self.store
    }

    /// The prefix of everything that has to do with one question.
    pub(super) fn prefix(&self, question: &str) -> String {
        format!("{}/{question}", self.prefix)
    }

    /// A name, which is removed at the end whether or not anything was put there.
    pub(super) fn name(&self, rest: &str) -> ObjectName {
        // The questions' own names: small letters, digits, hyphens and slashes.
        #[allow(clippy::expect_used)]
        let name = ObjectName::new(self.prefix(rest)).expect("made of what names are made of");
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        name
    }

    /// Takes over what somebody else has put, to be removed at the end.
    pub(super) fn adopt(&self, names: Vec<ObjectName>) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    /// Puts, until the answer is sure.
    pub(super) fn put(&self, rest: &str, bytes: impl Into<Bytes>) -> Result<ObjectName, StoreError> {
        let (name, bytes) = (self.name(rest), bytes.into());
        for _ in 0..PUT_ATTEMPTS {
            if self.store.put(&name, bytes.clone())? == PutOutcome::Done {
                return Ok(name);
            }
        }
        Err(StoreError::Unreachable(format!("{name} was put {PUT_ATTEMPTS} times, and the answer never came")))
    }

    /// Fails where the store is away, or nobody wants to wait for it any longer.
    pub(super) fn is_reachable(&self) -> Result<(), StoreError> {
        self.store.list(&self.prefix("is-reachable/")).map(drop)
    }

    /// Removes every version for good.
    pub(super) fn remove(&self, name: &ObjectName) -> Result<(), StoreError> {
        for version in self.store.versions(name)? {
            self.store.delete_version(name, &version.id)?;
        }
        Ok(())
    }

    /// Removes all that was put; what is locked is waited for so long. Returns what is still there.
    pub(super) fn clean_up(&self, patience: Duration) -> Vec<LeftBehind> {
        let began = Instant::now();
        let mut names: Vec<ObjectName> =
            std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect();
        loop {
            let removed = in_parallel(names.len(), |at| Ok((names[at].clone(), self.remove(&names[at]).err())));
            let mut left: Vec<_> = removed
                .unwrap_or_default()
                .into_iter()
                .filter_map(|(name, error)| error.map(|error| (name, error)))
                .collect();
            left.sort_by(|(one, _), (other, _)| one.cmp(other));
            let may_be_lock = left.len() <= MAY_BE_LOCKED;
            if left.is_empty() || !may_be_lock || began.elapsed() >= patience {
                let told = |(name, why): (ObjectName, StoreError)| LeftBehind {
                    object: name.to_string(),
                    why: why.to_string(),
                };
                return left.into_iter().map(told).collect();
            }
            names = left.into_iter().map(|(name, _)| name).collect();
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

/// How many objects an examination locks itself. Where more cannot be removed, waiting would not help.
const MAY_BE_LOCKED: usize = 1;

/// Does it for every number below `count`, several at the same time; the first failure ends it. In no particular order.
pub(super) fn in_parallel<T: Send>(
    count: usize,
    one: impl Fn(usize) -> Result<T, StoreError> + Sync,
) -> Result<Vec<T>, StoreError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return Ok(done);
            }
            match one(at) {
                Ok(result) => done.push(result),
                Err(error) => {
                    next.store(count, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS.min(count)).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::with_capacity(count);
        for thread in threads {
            all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(all)
    })
}
