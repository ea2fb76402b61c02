//! A store that is far away: every call takes a round trip, and as many can be under way at a time as in S3 storage. Behind a
//! [`RecordingStore`](crate::RecordingStore) it shows what waits for what.

use chest_store::s3::S3Options;
use chest_store::{AtOnce, ObjectStore, pass_on};
use std::time::Duration;

/// Makes each call to another store take a round trip.
#[derive(Clone)]
pub struct FarStore<S> {
    inner: S,
    round_trip: Duration,
}

impl<S: ObjectStore> FarStore<S> {
    /// Puts `inner` a round trip away.
    pub fn new(inner: S, round_trip: Duration) -> Self {
        Self { inner, round_trip }
    }

    fn there_and_back(&self) -> &S {
        std::thread::sleep(self.round_trip);
        &self.inner
    }
}

impl<S: ObjectStore> ObjectStore for FarStore<S> {
    pass_on!(self => self.there_and_back(); put, get, get_range, list, versions, get_version, delete_version,
             retain_version, strays);

    fn requests_at_once(&self) -> AtOnce {
        S3Options::AT_ONCE
    }
}
