//! Writes one file's content out, without restoring it.

use super::ShownPath;
use crate::restore::read_content;
use crate::{EngineError, Opened};
use chest_model::{Entry, EntryKind, TreePath};
use chest_repo::RepoError;
use chest_repo::repository::Snapshot;
use chest_repo::tree::{ChunkReader, TreeVisitor, walk};
use std::io::Write;
use std::ops::ControlFlow;

/// Writes a file of a snapshot to `out`, chunk by chunk, each proven; gives the number of bytes.
pub fn cat(opened: &Opened, snapshot: &Snapshot, at: &ShownPath, out: &mut dyn Write) -> Result<u64, EngineError> {
    let entry = entry_at(opened, snapshot, at)?;
    let EntryKind::File { size, chunks, holes, .. } = &entry.kind else {
        return Err(EngineError::NotAFile { path: chest_model::shown(&at.to_bytes()) });
    };
    read_content(&*opened.fetcher_of(snapshot)?, *size, chunks, holes, out)
}

/// The entry at a path of a snapshot.
fn entry_at(opened: &Opened, snapshot: &Snapshot, at: &ShownPath) -> Result<Entry, EngineError> {
    entry_through(&*opened.fetcher_of(snapshot)?, snapshot, at)
}

/// The same, the tree's nodes read by this reader.
pub(super) fn entry_through(
    reader: &dyn ChunkReader,
    snapshot: &Snapshot,
    at: &ShownPath,
) -> Result<Entry, EngineError> {
    let shown = || chest_model::shown(&at.to_bytes());
    let root = snapshot.body.roots.iter().find(|root| root.description.label == at.root);
    let root = root.ok_or_else(|| EngineError::NoSuchPath { path: shown() })?;
    let mut finder = Finder { wanted: &at.path, found: None, error: None };
    let _ = walk(&root.tree, &at.path, reader, &mut finder);
    match (finder.found, finder.error) {
        (Some(entry), _) => Ok(entry),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Err(EngineError::NoSuchPath { path: shown() }),
    }
}

/// Finds one entry.
struct Finder<'a> {
    wanted: &'a TreePath,
    found: Option<Entry>,
    error: Option<RepoError>,
}

impl TreeVisitor for Finder<'_> {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        if entry.path == *self.wanted {
            self.found = Some(entry);
        }
        ControlFlow::Break(())
    }

    fn unreadable(&mut self, _: &TreePath, _: Option<&TreePath>, error: RepoError) -> ControlFlow<()> {
        self.error = Some(error);
        ControlFlow::Continue(())
    }
}
