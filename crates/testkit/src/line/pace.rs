//! When a byte may leave: a virtual clock for each direction of the line, shared by all its connections.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A chunk takes about so long to leave, so that connections take turns often.
const CHUNK_TIME: Duration = Duration::from_millis(2);
/// A packet.
const SMALLEST_CHUNK: usize = 1460;
const LARGEST_CHUNK: usize = 16 << 10;

/// One direction's clock.
pub(super) struct Pacer {
    bytes_per_second: f64,
    free_from: Mutex<Instant>,
}

impl Pacer {
    pub(super) fn new(bits_per_second: u64) -> Self {
        Self { bytes_per_second: bits_per_second.max(1) as f64 / 8.0, free_from: Mutex::new(Instant::now()) }
    }

    /// Takes a place behind all that was there before; when the last byte will have left.
    pub(super) fn depart(&self, length: usize) -> Instant {
        let takes = Duration::from_secs_f64(length as f64 / self.bytes_per_second);
        let mut free_from = self.free_from.lock().unwrap_or_else(PoisonError::into_inner);
        *free_from = (*free_from).max(Instant::now()) + takes;
        *free_from
    }

    /// How much is to be read at once.
    pub(super) fn chunk_len(&self) -> usize {
        ((self.bytes_per_second * CHUNK_TIME.as_secs_f64()) as usize).clamp(SMALLEST_CHUNK, LARGEST_CHUNK)
    }

    /// How many chunks are on the line at most, if bytes stay on it so long.
    pub(super) fn chunks_within(&self, time: Duration) -> usize {
        (self.bytes_per_second * time.as_secs_f64() / self.chunk_len() as f64).ceil() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_departs_takes_exactly_its_share_of_the_line() {
        let pacer = Pacer::new(8_000_000);
        let start = Instant::now();
        let mut last = start;
        for _ in 0..1000 {
            last = pacer.depart(10_000);
        }
        let taken = (last - start).as_secs_f64();
        assert!((10.0..10.01).contains(&taken), "10 MB at 1 MB/s take {taken} s");
    }

    #[test]
    fn a_slow_line_is_read_in_packets_and_a_fast_one_in_larger_chunks() {
        assert_eq!(Pacer::new(1_000_000).chunk_len(), SMALLEST_CHUNK);
        assert_eq!(Pacer::new(200_000_000).chunk_len(), LARGEST_CHUNK);
    }
}
