//! The end of a run whose record is safe: what this computer keeps for the next one, and what is said of this one.

use super::BackupOutcome;
use super::exceptions::Exceptions;
use super::guard::Judgement;
use super::run::{Round, Run};
use super::work::{Work, completeness};
use crate::EngineError;
use chest_model::Completeness;
use chest_repo::history::HistoryError;
use chest_repo::local::Seen;
use std::collections::BTreeMap;

impl Run<'_> {
    /// The record is safe: journal, caches and what was seen follow. What goes wrong now makes no backup undone.
    pub(super) fn finish(&self, round: Round<'_>) -> Result<BackupOutcome, EngineError> {
        let (Some(owner), Some(work), Some(recorded)) = (round.owner, round.work, round.recorded) else {
            return Err(HistoryError::OutOfOrder.into());
        };
        if let Some(log) = &round.log {
            super::copies::complete(&self.context.store, &owner, log);
        }
        let next_baseline = work.judgement.next_baseline(&work.roots, work.ended);
        let baseline_kept = next_baseline.store(&self.state, &self.local_key, self.context.environment);
        let classes = work.class_outcomes();
        let Work {
            batch,
            stored,
            mut roots,
            stored_before,
            hashes,
            ended,
            packs_taken_over,
            had_cache,
            lost_objects,
            judgement: Judgement { doubts, left_out, had_no_baseline, .. },
            mut troubles,
            ..
        } = work;
        troubles.note(baseline_kept);
        troubles.note(batch.end_journal());
        troubles.note(hashes.keep(roots.iter().filter_map(|root| root.known_by.as_deref())));
        for root in &mut roots {
            if let Some(cache) = root.cache.take() {
                troubles.note(cache.finish(self.context.environment));
            }
        }
        let own = self.writer.key.writer();
        let logs = BTreeMap::from([(own, vec![recorded.record])]);
        let seen = Seen { owner: owner.chain().heads(), logs };
        let name = Seen::name_for_writer(own);
        troubles.note(seen.store(&self.state, &name, &self.local_key, self.context.environment));
        let repository = self.writer.key.repository();
        let exceptions = Exceptions::of_all(roots.iter().map(|root| &root.exceptions));
        Ok(BackupOutcome {
            repository,
            writer: own,
            snapshot: recorded.record.hash,
            completeness: completeness(classes.iter().all(|one| one.completeness == Completeness::Complete)),
            classes,
            started: recorded.started,
            ended: recorded.ended,
            clock_behind: (recorded.ended > ended).then_some(ended),
            files_read: roots.iter().map(|root| root.files_read).sum(),
            bytes_read: roots.iter().map(|root| root.bytes_read).sum(),
            files_unchanged: roots.iter().map(|root| root.files_unchanged).sum(),
            chunks_added: stored.chunks,
            bytes_sent: stored.bytes + recorded.bytes,
            packs_taken_over,
            had_cache,
            lost_objects,
            not_kept: troubles.0,
            items_unread: exceptions.unread(),
            items_changed: exceptions.changed(),
            exceptions: exceptions.into_listed(),
            doubts,
            left_out,
            had_no_baseline,
            head_words: crate::init::head_words(repository, &recorded.record.hash),
            roots: roots.into_iter().map(|root| root.outcome).collect(),
            stored_before,
        })
    }
}
