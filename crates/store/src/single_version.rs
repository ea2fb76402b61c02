//! What stores without versions have in common: one version of each object under a fixed id, and how a range is judged.

use crate::{ObjectName, StoreError, Version, VersionId};
use std::ops::Range;

const CURRENT: &str = "current";

/// The versions of an object that is there and has `size` bytes.
pub(crate) fn only_version(size: u64) -> Vec<Version> {
    vec![Version { id: VersionId(CURRENT.to_owned()), size, is_delete_marker: false }]
}

/// Whether this is the id under which the only version is shown.
pub(crate) fn is_current(version: &VersionId) -> bool {
    version.0 == CURRENT
}

/// Refuses what does not lie wholly within an object of `size` bytes.
pub(crate) fn check_range(name: &ObjectName, size: u64, wanted: &Range<u64>) -> Result<(), StoreError> {
    if wanted.start <= wanted.end && wanted.end <= size {
        return Ok(());
    }
    Err(StoreError::RangeOutside { name: name.clone(), size, wanted: wanted.clone() })
}
