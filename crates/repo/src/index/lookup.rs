//! From a chunk's id to the pack that holds it.

use super::IndexedPack;
use crate::pack::{PackedChunk, chunks_start};
use chest_model::ChunkId;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Chunk ids are keyed hashes already: eight of their bytes serve as the table's hash.
#[derive(Default, Clone)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(front) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*front);
        }
    }
    // Arrays announce their length first, which says nothing here.
    fn write_usize(&mut self, _: usize) {}
    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map from chunk ids.
pub type IdMap<V> = HashMap<ChunkId, V, BuildHasherDefault<IdHasher>>;
/// A set of chunk ids.
pub type IdSet = HashSet<ChunkId, BuildHasherDefault<IdHasher>>;

/// Where a chunk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkLocation {
    /// Position of the pack in [`Lookup::packs`].
    pub pack: u32,
    /// Position of the chunk in the pack.
    pub position: u32,
    /// Where its ciphertext begins in the object.
    pub offset: u64,
    /// Lengths and compression.
    pub row: PackedChunk,
}

/// Every chunk of a set of packs.
#[derive(Default)]
pub struct Lookup {
    packs: Vec<IndexedPack>,
    places: IdMap<Place>,
}

/// Pack and position.
#[derive(Clone, Copy)]
struct Place {
    pack: u32,
    position: u32,
}

impl Lookup {
    /// From the index lines of packs; a pack named twice counts once.
    pub fn new(packs: Vec<IndexedPack>) -> Self {
        let mut lookup = Self { packs: Vec::with_capacity(packs.len()), places: IdMap::default() };
        lookup.places.reserve(packs.iter().map(|pack| pack.chunks.len()).sum());
        let mut seen = HashSet::new();
        for pack in packs {
            if seen.insert(pack.name) {
                lookup.add(pack);
            }
        }
        lookup
    }

    fn add(&mut self, pack: IndexedPack) {
        let number = self.packs.len() as u32;
        for (position, chunk) in pack.chunks.iter().enumerate() {
            self.places.entry(chunk.id).or_insert(Place { pack: number, position: position as u32 });
        }
        self.packs.push(pack);
    }

    /// The packs.
    pub fn packs(&self) -> &[IndexedPack] {
        &self.packs
    }

    /// Number of different chunks.
    pub fn chunk_count(&self) -> usize {
        self.places.len()
    }

    /// Whether a pack holds it.
    pub fn contains(&self, id: &ChunkId) -> bool {
        self.places.contains_key(id)
    }

    /// Where it lies.
    pub fn find(&self, id: &ChunkId) -> Option<ChunkLocation> {
        let place = self.places.get(id)?;
        Some(self.location(place.pack, place.position))
    }

    /// Every place where it lies: looked for in all packs, for the rare case that the first is damaged.
    pub fn find_all(&self, id: &ChunkId) -> Vec<ChunkLocation> {
        let mut found = Vec::new();
        for (number, pack) in self.packs.iter().enumerate() {
            let positions = pack.chunks.iter().enumerate().filter(|(_, chunk)| chunk.id == *id);
            found.extend(positions.map(|(position, _)| self.location(number as u32, position as u32)));
        }
        found
    }

    fn location(&self, pack: u32, position: u32) -> ChunkLocation {
        let chunks = &self.packs[pack as usize].chunks;
        let before: u64 = chunks[..position as usize].iter().map(PackedChunk::sealed_len).sum();
        let offset = chunks_start(chunks.len()) + before;
        ChunkLocation { pack, position, offset, row: chunks[position as usize] }
    }
}
