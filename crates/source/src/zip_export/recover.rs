//! Members without a directory, as a download that broke off leaves them, or outside of it: they are walked, each behind its own
//! header, as far as they go.

use super::archive::{Budget, Listing};
use super::bytes::{ArchiveBytes, Shared, Stretch, is_there, read_exact_at, u16_at, u32_at, u64_at};
use super::central::RECORD;
use super::end::has_signature;
use super::extra::Sizes;
use super::inflate::Unpacked;
use super::member::{DEFLATED, Header, Member, SIZES_FOLLOW, STORED, damaged};
use jiff::tz::TimeZone;
use std::io;
use std::ops::Range;

pub(super) const HEADER: &[u8; 4] = b"PK\x03\x04";
pub(super) const HEADER_LEN: u64 = 30;
const SIZES: &[u8; 4] = b"PK\x07\x08";
const LONGEST_SIZES: usize = 24;
/// Data may be made so that it looks like its own end everywhere.
const UNSIGNED_TRIES: usize = 16;
const CUT_OFF: &str = "the ZIP file ends before this file does: download it again";

/// What is to be said of an archive that has no directory.
pub(super) const LOST_ITS_END: &str =
    "the ZIP file has lost its end, perhaps because the download broke off; files may be missing. Download it again";

/// Everything in a stretch of the archive. That there may be more is for the caller to say, unless there was no room for it.
pub(super) fn walk(
    bytes: &Shared,
    stretch: &Range<u64>,
    (archive, owner): (usize, (u32, u32)),
    zone: &TimeZone,
    budget: &mut Budget,
) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut at = stretch.start;
    while at < stretch.end {
        let mut record = [0; HEADER_LEN as usize];
        if !is_there(read_exact_at(&**bytes, at, &mut record))? || !record.starts_with(HEADER) {
            break;
        }
        let [name, extra] = [26, 28].map(|at| usize::from(u16_at(&record, at)));
        if let Err(problem) = budget.take(HEADER_LEN as usize + name + extra) {
            listing.missing = Some(problem);
            return Ok(listing);
        }
        let mut variable = vec![0; name + extra];
        if !is_there(read_exact_at(&**bytes, at + HEADER_LEN, &mut variable))? {
            break;
        }
        let header = header(&record, &variable, name, at);
        let begins = at + HEADER_LEN + variable.len() as u64;
        let (name, mut member) = header.member(archive, owner, zone);
        if let Err(problem) = budget.take_name(&name, header.raw_name.len()) {
            listing.missing = Some(problem);
            return Ok(listing);
        }
        let ends = if header.flags & SIZES_FOLLOW == 0 {
            begins.checked_add(member.packed).map(|end| (end, end))
        } else if member.is_folder && member.method == STORED {
            Some((begins, sizes_at(&**bytes, begins, 0, 0, 0)?.unwrap_or(begins)))
        } else {
            end_of_unknown(bytes, begins..stretch.end, &mut member)?
        };
        let Some((data_end, next)) = ends.filter(|(_, next)| *next <= stretch.end.min(bytes.length())) else {
            member.obstacle = Some(damaged(CUT_OFF));
            listing.members.push((name, member));
            break;
        };
        member.boundary = data_end;
        listing.members.push((name, member));
        at = next;
    }
    Ok(listing)
}

fn header<'h>(record: &[u8], variable: &'h [u8], name: usize, at: u64) -> Header<'h> {
    Header {
        // Only the directory tells which system wrote it.
        made_by: 0,
        attributes: 0,
        flags: u16_at(record, 6),
        method: u16_at(record, 8),
        dos: (u16_at(record, 12), u16_at(record, 10)),
        crc: u32_at(record, 14),
        sizes: Sizes { packed: u64::from(u32_at(record, 18)), size: u64::from(u32_at(record, 22)), header: at },
        raw_name: &variable[..name],
        extra: &variable[name..],
    }
}

/// Where data of unknown length ends, and what follows it begins; notes its length and checksum.
fn end_of_unknown(bytes: &Shared, within: Range<u64>, member: &mut Member) -> io::Result<Option<(u64, u64)>> {
    let begins = within.start;
    let found = match member.method {
        DEFLATED => unpack(bytes, within)?,
        STORED => search(bytes, within)?,
        _ => None,
    };
    let Some(found) = found else { return Ok(None) };
    (member.packed, member.size, member.crc) = (found.packed, found.size, found.crc);
    member.is_folder &= found.size == 0;
    if member.obstacle.as_ref().is_some_and(|obstacle| obstacle.reason == chest_model::UnreadableReason::ReadError) {
        // It was made of the lengths in the header, which are none.
        member.obstacle = None;
    }
    Ok(Some((begins + found.packed, found.next)))
}

struct Found {
    packed: u64,
    size: u64,
    crc: u32,
    next: u64,
}

/// Packed data says itself where it ends.
fn unpack(bytes: &Shared, within: Range<u64>) -> io::Result<Option<Found>> {
    let begins = within.start;
    let mut unpacked = Unpacked::new(Stretch::new(bytes, begins, within.end));
    let mut buffer = vec![0; 64 << 10];
    let mut checksum = crc32fast::Hasher::new();
    let mut size = 0;
    while let Some(length) = unpacked.read(&mut buffer)? {
        if length == 0 {
            let (end, crc) = (unpacked.position(), checksum.finalize());
            let packed = end - begins;
            return Ok(sizes_at(&**bytes, end, crc, packed, size)?.map(|next| Found { packed, size, crc, next }));
        }
        checksum.update(&buffer[..length]);
        size += length as u64;
    }
    Ok(None)
}

/// Data that is not packed ends where lengths and checksum stand that fit what came before them: such a file may itself be an
/// archive, with lengths of its own in it.
fn search(bytes: &Shared, within: Range<u64>) -> io::Result<Option<Found>> {
    let begins = within.start;
    let mut stretch = Stretch::new(bytes, begins, within.end);
    let mut checksum = crc32fast::Hasher::new();
    let (mut size, mut tries) = (0, UNSIGNED_TRIES);
    loop {
        let seen = stretch.peek()?;
        if seen.is_empty() {
            return Ok(None);
        }
        if seen.starts_with(SIZES) || SIZES.starts_with(seen) {
            let crc = checksum.clone().finalize();
            if let Some(next) = sizes_at(&**bytes, begins + size, crc, size, size)? {
                return Ok(Some(Found { packed: size, size, crc, next }));
            }
        }
        if (seen.starts_with(&HEADER[..2]) || HEADER.starts_with(seen))
            && let Some(found) = unsigned_before(bytes, begins, size, &mut tries)?
        {
            return Ok(Some(found));
        }
        let seen = stretch.peek()?;
        let length = seen[1..].iter().position(|&byte| byte == SIZES[0]).map_or(seen.len(), |at| at + 1);
        checksum.update(&seen[..length]);
        stretch.take(length);
        size += length as u64;
    }
}

/// What follows checksum and lengths, where they are these; lengths have four bytes or eight.
fn sizes_at(bytes: &dyn ArchiveBytes, at: u64, crc: u32, packed: u64, size: u64) -> io::Result<Option<u64>> {
    let mut room = [0; LONGEST_SIZES];
    let mut filled = 0;
    while filled < room.len() {
        match bytes.read_at(at + filled as u64, &mut room[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    if filled >= 16 && room.starts_with(SIZES) && u32_at(&room, 4) == crc {
        if filled == LONGEST_SIZES && (u64_at(&room, 8), u64_at(&room, 16)) == (packed, size) {
            return Ok(Some(at + LONGEST_SIZES as u64));
        }
        if (u64::from(u32_at(&room, 8)), u64::from(u32_at(&room, 12))) == (packed, size) {
            return Ok(Some(at + 16));
        }
    }
    // Some programs write no signature. Then it must be followed by what follows a member.
    if filled < 16 || u32_at(&room, 0) != crc {
        return Ok(None);
    }
    let short = (u64::from(u32_at(&room, 4)), u64::from(u32_at(&room, 8))) == (packed, size);
    let long = (u64_at(&room, 4), u64_at(&room, 12)) == (packed, size);
    let is_followed = |length: u64| -> io::Result<bool> {
        Ok(has_signature(bytes, at + length, HEADER)? || has_signature(bytes, at + length, RECORD)?)
    };
    match (short, long) {
        (true, _) if is_followed(12)? => Ok(Some(at + 12)),
        (_, true) if is_followed(20)? => Ok(Some(at + 20)),
        _ => Ok(None),
    }
}

/// The end of data that is not packed, `seen` bytes before what may be the next header: where lengths without a signature stand in front
/// of that which say so, and the checksum is that of all before.
fn unsigned_before(bytes: &Shared, begins: u64, seen: u64, tries: &mut usize) -> io::Result<Option<Found>> {
    for (length, is_long) in [(12, false), (20, true)] {
        let Some(size) = seen.checked_sub(length) else { continue };
        let mut room = [0; 20];
        let room = &mut room[..length as usize];
        read_exact_at(&**bytes, begins + size, room)?;
        let told = match is_long {
            true => (u64_at(room, 4), u64_at(room, 12)),
            false => (u64::from(u32_at(room, 4)), u64::from(u32_at(room, 8))),
        };
        // Each try reads all of it again.
        if told == (size, size) && *tries > 0 {
            *tries -= 1;
            let crc = checksum_of(bytes, begins..begins + size)?;
            if let Some(next) = sizes_at(&**bytes, begins + size, crc, size, size)? {
                return Ok(Some(Found { packed: size, size, crc, next }));
            }
        }
    }
    Ok(None)
}

fn checksum_of(bytes: &Shared, within: Range<u64>) -> io::Result<u32> {
    let mut stretch = Stretch::new(bytes, within.start, within.end);
    let mut checksum = crc32fast::Hasher::new();
    loop {
        let seen = stretch.peek()?;
        if seen.is_empty() {
            return Ok(checksum.finalize());
        }
        checksum.update(seen);
        let length = seen.len();
        stretch.take(length);
    }
}

/// Whether the archive begins as one does.
pub(super) fn begins_well(bytes: &dyn ArchiveBytes) -> bool {
    let mut first = [0; 4];
    read_exact_at(bytes, 0, &mut first).is_ok() && first == *HEADER
}

/// Where a member's data begins, by its own header.
pub(super) fn data_begins(bytes: &dyn ArchiveBytes, header: u64) -> io::Result<Option<u64>> {
    let mut record = [0; HEADER_LEN as usize];
    if !is_there(read_exact_at(bytes, header, &mut record))? {
        return Ok(None);
    }
    let after = HEADER_LEN + u64::from(u16_at(&record, 26)) + u64::from(u16_at(&record, 28));
    Ok(if record.starts_with(HEADER) { header.checked_add(after) } else { None })
}
