//! Which snapshot is meant: the latest, the last of a day, or one by its id.

use super::{SnapshotsOutcome, holds_root};
use crate::{EngineError, Opened};
use chest_model::{SnapshotSummary, Timestamp, shown};
use chest_repo::history::HistoryError;
use chest_repo::repository::Snapshot;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotSelector {
    /// The newest that is COMPLETE or PARTIAL.
    Latest,
    /// The last whose reading ended in this span: a day, as the caller's time zone has it.
    Between {
        /// The first moment.
        from: Timestamp,
        /// The first moment after.
        until: Timestamp,
        /// As typed, for messages.
        text: String,
    },
    /// The one whose id begins so: six or more hexadecimal digits.
    Id(String),
}

/// What narrows the choice.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Which.
    pub selector: Option<SnapshotSelector>,
    /// Only of this machine.
    pub host: Option<String>,
    /// Only those that hold a root of this name.
    pub root: Option<Vec<u8>>,
}

/// Every snapshot, with the roots that it holds.
pub fn snapshots(opened: &Opened) -> SnapshotsOutcome {
    let (snapshots, unreadable) = opened.session.snapshots();
    let unreadable = unreadable.into_iter().map(|(name, error)| (name, error.to_string()));
    let decisions = opened.session.owner.ignored.iter().filter(|ignored| ignored.is_damaged());
    let decisions = decisions.map(|ignored| (ignored.object.clone(), ignored.problem.to_string()));
    SnapshotsOutcome {
        snapshots: snapshots.iter().map(summary).collect(),
        unreadable: unreadable.chain(damaged_records(opened)).chain(decisions).collect(),
        missing: opened.session.missing.all().cloned().collect(),
        is_unrecorded: is_unrecorded(opened),
    }
}

fn is_unrecorded(opened: &Opened) -> bool {
    let recorded = opened.session.logs.values().any(|log| !log.chain().is_empty());
    !recorded && opened.session.list_packs().is_ok_and(|packs| !packs.is_empty())
}

/// Records of enrolled machines that cannot be used: each may have been a backup. What is wrong with each.
pub fn damaged_records(opened: &Opened) -> Vec<(String, String)> {
    let ignored = opened.session.logs.values().flat_map(|log| &log.ignored);
    let ignored = ignored.filter(|ignored| !ignored.is_of_another_repository());
    ignored.map(|ignored| (ignored.object.clone(), ignored.problem.to_string())).collect()
}

fn summary(snapshot: &Snapshot) -> SnapshotSummary {
    let mut summary = snapshot.summary();
    summary.roots.retain(|root| holds_root(snapshot, &root.label));
    summary
}

/// The snapshot that is meant.
pub fn select(opened: &Opened, selection: &Selection) -> Result<Snapshot, EngineError> {
    let selector = selection.selector.clone().unwrap_or(SnapshotSelector::Latest);
    if selector == SnapshotSelector::Latest {
        check_latest(opened)?;
    }
    let (all, _) = opened.session.snapshots();
    let mut fitting: Vec<Snapshot> = all.into_iter().filter(|snapshot| is_within(snapshot, selection)).collect();
    match &selector {
        SnapshotSelector::Latest => {}
        SnapshotSelector::Between { from, until, .. } => {
            fitting.retain(|snapshot| (*from..*until).contains(&snapshot.public.ended));
        }
        SnapshotSelector::Id(digits) => {
            fitting.retain(|snapshot| snapshot.record.hash.to_hex().starts_with(&digits.to_lowercase()));
            if fitting.len() > 1 {
                return Err(EngineError::AmbiguousSnapshot { text: digits.clone(), count: fitting.len() });
            }
        }
    }
    let nothing_fits = || match &selection.root {
        Some(root) if selection.host.is_none() && selector == SnapshotSelector::Latest => {
            EngineError::InNoBackup { path: shown(root) }
        }
        _ => EngineError::NoSuchSnapshot(match selector {
            SnapshotSelector::Latest => "latest".to_owned(),
            SnapshotSelector::Between { text, .. } | SnapshotSelector::Id(text) => text,
        }),
    };
    fitting.pop().ok_or_else(|| opened.hides_backups.clone().map_or_else(nothing_fits, EngineError::from))
}

/// Nothing older is taken for the latest: neither where a newer record was seen here and is damaged, nor where the backups
/// of a whole computer cannot be shown.
fn check_latest(opened: &Opened) -> Result<(), EngineError> {
    if let Some(error) = &opened.hides_backups {
        return Err(error.clone().into());
    }
    let Some(object) = opened.damaged_since_seen.first() else { return Ok(()) };
    let as_missing = HistoryError::SeenBeforeMissing { missing: object.clone() };
    Err(match opened.session.owner.explain(as_missing) {
        error @ HistoryError::OwnerRecordDamaged { .. } => error.into(),
        _ => EngineError::LatestDamaged { object: object.clone() },
    })
}

fn is_within(snapshot: &Snapshot, selection: &Selection) -> bool {
    let host = selection.host.as_ref().is_none_or(|host| snapshot.body.host == *host);
    host && selection.root.as_ref().is_none_or(|label| holds_root(snapshot, label))
}
