//! Room on this computer's disk for what is fetched from a cloud. A backup that filled the clerk's disk would have done harm.

use crate::ReadFailure;
use chest_model::UnreadableReason;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tells how much room there is where fetched files come to lie.
pub trait FreeSpace: Send + Sync {
    /// Free bytes that the one who runs the backup may use.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// Lets a file be fetched only where as much room as is wanted remains free. Several may be fetched at a time.
#[derive(Clone)]
pub struct SpaceGuard(Arc<Guard>);

struct Guard {
    space: Box<dyn FreeSpace>,
    reserve: u64,
    /// Bytes that files on their way have still to bring.
    promised: Mutex<u64>,
}

impl SpaceGuard {
    /// So many bytes are to stay free, whatever is fetched.
    pub fn new(space: Box<dyn FreeSpace>, reserve: u64) -> Self {
        Self(Arc::new(Guard { space, reserve, promised: Mutex::default() }))
    }

    /// Room for a file of so many bytes, kept until the promise is dropped.
    pub(super) fn admit(&self, size: u64) -> Result<Promise, ReadFailure> {
        let mut promised = self.0.promised();
        let free = self.0.space.free_bytes().map_err(|error| {
            let message =
                format!("it is only in the cloud, and how much room this computer has cannot be told: {error}");
            cloud_only(message)
        })?;
        let lacking = promised.saturating_add(size).saturating_add(self.0.reserve).saturating_sub(free);
        if size > 0 && lacking > 0 {
            let lacking = at_least(lacking);
            return Err(cloud_only(format!(
                "it is only in the cloud, and this computer's disk has too little room to fetch it: free {lacking} more, \
                 and back up again"
            )));
        }
        *promised += size;
        Ok(Promise { guard: Arc::clone(&self.0), left: size })
    }
}

impl fmt::Debug for SpaceGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpaceGuard").field("reserve", &self.0.reserve).finish_non_exhaustive()
    }
}

impl Guard {
    fn promised(&self) -> MutexGuard<'_, u64> {
        self.promised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for one file on its way.
pub(super) struct Promise {
    guard: Arc<Guard>,
    left: u64,
}

impl Promise {
    /// So many bytes have come: the disk itself counts them from now on.
    pub(super) fn came(&mut self, bytes: u64) {
        let bytes = bytes.min(self.left);
        self.left -= bytes;
        *self.guard.promised() -= bytes;
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.came(self.left);
    }
}

pub(super) fn cloud_only(message: impl Into<String>) -> ReadFailure {
    ReadFailure::lasting(UnreadableReason::CloudOnly, message)
}

/// Rounded up: who frees what it says has freed enough.
fn at_least(bytes: u64) -> String {
    let megabytes = bytes.div_ceil(1_000_000);
    if megabytes < 1000 {
        return format!("{megabytes} MB");
    }
    let tenths = megabytes.div_ceil(100);
    format!("{}.{} GB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Disk(io::Result<u64>);

    impl FreeSpace for Disk {
        fn free_bytes(&self) -> io::Result<u64> {
            self.0.as_ref().copied().map_err(|error| io::Error::from(error.kind()))
        }
    }

    fn refused(guard: &SpaceGuard, size: u64) -> String {
        let failure = guard.admit(size).err().unwrap();
        assert_eq!((failure.reason, failure.may_pass), (UnreadableReason::CloudOnly, false));
        failure.message
    }

    #[test]
    fn what_fits_beside_the_reserve_is_fetched_and_one_byte_more_is_not() {
        let guard = SpaceGuard::new(Box::new(Disk(Ok(5_000))), 1_000);
        assert!(guard.admit(4_000).is_ok());
        assert!(refused(&guard, 4_001).contains("free 1 MB more"));
        let full = SpaceGuard::new(Box::new(Disk(Ok(999))), 1_000);
        assert!(full.admit(0).is_ok(), "an empty file takes no room");
        refused(&full, 1);
    }

    #[test]
    fn files_on_their_way_count_until_their_bytes_have_come_or_they_are_given_up() {
        let guard = SpaceGuard::new(Box::new(Disk(Ok(10))), 0);
        let mut first = guard.admit(6).unwrap();
        refused(&guard, 5);
        let second = guard.admit(4).unwrap();
        drop(second);
        first.came(2);
        assert!(guard.admit(6).is_ok());
        refused(&guard, 7);
        first.came(100);
        drop(first);
        assert!(guard.admit(10).is_ok());
    }

    #[test]
    fn where_nobody_knows_how_much_room_there_is_nothing_is_fetched() {
        let guard = SpaceGuard::new(Box::new(Disk(Err(io::ErrorKind::Unsupported.into()))), 0);
        assert!(refused(&guard, 1).contains("cannot be told"));
    }

    #[test]
    fn the_sum_that_is_lacking_is_never_too_small() {
        for (bytes, text) in [
            (1, "1 MB"),
            (1_000_000, "1 MB"),
            (1_000_001, "2 MB"),
            (999_000_000, "999 MB"),
            (999_000_001, "1.0 GB"),
            (1_000_000_001, "1.1 GB"),
            (34_950_000_000, "35.0 GB"),
        ] {
            assert_eq!(at_least(bytes), text, "{bytes}");
        }
    }
}
