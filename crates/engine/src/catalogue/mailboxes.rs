//! Reads the mailboxes that have not been read yet into the catalogue. Each version of a mailbox is read from where it differs
//! from the version before, so that a week of mail costs a week of reading.

use super::mailbox_reader::{End, Job, MailboxReader, Told};
use crate::browse::NodesAtHand;
use crate::{Context, EngineError, Opened};
use chest_catalogue::{Catalogue, MailHint, MailboxVersion, Update};
use chest_mail::{ContainerKind, NameSays};
use chest_model::{Class, Glance, Monitor, Phase, Progress};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::collections::VecDeque;

/// So many files of which nothing says what they are, neither a name nor whoever backed them up, are looked at for one search; the
/// others are told, and looked at for the next ones. Of each a chunk is fetched.
const GUESSES_AT_ONCE: u64 = 2000;
/// One transaction takes so many mailboxes or messages, so that what is read is kept if the run ends early.
const MAILBOXES_AT_ONCE: u64 = 500;
const MESSAGES_AT_ONCE: u64 = 5000;
/// The reader is given so many mailboxes together, or so many bytes of them: what small ones hold is fetched at once.
const BATCH: usize = 32;
const BATCH_BYTES: u64 = 4 << 20;
/// So many messages wait for their place in the catalogue.
const WAITING: usize = 64;

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

/// The number of a kind of mailbox in the catalogue.
pub(super) fn number(kind: ContainerKind) -> u8 {
    match kind {
        ContainerKind::Mbox => 0,
        ContainerKind::Message => 1,
        ContainerKind::Pst => 2,
    }
}

/// The kind of that number.
pub(super) fn kind_of(number: u8) -> Option<ContainerKind> {
    [ContainerKind::Mbox, ContainerKind::Message, ContainerKind::Pst].get(usize::from(number)).copied()
}

/// Reads what has not been read yet.
pub(super) fn read_mailboxes(
    catalogue: &mut Catalogue,
    context: &Context<'_>,
    opened: &Opened,
) -> Result<(), EngineError> {
    let (monitor, environment) = (context.monitor, context.environment);
    let waiting = catalogue.mailboxes_to_read(GUESSES_AT_ONCE)?;
    if waiting.is_empty() {
        return Ok(());
    }
    let bytes = waiting.iter().map(|version| version.size).sum();
    monitor.progress(Progress::Begin { phase: Phase::ReadingMail, items: waiting.len() as u64, bytes });
    let (snapshots, _) = opened.session.snapshots();
    let snapshots = snapshots.iter().map(|snapshot| (snapshot.record.hash, snapshot)).collect();
    let labels = catalogue.chains()?.into_iter().map(|chain| (chain.id, chain.label)).collect();
    let reader = MailboxReader { opened, monitor, environment, snapshots, labels, nodes: NodesAtHand::default() };
    let filled = std::thread::scope(|scope| {
        let (give, jobs) = unbounded();
        let (tell, told) = bounded(WAITING);
        scope.spawn(move || reader.work(&jobs, &tell));
        fill(catalogue, monitor, &waiting, give, told)
    });
    filled.inspect(|()| monitor.progress(Progress::End))
}

/// Puts into the catalogue what the reader finds, mailbox after mailbox.
fn fill(
    catalogue: &mut Catalogue,
    monitor: &dyn Monitor,
    waiting: &[MailboxVersion],
    give: Sender<Vec<Job>>,
    told: Receiver<Told>,
) -> Result<(), EngineError> {
    let mut batches = batches(waiting).peekable();
    let mut under_way: VecDeque<Job> = VecDeque::new();
    let mut update = catalogue.update()?;
    let (mut mailboxes, mut messages) = (0, 0);
    loop {
        while under_way.len() < BATCH
            && let Some(batch) = batches.next_if(|batch| !follows(under_way.back(), batch))
        {
            let jobs = jobs(&update, batch)?;
            under_way.extend(jobs.iter().cloned());
            // Where the reader has ended, it is told below.
            let _ = give.send(jobs);
        }
        let Some(job) = under_way.front() else { break };
        let end = match told.recv().map_err(|_| EngineError::Interrupted)? {
            Told::GoesOn(until) => {
                if let Some((before, _)) = &job.before {
                    update.letters_go_on(&job.version, before, until)?;
                }
                continue;
            }
            Told::Letter(letter) => {
                update.add_letter(&job.version, &letter.letter())?;
                continue;
            }
            Told::Done(end) => end,
        };
        messages += note_end(&update, &job.version, end)?;
        mailboxes += 1;
        monitor.progress(Progress::Done { items: 1, bytes: job.version.size });
        under_way.pop_front();
        let is_last = under_way.is_empty() && batches.peek().is_none();
        if monitor.cancelled() && !is_last {
            update.commit()?;
            return Err(EngineError::Interrupted);
        }
        if mailboxes >= MAILBOXES_AT_ONCE || messages >= MESSAGES_AT_ONCE {
            update.commit()?;
            update = catalogue.update()?;
            (mailboxes, messages) = (0, 0);
        }
    }
    Ok(update.commit()?)
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

/// Whether a batch begins with a later version of the file that is read before it.
fn follows(last: Option<&Job>, batch: &[MailboxVersion]) -> bool {
    last.zip(batch.first()).is_some_and(|(last, first)| is_same_file(&last.version, first))
}

fn is_same_file(one: &MailboxVersion, other: &MailboxVersion) -> bool {
    one.chain == other.chain && one.path == other.path
}

fn jobs(update: &Update<'_>, batch: &[MailboxVersion]) -> Result<Vec<Job>, EngineError> {
    let job = |version: &MailboxVersion| Ok(Job { before: update.version_before(version)?, version: version.clone() });
    batch.iter().map(job).collect()
}

/// Gives the number of messages that were read. What is stored and cannot be read is told, and tried again the next time.
fn note_end(update: &Update<'_>, version: &MailboxVersion, end: End) -> Result<u64, EngineError> {
    match end {
        End::Stopped => Err(EngineError::Interrupted),
        End::NotThere => Ok(0),
        End::Read { messages, problem } => {
            match problem {
                Some(problem) => update.mailbox_has_problem(version, &problem.text, problem.is_damage)?,
                None => update.mailbox_is_read(version)?,
            }
            Ok(messages)
        }
    }
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
