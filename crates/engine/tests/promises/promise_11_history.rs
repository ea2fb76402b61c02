//! Promise 11: records that were removed, reordered, cut short, replayed or forked are each reported by name.

use crate::common::{Machine, assert_same, request};
use crate::kit;
use crate::scene::{
    assert_told, check_all, clone_machine, content, empty_machine, forget_seen, name, names, next_fields, owner_of,
    put_record, second_machine, told, writer_file,
};
use chest_engine::EngineError;
use chest_engine::browse::{Selection, SnapshotSelector, select, snapshots};
use chest_engine::repo::RepoError;
use chest_engine::repo::history::HistoryError;
use chest_engine::store::{ObjectName, ObjectStore};

/// A machine with so many snapshots, none of which it remembers; and its records, the oldest first.
fn history(runs: usize) -> (Machine, Vec<ObjectName>) {
    let machine = Machine::new();
    for run in 0..runs {
        machine.write("diary", format!("day {run}").as_bytes());
        machine.backup().unwrap();
    }
    forget_seen(&machine);
    let mut records = names(&machine.memory, "log/");
    records.reverse();
    assert_eq!(records.len(), runs);
    (machine, records)
}

#[test]
fn a_removed_record_is_a_gap_with_its_name() {
    let (machine, records) = history(4);
    for removed in &records[..3] {
        let machine = clone_machine(&machine);
        machine.remove(removed);
        let outcome = check_all(&machine).unwrap();
        assert_told(&outcome, "history-gap", removed.as_str());
        assert!(outcome.history_contradicted);
        let error = machine.backup().unwrap_err().to_string();
        assert!(error.contains(removed.as_str()), "{error}");
    }
}

#[test]
fn a_removed_decision_of_the_owner_is_a_gap_with_its_name() {
    let (machine, _) = history(1);
    let owners = names(&machine.memory, "owner/");
    // The newest first; the oldest is the genesis, without which there is no repository at all.
    for removed in &owners[1..owners.len() - 1] {
        let machine = clone_machine(&machine);
        machine.remove(removed);
        let outcome = check_all(&machine).unwrap();
        assert_told(&outcome, "history-gap", removed.as_str());
        assert!(outcome.findings.iter().all(|finding| finding.id != "history-fork"), "{:?}", told(&outcome));
    }
    // No later decision names the newest, but the writer's record has seen it.
    let second = second_machine(&machine);
    machine.backup().unwrap();
    forget_seen(&machine);
    let newest = names(&machine.memory, "owner/")[0].clone();
    machine.remove(&newest);
    let empty = empty_machine(machine.memory.clone(), &second.words);
    assert_told(&check_all(&empty).unwrap(), "history-gap", newest.as_str());
}

#[test]
fn the_newest_record_is_missed_by_whoever_has_seen_it() {
    let (machine, records) = history(2);
    machine.open().unwrap();
    machine.backup().unwrap();
    machine.open().unwrap();
    let newest = names(&machine.memory, "log/")[0].clone();
    assert!(!records.contains(&newest));
    machine.remove(&newest);
    for error in [machine.open().err().unwrap(), machine.backup().unwrap_err()] {
        assert!(error.to_string().contains(newest.as_str()), "{error}");
    }
}

#[test]
fn a_record_under_another_number_is_reported_in_both_places() {
    let (machine, records) = history(3);
    let bytes = machine.remove(&records[1]).unwrap();
    let prefix = format!("log/{}/", writer_file(&machine).key.writer());
    for seq in [0, 2, 7, u64::MAX] {
        let moved = put_record(&machine.memory, &prefix, seq, bytes.to_vec());
        let outcome = check_all(&machine).unwrap();
        assert_told(&outcome, "record-damaged", moved.as_str());
        assert_told(&outcome, "history-gap", records[1].as_str());
        machine.memory.remove_raw(&moved);
    }
}

#[test]
fn a_truncated_or_exchanged_record_is_reported_by_name() {
    let (machine, records) = history(3);
    let intact = content(&machine.memory);
    let bytes = &intact[&records[1]];
    for (what, wrong) in [
        ("empty", bytes.slice(..0)),
        ("a step shorter", bytes.slice(..bytes.len() - 4096)),
        ("a byte shorter", bytes.slice(..bytes.len() - 1)),
        ("another's bytes", intact[&records[2]].clone()),
    ] {
        let machine = clone_machine(&machine);
        machine.overwrite(&records[1], &wrong);
        let outcome = check_all(&machine).unwrap();
        let named = outcome.findings.iter().any(|finding| finding.object == records[1].as_str());
        assert!(named && outcome.is_damaged(), "{what}: {:?}", told(&outcome));
    }
}

#[test]
fn a_record_replayed_into_another_chain_is_reported_by_name() {
    let (machine, records) = history(2);
    let second = second_machine(&machine);
    second.write("their own", b"x");
    second.backup().unwrap();
    let theirs = writer_file(&second).key.writer().to_hex();
    for record in &records {
        let moved = name(record.as_str().replace(&writer_file(&machine).key.writer().to_hex(), &theirs));
        machine.memory.insert_raw(moved.clone(), machine.memory.get(record).unwrap());
        assert_told(&check_all(&machine).unwrap(), "record-damaged", moved.as_str());
        machine.memory.remove_raw(&moved);
        // A chain that the owner never added.
        let stranger = name(record.as_str().replace(&writer_file(&machine).key.writer().to_hex(), &"ab".repeat(16)));
        machine.memory.insert_raw(stranger.clone(), machine.memory.get(record).unwrap());
        assert_told(&check_all(&machine).unwrap(), "stranger", stranger.as_str());
        machine.memory.remove_raw(&stranger);
    }
}

#[test]
fn a_fork_is_reported_by_name_until_the_next_run_joins_it() {
    let (machine, _) = history(1);
    let clone = clone_machine(&machine);
    for (who, machine) in [("original", &machine), ("clone", &clone)] {
        machine.write("diary", who.as_bytes());
        machine.backup().unwrap();
    }
    let newest = names(&clone.memory, "log/")[0].clone();
    for (name, bytes) in content(&clone.memory) {
        let _ = machine.memory.put(&name, bytes).unwrap();
    }
    let outcome = check_all(&machine).unwrap();
    let forked = names(&machine.memory, "log/");
    let told_of = outcome.findings.iter().find(|finding| finding.id == "history-fork").unwrap();
    assert!(forked[..2].iter().any(|name| name.as_str() == told_of.object), "{told_of:?}");
    assert!(forked[..2].contains(&newest) && !outcome.is_damaged(), "{:?}", told(&outcome));
    machine.backup().unwrap();
    assert!(!check_all(&machine).unwrap().findings.iter().any(|finding| finding.id == "history-fork"));
}

/// A run that added many objects names them in an object of its own: where that is gone, something was removed.
#[test]
fn a_removed_inventory_is_reported_by_name() {
    let (machine, _) = history(1);
    let fields = crate::scene::next_fields(&machine);
    let log = machine.memory.get(&names(&machine.memory, "log/")[0]).unwrap();
    let frame = chest_engine::repo::record::RecordFrame::parse(log).unwrap();
    let note = frame.open_note(&writer_file(&machine).key).unwrap();
    let body = frame.open_body(&chest_engine::repo::Opener::new(crate::scene::master_of(&machine))).unwrap();
    let mut public = fields.encode(&[]);
    // Key 9, an empty list, becomes the reference to an inventory of five.
    let inventory = [&[0xa2, 0, 0x58, 32][..], &[0xcd; 32], &[1, 5]].concat();
    let at = public.len() - 4;
    assert_eq!(public[at..], [9, 0x80, 10, 0x80]);
    public.splice(at + 1..at + 2, inventory);
    crate::scene::put_log(&machine, fields.seq, &public, &note, &body);
    let named = format!("log/{}/names-{}", writer_file(&machine).key.writer(), "cd".repeat(32));
    let outcome = check_all(&machine).unwrap();
    assert!(outcome.findings.iter().any(|finding| finding.object == named), "{:?}", told(&outcome));
}

/// What one computer's record has seen of another's chain must be there, also for somebody who sees it for the first time.
#[test]
fn a_record_that_another_computer_has_seen_is_missed_by_name() {
    let (machine, _) = history(1);
    let second = second_machine(&machine);
    second.write("their own", b"x");
    second.backup().unwrap();
    machine.backup().unwrap();
    let theirs = names(&machine.memory, &format!("log/{}/", writer_file(&second).key.writer()));
    machine.remove(&theirs[0]);
    let empty = empty_machine(machine.memory.clone(), &machine.words);
    assert_told(&check_all(&empty).unwrap(), "history-gap", theirs[0].as_str());
}

/// Whoever can put an object can claim that a decision of the owner's is gone. Nobody can say that he is wrong, so it is told;
/// but what is known goes on being had.
#[test]
fn a_strangers_claim_that_a_decision_is_gone_is_told_and_stops_no_restore_by_name() {
    let (machine, records) = history(2);
    let (owner, chain) = (owner_of(&machine), [9; 16]);
    let stranger = owner.writer(chain);
    let never_was = (7, [0xee; 32]);
    let fields =
        kit::LogFields { chain, seq: 0, parents: Vec::new(), owner_heads: vec![never_was], ..next_fields(&machine) };
    let public = fields.encode(&[]);
    let parts =
        kit::Parts { object_type: kit::LOG_RECORD, kind: 0, public: &public, note: Some(b"note"), body: b"no body" };
    let bytes = kit::record(&stranger, &owner.reader_public(), &stranger.signing(), &parts);
    put_record(&machine.memory, &format!("log/{}/", "09".repeat(16)), 0, bytes);
    let claimed = format!("owner/{:016x}-{}", u64::MAX - 7, "ee".repeat(32));
    let opened = machine.open().unwrap();
    let listed = snapshots(&opened);
    assert_eq!((listed.snapshots.len(), listed.missing), (records.len(), vec![claimed.clone()]));
    let outcome = check_all(&machine).unwrap();
    assert_told(&outcome, "history-gap", &claimed);
    assert!(outcome.history_contradicted);
    let hidden = HistoryError::OwnerRecordMissing { object: claimed };
    match select(&opened, &Selection::default()) {
        Err(EngineError::Repo(RepoError::History(error))) => assert_eq!(error, hidden),
        other => panic!("{other:?}"),
    }
    let id = listed.snapshots.last().unwrap().id.to_hex();
    let by_id = Selection { selector: Some(SnapshotSelector::Id(id)), ..Selection::default() };
    let to = machine.folder.path().join("restored");
    assert!(machine.restore(&by_id, request(&to)).unwrap().failed.is_empty());
    assert_same(&machine.source(), &to.join("documents"));
}
