//! `chest find`: where a name occurs, over all backups; below each hit stands the command that brings it back.

pub mod mail;

use crate::args::Find;
use crate::context::Workplace;
use crate::errors::{CliError, Doing, Failure};
use crate::exit::Exit;
use crate::output::amounts::{count, grouped, size};
use crate::output::called::{Called, RESTORED, word};
use crate::output::json::{self, PathJson, SightingJson};
use crate::output::names::{harmless, shown, shown_path};
use crate::output::{Report, SHORT_ID};
use crate::selector::class;
use crate::time::{day, day_and_time, span_of_uk_day};
use chest_engine::browse::{ItemType, ShownPath};
use chest_engine::catalogue::{
    self, FindOutcome, FindQuery, Hit, HitVersion, Keeping, NotKnown, RootInDoubt, Sighting, WhyNotKnown,
};
use chest_model::{ObjectHash, Timestamp};
use serde::Serialize;
use std::io::{self, Write};
use std::ops::Range;

/// So many hits are shown unless all are asked for: more are not read on a screen.
const SHOWN: usize = 20;
/// No more letters of what was looked for are repeated.
const LONGEST_SAID: usize = 100;

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
        // Programs get all.
        most: (!args.all && !workplace.settings.json).then_some(SHOWN),
    };
    let reading = workplace.open(Doing::Reading, args.older)?;
    let outcome = reading.told(catalogue::find(&reading.context, &reading.opened, &query))?;
    let called = Called::of(&workplace.settings).reading(args.older);
    workplace.show(&Found { outcome: &outcome, versions: args.versions, called })?;
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
    let (hits, shown) = (outcome.count, outcome.hits.len() as u64);
    let advice = match hits {
        0 => format!("Nothing called \"{}\" in {searched}.", harmless(&beginning(word))),
        _ if hits == shown && outcome.hits.iter().all(|hit| readable(hit).is_none()) => {
            format!("{} in {searched}, unreadable in every one: there is nothing to bring back.", count(hits, "hit"))
        }
        _ => {
            let cut = cut_off(hits, shown, "changed last");
            format!(
                "{} in {searched}{cut}. The command below a hit brings it back into {RESTORED}.",
                count(hits, "hit")
            )
        }
    };
    workplace.console.remark(&advice);
    tell_keeping(workplace, &outcome.keeping);
    for damaged in &outcome.damaged {
        let damaged = harmless(damaged);
        workplace.console.remark(&format!("DAMAGED: part of a list of files cannot be read: {damaged}"));
    }
}

/// What somebody has pasted is not repeated at any length.
fn beginning(word: &str) -> String {
    let mut letters = word.chars();
    let begun: String = letters.by_ref().take(LONGEST_SAID).collect();
    if letters.next().is_some() { begun + "\u{2026}" } else { begun }
}

fn counted(number: usize, one: &str) -> String {
    count(number as u64, one)
}

/// Which are shown, where not all are, and how to see the others.
fn cut_off(hits: u64, shown: u64, which: &str) -> String {
    match hits > shown {
        true => {
            format!("; the {} {which} are shown: --all shows all, and another word narrows it down", grouped(shown))
        }
        false => String::new(),
    }
}

/// Where the catalogue is not kept, every search is as slow as the first.
pub fn tell_keeping(workplace: &Workplace, keeping: &Keeping) {
    match keeping {
        Keeping::Kept => {}
        Keeping::MadeAnew => {
            workplace.console.remark("The search catalogue on this computer could not be used, and was made anew.");
        }
        Keeping::NotKept(why) => workplace.console.remark(&format!(
            "The search catalogue cannot be kept on this computer, so that every search takes as long as the first: {}. The \
             answer is the same. See to it that there is room on its disk and that the folder can be written to, or move away \
             what lies there.",
            harmless(why)
        )),
    }
}

/// Where it was looked: of what is damaged nothing can be said.
fn searched(snapshots: usize, damaged: &[String]) -> String {
    let backups = counted(snapshots, "backup");
    if damaged.is_empty() { backups } else { format!("what can be read of {backups}") }
}

/// The place of the newest version that could be read.
fn readable(hit: &Hit) -> Option<usize> {
    hit.versions.iter().position(|version| version.item != ItemType::Unreadable)
}

/// What brings back a version.
fn command(called: &Called, path: &ShownPath, version: &HitVersion) -> Option<String> {
    let is_readable = version.item != ItemType::Unreadable;
    let (id, path) = (short(&version.last_seen.0), shown_path(path));
    let quoted = word(path.as_bytes());
    is_readable.then(|| {
        called.again(&match path.starts_with('-') {
            // It would be taken for a flag.
            true => format!("restore --to {RESTORED} -- {id} {quoted}"),
            false => format!("restore {id} {quoted} --to {RESTORED}"),
        })
    })
}

struct Found<'o> {
    outcome: &'o FindOutcome,
    versions: bool,
    called: Called,
}

#[derive(Serialize)]
struct FoundJson<'o> {
    hits: Vec<HitJson>,
    snapshots: usize,
    damaged: &'o [String],
    catalogue: &'static str,
}

#[derive(Serialize)]
struct HitJson {
    #[serde(flatten)]
    path: PathJson,
    host: String,
    typed: String,
    deleted: bool,
    successor: Option<String>,
    not_known: Option<&'static str>,
    not_known_root: Option<RootInDoubtJson>,
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
    snapshots: usize,
}

/// The root of which `not_known` is said.
#[derive(Serialize)]
struct RootInDoubtJson {
    root: String,
    #[serde(flatten)]
    path: PathJson,
}

impl RootInDoubtJson {
    fn of(not_known: &NotKnown) -> Self {
        let RootInDoubt { label, place, .. } = &not_known.root;
        Self { root: shown(label), path: PathJson::of_bytes(place) }
    }
}

impl Report for Found<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for hit in &self.outcome.hits {
            writeln!(out, "{}", shown_path(&hit.path))?;
            let newest = readable(hit).unwrap_or_default();
            let places = if self.versions { 0..hit.versions.len() } else { newest..newest + 1 };
            for place in places {
                writeln!(out, "  {}", description(hit, place, self.versions))?;
                if let Some(command) = command(&self.called, &hit.path, &hit.versions[place]) {
                    writeln!(out, "    {command}")?;
                }
            }
        }
        Ok(())
    }

    fn json(&self) -> impl Serialize {
        FoundJson {
            hits: self.outcome.hits.iter().map(hit_json).collect(),
            snapshots: self.outcome.snapshots,
            damaged: &self.outcome.damaged,
            catalogue: catalogue_code(&self.outcome.keeping),
        }
    }
}

/// How the catalogue fared, for programs.
fn catalogue_code(keeping: &Keeping) -> &'static str {
    match keeping {
        Keeping::Kept => "kept",
        Keeping::MadeAnew => "made-anew",
        Keeping::NotKept(_) => "not-kept",
    }
}

/// `48.2 kB, changed 3 March 2026, 10:12; in 3 backups between 24 October 2026 and 14 November 2026; deleted since`; where another computer
/// has a root of that name, `of CLERK-PC, in 3 backups`.
fn description(hit: &Hit, place: usize, one_by_one: bool) -> String {
    let version = &hit.versions[place];
    let what = match version.item {
        ItemType::Unreadable => "could not be read".to_owned(),
        item if version.size == 0 => json::item(item).to_owned(),
        _ => size(version.size),
    };
    let changed = day_and_time(version.modified);
    let seen = backups(version.snapshots, version.first_seen, version.last_seen);
    // Two computers may each have such a file.
    let whose = if hit.has_namesake { format!("of {}, ", shown(hit.host.as_bytes())) } else { String::new() };
    let mut text = format!("{what}, changed {changed}; {whose}{seen}");
    let older = hit.versions.len() - place - 1;
    if !one_by_one && place > 0 {
        text += "; a later version could not be read";
    }
    if !one_by_one && older > 0 {
        text += &format!("; {}: --versions shows all", counted(older, "older version"));
    }
    if place == 0 || !one_by_one {
        text += &what_became(hit.deleted, hit.successor.as_deref(), hit.not_known.as_ref(), &hit.path.root);
    }
    text
}

/// `; deleted since`, `; not in mail-2026-11-21.mbox, which has been backed up in its place since`, `; not known since 14 November 2026,
/// 17:02: it, or a folder above it, could not be read`; nothing of what is there.
fn what_became(deleted: bool, successor: Option<&[u8]>, not_known: Option<&NotKnown>, root: &[u8]) -> String {
    match (deleted, successor, not_known) {
        (true, Some(other), _) => format!("; not in {}, which has been backed up in its place since", shown(other)),
        (true, None, _) => "; deleted since".to_owned(),
        (false, _, Some(not_known)) => {
            format!("; not known since {}: {}", day_and_time(not_known.since), reason(not_known, root))
        }
        (false, _, None) => String::new(),
    }
}

/// Where it is said of another root than the one that is shown, that one is named.
fn reason(not_known: &NotKnown, shown_root: &[u8]) -> String {
    let in_doubt = &not_known.root;
    let mut root = shown(&in_doubt.label);
    if in_doubt.is_one_of_several {
        root += &format!(" from {}", shown(&in_doubt.place));
    }
    let is_shown = in_doubt.label == shown_root && !in_doubt.is_one_of_several;
    let of_root = if is_shown { String::new() } else { format!(" of {root}") };
    let in_root = if is_shown { String::new() } else { format!(" in {root}") };
    match not_known.why {
        WhyNotKnown::Unreadable => format!("it, or a folder above it{in_root}, could not be read"),
        WhyNotKnown::Damaged => format!("part of the newest list of files{of_root} is damaged"),
        WhyNotKnown::MailboxNotRead if is_shown => "its mailbox could not be read in full".to_owned(),
        WhyNotKnown::MailboxNotRead => format!("a mailbox{in_root} could not be read in full"),
        WhyNotKnown::ExportCutShort => format!("the newest export{of_root} is not whole"),
        WhyNotKnown::RootUnreadable => format!("{root} was not there, or could not be read"),
        WhyNotKnown::RootNotBackedUp => format!("{root} has not been backed up since"),
        WhyNotKnown::LeftOut => format!("a pattern leaves it out of the newest backup{of_root}"),
    }
}

/// For programs; null where it is known.
fn not_known_code(not_known: Option<&NotKnown>) -> Option<&'static str> {
    not_known.map(|not_known| match not_known.why {
        WhyNotKnown::Unreadable => "folder-unreadable",
        WhyNotKnown::Damaged => "list-damaged",
        WhyNotKnown::MailboxNotRead => "mailbox-not-read",
        WhyNotKnown::ExportCutShort => "export-not-whole",
        WhyNotKnown::RootUnreadable => "root-unreadable",
        WhyNotKnown::RootNotBackedUp => "root-not-backed-up",
        WhyNotKnown::LeftOut => "left-out",
    })
}

/// `in the backup of 14 November 2026, 17:02`, `in 3 backups between 24 October 2026 and 14 November 2026`
fn backups(number: usize, first: Sighting, last: Sighting) -> String {
    match (day(first.1), day(last.1)) {
        _ if number <= 1 => format!("in the backup of {}", day_and_time(last.1)),
        (from, to) if from == to => format!("in {} of {to}", counted(number, "backup")),
        (from, to) => format!("in {} between {from} and {to}", counted(number, "backup")),
    }
}

fn hit_json(hit: &Hit) -> HitJson {
    let version = |version: &HitVersion| VersionJson {
        item: json::item(version.item),
        size: version.size,
        modified: json::time(version.modified),
        first_seen: SightingJson::of(version.first_seen),
        last_seen: SightingJson::of(version.last_seen),
        snapshots: version.snapshots,
    };
    let versions = hit.versions.iter().map(version).collect();
    HitJson {
        path: PathJson::of(&hit.path),
        host: hit.host.clone(),
        typed: shown_path(&hit.path),
        deleted: hit.deleted,
        successor: hit.successor.as_deref().map(shown),
        not_known: not_known_code(hit.not_known.as_ref()),
        not_known_root: hit.not_known.as_ref().map(RootInDoubtJson::of),
        versions,
    }
}

/// As many letters of an id as people are shown.
pub fn short(id: &ObjectHash) -> String {
    id.to_hex()[..SHORT_ID].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::TreePath;

    fn hit_of(host: &str, has_namesake: bool) -> Hit {
        let seen = (ObjectHash([7; 32]), Timestamp::new(1_795_280_520, 0));
        let version = |size| HitVersion {
            item: ItemType::File,
            size,
            modified: Timestamp::new(1_772_532_720, 0),
            first_seen: seen,
            last_seen: seen,
            snapshots: 1,
        };
        Hit {
            path: ShownPath { root: b"docs".to_vec(), path: TreePath::from_bytes(b"budget.csv".to_vec()).unwrap() },
            host: host.to_owned(),
            has_namesake,
            versions: vec![version(48_200), version(12)],
            deleted: true,
            successor: None,
            not_known: None,
        }
    }

    #[test]
    fn a_doubt_is_told_of_the_root_that_it_is_of() {
        let told = |why, label: &[u8], is_one_of_several| {
            let (label, place) = (label.to_vec(), b"/home/x/Desktop".to_vec());
            let since = Timestamp::new(1_795_280_520, 0);
            let not_known = NotKnown { since, why, root: RootInDoubt { label, place, is_one_of_several } };
            let told = what_became(false, None, Some(&not_known), b"Inbox");
            told.strip_prefix("; not known since 21 November 2026, 17:02: ").unwrap().to_owned()
        };
        assert_eq!(told(WhyNotKnown::RootNotBackedUp, b"Old", false), "Old has not been backed up since");
        assert_eq!(
            told(WhyNotKnown::RootNotBackedUp, b"Inbox", true),
            "Inbox from /home/x/Desktop has not been backed up since"
        );
        assert_eq!(told(WhyNotKnown::ExportCutShort, b"Inbox", false), "the newest export is not whole");
        for (why, expected) in [
            (WhyNotKnown::Unreadable, "it, or a folder above it in Old, could not be read"),
            (WhyNotKnown::Damaged, "part of the newest list of files of Old is damaged"),
            (WhyNotKnown::MailboxNotRead, "a mailbox in Old could not be read in full"),
            (WhyNotKnown::ExportCutShort, "the newest export of Old is not whole"),
            (WhyNotKnown::LeftOut, "a pattern leaves it out of the newest backup of Old"),
        ] {
            assert_eq!(told(why, b"Old", false), expected);
        }
    }

    #[test]
    fn people_are_told_the_computer_only_where_another_has_a_root_of_that_name_and_programs_always() {
        let (alone, namesake) = (hit_of("clerk-pc", false), hit_of("clerk-pc", true));
        let seen = "in the backup of 21 November 2026, 17:02";
        let changed = "48.2 kB, changed 3 March 2026, 10:12";
        let became = "; 1 older version: --versions shows all; deleted since";
        assert_eq!(description(&alone, 0, false), format!("{changed}; {seen}{became}"));
        assert_eq!(description(&namesake, 0, false), format!("{changed}; of clerk-pc, {seen}{became}"));
        assert!(description(&namesake, 1, true).ends_with(&format!("; of clerk-pc, {seen}")), "of each version");
        let hostile = description(&hit_of("clerk\x1b[2J", true), 0, false);
        assert!(hostile.contains(r"; of clerk\x1b[2J, in "), "{hostile}");
        assert_eq!([hit_json(&alone).host, hit_json(&namesake).host], ["clerk-pc"; 2]);
    }
}
