//! What the user already has at a path, looked at without following links and without changing it.

use std::io;

use chest_model::{Timestamp, TreePath};
use rustix::fd::OwnedFd;
use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::Target;
use super::destination::Destination;
use super::error::TargetError;
use super::names::{self, Rank};
use super::placing::{Placed, Placement};

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// Something that this program does not know.
    Unknown,
}

impl ItemKind {
    pub(super) fn of(stat: &Stat) -> Self {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Folder,
            FileType::Symlink => Self::Symlink,
            FileType::Fifo => Self::Fifo,
            FileType::Socket => Self::Socket,
            FileType::CharacterDevice => Self::CharacterDevice,
            FileType::BlockDevice => Self::BlockDevice,
            FileType::Unknown => Self::Unknown,
        }
    }
}

/// What tells one file from every other while it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// The file system's number.
    pub device: u64,
    /// The file's number in it.
    pub inode: u64,
}

impl FileIdentity {
    pub(super) fn of(stat: &Stat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }
}

/// Something that is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExistingItem {
    /// What it is.
    pub kind: ItemKind,
    /// Length in bytes; means something only for files.
    pub size: u64,
    /// Permission bits: the low twelve.
    pub mode: u32,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Last change of the content.
    pub modified: Timestamp,
    /// Which file it is.
    pub identity: FileIdentity,
    /// How many names it has, here and elsewhere.
    pub links: u64,
}

impl ExistingItem {
    fn of(stat: &Stat) -> Self {
        Self {
            kind: ItemKind::of(stat),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            modified: Timestamp::new(stat.st_mtime, u32::try_from(stat.st_mtime_nsec).unwrap_or(0)),
            identity: FileIdentity::of(stat),
            // Narrower on some systems.
            #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
            links: stat.st_nlink as u64,
        }
    }
}

impl Target {
    /// What is at `path`, links themselves and not what they point to; `None` where there is nothing.
    pub fn existing(&self, path: &TreePath) -> Result<Option<ExistingItem>, TargetError> {
        if path.is_root() {
            let root = rustix::fs::fstat(self.shared.folders.root().handle());
            return root.map(|stat| Some(ExistingItem::of(&stat))).map_err(|errno| TargetError::at(path, errno));
        }
        let (folder, name) = match self.shared.parent_and_name(path) {
            Err(TargetError::Missing { .. }) => return Ok(None),
            found => found?,
        };
        match rustix::fs::statat(folder.handle(), name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(ExistingItem::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            // Some file systems already refuse to look for a name that they could not store.
            Err(errno) => Err(TargetError::naming(path, errno)),
        }
    }

    /// Whether something can be made at `path`, as far as the rights of the folder tell in which it, or the first missing
    /// folder above it, would be made.
    pub fn may_make(&self, path: &TreePath) -> Result<(), TargetError> {
        let mut folder = path.parent().unwrap_or_default();
        loop {
            match self.shared.folders.open(folder.as_bytes(), &self.shared.abilities) {
                Ok(open) => {
                    let rights = Access::WRITE_OK | Access::EXEC_OK;
                    return rustix::fs::accessat(open.handle(), c".", rights, AtFlags::EACCESS)
                        .map_err(|errno| TargetError::at(path, errno));
                }
                Err(TargetError::Missing { .. }) if !folder.is_root() => folder = folder.parent().unwrap_or_default(),
                Err(error) => return Err(error),
            }
        }
    }

    /// Says that what is at `path` is as the snapshot has it, and counts as restored: nothing else in this restore
    /// replaces it, even with [`Existing::Overwrite`](super::Existing::Overwrite), should another name mean the same
    /// file here.
    pub fn keep_existing(&self, path: &TreePath, item: &ExistingItem) -> Placed {
        if let Some(mut written) = self.shared.written_for_overwriting() {
            written.insert(item.identity);
        }
        let identity = Some(item.identity);
        Placed { path: path.clone(), how: Placement::AlreadyThere, identity, notes: Vec::new() }
    }

    /// What restores of the same day have put beside an item's own name, in the order of the names, up to the first that is
    /// free.
    pub fn copies_beside<'a>(&'a self, to: Destination<'a>) -> impl Iterator<Item = (TreePath, ExistingItem)> + 'a {
        let names = to.own.name().into_iter().flat_map(move |own| names::candidates(own, &self.shared.label));
        let beside = names
            .filter(move |(rank, name)| *rank == Rank::Beside && !self.shared.is_kept_for_another(to, *rank, name));
        beside.map_while(move |(_, name)| {
            let copy = to.own.parent()?.child(&name).ok()?;
            let item = self.existing(&copy).ok()??;
            Some((copy, item))
        })
    }

    /// Opens the file at `path`, so that its content can be compared and used again. Only for files: the mere opening
    /// of a device can have effects.
    pub fn read_existing(&self, path: &TreePath) -> Result<ExistingReader, TargetError> {
        let not_a_file = || TargetError::Obstructed { path: path.clone() };
        match self.existing(path)?.map(|item| item.kind) {
            Some(ItemKind::File) => {}
            Some(_) => return Err(not_a_file()),
            None => return Err(TargetError::Missing { path: path.clone() }),
        }
        let (folder, name) = self.shared.parent_and_name(path)?;
        // It may have been swapped since it was looked at: NONBLOCK, because a pipe would hang.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(folder.handle(), name, flags, Mode::empty())
            .map_err(|errno| TargetError::at(path, errno))?;
        let item = ExistingItem::of(&rustix::fs::fstat(&file).map_err(|errno| TargetError::at(path, errno))?);
        if item.kind != ItemKind::File {
            return Err(not_a_file());
        }
        Ok(ExistingReader { file, item, position: 0 })
    }
}

/// An open file of the user's.
#[derive(Debug)]
pub struct ExistingReader {
    file: OwnedFd,
    item: ExistingItem,
    position: u64,
}

impl ExistingReader {
    /// What the system said of it when it was opened.
    pub fn item(&self) -> &ExistingItem {
        &self.item
    }

    /// Reads at an offset, from any thread; 0 at the end.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| rustix::io::pread(&self.file, &mut *buffer, offset))?)
    }

    /// Where the next byte lies, from an offset on, that is not part of a hole; the file's length where only a hole is left.
    /// A file system that keeps no holes says that every byte is one.
    pub fn next_data(&self, offset: u64) -> u64 {
        match rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(offset)) {
            Ok(data) => data.max(offset),
            Err(rustix::io::Errno::NXIO) => self.item.size.max(offset),
            Err(_) => offset,
        }
    }
}

impl io::Read for ExistingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read_at(self.position, buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}
