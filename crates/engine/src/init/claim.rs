//! Two computers may be told at one moment to make a repository in one place. Each puts everything but the record that begins it, then
//! looks; who sees what another has put gives way. So of any two at least one sees the other, and at most one begins.

use super::{PreparedRepository, slot_name};
use chest_repo::RepoError;
use chest_repo::layout::{OWNER, Place, SLOTS};
use chest_repo::repository::begins_repository;
use chest_store::{ObjectName, ObjectStore, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;

/// How often the one that need not give way looks whether the others have.
const LOOKS: u32 = 60;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// The names of everything that one repository puts while it is made.
pub(super) struct Claim {
    own: BTreeSet<ObjectName>,
}

impl Claim {
    pub(super) fn of(prepared: &PreparedRepository) -> Self {
        let decisions = prepared.decisions.iter().map(|decision| Place::Owner(decision.record()).name());
        Self { own: prepared.slots.iter().map(slot_name).chain(decisions).collect() }
    }

    /// Waits until nothing of another lies there. Fails at once where another repository begins, or where another's slot comes before
    /// the own ones: of several, one need not give way.
    pub(super) fn wait_until_alone(&self, store: &dyn ObjectStore) -> Result<(), RepoError> {
        for look in 0..LOOKS {
            if look > 0 {
                std::thread::sleep(BETWEEN_LOOKS);
            }
            let others = self.others(store)?;
            if let Some(begun) = others.iter().find(|name| begins_repository(name)) {
                return Err(RepoError::AlreadyThere(begun.to_string()));
            }
            match others.first() {
                None => return Ok(()),
                Some(other) if look + 1 == LOOKS || self.gives_way_to(&others) => {
                    return Err(RepoError::MadeByAnother(other.to_string()));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn gives_way_to(&self, others: &BTreeSet<ObjectName>) -> bool {
        let slots = |names: &BTreeSet<ObjectName>| names.iter().find(|name| name.as_str().starts_with(SLOTS)).cloned();
        slots(others).is_some_and(|first| Some(first) < slots(&self.own))
    }

    fn others(&self, store: &dyn ObjectStore) -> Result<BTreeSet<ObjectName>, StoreError> {
        let mut names = BTreeSet::new();
        for prefix in [OWNER, SLOTS] {
            let listed = store.list(prefix)?.into_iter().map(|listed| listed.name);
            names.extend(listed.filter(|name| Place::parse(name).is_some() && !self.own.contains(name)));
        }
        Ok(names)
    }

    /// Takes away what has arrived. Whether nothing of it is left.
    pub(super) fn take_back(&self, store: &dyn ObjectStore) -> bool {
        let remove = |name: &ObjectName| -> Result<bool, StoreError> {
            for version in store.versions(name)? {
                store.delete_version(name, &version.id)?;
            }
            Ok(store.list(name.as_str())?.is_empty())
        };
        // Each is tried, whatever becomes of the others.
        let removed: Vec<bool> = self.own.iter().map(|name| remove(name).unwrap_or(false)).collect();
        removed.into_iter().all(|is_gone| is_gone)
    }
}
