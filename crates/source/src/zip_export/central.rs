//! The directory at the end of an archive: one record for each member, read one after another, so that memory follows from
//! what is kept of them.

use super::archive::{Budget, Listing};
use super::bytes::{Stretch, u16_at, u32_at};
use super::end::Directory;
use super::extra::Sizes;
use super::member::{Header, Member, damaged, unsupported};
use jiff::tz::TimeZone;
use std::io;

/// How a record of the directory begins.
pub(super) const RECORD: &[u8; 4] = b"PK\x01\x02";
const RECORD_LEN: usize = 46;
const IN_ANOTHER_PIECE: &str = "it lies in another piece of a ZIP file that was split into several (.z01, .z02 and so on): unpack them \
                                together, and back up that folder";

/// What a directory lists, or `None` where it is not what an archive's end says.
pub(super) fn read(
    mut stretch: Stretch,
    directory: &Directory,
    (archive, owner): (usize, (u32, u32)),
    zone: &TimeZone,
    budget: &mut Budget,
) -> io::Result<Option<Listing>> {
    let mut members: Vec<(Vec<u8>, Member)> = Vec::new();
    let mut variable = Vec::new();
    while stretch.position() < directory.end {
        let mut record = [0; RECORD_LEN];
        if !stretch.fill(&mut record)? || !record.starts_with(RECORD) {
            return Ok(None);
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(&record, at)));
        if let Err(problem) = budget.take(RECORD_LEN + name + extra + comment) {
            bound(&mut members, directory.start);
            return Ok(Some(Listing { members, missing: Some(problem) }));
        }
        variable.resize(name + extra + comment, 0);
        if !stretch.fill(&mut variable)? {
            return Ok(None);
        }
        let (raw_name, rest) = variable.split_at(name);
        let header = Header {
            made_by: u16_at(&record, 4),
            flags: u16_at(&record, 8),
            method: u16_at(&record, 10),
            dos: (u16_at(&record, 14), u16_at(&record, 12)),
            crc: u32_at(&record, 16),
            sizes: Sizes {
                packed: u64::from(u32_at(&record, 20)),
                size: u64::from(u32_at(&record, 24)),
                header: u64::from(u32_at(&record, 42)),
            },
            attributes: u32_at(&record, 38),
            raw_name,
            extra: &rest[..extra],
        };
        let (name, mut member) = header.member(archive, owner, zone);
        if let Err(problem) = budget.take_name(&name, raw_name.len()) {
            bound(&mut members, directory.start);
            return Ok(Some(Listing { members, missing: Some(problem) }));
        }
        member.header = member.header.saturating_add(directory.shift);
        if directory.piece.is_some_and(|piece| piece != u16_at(&record, 34)) {
            member.obstacle = Some(unsupported(IN_ANOTHER_PIECE));
        }
        members.push((name, member));
    }
    let listed = members.len() as u64;
    let as_many = if directory.counted_in_full { listed } else { listed & 0xffff };
    if as_many != directory.members {
        return Ok(None);
    }
    bound(&mut members, directory.start);
    Ok(Some(Listing { members, missing: None }))
}

/// No two members may share bytes: an archive of a few kilobytes could unpack to petabytes otherwise. Those that begin where
/// another does are refused here; what reaches into the next one is refused when it is read, when its own header has said
/// where its data begins.
pub(super) fn bound(members: &mut [(Vec<u8>, Member)], directory_start: u64) {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|&at| members[at].1.header);
    let mut next = directory_start;
    for position in (0..order.len()).rev() {
        let (at, header) = (order[position], members[order[position]].1.header);
        let is_second = position > 0 && members[order[position - 1]].1.header == header;
        let member = &mut members[at].1;
        member.boundary = next;
        if is_second {
            member.obstacle =
                Some(damaged("in the ZIP file it shares its bytes with another file, as no honest one does"));
        } else {
            next = header;
        }
    }
}
