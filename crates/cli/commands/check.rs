//! `chest check`: whether everything stored is there and intact.

use crate::args::Check;
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use crate::output::amounts::{count, size};
use crate::output::exceptions::SHOWN_AT_MOST;
use crate::output::json::PathJson;
use crate::output::names::{harmless, shown_path};
use chest_engine::browse::ShownPath;
use chest_engine::check::{CheckOptions, CheckOutcome, ReadData, check, scrub};
use chest_model::{DamagedFile, Finding, Severity};
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace, args: &Check) -> Result<Exit, Failure> {
    let (outcome, scope) = if args.scrub {
        let context = workplace.context(workplace.open_place(Doing::Reading)?.store);
        (scrub(&context).map_err(|error| Failure::of(&error, Doing::Reading))?, Scope::Objects)
    } else {
        let options = CheckOptions { read_data: args.read_data.map_or(ReadData::None, ReadData::Share) };
        let reading = workplace.open_to_check(Doing::Reading)?;
        (reading.told(check(&reading.context, &reading.opened, &options))?, Scope::Everything)
    };
    workplace.show(&Checked { outcome: &outcome, scope })?;
    // A contradiction is worse than damage: somebody may be showing an older state.
    Ok(match (outcome.history_contradicted, outcome.is_damaged()) {
        (true, _) => Exit::History,
        (false, true) => Exit::Damage,
        (false, false) => Exit::Done,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Everything,
    Objects,
}

struct Checked<'o> {
    outcome: &'o CheckOutcome,
    scope: Scope,
}

#[derive(Serialize)]
struct CheckedJson<'o> {
    damaged: bool,
    findings: Vec<FindingJson<'o>>,
    damaged_files: Vec<DamagedFileJson>,
    snapshots: u64,
    entries: u64,
    packs: u64,
    packs_read: u64,
    bytes_read: u64,
}

#[derive(Serialize)]
struct FindingJson<'o> {
    id: &'static str,
    severity: &'static str,
    object: &'o str,
    what: &'o str,
    meaning: &'o str,
    remedy: &'o str,
}

#[derive(Serialize)]
struct DamagedFileJson {
    snapshot: String,
    #[serde(flatten)]
    path: PathJson,
}

impl Report for Checked<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for severity in [Severity::Damage, Severity::Warning, Severity::Note] {
            for group in groups(&self.outcome.findings, severity) {
                write_group(out, &group)?;
            }
        }
        self.write_damaged_files(out)?;
        self.write_result(out)
    }

    fn json(&self) -> impl Serialize {
        let outcome = self.outcome;
        CheckedJson {
            damaged: outcome.is_damaged(),
            findings: outcome.findings.iter().map(finding_json).collect(),
            damaged_files: outcome.damaged_files.iter().map(damaged_file_json).collect(),
            snapshots: outcome.snapshots,
            entries: outcome.entries,
            packs: outcome.packs,
            packs_read: outcome.packs_read,
            bytes_read: outcome.bytes_read,
        }
    }
}

impl Checked<'_> {
    fn write_damaged_files(&self, out: &mut dyn Write) -> io::Result<()> {
        let files = &self.outcome.damaged_files;
        if files.is_empty() {
            return Ok(());
        }
        writeln!(out, "Files that cannot be had back in full:")?;
        for file in files.iter().take(SHOWN_AT_MOST) {
            let id = &file.snapshot.to_hex()[..crate::output::SHORT_ID];
            writeln!(out, "  {id}:{}", shown_path(&path(file)))?;
        }
        if files.len() > SHOWN_AT_MOST {
            let more = (files.len() - SHOWN_AT_MOST) as u64;
            writeln!(out, "  and {}; --json lists all of them", count(more, "more file"))?;
        }
        writeln!(out)
    }

    fn write_result(&self, out: &mut dyn Write) -> io::Result<()> {
        let outcome = self.outcome;
        let amount = match self.scope {
            Scope::Objects => format!("every stored object was read ({})", size(outcome.bytes_read)),
            Scope::Everything => format!(
                "{}, {} and {} were checked, {} of them read in full ({})",
                count(outcome.snapshots, "backup"),
                count(outcome.entries, "item"),
                count(outcome.packs, "pack"),
                outcome.packs_read,
                size(outcome.bytes_read)
            ),
        };
        let of = |severity| outcome.findings.iter().filter(|finding| finding.severity == severity).count() as u64;
        match (of(Severity::Damage), of(Severity::Warning)) {
            (0, 0) => writeln!(out, "NO DAMAGE FOUND: {amount}"),
            (0, warnings) => writeln!(out, "NO DAMAGE FOUND, {}: {amount}", count(warnings, "warning")),
            (damage, _) => writeln!(out, "DAMAGE FOUND, {}: {amount}", count(damage, "finding")),
        }
    }
}

/// Findings of one kind together, in the order in which the kinds come first.
fn groups(findings: &[Finding], severity: Severity) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.severity == severity) {
        let same = |group: &&mut Vec<&Finding>| group.first().is_some_and(|first| alike(first, finding));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn alike(one: &Finding, other: &Finding) -> bool {
    one.id == other.id && one.meaning == other.meaning && one.remedy == other.remedy
}

fn write_group(out: &mut dyn Write, group: &[&Finding]) -> io::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    writeln!(out, "{} ({}, {})", heading(first.severity), first.id, count(group.len() as u64, "finding"))?;
    for finding in group.iter().take(SHOWN_AT_MOST) {
        let what = harmless(&finding.what);
        match finding.object.is_empty() || what.contains(&finding.object) {
            true => writeln!(out, "  {what}")?,
            false => writeln!(out, "  {}: {what}", harmless(&finding.object))?,
        }
    }
    if group.len() > SHOWN_AT_MOST {
        let more = (group.len() - SHOWN_AT_MOST) as u64;
        writeln!(out, "  and {}; --json lists all of them", count(more, "more finding"))?;
    }
    writeln!(out, "  What it means: {}", first.meaning)?;
    writeln!(out, "  What to do:    {}\n", first.remedy)
}

fn heading(severity: Severity) -> &'static str {
    match severity {
        Severity::Damage => "DAMAGE",
        Severity::Warning => "WARNING",
        Severity::Note => "NOTE",
    }
}

fn finding_json(finding: &Finding) -> FindingJson<'_> {
    let severity = match finding.severity {
        Severity::Damage => "damage",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    FindingJson {
        id: finding.id,
        severity,
        object: &finding.object,
        what: &finding.what,
        meaning: &finding.meaning,
        remedy: &finding.remedy,
    }
}

fn damaged_file_json(file: &DamagedFile) -> DamagedFileJson {
    DamagedFileJson { snapshot: file.snapshot.to_hex(), path: PathJson::of(&path(file)) }
}

fn path(file: &DamagedFile) -> ShownPath {
    ShownPath { root: file.root.clone(), path: file.path.clone() }
}
