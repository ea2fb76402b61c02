//! The check that needs no key: every object is read and held against the hash in its name. It can be run by whoever runs
//! the storage.

use super::copies::check_copies;
use super::history::check_strays;
use super::{CheckOutcome, finding, no_records, unknown_object};
use crate::{Context, EngineError};
use chest_model::{Phase, Progress, Severity, WriterId};
use chest_repo::history::{HistoryError, LogHistory, MissingRecords, OnNewer, OwnerHistory, OwnerTrust};
use chest_repo::layout::{OWNER, Place};
use chest_repo::record::{Added, AddedKind};
use chest_repo::repository::{Copies, CopyProblem, refuse_broken_off};
use chest_repo::{ObjectError, RepoError};
use chest_store::{ObjectStore, StoreError};
use std::collections::{BTreeMap, BTreeSet};

const MEANING: &str = "What is stored here is not what was put. Whoever holds a key can tell which files it concerns.";
const GONE_MEANING: &str =
    "Something that was put is not there any more. Whoever holds a key can tell which files it concerns.";
const REMEDY: &str = "Look for an older version of this object; have somebody with a key run `chest check`.";
const ALTERED: &str = "its bytes do not match its name: it was altered, cut or swapped";
const GONE: &str = "it was listed, and is not there";

/// Reads everything.
pub fn scrub(context: &Context<'_>) -> Result<CheckOutcome, EngineError> {
    let store: &dyn ObjectStore = &*context.store;
    let listed = store.list("").map_err(RepoError::from)?;
    refuse_broken_off(store)?;
    if !listed.iter().any(|one| one.name.as_str().starts_with(OWNER)) {
        return Err(RepoError::NoRepository.into());
    }
    let mut outcome = CheckOutcome::default();
    let bytes = listed.iter().map(|one| one.size).sum();
    context.monitor.progress(Progress::Begin { phase: Phase::CheckingData, items: listed.len() as u64, bytes });
    for one in &listed {
        if context.monitor.cancelled() {
            return Err(EngineError::Interrupted);
        }
        let Some(place) = Place::parse(&one.name) else {
            outcome.add(unknown_object(&one.name));
            continue;
        };
        if matches!(place, Place::Pack(_)) {
            outcome.packs += 1;
            outcome.packs_read += 1;
        }
        // What is kept twice is read beside its second copy.
        if place.second_name().is_none() {
            check_name(store, &place, &mut outcome)?;
        }
        outcome.bytes_read += one.size;
        context.monitor.progress(Progress::Done { items: 1, bytes: one.size });
    }
    for copies in check_copies(context, &mut outcome)? {
        tell_lost(&copies, &mut outcome);
    }
    context.monitor.progress(Progress::End);
    let listed = listed.iter().map(|one| one.name.to_string()).collect();
    check_chains(store, &listed, &mut outcome)?;
    check_strays(store, &mut outcome)?;
    outcome.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.object.cmp(&b.object)));
    Ok(outcome)
}

fn check_name(store: &dyn ObjectStore, place: &Place, outcome: &mut CheckOutcome) -> Result<(), EngineError> {
    let name = place.name();
    let matches = |bytes: &[u8]| place.proves(bytes);
    match store.get(&name) {
        Ok(bytes) if matches(&bytes) => {}
        // Read again before it is called damage: the line may have been bad.
        Ok(_) if store.get(&name).is_ok_and(|bytes| matches(&bytes)) => {}
        Ok(_) => outcome.add(finding("object-damaged", Severity::Damage, name, ALTERED, MEANING, REMEDY)),
        Err(StoreError::NotFound(_)) => {
            outcome.add(finding("object-missing", Severity::Damage, name, GONE, GONE_MEANING, REMEDY));
        }
        Err(error) => return Err(RepoError::from(error).into()),
    }
    Ok(())
}

/// Neither copy is good.
fn tell_lost(copies: &Copies, outcome: &mut CheckOutcome) {
    let missing = CopyProblem::Object(ObjectError::Missing);
    let is_gone = [&copies.first, &copies.second].into_iter().all(|problem| *problem == Some(missing.clone()));
    let (id, what) = if is_gone { ("object-missing", GONE) } else { ("object-damaged", ALTERED) };
    outcome.add(finding(id, Severity::Damage, copies.place.name(), what, MEANING, REMEDY));
}

/// Signatures and chains, under the key that the repository states of itself: nobody vouches for that key here.
fn check_chains(
    store: &dyn ObjectStore,
    listed: &BTreeSet<String>,
    outcome: &mut CheckOutcome,
) -> Result<(), EngineError> {
    let owner = match OwnerHistory::read(store, OwnerTrust::Unproven, OnNewer::Report) {
        Ok(owner) => owner,
        // Told by its name already.
        Err(RepoError::History(HistoryError::OwnerRecordDamaged { .. })) => return Ok(()),
        Err(RepoError::History(error)) => {
            outcome.history_contradicted = true;
            outcome.add(finding("history-gap", Severity::Damage, "owner/", error.to_string(), GONE_MEANING, REMEDY));
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let (logs, strangers) = LogHistory::read_all(store, &owner, OnNewer::Report)?;
    let missing = MissingRecords::of(&owner, &logs, &strangers);
    for name in missing.all() {
        if !outcome.findings.iter().any(|finding| finding.object == *name) {
            outcome.history_contradicted = true;
            let what = "a record that others name is missing or out of place";
            outcome.add(finding("history-gap", Severity::Damage, name, what, GONE_MEANING, REMEDY));
        }
    }
    check_inventory(listed, &owner, &logs, outcome);
    let is_told = owner.damage().is_some() || missing.hiding(&strangers).is_some();
    if outcome.packs > 0 && !is_told && logs.values().all(|log| log.chain().is_empty()) {
        outcome.add(no_records());
    }
    Ok(())
}

/// What the signed records name must be there: packs that nobody dropped, and the key slots. Index objects are replaced in
/// time and prove nothing.
fn check_inventory(
    listed: &BTreeSet<String>,
    owner: &OwnerHistory,
    logs: &BTreeMap<WriterId, LogHistory>,
    outcome: &mut CheckOutcome,
) {
    let condemned = owner.view().condemned;
    let entries = logs.values().flat_map(|log| log.chain().iter());
    let added = entries.flat_map(|(_, entry)| match &entry.public.added {
        Added::Listed(objects) => objects.as_slice(),
        // Named in an object of its own, which a check with a key reads.
        Added::Inventory { .. } => &[],
    });
    let packs = added
        .filter(|object| object.kind == AddedKind::Pack && !condemned.contains(&object.hash))
        .map(|object| Place::Pack(object.hash));
    let slots = owner.live_slots().into_iter().map(|slot| Place::Slot(slot.id, slot.hash));
    let missing: BTreeSet<String> =
        packs.chain(slots).map(|place| place.name().to_string()).filter(|name| !listed.contains(name)).collect();
    for name in missing {
        let what = "a signed record names it, and it is not there";
        outcome.add(finding("object-missing", Severity::Damage, name, what, GONE_MEANING, REMEDY));
    }
}
