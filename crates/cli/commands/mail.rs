//! `chest mail show` and `save`: one message, to look at or to keep.

use super::find::mail::MessageJson;
use super::find::{short, tell_keeping};
use crate::args::{MailSave, MailShow};
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use crate::output::amounts::size;
use crate::output::called::{Called, RESTORED};
use crate::output::json::PathJson;
use crate::output::names::{harmless, shown, shown_place};
use crate::own_folders::OwnFolders;
use crate::time::{day, day_and_time, day_as_digits};
use chest_engine::catalogue::{self, FetchedMessage, MailHit, SavedAs, SavedFiles};
use chest_engine::mail::{AttachmentInfo, Preview, preview};
use chest_engine::target::Placement;
use chest_model::Environment;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// There is more in a message than is taken in of one.
const MORE_PARTS: &str = "NOT ALL OF IT: this message has more parts than are taken out of one, so that there may be more attached to it, and more text. \
    Save the message itself, without --attachments: it has all of it, and a mail program opens it.";

/// Some of a message is missing or wrong.
const DAMAGED: &str = "DAMAGED: this message was cut off, or bytes of it are wrong, so that what it says or what is attached to it may not be whole. \
    It was so when it was backed up: an older backup may hold it whole.";

/// Shows a message.
pub fn show(workplace: &Workplace, args: &MailShow) -> Result<Exit, Failure> {
    let message = fetch(workplace, args)?;
    let preview = preview(&message.raw);
    let (attached, text_is_cut, is_cut) = (preview.attachments.len(), preview.text_is_cut, preview.is_cut);
    let is_damaged = preview.is_damaged;
    workplace.show(&Shown { hit: &message.hit, preview })?;
    let called = Called::of(&workplace.settings).reading(args.older);
    let save = called.again(&format!("mail save {} --to {RESTORED}", short(&message.hit.id)));
    workplace.console.remark(&match attached {
        0 => format!("To save it: {save}"),
        _ => format!("To save it: {save}\nTo save what is attached: {save} --attachments"),
    });
    if is_cut {
        workplace.console.remark(MORE_PARTS);
    } else if text_is_cut {
        workplace.console.remark("NOT ALL OF IT IS SHOWN: the text goes on. Save the message, which has all of it, and open it in a mail program.");
    }
    if is_damaged {
        workplace.console.remark(DAMAGED);
    }
    tell_keeping(workplace, &message.keeping);
    Ok(Exit::Done)
}

/// Saves a message, or what is attached to it.
pub fn save(workplace: &Workplace, args: &MailSave) -> Result<Exit, Failure> {
    OwnFolders::of(workplace)?.refuse_target(&args.to)?;
    let reading = workplace.open(Doing::Restoring, args.older)?;
    let message = reading.told(catalogue::fetch_message(&reading.context, &reading.opened, &args.id))?;
    let what = match args.attachments {
        true => SavedAs::Attachments,
        false => SavedAs::Message { day: message.hit.sent.map(day_as_digits) },
    };
    let today = day(workplace.machine.now());
    let saved = catalogue::save_message(&reading.context, &message, &what, &args.to, &today);
    let saved = reading.told(saved)?;
    workplace.show(&Saved { hit: &message.hit, to: &args.to, saved: &saved })?;
    if !saved.is_all {
        workplace.console.remark(MORE_PARTS);
    }
    if saved.is_damaged {
        workplace.console.remark(DAMAGED);
    }
    tell_keeping(workplace, &message.keeping);
    Ok(if saved.is_all && !saved.is_damaged { Exit::Done } else { Exit::Partial })
}

fn fetch(workplace: &Workplace, args: &MailShow) -> Result<FetchedMessage, Failure> {
    let reading = workplace.open(Doing::Reading, args.older)?;
    reading.told(catalogue::fetch_message(&reading.context, &reading.opened, &args.id))
}

struct Shown<'m> {
    hit: &'m MailHit,
    preview: Preview,
}

#[derive(Serialize)]
struct ShownJson<'m> {
    #[serde(flatten)]
    message: MessageJson<'m>,
    cc: &'m str,
    text: &'m str,
    text_cut: bool,
    files: Vec<FileJson<'m>>,
    files_cut: bool,
    damaged: bool,
}

#[derive(Serialize)]
struct FileJson<'m> {
    name: &'m str,
    size: u64,
    content_type: &'m str,
    within: Option<&'m str>,
}

impl Report for Shown<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Preview { from, to, cc, subject, date, text, attachments, .. } = &self.preview;
        for (field, value) in [("From", from), ("To", to), ("Cc", cc), ("Subject", subject)] {
            if !value.is_empty() {
                writeln!(out, "{field}: {}", harmless(value))?;
            }
        }
        if let Some(date) = date {
            writeln!(out, "Date: {}", day_and_time(*date))?;
        }
        for file in attachments {
            writeln!(out, "Attached: {}", attached(file))?;
        }
        writeln!(out)?;
        // The text is lines already; whatever else moves a cursor is not in it.
        text.lines().try_for_each(|line| writeln!(out, "{}", harmless(line)))
    }

    fn json(&self) -> impl Serialize {
        let files = self.preview.attachments.iter();
        let files = files.map(|file| FileJson {
            name: &file.name,
            size: file.size,
            content_type: &file.content_type,
            within: file.within.as_deref(),
        });
        ShownJson {
            message: MessageJson::of(self.hit),
            cc: &self.preview.cc,
            text: &self.preview.text,
            text_cut: self.preview.text_is_cut,
            files: files.collect(),
            files_cut: self.preview.is_cut,
            damaged: self.preview.is_damaged,
        }
    }
}

/// `Quotation.pdf (48.2 kB, application/pdf), within Hedge.eml`
fn attached(file: &AttachmentInfo) -> String {
    let within = file.within.as_deref().map(|message| format!(", within {}", harmless(message))).unwrap_or_default();
    format!("{} ({}, {}){within}", harmless(&file.name), size(file.size), harmless(&file.content_type))
}

struct Saved<'m> {
    hit: &'m MailHit,
    to: &'m Path,
    saved: &'m SavedFiles,
}

#[derive(Serialize)]
struct SavedJson {
    id: String,
    to: String,
    files: Vec<SavedFileJson>,
    files_cut: bool,
    damaged: bool,
}

#[derive(Serialize)]
struct SavedFileJson {
    #[serde(flatten)]
    path: PathJson,
    size: u64,
    already_there: bool,
}

impl Report for Saved<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.saved.files.is_empty() && self.saved.is_all {
            writeln!(out, "Nothing is attached to this message.")?;
        }
        for (placed, length) in &self.saved.files {
            let name = shown_place(&self.to.join(shown(placed.path.as_bytes())));
            match placed.how {
                Placement::AlreadyThere => writeln!(out, "{name} is there already")?,
                _ => writeln!(out, "{name}  {}", size(*length))?,
            }
        }
        Ok(())
    }

    fn json(&self) -> impl Serialize {
        let files = self.saved.files.iter().map(|(placed, length)| SavedFileJson {
            path: PathJson::of_bytes(placed.path.as_bytes()),
            size: *length,
            already_there: placed.how == Placement::AlreadyThere,
        });
        let (id, to, files) = (self.hit.id.to_hex(), shown_place(self.to), files.collect());
        let SavedFiles { is_all, is_damaged, .. } = *self.saved;
        SavedJson { id, to, files, files_cut: !is_all, damaged: is_damaged }
    }
}
