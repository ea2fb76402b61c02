//! The promises that every store must keep, as the store crate's contract tries them.

use super::answer::{Answer, Fitness, Reply};
use super::{DoctorOptions, Examination};
use crate::EngineError;
use chest_store::contract::{Extent, Promise, examine};

const ALL: &str = "The storage keeps every promise that the backups rely on";
const BROKEN: &str = "Backups rely on this. Do not keep them in this storage.";

/// One answer where all are kept; otherwise one for each that is not.
pub(super) fn kept(with: Examination<'_>, options: &DoctorOptions) -> Result<Vec<Answer>, EngineError> {
    if with.context.monitor.cancelled() {
        return Err(EngineError::Interrupted);
    }
    // Long lists are tried apart, with several requests at the same time.
    let extent = Extent { listed_objects: options.listed_objects.min(40), large_object: options.large_object };
    let report = examine(with.scratch.store(), &with.scratch.prefix("promises"), extent);
    with.scratch.adopt(report.left_behind);
    if report.broken.is_empty() {
        return Ok(vec![Answer::good("promises", ALL)]);
    }
    Ok(report
        .broken
        .into_iter()
        .map(|broken| Answer {
            id: broken.promise.name(),
            question: statement(broken.promise),
            reply: Reply::No,
            seen: broken.what,
            meaning: BROKEN,
            fitness: Fitness::Unfit,
        })
        .collect())
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
