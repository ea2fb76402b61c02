//! One index object: sealed under the writer's index key, so that the writer and the owner read it and nobody else.

use super::{IndexedPack, segment_len};
use crate::compress::Compression;
use crate::crypto::aead::{Domain, TAG_LEN};
use crate::error::ObjectError;
use crate::header::{INDEX_HEADER_LEN, KEY_PART_LEN, ObjectType, Sealer, array, le32, open_index_header};
use crate::keys::WriterKey;
use crate::pack::{MAX_PACK_LEN, MIN_PACK_LEN, PackClass, PackedChunk};
use chest_model::{ChunkId, Epoch, ObjectHash, WriterId};

/// Name, writer, epoch, class, log2 of the size, two zeros, chunk count, key part.
const PACK_ROW_LEN: usize = 32 + 16 + 4 + 4 + 4 + KEY_PART_LEN;
/// Id, stored length with the compression in its top bit, plain length.
const CHUNK_ROW_LEN: usize = 40;
const COMPRESSED_BIT: u32 = 1 << 31;
/// The largest index object that is read.
const MAX_SEGMENT_LEN: usize = 1 << 30;

/// An index object ready to be sent.
pub struct SealedSegment {
    /// Its name is the BLAKE3 of these bytes.
    pub bytes: Vec<u8>,
    /// That name.
    pub name: ObjectHash,
}

/// What an index object holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segment {
    /// The heads of the writer's log when the run that wrote it began. An object that no note names is taken up by a later
    /// run only where these are the heads still: one of an older state, shown again, never becomes a deduplication target.
    pub base: Vec<ObjectHash>,
    /// The packs.
    pub packs: Vec<IndexedPack>,
}

/// Seals packs' lines into one object; `random` is 32 fresh random bytes.
pub fn seal_segment(sealer: &Sealer, segment: &Segment, random: &[u8; 32]) -> Result<SealedSegment, ObjectError> {
    let content = segment.encode();
    let total = segment_len((INDEX_HEADER_LEN + 8 + content.len() + TAG_LEN) as u64) as usize;
    let mut bytes = vec![0; total];
    let body = INDEX_HEADER_LEN..total - TAG_LEN;
    bytes[body.start..body.start + 8].copy_from_slice(&(content.len() as u64).to_le_bytes());
    bytes[body.start + 8..body.start + 8 + content.len()].copy_from_slice(&content);
    let seed = sealer.seed(random, blake3::hash(&bytes[body.clone()]).as_bytes());
    let header = sealer.to_writer(ObjectType::Index, 0, &seed);
    bytes[..INDEX_HEADER_LEN].copy_from_slice(&header.bytes);
    let tag = header.body.seal(Domain::Index, 0, &aad(&header.hash), &mut bytes[body.clone()]);
    bytes[body.end..].copy_from_slice(&tag);
    if open_segment(sealer.key(), &bytes).as_ref() != Ok(segment) {
        return Err(ObjectError::SealingFailed);
    }
    let name = ObjectHash(*blake3::hash(&bytes).as_bytes());
    Ok(SealedSegment { bytes, name })
}

/// Opens an index object of this writer.
pub fn open_segment(key: &WriterKey, object: &[u8]) -> Result<Segment, ObjectError> {
    let length = object.len() as u64;
    if object.len() > MAX_SEGMENT_LEN || length == 0 || segment_len(length) != length {
        return Err(ObjectError::BadLength { length });
    }
    let header: &[u8; INDEX_HEADER_LEN] = object.first_chunk().ok_or(ObjectError::TooShort)?;
    let (fixed, body, hash) = open_index_header(key, header)?;
    if fixed.object_type != ObjectType::Index {
        return Err(ObjectError::WrongType);
    }
    if fixed.kind != 0 {
        return Err(ObjectError::UnknownKind { kind: fixed.kind });
    }
    let plain = body
        .open_copy(Domain::Index, 0, &aad(&hash), &object[INDEX_HEADER_LEN..])
        .map_err(|_| ObjectError::DoesNotOpen)?;
    Segment::decode(&plain)
}

fn aad(header_hash: &[u8; 32]) -> [u8; 33] {
    let mut aad = [0; 33];
    aad[..32].copy_from_slice(header_hash);
    aad[32] = Domain::Index as u8;
    aad
}

impl Segment {
    /// What is sealed, without the length before it and the padding behind it.
    pub fn encode(&self) -> Vec<u8> {
        let Self { base, packs } = self;
        let chunks: usize = packs.iter().map(|pack| pack.chunks.len()).sum();
        let mut out = Vec::with_capacity(8 + base.len() * 32 + packs.len() * PACK_ROW_LEN + chunks * CHUNK_ROW_LEN);
        out.extend_from_slice(&(base.len() as u32).to_le_bytes());
        for head in base {
            out.extend_from_slice(&head.0);
        }
        write_packs(packs, &mut out);
        out
    }

    /// Reads what the seal held: length, content, zeros. Whoever sealed it may be hostile.
    pub fn decode(plain: &[u8]) -> Result<Self, ObjectError> {
        let (length, rest) = plain.split_first_chunk::<8>().ok_or(ObjectError::TooShort)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (content, padding) =
            rest.split_at_checked(length).ok_or(ObjectError::Malformed("the index claims more than it holds"))?;
        if padding.iter().any(|&byte| byte != 0) {
            return Err(ObjectError::Malformed("the padding is not zero"));
        }
        let mut reader = Reader(content);
        let heads = le32(reader.take(4)?) as usize;
        let heads = reader.take(heads.checked_mul(32).ok_or(ObjectError::Malformed("the index ends early"))?)?;
        let base = heads.as_chunks::<32>().0.iter().map(|head| ObjectHash(*head)).collect();
        let packs = read_packs(&mut reader)?;
        if reader.0.is_empty() {
            Ok(Self { base, packs })
        } else {
            Err(ObjectError::Malformed("bytes after the last pack of the index"))
        }
    }
}

/// Packs' lines alone, as the journal keeps them.
pub(crate) fn encode_packs(packs: &[IndexedPack]) -> Vec<u8> {
    let mut out = Vec::new();
    write_packs(packs, &mut out);
    out
}

/// Reads packs' lines that fill `content`.
pub(crate) fn decode_packs(content: &[u8]) -> Result<Vec<IndexedPack>, ObjectError> {
    let mut reader = Reader(content);
    let packs = read_packs(&mut reader)?;
    if reader.0.is_empty() { Ok(packs) } else { Err(ObjectError::Malformed("bytes after the last pack")) }
}

fn write_packs(packs: &[IndexedPack], out: &mut Vec<u8>) {
    out.extend_from_slice(&(packs.len() as u32).to_le_bytes());
    for pack in packs {
        out.extend_from_slice(&pack.name.0);
        out.extend_from_slice(&pack.writer.0);
        out.extend_from_slice(&pack.epoch.0.to_le_bytes());
        // Sizes are powers of two up to 2^26.
        out.extend_from_slice(&[pack.class as u8, pack.size.trailing_zeros() as u8, 0, 0]);
        out.extend_from_slice(&(pack.chunks.len() as u32).to_le_bytes());
        out.extend_from_slice(&pack.key_part);
        for chunk in &pack.chunks {
            let flag = if chunk.compression == Compression::Zstandard { COMPRESSED_BIT } else { 0 };
            out.extend_from_slice(&chunk.id.0);
            out.extend_from_slice(&(chunk.stored_len | flag).to_le_bytes());
            out.extend_from_slice(&chunk.plain_len.to_le_bytes());
        }
    }
}

/// Reads fixed-length pieces off the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ObjectError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ObjectError::Malformed("the index ends early"))?;
        self.0 = rest;
        Ok(taken)
    }
}

fn read_packs(reader: &mut Reader<'_>) -> Result<Vec<IndexedPack>, ObjectError> {
    let count = le32(reader.take(4)?) as usize;
    // A claim is believed only as far as the bytes that are there could hold it.
    if count > reader.0.len() / PACK_ROW_LEN {
        return Err(ObjectError::Malformed("the index claims more packs than it has room for"));
    }
    (0..count).map(|_| decode_pack(reader)).collect()
}

fn decode_pack(reader: &mut Reader<'_>) -> Result<IndexedPack, ObjectError> {
    let row = reader.take(PACK_ROW_LEN)?;
    let class = PackClass::from_number(row[52]).ok_or(ObjectError::UnknownKind { kind: row[52] })?;
    let size = 1u64.checked_shl(u32::from(row[53])).filter(|size| (MIN_PACK_LEN..=MAX_PACK_LEN).contains(size));
    let size = size.ok_or(ObjectError::Malformed("a pack size that no pack has"))?;
    if row[54..56] != [0; 2] {
        return Err(ObjectError::Malformed("reserved bytes are not zero"));
    }
    let count = le32(&row[56..60]) as usize;
    let rows = reader.take(count.checked_mul(CHUNK_ROW_LEN).ok_or(ObjectError::Malformed("the index ends early"))?)?;
    let (rows, _) = rows.as_chunks::<CHUNK_ROW_LEN>();
    let chunks: Vec<PackedChunk> = rows.iter().map(decode_chunk).collect();
    let needed: u64 = chunks.iter().map(PackedChunk::sealed_len).sum();
    if needed + crate::pack::chunks_start(count) > size {
        return Err(ObjectError::Malformed("more chunks than the pack has room for"));
    }
    Ok(IndexedPack {
        name: ObjectHash(array(&row[..32])),
        writer: WriterId(array(&row[32..48])),
        epoch: Epoch(le32(&row[48..52])),
        class,
        size,
        key_part: array(&row[60..]),
        chunks,
    })
}

fn decode_chunk(row: &[u8; CHUNK_ROW_LEN]) -> PackedChunk {
    let stored = le32(&row[32..36]);
    let compression = if stored & COMPRESSED_BIT == 0 { Compression::Raw } else { Compression::Zstandard };
    PackedChunk {
        id: ChunkId(array(&row[..32])),
        plain_len: le32(&row[36..40]),
        stored_len: stored & !COMPRESSED_BIT,
        compression,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::MasterKey;
    use chest_model::RepositoryId;
    use proptest::prelude::*;

    fn master() -> MasterKey {
        MasterKey::new([1; 32], RepositoryId([2; 32]), Epoch(0))
    }

    fn sealer(writer: u8) -> Sealer {
        Sealer::new(master().writer(WriterId([writer; 16])), master().reader_public(), master().reader_public())
    }

    fn pack(number: u8, chunks: usize) -> IndexedPack {
        let chunk = |i: usize| PackedChunk {
            id: ChunkId([i as u8; 32]),
            plain_len: 100,
            stored_len: 50,
            compression: if i.is_multiple_of(2) { Compression::Raw } else { Compression::Zstandard },
        };
        IndexedPack {
            name: ObjectHash([number; 32]),
            writer: WriterId([1; 16]),
            epoch: Epoch(0),
            class: PackClass::Data,
            size: 1 << 20,
            key_part: [number; KEY_PART_LEN],
            chunks: (0..chunks).map(chunk).collect(),
        }
    }

    fn one_pack() -> Segment {
        Segment { base: vec![], packs: vec![pack(1, 10)] }
    }

    proptest! {
        /// Promise 1, for indexes.
        #[test]
        fn index_objects_have_only_the_allowed_sizes(counts in prop::collection::vec(0usize..3000, 0..12)) {
            let packs: Vec<_> = counts.iter().enumerate().map(|(i, &count)| pack(i as u8, count)).collect();
            let segment = Segment { base: vec![ObjectHash([7; 32])], packs };
            let sealed = seal_segment(&sealer(1), &segment, &[3; 32]).unwrap();
            let length = sealed.bytes.len();
            prop_assert!(
                (length <= 1 << 20 && length.is_multiple_of(64 << 10)) || (length > 1 << 20 && length.is_power_of_two())
            );
            prop_assert_eq!(open_segment(sealer(1).key(), &sealed.bytes).unwrap(), segment);
        }

        #[test]
        fn rubbish_is_refused_without_a_panic(content in prop::collection::vec(any::<u8>(), 0..2000)) {
            let _ = Segment::decode(&[&(content.len() as u64).to_le_bytes()[..], &content].concat());
        }
    }

    #[test]
    fn every_flipped_bit_of_an_index_is_noticed() {
        let sealed = seal_segment(&sealer(1), &one_pack(), &[3; 32]).unwrap();
        let mut bytes = sealed.bytes;
        for bit in (0..INDEX_HEADER_LEN * 8).chain((INDEX_HEADER_LEN * 8..bytes.len() * 8).step_by(61)) {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(open_segment(sealer(1).key(), &bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn another_writer_cannot_open_it() {
        let sealed = seal_segment(&sealer(1), &one_pack(), &[3; 32]).unwrap();
        assert_eq!(
            open_segment(sealer(2).key(), &sealed.bytes).err(),
            Some(ObjectError::OtherWriter { writer: WriterId([1; 16]) })
        );
    }
}
