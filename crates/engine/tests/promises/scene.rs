//! What the promise tests share: copies of a whole machine, the keys it was made with, and shorthand for looking at a store.
#![allow(dead_code)]

use crate::common::Machine;
pub use crate::common::{credential_of, second_machine};
use crate::kit;
use bytes::Bytes;
use chest_engine::check::{CheckOptions, CheckOutcome, ReadData, check};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::keys::MasterKey;
use chest_engine::repo::layout::Place;
use chest_engine::repo::local::{LocalFolder, WriterFile};
use chest_engine::store::{MemoryStore, ObjectName, ObjectStore};
use chest_engine::{EngineError, Opened};
use chest_model::{Environment, Epoch, RepositoryId};
use chest_testkit::FixedEnvironment;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What lies in a store, by name.
pub type Content = BTreeMap<ObjectName, Bytes>;

pub fn name(text: impl Into<String>) -> ObjectName {
    ObjectName::new(text).unwrap()
}

pub fn content(store: &MemoryStore) -> Content {
    store.names().into_iter().map(|name| (name.clone(), store.get(&name).unwrap())).collect()
}

pub fn store_of(content: &Content) -> MemoryStore {
    let store = MemoryStore::new();
    for (name, bytes) in content {
        store.insert_raw(name.clone(), bytes.clone());
    }
    store
}

/// The names that begin so.
pub fn names(store: &MemoryStore, prefix: &str) -> Vec<ObjectName> {
    store.names().into_iter().filter(|name| name.as_str().starts_with(prefix)).collect()
}

/// Copies a folder with everything that belongs to it.
pub fn copy_folder(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-aT").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

/// The same machine a second time, down to its random state: a restored image.
pub fn clone_machine(machine: &Machine) -> Machine {
    let memory = store_of(&content(&machine.memory));
    clone_onto(machine, Arc::new(memory.clone()), memory)
}

/// The same, working on another store.
pub fn clone_onto(machine: &Machine, store: Arc<dyn ObjectStore>, memory: MemoryStore) -> Machine {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(machine.folder.path(), folder.path());
    let environment = FixedEnvironment::new(7);
    environment.set_now(machine.environment.now());
    Machine { folder, store, memory, environment, words: machine.words.clone() }
}

/// A machine that has nothing but the words: no state, no cache, no source.
pub fn empty_machine(store: MemoryStore, words: &[&'static str]) -> Machine {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("documents")).unwrap();
    let environment = FixedEnvironment::new(8);
    Machine { folder, store: Arc::new(store.clone()), memory: store, environment, words: words.to_vec() }
}

/// The keys of a machine's repository: the first things that `init` drew.
pub fn owner_of(machine: &Machine) -> kit::Owner {
    let mut drawn = [[0; 32]; 2];
    let environment = FixedEnvironment::new(42);
    for bytes in &mut drawn {
        environment.fill_random(bytes).unwrap();
    }
    let owner = kit::Owner { repository: drawn[0], master: drawn[1], epoch: 0 };
    assert_eq!(owner.reader_public(), writer_file(machine).reader, "init draws in another order now");
    owner
}

pub fn master_of(machine: &Machine) -> MasterKey {
    let owner = owner_of(machine);
    MasterKey::new(owner.master, RepositoryId(owner.repository), Epoch(0))
}

pub fn state_of(machine: &Machine) -> LocalFolder {
    let folder = std::fs::read_dir(machine.folder.path().join("state")).unwrap().next().unwrap().unwrap();
    LocalFolder::new(folder.path())
}

pub fn writer_file(machine: &Machine) -> WriterFile {
    WriterFile::load(&state_of(machine)).unwrap().unwrap()
}

/// What the machine's writer file holds, as the second implementation derives it.
pub fn writer_of(machine: &Machine) -> kit::Writer {
    owner_of(machine).writer(writer_file(machine).key.writer().0)
}

/// The same as a thief takes it from the disk: the fourth field of the file.
pub fn stolen_writer(machine: &Machine) -> kit::Writer {
    let file = writer_file(machine).encode();
    assert_eq!(file[64..67], [3, 0x58, 32], "the writer file is laid out in another way now");
    kit::Writer { secret: file[67..99].try_into().unwrap(), ..writer_of(machine) }
}

pub fn domain_of(machine: &Machine) -> kit::Secret {
    owner_of(machine).domain(writer_file(machine).key.writer().0)
}

/// Opens with the words and checks everything, every byte of every pack too.
pub fn check_all(machine: &Machine) -> Result<CheckOutcome, EngineError> {
    let opened = machine.open()?;
    check_opened(machine, &opened)
}

pub fn check_opened(machine: &Machine, opened: &Opened) -> Result<CheckOutcome, EngineError> {
    check(&machine.context(), opened, &CheckOptions { read_data: ReadData::Share(1.0) })
}

/// The findings as `id object`, for looking for a name among them.
pub fn told(outcome: &CheckOutcome) -> Vec<String> {
    outcome.findings.iter().map(|finding| format!("{} {} ({})", finding.id, finding.object, finding.what)).collect()
}

pub fn assert_told(outcome: &CheckOutcome, id: &str, object: &str) {
    let found = outcome.findings.iter().any(|finding| finding.id == id && finding.object == object);
    assert!(found, "no {id} of {object} among {:#?}", told(outcome));
}

/// Packs of this size, chunks as small as in all tests.
pub fn packs_of(pack_len: u64) -> Configuration {
    Configuration { pack_len, ..Configuration::small_for_tests() }
}

/// Puts bytes under the name that a pack of them has.
pub fn put_pack(store: &MemoryStore, bytes: Vec<u8>) -> ObjectName {
    let hex = blake3::hash(&bytes).to_hex().to_string();
    let name = name(format!("packs/{}/{hex}", &hex[..2]));
    store.insert_raw(name.clone(), bytes.into());
    name
}

/// Puts bytes under the name that a record of them has.
pub fn put_record(store: &MemoryStore, prefix: &str, seq: u64, bytes: Vec<u8>) -> ObjectName {
    let name = name(format!("{prefix}{:016x}-{}", u64::MAX - seq, blake3::hash(&bytes).to_hex()));
    store.insert_raw(name.clone(), bytes.into());
    name
}

/// The files in which this machine notes what it has seen; by a reader, or else by the writer.
pub fn seen_files(machine: &Machine, by_reader: bool) -> Vec<PathBuf> {
    let files = std::fs::read_dir(state_of(machine).path()).unwrap().map(|file| file.unwrap());
    let of_kind = |name: &str| name.starts_with("seen-by-") && (name == "seen-by-reader") == by_reader;
    files.filter(|file| of_kind(&file.file_name().to_string_lossy())).map(|file| file.path()).collect()
}

/// Forgets what this machine has seen, as a fresh one would not know.
pub fn forget_seen(machine: &Machine) {
    for file in [true, false].into_iter().flat_map(|by_reader| seen_files(machine, by_reader)) {
        std::fs::remove_file(file).unwrap();
    }
}

/// The public part of a record.
pub fn public_of(record: &[u8]) -> &[u8] {
    let length = u32::from_le_bytes(record[176..180].try_into().unwrap()) as usize;
    &record[184..184 + length]
}

/// Number and hash of the record in a name.
pub fn ref_of(record: &ObjectName) -> (u64, [u8; 32]) {
    match Place::parse(record) {
        Some(Place::Log(_, record) | Place::Owner(record)) => (record.seq, record.hash.0),
        other => panic!("{other:?} is no record"),
    }
}

/// A record's fields that follow everything there is, for a writer to sign.
pub fn next_fields(machine: &Machine) -> kit::LogFields {
    let id = writer_file(machine).key.writer();
    let parents: Vec<_> = names(&machine.memory, &format!("log/{id}/")).first().map(ref_of).into_iter().collect();
    let seq = parents.iter().map(|(seq, _)| seq + 1).max().unwrap_or(0);
    let owner_heads = vec![ref_of(&names(&machine.memory, "owner/")[0])];
    kit::LogFields { chain: id.0, seq, parents, owner_heads, at: 1_793_534_400, added: Vec::new() }
}

/// Seals, signs and puts a record of this machine's writer.
pub fn put_log(machine: &Machine, seq: u64, public: &[u8], note: &[u8], body: &[u8]) -> ObjectName {
    let (owner, writer) = (owner_of(machine), writer_of(machine));
    let parts = kit::Parts { object_type: kit::LOG_RECORD, kind: 0, public, note: Some(note), body };
    let bytes = kit::record(&writer, &owner.reader_public(), &writer.signing(), &parts);
    put_record(&machine.memory, &format!("log/{}/", writer_file(machine).key.writer()), seq, bytes)
}
