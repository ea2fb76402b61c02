//! Which snapshots are of one root: a name alone says little, for two accounts of a computer each have their *Documents*, and one account
//! may back up two folders of one name in turn. One root is what one account backs up from one path. It goes on where its computer was
//! enrolled anew, where its path bears the day, and where whoever backed it up took it for one that has moved.

use crate::browse::holds_root;
use crate::same_place::is_same_place;
use chest_catalogue::ChainName;
use chest_model::{Exception, ExceptionKind, TreePath, WriterId};
use chest_repo::record::SnapshotRoot;
use chest_repo::repository::Snapshot;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The snapshots of each root that could be read, oldest first.
pub(super) type Chains<'s> = BTreeMap<ChainName, Vec<&'s Snapshot>>;

/// What one writer backed up from one path under one name: the places of its snapshots among all.
struct Strand {
    name: ChainName,
    places: Vec<usize>,
}

/// Puts together what is one root, out of all snapshots, oldest first.
pub(super) fn chains_of(snapshots: &[Snapshot]) -> Chains<'_> {
    let machines = Machines::of(snapshots);
    let mut by_label: BTreeMap<Vec<u8>, Vec<Strand>> = BTreeMap::new();
    for strand in strands(snapshots) {
        let chains = by_label.entry(strand.name.label.clone()).or_default();
        let first = strand.places[0];
        let goes_on = |chain: &&mut Strand| {
            let last = last_of(chain);
            last < first && machines.goes_on(&snapshots[last], &snapshots[first], &strand.name.label)
        };
        match chains.iter_mut().filter(goes_on).max_by_key(|chain| last_of(chain)) {
            Some(chain) => chain.places.extend(strand.places),
            None => chains.push(strand),
        }
    }
    let all = by_label.into_values().flatten();
    all.map(|chain| (chain.name, chain.places.iter().map(|&place| &snapshots[place]).collect())).collect()
}

fn last_of(strand: &Strand) -> usize {
    strand.places.last().copied().unwrap_or_default()
}

/// In the order in which they begin.
fn strands(snapshots: &[Snapshot]) -> Vec<Strand> {
    let mut strands: BTreeMap<ChainName, Vec<usize>> = BTreeMap::new();
    for (place, snapshot) in snapshots.iter().enumerate() {
        for root in snapshot.body.roots.iter().filter(|root| holds_root(snapshot, &root.description.label)) {
            let (label, path) = (root.description.label.clone(), root.description.native_path.clone());
            strands.entry(ChainName { writer: snapshot.writer, label, place: path }).or_default().push(place);
        }
    }
    let mut strands: Vec<Strand> = strands.into_iter().map(|(name, places)| Strand { name, places }).collect();
    strands.sort_by_key(|strand| strand.places[0]);
    strands
}

/// From when to when each writer was at work.
pub(super) struct Machines {
    /// The first and the last of its snapshots, by their places among all.
    spans: HashMap<WriterId, (usize, usize)>,
}

impl Machines {
    pub(super) fn of(snapshots: &[Snapshot]) -> Self {
        let mut spans = HashMap::new();
        for (place, snapshot) in snapshots.iter().enumerate() {
            spans.entry(snapshot.writer).or_insert((place, place)).1 = place;
        }
        Self { spans }
    }

    /// Whether the later snapshot may have been made in the stead of the earlier one's writer: by itself, or by one of a computer of that
    /// name which began when it had ended.
    pub(super) fn is_one(&self, earlier: &Snapshot, later: &Snapshot) -> bool {
        let span = |snapshot: &Snapshot| self.spans.get(&snapshot.writer);
        let has_ended = || span(earlier).zip(span(later)).is_some_and(|(one, other)| one.1 < other.0);
        earlier.writer == later.writer || (earlier.body.host == later.body.host && has_ended())
    }

    /// Whether a root of the later snapshot is what a root of that name was in the earlier one.
    fn goes_on(&self, earlier: &Snapshot, later: &Snapshot, label: &[u8]) -> bool {
        let (Some(before), Some(after)) = (root_of(earlier, label), root_of(later, label)) else { return false };
        let has_moved = || earlier.writer == later.writer && came_in_place_of(after, before);
        (self.is_one(earlier, later) && is_from_same_place(before, after)) || has_moved()
    }
}

/// Whether it says that it seems to have come in the place of the other.
pub(super) fn came_in_place_of(root: &SnapshotRoot, other: &SnapshotRoot) -> bool {
    let path = &other.description.native_path;
    root.forerunner.as_ref().is_some_and(|forerunner| {
        forerunner.label == other.description.label
            && (forerunner.native_path.is_empty() || forerunner.native_path == *path)
    })
}

/// Whether both came out of one path.
pub(super) fn is_from_same_place(one: &SnapshotRoot, other: &SnapshotRoot) -> bool {
    let are_exports = !one.containers.is_empty() && !other.containers.is_empty();
    is_same_place(&one.description.native_path, &other.description.native_path, are_exports)
}

/// The root of that name in a snapshot.
pub(super) fn root_of<'s>(snapshot: &'s Snapshot, label: &[u8]) -> Option<&'s SnapshotRoot> {
    snapshot.body.roots.iter().find(|root| root.description.label == label)
}

/// Where something of a root could not be read when a snapshot was made: nothing is known of what lies below.
pub(super) fn hidden_in<'s>(snapshot: &'s Snapshot, label: &[u8]) -> HashSet<&'s TreePath> {
    let hides = |one: &&Exception| one.root == label && matches!(one.kind, ExceptionKind::Unreadable(_));
    snapshot.body.exceptions.iter().filter(hides).map(|one| &one.path).collect()
}
