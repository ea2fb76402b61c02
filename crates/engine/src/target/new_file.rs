//! A file on its way into the target: it has no name, or a hidden one, until every byte of it is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chest_model::{Metadata, TreePath};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::abilities::{Ability, is_unsupported};
use super::destination::Destination;
use super::error::TargetError;
use super::existing::FileIdentity;
use super::folders::Folder;
use super::metadata::{self, Subject, handle_path};
use super::placing::{self, Nameless, Placed};
use super::{Shared, Target, leftovers, names};

/// A file that is being written. Dropped without [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    shared: Arc<Shared>,
    path: TreePath,
    beside: Option<TreePath>,
    size: u64,
    written_up_to: AtomicU64,
    body: Body,
}

impl Target {
    /// Begins a file of `size` bytes; the folder where it shall be must be there. Whether the name is taken is
    /// decided in the end: ask [`existing`](Self::existing) first where that can save the work.
    pub fn begin_file<'p>(&self, to: impl Into<Destination<'p>>, size: u64) -> Result<NewFile, TargetError> {
        let Destination { own: path, beside } = to.into();
        if i64::try_from(size).is_err() {
            return Err(TargetError::TooLarge { path: path.clone() });
        }
        let (folder, _) = self.shared.parent_and_name(path)?;
        leftovers::sweep(&folder);
        let body = Body::create(&self.shared, folder).map_err(|errno| TargetError::at(path, errno))?;
        let (shared, path, beside) = (self.shared.clone(), path.clone(), beside.cloned());
        Ok(NewFile { shared, path, beside, size, written_up_to: AtomicU64::new(0), body })
    }
}

impl NewFile {
    /// Writes content at an offset, from any thread, in any order. What is never written reads as zeros and takes no
    /// room.
    pub fn write_at(&self, offset: u64, content: &[u8]) -> Result<(), TargetError> {
        let end = offset.checked_add(content.len() as u64).filter(|&end| end <= self.size);
        let end = end.ok_or_else(|| TargetError::BeyondEnd { path: self.path.clone() })?;
        let (mut rest, mut at) = (content, offset);
        while !rest.is_empty() {
            let written = match rustix::io::retry_on_intr(|| rustix::io::pwrite(&self.body.file, rest, at)) {
                Ok(0) => Err(Errno::IO),
                outcome => outcome,
            };
            let written = written.map_err(|errno| TargetError::at(&self.path, errno))?;
            rest = &rest[written..];
            at += written as u64;
        }
        self.written_up_to.fetch_max(end, Ordering::Relaxed);
        Ok(())
    }

    /// Sets the metadata, and then gives the file its name: never another file's, unless that was asked for.
    pub fn finish(mut self, metadata: &Metadata) -> Result<Placed, TargetError> {
        let failed = |errno| TargetError::at(&self.path, errno);
        if *self.written_up_to.get_mut() < self.size {
            rustix::fs::ftruncate(&self.body.file, self.size).map_err(failed)?;
        }
        let stat = rustix::fs::fstat(&self.body.file).map_err(failed)?;
        self.body.identity = Some(FileIdentity::of(&stat));
        let notes = metadata::apply(&Subject::Open(self.body.file.as_fd()), &stat, metadata, self.shared.privileged);
        let folder = self.body.folder.clone();
        let to = Destination { own: &self.path, beside: self.beside.as_ref() };
        let spot = placing::place(&self.shared, &folder, to, &mut self.body)?;
        let notes = if spot.is_new() { notes } else { Vec::new() };
        Ok(spot.placed(&self.path, notes))
    }
}

/// The file itself, and the hidden name that it may have.
#[derive(Debug)]
struct Body {
    folder: Arc<Folder>,
    file: OwnedFd,
    temporary: Option<Vec<u8>>,
    identity: Option<FileIdentity>,
}

impl Body {
    fn create(shared: &Shared, folder: Arc<Folder>) -> Result<Self, Errno> {
        if shared.abilities.anonymous_files.is_there() {
            let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
            match rustix::fs::openat(folder.handle(), c".", flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => return Ok(Self { folder, file, temporary: None, identity: None }),
                // A kernel that does not know the flag takes it for a folder to be written to.
                Err(errno) if is_unsupported(errno) || errno == Errno::ISDIR => {
                    shared.abilities.anonymous_files.is_lacking();
                }
                Err(errno) => return Err(errno),
            }
        }
        Self::create_hidden(folder)
    }

    fn create_hidden(folder: Arc<Folder>) -> Result<Self, Errno> {
        const TRIES: u32 = 100;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
        for _ in 0..TRIES {
            let name = names::next_temporary();
            let file = match rustix::fs::openat(folder.handle(), &name[..], flags, Mode::RUSR | Mode::WUSR) {
                Err(Errno::EXIST) => continue,
                opened => opened?,
            };
            let locked = leftovers::lock(&file);
            let body = Self { folder: folder.clone(), file, temporary: Some(name), identity: None };
            // Another restore may have taken it for a leftover before it was locked.
            let is_lost = locked == Err(Errno::WOULDBLOCK) || rustix::fs::fstat(&body.file)?.st_nlink == 0;
            if !is_lost {
                return Ok(body);
            }
        }
        Err(Errno::EXIST)
    }

    /// For good: the system lets a nameless file have a first name only once.
    fn take_hidden_name(&mut self, shared: &Shared, folder: &Folder) -> Result<(), Errno> {
        // Where there are no locks, nothing is taken for a leftover either.
        leftovers::lock(&self.file).ok();
        let mut hidden = names::next_temporary();
        while let Err(errno) = link_handle(shared, &self.file, folder, &hidden) {
            if errno != Errno::EXIST {
                return Err(errno);
            }
            hidden = names::next_temporary();
        }
        self.temporary = Some(hidden);
        Ok(())
    }

    fn move_without_replacing(&self, old: &[u8], name: &[u8], rename: &Ability) -> Result<(), Errno> {
        let folder = self.folder.handle();
        if rename.is_there() {
            match rustix::fs::renameat_with(folder, old, folder, name, RenameFlags::NOREPLACE) {
                // It can also be the name that is invalid: then the link fails in the same way.
                Err(errno) if is_unsupported(errno) => rename.is_lacking(),
                outcome => return outcome,
            }
        }
        rustix::fs::linkat(folder, old, folder, name, AtFlags::empty()).map_err(|errno| match errno {
            Errno::PERM => Errno::OPNOTSUPP,
            errno => errno,
        })?;
        rustix::fs::unlinkat(folder, old, AtFlags::empty())
    }
}

impl Nameless for Body {
    fn take_name(&mut self, shared: &Shared, folder: &Folder, name: &[u8]) -> Result<(), Errno> {
        let Some(old) = &self.temporary else { return link_handle(shared, &self.file, folder, name) };
        self.move_without_replacing(old, name, &shared.abilities.rename_without_replacing)?;
        self.temporary = None;
        Ok(())
    }

    fn replace(&mut self, shared: &Shared, folder: &Folder, name: &[u8]) -> Result<(), Errno> {
        if self.temporary.is_none() {
            leftovers::sweep(folder);
            self.take_hidden_name(shared, folder)?;
        }
        if let Some(hidden) = &self.temporary {
            rustix::fs::renameat(folder.handle(), &hidden[..], folder.handle(), name)?;
            self.temporary = None;
        }
        Ok(())
    }

    fn identity(&self) -> Option<FileIdentity> {
        self.identity
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(name) = self.temporary.take() {
            // If that fails, the next restore removes it.
            rustix::fs::unlinkat(self.folder.handle(), &name[..], AtFlags::empty()).ok();
        }
    }
}

/// Gives an open file a name that must be free.
pub(super) fn link_handle(shared: &Shared, file: &OwnedFd, folder: &Folder, name: &[u8]) -> Result<(), Errno> {
    let ability = &shared.abilities.link_by_handle;
    if ability.is_there() {
        match rustix::fs::linkat(file, c"", folder.handle(), name, AtFlags::EMPTY_PATH) {
            // The answer to those who lack the right, which older kernels give to administrators only; it can also mean
            // that the folder is gone.
            Err(Errno::NOENT) => {}
            outcome => return outcome,
        }
    }
    let linked = rustix::fs::linkat(CWD, handle_path(file.as_fd()), folder.handle(), name, AtFlags::SYMLINK_FOLLOW);
    if matches!(linked, Ok(()) | Err(Errno::EXIST)) {
        ability.is_lacking();
    }
    linked
}
