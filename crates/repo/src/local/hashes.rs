//! Hashes of files that were read whole for nothing but their hash: exports. It is what spares a run reading one that has not changed
//! since. Lost, it costs that reading.

use super::folder::LocalFolder;
use super::seal::{LocalKey, LocalKind};
use crate::cbor::{CborReader, CborWriter, required};
use crate::error::{ObjectError, RepoError};
use chest_model::{Environment, FileLook, Fingerprint};

const NAME: &str = "hashes";
/// No council has so many parts of exports lying about; the oldest are forgotten.
const MOST: usize = 1024;

/// Files by how they looked, each with its BLAKE3; what was used last comes last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileHashes(Vec<(FileLook, [u8; 32])>);

impl FileHashes {
    /// Reads them; none where they are lost, damaged or not ours.
    pub fn load(folder: &LocalFolder, key: &LocalKey) -> Result<Self, RepoError> {
        let Some(bytes) = folder.read(NAME)? else { return Ok(Self::default()) };
        let opened = key.open(LocalKind::Hashes, 0, &bytes);
        Ok(opened.and_then(|(plain, _)| Self::decode(&plain).ok()).unwrap_or_default())
    }

    /// Writes them.
    pub fn store(&self, folder: &LocalFolder, key: &LocalKey, environment: &dyn Environment) -> Result<(), RepoError> {
        folder.replace(NAME, &key.seal(LocalKind::Hashes, 0, &self.encode(), environment)?)
    }

    /// What is sealed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = CborWriter::new();
        out.map(1).uint(0u8).array(self.0.len());
        for (look, hash) in &self.0 {
            let Fingerprint { size, modified, changed, inode } = look.fingerprint;
            out.array(6).uint(look.device).uint(inode).uint(size).time(modified).time(changed).bytes(hash);
        }
        out.finish()
    }

    /// Reads what the seal held.
    pub fn decode(plain: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(plain);
        let mut files = None;
        reader.map(|key, value| {
            match key {
                0 => files = Some(value.list_of_at_most(MOST, read_file)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        required(files).map(Self)
    }

    /// The hash of the file that looks like this.
    pub fn of(&self, look: &FileLook) -> Option<[u8; 32]> {
        self.0.iter().find(|(known, _)| known == look).map(|(_, hash)| *hash)
    }

    /// Keeps that this is the hash of the file that looks like this.
    pub fn keep(&mut self, look: FileLook, hash: [u8; 32]) {
        self.0.retain(|(known, _)| *known != look);
        self.0.push((look, hash));
        let too_many = self.0.len().saturating_sub(MOST);
        self.0.drain(..too_many);
    }
}

fn read_file(file: &mut CborReader<'_>) -> Result<(FileLook, [u8; 32]), ObjectError> {
    file.array_of(6)?;
    let (device, inode, size) = (file.uint()?, file.uint()?, file.uint()?);
    let fingerprint = Fingerprint { size, modified: file.time()?, changed: file.time()?, inode };
    Ok((FileLook { device, fingerprint }, file.fixed()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::Timestamp;

    fn look(inode: u64) -> FileLook {
        let (modified, changed) = (Timestamp::new(-3, 999_999_999), Timestamp::new(1000, 1));
        FileLook { device: 7, fingerprint: Fingerprint { size: 5, modified, changed, inode } }
    }

    #[test]
    fn a_file_is_known_by_all_of_its_looks_and_comes_back_as_it_was_kept() {
        let mut hashes = FileHashes::default();
        hashes.keep(look(1), [1; 32]);
        hashes.keep(look(2), [2; 32]);
        hashes.keep(look(1), [3; 32]);
        let read = FileHashes::decode(&hashes.encode()).unwrap();
        assert_eq!(read, hashes);
        assert_eq!((read.of(&look(1)), read.of(&look(2)), read.of(&look(3))), (Some([3; 32]), Some([2; 32]), None));
        let altered: [fn(&mut FileLook); 5] = [
            |look| look.device += 1,
            |look| look.fingerprint.size += 1,
            |look| look.fingerprint.inode += 10,
            |look| look.fingerprint.modified.nanoseconds -= 1,
            |look| look.fingerprint.changed.nanoseconds += 1,
        ];
        for alter in altered {
            let mut other = look(1);
            alter(&mut other);
            assert_eq!(read.of(&other), None, "{other:?}");
        }
    }

    #[test]
    fn what_was_used_longest_ago_is_forgotten_first() {
        let mut hashes = FileHashes::default();
        (0..MOST as u64 + 3).for_each(|inode| hashes.keep(look(inode), [0; 32]));
        assert_eq!(hashes.0.len(), MOST);
        assert!(hashes.of(&look(2)).is_none() && hashes.of(&look(3)).is_some());
        assert_eq!(FileHashes::decode(&hashes.encode()).unwrap(), hashes);
    }
}
