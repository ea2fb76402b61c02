//! The attributes as Windows lists them: the find data of a folder's listing, for which nothing is opened but the folder. And the
//! room that its disk has.

use super::attributes::{Attributes, AttributesOf, Listed};
use super::errors::windows_failure;
use super::space::FreeSpace;
use crate::ReadFailure;
use chest_model::{TreePath, UnreadableReason};
use std::fs::read_dir;
use std::io;
use std::os::windows::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A folder of this computer, or a single file.
#[derive(Debug, Clone)]
pub struct ListedFolder(PathBuf);

impl ListedFolder {
    /// Below this absolute path.
    pub fn new(root: &Path) -> Self {
        Self(root.to_owned())
    }
}

impl AttributesOf for ListedFolder {
    fn in_folder(&self, folder: &TreePath) -> Result<Listed, ReadFailure> {
        let mut path = self.0.clone();
        for name in folder.components() {
            let unheard_of = |_| ReadFailure::lasting(UnreadableReason::Unsupported, "its folder's name is no text");
            path.push(std::str::from_utf8(name).map_err(unheard_of)?);
        }
        listed(&path).map_err(|error| windows_failure(&error))
    }

    fn of_root(&self) -> Result<Attributes, ReadFailure> {
        let (Some(folder), Some(name)) = (self.0.parent(), self.0.file_name()) else {
            return Ok(Attributes::default());
        };
        let listed = listed(folder).map_err(|error| windows_failure(&error))?;
        Ok(listed.get(name.as_encoded_bytes()).copied().unwrap_or_default())
    }
}

/// The disk that a folder of this computer lies on.
#[derive(Debug, Clone)]
pub struct DiskOf(PathBuf);

impl DiskOf {
    /// Of this absolute path.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl FreeSpace for DiskOf {
    fn free_bytes(&self) -> io::Result<u64> {
        // A single file is no folder to ask about; the one that holds it lies on the same disk.
        let folder = if self.0.is_dir() { &self.0 } else { self.0.parent().unwrap_or(&self.0) };
        fs4::available_space(folder)
    }
}

fn listed(folder: &Path) -> io::Result<Listed> {
    read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            let attributes = Attributes(entry.metadata()?.file_attributes());
            Ok((entry.file_name().into_encoded_bytes(), attributes))
        })
        .collect()
}
