//! Puts items together in tree order: tree nodes, the cache for the next run, counts and exceptions.

use super::exceptions::Exceptions;
use super::guard::Found;
use super::next_cache::NextCache;
use super::on_the_way::{ReadItem, Step, listed_size, name_in, shares_content, too_long};
use super::{HeldAgainst, NotebookLinks, RootOutcome};
use crate::EngineError;
use chest_mail::NameSays;
use chest_model::{
    ChunkId, ChunkList, Class, Entry, EntryKind, Environment, Exception, ExceptionKind, Fingerprint, Glance, Hole,
    Monitor, Progress, RootDescription, Timestamp, TreePath, UnreadableReason,
};
use chest_repo::local::{CachedEntry, Noticed};
use chest_repo::record::{Forerunner, LeftOutBy};
use chest_repo::repository::{Batch, BatchNodes, ChunkTools};
use chest_repo::tree::{TreeBuilder, encode_entry};
use chest_source::{PassedOver, SourceItem};
use std::collections::HashMap;

/// A file changed so shortly before it was read may change again without its time showing it: the kernel's clock ticks every
/// 4 to 10 ms …
const FINE_TICK_SECONDS: f64 = 0.02;
/// … and some file systems keep whole seconds, or two (FAT), or hundredths.
const COARSE_TICK_SECONDS: f64 = 3.0;

/// Assembles one root.
pub(super) struct Assembler<'b, 'a> {
    batch: &'b Batch<'a>,
    tools: ChunkTools,
    tree: TreeBuilder,
    cache: NextCache,
    environment: &'b dyn Environment,
    monitor: &'b dyn Monitor,
    label: Vec<u8>,
    /// By the name that the format gives a group: paths may be long, and many.
    groups: HashMap<[u8; 32], Content>,
    assembled: Assembled,
}

/// What the later links of a group share with the first.
#[derive(Clone)]
struct Content {
    size: u64,
    chunks: ChunkList,
    holes: Vec<Hole>,
    glance: Option<Glance>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    large_xattrs: Vec<(Vec<u8>, ChunkList)>,
    fate: Option<(ExceptionKind, String)>,
    readable: bool,
    noticed: Noticed,
}

/// A root, assembled.
pub(super) struct Assembled {
    pub(super) root: ChunkId,
    pub(super) outcome: RootOutcome,
    pub(super) exceptions: Exceptions,
    /// For the guard.
    pub(super) found: Found,
    /// In whose place it seems to have come, as the guard says.
    pub(super) forerunner: Option<Forerunner>,
    /// By what something was left out.
    pub(super) left_out_by: LeftOutBy,
    pub(super) files_read: u64,
    pub(super) bytes_read: u64,
    pub(super) files_unchanged: u64,
    /// By what a later run knows that it has been stored; `None` where it was not, or where nobody can tell.
    pub(super) known_by: Option<Vec<[u8; 32]>>,
    /// There are mailboxes or messages among the files, whether or not anybody can read them.
    pub(super) holds_mail: bool,
    /// The cache for the next run; takes its place once the run is safe. `None` where the last one is to stay.
    pub(super) cache: Option<NextCache>,
}

impl<'b, 'a> Assembler<'b, 'a> {
    pub(super) fn new(
        batch: &'b Batch<'a>,
        tools: ChunkTools,
        cache: NextCache,
        environment: &'b dyn Environment,
        monitor: &'b dyn Monitor,
        description: &RootDescription,
    ) -> Self {
        let outcome = RootOutcome {
            description: description.clone(),
            is_once: false,
            files: 0,
            folders: 0,
            bytes: 0,
            containers: Vec::new(),
            newest_content: None,
            newest_message: None,
            empty_files: 0,
            keeps_exports: false,
            folders_not_remembered: 0,
            held_against: HeldAgainst::NothingAtAll,
            notebook_links: NotebookLinks::default(),
            passed_over: PassedOver::default(),
        };
        let assembled = Assembled {
            root: ChunkId([0; 32]),
            outcome,
            exceptions: Exceptions::default(),
            found: Found::of(name_in(&description.native_path)),
            forerunner: None,
            left_out_by: LeftOutBy::default(),
            files_read: 0,
            bytes_read: 0,
            files_unchanged: 0,
            known_by: None,
            holds_mail: false,
            cache: None,
        };
        Self {
            batch,
            tools,
            tree: TreeBuilder::new(batch.domain().clone(), batch.pack_len()),
            cache,
            environment,
            monitor,
            label: description.label.clone(),
            groups: HashMap::new(),
            assembled,
        }
    }

    /// Takes the next item.
    pub(super) fn take(&mut self, step: Step) -> Result<(), EngineError> {
        self.monitor.progress(Progress::Done { items: 1, bytes: 0 });
        match step {
            Step::Unchanged(item, cached) => {
                if matches!(cached.entry.kind, EntryKind::File { .. }) {
                    self.assembled.files_unchanged += 1;
                }
                if shares_content(&item) {
                    self.remember_group(&cached.entry, None, cached.noticed);
                }
                self.push(&cached.entry, &cached.encoded, cached.noticed)?;
                let CachedEntry { fingerprint, noticed, encoded, reached, .. } = &*cached;
                self.cache.push(fingerprint, noticed, encoded, reached, self.environment);
            }
            Step::Link(item) => self.link(item)?,
            Step::Read(read) => self.read(*read)?,
        }
        Ok(())
    }

    fn read(&mut self, read: ReadItem) -> Result<(), EngineError> {
        let ReadItem {
            entry,
            encoded,
            fingerprint,
            read_at,
            reached,
            has_links,
            exception,
            unread_size,
            bytes_read,
            noticed,
        } = read;
        if matches!(entry.kind, EntryKind::File { .. }) {
            self.assembled.files_read += 1;
        }
        self.assembled.bytes_read += bytes_read;
        if has_links {
            self.remember_group(&entry, exception.clone(), noticed);
        }
        // What no leaf can hold, a path of tens of kilobytes, is told as an exception only.
        if encoded.len() <= self.longest_entry() {
            self.push(&entry, &encoded, noticed)?;
        }
        if let Some((kind, message)) = exception {
            self.except(entry.path.clone(), kind, message, unread_size);
        }
        if let Some(fingerprint) = fingerprint.filter(|fingerprint| is_settled(fingerprint, read_at)) {
            self.cache.push(&fingerprint, &noticed, &encoded, &reached, self.environment);
        }
        Ok(())
    }

    /// Keeps what the first link of a file has, for those that follow.
    fn remember_group(&mut self, entry: &Entry, fate: Option<(ExceptionKind, String)>, noticed: Noticed) {
        let (size, chunks, holes, glance, readable) = match &entry.kind {
            EntryKind::File { size, chunks, holes, glance, .. } => {
                (*size, chunks.clone(), holes.clone(), *glance, true)
            }
            _ => (0, ChunkList::default(), Vec::new(), None, false),
        };
        let (xattrs, large_xattrs) = (entry.metadata.xattrs.clone(), entry.large_xattrs.clone());
        let content = Content { size, chunks, holes, glance, xattrs, large_xattrs, fate, readable, noticed };
        self.groups.insert(self.batch.domain().link_group(entry.path.as_bytes()), content);
    }

    /// A further link has the first one's content, and its fate.
    fn link(&mut self, item: SourceItem) -> Result<(), EngineError> {
        let first = item.first_link.clone().unwrap_or_default();
        let group = self.batch.domain().link_group(first.as_bytes());
        let Some(content) = self.groups.get(&group).cloned() else {
            return Err(chest_repo::RepoError::Stopped.into());
        };
        let (kind, message) = content.fate.clone().unzip();
        let mut metadata = item.metadata.clone();
        let entry_kind = if content.readable {
            metadata.xattrs = content.xattrs;
            let Content { size, chunks, holes, glance, .. } = content;
            EntryKind::File { size, chunks, holes, link_group: Some(group), glance }
        } else {
            let reason = match kind {
                Some(ExceptionKind::Unreadable(reason)) => reason,
                _ => UnreadableReason::Changed,
            };
            EntryKind::Unreadable { reason, message: message.clone().unwrap_or_default() }
        };
        let entry = Entry { path: item.path.clone(), kind: entry_kind, metadata, large_xattrs: content.large_xattrs };
        let encoded = encode_entry(&entry);
        // Its path may be longer than the first one's.
        if encoded.len() > self.longest_entry() {
            return self.read(too_long(&item));
        }
        self.push(&entry, &encoded, content.noticed)?;
        if let (Some(kind), Some(message)) = (kind, message) {
            self.except(entry.path, kind, message, listed_size(&item));
        }
        Ok(())
    }

    fn longest_entry(&self) -> usize {
        TreeBuilder::max_entry_len(self.batch.pack_len())
    }

    fn push(&mut self, entry: &Entry, encoded: &[u8], noticed: Noticed) -> Result<(), EngineError> {
        match &entry.kind {
            EntryKind::File { size, glance, .. } => {
                self.assembled.outcome.files += 1;
                self.assembled.outcome.bytes += size;
                self.assembled.outcome.empty_files += u64::from(*size == 0);
                self.assembled.found.file(entry.path.as_bytes(), *size, noticed);
                // It may be known of what was e-mail the last time.
                if self.assembled.outcome.description.class == Class::Email {
                    let newest_message = &mut self.assembled.outcome.newest_message;
                    *newest_message = (*newest_message).max(noticed.newest);
                }
                self.assembled.holds_mail |= *size > 0 && is_mail(&entry.path, *glance);
                if noticed.notebook_link {
                    self.assembled.outcome.notebook_links.add(&entry.path);
                }
            }
            EntryKind::Directory => {
                self.assembled.outcome.folders += 1;
                self.assembled.found.folders.folder(entry.path.as_bytes());
            }
            _ => {}
        }
        let mut sink = BatchNodes { batch: self.batch, tools: &mut self.tools };
        Ok(self.tree.push(&entry.path, encoded, &mut sink)?)
    }

    fn except(&mut self, path: TreePath, kind: ExceptionKind, message: String, size: Option<u64>) {
        if let ExceptionKind::Unreadable(_) = kind {
            self.assembled.found.unreadable(path.as_bytes(), size);
        }
        self.assembled.exceptions.push(Exception { root: self.label.clone(), path, kind, message });
    }

    /// Ends the tree.
    pub(super) fn finish(mut self) -> Result<Assembled, EngineError> {
        let mut sink = BatchNodes { batch: self.batch, tools: &mut self.tools };
        self.assembled.root = self.tree.finish(&mut sink)?;
        // A root that is not there today keeps the cache of its last run, for the day when its disk is back.
        let is_there = !self.assembled.exceptions.are_of_whole_root();
        self.assembled.cache = is_there.then_some(self.cache);
        let Assembled { exceptions, found, .. } = &mut self.assembled;
        found.unread = exceptions.unread();
        let vanished = ExceptionKind::Unreadable(UnreadableReason::Vanished);
        found.is_missing = exceptions.of_whole_root().is_some_and(|exception| exception.kind == vanished);
        found.folders.finish();
        Ok(self.assembled)
    }
}

/// By what is in it or, for kinds that nobody here can read, by its name.
fn is_mail(path: &TreePath, glance: Option<Glance>) -> bool {
    glance == Some(Glance::Mail) || NameSays::of(path.name().unwrap_or_default()) == NameSays::Mail
}

/// Whether there may be messages in what was stored when nobody looked for their dates.
pub(super) fn may_hold_messages(entry: &Entry) -> bool {
    let EntryKind::File { size, glance, .. } = &entry.kind else { return false };
    let name_allows = || NameSays::of(entry.path.name().unwrap_or_default()) != NameSays::OtherThanMail;
    *size > 0 && glance.map_or_else(name_allows, |glance| glance == Glance::Mail)
}

/// Whether a change after the reading began would show in the file's times.
pub(super) fn is_settled(fingerprint: &Fingerprint, read_at: Timestamp) -> bool {
    let coarse = |time: Timestamp| time.nanoseconds.is_multiple_of(10_000_000);
    let tick = if coarse(fingerprint.changed) || coarse(fingerprint.modified) {
        COARSE_TICK_SECONDS
    } else {
        FINE_TICK_SECONDS
    };
    read_at.seconds_since(fingerprint.changed) > tick && read_at.seconds_since(fingerprint.modified) > tick
        || is_set_in_the_future(fingerprint, read_at, tick)
}

/// A time of last change that somebody has set ahead says nothing; the one that nobody can set does.
fn is_set_in_the_future(fingerprint: &Fingerprint, read_at: Timestamp, tick: f64) -> bool {
    fingerprint.modified > read_at && read_at.seconds_since(fingerprint.changed) > tick
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(changed: Timestamp, read_at: Timestamp) -> bool {
        is_settled(&Fingerprint { changed, modified: changed, ..Fingerprint::default() }, read_at)
    }

    #[test]
    fn on_a_fine_clock_a_file_is_settled_after_some_milliseconds() {
        let changed = Timestamp::new(1000, 123_456_789);
        assert!(!settled(changed, Timestamp::new(1000, 133_456_789)));
        assert!(settled(changed, Timestamp::new(1000, 173_456_789)));
    }

    #[test]
    fn on_a_coarse_clock_only_after_some_seconds() {
        let changed = Timestamp::new(1000, 0);
        assert!(!settled(changed, Timestamp::new(1002, 500_000_000)));
        assert!(settled(changed, Timestamp::new(1003, 500_000_000)));
    }

    #[test]
    fn a_time_set_ahead_does_not_make_a_file_be_read_for_ever() {
        let ahead = Fingerprint {
            changed: Timestamp::new(1000, 123_456_789),
            modified: Timestamp::new(9000, 123_456_789),
            ..Fingerprint::default()
        };
        assert!(is_settled(&ahead, Timestamp::new(1001, 0)));
        assert!(!is_settled(&ahead, Timestamp::new(1000, 123_456_790)));
    }
}
