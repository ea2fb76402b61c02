//! The extra fields of a member: what Zip64, times and names in Unicode add to a header.

use super::bytes::{u16_at, u32_at, u64_at};
use chest_model::Timestamp;

const ZIP64: u16 = 0x0001;
const NTFS: u16 = 0x000a;
const EXTENDED_TIME: u16 = 0x5455;
const UNICODE_PATH: u16 = 0x7075;
/// From 1601, where Windows begins to count, to 1970.
const SECONDS_BEFORE_1970: i64 = 11_644_473_600;

/// A header's sizes and position; those that are all ones stand in the Zip64 field instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) size: u64,
    pub(super) packed: u64,
    pub(super) header: u64,
}

/// The fields and their numbers; what is too short to be one ends them.
fn fields(extra: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = extra;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest.get(..4)?, 2));
        let (number, field) = (u16_at(rest, 0), rest.get(4..4 + length)?);
        rest = &rest[4 + length..];
        Some((number, field))
    })
}

fn field(extra: &[u8], wanted: u16) -> Option<&[u8]> {
    fields(extra).find(|(number, _)| *number == wanted).map(|(_, field)| field)
}

/// The sizes in full; `None` where one stands in a Zip64 field that is not there.
pub(super) fn in_full(sizes: Sizes, extra: &[u8]) -> Option<Sizes> {
    const ELSEWHERE: u64 = u32::MAX as u64;
    let mut zip64 = field(extra, ZIP64);
    let mut take = |value: u64| {
        if value != ELSEWHERE {
            return Some(value);
        }
        match zip64 {
            // Without such a field it is what it says: a file of just under 4 GiB.
            None => Some(value),
            Some(field) => {
                let value = u64_at(field.get(..8)?, 0);
                zip64 = Some(&field[8..]);
                Some(value)
            }
        }
    };
    Some(Sizes { size: take(sizes.size)?, packed: take(sizes.packed)?, header: take(sizes.header)? })
}

/// The time of last change that is bound to no zone: the extended field's, or else that of Windows.
pub(super) fn modified(extra: &[u8]) -> Option<Timestamp> {
    extended(extra).or_else(|| ntfs(extra))
}

fn extended(extra: &[u8]) -> Option<Timestamp> {
    let field = field(extra, EXTENDED_TIME)?.get(..5)?;
    let seconds = u32_at(field, 1).cast_signed();
    (field[0] & 1 == 1).then(|| Timestamp::new(i64::from(seconds), 0))
}

fn ntfs(extra: &[u8]) -> Option<Timestamp> {
    let (_, times) = fields(field(extra, NTFS)?.get(4..)?).find(|(number, _)| *number == 1)?;
    let ticks = u64_at(times.get(..8)?, 0);
    let seconds = i64::try_from(ticks / 10_000_000).ok()? - SECONDS_BEFORE_1970;
    (ticks > 0).then(|| Timestamp::new(seconds, (ticks % 10_000_000) as u32 * 100))
}

/// The name in UTF-8, where it was written for the name in the header as that now is.
pub(super) fn unicode_name<'e>(extra: &'e [u8], name: &[u8]) -> Option<&'e [u8]> {
    let field = field(extra, UNICODE_PATH)?;
    let (head, unicode) = field.split_at_checked(5)?;
    let fits = head[0] == 1 && u32_at(head, 1) == crc32fast::hash(name) && std::str::from_utf8(unicode).is_ok();
    (fits && !unicode.is_empty()).then_some(unicode)
}
