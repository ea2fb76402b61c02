//! The promises of [`ObjectStore`] as code that runs against any store: in our tests, and on the user's own bucket or disk
//! before anything is entrusted to it.

mod probe;
mod promises;

use crate::{ObjectName, ObjectStore, StoreError};
use probe::Probe;
use std::fmt;

/// A promise that every store must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Listing where nothing lies succeeds and shows nothing.
    EmptyList,
    /// What was put can be read and is listed at once.
    PutIsVisible,
    /// Putting the same bytes again under their name succeeds and changes nothing.
    SecondPutKeepsTheFirst,
    /// A prefix selects by text, not by folder.
    PlainPrefix,
    /// A list shows every object once, in order, with its size, and nothing else.
    CompleteSortedList,
    /// A range gives exactly its bytes.
    ExactRange,
    /// A range past the end is refused.
    RangePastTheEnd,
    /// An object may be empty.
    EmptyObject,
    /// An object of the size of a pack comes back whole.
    LargeObject,
    /// What is not there is said to be not there.
    MissingObject,
    /// What was deleted is gone from reads and lists.
    Deletion,
    /// Deleting what is not there succeeds.
    SecondDeletion,
    /// What was put once has one version, which can be read.
    OneVersion,
    /// Several threads at once get what each of them put.
    ParallelUse,
    /// The check itself could remove all that it made.
    NothingLeftBehind,
}

impl Promise {
    /// A stable short name, for scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmptyList => "empty-list",
            Self::PutIsVisible => "put-is-visible",
            Self::SecondPutKeepsTheFirst => "second-put-keeps-the-first",
            Self::PlainPrefix => "plain-prefix",
            Self::CompleteSortedList => "complete-sorted-list",
            Self::ExactRange => "exact-range",
            Self::RangePastTheEnd => "range-past-the-end",
            Self::EmptyObject => "empty-object",
            Self::LargeObject => "large-object",
            Self::MissingObject => "missing-object",
            Self::Deletion => "deletion",
            Self::SecondDeletion => "second-deletion",
            Self::OneVersion => "one-version",
            Self::ParallelUse => "parallel-use",
            Self::NothingLeftBehind => "nothing-left-behind",
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A promise that a store did not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// What happened, in a sentence.
    pub what: String,
}

/// What stores may differ in, because nothing depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// A name that is there keeps its bytes, whatever is put under it. Else a damaged computer could spoil what is stored;
    /// readers would notice, and an older version would have to stand in.
    pub keeps_the_first: bool,
    /// The credential may delete versions at once. A writer better cannot, and a bucket with Object Lock refuses everybody.
    pub deletes: bool,
}

/// A request that failed in a way that says nothing about the promise that was being tried: the store went away, or refused.
#[derive(Debug)]
pub struct Disturbance {
    /// Which promise.
    pub promise: Promise,
    /// What the store answered, or that it did not.
    pub error: StoreError,
}

/// What [`examine`] found.
#[derive(Debug)]
pub struct Report {
    /// The promises that were not kept. Where there was a disturbance, the last is what it made of a promise.
    pub broken: Vec<Broken>,
    /// What ended the trials before all promises were tried.
    pub disturbance: Option<Disturbance>,
    /// What this store can do; none where no promise could be tried at all.
    pub capabilities: Option<Capabilities>,
    /// What the check made, and was refused or came not to remove.
    pub left_behind: Vec<ObjectName>,
}

/// How much [`check_to_extent`] puts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How many small objects the list must show. More than 1,000 make a bucket answer in several pages.
    pub listed_objects: usize,
    /// Length of the large object, in bytes.
    pub large_object: usize,
}

impl Default for Extent {
    /// As much as a person will wait for over a village's line: a few dozen objects and one pack.
    fn default() -> Self {
        Self { listed_objects: 40, large_object: 16 << 20 }
    }
}

/// Tries every promise below `scratch_prefix`, where nothing must lie yet, and returns those that were broken.
///
/// The prefix is that of an object name without the last component, such as `doctor/3f9c`. Everything made is removed again,
/// where the store allows it.
pub fn check(store: &dyn ObjectStore, scratch_prefix: &str) -> Vec<Broken> {
    check_to_extent(store, scratch_prefix, Extent::default())
}

/// [`check`], with as many and as large objects as asked for.
pub fn check_to_extent(store: &dyn ObjectStore, scratch_prefix: &str, extent: Extent) -> Vec<Broken> {
    examine(store, scratch_prefix, extent).broken
}

/// [`check_to_extent`], which also tells what the store can do beyond its promises.
pub fn examine(store: &dyn ObjectStore, scratch_prefix: &str, extent: Extent) -> Report {
    let probe = Probe::new(store, scratch_prefix);
    // Where something lies already, nothing that follows could be judged, and nothing must be removed.
    if let Err(broken) = promises::empty_list(&probe) {
        let disturbance = probe.into_disturbance();
        return Report { broken: vec![broken], disturbance, capabilities: None, left_behind: Vec::new() };
    }
    let mut broken = promises::try_all(&probe, extent);
    let keeps_the_first = !probe.is_disturbed() && promises::keeps_the_first(&probe);
    let (left_behind, removed) = probe.clean_up();
    broken.extend(removed.err());
    let capabilities = Some(Capabilities { keeps_the_first, deletes: !probe.was_refused_deletion() });
    Report { broken, disturbance: probe.into_disturbance(), capabilities, left_behind }
}
