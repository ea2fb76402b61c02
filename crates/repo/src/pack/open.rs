//! Opening packs: whole, or one chunk of which the index says where it lies.

use super::{
    CHUNK_OVERHEAD, FIXED_OVERHEAD, MAX_CHUNK_LEN, PROLOGUE_LEN, PackClass, PackedChunk, ROW_LEN, TABLE_START,
    chunk_aad, is_pack_len, part_aad,
};
use crate::compress::Decompressor;
use crate::crypto::aead::{BodyKey, Domain, TAG_LEN};
use crate::error::ObjectError;
use crate::header::{Fixed, KEY_PART_LEN, ObjectType, Opener, READER_HEADER_LEN, array, le32};
use crate::index::IndexedPack;
use crate::keys::DomainKeys;
use chest_model::ObjectHash;

/// The key to one pack.
pub struct PackKey {
    body: BodyKey,
    header_hash: [u8; 32],
    class: PackClass,
}

/// What a whole pack was found to hold.
#[derive(Debug, PartialEq, Eq)]
pub struct PackVerification {
    /// Its kind.
    pub class: PackClass,
    /// Its table.
    pub chunks: Vec<PackedChunk>,
}

/// What stands sealed before a pack's table. Whoever sealed it may be hostile, and so may be the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prologue {
    count: usize,
    padding: u64,
    object_len: u64,
}

impl Prologue {
    /// Reads the prologue of an object of that length.
    pub fn decode(plain: &[u8; PROLOGUE_LEN], object_len: u64) -> Result<Self, ObjectError> {
        let count = le32(&plain[..4]) as usize;
        let padding = u64::from_le_bytes(array(&plain[8..16]));
        if plain[4..8] != [0; 4] {
            return Err(ObjectError::Malformed("reserved bytes are not zero"));
        }
        if count as u64 > object_len.saturating_sub(FIXED_OVERHEAD as u64) / CHUNK_OVERHEAD as u64 {
            return Err(ObjectError::Malformed("the pack claims more chunks than it has room for"));
        }
        Ok(Self { count, padding, object_len })
    }

    /// The length of the table that follows.
    pub fn table_len(&self) -> usize {
        self.count * ROW_LEN
    }

    /// Reads that table; the lengths in it must make the object's.
    pub fn decode_table(&self, plain: &[u8]) -> Result<Vec<PackedChunk>, ObjectError> {
        if plain.len() != self.table_len() {
            return Err(ObjectError::Malformed("a table of another length"));
        }
        let (rows, _) = plain.as_chunks::<ROW_LEN>();
        let chunks = rows.iter().map(PackedChunk::decode).collect::<Result<Vec<_>, _>>()?;
        let sealed: u64 = chunks.iter().map(PackedChunk::sealed_len).sum();
        let total = sealed
            .checked_add((FIXED_OVERHEAD + self.table_len()) as u64)
            .and_then(|sum| sum.checked_add(self.padding));
        if total == Some(self.object_len) {
            Ok(chunks)
        } else {
            Err(ObjectError::Malformed("the lengths in the pack do not add up"))
        }
    }
}

impl PackKey {
    pub(super) fn from_parts(body: BodyKey, header_hash: [u8; 32], class: PackClass) -> Self {
        Self { body, header_hash, class }
    }

    /// From the pack's own first bytes.
    pub fn from_object(opener: &Opener, object: &[u8]) -> Result<Self, ObjectError> {
        let header: &[u8; READER_HEADER_LEN] = object.first_chunk().ok_or(ObjectError::TooShort)?;
        let fixed = Fixed::decode(header)?;
        if fixed.object_type != ObjectType::Pack {
            return Err(ObjectError::WrongType);
        }
        let class = PackClass::from_number(fixed.kind).ok_or(ObjectError::UnknownKind { kind: fixed.kind })?;
        let (_, body, header_hash) = opener.open_header(header)?;
        Ok(Self { body, header_hash, class })
    }

    /// From what the index keeps of the header, without reading the pack's front.
    pub fn from_index(opener: &Opener, pack: &IndexedPack) -> Result<Self, ObjectError> {
        let fixed = Fixed {
            object_type: ObjectType::Pack,
            kind: pack.class as u8,
            epoch: pack.epoch,
            repository: opener.master().repository(),
            writer: pack.writer,
        };
        let mut header = [0; READER_HEADER_LEN];
        let fixed = fixed.encode();
        header[..fixed.len()].copy_from_slice(&fixed);
        header[fixed.len()..].copy_from_slice(&pack.key_part);
        Self::from_object(opener, &header)
    }

    /// What a pack says of itself: its line in the index, made from the pack alone.
    pub fn describe(opener: &Opener, name: ObjectHash, object: &[u8]) -> Result<IndexedPack, ObjectError> {
        let key = Self::from_object(opener, object)?;
        let chunks = key.table(object)?;
        let fixed = Fixed::decode(object)?;
        let key_part = array(&object[READER_HEADER_LEN - KEY_PART_LEN..READER_HEADER_LEN]);
        let (writer, epoch, size) = (fixed.writer, fixed.epoch, object.len() as u64);
        Ok(IndexedPack { name, writer, epoch, class: key.class, size, key_part, chunks })
    }

    /// The kind of chunks it holds.
    pub fn class(&self) -> PackClass {
        self.class
    }

    /// The table, from the front of the object; every length in it is checked against the object's.
    pub fn table(&self, object: &[u8]) -> Result<Vec<PackedChunk>, ObjectError> {
        let length = object.len() as u64;
        if !is_pack_len(length) {
            return Err(ObjectError::BadLength { length });
        }
        let prologue = self
            .body
            .open_copy(
                Domain::PackPrologue,
                0,
                &part_aad(&self.header_hash, Domain::PackPrologue),
                &object[READER_HEADER_LEN..READER_HEADER_LEN + PROLOGUE_LEN + TAG_LEN],
            )
            .map_err(|_| ObjectError::DoesNotOpen)?;
        let prologue = Prologue::decode(&array(&prologue), length)?;
        let table = self
            .body
            .open_copy(
                Domain::PackTable,
                0,
                &part_aad(&self.header_hash, Domain::PackTable),
                &object[TABLE_START..TABLE_START + prologue.table_len() + TAG_LEN],
            )
            .map_err(|_| ObjectError::DoesNotOpen)?;
        prologue.decode_table(&table)
    }

    /// The plaintext of the chunk at `position`, from its ciphertext and tag; its id is proven.
    pub fn open_chunk(
        &self,
        position: u32,
        chunk: &PackedChunk,
        sealed: &[u8],
        domain: &DomainKeys,
        decompressor: &mut Decompressor,
    ) -> Result<Vec<u8>, ObjectError> {
        if sealed.len() as u64 != chunk.sealed_len() || chunk.plain_len > MAX_CHUNK_LEN {
            return Err(ObjectError::Malformed("a chunk's length is not what the table says"));
        }
        let aad = chunk_aad(&self.header_hash, position, chunk);
        let mut stored = sealed.to_vec();
        let length = self
            .body
            .open(Domain::Chunk, u64::from(position), &aad, &mut stored)
            .map_err(|_| ObjectError::DoesNotOpen)?
            .len();
        stored.truncate(length);
        let plain = match chunk.compression {
            crate::compress::Compression::Raw if stored.len() == chunk.plain_len as usize => stored,
            how => decompressor.decompress(&stored, how, chunk.plain_len)?,
        };
        if domain.chunk_id(&plain) != chunk.id {
            return Err(ObjectError::WrongChunk(chunk.id));
        }
        Ok(plain)
    }

    /// Opens everything in the pack: prologue, table, every chunk down to its id, padding.
    pub fn verify(
        &self,
        object: &[u8],
        domain: &DomainKeys,
        decompressor: &mut Decompressor,
    ) -> Result<PackVerification, ObjectError> {
        let chunks = self.table(object)?;
        let mut at = TABLE_START + chunks.len() * ROW_LEN + TAG_LEN;
        for (position, chunk) in chunks.iter().enumerate() {
            let end = at + chunk.sealed_len() as usize;
            // The count is bounded by the pack's length, far below 2^32.
            self.open_chunk(position as u32, chunk, &object[at..end], domain, decompressor)?;
            at = end;
        }
        let padding = self
            .body
            .open_copy(Domain::PackPadding, 0, &part_aad(&self.header_hash, Domain::PackPadding), &object[at..])
            .map_err(|_| ObjectError::DoesNotOpen)?;
        if padding.iter().any(|&byte| byte != 0) {
            return Err(ObjectError::Malformed("the padding is not zero"));
        }
        Ok(PackVerification { class: self.class, chunks })
    }
}
