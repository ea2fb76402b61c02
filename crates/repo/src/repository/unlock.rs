//! Getting in: trying what somebody gave against the slots.

use crate::error::{ObjectError, RepoError};
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
    // The newest epoch first: an old slot opens only what is older.
    let mut matching: Vec<&(String, Slot)> = slots.iter().filter(|(_, slot)| slot.kind() == kind).collect();
    matching.sort_by_key(|(_, slot)| std::cmp::Reverse(slot.epoch()));
    let mut refusal = None;
    for (name, slot) in matching {
        match try_slot(slot, name, credential) {
            Ok(Some(master)) => return Ok(master),
            Ok(None) => refusal = refusal.or(Some(UnlockError::WrongPassphrase)),
            Err(error) => refusal = Some(more_helpful(refusal, error)),
        }
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
