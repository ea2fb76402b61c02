//! What check finds: nothing on a healthy repository, and each kind of damage by name, with the files it concerns.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::browse::{Selection, SnapshotSelector, snapshots};
use chest_engine::check::{CheckOptions, CheckOutcome, ReadData, check, scrub};
use chest_engine::store::{ObjectName, ObjectStore};
use chest_model::{Finding, Severity};
use chest_testkit::damage;
use common::{Machine, copies_of, noise, request};

fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("a/minutes.txt", &b"resolved ".repeat(9000));
    machine.write("a/photograph.jpg", &noise(1, 200_000));
    machine.write("b/small", b"small");
    machine.backup().unwrap();
    machine.write("b/later", &noise(2, 50_000));
    machine.backup().unwrap();
    machine
}

fn checked(machine: &Machine) -> CheckOutcome {
    let opened = machine.open().unwrap();
    check(&machine.context(), &opened, &CheckOptions { read_data: ReadData::Share(1.0) }).unwrap()
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id).collect()
}

fn names(machine: &Machine, prefix: &str) -> Vec<ObjectName> {
    machine.memory.names().into_iter().filter(|name| name.as_str().starts_with(prefix)).collect()
}

#[test]
fn a_healthy_repository_has_no_findings_and_a_check_writes_nothing() {
    let machine = machine();
    let before = machine.memory.names();
    let outcome = checked(&machine);
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
    assert_eq!(outcome.snapshots, 2);
    assert_eq!(outcome.packs_read, outcome.packs);
    assert!(scrub(&machine.context()).unwrap().findings.is_empty());
    assert_eq!(machine.memory.names(), before);
}

#[test]
fn a_missing_pack_is_found_without_reading_data_and_its_files_are_named() {
    let machine = machine();
    let whole = machine.memory.names().into_iter().filter(|name| name.as_str().starts_with("packs/"));
    let mut held_files = Vec::new();
    for pack in whole.collect::<Vec<_>>() {
        let bytes = machine.memory.remove_raw(&pack).unwrap();
        let opened = machine.open().unwrap();
        let outcome = check(&machine.context(), &opened, &CheckOptions::default()).unwrap();
        let ids = ids(&outcome.findings);
        assert!(ids.contains(&"pack-missing"), "{ids:?}");
        let names_files = ids.contains(&"files-damaged");
        assert!(names_files || ids.contains(&"tree-damaged"), "{ids:?}");
        // Where it held lists of files, nobody knows which files were in them.
        let told = outcome.findings.iter().find(|finding| finding.id == "pack-missing").unwrap();
        assert!(told.meaning.contains("the files, or the part of its list of files"), "{told:?}");
        held_files.push(names_files);
        machine.memory.insert_raw(pack, bytes);
    }
    assert!(held_files.contains(&true) && held_files.contains(&false), "{held_files:?}");
    assert!(checked(&machine).findings.is_empty());
}

#[test]
fn a_flipped_bit_in_a_pack_is_found_with_and_without_a_key() {
    let machine = machine();
    let pack = names(&machine, "packs/")[0].clone();
    damage::flip_bit(&machine.memory, &pack, 40_000 * 8).unwrap();
    assert!(ids(&checked(&machine).findings).contains(&"pack-damaged"));
    assert!(ids(&scrub(&machine.context()).unwrap().findings).contains(&"object-damaged"));
}

/// Wherever a bit of a pack is turned: what a check accuses is what a restore cannot bring back, and nothing beside it.
#[test]
fn a_check_accuses_exactly_the_files_that_a_restore_cannot_bring_back() {
    const FILES: usize = 12;
    let machine = Machine::new();
    for number in 0..FILES {
        machine.write(&format!("file {number:02}"), &noise(number as u64, 3_000));
    }
    machine.backup().unwrap();
    let packs = names(&machine, "packs/");
    let data = packs.iter().find(|name| machine.memory.get(name).unwrap()[11] == 0).unwrap();
    let length = machine.memory.get(data).unwrap().len() as u64;
    let mut accused = Vec::new();
    for at in (0..length).step_by(1_999).chain([length - 1]) {
        damage::flip_bit(&machine.memory, data, at * 8).unwrap();
        let outcome = checked(&machine);
        let to = machine.folder.path().join(format!("restored {at}"));
        let mut lost: Vec<_> = machine.restore_to(&to).unwrap().failed.into_iter().map(|one| one.path.path).collect();
        lost.sort();
        let named: Vec<_> = outcome.damaged_files.iter().map(|file| file.path.clone()).collect();
        assert_eq!(named, lost, "byte {at}");
        let told = outcome.findings.iter().find(|finding| finding.id == "pack-damaged").unwrap();
        assert_eq!(told.meaning.contains("Every file can be had back"), lost.is_empty(), "byte {at}: {told:?}");
        accused.push(lost.len());
        damage::flip_bit(&machine.memory, data, at * 8).unwrap();
    }
    assert!(accused.iter().all(|files| *files <= 1), "{accused:?}");
    assert!(accused.contains(&0) && accused.contains(&1), "{accused:?}");
    assert_eq!(accused.last(), Some(&0), "the padding holds nothing of any file");
    assert!(checked(&machine).findings.is_empty());
}

#[test]
fn only_the_damaged_files_are_named() {
    let machine = machine();
    let all = machine.memory.names();
    machine.write("b/newest", &noise(3, 60_000));
    machine.backup().unwrap();
    let added: Vec<_> = names(&machine, "packs/").into_iter().filter(|name| !all.contains(name)).collect();
    // The kind of a pack stands in its header: 0 is data, 1 trees.
    let data = added.iter().find(|name| machine.memory.get(name).unwrap()[11] == 0).unwrap();
    machine.memory.remove_raw(data);
    let outcome = checked(&machine);
    let damaged: Vec<String> = outcome.damaged_files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(damaged, ["b/newest"]);
}

#[test]
fn a_removed_record_contradicts_the_history() {
    let machine = machine();
    let records = names(&machine, "log/");
    // Newest first: the last one is the first record, which the second names as its parent.
    machine.remove(records.last().unwrap());
    let outcome = checked(&machine);
    assert!(outcome.history_contradicted);
    assert!(ids(&outcome.findings).contains(&"history-gap"));
    let refused = machine.backup().unwrap_err();
    assert!(matches!(refused, chest_engine::EngineError::Repo(chest_engine::repo::RepoError::History(_))), "{refused}");
}

#[test]
fn the_newest_record_removed_is_found_by_who_has_seen_it() {
    let machine = machine();
    machine.open().unwrap();
    let records = names(&machine, "log/");
    machine.remove(&records[0]);
    assert!(machine.open().is_err());
    assert!(machine.backup().is_err());
}

#[test]
fn damaged_index_slots_strangers_and_rubbish_are_told_apart() {
    let machine = machine();
    let index = names(&machine, "index/")[0].clone();
    damage::flip_bit(&machine.memory, &index, 9_999).unwrap();
    let slot = names(&machine, "slots/");
    for slot in &slot {
        // The recovery slot must go on working.
        let bytes = machine.memory.get(slot).unwrap();
        if bytes[10] == 1 {
            copies_of(slot).iter().for_each(|copy| damage::flip_bit(&machine.memory, copy, 900).unwrap());
        }
    }
    machine.memory.insert_raw(ObjectName::new("packs/rubbish").unwrap(), vec![1, 2, 3].into());
    machine.memory.insert_stray("Thumbs.db".to_owned(), 10);
    let outcome = checked(&machine);
    let ids = ids(&outcome.findings);
    for id in ["index-damaged", "slot-damaged", "unknown-object"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    assert!(!ids.contains(&"files-damaged"), "nothing is lost: {ids:?}");
    assert!(
        outcome
            .findings
            .iter()
            .filter(|finding| finding.object.contains("Thumbs.db"))
            .all(|f| f.severity == Severity::Warning)
    );
}

/// A scrub calls it damage; whoever holds a key can say that nothing needs it.
#[test]
fn what_has_the_name_of_a_pack_and_the_length_of_none_is_not_called_an_interrupted_backup() {
    let machine = machine();
    let name = ObjectName::new(format!("packs/00/{}", "0".repeat(64))).unwrap();
    machine.memory.insert_raw(name.clone(), vec![1, 2].into());
    let outcome = checked(&machine);
    let told: Vec<_> = outcome.findings.iter().filter(|finding| finding.object == name.as_str()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].id, told[0].severity), ("no-pack", Severity::Warning));
    assert!(told[0].what.contains("no pack has 2 bytes"), "{}", told[0].what);
    // One that could be a pack is what a killed run leaves.
    machine
        .memory
        .insert_raw(ObjectName::new(format!("packs/11/{}", "1".repeat(64))).unwrap(), vec![1; 1 << 16].into());
    assert!(checked(&machine).findings.iter().any(|finding| finding.id == "leftover"));
}

#[test]
fn all_records_removed_is_told_to_the_machine_that_only_backs_up() {
    let machine = machine();
    for record in names(&machine, "log/") {
        machine.remove(&record);
    }
    assert!(machine.open().is_err(), "reading is refused");
    let opened = machine.open_to_check();
    let outcome = check(&machine.context(), &opened, &CheckOptions::default()).unwrap();
    assert!(outcome.history_contradicted && outcome.is_damaged());
    assert!(ids(&outcome.findings).contains(&"no-records"));
}

#[test]
fn a_damaged_newest_record_is_damage_and_the_older_backup_can_be_had_by_its_name() {
    let machine = machine();
    machine.open().unwrap();
    let newest = names(&machine, "log/")[0].clone();
    copies_of(&newest).iter().for_each(|copy| damage::flip_bit(&machine.memory, copy, 4000).unwrap());
    let outcome = checked(&machine);
    assert!(ids(&outcome.findings).contains(&"record-damaged"), "{:?}", outcome.findings);
    assert!(!outcome.history_contradicted);
    let to = machine.folder.path().join("older");
    assert!(machine.restore_to(&to).is_err(), "it is not the latest");
    let older = snapshots(&machine.open().unwrap()).snapshots.last().unwrap().id.to_hex();
    let by_id = Selection { selector: Some(SnapshotSelector::Id(older)), ..Selection::default() };
    assert!(machine.restore(&by_id, request(&to)).unwrap().failed.is_empty());
}

#[test]
fn a_scrub_looks_for_what_is_missing() {
    let machine = machine();
    let pack = names(&machine, "packs/")[0].clone();
    machine.memory.remove_raw(&pack);
    let slot = names(&machine, "slots/")[0].clone();
    machine.remove(&slot);
    let missing = scrub(&machine.context()).unwrap().findings;
    let missing: Vec<&str> = missing.iter().filter(|f| f.id == "object-missing").map(|f| f.object.as_str()).collect();
    assert_eq!(missing, [pack.as_str(), slot.as_str()]);
}

#[test]
fn a_backup_tells_lost_keys_and_packs() {
    let machine = machine();
    let pack = names(&machine, "packs/")[0].clone();
    machine.memory.remove_raw(&pack);
    let slot = names(&machine, "slots/")[0].clone();
    machine.remove(&slot);
    let saved = machine.backup().unwrap();
    let told: Vec<&str> = saved.lost_objects.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(told, [pack.as_str(), slot.as_str()]);
}

#[test]
fn a_lost_index_is_told_once_and_heals_with_the_next_backup() {
    let machine = machine();
    for index in names(&machine, "index/") {
        machine.memory.remove_raw(&index);
    }
    assert!(ids(&checked(&machine).findings).contains(&"index-damaged"));
    assert!(!machine.backup().unwrap().lost_objects.is_empty());
    let after = checked(&machine);
    assert!(!after.is_damaged(), "{:?}", after.findings);
    assert!(machine.backup().unwrap().lost_objects.is_empty());
}
