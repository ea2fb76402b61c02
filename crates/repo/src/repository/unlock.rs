//! Getting in: trying what somebody gave against the slots.

use super::session::repository_ids;
use crate::error::{ObjectError, RepoError};
use crate::history::{OnNewer, OwnerHistory, OwnerTrust};
use crate::keys::MasterKey;
use crate::layout::{Place, SLOTS};
use crate::slot::{Credential, SLOT_LEN, Slot, SlotKind, UnlockError};
use crate::words::WordsError;
use chest_store::ObjectStore;

/// Slots with their names.
pub type IntactSlots = Vec<(String, Slot)>;
/// Names of slots, and what is wrong with each.
pub type DamagedSlots = Vec<(String, ObjectError)>;

/// Every slot that is intact, with its name; and the names of those that are not.
pub fn read_slots(store: &dyn ObjectStore) -> Result<(IntactSlots, DamagedSlots), RepoError> {
    let (mut slots, mut damaged) = (Vec::new(), Vec::new());
    for listed in store.list(SLOTS)? {
        let Some(place @ Place::Slot(..)) = Place::parse(&listed.name) else { continue };
        let name = listed.name.to_string();
        if listed.size != SLOT_LEN as u64 {
            damaged.push((name, ObjectError::BadLength { length: listed.size }));
            continue;
        }
        let bytes = store.get(&listed.name)?;
        if !place.proves(&bytes) {
            damaged.push((name, ObjectError::NotItsName));
            continue;
        }
        match Slot::decode(&bytes) {
            Ok(Some(slot)) => slots.push((name, slot)),
            // A kind of slot that this program does not know: somebody else's way in.
            Ok(None) => {}
            Err(problem) => damaged.push((name, problem)),
        }
    }
    Ok((slots, damaged))
}

/// Opens the repository with a passphrase or the recovery words.
pub fn unlock(store: &dyn ObjectStore, credential: &Credential) -> Result<MasterKey, RepoError> {
    let (slots, damaged) = read_slots(store)?;
    if slots.is_empty() && damaged.is_empty() && store.list(crate::layout::OWNER)?.is_empty() {
        return Err(RepoError::NoRepository);
    }
    let (kind, called) = match credential {
        Credential::Passphrase(_) => (SlotKind::Passphrase, "a passphrase"),
        Credential::Words(_) => (SlotKind::Recovery, "recovery words"),
    };
    let mut refusal = None;
    // One secret may open slots of several: an `init` that lost a race, and could not take its own away again.
    let begun = repository_ids(store).unwrap_or_default();
    let (here, elsewhere): (IntactSlots, IntactSlots) =
        slots.iter().cloned().partition(|(_, slot)| begun.contains(&slot.repository()));
    for slots in [&here, &elsewhere] {
        if let Some(master) = try_slots(slots, kind, credential, &mut refusal) {
            return Ok(master);
        }
    }
    if let Some(master) = try_slots(&hidden_slots(store, &slots), kind, credential, &mut refusal) {
        return Ok(master);
    }
    // A slot of a newer program may be the one that this secret opens.
    if let Some((name, problem)) = damaged.iter().find(|(_, problem)| problem.is_from_newer()) {
        return Err(RepoError::object(name, problem.clone()));
    }
    let nothing_else = || match damaged.first() {
        Some((name, _)) => UnlockError::DamagedSlot { name: name.clone() },
        None => UnlockError::NoSuchSlot(called),
    };
    // With a damaged slot beside, "wrong" cannot be said with certainty.
    let refusal = match refusal {
        Some(UnlockError::WrongPassphrase | UnlockError::WrongWords(WordsError::Wrong)) if !damaged.is_empty() => {
            nothing_else()
        }
        Some(refusal) => refusal,
        None => nothing_else(),
    };
    Err(refusal.into())
}

/// Slots that the owner's history names and no list shows, because somebody has deleted them: where the storage keeps versions,
/// they can still be had by name. Nobody vouches for that history yet; but a slot opens only with its secret.
fn hidden_slots(store: &dyn ObjectStore, listed: &IntactSlots) -> IntactSlots {
    let Ok(owner) = OwnerHistory::read(store, OwnerTrust::Unproven, OnNewer::Report) else { return Vec::new() };
    let by_name = |place: Place| {
        let name = place.name();
        if listed.iter().any(|(there, _)| *there == *name.as_str()) {
            return None;
        }
        let bytes = store.get(&name).ok().filter(|bytes| place.proves(bytes))?;
        Some((name.to_string(), Slot::decode(&bytes).ok()??))
    };
    owner.live_slots().into_iter().filter_map(|live| by_name(Place::Slot(live.id, live.hash))).collect()
}

/// The newest epoch first: an old slot opens only what is older.
fn try_slots(
    slots: &IntactSlots,
    kind: SlotKind,
    credential: &Credential,
    refusal: &mut Option<UnlockError>,
) -> Option<MasterKey> {
    let mut matching: Vec<&(String, Slot)> = slots.iter().filter(|(_, slot)| slot.kind() == kind).collect();
    matching.sort_by_key(|(_, slot)| std::cmp::Reverse(slot.epoch()));
    for (name, slot) in matching {
        match try_slot(slot, name, credential) {
            Ok(Some(master)) => return Some(master),
            Ok(None) => *refusal = refusal.take().or(Some(UnlockError::WrongPassphrase)),
            Err(error) => *refusal = Some(more_helpful(refusal.take(), error)),
        }
    }
    None
}

fn try_slot(slot: &Slot, name: &str, credential: &Credential) -> Result<Option<MasterKey>, UnlockError> {
    match credential {
        Credential::Passphrase(typed) => slot.open_with_passphrase(typed, name),
        Credential::Words(typed) => slot.open_with_words(typed, name).map(Some),
    }
}

/// Among several refusals, the one that tells the person most: a named wrong word before "wrong".
fn more_helpful(before: Option<UnlockError>, now: UnlockError) -> UnlockError {
    match (before, now) {
        (Some(before @ UnlockError::WrongWords(_)), UnlockError::WrongWords(WordsError::Wrong)) => before,
        (_, now) => now,
    }
}
