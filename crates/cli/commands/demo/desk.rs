//! The commands of the demonstration, done as the command line does them: each opens the repository anew, with a key derived
//! from the passphrase at its full cost.

use super::place::Place;
use super::screen::Screen;
use crate::errors::{Doing, Failure};
use crate::machine::{Machine, threads};
use crate::output::progress::Meter;
use crate::time::{day, day_as_digits};
use chest_engine::backup::{BackupOptions, BackupOutcome, backup};
use chest_engine::browse::{Selection, ShownPath, select};
use chest_engine::catalogue::{
    FindOutcome, FindQuery, MailOutcome, MailQuery, SavedAs, fetch_message, find, find_mail, save_message,
};
use chest_engine::check::{CheckOptions, CheckOutcome, ReadData, check};
use chest_engine::init::{InitOptions, InitOutcome, init};
use chest_engine::repo::RepoError;
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::{Credential, KdfCost};
use chest_engine::restore::{RestoreOutcome, RestoreRequest, plan};
use chest_engine::source::{FolderOptions, FolderSource, Source, SourceError};
use chest_engine::store::{LocalStore, StoreError};
use chest_engine::target::Existing;
use chest_engine::{Context, EngineError, Opened};
use chest_model::{Class, Environment, RootDescription, RootEncoding};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Where the commands are typed.
pub(super) struct Desk<'d> {
    place: &'d Place,
    screen: &'d Screen,
    passphrase: Option<Zeroizing<String>>,
}

/// What a command gave, and how long it took.
pub(super) struct Timed<T> {
    pub(super) outcome: T,
    /// Without the unlocking.
    pub(super) took: Duration,
    /// Deriving the key from the passphrase and verifying the history; nothing where neither was needed.
    pub(super) unlocking: Duration,
}

impl<'d> Desk<'d> {
    pub(super) fn new(place: &'d Place, screen: &'d Screen) -> Self {
        Self { place, screen, passphrase: None }
    }

    /// The passphrase that `init` made up.
    pub(super) fn passphrase(&self) -> &str {
        self.passphrase.as_ref().map(|passphrase| passphrase.as_str()).unwrap_or_default()
    }

    pub(super) fn init(&mut self) -> Result<Timed<InitOutcome>, Failure> {
        let store = LocalStore::create(&self.place.repository()).map_err(|error| failed(error, Doing::Making))?;
        let options = InitOptions { passphrase: None, cost: KdfCost::DEFAULT, configuration: Configuration::new() };
        let made = self.timed(Doing::Making, store, |context| init(context, options))?;
        self.passphrase = made.outcome.generated_passphrase.clone();
        Ok(made)
    }

    pub(super) fn backup(&self, folder: &Path, class: Class) -> Result<Timed<BackupOutcome>, Failure> {
        self.run(Doing::BackingUp, |context| {
            let source = source(folder, class)?;
            let program = format!("chest {}", env!("CARGO_PKG_VERSION"));
            let options = BackupOptions { threads: threads(), program, ..BackupOptions::default() };
            backup(context, &[source], &options)
        })
    }

    pub(super) fn find_deleted(&self, word: &str) -> Result<Timed<FindOutcome>, Failure> {
        let query = FindQuery { only_deleted: true, ..FindQuery::of(word) };
        self.reading(Doing::Reading, |context, opened| find(context, opened, &query))
    }

    pub(super) fn find_lost_message(&self, subject: &str) -> Result<Timed<MailOutcome>, Failure> {
        let query = MailQuery { subject: Some(subject.to_owned()), only_deleted: true, ..MailQuery::default() };
        self.reading(Doing::Reading, |context, opened| find_mail(context, opened, &query))
    }

    /// Says where it is now.
    pub(super) fn save_message(&self, id: &str, to: &Path) -> Result<Timed<PathBuf>, Failure> {
        self.reading(Doing::Restoring, |context, opened| {
            let message = fetch_message(context, opened, id)?;
            let what = SavedAs::Message { day: message.hit.sent.map(day_as_digits) };
            let saved = save_message(context, &message, &what, to, &day(Machine.now()))?;
            let file = saved.files.first().map(|(placed, _)| to.join(OsStr::from_bytes(placed.path.as_bytes())));
            Ok(file.unwrap_or_default())
        })
    }

    pub(super) fn restore(
        &self,
        selection: &Selection,
        paths: Vec<ShownPath>,
        to: &Path,
    ) -> Result<Timed<RestoreOutcome>, Failure> {
        let request = RestoreRequest {
            to: to.to_owned(),
            paths,
            flat: false,
            existing: Existing::KeepBoth,
            restored_on: day(Machine.now()),
            privileged: false,
            threads: threads(),
        };
        self.reading(Doing::Restoring, |context, opened| {
            let snapshot = select(opened, selection)?;
            plan(context, opened, &snapshot, request)?.execute(context)
        })
    }

    pub(super) fn check_everything(&self) -> Result<Timed<CheckOutcome>, Failure> {
        let options = CheckOptions { read_data: ReadData::Share(1.0) };
        self.reading(Doing::Reading, |context, opened| check(context, opened, &options))
    }

    fn reading<T>(
        &self,
        doing: Doing,
        work: impl FnOnce(&Context<'_>, &Opened) -> Result<T, EngineError>,
    ) -> Result<Timed<T>, Failure> {
        let credential = Credential::Passphrase(Zeroizing::new(self.passphrase().to_owned()));
        let mut unlocking = Duration::ZERO;
        let read = self.run(doing, |context| {
            let begun = Instant::now();
            let opened = Opened::open(context, &credential)?;
            unlocking = begun.elapsed();
            work(context, &opened)
        })?;
        Ok(Timed { took: read.took.saturating_sub(unlocking), unlocking, ..read })
    }

    fn run<T>(
        &self,
        doing: Doing,
        work: impl FnOnce(&Context<'_>) -> Result<T, EngineError>,
    ) -> Result<Timed<T>, Failure> {
        let store = LocalStore::open(&self.place.repository()).map_err(|error| failed(error, doing))?;
        self.timed(doing, store, work)
    }

    fn timed<T>(
        &self,
        doing: Doing,
        store: LocalStore,
        work: impl FnOnce(&Context<'_>) -> Result<T, EngineError>,
    ) -> Result<Timed<T>, Failure> {
        let meter = self.screen.meter();
        let begun = Instant::now();
        let outcome = work(&self.context(store, &meter));
        let took = begun.elapsed();
        // Nothing may move on the screen while the figures are written.
        meter.finish();
        Ok(Timed { outcome: outcome.map_err(|error| Failure::of(&error, doing))?, took, unlocking: Duration::ZERO })
    }

    fn context<'c>(&self, store: LocalStore, meter: &'c Meter) -> Context<'c> {
        Context {
            store: TwiceStore::over(Arc::new(store)),
            environment: &Machine,
            monitor: meter,
            state_dir: self.place.state(),
            cache_dir: self.place.cache(),
        }
    }
}

/// Nothing is left out: the comparison afterwards is of everything.
fn source(folder: &Path, class: Class) -> Result<Box<dyn Source>, SourceError> {
    let description = RootDescription {
        label: FolderSource::label_for(folder),
        native_path: folder.as_os_str().as_bytes().to_vec(),
        encoding: RootEncoding::UnixBytes,
        class,
    };
    Ok(Box::new(FolderSource::new(folder, description, FolderOptions::default())?))
}

fn failed(error: StoreError, doing: Doing) -> Failure {
    Failure::of(&RepoError::from(error).into(), doing)
}
