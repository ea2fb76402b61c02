//! Sealing a pack, and opening it again before it may leave: what bad memory or a faulty compressor spoilt must not be stored.

use super::{PROLOGUE_LEN, PackKey, PendingChunk, ROW_LEN, ReadyPack, TABLE_START, chunk_aad, part_aad};
use crate::compress::Decompressor;
use crate::crypto::aead::{Domain, TAG_LEN};
use crate::error::ObjectError;
use crate::header::{KEY_PART_LEN, ObjectType, READER_HEADER_LEN, Sealer, array};
use crate::index::IndexedPack;
use crate::keys::DomainKeys;
use chest_model::ObjectHash;
use chest_store::AlignedBuffer;

/// A pack ready to be sent, and what the index says of it.
pub struct SealedPack {
    /// The object.
    pub bytes: AlignedBuffer,
    /// Its line in the index, with its name.
    pub indexed: IndexedPack,
}

/// Seals a pack into a buffer, whatever is in it; `random` is 32 fresh random bytes. `SealingFailed` means that this computer miscalculates.
pub fn seal_pack(
    sealer: &Sealer,
    domain: &DomainKeys,
    decompressor: &mut Decompressor,
    ready: ReadyPack,
    mut bytes: AlignedBuffer,
    random: &[u8; 32],
) -> Result<SealedPack, ObjectError> {
    let count = ready.chunks.len();
    let table_end = TABLE_START + count * ROW_LEN;
    bytes.set_len(ready.size as usize);
    let mut rows = Vec::with_capacity(count);
    let mut at = table_end + TAG_LEN;
    // Each chunk is let go as soon as it is copied: a pack is never in memory twice.
    for (i, PendingChunk { row, stored }) in ready.chunks.into_iter().enumerate() {
        let row_start = TABLE_START + i * ROW_LEN;
        bytes[row_start..row_start + ROW_LEN].copy_from_slice(&row.encode());
        bytes[at..at + stored.len()].copy_from_slice(&stored);
        at += stored.len() + TAG_LEN;
        rows.push(row);
    }
    let padding_len = bytes.len() - at - TAG_LEN;
    // The buffer may hold an earlier pack: what nothing else is written to becomes zeros.
    bytes[at..at + padding_len].fill(0);
    let prologue = READER_HEADER_LEN..READER_HEADER_LEN + PROLOGUE_LEN;
    bytes[prologue.clone()].fill(0);
    bytes[prologue.start..prologue.start + 4].copy_from_slice(&(count as u32).to_le_bytes());
    bytes[prologue.start + 8..prologue.end].copy_from_slice(&(padding_len as u64).to_le_bytes());

    let mut content = blake3::Hasher::new();
    content.update(&bytes[prologue.clone()]).update(&bytes[TABLE_START..table_end]);
    let mut at = table_end + TAG_LEN;
    for row in &rows {
        content.update(&bytes[at..at + row.stored_len as usize]);
        at += row.stored_len as usize + TAG_LEN;
    }

    let seed = sealer.seed(random, content.finalize().as_bytes());
    let header = sealer.to_reader(ObjectType::Pack, ready.class as u8, &seed)?;
    bytes[..READER_HEADER_LEN].copy_from_slice(&header.bytes);
    let mut seal = |range: std::ops::Range<usize>, domain: Domain, counter: u64, aad: &[u8]| {
        let tag = header.body.seal(domain, counter, aad, &mut bytes[range.clone()]);
        bytes[range.end..range.end + TAG_LEN].copy_from_slice(&tag);
    };
    seal(prologue, Domain::PackPrologue, 0, &part_aad(&header.hash, Domain::PackPrologue));
    seal(TABLE_START..table_end, Domain::PackTable, 0, &part_aad(&header.hash, Domain::PackTable));
    let mut at = table_end + TAG_LEN;
    for (i, row) in rows.iter().enumerate() {
        let end = at + row.stored_len as usize;
        seal(at..end, Domain::Chunk, i as u64, &chunk_aad(&header.hash, i as u32, row));
        at = end + TAG_LEN;
    }
    seal(at..at + padding_len, Domain::PackPadding, 0, &part_aad(&header.hash, Domain::PackPadding));

    let key = PackKey::from_parts(header.body, header.hash, ready.class);
    key.verify(&bytes, domain, decompressor).map_err(|_| ObjectError::SealingFailed)?;
    let key_part: [u8; KEY_PART_LEN] = array(&header.bytes[READER_HEADER_LEN - KEY_PART_LEN..]);
    let indexed = IndexedPack {
        name: ObjectHash(*blake3::hash(&bytes).as_bytes()),
        writer: sealer.key().writer(),
        epoch: sealer.key().epoch(),
        class: ready.class,
        size: ready.size,
        key_part,
        chunks: rows,
    };
    Ok(SealedPack { bytes, indexed })
}
