//! `chest find`: where a name occurs, over all backups.

pub mod mail;

use crate::args::Find;
use crate::context::Workplace;
use crate::errors::{CliError, Doing, Failure};
use crate::exit::Exit;
use crate::output::amounts::{count, size};
use crate::output::json::{self, PathJson, SightingJson};
use crate::output::names::{harmless, shown, shown_path};
use crate::output::{Report, SHORT_ID};
use crate::selector::class;
use crate::time::{day_and_time, span_of_uk_day};
use chest_engine::browse::ItemType;
use chest_engine::catalogue::{self, FindOutcome, FindQuery, Hit, HitVersion, Keeping};
use chest_model::{ObjectHash, Timestamp};
use serde::Serialize;
use std::io::{self, Write};
use std::ops::Range;

/// Of so many hits the commands that bring them back are written out.
const COMMANDS: usize = 5;

/// Runs it.
pub fn run(workplace: &Workplace, args: &Find) -> Result<Exit, Failure> {
    if args.is_for_mail() {
        return mail::run(workplace, args);
    }
    let query = FindQuery {
        words: args.words.clone(),
        only_deleted: args.deleted,
        changed: span(args.since.as_deref(), args.before.as_deref())?,
        class: args.class.map(class),
    };
    let reading = workplace.open(Doing::Reading)?;
    let outcome = reading.told(catalogue::find(&reading.context, &reading.opened, &query))?;
    workplace.show(&Found { outcome: &outcome, versions: args.versions })?;
    advise(workplace, &outcome, &query.words.join(" "));
    Ok(reading.searched(!outcome.damaged.is_empty()))
}

/// From the first moment of a UK day to the first of another; without an end where none is given.
fn span(since: Option<&str>, before: Option<&str>) -> Result<Range<Timestamp>, CliError> {
    let start = |day: &str| match span_of_uk_day(day) {
        Ok((start, _)) => Ok(start),
        Err(_) => Err(CliError::NotADate(shown(day.as_bytes()))),
    };
    let from = since.map(start).transpose()?.unwrap_or(Timestamp::new(i64::MIN, 0));
    let until = before.map(start).transpose()?.unwrap_or(Timestamp::new(i64::MAX, 999_999_999));
    Ok(from..until)
}

/// On standard error, so that standard output holds the hits alone.
fn advise(workplace: &Workplace, outcome: &FindOutcome, word: &str) {
    let searched = searched(outcome.snapshots, &outcome.damaged);
    let hits = count(outcome.hits.len() as u64, "hit");
    let commands: Vec<String> = outcome.hits.iter().filter_map(command).take(COMMANDS).collect();
    workplace.console.remark(&match &commands[..] {
        [] if outcome.hits.is_empty() => format!("Nothing called \"{}\" in {searched}.", harmless(word)),
        [] => format!("{hits} in {searched}, unreadable in every one: there is nothing to bring back."),
        [one] => format!("{hits} in {searched}. To bring one back: {one}"),
        several => format!("{hits} in {searched}. To bring one back:\n  {}", several.join("\n  ")),
    });
    if outcome.keeping == Keeping::MadeAnew {
        workplace.console.remark("The search catalogue on this computer could not be used, and was made anew.");
    }
    for damaged in &outcome.damaged {
        let damaged = harmless(damaged);
        workplace.console.remark(&format!("DAMAGED: part of a list of files cannot be read: {damaged}"));
    }
}

/// Where it was looked: of what is damaged nothing can be said.
fn searched(snapshots: usize, damaged: &[String]) -> String {
    let backups = count(snapshots as u64, "backup");
    if damaged.is_empty() { backups } else { format!("what can be read of {backups}") }
}

/// What brings back the newest version that could be read.
fn command(hit: &Hit) -> Option<String> {
    let version = hit.versions.iter().find(|version| version.item != ItemType::Unreadable)?;
    let path = quoted(&shown_path(&hit.path));
    Some(format!("chest restore {} {path} --to FOLDER", short(&version.last_seen.0)))
}

struct Found<'o> {
    outcome: &'o FindOutcome,
    versions: bool,
}

#[derive(Serialize)]
struct FoundJson<'o> {
    hits: Vec<HitJson>,
    snapshots: usize,
    damaged: &'o [String],
}

#[derive(Serialize)]
struct HitJson {
    #[serde(flatten)]
    path: PathJson,
    deleted: bool,
    versions: Vec<VersionJson>,
}

#[derive(Serialize)]
struct VersionJson {
    #[serde(rename = "type")]
    item: &'static str,
    size: u64,
    modified: Option<String>,
    first_seen: SightingJson,
    last_seen: SightingJson,
}

impl Report for Found<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for hit in &self.outcome.hits {
            let shown = if self.versions { hit.versions.len() } else { 1 };
            for version in hit.versions.iter().take(shown) {
                writeln!(out, "{}  {}", shown_path(&hit.path), description(hit, version, self.versions))?;
            }
        }
        Ok(())
    }

    fn json(&self) -> impl Serialize {
        FoundJson {
            hits: self.outcome.hits.iter().map(hit_json).collect(),
            snapshots: self.outcome.snapshots,
            damaged: &self.outcome.damaged,
        }
    }
}

fn description(hit: &Hit, version: &HitVersion, one_by_one: bool) -> String {
    let mut text = format!(
        "{}, changed {}, last in backup {} of {}",
        if version.size > 0 { size(version.size) } else { json::item(version.item).to_owned() },
        day_and_time(version.modified),
        short(&version.last_seen.0),
        day_and_time(version.last_seen.1)
    );
    if hit.versions.len() > 1 && !one_by_one {
        text += &format!(", {}", count(hit.versions.len() as u64, "version"));
    }
    if hit.deleted {
        text += ", deleted since";
    }
    text
}

fn hit_json(hit: &Hit) -> HitJson {
    let version = |version: &HitVersion| VersionJson {
        item: json::item(version.item),
        size: version.size,
        modified: json::time(version.modified),
        first_seen: SightingJson::of(version.first_seen),
        last_seen: SightingJson::of(version.last_seen),
    };
    let versions = hit.versions.iter().map(version).collect();
    HitJson { path: PathJson::of(&hit.path), deleted: hit.deleted, versions }
}

fn short(id: &ObjectHash) -> String {
    id.to_hex()[..SHORT_ID].to_owned()
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,@".contains(&byte);
    if text.bytes().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("docs/a.txt"), "docs/a.txt");
        assert_eq!(quoted("docs/Clerk's notes.txt"), r"'docs/Clerk'\''s notes.txt'");
    }
}
