//! Chunk lists of very large files: cut into lists of their own, on the ids' own bits, so that a change in the middle of a
//! file rewrites one list and not all that follow.

use super::builder::NodeSink;
use super::entry::{decode_refs, encode_refs};
use super::reader::ChunkReader;
use crate::error::{ObjectError, RepoError};
use crate::header::le32;
use chest_model::{ChunkId, ChunkList};

/// Up to so many references stand in the entry itself.
const INLINE: usize = 512;
/// No list but the last is shorter.
const MIN_REFS: usize = 128;
/// No list is longer.
const MAX_REFS: usize = 1024;
/// A list ends after an id whose first four bytes have these bits zero.
const CUT_MASK: u32 = 0x1ff;
/// 512 to the fifth chunks are more than any file has.
pub(super) const MAX_DEPTH: u8 = 4;

/// The most chunks that a file may have: a tebibyte of the default size. A reader keeps them all in memory, so that a hostile
/// list must not claim more.
pub const MAX_CHUNKS: usize = 1 << 20;

/// Moves a long list of chunks into nodes until what is left fits an entry; gives the ids of those nodes too.
pub fn shorten_list(mut list: ChunkList, sink: &mut dyn NodeSink) -> Result<(ChunkList, Vec<ChunkId>), RepoError> {
    let mut nodes = Vec::new();
    while list.chunks.len() > INLINE && list.depth < MAX_DEPTH {
        let mut upper = Vec::new();
        for part in cut(&list.chunks) {
            let plain = encode_refs(part);
            // At most 36 KiB.
            let length = plain.len() as u32;
            upper.push((sink.node(plain)?, length));
        }
        nodes.extend(upper.iter().map(|(id, _)| *id));
        list = ChunkList { depth: list.depth + 1, chunks: upper };
    }
    Ok((list, nodes))
}

fn cut(refs: &[(ChunkId, u32)]) -> Vec<&[(ChunkId, u32)]> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (i, (id, _)) in refs.iter().enumerate() {
        let length = i + 1 - start;
        if length >= MAX_REFS || (length >= MIN_REFS && le32(&id.0[..4]) & CUT_MASK == 0) {
            parts.push(&refs[start..=i]);
            start = i + 1;
        }
    }
    if start < refs.len() {
        parts.push(&refs[start..]);
    }
    parts
}

/// The content's chunks, however deep the list is.
pub fn read_list(list: &ChunkList, reader: &dyn ChunkReader) -> Result<Vec<(ChunkId, u32)>, RepoError> {
    let mut refs = list.chunks.clone();
    for _ in 0..list.depth {
        // As much as the lists can hold, in one piece: growing by doubling would need twice the room.
        let mut lower = Vec::with_capacity(refs.len().saturating_mul(MAX_REFS).min(MAX_CHUNKS));
        for (id, length) in refs {
            let plain = reader.read_chunk(&id)?;
            let malformed = |what| RepoError::object(format!("chunk list {id}"), ObjectError::Malformed(what));
            if plain.len() != length as usize {
                return Err(malformed("a list's length is not what its reference says"));
            }
            let found =
                decode_refs(&plain).map_err(|problem| RepoError::object(format!("chunk list {id}"), problem))?;
            if found.is_empty() {
                return Err(malformed("an empty part of a chunk list"));
            }
            if found.len() > MAX_REFS || lower.len() + found.len() > MAX_CHUNKS {
                return Err(malformed("more chunks than any file has"));
            }
            lower.extend(found);
        }
        refs = lower;
    }
    Ok(refs)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Memory;
    use super::*;

    fn refs(count: u32) -> Vec<(ChunkId, u32)> {
        (0..count).map(|i| (ChunkId(*blake3::hash(&i.to_le_bytes()).as_bytes()), i)).collect()
    }

    #[test]
    fn a_list_of_a_million_chunks_comes_back_and_an_insertion_rewrites_little() {
        let mut memory = Memory::default();
        let long = refs(1_000_000);
        let (short, _) = shorten_list(ChunkList { depth: 0, chunks: long.clone() }, &mut memory).unwrap();
        assert!(short.chunks.len() <= INLINE && short.depth >= 2);
        assert_eq!(read_list(&short, &memory).unwrap(), long);

        let before = memory.0.len();
        let mut changed = long;
        changed.insert(500_000, (ChunkId([7; 32]), 1));
        shorten_list(ChunkList { depth: 0, chunks: changed }, &mut memory).unwrap();
        assert!(memory.0.len() - before < 12, "{} new lists", memory.0.len() - before);
    }

    /// Promise 4, for chunk lists.
    #[test]
    fn golden_list_cuts() {
        let refs = refs(5000);
        let lengths: Vec<usize> = cut(&refs).iter().map(|part| part.len()).collect();
        assert_eq!(lengths, GOLDEN, "{lengths:?}");
    }
    const GOLDEN: &[usize] = &[204, 997, 1024, 483, 213, 907, 414, 312, 446];
}
