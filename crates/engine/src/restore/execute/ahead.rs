//! What waits to be written: which chunks of which packs go into which files. It is worked out a good way ahead of those who
//! write, so that whoever wants something of a pack has said so before the pack is fetched.

use super::super::content::PlacedChunk;
use super::files::Pending;
use chest_repo::index::ChunkLocation;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Files are looked at until so many bytes wait for their packs, so that writing begins soon where files are large …
const BYTES: u64 = 4 << 30;
/// … or so many chunks …
const CHUNKS: usize = 20_000;
/// … or so many files of several chunks are not done, each of which stays open until its last chunk has come: well below the
/// usual limit of 1024.
const OPEN_FILES: usize = 600;

/// What is wanted of one pack: position in the pack, and for each who wants it.
pub(super) type Wanted = BTreeMap<u32, Vec<(Arc<Pending>, PlacedChunk)>>;

/// Packs of which something is wanted, in the order in which the files do: so files are done one after another, and few are
/// open at a time.
#[derive(Default)]
pub(super) struct Ahead {
    wanted: HashMap<u32, Wanted>,
    order: VecDeque<u32>,
    bytes: u64,
    chunks: usize,
    open: Arc<OpenPlace>,
}

/// Held by each file of several chunks until it is done.
#[derive(Default)]
pub(super) struct OpenPlace;

impl Ahead {
    /// For a file of so many chunks, to be held until it is done.
    pub(super) fn open_place(&self, chunks: usize) -> Option<Arc<OpenPlace>> {
        (chunks > 1).then(|| self.open.clone())
    }

    /// Whether one more file may be looked at.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < BYTES && self.chunks < CHUNKS && Arc::strong_count(&self.open) <= OPEN_FILES
    }

    /// A file wants a chunk that lies there.
    pub(super) fn add(&mut self, at: &ChunkLocation, file: &Arc<Pending>, chunk: PlacedChunk) {
        self.bytes += u64::from(chunk.length);
        self.chunks += 1;
        let wanted = self.wanted.entry(at.pack).or_insert_with(|| {
            self.order.push_back(at.pack);
            Wanted::new()
        });
        wanted.entry(at.position).or_default().push((file.clone(), chunk));
    }

    /// The pack to fetch next, and what is wanted of it.
    pub(super) fn next(&mut self) -> Option<(u32, Wanted)> {
        let pack = self.order.pop_front()?;
        let wanted = self.wanted.remove(&pack)?;
        for (_, chunk) in wanted.values().flatten() {
            self.bytes -= u64::from(chunk.length);
            self.chunks -= 1;
        }
        Some((pack, wanted))
    }
}
