//! A limit to how long our own work on one message may take. A stranger may have written the mailbox, and whoever searches or
//! backs up must not wait for it for ever. The input of a mailbox is watched: what passes between two reads is our work, and what
//! a read itself takes is not, for the line to the storage may be slow. When the time is up, nothing more can be read.
//!
//! Work between two reads that no read could end is bounded by what it works on: a message is understood from its first 64 MiB, a rich
//! text is at most 8 MiB unpacked, the properties of an item are at most 65,536, and an Outlook data file's pages at hand cost a budget
//! and let the input be asked from time to time.

use chest_model::Environment;
use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::time::Duration;

/// What a read of a [`Watched`] input says when the time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reading it takes too long")]
pub struct TakesTooLong;

/// How long the work on one message may take.
pub struct TimeLimit<'e> {
    environment: &'e dyn Environment,
    most: Duration,
    worked: Cell<Duration>,
    /// Since when the work goes on that is not counted yet.
    working_since: Cell<Option<Duration>>,
    is_over: Cell<bool>,
}

impl<'e> TimeLimit<'e> {
    /// Time counts from here.
    pub fn new(environment: &'e dyn Environment, most: Duration) -> Self {
        let working_since = Cell::new(Some(environment.running()));
        Self { environment, most, worked: Cell::default(), working_since, is_over: Cell::new(false) }
    }

    /// A mailbox's input, with this limit to what is read from it.
    pub fn watch<R>(&self, input: R) -> Watched<'_, R> {
        Watched { limit: self, input }
    }

    /// The work on a message has ended: what follows does not count, until [`Self::begin_next`].
    pub fn pause(&self) {
        if let Some(since) = self.working_since.take() {
            self.worked.set(self.worked.get() + self.environment.running().saturating_sub(since));
        }
    }

    /// The work on the next message begins.
    pub fn begin_next(&self) {
        self.worked.set(Duration::ZERO);
        self.go_on();
    }

    /// Whether something was refused because the time was up. From then on everything is.
    pub fn is_over(&self) -> bool {
        self.is_over.get()
    }

    fn go_on(&self) {
        self.working_since.set(Some(self.environment.running()));
    }

    /// Does what is no work of ours, if there is time left.
    fn wait<T>(&self, waiting: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.pause();
        self.is_over.set(self.is_over.get() || self.worked.get() > self.most);
        if self.is_over.get() {
            return Err(io::Error::new(ErrorKind::TimedOut, TakesTooLong));
        }
        let waited_for = waiting();
        self.go_on();
        waited_for
    }
}

/// An input that refuses once the time is up.
pub struct Watched<'l, R> {
    limit: &'l TimeLimit<'l>,
    input: R,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.limit.wait(|| self.input.read(buffer))
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.limit.wait(|| self.input.seek(to))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use chest_model::{RandomError, Timestamp};
    use std::io::Cursor;
    use std::sync::Mutex;

    /// A clock that a test moves, or that goes on by so many seconds whenever somebody looks at it.
    #[derive(Default)]
    pub(crate) struct Clock {
        running: Mutex<Duration>,
        step: u64,
    }

    impl Clock {
        pub(crate) fn of_step(step: u64) -> Self {
            Self { step, ..Self::default() }
        }

        fn pass(&self, seconds: u64) {
            *self.running.lock().unwrap() += Duration::from_secs(seconds);
        }
    }

    impl Environment for Clock {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }

        fn running(&self) -> Duration {
            self.pass(self.step);
            *self.running.lock().unwrap()
        }

        fn fill_random(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError("there is none".to_owned()))
        }

        fn host_name(&self) -> String {
            String::new()
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    /// Every read takes an hour.
    struct Slow<'c>(&'c Clock, Cursor<Vec<u8>>);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.pass(3600);
            self.1.read(buffer)
        }
    }

    #[test]
    fn waiting_for_the_storage_does_not_count_and_work_does() {
        let clock = Clock::default();
        let limit = TimeLimit::new(&clock, MINUTE);
        let mut input = limit.watch(Slow(&clock, Cursor::new(vec![7; 100])));
        let mut byte = [0];
        for seconds in [0, 20, 20, 20] {
            clock.pass(seconds);
            input.read_exact(&mut byte).unwrap();
        }
        limit.pause();
        clock.pass(3600);
        limit.begin_next();
        clock.pass(60);
        input.read_exact(&mut byte).unwrap();
        assert!(!limit.is_over());
        clock.pass(1);
        let refused = input.read_exact(&mut byte).unwrap_err();
        assert_eq!((refused.kind(), refused.to_string().as_str()), (ErrorKind::TimedOut, "reading it takes too long"));
        limit.begin_next();
        assert!(input.read_exact(&mut byte).is_err() && limit.is_over(), "it stays so");
    }
}
