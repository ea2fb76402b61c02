//! A file is backed up, deleted, found by a part of its name and brought back with the 24 recovery words, as whoever opens
//! the sealed envelope would do it. Run it with `cargo run --release --example find_a_lost_file`.

use chest_engine::backup::{BackupOptions, backup};
use chest_engine::browse::{Selection, SnapshotSelector, select};
use chest_engine::catalogue::{FindQuery, find};
use chest_engine::init::{InitOptions, init};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::{Credential, KdfCost};
use chest_engine::repo::words::TypedWords;
use chest_engine::restore::{RestoreRequest, plan};
use chest_engine::source::{FolderOptions, FolderSource};
use chest_engine::store::LocalStore;
use chest_engine::target::Existing;
use chest_engine::{Context, Opened};
use chest_model::{Class, Environment, RandomError, RootDescription, RootEncoding, Silent, Timestamp};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The library asks its caller for clocks, randomness and the computer's name, so that tests can fix them.
struct ThisComputer {
    began: Instant,
}

impl Environment for ThisComputer {
    fn now(&self) -> Timestamp {
        // A program may ask for the time; the library may not.
        #[allow(clippy::disallowed_methods)]
        std::time::SystemTime::now().into()
    }

    fn running(&self) -> Duration {
        self.began.elapsed()
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(buffer).map_err(|error| RandomError(error.to_string()))
    }

    fn host_name(&self) -> String {
        "parish-office".to_owned()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let place = tempfile::tempdir()?;
    let documents = place.path().join("documents");
    fs::create_dir(&documents)?;
    let (register, agenda) = (documents.join("Burial register.csv"), documents.join("Agenda.txt"));
    fs::write(&register, "plot,name\n17,Amos Thatcher\n")?;
    fs::write(agenda, "1. Apologies\n")?;

    let context = Context {
        store: TwiceStore::over(Arc::new(LocalStore::create(&place.path().join("repository"))?)),
        environment: &ThisComputer { began: Instant::now() },
        monitor: &Silent,
        state_dir: place.path().join("state"),
        cache_dir: place.path().join("cache"),
    };
    let options = InitOptions { passphrase: None, cost: KdfCost::DEFAULT, configuration: Configuration::new() };
    let envelope = init(&context, options)?.recovery_words.join(" ");
    back_up(&context, &documents)?;
    fs::remove_file(&register)?;
    back_up(&context, &documents)?;

    let opened = Opened::open(&context, &Credential::Words(TypedWords::parse(&envelope)?))?;
    let query = FindQuery { only_deleted: true, ..FindQuery::of("burial") };
    let found = find(&context, &opened, &query)?;
    let hit = found.hits.first().ok_or("it was not found")?;
    let version = hit.versions.first().ok_or("it has no version")?;
    println!("found {} in backup {}", String::from_utf8_lossy(&hit.path.to_bytes()), version.last_seen.0);

    let selector = Some(SnapshotSelector::Id(version.last_seen.0.to_hex()));
    let snapshot = select(&opened, &Selection { selector, ..Selection::default() })?;
    let request = RestoreRequest {
        to: place.path().join("rescued"),
        paths: vec![hit.path.clone()],
        flat: true,
        existing: Existing::KeepBoth,
        restored_on: "21 November 2026".to_owned(),
        privileged: false,
        threads: 2,
    };
    let restored = plan(&context, &opened, &snapshot, request)?.execute(&context)?;
    let text = fs::read_to_string(place.path().join("rescued/Burial register.csv"))?;
    println!("{} file restored:\n{text}", restored.files);
    assert_eq!(text, "plot,name\n17,Amos Thatcher\n", "what came back is not what was stored");
    Ok(())
}

fn back_up(context: &Context<'_>, folder: &Path) -> Result<(), Box<dyn Error>> {
    let description = RootDescription {
        label: FolderSource::label_for(folder),
        native_path: folder.as_os_str().as_encoded_bytes().to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    let source = FolderSource::new(folder, description, FolderOptions::default())?;
    let outcome = backup(context, &[Box::new(source)], &BackupOptions::default())?;
    println!("backup {}: {:?}", outcome.snapshot, outcome.completeness);
    Ok(())
}
