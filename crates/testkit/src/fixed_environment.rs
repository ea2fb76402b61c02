//! A machine whose clock stands still until it is set, whose random bytes follow from a seed, and whose name is known.

use chest_model::{Environment, RandomError, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// A clock, a random generator and a host name that a test has in its hand.
pub struct FixedEnvironment {
    seed: u64,
    state: Mutex<State>,
}

struct State {
    now: Timestamp,
    running: HashMap<ThreadId, Duration>,
    passes_with_each_look: Duration,
    random: fastrand::Rng,
    randomness: Randomness,
    host_name: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Randomness {
    Flowing,
    Repeating,
    Failing,
}

impl FixedEnvironment {
    /// 1 November 2026, noon, on a machine called `parish-office`.
    pub fn new(seed: u64) -> Self {
        let state = State {
            now: Timestamp::new(1_793_534_400, 0),
            running: HashMap::new(),
            passes_with_each_look: Duration::ZERO,
            random: fastrand::Rng::with_seed(seed),
            randomness: Randomness::Flowing,
            host_name: "parish-office".to_owned(),
        };
        Self { seed, state: Mutex::new(state) }
    }

    /// Sets the clock, forwards or back.
    pub fn set_now(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Moves the clock by so many seconds, forwards or back.
    pub fn advance(&self, seconds: i64) {
        self.state().now.seconds += seconds;
    }

    /// From now on, whenever a thread looks how long something takes, this much time has passed since it looked before: an endlessly slow
    /// machine, on which no thread has to wait for another.
    pub fn pass_with_each_look(&self, time: Duration) {
        self.state().passes_with_each_look = time;
    }

    /// How much time has passed for the thread that looked most often.
    pub fn passed(&self) -> Duration {
        self.state().running.values().max().copied().unwrap_or_default()
    }

    /// Gives the machine another name.
    pub fn set_host_name(&self, host_name: &str) {
        self.state().host_name = host_name.to_owned();
    }

    /// From now on every request for random bytes is answered with the same ones: a cloned virtual machine.
    pub fn repeat_random(&self) {
        self.state().randomness = Randomness::Repeating;
    }

    /// From now on there are no random bytes.
    pub fn fail_random(&self) {
        self.state().randomness = Randomness::Failing;
    }

    /// Random bytes flow again, from the seed on.
    pub fn restart_random(&self) {
        let mut state = self.state();
        state.random = fastrand::Rng::with_seed(self.seed);
        state.randomness = Randomness::Flowing;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Environment for FixedEnvironment {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn running(&self) -> Duration {
        let mut state = self.state();
        let passes = state.passes_with_each_look;
        let running = state.running.entry(thread::current().id()).or_default();
        *running = running.saturating_add(passes);
        *running
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        let mut state = self.state();
        match state.randomness {
            Randomness::Flowing => state.random.fill(buffer),
            Randomness::Repeating => fastrand::Rng::with_seed(self.seed).fill(buffer),
            Randomness::Failing => return Err(RandomError("injected".to_owned())),
        }
        Ok(())
    }

    fn host_name(&self) -> String {
        self.state().host_name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(environment: &FixedEnvironment) -> [u8; 32] {
        let mut bytes = [0; 32];
        environment.fill_random(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn random_bytes_follow_from_the_seed_and_flow_on() {
        let (one, other) = (FixedEnvironment::new(1), FixedEnvironment::new(1));
        let first = draw(&one);
        assert_eq!(first, draw(&other));
        assert_ne!(first, draw(&one));
        assert_ne!(first, draw(&FixedEnvironment::new(2)));
        one.restart_random();
        assert_eq!(first, draw(&one));
    }

    #[test]
    fn random_bytes_repeat_or_fail_where_asked() {
        let environment = FixedEnvironment::new(1);
        environment.repeat_random();
        assert_eq!(draw(&environment), draw(&environment));
        environment.fail_random();
        assert!(environment.fill_random(&mut [0; 4]).is_err());
    }

    #[test]
    fn the_clock_moves_only_when_it_is_moved() {
        let environment = FixedEnvironment::new(1);
        let before = environment.now();
        assert_eq!(environment.now(), before);
        environment.advance(-60);
        assert_eq!(environment.now().seconds, before.seconds - 60);
    }
}
