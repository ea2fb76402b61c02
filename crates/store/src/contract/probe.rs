//! What every promise is tried with: puts, reads and deletions whose failure is at once a broken promise, and the list of
//! what has to be removed afterwards.

use super::{Broken, Disturbance, Promise};
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
    /// The first.
    disturbance: Mutex<Option<Disturbance>>,
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
        Self {
            store,
            prefix,
            made: Mutex::default(),
            refused_deletion: AtomicBool::new(false),
            disturbance: Mutex::default(),
        }
    }

    pub(super) fn trial(&'a self, promise: Promise) -> Trial<'a> {
        Trial { probe: self, promise }
    }

    /// Whether the store forbade a deletion.
    pub(super) fn was_refused_deletion(&self) -> bool {
        self.refused_deletion.load(Ordering::Relaxed)
    }

    /// Whether something failed that says nothing about a promise: what follows would fail in the same way.
    pub(super) fn is_disturbed(&self) -> bool {
        self.disturbance.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn into_disturbance(self) -> Option<Disturbance> {
        self.disturbance.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes all that was made and looks whether it is gone. Returns what is left, or may be, and how it went.
    pub(super) fn clean_up(&self) -> (Vec<ObjectName>, Result<(), Broken>) {
        let trial = self.trial(Promise::NothingLeftBehind);
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        let (mut left, mut removed) = (Vec::new(), Ok(()));
        for name in made {
            // Where the store is away, each name would have to be waited for.
            let deletion = if self.is_disturbed() { Ok(Deletion::Refused) } else { trial.delete(&name) };
            if deletion != Ok(Deletion::Done) {
                left.push(name);
            }
            removed = removed.and(deletion.map(drop));
        }
        if self.is_disturbed() {
            return (left, removed);
        }
        let looked = removed.and_then(|()| {
            let listed = trial.list("")?;
            let unasked = listed.len().saturating_sub(left.len());
            for (rest, _) in listed {
                left.extend(ObjectName::new(format!("{}/{rest}", self.prefix)));
            }
            trial.expect(unasked == 0, || format!("{unasked} objects are still listed"))
        });
        left.sort();
        left.dedup();
        (left, looked)
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
        let unknown = StoreError::Unreachable(format!("{PUT_ATTEMPTS} times nobody could tell whether it was done"));
        Err(self.failed(format!("put {name}"), unknown))
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
            Err(error) => Err(self.failed(format!("{doing}, which is not there"), error)),
            Ok(_) => Err(self.broken(format!("{doing} succeeds, though it is not there"))),
        }
    }

    pub(super) fn done<T>(
        &self,
        doing: &str,
        name: impl std::fmt::Display,
        answer: Result<T, StoreError>,
    ) -> Result<T, Broken> {
        answer.map_err(|error| self.failed(format!("{doing} {name}"), error))
    }

    /// What failed, and whether that says something about the promise.
    pub(super) fn failed(&self, doing: impl std::fmt::Display, error: StoreError) -> Broken {
        let broken = self.broken(format!("{doing}: {error}"));
        if says_nothing(&error) {
            let mut disturbance = self.probe.disturbance.lock().unwrap_or_else(PoisonError::into_inner);
            disturbance.get_or_insert(Disturbance { promise: self.promise, error });
        }
        broken
    }

    pub(super) fn expect(&self, kept: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
        if kept { Ok(()) } else { Err(self.broken(what())) }
    }

    pub(super) fn broken(&self, what: String) -> Broken {
        Broken { promise: self.promise, what }
    }
}

/// Whether a failure is one of the line, the key or the moment, and not the store's answer to what it was asked.
fn says_nothing(error: &StoreError) -> bool {
    match error {
        StoreError::NoSuchPlace(_)
        | StoreError::NotAFolder(_)
        | StoreError::Unreachable(_)
        | StoreError::Refused(_)
        | StoreError::NoSpace(_)
        | StoreError::Busy { .. }
        | StoreError::Garbled { .. }
        | StoreError::NotAStore(_)
        | StoreError::WrongKey(_)
        | StoreError::WrongRegion(_)
        | StoreError::WrongClock(_)
        | StoreError::NotTrusted(_)
        | StoreError::BadAddress(_)
        | StoreError::Stopped => true,
        StoreError::NotFound(_)
        | StoreError::RangeOutside { .. }
        | StoreError::Io { .. }
        | StoreError::Unsupported(_) => false,
    }
}
