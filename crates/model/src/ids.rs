//! One newtype for each kind of id, so that the compiler refuses to mix them up.

use std::fmt;
use std::str::FromStr;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} hexadecimal digits, found {found:?}")]
pub struct IdParseError {
    /// How many digits this kind of id has.
    pub expected: usize,
    /// What was given.
    pub found: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $bytes;

            /// The id as bytes.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Lower-case hexadecimal.
            pub fn to_hex(&self) -> String {
                to_hex(&self.0)
            }
        }

        impl From<[u8; $bytes]> for $name {
            fn from(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = IdParseError;
            fn try_from(bytes: &[u8]) -> Result<Self, IdParseError> {
                bytes
                    .try_into()
                    .map(Self)
                    .map_err(|_| IdParseError { expected: $bytes * 2, found: to_hex(bytes) })
            }
        }

        impl FromStr for $name {
            type Err = IdParseError;
            fn from_str(text: &str) -> Result<Self, IdParseError> {
                from_hex(text)
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(Self)
                    .ok_or_else(|| IdParseError { expected: $bytes * 2, found: text.to_owned() })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), &self.to_hex()[..12])
            }
        }
    };
}

id!(
    /// Names one repository for ever.
    RepositoryId, 32
);
id!(
    /// Keyed hash of a chunk's plaintext: equal plaintexts of one domain have equal ids, and nobody without the key can tell.
    ChunkId, 32
);
id!(
    /// BLAKE3 of a stored object's bytes: the last part of every object's name.
    ObjectHash, 32
);
id!(
    /// One machine that backs up. All zeros is the owner.
    WriterId, 16
);
id!(
    /// One way in: a passphrase, a recovery sheet.
    SlotId, 16
);

impl WriterId {
    /// The owner, in the places where a writer is named.
    pub const OWNER: Self = Self([0; 16]);
}

/// Counts master keys: raised when a secret has leaked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u32);

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)] as char, DIGITS[usize::from(byte & 15)] as char])
        .collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_hexadecimal() {
        let id = SlotId([0xab; 16]);
        assert_eq!(id.to_hex().parse::<SlotId>(), Ok(id));
    }

    #[test]
    fn upper_case_short_and_odd_texts_are_no_ids() {
        for text in ["", "abc", &"AB".repeat(16), &"ab".repeat(15), "zz"] {
            assert!(text.parse::<SlotId>().is_err(), "{text}");
        }
    }
}
