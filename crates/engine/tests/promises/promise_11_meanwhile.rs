//! Promise 11, where something happens meanwhile: a backup that ends between a look at the store and its judgement is no older state
//! and takes nobody's key away; and what a look has once shown is not forgotten by the next.

use crate::common::{Machine, context_in, folder_source};
use crate::scene::{credential_of, names, second_machine, writer_file};
use chest_engine::backup::{BackupOptions, backup};
use chest_engine::browse::snapshots;
use chest_engine::enrol::{Beginning, enrol};
use chest_engine::repo::history::HistoryError;
use chest_engine::store::ObjectStore;
use chest_engine::{Context, Look};
use chest_model::{Completeness, Monitor, Progress};
use chest_testkit::{KillSwitch, When};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("diary", b"the first day");
    machine.backup().unwrap();
    machine.open().unwrap();
    machine
}

#[test]
fn a_backup_that_ends_while_the_passphrase_is_typed_is_no_older_state() {
    let machine = machine();
    let look = Look::at(&machine.context()).unwrap();
    let meanwhile = machine.backup().unwrap();
    let opened = look.unlock(&machine.context(), &credential_of(&machine)).unwrap().uncontradicted().unwrap();
    let all = snapshots(&opened).snapshots;
    assert_eq!(all.iter().map(|one| one.id).collect::<Vec<_>>()[1..], [meanwhile.snapshot]);
}

#[test]
fn a_computer_that_is_enrolled_and_backs_up_while_the_passphrase_is_typed_is_shown_with_what_it_backed_up() {
    let machine = machine();
    let look = Look::at(&machine.context()).unwrap();
    enrol(&machine.context(), &credential_of(&machine), Beginning::Afresh).unwrap();
    machine.backup().unwrap();
    machine.open().unwrap();
    let opened = look.unlock(&machine.context(), &credential_of(&machine)).unwrap().uncontradicted().unwrap();
    assert_eq!(snapshots(&opened).snapshots.len(), 2);
}

#[test]
fn an_older_state_stays_one_however_often_it_is_looked_at() {
    let machine = machine();
    let look = Look::at(&machine.context()).unwrap();
    machine.backup().unwrap();
    let newest = names(&machine.memory, "log/")[0].clone();
    machine.remove(&newest);
    let opened = look.unlock(&machine.context(), &credential_of(&machine)).unwrap();
    assert_eq!(opened.contradiction, Some(HistoryError::SeenBeforeMissing { missing: newest.to_string() }));
    assert!(machine.open().is_err());
}

#[test]
fn what_the_first_look_showed_the_second_must_show_too() {
    let machine = machine();
    let other = second_machine(&machine);
    other.write("diary", b"of another");
    other.backup().unwrap();
    let of_other = format!("log/{}/", writer_file(&other).key.writer().to_hex());
    let of_other = names(&machine.memory, &of_other)[0].clone();
    // Nothing on this machine has noted it; the look has shown it.
    let look = Look::at(&machine.context()).unwrap();
    machine.remove(&of_other);
    machine.backup().unwrap();
    let opened = look.unlock(&machine.context(), &credential_of(&machine)).unwrap();
    assert_eq!(opened.contradiction, Some(HistoryError::SeenBeforeMissing { missing: of_other.to_string() }));
}

/// Acts when the phase of that number is over.
struct AfterPhase<'m> {
    number: usize,
    over: AtomicUsize,
    act: &'m (dyn Fn() + Sync),
}

impl Monitor for AfterPhase<'_> {
    fn progress(&self, progress: Progress) {
        if progress == Progress::End && self.over.fetch_add(1, Ordering::SeqCst) + 1 == self.number {
            (self.act)();
        }
    }
}

#[test]
fn a_backup_that_ends_during_an_enrolment_takes_nobodys_key_away() {
    // Looked, unlocked, opened.
    for number in 1..=3 {
        let machine = machine();
        let writer = writer_file(&machine).key.writer();
        let act = || drop(machine.backup().unwrap());
        let monitor = AfterPhase { number, over: AtomicUsize::new(0), act: &act };
        let context = Context { monitor: &monitor, ..machine.context() };
        let enrolled = enrol(&context, &credential_of(&machine), Beginning::WhereItLeftOff).unwrap();
        assert_eq!((enrolled.already, enrolled.writer, enrolled.gave_up), (true, writer, None), "phase {number}");
        assert_eq!(snapshots(&machine.open().unwrap()).snapshots.len(), 2);
    }
}

#[test]
fn a_backup_begins_with_what_another_has_noted_since_its_first_look() {
    // Both copies of the decisions are listed, then those of the slots; then they are read.
    for operation in 1..=6 {
        let machine = Arc::new(machine());
        let (inner, memory) = (machine.clone(), machine.memory.clone());
        let store: Arc<dyn ObjectStore> = Arc::new(KillSwitch::new(memory, operation, move |when, _| {
            if when == When::After {
                second_machine(&inner);
                inner.backup().unwrap();
            }
        }));
        let context = context_in(machine.folder.path(), &store, &machine.environment);
        let outcome = backup(&context, &[folder_source(&machine.source())], &BackupOptions::default());
        assert_eq!(outcome.map(|outcome| outcome.completeness).unwrap(), Completeness::Complete, "{operation}");
        assert_eq!(snapshots(&machine.open().unwrap()).snapshots.len(), 3);
    }
}
