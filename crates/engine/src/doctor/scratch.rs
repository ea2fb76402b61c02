//! The part of a store in which an examination may do what it likes: a prefix that nobody else uses, and the account of what
//! was put there.

use super::SCRATCH;
use super::clean_up::{CleanUp, LeftBehind};
use crate::EngineError;
use bytes::Bytes;
use chest_model::Environment;
use chest_repo::RepoError;
use chest_store::{ObjectName, ObjectStore, PutOutcome, StoreError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often a put whose outcome nobody can tell is made again.
const PUT_ATTEMPTS: u32 = 3;
/// As many requests at the same time as a backup makes.
pub(super) const THREADS: usize = 8;

pub(super) struct Scratch<'s> {
    store: &'s dyn ObjectStore,
    /// `doctor/<16 hex digits>`
    prefix: String,
    account: Mutex<Account>,
}

/// What has to be removed again.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// What was put, or may have been.
    pub made: BTreeSet<ObjectName>,
    /// Of these, what the store said that it had stored, and did not say that it had deleted.
    pub stored: BTreeSet<ObjectName>,
    /// Of these, what was locked for a moment: it is worth waiting for.
    pub locked: BTreeSet<ObjectName>,
}

impl<'s> Scratch<'s> {
    pub(super) fn new(store: &'s dyn ObjectStore, environment: &dyn Environment) -> Result<Self, EngineError> {
        let mut random = [0; 8];
        environment.fill_random(&mut random).map_err(RepoError::from)?;
        let prefix = format!("{SCRATCH}{:016x}", u64::from_be_bytes(random));
        Ok(Self { store, prefix, account: Mutex::default() })
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
        self.account().made.insert(name.clone());
        name
    }

    /// Takes over what somebody else has put, to be removed at the end.
    pub(super) fn adopt(&self, names: Vec<ObjectName>) {
        self.account().made.extend(names);
    }

    /// Notes that this is locked for a moment.
    pub(super) fn note_lock(&self, name: &ObjectName) {
        self.account().locked.insert(name.clone());
    }

    /// Puts, until the answer is sure.
    pub(super) fn put(&self, rest: &str, bytes: impl Into<Bytes>) -> Result<ObjectName, StoreError> {
        let (name, bytes) = (self.name(rest), bytes.into());
        for attempt in 0..PUT_ATTEMPTS {
            match self.store.put(&name, bytes.clone()) {
                Ok(PutOutcome::Done) => {
                    self.account().stored.insert(name.clone());
                    return Ok(name);
                }
                Ok(PutOutcome::Unknown) => {}
                Err(error) => {
                    if attempt == 0 && was_not_carried_out(&error) {
                        self.forget(&name);
                    }
                    return Err(error);
                }
            }
        }
        Err(StoreError::Unreachable(format!("{name} was put {PUT_ATTEMPTS} times, and the answer never came")))
    }

    /// What was not put now, and not before, need not be looked for.
    fn forget(&self, name: &ObjectName) {
        let mut account = self.account();
        if !account.stored.contains(name) {
            account.made.remove(name);
        }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails where the store is away, or nobody wants to wait for it any longer.
    pub(super) fn is_reachable(&self) -> Result<(), StoreError> {
        self.store.list(&self.prefix("is-reachable/")).map(drop)
    }

    /// All that is listed of what was put.
    pub(super) fn list_all(&self) -> Result<Vec<ObjectName>, StoreError> {
        Ok(self.store.list(&self.prefix(""))?.into_iter().map(|line| line.name).collect())
    }

    /// Removes every version for good.
    pub(super) fn remove(&self, name: &ObjectName) -> Result<(), StoreError> {
        for version in self.store.versions(name)? {
            self.store.delete_version(name, &version.id)?;
        }
        self.account().stored.remove(name);
        Ok(())
    }

    /// Removes all that was put, and looks what is still there.
    pub(super) fn clean_up(&self) -> Vec<LeftBehind> {
        let account = std::mem::take(&mut *self.account());
        CleanUp::new(self, account).run()
    }
}

/// Whether the store answered that it did nothing, or was never spoken to: where nobody knows, a put says so.
fn was_not_carried_out(error: &StoreError) -> bool {
    !matches!(error, StoreError::Busy { .. } | StoreError::Garbled { .. } | StoreError::Io { .. })
}

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
