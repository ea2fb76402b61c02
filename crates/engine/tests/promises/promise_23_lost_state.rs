//! Promise 23: a machine that has lost cache and state backs up an unchanged folder and adds no data and no tree chunk. Only
//! its key must be there; without it the machine says so, and is enrolled again.

use crate::common::{Machine, assert_same, noise};
use crate::scene::{credential_of, names, state_of, writer_file};
use chest_engine::EngineError;
use chest_engine::enrol::enrol;

fn machine() -> Machine {
    let machine = Machine::new();
    for file in 0..40 {
        machine.write(&format!("folder {}/{file}", file % 4), &noise(file, 3_000 * file as usize));
    }
    machine.backup().unwrap();
    machine
}

fn lose_all_but_the_key(machine: &Machine) {
    std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
    let state = state_of(machine);
    for file in std::fs::read_dir(state.path()).unwrap().map(|file| file.unwrap()) {
        if file.file_name() != "writer" {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
}

#[test]
fn without_cache_and_state_an_unchanged_folder_adds_no_chunk() {
    let machine = machine();
    for _ in 0..2 {
        lose_all_but_the_key(&machine);
        let before = names(&machine.memory, "packs/");
        let again = machine.backup().unwrap();
        assert!(!again.had_cache && again.files_read == 40, "{again:?}");
        assert_eq!(again.chunks_added, 0);
        assert_eq!(names(&machine.memory, "packs/"), before);
        assert_eq!(names(&machine.memory, "index/").len(), 1);
    }
}

#[test]
fn a_machine_that_has_lost_its_key_says_so_and_can_be_enrolled_again() {
    let machine = machine();
    let before = writer_file(&machine).key.writer();
    std::fs::remove_dir_all(machine.folder.path().join("state")).unwrap();
    let objects = machine.memory.names().len();
    assert!(matches!(machine.backup(), Err(EngineError::NotEnrolled)));
    assert_eq!(machine.memory.names().len(), objects);
    let enrolled = enrol(&machine.context(), &credential_of(&machine)).unwrap();
    assert!(!enrolled.already && enrolled.writer != before);
    machine.backup().unwrap();
    let to = machine.folder.path().join("restored");
    machine.restore_to(&to).unwrap();
    assert_same(&machine.source(), &to.join("documents"));
}
