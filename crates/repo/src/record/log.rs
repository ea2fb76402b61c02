//! The public part of a writer's record: what anyone may verify without a key.

use super::{RecordRef, read_refs, write_refs};
use crate::cbor::{CborReader, CborWriter, required};
use crate::error::ObjectError;
use chest_model::{Class, Completeness, ObjectHash, Timestamp, WriterId};

/// The kind of a run's record.
pub(crate) const RUN: u8 = 0;

/// What a writer says of a run, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPublic {
    /// Whose chain.
    pub chain: WriterId,
    /// One more than the largest parent's; 0 for the first.
    pub seq: u64,
    /// *All* heads of this chain that the writer saw, ascending.
    pub parents: Vec<RecordRef>,
    /// The ancestors 2, 4, 8 … back along the first parents, for quick walks.
    pub skips: Vec<RecordRef>,
    /// All heads of `owner/` that the writer saw, ascending.
    pub owner_heads: Vec<RecordRef>,
    /// Start of reading.
    pub started: Timestamp,
    /// End of reading.
    pub ended: Timestamp,
    /// Whether everything was read.
    pub completeness: Completeness,
    /// Bit n is set where class n is PARTIAL.
    pub partial_classes: u8,
    /// What the run added to the store.
    pub added: Added,
    /// The newest record seen of every other live chain.
    pub other_heads: Vec<(WriterId, RecordRef)>,
}

/// The objects that a run added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// Named here, ascending.
    Listed(Vec<AddedObject>),
    /// Named in an inventory object.
    Inventory {
        /// Its hash.
        hash: ObjectHash,
        /// How many it names.
        count: u64,
    },
}

/// An object that a run added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddedObject {
    /// What it is.
    pub kind: AddedKind,
    /// The hash in its name.
    pub hash: ObjectHash,
}

/// What an added object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum AddedKind {
    /// A pack.
    Pack = 1,
    /// An index object of this writer.
    Index = 2,
}

impl AddedKind {
    pub(crate) fn from_number(number: u64) -> Result<Self, ObjectError> {
        match number {
            1 => Ok(Self::Pack),
            2 => Ok(Self::Index),
            _ => Err(ObjectError::Malformed("an unknown kind of added object")),
        }
    }
}

impl LogPublic {
    /// Whether that class is PARTIAL.
    pub fn is_partial(&self, class: Class) -> bool {
        self.partial_classes >> class.number() & 1 == 1
    }

    /// The public part, as it is signed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = CborWriter::new();
        out.map(11);
        out.uint(0u8).bytes(&self.chain.0);
        out.uint(1u8).uint(self.seq);
        out.uint(2u8);
        write_refs(&self.parents, &mut out);
        out.uint(3u8);
        write_refs(&self.skips, &mut out);
        out.uint(4u8);
        write_refs(&self.owner_heads, &mut out);
        out.uint(5u8).time(self.started);
        out.uint(6u8).time(self.ended);
        out.uint(7u8).uint(match self.completeness {
            Completeness::Complete => 0u8,
            Completeness::Partial => 1,
        });
        out.uint(8u8).uint(self.partial_classes);
        out.uint(9u8);
        match &self.added {
            Added::Listed(objects) => {
                out.array(objects.len());
                for object in objects {
                    out.array(2).uint(object.kind as u8).bytes(&object.hash.0);
                }
            }
            Added::Inventory { hash, count } => {
                out.map(2).uint(0u8).bytes(&hash.0).uint(1u8).uint(*count);
            }
        }
        out.uint(10u8).array(self.other_heads.len());
        for (chain, head) in &self.other_heads {
            out.array(3).bytes(&chain.0).uint(head.seq).bytes(&head.hash.0);
        }
        out.finish()
    }

    /// Reads a public part.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(bytes);
        let (mut chain, mut seq, mut parents, mut skips, mut owner_heads) = (None, None, None, None, None);
        let (mut started, mut ended, mut completeness, mut partial_classes) = (None, None, None, None);
        let (mut added, mut other_heads) = (None, None);
        reader.map(|key, value| {
            match key {
                0 => chain = Some(WriterId(value.fixed()?)),
                1 => seq = Some(value.uint()?),
                2 => parents = Some(read_refs(value)?),
                3 => skips = Some(value.list(RecordRef::read)?),
                4 => owner_heads = Some(read_refs(value)?),
                5 => started = Some(value.time()?),
                6 => ended = Some(value.time()?),
                7 => completeness = Some(read_completeness(value)?),
                8 => partial_classes = Some(value.small()?),
                9 => added = Some(read_added(value)?),
                10 => other_heads = Some(value.list(read_other_head)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        reader.end()?;
        Ok(Self {
            chain: required(chain)?,
            seq: required(seq)?,
            parents: required(parents)?,
            skips: required(skips)?,
            owner_heads: required(owner_heads)?,
            started: required(started)?,
            ended: required(ended)?,
            completeness: required(completeness)?,
            partial_classes: required(partial_classes)?,
            added: required(added)?,
            other_heads: required(other_heads)?,
        })
    }
}

fn read_completeness(reader: &mut CborReader<'_>) -> Result<Completeness, ObjectError> {
    match reader.uint()? {
        0 => Ok(Completeness::Complete),
        1 => Ok(Completeness::Partial),
        _ => Err(ObjectError::Malformed("an unknown outcome")),
    }
}

fn read_added(reader: &mut CborReader<'_>) -> Result<Added, ObjectError> {
    if reader.clone().array().is_ok() {
        return reader.list(read_added_object).map(Added::Listed);
    }
    let (mut hash, mut count) = (None, None);
    reader.map(|key, value| {
        match key {
            0 => hash = Some(ObjectHash(value.fixed()?)),
            1 => count = Some(value.uint()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Added::Inventory { hash: required(hash)?, count: required(count)? })
}

fn read_added_object(reader: &mut CborReader<'_>) -> Result<AddedObject, ObjectError> {
    reader.array_of(2)?;
    Ok(AddedObject { kind: AddedKind::from_number(reader.uint()?)?, hash: ObjectHash(reader.fixed()?) })
}

fn read_other_head(reader: &mut CborReader<'_>) -> Result<(WriterId, RecordRef), ObjectError> {
    reader.array_of(3)?;
    let chain = WriterId(reader.fixed()?);
    Ok((chain, RecordRef { seq: reader.uint()?, hash: ObjectHash(reader.fixed()?) }))
}
