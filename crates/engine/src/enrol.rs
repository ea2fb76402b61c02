//! Enrolling a machine: the owner's record that it may write, and the writer file that it keeps. One that has backed up before, and
//! has lost its key, takes up what it stored then, so that nothing is sent again.

use crate::{Context, EngineError, Opened};
use chest_model::{ObjectHash, Phase, Progress, Timestamp, WriterId};
use chest_repo::history::{OnNewer, OwnerHistory, OwnerTrust};
use chest_repo::index::IndexedPack;
use chest_repo::keys::{DomainId, MasterKey};
use chest_repo::layout::Place;
use chest_repo::local::{Baseline, Journal, LocalKey, WriterFile};
use chest_repo::record::{OwnerBody, WriterGrant};
use chest_repo::repository::{ReaderSession, Snapshot, append_decision, fresh};
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

/// Enrols this machine.
pub fn enrol(
    context: &Context<'_>,
    credential: &Credential,
    beginning: Beginning,
) -> Result<EnrolOutcome, EngineError> {
    // To check, not to read: that its enrolment is gone may be why a machine is enrolled again.
    let opened = Opened::open_to_check(context, credential)?;
    let master = opened.session.opener().master();
    let history = OwnerHistory::read(&*context.store, OwnerTrust::Master(master), OnNewer::Refuse)?;
    let state = context.state(master.repository());
    if beginning == Beginning::WhereItLeftOff
        && let Some(file) = WriterFile::load(&state)?
    {
        let writer = file.key.writer();
        if history.writers().contains_key(&writer) && !history.view().revoked.contains(&writer) {
            return Ok(EnrolOutcome { writer, already: true, inherited: None });
        }
    }
    let predecessor = match beginning {
        Beginning::WhereItLeftOff => Predecessor::of(context, &opened.session)?,
        Beginning::Afresh => None,
    };
    let mut file = new_writer(context, master, history.genesis())?;
    let mut inherited = None;
    if let Some(Predecessor { domain, packs, told }) = predecessor {
        let founded_under = opened.session.opener().master_of(domain.epoch);
        let founded_under = founded_under.map_err(|problem| EngineError::object("the domain", problem))?;
        file.inherit(domain, founded_under.domain(domain.founder));
        // As if a run had been interrupted after it had sent them: the next one takes them up and names them in its record.
        let local_key = LocalKey::of_writer(&file.key);
        Journal::begin(&state, &local_key, &[], &packs, context.environment)?;
        // What the other's backups held nobody can tell here.
        let baseline = Baseline { follows_a_loss: true, ..Baseline::default() };
        baseline.store(&state, &local_key, context.environment)?;
        inherited = Some(told);
    }
    let grant = keep(context, &file)?;
    append_decision(&*context.store, master, &history, OwnerBody::AddWriter(grant), context.environment)?;
    Ok(EnrolOutcome { writer: grant.writer, already: false, inherited })
}

/// What a machine of the same name has left.
struct Predecessor {
    domain: DomainId,
    packs: Vec<IndexedPack>,
    told: Inherited,
}

impl Predecessor {
    /// The machine of this one's name that backed up last and may still do so, and what it, and those before it in its
    /// domain, have stored.
    fn of(context: &Context<'_>, session: &ReaderSession) -> Result<Option<Self>, EngineError> {
        let revoked = session.owner.view().revoked;
        let host = context.environment.host_name();
        let is_of_it = |snapshot: &Snapshot| snapshot.body.host == host && !revoked.contains(&snapshot.writer);
        let Some(last) = session.snapshots().0.into_iter().rev().find(is_of_it) else { return Ok(None) };
        let domain = session.domain_of(last.writer)?;
        let named = session.packs_named_in_domain_of(last.writer)?;
        let present = session.list_packs()?;
        let there: Vec<(ObjectHash, u64)> =
            named.iter().filter_map(|name| present.get(name).map(|size| (*name, *size))).collect();
        let packs = prove(context, session, last.writer, &there)?;
        let proven: BTreeSet<ObjectHash> = packs.iter().map(|pack| pack.name).collect();
        let left_out = named.difference(&proven).map(|name| Place::Pack(*name).name().to_string()).collect();
        let bytes = packs.iter().map(|pack| pack.size).sum();
        let told = Inherited { host, last_backup: last.public.ended, packs: packs.len() as u64, bytes, left_out };
        Ok(Some(Self { domain, packs, told }))
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
