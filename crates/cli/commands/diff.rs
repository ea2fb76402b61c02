//! `chest diff`: what changed between two backups.

use crate::args::Diff;
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use crate::output::amounts::{grouped, size};
use crate::output::json::{self, PathJson};
use crate::output::names::{harmless, shown_path};
use chest_engine::browse::{self, Change, ChangeKind, DiffOutcome};
use chest_engine::repo::repository::Snapshot;
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace, args: &Diff) -> Result<Exit, Failure> {
    let reading = workplace.open(Doing::Reading, args.older)?;
    let before = reading.snapshot(&args.before, &args.narrow)?;
    let after = reading.snapshot(&args.after, &args.narrow)?;
    let outcome = reading.told(browse::diff(&reading.opened, &before, &after, reading.context.monitor))?;
    let exit = if outcome.damaged.is_empty() { Exit::Done } else { Exit::Damage };
    workplace.show(&Compared { before: &before, after: &after, outcome: &outcome })?;
    Ok(exit)
}

struct Compared<'o> {
    before: &'o Snapshot,
    after: &'o Snapshot,
    outcome: &'o DiffOutcome,
}

#[derive(Serialize)]
struct ComparedJson<'o> {
    before: String,
    after: String,
    changes: Vec<ChangeJson>,
    damaged: &'o [String],
}

#[derive(Serialize)]
struct ChangeJson {
    #[serde(flatten)]
    path: PathJson,
    change: &'static str,
    #[serde(rename = "type")]
    item: &'static str,
    size_before: Option<u64>,
    size_after: Option<u64>,
}

impl Report for Compared<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for change in &self.outcome.changes {
            let path = shown_path(&change.path);
            writeln!(out, "{:<8} {path}{}", word(change.kind), sizes(change))?;
        }
        for damaged in &self.outcome.damaged {
            writeln!(out, "DAMAGED: part of a list of files cannot be read: {}", harmless(damaged))?;
        }
        let number = |kind| grouped(self.outcome.changes.iter().filter(|change| change.kind == kind).count() as u64);
        writeln!(
            out,
            "{} added, {} removed, {} changed, {} with other rights or times only",
            number(ChangeKind::Added),
            number(ChangeKind::Removed),
            number(ChangeKind::Content),
            number(ChangeKind::Metadata)
        )?;
        match self.outcome.changes.iter().any(|change| change.kind == ChangeKind::Unread) {
            true => writeln!(
                out,
                "{} could not be read when one of the two was made: nothing is known of what lies below",
                number(ChangeKind::Unread)
            ),
            false => Ok(()),
        }
    }

    fn json(&self) -> impl Serialize {
        let of = |change: &Change| ChangeJson {
            path: PathJson::of(&change.path),
            change: word(change.kind),
            item: json::item(change.item),
            size_before: change.size_before,
            size_after: change.size_after,
        };
        ComparedJson {
            before: self.before.record.hash.to_hex(),
            after: self.after.record.hash.to_hex(),
            changes: self.outcome.changes.iter().map(of).collect(),
            damaged: &self.outcome.damaged,
        }
    }
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Content => "changed",
        ChangeKind::Metadata => "details",
        ChangeKind::Unread => "unread",
    }
}

fn sizes(change: &Change) -> String {
    match (change.kind, change.size_before, change.size_after) {
        (ChangeKind::Content, Some(before), Some(after)) => format!(" ({} -> {})", size(before), size(after)),
        _ => String::new(),
    }
}
