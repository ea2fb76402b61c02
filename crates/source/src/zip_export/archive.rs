//! One archive of a source: its bytes, and what is listed in it, by its directory or (where that is lost) by walking it.

use super::bytes::{ArchiveBytes, Shared, Stretch};
use super::member::Member;
use super::{ZipLimits, central, end, names, no_archive, recover, unlisted};
use crate::KnownHashes;
use chest_model::Container;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use std::io;
use std::ops::Range;

const NOT_ALL_LISTED: &str = "the ZIP file's own list of files does not name everything that lies in it; what was found besides is \
                              in the backup, and more may be missing. Download it again";
const TWO_LISTS: &str = "the ZIP file has two lists of its files that do not agree; what either of them names is in the backup, and \
                         more may be missing. Download it again";
const TOO_MANY: &str = "the ZIP file lists more files than can be backed up out of one export";
const HOLDS_NOTHING: &str =
    "the ZIP file holds nothing at all. Look at what you chose on the web page, and download it again";

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

impl Listing {
    /// Whether both name the same files in the same places.
    fn is_same(&self, other: &Self) -> bool {
        let facts = |(name, member): &(Vec<u8>, Member)| (name.clone(), member.header, member.size, member.crc);
        self.members.iter().map(facts).eq(other.members.iter().map(facts))
    }
}

/// How much may still be listed, of all archives together.
#[derive(Clone)]
pub(super) struct Budget {
    members: usize,
    bytes: u64,
    /// How often a look may be taken at what lies behind a member.
    pub(super) looks: usize,
}

/// More than a service packs into one export; a disk that turns takes half a minute for them.
const LOOKS: usize = 4096;

impl Budget {
    pub(super) fn new(limits: &ZipLimits) -> Self {
        Self { members: limits.items, bytes: limits.directory_bytes, looks: LOOKS }
    }

    /// For whoever wants to know what the files are called, and no more.
    pub(super) fn without_looks(limits: &ZipLimits) -> Self {
        Self { looks: 0, ..Self::new(limits) }
    }

    /// Room for one more member, or what is to be said where there is none.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), String> {
        match (self.members.checked_sub(1), self.bytes.checked_sub(bytes as u64)) {
            (Some(members), Some(bytes)) => {
                (self.members, self.bytes) = (members, bytes);
                Ok(())
            }
            _ => Err(TOO_MANY.to_owned()),
        }
    }

    /// Room for a member's name as it is kept, of which as much as the archive has was taken before.
    pub(super) fn take_name(&mut self, name: &[u8], taken: usize) -> Result<(), String> {
        let more = names::stored_length(name).saturating_sub(taken) as u64;
        self.bytes = self.bytes.checked_sub(more).ok_or_else(|| TOO_MANY.to_owned())?;
        Ok(())
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
        let mut best: Option<Candidate> = None;
        for directory in end::directories(&*self.bytes)? {
            let mut left = budget.clone();
            let stretch = Stretch::new(&self.bytes, directory.start, directory.end);
            let Some(listing) = central::read(stretch, &directory, who, zone, &mut left)? else { continue };
            let unlisted = unlisted::find(&self.bytes, &directory, &listing, &mut left.looks)?;
            let candidate = Candidate { listing, start: directory.start, unlisted, left };
            best = Some(match best {
                None => candidate,
                Some(best) => best.or(candidate),
            });
        }
        let (mut listing, unlisted, problem) = match best {
            Some(Candidate { listing, unlisted, left, .. }) => {
                *budget = left;
                (listing, unlisted, NOT_ALL_LISTED)
            }
            None if recover::begins_well(&*self.bytes) => {
                (Listing::default(), std::iter::once(0..self.bytes.length()).collect(), recover::LOST_ITS_END)
            }
            None => {
                let message = no_archive::what_it_is(&*self.bytes)?;
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        };
        for stretch in &unlisted {
            let more = recover::walk(&self.bytes, stretch, who, zone, budget)?;
            listing.members.extend(more.members);
            listing.missing = listing.missing.or(more.missing).or_else(|| Some(problem.to_owned()));
        }
        if listing.members.is_empty() {
            listing.missing.get_or_insert_with(|| HOLDS_NOTHING.to_owned());
        }
        Ok(listing)
    }

    /// What is recorded of it. Reads it from beginning to end unless its hash is known.
    pub(super) fn container(&self, newest: Option<chest_model::Timestamp>, known: &dyn KnownHashes) -> Container {
        let hash = hash_of(&*self.bytes, known);
        Container { name: self.name.clone(), size: self.bytes.length(), hash, newest }
    }
}

/// What an end leads to.
struct Candidate {
    listing: Listing,
    /// Where its directory begins.
    start: u64,
    /// Where files lie that it does not name.
    unlisted: Vec<Range<u64>>,
    /// How much may still be listed.
    left: Budget,
}

impl Candidate {
    /// The one that accounts for the whole archive. Where both do and differ, everything that either of them names: no program writes
    /// such an archive, and nobody can tell which is meant. Of two members in one place the earlier directory's is taken, for the
    /// later one lies in its comment.
    fn or(self, mut earlier: Self) -> Self {
        match (self.unlisted.is_empty(), earlier.unlisted.is_empty()) {
            (false, true) => earlier,
            (true, true) if !self.listing.is_same(&earlier.listing) => {
                let known: HashSet<u64> = earlier.listing.members.iter().map(|(_, member)| member.header).collect();
                let more = self.listing.members.into_iter().filter(|(_, member)| !known.contains(&member.header));
                earlier.listing.members.extend(more);
                earlier.start = earlier.start.min(self.start);
                central::bound(&mut earlier.listing.members, earlier.start);
                earlier.listing.missing.get_or_insert_with(|| TWO_LISTS.to_owned());
                earlier
            }
            _ => self,
        }
    }
}

/// The hash of all its bytes, from what is known or by reading them; none where they cannot be read, or change meanwhile.
pub(super) fn hash_of(bytes: &dyn ArchiveBytes, known: &dyn KnownHashes) -> Option<[u8; 32]> {
    let look = bytes.look();
    let recalled = look.and_then(|look| known.recall(&look));
    let hash = recalled.or_else(|| hash(bytes).ok()).filter(|_| bytes.is_unchanged())?;
    if let Some(look) = look {
        known.learn(&look, hash);
    }
    Some(hash)
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
