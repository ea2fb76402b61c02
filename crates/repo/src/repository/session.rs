//! Reading a repository with the master key: its history, its snapshots, its index.

use super::beginning::begins_repository;
use crate::compress::Decompressor;
use crate::error::{ObjectError, RepoError};
use crate::header::Opener;
use crate::history::{HistoryError, LogHistory, MissingRecords, OnNewer, OwnerHistory, OwnerTrust, Stranger};
use crate::index::{IndexedPack, Lookup, open_segment};
use crate::keys::{DomainId, DomainKeys, MasterKey, WriterKey};
use crate::layout::{OWNER, PACKS, Place};
use crate::pack::PackKey;
use crate::parallel;
use crate::record::{
    Added, AddedKind, Inventory, RecordFrame, RecordRef, SnapshotBody, SnapshotRoot, WriterGrant, WriterNote,
};
use chest_model::{Monitor, ObjectHash, Progress, RepositoryId, SnapshotSummary, WriterId};
use chest_store::ObjectStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An open repository, for reading.
pub struct ReaderSession {
    store: Arc<dyn ObjectStore>,
    opener: Arc<Opener>,
    /// The owner's decisions.
    pub owner: OwnerHistory,
    /// Every writer's log.
    pub logs: BTreeMap<WriterId, LogHistory>,
    /// Objects in `log/` that belong to no writer.
    pub strangers: Vec<Stranger>,
    /// What records name and is not there.
    pub missing: MissingRecords,
}

/// A run's record, opened.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Its record; the hash is the snapshot's id.
    pub record: RecordRef,
    /// The writer that made it.
    pub writer: WriterId,
    /// What it says openly.
    pub public: crate::record::LogPublic,
    /// What it says to the reader.
    pub body: SnapshotBody,
}

impl Snapshot {
    /// As lists show it.
    pub fn summary(&self) -> SnapshotSummary {
        SnapshotSummary {
            id: self.record.hash,
            writer: self.writer,
            started: self.public.started,
            ended: self.public.ended,
            completeness: self.public.completeness,
            host: self.body.host.clone(),
            roots: self.body.roots.iter().map(|root| root.description.clone()).collect(),
            containers: self.body.roots.iter().flat_map(SnapshotRoot::labelled_containers).collect(),
            files: self.body.roots.iter().map(|root| root.files).sum(),
            bytes: self.body.roots.iter().map(|root| root.bytes).sum(),
        }
    }
}

/// The index of a domain, by all writers that are or were in it, and what could not be read of it.
pub struct DomainIndex {
    /// Where its chunks lie.
    pub lookup: Lookup,
    /// The keys of its chunks.
    pub domain: Arc<DomainKeys>,
    /// Index objects that are missing or damaged; their packs were read instead.
    pub damaged: Vec<(String, ObjectError)>,
    /// How many packs had to be read because an index object was lost.
    pub rebuilt: usize,
}

/// The ids of the repositories that say they begin here: one, unless somebody has put another's first record beside it.
/// They stand open in every object, and are proven by nothing yet.
pub fn repository_ids(store: &dyn ObjectStore) -> Result<Vec<RepositoryId>, RepoError> {
    let mut ids = Vec::new();
    for one in store.list(OWNER)? {
        if begins_repository(&one.name)
            && one.size <= RecordFrame::MAX_LEN
            && let Ok(frame) = RecordFrame::parse(store.get(&one.name)?)
        {
            ids.push(frame.fixed().repository);
        }
    }
    ids.dedup();
    if ids.is_empty() && store.list(OWNER)?.is_empty() { Err(RepoError::NoRepository) } else { Ok(ids) }
}

/// What the index objects of a domain say.
struct Indexed {
    packs: Vec<IndexedPack>,
    /// Those that cannot be read.
    damaged: Vec<(String, ObjectError)>,
}

impl ReaderSession {
    /// Reads and verifies the whole history, as `look` shows it; everything else comes from the store itself.
    pub fn open(store: Arc<dyn ObjectStore>, look: &dyn ObjectStore, master: MasterKey) -> Result<Self, RepoError> {
        let owner = OwnerHistory::read(look, OwnerTrust::Master(&master), OnNewer::Report)?;
        owner.check_reader(&master.reader_public())?;
        let (logs, strangers) = LogHistory::read_all(look, &owner, OnNewer::Report)?;
        let missing = MissingRecords::of(&owner, &logs, &strangers);
        Ok(Self { store, opener: Arc::new(Opener::new(master)), owner, logs, strangers, missing })
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// What opens sealed objects.
    pub fn opener(&self) -> &Arc<Opener> {
        &self.opener
    }

    /// Every snapshot that counts, oldest first by the end of its reading; and records that could not be opened.
    pub fn snapshots(&self) -> (Vec<Snapshot>, Vec<(String, RepoError)>) {
        let (mut snapshots, mut unreadable) = (Vec::new(), Vec::new());
        for log in self.logs.values() {
            for (record, _) in log.chain().iter().filter(|(record, _)| log.counts(record, &self.owner)) {
                match self.snapshot(log.writer(), *record) {
                    Ok(snapshot) => snapshots.push(snapshot),
                    Err(error) => unreadable.push((Place::Log(log.writer(), *record).name().to_string(), error)),
                }
            }
        }
        snapshots.sort_by_key(|snapshot| (snapshot.public.ended, snapshot.record));
        (snapshots, unreadable)
    }

    fn snapshot(&self, writer: WriterId, record: RecordRef) -> Result<Snapshot, RepoError> {
        let name = || Place::Log(writer, record).name();
        let entry = self.logs.get(&writer).and_then(|log| log.chain().get(&record));
        let entry = entry.ok_or_else(|| RepoError::object(name(), ObjectError::Missing))?;
        let body = entry.frame.open_body(&self.opener).map_err(|problem| RepoError::object(name(), problem))?;
        let body = SnapshotBody::decode(&body).map_err(|problem| RepoError::object(name(), problem))?;
        Ok(Snapshot { record, writer, public: entry.public.clone(), body })
    }

    /// The chunk keys of a writer's domain.
    pub fn domain(&self, writer: WriterId) -> Result<DomainKeys, RepoError> {
        let grant = self.grant(writer)?;
        let master = self
            .opener
            .master_of(grant.domain.epoch)
            .map_err(|problem| RepoError::object("the writer's domain", problem))?;
        Ok(master.domain(grant.domain.founder).keys())
    }

    fn grant(&self, writer: WriterId) -> Result<WriterGrant, RepoError> {
        Ok(self.owner.writers().get(&writer).copied().ok_or(HistoryError::NotEnrolled)?)
    }

    /// The key of a writer, in the epoch in which it was added.
    fn writer_key(&self, writer: WriterId) -> Result<WriterKey, RepoError> {
        let master = self.opener.master_of(self.grant(writer)?.epoch);
        Ok(master.map_err(|problem| RepoError::object("the writer's key", problem))?.writer(writer))
    }

    /// The index objects that are live: the notes of the heads that count, put together. Notes that do not open name nothing.
    pub fn live_index(&self, writer: WriterId) -> Result<BTreeSet<ObjectHash>, RepoError> {
        Ok(self.live_index_with_sizes(writer)?.into_keys().collect())
    }

    fn live_index_with_sizes(&self, writer: WriterId) -> Result<BTreeMap<ObjectHash, u64>, RepoError> {
        let Some(log) = self.logs.get(&writer) else { return Ok(BTreeMap::new()) };
        let key = self.writer_key(writer)?;
        let heads = log.counting_heads(&self.owner);
        let notes = heads.iter().filter_map(|head| {
            let note = log.chain().get(head)?.frame.open_note(&key).ok()?;
            WriterNote::decode(&note).ok()
        });
        Ok(notes.flat_map(|note| note.live_index).collect())
    }

    /// Reads the index of a writer's domain: the writer's own, and that of every other in it, whose packs may hold a sound copy
    /// of what is damaged in its own. The index is only a cache: every pack that their records name, and that it leaves out,
    /// is read instead, because packs describe themselves. So neither a lost index object nor a writer who lies in its
    /// note hides anything.
    pub fn index(&self, writer: WriterId) -> Result<DomainIndex, RepoError> {
        let Indexed { mut packs, damaged } = self.indexed_packs(writer)?;
        let mut rebuilt = 0;
        let known: BTreeSet<ObjectHash> = packs.iter().map(|pack| pack.name).collect();
        for hash in self.packs_named_in_domain_of(writer)?.difference(&known) {
            if let Ok(pack) = self.describe_pack(*hash)? {
                packs.push(pack);
                rebuilt += 1;
            }
        }
        Ok(DomainIndex { lookup: Lookup::new(packs), domain: Arc::new(self.domain(writer)?), damaged, rebuilt })
    }

    /// What the live index objects of a writer's domain say, and those that cannot be read.
    fn indexed_packs(&self, writer: WriterId) -> Result<Indexed, RepoError> {
        let (mut objects, mut largest) = (Vec::new(), 0);
        for writer in self.domain_members(writer)? {
            let (key, live) = (self.writer_key(writer)?, self.live_index_with_sizes(writer)?);
            largest = live.values().copied().max().unwrap_or_default().max(largest);
            objects.extend(live.into_keys().map(|hash| (key.clone(), Place::Index(writer, hash))));
        }
        let at_once = self.store.requests_at_once().of_up_to(largest);
        let (mut packs, mut damaged) = (Vec::new(), Vec::new());
        let read = parallel::map(&objects, at_once, |(_, place)| self.get_proven(place));
        for ((key, place), read) in objects.iter().zip(read) {
            match read?.and_then(|bytes| open_segment(key, &bytes)) {
                Ok(segment) => packs.extend(segment.packs),
                Err(problem) => damaged.push((place.name().to_string(), problem)),
            }
        }
        Ok(Indexed { packs, damaged })
    }

    /// Which domain a writer's chunks are in.
    pub fn domain_of(&self, writer: WriterId) -> Result<DomainId, RepoError> {
        Ok(self.grant(writer)?.domain)
    }

    /// The writers of a writer's domain whose keys can be had, itself first.
    fn domain_members(&self, writer: WriterId) -> Result<Vec<WriterId>, RepoError> {
        let domain = self.domain_of(writer)?;
        let others =
            self.owner.writers().into_iter().filter(|(other, grant)| *other != writer && grant.domain == domain);
        let others = others.filter(|(_, grant)| self.opener.master_of(grant.epoch).is_ok());
        Ok(std::iter::once(writer).chain(others.map(|(other, _)| other)).collect())
    }

    /// Every pack that a record of any writer of this one's domain names as added.
    pub fn packs_named_in_domain_of(&self, writer: WriterId) -> Result<BTreeSet<ObjectHash>, RepoError> {
        let mut named = BTreeSet::new();
        for member in self.domain_members(writer)? {
            named.extend(self.packs_named_by(member)?);
        }
        Ok(named)
    }

    /// The same, and every pack that the index of such a writer names, whose record of it may be lost. Whoever relies on one proves
    /// it first.
    pub fn packs_said_to_be_in_domain_of(&self, writer: WriterId) -> Result<BTreeSet<ObjectHash>, RepoError> {
        let Indexed { packs: indexed, .. } = self.indexed_packs(writer)?;
        let mut said = self.packs_named_in_domain_of(writer)?;
        said.extend(indexed.into_iter().map(|pack| pack.name));
        Ok(said)
    }

    /// Every pack that a writer's records name as added by it.
    pub fn packs_named_by(&self, writer: WriterId) -> Result<BTreeSet<ObjectHash>, RepoError> {
        let added = self.added_by(writer)?;
        Ok(added.into_iter().filter(|(kind, _)| *kind == AddedKind::Pack).map(|(_, hash)| hash).collect())
    }

    /// Every object that a writer's records name as added by it. An inventory that is lost names nothing.
    pub fn added_by(&self, writer: WriterId) -> Result<BTreeSet<(AddedKind, ObjectHash)>, RepoError> {
        let mut names = BTreeSet::new();
        let Some(log) = self.logs.get(&writer) else { return Ok(names) };
        for (_, entry) in log.chain().iter() {
            match &entry.public.added {
                Added::Listed(objects) => names.extend(objects.iter().map(|object| (object.kind, object.hash))),
                Added::Inventory { hash, .. } => {
                    let listed =
                        self.get_proven(&Place::Inventory(writer, *hash))?.and_then(|bytes| Inventory::decode(&bytes));
                    let objects = listed.map(|inventory| inventory.0).unwrap_or_default();
                    names.extend(objects.iter().map(|object| (object.kind, object.hash)));
                }
            }
        }
        Ok(names)
    }

    /// The inventory objects that a writer's records name.
    pub fn inventories_of(&self, writer: WriterId) -> Vec<ObjectHash> {
        let entries = self.logs.get(&writer).into_iter().flat_map(|log| log.chain().iter());
        let inventories = entries.filter_map(|(_, entry)| match entry.public.added {
            Added::Inventory { hash, .. } => Some(hash),
            Added::Listed(_) => None,
        });
        inventories.collect()
    }

    /// What a pack says of itself, or why it says nothing. A store that fails is an error.
    pub fn describe_pack(&self, hash: ObjectHash) -> Result<Result<IndexedPack, ObjectError>, RepoError> {
        let read = self.get_proven(&Place::Pack(hash))?;
        Ok(read.and_then(|bytes| PackKey::describe(&self.opener, hash, &bytes)))
    }

    /// What these packs say of themselves, each opened down to every chunk's id. Those that are missing or damaged are left out.
    pub fn prove_packs(
        &self,
        names: &[ObjectHash],
        domain: &DomainKeys,
        monitor: &dyn Monitor,
    ) -> Result<Vec<IndexedPack>, RepoError> {
        let threads = self.store.requests_at_once().large.max(2);
        let proven = parallel::map(names, threads, |name| {
            if monitor.cancelled() {
                return Err(RepoError::Stopped);
            }
            let pack = self.prove_pack(*name, domain)?;
            let bytes = pack.as_ref().map_or(0, |pack| pack.size);
            monitor.progress(Progress::Done { items: 1, bytes });
            Ok(pack)
        });
        proven.into_iter().filter_map(Result::transpose).collect()
    }

    fn prove_pack(&self, name: ObjectHash, domain: &DomainKeys) -> Result<Option<IndexedPack>, RepoError> {
        let Ok(bytes) = self.get_proven(&Place::Pack(name))? else { return Ok(None) };
        let prove = |decompressor: &mut Decompressor| -> Result<IndexedPack, ObjectError> {
            PackKey::from_object(&self.opener, &bytes)?.verify(&bytes, domain, decompressor)?;
            PackKey::describe(&self.opener, name, &bytes)
        };
        let decompressor = Decompressor::new();
        let mut decompressor =
            decompressor.map_err(|source| RepoError::Local { path: "the decompressor".to_owned(), source })?;
        Ok(prove(&mut decompressor).ok())
    }

    /// An object whose bytes hash to its name; else what is wrong with it. A store that fails is an error.
    pub fn get_proven(&self, place: &Place) -> Result<Result<bytes::Bytes, ObjectError>, RepoError> {
        let bytes = match self.store.get(&place.name()) {
            Ok(bytes) => bytes,
            Err(chest_store::StoreError::NotFound(_)) => return Ok(Err(ObjectError::Missing)),
            Err(error) => return Err(error.into()),
        };
        Ok(if place.proves(&bytes) { Ok(bytes) } else { Err(ObjectError::NotItsName) })
    }

    /// Every pack in the store, with its length.
    pub fn list_packs(&self) -> Result<BTreeMap<ObjectHash, u64>, RepoError> {
        let listed = self.store.list(PACKS)?;
        let packs = listed.iter().filter_map(|one| match Place::parse(&one.name) {
            Some(Place::Pack(hash)) => Some((hash, one.size)),
            _ => None,
        });
        Ok(packs.collect())
    }
}
