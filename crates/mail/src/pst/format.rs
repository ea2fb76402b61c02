//! The formats of Outlook data files, and the numbers in which they differ. Two are Microsoft's open specification's. The third, that of
//! the caches of Outlook 2013 and later, is published nowhere: what is known of it is what other readers (libpff,
//! java-libpst) found out, and it was held against real files.

use super::PstError;
use super::bytes::{byte, u16_at, u32_at, u64_at};

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Narrow numbers, until Outlook 2002; "ANSI".
    Narrow,
    /// Wide numbers, since Outlook 2003; "Unicode".
    Wide,
    /// Wide numbers, large pages and packed blocks: a cache of what a server holds, since Outlook 2013.
    Cache,
}

/// Where a block lies.
pub(crate) struct Extent {
    pub place: u64,
    /// Bytes in the file.
    pub stored: usize,
    /// Bytes that they are; if it is another number, they are packed.
    pub length: usize,
}

impl Format {
    /// Of the version in a file's header.
    pub fn of_version(version: u16) -> Result<Self, PstError> {
        match version {
            14 | 15 => Ok(Self::Narrow),
            // 37: written where the computer's owner protects files.
            21..=35 | 37 => Ok(Self::Wide),
            36 => Ok(Self::Cache),
            other => Err(PstError::Version(other)),
        }
    }

    /// Where a file's header tells where the trees of nodes and of blocks begin, and how blocks are scrambled.
    pub fn header_places(self) -> [usize; 3] {
        match self {
            Self::Narrow => [188, 196, 461],
            Self::Wide | Self::Cache => [224, 240, 513],
        }
    }

    /// Where a file's header keeps its own checksum, and how many bytes from [`Self::CHECKED_HEADER`] on that is of.
    pub fn header_checksum(self) -> (usize, usize) {
        match self {
            Self::Narrow => (4, 471),
            Self::Wide | Self::Cache => (524, 516),
        }
    }

    /// Where in a header that begins which its checksum is of.
    pub const CHECKED_HEADER: usize = 8;

    /// An id or a place.
    pub fn number(self, bytes: &[u8], at: usize) -> Result<u64, PstError> {
        match self {
            Self::Narrow => u32_at(bytes, at).map(u64::from),
            Self::Wide | Self::Cache => u64_at(bytes, at),
        }
    }

    pub fn number_bytes(self) -> usize {
        match self {
            Self::Narrow => 4,
            Self::Wide | Self::Cache => 8,
        }
    }

    pub fn page_bytes(self) -> usize {
        match self {
            Self::Narrow | Self::Wide => 512,
            Self::Cache => 4096,
        }
    }

    /// Where in a page its number of entries stands.
    pub fn page_meta(self) -> usize {
        match self {
            Self::Narrow => 496,
            Self::Wide => 488,
            Self::Cache => 4056,
        }
    }

    /// A page's number of entries, the bytes of each, and its level.
    pub fn page_shape(self, page: &[u8]) -> Result<(usize, usize, u8), PstError> {
        let meta = self.page_meta();
        let (count, sizes) = match self {
            Self::Narrow | Self::Wide => (u16::from(byte(page, meta)?), meta + 2),
            Self::Cache => (u16_at(page, meta)?, meta + 4),
        };
        let [entry_bytes, level] = u16_at(page, sizes)?.to_le_bytes();
        Ok((usize::from(count), usize::from(entry_bytes), level))
    }

    /// Where in a page its kind stands.
    pub fn page_kind(self) -> usize {
        match self {
            Self::Narrow => 500,
            Self::Wide => 496,
            Self::Cache => 4072,
        }
    }

    /// How many bytes stand behind a block, at the end of the room that it takes, and what that room is a multiple of.
    pub fn block_trailer(self) -> (usize, usize) {
        match self {
            Self::Narrow => (12, 64),
            Self::Wide => (16, 64),
            Self::Cache => (24, 512),
        }
    }

    /// What the tree of blocks says of one.
    pub fn extent(self, entry: &[u8]) -> Result<Extent, PstError> {
        let number = self.number_bytes();
        let size_at = |at| u16_at(entry, at).map(usize::from);
        let stored = size_at(2 * number)?;
        let (length, largest) = match self {
            Self::Narrow | Self::Wide => (stored, 8192),
            Self::Cache => (size_at(2 * number + 2)?, 65_512),
        };
        if stored.max(length) > largest {
            return Err(PstError::Damaged("a block is too large"));
        }
        Ok(Extent { place: self.number(entry, number)?, stored, length })
    }

    /// What a record's id means: the block of the heap, and which record in it.
    pub fn record_place(self, id: u32) -> (usize, usize) {
        let index_bits = match self {
            Self::Narrow | Self::Wide => 11,
            Self::Cache => 14,
        };
        ((id >> (5 + index_bits)) as usize, (id >> 5) as usize & ((1 << index_bits) - 1))
    }

    /// The bytes of a row's number in the list of a table's rows.
    pub fn row_number_bytes(self) -> usize {
        match self {
            Self::Narrow => 2,
            Self::Wide | Self::Cache => 4,
        }
    }

    /// Where the entries of a list of nodes begin.
    pub fn node_list_header(self) -> usize {
        match self {
            Self::Narrow => 4,
            Self::Wide | Self::Cache => 8,
        }
    }
}
