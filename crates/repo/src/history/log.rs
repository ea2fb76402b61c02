//! Writers' logs as read from the store.

use super::{Chain, HistoryError, IgnoredRecord, LogView, OnNewer, OwnerHistory, Stranger, fetch};
use crate::error::{ObjectError, RepoError};
use crate::header::ObjectType;
use crate::layout::{LOG, Place, log_prefix};
use crate::record::{LogPublic, OwnerBody, RUN, RecordFrame, RecordRef, WriterGrant};
use chest_model::WriterId;
use chest_store::ObjectStore;
use std::collections::{BTreeMap, BTreeSet};

/// One record of a log, verified.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// What it says openly.
    pub public: LogPublic,
    /// The whole record, to open note and body.
    pub frame: RecordFrame,
}

/// One writer's log.
#[derive(Debug, Clone)]
pub struct LogHistory {
    writer: WriterId,
    chain: Chain<LogEntry>,
    /// What was not authentic or is damaged.
    pub ignored: Vec<IgnoredRecord>,
}

impl LogHistory {
    /// Lists and reads one writer's log.
    pub fn read(
        store: &dyn ObjectStore,
        owner: &OwnerHistory,
        grant: &WriterGrant,
        on_newer: OnNewer,
    ) -> Result<Self, RepoError> {
        let mut history = Self { writer: grant.writer, chain: Chain::default(), ignored: Vec::new() };
        for listed in store.list(&log_prefix(grant.writer))? {
            let Some(place @ Place::Log(_, record)) = Place::parse(&listed.name) else { continue };
            let taken = fetch(store, &place, listed.size)?.and_then(|frame| history.take(record, frame, owner, grant));
            if let Err(problem) = taken {
                let object = listed.name.to_string();
                if on_newer.stops_at_log_record(&problem) {
                    return Err(RepoError::object(object, problem));
                }
                history.ignored.push(IgnoredRecord { object, problem });
            }
        }
        Ok(history)
    }

    /// Reads the logs of all writers that the owner added, and what lies there and belongs to nobody.
    pub fn read_all(
        store: &dyn ObjectStore,
        owner: &OwnerHistory,
        on_newer: OnNewer,
    ) -> Result<(BTreeMap<WriterId, Self>, Vec<Stranger>), RepoError> {
        let writers = owner.writers();
        let mut logs = BTreeMap::new();
        for (writer, grant) in &writers {
            logs.insert(*writer, Self::read(store, owner, grant, on_newer)?);
        }
        let strangers = store
            .list(LOG)?
            .into_iter()
            .filter(|listed| match Place::parse(&listed.name) {
                Some(Place::Log(writer, _) | Place::Inventory(writer, _)) => !writers.contains_key(&writer),
                _ => true,
            })
            .map(|listed| Stranger::look_at(store, &listed, owner));
        Ok((logs, strangers.collect()))
    }

    fn take(
        &mut self,
        record: RecordRef,
        frame: RecordFrame,
        owner: &OwnerHistory,
        grant: &WriterGrant,
    ) -> Result<(), ObjectError> {
        let fixed = *frame.fixed();
        if fixed.object_type != ObjectType::LogRecord {
            return Err(ObjectError::WrongType);
        }
        if fixed.repository != owner.repository() {
            return Err(ObjectError::OtherRepository);
        }
        if fixed.writer != grant.writer {
            return Err(ObjectError::OtherWriter { writer: fixed.writer });
        }
        if fixed.epoch != grant.epoch {
            return Err(ObjectError::OtherEpoch { epoch: fixed.epoch });
        }
        frame.verify(&grant.key)?;
        if fixed.kind != RUN {
            return Err(ObjectError::UnknownKind { kind: fixed.kind });
        }
        let public = LogPublic::decode(frame.public())?;
        if public.chain != grant.writer || public.seq != record.seq {
            return Err(ObjectError::Malformed("it does not belong where its name says"));
        }
        self.chain.insert(record, public.parents.clone(), LogEntry { public, frame });
        Ok(())
    }

    /// Whose.
    pub fn writer(&self) -> WriterId {
        self.writer
    }

    /// The records.
    pub fn chain(&self) -> &Chain<LogEntry> {
        &self.chain
    }

    /// What the protocol must know of it.
    pub fn view(&self) -> LogView {
        let pinned = self.chain.iter().flat_map(|(_, entry)| entry.public.owner_heads.iter().copied()).collect();
        LogView {
            records: self.chain.iter().map(|(record, _)| *record).collect(),
            heads: self.chain.heads(),
            gaps: self.chain.gaps(),
            pinned,
        }
    }

    /// What stands behind an error: where the record that is said to be missing lies there and is damaged, it is that.
    pub fn explain(&self, error: HistoryError) -> HistoryError {
        let (HistoryError::Gap { missing } | HistoryError::SeenBeforeMissing { missing }) = &error else {
            return error;
        };
        let damaged = self.ignored.iter().find(|ignored| ignored.is_damaged() && ignored.object == *missing);
        damaged.map_or(error.clone(), |IgnoredRecord { object, problem }| HistoryError::LogRecordDamaged {
            object: object.clone(),
            problem: problem.clone(),
        })
    }

    /// The records that count and that no other record which counts names as an ancestor: a cut leaves out what a stolen key
    /// wrote, and what it says of the index with it.
    pub fn counting_heads(&self, owner: &OwnerHistory) -> Vec<RecordRef> {
        let counting: Vec<RecordRef> =
            self.chain.iter().map(|(record, _)| *record).filter(|record| self.counts(record, owner)).collect();
        let named: BTreeSet<RecordRef> = counting
            .iter()
            .filter_map(|record| self.chain.get(record))
            .flat_map(|entry| entry.public.parents.iter().copied())
            .collect();
        counting.into_iter().filter(|record| !named.contains(record)).collect()
    }

    /// Whether a record counts: it is not excluded by a cut of its writer, and no drop names a pack that it could have
    /// relied on without being counted itself.
    pub fn counts(&self, record: &RecordRef, owner: &OwnerHistory) -> bool {
        let Some(entry) = self.chain.get(record) else { return false };
        let saw = owner.condemned(&entry.public.owner_heads);
        owner.chain().iter().all(|(_, public)| match &public.body {
            OwnerBody::Cut { writer, heads } if *writer == self.writer => self.chain.ancestry(heads).contains(record),
            OwnerBody::Drop { packs, cut } => {
                packs.iter().all(|pack| saw.contains(pack))
                    || cut
                        .iter()
                        .any(|(chain, heads)| *chain == self.writer && self.chain.ancestry(heads).contains(record))
            }
            _ => true,
        })
    }

    /// Records of other chains that this one has seen, and that are not among `logs`.
    pub fn missing_elsewhere(&self, logs: &BTreeMap<WriterId, Self>) -> Vec<(WriterId, RecordRef)> {
        let seen: BTreeSet<(WriterId, RecordRef)> =
            self.chain.iter().flat_map(|(_, entry)| entry.public.other_heads.iter().copied()).collect();
        let is_there =
            |(chain, record): &(WriterId, RecordRef)| logs.get(chain).is_some_and(|log| log.chain.contains(record));
        seen.into_iter().filter(|seen| !is_there(seen)).collect()
    }

    /// What this log and the owner's records name of each other and of themselves, and what is not there.
    pub fn missing(&self, owner: &OwnerHistory) -> MissingOfLog {
        let pinned = self.chain.iter().flat_map(|(_, entry)| &entry.public.owner_heads);
        let counted = owner.chain().iter().flat_map(|(_, public)| match &public.body {
            OwnerBody::Cut { writer, heads } if *writer == self.writer => heads.as_slice(),
            OwnerBody::Drop { cut, .. } => {
                cut.iter().find(|(chain, _)| *chain == self.writer).map_or(&[][..], |(_, heads)| heads)
            }
            _ => &[],
        });
        let lost = counted.filter(|record| !self.chain.contains(record)).copied();
        MissingOfLog {
            owner: pinned.filter(|record| !owner.chain().contains(record)).copied().collect(),
            own: self.chain.gaps().into_iter().chain(lost).collect(),
        }
    }
}

/// What is named and not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MissingOfLog {
    /// Of the owner's records, those that this log has seen.
    pub owner: BTreeSet<RecordRef>,
    /// Of its own.
    pub own: BTreeSet<RecordRef>,
}
