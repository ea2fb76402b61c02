//! What every promise is tried with: puts, reads and deletions whose failure is at once a broken promise, and the list of
//! what has to be removed afterwards.

use super::{Broken, Promise};
use crate::{ObjectName, ObjectStore, PutOutcome, StoreError};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How often a put whose outcome nobody can tell is made again.
const PUT_ATTEMPTS: u32 = 3;

pub(super) struct Probe<'a> {
    store: &'a dyn ObjectStore,
    prefix: &'a str,
    made: Mutex<BTreeSet<ObjectName>>,
    refused_deletion: AtomicBool,
}

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletion {
    Done,
    /// By a lock, or because the credential may not.
    Refused,
}

/// What one promise sees of the store.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    probe: &'a Probe<'a>,
    promise: Promise,
}

impl<'a> Probe<'a> {
    pub(super) fn new(store: &'a dyn ObjectStore, prefix: &'a str) -> Self {
        Self { store, prefix, made: Mutex::default(), refused_deletion: AtomicBool::new(false) }
    }

    pub(super) fn trial(&'a self, promise: Promise) -> Trial<'a> {
        Trial { probe: self, promise }
    }

    /// Whether the store forbade a deletion.
    pub(super) fn was_refused_deletion(&self) -> bool {
        self.refused_deletion.load(Ordering::Relaxed)
    }

    /// Removes all that was made, looks whether it is gone, and returns what the store refused to remove.
    pub(super) fn clean_up(&self) -> Result<Vec<ObjectName>, Broken> {
        let trial = self.trial(Promise::NothingLeftBehind);
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        let mut refused = Vec::new();
        let mut answer = Ok(());
        for name in made {
            match trial.delete(&name) {
                Ok(Deletion::Done) => {}
                Ok(Deletion::Refused) => refused.push(name),
                Err(broken) => answer = answer.and(Err(broken)),
            }
        }
        answer?;
        let left = trial.list("")?.len();
        trial.expect(left <= refused.len(), || format!("{} objects are still listed", left - refused.len()))?;
        Ok(refused)
    }
}

impl<'a> Trial<'a> {
    pub(super) fn store(&self) -> &'a dyn ObjectStore {
        self.probe.store
    }

    /// The name of an object of this trial.
    pub(super) fn name(&self, rest: &str) -> Result<ObjectName, Broken> {
        let name = ObjectName::new(format!("{}/{}/{rest}", self.probe.prefix, self.promise.name()));
        name.map_err(|error| self.broken(format!("the check was given a bad prefix: {error}")))
    }

    /// Puts, until the answer is sure.
    pub(super) fn put(&self, name: &ObjectName, bytes: impl Into<Bytes>) -> Result<(), Broken> {
        self.probe.made.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        let bytes = bytes.into();
        for _ in 0..PUT_ATTEMPTS {
            match self.done("put", name, self.store().put(name, bytes.clone()))? {
                PutOutcome::Done => return Ok(()),
                PutOutcome::Unknown => {}
            }
        }
        Err(self.broken(format!("put {name}: {PUT_ATTEMPTS} times nobody could tell whether it was done")))
    }

    pub(super) fn get(&self, name: &ObjectName) -> Result<Bytes, Broken> {
        self.done("get", name, self.store().get(name))
    }

    /// Reads and compares, without printing megabytes.
    pub(super) fn expect_bytes(&self, name: &ObjectName, expected: &[u8]) -> Result<(), Broken> {
        let bytes = self.get(name)?;
        self.expect_equal(&format!("get {name}"), &bytes, expected)
    }

    pub(super) fn expect_equal(&self, doing: &str, found: &[u8], expected: &[u8]) -> Result<(), Broken> {
        self.expect(found.len() == expected.len(), || {
            format!("{doing}: {} bytes instead of {}", found.len(), expected.len())
        })?;
        match found.iter().zip(expected).position(|(a, b)| a != b) {
            None => Ok(()),
            Some(at) => Err(self.broken(format!("{doing}: byte {at} is not the one that was put"))),
        }
    }

    /// The names and sizes listed below this trial's prefix and `rest`, names without it.
    pub(super) fn list(&self, rest: &str) -> Result<Vec<(String, u64)>, Broken> {
        let common = match self.promise {
            Promise::NothingLeftBehind | Promise::EmptyList => format!("{}/", self.probe.prefix),
            _ => format!("{}/{}/", self.probe.prefix, self.promise.name()),
        };
        let listed = self.done("list", &common, self.store().list(&format!("{common}{rest}")))?;
        listed
            .into_iter()
            .map(|line| match line.name.as_str().strip_prefix(&common) {
                Some(name) => Ok((name.to_owned(), line.size)),
                None => Err(self.broken(format!("list {common}{rest} also shows {}", line.name))),
            })
            .collect()
    }

    pub(super) fn expect_names(&self, rest: &str, expected: &[&str]) -> Result<(), Broken> {
        let names: Vec<String> = self.list(rest)?.into_iter().map(|(name, _)| name).collect();
        self.expect(names == expected, || format!("list {rest:?} shows {names:?} instead of {expected:?}"))
    }

    /// Puts once, whatever comes of it.
    pub(super) fn try_put(&self, name: &ObjectName, bytes: impl Into<Bytes>) -> Result<PutOutcome, StoreError> {
        self.store().put(name, bytes.into())
    }

    /// Deletes every version.
    pub(super) fn delete(&self, name: &ObjectName) -> Result<Deletion, Broken> {
        for version in self.done("versions of", name, self.store().versions(name))? {
            match self.store().delete_version(name, &version.id) {
                Err(StoreError::Refused(_)) => {
                    self.probe.refused_deletion.store(true, Ordering::Relaxed);
                    return Ok(Deletion::Refused);
                }
                answer => self.done("delete", name, answer)?,
            }
        }
        Ok(Deletion::Done)
    }

    pub(super) fn expect_not_found<T>(&self, doing: &str, answer: Result<T, StoreError>) -> Result<(), Broken> {
        match answer {
            Err(StoreError::NotFound(_)) => Ok(()),
            Err(error) => Err(self.broken(format!("{doing}: {error}, instead of that it is not there"))),
            Ok(_) => Err(self.broken(format!("{doing} succeeds, though it is not there"))),
        }
    }

    pub(super) fn done<T>(
        &self,
        doing: &str,
        name: impl std::fmt::Display,
        answer: Result<T, StoreError>,
    ) -> Result<T, Broken> {
        answer.map_err(|error| self.broken(format!("{doing} {name}: {error}")))
    }

    pub(super) fn expect(&self, kept: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
        if kept { Ok(()) } else { Err(self.broken(what())) }
    }

    pub(super) fn broken(&self, what: String) -> Broken {
        Broken { promise: self.promise, what }
    }
}
