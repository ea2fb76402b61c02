//! A stored file that can be read and sought in like one on a disk, for readers that want only part of it. One chunk is in memory
//! at a time, beside what the fetcher keeps; the next ones are asked for ahead where that pays.

use super::{ShownPath, entry_at};
use crate::restore::{PlacedChunk, lay_out};
use crate::{EngineError, Opened};
use chest_model::{ChunkId, EntryKind};
use chest_repo::compress::Decompressor;
use chest_repo::repository::{Fetcher, Snapshot};
use chest_repo::tree::read_list;
use chest_repo::{ObjectError, RepoError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

/// So many chunks are asked for at a time.
const AHEAD: usize = 16;

/// A file of a snapshot, open for reading.
pub struct StoredFile {
    fetcher: Arc<Fetcher>,
    decompressor: Decompressor,
    chunks: Vec<PlacedChunk>,
    /// Where data lies in the file, ascending: the bytes from there, the chunk, and where in it they begin.
    stretches: Vec<(u64, usize, Range<usize>)>,
    size: u64,
    at: u64,
    /// The chunk read last.
    held: Option<(usize, Vec<u8>)>,
    /// Up to here chunks have been asked for.
    asked: usize,
}

impl StoredFile {
    /// Opens it; its content is fetched as it is read.
    pub fn open(opened: &Opened, snapshot: &Snapshot, at: &ShownPath) -> Result<Self, EngineError> {
        let entry = entry_at(opened, snapshot, at)?;
        let EntryKind::File { size, chunks, holes, .. } = &entry.kind else {
            return Err(EngineError::NotAFile { path: chest_model::shown(&at.to_bytes()) });
        };
        let fetcher = opened.fetcher_of(snapshot)?;
        let chunks = lay_out(*size, &read_list(chunks, &*fetcher)?, holes).ok_or_else(malformed)?;
        let stretches = chunks.iter().enumerate().flat_map(|(number, chunk)| {
            chunk.pieces.iter().map(move |piece| (piece.offset, number, piece.part.clone()))
        });
        let stretches = stretches.collect();
        let decompressor = Decompressor::new().map_err(EngineError::Output)?;
        Ok(Self { fetcher, decompressor, chunks, stretches, size: *size, at: 0, held: None, asked: 0 })
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many bytes both files begin with that are known to be the same without reading them.
    pub fn common_beginning(&self, other: &Self) -> u64 {
        let same = self.chunks.iter().zip(&other.chunks).take_while(|(mine, theirs)| mine == theirs);
        let last = same.last().and_then(|(chunk, _)| chunk.pieces.last());
        last.map_or(0, |piece| piece.offset + piece.part.len() as u64)
    }

    fn chunk(&mut self, number: usize) -> io::Result<&[u8]> {
        if self.held.as_ref().is_none_or(|(held, _)| *held != number) {
            if number >= self.asked || number + AHEAD < self.asked {
                let next = &self.chunks[number..self.chunks.len().min(number + AHEAD)];
                let ids: Vec<ChunkId> = next.iter().map(|chunk| chunk.id).collect();
                self.fetcher.read_ahead(&ids);
                self.asked = number + ids.len();
            }
            let chunk = &self.chunks[number];
            let plain = self.fetcher.chunk(&chunk.id, &mut self.decompressor).map_err(io::Error::other)?;
            if plain.len() != chunk.length as usize {
                return Err(io::Error::other(malformed()));
            }
            self.held = Some((number, plain));
        }
        Ok(self.held.as_ref().map_or(&[], |(_, plain)| plain))
    }
}

impl Read for StoredFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = out.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let at = self.at;
        let next = self.stretches.partition_point(|(from, _, _)| *from <= at);
        let inside = next.checked_sub(1).and_then(|number| self.stretches.get(number)).cloned();
        let inside = inside.filter(|(from, _, part)| at < from + part.len() as u64);
        let taken = match inside {
            Some((from, chunk, part)) => {
                let begin = part.start + (at - from) as usize;
                let taken = wanted.min(part.end - begin);
                out[..taken].copy_from_slice(&self.chunk(chunk)?[begin..begin + taken]);
                taken
            }
            // A hole, up to the next data.
            None => {
                let until = self.stretches.get(next).map_or(self.size, |(from, _, _)| *from);
                let taken = wanted.min(usize::try_from(until - at).unwrap_or(usize::MAX));
                out[..taken].fill(0);
                taken
            }
        };
        self.at += taken as u64;
        Ok(taken)
    }
}

impl Seek for StoredFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        self.at = to.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

fn malformed() -> RepoError {
    let problem = ObjectError::Malformed("a file's chunks and holes do not make its size");
    RepoError::Object { object: "a file's chunk list".to_owned(), problem }
}
