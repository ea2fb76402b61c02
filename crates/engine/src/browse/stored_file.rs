//! A stored file that can be read and sought in like one on a disk, for readers that want only part of it. One chunk is in memory
//! at a time, beside what the fetcher keeps; who reads on from one to the next finds the next ones opened already.

use super::ShownPath;
use super::cat::entry_through;
use super::coming::Coming;
use super::nodes_at_hand::NodesAtHand;
use crate::restore::{PlacedChunk, lay_out};
use crate::{EngineError, Opened};
use chest_model::{ChunkId, EntryKind};
use chest_repo::repository::{Fetcher, Snapshot};
use chest_repo::tree::{ChunkReader, read_list};
use chest_repo::{ObjectError, RepoError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

/// So many chunks are asked for at a time by who reads here and there.
const AHEAD: usize = 16;

/// A file of a snapshot, open for reading.
pub struct StoredFile {
    fetcher: Arc<Fetcher>,
    chunks: Arc<[PlacedChunk]>,
    /// Where data lies in the file, ascending: the bytes from there, the chunk, and where in it they begin.
    stretches: Vec<(u64, usize, Range<usize>)>,
    size: u64,
    at: u64,
    /// The chunk read last.
    held: Option<(usize, Vec<u8>)>,
    /// Up to here chunks have been asked for.
    asked: usize,
    /// The next chunks, once one has been read after the other.
    coming: Option<Coming>,
}

impl StoredFile {
    /// Opens it; its content is fetched as it is read.
    pub fn open(opened: &Opened, snapshot: &Snapshot, at: &ShownPath) -> Result<Self, EngineError> {
        Self::open_through(&NodesAtHand::default(), opened, snapshot, at)
    }

    /// The same, with what other openings needed of the tree at hand.
    pub(crate) fn open_through(
        nodes: &NodesAtHand,
        opened: &Opened,
        snapshot: &Snapshot,
        at: &ShownPath,
    ) -> Result<Self, EngineError> {
        let fetcher = opened.fetcher_of(snapshot)?;
        let reader = nodes.before(&*fetcher);
        let entry = entry_through(&reader, snapshot, at)?;
        let EntryKind::File { size, chunks, holes, .. } = &entry.kind else {
            return Err(EngineError::NotAFile { path: chest_model::shown(&at.to_bytes()) });
        };
        let chunks = lay_out(*size, &read_list(chunks, &reader)?, holes).ok_or_else(malformed)?;
        let stretches = chunks.iter().enumerate().flat_map(|(number, chunk)| {
            chunk.pieces.iter().map(move |piece| (piece.offset, number, piece.part.clone()))
        });
        let stretches = stretches.collect();
        let chunks = chunks.into();
        Ok(Self { fetcher, chunks, stretches, size: *size, at: 0, held: None, asked: 0, coming: None })
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The chunks in which its first bytes lie, up to so many of them.
    pub(crate) fn first_chunks(&self, bytes: u64) -> impl Iterator<Item = ChunkId> {
        let mut before = 0;
        let first = self.chunks.iter().take_while(move |chunk| {
            let begins = before;
            before += u64::from(chunk.length);
            begins < bytes
        });
        first.map(|chunk| chunk.id)
    }

    /// What reads it.
    pub(crate) fn fetcher(&self) -> &Arc<Fetcher> {
        &self.fetcher
    }

    /// How many bytes both files begin with that are known to be the same without reading them.
    pub fn common_beginning(&self, other: &Self) -> u64 {
        let same = self.chunks.iter().zip(&*other.chunks).take_while(|(mine, theirs)| mine == theirs);
        let last = same.last().and_then(|(chunk, _)| chunk.pieces.last());
        last.map_or(0, |piece| piece.offset + piece.part.len() as u64)
    }

    fn chunk(&mut self, number: usize) -> io::Result<&[u8]> {
        if self.held.as_ref().is_none_or(|(held, _)| *held != number) {
            let plain = self.fetched(number).map_err(io::Error::other)?;
            if plain.len() != self.chunks[number].length as usize {
                return Err(io::Error::other(malformed()));
            }
            self.held = Some((number, plain));
        }
        Ok(self.held.as_ref().map_or(&[], |(_, plain)| plain))
    }

    fn fetched(&mut self, number: usize) -> Result<Vec<u8>, RepoError> {
        let follows = self.held.as_ref().is_some_and(|(held, _)| held + 1 == number);
        self.coming = match self.coming.take() {
            Some(coming) if coming.next() == number => Some(coming),
            _ if follows => Coming::begin(self.fetcher.clone(), self.chunks.clone(), number).ok(),
            _ => None,
        };
        let came = self.coming.as_mut().and_then(Coming::take);
        came.unwrap_or_else(|| self.fetched_now(number))
    }

    fn fetched_now(&mut self, number: usize) -> Result<Vec<u8>, RepoError> {
        if number >= self.asked || number + AHEAD < self.asked {
            let next = &self.chunks[number..self.chunks.len().min(number + AHEAD)];
            let ids: Vec<ChunkId> = next.iter().map(|chunk| chunk.id).collect();
            self.fetcher.read_ahead(&ids);
            self.asked = number + ids.len();
        }
        self.fetcher.read_chunk(&self.chunks[number].id)
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
