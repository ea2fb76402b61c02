//! Time and chance for waiting, given by the caller, so that a test of an hour's outage takes no time.

use std::fmt;
use std::time::{Duration, Instant};

/// How time passes, and a die.
pub trait Pace: Send + Sync {
    /// Time since some fixed moment; never runs backwards.
    fn now(&self) -> Duration;

    /// Waits.
    fn sleep(&self, time: Duration);

    /// At random, from 0 to below 1.
    fn random(&self) -> f64;
}

/// The computer's own.
pub struct RealPace {
    began: Instant,
}

impl RealPace {
    /// Time counts from here.
    pub fn new() -> Self {
        Self { began: Instant::now() }
    }
}

impl Default for RealPace {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RealPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RealPace")
    }
}

impl Pace for RealPace {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn random(&self) -> f64 {
        // Without random bytes every thread waits the longest time: slower, and nothing worse.
        getrandom::u32().map_or(1.0 - f64::EPSILON, |number| f64::from(number) / (f64::from(u32::MAX) + 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computers_own_pace_runs_forwards_and_rolls_a_whole_die() {
        let pace = RealPace::new();
        let before = pace.now();
        pace.sleep(Duration::from_millis(2));
        assert!(pace.now() >= before + Duration::from_millis(2));
        let rolls: Vec<f64> = (0..200).map(|_| pace.random()).collect();
        assert!(rolls.iter().all(|roll| (0.0..1.0).contains(roll)));
        assert!(rolls.iter().any(|roll| *roll < 0.5) && rolls.iter().any(|roll| *roll >= 0.5));
    }
}
