//! What a run has backed up and put, before it is recorded, and what went wrong beside it.

use super::ClassOutcome;
use super::assemble::Assembled;
use super::guard::Judgement;
use super::hashes::ExportHashes;
use chest_model::{Amount, Class, Completeness, RootDescription, Timestamp};
use chest_repo::record::{ClassCount, WriterNote};
use chest_repo::repository::{Batch, Stored};
use chest_repo::{ObjectError, RepoError};
use std::collections::{BTreeMap, BTreeSet};

/// What was backed up and put.
pub(super) struct Work<'c> {
    pub(super) batch: Batch<'c>,
    pub(super) stored: Stored,
    pub(super) roots: Vec<Assembled>,
    pub(super) stored_before: Vec<RootDescription>,
    pub(super) hashes: ExportHashes<'c>,
    pub(super) started: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) notes: Vec<WriterNote>,
    pub(super) packs_taken_over: u64,
    pub(super) had_cache: bool,
    pub(super) lost_objects: Vec<(String, ObjectError)>,
    pub(super) judgement: Judgement,
    pub(super) troubles: Troubles,
}

impl Work<'_> {
    /// The classes of which something is not as it should be.
    pub(super) fn partial_classes(&self) -> BTreeSet<Class> {
        let partial = self.roots.iter().filter(|root| self.judgement.is_partial(root));
        partial.map(|root| root.outcome.description.class).chain(self.judgement.classes_of_vanished()).collect()
    }

    /// What these roots hold, by the number of each class.
    pub(super) fn class_counts(&self) -> BTreeMap<u8, ClassCount> {
        let mut counts: BTreeMap<u8, ClassCount> = BTreeMap::new();
        for root in &self.roots {
            let class = root.outcome.description.class;
            let count = counts.entry(class.number()).or_insert(ClassCount { class, files: 0, bytes: 0 });
            count.files += root.outcome.files;
            count.bytes += root.outcome.bytes;
        }
        counts
    }

    /// What became of each class.
    pub(super) fn class_outcomes(&self) -> Vec<ClassOutcome> {
        let partial = self.partial_classes();
        let outcome = |count: ClassCount| ClassOutcome {
            class: count.class,
            completeness: completeness(!partial.contains(&count.class)),
            held: Amount { files: count.files, bytes: count.bytes },
        };
        self.class_counts().into_values().map(outcome).collect()
    }
}

pub(super) fn completeness(is_complete: bool) -> Completeness {
    if is_complete { Completeness::Complete } else { Completeness::Partial }
}

/// What went wrong with what this computer keeps for itself, of which no backup depends.
#[derive(Default)]
pub(super) struct Troubles(pub(super) Vec<String>);

impl Troubles {
    /// Goes on without what could not be kept.
    pub(super) fn note<T>(&mut self, kept: Result<T, RepoError>) -> Option<T> {
        kept.map_err(|error| self.0.push(error.to_string())).ok()
    }
}
