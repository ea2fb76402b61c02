//! Whether lists tell everything, also where they come in several pages, and whether what was just put is seen by all.

use super::answer::{Answer, Fitness};
use super::scratch::in_parallel;
use super::{DoctorOptions, Examination};
use chest_store::StoreError;
use std::collections::BTreeSet;

pub(super) const TEXT: &str = "A list shows exactly what is there, right after storing and deleting";
pub(super) const AT_ONCE: &str = "What was just stored is found at once, also by those who asked too early";

const INCOMPLETE: &str = "A backup would take what is not listed for missing. Do not keep backups in this storage.";
const LATE: &str = "Backups wait until what they stored is listed, so nothing is lost; but runs may take longer.";
/// How many names are asked for before they are there.
const EARLY: usize = 32;

pub(super) fn complete_lists(with: Examination<'_>, options: &DoctorOptions) -> Result<Option<Answer>, StoreError> {
    let scratch = with.scratch;
    let rest = |number: usize| format!("complete-lists/{}/{number:05}", number % 5);
    let names = in_parallel(options.listed_objects, |number| scratch.put(&rest(number), vec![7; number % 3]))?;
    let expected: BTreeSet<_> = names.into_iter().collect();
    let prefix = scratch.prefix("complete-lists/");
    let listed = || -> Result<Vec<_>, StoreError> {
        Ok(scratch.store().list(&prefix)?.into_iter().map(|line| line.name).collect())
    };
    let bad = |seen: String| Ok(Some(Answer::bad("complete-lists", TEXT, Fitness::Unfit, INCOMPLETE).seeing(seen)));
    let all = listed()?;
    if !all.iter().eq(&expected) {
        return bad(format!("{} objects were stored, and the list shows {}", expected.len(), all.len()));
    }
    // Every second one, so that every page changes.
    let gone: Vec<_> = expected.iter().step_by(2).collect();
    match in_parallel(gone.len(), |at| scratch.remove(gone[at])) {
        Ok(_) => {}
        // A key that may not delete, or a lock: half of the question is answered.
        Err(StoreError::Refused(_)) => return Ok(Some(Answer::good("complete-lists", TEXT))),
        Err(error) => return Err(error),
    }
    let left = listed()?;
    match left.iter().eq(expected.iter().skip(1).step_by(2)) {
        true => Ok(Some(Answer::good("complete-lists", TEXT))),
        false => {
            bad(format!("of {} objects {} were deleted, and the list shows {}", expected.len(), gone.len(), left.len()))
        }
    }
}

/// Get (nothing there), put, get: some caches remember for a while that there was nothing.
pub(super) fn seen_at_once(with: Examination<'_>, _: &DoctorOptions) -> Result<Option<Answer>, StoreError> {
    let (scratch, store) = (with.scratch, with.scratch.store());
    let misses = in_parallel(EARLY, |number| {
        let rest = format!("seen-at-once/{number:02}");
        let name = scratch.name(&rest);
        match store.get(&name) {
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(true),
        }
        scratch.put(&rest, "here")?;
        match store.get(&name) {
            Ok(bytes) => Ok(*bytes != *b"here"),
            Err(StoreError::NotFound(_)) => Ok(true),
            Err(error) => Err(error),
        }
    })?;
    let missed = misses.into_iter().filter(|missed| *missed).count();
    Ok(Some(match missed {
        0 => Answer::good("seen-at-once", AT_ONCE),
        _ => Answer::bad("seen-at-once", AT_ONCE, Fitness::Warning, LATE)
            .seeing(format!("{missed} of {EARLY} objects were not found right after they were stored")),
    }))
}
