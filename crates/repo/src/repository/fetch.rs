//! Fetches chunks: whole packs where much is wanted, else windows aligned to fixed steps, never an exact range, so that the
//! storage side learns nothing about where chunks begin and end (docs/format.md, "Reading").

use super::session::{DomainIndex, ReaderSession};
use crate::compress::Decompressor;
use crate::error::{ObjectError, RepoError};
use crate::header::Opener;
use crate::index::{ChunkLocation, IndexedPack};
use crate::layout::Place;
use crate::pack::{PackClass, PackKey};
use crate::parallel;
use crate::record::RootLocation;
use crate::tree::ChunkReader;
use crate::tree::node::MAX_NODE_LEN;
use bytes::Bytes;
use chest_model::{ChunkId, ObjectHash, WriterId};
use chest_store::ObjectStore;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Data is read in windows of this step.
const DATA_WINDOW: u64 = 1 << 20;
/// Trees are read in windows of this step.
const TREE_WINDOW: u64 = 256 << 10;
/// How much of what was read is kept.
const CACHE_LEN: usize = 32 << 20;

/// Reads chunks of one domain.
pub struct Fetcher {
    store: Arc<dyn ObjectStore>,
    opener: Arc<Opener>,
    index: Arc<DomainIndex>,
    windows: Mutex<WindowCache>,
    keys: Mutex<HashMap<ObjectHash, Arc<PackKey>>>,
    /// Packs of which no version is right.
    hopeless: Mutex<HashSet<ObjectHash>>,
    /// At rest: making one costs more than a small chunk.
    decompressors: Mutex<Vec<Decompressor>>,
}

/// Windows of one pack that lie side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    pack: ObjectHash,
    pack_len: u64,
    step: u64,
    first: u64,
    last: u64,
}

impl Run {
    /// What a range of a pack needs.
    fn covering(pack: ObjectHash, class: PackClass, pack_len: u64, range: &Range<u64>) -> Self {
        let step = if class == PackClass::Tree { TREE_WINDOW } else { DATA_WINDOW }.min(pack_len);
        Self { pack, pack_len, step, first: range.start / step, last: (range.end - 1) / step }
    }

    fn bytes(&self) -> Range<u64> {
        self.first * self.step..((self.last + 1) * self.step).min(self.pack_len)
    }

    /// One request for its windows.
    fn read(&self, store: &dyn ObjectStore) -> Result<Bytes, RepoError> {
        let name = Place::Pack(self.pack).name();
        match store.get_range(&name, self.bytes()) {
            Err(chest_store::StoreError::RangeOutside { size, .. }) => {
                Err(RepoError::object(name, ObjectError::BadLength { length: size }))
            }
            other => Ok(other?),
        }
    }
}

/// The windows read last.
#[derive(Default)]
pub(super) struct WindowCache {
    held: HashMap<(ObjectHash, u64), Bytes>,
    order: VecDeque<(ObjectHash, u64)>,
    size: usize,
}

impl WindowCache {
    fn insert(&mut self, key: (ObjectHash, u64), bytes: Bytes) {
        self.size += bytes.len();
        match self.held.insert(key, bytes) {
            None => self.order.push_back(key),
            // Two threads may have read the same window.
            Some(replaced) => self.size -= replaced.len(),
        }
        while self.size > CACHE_LEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.size -= self.held.remove(&oldest).map_or(0, |bytes| bytes.len());
        }
    }

    fn insert_run(&mut self, run: &Run, bytes: &Bytes) {
        for number in run.first..=run.last {
            let from = ((number - run.first) * run.step) as usize;
            let to = (from + run.step as usize).min(bytes.len());
            if from < to {
                self.insert((run.pack, number), bytes.slice(from..to));
            }
        }
    }

    /// The windows in which root nodes lie, as the records say: read beside the index, which would only say the same.
    /// What cannot be had is asked for again by whoever needs it.
    pub(super) fn of_roots<'l>(store: &dyn ObjectStore, locations: impl IntoIterator<Item = &'l RootLocation>) -> Self {
        let fits = |location: &&RootLocation| {
            let sealed = location.row.sealed_len();
            let end = location.offset.checked_add(sealed);
            location.row.plain_len as usize <= MAX_NODE_LEN
                && sealed <= 2 * MAX_NODE_LEN as u64
                && end.is_some_and(|end| end <= location.pack_len)
        };
        let runs: Vec<Run> = locations
            .into_iter()
            .filter(fits)
            .map(|at| {
                let range = at.offset..at.offset + at.row.sealed_len();
                Run::covering(at.pack, PackClass::Tree, at.pack_len, &range)
            })
            .collect();
        let mut windows = Self::default();
        let read = parallel::map(&runs, store.requests_at_once().large, |run| run.read(store));
        for (run, bytes) in runs.iter().zip(read) {
            if let Ok(bytes) = bytes {
                windows.insert_run(run, &bytes);
            }
        }
        windows
    }
}

impl Fetcher {
    /// For the chunks of a writer's domain. The index is read now, and beside it the root nodes at these places.
    pub fn open<'l>(
        session: &ReaderSession,
        writer: WriterId,
        roots: impl IntoIterator<Item = &'l RootLocation> + Send,
    ) -> Result<Self, RepoError> {
        let store = session.store();
        let at_once = store.requests_at_once().large;
        // A store that answers at once is asked for them when the time comes.
        let windows = || if at_once > 1 { WindowCache::of_roots(&**store, roots) } else { WindowCache::default() };
        let (windows, index) = parallel::both(at_once, windows, || session.index(writer));
        Ok(Self {
            store: store.clone(),
            opener: session.opener().clone(),
            index: Arc::new(index?),
            windows: Mutex::new(windows),
            keys: Mutex::default(),
            hopeless: Mutex::default(),
            decompressors: Mutex::default(),
        })
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Reads ahead what these chunks need and is not held yet, several requests at a time. Only where that pays: a store
    /// that answers at once is asked when the time comes. What cannot be had is asked for again by whoever needs it.
    pub fn read_ahead(&self, ids: &[ChunkId]) {
        let at_once = self.store.requests_at_once().large;
        if at_once <= 1 {
            return;
        }
        let runs = self.missing_runs(ids);
        parallel::map(&runs, at_once, |run| {
            if let Ok(bytes) = run.read(&*self.store) {
                self.windows().insert_run(run, &bytes);
            }
        });
    }

    /// The windows that these chunks need and that are not held, side by side where they lie so; no more than half of what
    /// is kept, so that none is pushed out before it is used.
    fn missing_runs(&self, ids: &[ChunkId]) -> Vec<Run> {
        let mut wanted = BTreeSet::new();
        let mut size = 0;
        let held = self.windows();
        for location in ids.iter().filter_map(|id| self.index.lookup.find(id)) {
            let pack = &self.index.lookup.packs()[location.pack as usize];
            let range = location.offset..location.offset + location.row.sealed_len();
            let run = Run::covering(pack.name, pack.class, pack.size, &range);
            for number in run.first..=run.last {
                if !held.held.contains_key(&(pack.name, number)) && wanted.insert((location.pack, number)) {
                    size += run.step as usize;
                }
            }
            if size >= CACHE_LEN / 2 {
                break;
            }
        }
        drop(held);
        let mut runs: Vec<Run> = Vec::new();
        for (pack, number) in wanted {
            let pack = &self.index.lookup.packs()[pack as usize];
            match runs.last_mut() {
                Some(run) if run.pack == pack.name && run.last + 1 == number => run.last = number,
                _ => {
                    let mut run = Run::covering(pack.name, pack.class, pack.size, &(0..1));
                    (run.first, run.last) = (number, number);
                    runs.push(run);
                }
            }
        }
        runs
    }

    fn windows(&self) -> MutexGuard<'_, WindowCache> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index it goes by.
    pub fn index(&self) -> &Arc<DomainIndex> {
        &self.index
    }

    /// A chunk's plaintext, its id proven. Where one copy is damaged, another is tried, and then the whole pack, of which a
    /// bucket may keep an older version than the one that windows are read from.
    pub fn chunk(&self, id: &ChunkId, decompressor: &mut Decompressor) -> Result<Vec<u8>, RepoError> {
        let first = self.index.lookup.find(id).ok_or(RepoError::ChunkNotIndexed(*id))?;
        let error = match self.chunk_at(&first, decompressor) {
            Ok(plain) => return Ok(plain),
            Err(error) => error,
        };
        let others = self.index.lookup.find_all(id);
        let found =
            others.iter().filter(|place| **place != first).find_map(|place| self.chunk_at(place, decompressor).ok());
        found.or_else(|| others.iter().find_map(|place| self.chunk_of_proven_pack(place, decompressor))).ok_or(error)
    }

    /// Reads the whole pack, and keeps the windows around the chunk if the bytes are right.
    fn chunk_of_proven_pack(&self, location: &ChunkLocation, decompressor: &mut Decompressor) -> Option<Vec<u8>> {
        let pack = &self.index.lookup.packs()[location.pack as usize];
        if self.hopeless().contains(&pack.name) {
            return None;
        }
        let whole = self.store.get(&Place::Pack(pack.name).name()).ok()?;
        if *blake3::hash(&whole).as_bytes() != pack.name.0 {
            self.hopeless().insert(pack.name);
            return None;
        }
        let all = Run::covering(pack.name, pack.class, pack.size, &(0..pack.size));
        self.windows().insert_run(&all, &whole);
        let range = usize::try_from(location.offset).ok()?
            ..usize::try_from(location.offset + location.row.sealed_len()).ok()?;
        self.open_sealed(pack, location, whole.get(range)?, decompressor).ok()
    }

    fn decompressors(&self) -> MutexGuard<'_, Vec<Decompressor>> {
        self.decompressors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hopeless(&self) -> MutexGuard<'_, HashSet<ObjectHash>> {
        self.hopeless.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chunk_at(&self, location: &ChunkLocation, decompressor: &mut Decompressor) -> Result<Vec<u8>, RepoError> {
        let pack = &self.index.lookup.packs()[location.pack as usize];
        let sealed = self.range(pack, location.offset..location.offset + location.row.sealed_len())?;
        self.open_sealed(pack, location, &sealed, decompressor)
    }

    /// Opens a chunk of which the ciphertext has been read already.
    pub fn open_sealed(
        &self,
        pack: &IndexedPack,
        location: &ChunkLocation,
        sealed: &[u8],
        decompressor: &mut Decompressor,
    ) -> Result<Vec<u8>, RepoError> {
        let name = || Place::Pack(pack.name).name();
        let key = self.key(pack).map_err(|problem| RepoError::object(name(), problem))?;
        key.open_chunk(location.position, &location.row, sealed, &self.index.domain, decompressor)
            .map_err(|problem| RepoError::object(name(), problem))
    }

    fn key(&self, pack: &IndexedPack) -> Result<Arc<PackKey>, ObjectError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&pack.name) {
            return Ok(key.clone());
        }
        let key = Arc::new(PackKey::from_index(&self.opener, pack)?);
        keys.insert(pack.name, key.clone());
        Ok(key)
    }

    /// A whole pack; its bytes are not held against its name, because every part of it proves itself.
    pub fn whole(&self, pack: &IndexedPack) -> Result<Bytes, RepoError> {
        let name = Place::Pack(pack.name).name();
        let bytes = self.store.get(&name)?;
        if bytes.len() as u64 == pack.size {
            Ok(bytes)
        } else {
            Err(RepoError::object(name, ObjectError::BadLength { length: bytes.len() as u64 }))
        }
    }

    /// Reads the windows that a range needs, in one request for those that are not held yet.
    fn range(&self, pack: &IndexedPack, range: Range<u64>) -> Result<Vec<u8>, RepoError> {
        let run = Run::covering(pack.name, pack.class, pack.size, &range);
        let mut out = Vec::with_capacity((range.end - range.start) as usize);
        for number in run.first..=run.last {
            let held = self.windows().held.get(&(pack.name, number)).cloned();
            let window = match held {
                Some(window) => window,
                // The first of what was read is taken as it came: by now another thread may have pushed it out again.
                None => self.read_windows(&Run { first: number, ..run })?,
            };
            let start = number * run.step;
            let from = range.start.max(start) - start;
            let to = range.end.min(start + run.step) - start;
            let part = window.get(from as usize..to as usize);
            out.extend_from_slice(
                part.ok_or_else(|| RepoError::object(Place::Pack(pack.name).name(), ObjectError::TooShort))?,
            );
        }
        Ok(out)
    }

    /// Reads these windows in one request, keeps them, and gives the first.
    fn read_windows(&self, run: &Run) -> Result<Bytes, RepoError> {
        let bytes = run.read(&*self.store)?;
        self.windows().insert_run(run, &bytes);
        Ok(bytes.slice(..(run.step as usize).min(bytes.len())))
    }
}

impl ChunkReader for Fetcher {
    fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError> {
        let at_rest = self.decompressors().pop();
        let mut decompressor = at_rest
            .map_or_else(Decompressor::new, Ok)
            .map_err(|source| RepoError::Local { path: "the decompressor".to_owned(), source })?;
        let plain = self.chunk(id, &mut decompressor);
        self.decompressors().push(decompressor);
        plain
    }

    fn will_read(&self, ids: &[ChunkId]) {
        self.read_ahead(ids);
    }
}
