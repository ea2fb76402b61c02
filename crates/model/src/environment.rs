//! The one door through which clock, randomness and host name reach the library, so that tests can fix them.

use crate::Timestamp;
use std::time::Duration;

/// The system gave no random bytes.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the system gave no random bytes: {0}")]
pub struct RandomError(pub String);

/// What the library may ask of the machine it runs on.
pub trait Environment: Send + Sync {
    /// The wall clock. Claims only: nothing about safety depends on it.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment, by a clock that nobody sets: it tells how long something takes.
    fn running(&self) -> Duration;
    /// Fills `buffer` from the system's secure generator.
    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), RandomError>;
    /// The name under which this machine is shown in snapshots.
    fn host_name(&self) -> String;
}
