//! Enrolling a machine: the owner's record that it may write, and the writer file that it keeps. One that has backed up before, and
//! has lost its key or cannot go on with it, takes up what it stored then, so that nothing is sent again.

use crate::{Context, EngineError, Opened};
use chest_model::{ObjectHash, Phase, Progress, Timestamp, WriterId};
use chest_repo::RepoError;
use chest_repo::history::{
    HistoryError, LogHistory, OnNewer, OwnerHistory, OwnerTrust, Verdict, WriterEvent, WriterMachine, WriterOperation,
};
use chest_repo::index::IndexedPack;
use chest_repo::keys::{DomainId, MasterKey, WriterKey};
use chest_repo::layout::{LOG, Place, log_prefix};
use chest_repo::local::{Baseline, Journal, LocalFolder, LocalKey, Seen, WriterFile};
use chest_repo::record::{OwnerBody, WriterGrant};
use chest_repo::repository::{LookAhead, Proven, ReaderSession, Snapshot, append_decision, fresh};
use chest_repo::slot::Credential;
use std::collections::BTreeSet;

/// What a machine begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// With what a machine of its name has stored, if there was one: every chunk of that is read and proven first, so that
    /// nothing which somebody else has slipped in is ever relied on.
    WhereItLeftOff,
    /// With a chunk domain of its own and nothing stored: after a theft, or where reading everything is dearer than sending it.
    Afresh,
}

/// What was enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolOutcome {
    /// This machine's id in the repository.
    pub writer: WriterId,
    /// Whether it was enrolled already.
    pub already: bool,
    /// What it has taken up.
    pub inherited: Option<Inherited>,
    /// The record for want of which it could not go on with the key that it had.
    pub gave_up: Option<String>,
    /// A record that this machine has seen before, and that the state which was accepted lacks.
    pub accepted_without: Option<String>,
    /// What the clock said, where the last backup of a machine of this name is later than that: what is backed up now is later still.
    pub clock_behind: Option<Timestamp>,
}

/// What a machine has taken up of what one of its name stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inherited {
    /// The name of both.
    pub host: String,
    /// When the other's last backup ended.
    pub last_backup: Timestamp,
    /// Packs that need not be sent again.
    pub packs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packs that are missing or damaged: what is needed of them is sent again.
    pub left_out: Vec<String>,
}

/// Enrols this machine. Refuses where what this machine has seen before is gone: an older state may be shown.
pub fn enrol(
    context: &Context<'_>,
    credential: &Credential,
    beginning: Beginning,
) -> Result<EnrolOutcome, EngineError> {
    // As a check opens it: neither what is damaged nor what hides backups stands in the way.
    let opened = Opened::open_to_check(context, credential)?.uncontradicted()?;
    Enrolment { context, opened, beginning, is_older_accepted: false }.run()
}

/// The same where that state is to be the one that counts, because a newer one is lost: what is shown now is all that this machine
/// will have seen.
pub fn enrol_in_older_state(
    context: &Context<'_>,
    credential: &Credential,
    beginning: Beginning,
) -> Result<EnrolOutcome, EngineError> {
    let mut opened = Opened::open_to_check(context, credential)?;
    let contradiction = opened.contradiction.take();
    let enrolment = Enrolment { context, opened, beginning, is_older_accepted: true };
    let mut outcome = enrolment.run()?;
    if let Some(HistoryError::SeenBeforeMissing { missing }) = contradiction {
        enrolment.opened.take_for_newest(context)?;
        outcome.accepted_without = Some(missing);
    }
    Ok(outcome)
}

struct Enrolment<'c> {
    context: &'c Context<'c>,
    opened: Opened,
    beginning: Beginning,
    is_older_accepted: bool,
}

/// How a machine stands with the key that it has.
enum Standing {
    /// It may back up.
    GoesOn(WriterId),
    /// It has none that counts here.
    HasNone,
    /// It would be refused for want of this record of its own.
    Lacks(WriterId, String),
}

/// The key that a machine has, and what was noted when it last backed up with it.
struct HeldKey {
    key: WriterKey,
    seen: Seen,
}

impl HeldKey {
    fn load(state: &LocalFolder) -> Result<Option<Self>, EngineError> {
        let Some(WriterFile { key, .. }) = WriterFile::load(state)? else { return Ok(None) };
        let seen = Seen::load(state, &Seen::name_for_writer(key.writer()), &LocalKey::of_writer(&key))?;
        Ok(Some(Self { key, seen }))
    }
}

impl Enrolment<'_> {
    fn run(&self) -> Result<EnrolOutcome, EngineError> {
        let context = self.context;
        let master = self.opened.session.opener().master();
        let held = HeldKey::load(&context.state(self.opened.repository))?;
        let history = OwnerHistory::read(&*context.store, OwnerTrust::Master(master), OnNewer::Refuse)?;
        let gave_up = match self.standing(held, &history)? {
            Standing::GoesOn(writer) if self.beginning == Beginning::WhereItLeftOff => {
                return Ok(EnrolOutcome { writer, already: true, ..EnrolOutcome::of(writer) });
            }
            Standing::GoesOn(_) | Standing::HasNone => None,
            Standing::Lacks(writer, record) => Some((writer, record)),
        };
        let snapshots = self.opened.session.snapshots().0;
        let last = last_of_this_name(context, &self.opened.session, &snapshots);
        let predecessor = last.filter(|_| self.beginning == Beginning::WhereItLeftOff);
        let predecessor = predecessor.map(|last| Predecessor::of(context, &self.opened.session, last)).transpose()?;
        let mut file = new_writer(context, master, history.genesis())?;
        file.comes_after = last.map(|last| last.public.ended);
        let inherited = predecessor.map(|predecessor| self.take_up(predecessor, &mut file)).transpose()?;
        self.note_loss(&snapshots, &file)?;
        let grant = keep(context, &file)?;
        append_decision(&*context.store, master, &history, OwnerBody::AddWriter(grant), context.environment)?;
        if let Some((writer, _)) = &gave_up {
            self.opened.forget_log(context, *writer)?;
        }
        let gave_up = gave_up.map(|(_, record)| record);
        let now = context.environment.now();
        let clock_behind = file.comes_after.filter(|last| *last > now).map(|_| now);
        Ok(EnrolOutcome { inherited, gave_up, clock_behind, ..EnrolOutcome::of(grant.writer) })
    }

    /// Asks the protocol itself what a backup would be told that begins now. Like a backup it looks at the store after what was
    /// noted has been read: a backup of this very machine may end at any time.
    fn standing(&self, held: Option<HeldKey>, history: &OwnerHistory) -> Result<Standing, EngineError> {
        let owner = history.view();
        // No new key helps where the owner's own records are not whole.
        if let Some(gap) = owner.gaps.first() {
            let missing = Place::Owner(*gap).name().to_string();
            return Err(history.explain(HistoryError::Gap { missing }).into());
        }
        let Some(HeldKey { key, seen }) = held else { return Ok(Standing::HasNone) };
        let writer = key.writer();
        let grant = history.writers().get(&writer).copied().filter(|grant| grant.key == key.public());
        let Some(grant) = grant else { return Ok(Standing::HasNone) };
        let look = LookAhead::look(self.context.store.clone(), &[&log_prefix(writer)], &Proven::default());
        let look = look.map_err(RepoError::from)?;
        let log = LogHistory::read(&look, history, &grant, OnNewer::Report)?;
        let seen_log = seen.logs.get(&writer).cloned().unwrap_or_default();
        let (mut backup, _) = WriterMachine::new(writer, seen.owner, seen_log);
        let mut answer = backup.step(WriterEvent::Owner(owner));
        if answer == WriterOperation::ListOwnLog {
            answer = backup.step(WriterEvent::OwnLog(log.view()));
        }
        let missing = match answer {
            WriterOperation::Finish(Verdict::Refused(
                HistoryError::Gap { missing } | HistoryError::SeenBeforeMissing { missing },
            )) => missing,
            WriterOperation::Finish(_) => return Ok(Standing::HasNone),
            _ => return Ok(Standing::GoesOn(writer)),
        };
        // A decision of the owner's that is gone is gone for every key.
        if !self.is_older_accepted && !missing.starts_with(LOG) {
            return Err(history.explain(HistoryError::Gap { missing }).into());
        }
        Ok(Standing::Lacks(writer, missing))
    }

    /// As if a run had been interrupted after it had sent them: the next one takes them up and names them in its record.
    fn take_up(&self, predecessor: Predecessor, file: &mut WriterFile) -> Result<Inherited, EngineError> {
        let Predecessor { domain, packs, told } = predecessor;
        let founded_under = self.opened.session.opener().master_of(domain.epoch);
        let founded_under = founded_under.map_err(|problem| EngineError::object("the domain", problem))?;
        file.inherit(domain, founded_under.domain(domain.founder));
        let (state, local_key) = (self.context.state(self.opened.repository), LocalKey::of_writer(&file.key));
        Journal::begin(&state, &local_key, &[], &packs, self.context.environment)?;
        Ok(told)
    }

    /// What earlier backups of this machine held nobody can tell here: neither without what it knew of them, nor with a new key, which
    /// does not open it.
    fn note_loss(&self, snapshots: &[Snapshot], file: &WriterFile) -> Result<(), EngineError> {
        let state = self.context.state(self.opened.repository);
        let earlier = WriterFile::load(&state)?.map(|earlier| earlier.key.writer());
        let host = self.context.environment.host_name();
        if snapshots.iter().any(|snapshot| snapshot.body.host == host || Some(snapshot.writer) == earlier) {
            let baseline = Baseline { follows_a_loss: true, ..Baseline::default() };
            baseline.store(&state, &LocalKey::of_writer(&file.key), self.context.environment)?;
        }
        Ok(())
    }
}

impl EnrolOutcome {
    fn of(writer: WriterId) -> Self {
        Self { writer, already: false, inherited: None, gave_up: None, accepted_without: None, clock_behind: None }
    }
}

/// What a machine of the same name has left.
struct Predecessor {
    domain: DomainId,
    packs: Vec<IndexedPack>,
    told: Inherited,
}

/// The last backup of a machine of this one's name that may still back up.
fn last_of_this_name<'s>(
    context: &Context<'_>,
    session: &ReaderSession,
    snapshots: &'s [Snapshot],
) -> Option<&'s Snapshot> {
    let revoked = session.owner.view().revoked;
    let host = context.environment.host_name();
    let is_of_it = |snapshot: &&Snapshot| snapshot.body.host == host && !revoked.contains(&snapshot.writer);
    snapshots.iter().rev().find(is_of_it)
}

impl Predecessor {
    /// The machine that made this backup, and what it, and those before it in its domain, have stored.
    fn of(context: &Context<'_>, session: &ReaderSession, last: &Snapshot) -> Result<Self, EngineError> {
        let domain = session.domain_of(last.writer)?;
        let named = session.packs_said_to_be_in_domain_of(last.writer)?;
        let present = session.list_packs()?;
        let there: Vec<(ObjectHash, u64)> =
            named.iter().filter_map(|name| present.get(name).map(|size| (*name, *size))).collect();
        let packs = prove(context, session, last.writer, &there)?;
        let proven: BTreeSet<ObjectHash> = packs.iter().map(|pack| pack.name).collect();
        let left_out = named.difference(&proven).map(|name| Place::Pack(*name).name().to_string()).collect();
        let bytes = packs.iter().map(|pack| pack.size).sum();
        let (host, last_backup) = (last.body.host.clone(), last.public.ended);
        let told = Inherited { host, last_backup, packs: packs.len() as u64, bytes, left_out };
        Ok(Self { domain, packs, told })
    }
}

/// Reads these packs in full. A thief of a writer key can put what he likes under a name of his choosing into his own index, and can
/// seal packs; but no content under another's id. So what opens down to every id may be relied on, whoever put it.
fn prove(
    context: &Context<'_>,
    session: &ReaderSession,
    writer: WriterId,
    packs: &[(ObjectHash, u64)],
) -> Result<Vec<IndexedPack>, EngineError> {
    let bytes = packs.iter().map(|(_, size)| size).sum();
    context.monitor.progress(Progress::Begin { phase: Phase::TakingUp, items: packs.len() as u64, bytes });
    let names: Vec<ObjectHash> = packs.iter().map(|(name, _)| *name).collect();
    let proven = session.prove_packs(&names, &session.domain(writer)?, context.monitor);
    if context.monitor.cancelled() {
        return Err(EngineError::Interrupted);
    }
    context.monitor.progress(Progress::End);
    Ok(proven?)
}

/// Writes the file of a new writer with a domain of its own, and gives the grant that is still to be recorded.
pub(crate) fn found_writer(
    context: &Context<'_>,
    master: &MasterKey,
    genesis: ObjectHash,
) -> Result<WriterGrant, EngineError> {
    keep(context, &new_writer(context, master, genesis)?)
}

fn new_writer(context: &Context<'_>, master: &MasterKey, genesis: ObjectHash) -> Result<WriterFile, EngineError> {
    let random = fresh(context.environment)?;
    let (id, _) = random.split_first_chunk().unwrap_or((&[0; 16], &[]));
    Ok(WriterFile::founding(master, WriterId(*id), genesis))
}

/// The file first, then the record: a machine that was added holds its key, whatever happens in between.
fn keep(context: &Context<'_>, file: &WriterFile) -> Result<WriterGrant, EngineError> {
    file.store(&context.state(file.key.repository()))?;
    Ok(WriterGrant {
        writer: file.key.writer(),
        epoch: file.key.epoch(),
        key: file.key.public(),
        domain: file.domain_id,
    })
}
