//! An open file: its data, read from front to back around the holes.

use super::facts::Facts;
use super::failure::failure;
use super::holes::find_holes;
use crate::{AfterReading, Content, ReadFailure};
use chest_model::{Hole, UnreadableReason};
use rustix::fd::OwnedFd;
use rustix::fs::{Advice, Stat, fadvise, fstat};
use rustix::io::{pread, retry_on_intr};
use std::io;

/// From this size on it is worth telling the system that the file will be read from front to back.
const LARGE: u64 = 1 << 20;

/// An open file.
#[derive(Debug)]
pub(super) struct FileContent {
    file: OwnedFd,
    holes: Vec<Hole>,
    /// How many of the holes have been passed.
    passed: usize,
    position: u64,
    /// As it was when the file was opened: one that keeps growing is not read for ever.
    size: u64,
}

impl FileContent {
    /// Begins to read an open regular file.
    pub(super) fn new(file: OwnedFd, stat: &Stat) -> Result<Self, ReadFailure> {
        let size = Facts::from(stat).size;
        let allocated = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
        let holes = if allocated < size { find_holes(&file, size).map_err(failure)? } else { Vec::new() };
        if size > LARGE {
            // Only advice: where the system does not take it, reading works all the same.
            let _ = fadvise(&file, 0, None, Advice::Sequential);
        }
        Ok(Self { file, holes, passed: 0, position: 0, size })
    }

    /// Passes over a hole that begins here, and tells where the data from here on ends.
    fn data_end(&mut self) -> u64 {
        match self.holes.get(self.passed) {
            Some(hole) if hole.offset == self.position => {
                self.position += hole.length;
                self.passed += 1;
                self.holes.get(self.passed).map_or(self.size, |next| next.offset)
            }
            Some(hole) => hole.offset,
            None => self.size,
        }
    }

    /// As much of one stretch of data as one call gives; zero at the end.
    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let left = self.data_end() - self.position;
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if self.size == 0 && self.position == 0 && !buffer.is_empty() {
            self.refuse_hidden_content()?;
        }
        if wanted == 0 {
            return Ok(0);
        }
        let read = retry_on_intr(|| pread(&self.file, &mut buffer[..wanted], self.position)).map_err(failure)?;
        self.position += read as u64;
        if read == 0 {
            self.end_early();
        }
        Ok(read)
    }

    /// Some file systems (those below /proc, some mounts of clouds) give files no length and content all the same: stored as
    /// empty they would be lost quietly.
    fn refuse_hidden_content(&self) -> Result<(), ReadFailure> {
        let mut probe = [0];
        match retry_on_intr(|| pread(&self.file, &mut probe, 0)).map_err(failure)? {
            0 => Ok(()),
            _ => {
                let message = "the system says that it is empty, and it is not";
                Err(ReadFailure::lasting(UnreadableReason::Unsupported, message))
            }
        }
    }

    /// The file has shrunk: nothing follows, holes included.
    fn end_early(&mut self) {
        self.position = self.size;
        self.passed = self.holes.len();
    }
}

impl Content for FileContent {
    fn holes(&self) -> &[Hole] {
        &self.holes
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_some(&mut buffer[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        let mut filled = 0;
        while filled < buffer.len() {
            match retry_on_intr(|| pread(&self.file, &mut buffer[filled..], position + filled as u64)) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(errno) => return Some(Err(errno.into())),
            }
        }
        Some(Ok(filled))
    }

    fn finish(self: Box<Self>) -> Result<AfterReading, ReadFailure> {
        let facts = Facts::from(&fstat(&self.file).map_err(failure)?);
        Ok(AfterReading { metadata: facts.metadata(), fingerprint: facts.fingerprint() })
    }
}
