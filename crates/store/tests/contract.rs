//! The contract against the real stores, and against stores that each break one promise: it must name that one.
#![expect(clippy::unwrap_used, reason = "the store below is part of a test")]

use bytes::Bytes;
use chest_model::Timestamp;
use chest_store::contract::{Capabilities, Extent, Promise, check, check_to_extent, examine};
use chest_store::{
    AtOnce, Listed, LocalStore, MemoryStore, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId,
};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn memory_keeps_every_promise() {
    let store = MemoryStore::new();
    assert_eq!(check_to_extent(&store, "scratch/1", Extent { listed_objects: 1200, ..Extent::default() }), []);
    assert!(store.names().is_empty());
}

#[test]
fn a_local_folder_keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    assert_eq!(check_to_extent(&store, "scratch/1", Extent { listed_objects: 1200, ..Extent::default() }), []);
    assert!(store.list("").unwrap().is_empty());
    assert_eq!(store.strays().unwrap(), []);
}

#[test]
fn what_lies_at_the_scratch_prefix_already_is_left_alone() {
    let store = MemoryStore::new();
    let theirs = ObjectName::new("scratch/theirs").unwrap();
    store.insert_raw(theirs.clone(), Bytes::from_static(b"x"));
    let broken = check(&store, "scratch");
    assert_eq!(broken.iter().map(|broken| broken.promise).collect::<Vec<_>>(), [Promise::EmptyList]);
    assert_eq!(store.names(), [theirs]);
}

#[test]
fn a_store_that_breaks_one_promise_is_told_which() {
    for (twist, expected) in TWISTS {
        let store = Twisted::new(*twist);
        let broken = check_to_extent(&store, "scratch", SMALL);
        let promises: HashSet<Promise> = broken.iter().map(|broken| broken.promise).collect();
        assert!(promises.contains(expected), "{twist:?} should break {expected}, found {broken:?}");
        // A fault in lists shows wherever a list is looked at; but none may spoil more than half of the contract.
        assert!(promises.len() <= 7, "{twist:?}: {broken:?}");
    }
}

const SMALL: Extent = Extent { listed_objects: 40, large_object: 100_000 };

#[test]
fn memory_and_folders_can_all_that_the_contract_looks_for() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = LocalStore::open(folder.path()).unwrap();
    for report in [examine(&MemoryStore::new(), "scratch", SMALL), examine(&in_folder, "scratch", SMALL)] {
        assert!(report.disturbance.is_none(), "{report:?}");
        assert_eq!((report.broken, report.left_behind), (Vec::new(), Vec::new()));
        assert_eq!(report.capabilities, Some(Capabilities { keeps_the_first: true, deletes: true }));
    }
}

#[test]
fn a_store_that_overwrites_keeps_its_promises_and_is_told_apart() {
    let report = examine(&Twisted::new(Twist::PutOverwrites), "scratch", SMALL);
    assert_eq!(report.broken, []);
    assert_eq!(report.capabilities, Some(Capabilities { keeps_the_first: false, deletes: true }));
}

#[test]
fn a_store_that_forbids_deletion_keeps_its_promises_and_what_was_left_is_told() {
    let store = Twisted::new(Twist::DeletionIsForbidden);
    let report = examine(&store, "scratch", SMALL);
    assert_eq!(report.broken, []);
    assert_eq!(report.capabilities, Some(Capabilities { keeps_the_first: true, deletes: false }));
    assert_eq!(report.left_behind, store.inner.names());
    assert!(report.left_behind.len() > SMALL.listed_objects);
}

const TWISTS: &[(Twist, Promise)] = &[
    (Twist::PutRefusesTheSecond, Promise::SecondPutKeepsTheFirst),
    (Twist::PutLosesEmpty, Promise::EmptyObject),
    (Twist::PutTruncatesLarge, Promise::LargeObject),
    (Twist::PutLosesWhenBusy, Promise::ParallelUse),
    (Twist::GetInventsMissing, Promise::MissingObject),
    (Twist::RangeStartsOneLate, Promise::ExactRange),
    (Twist::RangeLosesTheLastByte, Promise::ExactRange),
    (Twist::RangeIsCutShort, Promise::RangePastTheEnd),
    (Twist::ListDropsOneOfMany, Promise::CompleteSortedList),
    (Twist::ListRunsBackwards, Promise::CompleteSortedList),
    (Twist::ListRepeatsOneOfMany, Promise::CompleteSortedList),
    (Twist::ListIsOnePutLate, Promise::PutIsVisible),
    (Twist::ListTakesPrefixesForFolders, Promise::PlainPrefix),
    (Twist::ListFailsWhereEmpty, Promise::EmptyList),
    (Twist::DeletionIsForgotten, Promise::Deletion),
    (Twist::DeletionIsForgotten, Promise::NothingLeftBehind),
    (Twist::SecondDeletionFails, Promise::SecondDeletion),
    (Twist::VersionsComeTwice, Promise::OneVersion),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twist {
    PutOverwrites,
    PutRefusesTheSecond,
    PutLosesEmpty,
    PutTruncatesLarge,
    PutLosesWhenBusy,
    GetInventsMissing,
    RangeStartsOneLate,
    RangeLosesTheLastByte,
    RangeIsCutShort,
    ListDropsOneOfMany,
    ListRunsBackwards,
    ListRepeatsOneOfMany,
    ListIsOnePutLate,
    ListTakesPrefixesForFolders,
    ListFailsWhereEmpty,
    DeletionIsForbidden,
    DeletionIsForgotten,
    SecondDeletionFails,
    VersionsComeTwice,
}

/// A store that keeps all promises but one.
struct Twisted {
    twist: Twist,
    inner: MemoryStore,
    busy: AtomicUsize,
    last_put: Mutex<Option<ObjectName>>,
}

impl Twisted {
    fn new(twist: Twist) -> Self {
        Self { twist, inner: MemoryStore::new(), busy: AtomicUsize::new(0), last_put: Mutex::default() }
    }

    fn is(&self, twist: Twist) -> bool {
        self.twist == twist
    }

    fn refused<T>(&self) -> Result<T, StoreError> {
        Err(StoreError::Refused("out of spite".to_owned()))
    }
}

impl ObjectStore for Twisted {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        *self.last_put.lock().unwrap() = Some(name.clone());
        let others = self.busy.fetch_add(1, Ordering::SeqCst);
        if self.is(Twist::PutLosesWhenBusy) {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.busy.fetch_sub(1, Ordering::SeqCst);
        match self.twist {
            Twist::PutOverwrites => self.inner.insert_raw(name.clone(), bytes.clone()),
            Twist::PutRefusesTheSecond if self.inner.get(name).is_ok() => return self.refused(),
            Twist::PutLosesEmpty if bytes.is_empty() => return Ok(PutOutcome::Done),
            Twist::PutTruncatesLarge if bytes.len() > 65_536 => return self.inner.put(name, bytes.slice(..65_536)),
            Twist::PutLosesWhenBusy if others > 0 => return Ok(PutOutcome::Done),
            _ => {}
        }
        self.inner.put(name, bytes)
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        match self.inner.get(name) {
            Err(StoreError::NotFound(_)) if self.is(Twist::GetInventsMissing) => Ok(Bytes::new()),
            answer => answer,
        }
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        let size = self.inner.get(name)?.len() as u64;
        match self.twist {
            Twist::RangeStartsOneLate if range.start > 0 && range.end < size => {
                self.inner.get_range(name, range.start + 1..range.end + 1)
            }
            Twist::RangeLosesTheLastByte if range.end == size && range.start < size => {
                self.inner.get_range(name, range.start..size - 1)
            }
            Twist::RangeIsCutShort => self.inner.get_range(name, range.start.min(size)..range.end.min(size)),
            _ => self.inner.get_range(name, range),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let mut listed = self.inner.list(prefix)?;
        match self.twist {
            Twist::ListDropsOneOfMany if listed.len() > 20 => drop(listed.remove(13)),
            Twist::ListRunsBackwards => listed.reverse(),
            Twist::ListRepeatsOneOfMany if listed.len() > 20 => listed.push(listed[listed.len() - 1].clone()),
            Twist::ListIsOnePutLate => {
                let last = self.last_put.lock().unwrap().clone();
                listed.retain(|line| Some(&line.name) != last.as_ref());
            }
            Twist::ListTakesPrefixesForFolders => {
                let folder = format!("{}/", prefix.trim_end_matches('/'));
                listed.retain(|line| line.name.as_str().starts_with(&folder));
            }
            Twist::ListFailsWhereEmpty if listed.is_empty() => return self.refused(),
            _ => {}
        }
        Ok(listed)
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        let mut versions = self.inner.versions(name)?;
        if self.is(Twist::VersionsComeTwice) {
            versions.extend(versions.clone());
        }
        Ok(versions)
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        self.inner.get_version(name, version)
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        match self.twist {
            Twist::DeletionIsForbidden => self.refused(),
            Twist::DeletionIsForgotten => Ok(()),
            Twist::SecondDeletionFails if self.inner.get(name).is_err() => self.refused(),
            _ => self.inner.delete_version(name, version),
        }
    }

    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        self.inner.retain_version(name, version, until)
    }

    fn requests_at_once(&self) -> AtOnce {
        AtOnce::ONE
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        self.inner.strays()
    }
}
