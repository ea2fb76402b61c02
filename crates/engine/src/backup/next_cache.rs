//! The cache for the next run, while this one goes on. Nothing depends on it but the next run's speed: what goes wrong with it
//! stops no backup, and is told when that is safe.

use chest_model::{ChunkId, Environment, Fingerprint};
use chest_repo::RepoError;
use chest_repo::local::{CacheWriter, LocalFolder, LocalKey, Noticed};

/// One root's.
pub(super) struct NextCache {
    /// The first thing that went wrong, once something has.
    writer: Result<CacheWriter, RepoError>,
}

impl NextCache {
    pub(super) fn begin(folder: &LocalFolder, label: &[u8], key: &LocalKey) -> Self {
        Self { writer: CacheWriter::begin(folder, label, key) }
    }

    /// Adds an entry, in tree order.
    pub(super) fn push(
        &mut self,
        fingerprint: &Fingerprint,
        noticed: &Noticed,
        encoded: &[u8],
        reached: &[ChunkId],
        environment: &dyn Environment,
    ) {
        if let Ok(writer) = &mut self.writer
            && let Err(error) = writer.push(fingerprint, noticed, encoded, reached, environment)
        {
            self.writer = Err(error);
        }
    }

    /// Puts it in the place of the last one.
    pub(super) fn finish(self, environment: &dyn Environment) -> Result<(), RepoError> {
        self.writer?.finish(environment)
    }
}
