//! Objects in memory with versions, as a bucket with versioning keeps them: what is put over a name or deleted can be had
//! back by version. For tests of who reads; the S3 server tests who asks over the network.

use bytes::Bytes;
use chest_model::Timestamp;
use chest_store::{AtOnce, Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The newest version last; none for a delete marker. A version's id is its number.
type Versions = Vec<(u64, Option<Bytes>)>;

/// Keeps every version in memory. A clone shares the same content.
#[derive(Clone, Default)]
pub struct VersionedStore {
    content: Arc<Mutex<(u64, BTreeMap<ObjectName, Versions>)>>,
}

impl VersionedStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts bytes over a name, as somebody with the bucket's credential can.
    pub fn overwrite(&self, name: &ObjectName, bytes: impl Into<Bytes>) {
        self.add(name, Some(bytes.into()));
    }

    /// Deletes a name by a delete marker, as somebody with the bucket's credential can.
    pub fn mark_deleted(&self, name: &ObjectName) {
        self.add(name, None);
    }

    fn add(&self, name: &ObjectName, bytes: Option<Bytes>) {
        let mut content = self.content();
        content.0 += 1;
        let number = content.0;
        content.1.entry(name.clone()).or_default().push((number, bytes));
    }

    fn content(&self) -> MutexGuard<'_, (u64, BTreeMap<ObjectName, Versions>)> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_found(name: &ObjectName) -> StoreError {
    StoreError::NotFound(name.clone())
}

impl ObjectStore for VersionedStore {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        if matches!(self.get(name), Err(StoreError::NotFound(_))) {
            self.add(name, Some(bytes));
        }
        Ok(PutOutcome::Done)
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        let content = self.content();
        let newest = content.1.get(name).and_then(|versions| versions.last());
        newest.and_then(|(_, bytes)| bytes.clone()).ok_or_else(|| not_found(name))
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        let whole = self.get(name)?;
        let size = whole.len() as u64;
        if range.start > range.end || range.end > size {
            return Err(StoreError::RangeOutside { name: name.clone(), size, wanted: range });
        }
        Ok(whole.slice(range.start as usize..range.end as usize))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let content = self.content();
        let current = content.1.iter().filter_map(|(name, versions)| Some((name, versions.last()?.1.as_ref()?)));
        let listed = current.filter(|(name, _)| name.as_str().starts_with(prefix));
        Ok(listed.map(|(name, bytes)| Listed { name: name.clone(), size: bytes.len() as u64 }).collect())
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        let content = self.content();
        let versions = content.1.get(name).into_iter().flatten().rev();
        Ok(versions
            .map(|(number, bytes)| Version {
                id: VersionId(number.to_string()),
                size: bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
                is_delete_marker: bytes.is_none(),
            })
            .collect())
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        let content = self.content();
        let mut versions = content.1.get(name).into_iter().flatten();
        let found = versions.find(|(number, _)| number.to_string() == version.0);
        found.and_then(|(_, bytes)| bytes.clone()).ok_or_else(|| not_found(name))
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        let mut content = self.content();
        if let Some(versions) = content.1.get_mut(name) {
            versions.retain(|(number, _)| number.to_string() != version.0);
            if versions.is_empty() {
                content.1.remove(name);
            }
        }
        Ok(())
    }

    fn retain_version(&self, _: &ObjectName, _: &VersionId, _: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::Unsupported("forbid deletion"))
    }

    fn requests_at_once(&self) -> AtOnce {
        AtOnce::ONE
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_store::contract;

    #[test]
    fn every_promise_is_kept_and_what_was_put_over_or_deleted_is_still_there() {
        let store = VersionedStore::new();
        let extent = contract::Extent { listed_objects: 40, large_object: 1000 };
        assert_eq!(contract::check_to_extent(&store, "scratch", extent), []);

        let name = ObjectName::new("a/b").unwrap();
        let _ = store.put(&name, Bytes::from_static(b"first")).unwrap();
        store.overwrite(&name, "second");
        store.mark_deleted(&name);
        assert!(matches!(store.get(&name), Err(StoreError::NotFound(_))));
        let versions = store.versions(&name).unwrap();
        let kinds: Vec<_> = versions.iter().map(|version| (version.size, version.is_delete_marker)).collect();
        assert_eq!(kinds, [(0, true), (6, false), (5, false)]);
        assert_eq!(store.get_version(&name, &versions[2].id).unwrap(), "first");
    }
}
