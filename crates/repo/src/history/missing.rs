//! What records name and a listing does not show; and the records of computers that the owner is not known to have added. Nobody
//! can verify what those say. It is a warning all the same: whoever takes away a computer's enrolment hides its backups, and they
//! go on naming the enrolment.

use super::{HistoryError, LogHistory, OwnerHistory, fetch};
use crate::error::ObjectError;
use crate::header::ObjectType;
use crate::layout::Place;
use crate::record::{LogPublic, RecordFrame, RecordRef};
use chest_model::WriterId;
use chest_store::{Listed, ObjectStore};
use std::collections::{BTreeMap, BTreeSet};

/// An object below `log/` that belongs to no computer that the owner is known to have added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Its name.
    pub object: String,
    /// What it says that it is.
    pub claim: Claim,
}

/// What a stranger says of itself. Nobody vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// A record of this repository, which has seen these decisions of the owner's.
    Record {
        /// The newest decisions that it has seen.
        owner_heads: Vec<RecordRef>,
    },
    /// Something of another repository.
    OtherRepository,
    /// Nothing that can be understood.
    None,
}

impl Stranger {
    /// Looks at one. What cannot be read claims nothing: it must not stop those who read.
    pub(super) fn look_at(store: &dyn ObjectStore, listed: &Listed, owner: &OwnerHistory) -> Self {
        let claim = match Place::parse(&listed.name) {
            Some(place @ Place::Log(writer, record)) => match fetch(store, &place, listed.size) {
                Ok(Ok(frame)) => claim(&frame, writer, record, owner),
                Ok(Err(_)) | Err(_) => Claim::None,
            },
            _ => Claim::None,
        };
        Self { object: listed.name.to_string(), claim }
    }

    /// Whether it may be the record of a backup of this repository.
    pub fn may_be_backup(&self) -> bool {
        matches!(self.claim, Claim::Record { .. })
    }
}

fn claim(frame: &RecordFrame, writer: WriterId, record: RecordRef, owner: &OwnerHistory) -> Claim {
    let fixed = frame.fixed();
    if fixed.repository != owner.repository() {
        return Claim::OtherRepository;
    }
    match LogPublic::decode(frame.public()) {
        Ok(public)
            if fixed.object_type == ObjectType::LogRecord
                && (fixed.writer, public.chain, public.seq) == (writer, writer, record.seq) =>
        {
            Claim::Record { owner_heads: public.owner_heads }
        }
        _ => Claim::None,
    }
}

/// Names of the records that others name and that are not there, or not in their place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MissingRecords {
    /// The owner's, named under a signature.
    pub owner: BTreeSet<String>,
    /// Of backups, named under a signature.
    pub logs: BTreeSet<String>,
    /// The owner's that are named only by records of computers of which the enrolment is not there.
    pub claimed: BTreeSet<String>,
}

impl MissingRecords {
    /// Everything that is named and not there. What lies there and cannot be used is not missing; and of a computer of which the
    /// enrolment is damaged nothing can be said.
    pub fn of(owner: &OwnerHistory, logs: &BTreeMap<WriterId, LogHistory>, strangers: &[Stranger]) -> Self {
        let mut missing = Self::default();
        let name = |record: RecordRef| Place::Owner(record).name().to_string();
        missing.owner.extend(owner.chain().gaps().into_iter().map(name));
        for log in logs.values() {
            let of_log = log.missing(owner);
            missing.owner.extend(of_log.owner.into_iter().map(name));
            let own = of_log.own.into_iter().map(|record| (log.writer(), record));
            let elsewhere = log.missing_elsewhere(logs).into_iter();
            let elsewhere = elsewhere.filter(|(writer, _)| logs.contains_key(writer) || owner.damage().is_none());
            missing.logs.extend(own.chain(elsewhere).map(|(writer, one)| Place::Log(writer, one).name().to_string()));
        }
        for stranger in strangers {
            let Claim::Record { owner_heads } = &stranger.claim else { continue };
            let gone = owner_heads.iter().filter(|head| !owner.chain().contains(head));
            missing.claimed.extend(gone.map(|head| name(*head)).filter(|name| !missing.owner.contains(name)));
        }
        let ignored = owner.ignored.iter().chain(logs.values().flat_map(|log| &log.ignored));
        let ignored = ignored.filter(|ignored| ignored.problem != ObjectError::Missing).map(|ignored| &ignored.object);
        let there: BTreeSet<&String> = ignored.chain(strangers.iter().map(|stranger| &stranger.object)).collect();
        for names in [&mut missing.owner, &mut missing.logs, &mut missing.claimed] {
            names.retain(|name| !there.contains(name));
        }
        missing
    }

    /// Everything that is named under a signature.
    pub fn proven(&self) -> impl Iterator<Item = &String> {
        self.owner.iter().chain(&self.logs)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.proven().chain(&self.claimed)
    }

    /// The owner's record for want of which backups may be hidden: where computers have written that nobody is known to have
    /// added, it may be what added them.
    pub fn hiding(&self, strangers: &[Stranger]) -> Option<HistoryError> {
        let object = self.claimed.first().or(self.owner.first())?.clone();
        strangers.iter().any(Stranger::may_be_backup).then_some(HistoryError::OwnerRecordMissing { object })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(claim: Claim) -> Stranger {
        Stranger { object: "log/x".to_owned(), claim }
    }

    #[test]
    fn a_missing_decision_hides_backups_only_where_a_stranger_may_be_one() {
        let missing = MissingRecords { owner: BTreeSet::from(["owner/a".to_owned()]), ..MissingRecords::default() };
        let record = stranger(Claim::Record { owner_heads: Vec::new() });
        let hiding = HistoryError::OwnerRecordMissing { object: "owner/a".to_owned() };
        assert_eq!(missing.hiding(&[stranger(Claim::OtherRepository), record.clone()]), Some(hiding));
        assert_eq!(missing.hiding(&[stranger(Claim::OtherRepository), stranger(Claim::None)]), None);
        assert_eq!(MissingRecords::default().hiding(&[record]), None);
    }
}
