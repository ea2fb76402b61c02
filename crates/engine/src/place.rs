//! The door to storage: from what was meant (a folder, a bucket) to a store that can be worked with. Whatever lies far away
//! is asked again where it does not answer.

use crate::EngineError;
use crate::doctor::DoctorOptions;
use chest_repo::RepoError;
use chest_repo::local::{KeptStore, LocalFolder};
use chest_repo::repository::ProvenStore;
use chest_store::retry::{Limits, RealPace, RetryMonitor};
use chest_store::s3::S3Options;
use chest_store::{LocalStore, ObjectStore, Provider, Retrying, S3Store, StoreError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where a repository lies, or shall lie.
pub enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket of S3 storage.
    Bucket(Box<BucketPlace>),
}

/// A bucket, and how to wait for it.
pub struct BucketPlace {
    /// The way there.
    pub options: S3Options,
    /// How long it may be silent before it is given up.
    pub patience: Duration,
    /// Who is told that it is waited for.
    pub monitor: Arc<dyn RetryMonitor>,
}

/// A place that was opened.
pub struct OpenPlace {
    /// What operations work with: whatever it shows comes from the place itself.
    pub store: Arc<dyn ObjectStore>,
    provider: Option<Arc<dyn Provider>>,
    folder: Option<Arc<LocalStore>>,
}

impl Place {
    /// Opens what is there. Whether a bucket is, only the first request shows.
    pub fn open(self) -> Result<OpenPlace, EngineError> {
        self.open_with(LocalStore::open)
    }

    /// Opens it, and makes it where it is missing: a folder, that is. Buckets are made with the provider's own tools.
    pub fn create(self) -> Result<OpenPlace, EngineError> {
        self.open_with(LocalStore::create)
    }

    fn open_with(self, folder: impl Fn(&Path) -> Result<LocalStore, StoreError>) -> Result<OpenPlace, EngineError> {
        let opened = match self {
            Self::Folder(path) => folder(&path).map(OpenPlace::folder),
            Self::Bucket(place) => {
                let store = S3Store::open_watched(&place.options, place.patience, place.monitor.clone());
                store.map(|store| place.opened(store))
            }
        };
        Ok(opened.map_err(RepoError::from)?)
    }
}

impl BucketPlace {
    fn opened(self, store: S3Store) -> OpenPlace {
        let store = Arc::new(store);
        let limits = Limits { patience: self.patience, ..Limits::default() };
        let patient = Retrying::new(store.clone(), limits, Arc::new(RealPace::new()), self.monitor);
        OpenPlace::new(Arc::new(ProvenStore::over(patient)), Some(store))
    }
}

impl OpenPlace {
    /// Any store, with its provider where it has one that can be asked.
    pub fn new(store: Arc<dyn ObjectStore>, provider: Option<Arc<dyn Provider>>) -> Self {
        Self { store, provider, folder: None }
    }

    fn folder(store: LocalStore) -> Self {
        let store = Arc::new(store);
        Self { store: store.clone(), provider: None, folder: Some(store) }
    }

    /// The same for everyday work: what a far place has shown of records and index is kept in this folder. Not for a check,
    /// which is to see what lies there.
    pub fn kept_in(&self, folder: PathBuf) -> Arc<dyn ObjectStore> {
        if self.folder.is_some() {
            return self.store.clone();
        }
        Arc::new(KeptStore::new(self.store.clone(), LocalFolder::new(folder)))
    }

    /// How much an examination of it puts.
    pub fn doctor_options(&self) -> DoctorOptions {
        if self.folder.is_some() { DoctorOptions::FOLDER } else { DoctorOptions::BUCKET }
    }

    pub(crate) fn provider(&self) -> Option<&dyn Provider> {
        self.provider.as_deref()
    }

    /// Folders, where deleting objects leaves any. What cannot be removed is empty and harms nobody.
    pub(crate) fn remove_empty_folders(&self, path: &str) {
        if let Some(folder) = &self.folder {
            let _ = folder.remove_empty_folders(path);
        }
    }
}
