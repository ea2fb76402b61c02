//! What is said of files that a backup leaves out though nobody asked for that: how many, and which of them are copies of mailboxes, for one of
//! an account that was closed is in no other place.

use super::amounts::{count, grouped};
use super::json::PathJson;
use super::names::{shown, shown_path};
use chest_engine::backup::RootOutcome;
use chest_engine::browse::ShownPath;
use serde::Serialize;
use std::io::{self, Write};

/// As many mailboxes stand on the screen.
const SHOWN_AT_MOST: usize = 10;

/// One line; nothing where there is no such file.
pub fn write_passed_over(out: &mut dyn Write, root: &RootOutcome) -> io::Result<()> {
    let passed = &root.passed_over;
    if passed.files == 0 {
        return Ok(());
    }
    let name = shown(&root.description.label);
    write!(out, "{name}: {} left out as temporary or kept elsewhere", count(passed.files, "file"))?;
    if passed.mailbox_count == 0 {
        return writeln!(out);
    }
    let mut names: Vec<String> = mailboxes(root).take(SHOWN_AT_MOST).map(|path| shown_path(&path)).collect();
    let more = passed.mailbox_count - names.len() as u64;
    if more > 0 {
        names.push(format!("{} more", grouped(more)));
    }
    let (are, them) = match passed.mailbox_count {
        1 => ("Outlook's copy of a mailbox is", "it"),
        _ => ("Outlook's copies of mailboxes are", "them"),
    };
    writeln!(
        out,
        "; {are} among them: {}. If no mail server holds {them} any more, back {them} up with --no-default-excludes.",
        names.join(", ")
    )
}

fn mailboxes(root: &RootOutcome) -> impl Iterator<Item = ShownPath> {
    let label = &root.description.label;
    root.passed_over.mailboxes.iter().map(|path| ShownPath { root: label.clone(), path: path.clone() })
}

/// The same for programs.
#[derive(Serialize)]
pub struct PassedOverJson {
    files: u64,
    mailbox_count: u64,
    mailboxes: Vec<PathJson>,
}

impl PassedOverJson {
    /// Of a root in which some were left out.
    pub fn of(root: &RootOutcome) -> Option<Self> {
        let (files, mailbox_count) = (root.passed_over.files, root.passed_over.mailbox_count);
        let mailboxes = mailboxes(root).map(|path| PathJson::of(&path)).collect();
        (files > 0).then_some(Self { files, mailbox_count, mailboxes })
    }
}
