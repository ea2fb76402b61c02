//! Opening a repository for reading.

use crate::{Context, EngineError};
use chest_model::{Phase, Progress, WriterId};
use chest_repo::local::{LocalKey, Seen};
use chest_repo::repository::{Fetcher, ReaderSession, unlock};
use chest_repo::slot::Credential;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The name of the file in which a reader notes what it has seen.
const SEEN: &str = "seen-by-reader";

/// A repository open for reading.
pub struct Opened {
    /// Its history and keys.
    pub session: ReaderSession,
    fetchers: Mutex<BTreeMap<WriterId, Arc<Fetcher>>>,
}

impl Opened {
    /// Unlocks, reads and verifies the history, and holds it against what this machine has seen before.
    pub fn open(context: &Context<'_>, credential: &Credential) -> Result<Self, EngineError> {
        context.monitor.progress(Progress::Begin { phase: Phase::Unlocking, items: 0, bytes: 0 });
        let master = unlock(&*context.store, credential)?;
        context.monitor.progress(Progress::End);
        context.monitor.progress(Progress::Begin { phase: Phase::Opening, items: 0, bytes: 0 });
        let local_key = LocalKey::of_master(&master);
        let state = context.state(master.repository());
        let seen = Seen::load(&state, SEEN, &local_key)?;
        let session = ReaderSession::open(context.store.clone(), master)?;
        hold_against(&session, &seen)?;
        let now = heads(&session);
        // Only a machine that has a place for state keeps it: a read-only home must not stop a restore.
        if now != seen {
            let _ = now.store(&state, SEEN, &local_key, context.environment);
        }
        context.monitor.progress(Progress::End);
        Ok(Self { session, fetchers: Mutex::default() })
    }

    /// What fetches the chunks of a writer's snapshots.
    pub fn fetcher(&self, writer: WriterId) -> Result<Arc<Fetcher>, EngineError> {
        let mut fetchers = self.fetchers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fetcher) = fetchers.get(&writer) {
            return Ok(fetcher.clone());
        }
        let index = Arc::new(self.session.index(writer)?);
        let fetcher = Arc::new(Fetcher::new(self.session.store().clone(), self.session.opener().clone(), index));
        fetchers.insert(writer, fetcher.clone());
        Ok(fetcher)
    }
}

fn heads(session: &ReaderSession) -> Seen {
    let logs = session.logs.iter().map(|(writer, log)| (*writer, log.chain().heads())).collect();
    Seen { owner: session.owner.chain().heads(), logs }
}

/// What this machine has seen once must be there again.
fn hold_against(session: &ReaderSession, seen: &Seen) -> Result<(), EngineError> {
    use chest_repo::history::HistoryError;
    use chest_repo::layout::Place;
    let missing_owner =
        seen.owner.iter().find(|record| !session.owner.chain().contains(record)).map(|r| Place::Owner(*r));
    let missing_log = seen.logs.iter().find_map(|(writer, heads)| {
        let log = session.logs.get(writer);
        let gone = heads.iter().find(|record| log.is_none_or(|log| !log.chain().contains(record)));
        gone.map(|record| Place::Log(*writer, *record))
    });
    match missing_owner.or(missing_log) {
        Some(place) => Err(HistoryError::SeenBeforeMissing { missing: place.name().to_string() }.into()),
        None => Ok(()),
    }
}
