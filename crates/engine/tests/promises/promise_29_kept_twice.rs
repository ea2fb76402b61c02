//! Promise 29: the owner's decisions, the logs and the key slots are kept twice. Whatever befalls one copy, everything goes
//! on, nothing is lost, and a check names the copy.

use crate::common::{Machine, assert_same, copies_of, noise};
use crate::scene::{
    assert_told, check_all, clone_machine, clone_onto, content, empty_machine, master_of, names, next_fields, put_log,
    store_of, told, writer_file,
};
use chest_engine::EngineError;
use chest_engine::browse::{Selection, SnapshotSelector, select, snapshots};
use chest_engine::check::{CheckOutcome, scrub};
use chest_engine::repo::history::HistoryError;
use chest_engine::repo::layout::Place;
use chest_engine::repo::record::{Inventory, RecordFrame};
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::{ObjectError, Opener, RepoError};
use chest_engine::store::{LocalStore, MemoryStore, ObjectName, ObjectStore, PutOutcome, StoreError};
use chest_model::{ObjectHash, Severity};
use chest_testkit::{FaultPlan, FaultyStore, RecordingStore, Verb, damage};
use std::sync::Arc;

/// Three backups, the second of which names what it added in an inventory.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("minutes", &b"resolved ".repeat(500));
    machine.backup().unwrap();
    add_inventory(&machine);
    machine.write("photograph", &noise(29, 30_000));
    machine.backup().unwrap();
    machine
}

fn add_inventory(machine: &Machine) {
    let id = writer_file(machine).key.writer();
    let inventory = Inventory(Vec::new()).encode();
    let hash = *blake3::hash(&inventory).as_bytes();
    machine.overwrite(&Place::Inventory(id, ObjectHash(hash)).name(), &inventory.into());
    let log = machine.memory.get(&names(&machine.memory, "log/")[0]).unwrap();
    let frame = RecordFrame::parse(log).unwrap();
    let note = frame.open_note(&writer_file(machine).key).unwrap();
    let body = frame.open_body(&Opener::new(master_of(machine))).unwrap();
    let fields = next_fields(machine);
    let mut public = fields.encode(&[]);
    // Key 9, an empty list, becomes the reference to the inventory.
    let at = public.len() - 4;
    assert_eq!(public[at..], [9, 0x80, 10, 0x80]);
    public.splice(at + 1..at + 2, [&[0xa2, 0, 0x58, 32][..], &hash, &[1, 0]].concat());
    put_log(machine, fields.seq, &public, &note, &body);
}

/// One object of every kind that is kept twice.
fn kinds(machine: &Machine) -> Vec<ObjectName> {
    let [owner, log, slots] = ["owner/", "log/", "slots/"].map(|prefix| names(&machine.memory, prefix));
    // The newest first: the record that adds this computer, and the genesis.
    let (add_writer, genesis) = (owner[0].clone(), owner[owner.len() - 1].clone());
    let (inventory, records): (Vec<_>, Vec<_>) = log.into_iter().partition(|name| name.as_str().contains("/names-"));
    assert_eq!((inventory.len(), records.len(), slots.len()), (1, 3, 2));
    let records = [records[0].clone(), records[2].clone()];
    [genesis, add_writer].into_iter().chain(records).chain(inventory).chain(slots).collect()
}

type Harm = fn(&MemoryStore, &ObjectName);

const HARMS: [(&str, Harm); 4] = [
    ("a turned bit", |store, name| damage::flip_bit(store, name, 77).unwrap()),
    ("a lost end", |store, name| damage::truncate(store, name, store.get(name).unwrap().len() as u64 / 2).unwrap()),
    ("an added byte", |store, name| damage::append(store, name, b"!").unwrap()),
    ("removal", |store, name| drop(store.remove_raw(name).unwrap())),
];

fn above_notes(outcome: &CheckOutcome) -> Vec<(&str, &str)> {
    let findings = outcome.findings.iter().filter(|finding| finding.severity > Severity::Note);
    findings.map(|finding| (finding.id, finding.object.as_str())).collect()
}

#[test]
fn one_bad_copy_costs_nothing_and_is_told_by_name() {
    let whole = machine();
    assert_eq!(told(&check_all(&whole).unwrap()), [""; 0]);
    for object in kinds(&whole) {
        for copy in copies_of(&object) {
            for (what, harm) in HARMS {
                let machine = clone_machine(&whole);
                harm(&machine.memory, &copy);
                let harmed = machine.memory.get(&copy).ok();
                one_bad_copy(&machine, &copy, &format!("{what} of {copy}"));
                let now = machine.memory.get(&copy).ok();
                match harmed {
                    // The next backup puts back what is missing, and overwrites nothing.
                    None => assert_eq!(now, whole.memory.get(&copy).ok(), "{what} of {copy}"),
                    Some(_) => assert_eq!(now, harmed, "{what} of {copy}"),
                }
            }
        }
    }
}

fn one_bad_copy(machine: &Machine, copy: &ObjectName, what: &str) {
    let is_gone = machine.memory.get(copy).is_err();
    let expected = (if is_gone { "copy-missing" } else { "copy-damaged" }, copy.as_str());
    for outcome in [check_all(machine).unwrap(), scrub(&machine.context()).unwrap()] {
        assert_eq!(above_notes(&outcome), [expected], "{what}: {:?}", told(&outcome));
        assert_eq!(outcome.is_damaged(), !is_gone, "{what}");
        assert!(!outcome.history_contradicted && outcome.damaged_files.is_empty(), "{what}");
    }
    machine.write("later", what.as_bytes());
    let saved = machine.backup().unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(saved.lost_objects.is_empty(), "{what}: {:?}", saved.lost_objects);
    let to = machine.folder.path().join("restored");
    assert!(machine.restore_to(&to).unwrap().failed.is_empty(), "{what}");
    assert_same(&machine.source(), &to.join("documents"));
    let after = check_all(machine).unwrap();
    assert_eq!(above_notes(&after), if is_gone { vec![] } else { vec![expected] }, "{what}: {:?}", told(&after));
}

/// Two bad copies are what one was before there were two.
#[test]
fn two_bad_copies_are_damage_to_the_object_itself() {
    let whole = machine();
    let [genesis, add_writer, newest, older, inventory, one_slot, other_slot] = kinds(&whole).try_into().unwrap();
    let harmed = |object: &ObjectName| {
        let machine = clone_machine(&whole);
        copies_of(object).iter().for_each(|copy| damage::flip_bit(&machine.memory, copy, 77).unwrap());
        machine
    };
    let machine = harmed(&genesis);
    for refused in [machine.open().map(drop), machine.backup().map(drop)] {
        assert_owner_damage(refused, &genesis);
    }
    assert_owner_damage(harmed(&add_writer).backup(), &add_writer);
    let latest = select(&harmed(&add_writer).open().unwrap(), &Selection::default());
    assert_owner_damage(latest, &add_writer);
    let checked = check_all(&harmed(&add_writer)).unwrap();
    assert!(checked.is_damaged() && !checked.history_contradicted, "{:?}", told(&checked));
    for refused in [harmed(&add_writer).backup(), harmed(&older).backup()] {
        assert!(matches!(refused, Err(EngineError::Repo(RepoError::History(_)))), "{refused:?}");
    }
    for (object, id) in [(older, "record-damaged"), (newest, "record-damaged"), (inventory, "inventory-damaged")] {
        assert_told(&check_all(&harmed(&object)).unwrap(), id, object.as_str());
        assert_told(&scrub(&harmed(&object).context()).unwrap(), "object-damaged", object.as_str());
    }
    let damaged = [one_slot, other_slot].map(|slot| harmed(&slot).open().err().map(|error| (slot, error)));
    let (slot, error) = damaged.into_iter().flatten().next().unwrap();
    assert!(error.to_string().contains(slot.as_str()), "{error}");
}

#[track_caller]
fn assert_owner_damage<T: std::fmt::Debug>(refused: Result<T, EngineError>, record: &ObjectName) {
    let damaged = HistoryError::OwnerRecordDamaged { object: record.to_string(), problem: ObjectError::NotItsName };
    match refused {
        Err(EngineError::Repo(RepoError::History(error))) => assert_eq!(error, damaged),
        other => panic!("{record}: {other:?}"),
    }
}

/// A repository of before has no second copies: that is no fault, and the next backup adds them.
#[test]
fn what_an_earlier_version_kept_once_is_kept_twice_after_the_next_backup() {
    let machine = machine();
    for copy in names(&machine.memory, "second/") {
        machine.memory.remove_raw(&copy);
    }
    let outcome = check_all(&machine).unwrap();
    assert_eq!(above_notes(&outcome), []);
    let once: Vec<_> = outcome.findings.iter().map(|finding| (finding.id, finding.object.clone())).collect();
    let log = format!("second/log/{}/", writer_file(&machine).key.writer());
    assert_eq!(once, [log, "second/owner/".to_owned(), "second/slots/".to_owned()].map(|name| ("kept-once", name)));
    machine.backup().unwrap();
    assert_eq!(told(&check_all(&machine).unwrap()), [""; 0]);
    let kept = content(&machine.memory);
    for name in kept.keys().filter(|name| !name.as_str().starts_with("second/")) {
        assert!(copies_of(name).iter().all(|copy| kept.get(copy) == kept.get(name)), "{name}");
    }
}

/// A machine may have no right to put what is the owner's: its backup is saved all the same.
#[test]
fn a_second_copy_that_may_not_be_put_later_fails_no_backup() {
    let whole = machine();
    let missing = format!("second/{}", names(&whole.memory, "owner/")[0]);
    let memory = store_of(&content(&whole.memory));
    memory.remove_raw(&crate::scene::name(missing.as_str()));
    let refuse = || StoreError::Refused("not yours".to_owned());
    let faulty = FaultyStore::new(memory.clone());
    let plan = FaultPlan::new().fail_when(|call| call.verb == Verb::Put && call.name.contains("owner/"), refuse);
    faulty.set_plan(plan).unwrap();
    let machine = clone_onto(&whole, Arc::new(faulty), memory);
    machine.backup().unwrap();
    assert_eq!(above_notes(&check_all(&machine).unwrap()), [("copy-missing", missing.as_str())]);
}

#[test]
fn a_put_is_done_when_both_copies_are_there_and_not_before() {
    let machine = machine();
    let newest = names(&machine.memory, "owner/")[0].clone();
    let bytes = machine.memory.get(&newest).unwrap();
    for copy in copies_of(&newest) {
        for stored in [true, false] {
            let named = copy.to_string();
            let memory = MemoryStore::new();
            let faulty = FaultyStore::new(memory.clone());
            let of_copy = move |call: &chest_testkit::Operation| call.verb == Verb::Put && call.name == named;
            faulty.set_plan(FaultPlan::new().unknown_when(of_copy.clone(), stored).at_most(2)).unwrap();
            let faulty = Arc::new(faulty);
            let twice = TwiceStore::over(faulty.clone());
            assert_eq!(twice.put(&newest, bytes.clone()).unwrap(), PutOutcome::Done);
            assert_eq!(names(&memory, "").len(), 2, "{copy}");
            faulty.set_plan(FaultPlan::new().fail_when(of_copy, || StoreError::NoSpace("full".to_owned()))).unwrap();
            assert!(matches!(twice.put(&newest, bytes.clone()), Err(StoreError::NoSpace(_))), "{copy}");
        }
        let memory = MemoryStore::new();
        let faulty = FaultyStore::new(memory.clone());
        let named = copy.to_string();
        let never = move |call: &chest_testkit::Operation| call.verb == Verb::Put && call.name == named;
        faulty.set_plan(FaultPlan::new().unknown_when(never, false)).unwrap();
        let twice = TwiceStore::over(Arc::new(faulty));
        assert!(matches!(twice.put(&newest, bytes.clone()), Err(StoreError::Unreachable(_))), "{copy}");
    }
}

#[test]
fn a_copy_that_the_disk_does_not_give_out_is_passed_over_and_told() {
    let whole = machine();
    for object in kinds(&whole) {
        for copy in copies_of(&object) {
            let faulty = FaultyStore::new(whole.memory.clone());
            let named = copy.to_string();
            let bad_block = || StoreError::Io {
                doing: "reading",
                name: "it".to_owned(),
                source: std::io::Error::other("a bad block"),
            };
            let plan = FaultPlan::new().fail_when(move |call| call.verb == Verb::Get && call.name == named, bad_block);
            faulty.set_plan(plan).unwrap();
            let machine = clone_onto(&whole, Arc::new(faulty), whole.memory.clone());
            let outcome = check_all(&machine).unwrap();
            assert_eq!(above_notes(&outcome), [("copy-damaged", copy.as_str())], "{:?}", told(&outcome));
        }
    }
}

#[test]
fn listings_show_each_object_once_and_name_rubbish_among_the_second_copies() {
    let machine = machine();
    let twice = TwiceStore::over(Arc::new(machine.memory.clone()));
    let firsts: Vec<_> =
        content(&machine.memory).into_keys().filter(|name| !name.as_str().starts_with("second/")).collect();
    let shown = |prefix: &str| twice.list(prefix).unwrap().into_iter().map(|one| one.name).collect::<Vec<_>>();
    for prefix in ["", "o", "s", "se", "slots/", "log/", "owner/ffff", "packs/", "second/owner/"] {
        let expected: Vec<_> = firsts.iter().filter(|name| name.as_str().starts_with(prefix)).cloned().collect();
        assert_eq!(shown(prefix), expected, "{prefix:?}");
    }
    for copies in firsts.iter().map(copies_of).filter(|copies| copies.len() == 2) {
        machine.memory.remove_raw(&copies[0]);
    }
    assert_eq!(shown(""), firsts, "by the second copies alone");
    let empty = empty_machine(machine.memory.clone(), &machine.words);
    assert!(empty.restore_to(&empty.folder.path().join("restored")).unwrap().failed.is_empty());
    for rubbish in ["second/rubbish", "second/owner/rubbish"] {
        machine.memory.insert_raw(crate::scene::name(rubbish), "x".into());
        assert_told(&check_all(&machine).unwrap(), "unknown-object", rubbish);
        assert_told(&scrub(&machine.context()).unwrap(), "unknown-object", rubbish);
    }
}

#[test]
fn versions_of_both_copies_are_shown_read_and_deleted() {
    let machine = machine();
    let twice = TwiceStore::over(Arc::new(machine.memory.clone()));
    let newest = names(&machine.memory, "owner/")[0].clone();
    let bytes = twice.get(&newest).unwrap();
    assert_eq!(twice.get_range(&newest, 3..9).unwrap(), bytes.slice(3..9));
    assert!(matches!(twice.get_range(&newest, 0..u64::MAX), Err(StoreError::RangeOutside { .. })));
    let versions = twice.versions(&newest).unwrap();
    assert_eq!(versions.len(), 2);
    for (version, copy) in versions.iter().zip(copies_of(&newest)) {
        assert_eq!(twice.get_version(&newest, &version.id).unwrap(), bytes);
        twice.delete_version(&newest, &version.id).unwrap();
        assert!(machine.memory.get(&copy).is_err(), "{copy}");
    }
    assert!(matches!(twice.get(&newest), Err(StoreError::NotFound(name)) if name == newest));
}

/// What it costs: an unchanged run puts its record twice and nothing else.
#[test]
fn an_unchanged_run_puts_one_record_twice() {
    let memory = MemoryStore::new();
    let recording = RecordingStore::new(memory.clone());
    let configuration = chest_engine::repo::config::Configuration::small_for_tests();
    let machine = Machine::on(Arc::new(recording.clone()), memory, configuration);
    machine.write("minutes", b"resolved");
    machine.backup().unwrap();
    recording.clear();
    machine.backup().unwrap();
    let mut put: Vec<_> =
        recording.calls().into_iter().filter(|call| call.verb == Verb::Put).map(|call| call.name).collect();
    put.sort();
    assert!(matches!(&put[..], [first, second] if *second == format!("second/{first}")), "{put:?}");
}

/// A folder on a disk, end to end.
#[test]
fn a_folder_that_lost_every_first_copy_restores_and_is_whole_after_the_next_backup() {
    let place = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::open(place.path()).unwrap());
    let machine = Machine::on(store, MemoryStore::new(), chest_engine::repo::config::Configuration::small_for_tests());
    machine.write("minutes", b"resolved");
    machine.backup().unwrap();
    for folder in ["owner", "log", "slots"] {
        std::fs::remove_dir_all(place.path().join(folder)).unwrap();
    }
    let to = machine.folder.path().join("restored");
    machine.restore_to(&to).unwrap();
    assert_same(&machine.source(), &to.join("documents"));
    machine.backup().unwrap();
    assert_eq!(told(&check_all(&machine).unwrap()), [""; 0]);
}

#[test]
fn with_both_copies_of_the_newest_record_damaged_nothing_older_is_taken_for_the_latest() {
    let machine = machine();
    let newest = names(&machine.memory, "log/").into_iter().find(|name| !name.as_str().contains("/names-")).unwrap();
    for copy in copies_of(&newest) {
        damage::flip_bit(&machine.memory, &copy, 5_000).unwrap();
    }
    // Twice: the first opening must not make the machine forget what it knew.
    for _ in 0..2 {
        let opened = machine.open().unwrap();
        let latest = select(&opened, &Selection::default());
        assert!(matches!(&latest, Err(EngineError::LatestDamaged { object }) if *object == newest.to_string()));
        let shown = snapshots(&opened);
        assert_eq!((shown.snapshots.len(), shown.unreadable.len()), (2, 1));
        let older = shown.snapshots.last().unwrap().id.to_hex();
        let by_id = Selection { selector: Some(SnapshotSelector::Id(older)), ..Selection::default() };
        assert!(select(&opened, &by_id).is_ok(), "what can be read is not refused");
    }
}
