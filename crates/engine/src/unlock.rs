//! Opening a repository for reading.

use crate::{Context, EngineError};
use chest_model::{Phase, Progress, RepositoryId, WriterId};
use chest_repo::RepoError;
use chest_repo::history::{Claim, HistoryError};
use chest_repo::keys::DomainId;
use chest_repo::layout::{LOG, OWNER, Place, SLOTS};
use chest_repo::local::{LocalKey, Seen};
use chest_repo::record::RootLocation;
use chest_repo::repository::{Fetcher, LookAhead, Proven, ReaderSession, Snapshot, refuse_broken_off, unlock};
use chest_repo::slot::Credential;
use chest_store::ObjectStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// The name of the file in which a reader notes what it has seen.
const SEEN: &str = "seen-by-reader";

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
        let state = context.state(self.repository);
        for writer in self.session.owner.writers().into_keys() {
            state.remove(&Seen::name_for_writer(writer))?;
        }
        Ok(heads(&self.session).store(&state, SEEN, &self.local_key, context.environment)?)
    }

    /// Expects nothing more of a log to which this machine will not add any more.
    pub(crate) fn forget_log(&self, context: &Context<'_>, writer: WriterId) -> Result<(), EngineError> {
        let state = context.state(self.repository);
        let mut seen = Seen::load(&state, SEEN, &self.local_key)?;
        seen.logs.remove(&writer);
        seen.store(&state, SEEN, &self.local_key, context.environment)?;
        Ok(state.remove(&Seen::name_for_writer(writer))?)
    }

    /// The same for a check, which tells the contradiction together with everything else that it finds.
    pub fn open_to_check(context: &Context<'_>, credential: &Credential) -> Result<Self, EngineError> {
        Look::at(context)?.unlock(context, credential)
    }
}

/// What lies in the store, seen before anybody is asked for a secret.
pub struct Look(LookAhead);

impl Look {
    /// Lists and reads history and slots; fails where there is no repository.
    pub fn at(context: &Context<'_>) -> Result<Self, EngineError> {
        context.monitor.progress(Progress::Begin { phase: Phase::Opening, items: 0, bytes: 0 });
        let ahead = LookAhead::look(context.store.clone(), &[SLOTS, OWNER, LOG], &Proven::default());
        let ahead = ahead.map_err(RepoError::from)?;
        if ahead.list(OWNER).is_ok_and(|list| list.is_empty()) && ahead.list(SLOTS).is_ok_and(|list| list.is_empty()) {
            return Err(RepoError::NoRepository.into());
        }
        refuse_broken_off(&ahead)?;
        context.monitor.progress(Progress::End);
        Ok(Self(ahead))
    }

    /// Unlocks, reads and verifies the history, and holds it against what this machine has seen before.
    pub fn unlock(self, context: &Context<'_>, credential: &Credential) -> Result<Opened, EngineError> {
        context.monitor.progress(Progress::Begin { phase: Phase::Unlocking, items: 0, bytes: 0 });
        let master = unlock(&self.0, credential)?;
        context.monitor.progress(Progress::End);
        context.monitor.progress(Progress::Begin { phase: Phase::Opening, items: 0, bytes: 0 });
        let local_key = LocalKey::of_master(&master);
        let repository = master.repository();
        let state = context.state(repository);
        let mut seen = vec![Seen::load(&state, SEEN, &local_key)?];
        let session = ReaderSession::open(context.store.clone(), &self.0, master)?;
        // What this machine saw when it backed up counts too: many never do anything else.
        for (writer, grant) in session.owner.writers() {
            if let Ok(master) = session.opener().master_of(grant.epoch) {
                let key = LocalKey::of_writer(&master.writer(writer));
                seen.push(Seen::load(&state, &Seen::name_for_writer(writer), &key)?);
            }
        }
        let (damaged_since_seen, missing) = seen_and_not_there(&session, &seen);
        let contradiction = missing.into_iter().next().map(|missing| HistoryError::SeenBeforeMissing { missing });
        let unknown = |seen: &Seen| seen.logs.keys().any(|writer| !session.logs.contains_key(writer));
        let has_stranger = session.strangers.iter().any(|stranger| stranger.claim != Claim::OtherRepository);
        let damage = session.owner.damage().filter(|_| has_stranger || seen.iter().any(unknown));
        let hides_backups = damage.or_else(|| session.missing.hiding(&session.strangers));
        let now = heads(&session);
        // Only a machine that has a place for state keeps it: a read-only home must not stop a restore. What it knows of
        // newer records is never replaced by an older state.
        let is_whole = contradiction.is_none() && damaged_since_seen.is_empty() && session.owner.damage().is_none();
        if is_whole && now != seen[0] {
            let _ = now.store(&state, SEEN, &local_key, context.environment);
        }
        context.monitor.progress(Progress::End);
        let fetchers = Mutex::default();
        Ok(Opened { session, contradiction, damaged_since_seen, hides_backups, repository, local_key, fetchers })
    }
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

fn heads(session: &ReaderSession) -> Seen {
    let logs = session.logs.iter().map(|(writer, log)| (*writer, log.chain().heads())).collect();
    Seen { owner: session.owner.chain().heads(), logs }
}

/// What this machine has seen once must be there again. A record that is there and damaged is damage, not an older state:
/// what is older can still be read, but nothing may be taken for the latest. Damaged ones first, then missing ones.
fn seen_and_not_there(session: &ReaderSession, seen: &[Seen]) -> (BTreeSet<String>, BTreeSet<String>) {
    let owner = seen.iter().flat_map(|seen| &seen.owner);
    let owner: Vec<Place> =
        owner.filter(|record| !session.owner.chain().contains(record)).map(|record| Place::Owner(*record)).collect();
    // Of a computer of which the enrolment cannot be read nothing can be said, least of all that its log is gone.
    let is_whole = owner.is_empty() && session.owner.damage().is_none();
    let is_known = |writer: &WriterId| session.logs.contains_key(writer) || is_whole;
    let logs = seen.iter().flat_map(|seen| &seen.logs).filter(|(writer, _)| is_known(writer));
    let logs = logs.flat_map(|(writer, heads)| {
        let log = session.logs.get(writer);
        let gone = heads.iter().filter(move |record| log.is_none_or(|log| !log.chain().contains(record)));
        gone.map(|record| Place::Log(*writer, *record))
    });
    let damaged = session.owner.ignored.iter().chain(session.logs.values().flat_map(|log| &log.ignored));
    let damaged: BTreeSet<&str> = damaged.map(|ignored| ignored.object.as_str()).collect();
    let names = owner.iter().cloned().chain(logs).map(|place| place.name().to_string());
    names.partition(|name| damaged.contains(name.as_str()))
}
