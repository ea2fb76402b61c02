//! A store that rides out disturbances: the one place that tries again.
//!
//! Only what may pass is tried again (`StoreError::is_transient`), and a put of which nobody knows whether it was done: the name
//! is looked for, and the same bytes are sent again where it is not there. All threads share what is known of the store's
//! health, so that one that is overloaded is not asked more often for it.

mod budget;
mod pace;

pub use budget::Limits;
pub use pace::{Pace, RealPace};

use crate::{AtOnce, Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use budget::{Budget, Trouble, Verdict};
use bytes::Bytes;
use chest_model::Timestamp;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// How long a wait goes on before somebody is asked whether it should.
const SLICE: Duration = Duration::from_millis(200);

/// After so long without a byte either way a store gives a request up. So no more of a try than this was silence, however
/// long a slow line took over it.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Who is told about waiting, and may end it.
pub trait RetryMonitor: Send + Sync {
    /// Whether somebody asked to stop. Asked several times a second while waiting.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// A request failed and will be made again after a while.
    fn waiting(&self, _: &Waiting<'_>) {}

    /// A request waits, and for a while no byte has come or gone. Told again and again while that lasts.
    fn silent(&self, _: &Silence) {}

    /// A request that had failed has succeeded, or one that was silent goes on.
    fn recovered(&self) {}
}

/// Nobody is told, and nobody ends it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl RetryMonitor for Unwatched {}

/// A wait before a request is made again.
#[derive(Debug)]
pub struct Waiting<'a> {
    /// Why the last attempt failed.
    pub error: &'a StoreError,
    /// How long the next attempt waits.
    pub wait: Duration,
    /// How much longer it will be tried, at the most, if the store stays silent.
    pub patience: Duration,
}

/// A request under way on which nothing moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// For how long nothing has.
    pub lasted: Duration,
    /// How much longer it will be waited for, at the most, further tries included.
    pub patience: Duration,
}

/// A store that tries again what may pass.
pub struct Retrying<S> {
    inner: S,
    pace: Arc<dyn Pace>,
    monitor: Arc<dyn RetryMonitor>,
    budget: Budget,
}

impl<S: ObjectStore> Retrying<S> {
    /// `inner`, with patience within `limits`.
    pub fn new(inner: S, limits: Limits, pace: Arc<dyn Pace>, monitor: Arc<dyn RetryMonitor>) -> Self {
        Self { inner, budget: Budget::new(limits, pace.now()), pace, monitor }
    }

    /// The store within.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    fn persist<T>(&self, mut attempt: impl FnMut(&S) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut trouble: Option<Trouble> = None;
        loop {
            let began = self.pace.now();
            let error = match attempt(&self.inner) {
                Err(error) if error.is_transient() => error,
                answer => {
                    self.budget.answered(self.pace.now());
                    if trouble.is_some() && answer.is_ok() {
                        self.monitor.recovered();
                    }
                    return answer;
                }
            };
            let silent_since = began.max(self.pace.now().saturating_sub(LONGEST_SILENCE));
            let trouble = trouble.get_or_insert_with(|| Trouble::since(silent_since));
            match self.budget.judge(trouble, &error, self.pace.now(), self.pace.random()) {
                Verdict::GiveUp => return Err(error),
                Verdict::Wait { wait, patience } => {
                    self.monitor.waiting(&Waiting { error: &error, wait, patience });
                    self.wait_for_turn(wait)?;
                }
            }
        }
    }

    /// Waits so long, and then until a further request is allowed.
    fn wait_for_turn(&self, wait: Duration) -> Result<(), StoreError> {
        let until = self.pace.now() + wait;
        loop {
            if self.monitor.is_cancelled() {
                return Err(StoreError::Stopped);
            }
            let now = self.pace.now();
            if now >= until && self.budget.may_ask(now) {
                return Ok(());
            }
            self.pace.sleep(if now < until { SLICE.min(until - now) } else { SLICE });
        }
    }

    /// Whether all of it is there. A list, because that is what the next reader goes by.
    fn is_whole(store: &S, name: &ObjectName, size: u64) -> Result<bool, StoreError> {
        Ok(store.list(name.as_str())?.iter().any(|line| line.name == *name && line.size == size))
    }
}

impl<S: ObjectStore> ObjectStore for Retrying<S> {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        let mut is_unknown = false;
        let answer = self.persist(|store| match store.put(name, bytes.clone())? {
            PutOutcome::Done => Ok(()),
            PutOutcome::Unknown => {
                is_unknown = true;
                match Self::is_whole(store, name, bytes.len() as u64)? {
                    true => Ok(()),
                    false => Err(StoreError::Unreachable(format!("nobody answered whether {name} has arrived"))),
                }
            }
        });
        match answer {
            Ok(()) => Ok(PutOutcome::Done),
            Err(error) if is_unknown && error.is_transient() => Ok(PutOutcome::Unknown),
            Err(error) => Err(error),
        }
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.persist(|store| store.get(name))
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.persist(|store| store.get_range(name, range.clone()))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.persist(|store| store.list(prefix))
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        self.persist(|store| store.versions(name))
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        self.persist(|store| store.get_version(name, version))
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        self.persist(|store| store.delete_version(name, version))
    }

    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        self.persist(|store| store.retain_version(name, version, until))
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        self.persist(ObjectStore::strays)
    }

    fn requests_at_once(&self) -> AtOnce {
        self.inner.requests_at_once()
    }
}

#[cfg(test)]
mod tests;
