//! What this machine has noted of a repository in earlier runs, and whether a history still holds it: what was seen once must be seen
//! again. Other runs of this machine add to these notes at any time. So each is read once only, and when, against the listing that it is
//! held against, matters: see [`Noted::is_newer`].

use crate::{Context, EngineError};
use chest_model::{Environment, WriterId};
use chest_repo::RepoError;
use chest_repo::keys::MasterKey;
use chest_repo::layout::Place;
use chest_repo::local::{LocalFolder, LocalKey, Seen};
use chest_repo::repository::ReaderSession;
use std::collections::{BTreeMap, BTreeSet};

/// The name of the file in which a reader notes what it has seen.
const BY_READER: &str = "seen-by-reader";

/// The notes of a machine, as they were when they were read.
pub struct Noted {
    state: LocalFolder,
    key: LocalKey,
    by_reader: Seen,
    /// What this machine saw when it backed up counts too: many never do anything else.
    by_writers: BTreeMap<WriterId, Seen>,
    /// What was shown while this very run was looking.
    shown: Vec<Seen>,
    is_newer: bool,
}

impl Noted {
    /// Reads what was noted as a reader.
    pub fn of_reader(context: &Context<'_>, master: &MasterKey) -> Result<Self, EngineError> {
        let (state, key) = (context.state(master.repository()), LocalKey::of_master(master));
        let by_reader = Seen::load(&state, BY_READER, &key)?;
        Ok(Self { state, key, by_reader, by_writers: BTreeMap::new(), shown: Vec::new(), is_newer: true })
    }

    /// Reads what was noted when this machine backed up, as any of the writers that this history names.
    pub fn add_writers(&mut self, session: &ReaderSession) -> Result<(), EngineError> {
        for (writer, grant) in session.owner.writers() {
            if !self.by_writers.contains_key(&writer)
                && let Ok(master) = session.opener().master_of(grant.epoch)
            {
                let key = LocalKey::of_writer(&master.writer(writer));
                let seen = Seen::load(&self.state, &Seen::name_for_writer(writer), &key)?;
                self.by_writers.insert(writer, seen);
                self.is_newer = true;
            }
        }
        Ok(())
    }

    /// The store is about to be listed anew: what this history shows must be shown then as well, and every note is older than that.
    pub fn look_again(&mut self, session: &ReaderSession) {
        self.shown.push(heads(session));
        self.is_newer = false;
    }

    /// Whether some note was read after the store was listed: a record that it names may have come in between.
    pub fn is_newer(&self) -> bool {
        self.is_newer
    }

    /// Whether any note names a log that this history lacks.
    pub fn names_unknown_log(&self, session: &ReaderSession) -> bool {
        self.all().flat_map(|seen| seen.logs.keys()).any(|writer| !session.logs.contains_key(writer))
    }

    /// What this machine has seen once must be there again. A record that is there and damaged is damage, not an older state:
    /// what is older can still be read, but nothing may be taken for the latest. Damaged ones first, then missing ones.
    pub fn not_there(&self, session: &ReaderSession) -> (BTreeSet<String>, BTreeSet<String>) {
        let owner = self.all().flat_map(|seen| &seen.owner);
        let owner: Vec<Place> = owner
            .filter(|record| !session.owner.chain().contains(record))
            .map(|record| Place::Owner(*record))
            .collect();
        // Of a computer of which the enrolment cannot be read nothing can be said, least of all that its log is gone.
        let is_whole = owner.is_empty() && session.owner.damage().is_none();
        let is_known = |writer: &WriterId| session.logs.contains_key(writer) || is_whole;
        let logs = self.all().flat_map(|seen| &seen.logs).filter(|(writer, _)| is_known(writer));
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

    /// Notes what this history shows, in which nothing is missing. Only a machine that has a place for state keeps it: a read-only
    /// home must not stop a restore. Nor is it put over what another run has noted since these notes were read: that may be newer.
    pub fn keep(&self, session: &ReaderSession, environment: &dyn Environment) {
        let now = heads(session);
        let is_as_read = || Seen::load(&self.state, BY_READER, &self.key).is_ok_and(|seen| seen == self.by_reader);
        if now != self.by_reader && is_as_read() {
            let _ = now.store(&self.state, BY_READER, &self.key, environment);
        }
    }

    /// Makes what this history shows all that this machine has noted.
    pub fn replace_by(self, session: &ReaderSession, environment: &dyn Environment) -> Result<(), RepoError> {
        for writer in session.owner.writers().into_keys() {
            self.state.remove(&Seen::name_for_writer(writer))?;
        }
        heads(session).store(&self.state, BY_READER, &self.key, environment)
    }

    /// Expects nothing more of a log to which this machine will not add any more.
    pub fn forget_log(mut self, writer: WriterId, environment: &dyn Environment) -> Result<(), RepoError> {
        self.by_reader.logs.remove(&writer);
        self.by_reader.store(&self.state, BY_READER, &self.key, environment)?;
        self.state.remove(&Seen::name_for_writer(writer))
    }

    fn all(&self) -> impl Iterator<Item = &Seen> {
        [&self.by_reader].into_iter().chain(self.by_writers.values()).chain(&self.shown)
    }
}

fn heads(session: &ReaderSession) -> Seen {
    let logs = session.logs.iter().map(|(writer, log)| (*writer, log.chain().heads())).collect();
    Seen { owner: session.owner.chain().heads(), logs }
}
