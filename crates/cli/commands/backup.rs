//! `chest backup`: adds a backup, and says plainly whether it is complete.

mod sources;

use crate::args::{Backup, ClassName};
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::machine::threads;
use crate::output::amounts::{self, count, grouped, size};
use crate::output::exceptions::{SHOWN_AT_MOST, summary_of_run, write_exceptions};
use crate::output::json::{self, ContainerJson, ExceptionJson, PathJson, ProblemJson};
use crate::output::names::{for_json, shown};
use crate::output::{Report, SHORT_ID};
use crate::time::day_and_time;
use chest_engine::backup::{BackupOptions, BackupOutcome, RootOutcome, backup};
use chest_engine::repo::ObjectError;
use chest_engine::repo::record::ClassCount;
use chest_model::{Class, Completeness};
use serde::Serialize;
use sources::Sources;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace, args: &Backup) -> Result<Exit, Failure> {
    let store = workplace.store(Doing::BackingUp)?;
    let sources = sources::open(workplace, args)?;
    for left_out in &sources.left_out {
        workplace.console.remark(&format!("Left out, because it belongs to the backups: {}", shown(left_out)));
    }
    let options = BackupOptions {
        reason: args.reason.clone(),
        level: args.level,
        threads: threads(),
        program: concat!("chest ", env!("CARGO_PKG_VERSION")).to_owned(),
        ..BackupOptions::default()
    };
    let context = workplace.context(store);
    let outcome =
        backup(&context, &sources.sources, &options).map_err(|error| Failure::of(&error, Doing::BackingUp))?;
    workplace.show(&BackedUp { outcome: &outcome, sources: &sources })?;
    Ok(match outcome.completeness {
        Completeness::Complete => Exit::Done,
        Completeness::Partial => Exit::Partial,
    })
}

fn class(name: ClassName) -> Class {
    match name {
        ClassName::Documents => Class::Documents,
        ClassName::Email => Class::Email,
        ClassName::Other => Class::Other,
    }
}

struct BackedUp<'o> {
    outcome: &'o BackupOutcome,
    sources: &'o Sources,
}

#[derive(Serialize)]
struct BackedUpJson<'o> {
    snapshot: String,
    repository: String,
    writer: String,
    outcome: &'static str,
    partial_classes: Vec<&'static str>,
    started: Option<String>,
    ended: Option<String>,
    roots: Vec<RootJson>,
    emptied: Vec<EmptiedJson>,
    exceptions: Vec<ExceptionJson>,
    exception_count: u64,
    left_out: Vec<PathJson>,
    files_read: u64,
    bytes_read: u64,
    files_unchanged: u64,
    chunks_added: u64,
    bytes_sent: u64,
    packs_taken_over: u64,
    had_cache: bool,
    damaged_objects: Vec<ProblemJson>,
    head_words: &'o [&'static str],
}

#[derive(Serialize)]
struct RootJson {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    #[serde(flatten)]
    path: PathJson,
    class: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    files: u64,
    folders: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    containers: Vec<ContainerJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_content: Option<String>,
}

#[derive(Serialize)]
struct EmptiedJson {
    class: &'static str,
    files_before: u64,
    bytes_before: u64,
}

impl EmptiedJson {
    fn of(count: &ClassCount) -> Self {
        Self { class: count.class.name(), files_before: count.files, bytes_before: count.bytes }
    }
}

impl RootJson {
    fn of(root: &RootOutcome, missing: bool) -> Self {
        let (name, name_bytes) = for_json(&root.description.label);
        Self {
            name,
            name_bytes,
            path: PathJson::of_bytes(&root.description.native_path),
            class: root.description.class.name(),
            missing,
            files: root.files,
            folders: root.folders,
            bytes: root.bytes,
            containers: root.containers.iter().map(ContainerJson::of).collect(),
            newest_content: root.newest_content.and_then(json::time),
        }
    }
}

impl Report for BackedUp<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let outcome = self.outcome;
        for root in &outcome.roots {
            let name = shown(&root.description.label);
            if is_missing(outcome, root) {
                writeln!(out, "{name}: NOT BACKED UP")?;
                continue;
            }
            let (files, folders) = (count(root.files, "file"), count(root.folders, "folder"));
            writeln!(out, "{name}: {files} in {folders}, {}", size(root.bytes))?;
        }
        writeln!(
            out,
            "{} read, {} unchanged; {} added to the repository",
            count(outcome.files_read, "file"),
            count(outcome.files_unchanged, "file"),
            size(outcome.bytes_sent)
        )?;
        let id = &outcome.snapshot.to_hex()[..SHORT_ID];
        writeln!(out, "Backup {id} of {}", day_and_time(outcome.ended))?;
        writeln!(out, "Head words: {}", outcome.head_words.join(" "))?;
        write_lost(out, &outcome.lost_objects)?;
        for count in &outcome.emptied {
            writeln!(out, "{}", emptied_in_words(count))?;
        }
        self.write_result(out, id)
    }

    fn json(&self) -> impl Serialize {
        let outcome = self.outcome;
        BackedUpJson {
            snapshot: outcome.snapshot.to_hex(),
            repository: outcome.repository.to_hex(),
            writer: outcome.writer.to_hex(),
            outcome: json::outcome(outcome.completeness),
            partial_classes: json::classes(&outcome.partial_classes),
            started: json::time(outcome.started),
            ended: json::time(outcome.ended),
            roots: outcome.roots.iter().map(|root| RootJson::of(root, is_missing(outcome, root))).collect(),
            emptied: outcome.emptied.iter().map(EmptiedJson::of).collect(),
            exceptions: outcome.exceptions.iter().map(ExceptionJson::of).collect(),
            exception_count: outcome.items_unread + outcome.items_changed,
            left_out: self.sources.left_out.iter().map(|path| PathJson::of_bytes(path)).collect(),
            files_read: outcome.files_read,
            bytes_read: outcome.bytes_read,
            files_unchanged: outcome.files_unchanged,
            chunks_added: outcome.chunks_added,
            bytes_sent: outcome.bytes_sent,
            packs_taken_over: outcome.packs_taken_over,
            had_cache: outcome.had_cache,
            damaged_objects: outcome
                .lost_objects
                .iter()
                .map(|(object, problem)| ProblemJson::of(object, problem))
                .collect(),
            head_words: &outcome.head_words,
        }
    }
}

fn is_missing(outcome: &BackupOutcome, root: &RootOutcome) -> bool {
    outcome.exceptions.iter().any(|one| one.is_of_whole_root() && one.root == root.description.label)
}

/// What is gone and what is there and spoilt are two things: the one may lie on another disk, the other may not.
fn write_lost(out: &mut dyn Write, lost: &[(String, ObjectError)]) -> io::Result<()> {
    let (missing, damaged): (Vec<_>, Vec<_>) = lost.iter().partition(|(_, problem)| *problem == ObjectError::Missing);
    let cases =
        [("MISSING", missing.len(), "not there any more"), ("DAMAGED", damaged.len(), "there, and cannot be read")];
    for (head, number, how) in cases.into_iter().filter(|(_, number, _)| *number > 0) {
        let are = if number == 1 { "is" } else { "are" };
        let objects = count(number as u64, "stored object");
        writeln!(out, "{head}: {objects} (keys or parts of earlier backups) {are} {how}. Run `chest check`.")?;
    }
    Ok(())
}

fn emptied_in_words(count: &ClassCount) -> String {
    let (class, files) = (count.class.name(), amounts::count(count.files, "file"));
    format!("NOTE: {class} had {files} last time and has none now. Earlier backups still hold them.")
}

impl BackedUp<'_> {
    fn write_result(&self, out: &mut dyn Write, id: &str) -> io::Result<()> {
        let BackupOutcome { exceptions, items_unread, items_changed, .. } = self.outcome;
        let (listed, all) = (exceptions.len() as u64, items_unread + items_changed);
        if self.outcome.completeness == Completeness::Complete {
            return writeln!(out, "COMPLETE");
        }
        let shown_now = exceptions.len().min(SHOWN_AT_MOST);
        write_exceptions(out, &exceptions[..shown_now])?;
        if (shown_now as u64) < all {
            let more = count(all - shown_now as u64, "more item");
            let how_many = if listed == all { "all".to_owned() } else { format!("the first {}", grouped(listed)) };
            writeln!(out, "  and {more}; see {how_many} with: chest ls --exceptions {id}")?;
        }
        writeln!(out, "PARTIAL: {}", summary_of_run(self.outcome))
    }
}
