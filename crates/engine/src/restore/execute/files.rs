//! Files: every pack that they want something of is fetched once, by whichever thread is free, and each of its chunks goes into
//! all files that want it. A file gets its name when its last chunk has been proven and written.

use super::super::content::{PlacedChunk, full_metadata, lay_out};
use super::super::plan::{PlannedItem, PlannedStep, RestorePlan};
use super::super::{FailureCause, RestoreFailure, RestoreRequest};
use super::ahead::{Ahead, OpenPlace, Wanted};
use super::{failure, is_counted};
use crate::target::{
    Existing, ExistingItem, ExistingReader, ItemKind, NewFile, Placed, Placement, Target, TargetError,
};
use crate::{Context, EngineError};
use bytes::Bytes;
use chest_model::{ChunkId, EntryKind, Monitor, Progress, TreePath};
use chest_repo::RepoError;
use chest_repo::compress::Decompressor;
use chest_repo::index::{ChunkLocation, IndexedPack};
use chest_repo::pack::chunks_start;
use chest_repo::repository::Fetcher;
use chest_repo::tree::read_list;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    /// Something failed: nothing more is begun.
    failed: AtomicBool,
    folders_made: Receiver<()>,
    /// Where something is that could not be read, to be compared.
    unread: Mutex<Vec<TreePath>>,
}

/// A file that is being written.
pub(super) struct Pending {
    number: usize,
    /// Opened with the first chunk.
    file: Mutex<FileState>,
    /// Chunks that have not come yet.
    missing: AtomicUsize,
    _place: Option<Arc<OpenPlace>>,
}

enum FileState {
    NotBegun,
    Open(Arc<NewFile>),
    /// Finished or failed: whatever still comes is dropped.
    Over,
}

impl<'p> FileRestore<'p> {
    /// Nothing is written before the other end of `folders_made` is dropped; what is fetched meanwhile need not wait.
    pub(super) fn new(
        plan: &'p RestorePlan,
        target: &'p Target,
        context: &'p Context<'_>,
        folders_made: Receiver<()>,
    ) -> Self {
        Self {
            plan,
            target,
            monitor: context.monitor,
            fetched: AtomicU64::new(0),
            fetching: bounded(FETCHING),
            failed: AtomicBool::new(false),
            folders_made,
            unread: Mutex::default(),
        }
    }

    pub(super) fn bytes_fetched(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// Restores these files of the plan: looks at one after another, and hands out the packs that they want to those who write.
    pub(super) fn run(&self, numbers: &[usize]) -> Result<Vec<FileResult>, EngineError> {
        let results = Mutex::new(Vec::with_capacity(numbers.len()));
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        // One pack lies ready, so that nobody waits while the next files are looked at.
        let (hand_out, packs) = bounded(1);
        let (tell, written) = unbounded();
        std::thread::scope(|scope| {
            let work = || {
                let (packs, tell, results) = (packs.clone(), tell.clone(), &results);
                scope.spawn(move || self.work(&packs, &tell, results))
            };
            let workers: Vec<_> = (0..self.threads()).map(|_| work()).collect();
            // Where all of them have ended, nothing is handed out to nobody.
            drop((packs, tell));
            let looked = self.look_at_all(numbers, &hand_out, &written, &results);
            drop(hand_out);
            let outcomes = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
            outcomes.fold(looked, Result::and)
        })?;
        Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// A pack is handed out when all files ahead that want it are known.
    fn look_at_all(
        &self,
        numbers: &[usize],
        hand_out: &Sender<(u32, Wanted)>,
        written: &Receiver<()>,
        results: &Mutex<Vec<FileResult>>,
    ) -> Result<(), EngineError> {
        let mut ahead = Ahead::default();
        let mut empty = Vec::new();
        let mut rest = numbers.iter();
        loop {
            while ahead.has_room()
                && let Some(number) = rest.next()
            {
                if self.monitor.cancelled() {
                    return Err(EngineError::Interrupted);
                }
                empty.extend(self.look_at(*number, &mut ahead, results));
            }
            let nobody_works = match ahead.next() {
                Some(pack) => hand_out.send(pack).is_err(),
                None if rest.len() == 0 => break,
                // As many files are open as may be: some will be done with a pack that is being written.
                None => written.recv().is_err(),
            };
            if nobody_works || self.failed.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        empty.iter().for_each(|file| self.finish(file, results));
        Ok(())
    }

    /// What has to be written of a file is put to what waits; where it is there already, it is done. Gives one without content.
    fn look_at(&self, number: usize, ahead: &mut Ahead, results: &Mutex<Vec<FileResult>>) -> Option<Arc<Pending>> {
        match self.prepare(number) {
            Ok(Prepared::Done(placed)) => {
                self.advance(number);
                push(results, (number, Ok(*placed)));
            }
            Ok(Prepared::Write(chunks, existing)) => {
                let file = Arc::new(Pending {
                    number,
                    file: Mutex::new(FileState::NotBegun),
                    missing: AtomicUsize::new(chunks.len()),
                    _place: ahead.open_place(chunks.len()),
                });
                if chunks.is_empty() {
                    // Not now: folders may still be made, and packs can be asked for meanwhile.
                    return Some(file);
                }
                self.begin(&file, chunks, existing, ahead, results);
            }
            Err(failure) => push(results, (number, Err(failure))),
        }
        None
    }

    /// Each holds a pack. Of those, so many fetch at a time: with all of them at it they would all be done at once, and the
    /// line would wait while they open and write. A disk is waited for by one, while the others work.
    fn threads(&self) -> usize {
        let waiting = if self.fetcher().store().requests_at_once().large > 1 { FETCHING } else { 1 };
        self.plan.request.threads.max(1) + waiting
    }

    /// Sorts a file's chunks to their packs; what the file in its place has already is copied from there.
    fn begin(
        &self,
        file: &Arc<Pending>,
        chunks: Vec<PlacedChunk>,
        existing: Option<ExistingReader>,
        ahead: &mut Ahead,
        results: &Mutex<Vec<FileResult>>,
    ) {
        for chunk in chunks {
            if let Some(plain) = existing.as_ref().and_then(|existing| self.same_in(existing, &chunk).ok()?) {
                self.write(file, &chunk, &plain, results);
                continue;
            }
            match self.fetcher().index().lookup.find(&chunk.id) {
                Some(place) => ahead.add(&place, file, chunk),
                None => self.fail(file, damaged(self.item(file.number), RepoError::ChunkNotIndexed(chunk.id)), results),
            }
        }
    }

    fn work(
        &self,
        packs: &Receiver<(u32, Wanted)>,
        tell: &Sender<()>,
        results: &Mutex<Vec<FileResult>>,
    ) -> Result<(), EngineError> {
        let done = self.write_all(packs, tell, results);
        self.failed.fetch_or(done.is_err(), Ordering::Relaxed);
        done
    }

    fn write_all(
        &self,
        packs: &Receiver<(u32, Wanted)>,
        tell: &Sender<()>,
        results: &Mutex<Vec<FileResult>>,
    ) -> Result<(), EngineError> {
        let mut decompressor = Decompressor::new().map_err(EngineError::Output)?;
        for (number, wanted) in packs {
            if self.failed.load(Ordering::Relaxed) {
                break;
            }
            if self.monitor.cancelled() {
                return Err(EngineError::Interrupted);
            }
            let pack = &self.fetcher().index().lookup.packs()[number as usize];
            self.pack(number, pack, &wanted, &mut decompressor, results)?;
            // Before it is told: who waits for that waits for files to be done.
            drop(wanted);
            // Nobody hears it once everything has been handed out.
            let _ = tell.send(());
        }
        Ok(())
    }

    fn pack(
        &self,
        number: u32,
        pack: &IndexedPack,
        wanted: &Wanted,
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
                            self.fail(file, damaged(self.item(file.number), what), results);
                        }
                    }
                }
                Err(RepoError::Store(error)) if !is_about_one_object(&error) => {
                    return Err(RepoError::Store(error).into());
                }
                Err(error) => {
                    for (file, _) in takers {
                        self.fail(file, damaged(self.item(file.number), &error), results);
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
                // Nothing is ever sent: it ends when the other end is dropped.
                let _ = self.folders_made.recv();
                Some(self.target.begin_file(item.destination(), *size).map(|file| {
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

    /// One item of the plan.
    pub(super) fn item(&self, number: usize) -> &'p PlannedItem {
        &self.plan.items[number]
    }

    /// Where something is that could not be read, to be compared.
    pub(super) fn take_unread(&self) -> Vec<TreePath> {
        std::mem::take(&mut *self.unread.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is in a file's place, where nothing of it need be written.
    pub(super) fn already_there(&self, number: usize) -> Option<Placed> {
        if self.item(number).step == PlannedStep::Make {
            return None;
        }
        match self.prepare(number) {
            Ok(Prepared::Done(placed)) => Some(*placed),
            _ => None,
        }
    }

    /// Which of these names of one file has its content already; the first where none has, or where they are names of one file there too.
    pub(super) fn first_there(&self, names: &[usize]) -> usize {
        let there = |number: &usize| {
            let item = self.item(*number);
            let is_compared = item.step == PlannedStep::Compare && !item.shares_name;
            is_compared.then(|| self.target.existing(&item.to).ok().flatten()).flatten().map(|there| there.identity)
        };
        let there: Vec<_> = names.iter().map(there).collect();
        if there.windows(2).all(|two| two[0] == two[1]) {
            return 0;
        }
        let has_it = |at: &usize| there[*at].is_some() && self.already_there(names[*at]).is_some();
        (0..names.len()).find(has_it).unwrap_or(0)
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
        // What has the name of an item that comes after another of that name is the other, or was in its place.
        let there = match item.step {
            _ if item.shares_name => None,
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
        let file = there.filter(|there| there.kind == ItemKind::File);
        let existing = file.and_then(|_| self.target.read_existing(&item.to).ok());
        if let Some(there) = file.filter(|there| there.size == *size) {
            match existing.as_ref().map(|existing| self.is_same(existing, &placed, holes)) {
                Some(Ok(true)) => return Ok(Prepared::Done(Box::new(self.target.keep_existing(&item.to, &there)))),
                Some(Ok(false)) => {}
                Some(Err(_)) | None => self.unread.lock().unwrap_or_else(PoisonError::into_inner).push(item.to.clone()),
            }
        }
        match self.same_beside(item, there.as_ref(), *size, &placed, holes) {
            Some(copy) => Ok(Prepared::Done(Box::new(copy))),
            None => Ok(Prepared::Write(placed, existing)),
        }
    }

    /// Where the file would be written beside what has its name: the copy of it that an earlier restore has put there.
    fn same_beside(
        &self,
        item: &PlannedItem,
        there: Option<&ExistingItem>,
        size: u64,
        placed: &[PlacedChunk],
        holes: &[chest_model::Hole],
    ) -> Option<Placed> {
        let stays =
            |there: &ExistingItem| self.request().existing == Existing::KeepBoth || there.kind == ItemKind::Folder;
        if !item.shares_name && !there.is_some_and(stays) {
            return None;
        }
        self.target.copies_beside(item.destination()).find_map(|(path, copy)| {
            let fits = copy.kind == ItemKind::File && copy.size == size;
            let existing = fits.then(|| self.target.read_existing(&path).ok()).flatten()?;
            self.is_same(&existing, placed, holes)
                .is_ok_and(|same| same)
                .then(|| self.target.keep_existing(&path, &copy))
        })
    }

    /// Fails where it cannot be read.
    fn is_same(
        &self,
        existing: &ExistingReader,
        placed: &[PlacedChunk],
        holes: &[chest_model::Hole],
    ) -> io::Result<bool> {
        for chunk in placed {
            if self.same_in(existing, chunk)?.is_none() {
                return Ok(false);
            }
        }
        for hole in holes {
            if !is_zero(existing, hole)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The chunk's plaintext, where the existing file holds it in the same place.
    fn same_in(&self, existing: &ExistingReader, chunk: &PlacedChunk) -> io::Result<Option<Vec<u8>>> {
        let mut plain = vec![0; chunk.length as usize];
        for piece in &chunk.pieces {
            if !read_exactly(existing, piece.offset, &mut plain[piece.part.clone()])? {
                return Ok(None);
            }
        }
        Ok((self.fetcher().index().domain.chunk_id(&plain) == chunk.id).then_some(plain))
    }
}

/// What a look at the target showed.
enum Prepared {
    /// Nothing to write.
    Done(Box<Placed>),
    /// These chunks, some of which the file in its place may have.
    Write(Vec<PlacedChunk>, Option<ExistingReader>),
}

/// `false` where the file ends before.
fn read_exactly(existing: &ExistingReader, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<bool> {
    while !buffer.is_empty() {
        match existing.read_at(offset, buffer)? {
            0 => return Ok(false),
            length => {
                buffer = &mut buffer[length..];
                offset += length as u64;
            }
        }
    }
    Ok(true)
}

fn is_zero(existing: &ExistingReader, hole: &chest_model::Hole) -> io::Result<bool> {
    let mut buffer = vec![0; (64 << 10).min(hole.length) as usize];
    let (mut at, end) = (hole.offset, hole.offset + hole.length);
    while at < end {
        // A hole may be longer than anybody can read.
        at = existing.next_data(at).min(end);
        let take = (end - at).min(buffer.len() as u64) as usize;
        if !read_exactly(existing, at, &mut buffer[..take])? || buffer[..take].iter().any(|&byte| byte != 0) {
            return Ok(false);
        }
        at += take as u64;
    }
    Ok(true)
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
