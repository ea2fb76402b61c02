//! The right version of an object. Every name holds the hash of its bytes, so where a bucket keeps versions and somebody has
//! put something else over a name, or deleted it, the version that hashes to the name is the object (docs/format.md,
//! "Objects"). A decorator for stores with versions: whoever reads through it need not know.

use crate::layout::Place;
use bytes::Bytes;
use chest_store::{ObjectName, ObjectStore, StoreError, pass_on};
use std::ops::Range;

/// A store that gives out the version that hashes to its name, where there is one.
///
/// Whole objects are always held against their names. Of a part nobody can say whether it is right before it is opened:
/// the current version's is given, unless that version is gone or too short.
pub struct ProvenStore<S> {
    inner: S,
}

impl<S: ObjectStore> ProvenStore<S> {
    /// Over a store with versions.
    pub fn over(inner: S) -> Self {
        Self { inner }
    }

    /// The bytes of the version that hashes to the name; none where no version does, or the name holds no hash.
    fn right_version(&self, name: &ObjectName) -> Result<Option<Bytes>, StoreError> {
        let Some(place) = place_of(name) else { return Ok(None) };
        for version in self.inner.versions(name)?.iter().filter(|version| !version.is_delete_marker) {
            match self.inner.get_version(name, &version.id) {
                Ok(bytes) if place.proves(&bytes) => return Ok(Some(bytes)),
                // Another version, or one that was deleted meanwhile.
                Ok(_) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// What is wanted of the right version, or what the store said of the current one.
    fn right_version_or(
        &self,
        name: &ObjectName,
        current: Result<Bytes, StoreError>,
        wanted: impl FnOnce(Bytes) -> Option<Bytes>,
    ) -> Result<Bytes, StoreError> {
        match self.right_version(name) {
            Ok(Some(bytes)) => wanted(bytes).map_or(current, Ok),
            // A credential may have no right to look at versions: the current one is what it has.
            Ok(None) | Err(StoreError::Refused(_) | StoreError::Unsupported(_)) => current,
            Err(error) => Err(error),
        }
    }
}

/// What it is, or what it is the second copy of: the bytes are the same.
fn place_of(name: &ObjectName) -> Option<Place> {
    Place::parse(name).or_else(|| Place::parse_second(name))
}

impl<S: ObjectStore> ObjectStore for ProvenStore<S> {
    pass_on!(self => self.inner; put, list, versions, get_version, delete_version, retain_version, strays,
             requests_at_once);

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        let current = self.inner.get(name);
        match (&current, place_of(name)) {
            (Ok(bytes), Some(place)) if !place.proves(bytes) => self.right_version_or(name, current, Some),
            (Err(StoreError::NotFound(_)), Some(_)) => self.right_version_or(name, current, Some),
            _ => current,
        }
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        let current = self.inner.get_range(name, range.clone());
        if !matches!(current, Err(StoreError::NotFound(_) | StoreError::RangeOutside { .. })) {
            return current;
        }
        self.right_version_or(name, current, |whole| {
            let (start, end) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
            (start <= end && end <= whole.len()).then(|| whole.slice(start..end))
        })
    }
}
