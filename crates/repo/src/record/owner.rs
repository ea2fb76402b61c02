//! The owner's decisions: signed with the owner's key, chained, and, where writers must read them, in clear. No path,
//! person or file size stands in anything clear.

use super::{RecordRef, read_refs, write_refs};
use crate::cbor::{CborReader, CborWriter, required};
use crate::config::Configuration;
use crate::crypto::sign::PublicKey;
use crate::error::ObjectError;
use crate::keys::DomainId;
use chest_model::{Epoch, ObjectHash, SlotId, Timestamp, WriterId};

/// Kinds from here on may be ignored by a program that does not know them.
const IGNORABLE: u8 = 128;

/// The public part of an owner record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerPublic {
    /// One more than the largest parent's; 0 is the genesis.
    pub seq: u64,
    /// *All* heads of `owner/` that were seen, ascending.
    pub parents: Vec<RecordRef>,
    /// When, as the owner's machine claims.
    pub at: Timestamp,
    /// What was decided.
    pub body: OwnerBody,
}

/// A decision. The number of each kind stands in the record's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerBody {
    /// Kind 0: the repository begins.
    Genesis {
        /// Verifies every later owner record of this epoch.
        owner_key: PublicKey,
        /// BLAKE3 of the reader's public key: a swapped one is found at the next run.
        reader_fingerprint: [u8; 32],
        /// What everybody goes by.
        configuration: Configuration,
    },
    /// Kind 1: a machine may write.
    AddWriter(WriterGrant),
    /// Kind 2: a writer is revoked: its records no longer count from the *cut* on.
    Revoke {
        /// Whose.
        writer: WriterId,
    },
    /// Kind 3: the records of a revoked writer that still count.
    Cut {
        /// Whose.
        writer: WriterId,
        /// The heads that count, with all their ancestors.
        heads: Vec<RecordRef>,
    },
    /// Kind 4: these packs may be deleted later; nobody may rely on them from now on, for ever.
    Condemn {
        /// Their names.
        packs: Vec<ObjectHash>,
    },
    /// Kind 5: these packs are damaged; they count as condemned.
    Bad {
        /// Their names.
        packs: Vec<ObjectHash>,
    },
    /// Kind 6: these condemned packs are no longer needed by anything that counts, and may be swept.
    Drop {
        /// Their names.
        packs: Vec<ObjectHash>,
        /// The heads of every chain that were counted.
        cut: Vec<(WriterId, Vec<RecordRef>)>,
    },
    /// Kinds 128 and above: written by a newer program, to be ignored by this one.
    Ignored {
        /// Its kind.
        kind: u8,
    },
    /// Kind 10: the slots that are live.
    Slots {
        /// Each with its object's hash.
        live: Vec<LiveSlot>,
    },
}

/// A machine that may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterGrant {
    /// Its id.
    pub writer: WriterId,
    /// The epoch of its key.
    pub epoch: Epoch,
    /// Verifies its records.
    pub key: PublicKey,
    /// Whose chunk ids it shares.
    pub domain: DomainId,
}

/// A slot that is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveSlot {
    /// Its id.
    pub id: SlotId,
    /// Its object's hash.
    pub hash: ObjectHash,
}

impl OwnerPublic {
    /// The number of the decision's kind.
    pub fn kind(&self) -> u8 {
        match self.body {
            OwnerBody::Genesis { .. } => 0,
            OwnerBody::AddWriter(_) => 1,
            OwnerBody::Revoke { .. } => 2,
            OwnerBody::Cut { .. } => 3,
            OwnerBody::Condemn { .. } => 4,
            OwnerBody::Bad { .. } => 5,
            OwnerBody::Drop { .. } => 6,
            OwnerBody::Slots { .. } => 10,
            OwnerBody::Ignored { kind } => kind,
        }
    }

    /// The public part, as it is signed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = CborWriter::new();
        out.map(4);
        out.uint(0u8).uint(self.seq);
        out.uint(1u8);
        write_refs(&self.parents, &mut out);
        out.uint(2u8).time(self.at);
        out.uint(3u8);
        self.body.write(&mut out);
        out.finish()
    }

    /// Reads the public part of a record of this kind. Kinds from 128 on may be ignored: they join the chain and decide nothing.
    pub fn decode(kind: u8, bytes: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(bytes);
        let (mut seq, mut parents, mut at, mut body) = (None, None, None, None);
        reader.map(|key, value| {
            match key {
                0 => seq = Some(value.uint()?),
                1 => parents = Some(read_refs(value)?),
                2 => at = Some(value.time()?),
                3 if kind >= IGNORABLE => value.skip()?,
                3 => body = Some(OwnerBody::read(kind, value)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        if kind >= IGNORABLE {
            body = Some(OwnerBody::Ignored { kind });
        }
        reader.end()?;
        Ok(Self { seq: required(seq)?, parents: required(parents)?, at: required(at)?, body: required(body)? })
    }
}

impl OwnerBody {
    fn write(&self, out: &mut CborWriter) {
        match self {
            Self::Genesis { owner_key, reader_fingerprint, configuration } => {
                out.map(3).uint(0u8).bytes(owner_key).uint(1u8).bytes(reader_fingerprint).uint(2u8);
                configuration.write(out);
            }
            Self::AddWriter(WriterGrant { writer, epoch, key, domain }) => {
                out.map(4).uint(0u8).bytes(&writer.0).uint(1u8).uint(epoch.0).uint(2u8).bytes(key);
                out.uint(3u8).array(2).bytes(&domain.founder.0).uint(domain.epoch.0);
            }
            Self::Revoke { writer } => {
                out.map(1).uint(0u8).bytes(&writer.0);
            }
            Self::Cut { writer, heads } => {
                out.map(2).uint(0u8).bytes(&writer.0).uint(1u8);
                write_refs(heads, out);
            }
            Self::Condemn { packs } | Self::Bad { packs } => {
                out.map(1).uint(0u8);
                write_hashes(packs, out);
            }
            Self::Drop { packs, cut } => {
                out.map(2).uint(0u8);
                write_hashes(packs, out);
                out.uint(1u8).array(cut.len());
                for (chain, heads) in cut {
                    out.array(2).bytes(&chain.0);
                    write_refs(heads, out);
                }
            }
            // Never written by us.
            Self::Ignored { .. } => {
                out.map(0);
            }
            Self::Slots { live } => {
                out.map(1).uint(0u8).array(live.len());
                for slot in live {
                    out.array(2).bytes(&slot.id.0).bytes(&slot.hash.0);
                }
            }
        }
    }

    fn read(kind: u8, reader: &mut CborReader<'_>) -> Result<Self, ObjectError> {
        match kind {
            0 => read_genesis(reader),
            1 => read_add_writer(reader),
            2 => {
                let mut writer = None;
                reader.map(|key, value| read_writer_field(key, value, &mut writer))?;
                Ok(Self::Revoke { writer: required(writer)? })
            }
            3 => {
                let (mut writer, mut heads) = (None, None);
                reader.map(|key, value| match key {
                    1 => read_refs(value).map(|refs| heads = Some(refs)).map(|()| true),
                    _ => read_writer_field(key, value, &mut writer),
                })?;
                Ok(Self::Cut { writer: required(writer)?, heads: required(heads)? })
            }
            4 | 5 => {
                let mut packs = None;
                reader.map(|key, value| read_packs_field(key, value, &mut packs))?;
                let packs = required(packs)?;
                Ok(if kind == 4 { Self::Condemn { packs } } else { Self::Bad { packs } })
            }
            6 => {
                let (mut packs, mut cut) = (None, None);
                reader.map(|key, value| match key {
                    1 => value.list(read_chain_heads).map(|heads| cut = Some(heads)).map(|()| true),
                    _ => read_packs_field(key, value, &mut packs),
                })?;
                Ok(Self::Drop { packs: required(packs)?, cut: required(cut)? })
            }
            10 => {
                let mut live = None;
                reader.map(|key, value| {
                    if key == 0 {
                        live = Some(value.list(read_live_slot)?);
                    }
                    Ok(key == 0)
                })?;
                Ok(Self::Slots { live: required(live)? })
            }
            _ => Err(ObjectError::UnknownKind { kind }),
        }
    }
}

fn read_genesis(reader: &mut CborReader<'_>) -> Result<OwnerBody, ObjectError> {
    let (mut owner_key, mut reader_fingerprint, mut configuration) = (None, None, None);
    reader.map(|key, value| {
        match key {
            0 => owner_key = Some(value.fixed()?),
            1 => reader_fingerprint = Some(value.fixed()?),
            2 => configuration = Some(Configuration::read(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(OwnerBody::Genesis {
        owner_key: required(owner_key)?,
        reader_fingerprint: required(reader_fingerprint)?,
        configuration: required(configuration)?,
    })
}

fn read_add_writer(reader: &mut CborReader<'_>) -> Result<OwnerBody, ObjectError> {
    let (mut writer, mut epoch, mut public, mut domain) = (None, None, None, None);
    reader.map(|key, value| {
        match key {
            0 => writer = Some(WriterId(value.fixed()?)),
            1 => epoch = Some(Epoch(value.small()?)),
            2 => public = Some(value.fixed()?),
            3 => {
                value.array_of(2)?;
                domain = Some(DomainId { founder: WriterId(value.fixed()?), epoch: Epoch(value.small()?) });
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(OwnerBody::AddWriter(WriterGrant {
        writer: required(writer)?,
        epoch: required(epoch)?,
        key: required(public)?,
        domain: required(domain)?,
    }))
}

fn read_writer_field(key: u64, value: &mut CborReader<'_>, writer: &mut Option<WriterId>) -> Result<bool, ObjectError> {
    if key == 0 {
        *writer = Some(WriterId(value.fixed()?));
    }
    Ok(key == 0)
}

fn read_packs_field(
    key: u64,
    value: &mut CborReader<'_>,
    packs: &mut Option<Vec<ObjectHash>>,
) -> Result<bool, ObjectError> {
    if key == 0 {
        *packs = Some(value.list(|item| Ok(ObjectHash(item.fixed()?)))?);
    }
    Ok(key == 0)
}

fn read_chain_heads(reader: &mut CborReader<'_>) -> Result<(WriterId, Vec<RecordRef>), ObjectError> {
    reader.array_of(2)?;
    Ok((WriterId(reader.fixed()?), read_refs(reader)?))
}

fn read_live_slot(reader: &mut CborReader<'_>) -> Result<LiveSlot, ObjectError> {
    reader.array_of(2)?;
    Ok(LiveSlot { id: SlotId(reader.fixed()?), hash: ObjectHash(reader.fixed()?) })
}

fn write_hashes(hashes: &[ObjectHash], out: &mut CborWriter) {
    out.array(hashes.len());
    for hash in hashes {
        out.bytes(&hash.0);
    }
}
