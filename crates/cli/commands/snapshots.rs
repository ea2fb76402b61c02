//! `chest snapshots`: the backups, oldest first.

use crate::args::{Narrow, Snapshots};
use crate::context::Workplace;
use crate::errors::{DECISION_NEXT, DECISION_SAFETY, Doing, Failure};
use crate::exit::Exit;
use crate::output::amounts::{count, grouped, size};
use crate::output::json::{self, ContainerJson, ProblemJson};
use crate::output::names::{self, for_json, shown};
use crate::output::tables::{Side, write_table};
use crate::output::{Report, SHORT_ID};
use crate::time::day_and_time;
use chest_engine::browse::{self, SnapshotsOutcome};
use chest_engine::repo::layout::OWNER;
use chest_model::SnapshotSummary;
use serde::Serialize;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

/// Runs it.
pub fn run(workplace: &Workplace, args: &Snapshots) -> Result<Exit, Failure> {
    let reading = workplace.open(Doing::Reading, args.older)?;
    let mut outcome = browse::snapshots(&reading.opened);
    outcome.snapshots.retain(|snapshot| is_wanted(snapshot, &args.narrow));
    // A contradiction is worse than damage: somebody may be showing an older state.
    let exit = match (outcome.missing.is_empty(), outcome.unreadable.is_empty()) {
        (false, _) => Exit::History,
        (true, false) => Exit::Damage,
        (true, true) => Exit::Done,
    };
    workplace.show(&Listed(outcome))?;
    Ok(exit)
}

fn is_wanted(snapshot: &SnapshotSummary, narrow: &Narrow) -> bool {
    let root = narrow.root.as_ref().map(|root| names::typed(root.as_bytes()));
    narrow.host.as_ref().is_none_or(|host| snapshot.host == *host)
        && root.is_none_or(|root| snapshot.roots.iter().any(|one| one.label == root))
}

struct Listed(SnapshotsOutcome);

#[derive(Serialize)]
struct ListedJson {
    snapshots: Vec<SnapshotJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<ProblemJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

#[derive(Serialize)]
struct SnapshotJson {
    id: String,
    started: Option<String>,
    ended: Option<String>,
    outcome: &'static str,
    host: String,
    roots: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roots_bytes: Option<Vec<Option<String>>>,
    files: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    containers: Vec<RootContainerJson>,
}

#[derive(Serialize)]
struct RootContainerJson {
    root: String,
    #[serde(flatten)]
    container: ContainerJson,
}

impl SnapshotJson {
    fn of(snapshot: &SnapshotSummary) -> Self {
        let (roots, bytes): (Vec<String>, Vec<Option<String>>) =
            snapshot.roots.iter().map(|root| for_json(&root.label)).unzip();
        Self {
            id: snapshot.id.to_hex(),
            started: json::time(snapshot.started),
            ended: json::time(snapshot.ended),
            outcome: json::outcome(snapshot.completeness),
            host: snapshot.host.clone(),
            roots,
            roots_bytes: bytes.iter().any(Option::is_some).then_some(bytes),
            files: snapshot.files,
            bytes: snapshot.bytes,
            containers: snapshot
                .containers
                .iter()
                .map(|(root, container)| RootContainerJson {
                    root: for_json(root).0,
                    container: ContainerJson::of(container),
                })
                .collect(),
        }
    }
}

impl Report for Listed {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = ["Backup", "Taken", "Result", "Computer", "Files", "Size", "Folders"];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        rows.extend(self.0.snapshots.iter().map(row));
        if rows.len() > 1 {
            use Side::{Left, Right};
            write_table(out, &[Left, Left, Left, Left, Right, Right, Left], &rows)?;
        }
        for (object, problem) in &self.0.unreadable {
            writeln!(out, "DAMAGED: the record {object} cannot be opened: {problem}")?;
        }
        for object in &self.0.missing {
            writeln!(
                out,
                "GONE: the record {object} is named by others, and is not there: backups may be missing here"
            )?;
        }
        let unreadable = self.0.unreadable.iter().map(|(object, _)| object);
        if unreadable.chain(&self.0.missing).any(|object| object.starts_with(OWNER)) {
            writeln!(out, "{DECISION_SAFETY}\nNext:  {DECISION_NEXT}")?;
        }
        if self.0.is_unrecorded {
            writeln!(
                out,
                "There is data here, and no backup is recorded. Unless the first backup was interrupted, its records were taken \
                 away: delete nothing, and run `chest check`."
            )?;
        }
        writeln!(out, "{}", count(self.0.snapshots.len() as u64, "backup"))
    }

    fn json(&self) -> impl Serialize {
        ListedJson {
            snapshots: self.0.snapshots.iter().map(SnapshotJson::of).collect(),
            unreadable: ProblemJson::of_all(&self.0.unreadable),
            missing: self.0.missing.clone(),
        }
    }
}

fn row(snapshot: &SnapshotSummary) -> Vec<String> {
    let roots: Vec<String> = snapshot.roots.iter().map(|root| shown(&root.label)).collect();
    vec![
        snapshot.id.to_hex()[..SHORT_ID].to_owned(),
        day_and_time(snapshot.ended),
        json::outcome(snapshot.completeness).to_owned(),
        shown(snapshot.host.as_bytes()),
        grouped(snapshot.files),
        size(snapshot.bytes),
        roots.join(", "),
    ]
}
