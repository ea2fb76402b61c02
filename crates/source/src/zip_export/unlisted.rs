//! Files that lie in an archive and that its directory does not name. An end can be made up in a comment, archives can be
//! written one behind the other, and a directory can be damaged so that it still reads: each would hide files without a word.

use super::archive::Listing;
use super::bytes::{ArchiveBytes, Shared, read_exact_at};
use super::end::{Directory, has_signature};
use super::member::Member;
use super::recover::{HEADER, HEADER_LEN, begins_well, data_begins};
use std::collections::HashSet;
use std::io;
use std::ops::Range;

/// No member takes less.
const LEAST: u64 = HEADER_LEN;
/// What programs put behind a member's name and its data (times, lengths) is no longer. One program leaves the same room everywhere,
/// so that after thousands of looks, of gaps of one length only one is looked into: more would tell nothing, and a slow disk takes its time.
const USUAL: u64 = 128;
/// How long checksum and lengths behind the data are, without and with a signature, of four bytes and of eight.
const TRAILERS: [u64; 5] = [0, 12, 16, 20, 24];
/// What may lie between a directory and its end: a signature of it.
const SIGNATURE: &[u8; 4] = b"PK\x05\x05";
/// So much of what should not be there is looked through; an end and its comment are no longer.
const LOOKED_THROUGH: u64 = 64 << 10;

/// Where files lie that are not listed, or nothing lies where a directory should.
pub(super) fn find(
    bytes: &Shared,
    directory: &Directory,
    listing: &Listing,
    looks: &mut usize,
) -> io::Result<Vec<Range<u64>>> {
    if listing.missing.is_some() {
        // Not all of them were read, and that is told already.
        return Ok(Vec::new());
    }
    let mut members: Vec<&Member> = listing.members.iter().map(|(_, member)| member).collect();
    members.sort_by_key(|member| member.header);
    let mut found = Vec::new();
    // A program that unpacks itself begins otherwise.
    let first = members.first().map_or(directory.end, |member| member.header);
    if first > 0 && begins_well(&**bytes) {
        found.push(0..first);
    }
    let mut usual = HashSet::new();
    for member in members {
        let end = member.header.saturating_add(HEADER_LEN + u64::from(member.name_len)).saturating_add(member.packed);
        let gap = member.boundary.saturating_sub(end);
        if gap >= LEAST && (*looks > 0 || gap > USUAL || usual.insert(gap)) {
            *looks = looks.saturating_sub(1);
            found.extend(behind(&**bytes, member)?);
        }
    }
    found.extend(before_the_end(&**bytes, directory, listing.members.is_empty())?);
    found.extend(second_archive(&**bytes, &(directory.over..bytes.length()))?);
    Ok(found)
}

/// Another member behind this one's data.
fn behind(bytes: &dyn ArchiveBytes, member: &Member) -> io::Result<Option<Range<u64>>> {
    let Some(end) = data_begins(bytes, member.header)?.and_then(|begins| begins.checked_add(member.packed)) else {
        // That this one is damaged shows when it is read.
        return Ok(None);
    };
    for trailer in TRAILERS {
        let start = end.saturating_add(trailer);
        if start.saturating_add(LEAST) <= member.boundary && has_signature(bytes, start, HEADER)? {
            return Ok(Some(start..member.boundary));
        }
    }
    Ok(None)
}

fn before_the_end(bytes: &dyn ArchiveBytes, directory: &Directory, is_empty: bool) -> io::Result<Option<Range<u64>>> {
    let between = directory.end..directory.behind;
    if between.is_empty() || has_signature(bytes, between.start, SIGNATURE)? {
        return Ok(None);
    }
    Ok(second_archive(bytes, &between)?.or_else(|| is_empty.then_some(between)))
}

/// A second archive where there should be none; zeros or a few letters are none.
fn second_archive(bytes: &dyn ArchiveBytes, stretch: &Range<u64>) -> io::Result<Option<Range<u64>>> {
    let length = stretch.end.saturating_sub(stretch.start).min(LOOKED_THROUGH);
    let mut beginning = vec![0; length as usize];
    read_exact_at(bytes, stretch.start, &mut beginning)?;
    let at = beginning.windows(HEADER.len()).position(|four| four == HEADER);
    Ok(at.map(|at| stretch.start + at as u64..stretch.end))
}
