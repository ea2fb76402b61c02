//! Packs: chunks sealed together in objects of a few fixed sizes, shuffled, so that no chunk's length reaches the storage
//! side (docs/format.md, "Packs").

mod buffers;
mod fill;
mod open;
mod seal;

pub use buffers::PackBuffers;
pub use fill::{PackClass, Packer, PendingChunk, ReadyPack};
pub use open::{PackKey, PackVerification, Prologue};
pub use seal::{SealedPack, seal_pack};

use crate::compress::Compression;
use crate::crypto::aead::TAG_LEN;
use crate::error::ObjectError;
use crate::header::{READER_HEADER_LEN, array, le32};
use chest_model::ChunkId;

/// The smallest pack.
pub const MIN_PACK_LEN: u64 = 64 << 10;
/// The largest that this program writes or reads.
pub const MAX_PACK_LEN: u64 = 64 << 20;
/// Whether a pack can be that long.
pub fn is_pack_len(length: u64) -> bool {
    length.is_power_of_two() && (MIN_PACK_LEN..=MAX_PACK_LEN).contains(&length)
}

/// The longest chunk that any chunker makes.
pub const MAX_CHUNK_LEN: u32 = 16 << 20;
/// Prologue plaintext: chunk count, zero, length of the padding.
pub const PROLOGUE_LEN: usize = 16;
/// Where the table begins.
const TABLE_START: usize = READER_HEADER_LEN + PROLOGUE_LEN + TAG_LEN;
/// A table row: id, plain length, stored length, compression.
const ROW_LEN: usize = 41;
/// What an empty pack takes.
const FIXED_OVERHEAD: usize = TABLE_START + TAG_LEN + TAG_LEN;
/// What each chunk takes beside its stored bytes.
const CHUNK_OVERHEAD: usize = ROW_LEN + TAG_LEN;

/// One chunk as the table of its pack describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedChunk {
    /// Keyed hash of the plaintext.
    pub id: ChunkId,
    /// Length of the plaintext.
    pub plain_len: u32,
    /// Length before sealing, after compression.
    pub stored_len: u32,
    /// How it is stored.
    pub compression: Compression,
}

impl PackedChunk {
    fn encode(&self) -> [u8; ROW_LEN] {
        let mut row = [0; ROW_LEN];
        row[..32].copy_from_slice(&self.id.0);
        row[32..36].copy_from_slice(&self.plain_len.to_le_bytes());
        row[36..40].copy_from_slice(&self.stored_len.to_le_bytes());
        row[40] = self.compression as u8;
        row
    }

    fn decode(row: &[u8; ROW_LEN]) -> Result<Self, ObjectError> {
        Ok(Self {
            id: ChunkId(array(&row[..32])),
            plain_len: le32(&row[32..36]),
            stored_len: le32(&row[36..40]),
            compression: Compression::from_number(row[40]).ok_or(ObjectError::Malformed("unknown compression"))?,
        })
    }

    /// Length of its ciphertext with the tag.
    pub fn sealed_len(&self) -> u64 {
        u64::from(self.stored_len) + TAG_LEN as u64
    }
}

/// Where the sealed chunks of a pack with this many begin.
pub fn chunks_start(count: usize) -> u64 {
    (TABLE_START + count * ROW_LEN + TAG_LEN) as u64
}

/// Associated data of every part of a pack but chunks: BLAKE3(header)‖domain
fn part_aad(header_hash: &[u8; 32], domain: crate::crypto::aead::Domain) -> [u8; 33] {
    let mut aad = [0; 33];
    aad[..32].copy_from_slice(header_hash);
    aad[32] = domain as u8;
    aad
}

/// Associated data of chunk i: BLAKE3(header)‖domain‖le32(i)‖id‖le32(plain length)‖compression
fn chunk_aad(header_hash: &[u8; 32], position: u32, chunk: &PackedChunk) -> [u8; 74] {
    let mut aad = [0; 74];
    aad[..33].copy_from_slice(&part_aad(header_hash, crate::crypto::aead::Domain::Chunk));
    aad[33..37].copy_from_slice(&position.to_le_bytes());
    aad[37..69].copy_from_slice(&chunk.id.0);
    aad[69..73].copy_from_slice(&chunk.plain_len.to_le_bytes());
    aad[73] = chunk.compression as u8;
    aad
}
