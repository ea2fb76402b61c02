//! History and the objects beside packs: chains, signatures, slots, and whatever does not belong here.

use super::{CheckOutcome, finding, no_records, unknown_object};
use crate::{EngineError, Opened};
use chest_model::{ObjectHash, Severity, WriterId};
use chest_repo::history::{Chain, Claim, HistoryError, IgnoredRecord, Stranger};
use chest_repo::layout::{LOG, OWNER, Place};
use chest_repo::pack::is_pack_len;
use chest_repo::record::{AddedKind, Inventory};
use chest_repo::repository::{begins_repository, read_slots};
use chest_store::ObjectName;
use std::collections::{BTreeMap, BTreeSet};

const GAP_MEANING: &str = "Part of the history was removed, or the storage is not showing everything it holds.";
const GAP_REMEDY: &str = "Do not delete anything. Ask the storage provider; look for a deleted version of this object.";
const HIDDEN_MEANING: &str = "Somebody who may delete in this storage has deleted it, and the storage keeps an older version, which is whole. \
     Until it is back, the backups behind it are not shown.";
const HIDDEN_REMEDY: &str = "Do not delete anything. Take the delete marker of this object away with the storage provider's own \
     tools, and that of its second copy below second/; then run this check again.";
const CLAIM_MEANING: &str = "It may be what allowed that computer to back up; its backups are not shown without it. Whoever can write to \
     this storage can make such records, so they prove nothing.";
const IGNORED_MEANING: &str = "This record is not used. If it was a backup, that backup cannot be shown.";
const IGNORED_REMEDY: &str =
    "Look for an older version of this object at the storage provider; other backups are not affected.";
const LOG_REMEDY: &str = "Do not delete anything. Look for this object in another copy of the repository, or for an older version of it at \
     the storage provider. If it cannot be had, and backups of the computer that wrote it end with 4 or 16, run `chest writer enrol` on \
     that computer: it goes on with a new key, and what is stored is not sent again. Other backups are not affected.";
const OLDER_REMEDY: &str = "Do not delete anything. If this is not an older copy of the repository: ask the storage provider, and look for a \
     deleted version of this object. If it is one, and the newer one is lost: it can be read with --accept-unproven-state, and \
     `chest writer enrol --accept-unproven-state` goes on with it.";
const DECISION_MEANING: &str = "What the owner decided in it is not known: perhaps which computer may back up, and then that computer's \
     backups cannot be shown. What the backups hold lies in other objects.";
const DECISION_REMEDY: &str = "Do not delete anything. Bring this object back from an older version at the storage provider, or \
     from another copy of the repository.";
const FOREIGN_MEANING: &str = "It is not used, and nothing of this repository is damaged by it.";
const FOREIGN_REMEDY: &str = "Find out how it came here. It can be taken away once it lies in its own repository.";
const FOREIGN: &str = "a record of another repository";
const BEGINS_MEANING: &str = "Two repositories were made in one place. The backups of the other are neither shown nor checked here, and nothing \
     of this one is damaged by it.";
const BEGINS_REMEDY: &str = "Delete nothing. The recovery words of the other one open it, and so does its passphrase, if that is another. Make a new \
     repository in an empty place, let every computer back up to that, and keep this place as it is.";
const FORK_MEANING: &str =
    "Two copies of one computer have written: a restored image, or a copied folder. Nothing is lost.";
const FORK_REMEDY: &str = "If you know of no such copy, give this computer a new key with `chest writer enrol`.";

/// Chains without gaps, forks named, nothing that is not authentic.
pub(super) fn check_history(opened: &Opened, outcome: &mut CheckOutcome) -> Result<(), EngineError> {
    let session = &opened.session;
    let owner = &session.owner;
    ignored(&owner.ignored, outcome);
    chain("the owner's", owner.chain(), |record| Place::Owner(record).name().to_string(), outcome);
    for log in session.logs.values() {
        let writer = log.writer();
        let title = format!("computer {}'s", &writer.to_hex()[..8]);
        chain(&title, log.chain(), |record| Place::Log(writer, record).name().to_string(), outcome);
        ignored(&log.ignored, outcome);
    }
    for name in session.missing.proven() {
        let remedy = if name.starts_with(LOG) { LOG_REMEDY } else { GAP_REMEDY };
        add_gap(opened, name, "a record that others name is missing or out of place", remedy, outcome)?;
    }
    for name in &session.missing.claimed {
        let what = "records of a computer whose enrolment is not there name it, and it is missing";
        outcome.add(finding("history-gap", Severity::Damage, name, what, CLAIM_MEANING, GAP_REMEDY));
    }
    if let Some(HistoryError::SeenBeforeMissing { missing }) = &opened.contradiction
        && !outcome.findings.iter().any(|finding| finding.object == *missing)
    {
        add_gap(opened, missing, "this computer has seen this record before, and it is gone", OLDER_REMEDY, outcome)?;
    }
    outcome.history_contradicted = outcome.findings.iter().any(|finding| finding.id == "history-gap");
    for (name, error) in session.snapshots().1 {
        outcome.add(finding(
            "backup-unreadable",
            Severity::Damage,
            name,
            error.to_string(),
            IGNORED_MEANING,
            IGNORED_REMEDY,
        ));
    }
    Ok(())
}

/// A record that no list shows. Where the storage keeps versions, it may still be had by its name.
fn add_gap(
    opened: &Opened,
    name: &str,
    what: &str,
    remedy: &str,
    outcome: &mut CheckOutcome,
) -> Result<(), EngineError> {
    let place = ObjectName::new(name).ok().and_then(|name| Place::parse(&name));
    let is_hidden =
        place.map(|place| opened.session.get_proven(&place)).transpose()?.is_some_and(|found| found.is_ok());
    let (what, meaning, remedy) = if is_hidden {
        (format!("{what}; it was deleted, and an older version is there"), HIDDEN_MEANING, HIDDEN_REMEDY)
    } else {
        (what.to_owned(), GAP_MEANING, remedy)
    };
    outcome.add(finding("history-gap", Severity::Damage, name, what, meaning, remedy));
    Ok(())
}

fn chain<T>(
    title: &str,
    chain: &Chain<T>,
    name: impl Fn(chest_repo::record::RecordRef) -> String,
    outcome: &mut CheckOutcome,
) {
    let heads = chain.heads_after_gaps();
    if let [_, second, ..] = heads[..] {
        let what = format!("{title} history has {} ends", heads.len());
        outcome.add(finding("history-fork", Severity::Warning, name(second), what, FORK_MEANING, FORK_REMEDY));
    }
}

fn ignored(records: &[IgnoredRecord], outcome: &mut CheckOutcome) {
    for record in records {
        let (object, what) = (&record.object, record.problem.to_string());
        if record.is_of_another_repository() {
            note_foreign(object, FOREIGN, outcome);
            continue;
        }
        let (meaning, remedy) = match record.is_damaged() {
            true if object.starts_with(OWNER) => (DECISION_MEANING, DECISION_REMEDY),
            true => (IGNORED_MEANING, LOG_REMEDY),
            false => (IGNORED_MEANING, IGNORED_REMEDY),
        };
        outcome.add(finding("record-damaged", Severity::Damage, object, what, meaning, remedy));
    }
}

/// What belongs to another repository. Where that begins here too, it may hold backups of its own.
fn note_foreign(object: &str, what: &str, outcome: &mut CheckOutcome) {
    let begins = ObjectName::new(object).is_ok_and(|name| begins_repository(&name));
    let (what, meaning, remedy) = match begins {
        true => ("another repository begins here", BEGINS_MEANING, BEGINS_REMEDY),
        false => (what, FOREIGN_MEANING, FOREIGN_REMEDY),
    };
    outcome.add(finding("foreign-record", Severity::Warning, object, what, meaning, remedy));
}

/// Every object that is no pack is read and held against its name; what belongs to nothing is told.
pub(super) fn check_objects(opened: &Opened, outcome: &mut CheckOutcome) -> Result<(), EngineError> {
    let session = &opened.session;
    let store = session.store();
    check_slots(opened, outcome)?;
    let mut named = BTreeMap::new();
    for writer in session.logs.keys() {
        named.insert(*writer, (session.added_by(*writer)?, session.live_index(*writer)?));
    }
    for listed in store.list("").map_err(chest_repo::RepoError::from)? {
        match Place::parse(&listed.name) {
            None => {
                outcome.add(unknown_object(&listed.name));
            }
            Some(Place::Pack(hash)) => {
                outcome.packs += 1;
                let belongs = named.values().any(|(added, _)| added.contains(&(AddedKind::Pack, hash)));
                if belongs || is_pack_len(listed.size) {
                    note_leftover(belongs, &listed.name, opened, outcome);
                } else {
                    note_no_pack(&listed.name, listed.size, opened, outcome);
                }
            }
            Some(Place::Index(writer, hash)) => check_index_object(opened, writer, hash, named.get(&writer), outcome)?,
            Some(Place::Inventory(writer, hash)) => {
                let belongs = session.inventories_of(writer).contains(&hash);
                note_leftover(belongs, &listed.name, opened, outcome);
            }
            // Read with the history and the slots.
            Some(Place::Log(..) | Place::Owner(_) | Place::Slot(..)) => {}
        }
    }
    check_inventories(opened, outcome)?;
    let recorded = session.logs.values().any(|log| !log.chain().is_empty());
    if !recorded && outcome.packs > 0 && session.owner.damage().is_none() && opened.hides_backups.is_none() {
        outcome.add(no_records());
    }
    for stranger in &session.strangers {
        note_stranger(stranger, opened, outcome);
    }
    check_strays(&**store, outcome)
}

fn note_stranger(stranger: &Stranger, opened: &Opened, outcome: &mut CheckOutcome) {
    if outcome.findings.iter().any(|finding| finding.object == stranger.object) {
        return;
    }
    if stranger.claim == Claim::OtherRepository {
        note_foreign(&stranger.object, FOREIGN, outcome);
        return;
    }
    let (meaning, remedy) = match opened.hides_backups {
        Some(_) => (
            "It may be a backup of a computer whose enrolment stands in a record that is damaged or gone.",
            "Leave it where it is. Once that record is back, run this check again.",
        ),
        None => (
            "It is signed by nobody whom the owner added, and is not used.",
            "If you did not expect it, ask who can write to this storage.",
        ),
    };
    let what = "a record that belongs to no enrolled computer";
    outcome.add(finding("stranger", Severity::Warning, &stranger.object, what, meaning, remedy));
}

/// The lists of what large runs added: without one, packs of that run that are missing cannot be told.
fn check_inventories(opened: &Opened, outcome: &mut CheckOutcome) -> Result<(), EngineError> {
    let session = &opened.session;
    for writer in session.logs.keys() {
        for hash in session.inventories_of(*writer) {
            let place = Place::Inventory(*writer, hash);
            if let Err(problem) = session.get_proven(&place)?.and_then(|bytes| Inventory::decode(&bytes)) {
                let meaning =
                    "The list of what one backup added is lost. The backup itself is not, if nothing else is reported.";
                let remedy = "Look for an older version of this object at the storage provider.";
                let what = problem.to_string();
                outcome.add(finding("inventory-damaged", Severity::Damage, place.name(), what, meaning, remedy));
            }
        }
    }
    Ok(())
}

type Named = (BTreeSet<(AddedKind, ObjectHash)>, BTreeSet<ObjectHash>);

fn check_index_object(
    opened: &Opened,
    writer: WriterId,
    hash: ObjectHash,
    named: Option<&Named>,
    outcome: &mut CheckOutcome,
) -> Result<(), EngineError> {
    let place = Place::Index(writer, hash);
    let live = named.is_some_and(|(_, live)| live.contains(&hash));
    // Live ones are opened with the index; one that is not is only held against its name.
    if !live {
        if let Err(problem) = opened.session.get_proven(&place)? {
            let (meaning, remedy) = ("It is an old index object that nothing uses any more.", "No action needed.");
            outcome.add(finding(
                "old-index-damaged",
                Severity::Note,
                place.name(),
                problem.to_string(),
                meaning,
                remedy,
            ));
        }
        let belongs = named.is_some_and(|(added, _)| added.contains(&(AddedKind::Index, hash)));
        note_leftover(belongs, place.name(), opened, outcome);
    }
    Ok(())
}

/// What no record names. With a record beside that cannot be used, or one that is gone, nobody can say whether that one did.
fn note_leftover(belongs: bool, name: impl ToString, opened: &Opened, outcome: &mut CheckOutcome) {
    if belongs {
        return;
    }
    if may_be_named(opened) {
        let what = "no readable record names it; one that is damaged, gone or not known may have";
        let meaning = "It may be part of a backup that cannot be shown now.";
        let remedy = "Leave it where it is. If that record can be brought back, it is needed.";
        outcome.add(finding("leftover", Severity::Note, name, what, meaning, remedy));
        return;
    }
    note_harmless_leftover(name, outcome);
}

/// No run leaves half an object behind: one of another length was cut short, or is somebody else's.
fn note_no_pack(name: impl ToString, size: u64, opened: &Opened, outcome: &mut CheckOutcome) {
    let (meaning, remedy) = match may_be_named(opened) {
        true => (
            "If it was a pack, part of a backup that cannot be shown now may be lost with it.",
            "Leave it where it is. Look for an older version of this object at the storage provider.",
        ),
        false => (
            "No backup needs it. Something has cut it short, or it was never put by this program.",
            "If you did not put it there, ask who can write to this storage, and test the disk.",
        ),
    };
    let what = format!("it has the name of a pack, and no pack has {size} bytes");
    outcome.add(finding("no-pack", Severity::Warning, name, what, meaning, remedy));
}

fn may_be_named(opened: &Opened) -> bool {
    let session = &opened.session;
    let of_another = session.owner.ignored.iter().any(IgnoredRecord::is_of_another_repository);
    let is_ours = |ignored: &IgnoredRecord| !ignored.is_of_another_repository();
    of_another
        || opened.hides_backups.is_some()
        || !session.missing.logs.is_empty()
        || session.strangers.iter().any(Stranger::may_be_backup)
        || session.logs.values().any(|log| log.ignored.iter().any(is_ours))
}

fn note_harmless_leftover(name: impl ToString, outcome: &mut CheckOutcome) {
    let meaning = "It takes some room and does no harm; the next backup takes it over if it can.";
    let what = "left behind by an interrupted backup";
    outcome.add(finding("leftover", Severity::Note, name, what, meaning, "No action needed."));
}

fn check_slots(opened: &Opened, outcome: &mut CheckOutcome) -> Result<(), EngineError> {
    let store = opened.session.store();
    let (intact, damaged) = read_slots(&**store)?;
    let meaning = "One way into the repository may be lost. You have just opened it by another, so nothing else is.";
    let remedy = "Bring this object back from another copy of the repository, or from an older version at the storage provider. If it \
        cannot be had, nothing can replace it in this version: while you can still open this repository, keep it, and make a new one \
        in another place with `chest init`, with ways in of its own.";
    for (name, problem) in damaged {
        outcome.add(finding("slot-damaged", Severity::Damage, name, problem.to_string(), meaning, remedy));
    }
    let ours = opened.session.opener().master().repository();
    for (name, _) in intact.iter().filter(|(_, slot)| slot.repository() != ours) {
        note_foreign(name, "a key slot of another repository", outcome);
    }
    let there: BTreeSet<ObjectHash> =
        intact.iter().map(|(_, slot)| ObjectHash(*blake3::hash(slot.bytes()).as_bytes())).collect();
    let named_damaged: BTreeSet<String> = outcome.findings.iter().map(|finding| finding.object.clone()).collect();
    for slot in opened.session.owner.live_slots() {
        let name = Place::Slot(slot.id, slot.hash).name().to_string();
        if !there.contains(&slot.hash) && !named_damaged.contains(&name) {
            outcome.add(finding("slot-missing", Severity::Damage, name, "a key slot is missing", meaning, remedy));
        }
    }
    Ok(())
}

pub(super) fn check_strays(
    store: &dyn chest_store::ObjectStore,
    outcome: &mut CheckOutcome,
) -> Result<(), EngineError> {
    for stray in store.strays().map_err(chest_repo::RepoError::from)? {
        if stray.left_by_us {
            note_harmless_leftover(stray.name, outcome);
        } else {
            outcome.add(unknown_object(stray.name));
        }
    }
    Ok(())
}
