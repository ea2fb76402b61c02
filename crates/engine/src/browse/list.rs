//! What a folder of a snapshot holds.

use super::{ItemType, ShownPath, lost_part};
use crate::{EngineError, Opened};
use chest_model::{Entry, EntryKind, Metadata, TreePath};
use chest_repo::RepoError;
use chest_repo::repository::Snapshot;
use chest_repo::tree::{TreeVisitor, walk};
use std::ops::ControlFlow;

/// A listing.
#[derive(Debug, Clone)]
pub struct ListOutcome {
    /// The items, in tree order.
    pub items: Vec<ListedItem>,
    /// Whether part of the tree is damaged, so that items may be missing here.
    pub damaged: Vec<String>,
}

/// One item of a listing.
#[derive(Debug, Clone)]
pub struct ListedItem {
    /// Where it is.
    pub path: ShownPath,
    /// What it is.
    pub item: ItemType,
    /// Bytes of content.
    pub size: u64,
    /// Rights, times, owner.
    pub metadata: Metadata,
    /// Where a link points.
    pub target: Option<Vec<u8>>,
}

/// Lists what lies directly in a folder (or the item itself, where it is none); with `recursive`, everything below.
pub fn list(opened: &Opened, snapshot: &Snapshot, at: &ShownPath, recursive: bool) -> Result<ListOutcome, EngineError> {
    let mut outcome = ListOutcome { items: Vec::new(), damaged: Vec::new() };
    for root in &snapshot.body.roots {
        let label = &root.description.label;
        if !at.root.is_empty() && at.root != *label {
            continue;
        }
        let fetcher = opened.fetcher_of(snapshot)?;
        let mut visitor = Lister {
            at: &at.path,
            root: label,
            recursive,
            outcome: &mut outcome,
            only_roots: at.root.is_empty(),
            trouble: None,
        };
        let _ = walk(&root.tree, &at.path, &*fetcher, &mut visitor);
        if let Some(trouble) = visitor.trouble {
            return Err(trouble.into());
        }
    }
    if outcome.items.is_empty() && outcome.damaged.is_empty() {
        let path = chest_model::shown(&at.to_bytes());
        return Err(EngineError::NoSuchPath { path });
    }
    // A folder is listed by what it holds; only an empty one, or a file, shows itself.
    if !recursive && !at.root.is_empty() && outcome.items.len() > 1 {
        outcome.items.retain(|item| item.path.path != at.path);
    }
    Ok(outcome)
}

struct Lister<'a> {
    at: &'a TreePath,
    root: &'a [u8],
    recursive: bool,
    /// The snapshot itself is listed: its roots.
    only_roots: bool,
    outcome: &'a mut ListOutcome,
    /// The store failed.
    trouble: Option<RepoError>,
}

impl TreeVisitor for Lister<'_> {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        let wanted = if self.only_roots && !self.recursive {
            entry.path.is_root()
        } else {
            self.recursive || entry.path == *self.at || entry.path.parent().as_ref() == Some(self.at)
        };
        if wanted {
            self.outcome.items.push(listed(self.root, entry));
        }
        if self.only_roots && !self.recursive { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn unreadable(&mut self, from: &TreePath, _: Option<&TreePath>, error: RepoError) -> ControlFlow<()> {
        if error.is_of_the_store() {
            self.trouble = Some(error);
            return ControlFlow::Break(());
        }
        self.outcome.damaged.push(lost_part(from, &error));
        ControlFlow::Continue(())
    }
}

fn listed(root: &[u8], entry: Entry) -> ListedItem {
    let (size, target) = match &entry.kind {
        EntryKind::File { size, .. } => (*size, None),
        EntryKind::Symlink { target, .. } => (0, Some(target.clone())),
        _ => (0, None),
    };
    let item = ItemType::of(&entry.kind);
    ListedItem {
        path: ShownPath { root: root.to_vec(), path: entry.path },
        item,
        size,
        metadata: entry.metadata,
        target,
    }
}
