//! What every operation works with.

use chest_model::{Environment, Monitor, RepositoryId};
use chest_repo::local::LocalFolder;
use chest_repo::repository::TwiceStore;
use std::path::PathBuf;
use std::sync::Arc;

/// The store, this machine's own places, and who watches.
pub struct Context<'a> {
    /// Where the repository lies. Of this type, so that no operation can forget to keep twice what is kept twice.
    pub store: Arc<TwiceStore>,
    /// Clock, randomness, host name.
    pub environment: &'a dyn Environment,
    /// Who watches.
    pub monitor: &'a dyn Monitor,
    /// What must not be lost lightly: keys, journal, what was seen. One folder for each repository below it.
    pub state_dir: PathBuf,
    /// What may be deleted at any time.
    pub cache_dir: PathBuf,
}

impl Context<'_> {
    /// This machine's state for a repository.
    pub fn state(&self, repository: RepositoryId) -> LocalFolder {
        LocalFolder::new(self.state_dir.join(repository.to_hex()))
    }

    /// This machine's cache for a repository.
    pub fn cache(&self, repository: RepositoryId) -> LocalFolder {
        LocalFolder::new(self.cache_dir.join(repository.to_hex()))
    }
}
