//! The content of one member. It is held against the length and the checksum that the directory promises, before its last
//! bytes are given away: what does not fit is never taken for the file.

use super::again::{Again, Extent};
use super::bytes::{Shared, Stretch};
use super::inflate::Unpacked;
use super::inflate64::Unpacked64;
use super::member::{DEFLATED, DEFLATED_64, Member, damaged};
use super::recover::data_begins;
use crate::{AfterReading, Content, ReadFailure};
use chest_model::{Hole, UnreadableReason};
use std::cell::RefCell;
use std::io;

/// An open member.
pub(super) struct MemberContent {
    data: Data,
    produced: u64,
    size: u64,
    crc: u32,
    checksum: crc32fast::Hasher,
    is_proven: bool,
    after: AfterReading,
    extent: Extent,
    /// Once something was asked for out of order.
    again: RefCell<Option<Again>>,
}

enum Data {
    Stored(Stretch),
    Deflated(Unpacked),
    Deflated64(Unpacked64),
}

impl MemberContent {
    /// Opens a member of that archive.
    pub(super) fn open(bytes: &Shared, member: &Member) -> Result<Self, ReadFailure> {
        if let Some(obstacle) = &member.obstacle {
            return Err(obstacle.clone());
        }
        let begins = data_begins(&**bytes, member.header).map_err(failure)?;
        let begins = begins.ok_or_else(|| damaged("the ZIP file is damaged where this file should begin"))?;
        let end = begins.checked_add(member.packed).filter(|&end| end <= member.boundary);
        let end = end.ok_or_else(|| damaged("in the ZIP file it reaches into another file, as no honest one does"))?;
        let stretch = Stretch::new(bytes, begins, end);
        let data = match member.method {
            DEFLATED => Data::Deflated(Unpacked::new(stretch)),
            DEFLATED_64 => Data::Deflated64(Unpacked64::new(stretch)),
            _ => Data::Stored(stretch),
        };
        let after = AfterReading { metadata: member.metadata(), fingerprint: member.fingerprint() };
        let (size, crc, checksum) = (member.size, member.crc, crc32fast::Hasher::new());
        let extent = Extent { bytes: bytes.clone(), begins, end };
        let again = RefCell::default();
        Ok(Self { data, produced: 0, size, crc, checksum, is_proven: false, after, extent, again })
    }

    /// The next bytes, fewer only at the end; nothing where the data is damaged.
    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let read = match &mut self.data {
            Data::Deflated(unpacked) => unpacked.read(buffer).map_err(failure)?,
            Data::Deflated64(unpacked) => unpacked.read(buffer).map_err(failure)?,
            Data::Stored(stretch) => {
                let seen = stretch.peek().map_err(failure)?;
                let length = seen.len().min(buffer.len());
                buffer[..length].copy_from_slice(&seen[..length]);
                stretch.take(length);
                Some(length)
            }
        };
        read.ok_or_else(|| damaged("it is damaged inside the ZIP file: download it again"))
    }

    /// That the data ends with the file, and that its checksum is the one promised.
    fn prove(&mut self) -> Result<(), ReadFailure> {
        if self.is_proven {
            return Ok(());
        }
        if self.next(&mut [0])? != 0 {
            return Err(damaged("it is longer than the ZIP file says"));
        }
        if self.checksum.clone().finalize() != self.crc {
            return Err(damaged("it is damaged inside the ZIP file (its checksum is wrong): download it again"));
        }
        self.is_proven = true;
        Ok(())
    }
}

impl Content for MemberContent {
    fn holes(&self) -> &[Hole] {
        &[]
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let left = usize::try_from(self.size - self.produced).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let mut filled = 0;
        while filled < wanted {
            match self.next(&mut buffer[filled..wanted])? {
                0 => return Err(damaged("it is shorter than the ZIP file says: download it again")),
                length => filled += length,
            }
        }
        self.checksum.update(&buffer[..filled]);
        self.produced += filled as u64;
        if self.produced == self.size {
            self.prove()?;
        }
        Ok(filled)
    }

    /// Of what Windows Explorer packs if it is longer than 2 GiB (Deflate64), nothing can be had out of order.
    fn read_at(&self, position: u64, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        match self.data {
            Data::Stored(_) => Some(self.extent.read_at(position, buffer)),
            Data::Deflated64(_) => None,
            Data::Deflated(_) => {
                let mut again = self.again.borrow_mut();
                if again.is_none() {
                    *again = Again::of(self.extent.clone(), self.size);
                }
                again.as_mut().map(|again| again.read_at(position, buffer))
            }
        }
    }

    fn finish(mut self: Box<Self>) -> Result<AfterReading, ReadFailure> {
        if self.produced != self.size {
            return Err(damaged("it was not read to its end"));
        }
        self.prove()?;
        Ok(self.after)
    }
}

/// What the system says of the archive.
fn failure(error: io::Error) -> ReadFailure {
    ReadFailure::lasting(UnreadableReason::ReadError, error.to_string())
}
