//! How long and how often to try again, and what all threads together know of the store's health.

use crate::StoreError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much patience there is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// How long a store may be silent before it is given up.
    pub patience: Duration,
    /// What the first wait is at most; each further one of the same request is up to twice as long.
    pub first_wait: Duration,
    /// What no wait exceeds.
    pub longest_wait: Duration,
    /// After so many attempts, and all patience, a request is given up although others succeed.
    pub most_attempts: u32,
    /// Attempts at something that arrives damaged: that is not mended by waiting long.
    pub most_damaged: u32,
    /// How many requests may be repeated before each further one has to be earned, by a success or by waiting
    /// `longest_wait`.
    pub spare_requests: u32,
}

impl Default for Limits {
    /// An outage of a quarter of an hour is ridden out, with some minutes to spare for the last attempt.
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(20 * 60),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            most_attempts: 30,
            most_damaged: 5,
            spare_requests: 100,
        }
    }
}

/// One request's bad luck so far.
#[derive(Debug)]
pub(super) struct Trouble {
    since: Duration,
    failures: u32,
    damaged: u32,
}

impl Trouble {
    pub(super) fn since(now: Duration) -> Self {
        Self { since: now, failures: 0, damaged: 0 }
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    GiveUp,
    Wait { wait: Duration, patience: Duration },
}

/// Shared by all threads that use one store.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    health: Mutex<Health>,
}

#[derive(Debug)]
struct Health {
    /// When the store last gave an answer that was not of this kind.
    last_answer: Duration,
    /// How many requests may be repeated.
    spare: u32,
    /// Until when waiting has been turned into spare requests.
    earned_until: Duration,
}

impl Budget {
    pub(super) fn new(limits: Limits, now: Duration) -> Self {
        let health = Health { last_answer: now, spare: limits.spare_requests, earned_until: now };
        Self { limits, health: Mutex::new(health) }
    }

    pub(super) fn answered(&self, now: Duration) {
        let mut health = self.health();
        health.last_answer = now;
        health.spare = (health.spare + 1).min(self.limits.spare_requests);
    }

    /// What a failure at `now` leads to. `chance` is from 0 to below 1.
    pub(super) fn judge(&self, trouble: &mut Trouble, error: &StoreError, now: Duration, chance: f64) -> Verdict {
        trouble.failures += 1;
        if matches!(error, StoreError::Garbled { .. } | StoreError::NotAStore(_)) {
            trouble.damaged += 1;
        }
        // Silence counts from this request's own first failure, or from the last success of another thread.
        let silent = now.saturating_sub(trouble.since.max(self.health().last_answer));
        let too_long =
            now.saturating_sub(trouble.since) >= self.limits.patience && trouble.failures >= self.limits.most_attempts;
        if silent >= self.limits.patience || too_long || trouble.damaged >= self.limits.most_damaged {
            return Verdict::GiveUp;
        }
        let patience = self.limits.patience - silent;
        let asked = match error {
            StoreError::Busy { wait: Some(wait), .. } => *wait,
            _ => Duration::ZERO,
        };
        Verdict::Wait { wait: self.backoff(trouble.failures, chance).max(asked).min(patience), patience }
    }

    /// Full jitter: anything up to the whole time, so that threads that failed together do not come back together.
    fn backoff(&self, failures: u32, chance: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let most = self.limits.first_wait.saturating_mul(1 << doublings).min(self.limits.longest_wait);
        most.mul_f64(chance)
    }

    /// Whether a request may be repeated now; if so, it counts.
    pub(super) fn may_ask(&self, now: Duration) -> bool {
        let mut health = self.health();
        if now.saturating_sub(health.earned_until) >= self.limits.longest_wait {
            health.earned_until = now;
            health.spare = (health.spare + 1).min(self.limits.spare_requests);
        }
        let may = health.spare > 0;
        health.spare = health.spare.saturating_sub(1);
        may
    }

    // Numbers that are replaced whole: a panic elsewhere while the lock was held harms nothing.
    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
