//! `chest backup`: adds a backup, and says plainly whether it is complete.

mod named;
mod sources;

use crate::args::Backup;
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::machine::threads;
use crate::output::amounts::{count, grouped, size};
use crate::output::called::Called;
use crate::output::doubts::{self, DoubtJson, write_doubts};
use crate::output::exceptions::{SHOWN_AT_MOST, summary_of_run, write_exceptions};
use crate::output::exports::{NotCompliantJson, write_age, write_compliance, write_inside, write_older};
use crate::output::json::{self, ContainerJson, ExceptionJson, PathJson, ProblemJson};
use crate::output::names::{for_json, harmless, shown};
use crate::output::notebooks::{NotebookLinksJson, write_notebook_links};
use crate::output::passed_over::{PassedOverJson, write_passed_over};
use crate::output::{Report, SHORT_ID};
use crate::run_history::Running;
use crate::time::day_and_time;
use chest_engine::backup::{BackupOptions, BackupOutcome, ClassOutcome, HeldAgainst, RootOutcome, backup};
use chest_engine::repo::ObjectError;
use chest_model::Completeness;
use serde::Serialize;
use sources::Sources;
use std::io::{self, Write};

/// More folders and exports than these are not read on a screen.
const ROOTS_SHOWN: usize = 50;

/// Runs it, and notes in this computer's history how it ended.
pub fn run(workplace: &Workplace, args: &Backup) -> Result<Exit, Failure> {
    let address = workplace.repository()?.to_string();
    // A history that cannot be kept is no reason to make no backup.
    let unkept =
        |error: io::Error| workplace.console.remark(&format!("This computer's history cannot be kept: {error}"));
    let running = Running::begin(&workplace.settings.state_dir, &address, &workplace.machine).map_err(unkept).ok();
    let ended = make(workplace, args);
    // Before the answer is written: the backup is what it is, whether or not anybody can read of it.
    let noted = ended.as_ref().map(|made| (made.exit(), &made.outcome));
    if let Some(Err(error)) = running.map(|running| running.end(noted, &workplace.machine)) {
        workplace.quiet();
        unkept(error);
    }
    let made = ended?;
    workplace.show(&made)?;
    Ok(made.exit())
}

fn make(workplace: &Workplace, args: &Backup) -> Result<BackedUp, Failure> {
    let store = workplace.store(Doing::BackingUp)?;
    let sources = sources::open(workplace, args)?;
    for left_out in &sources.left_out {
        workplace.console.remark(&format!("Left out, because it belongs to the backups: {}", shown(left_out)));
    }
    for note in &sources.notes {
        workplace.console.remark(&format!("NOTE: {note}"));
    }
    let options = BackupOptions {
        reason: args.reason.clone(),
        level: args.level,
        threads: threads(),
        accept_shrink: args.accept_shrink,
        accept_change: args.accept_change,
        program: concat!("chest ", env!("CARGO_PKG_VERSION")).to_owned(),
        ..BackupOptions::default()
    };
    let context = workplace.context(store);
    let outcome =
        backup(&context, &sources.sources, &options).map_err(|error| Failure::of(&error, Doing::BackingUp))?;
    Ok(BackedUp { outcome, sources, called: Called::of(&workplace.settings) })
}

struct BackedUp {
    outcome: BackupOutcome,
    sources: Sources,
    called: Called,
}

#[derive(Serialize)]
struct BackedUpJson<'o> {
    snapshot: String,
    repository: String,
    writer: String,
    outcome: &'static str,
    partial_classes: Vec<&'static str>,
    classes: Vec<ClassJson>,
    started: Option<String>,
    ended: Option<String>,
    roots: Vec<RootJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stored_before: Vec<String>,
    doubts: Vec<DoubtJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_named: Vec<String>,
    had_baseline: bool,
    exceptions: Vec<ExceptionJson>,
    exception_count: u64,
    left_out: Vec<PathJson>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'o [String],
    files_read: u64,
    bytes_read: u64,
    files_unchanged: u64,
    chunks_added: u64,
    bytes_sent: u64,
    packs_taken_over: u64,
    had_cache: bool,
    damaged_objects: Vec<ProblemJson>,
    clock_behind: Option<String>,
    /// What this computer could not keep for itself.
    not_kept: &'o [String],
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
    once: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    files: u64,
    folders: u64,
    bytes: u64,
    held_against: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folders_not_remembered: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    containers: Vec<ContainerJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notebook_shortcuts: Option<NotebookLinksJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed_over: Option<PassedOverJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    empty_files: Option<u64>,
}

#[derive(Serialize)]
struct ClassJson {
    class: &'static str,
    outcome: &'static str,
    compliant: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_compliant: Option<NotCompliantJson>,
    files: u64,
    bytes: u64,
}

impl ClassJson {
    fn of(class: &ClassOutcome, outcome: &BackupOutcome) -> Self {
        let why = outcome.not_compliant(class.class);
        Self {
            class: class.class.name(),
            outcome: json::outcome(class.completeness),
            compliant: why.is_none(),
            not_compliant: why.as_ref().map(NotCompliantJson::of),
            files: class.held.files,
            bytes: class.held.bytes,
        }
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
            once: root.is_once,
            missing,
            files: root.files,
            folders: root.folders,
            bytes: root.bytes,
            held_against: match &root.held_against {
                HeldAgainst::Itself => Some(shown(&root.description.label)),
                HeldAgainst::Another { label, .. } | HeldAgainst::Neighbour { label } => Some(shown(label)),
                HeldAgainst::Nothing | HeldAgainst::NothingAtAll => None,
            },
            folders_not_remembered: Some(root.folders_not_remembered).filter(|number| *number > 0),
            containers: root.containers.iter().map(ContainerJson::of).collect(),
            newest_content: root.newest_content.and_then(json::time),
            notebook_shortcuts: NotebookLinksJson::of(root),
            passed_over: PassedOverJson::of(root),
            empty_files: Some(root.empty_files).filter(|number| *number > 0),
        }
    }
}

impl Report for BackedUp {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let outcome = &self.outcome;
        let told = |root: &&RootOutcome| !root.is_once || is_missing(outcome, root);
        for root in outcome.roots.iter().filter(told).take(ROOTS_SHOWN) {
            let name = shown(&root.description.label);
            if is_missing(outcome, root) {
                writeln!(out, "{name}: NOT BACKED UP")?;
                continue;
            }
            let (files, folders) = (count(root.files, "file"), count(root.folders, "folder"));
            writeln!(out, "{name}: {files} in {folders}, {}", size(root.bytes))?;
            write_inside(out, root)?;
            write_age(out, root, outcome)?;
            write_notebook_links(out, root)?;
            write_passed_over(out, root)?;
            write_past(out, root)?;
        }
        let more = outcome.roots.iter().filter(told).count().saturating_sub(ROOTS_SHOWN);
        if more > 0 {
            writeln!(out, "and {} besides; --json lists all of them", grouped(more as u64))?;
        }
        write_older(out, outcome)?;
        for left_out in &outcome.left_out {
            writeln!(
                out,
                "NOTE: {} ({}) was backed up together with these last time, and is not part of this backup. Earlier backups still hold it.",
                shown(&left_out.label),
                count(left_out.held.files, "file")
            )?;
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
        if let Some(clock) = outcome.clock_behind {
            writeln!(
                out,
                "NOTE: this computer's clock says {}, and its last backup, or that of the computer in whose place it was enrolled, \
                 ended later than that by the clock of then. One of the two is wrong. This backup bears the later time, so that it \
                 is the newest. How old e-mail and exports are is reckoned by the clock of now. If that is the wrong one, set it right.",
                day_and_time(clock)
            )?;
        }
        for trouble in &outcome.not_kept {
            writeln!(
                out,
                "NOTE: the backup is safe, but this computer could not keep its own notes of it ({}). Unless that is mended, each \
                 run takes longer and notices less.",
                harmless(trouble)
            )?;
        }
        if outcome.had_no_baseline {
            writeln!(
                out,
                "No baseline: this computer's notes of what earlier backups held are lost, so nobody can tell whether \
                 something is missing since."
            )?;
        }
        if outcome.classes.len() > 1 {
            for class in &outcome.classes {
                writeln!(out, "{}: {}", class.class.name(), json::outcome(class.completeness))?;
            }
        }
        write_compliance(out, outcome)?;
        self.write_result(out, id)
    }

    fn json(&self) -> impl Serialize {
        let outcome = &self.outcome;
        BackedUpJson {
            snapshot: outcome.snapshot.to_hex(),
            repository: outcome.repository.to_hex(),
            writer: outcome.writer.to_hex(),
            outcome: json::outcome(outcome.completeness),
            partial_classes: partial_classes(outcome),
            started: json::time(outcome.started),
            ended: json::time(outcome.ended),
            roots: outcome.roots.iter().map(|root| RootJson::of(root, is_missing(outcome, root))).collect(),
            stored_before: outcome.stored_before.iter().map(|root| shown(&root.label)).collect(),
            classes: outcome.classes.iter().map(|class| ClassJson::of(class, outcome)).collect(),
            doubts: DoubtJson::of_all(&outcome.doubts),
            not_named: outcome.left_out.iter().map(|one| shown(&one.label)).collect(),
            had_baseline: !outcome.had_no_baseline,
            exceptions: outcome.exceptions.iter().map(ExceptionJson::of).collect(),
            exception_count: outcome.items_unread + outcome.items_changed,
            left_out: self.sources.left_out.iter().map(|path| PathJson::of_bytes(path)).collect(),
            notes: &self.sources.notes,
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
            clock_behind: outcome.clock_behind.and_then(json::time),
            not_kept: &outcome.not_kept,
            head_words: &outcome.head_words,
        }
    }
}

/// What a root was held against, unless that is what its name says.
fn write_past(out: &mut dyn Write, root: &RootOutcome) -> io::Result<()> {
    let name = shown(&root.description.label);
    match &root.held_against {
        HeldAgainst::Itself | HeldAgainst::NothingAtAll => Ok(()),
        HeldAgainst::Another { elsewhere: Some(path), .. } => writeln!(
            out,
            "{name}: compared with {}, which was backed up before under this name; from now on each is compared with itself",
            shown(path)
        ),
        HeldAgainst::Another { label, elsewhere: None } => {
            writeln!(out, "{name}: compared with {}, which was backed up before in its place", shown(label))
        }
        HeldAgainst::Neighbour { label } => writeln!(
            out,
            "{name}: compared with {}, to which nothing new has come; if this is an export of something else, say so with \
             --accept-shrink, and from then on it is compared with itself",
            shown(label)
        ),
        HeldAgainst::Nothing => writeln!(
            out,
            "{name}: no complete backup of it is known here yet, so there is nothing to compare it with; nobody can tell whether something \
             is missing from it"
        ),
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

fn partial_classes(outcome: &BackupOutcome) -> Vec<&'static str> {
    let partial = outcome.classes.iter().filter(|one| one.completeness == Completeness::Partial);
    partial.map(|one| one.class.name()).collect()
}

impl BackedUp {
    fn exit(&self) -> Exit {
        match self.outcome.completeness {
            Completeness::Complete => Exit::Done,
            Completeness::Partial if doubts::summary(&self.outcome.doubts).is_some() => Exit::Doubtful,
            Completeness::Partial => Exit::Partial,
        }
    }

    fn write_result(&self, out: &mut dyn Write, id: &str) -> io::Result<()> {
        let BackupOutcome { exceptions, items_unread, items_changed, .. } = &self.outcome;
        let (listed, all) = (exceptions.len() as u64, items_unread + items_changed);
        let of_root = |label: &[u8]| self.outcome.roots.iter().find(|root| root.description.label == label);
        let empty_files = |label: &[u8]| of_root(label).map(|root| root.empty_files);
        write_doubts(out, &self.outcome.doubts, &empty_files)?;
        if self.outcome.completeness == Completeness::Complete {
            return writeln!(out, "COMPLETE");
        }
        let shown_now = exceptions.len().min(SHOWN_AT_MOST);
        write_exceptions(out, &exceptions[..shown_now])?;
        if (shown_now as u64) < all {
            let more = count(all - shown_now as u64, "more item");
            let how_many = if listed == all { "all".to_owned() } else { format!("the first {}", grouped(listed)) };
            let all = self.called.again(&format!("ls --exceptions {id}"));
            writeln!(out, "  and {more}; see {how_many} with: {all}")?;
        }
        let parts = [(all > 0).then(|| summary_of_run(&self.outcome)), doubts::summary(&self.outcome.doubts)];
        writeln!(out, "PARTIAL: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}
