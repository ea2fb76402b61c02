//! The owner's decisions as read from the store.

use super::{Chain, HistoryError, IgnoredRecord, OnNewer, OwnerView, fetch};
use crate::config::Configuration;
use crate::crypto::sign::PublicKey;
use crate::error::{ObjectError, RepoError};
use crate::header::ObjectType;
use crate::keys::MasterKey;
use crate::layout::{OWNER, Place};
use crate::record::{LiveSlot, OwnerBody, OwnerPublic, RecordFrame, RecordRef, WriterGrant};
use chest_model::{ObjectHash, RepositoryId, WriterId};
use chest_store::{ObjectName, ObjectStore};
use std::collections::{BTreeMap, BTreeSet};

/// Why the owner's records are believed.
#[derive(Clone, Copy)]
pub enum OwnerTrust<'a> {
    /// The master key is at hand: it gives the owner's public key.
    Master(&'a MasterKey),
    /// A writer was enrolled with this genesis record and this owner's key.
    Enrolled {
        /// The hash of the genesis record.
        genesis: ObjectHash,
        /// The owner's public key.
        owner_key: PublicKey,
    },
    /// Nobody vouches: whatever the genesis record says of itself. For checks without a key only.
    Unproven,
}

/// Every owner record that is authentic.
#[derive(Debug, Clone, Default)]
pub struct OwnerHistory {
    chain: Chain<OwnerPublic>,
    genesis: Option<Genesis>,
    /// What was not authentic or is damaged.
    pub ignored: Vec<IgnoredRecord>,
}

#[derive(Debug, Clone)]
struct Genesis {
    record: RecordRef,
    repository: RepositoryId,
    owner_key: PublicKey,
    reader_fingerprint: [u8; 32],
    configuration: Configuration,
}

impl OwnerHistory {
    /// Lists and reads `owner/`. Fails where there is no genesis record that `trust` vouches for.
    pub fn read(store: &dyn ObjectStore, trust: OwnerTrust<'_>, on_newer: OnNewer) -> Result<Self, RepoError> {
        let mut history = Self::default();
        let mut frames = Vec::new();
        for listed in store.list(OWNER)? {
            let Some(place @ Place::Owner(record)) = Place::parse(&listed.name) else { continue };
            match fetch(store, &place, listed.size)? {
                Ok(frame) => frames.push((record, frame)),
                Err(problem) => history.ignore(&place, problem, on_newer)?,
            }
        }
        if frames.is_empty() && history.ignored.is_empty() {
            return Err(RepoError::NoRepository);
        }
        history.find_genesis(&frames, trust)?;
        for (record, frame) in frames {
            if let Err(problem) = history.take(record, &frame) {
                history.ignore(&Place::Owner(record), problem, on_newer)?;
            }
        }
        history.configuration().check_readable().map_err(|problem| RepoError::object("the configuration", problem))?;
        Ok(history)
    }

    fn ignore(&mut self, place: &Place, problem: ObjectError, on_newer: OnNewer) -> Result<(), RepoError> {
        let object = place.name().to_string();
        if on_newer.stops_at_owner_record(&problem) {
            return Err(RepoError::object(object, problem));
        }
        self.ignored.push(IgnoredRecord { object, problem });
        Ok(())
    }

    fn find_genesis(&mut self, frames: &[(RecordRef, RecordFrame)], trust: OwnerTrust<'_>) -> Result<(), RepoError> {
        let mut other = None;
        for (record, frame) in frames.iter().filter(|(record, _)| record.seq == 0) {
            let public = match decode(frame) {
                Ok(public) => public,
                // Nothing can be verified without it, so what it looks like is what is said.
                Err(problem) if problem.is_from_newer() => {
                    return Err(RepoError::object(Place::Owner(*record).name(), problem));
                }
                Err(_) => continue,
            };
            let OwnerBody::Genesis { owner_key, reader_fingerprint, configuration } = public.body else { continue };
            let trusted = match trust {
                OwnerTrust::Master(master) => {
                    owner_key == master.owner_public() && frame.fixed().repository == master.repository()
                }
                OwnerTrust::Enrolled { genesis, owner_key: known } => record.hash == genesis && owner_key == known,
                OwnerTrust::Unproven => true,
            };
            if !trusted || frame.verify(&owner_key).is_err() {
                other = Some(HistoryError::OtherGenesis);
                continue;
            }
            let repository = frame.fixed().repository;
            self.genesis = Some(Genesis { record: *record, repository, owner_key, reader_fingerprint, configuration });
            return Ok(());
        }
        if let (None, Some(damaged)) = (&other, self.ignored.iter().find(|ignored| is_damaged_beginning(ignored))) {
            return Err(damaged.as_owner_damage().into());
        }
        // A repository that begins with a newer program's record is a newer program's repository.
        let newer = self.ignored.iter().find(|ignored| ignored.problem.is_from_newer());
        match (newer, other) {
            (Some(newer), None) => Err(RepoError::object(&newer.object, newer.problem.clone())),
            (_, other) => Err(other.unwrap_or(HistoryError::NoGenesis).into()),
        }
    }

    fn take(&mut self, record: RecordRef, frame: &RecordFrame) -> Result<(), ObjectError> {
        let genesis = self.genesis_record();
        if frame.fixed().object_type != ObjectType::OwnerRecord {
            return Err(ObjectError::WrongType);
        }
        if frame.fixed().repository != genesis.repository {
            return Err(ObjectError::OtherRepository);
        }
        frame.verify(&genesis.owner_key)?;
        let public = decode(frame)?;
        if public.seq != record.seq {
            return Err(ObjectError::Malformed("its number is not the one in its name"));
        }
        if record.seq == 0 && record != genesis.record {
            return Err(ObjectError::Malformed("a second genesis record"));
        }
        self.chain.insert(record, public.parents.clone(), public);
        Ok(())
    }

    fn genesis_record(&self) -> &Genesis {
        // `read` returns only histories with a genesis record, and there is no other way to make one.
        #[allow(clippy::expect_used)]
        self.genesis.as_ref().expect("read() found a genesis record")
    }

    /// The first of the owner's records that is there and damaged.
    pub fn damage(&self) -> Option<HistoryError> {
        self.ignored.iter().find(|ignored| ignored.is_damaged()).map(IgnoredRecord::as_owner_damage)
    }

    /// What stands behind an error: where the record that is said to be missing lies there and is damaged, it is that; and
    /// where a computer is said not to be enrolled, a damaged record may be its enrolment.
    pub fn explain(&self, error: HistoryError) -> HistoryError {
        let behind = match &error {
            HistoryError::Gap { missing } | HistoryError::SeenBeforeMissing { missing } => {
                let is_it = |ignored: &&IgnoredRecord| ignored.is_damaged() && ignored.object == *missing;
                self.ignored.iter().find(is_it).map(IgnoredRecord::as_owner_damage)
            }
            HistoryError::NotEnrolled => self.damage(),
            _ => None,
        };
        behind.unwrap_or(error)
    }

    /// The record that begins the repository, where it is damaged: then it does not even say which repository this is.
    pub fn damaged_beginning(store: &dyn ObjectStore) -> Result<Option<HistoryError>, RepoError> {
        for listed in store.list(OWNER)? {
            let Some(place @ Place::Owner(_)) = Place::parse(&listed.name) else { continue };
            if let Err(problem) = fetch(store, &place, listed.size)? {
                let ignored = IgnoredRecord { object: listed.name.to_string(), problem };
                if is_damaged_beginning(&ignored) {
                    return Ok(Some(ignored.as_owner_damage()));
                }
            }
        }
        Ok(None)
    }

    /// The records.
    pub fn chain(&self) -> &Chain<OwnerPublic> {
        &self.chain
    }

    /// The hash of the record that begins the repository.
    pub fn genesis(&self) -> ObjectHash {
        self.genesis_record().record.hash
    }

    /// The repository.
    pub fn repository(&self) -> RepositoryId {
        self.genesis_record().repository
    }

    /// The key that signs owner records.
    pub fn owner_key(&self) -> &PublicKey {
        &self.genesis_record().owner_key
    }

    /// What everybody goes by.
    pub fn configuration(&self) -> &Configuration {
        &self.genesis_record().configuration
    }

    /// Whether this is the reader's key that the repository was made with.
    pub fn check_reader(&self, reader: &[u8; 32]) -> Result<(), HistoryError> {
        let fingerprint = crate::crypto::kem::reader_fingerprint(reader);
        if fingerprint == self.genesis_record().reader_fingerprint {
            Ok(())
        } else {
            Err(HistoryError::ReaderKeySwapped)
        }
    }

    /// The writers that were added.
    pub fn writers(&self) -> BTreeMap<WriterId, WriterGrant> {
        let grants = self.chain.iter().filter_map(|(_, public)| match &public.body {
            OwnerBody::AddWriter(grant) => Some((grant.writer, *grant)),
            _ => None,
        });
        grants.collect()
    }

    /// The slots of the newest record that lists them.
    pub fn live_slots(&self) -> Vec<LiveSlot> {
        let newest = self.chain.iter().rev().find_map(|(_, public)| match &public.body {
            OwnerBody::Slots { live } => Some(live.clone()),
            _ => None,
        });
        newest.unwrap_or_default()
    }

    /// What a writer's or reader's protocol step must know of it.
    pub fn view(&self) -> OwnerView {
        let heads = self.chain.heads();
        let mut view = OwnerView { heads, gaps: self.chain.gaps(), ..OwnerView::default() };
        for (record, public) in self.chain.iter() {
            view.records.insert(*record);
            match &public.body {
                OwnerBody::Revoke { writer } => {
                    view.revoked.insert(*writer);
                }
                OwnerBody::Cut { writer, heads } => view.counted.entry(*writer).or_default().extend(heads),
                body => {
                    if let OwnerBody::Drop { cut, .. } = body {
                        for (writer, heads) in cut {
                            view.counted.entry(*writer).or_default().extend(heads);
                        }
                    }
                    view.condemned.extend(condemned_by(body));
                }
            }
        }
        view
    }

    /// The packs that the records reachable from `heads` condemn.
    pub fn condemned(&self, heads: &[RecordRef]) -> BTreeSet<ObjectHash> {
        let reached = self.chain.ancestry(heads);
        reached
            .iter()
            .filter_map(|record| self.chain.get(record))
            .flat_map(|public| condemned_by(&public.body))
            .collect()
    }
}

fn is_damaged_beginning(ignored: &IgnoredRecord) -> bool {
    let place = ObjectName::new(ignored.object.clone()).ok().and_then(|name| Place::parse(&name));
    ignored.is_damaged() && matches!(place, Some(Place::Owner(record)) if record.seq == 0)
}

fn condemned_by(body: &OwnerBody) -> impl Iterator<Item = ObjectHash> {
    let packs = match body {
        OwnerBody::Condemn { packs } | OwnerBody::Bad { packs } | OwnerBody::Drop { packs, .. } => packs.as_slice(),
        _ => &[],
    };
    packs.iter().copied()
}

fn decode(frame: &RecordFrame) -> Result<OwnerPublic, ObjectError> {
    OwnerPublic::decode(frame.fixed().kind, frame.public())
}
