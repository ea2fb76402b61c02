//! Reads the mailboxes that have not been read yet into the catalogue. Each version of a mailbox is read from where it differs
//! from the version before, so that a week of mail costs a week of reading.

use super::mailbox_kind::{kind_of, number};
use super::mailbox_reader::{End, Job, MailboxReader, Problem, Told};
use crate::browse::NodesAtHand;
use crate::{Context, EngineError, Opened};
use chest_catalogue::{Catalogue, Letter, MailHint, MailboxVersion, ProblemKind, Update};
use chest_mail::{ContainerKind, NameSays, is_name_marked_deleted};
use chest_model::{Class, Glance, Monitor, Phase, Progress};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::collections::BTreeMap;

/// So many files of which nothing says what they are, neither a name nor whoever backed them up, are looked at for one search; the
/// others are told, and looked at for the next ones. Of each a chunk is fetched.
const GUESSES_AT_ONCE: u64 = 2000;
/// What is to be said of what was a mailbox.
const NO_MAILBOX_ANY_MORE: &str = "it was a mailbox in an earlier backup, and is none now that can be searched, perhaps because it is damaged. \
    It is backed up all the same";
/// One transaction takes so many mailboxes or messages, so that what is read is kept if the run ends early.
const MAILBOXES_AT_ONCE: u64 = 500;
const MESSAGES_AT_ONCE: u64 = 5000;
/// The reader is given so many mailboxes together, or so many bytes of them: what small ones hold is fetched at once.
const BATCH: usize = 32;
const BATCH_BYTES: u64 = 4 << 20;
/// New ones are given to the readers while fewer than this are being read, so that none of them waits.
const UNDER_WAY: usize = BATCH * READERS;
/// So many messages wait for their place in the catalogue.
const WAITING: usize = 64;
/// So many mailboxes are read at a time: what one reader waits for another does not.
const READERS: usize = 2;

/// Whether a file is worth a look at its first bytes. What is called a mailbox is opened even where it did not look like one, so that it
/// can be told that it is not searched.
pub(super) fn hint(class: Class, name: &[u8], glance: Option<Glance>) -> MailHint {
    match (NameSays::of(name), glance) {
        (NameSays::Mail, _) | (_, Some(Glance::Mail)) => MailHint::Mail,
        (_, Some(Glance::NotMail)) | (NameSays::OtherThanMail, None) => MailHint::NoMail,
        (NameSays::MaybeMail, None) => MailHint::Mail,
        (NameSays::Nothing, None) if class == Class::Email => MailHint::Mail,
        (NameSays::Nothing, None) => MailHint::Unknown,
    }
}

/// Reads what has not been read yet.
pub(super) fn read_mailboxes(
    catalogue: &mut Catalogue,
    context: &Context<'_>,
    opened: &Opened,
) -> Result<(), EngineError> {
    let (monitor, environment) = (context.monitor, context.environment);
    let waiting = in_rounds(catalogue.mailboxes_to_read(GUESSES_AT_ONCE)?);
    if waiting.is_empty() {
        return Ok(());
    }
    let bytes = waiting.iter().map(|version| version.size).sum();
    monitor.progress(Progress::Begin { phase: Phase::ReadingMail, items: waiting.len() as u64, bytes });
    let (snapshots, _) = opened.session.snapshots();
    let snapshots = snapshots.iter().map(|snapshot| (snapshot.record.hash, snapshot)).collect();
    let labels = catalogue.chains()?.into_iter().map(|chain| (chain.id, chain.name.label)).collect();
    let reader = MailboxReader { opened, monitor, environment, snapshots, labels, nodes: NodesAtHand::default() };
    let filled = std::thread::scope(|scope| {
        let (give, jobs) = unbounded();
        let (tell, told) = bounded(WAITING);
        for _ in 0..READERS {
            let (reader, jobs, tell) = (&reader, jobs.clone(), tell.clone());
            scope.spawn(move || reader.work(&jobs, &tell));
        }
        drop(tell);
        fill(catalogue, monitor, &waiting, give, told)
    });
    filled.inspect(|()| monitor.progress(Progress::End))
}

/// Puts into the catalogue what the readers find, whichever says it first.
fn fill(
    catalogue: &mut Catalogue,
    monitor: &dyn Monitor,
    waiting: &[MailboxVersion],
    give: Sender<Vec<Job>>,
    told: Receiver<(u64, Told)>,
) -> Result<(), EngineError> {
    let mut batches = batches(waiting).peekable();
    let mut under_way: BTreeMap<u64, UnderWay> = BTreeMap::new();
    let mut update = catalogue.update()?;
    let (mut given, mut mailboxes, mut messages) = (0, 0, 0);
    loop {
        let is_full = mailboxes >= MAILBOXES_AT_ONCE || messages >= MESSAGES_AT_ONCE;
        while !is_full
            && under_way.len() < UNDER_WAY
            && let Some(batch) = batches.next_if(|batch| !under_way.values().any(|one| follows(&one.job, batch)))
        {
            let jobs = jobs(&update, batch, given)?;
            given += jobs.len() as u64;
            under_way.extend(jobs.iter().map(|job| (job.number, UnderWay { job: job.clone(), is_begun: false })));
            // Where the readers have ended, it is told below.
            let _ = give.send(jobs);
        }
        if under_way.is_empty() {
            update.commit()?;
            if batches.peek().is_none() {
                return Ok(());
            }
            // Nobody is in the middle of a mailbox, of which the catalogue would know a part.
            update = catalogue.update()?;
            (mailboxes, messages) = (0, 0);
            continue;
        }
        let (number, told) = told.recv().map_err(|_| EngineError::Interrupted)?;
        // Of what was not given only a reader that failed says anything.
        let Some(UnderWay { job, is_begun }) = under_way.get_mut(&number) else { return Err(EngineError::Interrupted) };
        *is_begun = true;
        match told {
            Told::GoesOn(until) => {
                if let Some((before, _)) = &job.before {
                    update.letters_go_on(&job.version, before, until)?;
                }
            }
            Told::Letter(letter) => update.add_letter(&job.version, &marked_by_name(letter.letter(), &job.version))?,
            Told::Done(End::Stopped) | Told::Failed => return stop(update, &under_way),
            Told::Done(End::NotThere) => {
                monitor.progress(Progress::Done { items: 1, bytes: job.version.size });
                under_way.remove(&number);
            }
            Told::Done(End::Read { messages: read, kind, problem }) => {
                note_end(&update, &job.version, kind, problem)?;
                (mailboxes, messages) = (mailboxes + 1, messages + read);
                monitor.progress(Progress::Done { items: 1, bytes: job.version.size });
                under_way.remove(&number);
            }
        }
        if monitor.cancelled() && !(under_way.is_empty() && batches.peek().is_none()) {
            return stop(update, &under_way);
        }
    }
}

/// A mailbox that was given to the readers.
struct UnderWay {
    job: Job,
    /// Something was said of it.
    is_begun: bool,
}

/// Keeps the mailboxes that were read to their end, and nothing of the others.
fn stop(update: Update<'_>, under_way: &BTreeMap<u64, UnderWay>) -> Result<(), EngineError> {
    for UnderWay { job, .. } in under_way.values().filter(|one| one.is_begun) {
        update.forget_beginning(&job.version, job.before.as_ref().map(|(before, _)| before))?;
    }
    update.commit()?;
    Err(EngineError::Interrupted)
}

/// The first versions of all files, then the second ones, and so on: of one file each has to wait for the one before it, and nobody
/// is to wait meanwhile.
fn in_rounds(waiting: Vec<MailboxVersion>) -> Vec<MailboxVersion> {
    let mut rounds: Vec<(usize, MailboxVersion)> = Vec::with_capacity(waiting.len());
    for version in waiting {
        let round = rounds.last().filter(|(_, last)| is_same_file(last, &version)).map_or(0, |(round, _)| round + 1);
        rounds.push((round, version));
    }
    rounds.sort_by_key(|(round, _)| *round);
    rounds.into_iter().map(|(_, version)| version).collect()
}

/// A Maildir says it in the file's name.
fn marked_by_name<'l>(letter: Letter<'l>, version: &MailboxVersion) -> Letter<'l> {
    let by_name = kind_of(letter.container) == Some(ContainerKind::Message) && is_name_marked_deleted(&version.called);
    Letter { is_marked_deleted: letter.is_marked_deleted || by_name, ..letter }
}

/// The versions in the order given; two of one file are never in one batch, because the later one is read from where the earlier
/// one ends.
fn batches(waiting: &[MailboxVersion]) -> impl Iterator<Item = &[MailboxVersion]> {
    let mut rest = waiting;
    std::iter::from_fn(move || {
        let mut bytes = 0u64;
        let fits = |&number: &usize| {
            bytes = bytes.saturating_add(rest[number].size);
            let is_more = number > 0;
            !is_more || (number < BATCH && bytes <= BATCH_BYTES && !is_same_file(&rest[number - 1], &rest[number]))
        };
        let (batch, left) = rest.split_at((0..rest.len()).take_while(fits).count());
        rest = left;
        (!batch.is_empty()).then_some(batch)
    })
}

/// Whether a batch begins with a later version of a file that is being read.
fn follows(job: &Job, batch: &[MailboxVersion]) -> bool {
    batch.first().is_some_and(|first| is_same_file(&job.version, first))
}

fn is_same_file(one: &MailboxVersion, other: &MailboxVersion) -> bool {
    one.chain == other.chain && one.path == other.path
}

fn jobs(update: &Update<'_>, batch: &[MailboxVersion], first: u64) -> Result<Vec<Job>, EngineError> {
    let job = |(number, version): (u64, &MailboxVersion)| {
        Ok(Job { number, before: update.version_before(version)?, version: version.clone() })
    };
    (first..).zip(batch).map(job).collect()
}

/// What is stored and cannot be read is told, and tried again the next time.
fn note_end(
    update: &Update<'_>,
    version: &MailboxVersion,
    kind: Option<ContainerKind>,
    problem: Option<Problem>,
) -> Result<(), EngineError> {
    let problem = match problem {
        None if is_no_mailbox_any_more(update, version, kind)? => {
            Some(Problem { text: NO_MAILBOX_ANY_MORE.to_owned(), kind: ProblemKind::NotUnderstood })
        }
        problem => problem,
    };
    match problem {
        Some(problem) => update.mailbox_has_problem(version, &problem.text, problem.kind)?,
        None => update.mailbox_is_read(version)?,
    }
    Ok(())
}

/// Whether nobody understands as a mailbox what was one before. One of which the beginning is gone may look like a single message.
fn is_no_mailbox_any_more(
    update: &Update<'_>,
    version: &MailboxVersion,
    kind: Option<ContainerKind>,
) -> Result<bool, EngineError> {
    Ok(match kind {
        None => update.held_before(version, None)?,
        Some(ContainerKind::Message) => update.held_before(version, Some(number(ContainerKind::Message)))?,
        Some(ContainerKind::Mbox | ContainerKind::Pst) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_mail_is_opened() {
        let hint = |class, name: &str, glance| hint(class, name.as_bytes(), glance);
        for name in ["Inbox", "clerk.mbox", "x.EML", "1700.M1P1.office:2,S", "a.pst", ".hidden"] {
            assert_eq!(hint(Class::Documents, name, None), MailHint::Mail, "{name}");
        }
        for name in ["minutes.docx", "budget.csv", "Inbox.msf"] {
            assert_eq!(hint(Class::Email, name, None), MailHint::NoMail, "{name}");
        }
        for name in ["archive.2025", "Inbox.txt", "backup.dat"] {
            assert_eq!(hint(Class::Documents, name, None), MailHint::Unknown, "{name}");
            assert_eq!(hint(Class::Email, name, None), MailHint::Mail, "{name}");
        }
    }

    #[test]
    fn what_was_seen_when_it_was_backed_up_counts_more_than_the_name() {
        for name in ["minutes.docx", "archive.2025", "Inbox"] {
            let with = |glance| hint(Class::Documents, name.as_bytes(), Some(glance));
            assert_eq!((with(Glance::Mail), with(Glance::NotMail)), (MailHint::Mail, MailHint::NoMail), "{name}");
        }
        assert_eq!(hint(Class::Documents, b"broken.mbox", Some(Glance::NotMail)), MailHint::Mail, "it is told");
    }
}
