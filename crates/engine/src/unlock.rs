//! Opening a repository for reading.

use crate::noted::Noted;
use crate::{Context, EngineError};
use chest_model::{Phase, Progress, RepositoryId, WriterId};
use chest_repo::RepoError;
use chest_repo::history::{Claim, HistoryError};
use chest_repo::keys::{DomainId, MasterKey};
use chest_repo::layout::{LOG, OWNER, SLOTS};
use chest_repo::local::LocalKey;
use chest_repo::record::RootLocation;
use chest_repo::repository::{Fetcher, LookAhead, Proven, ReaderSession, Snapshot, refuse_broken_off, unlock};
use chest_repo::slot::Credential;
use chest_store::ObjectStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// A repository open for reading.
pub struct Opened {
    /// Its history and keys.
    pub session: ReaderSession,
    /// Something that this machine has seen before and that is not there any more.
    pub contradiction: Option<HistoryError>,
    /// Records that this machine has seen before, which are there and damaged, in both copies.
    pub damaged_since_seen: BTreeSet<String>,
    /// A damaged or missing record of the owner's, where there are logs of computers that are not known, perhaps for want of it.
    pub hides_backups: Option<HistoryError>,
    /// Which repository it is: names this machine's own files about it.
    pub(crate) repository: RepositoryId,
    /// What seals them.
    pub(crate) local_key: LocalKey,
    fetchers: Mutex<BTreeMap<DomainId, Arc<Fetcher>>>,
}

impl Opened {
    /// Unlocks, reads and verifies the history, and refuses one that lacks what this machine has seen before.
    pub fn open(context: &Context<'_>, credential: &Credential) -> Result<Self, EngineError> {
        Self::open_to_check(context, credential)?.uncontradicted()
    }

    /// Itself, unless it lacks what this machine has seen before.
    pub fn uncontradicted(self) -> Result<Self, EngineError> {
        match self.contradiction {
            Some(error) => Err(error.into()),
            None => Ok(self),
        }
    }

    /// Makes what is shown now all that this machine has seen.
    pub(crate) fn take_for_newest(&self, context: &Context<'_>) -> Result<(), EngineError> {
        let noted = Noted::of_reader(context, self.session.opener().master())?;
        Ok(noted.replace_by(&self.session, context.environment)?)
    }

    /// Expects nothing more of a log to which this machine will not add any more.
    pub(crate) fn forget_log(&self, context: &Context<'_>, writer: WriterId) -> Result<(), EngineError> {
        let noted = Noted::of_reader(context, self.session.opener().master())?;
        Ok(noted.forget_log(writer, context.environment)?)
    }

    /// The same for a check, which tells the contradiction together with everything else that it finds.
    pub fn open_to_check(context: &Context<'_>, credential: &Credential) -> Result<Self, EngineError> {
        Look::at(context)?.unlock(context, credential)
    }
}

/// So often is the store looked at, where it does not show what this machine has noted: before the notes were read, after that, and
/// once more where that look showed a computer of which there are further notes.
const MOST_LOOKS: usize = 3;

/// What lies in the store, seen before anybody is asked for a secret.
pub struct Look {
    ahead: LookAhead,
    /// What one look has read and proven no other reads again.
    proven: Proven,
}

impl Look {
    /// Lists and reads history and slots; fails where there is no repository.
    pub fn at(context: &Context<'_>) -> Result<Self, EngineError> {
        context.monitor.progress(Progress::Begin { phase: Phase::Opening, items: 0, bytes: 0 });
        let proven = Proven::default();
        let ahead = LookAhead::look(context.store.clone(), &[SLOTS, OWNER, LOG], &proven);
        let ahead = ahead.map_err(RepoError::from)?;
        if ahead.list(OWNER).is_ok_and(|list| list.is_empty()) && ahead.list(SLOTS).is_ok_and(|list| list.is_empty()) {
            return Err(RepoError::NoRepository.into());
        }
        refuse_broken_off(&ahead)?;
        context.monitor.progress(Progress::End);
        Ok(Self { ahead, proven })
    }

    /// Unlocks, reads and verifies the history, and holds it against what this machine has seen before.
    pub fn unlock(self, context: &Context<'_>, credential: &Credential) -> Result<Opened, EngineError> {
        context.monitor.progress(Progress::Begin { phase: Phase::Unlocking, items: 0, bytes: 0 });
        let master = unlock(&self.ahead, credential)?;
        context.monitor.progress(Progress::End);
        context.monitor.progress(Progress::Begin { phase: Phase::Opening, items: 0, bytes: 0 });
        let (repository, local_key) = (master.repository(), LocalKey::of_master(&master));
        let (session, noted) = self.read(context, master)?;
        let (damaged_since_seen, missing) = noted.not_there(&session);
        let contradiction = missing.into_iter().next().map(|missing| HistoryError::SeenBeforeMissing { missing });
        let has_stranger = session.strangers.iter().any(|stranger| stranger.claim != Claim::OtherRepository);
        let damage = session.owner.damage().filter(|_| has_stranger || noted.names_unknown_log(&session));
        let hides_backups = damage.or_else(|| session.missing.hiding(&session.strangers));
        // What it knows of newer records is never replaced by an older state.
        if contradiction.is_none() && damaged_since_seen.is_empty() && session.owner.damage().is_none() {
            noted.keep(&session, context.environment);
        }
        context.monitor.progress(Progress::End);
        let fetchers = Mutex::default();
        Ok(Opened { session, contradiction, damaged_since_seen, hides_backups, repository, local_key, fetchers })
    }

    /// The history, and what it is to be held against. This look may be old by now: a backup may have ended while somebody typed
    /// the passphrase. So where it lacks something the store is listed once more, after the notes were read, and that look is the one that is
    /// judged: what was noted before a look, it must show.
    fn read(self, context: &Context<'_>, master: MasterKey) -> Result<(ReaderSession, Noted), EngineError> {
        let mut noted = Noted::of_reader(context, &master)?;
        let mut session = ReaderSession::open(context.store.clone(), &self.ahead, master.clone())?;
        noted.add_writers(&session)?;
        for _ in 1..MOST_LOOKS {
            if !noted.is_newer() || lacks_nothing(&session, &noted) {
                break;
            }
            noted.look_again(&session);
            let again = LookAhead::look(context.store.clone(), &[OWNER, LOG], &self.proven).map_err(RepoError::from)?;
            session = ReaderSession::open(context.store.clone(), &again, master.clone())?;
            noted.add_writers(&session)?;
        }
        Ok((session, noted))
    }
}

/// Neither what was noted is missing nor what records name of each other: logs and decisions are listed side by side, and both may
/// grow meanwhile.
fn lacks_nothing(session: &ReaderSession, noted: &Noted) -> bool {
    noted.not_there(session).1.is_empty() && session.missing.all().next().is_none()
}

impl Opened {
    /// What fetches the chunks of this snapshot, its roots on the way already.
    pub fn fetcher_of(&self, snapshot: &Snapshot) -> Result<Arc<Fetcher>, EngineError> {
        self.fetcher_with(snapshot.writer, snapshot.body.roots.iter().filter_map(|root| root.location.as_ref()))
    }

    /// What fetches the chunks of a writer's snapshots.
    pub fn fetcher(&self, writer: WriterId) -> Result<Arc<Fetcher>, EngineError> {
        self.fetcher_with(writer, [])
    }

    fn fetcher_with<'l>(
        &self,
        writer: WriterId,
        roots: impl IntoIterator<Item = &'l RootLocation> + Send,
    ) -> Result<Arc<Fetcher>, EngineError> {
        let mut fetchers = self.fetchers.lock().unwrap_or_else(PoisonError::into_inner);
        // Writers of one domain share an index.
        let domain = self.session.domain_of(writer)?;
        if let Some(fetcher) = fetchers.get(&domain) {
            return Ok(fetcher.clone());
        }
        let fetcher = Arc::new(Fetcher::open(&self.session, writer, roots)?);
        fetchers.insert(domain, fetcher.clone());
        Ok(fetcher)
    }
}
