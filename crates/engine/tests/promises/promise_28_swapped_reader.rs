//! Promise 28: whoever exchanges the key to which a machine seals, to read along from now on, is found out at the next run,
//! before a byte is sent.

use crate::common::Machine;
use crate::kit::Owner;
use crate::scene::{state_of, writer_file};
use chest_engine::EngineError;
use chest_engine::repo::RepoError;
use chest_engine::repo::history::HistoryError;

#[test]
fn a_swapped_reader_key_is_found_at_the_next_run_and_nothing_is_sent() {
    let machine = Machine::new();
    machine.write("a", b"a");
    machine.backup().unwrap();
    let before = machine.memory.names();
    let genuine = writer_file(&machine);
    let thief = Owner { master: [0xee; 32], repository: genuine.key.repository().0, epoch: 0 };
    let mut swapped = genuine.clone();
    swapped.reader = thief.reader_public();
    swapped.store(&state_of(&machine)).unwrap();
    machine.write("b", b"a new secret");
    let error = machine.backup().unwrap_err();
    assert!(matches!(error, EngineError::Repo(RepoError::History(HistoryError::ReaderKeySwapped))), "{error}");
    assert_eq!(machine.memory.names(), before);

    genuine.store(&state_of(&machine)).unwrap();
    machine.backup().unwrap();
}

#[test]
fn a_single_turned_bit_of_the_key_is_found_too() {
    let machine = Machine::new();
    machine.write("a", b"a");
    let before = machine.memory.names();
    for bit in [0, 100, 254] {
        let mut spoilt = writer_file(&machine);
        spoilt.reader[bit / 8] ^= 1 << (bit % 8);
        let genuine = writer_file(&machine);
        spoilt.store(&state_of(&machine)).unwrap();
        assert!(machine.backup().is_err(), "bit {bit}");
        assert_eq!(machine.memory.names(), before);
        genuine.store(&state_of(&machine)).unwrap();
    }
}
