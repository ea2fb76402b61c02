//! Promise 14: a machine whose random state repeats (a restored image, a cloned disk) seals different content under different
//! keys, in every kind of object: no (key, nonce) is ever used for two plaintexts.

use crate::common::{Machine, noise};
use crate::scene::{Content, clone_machine, content, public_of, seen_files};
use std::collections::{HashMap, HashSet};

/// What a copy of the machine adds, with the same random bytes every time, after `change`.
fn added(machine: &Machine, change: impl Fn(&Machine)) -> (Content, Machine) {
    let copy = clone_machine(machine);
    copy.environment.repeat_random();
    change(&copy);
    let before: HashSet<_> = copy.memory.names().into_iter().collect();
    copy.backup().unwrap();
    let new = content(&copy.memory).into_iter().filter(|(name, _)| !before.contains(name));
    let (second, added): (Content, Content) = new.partition(|(name, _)| name.as_str().starts_with("second/"));
    // A copy is the same bytes: nothing is sealed a second time.
    for (name, bytes) in second {
        assert_eq!(added.get(&name.as_str()["second/".len()..]), Some(&bytes), "{name}");
    }
    (added, copy)
}

/// Everything in an object that must be new for each: commitments, encapsulated keys, wrapped keys, salts.
fn must_be_new(name: &str, bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut parts = vec![("commitment", bytes[64..96].to_vec()), ("encapsulation or salt", bytes[96..128].to_vec())];
    if !name.starts_with("index/") {
        parts.push(("wrapped key", bytes[128..176].to_vec()));
    }
    if name.starts_with("log/") {
        let note = 184 + public_of(bytes).len();
        parts.push(("encapsulation or salt", bytes[note..note + 32].to_vec()));
    }
    parts
}

/// Where ciphertext lies.
fn sealed_part<'b>(name: &str, bytes: &'b [u8]) -> &'b [u8] {
    match name.split('/').next() {
        Some("index") => &bytes[128..],
        Some("log") => &bytes[184 + public_of(bytes).len()..bytes.len() - 64],
        _ => &bytes[176..],
    }
}

/// Most of what is sealed in small objects is padding with zeros: the same key stream anywhere would show as equal bytes.
fn assert_nothing_repeats(objects: &[(String, Vec<u8>)]) {
    let mut seen: HashMap<(&str, Vec<u8>), &str> = HashMap::new();
    let mut runs: HashMap<&[u8], &str> = HashMap::new();
    for (name, bytes) in objects {
        for (what, part) in must_be_new(name, bytes) {
            let other = seen.insert((what, part), name);
            assert!(other.is_none(), "the {what} of {name} is that of {other:?}");
        }
        for run in sealed_part(name, bytes).windows(32) {
            let other = runs.insert(run, name);
            assert!(other.is_none(), "{name} repeats 32 bytes of ciphertext of {other:?}");
        }
    }
}

fn prepared() -> Machine {
    let machine = Machine::new();
    machine.write("minutes", b"before the image was taken");
    machine.backup().unwrap();
    machine
}

#[test]
fn the_same_random_bytes_twice_with_different_content_repeat_no_key() {
    let machine = prepared();
    let (first, _) = added(&machine, |machine| {
        machine.write("photograph", &noise(1, 150_000));
        machine.write("note", b"one");
    });
    let (second, _) = added(&machine, |machine| {
        machine.write("photograph", &noise(2, 150_000));
        machine.write("note", b"two");
    });
    let (third, _) = added(&machine, |machine| machine.write("note", b"six"));
    let objects: Vec<(String, Vec<u8>)> =
        [first, second, third].into_iter().flatten().map(|(name, bytes)| (name.to_string(), bytes.to_vec())).collect();
    let kinds: HashSet<&str> = objects.iter().filter_map(|(name, _)| name.split('/').next()).collect();
    assert_eq!(kinds, HashSet::from(["packs", "index", "log"]));
    assert_nothing_repeats(&objects);
}

#[test]
fn local_files_are_sealed_under_keys_of_their_own_too() {
    let machine = prepared();
    let mut salts = HashSet::new();
    for note in ["one", "two"] {
        let (_, copy) = added(&machine, |machine| machine.write("note", note.as_bytes()));
        let cache = std::fs::read_dir(copy.folder.path().join("cache")).unwrap().next().unwrap().unwrap().path();
        let mut files = seen_files(&copy, false);
        files.extend(std::fs::read_dir(cache).unwrap().map(|file| file.unwrap().path()));
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            assert!(salts.insert(bytes[4..36].to_vec()), "{}", file.display());
        }
    }
    assert!(salts.len() >= 4);
}

/// The random bytes do repeat: with the same content, the same objects come out. Else the tests above would be idle.
#[test]
fn the_same_random_bytes_with_the_same_content_give_the_same_packs() {
    let machine = prepared();
    machine.write("photograph", &noise(1, 150_000));
    let [first, second] = [(); 2].map(|()| added(&machine, |_| ()).0);
    let packs = |content: &Content| -> HashSet<String> {
        content.keys().map(ToString::to_string).filter(|name| name.starts_with("packs/")).collect()
    };
    let (first, second) = (packs(&first), packs(&second));
    assert!(first.intersection(&second).count() > 1, "{first:?} and {second:?}");
}
