//! Promise 16: with the words and what lies in the store, an empty machine gets everything back; one wrong word, or two that
//! changed places, are named.

use crate::common::{Machine, assert_same, noise};
use crate::scene::empty_machine;
use chest_engine::EngineError;
use chest_engine::repo::RepoError;
use chest_engine::repo::slot::UnlockError;
use chest_engine::repo::words::WordsError;

fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("minutes/march.txt", &b"It was RESOLVED. ".repeat(3_000));
    machine.write("photographs/fete.jpg", &noise(16, 200_000));
    machine.write("empty", b"");
    machine.backup().unwrap();
    machine
}

#[test]
fn the_words_alone_restore_everything_on_an_empty_machine() {
    let machine = machine();
    let empty = empty_machine(machine.memory.clone(), &machine.words);
    let to = empty.folder.path().join("rescued");
    let outcome = empty.restore_to(&to).unwrap();
    assert!(outcome.failed.is_empty() && outcome.notes.is_empty(), "{outcome:?}");
    assert_same(&machine.source(), &to.join("documents"));
}

fn refusal(machine: &Machine, words: &[&'static str]) -> WordsError {
    match empty_machine(machine.memory.clone(), words).open().err() {
        Some(EngineError::Repo(RepoError::Unlock(UnlockError::WrongWords(error)))) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_wrong_word_is_named_with_the_right_one() {
    let machine = machine();
    for position in [0, 11, 23] {
        let mut words = machine.words.clone();
        let right = std::mem::replace(&mut words[position], "abandon");
        assert_ne!(right, "abandon", "choose another wrong word");
        let named = WordsError::WrongWord { position: position + 1, wrong: "abandon", right };
        assert_eq!(refusal(&machine, &words), named);
        assert!(named.to_string().contains(right), "{named}");
    }
}

#[test]
fn two_words_that_changed_places_are_named() {
    let machine = machine();
    for (first, second) in [(0, 1), (3, 20), (22, 23)] {
        let mut words = machine.words.clone();
        words.swap(first, second);
        assert_eq!(refusal(&machine, &words), WordsError::SwappedWords { first: first + 1, second: second + 1 });
    }
}

#[test]
fn two_wrong_words_open_nothing() {
    let machine = machine();
    let mut words = machine.words.clone();
    (words[4], words[5]) = ("abandon", "zoo");
    assert_eq!(refusal(&machine, &words), WordsError::Wrong);
}
