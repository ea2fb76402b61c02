//! Files, in batches: within a batch every pack is fetched once, by whichever thread is free, and each of its chunks goes
//! into all files that want it. A file gets its name when its last chunk has been proven and written.

use super::super::content::{PlacedChunk, full_metadata, lay_out};
use super::super::plan::{PlannedItem, PlannedStep, RestorePlan};
use super::super::{FailureCause, RestoreFailure, RestoreRequest};
use super::{failure, is_counted};
use crate::target::{
    Existing, ExistingItem, ExistingReader, ItemKind, NewFile, Placed, Placement, Target, TargetError,
};
use crate::{Context, EngineError};
use bytes::Bytes;
use chest_model::{ChunkId, EntryKind, Monitor, Progress};
use chest_repo::RepoError;
use chest_repo::compress::Decompressor;
use chest_repo::index::{ChunkLocation, IndexedPack};
use chest_repo::pack::chunks_start;
use chest_repo::repository::Fetcher;
use chest_repo::tree::read_list;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A batch ends after so many bytes …
const BATCH_BYTES: u64 = 512 << 20;
/// … or so many files of several chunks, each of which stays open until its last chunk has come …
const BATCH_OPEN: usize = 300;
/// … or so many files.
const BATCH_FILES: usize = 20_000;

/// So many packs are fetched at a time: they keep a line busy.
const FETCHING: usize = 3;

/// What became of one file.
pub(super) type FileResult = (usize, Result<Placed, RestoreFailure>);

/// Restores files of one plan.
pub(super) struct FileRestore<'p> {
    plan: &'p RestorePlan,
    target: &'p Target,
    monitor: &'p dyn Monitor,
    fetched: AtomicU64,
    /// Who fetches a pack takes a place.
    fetching: (Sender<()>, Receiver<()>),
}

/// A file that is being written.
struct Pending {
    number: usize,
    /// Opened with the first chunk.
    file: Mutex<FileState>,
    /// Chunks that have not come yet.
    missing: AtomicUsize,
}

enum FileState {
    NotBegun,
    Open(Arc<NewFile>),
    /// Finished or failed: whatever still comes is dropped.
    Over,
}

/// What a batch wants of one pack: position in the pack, and for each who wants it.
type Wanted<'b> = BTreeMap<u32, Vec<(&'b Pending, PlacedChunk)>>;

impl<'p> FileRestore<'p> {
    pub(super) fn new(plan: &'p RestorePlan, target: &'p Target, context: &'p Context<'_>) -> Self {
        Self { plan, target, monitor: context.monitor, fetched: AtomicU64::new(0), fetching: bounded(FETCHING) }
    }

    pub(super) fn bytes_fetched(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// Restores these files of the plan.
    pub(super) fn run(&self, numbers: &[usize]) -> Result<Vec<FileResult>, EngineError> {
        let mut results = Vec::with_capacity(numbers.len());
        let mut rest = numbers;
        while !rest.is_empty() {
            if self.monitor.cancelled() {
                return Err(EngineError::Interrupted);
            }
            let (batch, after) = rest.split_at(self.batch_len(rest));
            results.append(&mut self.batch(batch)?);
            rest = after;
        }
        Ok(results)
    }

    fn batch_len(&self, numbers: &[usize]) -> usize {
        let (mut bytes, mut open) = (0, 0);
        for (count, number) in numbers.iter().enumerate() {
            let kind = &self.plan.items[*number].entry.kind;
            if let EntryKind::File { chunks, .. } = kind {
                bytes += kind.data_len();
                open += usize::from(chunks.depth > 0 || chunks.chunks.len() > 1);
            }
            if count > 0 && (bytes > BATCH_BYTES || open > BATCH_OPEN || count >= BATCH_FILES) {
                return count;
            }
        }
        numbers.len()
    }

    fn batch(&self, numbers: &[usize]) -> Result<Vec<FileResult>, EngineError> {
        let results = Mutex::new(Vec::new());
        let done = |number: usize, result| push(&results, (number, result));
        let mut pending = Vec::new();
        let mut contents = Vec::new();
        for &number in numbers {
            match self.prepare(number) {
                Ok(Prepared::Done(placed)) => {
                    self.advance(number);
                    done(number, Ok(*placed));
                }
                Ok(Prepared::Write(chunks, existing)) => {
                    pending.push(Pending {
                        number,
                        file: Mutex::new(FileState::NotBegun),
                        missing: AtomicUsize::new(chunks.len()),
                    });
                    contents.push((chunks, existing));
                }
                Err(failure) => done(number, Err(failure)),
            }
        }
        let mut packs: BTreeMap<u32, Wanted<'_>> = BTreeMap::new();
        for (file, (chunks, existing)) in pending.iter().zip(contents) {
            self.begin(file, chunks, existing, &mut packs, &results);
        }
        let packs: Vec<(u32, Wanted<'_>)> = packs.into_iter().collect();
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..self.threads() {
                scope.spawn(|| {
                    if let Err(error) = self.work(&packs, &next, &results) {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        next.store(packs.len(), Ordering::Relaxed);
                    }
                });
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Each holds a pack. Of those, so many fetch at a time: with all of them at it they would all be done at once, and the
    /// line would wait while they open and write. A disk is waited for by one, while the others work.
    fn threads(&self) -> usize {
        let waiting = if self.fetcher().store().requests_at_once() > 1 { FETCHING } else { 1 };
        self.plan.request.threads.max(1) + waiting
    }

    /// Sorts a file's chunks to their packs; what the file in its place has already is copied from there.
    fn begin<'b>(
        &self,
        file: &'b Pending,
        chunks: Vec<PlacedChunk>,
        existing: Option<ExistingReader>,
        packs: &mut BTreeMap<u32, Wanted<'b>>,
        results: &Mutex<Vec<FileResult>>,
    ) {
        if chunks.is_empty() {
            self.finish(file, results);
            return;
        }
        for chunk in chunks {
            if let Some(plain) = existing.as_ref().and_then(|existing| self.same_in(existing, &chunk)) {
                self.write(file, &chunk, &plain, results);
                continue;
            }
            match self.fetcher().index().lookup.find(&chunk.id) {
                Some(place) => {
                    packs.entry(place.pack).or_default().entry(place.position).or_default().push((file, chunk))
                }
                None => self.fail(file, damaged(self.item(file), RepoError::ChunkNotIndexed(chunk.id)), results),
            }
        }
    }

    fn work(
        &self,
        packs: &[(u32, Wanted<'_>)],
        next: &AtomicUsize,
        results: &Mutex<Vec<FileResult>>,
    ) -> Result<(), EngineError> {
        let mut decompressor = Decompressor::new().map_err(EngineError::Output)?;
        while let Some((number, wanted)) = packs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if self.monitor.cancelled() {
                return Err(EngineError::Interrupted);
            }
            let pack = &self.fetcher().index().lookup.packs()[*number as usize];
            self.pack(*number, pack, wanted, &mut decompressor, results)?;
        }
        Ok(())
    }

    fn pack(
        &self,
        number: u32,
        pack: &IndexedPack,
        wanted: &Wanted<'_>,
        decompressor: &mut Decompressor,
        results: &Mutex<Vec<FileResult>>,
    ) -> Result<(), EngineError> {
        let wanted_bytes: u64 = wanted.keys().map(|at| pack.chunks[*at as usize].sealed_len()).sum();
        // Where little is wanted, windows are read; else the whole pack, in one request.
        let whole = if wanted_bytes * 4 >= pack.size { self.whole(pack)? } else { None };
        if whole.is_none() {
            let ids: Vec<ChunkId> = wanted.keys().map(|at| pack.chunks[*at as usize].id).collect();
            self.fetcher().read_ahead(&ids);
        }
        let mut offset = chunks_start(pack.chunks.len());
        for (position, row) in pack.chunks.iter().enumerate() {
            let here = offset;
            offset += row.sealed_len();
            let Some(takers) = wanted.get(&(position as u32)) else { continue };
            let location = ChunkLocation { pack: number, position: position as u32, offset: here, row: *row };
            match self.chunk(pack, &location, whole.as_ref(), decompressor) {
                Ok(plain) => {
                    for (file, chunk) in takers {
                        if plain.len() == chunk.length as usize {
                            self.write(file, chunk, &plain, results);
                        } else {
                            let what = "a chunk has another length than the file says";
                            self.fail(file, damaged(self.item(file), what), results);
                        }
                    }
                }
                Err(RepoError::Store(error)) if !is_about_one_object(&error) => {
                    return Err(RepoError::Store(error).into());
                }
                Err(error) => {
                    for (file, _) in takers {
                        self.fail(file, damaged(self.item(file), &error), results);
                    }
                }
            }
        }
        Ok(())
    }

    /// The pack's bytes; `None` where it is damaged or missing, so that every chunk is tried by itself, elsewhere too.
    fn whole(&self, pack: &IndexedPack) -> Result<Option<Bytes>, EngineError> {
        // Both ends are held here, so neither fails.
        let _ = self.fetching.0.send(());
        let whole = self.fetcher().whole(pack);
        let _ = self.fetching.1.recv();
        match whole {
            Ok(bytes) => {
                self.fetched.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                Ok(Some(bytes))
            }
            Err(RepoError::Store(error)) if !is_about_one_object(&error) => Err(RepoError::Store(error).into()),
            Err(_) => Ok(None),
        }
    }

    fn chunk(
        &self,
        pack: &IndexedPack,
        location: &ChunkLocation,
        whole: Option<&Bytes>,
        decompressor: &mut Decompressor,
    ) -> Result<Vec<u8>, RepoError> {
        let end = location.offset + location.row.sealed_len();
        if let Some(sealed) = whole.and_then(|whole| whole.get(location.offset as usize..end as usize))
            && let Ok(plain) = self.fetcher().open_sealed(pack, location, sealed, decompressor)
        {
            return Ok(plain);
        }
        if whole.is_none() {
            self.fetched.fetch_add(location.row.sealed_len(), Ordering::Relaxed);
        }
        self.fetcher().chunk(&location.row.id, decompressor)
    }

    /// Puts a chunk into a file; the last one finishes it.
    fn write(&self, file: &Pending, chunk: &PlacedChunk, plain: &[u8], results: &Mutex<Vec<FileResult>>) {
        let item = &self.plan.items[file.number];
        let open = {
            let mut state = file.file.lock().unwrap_or_else(PoisonError::into_inner);
            match self.open(&mut state, item) {
                Some(Ok(open)) => open,
                Some(Err(error)) => {
                    drop(state);
                    self.fail(file, refused(item, &error), results);
                    return;
                }
                None => return,
            }
        };
        for piece in &chunk.pieces {
            if let Err(error) = open.write_at(piece.offset, &plain[piece.part.clone()]) {
                drop(open);
                self.fail(file, refused(item, &error), results);
                return;
            }
        }
        drop(open);
        self.monitor.progress(Progress::Done { items: 0, bytes: plain.len() as u64 });
        if file.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.finish(file, results);
        }
    }

    fn open(&self, state: &mut FileState, item: &PlannedItem) -> Option<Result<Arc<NewFile>, TargetError>> {
        match state {
            FileState::Over => None,
            FileState::Open(file) => Some(Ok(file.clone())),
            FileState::NotBegun => {
                let EntryKind::File { size, .. } = &item.entry.kind else { return None };
                Some(self.target.begin_file(&item.to, *size).map(|file| {
                    let file = Arc::new(file);
                    *state = FileState::Open(file.clone());
                    file
                }))
            }
        }
    }

    fn finish(&self, file: &Pending, results: &Mutex<Vec<FileResult>>) {
        let item = &self.plan.items[file.number];
        let open = {
            let mut state = file.file.lock().unwrap_or_else(PoisonError::into_inner);
            let open = self.open(&mut state, item);
            *state = FileState::Over;
            open
        };
        let placed = match open {
            None => return,
            Some(Err(error)) => Err(error),
            // The last chunk has been written, and every other thread dropped its share when it had.
            Some(Ok(open)) => match Arc::try_unwrap(open) {
                Ok(open) => match full_metadata(self.fetcher(), &item.entry) {
                    Ok(metadata) => open.finish(&metadata),
                    Err(error) => {
                        push(results, (file.number, Err(damaged(item, error))));
                        return;
                    }
                },
                Err(_) => Err(TargetError::Replaced { path: item.to.clone() }),
            },
        };
        self.monitor.progress(Progress::Done { items: 1, bytes: 0 });
        let result = placed.map_err(|error| refused(item, &error));
        push(results, (file.number, result));
    }

    fn item(&self, file: &Pending) -> &'p PlannedItem {
        &self.plan.items[file.number]
    }

    fn fail(&self, file: &Pending, failure: RestoreFailure, results: &Mutex<Vec<FileResult>>) {
        let mut state = file.file.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, FileState::Over) {
            *state = FileState::Over;
            push(results, (file.number, Err(failure)));
        }
    }

    fn advance(&self, number: usize) {
        let item = &self.plan.items[number];
        if is_counted(item) {
            self.monitor.progress(Progress::Done { items: 1, bytes: item.entry.kind.data_len() });
        }
    }

    fn fetcher(&self) -> &'p Arc<Fetcher> {
        &self.plan.fetcher
    }

    fn request(&self) -> &'p RestoreRequest {
        &self.plan.request
    }

    /// Looks at what is in the file's place: the same already, to be skipped, or with parts that need not be fetched.
    fn prepare(&self, number: usize) -> Result<Prepared, RestoreFailure> {
        let item = &self.plan.items[number];
        let EntryKind::File { size, chunks, holes, .. } = &item.entry.kind else {
            return Err(failure(item, FailureCause::Refused, "not a file".to_owned()));
        };
        let there = match item.step {
            PlannedStep::Make => None,
            _ => self.target.existing(&item.to).map_err(|error| refused(item, &error))?,
        };
        if there.is_some() && self.request().existing == Existing::Skip {
            let placed = Placed { path: item.to.clone(), how: Placement::Skipped, identity: None, notes: Vec::new() };
            return Ok(Prepared::Done(Box::new(placed)));
        }
        let chunks = read_list(chunks, &**self.fetcher()).map_err(|error| damaged(item, error))?;
        let placed =
            lay_out(*size, &chunks, holes).ok_or_else(|| damaged(item, "its chunks and holes do not make its size"))?;
        let Some(there) = there else { return Ok(Prepared::Write(placed, None)) };
        let is_file = there.kind == ItemKind::File;
        let existing = is_file.then(|| self.target.read_existing(&item.to).ok()).flatten();
        if there.size == *size && existing.as_ref().is_some_and(|existing| self.is_same(existing, &placed, holes)) {
            return Ok(Prepared::Done(Box::new(self.target.keep_existing(&item.to, &there))));
        }
        match self.same_beside(item, &there, *size, &placed, holes) {
            Some(copy) => Ok(Prepared::Done(Box::new(copy))),
            None => Ok(Prepared::Write(placed, existing)),
        }
    }

    /// Where the file would be written beside what has its name: the copy of it that an earlier restore has put there.
    fn same_beside(
        &self,
        item: &PlannedItem,
        there: &ExistingItem,
        size: u64,
        placed: &[PlacedChunk],
        holes: &[chest_model::Hole],
    ) -> Option<Placed> {
        if self.request().existing != Existing::KeepBoth && there.kind != ItemKind::Folder {
            return None;
        }
        self.target.copies_beside(&item.to).find_map(|(path, copy)| {
            let fits = copy.kind == ItemKind::File && copy.size == size;
            let existing = fits.then(|| self.target.read_existing(&path).ok()).flatten()?;
            self.is_same(&existing, placed, holes).then(|| self.target.keep_existing(&path, &copy))
        })
    }

    fn is_same(&self, existing: &ExistingReader, placed: &[PlacedChunk], holes: &[chest_model::Hole]) -> bool {
        placed.iter().all(|chunk| self.same_in(existing, chunk).is_some())
            && holes.iter().all(|hole| is_zero(existing, hole))
    }

    /// The chunk's plaintext, where the existing file holds it in the same place.
    fn same_in(&self, existing: &ExistingReader, chunk: &PlacedChunk) -> Option<Vec<u8>> {
        let mut plain = vec![0; chunk.length as usize];
        for piece in &chunk.pieces {
            read_exactly(existing, piece.offset, &mut plain[piece.part.clone()])?;
        }
        (self.fetcher().index().domain.chunk_id(&plain) == chunk.id).then_some(plain)
    }
}

/// What a look at the target showed.
enum Prepared {
    /// Nothing to write.
    Done(Box<Placed>),
    /// These chunks, some of which the file in its place may have.
    Write(Vec<PlacedChunk>, Option<ExistingReader>),
}

fn read_exactly(existing: &ExistingReader, mut offset: u64, mut buffer: &mut [u8]) -> Option<()> {
    while !buffer.is_empty() {
        match existing.read_at(offset, buffer).ok()? {
            0 => return None,
            length => {
                buffer = &mut buffer[length..];
                offset += length as u64;
            }
        }
    }
    Some(())
}

fn is_zero(existing: &ExistingReader, hole: &chest_model::Hole) -> bool {
    let mut buffer = vec![0; (64 << 10).min(hole.length) as usize];
    let (mut at, end) = (hole.offset, hole.offset + hole.length);
    while at < end {
        // A hole may be longer than anybody can read.
        at = existing.next_data(at).min(end);
        let take = (end - at).min(buffer.len() as u64) as usize;
        if read_exactly(existing, at, &mut buffer[..take]).is_none() || buffer[..take].iter().any(|&byte| byte != 0) {
            return false;
        }
        at += take as u64;
    }
    true
}

fn damaged(item: &PlannedItem, what: impl ToString) -> RestoreFailure {
    failure(item, FailureCause::StoredDamage, what.to_string())
}

fn refused(item: &PlannedItem, error: &TargetError) -> RestoreFailure {
    failure(item, error.into(), error.to_string())
}

/// Whether an error tells of one object's damage rather than of a store that is gone.
fn is_about_one_object(error: &chest_store::StoreError) -> bool {
    matches!(error, chest_store::StoreError::NotFound(_) | chest_store::StoreError::RangeOutside { .. })
}

fn push(results: &Mutex<Vec<FileResult>>, result: FileResult) {
    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
}
