//! Bytes that begin at a page's edge in memory, so that a disk can take or give them as they lie (`O_DIRECT`), past the system's
//! cache: a pack is written once and read once, and the copy costs more than anything else that is done to it.

use std::ops::{Deref, DerefMut};

/// So many bytes, the first at a page's edge.
#[derive(Default)]
pub struct AlignedBuffer {
    storage: Vec<u8>,
    start: usize,
    length: usize,
}

impl AlignedBuffer {
    /// Where it begins in memory is a multiple of this. So disks want it, and so they want pieces to begin and end in files.
    pub const EDGE: usize = 4096;

    /// Makes it so long. Whatever it held may still be in it.
    pub fn set_len(&mut self, length: usize) {
        let needed = length + Self::EDGE - 1;
        if self.storage.len() < needed {
            self.storage = vec![0; needed];
            self.start = self.storage.as_ptr().align_offset(Self::EDGE).min(Self::EDGE - 1);
        }
        self.length = length;
    }

    /// How long it could be without asking the system for more.
    pub fn capacity(&self) -> usize {
        self.storage.len().saturating_sub(Self::EDGE - 1)
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.storage[self.start..self.start + self.length]
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.storage[self.start..self.start + self.length]
    }
}

impl AsRef<[u8]> for AlignedBuffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Whether these bytes begin and end where a disk takes them as they lie.
#[cfg(unix)]
pub(crate) fn is_aligned(bytes: &[u8]) -> bool {
    bytes.len().is_multiple_of(AlignedBuffer::EDGE) && bytes.as_ptr().addr().is_multiple_of(AlignedBuffer::EDGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_at_a_pages_edge_whatever_length_it_is_used_for() {
        let mut buffer = AlignedBuffer::default();
        for length in [1, 100_000, 64 << 10, 0, 200_000] {
            buffer.set_len(length);
            assert_eq!((buffer.len(), buffer.as_ptr().addr() % AlignedBuffer::EDGE), (length, 0));
            assert!(buffer.capacity() >= length);
        }
    }
}
