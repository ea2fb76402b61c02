//! An office for the tests of the command line: a folder with documents, a repository, and the real program run in it with
//! nothing of the user's own environment.

// Each test program uses a part of this, and what fails here fails a test.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub mod exports;
pub mod program;

use program::Program;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What every office's repository opens with.
pub const PASSPHRASE: &str = "three red apples on the vestry table";

/// Whom the program runs as where the tests run as root, whom no file is closed to.
const NOBODY: u32 = 65_534;

/// A place of its own for one test.
pub struct Office {
    folder: TempDir,
    program: Program,
}

/// How a run ended.
pub struct Answer {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard output as bytes.
    pub bytes: Vec<u8>,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// Fails the test unless the program ended so.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\nstdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// The one JSON object on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// The hits of a search: all else stands indented below them.
    pub fn hits(&self) -> Vec<&str> {
        self.out.lines().filter(|line| !line.starts_with(' ')).collect()
    }

    /// The commands that stand below the hits.
    pub fn commands(&self) -> Vec<&str> {
        self.out.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| line.contains("/chest ")).collect()
    }

    /// The last line of standard output.
    pub fn last_line(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }
}

impl Office {
    /// An empty one.
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("chest-cli").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let office = Self { folder, program: Program::new() };
        office.write("passphrase", PASSPHRASE);
        office
    }

    /// One with documents and a repository.
    pub fn new() -> Self {
        let office = Self::empty();
        office.write("docs/budget.csv", "hall,120\n");
        office.write("docs/Minutes/october.txt", "The minutes of October.\n");
        office.run(["init", "--kdf-memory", "64"]).ended(0);
        office
    }

    /// One with a backup, too.
    pub fn with_backup() -> Self {
        let office = Self::new();
        office.back_up().ended(0);
        office
    }

    /// A path in the office.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, content: &str) {
        self.write_named(name.as_ref(), content);
    }

    /// The same, with a name of any bytes.
    pub fn write_named(&self, name: &OsStr, content: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        if runs_as_root() {
            for made in path.ancestors().take_while(|made| *made != self.folder.path()) {
                chown(made, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Makes a file that the program cannot read.
    pub fn write_locked(&self, name: &str) {
        self.write(name, "nobody may read this");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o000)).unwrap();
    }

    /// Backs up the documents.
    pub fn back_up(&self) -> Answer {
        self.run([OsStr::new("backup"), self.path("docs").as_os_str()])
    }

    /// The program, about to be run: with the passphrase at hand, and nobody at the keyboard.
    pub fn command<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = self.of_office(&self.program.path());
        command.args(arguments);
        command
    }

    /// Runs what somebody has pasted into a shell.
    pub fn paste(&self, line: &str) -> Answer {
        answer(self.of_office(Path::new("/bin/sh")).args(["-c", line]))
    }

    fn of_office(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null()).current_dir(self.folder.path());
        command.env("HOME", self.path("home")).env("PATH", "/usr/bin:/bin");
        command.env("CHEST_REPO", self.path("repo"));
        command.env("CHEST_STATE_DIR", self.path("state")).env("CHEST_CACHE_DIR", self.path("cache"));
        command.env("CHEST_PASSPHRASE_FILE", self.path("passphrase"));
        if runs_as_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Runs the program.
    pub fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Answer {
        answer(&mut self.command(arguments))
    }

    /// Every file of the repository, the state and the cache.
    pub fn stored_files(&self, top: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        gather(&self.path(top), &mut files);
        files
    }
}

fn runs_as_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

/// Runs a command and waits for it.
pub fn answer(command: &mut Command) -> Answer {
    let output = command.output().unwrap();
    Answer {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        bytes: output.stdout,
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a command whose standard output goes there.
pub fn answer_into(mut command: Command, out: fs::File) -> Answer {
    let child = command.stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    Answer { code: output.status.code(), out: String::new(), bytes: Vec::new(), err }
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else {
            files.push(path);
        }
    }
}
