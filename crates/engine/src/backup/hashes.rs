//! The hashes of exports, from run to run: one that has not changed is not read again for its hash alone. It is judged as every
//! file is that a run takes over unread.

use super::assemble::is_settled;
use chest_model::{Environment, FileLook, Timestamp};
use chest_repo::RepoError;
use chest_repo::local::{FileHashes, LocalFolder, LocalKey};
use chest_source::{KnownHashes, Source};
use std::cell::RefCell;

/// What earlier runs have left, and what this one adds.
pub(super) struct ExportHashes<'e> {
    folder: LocalFolder,
    key: &'e LocalKey,
    environment: &'e dyn Environment,
    before: FileHashes,
    now: RefCell<FileHashes>,
}

impl<'e> ExportHashes<'e> {
    /// Reads what there is. Where that cannot be, every export is read again.
    pub(super) fn load(folder: &LocalFolder, key: &'e LocalKey, environment: &'e dyn Environment) -> Self {
        let before = FileHashes::load(folder, key).unwrap_or_default();
        let now = RefCell::new(before.clone());
        Self { folder: folder.clone(), key, environment, before, now }
    }

    /// For one source, whose exports are read from now on.
    pub(super) fn begin(&self) -> FromNow<'_, 'e> {
        FromNow { hashes: self, read_at: self.environment.now() }
    }

    /// Whether a source that is wanted in one backup only is in one.
    pub(super) fn were_stored(&self, source: &dyn Source) -> bool {
        let is_known = |known_by: Vec<[u8; 32]>| self.before.were_stored(&known_by);
        source.is_wanted_once() && source.known_by(&self.begin()).is_some_and(is_known)
    }

    /// Keeps them for the runs to come, with what the run has stored. Only a run whose record is safe has stored anything.
    pub(super) fn keep<'k>(&self, stored: impl Iterator<Item = &'k [[u8; 32]]>) -> Result<(), RepoError> {
        let mut now = self.now.borrow_mut();
        stored.for_each(|known_by| now.keep_stored(known_by));
        if *now == self.before {
            return Ok(());
        }
        now.store(&self.folder, self.key, self.environment)
    }
}

/// Hashes that are taken from now on.
pub(super) struct FromNow<'h, 'e> {
    hashes: &'h ExportHashes<'e>,
    read_at: Timestamp,
}

impl KnownHashes for FromNow<'_, '_> {
    fn recall(&self, look: &FileLook) -> Option<[u8; 32]> {
        self.hashes.now.borrow().of(look)
    }

    fn learn(&self, look: &FileLook, hash: [u8; 32]) {
        if is_settled(&look.fingerprint, self.read_at) {
            self.hashes.now.borrow_mut().keep(*look, hash);
        }
    }
}
