//! The folder that a restore writes into: the one place that changes the user's files.
//!
//! Two promises hold whatever the snapshot says and whatever other programs do meanwhile. Nothing is written outside
//! the folder: every name is resolved from an open folder handle, one component deep, and no symbolic link is ever
//! followed. Nothing that the user has is lost: a name is given by system calls that fail where it is taken, and
//! something is replaced only with [`Existing::Overwrite`], in one step, by an item that is complete.
//!
//! A handle means the folder that was opened, not the name: somebody who moves a folder elsewhere during a restore
//! takes along what is still being written into it.

mod abilities;
mod destination;
mod error;
mod existing;
mod folders;
mod hard_link;
mod leftovers;
mod metadata;
mod names;
mod new_file;
mod placing;
mod special;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chest_model::{Metadata, TreePath};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use abilities::Abilities;
use folders::Folders;

pub use destination::Destination;
pub use error::TargetError;
pub use existing::{ExistingItem, ExistingReader, FileIdentity, ItemKind};
pub use metadata::MetadataNote;
pub use names::{NamesToTry, Rank, fitting_name};
pub use new_file::NewFile;
pub use placing::{Placed, Placement};

/// What happens to an item whose name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// What is there stays; the restored one is written beside it as `name (restored 21 November 2026).ext`.
    #[default]
    KeepBoth,
    /// The restored one takes its place. A folder is never replaced, nor what this restore itself has written (on a
    /// file system that takes `A` and `a` for one name): then as `KeepBoth`.
    Overwrite,
    /// What is there stays, and nothing is written.
    Skip,
}

/// How a restore treats its target.
#[derive(Debug, Clone, Default)]
pub struct TargetOptions {
    /// What happens where a name is taken.
    pub existing: Existing,
    /// The day, as it stands in the names of files written beside others: `21 November 2026`.
    pub restored_on: String,
    /// Whether devices, set-user-id bits and the `security.` and `trusted.` attributes are restored: only where the
    /// snapshot is trusted as much as the system itself.
    pub privileged: bool,
    /// Paths that several items might take: nobody gets one but whom it is kept for.
    pub kept: HashSet<TreePath>,
}

/// What [`Target::make_folder`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// There was nothing; now there is a folder that only its owner can enter, until its metadata are set.
    Created,
    /// There was a folder; it is unchanged.
    AlreadyThere,
}

/// The folder that a restore writes into. Cheap to clone; all methods may be called from several threads.
#[derive(Debug, Clone)]
pub struct Target {
    shared: Arc<Shared>,
}

/// What the files being written share with their target.
#[derive(Debug)]
struct Shared {
    folders: Folders,
    abilities: Abilities,
    existing: Existing,
    label: String,
    privileged: bool,
    kept: HashSet<TreePath>,
    /// What this restore has written, kept only with [`Existing::Overwrite`]; held while a name is given, so that two
    /// threads cannot each take the other's new file for an old one.
    written: Mutex<HashSet<FileIdentity>>,
}

impl Target {
    /// Opens the folder `dir`, and makes it and the folders above it where they are missing. Symbolic links on the way
    /// to `dir` itself are the user's and are followed.
    pub fn open_or_create(dir: &Path, options: TargetOptions) -> Result<Self, TargetError> {
        std::fs::create_dir_all(dir).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => {
                TargetError::NotAFolder { dir: dir.to_owned() }
            }
            _ => TargetError::opening(dir, error),
        })?;
        Self::open(dir, options)
    }

    /// Opens the folder `dir` where it is there, and makes nothing: `None` where there is none and one can be made.
    pub fn open_existing(dir: &Path, options: TargetOptions) -> Result<Option<Self>, TargetError> {
        if dir.is_dir() {
            return Self::open(dir, options).map(Some);
        }
        let named = |above: &&Path| above.as_os_str().is_empty() || above.symlink_metadata().is_ok();
        let nearest = dir.ancestors().find(named).filter(|above| !above.as_os_str().is_empty());
        let nearest = nearest.unwrap_or(Path::new("."));
        if !nearest.is_dir() {
            return Err(TargetError::NotAFolder { dir: dir.to_owned() });
        }
        rustix::fs::accessat(CWD, nearest, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
            .map_err(|errno| TargetError::opening(dir, errno.into()))?;
        Ok(None)
    }

    fn open(dir: &Path, options: TargetOptions) -> Result<Self, TargetError> {
        let open = || -> Result<_, Errno> {
            let root =
                rustix::fs::openat(CWD, dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            rustix::fs::accessat(&root, c".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?;
            Ok(root)
        };
        let root = open().map_err(|errno| TargetError::opening(dir, errno.into()))?;
        Ok(Self::from_handle(root, options, Abilities::default()))
    }

    fn from_handle(root: rustix::fd::OwnedFd, options: TargetOptions, abilities: Abilities) -> Self {
        abilities.probe(&root);
        let shared = Shared {
            folders: Folders::new(root),
            abilities,
            existing: options.existing,
            label: names::label(&options.restored_on),
            privileged: options.privileged,
            kept: options.kept,
            written: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Makes the folder `path`, whose parent must be there. Whatever else has that name stays, and is an error.
    pub fn make_folder(&self, path: &TreePath) -> Result<Made, TargetError> {
        if path.is_root() {
            return Ok(Made::AlreadyThere);
        }
        let (folder, name) = self.shared.parent_and_name(path)?;
        match rustix::fs::mkdirat(folder.handle(), name, Mode::RWXU) {
            Ok(()) => Ok(Made::Created),
            Err(Errno::EXIST) => match self.existing(path)?.map(|item| item.kind) {
                Some(ItemKind::Folder) => Ok(Made::AlreadyThere),
                _ => Err(TargetError::Obstructed { path: path.clone() }),
            },
            Err(errno) => Err(TargetError::naming(path, errno)),
        }
    }

    /// Sets rights, times, owner and extended attributes of a folder, and tells what could not be set. To be called
    /// when everything in it is written, deepest first: writing into a folder changes its time, and may need rights
    /// that it will not have afterwards.
    pub fn set_folder_metadata(&self, path: &TreePath, metadata: &Metadata) -> Result<Vec<MetadataNote>, TargetError> {
        let folder = self.shared.folders.open(path.as_bytes(), &self.shared.abilities)?;
        metadata::apply_to_folder(folder.handle(), metadata, self.shared.privileged)
            .map_err(|errno| TargetError::at(path, errno))
    }

    /// Bytes that may still be written, as far as the file system knows; `None` where it does not say.
    pub fn room(&self) -> Option<u64> {
        let system = rustix::fs::fstatvfs(self.shared.folders.root().handle()).ok()?;
        Some(system.f_bavail.saturating_mul(system.f_frsize))
    }

    /// Waits until everything written so far has reached the disk. Once at the end instead of file by file. Disks
    /// that are mounted inside the target are not covered.
    pub fn sync(&self) -> Result<(), TargetError> {
        rustix::fs::syncfs(self.shared.folders.root().handle())
            .map_err(|errno| TargetError::at(&TreePath::root(), errno))
    }
}

impl Shared {
    /// The open folder that holds `path`, and the name in it. The target itself is nobody's item.
    fn parent_and_name<'path>(
        &self,
        path: &'path TreePath,
    ) -> Result<(Arc<folders::Folder>, &'path [u8]), TargetError> {
        let name = path.name().ok_or_else(|| TargetError::Obstructed { path: path.clone() })?;
        if name.len() > names::MAX_NAME {
            return Err(TargetError::NameTooLong { path: path.clone() });
        }
        let bytes = path.as_bytes();
        let parent = &bytes[..(bytes.len() - name.len()).saturating_sub(1)];
        Ok((self.folders.open(parent, &self.abilities)?, name))
    }
}
