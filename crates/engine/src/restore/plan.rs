//! What a restore would do, worked out before anything is written; its print is the dry run.

mod shortened;
mod steps;

use super::execute::{execute, further_names};
use super::{FailureCause, RestoreOutcome, RestoreRequest};
use crate::browse::ShownPath;
use crate::target::Destination;
use crate::{Context, EngineError, Opened};
use chest_model::{Entry, EntryKind, Phase, Progress, TreePath};
use chest_repo::RepoError;
use chest_repo::repository::{Fetcher, Snapshot};
use chest_repo::tree::{TreeVisitor, walk};
use shortened::Shortened;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

pub use shortened::ShortenedName;

/// A restore, planned.
pub struct RestorePlan {
    pub(super) request: RestoreRequest,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) items: Vec<PlannedItem>,
    /// Parts of trees that cannot be read: where they begin, and why.
    pub(super) lost: Vec<(ShownPath, String)>,
    /// Names that no folder can hold.
    pub(super) shortened: Vec<ShortenedName>,
    /// Paths that are kept for the items to which they are promised.
    pub(super) kept: HashSet<TreePath>,
    totals: PlannedTotals,
}

/// How much would be done, as far as that can be known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlannedTotals {
    /// Files that are certain to be written.
    pub files: u64,
    /// Their bytes; several names of one file count once.
    pub bytes: u64,
    /// Folders that are not there yet.
    pub folders: u64,
    /// Links, pipes and devices to be made.
    pub others: u64,
    /// Files to be compared with what is there, and written only where that is not the same.
    pub compared_files: u64,
    /// Their bytes.
    pub compared_bytes: u64,
    /// Items that would not come back: refused, or never backed up.
    pub missing: u64,
}

/// One item of a plan.
#[derive(Debug, Clone)]
pub struct PlannedItem {
    /// What it is called in the snapshot.
    pub path: ShownPath,
    /// Where it goes, below the target, where its name is free.
    pub to: TreePath,
    /// What would happen to it.
    pub step: PlannedStep,
    /// Another item of the plan has the same name and comes first: this one is written beside it.
    pub shares_name: bool,
    /// Why it would be refused.
    pub refusal: Option<Box<Refusal>>,
    pub(super) entry: Entry,
    beside: Option<Box<TreePath>>,
}

/// Why an item would not be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whose fault it is.
    pub cause: FailureCause,
    /// What is in the way.
    pub message: String,
}

impl PlannedItem {
    /// Where it will lie if it is written; where it is compared first and is not the same, perhaps beside that.
    pub fn lands_at(&self) -> &TreePath {
        self.beside.as_deref().unwrap_or(&self.to)
    }

    /// What it is.
    pub fn kind(&self) -> &EntryKind {
        &self.entry.kind
    }

    pub(super) fn destination(&self) -> Destination<'_> {
        Destination { own: &self.to, beside: self.beside.as_deref() }
    }
}

/// What would happen to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlannedStep {
    /// It is made anew.
    Make,
    /// Something of that name and length is there: compared first, and left where it is the same.
    Compare,
    /// Something else of that name is there: the restored one is written beside it.
    Beside,
    /// Something else of that name is there and is replaced.
    Replace,
    /// Something of that name is there and is left as it is.
    Skip,
    /// The very same is there: a folder, link, pipe or device. Folders get their times and rights.
    Leave,
    /// There is nothing to restore: it could not be read when the backup was made.
    Nothing,
    /// It will not be restored: something is in the way, or is not allowed.
    Refuse,
}

impl RestorePlan {
    /// How much would be done.
    pub fn totals(&self) -> PlannedTotals {
        self.totals
    }

    /// What would happen, item by item.
    pub fn items(&self) -> &[PlannedItem] {
        &self.items
    }

    /// Parts of the snapshot that are damaged: where they begin, and why.
    pub fn lost(&self) -> &[(ShownPath, String)] {
        &self.lost
    }

    /// Does it.
    pub fn execute(self, context: &Context<'_>) -> Result<RestoreOutcome, EngineError> {
        execute(self, context)
    }
}

pub(super) fn make(
    context: &Context<'_>,
    opened: &Opened,
    snapshot: &Snapshot,
    request: RestoreRequest,
) -> Result<RestorePlan, EngineError> {
    context.monitor.progress(Progress::Begin { phase: Phase::Planning, items: 0, bytes: 0 });
    let fetcher = opened.fetcher_of(snapshot)?;
    let mut gather = Gather::default();
    let everything = [ShownPath::default()];
    let wanted = if request.paths.is_empty() { &everything[..] } else { &request.paths };
    for path in wanted {
        gather.path(snapshot, path, request.flat, &fetcher)?;
    }
    let Gather { mut items, lost, shortened, .. } = gather;
    if wanted.len() > 1 {
        drop_repeated(&mut items);
    }
    let (verdicts, kept) = steps::foretell(&items, &request)?;
    for (item, verdict) in items.iter_mut().zip(verdicts) {
        (item.step, item.beside) = (verdict.step, verdict.beside);
        (item.shares_name, item.refusal) = (verdict.shares_name, verdict.refusal);
    }
    let totals = PlannedTotals::of(&items);
    context.monitor.progress(Progress::End);
    let shortened = shortened.into_names();
    Ok(RestorePlan { request, fetcher, items, lost, shortened, kept, totals })
}

impl PlannedTotals {
    fn of(items: &[PlannedItem]) -> Self {
        let further = further_names(items);
        let mut totals = Self::default();
        for (number, item) in items.iter().enumerate() {
            let is_file = matches!(item.entry.kind, EntryKind::File { .. });
            let size = match &item.entry.kind {
                EntryKind::File { size, .. } if !further.contains(&number) => *size,
                _ => 0,
            };
            match item.step {
                PlannedStep::Make | PlannedStep::Beside | PlannedStep::Replace if is_file => {
                    totals.files += 1;
                    totals.bytes += size;
                }
                PlannedStep::Make if item.entry.kind == EntryKind::Directory => totals.folders += 1,
                PlannedStep::Make | PlannedStep::Beside | PlannedStep::Replace => totals.others += 1,
                PlannedStep::Compare => {
                    totals.compared_files += 1;
                    totals.compared_bytes += size;
                }
                PlannedStep::Nothing if item.entry.kind == EntryKind::Socket => {}
                PlannedStep::Refuse | PlannedStep::Nothing => totals.missing += 1,
                PlannedStep::Skip | PlannedStep::Leave => {}
            }
        }
        totals
    }
}

/// A path that was asked for, and lies below another that was, is restored once.
fn drop_repeated(items: &mut Vec<PlannedItem>) {
    let mut met = HashSet::new();
    items.retain(|item| met.insert((item.to.clone(), item.path.root.clone(), item.path.path.clone())));
}

/// Gathers the entries of the paths that were asked for.
#[derive(Default)]
struct Gather {
    items: Vec<PlannedItem>,
    lost: Vec<(ShownPath, String)>,
    /// The root that is being walked.
    root: Vec<u8>,
    /// How many components, the root's label included, are left off.
    strip: usize,
    shortened: Shortened,
    /// The store failed.
    trouble: Option<RepoError>,
}

impl Gather {
    fn path(
        &mut self,
        snapshot: &Snapshot,
        wanted: &ShownPath,
        flat: bool,
        fetcher: &Arc<Fetcher>,
    ) -> Result<(), EngineError> {
        let before = self.items.len() + self.lost.len();
        for root in &snapshot.body.roots {
            let label = &root.description.label;
            if !wanted.root.is_empty() && wanted.root != *label {
                continue;
            }
            self.root = label.clone();
            // Flat: what was asked for keeps its own name and loses the folders above it.
            self.strip = if flat { wanted.path.components().count() } else { 0 };
            let _ = walk(&root.tree, &wanted.path, &**fetcher, self);
            if let Some(trouble) = self.trouble.take() {
                return Err(trouble.into());
            }
        }
        if self.items.len() + self.lost.len() == before {
            let path = chest_model::shown(&wanted.to_bytes());
            return Err(EngineError::NoSuchPath { path });
        }
        Ok(())
    }
}

impl TreeVisitor for Gather {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        if let Some(to) = self.shortened.destination(&self.root, &entry.path, self.strip) {
            let path = ShownPath { root: self.root.clone(), path: entry.path.clone() };
            let step = PlannedStep::Make;
            self.items.push(PlannedItem { path, to, step, shares_name: false, refusal: None, entry, beside: None });
        }
        ControlFlow::Continue(())
    }

    fn unreadable(&mut self, from: &TreePath, _: Option<&TreePath>, error: RepoError) -> ControlFlow<()> {
        if error.is_of_the_store() {
            self.trouble = Some(error);
            return ControlFlow::Break(());
        }
        self.lost.push((ShownPath { root: self.root.clone(), path: from.clone() }, error.to_string()));
        ControlFlow::Continue(())
    }
}
