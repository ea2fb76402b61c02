//! A set of records that name their predecessors by hash. Normally a line; a fork where two copies of one machine wrote.

use crate::record::RecordRef;
use chest_model::ObjectHash;
use std::collections::{BTreeMap, BTreeSet};

/// Records by reference.
#[derive(Debug, Clone)]
pub struct Chain<T> {
    records: BTreeMap<RecordRef, (Vec<RecordRef>, T)>,
}

impl<T> Default for Chain<T> {
    fn default() -> Self {
        Self { records: BTreeMap::new() }
    }
}

impl<T> Chain<T> {
    /// Adds a record with its parents.
    pub fn insert(&mut self, record: RecordRef, parents: Vec<RecordRef>, value: T) {
        self.records.insert(record, (parents, value));
    }

    /// Whether it is there.
    pub fn contains(&self, record: &RecordRef) -> bool {
        self.records.contains_key(record)
    }

    /// The record.
    pub fn get(&self, record: &RecordRef) -> Option<&T> {
        self.records.get(record).map(|(_, value)| value)
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&RecordRef, &T)> {
        self.records.iter().map(|(record, (_, value))| (record, value))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records that no other names as parent, ascending. More than one: a fork.
    pub fn heads(&self) -> Vec<RecordRef> {
        let named: BTreeSet<&RecordRef> = self.records.values().flat_map(|(parents, _)| parents).collect();
        self.records.keys().filter(|record| !named.contains(record)).copied().collect()
    }

    /// The heads that cannot have been joined by a record that is missing: more than one is a fork, not a gap.
    pub fn heads_after_gaps(&self) -> Vec<RecordRef> {
        let last_gap = self.gaps().into_iter().filter(|gap| !self.contains(gap)).map(|gap| gap.seq).max();
        self.heads().into_iter().filter(|head| last_gap.is_none_or(|gap| head.seq >= gap)).collect()
    }

    /// Parents that are named and not there, ascending; also records whose number does not follow from their parents'.
    pub fn gaps(&self) -> Vec<RecordRef> {
        let mut gaps: BTreeSet<RecordRef> = self
            .records
            .values()
            .flat_map(|(parents, _)| parents)
            .filter(|parent| !self.contains(parent))
            .copied()
            .collect();
        gaps.extend(
            self.records.iter().filter(|(record, (parents, _))| !follows(record, parents)).map(|(record, _)| *record),
        );
        gaps.into_iter().collect()
    }

    /// The records reachable from these over parents, themselves included.
    pub fn ancestry(&self, heads: &[RecordRef]) -> BTreeSet<RecordRef> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<RecordRef> = heads.to_vec();
        while let Some(record) = next.pop() {
            if let Some((parents, _)) = self.records.get(&record)
                && reached.insert(record)
            {
                next.extend(parents);
            }
        }
        reached
    }

    /// The ancestors 2, 4, 8 … back along the first parents of a record with these parents.
    pub fn skips(&self, parents: &[RecordRef]) -> Vec<RecordRef> {
        let mut skips = Vec::new();
        let mut at = parents.first().copied();
        let mut distance = 1u64;
        let mut wanted = 2;
        while let Some(record) = at {
            if distance == wanted {
                skips.push(record);
                wanted *= 2;
            }
            at = self.records.get(&record).and_then(|(parents, _)| parents.first().copied());
            distance += 1;
        }
        skips
    }

    /// Hashes only, for messages and comparisons.
    pub fn head_hashes(&self) -> Vec<ObjectHash> {
        self.heads().iter().map(|head| head.hash).collect()
    }
}

/// A record's number is one more than its largest parent's; without parents it is 0.
fn follows(record: &RecordRef, parents: &[RecordRef]) -> bool {
    record.seq == parents.iter().map(|parent| parent.seq.saturating_add(1)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64, name: u8) -> RecordRef {
        RecordRef { seq, hash: ObjectHash([name; 32]) }
    }

    fn chain(records: &[(RecordRef, &[RecordRef])]) -> Chain<()> {
        let mut chain = Chain::default();
        for (record, parents) in records {
            chain.insert(*record, parents.to_vec(), ());
        }
        chain
    }

    #[test]
    fn a_fork_has_two_heads_and_joins_in_the_next_record() {
        let mut forked = chain(&[(at(0, 0), &[]), (at(1, 1), &[at(0, 0)]), (at(1, 2), &[at(0, 0)])]);
        assert_eq!(forked.heads(), [at(1, 1), at(1, 2)]);
        forked.insert(at(2, 3), forked.heads(), ());
        assert_eq!(forked.heads(), [at(2, 3)]);
        assert_eq!(forked.ancestry(&[at(2, 3)]).len(), 4);
    }

    #[test]
    fn removed_and_misnumbered_records_are_gaps() {
        let removed = chain(&[(at(0, 0), &[]), (at(2, 2), &[at(1, 1)])]);
        assert_eq!(removed.gaps(), [at(1, 1)]);
        let misnumbered = chain(&[(at(0, 0), &[]), (at(5, 5), &[at(0, 0)])]);
        assert_eq!(misnumbered.gaps(), [at(5, 5)]);
    }

    #[test]
    fn what_a_missing_record_may_have_joined_is_no_fork() {
        let removed = chain(&[(at(0, 0), &[]), (at(2, 2), &[at(1, 1)])]);
        assert_eq!(removed.heads(), [at(0, 0), at(2, 2)]);
        assert_eq!(removed.heads_after_gaps(), [at(2, 2)]);
        let forked = chain(&[(at(0, 0), &[]), (at(2, 2), &[at(1, 1)]), (at(2, 3), &[at(1, 1)])]);
        assert_eq!(forked.heads_after_gaps(), [at(2, 2), at(2, 3)]);
    }

    #[test]
    fn skips_go_back_by_powers_of_two() {
        let mut line = Chain::default();
        let mut parents = Vec::new();
        for seq in 0..20 {
            let record = at(seq, seq as u8);
            line.insert(record, parents, ());
            parents = vec![record];
        }
        let seqs: Vec<u64> = line.skips(&parents).iter().map(|record| record.seq).collect();
        assert_eq!(seqs, [18, 16, 12, 4]);
    }
}
