//! The header that begins every sealed object, and the keys that follow from it (docs/format.md, "Header").
//!
//! An object key is wrapped for the reader with HPKE, or follows from the writer's index secret. The header commits to the
//! object key, and its hash goes into the body key, so that no part can be moved to another object.

use crate::crypto::aead::BodyKey;
use crate::crypto::derive::{Secret, context, dk, same};
use crate::crypto::kem::{self, Binding, ENCAPSULATED_LEN, ReaderPublic, WRAPPED_LEN};
use crate::error::ObjectError;
use crate::keys::{MasterKey, WriterKey};
use chest_model::{Epoch, RepositoryId, WriterId};
use std::collections::BTreeMap;

/// The first eight bytes of every object.
pub(crate) const MAGIC: &[u8; 8] = b"CHESTOBJ";
/// The format that this program writes and reads.
pub const FORMAT: u8 = 1;
/// BLAKE3, ChaCha20-Poly1305, HPKE 0x0020/0x0001/0x0003, Ed25519, Zstandard.
pub(crate) const SUITE: u8 = 1;
/// Up to and with the commitment.
const BOUND_LEN: usize = 96;
/// Fixed part, before the commitment.
const FIXED_LEN: usize = 64;
/// A header sealed to the reader.
pub(crate) const READER_HEADER_LEN: usize = BOUND_LEN + ENCAPSULATED_LEN + WRAPPED_LEN;
/// A header under a writer's index key.
pub(crate) const INDEX_HEADER_LEN: usize = BOUND_LEN + 32;
/// What an index keeps of a pack's header, so that the pack opens without reading its front: everything after the fixed part.
pub(crate) const KEY_PART_LEN: usize = READER_HEADER_LEN - FIXED_LEN;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum ObjectType {
    Pack = 1,
    Index = 2,
    LogRecord = 3,
    OwnerRecord = 4,
}

impl ObjectType {
    fn from_number(number: u8) -> Option<Self> {
        [Self::Pack, Self::Index, Self::LogRecord, Self::OwnerRecord].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// The fixed part of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) object_type: ObjectType,
    /// Its meaning depends on the type: class of a pack, kind of an owner record.
    pub(crate) kind: u8,
    pub(crate) epoch: Epoch,
    pub(crate) repository: RepositoryId,
    pub(crate) writer: WriterId,
}

impl Fixed {
    pub(crate) fn encode(&self) -> [u8; FIXED_LEN] {
        let mut bytes = [0; FIXED_LEN];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&[FORMAT, SUITE, self.object_type as u8, self.kind]);
        bytes[12..16].copy_from_slice(&self.epoch.0.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.repository.0);
        bytes[48..64].copy_from_slice(&self.writer.0);
        bytes
    }

    /// Reads the fixed part; what this program does not know is refused before any cryptography.
    pub(crate) fn decode(object: &[u8]) -> Result<Self, ObjectError> {
        let bytes: &[u8; FIXED_LEN] = object.first_chunk().ok_or(ObjectError::TooShort)?;
        if &bytes[..8] != MAGIC {
            return Err(ObjectError::NotOurs);
        }
        if bytes[8] != FORMAT {
            return Err(ObjectError::NewerFormat { format: bytes[8] });
        }
        if bytes[9] != SUITE {
            return Err(ObjectError::UnknownSuite { suite: bytes[9] });
        }
        let object_type = ObjectType::from_number(bytes[10]).ok_or(ObjectError::UnknownType { number: bytes[10] })?;
        Ok(Self {
            object_type,
            kind: bytes[11],
            epoch: Epoch(le32(&bytes[12..16])),
            repository: RepositoryId(array(&bytes[16..48])),
            writer: WriterId(array(&bytes[48..64])),
        })
    }
}

/// Four little-endian bytes.
pub(crate) fn le32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(array(bytes))
}

/// A slice of known length as an array; callers cut it to that length themselves.
pub(crate) fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}

/// Seals objects for one writer. Everything secret under a seal follows from fresh random bytes *and* from what is sealed.
pub struct Sealer {
    key: WriterKey,
    reader: ReaderPublic,
    /// Loaded a second time, from another place in memory: the two encapsulations must agree.
    reader_again: ReaderPublic,
}

/// The header of a new object, and the key to its bodies.
pub(crate) struct SealedHeader<const N: usize> {
    pub(crate) bytes: [u8; N],
    pub(crate) hash: [u8; 32],
    pub(crate) body: BodyKey,
}

impl Sealer {
    /// For this writer and reader. The reader's key is given twice, loaded from two places: where the two differ, memory
    /// is failing, and nothing may be sealed.
    pub fn new(key: WriterKey, reader: ReaderPublic, reader_again: ReaderPublic) -> Self {
        Self { key, reader, reader_again }
    }

    pub(crate) fn key(&self) -> &WriterKey {
        &self.key
    }

    /// The seed of one object: random bytes, the writer's secret and the hash of everything that will be sealed.
    pub(crate) fn seed(&self, random: &[u8; 32], content: &[u8; 32]) -> Secret {
        dk(context!("object seed"), &[random, &self.key.secret()[..], content])
    }

    pub(crate) fn fixed(&self, object_type: ObjectType, kind: u8) -> Fixed {
        let key = &self.key;
        Fixed { object_type, kind, epoch: key.epoch(), repository: key.repository(), writer: key.writer() }
    }

    /// A header sealed to the reader.
    pub(crate) fn to_reader(
        &self,
        object_type: ObjectType,
        kind: u8,
        seed: &Secret,
    ) -> Result<SealedHeader<READER_HEADER_LEN>, ObjectError> {
        let object_key = dk(context!("object key"), &[&seed[..]]);
        let mut bytes = [0; READER_HEADER_LEN];
        bytes[..FIXED_LEN].copy_from_slice(&self.fixed(object_type, kind).encode());
        let commitment = kem::object_commitment(&object_key, &bytes[..FIXED_LEN]);
        bytes[FIXED_LEN..BOUND_LEN].copy_from_slice(&commitment[..]);
        let (psk, psk_id) = (self.key.psk(), self.key.psk_id());
        let binding = Binding { psk: &psk, psk_id: &psk_id, header: &bytes[..BOUND_LEN] };
        let first = kem::wrap(&self.reader, &binding, seed, &object_key).map_err(|_| ObjectError::SealingFailed)?;
        let second =
            kem::wrap(&self.reader_again, &binding, seed, &object_key).map_err(|_| ObjectError::SealingFailed)?;
        if first != second {
            return Err(ObjectError::SealingFailed);
        }
        bytes[BOUND_LEN..BOUND_LEN + ENCAPSULATED_LEN].copy_from_slice(&first.0);
        bytes[BOUND_LEN + ENCAPSULATED_LEN..].copy_from_slice(&first.1);
        Ok(with_body_key(bytes, &object_key))
    }

    /// A header under the writer's index key.
    pub(crate) fn to_writer(&self, object_type: ObjectType, kind: u8, seed: &Secret) -> SealedHeader<INDEX_HEADER_LEN> {
        let salt = salt(seed);
        let mut bytes = [0; INDEX_HEADER_LEN];
        bytes[..FIXED_LEN].copy_from_slice(&self.fixed(object_type, kind).encode());
        let object_key = index_object_key(&self.key.index_secret(), &salt, &bytes[..FIXED_LEN]);
        let commitment = kem::object_commitment(&object_key, &bytes[..FIXED_LEN]);
        bytes[FIXED_LEN..BOUND_LEN].copy_from_slice(&commitment[..]);
        bytes[BOUND_LEN..].copy_from_slice(&salt);
        with_body_key(bytes, &object_key)
    }
}

/// The public salt of an object.
pub(crate) fn salt(seed: &Secret) -> [u8; 32] {
    *dk(context!("object salt"), &[&seed[..]])
}

pub(crate) fn index_object_key(index_secret: &Secret, salt: &[u8; 32], fixed: &[u8]) -> Secret {
    dk(context!("index object key"), &[&index_secret[..], salt, fixed])
}

/// BK = dk("body", OK‖BLAKE3(header))
pub(crate) fn body_key(object_key: &Secret, header_hash: &[u8; 32]) -> BodyKey {
    BodyKey::new(&dk(context!("body"), &[&object_key[..], header_hash]))
}

fn with_body_key<const N: usize>(bytes: [u8; N], object_key: &Secret) -> SealedHeader<N> {
    let hash = *blake3::hash(&bytes).as_bytes();
    SealedHeader { bytes, hash, body: body_key(object_key, &hash) }
}

/// Opens what writers sealed.
pub struct Opener {
    epochs: BTreeMap<Epoch, EpochKeys>,
    newest: Epoch,
}

struct EpochKeys {
    master: MasterKey,
    reader: <hpke::kem::X25519HkdfSha256 as hpke::Kem>::PrivateKey,
}

impl Opener {
    /// For the holder of the newest master key.
    pub fn new(master: MasterKey) -> Self {
        let newest = master.epoch();
        let mut opener = Self { epochs: BTreeMap::new(), newest };
        opener.add(master);
        opener
    }

    /// Takes the master key of an older epoch, unwrapped with a newer one.
    pub fn add(&mut self, master: MasterKey) {
        let (reader, _) = kem::reader_keys(&master.reader_seed());
        self.newest = self.newest.max(master.epoch());
        self.epochs.insert(master.epoch(), EpochKeys { master, reader });
    }

    /// The newest master key.
    pub fn master(&self) -> &MasterKey {
        &self.epochs[&self.newest].master
    }

    /// The master key of one epoch.
    pub fn master_of(&self, epoch: Epoch) -> Result<&MasterKey, ObjectError> {
        self.epochs.get(&epoch).map(|keys| &keys.master).ok_or(ObjectError::OtherEpoch { epoch })
    }

    /// Checks the header of an object sealed to the reader and gives the key to its bodies, and the header's hash.
    pub(crate) fn open_header(
        &self,
        header: &[u8; READER_HEADER_LEN],
    ) -> Result<(Fixed, BodyKey, [u8; 32]), ObjectError> {
        let fixed = Fixed::decode(header)?;
        if fixed.repository != self.master().repository() {
            return Err(ObjectError::OtherRepository);
        }
        let keys = self.epochs.get(&fixed.epoch).ok_or(ObjectError::OtherEpoch { epoch: fixed.epoch })?;
        let writer = keys.master.writer(fixed.writer);
        let (psk, psk_id) = (writer.psk(), writer.psk_id());
        let binding = Binding { psk: &psk, psk_id: &psk_id, header: &header[..BOUND_LEN] };
        let encapsulated = &header[BOUND_LEN..BOUND_LEN + ENCAPSULATED_LEN];
        let object_key = kem::unwrap(&keys.reader, &binding, encapsulated, &header[BOUND_LEN + ENCAPSULATED_LEN..])
            .map_err(|_| ObjectError::DoesNotOpen)?;
        check_commitment(&object_key, header)?;
        let hash = *blake3::hash(header).as_bytes();
        Ok((fixed, body_key(&object_key, &hash), hash))
    }
}

/// Checks a header under a writer's index key and gives the key to its body, and the header's hash.
pub(crate) fn open_index_header(
    key: &WriterKey,
    header: &[u8; INDEX_HEADER_LEN],
) -> Result<(Fixed, BodyKey, [u8; 32]), ObjectError> {
    let fixed = Fixed::decode(header)?;
    if fixed.repository != key.repository() {
        return Err(ObjectError::OtherRepository);
    }
    if fixed.writer != key.writer() {
        return Err(ObjectError::OtherWriter { writer: fixed.writer });
    }
    if fixed.epoch != key.epoch() {
        return Err(ObjectError::OtherEpoch { epoch: fixed.epoch });
    }
    let object_key = index_object_key(&key.index_secret(), &array(&header[BOUND_LEN..]), &header[..FIXED_LEN]);
    check_commitment(&object_key, header)?;
    let hash = *blake3::hash(header).as_bytes();
    Ok((fixed, body_key(&object_key, &hash), hash))
}

fn check_commitment(object_key: &Secret, header: &[u8]) -> Result<(), ObjectError> {
    let expected = kem::object_commitment(object_key, &header[..FIXED_LEN]);
    if same(&expected, &array(&header[FIXED_LEN..BOUND_LEN])) { Ok(()) } else { Err(ObjectError::DoesNotOpen) }
}
