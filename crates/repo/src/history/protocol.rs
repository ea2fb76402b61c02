//! The writer's part of the protocol as a pure state machine: look, record, look again. No clock, no randomness, no I/O: the
//! same code runs in production and under an explorer that tries every interleaving (docs/format.md, "Protocol").

use super::HistoryError;
use crate::layout::Place;
use crate::record::RecordRef;
use chest_model::{ObjectHash, WriterId};
use std::collections::{BTreeMap, BTreeSet};

/// What a listing of `owner/` showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnerView {
    /// Every record.
    pub records: BTreeSet<RecordRef>,
    /// Those that none names as parent.
    pub heads: Vec<RecordRef>,
    /// Parents that are named and not there.
    pub gaps: Vec<RecordRef>,
    /// Packs that are condemned, bad or dropped: for ever.
    pub condemned: BTreeSet<ObjectHash>,
    /// Writers that are revoked.
    pub revoked: BTreeSet<WriterId>,
    /// The records of each writer that drops and cuts have counted.
    pub counted: BTreeMap<WriterId, BTreeSet<RecordRef>>,
}

/// What a listing of a writer's log showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogView {
    /// Every record.
    pub records: BTreeSet<RecordRef>,
    /// Those that none names as parent.
    pub heads: Vec<RecordRef>,
    /// Parents that are named and not there.
    pub gaps: Vec<RecordRef>,
    /// The owner's records that these records have seen.
    pub pinned: BTreeSet<RecordRef>,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriterEvent {
    /// `owner/` was listed.
    Owner(OwnerView),
    /// The writer's own log was listed.
    OwnLog(LogView),
    /// Packs and index are in the store, seen by listing.
    Stored,
    /// The record is in the store.
    Recorded(RecordRef),
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriterOperation {
    /// List `owner/`.
    ListOwner,
    /// List the writer's own log.
    ListOwnLog,
    /// Read the index, send packs and index; rely on no pack of `condemned`.
    Store {
        /// Packs not to be relied on.
        condemned: BTreeSet<ObjectHash>,
    },
    /// Put the record.
    Record {
        /// Its parents: all heads of the own log.
        parents: Vec<RecordRef>,
        /// All heads of `owner/`.
        owner_heads: Vec<RecordRef>,
    },
    /// It is over.
    Finish(Verdict),
}

/// How a round ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The snapshot is safe.
    Saved,
    /// A pack was condemned while the run went on: the same work again, with a new record.
    Again,
    /// Not saved.
    Refused(HistoryError),
}

/// Where the machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Begin,
    Owner(OwnerView),
    Storing { start: OwnerView, parents: Vec<RecordRef> },
    Recording { start: OwnerView },
    LookLog { start: OwnerView, record: RecordRef },
    LookOwner { start: OwnerView, log: LogView },
    Done,
}

/// One run of a writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterMachine {
    writer: WriterId,
    /// Owner's and own records that this machine has seen in earlier runs.
    seen_owner: Vec<RecordRef>,
    seen_log: Vec<RecordRef>,
    state: State,
}

impl WriterMachine {
    /// Begins; the first operation is always to list `owner/`.
    pub fn new(writer: WriterId, seen_owner: Vec<RecordRef>, seen_log: Vec<RecordRef>) -> (Self, WriterOperation) {
        (Self { writer, seen_owner, seen_log, state: State::Begin }, WriterOperation::ListOwner)
    }

    /// Takes an event and says what is to be done next. An event that does not fit the state is a mistake of the caller
    /// and refused as a gap would be: nothing is acknowledged.
    pub fn step(&mut self, event: WriterEvent) -> WriterOperation {
        let state = std::mem::replace(&mut self.state, State::Done);
        match self.next(state, event) {
            Ok((state, operation)) => {
                self.state = state;
                operation
            }
            Err(error) => WriterOperation::Finish(Verdict::Refused(error)),
        }
    }

    fn next(&self, state: State, event: WriterEvent) -> Result<(State, WriterOperation), HistoryError> {
        Ok(match (state, event) {
            (State::Begin, WriterEvent::Owner(owner)) => {
                self.check_owner(&owner, &self.seen_owner)?;
                (State::Owner(owner), WriterOperation::ListOwnLog)
            }
            (State::Owner(start), WriterEvent::OwnLog(log)) => {
                self.check_log(&log, &self.seen_log)?;
                self.check_counted(&log, &start)?;
                check_pins(&log.pinned, &start)?;
                let condemned = start.condemned.clone();
                (State::Storing { start, parents: log.heads }, WriterOperation::Store { condemned })
            }
            (State::Storing { start, parents }, WriterEvent::Stored) => {
                let owner_heads = start.heads.clone();
                (State::Recording { start }, WriterOperation::Record { parents, owner_heads })
            }
            (State::Recording { start }, WriterEvent::Recorded(record)) => {
                (State::LookLog { start, record }, WriterOperation::ListOwnLog)
            }
            (State::LookLog { start, record }, WriterEvent::OwnLog(log)) => {
                self.check_log(&log, &[record])?;
                (State::LookOwner { start, log }, WriterOperation::ListOwner)
            }
            (State::LookOwner { start, log }, WriterEvent::Owner(owner)) => {
                self.check_owner(&owner, &start.heads)?;
                self.check_counted(&log, &owner)?;
                check_pins(&log.pinned, &owner)?;
                let verdict = if owner.condemned == start.condemned { Verdict::Saved } else { Verdict::Again };
                (State::Done, WriterOperation::Finish(verdict))
            }
            _ => return Err(HistoryError::OutOfOrder),
        })
    }

    fn check_owner(&self, owner: &OwnerView, must_hold: &[RecordRef]) -> Result<(), HistoryError> {
        if let Some(missing) = owner.gaps.first() {
            return Err(HistoryError::Gap { missing: Place::Owner(*missing).name().to_string() });
        }
        if let Some(missing) = must_hold.iter().find(|record| !owner.records.contains(record)) {
            return Err(HistoryError::SeenBeforeMissing { missing: Place::Owner(*missing).name().to_string() });
        }
        if owner.revoked.contains(&self.writer) {
            return Err(HistoryError::Revoked { writer: self.writer });
        }
        Ok(())
    }

    /// What the owner has counted of the own log must be in the listing of the own log.
    fn check_counted(&self, log: &LogView, owner: &OwnerView) -> Result<(), HistoryError> {
        let counted = owner.counted.get(&self.writer).into_iter().flatten();
        match counted.copied().find(|record| !log.records.contains(record)) {
            Some(missing) => Err(HistoryError::Gap { missing: Place::Log(self.writer, missing).name().to_string() }),
            None => Ok(()),
        }
    }

    fn check_log(&self, log: &LogView, must_hold: &[RecordRef]) -> Result<(), HistoryError> {
        let name = |record: &RecordRef| Place::Log(self.writer, *record).name().to_string();
        if let Some(missing) = log.gaps.first() {
            return Err(HistoryError::Gap { missing: name(missing) });
        }
        match must_hold.iter().find(|record| !log.records.contains(record)) {
            Some(missing) => Err(HistoryError::SeenBeforeMissing { missing: name(missing) }),
            None => Ok(()),
        }
    }
}

/// What the own log has seen of `owner/` must be in the listing of `owner/`.
fn check_pins(pinned: &BTreeSet<RecordRef>, owner: &OwnerView) -> Result<(), HistoryError> {
    match pinned.iter().find(|record| !owner.records.contains(record)) {
        Some(missing) => Err(HistoryError::Gap { missing: Place::Owner(*missing).name().to_string() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITER: WriterId = WriterId([1; 16]);

    fn at(seq: u64, name: u8) -> RecordRef {
        RecordRef { seq, hash: ObjectHash([name; 32]) }
    }

    fn owner(records: &[RecordRef], condemned: &[u8]) -> OwnerView {
        OwnerView {
            records: records.iter().copied().collect(),
            heads: records.last().copied().into_iter().collect(),
            condemned: condemned.iter().map(|name| ObjectHash([*name; 32])).collect(),
            ..OwnerView::default()
        }
    }

    fn log(records: &[RecordRef], pinned: &[RecordRef]) -> LogView {
        LogView {
            records: records.iter().copied().collect(),
            heads: records.last().copied().into_iter().collect(),
            gaps: vec![],
            pinned: pinned.iter().copied().collect(),
        }
    }

    /// Runs a whole round; the last look sees `look_log` and `look_owner`.
    fn round(start: OwnerView, look_log: LogView, look_owner: OwnerView) -> WriterOperation {
        let (mut machine, first) = WriterMachine::new(WRITER, vec![at(0, 9)], vec![]);
        assert_eq!(first, WriterOperation::ListOwner);
        machine.step(WriterEvent::Owner(start));
        machine.step(WriterEvent::OwnLog(LogView::default()));
        machine.step(WriterEvent::Stored);
        machine.step(WriterEvent::Recorded(at(0, 1)));
        machine.step(WriterEvent::OwnLog(look_log));
        machine.step(WriterEvent::Owner(look_owner))
    }

    #[test]
    fn a_quiet_round_is_saved() {
        let view = owner(&[at(0, 9)], &[]);
        let end = round(view.clone(), log(&[at(0, 1)], &[at(0, 9)]), view);
        assert_eq!(end, WriterOperation::Finish(Verdict::Saved));
    }

    #[test]
    fn a_pack_condemned_meanwhile_means_another_round() {
        let end = round(owner(&[at(0, 9)], &[]), log(&[at(0, 1)], &[at(0, 9)]), owner(&[at(0, 9), at(1, 8)], &[7]));
        assert_eq!(end, WriterOperation::Finish(Verdict::Again));
    }

    #[test]
    fn a_revocation_meanwhile_means_not_saved() {
        let mut revoked = owner(&[at(0, 9), at(1, 8)], &[]);
        revoked.revoked.insert(WRITER);
        let end = round(owner(&[at(0, 9)], &[]), log(&[at(0, 1)], &[at(0, 9)]), revoked);
        assert_eq!(end, WriterOperation::Finish(Verdict::Refused(HistoryError::Revoked { writer: WRITER })));
    }

    #[test]
    fn a_listing_that_omits_what_a_clone_has_pinned_is_not_believed() {
        let end =
            round(owner(&[at(0, 9)], &[]), log(&[at(0, 1), at(1, 2)], &[at(0, 9), at(1, 8)]), owner(&[at(0, 9)], &[]));
        assert!(matches!(end, WriterOperation::Finish(Verdict::Refused(HistoryError::Gap { .. }))), "{end:?}");
    }

    #[test]
    fn a_listing_that_omits_what_the_owner_has_counted_is_not_believed() {
        let mut view = owner(&[at(0, 9)], &[]);
        view.counted.entry(WRITER).or_default().insert(at(4, 4));
        let (mut machine, _) = WriterMachine::new(WRITER, vec![], vec![]);
        machine.step(WriterEvent::Owner(view));
        let end = machine.step(WriterEvent::OwnLog(LogView::default()));
        assert!(matches!(end, WriterOperation::Finish(Verdict::Refused(HistoryError::Gap { .. }))), "{end:?}");
    }

    #[test]
    fn what_was_seen_before_must_still_be_there() {
        let (mut machine, _) = WriterMachine::new(WRITER, vec![at(3, 3)], vec![]);
        let end = machine.step(WriterEvent::Owner(owner(&[at(0, 9)], &[])));
        assert!(matches!(end, WriterOperation::Finish(Verdict::Refused(HistoryError::SeenBeforeMissing { .. }))));
    }

    #[test]
    fn our_own_record_must_be_seen_before_it_is_acknowledged() {
        let view = owner(&[at(0, 9)], &[]);
        let (mut machine, _) = WriterMachine::new(WRITER, vec![], vec![]);
        machine.step(WriterEvent::Owner(view));
        machine.step(WriterEvent::OwnLog(LogView::default()));
        machine.step(WriterEvent::Stored);
        machine.step(WriterEvent::Recorded(at(0, 1)));
        let end = machine.step(WriterEvent::OwnLog(LogView::default()));
        assert!(matches!(end, WriterOperation::Finish(Verdict::Refused(HistoryError::SeenBeforeMissing { .. }))));
    }
}
