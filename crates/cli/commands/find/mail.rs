//! `chest find --mail`: messages, over all mailboxes of all backups; below each stands the command that saves it.

use super::{
    RootInDoubtJson, SHOWN, backups, catalogue_code, counted, cut_off, not_known_code, short, span, tell_keeping,
    what_became,
};
use crate::args::Find;
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use crate::output::called::{Called, RESTORED};
use crate::output::json::{self, PathJson, SightingJson};
use crate::output::names::{harmless, shown, shown_path};
use crate::selector::class;
use crate::time::day_and_time;
use chest_engine::catalogue::{self, MailHit, MailOutcome, MailQuery, MailboxHit, NotSearched};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// So many of the mailboxes that share a reason are named.
const NAMED: usize = 3;

/// Runs it.
pub fn run(workplace: &Workplace, args: &Find) -> Result<Exit, Failure> {
    let is_timed = args.since.is_some() || args.before.is_some();
    let time = span(args.since.as_deref(), args.before.as_deref())?;
    let query = MailQuery {
        words: args.words.clone(),
        from: args.from.clone(),
        subject: args.subject.clone(),
        attachment: args.attachment.clone(),
        sent: is_timed.then_some(time),
        only_deleted: args.deleted,
        class: args.class.map(class),
        id: None,
    };
    let reading = workplace.open(Doing::Reading, args.older)?;
    let outcome = reading.told(catalogue::find_mail(&reading.context, &reading.opened, &query))?;
    let shown = if args.all { &outcome.messages[..] } else { &outcome.messages[..outcome.messages.len().min(SHOWN)] };
    let called = Called::of(&workplace.settings).reading(args.older);
    advise_after(workplace, &outcome, &FoundMail { outcome: &outcome, shown, versions: args.versions, called })?;
    Ok(reading.searched(!outcome.damaged.is_empty()))
}

/// Shows them; what is said besides goes to standard error.
fn advise_after(workplace: &Workplace, outcome: &MailOutcome, found: &FoundMail<'_>) -> Result<(), Failure> {
    workplace.show(found)?;
    let searched = super::searched(outcome.snapshots, &outcome.damaged);
    let messages = outcome.messages.len();
    workplace.console.remark(&match found.shown.first() {
        None => format!("No such message in {searched}."),
        Some(first) => {
            let cut = cut_off(messages as u64, found.shown.len() as u64, "newest");
            let look = found.called.again(&format!("mail show {}", short(&first.id)));
            let messages = counted(messages, "message");
            format!("{messages} in {searched}{cut}. The command below one saves it in {RESTORED}. To look at one first: {look}")
        }
    });
    for remark in not_searched(&outcome.not_searched) {
        workplace.console.remark(&remark);
    }
    tell_keeping(workplace, &outcome.keeping);
    for damaged in &outcome.damaged {
        workplace.console.remark(&format!("DAMAGED: there may be more messages: {}", harmless(damaged)));
    }
    Ok(())
}

/// What is not searched, one line for each reason.
fn not_searched(all: &[NotSearched]) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    all.iter().for_each(|one| by_reason.entry(&one.reason).or_default().push(&one.path));
    let line = |(reason, paths): (&str, Vec<&str>)| {
        let named = paths.iter().take(NAMED).map(|path| harmless(path).to_string()).collect::<Vec<_>>().join(", ");
        let reason = harmless(reason);
        match paths.len() {
            1 => format!("NOT SEARCHED, or not to its end: {named}: {reason}"),
            files if files <= NAMED => format!("NOT SEARCHED, or not to their ends: {named}; of each: {reason}"),
            files => {
                let more = files - NAMED;
                format!(
                    "NOT SEARCHED, or not to their ends: {named} and {more} more (--json names all); of each: {reason}"
                )
            }
        }
    };
    by_reason.into_iter().map(line).collect()
}

struct FoundMail<'o> {
    outcome: &'o MailOutcome,
    shown: &'o [MailHit],
    versions: bool,
    called: Called,
}

#[derive(Serialize)]
struct FoundMailJson<'o> {
    messages: Vec<MessageJson<'o>>,
    snapshots: usize,
    damaged: &'o [String],
    not_searched: Vec<String>,
    catalogue: &'static str,
}

/// A message, without what only a look at it shows.
#[derive(Serialize)]
pub struct MessageJson<'o> {
    id: String,
    from: &'o str,
    to: &'o str,
    subject: &'o str,
    sent: Option<String>,
    attachments: &'o [String],
    deleted: bool,
    marked_deleted: bool,
    successor: Option<String>,
    not_known: Option<&'static str>,
    not_known_root: Option<RootInDoubtJson>,
    mailboxes: Vec<MailboxJson>,
}

#[derive(Serialize)]
struct MailboxJson {
    #[serde(flatten)]
    path: PathJson,
    first_seen: SightingJson,
    last_seen: SightingJson,
    snapshots: usize,
    /// Each of them, where somebody asked for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Vec<SightingJson>>,
}

impl MailboxJson {
    fn of(mailbox: &MailboxHit, seen: Option<Vec<SightingJson>>) -> Self {
        Self {
            path: PathJson::of(&mailbox.path),
            first_seen: SightingJson::of(mailbox.first_seen),
            last_seen: SightingJson::of(mailbox.last_seen),
            snapshots: mailbox.snapshots,
            seen,
        }
    }
}

impl<'o> MessageJson<'o> {
    /// Of one message.
    pub fn of(hit: &'o MailHit) -> Self {
        Self::with(hit, hit.mailboxes.iter().map(|mailbox| MailboxJson::of(mailbox, None)).collect())
    }

    /// The same with every backup that has it.
    fn with_each_backup(hit: &'o MailHit, outcome: &MailOutcome) -> Self {
        let seen = |mailbox| outcome.sightings(mailbox).into_iter().map(SightingJson::of).collect();
        Self::with(hit, hit.mailboxes.iter().map(|mailbox| MailboxJson::of(mailbox, Some(seen(mailbox)))).collect())
    }

    fn with(hit: &'o MailHit, mailboxes: Vec<MailboxJson>) -> Self {
        Self {
            id: hit.id.to_hex(),
            from: &hit.from,
            to: &hit.to,
            subject: &hit.subject,
            sent: hit.sent.and_then(json::time),
            attachments: &hit.attachments,
            deleted: hit.deleted,
            marked_deleted: hit.is_marked_deleted,
            successor: hit.successor.as_deref().map(shown),
            not_known: not_known_code(hit.not_known.as_ref()),
            not_known_root: hit.not_known.as_ref().map(RootInDoubtJson::of),
            mailboxes,
        }
    }
}

impl Report for FoundMail<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for hit in self.shown {
            writeln!(out, "{}", head(hit))?;
            self.write_mailboxes(hit, out)?;
            writeln!(out, "    {}", self.called.again(&format!("mail save {} --to {RESTORED}", short(&hit.id))))?;
        }
        Ok(())
    }

    fn json(&self) -> impl Serialize {
        let message = |hit| match self.versions {
            true => MessageJson::with_each_backup(hit, self.outcome),
            false => MessageJson::of(hit),
        };
        FoundMailJson {
            messages: self.outcome.messages.iter().map(message).collect(),
            snapshots: self.outcome.snapshots,
            damaged: &self.outcome.damaged,
            not_searched: self.outcome.not_searched.iter().map(NotSearched::to_string).collect(),
            catalogue: catalogue_code(&self.outcome.keeping),
        }
    }
}

impl FoundMail<'_> {
    /// `in mail/inbox.mbox; in 3 backups between … and …; deleted since`, and each backup where that was asked for.
    fn write_mailboxes(&self, hit: &MailHit, out: &mut dyn Write) -> io::Result<()> {
        let shown = if self.versions { hit.mailboxes.len() } else { 1 };
        for (place, mailbox) in hit.mailboxes.iter().take(shown).enumerate() {
            let seen = backups(mailbox.snapshots, mailbox.first_seen, mailbox.last_seen);
            write!(out, "  in {}; {seen}", shown_path(&mailbox.path))?;
            if hit.mailboxes.len() > shown {
                write!(
                    out,
                    "; also elsewhere ({} in all): --versions shows each",
                    counted(hit.mailboxes.len(), "place")
                )?;
            }
            writeln!(out, "{}", if place == 0 { fate(hit) } else { String::new() })?;
            if self.versions {
                for (backup, ended) in self.outcome.sightings(mailbox) {
                    writeln!(out, "    backup {} of {}", short(&backup), day_and_time(ended))?;
                }
            }
        }
        Ok(())
    }
}

/// What became of it.
fn fate(hit: &MailHit) -> String {
    let root = hit.mailboxes.first().map_or(&[][..], |mailbox| &mailbox.path.root);
    let marked = if hit.is_marked_deleted { "; marked as deleted in the mail program" } else { "" };
    what_became(hit.deleted, hit.successor.as_deref(), hit.not_known.as_ref(), root) + marked
}

/// `1ab95b11e37b  3 March 2026, 10:12  Zoë Clerk <…>: Hedge, 1 attachment`
fn head(hit: &MailHit) -> String {
    let sent = hit.sent.map_or_else(|| "no date".to_owned(), day_and_time);
    let subject = if hit.subject.is_empty() { "(no subject)" } else { &hit.subject };
    let mut line = format!("{}  {sent}  {}: {}", short(&hit.id), harmless(&hit.from), harmless(subject));
    if !hit.attachments.is_empty() {
        line += &format!(", {}", counted(hit.attachments.len(), "attachment"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_searched_is_one_line_for_each_reason() {
        let of = |path: String, reason: &str| NotSearched { path, reason: reason.to_owned() };
        let mut all: Vec<NotSearched> =
            (1..=40).map(|number| of(format!("mail/{number:02}.msg"), "of Outlook")).collect();
        all.push(of("mail/a.pst".to_owned(), "damaged"));
        all.extend(["b", "c\u{1b}"].map(|name| of(name.to_owned(), "long")));
        let lines = not_searched(&all);
        assert_eq!(lines[0], "NOT SEARCHED, or not to its end: mail/a.pst: damaged");
        assert!(lines[1].contains("b, c") && lines[1].ends_with("; of each: long") && !lines[1].contains('\u{1b}'));
        let named = "mail/01.msg, mail/02.msg, mail/03.msg and 37 more (--json names all); of each: of Outlook";
        assert_eq!(lines[2], format!("NOT SEARCHED, or not to their ends: {named}"));
        assert_eq!(lines.len(), 3);
    }
}
