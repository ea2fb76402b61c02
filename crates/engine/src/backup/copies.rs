//! After a run: what the run read of the history and is kept only once (by an earlier version, or because somebody took a
//! copy away) gets its second copy.

use chest_repo::history::{LogHistory, OwnerHistory};
use chest_repo::layout::Place;
use chest_repo::record::Added;
use chest_repo::repository::TwiceStore;

/// Puts missing copies of what is proven to belong here. The backup is safe already, and this machine may have no right to
/// put there: what cannot be done is left to another run, and a check tells what is missing.
pub(super) fn complete(store: &TwiceStore, owner: &OwnerHistory, log: &LogHistory) {
    let decisions = owner.chain().iter().map(|(record, _)| Place::Owner(*record));
    let slots = owner.live_slots().into_iter().map(|slot| Place::Slot(slot.id, slot.hash));
    let records = log.chain().iter().map(|(record, _)| Place::Log(log.writer(), *record));
    let inventories = log.chain().iter().filter_map(|(_, entry)| match &entry.public.added {
        Added::Inventory { hash, .. } => Some(Place::Inventory(log.writer(), *hash)),
        Added::Listed(_) => None,
    });
    for place in records.chain(inventories).chain(decisions).chain(slots) {
        let _ = store.complete(place);
    }
}
