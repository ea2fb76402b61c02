//! A reference, a box or a shared pointer to a store is a store: so decorators can wrap what somebody else owns.

use crate::{Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use bytes::Bytes;
use chest_model::Timestamp;
use std::ops::Range;
use std::sync::Arc;

macro_rules! forward {
    ($pointer:ty) => {
        impl<S: ObjectStore + ?Sized> ObjectStore for $pointer {
            fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
                (**self).put(name, bytes)
            }
            fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
                (**self).get(name)
            }
            fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
                (**self).get_range(name, range)
            }
            fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
                (**self).list(prefix)
            }
            fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
                (**self).versions(name)
            }
            fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
                (**self).get_version(name, version)
            }
            fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
                (**self).delete_version(name, version)
            }
            fn retain_version(
                &self,
                name: &ObjectName,
                version: &VersionId,
                until: Timestamp,
            ) -> Result<(), StoreError> {
                (**self).retain_version(name, version, until)
            }
            fn strays(&self) -> Result<Vec<Stray>, StoreError> {
                (**self).strays()
            }
            fn requests_at_once(&self) -> usize {
                (**self).requests_at_once()
            }
        }
    };
}

forward!(&S);
forward!(Box<S>);
forward!(Arc<S>);
