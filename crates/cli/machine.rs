//! The machine as it is: its clock, its random bytes, its name. Tests of the library use another one.

use chest_engine::repo::RepoError;
use chest_model::{Environment, RandomError, Timestamp};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// When somebody first asked for how long this has been running.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// This computer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

impl Environment for Machine {
    fn now(&self) -> Timestamp {
        // The one place that may ask the system for the time.
        #[allow(clippy::disallowed_methods)]
        std::time::SystemTime::now().into()
    }

    fn running(&self) -> Duration {
        BEGAN.elapsed()
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(buffer).map_err(|error| RandomError(error.to_string()))
    }

    fn host_name(&self) -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }
}

/// How many things can be done at the same time here.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// Every ZIP file of an export is held open while it is read, and so are packs on their way: as many as this may be.
const OPEN_FILES: u64 = 10_240;

/// Asks for as many open files as the system gives. Programs begin with 1,024 or (macOS) 256, for the sake of very old ones.
pub fn allow_many_open_files() {
    let limits = getrlimit(Resource::Nofile);
    let wanted = limits.maximum.unwrap_or(OPEN_FILES).min(OPEN_FILES);
    if limits.current.is_some_and(|current| current < wanted) {
        // Where it is refused, what was allowed before still is.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limits.maximum });
    }
}

/// Whether an error of the system says that a disk or a quota is full.
pub fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

/// Whether a local file could not be written because its disk is full.
pub fn is_local_full(error: &RepoError) -> bool {
    matches!(error, RepoError::Local { source, .. } if is_full(source))
}
