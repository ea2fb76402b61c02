//! The note that a writer leaves for itself in its record, sealed under its index key: the one part of its past that it
//! may read again.

use crate::cbor::{CborReader, CborWriter, required};
use crate::error::ObjectError;
use chest_model::{ChunkId, Class, ObjectHash};

/// What a writer must know of its own past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriterNote {
    /// The index objects that together cover every pack of this writer's domain, with their lengths. Only these are ever
    /// deduplicated against: an old one, shown again by the store, is in no note.
    pub live_index: Vec<(ObjectHash, u64)>,
    /// What the last COMPLETE run of each class held, for the shrink guard.
    pub last_complete: Vec<ClassCount>,
    /// The tree of each root, so that a run can tell that nothing has changed.
    pub roots: Vec<NoteRoot>,
}

/// Files and bytes of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassCount {
    /// Which class.
    pub class: Class,
    /// Number of files.
    pub files: u64,
    /// Bytes of content.
    pub bytes: u64,
}

/// A root and its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRoot {
    /// The root's label.
    pub label: Vec<u8>,
    /// Its top node.
    pub tree: ChunkId,
}

impl WriterNote {
    /// The note, as it is sealed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = CborWriter::new();
        out.map(3);
        out.uint(0u8).array(self.live_index.len());
        for (name, length) in &self.live_index {
            out.array(2).bytes(&name.0).uint(*length);
        }
        out.uint(1u8).array(self.last_complete.len());
        for count in &self.last_complete {
            out.array(3).uint(count.class.number()).uint(count.files).uint(count.bytes);
        }
        out.uint(2u8).array(self.roots.len());
        for root in &self.roots {
            out.array(2).bytes(&root.label).bytes(&root.tree.0);
        }
        out.finish()
    }

    /// Reads a note.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(bytes);
        let (mut live_index, mut last_complete, mut roots) = (None, None, None);
        reader.map(|key, value| {
            match key {
                0 => live_index = Some(value.list(read_live)?),
                1 => last_complete = Some(value.list(read_count)?),
                2 => roots = Some(value.list(read_root)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        reader.end()?;
        Ok(Self { live_index: required(live_index)?, last_complete: required(last_complete)?, roots: required(roots)? })
    }
}

fn read_live(reader: &mut CborReader<'_>) -> Result<(ObjectHash, u64), ObjectError> {
    reader.array_of(2)?;
    Ok((ObjectHash(reader.fixed()?), reader.uint()?))
}

fn read_count(reader: &mut CborReader<'_>) -> Result<ClassCount, ObjectError> {
    reader.array_of(3)?;
    let class = Class::from_number(reader.small()?).ok_or(ObjectError::Malformed("an unknown class"))?;
    Ok(ClassCount { class, files: reader.uint()?, bytes: reader.uint()? })
}

fn read_root(reader: &mut CborReader<'_>) -> Result<NoteRoot, ObjectError> {
    reader.array_of(2)?;
    Ok(NoteRoot { label: reader.bytes()?.to_vec(), tree: ChunkId(reader.fixed()?) })
}
