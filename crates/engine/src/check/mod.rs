//! Checking a repository: history, index, trees and packs. Findings are data: what is wrong, what it means, what to do. A
//! check writes nothing.

mod copies;
mod history;
mod packs;
mod scrub;
mod trees;

pub use scrub::scrub;

use crate::doctor::is_scratch;
use crate::{Context, EngineError, Opened};
use chest_model::{DamagedFile, Finding, Severity};

/// How much of the packs is read.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum ReadData {
    /// None: only what names, lengths, history, index and trees show.
    #[default]
    None,
    /// This share of the packs, above 0 and at most 1, chosen at random.
    Share(f64),
}

/// What is to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CheckOptions {
    /// How much of the packs is read.
    pub read_data: ReadData,
}

/// What a check found.
#[derive(Debug, Clone, Default)]
pub struct CheckOutcome {
    /// The findings, the worst first.
    pub findings: Vec<Finding>,
    /// Files that cannot be had back in full, per snapshot.
    pub damaged_files: Vec<DamagedFile>,
    /// Whether the history contradicts itself: something was removed, or is not shown.
    pub history_contradicted: bool,
    /// Snapshots that were checked.
    pub snapshots: u64,
    /// Entries of trees that were gone through (shared ones once).
    pub entries: u64,
    /// Packs that are there.
    pub packs: u64,
    /// Packs that were read in full.
    pub packs_read: u64,
    /// Bytes that were read of them.
    pub bytes_read: u64,
}

impl CheckOutcome {
    /// Whether anything stored is damaged, missing or contradicts what was seen.
    pub fn is_damaged(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Damage)
    }

    fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }
}

/// Checks everything that a key opens.
pub fn check(context: &Context<'_>, opened: &Opened, options: &CheckOptions) -> Result<CheckOutcome, EngineError> {
    let mut outcome = CheckOutcome::default();
    history::check_history(opened, &mut outcome)?;
    history::check_objects(opened, &mut outcome)?;
    copies::check_copies(context, &mut outcome)?;
    let (indexes, mut lost) = packs::check_index(opened, &mut outcome)?;
    packs::read_packs(context, opened, &indexes, options.read_data, &mut lost, &mut outcome)?;
    trees::check_trees(context, opened, &indexes, &lost, &mut outcome)?;
    outcome.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.object.cmp(&b.object)));
    Ok(outcome)
}

fn finding(
    id: &'static str,
    severity: Severity,
    object: impl ToString,
    what: impl Into<String>,
    meaning: &str,
    remedy: &str,
) -> Finding {
    Finding {
        id,
        severity,
        object: object.to_string(),
        what: what.into(),
        meaning: meaning.to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn no_records() -> Finding {
    finding(
        "no-records",
        Severity::Warning,
        "log/",
        "there is data, and no backup is recorded",
        "If a backup was ever completed here, its records were removed. If none was, the first was interrupted.",
        "Ask whoever backs up to here; look for deleted versions of the objects below log/.",
    )
}

/// Something in the repository's place that is not part of it.
fn unknown_object(name: impl ToString) -> Finding {
    if is_scratch(&name.to_string()) {
        let what = "`chest doctor` put this here and has not removed it (yet)";
        let meaning = "It is harmless, and no part of any backup.";
        let remedy = "Once no `chest doctor` is running and no lock keeps it, everything below doctor/ may be deleted.";
        return finding("left-by-doctor", Severity::Note, name, what, meaning, remedy);
    }
    let meaning = "It is not part of the repository and is left alone.";
    let remedy = "If you did not put it there, ask who can write to this storage.";
    finding("unknown-object", Severity::Warning, name, "this does not belong here", meaning, remedy)
}
