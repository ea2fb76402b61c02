//! Adding to a repository: the scoped writer of one run. Chunks go in, sealed packs and index objects go out, in the order
//! that keeps a killed run harmless: journal, pack, index, record.

mod known;
mod record;

pub use known::Known;
pub use record::{RecordedRun, RunRecord};

use super::{fresh, put_settled};
use crate::compress::{Compression, Compressor, Decompressor};
use crate::config::Configuration;
use crate::error::{ObjectError, RepoError};
use crate::header::Sealer;
use crate::index::{IdSet, IndexedPack, Segment, seal_segment};
use crate::keys::DomainKeys;
use crate::layout::{PACKS, Place, index_prefix};
use crate::local::{Journal, LocalFolder, LocalKey, WriterFile};
use crate::pack::{PackBuffers, PackClass, PackedChunk, Packer, PendingChunk, ReadyPack, SealedPack, seal_pack};
use crate::parallel;
use crate::record::{AddedKind, AddedObject};
use crate::tree::NodeSink;
use bytes::Bytes;
use chest_model::{ChunkId, Environment, Monitor, ObjectHash, Progress};
use chest_store::{AlignedBuffer, ObjectStore};
use crossbeam_channel::{Receiver, SendTimeoutError, Sender, bounded};
use known::LiveSegment;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An index object is written after so many packs, so that a run that loses its journal loses no more work than that.
const PACKS_PER_SEGMENT: usize = 64;

/// What a batch works with.
pub struct BatchOptions<'a> {
    /// Where objects go.
    pub store: &'a dyn ObjectStore,
    /// The machine's key.
    pub writer: &'a WriterFile,
    /// The same, read a second time.
    pub writer_again: &'a WriterFile,
    /// What everybody goes by.
    pub configuration: Configuration,
    /// Clock and randomness.
    pub environment: &'a dyn Environment,
    /// Who watches.
    pub monitor: &'a dyn Monitor,
    /// Where the journal lies.
    pub folder: &'a LocalFolder,
    /// What seals the journal.
    pub local_key: &'a LocalKey,
    /// How many packs may be sealed or on their way at one time.
    pub packs_in_flight: usize,
}

/// One run's additions.
pub struct Batch<'a> {
    options: BatchOptions<'a>,
    sealer: Sealer,
    domain: Arc<DomainKeys>,
    journal: Journal,
    /// The heads of the own log when the run began.
    base: Vec<ObjectHash>,
    known: Mutex<IdSet>,
    data: Mutex<Option<Packer>>,
    tree: Mutex<Option<Packer>>,
    progress: Mutex<Sent>,
    queue: (Sender<SealedPack>, Receiver<SealedPack>),
    /// Who seals a pack takes a place, who has sent it gives it back: so many packs are in memory at most.
    places: (Sender<()>, Receiver<()>),
    buffers: PackBuffers,
    failed: AtomicBool,
    failure: Mutex<Option<RepoError>>,
}

/// See [`Batch::fail_on_panic`].
pub struct FailOnPanic<'b, 'a>(&'b Batch<'a>);

impl Drop for FailOnPanic<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(RepoError::Stopped);
        }
    }
}

/// What has been sent.
#[derive(Default)]
struct Sent {
    added: Vec<AddedObject>,
    /// The lengths of what this run put.
    sizes: HashMap<ObjectHash, u64>,
    /// Packs that no index object names yet.
    unindexed: Vec<IndexedPack>,
    live: Vec<LiveSegment>,
    /// Where tree nodes lie that were added by this run.
    nodes: HashMap<ChunkId, (Arc<IndexedPack>, u32)>,
    bytes: u64,
    chunks: u64,
}

/// What a finished batch has put into the store.
pub struct Stored {
    /// The objects that the record names.
    pub added: Vec<AddedObject>,
    /// The index objects that are live, with their lengths.
    pub live_index: Vec<(ObjectHash, u64)>,
    /// Bytes put.
    pub bytes: u64,
    /// Chunks added.
    pub chunks: u64,
    nodes: HashMap<ChunkId, (Arc<IndexedPack>, u32)>,
}

/// What each thread needs to compress and check chunks.
pub struct ChunkTools {
    compressor: Compressor,
    decompressor: Decompressor,
}

impl ChunkTools {
    /// For one thread.
    pub fn new(level: i32) -> Result<Self, RepoError> {
        let error = |source| RepoError::Local { path: "the compressor".to_owned(), source };
        Ok(Self {
            compressor: Compressor::new(level).map_err(error)?,
            decompressor: Decompressor::new().map_err(error)?,
        })
    }
}

impl<'a> Batch<'a> {
    /// Begins a run on what is known to be stored.
    pub fn begin(options: BatchOptions<'a>, known: Known) -> Result<Self, RepoError> {
        let Known { chunks, live, adopted, base, .. } = known;
        let journal = Journal::begin(options.folder, options.local_key, &base, &adopted.packs, options.environment)?;
        let packer = |class| -> Result<_, RepoError> {
            Ok(Mutex::new(Some(Packer::new(class, options.configuration.pack_len, fresh(options.environment)?))))
        };
        let (data, tree) = (packer(PackClass::Data)?, packer(PackClass::Tree)?);
        let sent = Sent { added: adopted.objects, unindexed: adopted.packs, live, ..Sent::default() };
        Ok(Self {
            sealer: options.writer.sealer(options.writer_again),
            domain: Arc::new(options.writer.domain.keys()),
            journal,
            base,
            known: Mutex::new(chunks),
            data,
            tree,
            progress: Mutex::new(sent),
            // A sealed pack waits only until an uploader takes it: memory stays bounded.
            queue: bounded(0),
            places: bounded(options.packs_in_flight.max(1)),
            buffers: PackBuffers::default(),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            options,
        })
    }

    /// The domain's keys.
    pub fn domain(&self) -> &Arc<DomainKeys> {
        &self.domain
    }

    /// Length of a full pack.
    pub fn pack_len(&self) -> u64 {
        self.options.configuration.pack_len
    }

    /// Whether a chunk is stored already, or on its way.
    pub fn is_known(&self, id: &ChunkId) -> bool {
        lock(&self.known).contains(id)
    }

    /// Whether the caller must add this chunk: true once for each new id.
    pub fn claim(&self, id: ChunkId) -> bool {
        lock(&self.known).insert(id)
    }

    /// Adds the plaintext of a chunk that was claimed.
    pub fn add(&self, class: PackClass, id: ChunkId, plain: &[u8], tools: &mut ChunkTools) -> Result<(), RepoError> {
        if self.has_failed() {
            return Err(RepoError::Stopped);
        }
        let (stored, compression) = tools.compressor.compress(plain);
        if stored.len() as u64 > Packer::max_stored_len(self.pack_len()) {
            return Err(RepoError::ChunkTooLarge { length: plain.len() as u64 });
        }
        let row = PackedChunk { id, plain_len: plain.len() as u32, stored_len: stored.len() as u32, compression };
        debug_assert!(compression != Compression::Raw || stored.len() == plain.len());
        let ready = lock(self.packer(class)).as_mut().and_then(|packer| packer.push(PendingChunk { row, stored }));
        match ready {
            Some(ready) => {
                self.hand_over(&self.places.0, ())?;
                let sealed = self.seal(ready, tools)?;
                self.hand_over(&self.queue.0, sealed)
            }
            None => Ok(()),
        }
    }

    /// Waits until somebody takes it; but not for ever: once the run has failed, those who would take it may be gone.
    fn hand_over<T>(&self, to: &Sender<T>, mut what: T) -> Result<(), RepoError> {
        const PATIENCE: Duration = Duration::from_millis(50);
        loop {
            match to.send_timeout(what, PATIENCE) {
                Ok(()) => return Ok(()),
                Err(SendTimeoutError::Timeout(back)) if !self.has_failed() => what = back,
                Err(_) => return Err(RepoError::Stopped),
            }
        }
    }

    /// Fails the run if the thread that holds it panics, so that no other waits for what will never come.
    pub fn fail_on_panic(&self) -> FailOnPanic<'_, 'a> {
        FailOnPanic(self)
    }

    fn packer(&self, class: PackClass) -> &Mutex<Option<Packer>> {
        match class {
            PackClass::Data => &self.data,
            PackClass::Tree => &self.tree,
        }
    }

    fn seal(&self, ready: ReadyPack, tools: &mut ChunkTools) -> Result<SealedPack, RepoError> {
        let random = fresh(self.options.environment)?;
        // Smaller ones are the last of a run.
        let buffer = if ready.size == self.pack_len() { self.buffers.take() } else { AlignedBuffer::default() };
        seal_pack(&self.sealer, &self.domain, &mut tools.decompressor, ready, buffer, &random)
            .map_err(|problem| RepoError::object("a new pack", problem))
    }

    /// Sends sealed packs until [`Self::close`] is called; run by one or more threads beside those that add.
    pub fn upload(&self, stop: &Receiver<()>) {
        let _guard = self.fail_on_panic();
        loop {
            crossbeam_channel::select! {
                recv(self.queue.1) -> sealed => {
                    let Ok(sealed) = sealed else { return };
                    // After a failure packs are taken and dropped, so that no thread waits for ever.
                    if !self.failed.load(Ordering::Relaxed)
                        && let Err(error) = self.send(sealed)
                    {
                        self.fail(error);
                    }
                    let _ = self.places.1.try_recv();
                }
                recv(stop) -> _ => return,
            }
        }
    }

    fn send(&self, sealed: SealedPack) -> Result<(), RepoError> {
        let SealedPack { bytes, indexed } = sealed;
        let length = bytes.len() as u64;
        self.journal.note(&indexed, self.options.environment)?;
        let bytes = if length == self.pack_len() { self.buffers.lend(bytes) } else { Bytes::from_owner(bytes) };
        put_settled(self.options.store, &Place::Pack(indexed.name).name(), bytes)?;
        self.options.monitor.progress(Progress::Sent { bytes: length });
        let full = {
            let mut sent = lock(&self.progress);
            sent.bytes += length;
            sent.chunks += indexed.chunks.len() as u64;
            sent.added.push(AddedObject { kind: AddedKind::Pack, hash: indexed.name });
            sent.sizes.insert(indexed.name, length);
            sent.remember_nodes(&indexed);
            sent.unindexed.push(indexed);
            (sent.unindexed.len() >= PACKS_PER_SEGMENT).then(|| std::mem::take(&mut sent.unindexed))
        };
        match full {
            Some(packs) => self.send_segment(packs),
            None => Ok(()),
        }
    }

    fn send_segment(&self, packs: Vec<IndexedPack>) -> Result<(), RepoError> {
        let segment = Segment { base: self.base.clone(), packs };
        let sealed = seal_segment(&self.sealer, &segment, &fresh(self.options.environment)?)
            .map_err(|problem| RepoError::object("a new index object", problem))?;
        let length = sealed.bytes.len() as u64;
        let place = Place::Index(self.sealer.key().writer(), sealed.name);
        put_settled(self.options.store, &place.name(), sealed.bytes)?;
        let mut sent = lock(&self.progress);
        sent.bytes += length;
        sent.added.push(AddedObject { kind: AddedKind::Index, hash: sealed.name });
        sent.sizes.insert(sealed.name, length);
        sent.live.push(LiveSegment { name: sealed.name, size: length, packs: segment.packs });
        Ok(())
    }

    /// Stops the run: what was added so far stays, journalled, for the next one.
    pub fn fail(&self, error: RepoError) {
        // A thread that only stopped because another failed has nothing to tell.
        if !matches!(error, RepoError::Stopped) {
            lock(&self.failure).get_or_insert(error);
        }
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Whether the run has failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Why the run stopped; taken once.
    pub fn stopped(&self) -> RepoError {
        lock(&self.failure).take().unwrap_or(RepoError::Stopped)
    }

    /// Sends what is left, writes the index, and sees everything present by listing. The record comes next.
    pub fn finish(&self, tools: &mut ChunkTools) -> Result<Stored, RepoError> {
        if self.has_failed() {
            return Err(self.stopped());
        }
        let mut rest = Vec::new();
        for class in [PackClass::Data, PackClass::Tree] {
            for ready in lock(self.packer(class)).take().map(Packer::finish).unwrap_or_default() {
                rest.push(Mutex::new(Some(self.seal(ready, tools)?)));
            }
        }
        let at_once = self.options.store.requests_at_once().large;
        let sent =
            parallel::map(&rest, at_once, |sealed| lock(sealed).take().map_or(Ok(()), |sealed| self.send(sealed)));
        sent.into_iter().collect::<Result<(), _>>()?;
        self.write_index()?;
        let own_index = index_prefix(self.sealer.key().writer());
        let added = [(PACKS, AddedKind::Pack), (&own_index, AddedKind::Index)];
        let seen = parallel::map(&added, at_once, |(prefix, kind)| self.see_present(prefix, *kind));
        seen.into_iter().collect::<Result<(), _>>()?;
        let mut sent = std::mem::take(&mut *lock(&self.progress));
        sent.added.sort();
        sent.added.dedup();
        // One that cannot be read is named no more: readers take its packs from the records, and from the packs themselves.
        let live_index = sent
            .live
            .iter()
            .filter(|segment| segment.is_readable())
            .map(|segment| (segment.name, segment.size))
            .collect();
        Ok(Stored { added: sent.added, live_index, bytes: sent.bytes, chunks: sent.chunks, nodes: sent.nodes })
    }

    /// What was put must be seen by listing before anything relies on it.
    fn see_present(&self, prefix: &str, kind: AddedKind) -> Result<(), RepoError> {
        let wanted: Vec<(ObjectHash, Option<u64>)> = {
            let sent = lock(&self.progress);
            let of_kind = sent.added.iter().filter(|object| object.kind == kind);
            of_kind.map(|object| (object.hash, sent.sizes.get(&object.hash).copied())).collect()
        };
        if wanted.is_empty() {
            return Ok(());
        }
        let listed = self.options.store.list(prefix)?;
        let there: HashMap<ObjectHash, u64> =
            listed.iter().filter_map(|one| Place::parse(&one.name).map(|place| (place.hash(), one.size))).collect();
        let is_there = |(hash, size): &(ObjectHash, Option<u64>)| {
            there.get(hash).is_some_and(|found| size.is_none_or(|size| size == *found))
        };
        match wanted.iter().find(|wanted| !is_there(wanted)) {
            Some((missing, _)) => Err(RepoError::NotThere(format!("{prefix}…{missing}"))),
            None => Ok(()),
        }
    }

    /// Puts what no index object names yet into one, together with the smaller ones where eight of a size have gathered.
    fn write_index(&self) -> Result<(), RepoError> {
        let (mut packs, merged) = {
            let mut sent = lock(&self.progress);
            if sent.unindexed.is_empty() {
                return Ok(());
            }
            (std::mem::take(&mut sent.unindexed), sent.take_crowded())
        };
        packs.extend(merged.into_iter().flat_map(|segment| segment.packs));
        self.send_segment(packs)
    }

    /// Ends the journal, once the record is safe.
    pub fn end_journal(self) -> Result<(), RepoError> {
        self.journal.end()
    }

    /// What seals for this writer.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

impl Sent {
    fn remember_nodes(&mut self, pack: &IndexedPack) {
        if pack.class == PackClass::Tree {
            let shared = Arc::new(pack.clone());
            for (position, chunk) in pack.chunks.iter().enumerate() {
                self.nodes.insert(chunk.id, (shared.clone(), position as u32));
            }
        }
    }

    /// Takes out the live index objects of every size class that has eight of them.
    fn take_crowded(&mut self) -> Vec<LiveSegment> {
        const CROWD: usize = 8;
        let class = |segment: &LiveSegment| segment.size.ilog2();
        let mut counts: HashMap<u32, usize> = HashMap::new();
        for segment in self.live.iter().filter(|segment| segment.is_readable()) {
            *counts.entry(class(segment)).or_default() += 1;
        }
        let crowded =
            |segment: &LiveSegment| segment.is_readable() && counts.get(&class(segment)).is_some_and(|&n| n >= CROWD);
        let (taken, kept) = std::mem::take(&mut self.live).into_iter().partition(crowded);
        self.live = kept;
        taken
    }
}

/// Stores tree nodes and chunk lists through a batch.
pub struct BatchNodes<'b, 'a> {
    /// Where they go.
    pub batch: &'b Batch<'a>,
    /// The thread's own.
    pub tools: &'b mut ChunkTools,
}

impl NodeSink for BatchNodes<'_, '_> {
    fn node(&mut self, plain: Vec<u8>) -> Result<ChunkId, RepoError> {
        let id = self.batch.domain.chunk_id(&plain);
        if self.batch.claim(id) {
            self.batch.add(PackClass::Tree, id, &plain, self.tools)?;
        }
        Ok(id)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked has failed the run already; the data itself is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<ObjectError> for RepoError {
    fn from(problem: ObjectError) -> Self {
        Self::object("a new object", problem)
    }
}
