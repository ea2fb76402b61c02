//! Zstandard (RFC 8878) for each chunk by itself, raw where it does not pay. No shared dictionary: it would tie chunks together.

use crate::error::ObjectError;

/// How a chunk is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Compression {
    /// As it is.
    Raw = 0,
    /// One Zstandard frame.
    Zstandard = 1,
}

impl Compression {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Raw),
            1 => Some(Self::Zstandard),
            _ => None,
        }
    }
}

/// The level that is used unless something else is asked for.
pub const DEFAULT_LEVEL: i32 = 3;

/// Compresses chunks; one for each thread.
pub struct Compressor {
    context: zstd::bulk::Compressor<'static>,
    scratch: Vec<u8>,
}

impl Compressor {
    /// At a level from 1 to 19.
    pub fn new(level: i32) -> std::io::Result<Self> {
        Ok(Self { context: zstd::bulk::Compressor::new(level.clamp(1, 19))?, scratch: Vec::new() })
    }

    /// The bytes to store: compressed if that saves at least a thirty-second part.
    pub fn compress(&mut self, plain: &[u8]) -> (Vec<u8>, Compression) {
        self.scratch.clear();
        // Room only for what would pay: where it does not fit, the context stops early with an error.
        self.scratch.reserve(plain.len() - plain.len() / 32);
        match self.context.compress_to_buffer(plain, &mut self.scratch) {
            Ok(length) if length <= plain.len() - plain.len() / 32 && length < plain.len() => {
                (self.scratch[..length].to_vec(), Compression::Zstandard)
            }
            _ => (plain.to_vec(), Compression::Raw),
        }
    }
}

/// Undoes compression; one for each thread.
pub struct Decompressor {
    context: zstd::bulk::Decompressor<'static>,
}

impl Decompressor {
    /// Ready for use.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { context: zstd::bulk::Decompressor::new()? })
    }

    /// The plaintext of exactly `plain_len` bytes. That length is authenticated, so a frame that claims or holds more gets
    /// no memory for it.
    pub fn decompress(&mut self, stored: &[u8], how: Compression, plain_len: u32) -> Result<Vec<u8>, ObjectError> {
        let wanted = plain_len as usize;
        let wrong_length = || ObjectError::Malformed("a chunk's length is not what the table says");
        match how {
            Compression::Raw if stored.len() == wanted => Ok(stored.to_vec()),
            Compression::Raw => Err(wrong_length()),
            Compression::Zstandard => {
                let mut plain = Vec::with_capacity(wanted);
                self.context
                    .decompress_to_buffer(stored, &mut plain)
                    .map_err(|_| ObjectError::Malformed("a chunk does not decompress to its length"))?;
                if plain.len() == wanted { Ok(plain) } else { Err(wrong_length()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shrinks_noise_stays_raw_and_both_come_back() {
        let text = b"The council resolved to approve the minutes. ".repeat(100);
        let mut noise = vec![0; 5000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        let mut compressor = Compressor::new(3).unwrap();
        let mut decompressor = Decompressor::new().unwrap();
        for (plain, expected) in [
            (&text, Compression::Zstandard),
            (&noise, Compression::Raw),
            (&vec![], Compression::Raw),
            (&vec![1], Compression::Raw),
        ] {
            let (stored, how) = compressor.compress(plain);
            assert_eq!(how, expected);
            assert_eq!(&decompressor.decompress(&stored, how, plain.len() as u32).unwrap(), plain);
        }
    }

    #[test]
    fn a_bomb_gets_only_the_memory_its_authenticated_length_allows() {
        let bomb = zstd::bulk::compress(&vec![0; 100 << 20], 3).unwrap();
        assert!(bomb.len() < 20_000);
        let mut decompressor = Decompressor::new().unwrap();
        assert!(decompressor.decompress(&bomb, Compression::Zstandard, 1000).is_err());
    }
}
