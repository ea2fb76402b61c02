//! A store that is far away: every call takes a round trip, and several can be under way at a time. Behind a
//! [`RecordingStore`](crate::RecordingStore) it shows what waits for what.

use bytes::Bytes;
use chest_model::Timestamp;
use chest_store::{Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use std::ops::Range;
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
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        self.there_and_back().put(name, bytes)
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.there_and_back().get(name)
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.there_and_back().get_range(name, range)
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.there_and_back().list(prefix)
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        self.there_and_back().versions(name)
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        self.there_and_back().get_version(name, version)
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        self.there_and_back().delete_version(name, version)
    }

    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        self.there_and_back().retain_version(name, version, until)
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        self.there_and_back().strays()
    }

    fn requests_at_once(&self) -> usize {
        16
    }
}
