//! This computer's own history of its backups, those included that left nothing in the repository: a run that could not reach the
//! storage, or that the power cut ended, has FAILED, and only this file can say so.
//!
//! One JSON object a line, in the state folder: a line when a run begins, and one when it ends. No file name, no path and no
//! message is in it, because it lies in plain text; the storage is named by a hash of its address. A run that has begun and not
//! ended has failed, unless it still holds its lock.

use crate::errors::Failure;
use crate::exit::Exit;
use crate::output::json;
use chest_engine::backup::BackupOutcome;
use chest_engine::repo::local::open_regular;
use chest_model::{Completeness, Environment, Timestamp};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const NAME: &str = "history";
/// Beyond this the oldest lines go.
const LONGEST: u64 = 1 << 20;
/// No more than this is read, from its end: a run leaves little more than half of it.
const READ: u64 = 2 * LONGEST;
/// So many lines stay.
const LINES: usize = 2_000;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunResult {
    /// Everything was read.
    Complete,
    /// Something is missing, or doubted.
    Partial,
    /// There is no backup.
    Failed,
    /// It is not over.
    #[serde(skip_deserializing)]
    Running,
}

impl RunResult {
    /// As it is shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Complete => "COMPLETE",
            Self::Partial => "PARTIAL",
            Self::Failed => "FAILED",
            Self::Running => "RUNNING",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Begun { run: String, time: String, storage: String },
    Ended { run: String, time: String, result: RunResult, exit: u8, code: Option<String>, backup: Option<String> },
}

/// One run, as the history tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// When it began.
    pub started: String,
    /// When it ended; absent where nobody was left to say so.
    pub ended: Option<String>,
    /// How it ended.
    pub result: RunResult,
    /// The exit code that belongs to it: the program's own, unless it could not write its answer.
    pub exit: Option<u8>,
    /// Why it failed: the stable name of the error, `killed` where it never came to its end.
    pub code: Option<String>,
    /// The backup that it made.
    pub backup: Option<String>,
    /// Which storage: a hash of its address.
    pub storage: String,
}

/// A run that is under way.
pub struct Running {
    state: PathBuf,
    run: String,
    /// Held until the end: whoever can take it knows that the run is over.
    _lock: File,
}

impl Running {
    /// Notes that a run begins.
    pub fn begin(state: &Path, address: &str, environment: &dyn Environment) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(state)?;
        let mut random = [0; 8];
        environment.fill_random(&mut random).map_err(io::Error::other)?;
        let run: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let lock = open(&lock_path(state, &run))?;
        lock.lock()?;
        sweep(state)?;
        shorten(state)?;
        let storage = blake3::hash(address.as_bytes()).to_hex().to_string();
        append(state, &Line::Begun { run: run.clone(), time: shown(environment.now()), storage })?;
        Ok(Self { state: state.to_owned(), run, _lock: lock })
    }

    /// Notes how it ended.
    pub fn end(self, ended: Result<(Exit, &BackupOutcome), &Failure>, environment: &dyn Environment) -> io::Result<()> {
        let (result, exit, code, backup) = match ended {
            Ok((exit, outcome)) => {
                let result = match outcome.completeness {
                    Completeness::Complete => RunResult::Complete,
                    Completeness::Partial => RunResult::Partial,
                };
                (result, exit, None, Some(outcome.snapshot.to_hex()))
            }
            Err(failure) => (RunResult::Failed, failure.exit, Some(failure.code().to_owned()), None),
        };
        let time = shown(environment.now());
        append(&self.state, &Line::Ended { run: self.run.clone(), time, result, exit: exit as u8, code, backup })?;
        match fs::remove_file(lock_path(&self.state, &self.run)) {
            // Swept by a run that began in the very moment between its making and its locking.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// What the history tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// All runs, oldest first.
    pub runs: Vec<Run>,
    /// Lines that the power cut tore, that are damaged, or that a later version wrote: each may be a run, or the end of one.
    pub unreadable_lines: usize,
}

/// Reads it.
pub fn read(state: &Path) -> io::Result<History> {
    let mut runs: Vec<(String, Run)> = Vec::new();
    let mut unreadable_lines = 0;
    for line in text(state)?.lines().map(serde_json::from_str) {
        let Ok(line) = line else {
            unreadable_lines += 1;
            continue;
        };
        match line {
            Line::Begun { run, time, storage } => {
                let is_running = runs_still(state, &run);
                let (result, code) = match is_running {
                    true => (RunResult::Running, None),
                    false => (RunResult::Failed, Some("killed".to_owned())),
                };
                let told = Run { started: time, ended: None, result, exit: None, code, backup: None, storage };
                runs.push((run, told));
            }
            Line::Ended { run, time, result, exit, code, backup } => {
                if let Some((_, told)) = runs.iter_mut().rev().find(|(begun, _)| *begun == run) {
                    *told = Run { ended: Some(time), result, exit: Some(exit), code, backup, ..told.clone() };
                }
            }
        }
    }
    Ok(History { runs: runs.into_iter().map(|(_, run)| run).collect(), unreadable_lines })
}

fn text(state: &Path) -> io::Result<String> {
    match open_to_read(&file(state)) {
        Ok(mut file) => {
            let mut bytes = Vec::new();
            let start = file.metadata()?.len().saturating_sub(READ);
            file.seek(SeekFrom::Start(start))?;
            file.take(READ).read_to_end(&mut bytes)?;
            let text = String::from_utf8_lossy(&bytes);
            // The line that is cut in two there is one of the oldest, which are to go.
            let whole = text.split_once('\n').filter(|_| start > 0).map_or(&*text, |(_, whole)| whole);
            Ok(whole.to_owned())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

fn runs_still(state: &Path, run: &str) -> bool {
    let file = open_to_read(&lock_path(state, run));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn append(state: &Path, line: &Line) -> io::Result<()> {
    let mut file = open(&file(state))?;
    // Where the power cut tore the last line, this one must not become a part of it.
    let before = if is_torn(&file)? { "\n" } else { "" };
    let text = format!("{before}{}\n", serde_json::to_string(line)?);
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

fn is_torn(file: &File) -> io::Result<bool> {
    let Some(last) = file.metadata()?.len().checked_sub(1) else { return Ok(false) };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

fn open(path: &Path) -> io::Result<File> {
    open_regular(OpenOptions::new().read(true).append(true).create(true).mode(0o600), path)
}

fn open_to_read(path: &Path) -> io::Result<File> {
    open_regular(OpenOptions::new().read(true), path)
}

/// The history's own file.
pub fn file(state: &Path) -> PathBuf {
    state.join(NAME)
}

/// Keeps the newest lines of a file that has become long.
fn shorten(state: &Path) -> io::Result<()> {
    let path = file(state);
    if fs::metadata(&path).map_or(0, |found| found.len()) <= LONGEST {
        return Ok(());
    }
    let text = text(state)?;
    let mut room = LONGEST as usize;
    let fits = |line: &&str| {
        let left = room.checked_sub(line.len() + 1);
        room = left.unwrap_or(0);
        left.is_some()
    };
    let mut lines: Vec<&str> = text.lines().rev().take(LINES).take_while(fits).collect();
    lines.reverse();
    let beside = state.join(format!("{NAME}.new"));
    let mut file = open_regular(OpenOptions::new().write(true).create(true).truncate(true).mode(0o600), &beside)?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.sync_all()?;
    fs::rename(&beside, &path)
}

const LOCK: &str = "running-";

fn lock_path(state: &Path, run: &str) -> PathBuf {
    state.join(format!("{LOCK}{run}"))
}

/// Removes the locks of runs that never came to their end.
fn sweep(state: &Path) -> io::Result<()> {
    for entry in fs::read_dir(state)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(LOCK.as_bytes())
            && open_to_read(&entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn shown(time: Timestamp) -> String {
    json::time(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;

    #[test]
    fn a_torn_line_costs_that_line_only() {
        let folder = tempfile::tempdir().unwrap();
        drop(Running::begin(folder.path(), "here", &Machine).unwrap());
        let mut file = open(&folder.path().join(NAME)).unwrap();
        file.write_all(b"{\"event\":\"begun\",\"ru").unwrap();
        drop(Running::begin(folder.path(), "there", &Machine).unwrap());
        let History { runs, unreadable_lines } = read(folder.path()).unwrap();
        assert_eq!((runs.len(), unreadable_lines), (2, 1));
        assert_ne!(runs[0].storage, runs[1].storage);
        assert!(runs.iter().all(|run| run.result == RunResult::Failed && run.code.as_deref() == Some("killed")));
    }

    #[test]
    fn a_run_that_holds_its_lock_is_running() {
        let folder = tempfile::tempdir().unwrap();
        let running = Running::begin(folder.path(), "here", &Machine).unwrap();
        assert_eq!(read(folder.path()).unwrap().runs[0].result, RunResult::Running);
        drop(running);
        assert_eq!(read(folder.path()).unwrap().runs[0].result, RunResult::Failed);
    }

    #[test]
    fn what_a_killed_run_leaves_is_swept_and_a_running_one_keeps_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        drop(Running::begin(folder.path(), "here", &Machine).unwrap());
        let running = Running::begin(folder.path(), "here", &Machine).unwrap();
        let another = Running::begin(folder.path(), "there", &Machine).unwrap();
        let locks = fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().as_encoded_bytes().starts_with(LOCK.as_bytes()));
        assert_eq!(locks.count(), 2);
        let results = read(folder.path()).unwrap().runs.into_iter().map(|run| run.result);
        assert_eq!(results.collect::<Vec<_>>(), [RunResult::Failed, RunResult::Running, RunResult::Running]);
        drop((running, another));
    }

    #[test]
    fn of_a_file_that_something_has_blown_up_the_end_is_read() {
        let folder = tempfile::tempdir().unwrap();
        open(&file(folder.path())).unwrap().set_len(1 << 40).unwrap();
        append(folder.path(), &Line::Begun { run: "after".to_owned(), time: String::new(), storage: String::new() })
            .unwrap();
        drop(Running::begin(folder.path(), "here", &Machine).unwrap());
        let History { runs, unreadable_lines } = read(folder.path()).unwrap();
        assert_eq!((runs.len(), unreadable_lines), (2, 0), "the hole itself is no line");
        assert!(fs::metadata(file(folder.path())).unwrap().len() <= LONGEST + 1024);
    }

    #[test]
    fn a_long_history_loses_its_oldest_lines() {
        let folder = tempfile::tempdir().unwrap();
        let line = Line::Begun { run: "0".repeat(16), time: "x".repeat(400), storage: String::new() };
        for _ in 0..2 * LINES {
            append(folder.path(), &line).unwrap();
        }
        drop(Running::begin(folder.path(), "here", &Machine).unwrap());
        let History { runs, unreadable_lines } = read(folder.path()).unwrap();
        assert_eq!((runs.len(), unreadable_lines), (LINES + 1, 0));
    }
}
