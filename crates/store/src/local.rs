//! Objects as files below a folder: a disk, a USB stick, a mounted share.
//!
//! The order that makes a put survive a power cut: the bytes are written to a temporary file and synced, the file is given
//! its name in one step that replaces nothing, the folder is synced, and every folder above it was synced before. So a name
//! either leads to all the bytes or is not there, and `Done` is said only of what the disk has.

mod direct;
mod empty;
mod pending;
mod place;
mod publish;
mod walk;

use crate::single_version::{check_range, is_current, only_version};
use crate::{AtOnce, Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use bytes::Bytes;
use chest_model::Timestamp;
use pending::Pending;
use place::{FOLDER_MODE, Place, components, is_absence, open_folder, sync_folder};
use publish::{At, Method, Published, kind_and_size, publish};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, Once, PoisonError};
use walk::{Found, walk};

/// How often a put starts again when its temporary file or its folder is removed under it.
const PUT_ATTEMPTS: u32 = 3;

/// Keeps objects as files below a folder.
pub struct LocalStore {
    place: Place,
    methods: &'static [Method],
    swept: Once,
    /// Folders whose own entry this store has made durable. Only what we synced ourselves counts: another process may have
    /// made the folder a moment ago and not have come to its sync.
    durable_folders: Mutex<HashSet<String>>,
}

impl LocalStore {
    /// A store in a folder that is there.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Place::open(dir).map(Self::at)
    }

    /// A store in a folder that is made where it is missing, with those above it, for the present user alone.
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        Place::create(dir).map(Self::at)
    }

    /// Removes the folder of that path with those below it, as far as they hold nothing. Deleting objects leaves folders.
    pub fn remove_empty_folders(&self, path: &str) -> Result<(), StoreError> {
        empty::remove(self.place.root(), path).map_err(|error| self.place.fault("deleting", path, error))
    }

    fn at(place: Place) -> Self {
        Self { place, methods: Method::ALL, swept: Once::new(), durable_folders: Mutex::default() }
    }

    fn put_file(&self, name: &ObjectName, bytes: &[u8]) -> io::Result<()> {
        let (path, leaf) = split(name);
        let folder = self.make_folder(path)?;
        let to = At { folder: folder.as_fd(), name: leaf };
        if kind_and_size(to.folder, to.name)?.is_some() {
            return make_durable(to);
        }
        let temporary = self.make_folder(pending::FOLDER)?;
        let pending = Pending::write(&temporary, bytes)?;
        match publish(self.methods, pending.at(), to)? {
            Published::AlreadyThere => make_durable(to),
            Published::Now => {
                sync_folder(to.folder)?;
                // FAT has no journal: were the old entry to come back after a power cut, sweeping it would free the
                // object's own clusters.
                Ok(sync_folder(temporary.as_fd())?)
            }
        }
    }

    /// The folder of that path, made where it is missing, every entry on the way to it durable.
    fn make_folder(&self, path: &str) -> Result<OwnedFd, Errno> {
        let mut folder = open_folder(self.place.root(), ".")?;
        let mut length = 0;
        for component in components(path) {
            length += component.len() + 1;
            let so_far = &path[..length - 1];
            let (next, is_new) = open_or_make(folder.as_fd(), component)?;
            if is_new || !self.durable().contains(so_far) {
                sync_folder(folder.as_fd())?;
                self.durable().insert(so_far.to_owned());
            }
            folder = next;
        }
        Ok(folder)
    }

    fn durable(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.durable_folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, name: &ObjectName) -> io::Result<Option<(File, u64)>> {
        let (path, leaf) = split(name);
        let Some(folder) = self.place.find_folder(path)? else { return Ok(None) };
        open_object(At { folder: folder.as_fd(), name: leaf })
    }

    /// Opens, and passes the open file and its length on; whatever fails is told with `doing` and the name.
    fn with_object<T>(
        &self,
        doing: &'static str,
        name: &ObjectName,
        read: impl FnOnce(File, u64) -> io::Result<T>,
    ) -> Result<T, StoreError> {
        let fault = |error| self.place.fault(doing, name.as_str(), error);
        match self.find(name).map_err(fault)? {
            Some((file, size)) => read(file, size).map_err(fault),
            None => {
                self.place.must_be_there()?;
                Err(StoreError::NotFound(name.clone()))
            }
        }
    }

    fn remove(&self, name: &ObjectName) -> io::Result<()> {
        let (path, leaf) = split(name);
        let Some(folder) = self.place.find_folder(path)? else { return Ok(()) };
        // Only files are objects: a link of that name is not ours to remove.
        if let Some((FileType::RegularFile, _)) = kind_and_size(folder.as_fd(), leaf)? {
            match unlinkat(&folder, leaf, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // Also where it was gone already: whoever removed it may have died before this.
        Ok(sync_folder(folder.as_fd())?)
    }
}

impl ObjectStore for LocalStore {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        self.swept.call_once(|| pending::sweep(&self.place));
        let mut answer = self.put_file(name, &bytes);
        for _ in 1..PUT_ATTEMPTS {
            if !matches!(&answer, Err(error) if error.kind() == io::ErrorKind::NotFound) {
                break;
            }
            self.place.must_be_there()?;
            answer = self.put_file(name, &bytes);
        }
        answer.map_err(|error| self.place.fault("writing", name.as_str(), error))?;
        self.place.must_be_there()?;
        Ok(PutOutcome::Done)
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.with_object("reading", name, |mut file, size| {
            if let Some(buffer) = direct::read(&file, size)? {
                return Ok(Bytes::from_owner(buffer));
            }
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(usize::try_from(size).map_err(io::Error::other)?).map_err(io::Error::other)?;
            file.read_to_end(&mut bytes)?;
            Ok(Bytes::from(bytes))
        })
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.with_object("reading", name, |file, size| {
            if let Err(outside) = check_range(name, size, &range) {
                return Ok(Err(outside));
            }
            let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
            file.read_exact_at(&mut bytes, range.start)?;
            Ok(Ok(Bytes::from(bytes)))
        })?
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        walk(&self.place, prefix, &mut |found| {
            if let Found::Object(name, size) = found {
                listed.push(Listed { name, size });
            }
        })?;
        listed.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        match self.with_object("looking at", name, |_, size| Ok(only_version(size))) {
            Err(StoreError::NotFound(_)) => Ok(Vec::new()),
            answer => answer,
        }
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        if is_current(version) { self.get(name) } else { Err(StoreError::NotFound(name.clone())) }
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        if is_current(version) {
            self.remove(name).map_err(|error| self.place.fault("deleting", name.as_str(), error))?;
        }
        self.place.must_be_there()
    }

    fn retain_version(&self, _: &ObjectName, _: &VersionId, _: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::Unsupported("forbid deletion"))
    }

    fn requests_at_once(&self) -> AtOnce {
        AtOnce::ONE
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        let mut strays = Vec::new();
        walk(&self.place, "", &mut |found| {
            if let Found::Other(name, size) = found {
                strays.push(Stray { left_by_us: pending::is_temporary(&name), name, size });
            }
        })?;
        strays.retain(|stray| !(stray.left_by_us && pending::is_being_written(&self.place, &stray.name)));
        strays.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(strays)
    }
}

/// The folder's path and the name in it.
fn split(name: &ObjectName) -> (&str, &str) {
    name.as_str().rsplit_once('/').unwrap_or(("", name.as_str()))
}

fn open_or_make(parent: BorrowedFd<'_>, name: &str) -> Result<(OwnedFd, bool), Errno> {
    match open_folder(parent, name) {
        Err(Errno::NOENT) => {}
        answer => return answer.map(|folder| (folder, false)),
    }
    match mkdirat(parent, name, FOLDER_MODE) {
        Ok(()) | Err(Errno::EXIST) => open_folder(parent, name).map(|folder| (folder, true)),
        Err(error) => Err(error),
    }
}

/// A regular file and its length, or `None` where no such thing lies there.
fn open_object(at: At<'_>) -> io::Result<Option<(File, u64)>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match openat(at.folder, at.name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(error) if is_absence(error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let status = file.metadata()?;
    Ok(status.is_file().then_some((file, status.len())))
}

/// Makes what lies under a name already as durable as what we put ourselves: whoever put it may not have come to its sync.
fn make_durable(at: At<'_>) -> io::Result<()> {
    let Some((file, _)) = open_object(at)? else {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is no file has this name"));
    };
    file.sync_all()?;
    Ok(sync_folder(at.folder)?)
}

#[cfg(test)]
mod tests;
