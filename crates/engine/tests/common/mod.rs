//! A repository in memory and a folder to back up, for tests that run whole operations.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use chest_engine::backup::{BackupOptions, BackupOutcome, backup};
use chest_engine::browse::{Selection, ShownPath, select};
use chest_engine::enrol::{Beginning, enrol};
use chest_engine::init::{InitOptions, InitOutcome, init};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::layout::Place;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::{Credential, KdfCost};
use chest_engine::repo::words::TypedWords;
use chest_engine::restore::{RestoreOutcome, RestoreRequest, plan};
use chest_engine::source::{FolderOptions, FolderSource, Source};
use chest_engine::store::{MemoryStore, ObjectName, ObjectStore};
use chest_engine::target::Existing;
use chest_engine::{Context, EngineError, Opened};
use chest_model::{Class, Environment, RootDescription, RootEncoding, Silent};
use chest_testkit::FixedEnvironment;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The passphrase of every test repository.
pub const PASSPHRASE: &str = "seven red apples on the vicarage wall";

/// A machine with its state, cache and a source folder in one temporary folder.
pub struct Machine {
    pub folder: tempfile::TempDir,
    pub store: Arc<dyn ObjectStore>,
    pub memory: MemoryStore,
    pub environment: FixedEnvironment,
    pub words: Vec<&'static str>,
}

impl Machine {
    /// A new repository in memory, with small packs and chunks.
    pub fn new() -> Self {
        Self::with_configuration(Configuration::small_for_tests())
    }

    pub fn with_configuration(configuration: Configuration) -> Self {
        let memory = MemoryStore::new();
        Self::on(Arc::new(memory.clone()), memory, configuration)
    }

    /// A new repository on this store, which holds its objects in `memory`.
    pub fn on(store: Arc<dyn ObjectStore>, memory: MemoryStore, configuration: Configuration) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), store, memory, configuration)
    }

    /// The same, in this folder.
    pub fn in_folder(
        folder: tempfile::TempDir,
        store: Arc<dyn ObjectStore>,
        memory: MemoryStore,
        configuration: Configuration,
    ) -> Self {
        let environment = FixedEnvironment::new(42);
        let now = std::fs::metadata("/proc/self").unwrap().modified().unwrap();
        environment.set_now(now.into());
        let mut machine = Self { folder, store, memory, environment, words: Vec::new() };
        std::fs::create_dir(machine.source()).unwrap();
        machine.words = machine.init(configuration).unwrap().recovery_words;
        machine
    }

    fn init(&self, configuration: Configuration) -> Result<InitOutcome, EngineError> {
        let passphrase = Some(Zeroizing::new(PASSPHRASE.to_owned()));
        init(&self.context(), InitOptions { passphrase, cost: KdfCost::FLOOR, configuration })
    }

    pub fn context(&self) -> Context<'_> {
        context_in(self.folder.path(), &self.store, &self.environment)
    }

    /// The folder that is backed up.
    pub fn source(&self) -> PathBuf {
        self.folder.path().join("documents")
    }

    pub fn write(&self, path: &str, content: &[u8]) {
        let path = self.source().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn backup(&self) -> Result<BackupOutcome, EngineError> {
        self.backup_of(vec![folder_source(&self.source())])
    }

    /// Later than anything on the disk, so that the cache may trust every time.
    pub fn backup_of(&self, sources: Vec<Box<dyn Source>>) -> Result<BackupOutcome, EngineError> {
        std::thread::sleep(std::time::Duration::from_millis(30));
        let probe = self.folder.path().join("clock");
        std::fs::write(&probe, b"").unwrap();
        self.environment.set_now(std::fs::metadata(probe).unwrap().modified().unwrap().into());
        backup(&self.context(), &sources, &BackupOptions::default())
    }

    /// Takes an object away, both copies of what is kept twice; gives the bytes of the first.
    pub fn remove(&self, name: &ObjectName) -> Option<Bytes> {
        let removed = copies_of(name).into_iter().map(|copy| self.memory.remove_raw(&copy)).collect::<Vec<_>>();
        removed.into_iter().next().flatten()
    }

    /// Puts other bytes in the place of an object, of both copies of what is kept twice.
    pub fn overwrite(&self, name: &ObjectName, bytes: &Bytes) {
        for copy in copies_of(name) {
            self.memory.insert_raw(copy, bytes.clone());
        }
    }

    /// With the recovery words, which need no costly derivation.
    pub fn open(&self) -> Result<Opened, EngineError> {
        let words = TypedWords::parse(&self.words.join(" ")).unwrap();
        Opened::open(&self.context(), &Credential::Words(words))
    }

    /// As a check opens it.
    pub fn open_to_check(&self) -> Opened {
        let words = TypedWords::parse(&self.words.join(" ")).unwrap();
        Opened::open_to_check(&self.context(), &Credential::Words(words)).unwrap()
    }

    pub fn restore_to(&self, to: &Path) -> Result<RestoreOutcome, EngineError> {
        self.restore(&Selection::default(), request(to))
    }

    pub fn restore(&self, selection: &Selection, request: RestoreRequest) -> Result<RestoreOutcome, EngineError> {
        let opened = self.open()?;
        let snapshot = select(&opened, selection)?;
        plan(&self.context(), &opened, &snapshot, request)?.execute(&self.context())
    }
}

/// Another computer, enrolled into the same repository, with a folder and a domain of its own.
pub fn second_machine(machine: &Machine) -> Machine {
    let folder = tempfile::tempdir().unwrap();
    let environment = FixedEnvironment::new(77);
    environment.set_now(machine.environment.now());
    let (store, memory, words) = (machine.store.clone(), machine.memory.clone(), machine.words.clone());
    let other = Machine { folder, store, memory, environment, words };
    std::fs::create_dir(other.source()).unwrap();
    enrol(&other.context(), &credential_of(machine), Beginning::Afresh).unwrap();
    other
}

pub fn credential_of(machine: &Machine) -> Credential {
    Credential::Words(TypedWords::parse(&machine.words.join(" ")).unwrap())
}

/// Of a machine that keeps its state and cache in this folder.
pub fn context_in<'e>(folder: &Path, store: &Arc<dyn ObjectStore>, environment: &'e FixedEnvironment) -> Context<'e> {
    Context {
        store: TwiceStore::over(store.clone()),
        environment,
        monitor: &Silent,
        state_dir: folder.join("state"),
        cache_dir: folder.join("cache"),
    }
}

/// The names under which an object lies: two where it is kept twice.
pub fn copies_of(name: &ObjectName) -> Vec<ObjectName> {
    let second = Place::parse(name).and_then(|place| place.second_name());
    std::iter::once(name.clone()).chain(second).collect()
}

pub fn folder_source(path: &Path) -> Box<dyn Source> {
    let description = RootDescription {
        label: FolderSource::label_for(path),
        native_path: path.as_os_str().as_encoded_bytes().to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    Box::new(FolderSource::new(path, description, FolderOptions::default()).unwrap())
}

pub fn request(to: &Path) -> RestoreRequest {
    RestoreRequest {
        to: to.to_owned(),
        paths: Vec::new(),
        flat: false,
        existing: Existing::KeepBoth,
        restored_on: "21 November 2026".to_owned(),
        privileged: true,
        threads: 2,
    }
}

pub fn shown(text: &str) -> ShownPath {
    ShownPath::parse(text.as_bytes()).unwrap()
}

/// Bytes that no compressor shrinks.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}

/// Whether two folders hold the same, content and metadata, told by programs that share no code with ours.
pub fn assert_same(a: &Path, b: &Path) {
    let diff = std::process::Command::new("diff").arg("-r").arg("--no-dereference").arg(a).arg(b).output().unwrap();
    assert!(diff.status.success(), "{}", String::from_utf8_lossy(&diff.stdout));
    assert_eq!(metadata_of(a), metadata_of(b));
}

fn metadata_of(dir: &Path) -> String {
    let format = "%P\\t%y\\t%m\\t%U\\t%G\\t%T@\\t%s\\t%l\\t%n\\n";
    let find = std::process::Command::new("find").arg(dir).arg("-printf").arg(format).output().unwrap();
    assert!(find.status.success());
    let mut lines: Vec<String> = String::from_utf8_lossy(&find.stdout)
        .lines()
        // A folder's own size is the file system's business.
        .map(|line| {
            let mut fields: Vec<&str> = line.split('\t').collect();
            if fields.get(1) == Some(&"d") {
                fields[6] = "";
                fields[8] = "";
            }
            fields.join("\t")
        })
        .collect();
    lines.sort();
    lines.join("\n")
}
