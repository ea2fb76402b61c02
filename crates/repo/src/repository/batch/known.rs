//! What a run may deduplicate against: only index objects that the note of the writer's own verified head names, and what an
//! interrupted run of this very writer left on top of that head. Never a pack that is condemned or not there.

use crate::error::{ObjectError, RepoError};
use crate::history::LogHistory;
use crate::index::{IdSet, IndexedPack, open_segment};
use crate::layout::{PACKS, Place, index_prefix};
use crate::local::{JournalRecovery, WriterFile};
use crate::parallel;
use crate::record::{Added, AddedKind, AddedObject, WriterNote};
use bytes::Bytes;
use chest_model::{ChunkId, ObjectHash};
use chest_store::{ObjectStore, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// No interrupted run leaves a longer index object behind that it pays to take up.
const MAX_ADOPTED_LEN: u64 = 16 << 20;

/// What is known to be stored.
pub struct Known {
    /// Chunks that need not be sent.
    pub(super) chunks: IdSet,
    pub(super) live: Vec<LiveSegment>,
    pub(super) adopted: Adopted,
    /// The heads of the own log.
    pub(super) base: Vec<ObjectHash>,
    /// The notes of those heads.
    pub notes: Vec<WriterNote>,
    /// Index objects and packs that are missing or damaged: what this run needs of them is sent again.
    pub lost: Vec<(String, ObjectError)>,
}

/// What an interrupted run left and this one takes over.
#[derive(Default)]
pub(super) struct Adopted {
    pub(super) objects: Vec<AddedObject>,
    pub(super) packs: Vec<IndexedPack>,
}

/// An index object that is live.
pub(super) struct LiveSegment {
    pub(super) name: ObjectHash,
    pub(super) size: u64,
    /// Empty where it cannot be read: it stays live, so that every reader sees the damage.
    pub(super) packs: Vec<IndexedPack>,
}

impl LiveSegment {
    pub(super) fn is_readable(&self) -> bool {
        !self.packs.is_empty()
    }
}

impl Known {
    /// Reads it. `condemned` are the packs that nobody may rely on.
    pub fn read(
        store: &dyn ObjectStore,
        writer: &WriterFile,
        log: &LogHistory,
        condemned: &BTreeSet<ObjectHash>,
        recovery: Option<JournalRecovery>,
    ) -> Result<Self, RepoError> {
        let base = log.chain().head_hashes();
        let notes = read_notes(writer, log)?;
        let named: BTreeMap<ObjectHash, u64> = notes.iter().flat_map(|note| note.live_index.iter().copied()).collect();
        let mut known = Self {
            chunks: IdSet::default(),
            live: Vec::new(),
            adopted: Adopted::default(),
            base,
            notes,
            lost: Vec::new(),
        };
        let named: Vec<(ObjectHash, u64)> = named.into_iter().collect();
        let own = writer.key.writer();
        let at_once = store.requests_at_once().of_up_to(named.iter().map(|(_, size)| *size).max().unwrap_or_default());
        let answers = parallel::map(&named, at_once, |(name, _)| store.get(&Place::Index(own, *name).name()));
        for ((name, size), answer) in named.into_iter().zip(answers) {
            known.take_live(answer, writer, name, size)?;
        }
        let present = present_packs(store)?;
        let usable =
            |pack: &IndexedPack| present.get(&pack.name) == Some(&pack.size) && !condemned.contains(&pack.name);
        known.adopt_index(store, writer, &recorded_index(log), &usable)?;
        known.adopt_journal(recovery, &usable);
        known.note_lost_packs(&present, condemned);
        let packs = known.live.iter().flat_map(|segment| &segment.packs).chain(&known.adopted.packs);
        let chunks: IdSet =
            packs.filter(|pack| usable(pack)).flat_map(|pack| pack.chunks.iter().map(|chunk| chunk.id)).collect();
        known.chunks = chunks;
        Ok(known)
    }

    /// How many chunks need not be sent.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// Whether a chunk need not be sent.
    pub fn contains(&self, id: &ChunkId) -> bool {
        self.chunks.contains(id)
    }

    /// How many packs of an interrupted run are taken over.
    pub fn adopted_packs(&self) -> usize {
        self.adopted.packs.len()
    }

    fn take_live(
        &mut self,
        answer: Result<Bytes, StoreError>,
        writer: &WriterFile,
        name: ObjectHash,
        size: u64,
    ) -> Result<(), RepoError> {
        let place = Place::Index(writer.key.writer(), name);
        let read = match answer {
            Ok(bytes) if !place.proves(&bytes) => Err(ObjectError::NotItsName),
            Ok(bytes) => open_segment(&writer.key, &bytes),
            Err(StoreError::NotFound(_)) => Err(ObjectError::Missing),
            Err(error) => return Err(error.into()),
        };
        let packs = match read {
            Ok(segment) => segment.packs,
            // Not damage: a newer program has been here, and this one must not act on what it cannot read.
            Err(problem) if problem.is_from_newer() => return Err(RepoError::object(place.name(), problem)),
            Err(problem) => {
                self.lost.push((place.name().to_string(), problem));
                Vec::new()
            }
        };
        self.live.push(LiveSegment { name, size, packs });
        Ok(())
    }

    /// Packs that the index names and that are not there, or not as long as they were.
    fn note_lost_packs(&mut self, present: &HashMap<ObjectHash, u64>, condemned: &BTreeSet<ObjectHash>) {
        let packs = self.live.iter().flat_map(|segment| &segment.packs).filter(|pack| !condemned.contains(&pack.name));
        let lost = packs.filter_map(|pack| match present.get(&pack.name) {
            None => Some((pack, ObjectError::Missing)),
            Some(length) if *length != pack.size => Some((pack, ObjectError::BadLength { length: *length })),
            Some(_) => None,
        });
        let lost: Vec<_> = lost.map(|(pack, problem)| (Place::Pack(pack.name).name().to_string(), problem)).collect();
        self.lost.extend(lost);
    }

    /// Takes up index objects that an interrupted run wrote on top of the present heads. Those that a record names are its
    /// business: live ones stand in the notes, replaced ones are never read again.
    fn adopt_index(
        &mut self,
        store: &dyn ObjectStore,
        writer: &WriterFile,
        recorded: &BTreeSet<ObjectHash>,
        usable: &dyn Fn(&IndexedPack) -> bool,
    ) -> Result<(), RepoError> {
        for listed in store.list(&index_prefix(writer.key.writer()))? {
            let Some(place @ Place::Index(_, name)) = Place::parse(&listed.name) else { continue };
            // An interrupted run leaves small ones; anything else was not left by it.
            if recorded.contains(&name) || listed.size > MAX_ADOPTED_LEN {
                continue;
            }
            let Ok(bytes) = store.get(&listed.name) else { continue };
            if !place.proves(&bytes) {
                continue;
            }
            let Ok(segment) = open_segment(&writer.key, &bytes) else { continue };
            if segment.base != self.base {
                continue;
            }
            let whole = segment.packs.iter().all(usable);
            let packs: Vec<IndexedPack> = segment.packs.into_iter().filter(usable).collect();
            self.adopted.objects.extend(packs.iter().map(pack_object));
            if whole {
                self.adopted.objects.push(AddedObject { kind: AddedKind::Index, hash: name });
                self.live.push(LiveSegment { name, size: listed.size, packs });
            } else {
                // What is left of it goes into an index object of this run.
                self.adopted.packs.extend(packs);
            }
        }
        Ok(())
    }

    /// Takes up packs that an interrupted run sent and no index object names yet.
    fn adopt_journal(&mut self, recovery: Option<JournalRecovery>, usable: &dyn Fn(&IndexedPack) -> bool) {
        let Some(recovery) = recovery.filter(|recovery| recovery.base == self.base) else { return };
        let taken = self.adopted.packs.iter().map(|pack| pack.name);
        let indexed: BTreeSet<ObjectHash> =
            self.live.iter().flat_map(|segment| &segment.packs).map(|pack| pack.name).chain(taken).collect();
        let mut packs: HashMap<ObjectHash, IndexedPack> = HashMap::new();
        for pack in recovery.packs {
            if !indexed.contains(&pack.name) && usable(&pack) {
                packs.insert(pack.name, pack);
            }
        }
        self.adopted.objects.extend(packs.values().map(pack_object));
        self.adopted.packs.extend(packs.into_values());
    }
}

fn pack_object(pack: &IndexedPack) -> AddedObject {
    AddedObject { kind: AddedKind::Pack, hash: pack.name }
}

/// The index objects that any record of the log names. Those in an inventory object are opened and found to have another
/// base, which costs a read and does no harm.
fn recorded_index(log: &LogHistory) -> BTreeSet<ObjectHash> {
    let added = log.chain().iter().filter_map(|(_, entry)| match &entry.public.added {
        Added::Listed(objects) => Some(objects),
        Added::Inventory { .. } => None,
    });
    added.flatten().filter(|object| object.kind == AddedKind::Index).map(|object| object.hash).collect()
}

fn read_notes(writer: &WriterFile, log: &LogHistory) -> Result<Vec<WriterNote>, RepoError> {
    let heads = log.chain().heads();
    let notes = heads.iter().filter_map(|head| log.chain().get(head).map(|entry| (head, entry)));
    notes
        .map(|(head, entry)| {
            let name = || Place::Log(writer.key.writer(), *head).name();
            let note = entry.frame.open_note(&writer.key).map_err(|problem| RepoError::object(name(), problem))?;
            WriterNote::decode(&note).map_err(|problem| RepoError::object(name(), problem))
        })
        .collect()
}

fn present_packs(store: &dyn ObjectStore) -> Result<HashMap<ObjectHash, u64>, RepoError> {
    let listed = store.list(PACKS)?;
    let packs = listed.iter().filter_map(|one| match Place::parse(&one.name) {
        Some(Place::Pack(name)) => Some((name, one.size)),
        _ => None,
    });
    Ok(packs.collect())
}
