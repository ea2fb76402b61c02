//! Where an archive's bytes come from: a file (`file_unix`, `file_windows`), or memory in tests and under a fuzzer. Everything is read by position, so that
//! several threads can read members at the same time.

use chest_model::FileLook;
use std::io;
use std::sync::Arc;

/// The bytes of one archive.
pub trait ArchiveBytes: Send + Sync {
    /// How many there are.
    fn length(&self) -> u64;

    /// Reads at a position: at least one byte, unless it lies at or beyond the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// How the file looked when it was opened, where they are one.
    fn look(&self) -> Option<FileLook> {
        None
    }

    /// Whether nothing shows that they have changed since they were opened.
    fn is_unchanged(&self) -> bool {
        true
    }

    /// User and group that own the archive: its members belong to them, for a ZIP names nobody.
    fn owner(&self) -> (u32, u32) {
        (0, 0)
    }
}

impl ArchiveBytes for Vec<u8> {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

/// Fills the buffer, or fails with `UnexpectedEof`.
pub(super) fn read_exact_at(bytes: &dyn ArchiveBytes, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match bytes.read_at(offset + filled as u64, &mut buffer[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => filled += read,
        }
    }
    Ok(())
}

/// Whether the archive is that long.
pub(super) fn is_there(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

/// An archive's bytes, for several readers at a time.
pub(super) type Shared = Arc<dyn ArchiveBytes>;

/// A stretch of an archive, read from its beginning to its end through a buffer.
pub(super) struct Stretch {
    bytes: Shared,
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
    filled: usize,
}

const BUFFER: usize = 64 << 10;

impl Stretch {
    pub(super) fn new(bytes: &Shared, start: u64, end: u64) -> Self {
        let end = end.min(bytes.length());
        Self { bytes: bytes.clone(), next: start, end, buffer: vec![0; BUFFER], used: 0, filled: 0 }
    }

    /// Where the next byte that nobody has taken lies.
    pub(super) fn position(&self) -> u64 {
        self.next - (self.filled - self.used) as u64
    }

    /// The bytes that are in the buffer, more of them if there are none; empty at the end only.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        if self.used == self.filled {
            (self.used, self.filled) = (0, 0);
            let wanted = self.end.saturating_sub(self.next).min(BUFFER as u64) as usize;
            if wanted > 0 {
                self.filled = self.bytes.read_at(self.next, &mut self.buffer[..wanted])?;
                self.next += self.filled as u64;
            }
        }
        Ok(&self.buffer[self.used..self.filled])
    }

    /// So many of the bytes that were seen are taken.
    pub(super) fn take(&mut self, length: usize) {
        self.used = (self.used + length).min(self.filled);
    }

    /// Fills `into`; `false` where the stretch ends before.
    pub(super) fn fill(&mut self, mut into: &mut [u8]) -> io::Result<bool> {
        while !into.is_empty() {
            let seen = self.peek()?;
            if seen.is_empty() {
                return Ok(false);
            }
            let length = seen.len().min(into.len());
            into[..length].copy_from_slice(&seen[..length]);
            self.take(length);
            into = &mut into[length..];
        }
        Ok(true)
    }
}

/// A little-endian number of two bytes.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// A little-endian number of four bytes.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

/// A little-endian number of eight bytes.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
