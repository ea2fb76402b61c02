//! One backup from the first look to the last: drives the writer's protocol and does what it asks for.

use super::guard::judge;
use super::read_sources::{Reading, SourcesRead, check_sources, nothing_read};
use super::work::{Troubles, Work};
use super::{BackupOptions, BackupOutcome};
use crate::{Context, EngineError};
use chest_model::{Phase, Progress};
use chest_repo::history::{
    HistoryError, LogHistory, OnNewer, OwnerHistory, OwnerTrust, Verdict, WriterEvent, WriterMachine, WriterOperation,
};
use chest_repo::layout::{LOG, OWNER, PACKS, Place, SLOTS, index_prefix, log_prefix};
use chest_repo::local::{Baseline, Journal, LocalFolder, LocalKey, Seen, WriterFile};
use chest_repo::record::RecordRef;
use chest_repo::repository::{
    Batch, BatchOptions, ChunkTools, Known, LookAhead, Proven, RecordedRun, read_slots, refuse_broken_off,
    repository_ids,
};
use chest_repo::{ObjectError, RepoError};
use chest_source::Source;
use chest_store::ObjectStore;
use std::collections::BTreeSet;

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

/// What a run works with.
pub(super) struct Run<'c> {
    pub(super) context: &'c Context<'c>,
    pub(super) sources: &'c [Box<dyn Source>],
    pub(super) options: &'c BackupOptions,
    pub(super) state: LocalFolder,
    pub(super) writer: WriterFile,
    pub(super) writer_again: WriterFile,
    pub(super) local_key: LocalKey,
    /// Records that were read in an earlier look need not be read again.
    pub(super) proven: Proven,
}

/// What a round has gathered so far.
#[derive(Default)]
pub(super) struct Round<'c> {
    /// `owner/` and slots as the run began.
    pub(super) start: Option<LookAhead>,
    /// Logs, index and packs, listed after `owner/`.
    pub(super) stored: Option<LookAhead>,
    pub(super) owner: Option<OwnerHistory>,
    pub(super) log: Option<LogHistory>,
    pub(super) work: Option<Work<'c>>,
    pub(super) recorded: Option<RecordedRun>,
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
        let reading = Reading {
            context,
            options: self.options,
            local_key: &self.local_key,
            cache_folder: context.cache(self.writer.key.repository()),
            parameters: configuration.chunker,
        };
        let SourcesRead { mut roots, stored_before, had_cache, hashes } = reading.read(self.sources, &batch)?;
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
