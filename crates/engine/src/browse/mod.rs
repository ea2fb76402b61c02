//! Looking into a repository without restoring: its snapshots, what they hold, what changed.

mod cat;
mod coming;
mod diff;
mod list;
mod nodes_at_hand;
mod select;
mod stored_file;

pub use cat::cat;
pub use diff::{Change, ChangeKind, DiffOutcome, diff};
pub use list::{ListOutcome, ListedItem, list};
pub(crate) use nodes_at_hand::NodesAtHand;
pub use select::{Selection, SnapshotSelector, damaged_records, select, snapshots};
pub use stored_file::StoredFile;

use chest_model::{ChunkList, EntryKind, SnapshotSummary, Timestamp, TreePath};
use chest_repo::repository::Snapshot;
use std::fmt::Display;

/// What is lost of a list of files: where that begins, and why.
pub(crate) fn lost_part(from: &TreePath, problem: &dyn Display) -> String {
    let begins = if from.is_root() { "its beginning".to_owned() } else { from.to_string() };
    format!("from {begins} on: {problem}")
}

/// A path as people write it: the root's label, then the path below it. Empty label: every root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShownPath {
    /// The root's label; empty for the snapshot itself.
    pub root: Vec<u8>,
    /// The path below the root.
    pub path: TreePath,
}

impl ShownPath {
    /// Reads `<root name>/folder/file`; leading, trailing and doubled slashes do not matter.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|&byte| byte == b'/').filter(|part| !part.is_empty());
        let root = parts.next().unwrap_or_default().to_vec();
        let rest: Vec<&[u8]> = parts.collect();
        let path = TreePath::from_bytes(rest.join(&b'/')).ok()?;
        (root.is_empty() || TreePath::root().child(&root).is_ok()).then_some(Self { root, path })
    }

    /// The same, joined.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.root.clone();
        if !self.path.is_root() {
            out.push(b'/');
            out.extend_from_slice(self.path.as_bytes());
        }
        out
    }
}

/// All snapshots, oldest first, and the records that could not be opened.
#[derive(Debug, Clone)]
pub struct SnapshotsOutcome {
    /// Those that can be shown.
    pub snapshots: Vec<SnapshotSummary>,
    /// Records that cannot be opened: name and what is wrong.
    pub unreadable: Vec<(String, String)>,
    /// Records that others name and that are not there: each may have been a backup, or what shows some.
    pub missing: Vec<String>,
    /// Whether there is data, and not one record of a backup: the first was interrupted, or the records were taken away.
    pub is_unrecorded: bool,
}

/// Whether a snapshot holds a root. One that could not be read when the backup was made is named in it, and nothing more.
pub(crate) fn holds_root(snapshot: &Snapshot, label: &[u8]) -> bool {
    let named = snapshot.body.roots.iter().any(|root| root.description.label == label);
    let missing = snapshot.body.exceptions.iter().any(|one| one.root == label && one.is_of_whole_root());
    named && !missing
}

/// What an item is, in one word of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemType {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, socket or device.
    Special,
    /// Something that could not be read when the backup was made.
    Unreadable,
}

impl ItemType {
    /// Every kind, in the order of its number.
    const ALL: [Self; 5] = [Self::File, Self::Folder, Self::Link, Self::Special, Self::Unreadable];

    /// Its number in the search catalogue.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// The kind of that number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    pub(crate) fn of(kind: &EntryKind) -> Self {
        match kind {
            EntryKind::File { .. } => Self::File,
            EntryKind::Directory => Self::Folder,
            EntryKind::Symlink { .. } => Self::Link,
            EntryKind::Unreadable { .. } => Self::Unreadable,
            _ => Self::Special,
        }
    }
}

/// What tells two versions of an item apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct VersionKey {
    pub(crate) item: ItemType,
    pub(crate) size: u64,
    pub(crate) modified: Timestamp,
    pub(crate) content: Vec<u8>,
}

impl VersionKey {
    pub(crate) fn of(entry: &chest_model::Entry) -> Self {
        let ids = |list: &ChunkList| list.chunks.iter().flat_map(|(id, _)| id.0).collect::<Vec<u8>>();
        let (size, content) = match &entry.kind {
            EntryKind::File { size, chunks, .. } => (*size, blake3::hash(&ids(chunks)).as_bytes().to_vec()),
            EntryKind::Symlink { target, .. } => (0, target.clone()),
            _ => (0, Vec::new()),
        };
        Self { item: ItemType::of(&entry.kind), size, modified: entry.metadata.modified, content }
    }
}
