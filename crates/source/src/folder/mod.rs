//! A folder of this machine (or a single file) as a source: walked in tree order by one thread while a few others scan
//! the folders ahead, all of it through the handle of the root, and never through a link.

mod content;
mod facts;
mod failure;
mod holes;
mod limits;
mod links;
mod names;
mod place;
mod prefetch;
mod root;
mod scan;
#[cfg(test)]
mod tests;
mod walk;
mod xattrs;

use crate::{Content, Excludes, ItemKind, PassedOver, ReadFailure, Source, SourceError, SourceItem, Xattrs};
use chest_model::{RootDescription, UnreadableReason};
use content::FileContent;
pub(crate) use facts::Facts;
pub(crate) use failure::of_io_error;
use failure::{changed, failure};
use limits::Limits;
use prefetch::Prefetch;
use root::Root;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{OFlags, Stat, fstat};
use rustix::io::Errno;
use scan::{Scanner, look_at, target};
use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};
use std::sync::{Mutex, PoisonError};
use std::thread;
use walk::{Walk, single_item};
use xattrs::{Door, read_xattrs};

/// How a folder is walked.
#[derive(Debug, Clone)]
pub struct FolderOptions {
    /// What is left out.
    pub excludes: Excludes,
    /// How many threads scan ahead of the visitor; with none, the visitor's own thread does it all.
    pub threads: usize,
    /// Whether to stay out of other file systems: a folder where one is mounted is then listed as an empty folder.
    pub one_file_system: bool,
}

impl Default for FolderOptions {
    fn default() -> Self {
        Self { excludes: Excludes::none(), threads: 2, one_file_system: false }
    }
}

/// A folder of this machine, or a single file. It is held open from the beginning: should another be put in its place,
/// this one is still what is read.
#[derive(Debug)]
pub struct FolderSource {
    root: Root,
    shown_path: String,
    description: RootDescription,
    options: FolderOptions,
    limits: Limits,
    passed_over: Mutex<PassedOver>,
}

impl FolderSource {
    /// Opens the root. The path may be a symbolic link: it is resolved here, once.
    pub fn new(path: &Path, description: RootDescription, options: FolderOptions) -> Result<Self, SourceError> {
        let root = Root::open(path)?;
        let (limits, passed_over) = (Limits::default(), Mutex::default());
        Ok(Self { root, shown_path: chest_model::shown_place(path), description, options, limits, passed_over })
    }

    /// The name under which this path is stored unless another is chosen: its real last component, or `root`.
    pub fn label_for(path: &Path) -> Vec<u8> {
        let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match canonical.components().next_back() {
            Some(Component::Normal(name)) => name.as_bytes().to_vec(),
            _ => b"root".to_vec(),
        }
    }

    fn walk_single(
        &self,
        name: &CStr,
        visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let facts = look_at(self.root.handle(), name).map_err(|errno| self.lost(errno))?;
        let target = target(self.root.handle(), name, facts.size);
        // There is nothing after the only item, whatever the visitor says.
        let _ = visit(single_item(&facts, target));
        Ok(())
    }

    fn walk_folder(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        if self.root.is_gone() {
            return Err(self.vanished());
        }
        let facts = Facts::from(&fstat(self.root.handle()).map_err(|errno| self.lost(errno))?);
        let prefetch = Prefetch::new(Scanner::new(&self.root, &self.options, self.limits, &facts), self.limits.ready);
        thread::scope(|scope| {
            let _stop = StopAtEnd(&prefetch);
            for _ in 0..self.options.threads {
                // A thread that cannot be had is done without: the walk needs none.
                let _ = thread::Builder::new().name("scan".to_owned()).spawn_scoped(scope, || prefetch.work());
            }
            let visit = &mut |item| visit(item);
            let walk = Walk::new(&self.root, &self.shown_path, &prefetch, visit, self.limits.held);
            let passed_over = walk.run(&facts)?;
            *self.passed_over.lock().unwrap_or_else(PoisonError::into_inner) = passed_over;
            Ok(())
        })
    }

    fn lost(&self, errno: Errno) -> SourceError {
        if failure::means_gone(errno) {
            return self.vanished();
        }
        SourceError::Unreadable {
            path: self.shown_path.clone(),
            reason: failure::reason(errno),
            message: failure::words(errno),
        }
    }

    fn vanished(&self) -> SourceError {
        SourceError::Vanished { path: self.shown_path.clone() }
    }

    /// Opens the item, if it is still the one that was listed.
    fn open_listed(&self, item: &SourceItem, flags: OFlags) -> Result<(OwnedFd, Stat), ReadFailure> {
        let handle = match self.root.open_below(item.path.as_bytes(), flags) {
            // What cannot be opened like a file has become a socket.
            Err(Errno::NXIO) => return Err(changed("it is no longer the kind of item that was listed")),
            handle => handle.map_err(failure)?,
        };
        let stat = fstat(&handle).map_err(failure)?;
        let facts = Facts::from(&stat);
        if facts.kind().is_some_and(|kind| std::mem::discriminant(&kind) != std::mem::discriminant(&item.kind)) {
            return Err(changed("it is no longer the kind of item that was listed"));
        }
        if facts.inode != item.fingerprint.inode {
            return Err(changed("another one has taken its place since it was listed"));
        }
        Ok((handle, stat))
    }
}

impl Source for FolderSource {
    fn description(&self) -> &RootDescription {
        &self.description
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        match self.root.single() {
            Some(name) => self.walk_single(name, visit),
            None => self.walk_folder(visit),
        }
    }

    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        match item.kind {
            ItemKind::Unreadable(ref failure) => Err(failure.clone()),
            ItemKind::File { .. } | ItemKind::Directory => {
                let (handle, _) = self.open_listed(item, OFlags::RDONLY | OFlags::NONBLOCK)?;
                read_xattrs(&Door::Open(handle.as_fd())).map_err(failure)
            }
            // Pipes and devices are not to be opened, and links cannot be.
            _ => {
                let (handle, _) = self.open_listed(item, OFlags::PATH)?;
                read_xattrs(&Door::named(handle.as_fd())).map_err(failure)
            }
        }
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        match item.kind {
            ItemKind::File { .. } => {
                // Non-blocking: should a pipe have taken the file's place, this must not wait for its other end.
                let (handle, stat) = self.open_listed(item, OFlags::RDONLY | OFlags::NONBLOCK)?;
                Ok(Box::new(FileContent::new(handle, &stat)?))
            }
            ItemKind::Unreadable(ref failure) => Err(failure.clone()),
            _ => Err(ReadFailure::lasting(UnreadableReason::Unsupported, "only files have content")),
        }
    }

    fn passed_over(&self) -> PassedOver {
        self.passed_over.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn left_out_by(&self) -> Option<&Excludes> {
        Some(&self.options.excludes)
    }
}

/// Tells the threads to stop, also where the visitor panics.
struct StopAtEnd<'p, 's>(&'p Prefetch<'s>);

impl Drop for StopAtEnd<'_, '_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
