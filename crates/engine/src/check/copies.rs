//! The two copies of what is kept twice. Whoever reads is content with either, so only a check tells that one is bad.

use super::{CheckOutcome, finding};
use crate::{Context, EngineError};
use chest_model::{Finding, Severity};
use chest_repo::layout::SECOND;
use chest_repo::repository::{Copies, CopyProblem};
use chest_repo::{ObjectError, RepoError};
use std::collections::BTreeMap;

/// So many objects are read before it is asked again whether somebody wants to stop.
const BETWEEN_LOOKS: usize = 64;

const DAMAGED_MEANING: &str = "Nothing is lost: the other copy is intact, and backups and restores use it by themselves. If that one fails too, something is.";
const DAMAGED_REMEDY: &str = "Find out what altered it; a failing disk does. Then take away the damaged copy, and only that one: \
     the next backup of the computer that wrote it puts it there again.";
const MISSING_MEANING: &str =
    "Nothing is lost: the other copy is intact, and backups and restores use it by themselves.";
const MISSING_REMEDY: &str = "Run a backup on every computer that backs up to here: each puts back what is missing of its own. \
     If you did not interrupt a backup, ask who can delete in this storage.";
const ONCE_MEANING: &str = "Nothing is wrong: an earlier version of Parish Chest kept these once. It is the same if somebody took \
     the second copies away.";
const ONCE_REMEDY: &str =
    "Run a backup on every computer that backs up to here: each adds the second copies of its own.";

/// Reads both copies of everything that is kept twice and tells where one is bad. Gives those of which neither is good: what
/// they mean is for others to tell.
pub(super) fn check_copies(context: &Context<'_>, outcome: &mut CheckOutcome) -> Result<Vec<Copies>, EngineError> {
    let examined = examine_all(context)?;
    let folders = folders_kept_once(&examined);
    for (folder, objects) in folders.iter().filter_map(|(folder, objects)| Some((folder, objects.as_ref()?))) {
        let what = format!("nothing below {folder} is kept a second time (objects: {objects})");
        let second = format!("{SECOND}{folder}");
        outcome.add(finding("kept-once", Severity::Note, second, what, ONCE_MEANING, ONCE_REMEDY));
    }
    for copies in &examined {
        let (name, Some(second)) = (copies.place.name(), copies.place.second_name()) else { continue };
        match (&copies.first, &copies.second) {
            (Some(problem), None) => tell(problem, name.as_str(), second.as_str(), outcome),
            (None, Some(problem))
                if is_missing(problem) && folders.get(folder_of(name.as_str())).is_some_and(Option::is_some) => {}
            (None, Some(problem)) => tell(problem, second.as_str(), name.as_str(), outcome),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
    Ok(examined.into_iter().filter(Copies::are_lost).collect())
}

/// What an interrupted run left behind, or what belongs to another repository, needs no second copy.
fn tell(problem: &CopyProblem, bad: &str, good: &str, outcome: &mut CheckOutcome) {
    let needs_none = |told: &Finding| {
        matches!(told.id, "leftover" | "foreign-record") && [bad, good].contains(&told.object.as_str())
    };
    if is_missing(problem) && outcome.findings.iter().any(needs_none) {
        return;
    }
    // The other's name stays out of the sentence: nobody shall take away the wrong one.
    let what = format!("{problem} (the other of its two copies is intact)");
    outcome.add(if is_missing(problem) {
        finding("copy-missing", Severity::Warning, bad, what, MISSING_MEANING, MISSING_REMEDY)
    } else {
        finding("copy-damaged", Severity::Damage, bad, what, DAMAGED_MEANING, DAMAGED_REMEDY)
    });
}

fn is_missing(problem: &CopyProblem) -> bool {
    *problem == CopyProblem::Object(ObjectError::Missing)
}

fn folder_of(name: &str) -> &str {
    name.rfind('/').map_or(name, |end| &name[..=end])
}

/// Every folder with what is kept twice; with the number of its objects where not one of them has a second copy.
fn folders_kept_once(examined: &[Copies]) -> BTreeMap<String, Option<usize>> {
    let mut folders: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for copies in examined {
        let count = folders.entry(folder_of(copies.place.name().as_str()).to_owned()).or_insert(Some(0));
        let has_second = !copies.second.as_ref().is_some_and(is_missing);
        *count = count.filter(|_| !has_second).map(|count| count + 1);
    }
    folders
}

/// In the order of the names.
fn examine_all(context: &Context<'_>) -> Result<Vec<Copies>, EngineError> {
    let store = &*context.store;
    let mut examined = Vec::new();
    for places in store.kept_twice().map_err(RepoError::from)?.chunks(BETWEEN_LOOKS) {
        if context.monitor.cancelled() {
            return Err(EngineError::Interrupted);
        }
        examined.extend(store.examine(places).map_err(RepoError::from)?);
    }
    Ok(examined)
}
