//! What was asked of the server, when, and what it cost: requests, bytes, and how many of them had to wait for each other.

use super::faults::{S3Call, S3Verb};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3LogEntry {
    /// Which since the server began, counted from one.
    pub number: u64,
    /// What it asked for.
    pub verb: S3Verb,
    /// The key; of listings the prefix.
    pub key: String,
    /// Bytes of its body.
    pub bytes_up: u64,
    /// Bytes of the answer's body.
    pub bytes_down: u64,
    /// The answer's status; none where the connection ended without one, or the answer is still to come.
    pub status: Option<u16>,
    /// When its head was read, since the server began.
    pub began: Duration,
    /// When the last of the answer was handed to the system, or the connection ended.
    pub ended: Option<Duration>,
}

/// What a number of requests cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct S3Cost {
    /// How many there were.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bytes_up: u64,
    /// Bytes of the answers' bodies.
    pub bytes_down: u64,
    /// The longest chain of requests each of which began after the one before had ended: with a latency set, what a
    /// distant server would make the client wait for.
    pub round_trips: u64,
}

impl S3Cost {
    /// Of these requests.
    pub fn of(entries: &[S3LogEntry]) -> Self {
        Self {
            requests: entries.len() as u64,
            bytes_up: entries.iter().map(|entry| entry.bytes_up).sum(),
            bytes_down: entries.iter().map(|entry| entry.bytes_down).sum(),
            round_trips: longest_chain(entries.iter().filter_map(|entry| Some((entry.began, entry.ended?)))),
        }
    }
}

/// The most intervals of which none overlaps another: always the one that ends first is taken.
fn longest_chain(intervals: impl Iterator<Item = (Duration, Duration)>) -> u64 {
    let mut intervals: Vec<_> = intervals.collect();
    intervals.sort_by_key(|(_, ended)| *ended);
    let (mut length, mut free_from) = (0, None);
    for (began, ended) in intervals {
        if free_from.is_none_or(|free_from| began >= free_from) {
            length += 1;
            free_from = Some(ended);
        }
    }
    length
}

/// All requests since the server began, or since the log was taken.
pub(super) struct RequestLog {
    start: Instant,
    content: Mutex<Content>,
}

#[derive(Default)]
struct Content {
    numbered: u64,
    entries: Vec<S3LogEntry>,
}

impl RequestLog {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), content: Mutex::default() }
    }

    /// Notes a request and gives it its number.
    pub(super) fn begin(&self, call: &S3Call) -> u64 {
        let began = self.start.elapsed();
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.numbered += 1;
        let (number, verb, key) = (content.numbered, call.verb, call.key.clone());
        content.entries.push(S3LogEntry {
            number,
            verb,
            key,
            bytes_up: 0,
            bytes_down: 0,
            status: None,
            began,
            ended: None,
        });
        number
    }

    /// Changes what stands there of a request, if it still stands there.
    pub(super) fn note(&self, number: u64, change: impl FnOnce(&mut S3LogEntry)) {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(at) = content.entries.binary_search_by_key(&number, |entry| entry.number) {
            change(&mut content.entries[at]);
        }
    }

    pub(super) fn end(&self, number: u64) {
        let ended = self.start.elapsed();
        self.note(number, |entry| entry.ended = Some(ended));
    }

    /// The number given last.
    pub(super) fn last_number(&self) -> u64 {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).numbered
    }

    pub(super) fn entries(&self) -> Vec<S3LogEntry> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }

    pub(super) fn take(&self) -> Vec<S3LogEntry> {
        std::mem::take(&mut self.content.lock().unwrap_or_else(PoisonError::into_inner).entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(intervals: &[(u64, u64)]) -> u64 {
        longest_chain(intervals.iter().map(|(a, b)| (Duration::from_millis(*a), Duration::from_millis(*b))))
    }

    #[test]
    fn only_requests_that_waited_for_each_other_count_as_a_chain() {
        assert_eq!(chain(&[]), 0);
        assert_eq!(chain(&[(0, 10), (1, 9), (2, 11)]), 1, "all at once");
        assert_eq!(chain(&[(0, 10), (10, 20), (21, 30)]), 3, "one after the other");
        assert_eq!(chain(&[(0, 100), (0, 10), (20, 30), (40, 50)]), 3, "a chain beside a long one");
    }
}
