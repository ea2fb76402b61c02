//! Stores that watch what is asked of another store and change nothing: one writes it down, one lets a test act just before
//! and just after a chosen operation (where a crash test ends the process).

use bytes::Bytes;
use chest_model::Timestamp;
use chest_store::{AtOnce, Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The methods of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the method of that name")]
pub enum Verb {
    Put,
    Get,
    GetRange,
    List,
    Versions,
    GetVersion,
    DeleteVersion,
    RetainVersion,
    Strays,
}

/// One thing asked of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Counts the operations of this store from one, in the order in which they began.
    pub number: u64,
    /// What was asked.
    pub verb: Verb,
    /// The object's name, or the prefix of a list; empty for strays.
    pub name: String,
    /// The range asked for, where one was.
    pub range: Option<Range<u64>>,
    /// Length of what is to be put; else zero.
    pub length: u64,
}

impl Operation {
    pub(crate) fn of(verb: Verb, name: &str) -> Self {
        Self { number: 0, verb, name: name.to_owned(), range: None, length: 0 }
    }

    pub(crate) fn put(name: &ObjectName, bytes: &Bytes) -> Self {
        Self { length: bytes.len() as u64, ..Self::of(Verb::Put, name.as_str()) }
    }

    pub(crate) fn get_range(name: &ObjectName, range: &Range<u64>) -> Self {
        Self { range: Some(range.clone()), ..Self::of(Verb::GetRange, name.as_str()) }
    }
}

/// One operation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What was asked.
    pub verb: Verb,
    /// The object's name, or the prefix of a list; empty for strays.
    pub name: String,
    /// The range asked for, where one was.
    pub range: Option<Range<u64>>,
    /// Bytes put or got; lines of a list, of versions or of strays.
    pub length: u64,
    /// How it ended.
    pub outcome: CallOutcome,
    /// When it began, on a counter that every beginning and every end moves on by one.
    pub began: u64,
    /// When it ended, on the same counter; `None` while it is under way.
    pub ended: Option<u64>,
}

impl Call {
    /// Whether this call had ended before `later` began: what an order of writes means where there are threads.
    pub fn was_over_before(&self, later: &Self) -> bool {
        self.ended.is_some_and(|ended| ended < later.began)
    }
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// It is under way, or the process was made to stop within it.
    Pending,
    /// It did what was asked.
    Done,
    /// A put that answered so.
    Unknown,
    /// There is no such object.
    NotFound,
    /// Any other error, in its words.
    Failed(String),
}

/// Writes down every call. A clone shares the list.
#[derive(Clone)]
pub struct RecordingStore<S> {
    inner: S,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    clock: u64,
    calls: Vec<Call>,
    // Raised when the list is cleared, so that a call under way then is not taken for one of the new list.
    generation: u64,
}

impl Log {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}

impl<S> RecordingStore<S> {
    /// Records what is asked of `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner, log: Arc::default() }
    }

    /// The store beneath.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Every call since the last `clear`, in the order in which they began.
    pub fn calls(&self) -> Vec<Call> {
        self.log().calls.clone()
    }

    /// Forgets the calls up to now.
    pub fn clear(&self) {
        let mut log = self.log();
        log.calls.clear();
        log.generation += 1;
    }

    /// How often that was asked.
    pub fn count(&self, verb: Verb) -> usize {
        self.log().calls.iter().filter(|call| call.verb == verb).count()
    }

    /// How many bytes (lines, for lists) that moved.
    pub fn bytes(&self, verb: Verb) -> u64 {
        self.log().calls.iter().filter(|call| call.verb == verb).map(|call| call.length).sum()
    }

    /// How many calls had to wait for one another: the longest row of calls of which each began when the one before it
    /// was over. What a far store costs in round trips.
    pub fn trips(&self) -> usize {
        let calls = self.calls();
        let mut depth = vec![0usize; calls.len()];
        for (number, call) in calls.iter().enumerate() {
            let before = calls[..number].iter().zip(&depth).filter(|(earlier, _)| earlier.was_over_before(call));
            depth[number] = 1 + before.map(|(_, depth)| *depth).max().unwrap_or(0);
        }
        depth.into_iter().max().unwrap_or(0)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record<T>(
        &self,
        operation: Operation,
        length: impl FnOnce(&T) -> u64,
        act: impl FnOnce(&S) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.record_outcome(operation, |answer| (length(answer), CallOutcome::Done), act)
    }

    fn record_outcome<T>(
        &self,
        operation: Operation,
        judge: impl FnOnce(&T) -> (u64, CallOutcome),
        act: impl FnOnce(&S) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (generation, at) = self.begin(operation);
        let answer = act(&self.inner);
        let (length, outcome) = match &answer {
            Ok(answer) => judge(answer),
            Err(StoreError::NotFound(_)) => (0, CallOutcome::NotFound),
            Err(error) => (0, CallOutcome::Failed(error.to_string())),
        };
        self.end(generation, at, length, outcome);
        answer
    }

    fn begin(&self, operation: Operation) -> (u64, usize) {
        let Operation { verb, name, range, length, .. } = operation;
        let mut log = self.log();
        let began = log.tick();
        log.calls.push(Call { verb, name, range, length, outcome: CallOutcome::Pending, began, ended: None });
        (log.generation, log.calls.len() - 1)
    }

    fn end(&self, generation: u64, at: usize, length: u64, outcome: CallOutcome) {
        let mut log = self.log();
        let ended = log.tick();
        if log.generation == generation
            && let Some(call) = log.calls.get_mut(at)
        {
            call.length = call.length.max(length);
            call.outcome = outcome;
            call.ended = Some(ended);
        }
    }
}

impl<S: ObjectStore> ObjectStore for RecordingStore<S> {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        let judge = |answer: &PutOutcome| match answer {
            PutOutcome::Done => (0, CallOutcome::Done),
            PutOutcome::Unknown => (0, CallOutcome::Unknown),
        };
        self.record_outcome(Operation::put(name, &bytes), judge, |inner| inner.put(name, bytes))
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.record(Operation::of(Verb::Get, name.as_str()), length, |inner| inner.get(name))
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.record(Operation::get_range(name, &range), length, |inner| inner.get_range(name, range))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.record(Operation::of(Verb::List, prefix), |list: &Vec<_>| lines(list), |inner| inner.list(prefix))
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        self.record(
            Operation::of(Verb::Versions, name.as_str()),
            |list: &Vec<_>| lines(list),
            |inner| inner.versions(name),
        )
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        let operation = Operation::of(Verb::GetVersion, name.as_str());
        self.record(operation, length, |inner| inner.get_version(name, version))
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        let operation = Operation::of(Verb::DeleteVersion, name.as_str());
        self.record(operation, |()| 0, |inner| inner.delete_version(name, version))
    }

    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        let operation = Operation::of(Verb::RetainVersion, name.as_str());
        self.record(operation, |()| 0, |inner| inner.retain_version(name, version, until))
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        self.record(Operation::of(Verb::Strays, ""), |list: &Vec<_>| lines(list), |inner| inner.strays())
    }

    fn requests_at_once(&self) -> AtOnce {
        self.inner.requests_at_once()
    }
}

fn length(bytes: &Bytes) -> u64 {
    bytes.len() as u64
}

fn lines<T>(list: &[T]) -> u64 {
    list.len() as u64
}

/// On which side of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// The store has not been asked yet.
    Before,
    /// The store has answered, and the caller does not know yet.
    After,
}

type Hook = dyn Fn(When, &Operation) + Send + Sync;

/// Calls a function just before and just after the N-th operation: there a crash test ends the process, or panics.
/// A clone shares the counter.
#[derive(Clone)]
pub struct KillSwitch<S> {
    inner: S,
    at: u64,
    operations: Arc<AtomicU64>,
    hook: Arc<Hook>,
}

impl<S> KillSwitch<S> {
    /// Calls `hook` around operation `at`, counted from one; around none, if `at` is zero.
    pub fn new(inner: S, at: u64, hook: impl Fn(When, &Operation) + Send + Sync + 'static) -> Self {
        Self { inner, at, operations: Arc::default(), hook: Arc::new(hook) }
    }

    /// How many operations have begun: what a test counts first, to learn where it can strike.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::SeqCst)
    }

    fn around<T>(&self, operation: Operation, act: impl FnOnce(&S) -> T) -> T {
        let number = self.operations.fetch_add(1, Ordering::SeqCst) + 1;
        if number != self.at {
            return act(&self.inner);
        }
        let operation = Operation { number, ..operation };
        (self.hook)(When::Before, &operation);
        let answer = act(&self.inner);
        (self.hook)(When::After, &operation);
        answer
    }
}

impl<S: ObjectStore> ObjectStore for KillSwitch<S> {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        self.around(Operation::put(name, &bytes), |inner| inner.put(name, bytes))
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.around(Operation::of(Verb::Get, name.as_str()), |inner| inner.get(name))
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.around(Operation::get_range(name, &range), |inner| inner.get_range(name, range))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.around(Operation::of(Verb::List, prefix), |inner| inner.list(prefix))
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        self.around(Operation::of(Verb::Versions, name.as_str()), |inner| inner.versions(name))
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        self.around(Operation::of(Verb::GetVersion, name.as_str()), |inner| inner.get_version(name, version))
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        self.around(Operation::of(Verb::DeleteVersion, name.as_str()), |inner| inner.delete_version(name, version))
    }

    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        let operation = Operation::of(Verb::RetainVersion, name.as_str());
        self.around(operation, |inner| inner.retain_version(name, version, until))
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        self.around(Operation::of(Verb::Strays, ""), |inner| inner.strays())
    }

    fn requests_at_once(&self) -> AtOnce {
        self.inner.requests_at_once()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_store::{MemoryStore, contract};

    fn name(text: &str) -> ObjectName {
        ObjectName::new(text).unwrap()
    }

    #[test]
    fn a_watched_store_keeps_every_promise() {
        let extent = contract::Extent { listed_objects: 40, large_object: 1000 };
        let recording = RecordingStore::new(MemoryStore::new());
        assert_eq!(contract::check_to_extent(&recording, "scratch", extent), []);
        assert!(recording.count(Verb::Put) > 40);
        assert_eq!(recording.calls().iter().filter(|call| call.ended.is_none()).count(), 0);
        assert_eq!(
            contract::check_to_extent(&KillSwitch::new(MemoryStore::new(), 0, |_, _| {}), "scratch", extent),
            []
        );
    }

    #[test]
    fn every_call_is_written_down_with_its_outcome() {
        let store = RecordingStore::new(MemoryStore::new());
        let _ = store.put(&name("a/b"), Bytes::from_static(b"hello")).unwrap();
        store.get_range(&name("a/b"), 1..3).unwrap();
        store.get_range(&name("a/b"), 1..9).unwrap_err();
        store.get(&name("c")).unwrap_err();
        store.list("a/").unwrap();
        let calls = store.calls();
        let short: Vec<_> = calls.iter().map(|call| (call.verb, call.name.as_str(), call.length)).collect();
        assert_eq!(
            short,
            [
                (Verb::Put, "a/b", 5),
                (Verb::GetRange, "a/b", 2),
                (Verb::GetRange, "a/b", 0),
                (Verb::Get, "c", 0),
                (Verb::List, "a/", 1)
            ]
        );
        assert_eq!(calls[1].range, Some(1..3));
        assert!(matches!(calls[2].outcome, CallOutcome::Failed(_)));
        assert_eq!(calls[3].outcome, CallOutcome::NotFound);
        assert!(calls[0].was_over_before(&calls[1]) && !calls[1].was_over_before(&calls[0]));
        assert_eq!((store.count(Verb::GetRange), store.bytes(Verb::Put)), (2, 5));
        store.clear();
        assert!(store.clone().calls().is_empty());
    }

    #[test]
    fn the_switch_strikes_before_and_after_the_chosen_operation_only() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (memory, log) = (MemoryStore::new(), seen.clone());
        let truth = memory.clone();
        let store = KillSwitch::new(memory, 2, move |when, operation| {
            log.lock().unwrap().push((when, operation.number, operation.name.clone(), truth.names().len()));
        });
        for text in ["a", "b", "c"] {
            let _ = store.put(&name(text), Bytes::new()).unwrap();
        }
        assert_eq!(*seen.lock().unwrap(), [(When::Before, 2, "b".to_owned(), 1), (When::After, 2, "b".to_owned(), 2)]);
        assert_eq!(store.operations(), 3);
    }
}
