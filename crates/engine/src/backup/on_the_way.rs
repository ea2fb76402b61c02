//! What is on its way from the walk to the assembly: items as they were found, and as they were read.

use chest_model::{ChunkId, Entry, EntryKind, ExceptionKind, Fingerprint, Metadata, Timestamp, UnreadableReason};
use chest_repo::local::{CachedEntry, Noticed};
use chest_repo::repository::Batch;
use chest_repo::tree::encode_entry;
use chest_source::{ItemKind, ReadFailure, SourceItem};

/// A message longer than this says nothing more.
const MESSAGE_LEN: usize = 300;

/// One item on its way to the assembly.
pub(super) enum Step {
    /// As the last run stored it.
    Unchanged(SourceItem, Box<CachedEntry>),
    /// A further hard link to a file that came earlier.
    Link(SourceItem),
    /// Read anew.
    Read(Box<ReadItem>),
}

/// An item, read.
pub(super) struct ReadItem {
    pub(super) entry: Entry,
    pub(super) encoded: Vec<u8>,
    /// How it looked when it was read; `None`: do not rely on it next time.
    pub(super) fingerprint: Option<Fingerprint>,
    /// When the reading began: what changes later must show in the file's times.
    pub(super) read_at: Timestamp,
    /// Chunks that the entry reaches only through lists.
    pub(super) reached: Vec<ChunkId>,
    /// Whether the file has further names, which come later in the walk.
    pub(super) has_links: bool,
    pub(super) exception: Option<(ExceptionKind, String)>,
    /// Of a file that could not be read: how long it is said to be.
    pub(super) unread_size: Option<u64>,
    pub(super) bytes_read: u64,
    pub(super) noticed: Noticed,
}

/// An item whose entry no leaf can hold.
pub(super) fn too_long(item: &SourceItem) -> ReadItem {
    unreadable(item, unsupported("its name and extended attributes are too long"))
}

/// What names the group of an item with several hard links.
pub(super) fn link_group(item: &SourceItem, batch: &Batch<'_>) -> Option<[u8; 32]> {
    item.first_link.as_ref().map(|first| batch.domain().link_group(first.as_bytes()))
}

/// Whether further links take their content from the first: a symbolic link has all it needs in its own entry.
pub(super) fn shares_content(item: &SourceItem) -> bool {
    item.first_link.is_some() && !matches!(item.kind, ItemKind::Symlink { .. })
}

/// How long a file is said to be.
pub(super) fn listed_size(item: &SourceItem) -> Option<u64> {
    match item.kind {
        ItemKind::File { size } => Some(size),
        _ => None,
    }
}

/// An entry that says why its item could not be read.
pub(super) fn unreadable(item: &SourceItem, failure: ReadFailure) -> ReadItem {
    let message: String = failure.message.chars().take(MESSAGE_LEN).collect();
    let kind = EntryKind::Unreadable { reason: failure.reason, message: message.clone() };
    let metadata = Metadata { xattrs: Vec::new(), ..item.metadata.clone() };
    let entry = Entry { path: item.path.clone(), kind, metadata, large_xattrs: Vec::new() };
    ReadItem {
        encoded: encode_entry(&entry),
        entry,
        fingerprint: None,
        read_at: Timestamp::default(),
        reached: Vec::new(),
        has_links: shares_content(item),
        exception: Some((ExceptionKind::Unreadable(failure.reason), message)),
        unread_size: listed_size(item),
        bytes_read: 0,
        noticed: Noticed::default(),
    }
}

/// Why something cannot be stored that no repository has room for.
pub(super) fn unsupported(message: &str) -> ReadFailure {
    ReadFailure::lasting(UnreadableReason::Unsupported, message)
}

/// The last name of a path.
pub(super) fn name_in(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}
