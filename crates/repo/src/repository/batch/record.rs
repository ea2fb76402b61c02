//! The record that ends a run: the signature under everything that was put.

use super::{Batch, Stored};
use crate::error::RepoError;
use crate::header::ObjectType;
use crate::history::LogHistory;
use crate::layout::Place;
use crate::pack::chunks_start;
use crate::record::{
    Added, Inventory, LogPublic, MAX_LISTED, RUN, RecordParts, RecordRef, RootLocation, SealedRecord, SnapshotBody,
    WriterNote, seal_record,
};
use crate::repository::{fresh, put_settled};
use chest_model::{Completeness, Timestamp, WriterId};

/// What the run says of itself.
pub struct RunRecord {
    /// All heads of the own log.
    pub parents: Vec<RecordRef>,
    /// All heads of `owner/`.
    pub owner_heads: Vec<RecordRef>,
    /// Start of reading.
    pub started: Timestamp,
    /// End of reading.
    pub ended: Timestamp,
    /// Whether everything was read.
    pub completeness: Completeness,
    /// Bit n is set where class n is PARTIAL.
    pub partial_classes: u8,
    /// The newest record seen of every other live chain.
    pub other_heads: Vec<(WriterId, RecordRef)>,
    /// For the writer itself; its live index is filled in.
    pub note: WriterNote,
    /// For the reader; locations of the roots are filled in.
    pub body: SnapshotBody,
}

/// A record that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedRun {
    /// Its name.
    pub record: RecordRef,
    /// Its length.
    pub bytes: u64,
    /// Start of reading, as it stands in the record: every record is later than the one before it, whatever the clock says.
    pub started: Timestamp,
    /// End of reading, likewise.
    pub ended: Timestamp,
}

impl Batch<'_> {
    /// Seals, signs and puts the record. Along a chain, and from that of a machine that was replaced to its successor's, every record is
    /// later than the one before it: times are what tells the newest backup.
    pub fn record(&self, mut run: RunRecord, stored: &Stored, log: &LogHistory) -> Result<RecordedRun, RepoError> {
        let chain = self.sealer.key().writer();
        let before = run.parents.iter().filter_map(|parent| log.chain().get(parent)).map(|entry| entry.public.ended);
        if let Some(newest) = before.chain(self.options.writer.comes_after).max() {
            run.started = run.started.max(newest.just_after());
            run.ended = run.ended.max(run.started);
        }
        run.note.live_index = stored.live_index.clone();
        for root in &mut run.body.roots {
            root.location = stored.location(&root.tree);
        }
        let (started, ended) = (run.started, run.ended);
        let seq = run.parents.iter().map(|parent| parent.seq + 1).max().unwrap_or(0);
        let public = LogPublic {
            chain,
            seq,
            skips: log.chain().skips(&run.parents),
            parents: run.parents,
            owner_heads: run.owner_heads,
            started: run.started,
            ended: run.ended,
            completeness: run.completeness,
            partial_classes: run.partial_classes,
            added: self.put_inventory(stored)?,
            other_heads: run.other_heads,
        };
        let (public, note, body) = (public.encode(), run.note.encode(), run.body.encode());
        let parts = RecordParts {
            object_type: ObjectType::LogRecord,
            kind: RUN,
            public: &public,
            note: Some(&note),
            body: &body,
        };
        let random = fresh(self.options.environment)?;
        let SealedRecord { bytes, hash } =
            seal_record(&self.sealer, &self.sealer.key().signing_seed(), &parts, &random)
                .map_err(|problem| RepoError::object("the new record", problem))?;
        let record = RecordRef { seq, hash };
        let length = bytes.len() as u64;
        put_settled(self.options.store, &Place::Log(chain, record).name(), bytes)?;
        Ok(RecordedRun { record, bytes: length, started, ended })
    }

    fn put_inventory(&self, stored: &Stored) -> Result<Added, RepoError> {
        if stored.added.len() <= MAX_LISTED {
            return Ok(Added::Listed(stored.added.clone()));
        }
        let bytes = Inventory(stored.added.clone()).encode();
        let hash = chest_model::ObjectHash(*blake3::hash(&bytes).as_bytes());
        put_settled(self.options.store, &Place::Inventory(self.sealer.key().writer(), hash).name(), bytes)?;
        Ok(Added::Inventory { hash, count: stored.added.len() as u64 })
    }
}

impl Stored {
    /// Where a tree node lies, if this run put it.
    fn location(&self, node: &chest_model::ChunkId) -> Option<RootLocation> {
        let (pack, position) = self.nodes.get(node)?;
        let before: u64 = pack.chunks[..*position as usize].iter().map(crate::pack::PackedChunk::sealed_len).sum();
        Some(RootLocation {
            pack: pack.name,
            pack_len: pack.size,
            key_part: pack.key_part,
            position: *position,
            offset: chunks_start(pack.chunks.len()) + before,
            row: pack.chunks[*position as usize],
        })
    }
}
