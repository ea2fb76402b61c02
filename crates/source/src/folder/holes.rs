//! Where a sparse file has no data.

use chest_model::Hole;
use rustix::fd::AsFd;
use rustix::fs::{SeekFrom, seek};
use rustix::io::{Errno, Result};

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
    Ok(holes)
}
