//! Hashes of files that were read whole for nothing but their hash: exports. It is what spares a run reading one that has not changed
//! since; and which of them have been stored, so that an older one is stored once. Lost, it costs that reading.

use super::folder::LocalFolder;
use super::seal::{LocalKey, LocalKind};
use crate::cbor::{CborReader, CborWriter, required};
use crate::error::{ObjectError, RepoError};
use chest_model::{Environment, FileLook, Fingerprint};

const NAME: &str = "hashes";
/// No council has so many parts of exports lying about; the oldest are forgotten.
const MOST: usize = 8192;
/// A file may be stored with this left out or that.
const MOST_STORED: usize = 16_384;

/// Files by how they looked, each with its BLAKE3, and what has been stored; what was used last comes last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileHashes {
    looks: Vec<(FileLook, [u8; 32])>,
    stored: Vec<[u8; 32]>,
}

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
        out.map(2).uint(0u8).array(self.looks.len());
        for (look, hash) in &self.looks {
            let Fingerprint { size, modified, changed, inode } = look.fingerprint;
            out.array(6).uint(look.device).uint(inode).uint(size).time(modified).time(changed).bytes(hash);
        }
        // From 100 on, so that a program that does not know it passes it over.
        out.uint(100u8).array(self.stored.len());
        for known_by in &self.stored {
            out.bytes(known_by);
        }
        out.finish()
    }

    /// Reads what the seal held.
    pub fn decode(plain: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(plain);
        let (mut files, mut stored) = (None, Vec::new());
        reader.map(|key, value| {
            match key {
                0 => files = Some(value.list_of_at_most(MOST, read_file)?),
                100 => stored = value.list_of_at_most(MOST_STORED, CborReader::fixed)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { looks: required(files)?, stored })
    }

    /// The hash of the file that looks like this.
    pub fn of(&self, look: &FileLook) -> Option<[u8; 32]> {
        self.looks.iter().find(|(known, _)| known == look).map(|(_, hash)| *hash)
    }

    /// Keeps that this is the hash of the file that looks like this.
    pub fn keep(&mut self, look: FileLook, hash: [u8; 32]) {
        self.looks.retain(|(known, _)| *known != look);
        self.looks.push((look, hash));
        let too_many = self.looks.len().saturating_sub(MOST);
        self.looks.drain(..too_many);
    }

    /// Whether all of these have been stored.
    pub fn were_stored(&self, known_by: &[[u8; 32]]) -> bool {
        known_by.iter().all(|one| self.stored.contains(one))
    }

    /// Keeps that all of these are in a backup.
    pub fn keep_stored(&mut self, known_by: &[[u8; 32]]) {
        self.stored.retain(|one| !known_by.contains(one));
        self.stored.extend_from_slice(known_by);
        let too_many = self.stored.len().saturating_sub(MOST_STORED);
        self.stored.drain(..too_many);
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
    fn what_was_stored_is_known_and_an_earlier_version_has_kept_none_of_it() {
        let mut hashes = FileHashes::default();
        hashes.keep_stored(&[[1; 32], [2; 32]]);
        let read = FileHashes::decode(&hashes.encode()).unwrap();
        assert!(read == hashes && read.were_stored(&[[2; 32], [1; 32]]) && !read.were_stored(&[[1; 32], [3; 32]]));
        let mut earlier = CborWriter::new();
        earlier.map(1).uint(0u8).array(0);
        assert_eq!(FileHashes::decode(&earlier.finish()).unwrap(), FileHashes::default());
        (0..MOST_STORED as u64)
            .for_each(|number| hashes.keep_stored(&[*blake3::hash(&number.to_le_bytes()).as_bytes()]));
        assert!(hashes.stored.len() == MOST_STORED && !hashes.were_stored(&[[1; 32]]));
    }

    #[test]
    fn what_was_used_longest_ago_is_forgotten_first() {
        let mut hashes = FileHashes::default();
        (0..MOST as u64 + 3).for_each(|inode| hashes.keep(look(inode), [0; 32]));
        assert_eq!(hashes.looks.len(), MOST);
        assert!(hashes.of(&look(2)).is_none() && hashes.of(&look(3)).is_some());
        assert_eq!(FileHashes::decode(&hashes.encode()).unwrap(), hashes);
    }
}
