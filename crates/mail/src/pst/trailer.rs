//! What stands behind every page and every block of an Outlook data file, and tells whether these bytes are those that were written
//! there ([MS-PST], 2.2.2.7.1, 2.2.2.8.1, 5.3 and 5.5). In caches (`.ost`) it is the same, as files that Outlook wrote show.

use crc32fast::Hasher;

use super::PstError;
use super::bytes::{u16_at, u32_at};
use super::format::Format;

/// The trailer of a page or a block.
pub(crate) struct Trailer {
    signature: u16,
    checksum: u32,
    /// Which page or block it is.
    pub id: u64,
}

impl Trailer {
    pub fn of(bytes: &[u8], format: Format) -> Result<Self, PstError> {
        let (checksum_at, id_at) = match format {
            Format::Narrow => (8, 4),
            Format::Wide | Format::Cache => (4, 8),
        };
        let (signature, checksum) = (u16_at(bytes, 2)?, u32_at(bytes, checksum_at)?);
        Ok(Self { signature, checksum, id: format.number(bytes, id_at)? })
    }

    /// Whether it was written behind these bytes, at this place of the file.
    pub fn fits(&self, bytes: &[u8], place: u64) -> bool {
        self.checksum == checksum(bytes) && self.signature == signature(place, self.id)
    }
}

/// CRC-32 that begins with 0 and is not turned round at its end.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    // The library turns both round.
    let mut hasher = Hasher::new_with_initial(u32::MAX);
    hasher.update(bytes);
    !hasher.finalize()
}

/// Of a place and of what lies there; of both, half is meant.
fn signature(place: u64, id: u64) -> u16 {
    let [a, b, c, d] = ((place ^ id) as u32).to_le_bytes();
    u16::from_le_bytes([a ^ c, b ^ d])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit by bit, as the specification defines it.
    fn slow_checksum(bytes: &[u8]) -> u32 {
        bytes.iter().fold(0, |checksum, byte| {
            (0..8)
                .fold(checksum ^ u32::from(*byte), |bits, _| (bits >> 1) ^ if bits & 1 == 1 { 0xedb8_8320 } else { 0 })
        })
    }

    #[test]
    fn the_checksum_is_that_of_the_specification() {
        let bytes: Vec<u8> = (0..=255).cycle().skip(7).take(8000).collect();
        for length in [0, 1, 2, 63, 64, 496, 8000] {
            assert_eq!(checksum(&bytes[..length]), slow_checksum(&bytes[..length]), "{length} bytes");
        }
    }

    /// Of two pages in a file that Outlook wrote.
    #[test]
    fn the_signature_is_that_which_outlook_writes() {
        assert_eq!(signature(0xd4_5a00, 0x5a1a), 0x00ce);
        assert_eq!(signature(0xd4_7400, 0x5a34), 0x2ee0);
    }
}
