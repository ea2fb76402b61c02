//! How far the walk may be ahead of the assembly: so many items, and so many bytes, wherever they wait. Bytes, because whoever
//! may write into a folder makes its paths as long as he likes.

use super::on_the_way::ReadItem;
use chest_model::{ChunkId, Entry, EntryKind, Hole};
use chest_repo::local::CachedEntry;
use chest_repo::repository::Batch;
use chest_source::{ItemKind, SourceItem};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// In items.
const MOST_ITEMS: u64 = 16 << 10;
/// In bytes, as a part of what may be in flight.
const SHARE: u64 = 8;
/// A pair of two vectors, and what an allocator keeps beside each.
const PAIR: usize = size_of::<(Vec<u8>, Vec<u8>)>() + 32;
/// An item on its way, but for what it points to.
const ITEM: usize = 512;

/// Counts what is ahead.
pub(super) struct Ahead {
    state: Mutex<State>,
    moved: Condvar,
    most_bytes: usize,
}

struct State {
    /// The item that the assembly waits for.
    next: u64,
    bytes: usize,
}

impl Ahead {
    /// For a run with so many bytes in flight.
    pub(super) fn new(budget: u64) -> Self {
        let most_bytes = usize::try_from(budget / SHARE).unwrap_or(usize::MAX);
        Self { state: Mutex::new(State { next: 0, bytes: 0 }), moved: Condvar::new(), most_bytes }
    }

    /// Waits until the item that comes next in the walk may go ahead. Where nothing is ahead it always may, whatever it weighs.
    pub(super) fn admit(&self, number: u64, weight: usize, batch: &Batch<'_>) {
        let is_too_far = |state: &State| number > state.next + MOST_ITEMS;
        let is_too_much = |state: &State| state.bytes > 0 && state.bytes + weight > self.most_bytes;
        self.wait_while(|state| is_too_far(state) || is_too_much(state), batch).bytes += weight;
    }

    /// Reading an item made it heavier: waits until there is room, unless the assembly waits for this very item. Threads take
    /// items in order, so the one that all wait for is never behind one that waits here.
    pub(super) fn grow(&self, number: u64, by: usize, batch: &Batch<'_>) {
        let is_too_much = |state: &State| number > state.next && state.bytes + by > self.most_bytes;
        self.wait_while(is_too_much, batch).bytes += by;
    }

    /// The item that the assembly waited for is in.
    pub(super) fn passed(&self, weight: usize) {
        let mut state = self.state();
        state.next += 1;
        state.bytes -= weight;
        drop(state);
        self.moved.notify_all();
    }

    fn wait_while(&self, mut must_wait: impl FnMut(&State) -> bool, batch: &Batch<'_>) -> MutexGuard<'_, State> {
        let mut state = self.state();
        while must_wait(&state) && !batch.has_failed() {
            let pause = Duration::from_millis(100);
            state = self.moved.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// About how many bytes an item takes, with what the last run stored of it.
pub(super) fn item_weight(item: &SourceItem, cached: Option<&CachedEntry>) -> usize {
    let kind = match &item.kind {
        ItemKind::Symlink { target } => target.len(),
        ItemKind::Unreadable(failure) => failure.message.len(),
        _ => 0,
    };
    let first_link = item.first_link.as_ref().map_or(0, |first| first.as_bytes().len());
    let cached = cached.map_or(0, |cached| {
        entry_weight(&cached.entry) + cached.encoded.len() + cached.reached.len() * size_of::<ChunkId>()
    });
    ITEM + item.path.as_bytes().len() + kind + first_link + cached
}

/// About how many bytes an item takes once it has been read.
pub(super) fn read_weight(read: &ReadItem) -> usize {
    let message = read.exception.as_ref().map_or(0, |(_, message)| message.len());
    ITEM + entry_weight(&read.entry) + read.encoded.len() + read.reached.len() * size_of::<ChunkId>() + message
}

fn entry_weight(entry: &Entry) -> usize {
    const PART: usize = size_of::<(ChunkId, u32)>();
    let kind = match &entry.kind {
        EntryKind::File { chunks, holes, .. } => chunks.chunks.len() * PART + holes.len() * size_of::<Hole>(),
        EntryKind::Symlink { target, .. } => target.len(),
        EntryKind::Unreadable { message, .. } => message.len(),
        _ => 0,
    };
    let small: usize = entry.metadata.xattrs.iter().map(|(name, value)| PAIR + name.len() + value.len()).sum();
    let large: usize = entry.large_xattrs.iter().map(|(name, list)| PAIR + name.len() + list.chunks.len() * PART).sum();
    entry.path.as_bytes().len() + kind + small + large
}
