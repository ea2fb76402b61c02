//! Keeps on this machine what a far store has shown of records and index, so that the next run does not fetch it again. Names
//! prove bytes: what is kept is held against its name each time, and can be deleted at any time. What the store *has* is always
//! asked of the store; slots are not kept, because a stolen laptop should not hold what a passphrase could be tried on.

use super::{LocalFolder, open_regular};
use crate::layout::Place;
use bytes::Bytes;
use chest_store::{ObjectName, ObjectStore, PutOutcome, StoreError, pass_on};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::Once;

/// Beyond this the folder begins anew: index objects that have been replaced are never asked for again.
const MOST_KEPT: u64 = 512 << 20;

/// A store of which records and index objects are kept in a local folder.
pub struct KeptStore<S> {
    inner: S,
    folder: LocalFolder,
    tidied: Once,
}

impl<S: ObjectStore> KeptStore<S> {
    /// Keeps in this folder, which is made when the first object is kept.
    pub fn new(inner: S, folder: LocalFolder) -> Self {
        Self { inner, folder, tidied: Once::new() }
    }

    fn kept(&self, place: &Place) -> Option<Bytes> {
        let bytes = self.folder.read(&place.hash().to_hex()).ok().flatten()?;
        place.proves(&bytes).then(|| Bytes::from(bytes))
    }

    /// A cache that cannot be written is no reason to fail.
    fn keep(&self, place: &Place, bytes: &[u8]) {
        if !place.proves(bytes) || self.folder.make().is_err() {
            return;
        }
        self.tidied.call_once(|| self.tidy());
        let name = place.hash().to_hex();
        let beside = self.folder.file(&format!("{name}.{}", std::process::id()));
        // Not synced: half a file does not match its name.
        let made = open_regular(OpenOptions::new().write(true).create(true).truncate(true), &beside);
        let written =
            made.and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&beside, self.folder.file(&name)));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
    }

    fn tidy(&self) {
        let Ok(files) = fs::read_dir(self.folder.path()) else { return };
        let files: Vec<_> = files.flatten().collect();
        let size: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum();
        if size > MOST_KEPT {
            files.iter().for_each(|file| drop(fs::remove_file(file.path())));
        }
    }
}

fn worth_keeping(name: &ObjectName) -> Option<Place> {
    let place = Place::parse(name)?;
    let kept = matches!(place, Place::Owner(_) | Place::Log(..) | Place::Inventory(..) | Place::Index(..));
    kept.then_some(place)
}

impl<S: ObjectStore> ObjectStore for KeptStore<S> {
    pass_on!(self => self.inner; get_range, list, versions, get_version, delete_version, retain_version, strays,
             requests_at_once);

    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        let outcome = self.inner.put(name, bytes.clone())?;
        if let Some(place) = worth_keeping(name) {
            self.keep(&place, &bytes);
        }
        Ok(outcome)
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        let Some(place) = worth_keeping(name) else { return self.inner.get(name) };
        if let Some(kept) = self.kept(&place) {
            return Ok(kept);
        }
        let bytes = self.inner.get(name)?;
        self.keep(&place, &bytes);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordRef;
    use chest_model::{ObjectHash, SlotId};
    use chest_store::MemoryStore;

    fn record(bytes: &[u8]) -> ObjectName {
        Place::Owner(RecordRef { seq: 1, hash: ObjectHash(*blake3::hash(bytes).as_bytes()) }).name()
    }

    fn kept_in(folder: &std::path::Path) -> (MemoryStore, KeptStore<MemoryStore>) {
        let memory = MemoryStore::new();
        (memory.clone(), KeptStore::new(memory, LocalFolder::new(folder.join("kept"))))
    }

    #[test]
    fn a_record_seen_once_is_not_fetched_again_and_a_damaged_copy_is() {
        let folder = tempfile::tempdir().unwrap();
        let (far, store) = kept_in(folder.path());
        let name = record(b"a decision");
        far.insert_raw(name.clone(), Bytes::from_static(b"a decision"));
        assert_eq!(store.get(&name).unwrap(), "a decision");
        far.remove_raw(&name);
        assert_eq!(store.get(&name).unwrap(), "a decision", "from this machine");
        assert!(store.list("owner/").unwrap().is_empty(), "what the store has is asked of the store");
        let copy = fs::read_dir(folder.path().join("kept")).unwrap().next().unwrap().unwrap().path();
        fs::write(copy, b"a deception").unwrap();
        assert!(matches!(store.get(&name), Err(StoreError::NotFound(_))));
    }

    #[test]
    fn what_is_put_is_kept_and_a_false_answer_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (far, store) = kept_in(folder.path());
        let (name, other) = (record(b"mine"), record(b"true"));
        assert_eq!(store.put(&name, Bytes::from_static(b"mine")).unwrap(), PutOutcome::Done);
        far.remove_raw(&name);
        assert_eq!(store.get(&name).unwrap(), "mine");
        far.insert_raw(other.clone(), Bytes::from_static(b"false"));
        assert_eq!(store.get(&other).unwrap(), "false", "told as it came, for whoever holds it against its name");
        far.insert_raw(other.clone(), Bytes::from_static(b"true"));
        assert_eq!(store.get(&other).unwrap(), "true");
    }

    #[test]
    fn slots_and_packs_are_never_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (far, store) = kept_in(folder.path());
        let hash = ObjectHash(*blake3::hash(b"x").as_bytes());
        for name in [Place::Slot(SlotId([1; 16]), hash).name(), Place::Pack(hash).name()] {
            far.insert_raw(name.clone(), Bytes::from_static(b"x"));
            store.get(&name).unwrap();
        }
        assert!(!folder.path().join("kept").exists());
    }
}
