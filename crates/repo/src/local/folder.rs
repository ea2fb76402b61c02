//! One folder of local files, 0700, each file replaced as a whole: written beside, synced, renamed.

use super::regular::{is_irregular, open_regular};
use crate::error::RepoError;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// A folder for this machine's own files about one repository.
#[derive(Debug, Clone)]
pub struct LocalFolder(PathBuf);

/// A folder that this process has for itself.
#[derive(Debug)]
pub struct FolderLock(File);

impl Drop for FolderLock {
    /// Closing the file is not enough: a program that is being started at this moment has it open, too, until it runs.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl LocalFolder {
    /// Uses this folder; it is made when the first file is written.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of one file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Turns an error into one that names the file.
    pub fn error(&self, name: &str, source: std::io::Error) -> RepoError {
        if is_irregular(&source) {
            return self.damaged(name);
        }
        RepoError::Local { path: chest_model::shown_place(&self.file(name)), source }
    }

    /// That a file is damaged.
    pub fn damaged(&self, name: &str) -> RepoError {
        RepoError::LocalDamaged { path: chest_model::shown_place(&self.file(name)) }
    }

    /// Makes the folder, for its owner only.
    pub fn make(&self) -> Result<(), RepoError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0).map_err(|error| self.error("", error))
    }

    /// A file's content; `None` where there is none.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RepoError> {
        let mut content = Vec::new();
        match self.open(OpenOptions::new().read(true), name) {
            Ok(mut file) => file.read_to_end(&mut content).map_err(|error| self.error(name, error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.error(name, error)),
        };
        Ok(Some(content))
    }

    /// Opens a file to read it.
    pub fn open_to_read(&self, name: &str) -> Result<File, RepoError> {
        self.open(OpenOptions::new().read(true), name).map_err(|error| self.error(name, error))
    }

    fn open(&self, options: &mut OpenOptions, name: &str) -> std::io::Result<File> {
        open_regular(options, &self.file(name))
    }

    /// Replaces a file so that a crash leaves either the old or the new one.
    pub fn replace(&self, name: &str, content: &[u8]) -> Result<(), RepoError> {
        let mut file = self.begin_replacing(name)?;
        file.write_all(content).map_err(|error| self.error(name, error))?;
        self.finish_replacing(name, file)
    }

    /// Opens the file that will replace `name`.
    pub fn begin_replacing(&self, name: &str) -> Result<File, RepoError> {
        self.make()?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let beside = beside(name);
        self.open(&mut options, &beside).map_err(|error| self.error(&beside, error))
    }

    /// Syncs it and gives it its name.
    pub fn finish_replacing(&self, name: &str, file: File) -> Result<(), RepoError> {
        file.sync_all().map_err(|error| self.error(name, error))?;
        drop(file);
        fs::rename(self.file(&beside(name)), self.file(name)).map_err(|error| self.error(name, error))?;
        self.sync()
    }

    /// Opens a file to append to, made if need be.
    pub fn append_to(&self, name: &str) -> Result<File, RepoError> {
        self.make()?;
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = self.open(&mut options, name).map_err(|error| self.error(name, error))?;
        self.sync()?;
        Ok(file)
    }

    /// Opens a file to read and change in place, made if need be.
    pub fn open_to_change(&self, name: &str) -> Result<File, RepoError> {
        self.make()?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        self.open(&mut options, name).map_err(|error| self.error(name, error))
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, name: &str) -> Result<(), RepoError> {
        match fs::remove_file(self.file(name)) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.error(name, error)),
        }
    }

    fn sync(&self) -> Result<(), RepoError> {
        // Windows has no way to sync a folder, and needs none for a rename to last.
        #[cfg(unix)]
        File::open(&self.0).and_then(|folder| folder.sync_all()).map_err(|error| self.error("", error))?;
        Ok(())
    }

    /// Takes the folder for this process alone, for as long as the result lives; `None` where another process has it.
    pub fn lock(&self) -> Result<Option<FolderLock>, RepoError> {
        let file = self.append_to("lock")?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FolderLock(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(self.error("lock", error)),
        }
    }
}

fn beside(name: &str) -> String {
    format!("{name}.new")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_free_at_once_though_a_program_that_is_being_started_has_the_lock_open_too() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalFolder::new(scratch.path());
        let lock = folder.lock().unwrap().unwrap();
        assert!(folder.lock().unwrap().is_none());
        let _as_a_child_has_it = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(folder.lock().unwrap().is_some());
    }
}
