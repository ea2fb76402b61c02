//! The writer file: all that a scheduled machine holds. With it one can add and deduplicate; one cannot read or delete.

use super::folder::LocalFolder;
use crate::cbor::{CborReader, CborWriter, required};
use crate::error::{ObjectError, RepoError};
use crate::header::{Sealer, array};
use crate::keys::{DomainId, DomainSecret, MasterKey, WriterKey};
use chest_model::{Epoch, ObjectHash, RepositoryId, Timestamp, WriterId};
use zeroize::Zeroizing;

const NAME: &str = "writer";
const MAGIC: &[u8; 8] = b"CHESTWRT";

/// A machine's permission to back up.
#[derive(Clone)]
pub struct WriterFile {
    /// Its own secret.
    pub key: WriterKey,
    /// The secret of its chunk-id domain.
    pub domain: DomainSecret,
    /// Which domain that is.
    pub domain_id: DomainId,
    /// The key to which everything is sealed.
    pub reader: [u8; 32],
    /// The key that verifies the owner.
    pub owner_key: [u8; 32],
    /// The record that begins the repository.
    pub genesis: ObjectHash,
    /// When the last backup of the machine that it replaces ended: every backup of this one is later, whatever the clock says.
    pub comes_after: Option<Timestamp>,
}

impl WriterFile {
    /// For a writer that founds its own domain.
    pub fn founding(master: &MasterKey, writer: WriterId, genesis: ObjectHash) -> Self {
        Self {
            key: master.writer(writer),
            domain: master.domain(writer),
            domain_id: DomainId { founder: writer, epoch: master.epoch() },
            reader: master.reader_public(),
            owner_key: master.owner_public(),
            genesis,
            comes_after: None,
        }
    }

    /// Goes on in the domain of the machine that it replaces.
    pub fn inherit(&mut self, domain_id: DomainId, domain: DomainSecret) {
        (self.domain_id, self.domain) = (domain_id, domain);
    }

    /// Magic, CBOR, BLAKE3 of both.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = CborWriter::new();
        out.map(10 + usize::from(self.comes_after.is_some()));
        out.uint(0u8).bytes(&self.key.repository().0);
        out.uint(1u8).bytes(&self.key.writer().0);
        out.uint(2u8).uint(self.key.epoch().0);
        out.uint(3u8).bytes(&self.key.secret()[..]);
        out.uint(4u8).bytes(&self.domain.secret()[..]);
        out.uint(5u8).bytes(&self.domain_id.founder.0);
        out.uint(6u8).uint(self.domain_id.epoch.0);
        out.uint(7u8).bytes(&self.reader);
        out.uint(8u8).bytes(&self.owner_key);
        out.uint(9u8).bytes(&self.genesis.0);
        if let Some(time) = self.comes_after {
            out.uint(100u8).time(time);
        }
        let cbor = Zeroizing::new(out.finish());
        let mut bytes = Zeroizing::new([&MAGIC[..], &cbor].concat());
        let checksum = *blake3::hash(&bytes).as_bytes();
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Reads a writer file.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        let (content, checksum) = bytes.split_last_chunk::<32>().ok_or(ObjectError::TooShort)?;
        if blake3::hash(content).as_bytes() != checksum {
            return Err(ObjectError::NotItsName);
        }
        let cbor = content.strip_prefix(MAGIC).ok_or(ObjectError::NotOurs)?;
        let mut fields: [Option<Zeroizing<Vec<u8>>>; 10] = Default::default();
        let (mut epoch, mut domain_epoch, mut comes_after) = (None, None, None);
        let mut reader = CborReader::new(cbor);
        reader.map(|key, value| {
            match key {
                2 => epoch = Some(Epoch(value.small()?)),
                6 => domain_epoch = Some(Epoch(value.small()?)),
                100 => comes_after = Some(value.time()?),
                0..=9 => fields[key as usize] = Some(Zeroizing::new(value.bytes()?.to_vec())),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        reader.end()?;
        let take32 = |at: usize| -> Result<[u8; 32], ObjectError> { fixed(fields[at].as_ref()) };
        let take16 = |at: usize| -> Result<[u8; 16], ObjectError> { fixed(fields[at].as_ref()) };
        let (repository, writer) = (RepositoryId(take32(0)?), WriterId(take16(1)?));
        Ok(Self {
            key: WriterKey::new(take32(3)?, repository, writer, required(epoch)?),
            domain: DomainSecret::new(take32(4)?),
            domain_id: DomainId { founder: WriterId(take16(5)?), epoch: required(domain_epoch)? },
            reader: take32(7)?,
            owner_key: take32(8)?,
            genesis: ObjectHash(take32(9)?),
            comes_after,
        })
    }

    /// Reads this machine's writer file; `None` where the machine is not enrolled.
    pub fn load(folder: &LocalFolder) -> Result<Option<Self>, RepoError> {
        let Some(bytes) = folder.read(NAME)?.map(Zeroizing::new) else { return Ok(None) };
        Self::decode(&bytes).map(Some).map_err(|_| folder.damaged(NAME))
    }

    /// Writes it, 0600.
    pub fn store(&self, folder: &LocalFolder) -> Result<(), RepoError> {
        folder.replace(NAME, &self.encode())
    }

    /// What seals for this writer. `again` is the same file, read a second time.
    pub fn sealer(&self, again: &Self) -> Sealer {
        Sealer::new(self.key.clone(), self.reader, again.reader)
    }
}

fn fixed<const N: usize>(field: Option<&Zeroizing<Vec<u8>>>) -> Result<[u8; N], ObjectError> {
    let bytes = field.filter(|bytes| bytes.len() == N).ok_or(ObjectError::Malformed("a field is missing"))?;
    Ok(array(bytes))
}
