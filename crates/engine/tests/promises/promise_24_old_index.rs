//! Promise 24: an index object of another state, authentic and shown again, never becomes something to deduplicate against:
//! its packs may be gone tomorrow, and nobody has counted this writer among those who need them.

use crate::common::{Machine, noise};
use crate::scene::{Content, clone_machine, content, empty_machine, state_of};
use chest_engine::repo::config::Configuration;
use chest_engine::store::{MemoryStore, ObjectStore, StoreError};
use chest_testkit::{FaultPlan, FaultyStore, Operation, Verb};
use std::collections::BTreeSet;
use std::sync::Arc;

const FILE: usize = 150_000;

/// What a clone of the machine put for a file that the machine itself never stored, its record left out.
fn put_by_a_clone(machine: &Machine) -> Content {
    let clone = clone_machine(machine);
    clone.write("contested", &noise(24, FILE));
    let before: BTreeSet<_> = clone.memory.names().into_iter().collect();
    clone.backup().unwrap();
    let new = content(&clone.memory).into_iter().filter(|(name, _)| !before.contains(name));
    new.filter(|(name, _)| !name.as_str().contains("log/")).collect()
}

fn show_again(machine: &Machine, old: &Content) {
    for (name, bytes) in old {
        machine.memory.insert_raw(name.clone(), bytes.clone());
    }
}

#[test]
fn an_old_index_object_shown_again_is_not_deduplicated_against() {
    let machine = Machine::new();
    machine.write("first", b"first");
    machine.backup().unwrap();
    let old = put_by_a_clone(&machine);
    assert!(old.keys().any(|name| name.as_str().starts_with("index/")));
    machine.write("second", b"second");
    machine.backup().unwrap();

    show_again(&machine, &old);
    machine.write("contested", &noise(24, FILE));
    let outcome = machine.backup().unwrap();
    assert!(outcome.chunks_added > 10, "only {} chunks were sent", outcome.chunks_added);
    // The proof: what was shown again may vanish, and everything is there.
    for name in old.keys() {
        machine.memory.remove_raw(name);
    }
    let empty = empty_machine(machine.memory.clone(), &machine.words);
    let to = empty.folder.path().join("restored");
    assert!(empty.restore_to(&to).unwrap().failed.is_empty());
    assert_eq!(std::fs::read(to.join("documents/contested")).unwrap(), noise(24, FILE));
}

/// What a run of this very state left behind is taken over: so the test above is not about a program that takes nothing.
#[test]
fn an_index_object_of_the_present_state_is_taken_over() {
    let machine = Machine::new();
    machine.write("first", b"first");
    machine.backup().unwrap();
    show_again(&machine, &put_by_a_clone(&machine));
    machine.write("contested", &noise(24, FILE));
    let outcome = machine.backup().unwrap();
    // The tree is new, for its entries bear other times.
    assert!(outcome.chunks_added <= 2, "{} chunks were sent", outcome.chunks_added);
    let index = machine.memory.list("index/").unwrap();
    assert!(index.len() >= 2);
}

/// The journal of another state, found on the disk again (a restored image), names packs that this state does not know of.
#[test]
fn an_old_journal_shown_again_is_not_deduplicated_against() {
    let memory = MemoryStore::new();
    let faulty = FaultyStore::new(memory.clone());
    let machine = Machine::on(Arc::new(faulty.clone()), memory, Configuration::small_for_tests());
    machine.write("first", b"first");
    machine.backup().unwrap();
    machine.write("contested", &noise(24, FILE));
    let is_index = |operation: &Operation| operation.verb == Verb::Put && operation.name.starts_with("index/");
    let struck = || StoreError::Unreachable("struck down".to_owned());
    faulty.set_plan(FaultPlan::new().fail_when(is_index, struck)).unwrap();
    machine.backup().unwrap_err();
    faulty.heal();
    let journal = state_of(&machine).read("journal").unwrap().unwrap();

    std::fs::remove_file(machine.source().join("contested")).unwrap();
    state_of(&machine).remove("journal").unwrap();
    machine.backup().unwrap();
    state_of(&machine).replace("journal", &journal).unwrap();
    machine.write("contested", &noise(24, FILE));
    let outcome = machine.backup().unwrap();
    assert_eq!(outcome.packs_taken_over, 0);
    assert!(outcome.chunks_added > 10, "only {} chunks were sent", outcome.chunks_added);
}
