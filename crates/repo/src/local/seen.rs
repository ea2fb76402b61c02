//! The newest records that this machine has seen. What was seen once must be seen again: otherwise an older state is shown.

use super::folder::LocalFolder;
use super::seal::{LocalKey, LocalKind};
use crate::cbor::{CborReader, CborWriter, required};
use crate::error::{ObjectError, RepoError};
use crate::record::{RecordRef, read_refs, write_refs};
use chest_model::{Environment, WriterId};
use std::collections::BTreeMap;

/// Heads as last seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Of `owner/`.
    pub owner: Vec<RecordRef>,
    /// Of each chain.
    pub logs: BTreeMap<WriterId, Vec<RecordRef>>,
}

impl Seen {
    /// The file in which a writer notes what it has seen; a machine that is enrolled anew begins a new one.
    pub fn name_for_writer(writer: WriterId) -> String {
        format!("seen-by-{}", &writer.to_hex()[..16])
    }

    /// Reads what was seen; nothing where the file is lost or not ours.
    pub fn load(folder: &LocalFolder, name: &str, key: &LocalKey) -> Result<Self, RepoError> {
        let Some(bytes) = folder.read(name)? else { return Ok(Self::default()) };
        let (plain, _) = key.open(LocalKind::Seen, 0, &bytes).ok_or_else(|| folder.damaged(name))?;
        Self::decode(&plain).map_err(|_| folder.damaged(name))
    }

    /// Writes it.
    pub fn store(
        &self,
        folder: &LocalFolder,
        name: &str,
        key: &LocalKey,
        environment: &dyn Environment,
    ) -> Result<(), RepoError> {
        folder.replace(name, &key.seal(LocalKind::Seen, 0, &self.encode(), environment)?)
    }

    /// What is sealed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = CborWriter::new();
        out.map(2).uint(0u8);
        write_refs(&self.owner, &mut out);
        out.uint(1u8).array(self.logs.len());
        for (chain, heads) in &self.logs {
            out.array(2).bytes(&chain.0);
            write_refs(heads, &mut out);
        }
        out.finish()
    }

    /// Reads what the seal held.
    pub fn decode(plain: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(plain);
        let (mut owner, mut logs) = (None, None);
        reader.map(|key, value| {
            match key {
                0 => owner = Some(read_refs(value)?),
                1 => {
                    let chains = value.list(|item| {
                        item.array_of(2)?;
                        Ok((WriterId(item.fixed()?), read_refs(item)?))
                    })?;
                    logs = Some(chains.into_iter().collect());
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { owner: required(owner)?, logs: required(logs)? })
    }
}
