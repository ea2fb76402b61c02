//! Where the program lies for whoever runs it. Tests that run as root start it as somebody else, who may not enter every folder
//! in which root works: `/root`, into which the project is cloned in a container, is closed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};
use tempfile::TempDir;

/// The program as it was built.
const BUILT: &str = env!("CARGO_BIN_EXE_chest");

/// The copy that all offices share, where there is one: it is large, so the last of them removes it.
static SHARED: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());

/// A program that an office may start for as long as it has this.
pub struct Program {
    copy: Option<Arc<TempDir>>,
}

impl Program {
    /// The one that was built, or a copy of it where root runs tests of one that not everybody may start.
    pub fn new() -> Self {
        if !super::runs_as_root() || everybody_may_start(Path::new(BUILT)) {
            return Self { copy: None };
        }
        let mut shared = SHARED.lock().unwrap();
        let copy = shared.upgrade().unwrap_or_else(|| Arc::new(copied(Path::new(BUILT))));
        *shared = Arc::downgrade(&copy);
        Self { copy: Some(copy) }
    }

    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.copy.as_ref().map_or_else(|| BUILT.into(), |copy| copy.path().join("chest"))
    }
}

/// Whether it may be started, and every folder above it entered, by whoever neither owns it nor is of its group.
pub fn everybody_may_start(program: &Path) -> bool {
    let program = program.canonicalize().unwrap();
    program.ancestors().all(|part| fs::metadata(part).unwrap().mode() & 0o001 != 0)
}

/// A folder that everybody may enter, with a copy that everybody may start.
pub fn copied(program: &Path) -> TempDir {
    let folder = tempfile::Builder::new().prefix("chest-program").tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // By another process: a program that any process here still writes to, even one forked meanwhile, cannot be started.
    let status = Command::new("install").args(["-m", "755"]).args([program, folder.path()]).status().unwrap();
    assert!(status.success(), "copying {}: {status}", program.display());
    folder
}
