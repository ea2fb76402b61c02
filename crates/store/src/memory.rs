//! Objects in memory: for tests and simulations. Keeps every promise but survival of the process.

use crate::single_version::{check_range, is_current, only_version};
use crate::{AtOnce, Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use bytes::Bytes;
use chest_model::Timestamp;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Keeps objects in memory. A clone shares the same content.
#[derive(Clone, Default)]
pub struct MemoryStore {
    content: Arc<RwLock<Content>>,
}

#[derive(Default)]
struct Content {
    objects: BTreeMap<ObjectName, Bytes>,
    strays: Vec<Stray>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts bytes under a name whatever lies there already: how tests damage an object.
    pub fn insert_raw(&self, name: ObjectName, bytes: Bytes) {
        self.write().objects.insert(name, bytes);
    }

    /// Takes an object away, as a lost disk block or a hostile provider would.
    pub fn remove_raw(&self, name: &ObjectName) -> Option<Bytes> {
        self.write().objects.remove(name)
    }

    /// The names of all objects, in ascending order.
    pub fn names(&self) -> Vec<ObjectName> {
        self.read().objects.keys().cloned().collect()
    }

    /// Adds something that is no object and that only `strays` shows.
    pub fn insert_stray(&self, name: String, size: u64) {
        self.write().strays.push(Stray { name, size, left_by_us: false });
    }

    // No operation leaves the content half changed, so a panic elsewhere while the lock was held harms nothing.
    fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ObjectStore for MemoryStore {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        self.write().objects.entry(name.clone()).or_insert(bytes);
        Ok(PutOutcome::Done)
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.read().objects.get(name).cloned().ok_or_else(|| StoreError::NotFound(name.clone()))
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        let bytes = self.get(name)?;
        check_range(name, bytes.len() as u64, &range)?;
        // Within the length of something in memory, so it fits.
        Ok(bytes.slice(range.start as usize..range.end as usize))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let content = self.read();
        let from_prefix = content.objects.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        Ok(from_prefix
            .take_while(|(name, _)| name.as_str().starts_with(prefix))
            .map(|(name, bytes)| Listed { name: name.clone(), size: bytes.len() as u64 })
            .collect())
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        Ok(self.read().objects.get(name).map(|bytes| only_version(bytes.len() as u64)).unwrap_or_default())
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        if is_current(version) { self.get(name) } else { Err(StoreError::NotFound(name.clone())) }
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        if is_current(version) {
            self.remove_raw(name);
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
        Ok(self.read().strays.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ObjectName {
        ObjectName::new(text).unwrap()
    }

    #[test]
    fn a_clone_shares_the_content() {
        let store = MemoryStore::new();
        store.clone().insert_raw(name("a/b"), Bytes::from_static(b"x"));
        assert_eq!(store.names(), [name("a/b")]);
        assert_eq!(store.remove_raw(&name("a/b")), Some(Bytes::from_static(b"x")));
        assert!(store.names().is_empty());
    }

    #[test]
    fn strays_are_shown_and_never_listed() {
        let store = MemoryStore::new();
        store.insert_stray("Thumbs.db".to_owned(), 7);
        assert_eq!(store.strays().unwrap(), [Stray { name: "Thumbs.db".to_owned(), size: 7, left_by_us: false }]);
        assert!(store.list("").unwrap().is_empty());
    }

    #[test]
    fn a_store_in_memory_cannot_forbid_deletion() {
        let answer =
            MemoryStore::new().retain_version(&name("a"), &VersionId("current".to_owned()), Timestamp::default());
        assert!(matches!(answer, Err(StoreError::Unsupported(_))));
    }
}
