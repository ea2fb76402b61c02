//! Content that is read here and there, for what is not in order in it.

use chest_source::Content;
use std::io::{self, Read, Seek, SeekFrom};

/// Open content, from any place on. Reading it fails where its source gives it from front to back only.
pub(super) struct Anywhere<'c> {
    content: &'c dyn Content,
    length: u64,
    position: u64,
}

impl<'c> Anywhere<'c> {
    pub(super) fn of(content: &'c dyn Content, length: u64) -> Self {
        Self { content, length, position: 0 }
    }
}

impl Read for Anywhere<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read_at(self.position, buffer).unwrap_or(Err(io::ErrorKind::Unsupported.into()))?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Anywhere<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
