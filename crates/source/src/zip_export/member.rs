//! One member of an archive, as its directory describes it.

use super::extra::{self, Sizes};
use super::names;
use crate::{ItemKind, ReadFailure};
use chest_model::{Fingerprint, Metadata, Timestamp, UnreadableReason};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Not packed at all.
pub(super) const STORED: u16 = 0;
/// Packed as nearly all members are.
pub(super) const DEFLATED: u16 = 8;
/// Packed as Windows Explorer does what is longer than 2 GiB.
pub(super) const DEFLATED_64: u16 = 9;
const LOCKED: u16 = 1 | 1 << 6 | 1 << 13;
/// The size follows the data, for whoever wrote it did not know it before.
pub(super) const SIZES_FOLLOW: u16 = 1 << 3;
/// MS-DOS's own mark of a folder.
const DOS_FOLDER: u32 = 0x10;
const KIND: u32 = 0o170_000;
const KIND_LINK: u32 = 0o120_000;
const KIND_FILE: u32 = 0o100_000;
const KIND_FOLDER: u32 = 0o040_000;

/// A member.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Which archive of the source it is in.
    pub(super) archive: usize,
    /// Where its header lies.
    pub(super) header: u64,
    /// Where its data must have ended: at the next header, or at the directory.
    pub(super) boundary: u64,
    /// Length of its name, as the archive has it.
    pub(super) name_len: u16,
    /// Length of its data in the archive.
    pub(super) packed: u64,
    /// Length of its content.
    pub(super) size: u64,
    pub(super) crc: u32,
    pub(super) method: u16,
    pub(super) modified: Timestamp,
    /// Rights and kind, where a Unix system wrote them.
    pub(super) unix_mode: Option<u32>,
    /// Who owns the archive.
    pub(super) owner: (u32, u32),
    pub(super) is_folder: bool,
    /// Why it cannot be read, where that shows in the directory.
    pub(super) obstacle: Option<ReadFailure>,
}

/// What the directory and a member's own header both say.
pub(super) struct Header<'h> {
    pub(super) flags: u16,
    pub(super) method: u16,
    /// Date and time of MS-DOS.
    pub(super) dos: (u16, u16),
    pub(super) crc: u32,
    pub(super) sizes: Sizes,
    pub(super) raw_name: &'h [u8],
    pub(super) extra: &'h [u8],
    /// System and version of the program that wrote it; only the directory says.
    pub(super) made_by: u16,
    pub(super) attributes: u32,
}

impl Header<'_> {
    /// The member and its name, parts separated by `/` and none at the end.
    pub(super) fn member(&self, archive: usize, owner: (u32, u32), zone: &TimeZone) -> (Vec<u8>, Member) {
        let unix = names::is_unix(self.made_by);
        let mut name = names::decode(self.raw_name, self.flags, self.extra, unix);
        let sizes = extra::in_full(self.sizes, self.extra);
        let Sizes { size, packed, header } = sizes.unwrap_or(self.sizes);
        let unix_mode = Some(self.attributes >> 16).filter(|&mode| unix && mode != 0);
        let named_as_folder = name.last() == Some(&b'/') && size == 0;
        let is_kind_of_folder = unix_mode.map_or(self.attributes & DOS_FOLDER != 0, |mode| mode & KIND == KIND_FOLDER);
        let is_folder = named_as_folder || (size == 0 && is_kind_of_folder);
        if named_as_folder {
            name.pop();
        }
        let modified = extra::modified(self.extra).unwrap_or_else(|| from_dos(self.dos, zone));
        let mut member = Member {
            archive,
            header,
            boundary: 0,
            // A header has two bytes for it.
            name_len: u16::try_from(self.raw_name.len()).unwrap_or(u16::MAX),
            packed,
            size,
            crc: self.crc,
            method: self.method,
            modified,
            unix_mode,
            owner,
            is_folder,
            obstacle: None,
        };
        member.obstacle = match sizes {
            None => Some(damaged("the ZIP file does not say how long it is")),
            Some(_) => member.find_obstacle(self.flags),
        };
        (name, member)
    }
}

impl Member {
    fn find_obstacle(&self, flags: u16) -> Option<ReadFailure> {
        let kind = self.unix_mode.map_or(0, |mode| mode & KIND);
        match self.method {
            _ if self.is_folder => None,
            _ if flags & LOCKED != 0 => Some(unsupported("it is locked with a password inside the ZIP file")),
            _ if !matches!(kind, 0 | KIND_FILE | KIND_LINK | KIND_FOLDER) => {
                Some(unsupported("it is a pipe or a device, and in a ZIP file there is nothing of it"))
            }
            STORED if self.packed != self.size => {
                Some(damaged("the ZIP file gives two lengths for it that do not fit together"))
            }
            STORED | DEFLATED | DEFLATED_64 => None,
            method => Some(unsupported(&format!("it is packed in a way (method {method}) that cannot be unpacked"))),
        }
    }

    /// Whether its content is what a symbolic link points to.
    pub(super) fn is_link(&self) -> bool {
        !self.is_folder && self.unix_mode.is_some_and(|mode| mode & KIND == KIND_LINK)
    }

    /// What a snapshot keeps of it. A ZIP names no owner: it is whoever owns the archive.
    pub(super) fn metadata(&self) -> Metadata {
        let mode = self.unix_mode.map(|mode| mode & 0o777);
        let (uid, gid) = if mode.is_some() { self.owner } else { (0, 0) };
        Metadata { mode, uid, gid, modified: self.modified, xattrs: Vec::new() }
    }

    /// What tells whether it has changed. It is made of nothing but what next week's archive will say again of a file that is the
    /// same: length, time and checksum (docs/decisions/0013-unchanged-members-of-exports.md).
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            size: self.size,
            modified: self.modified,
            // A member has no such time. What is in an archive does not change under the reader's hands without its checksum
            // showing it.
            changed: Timestamp::default(),
            inode: u64::from(self.crc),
        }
    }

    /// Its kind, for what is no link.
    pub(super) fn kind(&self) -> ItemKind {
        match &self.obstacle {
            Some(failure) => ItemKind::Unreadable(failure.clone()),
            None if self.is_folder => ItemKind::Directory,
            None => ItemKind::File { size: self.size },
        }
    }
}

/// Something is wrong with the archive.
pub(super) fn damaged(message: &str) -> ReadFailure {
    ReadFailure::lasting(UnreadableReason::ReadError, message)
}

/// Nothing is wrong with the archive, and yet it cannot be read.
pub(super) fn unsupported(message: &str) -> ReadFailure {
    ReadFailure::lasting(UnreadableReason::Unsupported, message)
}

/// A date of MS-DOS, which is local time; 1970 where it is no date at all.
fn from_dos((date, time): (u16, u16), zone: &TimeZone) -> Timestamp {
    let part = |value: u16, shift: u32, bits: u32| i8::try_from((value >> shift) & ((1 << bits) - 1)).unwrap_or(0);
    // Seven bits, from 1980.
    let year = 1980 + (date >> 9).cast_signed();
    let (hour, minute, second) = (part(time, 11, 5), part(time, 5, 6), part(time, 0, 5) * 2);
    let local = DateTime::new(year, part(date, 5, 4), part(date, 0, 5), hour, minute, second, 0);
    let instant = local.and_then(|local| local.to_zoned(zone.clone()));
    instant.map_or_else(|_| Timestamp::default(), |instant| Timestamp::new(instant.timestamp().as_second(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_dos_are_local_and_an_impossible_one_is_1970() {
        let dos = |year: u16, month: u16, day: u16, hour: u16| {
            ((year - 1980) << 9 | month << 5 | day, hour << 11 | 2 << 5 | 1)
        };
        let uk = jiff::tz::TimeZoneDatabase::bundled().get("Europe/London").unwrap();
        // 21 November 2026, 17:02:02, and 1 July 2026, 11:02:02 in summer time.
        assert_eq!(from_dos(dos(2026, 11, 21, 17), &uk), Timestamp::new(1_795_280_522, 0));
        assert_eq!(from_dos(dos(2026, 7, 1, 11), &uk), Timestamp::new(1_782_900_122, 0));
        assert_eq!(from_dos((0, 0), &uk), Timestamp::default());
        assert_eq!(from_dos((u16::MAX, u16::MAX), &uk), Timestamp::default());
    }
}
