//! An archive in a file of Windows. It names no owner, and nothing there tells as surely as on Unix that a file is the one it was: its
//! hash is taken anew each time.

use super::bytes::ArchiveBytes;
use std::fs::{File, Metadata};
use std::io;
use std::os::windows::fs::{FileExt, MetadataExt};
use std::path::Path;

/// An archive in a file, held open from the beginning.
pub(super) struct FileBytes {
    file: File,
    first_look: Metadata,
}

impl FileBytes {
    /// Opens a regular file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let first_look = file.metadata()?;
        if !first_look.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        Ok(Self { file, first_look })
    }
}

impl ArchiveBytes for FileBytes {
    fn length(&self) -> u64 {
        self.first_look.file_size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.seek_read(buffer, offset)
    }

    fn is_unchanged(&self) -> bool {
        let facts = |look: &Metadata| (look.file_size(), look.last_write_time());
        self.file.metadata().is_ok_and(|now| facts(&now) == facts(&self.first_look))
    }
}
