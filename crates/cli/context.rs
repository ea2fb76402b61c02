//! What a command works with: the settings, this machine, the store, and who watches.

use crate::args::{Common, Narrow, Older};
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::machine::Machine;
use crate::output::amounts::count;
use crate::output::progress::Meter;
use crate::output::{Console, Report};
use crate::repository::Repository;
use crate::secrets;
use crate::selector;
use crate::settings::Settings;
use crate::storage_key::storage_key;
use chest_engine::browse;
use chest_engine::doctor::DoctorOptions;
use chest_engine::place::{BucketPlace, OpenPlace};
use chest_engine::repo::RepoError;
use chest_engine::repo::history::{HistoryError, IgnoredRecord};
use chest_engine::repo::layout::{OWNER, SLOTS};
use chest_engine::repo::repository::{Snapshot, TwiceStore, refuse_broken_off};
use chest_engine::repo::slot::Credential;
use chest_engine::store::ObjectStore;
use chest_engine::store::retry::Limits;
use chest_engine::{Context, EngineError, Look, Opened, Place};
use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

/// How long storage is waited for that may not be there at all.
const FIRST_CONTACT: Duration = Duration::from_secs(30);

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

    /// Where the repository lies, or shall lie.
    pub fn repository(&self) -> Result<&Repository, Failure> {
        self.settings.repository.as_ref().map_err(|error| Failure::from(error.clone()))
    }

    /// The place itself, whether or not a repository is there.
    pub fn open_place(&self, doing: Doing) -> Result<OpenPlace, Failure> {
        self.place(doing)?.open().map_err(|error| Failure::of(&error, doing))
    }

    /// The same, made where that is possible.
    pub fn create_place(&self, doing: Doing) -> Result<OpenPlace, Failure> {
        self.place(doing)?.create().map_err(|error| Failure::of(&error, doing))
    }

    fn place(&self, doing: Doing) -> Result<Place, Failure> {
        let address = match self.repository()? {
            Repository::Folder(path) => return Ok(Place::Folder(path.clone())),
            Repository::Bucket(address) => address,
        };
        let mut options = address.options(storage_key(&self.settings.storage_key)?)?;
        // Somebody watches these, and may have mistyped the address; a backup has time.
        let is_first_contact = matches!(doing, Doing::Making | Doing::Examining);
        let patience = if is_first_contact { FIRST_CONTACT } else { Limits::default().patience };
        if doing == Doing::Examining {
            options.concurrency = DoctorOptions::BUCKET.racers;
        }
        Ok(Place::Bucket(Box::new(BucketPlace {
            options,
            patience: self.settings.storage_patience.unwrap_or(patience),
            monitor: Arc::new(self.meter.storage_watch()),
        })))
    }

    /// The store, where a repository lies. Records of a far one are kept on this machine.
    pub fn store(&self, doing: Doing) -> Result<Arc<dyn ObjectStore>, Failure> {
        Ok(self.open_place(doing)?.kept_in(self.settings.cache_dir.join("records")))
    }

    /// The same, and it holds a repository: said before anybody is asked for a passphrase.
    pub fn repository_store(&self, doing: Doing) -> Result<Arc<dyn ObjectStore>, Failure> {
        let store = self.store(doing)?;
        let kept = TwiceStore::over(store.clone());
        let is_empty = |prefix| kept.list(prefix).map(|list| list.is_empty()).map_err(RepoError::from);
        match is_empty(OWNER).and_then(|empty| Ok(empty && is_empty(SLOTS)?)) {
            Ok(false) => match refuse_broken_off(&*kept) {
                Ok(()) => Ok(store),
                Err(error) => Err(Failure::of(&error.into(), doing)),
            },
            Ok(true) => Err(Failure::of(&RepoError::NoRepository.into(), doing)),
            Err(error) => Err(Failure::of(&error.into(), doing)),
        }
    }

    /// What the engine works with.
    pub fn context(&self, store: Arc<dyn ObjectStore>) -> Context<'_> {
        Context {
            store: TwiceStore::over(store),
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

    /// The repository, open for reading. An older state than this computer has seen is read only where that is wanted, and said.
    pub fn open(&self, doing: Doing, older: Older) -> Result<Reading<'_>, Failure> {
        let judge = if older.accept_unproven_state { Ok } else { Opened::uncontradicted };
        let reading = self.open_and(self.store(doing)?, doing, judge)?;
        if let Some(error) = &reading.opened.contradiction {
            self.console.remark(&format!(
                "WARNING: {error}. What follows is what this copy holds; newer backups may be missing."
            ));
        }
        Ok(reading)
    }

    /// The same for a check, which tells what contradicts the history together with everything else.
    pub fn open_to_check(&self, doing: Doing) -> Result<Reading<'_>, Failure> {
        self.open_and(self.open_place(doing)?.store, doing, Ok)
    }

    fn open_and(
        &self,
        store: Arc<dyn ObjectStore>,
        doing: Doing,
        judge: fn(Opened) -> Result<Opened, EngineError>,
    ) -> Result<Reading<'_>, Failure> {
        let context = self.context(store);
        let failed = |error: EngineError| Failure::of(&error, doing);
        // Whether there is a repository is said before anybody is asked for a passphrase.
        let look = Look::at(&context).map_err(failed)?;
        let credential = self.credential()?;
        let opened = look.unlock(&context, &credential).and_then(judge).map_err(failed)?;
        let damaged = browse::damaged_records(&opened).len() as u64;
        if damaged > 0 {
            let records = count(damaged, "record");
            self.console.remark(&format!(
                "WARNING: {records} of backups cannot be read, so that backups may be missing here. Run `chest check`."
            ));
        }
        if let Some(error) = opened.session.owner.damage() {
            self.console.remark(&format!("WARNING: {error}. Run `chest check`."));
        }
        if let Some(error @ HistoryError::OwnerRecordMissing { .. }) = &opened.hides_backups {
            self.console.remark(&format!("WARNING: {error}. Run `chest check`."));
        }
        let is_foreign = |record: &&IgnoredRecord| record.is_of_another_repository();
        if let Some(foreign) = opened.session.owner.ignored.iter().find(is_foreign) {
            self.console.remark(&format!(
                "WARNING: another repository has put {} into this place. Its backups are not shown here. Run `chest check`.",
                foreign.object
            ));
        }
        let missing = &opened.session.missing;
        if let Some(first) = missing.proven().next() {
            let records = count(missing.proven().count() as u64, "record");
            self.console.remark(&format!(
                "WARNING: {records} that others name, such as {first}, cannot be found, so that backups may be missing \
                 here. Run `chest check`."
            ));
        }
        Ok(Reading { context, opened, doing })
    }

    /// Tells a result, once nothing moves on the screen any more.
    pub fn show(&self, report: &impl Report) -> Result<(), Failure> {
        self.quiet();
        self.console.show(report)
    }

    /// The same for what can be told only once: it fails where nobody can have read it.
    pub fn show_for_certain(&self, report: &impl Report) -> Result<(), Failure> {
        self.quiet();
        self.console.write(report).map_err(|error| Failure::not_shown(&error))
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

    /// How a search through all backups ends: whole backups may be hidden from it, or parts of those that are known.
    pub fn searched(&self, is_damaged: bool) -> Exit {
        match &self.opened.hides_backups {
            Some(HistoryError::OwnerRecordMissing { .. }) => Exit::History,
            Some(_) => Exit::Damage,
            None if is_damaged => Exit::Damage,
            None => Exit::Done,
        }
    }

    /// Turns the engine's errors into what is told to people.
    pub fn told<T>(&self, result: Result<T, EngineError>) -> Result<T, Failure> {
        result.map_err(|error| Failure::of(&error, self.doing))
    }
}
