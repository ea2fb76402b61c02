//! `chest history`: this computer's runs, those that failed included. Needs no passphrase and no storage.

use crate::args;
use crate::context::Workplace;
use crate::errors::{CliError, Doing, Failure};
use crate::exit::Exit;
use crate::output::amounts::count;
use crate::output::names::shown_place;
use crate::output::tables::{Side, write_table};
use crate::output::{Report, SHORT_ID};
use crate::run_history::{self, History, Run};
use crate::time::{day_and_time, from_rfc3339};
use chest_engine::repo::RepoError;
use chest_engine::repo::local::is_irregular;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// Runs it.
pub fn run(workplace: &Workplace, args: &args::History) -> Result<Exit, Failure> {
    let state = &workplace.settings.state_dir;
    let History { mut runs, unreadable_lines } = run_history::read(state).map_err(|error| unreadable(state, &error))?;
    let all = runs.len();
    runs.drain(..all.saturating_sub(args.last));
    workplace.show(&Told { runs, all, unreadable_lines })?;
    Ok(Exit::Done)
}

fn unreadable(state: &Path, error: &io::Error) -> Failure {
    if is_irregular(error) {
        let path = shown_place(&run_history::file(state));
        return Failure::of(&RepoError::LocalDamaged { path }.into(), Doing::Reading);
    }
    CliError::HistoryUnreadable(state.to_owned(), error.kind()).into()
}

struct Told {
    runs: Vec<Run>,
    all: usize,
    unreadable_lines: usize,
}

#[derive(Serialize)]
struct ToldJson<'t> {
    runs: &'t [Run],
    all: usize,
    unreadable_lines: usize,
}

impl Report for Told {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let heads = ["Started", "Result", "Backup", "Why"];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        rows.extend(self.runs.iter().map(row));
        if rows.len() > 1 {
            write_table(out, &[Side::Left; 4], &rows)?;
        }
        let all = count(self.all as u64, "run");
        match self.all - self.runs.len() {
            0 => writeln!(out, "{all}")?,
            _ => writeln!(out, "{all}, the last {} shown", self.runs.len())?,
        }
        if self.unreadable_lines > 0 {
            let lines = count(self.unreadable_lines as u64, "line");
            writeln!(
                out,
                "NOTE: {lines} of this history cannot be read. A run may be missing here, or be FAILED here although it made a backup: \
                 `chest snapshots` lists the backups."
            )?;
        }
        Ok(())
    }

    fn json(&self) -> impl Serialize {
        ToldJson { runs: &self.runs, all: self.all, unreadable_lines: self.unreadable_lines }
    }
}

fn row(run: &Run) -> Vec<String> {
    let started = from_rfc3339(&run.started).map_or_else(|| run.started.clone(), day_and_time);
    let backup = run.backup.as_ref().map_or("-", |id| &id[..SHORT_ID.min(id.len())]);
    vec![started, run.result.word().to_owned(), backup.to_owned(), why(run)]
}

fn why(run: &Run) -> String {
    match (run.code.as_deref(), run.exit) {
        (Some("killed"), _) => "it never came to its end: killed, or the power went".to_owned(),
        (Some(code), Some(exit)) => format!("{code} (exit code {exit})"),
        (None, Some(3)) => "something could not be read".to_owned(),
        (None, Some(6)) => "what was found does not look right".to_owned(),
        _ => "-".to_owned(),
    }
}
