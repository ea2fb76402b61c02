//! What a command works with: the settings, this machine, the store, and who watches.

use crate::args::{Common, Narrow};
use crate::errors::{Doing, Failure};
use crate::interrupt::Interrupt;
use crate::machine::Machine;
use crate::output::progress::Meter;
use crate::output::{Console, Report};
use crate::secrets;
use crate::selector;
use crate::settings::Settings;
use chest_engine::browse;
use chest_engine::repo::RepoError;
use chest_engine::repo::layout::{OWNER, SLOTS};
use chest_engine::repo::repository::Snapshot;
use chest_engine::repo::slot::Credential;
use chest_engine::store::{LocalStore, ObjectStore};
use chest_engine::{Context, EngineError, Opened};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

/// A command's workplace.
pub struct Workplace {
    /// What was meant.
    pub settings: Settings,
    /// Where results go.
    pub console: Console,
    /// Clock, randomness, host name.
    pub machine: Machine,
    /// Who presses Ctrl-C.
    pub interrupt: Interrupt,
    meter: Meter,
}

impl Workplace {
    /// From what was typed.
    pub fn new(common: &Common) -> Result<Self, Failure> {
        let settings = Settings::gather(common)?;
        let interrupt = Interrupt::install();
        let meter = Meter::new(settings.progress, interrupt.clone());
        Ok(Self { console: Console { json: settings.json }, settings, machine: Machine, interrupt, meter })
    }

    /// The folder that holds the repository, or shall hold it.
    pub fn repository_folder(&self) -> Result<&Path, Failure> {
        self.settings.repository.as_deref().map_err(|error| Failure::from(error.clone()))
    }

    /// The store, where a repository lies.
    pub fn store(&self, doing: Doing) -> Result<Arc<dyn ObjectStore>, Failure> {
        let folder = self.repository_folder()?;
        let open = || -> Result<_, RepoError> {
            let store = LocalStore::open(folder)?;
            // Said before anybody is asked for a passphrase.
            if store.list(OWNER)?.is_empty() && store.list(SLOTS)?.is_empty() {
                return Err(RepoError::NoRepository);
            }
            Ok(store)
        };
        let store = open().map_err(|error| Failure::of(&error.into(), doing))?;
        Ok(Arc::new(store))
    }

    /// What the engine works with.
    pub fn context(&self, store: Arc<dyn ObjectStore>) -> Context<'_> {
        Context {
            store,
            environment: &self.machine,
            monitor: &self.meter,
            state_dir: self.settings.state_dir.clone(),
            cache_dir: self.settings.cache_dir.clone(),
        }
    }

    /// What opens the repository.
    pub fn credential(&self) -> Result<Credential, Failure> {
        Ok(secrets::credential(&self.settings.secret, self.settings.can_ask, &self.interrupt)?)
    }

    /// The repository, open for reading.
    pub fn open(&self, doing: Doing) -> Result<Reading<'_>, Failure> {
        self.open_by(Opened::open, doing)
    }

    /// The same for a check, which tells what contradicts the history together with everything else.
    pub fn open_to_check(&self, doing: Doing) -> Result<Reading<'_>, Failure> {
        self.open_by(Opened::open_to_check, doing)
    }

    fn open_by(
        &self,
        open: fn(&Context<'_>, &Credential) -> Result<Opened, EngineError>,
        doing: Doing,
    ) -> Result<Reading<'_>, Failure> {
        let store = self.store(doing)?;
        let credential = self.credential()?;
        let context = self.context(store);
        let opened = open(&context, &credential).map_err(|error| Failure::of(&error, doing))?;
        Ok(Reading { context, opened, doing })
    }

    /// Tells a result, once nothing moves on the screen any more.
    pub fn show(&self, report: &impl Report) -> Result<(), Failure> {
        self.quiet();
        self.console.show(report)
    }

    /// Ends what moves on the screen.
    pub fn quiet(&self) {
        self.meter.finish();
    }
}

/// A repository that is being read.
pub struct Reading<'w> {
    /// What the engine works with.
    pub context: Context<'w>,
    /// The repository.
    pub opened: Opened,
    doing: Doing,
}

impl Reading<'_> {
    /// The backup that was meant.
    pub fn snapshot(&self, typed: &OsStr, narrow: &Narrow) -> Result<Snapshot, Failure> {
        let selection = selector::selection(typed, narrow)?;
        self.told(browse::select(&self.opened, &selection))
    }

    /// Turns the engine's errors into what is told to people.
    pub fn told<T>(&self, result: Result<T, EngineError>) -> Result<T, Failure> {
        result.map_err(|error| Failure::of(&error, self.doing))
    }
}
