//! `chest ls`: what a backup holds, or what it should hold and does not.

use crate::args::Ls;
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use crate::output::amounts::{count, grouped, size};
use crate::output::doubts::{DoubtJson, write_doubts};
use crate::output::exceptions::{summary_of, write_exceptions};
use crate::output::json::{self, ExceptionJson, PathJson};
use crate::output::names::{for_json, harmless, shown, shown_path};
use crate::output::tables::{Side, write_table};
use crate::selector::{narrowed, snapshot_and_path};
use crate::time::day_and_time;
use chest_engine::browse::{self, ItemType, ListOutcome, ListedItem, ShownPath};
use chest_engine::repo::repository::Snapshot;
use chest_model::{Doubt, Exception, Timestamp};
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace, args: &Ls) -> Result<Exit, Failure> {
    let (typed, path) = snapshot_and_path(&args.what)?;
    let reading = workplace.open(Doing::Reading, args.older)?;
    let snapshot = reading.snapshot(&typed, &narrowed(&args.narrow, &path))?;
    if args.exceptions {
        let exceptions = within(&snapshot, &path);
        workplace.show(&Exceptions { snapshot: &snapshot, exceptions, doubts: doubts_about(&snapshot, &path) })?;
        return Ok(Exit::Done);
    }
    let outcome = reading.told(browse::list(&reading.opened, &snapshot, &path, args.recursive))?;
    let exit = if outcome.damaged.is_empty() { Exit::Done } else { Exit::Damage };
    workplace.show(&Contents { snapshot: &snapshot, outcome: &outcome })?;
    Ok(exit)
}

fn within(snapshot: &Snapshot, at: &ShownPath) -> Vec<Exception> {
    let is_within = |one: &&Exception| at.root.is_empty() || (one.root == at.root && one.path.is_within(&at.path));
    snapshot.body.exceptions.iter().filter(is_within).cloned().collect()
}

fn doubts_about(snapshot: &Snapshot, at: &ShownPath) -> Vec<Doubt> {
    snapshot.body.doubts.iter().filter(|one| at.root.is_empty() || one.root == at.root).cloned().collect()
}

struct Exceptions<'o> {
    snapshot: &'o Snapshot,
    exceptions: Vec<Exception>,
    doubts: Vec<Doubt>,
}

#[derive(Serialize)]
struct ExceptionsJson {
    snapshot: String,
    exceptions: Vec<ExceptionJson>,
    exception_count: u64,
    doubts: Vec<DoubtJson>,
}

impl Report for Exceptions<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        write_exceptions(out, &self.exceptions)?;
        write_doubts(out, &self.doubts, &|_| None)?;
        match self.exceptions.is_empty() {
            true => writeln!(out, "Everything was read."),
            false => writeln!(out, "{}", summary_of(&self.exceptions)),
        }?;
        let (listed, all) = (self.snapshot.body.exceptions.len() as u64, self.snapshot.body.exception_count);
        if listed < all {
            let (listed, all) = (grouped(listed), count(all, "item"));
            writeln!(out, "The backup's list is not whole: it has the first {listed} of {all}.")?;
        }
        Ok(())
    }

    fn json(&self) -> impl Serialize {
        ExceptionsJson {
            snapshot: self.snapshot.record.hash.to_hex(),
            exceptions: self.exceptions.iter().map(ExceptionJson::of).collect(),
            exception_count: self.snapshot.body.exception_count,
            doubts: DoubtJson::of_all(&self.doubts),
        }
    }
}

struct Contents<'o> {
    snapshot: &'o Snapshot,
    outcome: &'o ListOutcome,
}

#[derive(Serialize)]
struct ContentsJson<'o> {
    snapshot: String,
    items: Vec<ItemJson>,
    damaged: &'o [String],
}

#[derive(Serialize)]
struct ItemJson {
    #[serde(flatten)]
    path: PathJson,
    #[serde(rename = "type")]
    item: &'static str,
    size: u64,
    modified: Option<String>,
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_bytes: Option<String>,
}

impl Report for Contents<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows: Vec<Vec<String>> = self.outcome.items.iter().map(row).collect();
        write_table(out, &[Side::Left, Side::Right, Side::Left, Side::Left], &rows)?;
        for damaged in &self.outcome.damaged {
            writeln!(out, "DAMAGED: part of the list of files cannot be read: {}", harmless(damaged))?;
        }
        writeln!(out, "{}", count(self.outcome.items.len() as u64, "item"))
    }

    fn json(&self) -> impl Serialize {
        ContentsJson {
            snapshot: self.snapshot.record.hash.to_hex(),
            items: self.outcome.items.iter().map(item_json).collect(),
            damaged: &self.outcome.damaged,
        }
    }
}

fn row(item: &ListedItem) -> Vec<String> {
    let amount = if item.item == ItemType::File { size(item.size) } else { "-".to_owned() };
    let target = item.target.as_ref().map(|target| format!(" -> {}", shown(target))).unwrap_or_default();
    vec![
        json::item(item.item).to_owned(),
        amount,
        modified(item).map_or_else(|| "-".to_owned(), day_and_time),
        format!("{}{target}", shown_path(&item.path)),
    ]
}

/// Of what was not even there to be looked at, no time is known.
fn modified(item: &ListedItem) -> Option<Timestamp> {
    let is_known = item.item != ItemType::Unreadable || item.metadata.modified != Timestamp::default();
    is_known.then_some(item.metadata.modified)
}

fn item_json(item: &ListedItem) -> ItemJson {
    let target = item.target.as_ref().map(|target| for_json(target));
    let (target, target_bytes) = target.map_or((None, None), |(text, bytes)| (Some(text), bytes));
    ItemJson {
        path: PathJson::of(&item.path),
        item: json::item(item.item),
        size: item.size,
        modified: modified(item).and_then(json::time),
        mode: item.metadata.mode.map(|mode| format!("{mode:04o}")),
        target,
        target_bytes,
    }
}
