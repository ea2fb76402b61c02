//! Watches requests while they are under way: ends those on which nothing moves any more, says so before, and lets go when
//! somebody asks to stop. A line that is slow and moves is left alone.

use super::traffic::Traffic;
use crate::retry::{RetryMonitor, Silence};
use hyper_util::client::legacy::connect::CaptureConnection;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a request is looked at.
const GLANCE: Duration = Duration::from_millis(100);
/// After so long a silence whoever asked to stop is not kept waiting. What moves is let come to its end.
const SILENT_ENOUGH_TO_STOP: Duration = Duration::from_secs(1);
/// After so long a silence of all connections it is told.
const WORTH_TELLING: Duration = Duration::from_secs(10);
/// What any request may be silent for, however little patience is left.
const SHORTEST_CHANCE: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// On which connection the request lies that this task has under way.
    static UNDER_WAY: Arc<Mutex<Option<CaptureConnection>>>;
}

/// Runs what sends requests, so that they can be watched.
pub(super) async fn watched<T>(requests: impl Future<Output = T>) -> T {
    UNDER_WAY.scope(Arc::default(), requests).await
}

/// The request that this task is sending lies on that connection, as soon as there is one.
pub(super) fn lies_on(connection: CaptureConnection) {
    // Outside of `watched` nobody wants to know.
    let _ = UNDER_WAY.try_with(|under_way| *lock(under_way) = Some(connection));
}

/// Why a request was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// Nothing moved for so long.
    Silent(Duration),
    /// It moved, and not even the slowest line takes so long.
    TooSlow(Duration),
    /// Somebody asked to stop.
    Stopped,
}

/// How the requests of one store are watched.
pub(super) struct Watch {
    traffic: Traffic,
    longest_silence: Duration,
    patience: Duration,
    monitor: Arc<dyn RetryMonitor>,
    /// When the first of the requests began to which nothing was answered, since the last answer.
    unanswered_since: Mutex<Option<Instant>>,
}

impl Watch {
    pub(super) fn new(
        traffic: Traffic,
        longest_silence: Duration,
        patience: Duration,
        monitor: Arc<dyn RetryMonitor>,
    ) -> Self {
        Self { traffic, longest_silence, patience, monitor, unanswered_since: Mutex::default() }
    }

    /// Waits for an answer, at most so long altogether.
    pub(super) async fn over<T>(&self, longest: Duration, answer: impl Future<Output = T>) -> Result<T, GivenUp> {
        let began = Instant::now();
        let allowed = self.allowed_silence();
        let mut answer = pin!(answer);
        let mut is_told = false;
        loop {
            let answered = tokio::time::timeout(GLANCE, answer.as_mut()).await;
            let silent = connection_silence().unwrap_or(Duration::MAX).min(began.elapsed());
            let all_silent = self.traffic.silent_for().min(silent);
            if is_told && (answered.is_ok() || all_silent < WORTH_TELLING) {
                self.monitor.recovered();
                is_told = false;
            }
            match answered {
                Ok(answer) => return Ok(answer),
                Err(_) if silent >= SILENT_ENOUGH_TO_STOP && self.monitor.is_cancelled() => {
                    return Err(GivenUp::Stopped);
                }
                Err(_) if silent >= allowed => return Err(GivenUp::Silent(silent)),
                Err(_) if began.elapsed() >= longest => return Err(GivenUp::TooSlow(longest)),
                Err(_) if all_silent >= WORTH_TELLING => {
                    self.monitor.silent(&Silence { lasted: all_silent, patience: self.patience_left(began) });
                    is_told = true;
                }
                Err(_) => {}
            }
        }
    }

    /// Something was answered.
    pub(super) fn answered(&self) {
        *lock(&self.unanswered_since) = None;
    }

    /// To a request that began then, nothing was.
    pub(super) fn unanswered(&self, began: Instant) {
        lock(&self.unanswered_since).get_or_insert(began);
    }

    fn allowed_silence(&self) -> Duration {
        let left = self.patience_left(Instant::now());
        left.max(SHORTEST_CHANCE.min(self.patience)).min(self.longest_silence)
    }

    /// How much longer the store may be silent, for a request that began then.
    fn patience_left(&self, began: Instant) -> Duration {
        let since = lock(&self.unanswered_since).unwrap_or(began);
        self.patience.saturating_sub(since.elapsed())
    }
}

/// For how long nothing moved on the connection of the request under way; none where it has no connection yet.
fn connection_silence() -> Option<Duration> {
    let under_way = UNDER_WAY.try_with(Arc::clone).ok()?;
    let captured = lock(&under_way);
    let mut extras = http::Extensions::new();
    captured.as_ref()?.connection_metadata().as_ref()?.get_extras(&mut extras);
    extras.get::<Traffic>().map(Traffic::silent_for)
}

// A value that is replaced whole: a panic elsewhere while the lock was held harms nothing.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::Unwatched;

    const MINUTE: Duration = Duration::from_secs(60);

    fn watch(patience: Duration) -> Watch {
        Watch::new(Traffic::of_a_store(), MINUTE, patience, Arc::new(Unwatched))
    }

    #[test]
    fn no_request_is_silent_for_longer_than_the_patience_that_is_left() {
        assert_eq!(watch(20 * MINUTE).allowed_silence(), MINUTE);
        assert!((5..=6).contains(&watch(Duration::from_secs(6)).allowed_silence().as_secs()));
        let impatient = watch(2 * MINUTE);
        impatient.unanswered(Instant::now() - 100 * Duration::from_secs(1));
        impatient.unanswered(Instant::now());
        assert!((19..=20).contains(&impatient.allowed_silence().as_secs()));
        impatient.answered();
        assert_eq!(impatient.allowed_silence(), MINUTE);
        let spent = watch(MINUTE);
        spent.unanswered(Instant::now() - 2 * MINUTE);
        assert_eq!(spent.allowed_silence(), SHORTEST_CHANCE);
    }
}
