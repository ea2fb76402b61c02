//! Writing owner records: the genesis of a repository, and each later decision. Sealing is a step of its own, so that a new
//! repository can be sealed as a whole before anything of it is put.

use super::{fresh, put_settled};
use crate::config::Configuration;
use crate::crypto::kem::reader_fingerprint;
use crate::error::RepoError;
use crate::header::{ObjectType, Sealer};
use crate::history::OwnerHistory;
use crate::keys::MasterKey;
use crate::layout::Place;
use crate::record::{OwnerBody, OwnerPublic, RecordParts, RecordRef, SealedRecord, seal_record};
use chest_model::{Environment, Timestamp, WriterId};
use chest_store::ObjectStore;

/// A decision that is sealed and not yet put: what could fail on this computer has not.
pub struct SealedDecision {
    record: RecordRef,
    at: Timestamp,
    bytes: Vec<u8>,
}

impl SealedDecision {
    /// The record that begins a repository.
    pub fn genesis(
        master: &MasterKey,
        configuration: Configuration,
        environment: &dyn Environment,
    ) -> Result<Self, RepoError> {
        let body = OwnerBody::Genesis {
            owner_key: master.owner_public(),
            reader_fingerprint: reader_fingerprint(&master.reader_public()),
            configuration,
        };
        Self::seal(master, Vec::new(), environment.now(), body, environment)
    }

    /// A decision right after this one.
    pub fn followed_by(
        &self,
        master: &MasterKey,
        body: OwnerBody,
        environment: &dyn Environment,
    ) -> Result<Self, RepoError> {
        Self::seal(master, vec![self.record], self.at.max(environment.now()), body, environment)
    }

    /// What it is called.
    pub fn record(&self) -> RecordRef {
        self.record
    }

    /// Puts it.
    pub fn put(self, store: &dyn ObjectStore) -> Result<RecordRef, RepoError> {
        put_settled(store, &Place::Owner(self.record).name(), self.bytes)?;
        Ok(self.record)
    }

    fn seal(
        master: &MasterKey,
        parents: Vec<RecordRef>,
        at: Timestamp,
        body: OwnerBody,
        environment: &dyn Environment,
    ) -> Result<Self, RepoError> {
        let seq = parents.iter().map(|parent| parent.seq + 1).max().unwrap_or(0);
        let public = OwnerPublic { seq, parents, at, body };
        let SealedRecord { bytes, hash } = seal_decision(master, &public, &fresh(environment)?)?;
        Ok(Self { record: RecordRef { seq, hash }, at, bytes })
    }
}

/// Writes a decision after everything that `history` shows. Its time never lies before the newest one's.
pub fn append_decision(
    store: &dyn ObjectStore,
    master: &MasterKey,
    history: &OwnerHistory,
    body: OwnerBody,
    environment: &dyn Environment,
) -> Result<RecordRef, RepoError> {
    let newest = history.chain().iter().map(|(_, public)| public.at).max();
    let at = newest.map_or(environment.now(), |newest| newest.max(environment.now()));
    SealedDecision::seal(master, history.chain().heads(), at, body, environment)?.put(store)
}

fn seal_decision(master: &MasterKey, public: &OwnerPublic, random: &[u8; 32]) -> Result<SealedRecord, RepoError> {
    let sealer = Sealer::new(master.writer(WriterId::OWNER), master.reader_public(), master.reader_public());
    let encoded = public.encode();
    // An empty map: nothing in these kinds is for the reader alone.
    let parts = RecordParts {
        object_type: ObjectType::OwnerRecord,
        kind: public.kind(),
        public: &encoded,
        note: None,
        body: &[0xa0],
    };
    seal_record(&sealer, &master.owner_signing_seed(), &parts, random)
        .map_err(|problem| RepoError::object("the new owner record", problem))
}
