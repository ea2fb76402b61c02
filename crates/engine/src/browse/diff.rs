//! What changed between two snapshots. Nodes that both share are not gone through.

use super::{ItemType, ShownPath, VersionKey, lost_part};
use crate::{EngineError, Opened};
use chest_model::{ChunkId, Entry, EntryKind, Monitor};
use chest_repo::repository::Snapshot;
use chest_repo::tree::Collector;
use std::collections::{BTreeMap, BTreeSet};

/// What happened to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Only in the later one.
    Added,
    /// Only in the earlier one.
    Removed,
    /// Its content differs.
    Content,
    /// Only rights, times, owner or attributes differ.
    Metadata,
    /// It could not be read when one of the two was made: what became of it and of all below it is not known.
    Unread,
}

/// One difference.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where.
    pub path: ShownPath,
    /// What happened.
    pub kind: ChangeKind,
    /// What it is (in the later snapshot, where it is there).
    pub item: ItemType,
    /// Bytes before; `None` where it was not there.
    pub size_before: Option<u64>,
    /// Bytes after; `None` where it is not there.
    pub size_after: Option<u64>,
}

/// All differences, in the order of their paths.
#[derive(Debug, Clone, Default)]
pub struct DiffOutcome {
    /// The differences.
    pub changes: Vec<Change>,
    /// Parts of trees that could not be read.
    pub damaged: Vec<String>,
}

/// Compares two snapshots, root by root.
pub fn diff(
    opened: &Opened,
    before: &Snapshot,
    after: &Snapshot,
    monitor: &dyn Monitor,
) -> Result<DiffOutcome, EngineError> {
    let labels: BTreeSet<&Vec<u8>> =
        before.body.roots.iter().chain(&after.body.roots).map(|root| &root.description.label).collect();
    let mut outcome = DiffOutcome::default();
    for label in labels {
        if monitor.cancelled() {
            return Err(EngineError::Interrupted);
        }
        let tree = |snapshot: &Snapshot| {
            snapshot.body.roots.iter().find(|root| root.description.label == *label).map(|root| root.tree)
        };
        let (old, new) = (tree(before), tree(after));
        // Chunk ids tell trees apart only within one domain.
        if old == new {
            continue;
        }
        let mut collector = Collector::default();
        let old = entries(opened, before, old, &mut collector)?;
        let new = entries(opened, after, new, &mut collector)?;
        compare(label, &old, &new, &mut outcome);
        outcome.damaged.extend(collector.damaged.iter().map(|(from, error)| lost_part(from, error)));
    }
    Ok(outcome)
}

fn entries(
    opened: &Opened,
    snapshot: &Snapshot,
    tree: Option<ChunkId>,
    collector: &mut Collector<Entry>,
) -> Result<BTreeMap<chest_model::TreePath, Entry>, EngineError> {
    let Some(tree) = tree else { return Ok(BTreeMap::new()) };
    let fetcher = opened.fetcher_of(snapshot)?;
    collector.gather(&tree, &*fetcher, &mut Some)?;
    Ok(collector.items(&tree).into_iter().map(|entry| (entry.path.clone(), entry.clone())).collect())
}

fn compare(
    label: &[u8],
    old: &BTreeMap<chest_model::TreePath, Entry>,
    new: &BTreeMap<chest_model::TreePath, Entry>,
    outcome: &mut DiffOutcome,
) {
    let paths: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let mut hidden: Option<&chest_model::TreePath> = None;
    for path in paths {
        let (before, after) = (old.get(path), new.get(path));
        if hidden.is_some_and(|hidden| path.is_within(hidden)) {
            continue;
        }
        // In this order a folder comes directly before all that lies below it.
        hidden = [before, after].into_iter().flatten().any(is_unreadable).then_some(path);
        let Some(kind) = change(before, after) else { continue };
        let Some(shown) = after.or(before) else { continue };
        outcome.changes.push(Change {
            path: ShownPath { root: label.to_vec(), path: path.clone() },
            kind,
            item: ItemType::of(&shown.kind),
            size_before: before.map(size),
            size_after: after.map(size),
        });
    }
}

fn change(before: Option<&Entry>, after: Option<&Entry>) -> Option<ChangeKind> {
    match (before, after) {
        (None, Some(_)) => Some(ChangeKind::Added),
        (Some(_), None) => Some(ChangeKind::Removed),
        (Some(before), Some(after)) if before == after => None,
        (Some(before), Some(after)) if is_unreadable(before) != is_unreadable(after) => Some(ChangeKind::Unread),
        (Some(before), Some(after)) => {
            let (old, new) = (VersionKey::of(before), VersionKey::of(after));
            let same = old.item == new.item && old.size == new.size && old.content == new.content;
            Some(if same { ChangeKind::Metadata } else { ChangeKind::Content })
        }
        (None, None) => None,
    }
}

fn is_unreadable(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::Unreadable { .. })
}

fn size(entry: &Entry) -> u64 {
    match entry.kind {
        EntryKind::File { size, .. } => size,
        _ => 0,
    }
}
