//! The library in one page: makes a repository in a folder, backs up another folder twice, and shows how little the second
//! run sends. Run it with `cargo run --release --example backup_a_folder`; it works in a temporary folder of its own.

use chest_engine::Context;
use chest_engine::backup::{BackupOptions, backup};
use chest_engine::init::{InitOptions, init};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::KdfCost;
use chest_engine::source::{FolderOptions, FolderSource, Source};
use chest_engine::store::LocalStore;
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
    fs::create_dir_all(documents.join("minutes"))?;
    for month in 1..=12 {
        let minutes = format!("Minutes of month {month}: it was RESOLVED to mend the gate.\n").repeat(20_000);
        fs::write(documents.join(format!("minutes/2026-{month:02}.txt")), minutes)?;
    }

    let context = Context {
        store: TwiceStore::over(Arc::new(LocalStore::create(&place.path().join("repository"))?)),
        environment: &ThisComputer { began: Instant::now() },
        monitor: &Silent,
        state_dir: place.path().join("state"),
        cache_dir: place.path().join("cache"),
    };
    let options = InitOptions { passphrase: None, cost: KdfCost::DEFAULT, configuration: Configuration::new() };
    let made = init(&context, options)?;
    if let Some(passphrase) = &made.generated_passphrase {
        println!("passphrase: {}", **passphrase);
    }
    println!("for the envelope: {}", made.recovery_words.join(" "));

    // No passphrase from here on: this computer's own key can add to the repository, and do nothing else.
    for run in ["first", "second"] {
        let outcome = backup(&context, &[folder(&documents)?], &BackupOptions::default())?;
        println!(
            "{run} backup: {:?}, {} files read, {} bytes read, {} bytes sent",
            outcome.completeness, outcome.files_read, outcome.bytes_read, outcome.bytes_sent
        );
        fs::write(documents.join("minutes/new.txt"), "The gate was mended.\n")?;
    }
    Ok(())
}

fn folder(path: &Path) -> Result<Box<dyn Source>, Box<dyn Error>> {
    let description = RootDescription {
        label: FolderSource::label_for(path),
        native_path: path.as_os_str().as_encoded_bytes().to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    Ok(Box::new(FolderSource::new(path, description, FolderOptions::default())?))
}
