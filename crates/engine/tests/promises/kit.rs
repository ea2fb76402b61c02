//! The format's keys and seals, written a second time from its page: what an attacker with some of the keys could build, and
//! what a curious one could try to open. It shares no code with the program, so that the two check each other.
#![allow(dead_code)]

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use ed25519_dalek::{Signer, SigningKey};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, PskBundle, Serializable, setup_receiver, setup_sender};

type HpkeAead = hpke::aead::ChaCha20Poly1305;
pub type Secret = [u8; 32];

pub const PACK: u8 = 1;
pub const INDEX: u8 = 2;
pub const LOG_RECORD: u8 = 3;
pub const OWNER_RECORD: u8 = 4;

/// The purposes of nonces.
pub const PROLOGUE: u8 = 0;
pub const CHUNK: u8 = 1;
pub const TABLE: u8 = 2;
pub const PADDING: u8 = 3;
pub const SEGMENT: u8 = 4;
pub const BODY: u8 = 5;
pub const NOTE: u8 = 6;
pub const LOCAL: u8 = 7;

pub fn dk(name: &str, parts: &[&[u8]]) -> Secret {
    let mut hasher = blake3::Hasher::new_derive_key(&format!("parish-chest 2026-11 v1 {name}"));
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

pub fn hash(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

/// What the holder of the master key knows.
#[derive(Clone, Copy)]
pub struct Owner {
    pub master: Secret,
    pub repository: [u8; 32],
    pub epoch: u32,
}

/// What a machine that backs up knows.
#[derive(Clone, Copy)]
pub struct Writer {
    pub secret: Secret,
    pub repository: [u8; 32],
    pub id: [u8; 16],
    pub epoch: u32,
}

impl Owner {
    pub fn reader_seed(&self) -> Secret {
        dk("reader kem ikm", &[&self.master, &self.repository])
    }

    pub fn reader_public(&self) -> [u8; 32] {
        X25519HkdfSha256::derive_keypair(&self.reader_seed()).1.to_bytes().into()
    }

    pub fn signing(&self) -> SigningKey {
        SigningKey::from_bytes(&dk("owner ed25519 seed", &[&self.master, &self.repository]))
    }

    pub fn writer(&self, id: [u8; 16]) -> Writer {
        let parts: [&[u8]; 4] = [&self.master, &self.repository, &id, &self.epoch.to_le_bytes()];
        Writer { secret: dk("writer root", &parts), repository: self.repository, id, epoch: self.epoch }
    }

    pub fn domain(&self, founder: [u8; 16]) -> Secret {
        dk("domain root", &[&self.master, &self.repository, &founder, &self.epoch.to_le_bytes()])
    }

    /// The key of an object sealed to the reader; `None` where its header does not open.
    pub fn object_key(&self, object: &[u8]) -> Option<Secret> {
        let id: [u8; 16] = object[48..64].try_into().unwrap();
        let writer = self.writer(id);
        let (psk, psk_id) = (writer.psk(), writer.psk_id());
        let (private, _) = X25519HkdfSha256::derive_keypair(&self.reader_seed());
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&object[96..128]).ok()?;
        let mode = OpModeR::Psk(PskBundle::new(&psk, &psk_id).ok()?);
        let info = [b"parish-chest 2026-11 v1 hpke info", &object[..96]].concat();
        let mut context =
            setup_receiver::<HpkeAead, HkdfSha256, X25519HkdfSha256>(&mode, &private, &encapsulated, &info).ok()?;
        context.open(&object[128..176], &object[..96]).ok()?.try_into().ok()
    }
}

impl Writer {
    pub fn psk(&self) -> Secret {
        dk("writer psk", &[&self.secret])
    }

    pub fn psk_id(&self) -> Vec<u8> {
        [&self.repository[..], &self.id, &self.epoch.to_le_bytes()].concat()
    }

    pub fn index_secret(&self) -> Secret {
        dk("writer index", &[&self.secret])
    }

    pub fn cache_secret(&self) -> Secret {
        dk("writer local cache", &[&self.secret])
    }

    pub fn signing(&self) -> SigningKey {
        SigningKey::from_bytes(&dk("writer ed25519 seed", &[&self.secret]))
    }

    pub fn fixed(&self, object_type: u8, kind: u8) -> [u8; 64] {
        let mut out = [0; 64];
        out[..8].copy_from_slice(b"CHESTOBJ");
        out[8..12].copy_from_slice(&[1, 1, object_type, kind]);
        out[12..16].copy_from_slice(&self.epoch.to_le_bytes());
        out[16..48].copy_from_slice(&self.repository);
        out[48..].copy_from_slice(&self.id);
        out
    }
}

pub fn chunk_id(domain: &Secret, plain: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(&dk("chunk id", &[domain]), plain).as_bytes()
}

pub fn commitment(object_key: &Secret, header: &[u8]) -> [u8; 32] {
    dk("object commit", &[object_key, &header[..64]])
}

/// A header sealed to the reader, under whatever PSK the caller has.
pub fn header(fixed: [u8; 64], object_key: &Secret, reader: &[u8; 32], psk: &Secret, psk_id: &[u8]) -> [u8; 176] {
    let mut out = [0; 176];
    out[..64].copy_from_slice(&fixed);
    out[64..96].copy_from_slice(&commitment(object_key, &fixed));
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(reader).unwrap();
    let info = [b"parish-chest 2026-11 v1 hpke info", &out[..96]].concat();
    let mode = OpModeS::Psk(PskBundle::new(psk, psk_id).unwrap());
    let (encapsulated, mut context) =
        setup_sender::<HpkeAead, HkdfSha256, X25519HkdfSha256>(&mode, &public, &info).unwrap();
    let wrapped = context.seal(object_key, &out[..96]).unwrap();
    out[96..128].copy_from_slice(&encapsulated.to_bytes());
    out[128..].copy_from_slice(&wrapped);
    out
}

/// The same as an honest writer makes it.
pub fn writers_header(writer: &Writer, object_type: u8, kind: u8, object_key: &Secret, reader: &[u8; 32]) -> [u8; 176] {
    header(writer.fixed(object_type, kind), object_key, reader, &writer.psk(), &writer.psk_id())
}

pub fn body_key(object_key: &Secret, header: &[u8]) -> Secret {
    dk("body", &[object_key, &hash(header)])
}

fn nonce(domain: u8, counter: u64) -> [u8; 12] {
    let mut out = [0; 12];
    out[0] = domain;
    out[4..].copy_from_slice(&counter.to_le_bytes());
    out
}

pub fn seal(key: &Secret, domain: u8, counter: u64, aad: &[u8], msg: &[u8]) -> Vec<u8> {
    ChaCha20Poly1305::new(key.into()).encrypt((&nonce(domain, counter)).into(), Payload { msg, aad }).unwrap()
}

pub fn open(key: &Secret, domain: u8, counter: u64, aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
    ChaCha20Poly1305::new(key.into()).decrypt((&nonce(domain, counter)).into(), Payload { msg, aad }).ok()
}

/// BLAKE3(header)‖domain‖rest
pub fn aad(header: &[u8], domain: u8, rest: &[u8]) -> Vec<u8> {
    [&hash(header)[..], &[domain], rest].concat()
}

/// A row of a pack's table, true or not.
#[derive(Clone)]
pub struct Row {
    pub id: [u8; 32],
    pub plain_len: u32,
    pub stored_len: u32,
    pub compression: u8,
}

/// A pack whose every statement can be a lie.
#[derive(Clone)]
pub struct LyingPack {
    pub size: usize,
    pub count: u32,
    pub padding: u64,
    pub rows: Vec<Row>,
    pub stored: Vec<Vec<u8>>,
}

impl LyingPack {
    /// One that tells the truth of one chunk.
    pub fn honest(size: usize, domain: &Secret, plain: &[u8], stored: Vec<u8>, compression: u8) -> Self {
        let row = Row {
            id: chunk_id(domain, plain),
            plain_len: plain.len() as u32,
            stored_len: stored.len() as u32,
            compression,
        };
        let padding = (size - 176 - 32 - 41 - 16 - stored.len() - 16 - 16) as u64;
        Self { size, count: 1, padding, rows: vec![row], stored: vec![stored] }
    }

    pub fn seal(&self, header: &[u8; 176], object_key: &Secret) -> Vec<u8> {
        let key = body_key(object_key, header);
        let mut out = header.to_vec();
        let mut prologue = [0; 16];
        prologue[..4].copy_from_slice(&self.count.to_le_bytes());
        prologue[8..].copy_from_slice(&self.padding.to_le_bytes());
        out.extend(seal(&key, PROLOGUE, 0, &aad(header, PROLOGUE, &[]), &prologue));
        let mut table = Vec::new();
        for row in &self.rows {
            table.extend_from_slice(&row.id);
            table.extend_from_slice(&row.plain_len.to_le_bytes());
            table.extend_from_slice(&row.stored_len.to_le_bytes());
            table.push(row.compression);
        }
        out.extend(seal(&key, TABLE, 0, &aad(header, TABLE, &[]), &table));
        for (i, (row, stored)) in self.rows.iter().zip(&self.stored).enumerate() {
            let position = (i as u32).to_le_bytes();
            let rest = [&position[..], &row.id, &row.plain_len.to_le_bytes(), &[row.compression]].concat();
            out.extend(seal(&key, CHUNK, i as u64, &aad(header, CHUNK, &rest), stored));
        }
        let left = self.size.saturating_sub(out.len() + 16);
        out.extend(seal(&key, PADDING, 0, &aad(header, PADDING, &[]), &vec![0; left]));
        out.resize(self.size, 0);
        out
    }
}

/// An index object around any content, of any length the caller claims.
pub fn segment(writer: &Writer, claimed: u64, content: &[u8]) -> Vec<u8> {
    let total = (128 + 8 + content.len() + 16).next_multiple_of(64 << 10);
    let fixed = writer.fixed(INDEX, 0);
    let salt = [7; 32];
    let object_key = dk("index object key", &[&writer.index_secret(), &salt, &fixed]);
    let mut out = fixed.to_vec();
    out.extend_from_slice(&commitment(&object_key, &fixed));
    out.extend_from_slice(&salt);
    let mut plain = claimed.to_le_bytes().to_vec();
    plain.extend_from_slice(content);
    plain.resize(total - 128 - 16, 0);
    let sealed = seal(&body_key(&object_key, &out), SEGMENT, 0, &aad(&out, SEGMENT, &[]), &plain);
    out.extend(sealed);
    out
}

/// le32 length ‖ content ‖ zeros, the length as claimed.
fn padded(claimed: u32, content: &[u8], total: usize) -> Vec<u8> {
    let mut out = claimed.to_le_bytes().to_vec();
    out.extend_from_slice(content);
    out.resize(total, 0);
    out
}

/// What goes into a record.
pub struct Parts<'a> {
    pub object_type: u8,
    pub kind: u8,
    pub public: &'a [u8],
    pub note: Option<&'a [u8]>,
    pub body: &'a [u8],
}

/// A record that is sealed and signed as it should be, whatever it says.
pub fn record(writer: &Writer, reader: &[u8; 32], signing: &SigningKey, parts: &Parts<'_>) -> Vec<u8> {
    let object_key = [9; 32];
    let header = writers_header(writer, parts.object_type, parts.kind, &object_key, reader);
    let public_hash = hash(parts.public);
    let mut note = Vec::new();
    if let Some(content) = parts.note {
        let salt = [5; 32];
        let key = dk("index object key", &[&writer.index_secret(), &salt, &header[..64]]);
        let plain = padded(content.len() as u32, content, (4 + content.len()).next_multiple_of(1024));
        note.extend_from_slice(&salt);
        note.extend(seal(&body_key(&key, &header), NOTE, 0, &aad(&header, NOTE, &public_hash), &plain));
    }
    let before = 176 + 8 + parts.public.len() + note.len();
    let total = (before + 4 + parts.body.len() + 16 + 64).next_multiple_of(4096);
    let plain = padded(parts.body.len() as u32, parts.body, total - before - 16 - 64);
    let mut out = header.to_vec();
    out.extend_from_slice(&(parts.public.len() as u32).to_le_bytes());
    out.extend_from_slice(&(note.len() as u32).to_le_bytes());
    out.extend_from_slice(parts.public);
    out.extend(note);
    out.extend(seal(&body_key(&object_key, &header), BODY, 0, &aad(&header, BODY, &public_hash), &plain));
    sign(&mut out, signing);
    out
}

/// Puts a signature over everything that is there.
pub fn sign(bytes: &mut Vec<u8>, signing: &SigningKey) {
    let message = [&b"parish-chest 2026-11 v1 log record"[..], &[0], &hash(bytes)].concat();
    bytes.extend_from_slice(&signing.sign(&message).to_bytes());
}

/// The plaintext of every frame of a local file, in order, each with the number it was sealed under.
pub fn local_frames(writer: &Writer, kind: u8, mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while bytes.len() >= 36 {
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        let (salt, rest) = bytes[4..].split_at(32);
        let key = dk("local frame", &[&writer.cache_secret(), salt]);
        frames.push(open(&key, LOCAL, frames.len() as u64, &[kind], &rest[..length]).unwrap());
        bytes = &rest[length..];
    }
    frames
}

/// Deterministic CBOR, as much of it as records need.
pub mod cbor {
    fn head(major: u8, value: u64) -> Vec<u8> {
        let major = major << 5;
        match value {
            0..=23 => vec![major | value as u8],
            24..=0xff => vec![major | 24, value as u8],
            0x100..=0xffff => [&[major | 25][..], &(value as u16).to_be_bytes()].concat(),
            0x1_0000..=0xffff_ffff => [&[major | 26][..], &(value as u32).to_be_bytes()].concat(),
            _ => [&[major | 27][..], &value.to_be_bytes()].concat(),
        }
    }

    pub fn uint(value: u64) -> Vec<u8> {
        head(0, value)
    }

    pub fn bytes(value: &[u8]) -> Vec<u8> {
        [head(2, value.len() as u64), value.to_vec()].concat()
    }

    pub fn text(value: &str) -> Vec<u8> {
        [head(3, value.len() as u64), value.as_bytes().to_vec()].concat()
    }

    pub fn array(items: &[Vec<u8>]) -> Vec<u8> {
        [head(4, items.len() as u64), items.concat()].concat()
    }

    /// The front of an array that claims so many items, whatever follows.
    pub fn array_of(claimed: u64) -> Vec<u8> {
        head(4, claimed)
    }

    /// The keys are 0, 1, 2 … but for those given.
    pub fn map(values: &[Vec<u8>], more: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut out = head(5, (values.len() + more.len()) as u64);
        for (key, value) in values.iter().enumerate() {
            out.extend(uint(key as u64));
            out.extend_from_slice(value);
        }
        for (key, value) in more {
            out.extend(uint(*key));
            out.extend_from_slice(value);
        }
        out
    }

    pub fn time(seconds: u64) -> Vec<u8> {
        array(&[uint(seconds), uint(0)])
    }

    pub fn refs(refs: &[(u64, [u8; 32])]) -> Vec<u8> {
        array(&refs.iter().map(|(seq, hash)| array(&[uint(*seq), bytes(hash)])).collect::<Vec<_>>())
    }
}

/// The public part of a run's record, field by field.
pub struct LogFields {
    pub chain: [u8; 16],
    pub seq: u64,
    pub parents: Vec<(u64, [u8; 32])>,
    pub owner_heads: Vec<(u64, [u8; 32])>,
    pub at: u64,
    /// Kind and hash.
    pub added: Vec<(u64, [u8; 32])>,
}

impl LogFields {
    pub fn encode(&self, more: &[(u64, Vec<u8>)]) -> Vec<u8> {
        use cbor::{array, bytes, map, refs, time, uint};
        let fields = [
            bytes(&self.chain),
            uint(self.seq),
            refs(&self.parents),
            array(&[]),
            refs(&self.owner_heads),
            time(self.at),
            time(self.at),
            uint(0),
            uint(0),
            refs(&self.added),
            array(&[]),
        ];
        map(&fields, more)
    }
}
