//! Promise 8: nothing that can be had from writer file, cache and journal opens a pack, a tree or a reader's body. Whoever
//! steals the computer that backs up gets what lies on it and nothing that was sent away.

use crate::common::{Machine, noise};
use crate::kit::{self, Secret};
use crate::scene::{content, owner_of, seen_files, state_of, writer_file, writer_of};
use chest_engine::store::StoreError;
use chest_testkit::{FaultPlan, FaultyStore, Verb};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A machine whose first run ended and whose second was struck down before its index, so that its journal is there.
fn interrupted() -> Machine {
    let memory = chest_engine::store::MemoryStore::new();
    let faulty = FaultyStore::new(memory.clone());
    let configuration = chest_engine::repo::config::Configuration::small_for_tests();
    let machine = Machine::on(Arc::new(faulty.clone()), memory, configuration);
    machine.write("minutes.txt", &b"It was RESOLVED. ".repeat(500));
    machine.write("fete.jpg", &noise(8, 100_000));
    machine.backup().unwrap();
    machine.write("second.jpg", &noise(9, 100_000));
    let is_index =
        |operation: &chest_testkit::Operation| operation.verb == Verb::Put && operation.name.starts_with("index/");
    let plan = FaultPlan::new().fail_when(is_index, || StoreError::Unreachable("struck down".to_owned()));
    faulty.set_plan(plan).unwrap();
    machine.backup().unwrap_err();
    faulty.heal();
    machine
}

/// Everything that the thief holds, in clear: the writer file, and each local file opened with what the writer file holds.
fn plaintexts(machine: &Machine) -> BTreeMap<&'static str, Vec<u8>> {
    let writer = writer_of(machine);
    let state = state_of(machine);
    let read = |name| state.read(name).unwrap().unwrap();
    let seen = std::fs::read(&seen_files(machine, false)[0]).unwrap();
    let cache = std::fs::read_dir(machine.folder.path().join("cache")).unwrap().next().unwrap().unwrap().path();
    let mut cached = Vec::new();
    for file in std::fs::read_dir(cache).unwrap() {
        cached.extend(kit::local_frames(&writer, 5, &std::fs::read(file.unwrap().path()).unwrap()).concat());
    }
    BTreeMap::from([
        ("writer file", read("writer")),
        ("journal", kit::local_frames(&writer, 1, &read("journal")).concat()),
        ("baseline", kit::local_frames(&writer, 4, &read("baseline")).concat()),
        ("seen", kit::local_frames(&writer, 3, &seen).concat()),
        ("cache", cached),
    ])
}

/// Every 32 bytes that stand anywhere in it, and everything that the key schedule makes of each.
fn reachable(plain: &[u8]) -> Vec<Secret> {
    const STEPS: [&str; 16] = [
        "object key",
        "hpke ephemeral",
        "object salt",
        "body",
        "writer psk",
        "writer index",
        "writer ed25519 seed",
        "writer local cache",
        "chunk id",
        "gear",
        "tree split",
        "reader kem ikm",
        "owner ed25519 seed",
        "writer root",
        "domain root",
        "old mk wrap",
    ];
    let mut secrets = Vec::new();
    for window in plain.windows(32) {
        let secret: Secret = window.try_into().unwrap();
        secrets.push(secret);
        secrets.extend(STEPS.map(|step| kit::dk(step, &[&secret])));
    }
    secrets
}

/// The first object that one of these opens: as its object key, or as its body key.
fn opened_by(secrets: &[Secret], sealed: &[(String, Vec<u8>)]) -> Option<String> {
    for (name, bytes) in sealed {
        for secret in secrets {
            if kit::commitment(secret, bytes) == bytes[64..96] {
                return Some(name.clone());
            }
            let prologue = bytes.get(176..208).filter(|_| bytes[10] == kit::PACK);
            let aad = kit::aad(&bytes[..176], kit::PROLOGUE, &[]);
            if prologue.is_some_and(|prologue| kit::open(secret, kit::PROLOGUE, 0, &aad, prologue).is_some()) {
                return Some(name.clone());
            }
        }
    }
    None
}

/// Everything that is sealed to the reader: packs of data and trees, and records' bodies.
fn sealed_to_reader(machine: &Machine) -> Vec<(String, Vec<u8>)> {
    let all = content(&machine.memory).into_iter().map(|(name, bytes)| (name.to_string(), bytes.to_vec()));
    all.filter(|(name, _)| name.starts_with("packs/") || name.starts_with("log/")).collect()
}

#[test]
fn nothing_on_the_machine_opens_what_it_has_sent() {
    let machine = interrupted();
    let sealed = sealed_to_reader(&machine);
    assert!(sealed.len() > 4);
    for (what, plain) in plaintexts(&machine) {
        assert!(plain.len() > 32, "{what} is empty");
        // Long files hold the same kinds of rows again and again.
        let secrets = reachable(&plain[..plain.len().min(3_000)]);
        assert_eq!(opened_by(&secrets, &sealed[..4]), None, "{what}");
    }
}

#[test]
fn no_local_file_holds_an_object_key() {
    let machine = interrupted();
    let owner = owner_of(&machine);
    let plaintexts = plaintexts(&machine);
    let journal = &plaintexts["journal"];
    let mut journalled = 0;
    for (name, bytes) in sealed_to_reader(&machine) {
        let object_key = owner.object_key(&bytes).unwrap();
        assert_eq!(kit::commitment(&object_key, &bytes), bytes[64..96], "{name}");
        let body_key = kit::body_key(&object_key, &bytes[..176]);
        for (what, plain) in &plaintexts {
            for key in [object_key, body_key] {
                assert!(!plain.windows(32).any(|window| window == key), "the {what} holds the key to {name}");
            }
        }
        let header = &bytes[64..176];
        journalled += usize::from(journal.windows(112).any(|window| window == header));
        // Were the key there, the search above would find it.
        let planted = [&journal[..100], &object_key].concat();
        assert_eq!(opened_by(&reachable(&planted[90..]), &[(name.clone(), bytes)]), Some(name));
    }
    assert!(journalled > 0, "the journal names no pack: this test has nothing to say");
}

/// What the writer file gives is enough to read indexes and to add, so the keys above are the right ones.
#[test]
fn the_writer_file_holds_the_writers_secret_and_neither_master_nor_reader() {
    let machine = interrupted();
    let owner = owner_of(&machine);
    let file = writer_file(&machine).encode();
    let holds = |secret: &Secret| file.windows(32).any(|window| window == secret);
    assert!(holds(&writer_of(&machine).secret));
    assert!(holds(&owner.reader_public()));
    let forbidden = [owner.master, owner.reader_seed(), owner.signing().to_bytes()];
    assert!(!forbidden.iter().any(holds));
}
