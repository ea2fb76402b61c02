//! The key schedule (docs/format.md, "Keys"): what each party holds and what follows from it.
//!
//! The master key opens everything. A writer key and a domain secret are all that the scheduled machine holds: with them it
//! can add and deduplicate, and can neither read what it wrote nor forge another writer's work.

use crate::crypto::derive::{Secret, context, dk, dk_xof, kh};
use crate::crypto::kem::{self, ReaderPublic};
use crate::crypto::sign::{self, PublicKey};
use chest_model::{ChunkId, Epoch, RepositoryId, WriterId};
use zeroize::Zeroizing;

/// The master key of one epoch: whoever holds it reads everything and decides everything.
#[derive(Clone)]
pub struct MasterKey {
    secret: Secret,
    repository: RepositoryId,
    epoch: Epoch,
}

/// Names a chunk-id domain: the writer and epoch that founded it. Machines that replace one another share a domain, so
/// that nothing is uploaded again; after a theft a new one is founded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId {
    /// The writer that founded it.
    pub founder: WriterId,
    /// The epoch in which it did.
    pub epoch: Epoch,
}

/// A writer's own secret; with the domain secret all that a scheduled machine holds.
#[derive(Clone)]
pub struct WriterKey {
    secret: Secret,
    repository: RepositoryId,
    writer: WriterId,
    epoch: Epoch,
}

/// Turns plaintext into chunk ids and cut points.
#[derive(Clone)]
pub struct DomainSecret(Secret);

/// What a domain secret is for, derived once.
pub struct DomainKeys {
    chunk_id: Secret,
    split: Secret,
    gear: Box<[u64; 256]>,
}

impl MasterKey {
    /// From the 32 bytes that a slot holds.
    pub fn new(secret: [u8; 32], repository: RepositoryId, epoch: Epoch) -> Self {
        Self { secret: Zeroizing::new(secret), repository, epoch }
    }

    /// The repository it belongs to.
    pub fn repository(&self) -> RepositoryId {
        self.repository
    }

    /// The epoch it belongs to.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) fn reader_seed(&self) -> Secret {
        dk(context!("reader kem ikm"), &[&self.secret[..], &self.repository.0])
    }

    /// The public half of the reader's key, to which everything is sealed.
    pub fn reader_public(&self) -> ReaderPublic {
        kem::reader_keys(&self.reader_seed()).1
    }

    pub(crate) fn owner_signing_seed(&self) -> Secret {
        dk(context!("owner ed25519 seed"), &[&self.secret[..], &self.repository.0])
    }

    /// The key that verifies the owner's decisions.
    pub fn owner_public(&self) -> PublicKey {
        sign::public_key(&self.owner_signing_seed())
    }

    /// The key of one writer of this epoch.
    pub fn writer(&self, writer: WriterId) -> WriterKey {
        let secret = dk(
            context!("writer root"),
            &[&self.secret[..], &self.repository.0, &writer.0, &self.epoch.0.to_le_bytes()],
        );
        WriterKey { secret, repository: self.repository, writer, epoch: self.epoch }
    }

    /// The secret of a domain founded in this epoch.
    pub fn domain(&self, founder: WriterId) -> DomainSecret {
        let parts: [&[u8]; 4] = [&self.secret[..], &self.repository.0, &founder.0, &self.epoch.0.to_le_bytes()];
        DomainSecret(dk(context!("domain root"), &parts))
    }
}

impl WriterKey {
    /// From the 32 bytes that a writer file holds.
    pub fn new(secret: [u8; 32], repository: RepositoryId, writer: WriterId, epoch: Epoch) -> Self {
        Self { secret: Zeroizing::new(secret), repository, writer, epoch }
    }

    /// Whose key it is.
    pub fn writer(&self) -> WriterId {
        self.writer
    }

    /// The repository it belongs to.
    pub fn repository(&self) -> RepositoryId {
        self.repository
    }

    /// The epoch it belongs to.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) fn psk(&self) -> Secret {
        dk(context!("writer psk"), &[&self.secret[..]])
    }

    /// R‖w‖le32(e)
    pub(crate) fn psk_id(&self) -> Vec<u8> {
        psk_id(self.repository, self.writer, self.epoch)
    }

    pub(crate) fn index_secret(&self) -> Secret {
        dk(context!("writer index"), &[&self.secret[..]])
    }

    pub(crate) fn signing_seed(&self) -> Secret {
        dk(context!("writer ed25519 seed"), &[&self.secret[..]])
    }

    /// The key that verifies this writer's records.
    pub fn public(&self) -> PublicKey {
        sign::public_key(&self.signing_seed())
    }

    pub(crate) fn local_cache_secret(&self) -> Secret {
        dk(context!("writer local cache"), &[&self.secret[..]])
    }
}

/// R‖w‖le32(e): names the writer inside an encapsulation.
pub(crate) fn psk_id(repository: RepositoryId, writer: WriterId, epoch: Epoch) -> Vec<u8> {
    [&repository.0[..], &writer.0, &epoch.0.to_le_bytes()].concat()
}

impl DomainSecret {
    /// From the 32 bytes that a writer file holds.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }

    /// Derives what it is for.
    pub fn keys(&self) -> DomainKeys {
        let gear_key = dk(context!("gear"), &[&self.0[..]]);
        let mut stream = blake3::Hasher::new_keyed(&gear_key).update(b"gear64").finalize_xof();
        let mut gear = Box::new([0u64; 256]);
        for value in gear.iter_mut() {
            let mut bytes = [0; 8];
            stream.fill(&mut bytes);
            *value = u64::from_le_bytes(bytes);
        }
        DomainKeys {
            chunk_id: dk(context!("chunk id"), &[&self.0[..]]),
            split: dk(context!("tree split"), &[&self.0[..]]),
            gear,
        }
    }
}

impl DomainKeys {
    /// The id of a chunk with this plaintext.
    pub fn chunk_id(&self, plaintext: &[u8]) -> ChunkId {
        ChunkId(kh(&self.chunk_id, plaintext))
    }

    /// The table that decides where files are cut.
    pub(crate) fn gear(&self) -> &[u64; 256] {
        &self.gear
    }

    /// The number that decides where a tree is cut after `path`.
    pub(crate) fn split(&self, level: u32, path: &[u8]) -> u32 {
        let mut message = Vec::with_capacity(4 + path.len());
        message.extend_from_slice(&level.to_le_bytes());
        message.extend_from_slice(path);
        let hash = kh(&self.split, &message);
        u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    /// The id of the group of hard links whose first path is this one.
    pub fn link_group(&self, first_path: &[u8]) -> [u8; 32] {
        let mut message = Vec::with_capacity(4 + first_path.len());
        message.extend_from_slice(&u32::MAX.to_le_bytes());
        message.extend_from_slice(first_path);
        kh(&self.split, &message)
    }
}

/// The first 66 bits of a derived hash, as six numbers below 2,048: the head words of a record.
pub fn head_word_numbers(repository: RepositoryId, record: &[u8; 32]) -> [u16; 6] {
    let mut bits = [0; 9];
    dk_xof(context!("head words"), &[&repository.0, record]).finalize_xof().fill(&mut bits);
    let value = bits.iter().fold(0u128, |value, &byte| value << 8 | u128::from(byte)) >> 6;
    // Masked to eleven bits, so the conversion keeps everything.
    std::array::from_fn(|i| (value >> (11 * (5 - i)) & 0x7ff) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master() -> MasterKey {
        MasterKey::new([1; 32], RepositoryId([2; 32]), Epoch(0))
    }

    #[test]
    fn every_derived_secret_is_different() {
        let (a, b) = (master().writer(WriterId([1; 16])), master().writer(WriterId([2; 16])));
        let domain = master().domain(WriterId([1; 16]));
        let all = [
            master().reader_seed(),
            master().owner_signing_seed(),
            a.secret().clone(),
            b.secret().clone(),
            a.psk(),
            b.psk(),
            a.index_secret(),
            a.signing_seed(),
            a.local_cache_secret(),
            domain.secret().clone(),
            domain.keys().chunk_id,
            domain.keys().split,
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|other| one != other), "secret {i}");
        }
    }

    #[test]
    fn cut_tables_differ_from_domain_to_domain() {
        let table = |founder| *master().domain(WriterId([founder; 16])).keys().gear;
        assert_ne!(table(1), table(2));
    }
}
