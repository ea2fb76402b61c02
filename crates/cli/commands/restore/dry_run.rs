//! `chest restore --dry-run`: what would happen.

use crate::output::Report;
use crate::output::amounts::{count, size};
use crate::output::json::PathJson;
use crate::output::names::{for_json, harmless, shown, shown_path};
use chest_engine::repo::repository::Snapshot;
use chest_engine::restore::{PlannedItem, PlannedStep, RestorePlan};
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
            writeln!(out, "{:<8} {}{}", word(item.step), shown_path(&item.path), remark(item.step))?;
        }
        for (path, why) in self.plan.lost() {
            writeln!(out, "DAMAGED  {}: {}", shown_path(path), harmless(why))?;
        }
        let to = shown(self.to.as_os_str().as_bytes());
        let (files, folders) = (count(self.plan.files, "file"), count(self.plan.folders, "folder"));
        writeln!(out, "Nothing was written. It would be {files} ({}) and {folders}, to {to}", size(self.plan.bytes))
    }

    fn json(&self) -> impl Serialize {
        let (to, to_bytes) = for_json(self.to.as_os_str().as_bytes());
        PlannedJson {
            snapshot: self.snapshot.record.hash.to_hex(),
            to,
            to_bytes,
            dry_run: true,
            files: self.plan.files,
            bytes: self.plan.bytes,
            folders: self.plan.folders,
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

fn item_json(item: &PlannedItem) -> ItemJson {
    let (to, to_bytes) = for_json(item.to.as_bytes());
    ItemJson { path: PathJson::of(&item.path), to, to_bytes, step: word(item.step) }
}

fn word(step: PlannedStep) -> &'static str {
    match step {
        PlannedStep::Make => "make",
        PlannedStep::Compare => "compare",
        PlannedStep::Beside => "beside",
        PlannedStep::Replace => "replace",
        PlannedStep::Skip => "skip",
        PlannedStep::Nothing => "nothing",
    }
}

fn remark(step: PlannedStep) -> &'static str {
    match step {
        PlannedStep::Make => "",
        PlannedStep::Compare => " (something like it is there: compared first)",
        PlannedStep::Beside => " (another one is there and stays: written beside it)",
        PlannedStep::Replace => " (another one is there and is replaced)",
        PlannedStep::Skip => " (something is there and is left as it is)",
        PlannedStep::Nothing => " (nothing to restore: it could not be read or kept when the backup was made)",
    }
}
