//! Where a repository begins, and where none does although something of one lies there: what the making of one has left that broke
//! off. Its key slots come first and the record that begins it last, so that nobody ever takes the one for the other.

use crate::error::RepoError;
use crate::layout::{INDEX, LOG, OWNER, PACKS, Place, SLOTS};
use chest_store::{ObjectName, ObjectStore};

/// Whether that is the name of a record that begins a repository.
pub fn begins_repository(name: &ObjectName) -> bool {
    matches!(Place::parse(name), Some(Place::Owner(record)) if record.seq == 0)
}

/// Fails where key slots or decisions lie, and nothing else of a repository: neither the record that begins one nor anything that a
/// backup puts.
pub fn refuse_broken_off(store: &dyn ObjectStore) -> Result<(), RepoError> {
    let owner = store.list(OWNER)?;
    if owner.iter().any(|listed| begins_repository(&listed.name)) {
        return Ok(());
    }
    let mut remains = owner;
    remains.extend(store.list(SLOTS)?);
    let Some(first) = remains.iter().find(|listed| Place::parse(&listed.name).is_some()) else { return Ok(()) };
    for prefix in [LOG, INDEX, PACKS] {
        if !store.list(prefix)?.is_empty() {
            return Ok(());
        }
    }
    Err(RepoError::BrokenOff(first.name.to_string()))
}
