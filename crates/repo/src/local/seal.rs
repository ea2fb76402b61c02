//! Seals local files under the writer's local key, frame by frame: le32 length ‖ salt ‖ ciphertext ‖ tag. No file name or
//! content lies in plain text on the disk.

use crate::crypto::aead::{BodyKey, Domain, TAG_LEN};
use crate::crypto::derive::{Secret, context, dk};
use crate::header::{array, le32};
use crate::keys::{MasterKey, WriterKey};
use chest_model::{Environment, RandomError};
use zeroize::Zeroizing;

const SALT_LEN: usize = 32;
const HEAD_LEN: usize = 4 + SALT_LEN;
/// No frame is longer, so that a damaged length allocates little.
const MAX_FRAME: usize = 64 << 20;

/// Seals and opens this machine's own files.
#[derive(Clone)]
pub struct LocalKey(Secret);

/// What a sealed local file is, so that one cannot be passed off as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum LocalKind {
    Journal = 1,
    Seen = 3,
    Baseline = 4,
    /// 2 was a cache that held less.
    Cache = 5,
    Hashes = 6,
}

impl LocalKey {
    /// A writer's.
    pub fn of_writer(writer: &WriterKey) -> Self {
        Self(writer.local_cache_secret())
    }

    /// That of somebody who holds the master key.
    pub fn of_master(master: &MasterKey) -> Self {
        Self(dk(context!("local state"), &[&master.secret()[..], &master.repository().0]))
    }

    /// The secret of this repository's search catalogue on this machine.
    pub fn catalogue_secret(&self) -> Zeroizing<[u8; 32]> {
        dk(context!("local catalogue"), &[&self.0[..]])
    }

    /// Seals one frame.
    pub(crate) fn seal(
        &self,
        kind: LocalKind,
        number: u64,
        plain: &[u8],
        environment: &dyn Environment,
    ) -> Result<Vec<u8>, RandomError> {
        let mut random = [0; 32];
        environment.fill_random(&mut random)?;
        let salt = dk(context!("local salt"), &[&random, &self.0[..], blake3::hash(plain).as_bytes()]);
        let mut frame = Vec::with_capacity(HEAD_LEN + plain.len() + TAG_LEN);
        // Frames are written in pieces far below 4 GiB.
        frame.extend_from_slice(&((plain.len() + TAG_LEN) as u32).to_le_bytes());
        frame.extend_from_slice(&salt[..]);
        frame.extend_from_slice(plain);
        let tag = self.frame_key(&salt).seal(Domain::Local, number, &[kind as u8], &mut frame[HEAD_LEN..]);
        frame.extend_from_slice(&tag);
        Ok(frame)
    }

    /// Opens the frame at the front; gives its plaintext and what follows it. `None`: cut short, altered, or not ours.
    pub(crate) fn open<'a>(&self, kind: LocalKind, number: u64, bytes: &'a [u8]) -> Option<(Vec<u8>, &'a [u8])> {
        let (head, rest) = bytes.split_at_checked(HEAD_LEN)?;
        let length = le32(&head[..4]) as usize;
        if length > MAX_FRAME {
            return None;
        }
        let (sealed, rest) = rest.split_at_checked(length)?;
        let plain = self.open_body(kind, number, &array(&head[4..]), sealed)?;
        Some((plain, rest))
    }

    fn open_body(&self, kind: LocalKind, number: u64, salt: &[u8; SALT_LEN], sealed: &[u8]) -> Option<Vec<u8>> {
        self.frame_key(salt).open_copy(Domain::Local, number, &[kind as u8], sealed).ok()
    }

    /// Reads the next frame from a file; `None` at its end, or where it is damaged.
    pub(crate) fn read_frame(&self, kind: LocalKind, number: u64, file: &mut impl std::io::Read) -> Option<Vec<u8>> {
        let mut head = [0; HEAD_LEN];
        file.read_exact(&mut head).ok()?;
        let length = le32(&head[..4]) as usize;
        if length > MAX_FRAME {
            return None;
        }
        let mut sealed = vec![0; length];
        file.read_exact(&mut sealed).ok()?;
        self.open_body(kind, number, &array(&head[4..]), &sealed)
    }

    fn frame_key(&self, salt: &[u8; SALT_LEN]) -> BodyKey {
        BodyKey::new(&dk(context!("local frame"), &[&self.0[..], salt]))
    }
}
