//! What each root held when it was last backed up completely: what a later run is held against. A machine that backs up cannot
//! read its old trees, so this is all it knows of them.

use super::folder::LocalFolder;
use super::seal::{LocalKey, LocalKind};
use crate::cbor::{CborReader, CborWriter, required};
use crate::error::{ObjectError, RepoError};
use chest_model::{Amount, ChunkId, Environment, Timestamp};
use std::collections::BTreeMap;

const NAME: &str = "baseline";

/// The roots that were backed up completely, by their labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    /// Label and what the root held.
    pub roots: BTreeMap<Vec<u8>, BaselineRoot>,
    /// An earlier one was lost: of a root that is not in this one nobody can tell whether it was ever backed up.
    pub follows_a_loss: bool,
}

/// What a root held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineRoot {
    /// When reading ended.
    pub ended: Timestamp,
    /// The tree's top node.
    pub tree: ChunkId,
    /// Files and bytes.
    pub held: Amount,
    /// Folders near the top, with the files in and below each.
    pub folders: BTreeMap<Vec<u8>, u64>,
    /// Files that did not hold what their names promise.
    pub scrambled: u64,
}

impl Baseline {
    /// Reads it. `None`: it is not there, or cannot be read; the guard cannot judge then, and says so.
    pub fn load(folder: &LocalFolder, key: &LocalKey) -> Result<Option<Self>, RepoError> {
        let Some(bytes) = folder.read(NAME)? else { return Ok(None) };
        let opened = key.open(LocalKind::Baseline, 0, &bytes);
        Ok(opened.and_then(|(plain, _)| Self::decode(&plain).ok()))
    }

    /// Writes it.
    pub fn store(&self, folder: &LocalFolder, key: &LocalKey, environment: &dyn Environment) -> Result<(), RepoError> {
        let mut out = CborWriter::new();
        out.map(1 + usize::from(self.follows_a_loss)).uint(0u8).array(self.roots.len());
        for (label, root) in &self.roots {
            out.array(2).bytes(label);
            root.write(&mut out);
        }
        if self.follows_a_loss {
            out.uint(1u8).uint(1u8);
        }
        folder.replace(NAME, &key.seal(LocalKind::Baseline, 0, &out.finish(), environment)?)
    }

    fn decode(plain: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(plain);
        let (mut roots, mut follows_a_loss) = (None, false);
        reader.map(|key, value| {
            match key {
                0 => {
                    let read = value.list(|root| {
                        root.array_of(2)?;
                        Ok((root.bytes()?.to_vec(), BaselineRoot::read(root)?))
                    })?;
                    roots = Some(read.into_iter().collect());
                }
                1 => follows_a_loss = value.uint()? != 0,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { roots: required(roots)?, follows_a_loss })
    }
}

impl BaselineRoot {
    fn write(&self, out: &mut CborWriter) {
        out.map(5).uint(0u8).time(self.ended);
        out.uint(1u8).bytes(&self.tree.0);
        out.uint(2u8).array(2).uint(self.held.files).uint(self.held.bytes);
        out.uint(3u8).array(self.folders.len());
        for (folder, files) in &self.folders {
            out.array(2).bytes(folder).uint(*files);
        }
        out.uint(4u8).uint(self.scrambled);
    }

    fn read(reader: &mut CborReader<'_>) -> Result<Self, ObjectError> {
        let (mut ended, mut tree, mut held, mut folders, mut scrambled) = (None, None, None, None, None);
        reader.map(|key, value| {
            match key {
                0 => ended = Some(value.time()?),
                1 => tree = Some(ChunkId(value.fixed()?)),
                2 => {
                    value.array_of(2)?;
                    held = Some(Amount { files: value.uint()?, bytes: value.uint()? });
                }
                3 => {
                    let read = value.list(|folder| {
                        folder.array_of(2)?;
                        Ok((folder.bytes()?.to_vec(), folder.uint()?))
                    })?;
                    folders = Some(read.into_iter().collect());
                }
                4 => scrambled = Some(value.uint()?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            ended: required(ended)?,
            tree: required(tree)?,
            held: required(held)?,
            folders: required(folders)?,
            scrambled: required(scrambled)?,
        })
    }
}
