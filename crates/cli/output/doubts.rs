//! What does not look like what there was, in the clerk's words and for programs.

use super::amounts::{count, grouped, size};
use super::json::PathJson;
use super::names::{shown, shown_path};
use chest_engine::browse::ShownPath;
use chest_model::{Amount, Doubt, DoubtKind, TreePath};
use serde::Serialize;
use std::io::{self, Write};

/// A few names are enough on a screen.
const NAMED: usize = 5;

/// A paragraph for each: what was found, that nothing is lost, what to do. `empty_files` says how many files of a root hold nothing, where
/// that is known: the record does not say.
pub fn write_doubts(
    out: &mut dyn Write,
    doubts: &[Doubt],
    empty_files: &dyn Fn(&[u8]) -> Option<u64>,
) -> io::Result<()> {
    for doubt in doubts {
        let name = shown(&doubt.root);
        let (found, advice, accepted) = match &doubt.kind {
            DoubtKind::Shrunk { before, now } => {
                (shrunk(&name, *before, *now, empty_files(&doubt.root)), ACCEPT_SHRINK, ACCEPTED)
            }
            DoubtKind::FoldersGone { count, first } => (folders_gone(doubt, *count, first), ACCEPT_SHRINK, ACCEPTED),
            DoubtKind::Missing { before } => (missing(&name, *before), ACCEPT_MISSING, ACCEPTED_MISSING),
            DoubtKind::Empty => (format!("EMPTY: there is no file at all in {name}."), ACCEPT_EMPTY, ACCEPTED),
            DoubtKind::Scrambled { files, of, demand_count, demands } => {
                (scrambled(doubt, *files, *of, *demand_count, demands), ACCEPT_CHANGE, ACCEPTED)
            }
        };
        writeln!(out, "{found}")?;
        writeln!(out, "  {}", if doubt.accepted { accepted } else { advice })?;
    }
    Ok(())
}

const ACCEPTED: &str = "Accepted as right.";
const ACCEPTED_MISSING: &str = "Accepted as gone for good. Earlier backups still hold it. If you named it, leave it out of the command from now on.";
const ACCEPT_MISSING: &str = "Earlier backups still hold it. Plug its disk in, connect its share, or put its export \
    back into the folder, and back up again. If it is gone for good, back up once more with --accept-shrink, and do not name it from then on.";
const ACCEPT_SHRINK: &str =
    "Earlier backups still hold what is missing. If it has gone rightly, back up again with --accept-shrink.";
const ACCEPT_EMPTY: &str = "Folders, links and devices are no files, and what is left out on purpose (--exclude) does not count. See whether it is the right folder, \
    and whether its disk or share is connected. If it is right that nothing is in it, back up again with --accept-shrink.";
const ACCEPT_CHANGE: &str = "Earlier backups still hold the files as they were. If this was not your doing: unplug this \
    computer from the network, change nothing, and call your IT provider. If it was, back up again with --accept-change.";

fn shrunk(name: &str, before: Amount, now: Amount, empty_files: Option<u64>) -> String {
    if now.files == 0 {
        return format!("EMPTY: {name} had {} in its last complete backup and has no file now.", amount(before));
    }
    let empty = match empty_files {
        Some(0) => String::new(),
        Some(1) => ", of which 1 is empty (0 bytes)".to_owned(),
        Some(empty) => format!(", of which {} are empty (0 bytes)", grouped(empty)),
        // Nothing else can have gone.
        None if !has_lost_a_fifth(before, now) => ", of which some are empty (0 bytes)".to_owned(),
        None => String::new(),
    };
    format!("SHRUNK: {name} had {} in its last complete backup and has {} now{empty}.", amount(before), amount(now))
}

/// By the files, or by the bytes.
fn has_lost_a_fifth(before: Amount, now: Amount) -> bool {
    let has_lost = |before: u64, now: u64| u128::from(now) * 5 < u128::from(before) * 4;
    has_lost(before.files, now.files) || has_lost(before.bytes, now.bytes)
}

fn missing(name: &str, before: Amount) -> String {
    format!("MISSING: {name} had {} in its last complete backup and is not there now.", amount(before))
}

fn amount(amount: Amount) -> String {
    format!("{} ({})", count(amount.files, "file"), size(amount.bytes))
}

fn folders_gone(doubt: &Doubt, all: u64, first: &[Vec<u8>]) -> String {
    let folders = count(all, "folder");
    format!(
        "INCOMPLETE EXPORT: {} lacks {folders} of the last complete one: {}",
        shown(&doubt.root),
        some(doubt, all, first)
    )
}

/// Zeros in the place of documents are what a failing disk leaves, too.
const LOOK_ATTACKED: &str = "look encrypted or overwritten, as after an attack or a disk fault.";

fn scrambled(doubt: &Doubt, files: u64, of: u64, demand_count: u64, demands: &[Vec<u8>]) -> String {
    let name = shown(&doubt.root);
    let notes = some(doubt, demand_count, demands);
    if files == 0 {
        return format!("ALARM: several folders in {name} hold files that are named like demands for money: {notes}");
    }
    let text = format!("ALARM: {} of {} in {name} {LOOK_ATTACKED}", grouped(files), count(of, "file"));
    match demands.is_empty() {
        true => text,
        false => format!("{text} Demands may be: {notes}"),
    }
}

/// The first few, and how many more there are.
fn some(doubt: &Doubt, all: u64, first: &[Vec<u8>]) -> String {
    let named: Vec<String> = first.iter().take(NAMED).map(|path| shown_path(&place(doubt, path))).collect();
    let more = all.saturating_sub(named.len() as u64);
    let rest = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
    format!("{}{rest}", named.join(", "))
}

fn place(doubt: &Doubt, path: &[u8]) -> ShownPath {
    let path = TreePath::from_bytes(path.to_vec()).unwrap_or_default();
    ShownPath { root: doubt.root.clone(), path }
}

/// `2 doubts about what was found`.
pub fn summary(doubts: &[Doubt]) -> Option<String> {
    let open = doubts.iter().filter(|doubt| !doubt.accepted).count() as u64;
    (open > 0).then(|| format!("{} about what was found", count(open, "doubt")))
}

/// A doubt for programs.
#[derive(Debug, Serialize)]
pub struct DoubtJson {
    root: String,
    kind: &'static str,
    accepted: bool,
    #[serde(flatten)]
    numbers: Numbers,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Numbers {
    Shrunk { files_before: u64, bytes_before: u64, files: u64, bytes: u64 },
    FoldersGone { folders: u64, first: Vec<PathJson> },
    Missing { files_before: u64, bytes_before: u64 },
    Empty {},
    Scrambled { scrambled: u64, files: u64, demand_count: u64, demands: Vec<PathJson> },
}

impl DoubtJson {
    /// Of these.
    pub fn of_all(doubts: &[Doubt]) -> Vec<Self> {
        doubts.iter().map(Self::of).collect()
    }

    fn of(doubt: &Doubt) -> Self {
        let paths = |paths: &[Vec<u8>]| paths.iter().map(|path| PathJson::of(&place(doubt, path))).collect();
        let (kind, numbers) = match &doubt.kind {
            DoubtKind::Shrunk { before, now } => (
                "shrunk",
                Numbers::Shrunk {
                    files_before: before.files,
                    bytes_before: before.bytes,
                    files: now.files,
                    bytes: now.bytes,
                },
            ),
            DoubtKind::FoldersGone { count, first } => {
                ("folders-gone", Numbers::FoldersGone { folders: *count, first: paths(first) })
            }
            DoubtKind::Missing { before } => {
                ("missing", Numbers::Missing { files_before: before.files, bytes_before: before.bytes })
            }
            DoubtKind::Empty => ("empty", Numbers::Empty {}),
            DoubtKind::Scrambled { files, of, demand_count, demands } => (
                "scrambled",
                Numbers::Scrambled {
                    scrambled: *files,
                    files: *of,
                    demand_count: *demand_count,
                    demands: paths(demands),
                },
            ),
        };
        Self { root: shown(&doubt.root), kind, accepted: doubt.accepted, numbers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_empty_files_is_true_whether_or_not_their_number_is_known() {
        let of = |files, bytes| Amount { files, bytes };
        let says = |before, now, empty| shrunk("docs", before, now, empty);
        let (before, emptied) = (of(100, 1_000_000), of(100, 999_000));
        let begins = "SHRUNK: docs had 100 files (1.0 MB) in its last complete backup and has 100 files (999.0 kB) now";
        for (empty, more) in [
            (Some(99), ", of which 99 are empty (0 bytes)."),
            (Some(1), ", of which 1 is empty (0 bytes)."),
            (None, ", of which some are empty (0 bytes)."),
        ] {
            assert_eq!(says(before, emptied, empty), format!("{begins}{more}"));
        }
        for empty in [Some(0), None] {
            assert!(says(before, of(79, 999_000), empty).ends_with("has 79 files (999.0 kB) now."));
            assert!(says(before, of(100, 799_000), empty).ends_with("has 100 files (799.0 kB) now."));
        }
        assert!(says(before, of(80, 800_000), None).ends_with("some are empty (0 bytes)."), "a fifth may go");
    }
}
