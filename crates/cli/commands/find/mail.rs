//! `chest find --mail`: messages, over all mailboxes of all backups.

use super::{quoted, short, span};
use crate::args::Find;
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use crate::output::amounts::count;
use crate::output::json::{self, PathJson, SightingJson};
use crate::output::names::{harmless, shown_path};
use crate::selector::class;
use crate::time::day_and_time;
use chest_engine::catalogue::{self, Keeping, MailHit, MailOutcome, MailQuery};
use serde::Serialize;
use std::io::{self, Write};

/// Of so many messages the commands that save them are written out.
const COMMANDS: usize = 5;

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
    let reading = workplace.open(Doing::Reading)?;
    let outcome = reading.told(catalogue::find_mail(&reading.context, &reading.opened, &query))?;
    workplace.show(&FoundMail(&outcome))?;
    advise(workplace, &outcome);
    Ok(reading.searched(!outcome.damaged.is_empty()))
}

fn advise(workplace: &Workplace, outcome: &MailOutcome) {
    let messages = count(outcome.messages.len() as u64, "message");
    let searched = super::searched(outcome.snapshots, &outcome.damaged);
    let commands =
        outcome.messages.iter().take(COMMANDS).map(|hit| format!("chest mail save {} --to FOLDER", short(&hit.id)));
    let commands: Vec<String> = commands.collect();
    workplace.console.remark(&match &commands[..] {
        [] => format!("No such message in {searched}."),
        [one] => format!("{messages} in {searched}. To save it: {one}"),
        several => format!("{messages} in {searched}. To save one:\n  {}", several.join("\n  ")),
    });
    for mailbox in &outcome.not_searched {
        workplace.console.remark(&format!("NOT SEARCHED, or not to its end: {}", harmless(mailbox)));
    }
    if outcome.keeping == Keeping::MadeAnew {
        workplace.console.remark("The search catalogue on this computer could not be used, and was made anew.");
    }
    for damaged in &outcome.damaged {
        workplace.console.remark(&format!("DAMAGED: there may be more messages: {}", harmless(damaged)));
    }
}

struct FoundMail<'o>(&'o MailOutcome);

#[derive(Serialize)]
struct FoundMailJson<'o> {
    messages: Vec<MessageJson<'o>>,
    snapshots: usize,
    damaged: &'o [String],
    not_searched: &'o [String],
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
    mailboxes: Vec<MailboxJson>,
}

#[derive(Serialize)]
struct MailboxJson {
    #[serde(flatten)]
    path: PathJson,
    first_seen: SightingJson,
    last_seen: SightingJson,
}

impl<'o> MessageJson<'o> {
    /// Of one message.
    pub fn of(hit: &'o MailHit) -> Self {
        let mailboxes = hit.mailboxes.iter().map(|mailbox| MailboxJson {
            path: PathJson::of(&mailbox.path),
            first_seen: SightingJson::of(mailbox.first_seen),
            last_seen: SightingJson::of(mailbox.last_seen),
        });
        Self {
            id: hit.id.to_hex(),
            from: &hit.from,
            to: &hit.to,
            subject: &hit.subject,
            sent: hit.sent.and_then(json::time),
            attachments: &hit.attachments,
            deleted: hit.deleted,
            mailboxes: mailboxes.collect(),
        }
    }
}

impl Report for FoundMail<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for hit in &self.0.messages {
            writeln!(out, "{}", line(hit))?;
        }
        Ok(())
    }

    fn json(&self) -> impl Serialize {
        FoundMailJson {
            messages: self.0.messages.iter().map(MessageJson::of).collect(),
            snapshots: self.0.snapshots,
            damaged: &self.0.damaged,
            not_searched: &self.0.not_searched,
        }
    }
}

/// `1ab95b11e37b  3 March 2026, 10:12  Zoë Clerk <…>: Hedge, 1 attachment, in mail/inbox.mbox, last in backup … of …, deleted since`
fn line(hit: &MailHit) -> String {
    let sent = hit.sent.map_or_else(|| "no date".to_owned(), day_and_time);
    let subject = if hit.subject.is_empty() { "(no subject)" } else { &hit.subject };
    let mut line = format!("{}  {sent}  {}: {}", short(&hit.id), harmless(&hit.from), harmless(subject));
    if !hit.attachments.is_empty() {
        line += &format!(", {}", count(hit.attachments.len() as u64, "attachment"));
    }
    if let Some(mailbox) = hit.mailboxes.first() {
        let (backup, ended) = mailbox.last_seen;
        line += &format!(
            ", in {}, last in backup {} of {}",
            quoted(&shown_path(&mailbox.path)),
            short(&backup),
            day_and_time(ended)
        );
    }
    if hit.deleted {
        line += ", deleted since";
    }
    line
}
