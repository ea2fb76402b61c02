//! `chest restore`: brings files back, and says what came where and what did not.

mod dry_run;

use crate::args::Restore;
use crate::context::{Reading, Workplace};
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::machine::threads;
use crate::output::Report;
use crate::output::amounts::{count, size};
use crate::output::exceptions::SHOWN_AT_MOST;
use crate::output::json::PathJson;
use crate::output::names::{for_json, harmless, shown, shown_path};
use crate::own_folders::OwnFolders;
use crate::selector;
use crate::time;
use chest_engine::browse::ShownPath;
use chest_engine::repo::repository::Snapshot;
use chest_engine::restore::{
    self, BesideBecause, FailureCause, RestoreOutcome, RestoreRequest, ShortenedName, WrittenBeside,
};
use chest_engine::target::{Existing, MetadataNote};
use chest_model::Environment;
use dry_run::Planned;
use serde::Serialize;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Runs it.
pub fn run(workplace: &Workplace, args: &Restore) -> Result<Exit, Failure> {
    let (typed, within) = selector::snapshot_and_path(&args.snapshot)?;
    let mut paths = args.paths.iter().map(|path| selector::path(path.as_bytes())).collect::<Result<Vec<_>, _>>()?;
    paths.extend((within != ShownPath::default()).then_some(within));
    let narrow = selector::narrowed(&args.narrow, paths.first().unwrap_or(&ShownPath::default()));
    let own = OwnFolders::of(workplace)?;
    own.refuse_target(&args.to)?;
    let request = request(args, paths, time::day(workplace.machine.now()));
    let reading = workplace.open(Doing::Restoring, args.older)?;
    let snapshot = reading.snapshot(&typed, &narrow)?;
    let plan = reading.told(restore::plan(&reading.context, &reading.opened, &snapshot, request))?;
    own.refuse_below_target(&args.to, plan.items().iter().map(|item| &item.to))?;
    if args.dry_run {
        workplace.show(&Planned { plan: &plan, snapshot: &snapshot, to: &args.to })?;
        return Ok(dry_run::exit(&plan));
    }
    execute(workplace, &reading, &snapshot, plan, &args.to)
}

fn execute(
    workplace: &Workplace,
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    plan: restore::RestorePlan,
    to: &Path,
) -> Result<Exit, Failure> {
    let outcome = reading.told(plan.execute(&reading.context))?;
    workplace.show(&Restored { outcome: &outcome, snapshot, to })?;
    Ok(exit(&outcome))
}

fn request(args: &Restore, paths: Vec<ShownPath>, restored_on: String) -> RestoreRequest {
    let existing = match (args.overwrite, args.skip_existing) {
        (true, _) => Existing::Overwrite,
        (_, true) => Existing::Skip,
        _ => Existing::KeepBoth,
    };
    RestoreRequest {
        to: args.to.clone(),
        paths,
        flat: args.flat,
        existing,
        restored_on,
        privileged: args.privileged,
        threads: threads(),
    }
}

fn exit(outcome: &RestoreOutcome) -> Exit {
    if outcome.has_failed_by(FailureCause::StoredDamage) {
        Exit::Damage
    } else if outcome.has_failed_by(FailureCause::NoSpace) {
        Exit::NoSpace
    } else if outcome.failed.is_empty() && outcome.never_backed_up.is_empty() {
        Exit::Done
    } else {
        Exit::Partial
    }
}

const BESIDE_HEADS: [(BesideBecause, &str); 3] = [
    (BesideBecause::Differs, "Beside what was there under the same name, and is not the same:"),
    (
        BesideBecause::Unreadable,
        "Beside what was there under the same name, and could not be read: it may be the same or not:",
    ),
    (BesideBecause::SameName, "Beside another item of the same name that was asked for too:"),
];

struct Restored<'o> {
    outcome: &'o RestoreOutcome,
    snapshot: &'o Snapshot,
    to: &'o Path,
}

#[derive(Serialize)]
struct RestoredJson {
    snapshot: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_bytes: Option<String>,
    files: u64,
    bytes: u64,
    folders: u64,
    others: u64,
    already_there: u64,
    skipped: u64,
    beside: Vec<BesideJson>,
    shortened: Vec<ShortenedJson>,
    failed: Vec<FailedJson>,
    never_backed_up: Vec<NeverJson>,
    notes: Vec<NoteJson>,
    sockets: Vec<PathJson>,
    bytes_fetched: u64,
}

#[derive(Serialize)]
struct BesideJson {
    #[serde(flatten)]
    path: PathJson,
    written_as: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_as_bytes: Option<String>,
    because: &'static str,
}

#[derive(Serialize)]
struct ShortenedJson {
    #[serde(flatten)]
    path: PathJson,
    written_as: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_as_bytes: Option<String>,
}

#[derive(Serialize)]
struct FailedJson {
    #[serde(flatten)]
    path: PathJson,
    stored_damage: bool,
    no_space: bool,
    bytes: u64,
    message: String,
}

#[derive(Serialize)]
struct NeverJson {
    #[serde(flatten)]
    path: PathJson,
    message: String,
}

#[derive(Serialize)]
struct NoteJson {
    #[serde(flatten)]
    path: PathJson,
    note: String,
}

impl Report for Restored<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let outcome = self.outcome;
        for (because, head) in BESIDE_HEADS {
            let beside = outcome.beside.iter().filter(|one| one.because == because);
            let named = |one: &WrittenBeside| shown(one.written_as.as_bytes());
            section(out, head, beside.map(|one| format!("{}: written as {}", shown_path(&one.path), named(one))))?;
        }
        let shortened = outcome.shortened.iter();
        let shortened =
            shortened.map(|one| format!("{}: written as {}", shown_path(&one.path), shown(one.written_as.as_bytes())));
        section(out, "Under a shorter name, because no folder here can hold one that is so long:", shortened)?;
        let (owners, others): (Vec<_>, Vec<_>) = outcome.notes.iter().partition(|(_, note)| is_owner(note));
        let notes = others.into_iter().map(|(path, note)| format!("{}: {}", shown_path(path), in_words(note)));
        section(out, "Restored, with something that could not be set:", notes)?;
        if !owners.is_empty() {
            writeln!(out, "{}", owners_in_words(owners.len() as u64))?;
        }
        let sockets = outcome.sockets.iter().map(shown_path);
        section(out, "Not restored, because a socket exists only while its program runs:", sockets)?;
        let never =
            outcome.never_backed_up.iter().map(|(path, why)| format!("{}: {}", shown_path(path), harmless(why)));
        section(out, "Not in this backup, because they could not be read when it was made:", never)?;
        let failed = |cause: FailureCause| {
            let failed = outcome.failed.iter().filter(move |failure| failure.cause == cause);
            failed.map(|failure| format!("{}: {}", shown_path(&failure.path), harmless(&failure.message)))
        };
        section(out, "NOT restored, because the folder refused them:", failed(FailureCause::Refused))?;
        let devices = outcome.failed.iter().filter(|failure| failure.cause == FailureCause::NotPrivileged);
        let devices = devices.map(|failure| shown_path(&failure.path));
        section(out, "NOT restored, because devices come back only with --privileged:", devices)?;
        section(out, "NOT restored, because the disk is FULL:", failed(FailureCause::NoSpace))?;
        section(out, "NOT restored, because what is stored is DAMAGED:", failed(FailureCause::StoredDamage))?;
        if let Some(bytes) = outcome.bytes_lacking() {
            write_no_space(out, bytes)?;
        }
        self.write_result(out)
    }

    fn json(&self) -> impl Serialize {
        let outcome = self.outcome;
        let (to, to_bytes) = for_json(self.to.as_os_str().as_bytes());
        RestoredJson {
            snapshot: self.snapshot.record.hash.to_hex(),
            to,
            to_bytes,
            files: outcome.files,
            bytes: outcome.bytes,
            folders: outcome.folders,
            others: outcome.others,
            already_there: outcome.already_there,
            skipped: outcome.skipped,
            beside: outcome.beside.iter().map(beside_json).collect(),
            shortened: outcome.shortened.iter().map(shortened_json).collect(),
            failed: outcome.failed.iter().map(failed_json).collect(),
            never_backed_up: outcome.never_backed_up.iter().map(|(path, why)| never_json(path, why)).collect(),
            notes: outcome.notes.iter().map(|(path, note)| note_json(path, note)).collect(),
            sockets: outcome.sockets.iter().map(PathJson::of).collect(),
            bytes_fetched: outcome.bytes_fetched,
        }
    }
}

impl Restored<'_> {
    /// The last line: what came where, and whether anything is missing.
    fn write_result(&self, out: &mut dyn Write) -> io::Result<()> {
        let outcome = self.outcome;
        let mut parts = vec![format!("{} ({})", count(outcome.files, "file"), size(outcome.bytes))];
        if outcome.others > 0 {
            parts.push(format!("{} (links and the like)", count(outcome.others, "other item")));
        }
        if outcome.already_there > 0 {
            parts.push(format!("{} already there with the same content", count(outcome.already_there, "item")));
        }
        if outcome.skipped > 0 {
            parts.push(format!("{} left as found", count(outcome.skipped, "item")));
        }
        let missing = (outcome.failed.len() + outcome.never_backed_up.len()) as u64;
        let result = if missing == 0 { "RESTORED" } else { "PARTLY RESTORED" };
        write!(out, "{result} to {}: {}", shown(self.to.as_os_str().as_bytes()), parts.join(", "))?;
        if missing > 0 {
            write!(out, "; {} missing", count(missing, "item"))?;
        }
        writeln!(out)
    }
}

/// What a disk that is full means, and what to do about it.
fn write_no_space(out: &mut dyn Write, bytes: u64) -> io::Result<()> {
    // Links and empty files take room that nobody can count in bytes.
    let room = if bytes == 0 { "some room".to_owned() } else { format!("room for {}", size(bytes)) };
    writeln!(out, "The disk is full. The backup is untouched, and every file that has been restored is complete.")?;
    writeln!(
        out,
        "Next:  Make {room} there, or name a folder on another disk with --to, and run the same command again: what is \
         there already is not written a second time."
    )
}

fn section(out: &mut dyn Write, head: &str, lines: impl Iterator<Item = String>) -> io::Result<()> {
    let mut number = 0;
    for line in lines {
        if number == 0 {
            writeln!(out, "{head}")?;
        }
        number += 1;
        if number <= SHOWN_AT_MOST {
            writeln!(out, "  {line}")?;
        }
    }
    if number > SHOWN_AT_MOST {
        let more = (number - SHOWN_AT_MOST) as u64;
        writeln!(out, "  and {}; --json lists all of them", count(more, "more item"))?;
    }
    Ok(())
}

fn beside_json(beside: &WrittenBeside) -> BesideJson {
    let (written_as, written_as_bytes) = for_json(beside.written_as.as_bytes());
    let because = match beside.because {
        BesideBecause::Differs => "differs",
        BesideBecause::Unreadable => "unreadable",
        BesideBecause::SameName => "same-name",
    };
    BesideJson { path: PathJson::of(&beside.path), written_as, written_as_bytes, because }
}

fn shortened_json(shortened: &ShortenedName) -> ShortenedJson {
    let (written_as, written_as_bytes) = for_json(shortened.written_as.as_bytes());
    ShortenedJson { path: PathJson::of(&shortened.path), written_as, written_as_bytes }
}

fn failed_json(failure: &restore::RestoreFailure) -> FailedJson {
    FailedJson {
        path: PathJson::of(&failure.path),
        stored_damage: failure.cause == FailureCause::StoredDamage,
        no_space: failure.cause == FailureCause::NoSpace,
        bytes: failure.bytes,
        message: failure.message.clone(),
    }
}

fn never_json(path: &ShownPath, why: &str) -> NeverJson {
    NeverJson { path: PathJson::of(path), message: why.to_owned() }
}

fn note_json(path: &ShownPath, note: &MetadataNote) -> NoteJson {
    NoteJson { path: PathJson::of(path), note: in_words(note) }
}

fn is_owner(note: &MetadataNote) -> bool {
    matches!(note, MetadataNote::Owner { .. })
}

/// One line for all of them: whoever is not the administrator meets this with every file that belonged to somebody else.
fn owners_in_words(number: u64) -> String {
    format!(
        "The owner of {} could not be set: run as administrator (with sudo) to set it too. --json lists them.",
        count(number, "item")
    )
}

fn in_words(note: &MetadataNote) -> String {
    match note {
        MetadataNote::Owner { uid, gid, reason } => {
            format!("its owner (user {uid}, group {gid}) could not be set: {reason}")
        }
        MetadataNote::Mode { mode, reason } => format!("its rights ({mode:04o}) could not be set: {reason}"),
        MetadataNote::SetIdBitsLeftOff { mode } => {
            format!(
                "its set-user-id bits ({mode:04o}) were left off; --privileged, run as administrator, restores them"
            )
        }
        MetadataNote::Xattr { name, reason } => format!("its attribute {} could not be set: {reason}", shown(name)),
        MetadataNote::PrivilegedXattrLeftOff { name } => {
            format!("its attribute {} was left off; --privileged restores it", shown(name))
        }
        MetadataNote::Times { reason } => format!("its time of last change could not be set: {reason}"),
        MetadataNote::Replaced => "another program replaced it meanwhile".to_owned(),
    }
}
