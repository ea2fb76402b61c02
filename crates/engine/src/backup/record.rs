//! The record of a run: what was backed up and put, and what of it is said to readers and to the next run.

use super::exceptions::Exceptions;
use super::run::{Round, Run};
use super::work::{Work, completeness};
use crate::EngineError;
use chest_model::{Class, WriterId};
use chest_repo::history::{HistoryError, LogHistory, OnNewer, OwnerHistory};
use chest_repo::record::{ClassCount, NoteRoot, RecordRef, SnapshotBody, SnapshotRoot, Statistics, WriterNote};
use chest_repo::repository::{LookAhead, RunRecord};
use std::collections::{BTreeMap, BTreeSet};

impl Run<'_> {
    /// Puts the record of what was backed up.
    pub(super) fn record(
        &self,
        round: &mut Round<'_>,
        parents: Vec<RecordRef>,
        owner_heads: Vec<RecordRef>,
    ) -> Result<RecordRef, EngineError> {
        let (Some(owner), Some(log), Some(look), Some(work)) = (&round.owner, &round.log, &round.stored, &round.work)
        else {
            return Err(HistoryError::OutOfOrder.into());
        };
        let exceptions = Exceptions::of_all(work.roots.iter().map(|root| &root.exceptions));
        let partial = work.partial_classes();
        let run = RunRecord {
            parents,
            owner_heads,
            started: work.started,
            ended: work.ended,
            completeness: completeness(partial.is_empty()),
            partial_classes: partial.iter().map(|class| 1 << class.number()).sum(),
            other_heads: self.other_heads(owner, look)?,
            note: self.note(work, &partial),
            body: self.body(work, exceptions, owner),
        };
        let recorded = work.batch.record(run, &work.stored, log)?;
        round.recorded = Some(recorded);
        Ok(recorded.record)
    }

    fn note(&self, work: &Work<'_>, partial: &BTreeSet<Class>) -> WriterNote {
        let mut last = last_complete(&work.notes);
        let now = work.class_counts();
        last.extend(now.into_iter().filter(|(_, count)| !partial.contains(&count.class)));
        let roots = work
            .roots
            .iter()
            .map(|root| NoteRoot { label: root.outcome.description.label.clone(), tree: root.root })
            .collect();
        WriterNote { live_index: Vec::new(), last_complete: last.into_values().collect(), roots }
    }

    fn body(&self, work: &Work<'_>, exceptions: Exceptions, owner: &OwnerHistory) -> SnapshotBody {
        let roots = work
            .roots
            .iter()
            .map(|root| SnapshotRoot {
                description: root.outcome.description.clone(),
                tree: root.root,
                location: None,
                files: root.outcome.files,
                bytes: root.outcome.bytes,
                containers: root.outcome.containers.clone(),
                newest_content: root.outcome.newest_content,
                forerunner: root.forerunner.clone(),
                left_out_by: root.left_out_by.clone(),
            })
            .collect();
        SnapshotBody {
            roots,
            exception_count: exceptions.count(),
            exceptions: exceptions.into_listed(),
            host: self.context.environment.host_name(),
            reason: self.options.reason.clone(),
            chunker: owner.configuration().chunker,
            program: self.options.program.clone(),
            statistics: Statistics {
                files_read: work.roots.iter().map(|root| root.files_read).sum(),
                bytes_read: work.roots.iter().map(|root| root.bytes_read).sum(),
                chunks_added: work.stored.chunks,
                bytes_sent: work.stored.bytes,
            },
            doubts: work.judgement.doubts.clone(),
        }
    }

    /// The newest record of every other live chain, as they were when the run began.
    fn other_heads(&self, owner: &OwnerHistory, look: &LookAhead) -> Result<Vec<(WriterId, RecordRef)>, EngineError> {
        let revoked = owner.view().revoked;
        let mut heads = Vec::new();
        for (writer, grant) in owner.writers() {
            if writer != self.writer.key.writer() && !revoked.contains(&writer) {
                let log = LogHistory::read(look, owner, &grant, OnNewer::Refuse)?;
                heads.extend(log.chain().heads().last().map(|head| (writer, *head)));
            }
        }
        Ok(heads)
    }
}

/// What the last complete run of each class held, by the class's number.
fn last_complete(notes: &[WriterNote]) -> BTreeMap<u8, ClassCount> {
    notes.iter().flat_map(|note| &note.last_complete).map(|count| (count.class.number(), *count)).collect()
}
