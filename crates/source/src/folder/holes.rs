//! Where a sparse file has no data.

use chest_model::Hole;
use rustix::fd::AsFd;
use rustix::fs::{SeekFrom, seek};
use rustix::io::{Errno, Result};
use std::cmp::Reverse;

/// So many are passed over; those beyond them, the smallest, are read as the zeros that they are. A list of all that a large
/// file may have fits neither the memory nor the entry of a tree.
const MOST: usize = 1024;

/// The holes within the first `size` bytes; none where the file system does not tell.
pub(super) fn find_holes(file: impl AsFd, size: u64) -> Result<Vec<Hole>> {
    let mut holes = Vec::new();
    let mut position = 0;
    while position < size {
        let data = match seek(&file, SeekFrom::Data(position)) {
            Ok(data) => data.min(size),
            Err(Errno::NXIO) => size,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Vec::new()),
            Err(errno) => return Err(errno),
        };
        if data > position {
            holes.push(Hole { offset: position, length: data - position });
            if holes.len() >= 2 * MOST {
                keep_largest(&mut holes);
            }
        }
        if data == size {
            break;
        }
        position = match seek(&file, SeekFrom::Hole(data)) {
            Ok(hole) => hole.min(size),
            // It has been cut off since.
            Err(Errno::NXIO) => size,
            Err(errno) => return Err(errno),
        };
    }
    keep_largest(&mut holes);
    Ok(holes)
}

/// Of holes in order, the largest ones, in order.
fn keep_largest(holes: &mut Vec<Hole>) {
    if holes.len() > MOST {
        holes.select_nth_unstable_by_key(MOST, |hole| (Reverse(hole.length), hole.offset));
        holes.truncate(MOST);
        holes.sort_unstable_by_key(|hole| hole.offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_holes_are_kept_in_their_order() {
        let hole = |number: u64| Hole { offset: number * 10_000, length: 1 + number * 7919 % 5003 };
        let all: Vec<Hole> = (0..2 * MOST as u64).map(hole).collect();
        let mut kept = all.clone();
        keep_largest(&mut kept);
        assert_eq!(kept.len(), MOST);
        assert!(kept.is_sorted_by_key(|hole| hole.offset));
        let least = kept.iter().map(|hole| hole.length).min().unwrap();
        assert!(all.iter().all(|hole| kept.contains(hole) || hole.length <= least));
    }
}
