//! What the benchmarks share: this computer as the library wants to see it, a machine with a repository, and the council's
//! own documents as the bytes that are cut, hashed and compressed.
#![allow(dead_code, clippy::unwrap_used)]

use chest_council::Council;
use chest_engine::backup::{BackupOptions, BackupOutcome, backup};
use chest_engine::browse::{Selection, select};
use chest_engine::init::{InitOptions, init};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::{Credential, KdfCost};
use chest_engine::repo::words::TypedWords;
use chest_engine::restore::{RestoreOutcome, RestoreRequest, plan};
use chest_engine::source::{FolderOptions, FolderSource};
use chest_engine::store::ObjectStore;
use chest_engine::target::Existing;
use chest_engine::{Context, Opened};
use chest_model::{Class, RootDescription, RootEncoding, Silent};
use std::path::{Path, PathBuf};
use std::sync::Arc;
pub use this_computer::Machine as ThisComputer;
use zeroize::Zeroizing;

/// The program's own clock, randomness and name.
#[path = "../../crates/cli/machine.rs"]
mod this_computer;

/// The seed of every council and of all noise here.
pub const SEED: u64 = 7;

/// A computer that is enrolled in a new repository.
pub struct Machine {
    folder: tempfile::TempDir,
    store: Arc<dyn ObjectStore>,
    words: String,
}

impl Machine {
    /// With a new repository in this store. The passphrase is derived at the least cost: that is in no figure.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        let mut machine = Self { folder: tempfile::tempdir().unwrap(), store, words: String::new() };
        let passphrase = Some(Zeroizing::new("seven red apples on the vicarage wall".to_owned()));
        let options = InitOptions { passphrase, cost: KdfCost::FLOOR, configuration: Configuration::new() };
        machine.words = init(&machine.context(), options).unwrap().recovery_words.join(" ");
        machine
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            store: TwiceStore::over(self.store.clone()),
            environment: &ThisComputer,
            monitor: &Silent,
            state_dir: self.folder.path().join("state"),
            cache_dir: self.folder.path().join("cache"),
        }
    }

    pub fn backup(&self, folder: &Path) -> BackupOutcome {
        backup(&self.context(), &[Box::new(source(folder))], &BackupOptions::default()).unwrap()
    }

    /// The latest backup, whole, below `to`.
    pub fn restore(&self, to: PathBuf) -> RestoreOutcome {
        let context = self.context();
        let credential = Credential::Words(TypedWords::parse(&self.words).unwrap());
        let opened = Opened::open(&context, &credential).unwrap();
        let snapshot = select(&opened, &Selection::default()).unwrap();
        let request = RestoreRequest {
            to,
            paths: Vec::new(),
            flat: false,
            existing: Existing::KeepBoth,
            restored_on: "21 November 2026".to_owned(),
            privileged: false,
            threads: 2,
        };
        plan(&context, &opened, &snapshot, request).unwrap().execute(&context).unwrap()
    }
}

/// A folder, as the program backs it up.
pub fn source(folder: &Path) -> FolderSource {
    let description = RootDescription {
        label: FolderSource::label_for(folder),
        native_path: folder.as_os_str().as_encoded_bytes().to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    FolderSource::new(folder, description, FolderOptions::default()).unwrap()
}

/// Writes a council of about so many bytes, documents and mail.
pub fn write_council(folder: &Path, bytes: u64) {
    let council = Council::new(SEED, bytes);
    council.write_documents(&folder.join("documents"), &|_| {}).unwrap();
    council.write_mailboxes(&folder.join("mailboxes"), &|_| {}).unwrap();
}

/// The files of a council one after another, cut off at so many bytes.
pub fn council_bytes(length: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    write_council(folder.path(), (length + length / 4) as u64);
    let mut bytes = Vec::with_capacity(length);
    gather(folder.path(), length, &mut bytes);
    bytes.truncate(length);
    assert_eq!(bytes.len(), length, "the council came out smaller than asked for");
    bytes
}

fn gather(folder: &Path, enough: usize, bytes: &mut Vec<u8>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if bytes.len() >= enough {
            return;
        }
        if path.is_dir() {
            gather(&path, enough, bytes);
        } else {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
}

/// Bytes that no compressor shrinks.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Thirty-two bytes that differ for every number.
pub fn id(number: u64) -> [u8; 32] {
    noise(number + 1, 32).try_into().unwrap()
}
