//! Reads mailboxes on threads of their own, several at a time, so that messages are understood while others are fetched and those
//! before them go into the catalogue. Of each mailbox it says what it finds in its order.

use super::ONE_MESSAGE;
use super::mailbox_kind::number;
use crate::browse::{NodesAtHand, ShownPath, StoredFile};
use crate::{EngineError, Opened};
use chest_catalogue::{ChainId, Letter, MailboxVersion, ProblemKind, Searched, Words};
use chest_mail::{
    Completeness, ContainerKind, FoundMessage, Limits, MailError, NameSays, PstError, Resume, TimeLimit, Visited,
    is_outlook_message, recognise, visit,
};
use chest_model::{ChunkId, Environment, Monitor, ObjectHash};
use chest_repo::repository::{Fetcher, Snapshot};
use crossbeam_channel::{Receiver, Sender};
use std::collections::HashMap;
use std::fmt::Display;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// So many of a file's first bytes say what it is.
const HEAD: usize = 4096;
/// So much of each mailbox of a batch is fetched together with the others.
const FETCHED_TOGETHER: u64 = 1 << 20;

/// What is to be said of a mailbox that is given up. It counts as read: each search would lose a minute to it, and the mailbox's next
/// version is tried again.
const TAKES_TOO_LONG: &str = "a message in it takes too long to read, perhaps because the mailbox is damaged: it is searched only up to there. \
    It is backed up all the same";

/// What is to be said of a message that Outlook has saved in a form of its own.
const OUTLOOK_MESSAGE: &str = "it is one message as Outlook saves it (.msg), which cannot be searched here; it is backed up all the same. \
    To have it searched, put it into a folder in Outlook, export that folder as an Outlook data file (.pst) and back that up";

/// A mailbox to read.
#[derive(Clone)]
pub(super) struct Job {
    /// What is told of it bears this number.
    pub(super) number: u64,
    pub(super) version: MailboxVersion,
    /// The version before it, and where the messages in that one begin.
    pub(super) before: Option<(MailboxVersion, Vec<u64>)>,
}

/// What a reader says of a mailbox.
pub(super) enum Told {
    /// Up to this place it holds what the version before held.
    GoesOn(u64),
    /// A message in it.
    Letter(Box<ReadLetter>),
    /// Nothing more is said of it.
    Done(End),
    /// Nor of anything else that this reader was to read: it has failed.
    Failed,
}

/// How the reading of a mailbox ended.
pub(super) enum End {
    /// In the middle, because somebody wants to stop.
    Stopped,
    /// No snapshot has it any more.
    NotThere,
    /// As far as it can be read; of no kind where it holds none that anybody here understands.
    Read { messages: u64, kind: Option<ContainerKind>, problem: Option<Problem> },
}

/// Why a mailbox was not read to its end.
pub(super) struct Problem {
    pub(super) text: String,
    pub(super) kind: ProblemKind,
}

/// A message, as far as the catalogue wants it.
pub(super) struct ReadLetter {
    message: FoundMessage,
    locator: Vec<u8>,
    words: Words,
    container: u8,
}

impl ReadLetter {
    fn new(mut message: FoundMessage, kind: ContainerKind) -> Self {
        let words = Words::of(&std::mem::take(&mut message.summary.text));
        Self { locator: message.locator.to_bytes(), words, container: number(kind), message }
    }

    pub(super) fn letter(&self) -> Letter<'_> {
        let summary = &self.message.summary;
        Letter {
            identity: self.message.identity,
            sender: &summary.from,
            recipients: &summary.to,
            subject: &summary.subject,
            sent: summary.date,
            attachments: &summary.attachments,
            words: &self.words,
            starts_at: self.message.starts_at,
            locator: &self.locator,
            container: self.container,
            searched: match self.message.completeness {
                Completeness::Whole => Searched::Whole,
                Completeness::Beginning => Searched::Beginning,
                Completeness::NotUnderstood => Searched::NotUnderstood,
            },
            is_marked_deleted: self.message.is_marked_deleted,
        }
    }
}

/// Nobody listens any more.
struct NobodyListens;

/// Says it where a reader fails, so that nobody waits for what it was to say.
struct SaysThatItFailed<'t>(&'t Sender<(u64, Told)>);

impl Drop for SaysThatItFailed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Where nobody listens, nobody waits.
            let _ = self.0.send((0, Told::Failed));
        }
    }
}

/// Where a reader says what it finds in one mailbox.
struct Teller<'t> {
    number: u64,
    to: &'t Sender<(u64, Told)>,
}

impl Teller<'_> {
    fn say(&self, told: Told) -> Result<(), NobodyListens> {
        self.to.send((self.number, told)).map_err(|_| NobodyListens)
    }
}

/// What mailboxes are read with.
pub(super) struct MailboxReader<'r> {
    pub(super) opened: &'r Opened,
    pub(super) monitor: &'r dyn Monitor,
    pub(super) environment: &'r dyn Environment,
    pub(super) snapshots: HashMap<ObjectHash, &'r Snapshot>,
    pub(super) labels: HashMap<ChainId, Vec<u8>>,
    pub(super) nodes: NodesAtHand,
}

/// Mailboxes that were opened together, and the thread that fetches what they begin with.
struct Batch {
    jobs: Vec<(Job, Result<Option<StoredFile>, EngineError>)>,
    fetching: Vec<JoinHandle<()>>,
}

impl MailboxReader<'_> {
    /// Reads until there are no more jobs, or nobody listens.
    pub(super) fn work(&self, jobs: &Receiver<Vec<Job>>, tell: &Sender<(u64, Told)>) {
        let _failing = SaysThatItFailed(tell);
        let mut next = jobs.recv().ok().map(|jobs| self.open_batch(jobs));
        while let Some(batch) = next {
            let ahead = jobs.try_recv().ok().map(|jobs| self.open_batch(jobs));
            for fetching in batch.fetching {
                // What could not be fetched ahead is fetched by whoever needs it.
                let _ = fetching.join();
            }
            for (job, file) in batch.jobs {
                if self.read_and_tell(&job, file, &Teller { number: job.number, to: tell }).is_err() {
                    return;
                }
            }
            next = ahead.or_else(|| jobs.recv().ok().map(|jobs| self.open_batch(jobs)));
        }
    }

    fn open_batch(&self, jobs: Vec<Job>) -> Batch {
        let jobs: Vec<_> = jobs.into_iter().map(|job| (self.open(&job.version), job)).collect();
        let mut wanted: Vec<(Arc<Fetcher>, Vec<ChunkId>)> = Vec::new();
        for (job, file) in jobs.iter().filter_map(|(file, job)| Some((job, file.as_ref().ok()?.as_ref()?))) {
            let ids = file.first_chunks(if job.version.is_guess { HEAD as u64 } else { FETCHED_TOGETHER });
            match wanted.iter_mut().find(|(fetcher, _)| Arc::ptr_eq(fetcher, file.fetcher())) {
                Some((_, wanted)) => wanted.extend(ids),
                None => wanted.push((file.fetcher().clone(), ids.collect())),
            }
        }
        let far = wanted.into_iter().filter(|(fetcher, _)| fetcher.store().requests_at_once().large > 1);
        let fetch = |(fetcher, ids): (Arc<Fetcher>, Vec<ChunkId>)| {
            Builder::new().name("fetch".to_owned()).spawn(move || fetcher.read_ahead(&ids)).ok()
        };
        Batch {
            fetching: far.filter_map(fetch).collect(),
            jobs: jobs.into_iter().map(|(file, job)| (job, file)).collect(),
        }
    }

    fn open(&self, version: &MailboxVersion) -> Result<Option<StoredFile>, EngineError> {
        let (Some(snapshot), Some(label)) = (self.snapshots.get(&version.snapshot), self.labels.get(&version.chain))
        else {
            return Ok(None);
        };
        let at = ShownPath { root: label.clone(), path: version.path.clone() };
        StoredFile::open_through(&self.nodes, self.opened, snapshot, &at).map(Some)
    }

    fn read_and_tell(
        &self,
        job: &Job,
        file: Result<Option<StoredFile>, EngineError>,
        tell: &Teller<'_>,
    ) -> Result<(), NobodyListens> {
        let end = match file {
            Ok(Some(file)) => self.read(job, file, tell)?,
            Ok(None) => End::NotThere,
            Err(problem) => damaged(&problem),
        };
        tell.say(Told::Done(end))
    }

    fn read(&self, job: &Job, mut file: StoredFile, tell: &Teller<'_>) -> Result<End, NobodyListens> {
        let head = match head(&mut file) {
            Ok(head) => head,
            Err(problem) => return Ok(damaged(&problem)),
        };
        let Some(kind) = recognise(&job.version.called, &head) else {
            return Ok(not_recognised(&job.version, &head));
        };
        let resume = match kind {
            ContainerKind::Mbox => self.resume(job, &file),
            _ => Resume::Start,
        };
        if let Resume::At(start) = resume {
            tell.say(Told::GoesOn(start))?;
        }
        let limit = TimeLimit::new(self.environment, ONE_MESSAGE);
        let mut visited = self.visit(kind, &mut file, &limit, resume, tell)?;
        if let (Resume::At(_), Some(MailError::NotAMessageStart { .. })) = (resume, &visited.problem) {
            visited = self.visit(kind, &mut file, &limit, Resume::Start, tell)?;
        }
        if visited.stopped {
            return Ok(End::Stopped);
        }
        let problem = match limit.is_over() {
            true => Some(Problem { text: TAKES_TOO_LONG.to_owned(), kind: ProblemKind::NotUnderstood }),
            false => problem_of(&visited),
        };
        Ok(End::Read { messages: visited.messages, kind: Some(kind), problem })
    }

    /// Where to begin: at the last message that begins in what this version and the one before have in common.
    fn resume(&self, job: &Job, file: &StoredFile) -> Resume {
        let Some((before, starts)) = &job.before else { return Resume::Start };
        // What cannot be read of the version before is only read again.
        let Ok(Some(old)) = self.open(before) else { return Resume::Start };
        let common = file.common_beginning(&old);
        match starts.iter().rev().find(|start| **start < common) {
            Some(&start) if start > 0 => Resume::At(start),
            _ => Resume::Start,
        }
    }

    fn visit(
        &self,
        kind: ContainerKind,
        file: &mut StoredFile,
        limit: &TimeLimit<'_>,
        from: Resume,
        tell: &Teller<'_>,
    ) -> Result<Visited, NobodyListens> {
        let mut nobody_listens = false;
        let mut told_as_failed = 0;
        let mut visited = visit(kind, &mut limit.watch(file), from, &Limits::default(), &mut |message| {
            // Waiting until there is room for the message is no work on it.
            limit.pause();
            if self.monitor.cancelled() {
                return ControlFlow::Break(());
            }
            told_as_failed += u64::from(message.completeness == Completeness::NotUnderstood);
            nobody_listens = tell.say(Told::Letter(Box::new(ReadLetter::new(message, kind)))).is_err();
            limit.begin_next();
            if nobody_listens { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        // Those that are shown say so themselves.
        visited.failed -= told_as_failed.min(visited.failed);
        if nobody_listens { Err(NobodyListens) } else { Ok(visited) }
    }
}

/// What is stored and cannot be read.
fn damaged(problem: &dyn Display) -> End {
    let problem = Problem { text: problem.to_string(), kind: ProblemKind::Damage };
    End::Read { messages: 0, kind: None, problem: Some(problem) }
}

/// Of nothing but blank lines everybody knows that it holds no message.
fn not_recognised(version: &MailboxVersion, head: &[u8]) -> End {
    let is_blank = version.size <= HEAD as u64 && head.iter().all(u8::is_ascii_whitespace);
    let kind = is_blank.then_some(ContainerKind::Mbox);
    let problem = if is_blank { None } else { only_called_mail(&version.called, head) };
    End::Read { messages: 0, kind, problem }
}

/// A file that is called a mailbox and is none that can be read here.
fn only_called_mail(name: &[u8], head: &[u8]) -> Option<Problem> {
    let text = match is_outlook_message(name, head) {
        true => OUTLOOK_MESSAGE,
        false => "it is called a mailbox, and holds none of a kind that can be searched",
    };
    let kind = ProblemKind::NotUnderstood;
    (NameSays::of(name) == NameSays::Mail).then(|| Problem { text: text.to_owned(), kind })
}

/// Why there may be more in a mailbox than was shown.
fn problem_of(visited: &Visited) -> Option<Problem> {
    match &visited.problem {
        Some(problem) => Some(Problem {
            text: problem.to_string(),
            kind: match problem {
                MailError::Read(_) | MailError::Pst(PstError::Read(_)) => ProblemKind::Damage,
                _ => ProblemKind::NotUnderstood,
            },
        }),
        None => (visited.failed > 0).then(|| Problem {
            text: match visited.failed {
                1 => "one item in it cannot be read".to_owned(),
                items => format!("{items} items in it cannot be read"),
            },
            kind: ProblemKind::Items,
        }),
    }
}

fn head(file: &mut StoredFile) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head)
}
