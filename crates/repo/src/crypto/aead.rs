//! ChaCha20-Poly1305 (RFC 8439). Bulk data goes through `ring`, which is half as fast again; slots go through the
//! `chacha20poly1305` crate; a test holds the two against each other byte for byte.

use super::derive::Secret;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

/// Length of the tag that follows every ciphertext.
pub(crate) const TAG_LEN: usize = 16;

/// The bytes do not open under this key, nonce and associated data: they were altered, or are not what they are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DoesNotOpen;

/// What a ciphertext is: the first byte of its nonce, so that no two kinds can be taken for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Domain {
    PackPrologue = 0,
    Chunk = 1,
    PackTable = 2,
    PackPadding = 3,
    Index = 4,
    RecordBody = 5,
    WriterNote = 6,
    Local = 7,
}

/// A key for the bodies of one object.
pub(crate) struct BodyKey(LessSafeKey);

impl BodyKey {
    pub(crate) fn new(key: &Secret) -> Self {
        // A key of the algorithm's own length is never refused.
        #[allow(clippy::expect_used)]
        Self(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key[..]).expect("32 bytes")))
    }

    /// Encrypts `buffer` in place and gives the tag.
    pub(crate) fn seal(&self, domain: Domain, counter: u64, aad: &[u8], buffer: &mut [u8]) -> [u8; TAG_LEN] {
        // `ring` refuses only lengths beyond 256 GiB, far above any buffer here.
        #[allow(clippy::expect_used)]
        let tag =
            self.0.seal_in_place_separate_tag(nonce(domain, counter), Aad::from(aad), buffer).expect("short buffer");
        let mut bytes = [0; TAG_LEN];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// Decrypts ciphertext and tag in place; the plaintext is the front of the buffer.
    pub(crate) fn open<'a>(
        &self,
        domain: Domain,
        counter: u64,
        aad: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], DoesNotOpen> {
        self.0.open_in_place(nonce(domain, counter), Aad::from(aad), sealed).map_err(|_| DoesNotOpen)
    }

    /// Like [`Self::open`], into a buffer of its own.
    pub(crate) fn open_copy(
        &self,
        domain: Domain,
        counter: u64,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, DoesNotOpen> {
        let mut buffer = sealed.to_vec();
        let length = self.open(domain, counter, aad, &mut buffer)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

fn nonce(domain: Domain, counter: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[0] = domain as u8;
    bytes[4..].copy_from_slice(&counter.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chacha20poly1305::aead::{Aead, KeyInit, Payload};
    use zeroize::Zeroizing;

    #[test]
    fn the_fast_implementation_gives_the_same_bytes_as_the_reference_one() {
        for length in [0, 1, 15, 16, 17, 63, 64, 65, 255, 1023, 4096, 70_001] {
            let plain: Vec<u8> = (0..length).map(|i| (i * 7 + length) as u8).collect();
            let aad = &plain[..length.min(100)];
            let key = [length as u8; 32];
            let mut ours = plain.clone();
            let tag = BodyKey::new(&Zeroizing::new(key)).seal(Domain::Chunk, 42, aad, &mut ours);
            ours.extend_from_slice(&tag);
            let mut nonce = [0u8; 12];
            nonce[0] = 1;
            nonce[4] = 42;
            let theirs = chacha20poly1305::ChaCha20Poly1305::new((&key).into())
                .encrypt((&nonce).into(), Payload { msg: &plain, aad })
                .unwrap();
            assert_eq!(ours, theirs, "length {length}");
        }
    }
}
