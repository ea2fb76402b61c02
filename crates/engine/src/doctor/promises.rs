//! The promises that every store must keep, as the store crate's contract tries them.

use super::answer::{Answer, Fitness, Reply};
use super::{DoctorOptions, Examination};
use crate::EngineError;
use chest_repo::RepoError;
use chest_store::StoreError;
use chest_store::contract::{Broken, Disturbance, Extent, Promise, Report, examine};

const ALL: &str = "The storage keeps every promise that the backups rely on";
const BROKEN: &str = "Backups rely on this. Do not keep them in this storage.";

/// One answer where all are kept; otherwise one for each that is not. A disturbance says nothing about a promise: all are tried
/// once more, and a second one ends the examination.
pub(super) fn kept(with: Examination<'_>, options: &DoctorOptions) -> Result<Vec<Answer>, EngineError> {
    let first = tried(with, options, "promises")?;
    let Some(before) = first.disturbance else { return Ok(answers(first.broken)) };
    let second = tried(with, options, "promises-again")?;
    let Some(disturbance) = second.disturbance else { return Ok(answers(second.broken)) };
    let is_damage = |one: &Disturbance| matches!(one.error, StoreError::Garbled { .. });
    if before.promise == disturbance.promise && is_damage(&before) && is_damage(&disturbance) {
        // Damaged answers to one and the same question, while others are whole, are what this store gives.
        with.scratch.is_reachable().map_err(RepoError::from)?;
        return Ok(answers(second.broken));
    }
    Err(RepoError::from(disturbance.error).into())
}

/// Tries all of them, unless something other than a disturbance that may pass ends it.
fn tried(with: Examination<'_>, options: &DoctorOptions, below: &str) -> Result<Report, EngineError> {
    if with.context.monitor.cancelled() {
        return Err(EngineError::Interrupted);
    }
    // Long lists are tried apart, with several requests at the same time.
    let extent = Extent { listed_objects: options.listed_objects.min(40), large_object: options.large_object };
    let mut report = examine(with.scratch.store(), &with.scratch.prefix(below), extent);
    with.scratch.adopt(std::mem::take(&mut report.left_behind));
    match report.disturbance {
        Some(Disturbance { error, .. }) if !error.is_transient() => Err(RepoError::from(error).into()),
        _ => Ok(report),
    }
}

fn answers(broken: Vec<Broken>) -> Vec<Answer> {
    if broken.is_empty() {
        return vec![Answer::good("promises", ALL)];
    }
    let answer = |broken: Broken| Answer {
        id: broken.promise.name(),
        question: statement(broken.promise),
        reply: Reply::No,
        seen: broken.what,
        meaning: BROKEN,
        fitness: Fitness::Unfit,
    };
    broken.into_iter().map(answer).collect()
}

fn statement(promise: Promise) -> &'static str {
    match promise {
        Promise::EmptyList => "A list of nothing is empty",
        Promise::PutIsVisible => "What was stored can be read and is listed at once",
        Promise::SecondPutKeepsTheFirst => "Storing the same file again changes nothing",
        Promise::PlainPrefix => "A list can be narrowed to names that begin alike",
        Promise::CompleteSortedList => "A list shows every file once, with its size",
        Promise::ExactRange => "A part of a file can be read by itself",
        Promise::RangePastTheEnd => "Reading past the end of a file is refused",
        Promise::EmptyObject => "A file may be empty",
        Promise::LargeObject => "A large file comes back whole",
        Promise::MissingObject => "What is not there is said to be not there",
        Promise::Deletion => "What was deleted is gone",
        Promise::SecondDeletion => "Deleting what is not there does no harm",
        Promise::OneVersion => "What was stored once is there once",
        Promise::ParallelUse => "Several requests at the same time do not disturb each other",
        Promise::NothingLeftBehind => "Everything can be removed again",
    }
}
