//! The chunks of a file that is read from front to back: while some are read, the next ones are opened, and those after them
//! fetched. What is fetched, opened and waiting is bounded.

use crate::restore::PlacedChunk;
use chest_model::ChunkId;
use chest_repo::RepoError;
use chest_repo::compress::Decompressor;
use chest_repo::repository::Fetcher;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// So many bytes of a far store are fetched while those before them are opened.
const FETCHED: u64 = 8 << 20;
/// So many opened chunks wait for their reader.
const WAITING: usize = 4;

/// Chunks on their way.
pub(super) struct Coming {
    next: usize,
    opened: Receiver<Result<Vec<u8>, RepoError>>,
}

impl Coming {
    /// From this one to the last.
    pub(super) fn begin(fetcher: Arc<Fetcher>, chunks: Arc<[PlacedChunk]>, from: usize) -> io::Result<Self> {
        let mut decompressor = Decompressor::new()?;
        let (sender, opened) = bounded(WAITING);
        let open = move || open_all(&fetcher, &chunks, from, &mut decompressor, &sender);
        Builder::new().name("chunks".to_owned()).spawn(open)?;
        Ok(Self { next: from, opened })
    }

    /// The number of the one that comes next.
    pub(super) fn next(&self) -> usize {
        self.next
    }

    /// That one; `None` where nothing comes any more.
    pub(super) fn take(&mut self) -> Option<Result<Vec<u8>, RepoError>> {
        self.next += 1;
        self.opened.recv().ok()
    }
}

/// Ends early once nobody waits any more.
fn open_all(
    fetcher: &Arc<Fetcher>,
    chunks: &[PlacedChunk],
    from: usize,
    decompressor: &mut Decompressor,
    opened: &Sender<Result<Vec<u8>, RepoError>>,
) {
    let mut group = group_from(chunks, from);
    let mut fetching = fetch(fetcher, &chunks[group.clone()]);
    while !group.is_empty() {
        if let Some(fetching) = fetching {
            // What could not be fetched ahead is fetched by whoever opens it.
            let _ = fetching.join();
        }
        let next = group_from(chunks, group.end);
        fetching = fetch(fetcher, &chunks[next.clone()]);
        for chunk in &chunks[group] {
            if opened.send(fetcher.chunk(&chunk.id, decompressor)).is_err() {
                return;
            }
        }
        group = next;
    }
}

/// The next chunks that are fetched together.
fn group_from(chunks: &[PlacedChunk], from: usize) -> Range<usize> {
    let mut size = 0;
    let wanted = chunks[from..].iter().take_while(|chunk| {
        let fits = size < FETCHED;
        size += u64::from(chunk.length);
        fits
    });
    from..from + wanted.count()
}

/// Fetches what these need, if that pays.
fn fetch(fetcher: &Arc<Fetcher>, chunks: &[PlacedChunk]) -> Option<JoinHandle<()>> {
    if chunks.is_empty() || fetcher.store().requests_at_once().large <= 1 {
        return None;
    }
    let (fetcher, ids) = (fetcher.clone(), chunks.iter().map(|chunk| chunk.id).collect::<Vec<ChunkId>>());
    Builder::new().name("fetch".to_owned()).spawn(move || fetcher.read_ahead(&ids)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_every_chunk_once_and_no_more_than_is_fetched_at_a_time() {
        let chunk = |length| PlacedChunk { id: ChunkId([0; 32]), length, pieces: Vec::new() };
        let chunks = [1, 8 << 20, 5, 6, 9 << 20, 1].map(chunk);
        let mut groups = Vec::new();
        let mut group = group_from(&chunks, 0);
        while !group.is_empty() {
            groups.push(group.clone());
            group = group_from(&chunks, group.end);
        }
        assert_eq!(groups, [0..2, 2..5, 5..6]);
    }
}
