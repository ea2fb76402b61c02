//! One archive of a source: its bytes, and what is listed in it, by its directory or (where that is lost) by walking it.

use super::bytes::{ArchiveBytes, Shared, Stretch};
use super::member::Member;
use super::{ZipLimits, central, end, recover};
use crate::KnownHashes;
use chest_model::Container;
use jiff::tz::TimeZone;
use std::io;

/// An archive.
pub(super) struct Archive {
    /// Its own name.
    pub(super) name: Vec<u8>,
    pub(super) bytes: Shared,
}

/// The members of an archive with their names.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) members: Vec<(Vec<u8>, Member)>,
    /// Why there may be more members than these.
    pub(super) missing: Option<String>,
}

/// How much may still be listed, of all archives together.
#[derive(Clone)]
pub(super) struct Budget {
    members: usize,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(limits: &ZipLimits) -> Self {
        Self { members: limits.items, bytes: limits.directory_bytes }
    }

    /// Room for one more member, or what is to be said where there is none.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), String> {
        match (self.members.checked_sub(1), self.bytes.checked_sub(bytes as u64)) {
            (Some(members), Some(bytes)) => {
                *self = Self { members, bytes };
                Ok(())
            }
            _ => Err("the ZIP file lists more files than can be backed up out of one export".to_owned()),
        }
    }
}

impl Archive {
    /// What is in it. Fails where it is no archive at all, or cannot be read.
    pub(super) fn list(&self, number: usize, zone: &TimeZone, budget: &mut Budget) -> Result<Listing, String> {
        self.find_listing((number, self.bytes.owner()), zone, budget).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "it became shorter while it was read".to_owned(),
            _ => error.to_string(),
        })
    }

    fn find_listing(&self, who: (usize, (u32, u32)), zone: &TimeZone, budget: &mut Budget) -> io::Result<Listing> {
        for directory in end::directories(&*self.bytes)? {
            let mut tried = budget.clone();
            let stretch = Stretch::new(&self.bytes, directory.start, directory.end);
            if let Some(listing) = central::read(stretch, &directory, who, zone, &mut tried)? {
                *budget = tried;
                return Ok(listing);
            }
        }
        if recover::begins_well(&*self.bytes) {
            return recover::walk(&self.bytes, who, zone, budget);
        }
        let message = "it is no ZIP file, or its beginning is damaged: download it again";
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    }

    /// What is recorded of it. Reads it from beginning to end unless its hash is known.
    pub(super) fn container(&self, newest: Option<chest_model::Timestamp>, known: &dyn KnownHashes) -> Container {
        let look = self.bytes.look();
        let recalled = look.and_then(|look| known.recall(&look));
        let hash = recalled.or_else(|| hash(&*self.bytes).ok()).filter(|_| self.bytes.is_unchanged());
        if let (Some(look), Some(hash)) = (look, hash) {
            known.learn(&look, hash);
        }
        Container { name: self.name.clone(), size: self.bytes.length(), hash, newest }
    }
}

fn hash(bytes: &dyn ArchiveBytes) -> io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while at < bytes.length() {
        match bytes.read_at(at, &mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                hasher.update(&buffer[..read]);
                at += read as u64;
            }
        }
    }
    Ok(*hasher.finalize().as_bytes())
}
