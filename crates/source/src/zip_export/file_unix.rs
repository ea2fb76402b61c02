//! An archive in a file of Linux or macOS.

use super::bytes::ArchiveBytes;
use crate::folder::Facts;
use chest_model::FileLook;
use rustix::fs::{Mode, OFlags, fstat};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// An archive in a file, held open from the beginning.
pub(super) struct FileBytes {
    file: File,
    first_look: Facts,
}

impl FileBytes {
    /// Opens a regular file. Its access time stays, where the system lets us.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = rustix::fs::open(path, flags | OFlags::NOATIME, Mode::empty())
            .or_else(|_| rustix::fs::open(path, flags, Mode::empty()))?;
        let file = File::from(opened);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let first_look = Facts::from(&fstat(&file)?);
        Ok(Self { file, first_look })
    }
}

impl ArchiveBytes for FileBytes {
    fn length(&self) -> u64 {
        self.first_look.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn look(&self) -> Option<FileLook> {
        Some(self.first_look.file_look())
    }

    fn is_unchanged(&self) -> bool {
        fstat(&self.file).is_ok_and(|now| Some(Facts::from(&now).file_look()) == self.look())
    }

    fn owner(&self) -> (u32, u32) {
        self.first_look.owner()
    }
}
