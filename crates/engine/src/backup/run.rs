//! One backup from the first look to the last: drives the writer's protocol and does what it asks for.

use super::assemble::{Assembled, Assembler};
use super::exceptions::Exceptions;
use super::hashes::ExportHashes;
use super::judgement::{Judgement, judge};
use super::next_cache::NextCache;
use super::pipeline::run_source;
use super::{BackupOptions, BackupOutcome, ClassOutcome};
use crate::{Context, EngineError};
use chest_model::{
    Amount, Class, Completeness, ExceptionKind, Phase, Progress, RootDescription, Timestamp, TreePath,
    UnreadableReason, WriterId,
};
use chest_repo::chunk::Chunker;
use chest_repo::history::{
    HistoryError, LogHistory, OnNewer, OwnerHistory, OwnerTrust, Verdict, WriterEvent, WriterMachine, WriterOperation,
};
use chest_repo::layout::{LOG, OWNER, PACKS, Place, SLOTS, index_prefix, log_prefix};
use chest_repo::local::{Baseline, CacheReader, Journal, LocalFolder, LocalKey, Seen, WriterFile};
use chest_repo::record::{ClassCount, NoteRoot, RecordRef, SnapshotBody, SnapshotRoot, Statistics, WriterNote};
use chest_repo::repository::{
    Batch, BatchOptions, ChunkTools, Known, LookAhead, Proven, RecordedRun, RunRecord, Stored, read_slots,
    refuse_broken_off, repository_ids,
};
use chest_repo::{ObjectError, RepoError};
use chest_source::{Source, SourceError};
use chest_store::ObjectStore;
use std::collections::{BTreeMap, BTreeSet};

/// How many rounds a run makes where packs are condemned meanwhile.
const ROUNDS: usize = 4;

/// Backs up the sources into one snapshot.
pub fn backup(
    context: &Context<'_>,
    sources: &[Box<dyn Source>],
    options: &BackupOptions,
) -> Result<BackupOutcome, EngineError> {
    check_sources(sources)?;
    let options = &for_store(options, &*context.store);
    let proven = Proven::default();
    let first = LookAhead::look(context.store.clone(), &[OWNER, SLOTS], &proven).map_err(RepoError::from)?;
    let (state, writer) = enrolled(context, &first)?;
    // Read a second time, so that a key spoilt in memory is found before anything is sealed to it.
    let writer_again = WriterFile::load(&state)?.ok_or(EngineError::NotEnrolled)?;
    let _lock = state.lock()?.ok_or_else(|| EngineError::Busy(state.file("lock")))?;
    let local_key = LocalKey::of_writer(&writer.key);
    let run = Run { context, sources, options, state, writer, writer_again, local_key, proven };
    let mut look = Some(first);
    for _ in 0..ROUNDS {
        if let Some(outcome) = run.round(look.take())? {
            return Ok(outcome);
        }
    }
    Err(EngineError::NoQuietMoment)
}

/// More than one pack on its way at a time, where the store lies at the end of a line.
fn for_store(options: &BackupOptions, store: &dyn ObjectStore) -> BackupOptions {
    const MOST: usize = 4;
    BackupOptions { uploads: options.uploads.max(store.requests_at_once().large.min(MOST)), ..options.clone() }
}

/// This machine's key for the repository. Where several say that they begin here, it is the one that this machine knows.
fn enrolled(context: &Context<'_>, look: &LookAhead) -> Result<(LocalFolder, WriterFile), EngineError> {
    refuse_broken_off(look)?;
    let ids = repository_ids(look)?;
    let begins = !ids.is_empty();
    for repository in ids {
        let state = context.state(repository);
        if let Some(writer) = WriterFile::load(&state)? {
            return Ok((state, writer));
        }
    }
    match OwnerHistory::damaged_beginning(look)? {
        Some(damaged) => Err(damaged.into()),
        // Whether this computer may back up is not the question where nobody can tell to what.
        None if !begins => Err(HistoryError::NoGenesis.into()),
        None => Err(EngineError::NotEnrolled),
    }
}

fn check_sources(sources: &[Box<dyn Source>]) -> Result<(), EngineError> {
    if sources.is_empty() {
        return Err(EngineError::NothingToBackUp);
    }
    let mut labels = BTreeSet::new();
    for source in sources {
        let label = &source.description().label;
        let shown = || chest_model::shown(label);
        if label.len() > RootDescription::LONGEST_LABEL || TreePath::root().child(label).is_err() {
            return Err(EngineError::BadLabel(shown()));
        }
        if !labels.insert(label.clone()) {
            return Err(EngineError::SameRootTwice(shown()));
        }
    }
    Ok(())
}

struct Run<'c> {
    context: &'c Context<'c>,
    sources: &'c [Box<dyn Source>],
    options: &'c BackupOptions,
    state: LocalFolder,
    writer: WriterFile,
    writer_again: WriterFile,
    local_key: LocalKey,
    /// Records that were read in an earlier look need not be read again.
    proven: Proven,
}

/// What a round has gathered so far.
#[derive(Default)]
struct Round<'c> {
    /// `owner/` and slots as the run began.
    start: Option<LookAhead>,
    /// Logs, index and packs, listed after `owner/`.
    stored: Option<LookAhead>,
    owner: Option<OwnerHistory>,
    log: Option<LogHistory>,
    work: Option<Work<'c>>,
    recorded: Option<RecordedRun>,
}

/// What was backed up and put.
struct Work<'c> {
    batch: Batch<'c>,
    stored: Stored,
    roots: Vec<Assembled>,
    stored_before: Vec<RootDescription>,
    hashes: ExportHashes<'c>,
    started: Timestamp,
    ended: Timestamp,
    notes: Vec<WriterNote>,
    packs_taken_over: u64,
    had_cache: bool,
    lost_objects: Vec<(String, ObjectError)>,
    judgement: Judgement,
    troubles: Troubles,
}

impl Run<'_> {
    /// One round of the protocol; `None` where another is needed.
    fn round(&self, first: Option<LookAhead>) -> Result<Option<BackupOutcome>, EngineError> {
        let seen = Seen::load(&self.state, &Seen::name_for_writer(self.writer.key.writer()), &self.local_key)?;
        let own = self.writer.key.writer();
        let seen_log = seen.logs.get(&own).cloned().unwrap_or_default();
        // Another run may have ended between that look and the lock: it has noted decisions that only a look of now can show.
        let start = first.filter(|look| shows(look, &seen.owner));
        let (mut machine, mut operation) = WriterMachine::new(own, seen.owner, seen_log);
        let mut round = Round { start, ..Round::default() };
        self.begin(Phase::Opening);
        loop {
            let event = match operation {
                WriterOperation::ListOwner => WriterEvent::Owner(self.list_owner(&mut round)?),
                WriterOperation::ListOwnLog => WriterEvent::OwnLog(self.list_own_log(&mut round)?),
                WriterOperation::Store { condemned } => {
                    self.context.monitor.progress(Progress::End);
                    self.store(&mut round, &condemned)?;
                    self.begin(Phase::Committing);
                    WriterEvent::Stored
                }
                WriterOperation::Record { parents, owner_heads } => {
                    WriterEvent::Recorded(self.record(&mut round, parents, owner_heads)?)
                }
                WriterOperation::Finish(Verdict::Saved) => {
                    let outcome = self.finish(round)?;
                    self.context.monitor.progress(Progress::End);
                    return Ok(Some(outcome));
                }
                WriterOperation::Finish(Verdict::Again) => return Ok(None),
                WriterOperation::Finish(Verdict::Refused(error)) => return Err(self.refused(&round, error)),
            };
            operation = machine.step(event);
        }
    }

    /// Why the round is not saved. Of a record that this very run has sent and that does not show, no history is missing.
    fn refused(&self, round: &Round<'_>, error: HistoryError) -> EngineError {
        let own = self.writer.key.writer();
        let sent = round.recorded.map(|recorded| Place::Log(own, recorded.record).name().to_string());
        match (error, &round.owner) {
            (HistoryError::SeenBeforeMissing { missing }, _) if sent.as_ref() == Some(&missing) => {
                RepoError::NotThere(missing).into()
            }
            (error, owner) => {
                let error = round.log.as_ref().map_or(error.clone(), |log| log.explain(error));
                owner.as_ref().map_or(error.clone(), |owner| owner.explain(error)).into()
            }
        }
    }

    fn begin(&self, phase: Phase) {
        self.context.monitor.progress(Progress::Begin { phase, items: 0, bytes: 0 });
    }

    fn list_owner(&self, round: &mut Round<'_>) -> Result<chest_repo::history::OwnerView, EngineError> {
        let trust = OwnerTrust::Enrolled { genesis: self.writer.genesis, owner_key: self.writer.owner_key };
        // The look that began the run is the first; every later one asks the store again.
        let look = match round.start.take().filter(|_| round.owner.is_none()) {
            Some(first) => first,
            None => self.look(&[OWNER, SLOTS])?,
        };
        let owner = OwnerHistory::read(&look, trust, OnNewer::Refuse)?;
        round.start = Some(look);
        owner.check_reader(&self.writer.reader)?;
        let grant = owner.writers().get(&self.writer.key.writer()).copied();
        if grant.is_none_or(|grant| grant.key != self.writer.key.public()) {
            return Err(owner.explain(self.why_not_enrolled(&owner)?).into());
        }
        owner.configuration().check_writable().map_err(|problem| EngineError::object("the configuration", problem))?;
        let view = owner.view();
        round.owner = Some(owner);
        Ok(view)
    }

    /// Where this machine has seen a decision of the owner's that is gone, that decision may be its enrolment.
    fn why_not_enrolled(&self, owner: &OwnerHistory) -> Result<HistoryError, EngineError> {
        let seen = Seen::load(&self.state, &Seen::name_for_writer(self.writer.key.writer()), &self.local_key)?;
        let gone = seen.owner.iter().find(|record| !owner.chain().contains(record));
        Ok(gone.map_or(HistoryError::NotEnrolled, |record| HistoryError::SeenBeforeMissing {
            missing: Place::Owner(*record).name().to_string(),
        }))
    }

    fn list_own_log(&self, round: &mut Round<'_>) -> Result<chest_repo::history::LogView, EngineError> {
        let owner = round.owner.as_ref().ok_or(HistoryError::OutOfOrder)?;
        let grant = owner.writers().get(&self.writer.key.writer()).copied().ok_or(HistoryError::NotEnrolled)?;
        let own = self.writer.key.writer();
        let look = match round.recorded {
            None => self.look(&[LOG, &index_prefix(own), PACKS])?,
            Some(_) => self.look(&[&log_prefix(own)])?,
        };
        let log = LogHistory::read(&look, owner, &grant, OnNewer::Refuse)?;
        let view = log.view();
        // The note and numbers of the new record follow from the log as it was when the run began.
        if round.recorded.is_none() {
            round.log = Some(log);
            round.stored = Some(look);
        }
        Ok(view)
    }

    fn look(&self, prefixes: &[&str]) -> Result<LookAhead, EngineError> {
        Ok(LookAhead::look(self.context.store.clone(), prefixes, &self.proven).map_err(RepoError::from)?)
    }

    fn store<'c>(
        &'c self,
        round: &mut Round<'c>,
        condemned: &BTreeSet<chest_model::ObjectHash>,
    ) -> Result<(), EngineError> {
        let context = self.context;
        let (Some(owner), Some(log), Some(start), Some(look)) = (&round.owner, &round.log, &round.start, &round.stored)
        else {
            return Err(HistoryError::OutOfOrder.into());
        };
        let configuration = owner.configuration().clone();
        self.begin(Phase::LoadingIndex);
        let recovery = Journal::recover(&self.state, &self.local_key)?;
        let mut known = Known::read(look, &self.writer, log, condemned, recovery)?;
        let notes = std::mem::take(&mut known.notes);
        let mut lost_objects = std::mem::take(&mut known.lost);
        lost_objects.extend(lost_slots(start, owner)?);
        let packs_taken_over = known.adopted_packs() as u64;
        context.monitor.progress(Progress::End);
        let options = BatchOptions {
            store: &*context.store,
            writer: &self.writer,
            writer_again: &self.writer_again,
            configuration: configuration.clone(),
            environment: context.environment,
            monitor: context.monitor,
            folder: &self.state,
            local_key: &self.local_key,
            packs_in_flight: self.packs_in_flight(configuration.pack_len),
        };
        let batch = Batch::begin(options, known)?;
        self.begin(Phase::BackingUp);
        let started = context.environment.now();
        let SourcesRead { mut roots, stored_before, had_cache, hashes } =
            self.read_sources(&batch, configuration.chunker)?;
        let ended = context.environment.now();
        context.monitor.progress(Progress::End);
        if let Some(error) = nothing_read(&roots) {
            return Err(error.into());
        }
        let stored = batch.finish(&mut ChunkTools::new(self.options.level)?)?;
        let mut troubles = Troubles::default();
        troubles.note(hashes.keep(std::iter::empty()));
        let baseline = troubles.note(Baseline::load(&self.state, &self.local_key)).flatten();
        let has_past = !log.chain().heads().is_empty();
        let judgement = judge(&mut roots, baseline, has_past, self.options);
        round.work = Some(Work {
            batch,
            stored,
            roots,
            stored_before,
            hashes,
            started,
            ended,
            notes,
            packs_taken_over,
            had_cache,
            lost_objects,
            judgement,
            troubles,
        });
        Ok(())
    }

    /// Half of the budget is for packs, the other half for what is read and waits for its pack. A line wants one pack more:
    /// two on their way keep it busy while a third is sealed.
    fn packs_in_flight(&self, pack_len: u64) -> usize {
        let share = if self.options.uploads > 1 { self.options.budget / 4 * 3 } else { self.options.budget / 2 };
        let fitting = share / pack_len;
        usize::try_from(fitting)
            .unwrap_or(usize::MAX)
            .clamp(2, self.options.uploads.max(1) + self.options.threads.max(1))
    }

    fn read_sources(
        &self,
        batch: &Batch<'_>,
        parameters: chest_repo::chunk::ChunkerParameters,
    ) -> Result<SourcesRead<'_>, EngineError> {
        let context = self.context;
        let chunker = Chunker::new(parameters, batch.domain());
        let cache_folder = context.cache(self.writer.key.repository());
        let (mut roots, mut stored_before, mut had_cache) = (Vec::new(), Vec::new(), true);
        let hashes = ExportHashes::load(&cache_folder, &self.local_key, context.environment);
        for source in self.sources {
            let description = source.description();
            if hashes.were_stored(&**source) {
                stored_before.push(description.clone());
                continue;
            }
            let cache = CacheReader::open(&cache_folder, &description.label, &self.local_key);
            had_cache &= cache.is_there() || source.is_wanted_once();
            let next_cache = NextCache::begin(&cache_folder, &description.label, &self.local_key);
            let tools = ChunkTools::new(self.options.level)?;
            let assembler = Assembler::new(batch, tools, next_cache, context.environment, context.monitor, description);
            let mut assembled = run_source(
                &**source,
                batch,
                &chunker,
                cache,
                assembler,
                self.options,
                context.monitor,
                context.environment,
            )?;
            assembled.outcome.passed_over = source.passed_over();
            assembled.outcome.containers = source.containers(&hashes.begin());
            assembled.outcome.newest_content = assembled.outcome.newest_message.or_else(|| {
                // When a mailbox was written into an export says nothing of how old what it holds is.
                let tells = source.description().class != Class::Email || !assembled.holds_mail;
                tells.then(|| source.newest_content()).flatten()
            });
            assembled.found.is_export = !assembled.outcome.containers.is_empty();
            if assembled.found.is_export {
                assembled.outcome.folders_not_remembered = assembled.found.folders.beyond();
            }
            assembled.outcome.is_once = source.is_wanted_once();
            if assembled.exceptions.leave_nothing_to_be_had() {
                assembled.known_by = source.known_by(&hashes.begin());
            }
            source.release();
            roots.push(assembled);
        }
        Ok(SourcesRead { roots, stored_before, had_cache, hashes })
    }

    fn record(
        &self,
        round: &mut Round<'_>,
        parents: Vec<RecordRef>,
        owner_heads: Vec<RecordRef>,
    ) -> Result<RecordRef, EngineError> {
        let (Some(owner), Some(log), Some(look), Some(work)) = (&round.owner, &round.log, &round.stored, &round.work)
        else {
            return Err(HistoryError::OutOfOrder.into());
        };
        let exceptions = Exceptions::of_all(work.roots.iter().map(|root| &root.exceptions));
        let partial = partial_classes(work);
        let run = RunRecord {
            parents,
            owner_heads,
            started: work.started,
            ended: work.ended,
            completeness: completeness(partial.is_empty()),
            partial_classes: partial.iter().map(|class| 1 << class.number()).sum(),
            other_heads: self.other_heads(owner, look)?,
            note: self.note(work, &partial),
            body: self.body(work, exceptions, owner),
        };
        let recorded = work.batch.record(run, &work.stored, log)?;
        round.recorded = Some(recorded);
        Ok(recorded.record)
    }

    fn note(&self, work: &Work<'_>, partial: &BTreeSet<Class>) -> WriterNote {
        let mut last = last_complete(&work.notes);
        let now = class_counts(&work.roots);
        last.extend(now.into_iter().filter(|(_, count)| !partial.contains(&count.class)));
        let roots = work
            .roots
            .iter()
            .map(|root| NoteRoot { label: root.outcome.description.label.clone(), tree: root.root })
            .collect();
        WriterNote { live_index: Vec::new(), last_complete: last.into_values().collect(), roots }
    }

    fn body(&self, work: &Work<'_>, exceptions: Exceptions, owner: &OwnerHistory) -> SnapshotBody {
        let roots = work
            .roots
            .iter()
            .map(|root| SnapshotRoot {
                description: root.outcome.description.clone(),
                tree: root.root,
                location: None,
                files: root.outcome.files,
                bytes: root.outcome.bytes,
                containers: root.outcome.containers.clone(),
                newest_content: root.outcome.newest_content,
                forerunner: root.forerunner.clone(),
            })
            .collect();
        SnapshotBody {
            roots,
            exception_count: exceptions.count(),
            exceptions: exceptions.into_listed(),
            host: self.context.environment.host_name(),
            reason: self.options.reason.clone(),
            chunker: owner.configuration().chunker,
            program: self.options.program.clone(),
            statistics: Statistics {
                files_read: work.roots.iter().map(|root| root.files_read).sum(),
                bytes_read: work.roots.iter().map(|root| root.bytes_read).sum(),
                chunks_added: work.stored.chunks,
                bytes_sent: work.stored.bytes,
            },
            doubts: work.judgement.doubts.clone(),
        }
    }

    /// The newest record of every other live chain, as they were when the run began.
    fn other_heads(&self, owner: &OwnerHistory, look: &LookAhead) -> Result<Vec<(WriterId, RecordRef)>, EngineError> {
        let revoked = owner.view().revoked;
        let mut heads = Vec::new();
        for (writer, grant) in owner.writers() {
            if writer != self.writer.key.writer() && !revoked.contains(&writer) {
                let log = LogHistory::read(look, owner, &grant, OnNewer::Refuse)?;
                heads.extend(log.chain().heads().last().map(|head| (writer, *head)));
            }
        }
        Ok(heads)
    }

    /// The record is safe: journal, caches and what was seen follow. What goes wrong now makes no backup undone.
    fn finish(&self, round: Round<'_>) -> Result<BackupOutcome, EngineError> {
        let (Some(owner), Some(work), Some(recorded)) = (round.owner, round.work, round.recorded) else {
            return Err(HistoryError::OutOfOrder.into());
        };
        if let Some(log) = &round.log {
            super::copies::complete(&self.context.store, &owner, log);
        }
        let next_baseline = work.judgement.next_baseline(&work.roots, work.ended);
        let baseline_kept = next_baseline.store(&self.state, &self.local_key, self.context.environment);
        let classes = class_outcomes(&work);
        let Work {
            batch,
            stored,
            mut roots,
            stored_before,
            hashes,
            ended,
            packs_taken_over,
            had_cache,
            lost_objects,
            judgement: Judgement { doubts, left_out, had_no_baseline, .. },
            mut troubles,
            ..
        } = work;
        troubles.note(baseline_kept);
        troubles.note(batch.end_journal());
        troubles.note(hashes.keep(roots.iter().filter_map(|root| root.known_by.as_deref())));
        for root in &mut roots {
            if let Some(cache) = root.cache.take() {
                troubles.note(cache.finish(self.context.environment));
            }
        }
        let own = self.writer.key.writer();
        let logs = BTreeMap::from([(own, vec![recorded.record])]);
        let seen = Seen { owner: owner.chain().heads(), logs };
        let name = Seen::name_for_writer(own);
        troubles.note(seen.store(&self.state, &name, &self.local_key, self.context.environment));
        let repository = self.writer.key.repository();
        let exceptions = Exceptions::of_all(roots.iter().map(|root| &root.exceptions));
        Ok(BackupOutcome {
            repository,
            writer: own,
            snapshot: recorded.record.hash,
            completeness: completeness(classes.iter().all(|one| one.completeness == Completeness::Complete)),
            classes,
            started: recorded.started,
            ended: recorded.ended,
            clock_behind: (recorded.ended > ended).then_some(ended),
            files_read: roots.iter().map(|root| root.files_read).sum(),
            bytes_read: roots.iter().map(|root| root.bytes_read).sum(),
            files_unchanged: roots.iter().map(|root| root.files_unchanged).sum(),
            chunks_added: stored.chunks,
            bytes_sent: stored.bytes + recorded.bytes,
            packs_taken_over,
            had_cache,
            lost_objects,
            not_kept: troubles.0,
            items_unread: exceptions.unread(),
            items_changed: exceptions.changed(),
            exceptions: exceptions.into_listed(),
            doubts,
            left_out,
            had_no_baseline,
            head_words: crate::init::head_words(repository, &recorded.record.hash),
            roots: roots.into_iter().map(|root| root.outcome).collect(),
            stored_before,
        })
    }
}

/// What has been read.
struct SourcesRead<'r> {
    roots: Vec<Assembled>,
    /// What was passed over.
    stored_before: Vec<RootDescription>,
    had_cache: bool,
    hashes: ExportHashes<'r>,
}

/// What went wrong with what this computer keeps for itself, of which no backup depends.
#[derive(Default)]
struct Troubles(Vec<String>);

impl Troubles {
    fn note<T>(&mut self, kept: Result<T, RepoError>) -> Option<T> {
        kept.map_err(|error| self.0.push(error.to_string())).ok()
    }
}

/// Whether it lists all these decisions.
fn shows(look: &LookAhead, decisions: &[RecordRef]) -> bool {
    let listed = look.list(OWNER).unwrap_or_default();
    decisions.iter().all(|decision| listed.iter().any(|one| one.name == Place::Owner(*decision).name()))
}

/// Key slots that are missing or damaged: without any of them nobody can ever read what is being backed up.
fn lost_slots(store: &dyn ObjectStore, owner: &OwnerHistory) -> Result<Vec<(String, ObjectError)>, EngineError> {
    let (intact, mut lost) = read_slots(store)?;
    for slot in owner.live_slots() {
        let name = Place::Slot(slot.id, slot.hash).name().to_string();
        if intact.iter().all(|(there, _)| *there != name) && lost.iter().all(|(there, _)| *there != name) {
            lost.push((name, ObjectError::Missing));
        }
    }
    Ok(lost)
}

fn completeness(is_complete: bool) -> Completeness {
    if is_complete { Completeness::Complete } else { Completeness::Partial }
}

/// What the last complete run of each class held, by the class's number.
fn last_complete(notes: &[WriterNote]) -> BTreeMap<u8, ClassCount> {
    notes.iter().flat_map(|note| &note.last_complete).map(|count| (count.class.number(), *count)).collect()
}

/// What these roots hold, class by class.
fn class_counts(roots: &[Assembled]) -> BTreeMap<u8, ClassCount> {
    let mut counts: BTreeMap<u8, ClassCount> = BTreeMap::new();
    for root in roots {
        let class = root.outcome.description.class;
        let count = counts.entry(class.number()).or_insert(ClassCount { class, files: 0, bytes: 0 });
        count.files += root.outcome.files;
        count.bytes += root.outcome.bytes;
    }
    counts
}

/// Where nothing that was named could be read, the run has failed: a record of it would look like a backup.
fn nothing_read(roots: &[Assembled]) -> Option<SourceError> {
    let first = |root: &Assembled| root.exceptions.of_whole_root().cloned();
    let failures: Option<Vec<_>> = roots.iter().map(first).collect();
    let (failure, root) = failures?.into_iter().zip(roots).next()?;
    let path = chest_model::shown(&root.outcome.description.native_path);
    match failure.kind {
        ExceptionKind::Unreadable(UnreadableReason::Vanished) => Some(SourceError::NotFound { path }),
        ExceptionKind::Unreadable(reason) => Some(SourceError::Unreadable { path, reason, message: failure.message }),
        ExceptionKind::ChangedWhileRead => None,
    }
}

/// The classes of which some root is.
fn partial_classes(work: &Work<'_>) -> BTreeSet<Class> {
    let partial = work.roots.iter().filter(|root| work.judgement.is_partial(root));
    partial.map(|root| root.outcome.description.class).chain(work.judgement.classes_of_vanished()).collect()
}

fn class_outcomes(work: &Work<'_>) -> Vec<ClassOutcome> {
    let partial = partial_classes(work);
    let outcome = |count: ClassCount| ClassOutcome {
        class: count.class,
        completeness: completeness(!partial.contains(&count.class)),
        held: Amount { files: count.files, bytes: count.bytes },
    };
    class_counts(&work.roots).into_values().map(outcome).collect()
}
