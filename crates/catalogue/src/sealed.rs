//! A file of pages, each sealed by itself, so that any of them can be read and replaced alone:
//!
//! ```text
//! header (4096 bytes, of which the front is used) ‖ page 0 ‖ page 1 ‖ …
//! page = salt (32) ‖ ChaCha20-Poly1305 ciphertext (8192) ‖ tag (16)
//! ```
//!
//! The key of a piece follows from its salt; what is authenticated beside it is the file's id and the page's number, so that a
//! page can be passed off neither as another of this file nor as one of another file. The header says, sealed likewise, how many
//! pages there are and whether they fit together: it says no from before the first page of a change is written until the last
//! is on the disk. A file that says no is discarded when it is opened. So a crash costs a new catalogue, never a wrong answer.

use crate::key::CatalogueKey;
use crate::{CatalogueError, Condition};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};

/// SQLite's page: larger ones make the index of names slower to fill, smaller ones the file longer.
pub(crate) const PAGE_LEN: usize = 8192;
const SALT_LEN: usize = 32;
const TAG_LEN: usize = 16;
const SLOT_LEN: usize = SALT_LEN + PAGE_LEN + TAG_LEN;
const FIRST_SLOT: u64 = 4096;

/// What the file begins with; the last byte is the version. What is of another version is made anew.
const MAGIC: &[u8; 8] = b"PCSCAT\0\x01";
const ID_LEN: usize = 32;
/// How many pages (le64) ‖ whether they fit together
const STATE_LEN: usize = 9;
const HEADER_LEN: usize = MAGIC.len() + ID_LEN + SALT_LEN + STATE_LEN + TAG_LEN;
/// The header's place among the numbers of pages.
const HEADER_NUMBER: u64 = u64::MAX;

/// The file, open.
pub(crate) struct SealedFile {
    file: File,
    seal: Seal,
    pages: u64,
    /// What the header on the disk says.
    is_whole: bool,
}

impl SealedFile {
    /// Reads the header; where it does not say that all is well, the file is begun anew.
    pub(crate) fn open(
        mut file: File,
        key: &CatalogueKey,
        random: [u8; 32],
    ) -> Result<(Self, Condition), CatalogueError> {
        let length = file.metadata()?.len();
        let mut header = [0; HEADER_LEN];
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut header));
        if read.is_ok()
            && let Some((seal, pages)) = Seal::of_header(&header, key, random)
            && length >= end_of(pages)
        {
            return Ok((Self { file, seal, pages, is_whole: true }, Condition::Sound));
        }
        file.set_len(0)?;
        let seal = Seal::new(*blake3::hash(&random).as_bytes(), key, random);
        let mut begun = Self { file, seal, pages: 0, is_whole: false };
        begun.write_header()?;
        Ok((begun, if length == 0 { Condition::New } else { Condition::Discarded }))
    }

    /// Length of what the pages hold.
    pub(crate) fn len(&self) -> u64 {
        self.pages * PAGE_LEN as u64
    }

    /// Reads what lies within one page.
    pub(crate) fn read(&mut self, out: &mut [u8], offset: u64) -> io::Result<()> {
        let (number, within) = (offset / PAGE_LEN as u64, (offset % PAGE_LEN as u64) as usize);
        if number >= self.pages {
            // As SQLite wants to be told that it reads beyond the end.
            out.fill(0);
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut slot = [0; SLOT_LEN];
        self.file.seek(SeekFrom::Start(end_of(number)))?;
        self.file.read_exact(&mut slot).map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
        let page = self.seal.open(number, &mut slot).ok_or(ErrorKind::InvalidData)?;
        let part = page.get(within..within + out.len()).ok_or(ErrorKind::InvalidInput)?;
        out.copy_from_slice(part);
        Ok(())
    }

    /// Writes one whole page.
    pub(crate) fn write(&mut self, page: &[u8], offset: u64) -> io::Result<()> {
        if page.len() != PAGE_LEN || !offset.is_multiple_of(PAGE_LEN as u64) {
            return Err(ErrorKind::InvalidInput.into());
        }
        self.begin_change()?;
        let number = offset / PAGE_LEN as u64;
        let slot = self.seal.seal(number, page);
        self.file.seek(SeekFrom::Start(end_of(number)))?;
        self.file.write_all(&slot).map_err(as_full)?;
        self.pages = self.pages.max(number + 1);
        Ok(())
    }

    /// Cuts the pages off from this length on; what is not there yet needs no room.
    pub(crate) fn cut(&mut self, length: u64) -> io::Result<()> {
        let pages = length.div_ceil(PAGE_LEN as u64);
        if pages < self.pages {
            self.begin_change()?;
            self.pages = pages;
            self.file.set_len(end_of(pages))?;
        }
        Ok(())
    }

    /// Everything written is on the disk, and fits together.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if !self.is_whole {
            self.file.sync_data()?;
            self.is_whole = true;
            self.write_header()?;
            self.file.sync_data()?;
        }
        Ok(())
    }

    /// Before the first page of a change: from now on they may not fit together.
    fn begin_change(&mut self) -> io::Result<()> {
        if self.is_whole {
            self.is_whole = false;
            self.write_header()?;
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn write_header(&mut self) -> io::Result<()> {
        let mut state = [0; STATE_LEN];
        state[..8].copy_from_slice(&self.pages.to_le_bytes());
        state[8] = u8::from(self.is_whole);
        let sealed = self.seal.seal(HEADER_NUMBER, &state);
        let header = [&MAGIC[..], &self.seal.id, &sealed].concat();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header).map_err(as_full)
    }
}

/// Where page `pages` begins.
fn end_of(pages: u64) -> u64 {
    FIRST_SLOT + pages * SLOT_LEN as u64
}

/// So that SQLite tells a full disk from a broken one.
fn as_full(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => ErrorKind::WriteZero.into(),
        _ => error,
    }
}

/// Seals and opens the pieces of one file.
struct Seal {
    key: CatalogueKey,
    id: [u8; ID_LEN],
    random: [u8; 32],
    sealed: u64,
}

impl Seal {
    fn new(id: [u8; ID_LEN], key: &CatalogueKey, random: [u8; 32]) -> Self {
        Self { key: key.clone(), id, random, sealed: 0 }
    }

    /// Reads the header; nothing where it is not ours, or says that the pages may not fit together.
    fn of_header(header: &[u8; HEADER_LEN], key: &CatalogueKey, random: [u8; 32]) -> Option<(Self, u64)> {
        let rest = header.strip_prefix(MAGIC)?;
        let (id, sealed) = rest.split_first_chunk()?;
        let seal = Self::new(*id, key, random);
        let mut sealed = sealed.to_vec();
        let (pages, is_whole) = seal.open(HEADER_NUMBER, &mut sealed)?.split_first_chunk()?;
        (is_whole == [1]).then(|| (seal, u64::from_le_bytes(*pages)))
    }

    fn open<'p>(&self, number: u64, sealed: &'p mut [u8]) -> Option<&'p [u8]> {
        let (salt, body) = sealed.split_first_chunk_mut::<SALT_LEN>()?;
        let aad = self.aad(number);
        let opened = self.cipher(salt)?.open_in_place(zero_nonce(), Aad::from(aad), body).ok()?;
        Some(opened)
    }

    /// Salt ‖ ciphertext ‖ tag. The salt depends on everything, so that a machine whose random bytes repeat gives none twice.
    fn seal(&mut self, number: u64, plain: &[u8]) -> Vec<u8> {
        self.sealed += 1;
        let mut salt = blake3::Hasher::new_derive_key("parish-chest 2026-11 v1 catalogue salt");
        salt.update(&self.random).update(&self.sealed.to_le_bytes()).update(&self.aad(number)).update(plain);
        let salt = *salt.finalize().as_bytes();
        let mut sealed = Vec::with_capacity(SALT_LEN + plain.len() + TAG_LEN);
        sealed.extend_from_slice(&salt);
        sealed.extend_from_slice(plain);
        let aad = self.aad(number);
        // A key of the algorithm's own length is never refused, nor is a page too long for it.
        #[allow(clippy::expect_used)]
        let tag = self
            .cipher(&salt)
            .and_then(|cipher| {
                cipher.seal_in_place_separate_tag(zero_nonce(), Aad::from(aad), &mut sealed[SALT_LEN..]).ok()
            })
            .expect("a short piece and a key of 32 bytes");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    fn aad(&self, number: u64) -> [u8; ID_LEN + 8] {
        let mut aad = [0; ID_LEN + 8];
        aad[..ID_LEN].copy_from_slice(&self.id);
        aad[ID_LEN..].copy_from_slice(&number.to_le_bytes());
        aad
    }

    fn cipher(&self, salt: &[u8; SALT_LEN]) -> Option<LessSafeKey> {
        UnboundKey::new(&CHACHA20_POLY1305, &self.key.piece(salt)[..]).ok().map(LessSafeKey::new)
    }
}

/// Each key seals one piece only.
fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::path::Path;
    use zeroize::Zeroizing;

    fn key(byte: u8) -> CatalogueKey {
        CatalogueKey::new(Zeroizing::new([byte; 32]))
    }

    fn open(path: &Path, byte: u8) -> (SealedFile, Condition) {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap();
        SealedFile::open(file, &key(byte), [7; 32]).unwrap()
    }

    fn page(byte: u8) -> Vec<u8> {
        vec![byte; PAGE_LEN]
    }

    /// Three pages, written and synced.
    fn three_pages(path: &Path) -> SealedFile {
        let (mut file, condition) = open(path, 1);
        assert_eq!(condition, Condition::New);
        for number in 0..3 {
            file.write(&page(number), u64::from(number) * PAGE_LEN as u64).unwrap();
        }
        file.sync().unwrap();
        file
    }

    #[test]
    fn pages_come_back_whole_and_in_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        drop(three_pages(&path));
        let (mut file, condition) = open(&path, 1);
        assert_eq!((condition, file.len()), (Condition::Sound, 3 * PAGE_LEN as u64));
        let mut part = [0; 16];
        file.read(&mut part, 2 * PAGE_LEN as u64 + 24).unwrap();
        assert_eq!(part, [2; 16]);
        let beyond = file.read(&mut part, 3 * PAGE_LEN as u64).unwrap_err();
        assert_eq!((beyond.kind(), part), (ErrorKind::UnexpectedEof, [0; 16]));
    }

    #[test]
    fn a_change_that_was_not_finished_is_discarded_with_all_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut file = three_pages(&path);
        file.write(&page(9), 0).unwrap();
        drop(file);
        let (file, condition) = open(&path, 1);
        assert_eq!((condition, file.len()), (Condition::Discarded, 0));
    }

    #[test]
    fn no_page_passes_for_another_and_no_flipped_bit_passes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        drop(three_pages(&path));
        let sound = std::fs::read(&path).unwrap();
        let slot =
            |number: usize| FIRST_SLOT as usize + number * SLOT_LEN..FIRST_SLOT as usize + (number + 1) * SLOT_LEN;
        let mut swapped = sound.clone();
        swapped[slot(0)].copy_from_slice(&sound[slot(1)]);
        std::fs::write(&path, &swapped).unwrap();
        let mut out = page(0);
        assert!(open(&path, 1).0.read(&mut out, 0).is_err(), "another page of this file");
        for at in [0, SALT_LEN, SLOT_LEN - 1] {
            let mut flipped = sound.clone();
            flipped[slot(1).start + at] ^= 1;
            std::fs::write(&path, &flipped).unwrap();
            assert!(open(&path, 1).0.read(&mut out, PAGE_LEN as u64).is_err(), "byte {at}");
        }
        for at in 0..HEADER_LEN {
            let mut flipped = sound.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, &flipped).unwrap();
            assert_eq!(open(&path, 1).1, Condition::Discarded, "byte {at} of the header");
        }
        std::fs::write(&path, &sound[..sound.len() - 1]).unwrap();
        assert_eq!(open(&path, 1).1, Condition::Discarded, "cut short");
        std::fs::write(&path, &sound).unwrap();
        assert_eq!(open(&path, 2).1, Condition::Discarded, "another key");
    }

    #[test]
    fn a_page_of_an_earlier_file_does_not_open_in_a_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        drop(three_pages(&one));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&other).unwrap();
        let (mut later, _) = SealedFile::open(file, &key(1), [8; 32]).unwrap();
        later.write(&page(0), 0).unwrap();
        later.sync().unwrap();
        drop(later);
        let mut bytes = std::fs::read(&other).unwrap();
        let slot = FIRST_SLOT as usize..FIRST_SLOT as usize + SLOT_LEN;
        bytes[slot.clone()].copy_from_slice(&std::fs::read(&one).unwrap()[slot]);
        std::fs::write(&other, bytes).unwrap();
        assert!(open(&other, 1).0.read(&mut page(0), 0).is_err());
    }
}
