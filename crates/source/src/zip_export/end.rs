//! The end of an archive, which says where its directory lies. It is searched for from the back; Zip64's record counts where
//! there is one, whatever its locator says of the number of disks (OneDrive writes 0).

use super::bytes::{ArchiveBytes, is_there, read_exact_at, u16_at, u32_at, u64_at};
use std::io;

const END: &[u8; 4] = b"PK\x05\x06";
const END_LEN: usize = 22;
const LONGEST_COMMENT: usize = 0xffff;
const LOCATOR: &[u8; 4] = b"PK\x06\x07";
const LOCATOR_LEN: u64 = 20;
const ZIP64_END: &[u8; 4] = b"PK\x06\x06";
const ZIP64_END_LEN: u64 = 56;
/// A comment can be made of nothing but what looks like an end.
const TRIES: usize = 16;

/// Where the directory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Directory {
    /// Where it begins.
    pub(super) start: u64,
    /// Where it ends.
    pub(super) end: u64,
    /// Where the record that says so begins: directly there, as every honest program writes it.
    pub(super) behind: u64,
    /// The first byte after the archive and its comment.
    pub(super) over: u64,
    /// How many members it should list.
    pub(super) members: u64,
    /// Whether that number counts in full; old programs let it overflow at 65,536.
    pub(super) counted_in_full: bool,
    /// The number of this file, where the archive is the last of several pieces.
    pub(super) piece: Option<u16>,
    /// What is to be added to every position: something may have been put in front of the archive.
    pub(super) shift: u64,
}

/// Every place that may be the directory, the last one first.
pub(super) fn directories(bytes: &dyn ArchiveBytes) -> io::Result<Vec<Directory>> {
    let wanted = bytes.length().min((END_LEN + LONGEST_COMMENT) as u64);
    let start = bytes.length() - wanted;
    let mut tail = vec![0; wanted as usize];
    read_exact_at(bytes, start, &mut tail)?;
    let mut found = Vec::new();
    let ends = (0..tail.len().saturating_sub(END_LEN - 1)).rev().filter(|&at| tail[at..].starts_with(END));
    for at in ends.take(TRIES) {
        let end = &tail[at..at + END_LEN];
        let over = at + END_LEN + usize::from(u16_at(end, 20));
        if over <= tail.len() {
            found.extend(directory(bytes, start + at as u64, end, start + over as u64)?);
        }
    }
    Ok(found)
}

fn directory(bytes: &dyn ArchiveBytes, at: u64, end: &[u8], over: u64) -> io::Result<Option<Directory>> {
    let (mut members, mut length, mut start) =
        (u64::from(u16_at(end, 10)), u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
    let (mut behind, mut counted_in_full) = (at, false);
    if let Some((place, record)) = zip64_end(bytes, at)? {
        (members, length, start) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
        (behind, counted_in_full) = (place, true);
    }
    // Whoever writes Zip64 may leave these numbers to its record, and there they cannot be relied on.
    let piece = Some(u16_at(end, 4)).filter(|piece| !matches!(piece, 0 | 0xffff));
    let begins_as_archive = has_signature(bytes, 0, b"PK\x03\x04")?;
    let from_behind = behind.checked_sub(length);
    let places = [Some(start), from_behind].into_iter().flatten();
    for place in places {
        let Some(end) = place.checked_add(length).filter(|&end| end <= behind) else { continue };
        // A file that begins as an archive has nothing in front: of one that broke off, this is the end of a document in it.
        let is_of_inner = |shift: &u64| *shift > 0 && begins_as_archive;
        let Some(shift) = place.checked_sub(start).filter(|shift| !is_of_inner(shift)) else { continue };
        if length == 0 || has_signature(bytes, place, b"PK\x01\x02")? {
            return Ok(Some(Directory { start: place, end, behind, over, members, counted_in_full, piece, shift }));
        }
    }
    Ok(None)
}

/// Zip64's own end and where it lies, where a locator in front of the old one names it.
fn zip64_end(bytes: &dyn ArchiveBytes, end: u64) -> io::Result<Option<(u64, [u8; ZIP64_END_LEN as usize])>> {
    let Some(locator_at) = end.checked_sub(LOCATOR_LEN) else { return Ok(None) };
    let mut locator = [0; LOCATOR_LEN as usize];
    read_exact_at(bytes, locator_at, &mut locator)?;
    if !locator.starts_with(LOCATOR) {
        return Ok(None);
    }
    // Where something was put in front of the archive, it still lies directly before its locator.
    let places = [Some(u64_at(&locator, 8)), locator_at.checked_sub(ZIP64_END_LEN)];
    for place in places.into_iter().flatten() {
        if place.checked_add(ZIP64_END_LEN).is_some_and(|end| end <= locator_at) {
            let mut record = [0; ZIP64_END_LEN as usize];
            read_exact_at(bytes, place, &mut record)?;
            if record.starts_with(ZIP64_END) {
                return Ok(Some((place, record)));
            }
        }
    }
    Ok(None)
}

pub(super) fn has_signature(bytes: &dyn ArchiveBytes, at: u64, signature: &[u8; 4]) -> io::Result<bool> {
    let mut found = [0; 4];
    Ok(is_there(read_exact_at(bytes, at, &mut found))? && found == *signature)
}
