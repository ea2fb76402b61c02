//! Where the demonstration happens: one folder, and nothing outside it.

use crate::machine::Machine;
use crate::output::names::shown_place;
use chest_model::Environment;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The folder of one demonstration.
pub(super) struct Place {
    folder: PathBuf,
    /// Ours to remove: made in the temporary folder, and nobody asked to keep it.
    pub(super) temporary: bool,
}

/// Why there is no place.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlaceError {
    /// There is something in it that might be somebody's.
    #[error("{} is not empty", shown_place(.0))]
    NotEmpty(PathBuf),
    /// The system refused.
    #[error("{} cannot be used: {}", shown_place(.0), .1)]
    Unusable(PathBuf, io::Error),
}

impl Place {
    /// The folder that was named, or a new one in the temporary folder.
    pub(super) fn prepare(named: Option<&Path>) -> Result<Self, PlaceError> {
        match named {
            Some(dir) => Self::in_folder(dir),
            None => Self::in_temporary_folder(&std::env::temp_dir()),
        }
    }

    fn in_folder(dir: &Path) -> Result<Self, PlaceError> {
        let unusable = |error| PlaceError::Unusable(dir.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(unusable)?;
        let folder = dir.canonicalize().map_err(unusable)?;
        match fs::read_dir(&folder).map_err(unusable)?.next() {
            None => Ok(Self { folder, temporary: false }),
            Some(_) => Err(PlaceError::NotEmpty(dir.to_owned())),
        }
    }

    fn in_temporary_folder(parent: &Path) -> Result<Self, PlaceError> {
        let unusable = |error| PlaceError::Unusable(parent.to_owned(), error);
        let parent = parent.canonicalize().map_err(unusable)?;
        loop {
            let mut random = [0; 8];
            Machine.fill_random(&mut random).map_err(|error| unusable(io::Error::other(error)))?;
            let folder = parent.join(format!("chest-demo-{:016x}", u64::from_le_bytes(random)));
            // Fails where the name is taken, also by a link that somebody has laid there.
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Self { folder, temporary: true }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(error)),
            }
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Documents and mailboxes, as they are.
    pub(super) fn council(&self) -> PathBuf {
        self.folder.join("council")
    }

    pub(super) fn documents(&self) -> PathBuf {
        self.council().join("documents")
    }

    pub(super) fn mailboxes(&self) -> PathBuf {
        self.council().join("mailboxes")
    }

    pub(super) fn repository(&self) -> PathBuf {
        self.folder.join("repository")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// Where the deleted file comes back.
    pub(super) fn found(&self) -> PathBuf {
        self.folder.join("found")
    }

    /// Where the lost e-mail comes back.
    pub(super) fn found_mail(&self) -> PathBuf {
        self.folder.join("found-mail")
    }

    /// Where everything comes back.
    pub(super) fn restored(&self) -> PathBuf {
        self.folder.join("restored")
    }

    /// A copy of the file that is deleted, made without the backup, to hold the restored one against.
    pub(super) fn kept_aside(&self) -> PathBuf {
        self.folder.join("kept-aside")
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.folder)
    }
}

/// Bytes of all files below a folder.
pub(super) fn bytes_below(folder: &Path) -> io::Result<u64> {
    let items = super::compare::walk(folder)?;
    Ok(super::compare::files(&items).map(|(_, size)| size).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_empty_is_refused_and_left_alone() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("mine"), b"mine").unwrap();
        assert!(matches!(Place::prepare(Some(outside.path())), Err(PlaceError::NotEmpty(_))));
        assert_eq!(fs::read(outside.path().join("mine")).unwrap(), b"mine");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_missing_is_made_and_is_never_ours_to_remove() {
        let outside = tempfile::tempdir().unwrap();
        let place = Place::prepare(Some(&outside.path().join("a/b"))).unwrap();
        assert!(place.folder().is_dir() && !place.temporary);
    }

    #[test]
    fn two_demonstrations_never_share_a_folder() {
        let parent = tempfile::tempdir().unwrap();
        let (one, other) = (Place::in_temporary_folder(parent.path()), Place::in_temporary_folder(parent.path()));
        assert_ne!(one.unwrap().folder(), other.unwrap().folder());
    }
}
