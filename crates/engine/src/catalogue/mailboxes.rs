//! Reads the mailboxes that have not been read yet into the catalogue. Each version of a mailbox is read from where it differs
//! from the version before, so that a week of mail costs a week of reading.

use crate::browse::{ShownPath, StoredFile};
use crate::{EngineError, Opened};
use chest_catalogue::{Catalogue, CatalogueError, Letter, MailboxVersion, Update};
use chest_mail::{ContainerKind, FoundMessage, Limits, MailError, PstError, Resume, Visited, recognise, visit};
use chest_model::{Class, Monitor, ObjectHash, Phase, Progress};
use chest_repo::repository::Snapshot;
use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

/// Files of other kinds than these are not opened to see whether they are mailboxes, unless they are backed up as mail.
const MAIL_EXTENSIONS: [&[u8]; 5] = [b"eml", b"mbox", b"mbx", b"mbs", b"pst"];
/// No name of mail ends so, wherever it is.
const OTHER_EXTENSIONS: [&[u8]; 12] =
    [b"docx", b"xlsx", b"pptx", b"pdf", b"jpg", b"jpeg", b"png", b"zip", b"msf", b"dat", b"json", b"html"];
/// So many of a file's first bytes say what it is.
const HEAD: usize = 4096;
/// One transaction takes so many mailboxes or messages, so that what is read is kept if the run ends early.
const MAILBOXES_AT_ONCE: u64 = 500;
const MESSAGES_AT_ONCE: u64 = 5000;

/// Whether a file is worth a look at its first bytes.
pub(super) fn may_be_mailbox(class: Class, name: &[u8]) -> bool {
    let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&at| at > 0);
    let extension = dot.map(|at| name[at + 1..].to_ascii_lowercase());
    match extension.as_deref() {
        // Thunderbird's mailboxes have no extension; a Maildir's messages have one that is none.
        None => true,
        Some(extension) if MAIL_EXTENSIONS.contains(&extension) => true,
        Some(extension) if OTHER_EXTENSIONS.contains(&extension) => false,
        Some(extension) => class == Class::Email || extension.contains(&b':'),
    }
}

/// The number of a kind of mailbox in the catalogue.
fn number(kind: ContainerKind) -> u8 {
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
    opened: &Opened,
    monitor: &dyn Monitor,
) -> Result<(), EngineError> {
    let waiting = catalogue.mailboxes_to_read()?;
    if waiting.is_empty() {
        return Ok(());
    }
    let bytes = waiting.iter().map(|version| version.size).sum();
    monitor.progress(Progress::Begin { phase: Phase::ReadingMail, items: waiting.len() as u64, bytes });
    let (snapshots, _) = opened.session.snapshots();
    let snapshots = snapshots.iter().map(|snapshot| (snapshot.record.hash, snapshot)).collect();
    let labels = catalogue.chains()?.into_iter().map(|chain| (chain.id, chain.label)).collect();
    let reader = MailboxReader { opened, monitor, snapshots, labels };
    let mut waiting = waiting.iter().peekable();
    while waiting.peek().is_some() {
        let update = catalogue.update()?;
        let (mut mailboxes, mut messages) = (0, 0);
        while mailboxes < MAILBOXES_AT_ONCE
            && messages < MESSAGES_AT_ONCE
            && let Some(version) = waiting.next()
        {
            if monitor.cancelled() {
                update.commit()?;
                return Err(EngineError::Interrupted);
            }
            messages += reader.read(&update, version)?;
            mailboxes += 1;
            monitor.progress(Progress::Done { items: 1, bytes: version.size });
        }
        update.commit()?;
    }
    monitor.progress(Progress::End);
    Ok(())
}

struct MailboxReader<'r> {
    opened: &'r Opened,
    monitor: &'r dyn Monitor,
    snapshots: HashMap<ObjectHash, &'r Snapshot>,
    labels: HashMap<chest_catalogue::ChainId, Vec<u8>>,
}

impl MailboxReader<'_> {
    /// Gives the number of messages that were read.
    fn read(&self, update: &Update<'_>, version: &MailboxVersion) -> Result<u64, EngineError> {
        let mut file = match self.open(version) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(0),
            Err(problem) => return damaged(update, version, &problem),
        };
        let kind = match kind(&mut file, version) {
            Ok(Some(kind)) => kind,
            Ok(None) => return Ok(update.mailbox_is_read(version).map(|()| 0)?),
            Err(problem) => return damaged(update, version, &problem),
        };
        let resume = match kind {
            ContainerKind::Mbox => self.resume(update, version, &file)?,
            _ => Resume::Start,
        };
        let (mut visited, mut trouble) = self.visit(update, version, kind, &mut file, resume);
        if let (Resume::At(_), Some(MailError::NotAMessageStart { .. })) = (resume, &visited.problem) {
            (visited, trouble) = self.visit(update, version, kind, &mut file, Resume::Start);
        }
        match trouble {
            Some(error) => Err(error.into()),
            None if visited.stopped => Err(EngineError::Interrupted),
            None => {
                match visited.problem {
                    Some(problem @ (MailError::Read(_) | MailError::Pst(PstError::Read(_)))) => {
                        damaged(update, version, &problem)?
                    }
                    Some(problem) => update.mailbox_has_problem(version, &problem.to_string(), false).map(|()| 0)?,
                    None => update.mailbox_is_read(version).map(|()| 0)?,
                };
                Ok(visited.messages)
            }
        }
    }

    fn open(&self, version: &MailboxVersion) -> Result<Option<StoredFile>, EngineError> {
        let (Some(snapshot), Some(label)) = (self.snapshots.get(&version.snapshot), self.labels.get(&version.chain))
        else {
            return Ok(None);
        };
        let at = ShownPath { root: label.clone(), path: version.path.clone() };
        StoredFile::open(self.opened, snapshot, &at).map(Some)
    }

    /// Where to begin: at the last message that begins in what this version and the one before have in common. What lies
    /// before it goes on.
    fn resume(&self, update: &Update<'_>, version: &MailboxVersion, file: &StoredFile) -> Result<Resume, EngineError> {
        let Some((before, starts)) = update.version_before(version)? else { return Ok(Resume::Start) };
        // What cannot be read of the version before is only read again.
        let Ok(Some(old)) = self.open(&before) else { return Ok(Resume::Start) };
        let common = file.common_beginning(&old);
        match starts.iter().rev().find(|start| **start < common) {
            Some(&start) if start > 0 => {
                update.letters_go_on(version, &before, start)?;
                Ok(Resume::At(start))
            }
            _ => Ok(Resume::Start),
        }
    }

    fn visit(
        &self,
        update: &Update<'_>,
        version: &MailboxVersion,
        kind: ContainerKind,
        file: &mut StoredFile,
        from: Resume,
    ) -> (Visited, Option<CatalogueError>) {
        let mut trouble = None;
        let visited = visit(kind, file, from, &Limits::default(), &mut |message| {
            if self.monitor.cancelled() {
                return ControlFlow::Break(());
            }
            match update.add_letter(version, &letter(&message, &message.locator.to_bytes(), kind)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    trouble = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        (visited, trouble)
    }
}

/// What is stored and cannot be read is told, and tried again the next time.
fn damaged(update: &Update<'_>, version: &MailboxVersion, problem: &dyn std::fmt::Display) -> Result<u64, EngineError> {
    update.mailbox_has_problem(version, &problem.to_string(), true)?;
    Ok(0)
}

fn kind(file: &mut StoredFile, version: &MailboxVersion) -> std::io::Result<Option<ContainerKind>> {
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(recognise(version.path.name().unwrap_or_default(), &head))
}

fn letter<'m>(message: &'m FoundMessage, locator: &'m [u8], kind: ContainerKind) -> Letter<'m> {
    let summary = &message.summary;
    Letter {
        identity: message.identity,
        sender: &summary.from,
        recipients: &summary.to,
        subject: &summary.subject,
        sent: summary.date,
        attachments: &summary.attachments,
        text: &summary.text,
        starts_at: message.starts_at,
        locator,
        container: number(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_mail_is_opened() {
        for name in ["Inbox", "clerk.mbox", "x.EML", "1700.M1P1.office:2,S", "a.pst", ".hidden"] {
            assert!(may_be_mailbox(Class::Documents, name.as_bytes()), "{name}");
        }
        for name in ["minutes.docx", "budget.csv", "Inbox.msf"] {
            assert!(!may_be_mailbox(Class::Documents, name.as_bytes()), "{name}");
        }
        assert!(may_be_mailbox(Class::Email, b"export.txt") && !may_be_mailbox(Class::Email, b"photo.jpg"));
    }
}
