//! The index: which pack holds which chunk. A cache that can be rebuilt from the packs, never an authority: packs describe
//! themselves (docs/format.md, "Index").

mod lookup;
mod segment;

pub use lookup::{ChunkLocation, IdHasher, IdMap, IdSet, Lookup};
pub use segment::{SealedSegment, Segment, open_segment, seal_segment};
pub(crate) use segment::{decode_packs, encode_packs};

use crate::header::KEY_PART_LEN;
use crate::pack::{PackClass, PackedChunk};
use chest_model::{Epoch, ObjectHash, WriterId};

/// What the index says of one pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedPack {
    /// Its name.
    pub name: ObjectHash,
    /// Who sealed it.
    pub writer: WriterId,
    /// In which epoch.
    pub epoch: Epoch,
    /// What kind of chunks it holds.
    pub class: PackClass,
    /// The object's length.
    pub size: u64,
    /// The key part of its header, so that it opens without reading its front.
    pub key_part: [u8; KEY_PART_LEN],
    /// Its chunks in the order in which they lie.
    pub chunks: Vec<PackedChunk>,
}

/// The length of an index object that holds so many bytes: multiples of 64 KiB to 1 MiB, powers of two above, so that its
/// length tells little about the number of chunks.
pub fn segment_len(content: u64) -> u64 {
    const STEP: u64 = 64 << 10;
    const LARGE: u64 = 1 << 20;
    if content <= LARGE { content.max(1).next_multiple_of(STEP) } else { content.next_power_of_two() }
}
