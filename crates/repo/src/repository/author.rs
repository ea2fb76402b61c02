//! Writing owner records: the genesis of a repository, and each later decision.

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

/// Writes the genesis record and gives its reference.
pub fn begin_repository(
    store: &dyn ObjectStore,
    master: &MasterKey,
    configuration: Configuration,
    environment: &dyn Environment,
) -> Result<RecordRef, RepoError> {
    let body = OwnerBody::Genesis {
        owner_key: master.owner_public(),
        reader_fingerprint: reader_fingerprint(&master.reader_public()),
        configuration,
    };
    put_decision(store, master, Vec::new(), environment.now(), body, environment)
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
    put_decision(store, master, history.chain().heads(), at, body, environment)
}

fn put_decision(
    store: &dyn ObjectStore,
    master: &MasterKey,
    parents: Vec<RecordRef>,
    at: Timestamp,
    body: OwnerBody,
    environment: &dyn Environment,
) -> Result<RecordRef, RepoError> {
    let seq = parents.iter().map(|parent| parent.seq + 1).max().unwrap_or(0);
    let public = OwnerPublic { seq, parents, at, body };
    let SealedRecord { bytes, hash } = seal_decision(master, &public, &fresh(environment)?)?;
    let record = RecordRef { seq, hash };
    put_settled(store, &Place::Owner(record).name(), bytes)?;
    Ok(record)
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
