//! `chest restore --dry-run`: what would happen.

use crate::exit::Exit;
use crate::output::Report;
use crate::output::amounts::{count, size};
use crate::output::json::PathJson;
use crate::output::names::{for_json, harmless, shown, shown_path};
use chest_engine::repo::repository::Snapshot;
use chest_engine::restore::{FailureCause, PlannedItem, PlannedStep, Refusal, RestorePlan};
use serde::Serialize;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A plan to be shown.
pub struct Planned<'p> {
    /// The plan.
    pub plan: &'p RestorePlan,
    /// From which backup.
    pub snapshot: &'p Snapshot,
    /// Into which folder.
    pub to: &'p Path,
}

#[derive(Serialize)]
struct PlannedJson {
    snapshot: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_bytes: Option<String>,
    dry_run: bool,
    files: u64,
    bytes: u64,
    folders: u64,
    others: u64,
    compared_files: u64,
    compared_bytes: u64,
    missing: u64,
    items: Vec<ItemJson>,
    lost: Vec<LostJson>,
}

#[derive(Serialize)]
struct ItemJson {
    #[serde(flatten)]
    path: PathJson,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_bytes: Option<String>,
    step: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Serialize)]
struct LostJson {
    #[serde(flatten)]
    path: PathJson,
    message: String,
}

impl Report for Planned<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for item in self.plan.items() {
            writeln!(out, "{:<8} {}{}", heading(item.step), shown_path(&item.path), remark(item))?;
        }
        for (path, why) in self.plan.lost() {
            writeln!(out, "DAMAGED  {}: {}", shown_path(path), harmless(why))?;
        }
        self.write_totals(out)
    }

    fn json(&self) -> impl Serialize {
        let (to, to_bytes) = for_json(self.to.as_os_str().as_bytes());
        let totals = self.plan.totals();
        PlannedJson {
            snapshot: self.snapshot.record.hash.to_hex(),
            to,
            to_bytes,
            dry_run: true,
            files: totals.files,
            bytes: totals.bytes,
            folders: totals.folders,
            others: totals.others,
            compared_files: totals.compared_files,
            compared_bytes: totals.compared_bytes,
            missing: totals.missing,
            items: self.plan.items().iter().map(item_json).collect(),
            lost: self
                .plan
                .lost()
                .iter()
                .map(|(path, why)| LostJson { path: PathJson::of(path), message: why.clone() })
                .collect(),
        }
    }
}

impl Planned<'_> {
    /// What is certain, what only a comparison would show, and what would be missing.
    fn write_totals(&self, out: &mut dyn Write) -> io::Result<()> {
        let totals = self.plan.totals();
        if totals.compared_files > 0 {
            let files = count(totals.compared_files, "file");
            writeln!(
                out,
                "{files} ({}) would be compared first: something of the same name and length is there, which stays where it is \
                 the same.",
                size(totals.compared_bytes)
            )?;
        }
        if totals.missing > 0 {
            writeln!(out, "{} would NOT be restored.", count(totals.missing, "item"))?;
        }
        let certain = if totals.compared_files > 0 { "It would certainly be" } else { "It would be" };
        let mut parts = vec![format!("{} ({})", count(totals.files, "file"), size(totals.bytes))];
        parts.push(count(totals.folders, "folder"));
        if totals.others > 0 {
            parts.push(format!("{} (links and the like)", count(totals.others, "other item")));
        }
        let to = shown(self.to.as_os_str().as_bytes());
        writeln!(out, "Nothing was written. {certain} {}, to {to}", parts.join(", "))
    }
}

/// As the restore itself would end, as far as that is known.
pub fn exit(plan: &RestorePlan) -> Exit {
    if !plan.lost().is_empty() {
        Exit::Damage
    } else if plan.totals().missing > 0 {
        Exit::Partial
    } else {
        Exit::Done
    }
}

fn item_json(item: &PlannedItem) -> ItemJson {
    let (to, to_bytes) = for_json(item.lands_at().as_bytes());
    let message = item.refusal.as_ref().map(|refusal| refusal.message.clone());
    ItemJson { path: PathJson::of(&item.path), to, to_bytes, step: word(item.step), message }
}

fn word(step: PlannedStep) -> &'static str {
    match step {
        PlannedStep::Make => "make",
        PlannedStep::Compare => "compare",
        PlannedStep::Beside => "beside",
        PlannedStep::Replace => "replace",
        PlannedStep::Skip => "skip",
        PlannedStep::Leave => "leave",
        PlannedStep::Nothing => "nothing",
        PlannedStep::Refuse => "refuse",
    }
}

fn heading(step: PlannedStep) -> &'static str {
    match step {
        PlannedStep::Refuse => "NOT",
        step => word(step),
    }
}

fn remark(item: &PlannedItem) -> String {
    let landing = || shown(item.lands_at().as_bytes());
    let moved = match item.lands_at().as_bytes() == item.path.to_bytes() {
        true => String::new(),
        false => format!(" (as {})", landing()),
    };
    match item.step {
        PlannedStep::Make => moved,
        PlannedStep::Compare => format!("{moved} (something like it is there: compared first)"),
        PlannedStep::Beside if item.shares_name => {
            format!(" (another item of that name comes too: written as {})", landing())
        }
        PlannedStep::Beside => format!(" (another one is there and stays: written as {})", landing()),
        PlannedStep::Replace => format!("{moved} (another one is there and is replaced)"),
        PlannedStep::Skip => " (something is there and is left as it is)".to_owned(),
        PlannedStep::Leave => " (is there already)".to_owned(),
        PlannedStep::Nothing => {
            " (nothing to restore: it could not be read or kept when the backup was made)".to_owned()
        }
        PlannedStep::Refuse => format!(": {}", item.refusal.as_deref().map_or_else(String::new, why)),
    }
}

fn why(refusal: &Refusal) -> String {
    match refusal.cause {
        FailureCause::NotPrivileged => "devices come back only with --privileged".to_owned(),
        _ => harmless(&refusal.message),
    }
}
