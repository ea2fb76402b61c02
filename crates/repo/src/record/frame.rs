//! The frame that every record shares: header, public part, note for its own writer, body for the reader, signature;
//! padded to steps of 4 KiB inside the seals.

use crate::crypto::aead::{Domain, TAG_LEN};
use crate::crypto::derive::Secret;
use crate::crypto::sign::{self, PublicKey, SIGNATURE_LEN};
use crate::error::ObjectError;
use crate::header::{
    Fixed, ObjectType, Opener, READER_HEADER_LEN, Sealer, array, body_key, index_object_key, le32, salt,
};
use crate::keys::WriterKey;
use bytes::Bytes;
use chest_model::ObjectHash;

/// Records are multiples of this.
const STEP: usize = 4096;
/// The largest record that is read.
const MAX_RECORD_LEN: usize = 16 << 20;
/// Notes are padded to multiples of this.
const NOTE_STEP: usize = 1024;
const SALT_LEN: usize = 32;
/// le32 public length ‖ le32 note length
const LENGTHS_LEN: usize = 8;
const PUBLIC_START: usize = READER_HEADER_LEN + LENGTHS_LEN;

/// What goes into a record.
pub(crate) struct RecordParts<'a> {
    pub(crate) object_type: ObjectType,
    pub(crate) kind: u8,
    /// CBOR that anyone may read.
    pub(crate) public: &'a [u8],
    /// CBOR for the writer itself; none in owner records.
    pub(crate) note: Option<&'a [u8]>,
    /// CBOR for the reader.
    pub(crate) body: &'a [u8],
}

/// A record ready to be sent.
pub struct SealedRecord {
    /// The object.
    pub bytes: Vec<u8>,
    /// Its hash, the last part of its name.
    pub hash: ObjectHash,
}

/// Seals and signs; `random` is 32 fresh random bytes.
pub(crate) fn seal_record(
    sealer: &Sealer,
    signing_seed: &Secret,
    parts: &RecordParts<'_>,
    random: &[u8; 32],
) -> Result<SealedRecord, ObjectError> {
    let note = parts.note.map(|note| padded(note, (4 + note.len()).next_multiple_of(NOTE_STEP)));
    let note_len = note.as_ref().map_or(0, |note| SALT_LEN + note.len() + TAG_LEN);
    let before_body = PUBLIC_START + parts.public.len() + note_len;
    let total = (before_body + 4 + parts.body.len() + TAG_LEN + SIGNATURE_LEN).next_multiple_of(STEP);
    if total > MAX_RECORD_LEN {
        return Err(ObjectError::BadLength { length: total as u64 });
    }
    let body = padded(parts.body, total - before_body - TAG_LEN - SIGNATURE_LEN);

    let mut content = blake3::Hasher::new();
    content.update(parts.public).update(note.as_deref().unwrap_or_default()).update(&body);
    let seed = sealer.seed(random, content.finalize().as_bytes());
    let header = sealer.to_reader(parts.object_type, parts.kind, &seed)?;
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(&header.bytes);
    bytes.extend_from_slice(&(parts.public.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(note_len as u32).to_le_bytes());
    bytes.extend_from_slice(parts.public);
    if let Some(mut note) = note {
        let salt = salt(&seed);
        let object_key = index_object_key(&sealer.key().index_secret(), &salt, &header.bytes[..64]);
        let key = body_key(&object_key, &header.hash);
        let note_aad = aad(&header.hash, Domain::WriterNote, parts.public);
        let tag = key.seal(Domain::WriterNote, 0, &note_aad, &mut note);
        let opened = key.open_copy(Domain::WriterNote, 0, &note_aad, &[&note[..], &tag].concat());
        if opened.as_deref().map(unpadded) != Ok(Ok(parts.note.unwrap_or_default())) {
            return Err(ObjectError::SealingFailed);
        }
        bytes.extend_from_slice(&salt);
        bytes.extend_from_slice(&note);
        bytes.extend_from_slice(&tag);
    }
    let mut body = body;
    let tag = header.body.seal(Domain::RecordBody, 0, &aad(&header.hash, Domain::RecordBody, parts.public), &mut body);
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&tag);
    let opened = header.body.open_copy(
        Domain::RecordBody,
        0,
        &aad(&header.hash, Domain::RecordBody, parts.public),
        &bytes[before_body..],
    );
    if opened.map_err(|_| ObjectError::SealingFailed).and_then(|body| unpadded(&body).map(<[u8]>::to_vec))?
        != parts.body
    {
        return Err(ObjectError::SealingFailed);
    }
    let signature = sign::sign(signing_seed, &bytes);
    bytes.extend_from_slice(&signature);
    let frame = RecordFrame::parse(Bytes::copy_from_slice(&bytes))?;
    frame.verify(&sign::public_key(signing_seed)).map_err(|_| ObjectError::SealingFailed)?;
    Ok(SealedRecord { hash: frame.hash(), bytes })
}

/// A record as it was read: its public part can be used once the signature is verified; note and body open with keys.
#[derive(Debug, Clone)]
pub struct RecordFrame {
    bytes: Bytes,
    fixed: Fixed,
    public_end: usize,
    note_end: usize,
}

impl RecordFrame {
    /// The largest record that is read.
    pub const MAX_LEN: u64 = MAX_RECORD_LEN as u64;

    /// Takes the object apart. Nothing is trusted yet.
    pub fn parse(bytes: Bytes) -> Result<Self, ObjectError> {
        let length = bytes.len();
        if length == 0 || !length.is_multiple_of(STEP) || length > MAX_RECORD_LEN {
            return Err(ObjectError::BadLength { length: length as u64 });
        }
        let fixed = Fixed::decode(&bytes)?;
        if !matches!(fixed.object_type, ObjectType::LogRecord | ObjectType::OwnerRecord) {
            return Err(ObjectError::WrongType);
        }
        let public_len = le32(&bytes[READER_HEADER_LEN..READER_HEADER_LEN + 4]) as usize;
        let note_len = le32(&bytes[READER_HEADER_LEN + 4..PUBLIC_START]) as usize;
        let public_end = PUBLIC_START.saturating_add(public_len);
        let note_end = public_end.saturating_add(note_len);
        if note_end.saturating_add(4 + TAG_LEN + SIGNATURE_LEN) > length {
            return Err(ObjectError::Malformed("the record's parts are longer than it is"));
        }
        if note_len != 0 && note_len < SALT_LEN + TAG_LEN {
            return Err(ObjectError::Malformed("the note is too short"));
        }
        Ok(Self { bytes, fixed, public_end, note_end })
    }

    /// The hash of the whole object.
    pub fn hash(&self) -> ObjectHash {
        ObjectHash(*blake3::hash(&self.bytes).as_bytes())
    }

    pub(crate) fn fixed(&self) -> &Fixed {
        &self.fixed
    }

    /// Checks the signature over everything before it.
    pub fn verify(&self, key: &PublicKey) -> Result<(), ObjectError> {
        let (before, signature) = self.bytes.split_at(self.bytes.len() - SIGNATURE_LEN);
        if sign::verify(key, before, &array(signature)) { Ok(()) } else { Err(ObjectError::BadSignature) }
    }

    /// The part that anyone may read.
    pub fn public(&self) -> &[u8] {
        &self.bytes[PUBLIC_START..self.public_end]
    }

    /// Opens the writer's note.
    pub fn open_note(&self, key: &WriterKey) -> Result<Vec<u8>, ObjectError> {
        let note = &self.bytes[self.public_end..self.note_end];
        let (salt, sealed) = note.split_first_chunk::<SALT_LEN>().ok_or(ObjectError::TooShort)?;
        let object_key = index_object_key(&key.index_secret(), salt, &self.bytes[..64]);
        let hash = self.header_hash();
        let plain = body_key(&object_key, &hash)
            .open_copy(Domain::WriterNote, 0, &aad(&hash, Domain::WriterNote, self.public()), sealed)
            .map_err(|_| ObjectError::DoesNotOpen)?;
        unpadded(&plain).map(<[u8]>::to_vec)
    }

    /// Opens the reader's body.
    pub fn open_body(&self, opener: &Opener) -> Result<Vec<u8>, ObjectError> {
        let header: &[u8; READER_HEADER_LEN] = self.bytes.first_chunk().ok_or(ObjectError::TooShort)?;
        let (_, key, hash) = opener.open_header(header)?;
        let sealed = &self.bytes[self.note_end..self.bytes.len() - SIGNATURE_LEN];
        let plain = key
            .open_copy(Domain::RecordBody, 0, &aad(&hash, Domain::RecordBody, self.public()), sealed)
            .map_err(|_| ObjectError::DoesNotOpen)?;
        unpadded(&plain).map(<[u8]>::to_vec)
    }

    fn header_hash(&self) -> [u8; 32] {
        *blake3::hash(&self.bytes[..READER_HEADER_LEN]).as_bytes()
    }
}

/// BLAKE3(header)‖domain‖BLAKE3(public part)
fn aad(header_hash: &[u8; 32], domain: Domain, public: &[u8]) -> [u8; 65] {
    let mut aad = [0; 65];
    aad[..32].copy_from_slice(header_hash);
    aad[32] = domain as u8;
    aad[33..].copy_from_slice(blake3::hash(public).as_bytes());
    aad
}

/// le32 length ‖ content ‖ zeros
fn padded(content: &[u8], total: usize) -> Vec<u8> {
    let mut out = vec![0; total];
    out[..4].copy_from_slice(&(content.len() as u32).to_le_bytes());
    out[4..4 + content.len()].copy_from_slice(content);
    out
}

/// What a note or a body holds, without its length and its padding. Whoever sealed it may be hostile.
pub fn unpadded(plain: &[u8]) -> Result<&[u8], ObjectError> {
    let (length, rest) = plain.split_first_chunk::<4>().ok_or(ObjectError::TooShort)?;
    let (content, padding) = rest
        .split_at_checked(le32(length) as usize)
        .ok_or(ObjectError::Malformed("a part claims more than it holds"))?;
    if padding.iter().all(|&byte| byte == 0) {
        Ok(content)
    } else {
        Err(ObjectError::Malformed("the padding is not zero"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::MasterKey;
    use chest_model::{Epoch, RepositoryId, WriterId};

    fn master() -> MasterKey {
        MasterKey::new([1; 32], RepositoryId([2; 32]), Epoch(0))
    }

    fn writer() -> WriterKey {
        master().writer(WriterId([3; 16]))
    }

    fn record(body: &[u8]) -> SealedRecord {
        let sealer = Sealer::new(writer(), master().reader_public(), master().reader_public());
        let parts =
            RecordParts { object_type: ObjectType::LogRecord, kind: 0, public: b"public", note: Some(b"note"), body };
        seal_record(&sealer, &writer().signing_seed(), &parts, &[4; 32]).unwrap()
    }

    #[test]
    fn a_record_opens_for_whom_it_was_made() {
        let frame = RecordFrame::parse(record(b"body").bytes.into()).unwrap();
        frame.verify(&writer().public()).unwrap();
        assert_eq!(frame.public(), b"public");
        assert_eq!(frame.open_note(&writer()).unwrap(), b"note");
        assert_eq!(frame.open_body(&Opener::new(master())).unwrap(), b"body");
        let other = master().writer(WriterId([9; 16]));
        assert_eq!(frame.verify(&other.public()), Err(ObjectError::BadSignature));
        assert_eq!(frame.open_note(&other), Err(ObjectError::DoesNotOpen));
    }

    /// Promise 1, for records.
    #[test]
    fn records_grow_in_steps_of_four_kibibytes() {
        for length in [0, 1, 2700, 3000, 4096, 100_000] {
            assert!(record(&vec![7; length]).bytes.len().is_multiple_of(STEP));
        }
        assert_eq!(record(b"a").bytes.len(), record(b"a longer body").bytes.len());
    }

    #[test]
    fn every_flipped_bit_of_a_record_breaks_its_signature() {
        let bytes = record(b"body").bytes;
        for bit in (0..bytes.len() * 8).step_by(7) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let accepted = RecordFrame::parse(flipped.into()).and_then(|frame| frame.verify(&writer().public()));
            assert!(accepted.is_err(), "bit {bit}");
        }
    }
}
