//! Files and folders on disk, with the times that the council gives them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use filetime::FileTime;

use crate::calendar::Moment;
use crate::error::{CouncilError, at};

/// Writes a file with its time, and its folder where there is none yet.
pub(crate) fn write_file(root: &Path, path: &str, bytes: &[u8], modified: Moment) -> Result<(), CouncilError> {
    let path = root.join(path);
    make_parent(&path)?;
    fs::write(&path, bytes).map_err(at(&path))?;
    set_time(&path, modified)
}

/// Moves a file, into a new folder if need be.
pub(crate) fn rename(root: &Path, from: &str, to: &str) -> Result<(), CouncilError> {
    let (from, to) = (root.join(from), root.join(to));
    make_parent(&to)?;
    fs::rename(&from, &to).map_err(at(from))
}

/// Removes a file.
pub(crate) fn remove(root: &Path, path: &str) -> Result<(), CouncilError> {
    let path = root.join(path);
    fs::remove_file(&path).map_err(at(path))
}

fn make_parent(path: &Path) -> Result<(), CouncilError> {
    let parent = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent).map_err(at(parent))
}

/// Sets when a file or folder was last changed.
pub(crate) fn set_time(path: &Path, modified: Moment) -> Result<(), CouncilError> {
    filetime::set_file_mtime(path, FileTime::from_unix_time(modified.seconds, modified.nanoseconds)).map_err(at(path))
}

/// When each folder above some files was last changed: with the newest file below it.
#[derive(Default)]
pub(crate) struct FolderTimes(BTreeMap<PathBuf, Moment>);

impl FolderTimes {
    /// Notes a file (or an empty folder) and its time.
    pub fn note(&mut self, path: &str, modified: Moment) {
        for folder in Path::new(path).ancestors().skip(1) {
            let newest = self.0.entry(folder.to_owned()).or_insert(modified);
            *newest = modified.max(*newest);
        }
    }

    /// Gives the folders their times; only once nothing more is written into them.
    pub fn apply(&self, root: &Path) -> Result<(), CouncilError> {
        self.0.iter().rev().try_for_each(|(folder, modified)| set_time(&root.join(folder), *modified))
    }
}
