//! The threads of a backup: one walks, some read and compress, one or more send, and the caller's assembles in order. What is
//! ahead of the assembly is bounded, so that one huge file does not let the rest of the tree pile up in memory.

use super::BackupOptions;
use super::ahead::{Ahead, item_weight, read_weight};
use super::assemble::{Assembled, Assembler, may_hold_messages};
use super::handoff::Handoff;
use super::on_the_way::{Step, link_group, shares_content};
use super::read::ItemReader;
use crate::EngineError;
use chest_model::{Class, EntryKind, Environment, Monitor, Progress};
use chest_repo::RepoError;
use chest_repo::chunk::Chunker;
use chest_repo::local::{CacheReader, CachedEntry, Noticed};
use chest_repo::pack::PackClass;
use chest_repo::repository::{Batch, ChunkTools};
use chest_source::{ItemKind, Source, SourceItem};
use crossbeam_channel::{Receiver, Sender, bounded, select};
use std::ops::ControlFlow;

/// Files up to this length, nearly all, are read into a buffer of each thread's own.
const SMALL_FILE: usize = 1 << 20;

/// Something on its way, with its place in the walk and what it weighs there.
struct Numbered<T> {
    number: u64,
    weight: usize,
    what: T,
}

/// Backs up one source into a batch.
#[allow(clippy::too_many_arguments)]
pub(super) fn run_source(
    source: &dyn Source,
    batch: &Batch<'_>,
    chunker: &Chunker,
    cache: CacheReader,
    assembler: Assembler<'_, '_>,
    options: &BackupOptions,
    monitor: &dyn Monitor,
    environment: &dyn Environment,
) -> Result<Assembled, EngineError> {
    let ahead = Ahead::new(options.budget);
    let handoff = Handoff::new(chunker.max());
    let threads = options.threads.max(1);
    let (jobs, todo) = bounded::<Numbered<SourceItem>>(256);
    let (results, arrived) = bounded::<Numbered<Step>>(1024);
    let (stop, stopped) = bounded::<()>(0);
    std::thread::scope(|scope| {
        for _ in 0..options.uploads.max(1) {
            let stopped = stopped.clone();
            scope.spawn(move || batch.upload(&stopped));
        }
        for _ in 0..threads {
            let (todo, results, handoff, ahead) = (todo.clone(), results.clone(), &handoff, &ahead);
            scope.spawn(move || {
                let worked =
                    work(source, batch, chunker, handoff, ahead, options, monitor, environment, &todo, &results);
                if let Err(error) = worked {
                    fail(batch, error);
                }
            });
        }
        // The walker holds the last senders: when it ends, the workers end, and then the assembly.
        drop(todo);
        let walker = scope.spawn(|| {
            let (jobs, results) = (jobs, results);
            walk(source, batch, cache, &ahead, monitor, &jobs, &results)
        });
        let assembled = assemble(&arrived, assembler, &ahead, batch);
        // Nobody takes results any more: whoever still sends ends.
        drop(arrived);
        let walked = walker.join().unwrap_or(Err(EngineError::Repo(RepoError::Stopped)));
        drop(stop);
        // What stopped the walk comes first: the rest of the run has only stopped because of it.
        match walked {
            Err(error @ (EngineError::Interrupted | EngineError::Source(_))) => Err(error),
            _ if batch.has_failed() && monitor.cancelled() => Err(EngineError::Interrupted),
            _ if batch.has_failed() => Err(batch.stopped().into()),
            Err(error) => Err(error),
            Ok(()) => assembled,
        }
    })
}

/// Ends the run with an error of any kind.
fn fail(batch: &Batch<'_>, error: EngineError) {
    batch.fail(match error {
        EngineError::Repo(error) => error,
        _ => RepoError::Stopped,
    });
}

fn walk(
    source: &dyn Source,
    batch: &Batch<'_>,
    mut cache: CacheReader,
    ahead: &Ahead,
    monitor: &dyn Monitor,
    jobs: &Sender<Numbered<SourceItem>>,
    results: &Sender<Numbered<Step>>,
) -> Result<(), EngineError> {
    let mut number = 0;
    let mut cancelled = false;
    let class = source.description().class;
    source.walk(&mut |item| {
        if monitor.cancelled() {
            cancelled = true;
        }
        if cancelled || batch.has_failed() {
            return ControlFlow::Break(());
        }
        let bytes = item.fingerprint.size;
        let is_file = matches!(item.kind, ItemKind::File { .. });
        monitor.progress(Progress::Found { items: 1, bytes: if is_file { bytes } else { 0 } });
        let cached = cache.find(&item.path).filter(|cached| !is_of_unknown_age(cached, class));
        let cached = unchanged(&item, cached, batch);
        let weight = item_weight(&item, cached.as_deref());
        ahead.admit(number, weight, batch);
        let sent = match cached {
            Some(cached) => {
                monitor.progress(Progress::Done { items: 0, bytes: if is_file { bytes } else { 0 } });
                results.send(Numbered { number, weight, what: Step::Unchanged(item, cached) }).is_ok()
            }
            None if is_further_link(&item) => {
                monitor.progress(Progress::Done { items: 0, bytes });
                results.send(Numbered { number, weight, what: Step::Link(item) }).is_ok()
            }
            None => jobs.send(Numbered { number, weight, what: item }).is_ok(),
        };
        number += 1;
        if sent { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if cancelled {
        batch.fail(RepoError::Stopped);
        return Err(EngineError::Interrupted);
    }
    Ok(())
}

/// The cached entry, where the item looks as it did and everything it needs is still stored.
fn unchanged(item: &SourceItem, cached: Option<CachedEntry>, batch: &Batch<'_>) -> Option<Box<CachedEntry>> {
    let cached =
        cached.filter(|cached| item.looks_like(&cached.fingerprint) && same_kind(&item.kind, &cached.entry.kind))?;
    if is_further_link(item) {
        return None;
    }
    let lists = cached.entry.large_xattrs.iter().map(|(_, list)| list);
    let content = match &cached.entry.kind {
        EntryKind::File { link_group: stored, .. } | EntryKind::Symlink { link_group: stored, .. }
            if *stored != link_group(item, batch) =>
        {
            return None;
        }
        EntryKind::File { chunks, .. } => Some(chunks),
        _ => None,
    };
    let mut ids = lists.chain(content).flat_map(|list| list.chunks.iter().map(|(id, _)| id)).chain(&cached.reached);
    ids.all(|id| batch.is_known(id)).then(|| Box::new(cached))
}

/// It was last read as something else than e-mail, and nobody has looked for how old what is in it is.
fn is_of_unknown_age(cached: &CachedEntry, class: Class) -> bool {
    let Noticed { newest, sought_newest, .. } = cached.noticed;
    class == Class::Email && newest.is_none() && !sought_newest && may_hold_messages(&cached.entry)
}

/// A further hard link of a file takes its content from the first one.
fn is_further_link(item: &SourceItem) -> bool {
    shares_content(item) && item.first_link.as_ref().is_some_and(|first| *first != item.path)
}

fn same_kind(item: &ItemKind, entry: &EntryKind) -> bool {
    match (item, entry) {
        (ItemKind::File { size }, EntryKind::File { size: stored, .. }) => size == stored,
        (ItemKind::Symlink { target }, EntryKind::Symlink { target: stored, .. }) => target == stored,
        (ItemKind::CharacterDevice { device }, EntryKind::CharacterDevice { device: stored })
        | (ItemKind::BlockDevice { device }, EntryKind::BlockDevice { device: stored }) => device == stored,
        (ItemKind::Directory, EntryKind::Directory)
        | (ItemKind::Fifo, EntryKind::Fifo)
        | (ItemKind::Socket, EntryKind::Socket) => true,
        _ => false,
    }
}

#[allow(clippy::too_many_arguments)]
fn work(
    source: &dyn Source,
    batch: &Batch<'_>,
    chunker: &Chunker,
    handoff: &Handoff,
    ahead: &Ahead,
    options: &BackupOptions,
    monitor: &dyn Monitor,
    environment: &dyn Environment,
    todo: &Receiver<Numbered<SourceItem>>,
    results: &Sender<Numbered<Step>>,
) -> Result<(), EngineError> {
    let _guard = batch.fail_on_panic();
    let tools = ChunkTools::new(options.level)?;
    let buffer = vec![0; SMALL_FILE];
    let class = source.description().class;
    let mut reader = ItemReader { batch, chunker, handoff, monitor, environment, class, tools, buffer };
    loop {
        select! {
            recv(todo) -> job => {
                let Ok(Numbered { number, weight: listed, what: item }) = job else { break };
                let read = reader.read(source, item)?;
                let weight = read_weight(&read).max(listed);
                ahead.grow(number, weight - listed, batch);
                if results.send(Numbered { number, weight, what: Step::Read(Box::new(read)) }).is_err() {
                    return Ok(());
                }
            }
            recv(handoff.receiver) -> chunk => {
                let Ok((id, plain)) = chunk else { break };
                batch.add(PackClass::Data, id, &plain, &mut reader.tools)?;
            }
        }
    }
    Ok(())
}

fn assemble(
    arrived: &Receiver<Numbered<Step>>,
    mut assembler: Assembler<'_, '_>,
    ahead: &Ahead,
    batch: &Batch<'_>,
) -> Result<Assembled, EngineError> {
    let mut early = std::collections::BTreeMap::new();
    let mut next = 0;
    for Numbered { number, weight, what } in arrived {
        early.insert(number, (weight, what));
        while let Some((weight, step)) = early.remove(&next) {
            if let Err(error) = assembler.take(step) {
                fail(batch, error);
                return Err(RepoError::Stopped.into());
            }
            next += 1;
            ahead.passed(weight);
        }
        if batch.has_failed() {
            return Err(RepoError::Stopped.into());
        }
    }
    assembler.finish()
}
