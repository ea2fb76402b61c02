//! Promise 21: a run that is killed at any storage operation, before it or after it, leaves a repository in which every
//! backup that shows is whole and nothing acknowledged is lost; the next run is clean and sends next to nothing twice.

use crate::common::{Machine, assert_same, noise};
use crate::scene::{check_all, clone_onto, content, names, state_of, store_of, told};
use chest_engine::browse::snapshots;
use chest_engine::repo::config::Configuration;
use chest_engine::store::{MemoryStore, StoreError};
use chest_model::Completeness;
use chest_testkit::{FaultPlan, FaultyStore, KillSwitch, Operation, Verb, When};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What was in flight may be sent twice: the one pack that the one uploading thread had in hand, of each class.
const SENT_TWICE: usize = 2;

/// Copies what is there; what vanishes meanwhile is not there, as after a kill.
fn copy_as_it_is(from: &Path, to: &Path) {
    let _ = std::fs::create_dir_all(to);
    let Ok(entries) = std::fs::read_dir(from) else { return };
    for entry in entries.flatten() {
        if entry.path().is_dir() {
            copy_as_it_is(&entry.path(), &to.join(entry.file_name()));
        } else {
            let _ = std::fs::copy(entry.path(), to.join(entry.file_name()));
        }
    }
}

struct Struck {
    machine: Machine,
    /// State and cache as they lay on the disk when the blow fell.
    local: tempfile::TempDir,
    operations: u64,
    acknowledged: bool,
}

const LOCAL: [&str; 2] = ["state", "cache"];

/// Runs a backup of a copy of the machine, and kills it at that operation (zero: not at all).
fn strike(template: &Machine, at: u64, when: When) -> Struck {
    let memory = store_of(&content(&template.memory));
    let faulty = FaultyStore::new(memory.clone());
    let local = tempfile::tempdir().unwrap();
    let (dead, aside) = (faulty.clone(), local.path().to_owned());
    let home = Arc::new(std::sync::OnceLock::<PathBuf>::new());
    let from = home.clone();
    let switch = KillSwitch::new(faulty.clone(), at, move |now, _| {
        if now == when {
            for part in LOCAL {
                copy_as_it_is(&from.get().unwrap().join(part), &aside.join(part));
            }
            let gone = || StoreError::Unreachable("the process was killed".to_owned());
            dead.set_plan(FaultPlan::new().fail_when(|_| true, gone)).unwrap();
        }
    });
    let machine = clone_onto(template, Arc::new(switch.clone()), memory);
    home.set(machine.folder.path().to_owned()).unwrap();
    let acknowledged = machine.backup().is_ok();
    faulty.heal();
    Struck { operations: switch.operations(), machine, local, acknowledged }
}

/// The machine as it wakes up again: nothing of what the killed process did after the blow has happened.
fn wake(struck: Struck) -> Machine {
    let Struck { machine, local, .. } = struck;
    for part in LOCAL {
        let path = machine.folder.path().join(part);
        let _ = std::fs::remove_dir_all(&path);
        copy_as_it_is(&local.path().join(part), &path);
    }
    let memory: MemoryStore = machine.memory.clone();
    Machine { store: Arc::new(memory), ..machine }
}

fn snapshot_count(machine: &Machine) -> usize {
    let shown = snapshots(&machine.open().unwrap());
    assert!(shown.unreadable.is_empty(), "{:?}", shown.unreadable);
    shown.snapshots.len()
}

fn assert_undamaged(machine: &Machine, what: &str) {
    let outcome = check_all(machine).unwrap();
    assert!(!outcome.is_damaged() && outcome.damaged_files.is_empty(), "{what}: {:?}", told(&outcome));
}

fn every_kill_is_survived(template: &Machine, acknowledged_before: usize) {
    let clean = strike(template, 0, When::Before);
    assert!(clean.acknowledged);
    let clean_packs = names(&clean.machine.memory, "packs/").len();
    let mut killed = 0;
    for at in 1..=clean.operations {
        for when in [When::Before, When::After] {
            let what = format!("killed {when:?} operation {at} of {}", clean.operations);
            let struck = strike(template, at, when);
            let acknowledged = struck.acknowledged;
            if acknowledged {
                assert_undamaged(&struck.machine, &what);
                assert_eq!(snapshot_count(&struck.machine), acknowledged_before + 1, "{what}");
                continue;
            }
            killed += 1;
            let machine = wake(struck);
            assert_undamaged(&machine, &what);
            let shown = snapshot_count(&machine);
            assert!((acknowledged_before..=acknowledged_before + 1).contains(&shown), "{what}: {shown} snapshots");

            let next = machine.backup().unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(next.completeness, Completeness::Complete, "{what}");
            assert_undamaged(&machine, &what);
            assert_eq!(snapshot_count(&machine), shown + 1, "{what}");
            let packs = names(&machine.memory, "packs/").len();
            assert!(packs <= clean_packs + SENT_TWICE, "{what}: {packs} packs instead of {clean_packs}");
            let to = machine.folder.path().join("restored");
            assert!(machine.restore_to(&to).unwrap().failed.is_empty(), "{what}");
            assert_same(&machine.source(), &to.join("documents"));
        }
    }
    assert!(killed as u64 > clean.operations, "{killed} of {} operations", clean.operations);
}

fn machine() -> Machine {
    let machine = Machine::with_configuration(Configuration::small_for_tests());
    machine.write("minutes.txt", &b"It was RESOLVED. ".repeat(2_000));
    machine.write("photographs/fete.jpg", &noise(21, 400_000));
    machine
}

#[test]
fn the_first_run_may_be_killed_at_every_operation() {
    every_kill_is_survived(&machine(), 0);
}

#[test]
fn a_later_run_may_be_killed_at_every_operation() {
    let machine = machine();
    machine.backup().unwrap();
    machine.write("photographs/procession.jpg", &noise(22, 400_000));
    machine.write("minutes.txt", &b"It was RESOLVED otherwise. ".repeat(2_000));
    every_kill_is_survived(&machine, 1);
}

/// What a killed run has sent is taken over, or the bound above would be met by luck.
#[test]
fn packs_of_a_killed_run_are_taken_over_by_the_next() {
    let template = machine();
    let operations = strike(&template, 0, When::Before).operations;
    // The last blow that falls before the index object: all packs are sent, and only the journal names them.
    let struck = (1..=operations).rev().map(|at| strike(&template, at, When::Before));
    let struck = struck.into_iter().find(|struck| names(&struck.machine.memory, "index/").is_empty()).unwrap();
    assert!(!struck.acknowledged);
    let sent = names(&struck.machine.memory, "packs/").len();
    let machine = wake(struck);
    let outcome = machine.backup().unwrap();
    assert!(sent > 6, "{sent}");
    assert_eq!(outcome.packs_taken_over, sent as u64);
    assert_eq!(outcome.chunks_added, 0);
}

/// So many packs get through: more than one index object's worth, fewer than two.
const STRUCK_AT: usize = 70;

/// An index object every 64 packs: where the journal is lost too, no more than that is sent again.
#[test]
fn without_its_journal_a_killed_run_sends_at_most_sixty_four_packs_again() {
    let memory = MemoryStore::new();
    let faulty = FaultyStore::new(memory.clone());
    let machine = Machine::on(Arc::new(faulty.clone()), memory, Configuration::small_for_tests());
    machine.write("photographs", &noise(64, 5_000_000));
    let clean = names(&strike(&machine, 0, When::Before).machine.memory, "packs/").len();
    let seen = AtomicUsize::new(0);
    let late_pack = move |operation: &Operation| {
        operation.verb == Verb::Put
            && operation.name.starts_with("packs/")
            && seen.fetch_add(1, Ordering::SeqCst) >= STRUCK_AT
    };
    let gone = || StoreError::Unreachable("the process was killed".to_owned());
    faulty.set_plan(FaultPlan::new().fail_when(late_pack, gone)).unwrap();
    machine.backup().unwrap_err();
    faulty.heal();
    assert_eq!(names(&machine.memory, "packs/").len(), STRUCK_AT);

    state_of(&machine).remove("journal").unwrap();
    machine.backup().unwrap();
    let twice = names(&machine.memory, "packs/").len() - clean;
    assert!(twice <= STRUCK_AT - 64 + SENT_TWICE, "{twice} packs were sent twice, of {clean}");
    assert_undamaged(&machine, "without its journal");
}
