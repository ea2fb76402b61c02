//! The golden repository, opened by its recovery words: real objects to be altered, and what their seals hold.

use chest_repo::Opener;
use chest_repo::history::LogHistory;
use chest_repo::keys::MasterKey;
use chest_repo::layout::Place;
use chest_repo::repository::{ReaderSession, unlock};
use chest_repo::slot::Credential;
use chest_repo::words::TypedWords;
use chest_store::{LocalStore, ObjectStore};
use std::path::Path;
use std::sync::Arc;

/// The repository, open.
pub struct Golden {
    /// Every object with its place.
    pub objects: Vec<(Place, Vec<u8>)>,
    /// Everything that can be read of it.
    pub session: ReaderSession,
    /// Its key.
    pub master: MasterKey,
}

impl Golden {
    /// Opens it where the checkout has it.
    pub fn open(checkout: &Path) -> Self {
        let folder = checkout.join("crates/engine/tests/golden/v1");
        let store: Arc<dyn ObjectStore> = Arc::new(LocalStore::open(&folder.join("repository")).expect("it is there"));
        let words = std::fs::read_to_string(folder.join("words")).expect("it is there");
        let words = TypedWords::parse(&words).expect("24 words");
        let master = unlock(&*store, &Credential::Words(words)).expect("they open it");
        let session = ReaderSession::open(store.clone(), &*store, master.clone()).expect("it is intact");
        let listed =
            ["packs/", "index/", "log/", "owner/", "slots/"].map(|prefix| store.list(prefix).expect("it lists"));
        let place = |name| Place::parse(name).expect("a name of ours");
        let object = |name| store.get(name).expect("it is there").to_vec();
        let objects = listed.iter().flatten().map(|one| (place(&one.name), object(&one.name))).collect();
        Self { objects, session, master }
    }

    /// What opens sealed objects.
    pub fn opener(&self) -> &Opener {
        self.session.opener()
    }

    /// The logs of its writers.
    pub fn logs(&self) -> impl Iterator<Item = &LogHistory> {
        self.session.logs.values()
    }
}
