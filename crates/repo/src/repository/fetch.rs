//! Fetches chunks: whole packs where much is wanted, else windows aligned to fixed steps, never an exact range, so that the
//! storage side learns nothing about where chunks begin and end (docs/format.md, "Reading").

use super::session::WriterIndex;
use crate::compress::Decompressor;
use crate::error::{ObjectError, RepoError};
use crate::header::Opener;
use crate::index::{ChunkLocation, IndexedPack};
use crate::layout::Place;
use crate::pack::{PackClass, PackKey};
use crate::tree::ChunkReader;
use bytes::Bytes;
use chest_model::{ChunkId, ObjectHash};
use chest_store::ObjectStore;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Data is read in windows of this step.
const DATA_WINDOW: u64 = 1 << 20;
/// Trees are read in windows of this step.
const TREE_WINDOW: u64 = 256 << 10;
/// How much of what was read is kept.
const CACHE_LEN: usize = 32 << 20;

/// Reads chunks of one writer's domain.
pub struct Fetcher {
    store: Arc<dyn ObjectStore>,
    opener: Arc<Opener>,
    index: Arc<WriterIndex>,
    windows: Mutex<WindowCache>,
    keys: Mutex<HashMap<ObjectHash, Arc<PackKey>>>,
}

/// The windows read last.
#[derive(Default)]
struct WindowCache {
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
}

impl Fetcher {
    /// For one writer's chunks.
    pub fn new(store: Arc<dyn ObjectStore>, opener: Arc<Opener>, index: Arc<WriterIndex>) -> Self {
        Self { store, opener, index, windows: Mutex::default(), keys: Mutex::default() }
    }

    /// The index it goes by.
    pub fn index(&self) -> &Arc<WriterIndex> {
        &self.index
    }

    /// A chunk's plaintext, its id proven. Where one copy is damaged, another is tried.
    pub fn chunk(&self, id: &ChunkId, decompressor: &mut Decompressor) -> Result<Vec<u8>, RepoError> {
        let first = self.index.lookup.find(id).ok_or(RepoError::ChunkNotIndexed(*id))?;
        let error = match self.chunk_at(&first, decompressor) {
            Ok(plain) => return Ok(plain),
            Err(error) => error,
        };
        let others = self.index.lookup.find_all(id);
        let found =
            others.iter().filter(|place| **place != first).find_map(|place| self.chunk_at(place, decompressor).ok());
        found.ok_or(error)
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
        let step = if pack.class == PackClass::Tree { TREE_WINDOW } else { DATA_WINDOW }.min(pack.size);
        let (first, last) = (range.start / step, (range.end - 1) / step);
        let mut out = Vec::with_capacity((range.end - range.start) as usize);
        let mut number = first;
        while number <= last {
            let window = match self.held(pack.name, number) {
                Some(window) => window,
                // The first of what was read is taken as it came: by now another thread may have pushed it out again.
                None => self.read_windows(pack, step, number, last)?,
            };
            let start = number * step;
            let from = range.start.max(start) - start;
            let to = range.end.min(start + step) - start;
            let part = window.get(from as usize..to as usize);
            out.extend_from_slice(
                part.ok_or_else(|| RepoError::object(Place::Pack(pack.name).name(), ObjectError::TooShort))?,
            );
            number += 1;
        }
        Ok(out)
    }

    fn held(&self, pack: ObjectHash, number: u64) -> Option<Bytes> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).held.get(&(pack, number)).cloned()
    }

    /// Reads these windows in one request, keeps them, and gives the first.
    fn read_windows(&self, pack: &IndexedPack, step: u64, first: u64, last: u64) -> Result<Bytes, RepoError> {
        let end = ((last + 1) * step).min(pack.size);
        let name = Place::Pack(pack.name).name();
        let bytes = match self.store.get_range(&name, first * step..end) {
            Err(chest_store::StoreError::RangeOutside { size, .. }) => {
                return Err(RepoError::object(name, ObjectError::BadLength { length: size }));
            }
            other => other?,
        };
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        for number in first..=last {
            let from = ((number - first) * step) as usize;
            let to = (from + step as usize).min(bytes.len());
            if from < to {
                windows.insert((pack.name, number), bytes.slice(from..to));
            }
        }
        Ok(bytes.slice(..(step as usize).min(bytes.len())))
    }
}

impl ChunkReader for Fetcher {
    fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError> {
        let mut decompressor =
            Decompressor::new().map_err(|source| RepoError::Local { path: "the decompressor".to_owned(), source })?;
        self.chunk(id, &mut decompressor)
    }
}
