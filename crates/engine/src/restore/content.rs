//! How a file's chunks lie in it: one after another, laid around its holes.

use crate::EngineError;
use chest_model::{ChunkId, ChunkList, Entry, Hole, Metadata};
use chest_repo::compress::Decompressor;
use chest_repo::repository::Fetcher;
use chest_repo::tree::read_list;
use chest_repo::{ObjectError, RepoError};
use std::io::Write;
use std::ops::Range;

/// Part of a chunk that lies in one piece in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where in the file.
    pub(crate) offset: u64,
    /// Which bytes of the chunk.
    pub(crate) part: Range<usize>,
}

/// A chunk of a file and where its bytes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedChunk {
    pub(crate) id: ChunkId,
    pub(crate) length: u32,
    pub(crate) pieces: Vec<Piece>,
}

/// Lays chunks around holes. `None` where they do not make a file of that size.
pub(crate) fn lay_out(size: u64, chunks: &[(ChunkId, u32)], holes: &[Hole]) -> Option<Vec<PlacedChunk>> {
    let mut holes = holes.iter().peekable();
    let mut at = 0u64;
    let mut placed = Vec::with_capacity(chunks.len());
    for (id, length) in chunks {
        let mut pieces = Vec::with_capacity(1);
        let mut from = 0usize;
        while from < *length as usize {
            while let Some(hole) = holes.next_if(|hole| hole.offset <= at) {
                at = hole.offset.checked_add(hole.length)?;
            }
            let until_hole = holes.peek().map_or(u64::MAX, |hole| hole.offset - at);
            let take = u64::from(*length - from as u32).min(until_hole) as usize;
            pieces.push(Piece { offset: at, part: from..from + take });
            from += take;
            at = at.checked_add(take as u64)?;
        }
        placed.push(PlacedChunk { id: *id, length: *length, pieces });
    }
    let end = holes.try_fold(at, |end, hole| (hole.offset == end).then_some(end + hole.length))?;
    (end == size).then_some(placed)
}

/// Writes a file's content out in order, holes as zeros.
pub(crate) fn read_content(
    fetcher: &Fetcher,
    size: u64,
    list: &ChunkList,
    holes: &[Hole],
    out: &mut dyn Write,
) -> Result<u64, EngineError> {
    let malformed = || RepoError::Object {
        object: "a file's chunk list".to_owned(),
        problem: ObjectError::Malformed("a file's chunks and holes do not make its size"),
    };
    let chunks = read_list(list, fetcher)?;
    let placed = lay_out(size, &chunks, holes).ok_or_else(malformed)?;
    let mut decompressor = Decompressor::new().map_err(EngineError::Output)?;
    let mut at = 0;
    for chunk in placed {
        let plain = fetcher.chunk(&chunk.id, &mut decompressor)?;
        if plain.len() != chunk.length as usize {
            return Err(malformed().into());
        }
        for piece in chunk.pieces {
            write_zeros(piece.offset - at, out)?;
            out.write_all(&plain[piece.part.clone()]).map_err(EngineError::Output)?;
            at = piece.offset + piece.part.len() as u64;
        }
    }
    write_zeros(size - at, out)?;
    out.flush().map_err(EngineError::Output)?;
    Ok(size)
}

/// An entry's metadata. Small extended attributes stand in the tree; large ones are fetched.
pub(super) fn full_metadata(fetcher: &Fetcher, entry: &Entry) -> Result<Metadata, EngineError> {
    let mut metadata = entry.metadata.clone();
    for (name, list) in &entry.large_xattrs {
        let size = read_list(list, fetcher)?.iter().map(|(_, length)| u64::from(*length)).sum();
        let mut value = Vec::new();
        read_content(fetcher, size, list, &[], &mut value)?;
        metadata.xattrs.push((name.clone(), value));
    }
    Ok(metadata)
}

fn write_zeros(mut count: u64, out: &mut dyn Write) -> Result<(), EngineError> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    while count > 0 {
        let take = count.min(ZEROS.len() as u64);
        out.write_all(&ZEROS[..take as usize]).map_err(EngineError::Output)?;
        count -= take;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: u8, length: u32) -> (ChunkId, u32) {
        (ChunkId([name; 32]), length)
    }

    fn offsets(size: u64, chunks: &[(ChunkId, u32)], holes: &[(u64, u64)]) -> Option<Vec<(u64, usize)>> {
        let holes: Vec<Hole> = holes.iter().map(|&(offset, length)| Hole { offset, length }).collect();
        let placed = lay_out(size, chunks, &holes)?;
        Some(placed.iter().flat_map(|chunk| &chunk.pieces).map(|piece| (piece.offset, piece.part.len())).collect())
    }

    #[test]
    fn chunks_lie_around_holes_at_the_front_in_the_middle_and_at_the_end() {
        let chunks = [chunk(1, 10), chunk(2, 10)];
        assert_eq!(offsets(20, &chunks, &[]), Some(vec![(0, 10), (10, 10)]));
        assert_eq!(offsets(50, &chunks, &[(0, 5), (11, 7), (32, 18)]), Some(vec![(5, 6), (18, 4), (22, 10)]));
        assert_eq!(offsets(7, &[], &[(0, 7)]), Some(vec![]));
        assert_eq!(offsets(0, &[], &[]), Some(vec![]));
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        assert_eq!(offsets(21, &[chunk(1, 20)], &[]), None);
        assert_eq!(offsets(30, &[chunk(1, 10)], &[(15, 15)]), None);
    }
}
