//! What a restore would do, worked out before anything is written; its print is the dry run.

use super::execute::execute;
use super::{RestoreOutcome, RestoreRequest};
use crate::browse::ShownPath;
use crate::target::{Existing, ItemKind, Target, TargetOptions};
use crate::{Context, EngineError, Opened};
use chest_model::{Entry, EntryKind, Phase, Progress, TreePath};
use chest_repo::RepoError;
use chest_repo::repository::{Fetcher, Snapshot};
use chest_repo::tree::{TreeVisitor, walk};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A restore, planned.
pub struct RestorePlan {
    pub(super) request: RestoreRequest,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) items: Vec<PlannedItem>,
    /// Parts of trees that cannot be read: where they begin, and why.
    pub(super) lost: Vec<(ShownPath, String)>,
    /// Files to be written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Folders among the items.
    pub folders: u64,
}

/// One item of a plan.
#[derive(Debug, Clone)]
pub struct PlannedItem {
    /// What it is called in the snapshot.
    pub path: ShownPath,
    /// Where it goes, below the target.
    pub to: TreePath,
    /// What would happen to it.
    pub step: PlannedStep,
    pub(super) entry: Entry,
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
    /// There is nothing to restore: it could not be read when the backup was made.
    Nothing,
}

impl RestorePlan {
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
    let mut gather = Gather { items: Vec::new(), lost: Vec::new(), root: Vec::new(), strip: 0, trouble: None };
    let everything = [ShownPath::default()];
    let wanted = if request.paths.is_empty() { &everything[..] } else { &request.paths };
    for path in wanted {
        gather.path(snapshot, path, request.flat, &fetcher)?;
    }
    let Gather { mut items, lost, .. } = gather;
    if wanted.len() > 1 {
        drop_repeated(&mut items);
    }
    let target = existing_target(&request);
    for item in &mut items {
        item.step = step(item, target.as_ref(), &request);
    }
    let mut plan = RestorePlan { request, fetcher, items, lost, files: 0, bytes: 0, folders: 0 };
    for item in &plan.items {
        match &item.entry.kind {
            EntryKind::File { size, .. } if item.step != PlannedStep::Skip => {
                plan.files += 1;
                plan.bytes += size;
            }
            EntryKind::Directory => plan.folders += 1,
            _ => {}
        }
    }
    context.monitor.progress(Progress::End);
    Ok(plan)
}

/// A path that was asked for, and lies below another that was, is restored once.
fn drop_repeated(items: &mut Vec<PlannedItem>) {
    let mut met = HashSet::new();
    items.retain(|item| met.insert((item.to.clone(), item.path.root.clone(), item.path.path.clone())));
}

/// The target, only where it is there already: planning makes nothing.
fn existing_target(request: &RestoreRequest) -> Option<Target> {
    let there = request.to.is_dir();
    let options = TargetOptions { restored_on: request.restored_on.clone(), ..TargetOptions::default() };
    there.then(|| Target::open_or_create(&request.to, options).ok()).flatten()
}

fn step(item: &PlannedItem, target: Option<&Target>, request: &RestoreRequest) -> PlannedStep {
    if matches!(item.entry.kind, EntryKind::Unreadable { .. } | EntryKind::Socket) {
        return PlannedStep::Nothing;
    }
    let existing = target.and_then(|target| target.existing(&item.to).ok().flatten());
    let Some(existing) = existing else { return PlannedStep::Make };
    match (&item.entry.kind, existing.kind) {
        (EntryKind::Directory, _) => PlannedStep::Make,
        _ if request.existing == Existing::Skip => PlannedStep::Skip,
        (EntryKind::File { size, .. }, ItemKind::File) if *size == existing.size => PlannedStep::Compare,
        (EntryKind::Symlink { .. }, ItemKind::Symlink) => PlannedStep::Compare,
        (_, kind) if kind != ItemKind::Folder && request.existing == Existing::Overwrite => PlannedStep::Replace,
        (EntryKind::File { size, .. }, _) if target.is_some_and(|target| has_copy(target, &item.to, *size)) => {
            PlannedStep::Compare
        }
        _ => PlannedStep::Beside,
    }
}

/// Whether an earlier restore may have put this file beside what has its name.
fn has_copy(target: &Target, to: &TreePath, size: u64) -> bool {
    target.copies_beside(to).any(|(_, copy)| copy.kind == ItemKind::File && copy.size == size)
}

/// Gathers the entries of the paths that were asked for.
struct Gather {
    items: Vec<PlannedItem>,
    lost: Vec<(ShownPath, String)>,
    /// The root that is being walked.
    root: Vec<u8>,
    /// How many components, the root's label included, are left off.
    strip: usize,
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

    /// Where an entry goes: its label and path, less what is left off.
    fn destination(&self, path: &TreePath) -> Option<TreePath> {
        let all = std::iter::once(self.root.as_slice()).chain(path.components());
        let kept: Vec<&[u8]> = all.skip(self.strip).collect();
        TreePath::from_bytes(kept.join(&b'/')).ok().filter(|to| !to.is_root())
    }
}

impl TreeVisitor for Gather {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        if let Some(to) = self.destination(&entry.path) {
            let path = ShownPath { root: self.root.clone(), path: entry.path.clone() };
            self.items.push(PlannedItem { path, to, step: PlannedStep::Make, entry });
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
