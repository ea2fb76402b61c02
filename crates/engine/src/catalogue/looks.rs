//! What could be seen of a root when each of its snapshots was made. What lay where nobody could look may be there or not; only the last look
//! at its place tells what had gone by then.

use super::chains::{hidden_in, root_of};
use super::exports::is_cut_short;
use super::standing::WhyNotKnown;
use chest_catalogue::{ChainId, Damage, Seen};
use chest_model::TreePath;
use chest_repo::record::LeftOutBy;
use chest_repo::repository::Snapshot;
use chest_source::{Excludes, Patterns};
use std::cell::OnceCell;
use std::collections::HashSet;

/// One for each snapshot of a root, oldest first.
pub(super) struct Looks<'s> {
    snapshots: Vec<&'s Snapshot>,
    label: Vec<u8>,
    /// What cannot be read now of each of them, from where until where.
    lost: Vec<Vec<Span>>,
    looks: Vec<OnceCell<Look<'s>>>,
}

type Span = (TreePath, Option<TreePath>);

/// What nothing is known of.
struct Look<'s> {
    /// What could not be read, with all that lies below.
    hidden: HashSet<&'s TreePath>,
    /// An export of which a part could not be read is there: anything may lie in it.
    is_cut_short: bool,
    left_out_by: Excludes,
}

impl<'s> Looks<'s> {
    pub(super) fn new(
        snapshots: &[&'s Snapshot],
        label: &[u8],
        chain: ChainId,
        seen: &[Seen],
        damage: &[Damage],
    ) -> Self {
        let of_chain: Vec<&Damage> = damage.iter().filter(|damage| damage.chain == chain).collect();
        let lost_of = |snapshot: &&Snapshot| {
            let number = seen.iter().find(|seen| seen.snapshot == snapshot.record.hash).map(|seen| seen.number);
            let of_snapshot = of_chain.iter().filter(|damage| Some(damage.number) == number);
            of_snapshot.map(|damage| (damage.from.clone(), damage.until.clone())).collect()
        };
        let lost = match of_chain.is_empty() {
            true => vec![Vec::new(); snapshots.len()],
            false => snapshots.iter().map(lost_of).collect(),
        };
        let looks = snapshots.iter().map(|_| OnceCell::new()).collect();
        Self { snapshots: snapshots.to_vec(), label: label.to_vec(), lost, looks }
    }

    /// Why the newest snapshot says nothing of a path, where that is so.
    pub(super) fn hides(&self, path: &TreePath) -> Option<WhyNotKnown> {
        self.hides_in(self.snapshots.len().checked_sub(1)?, path)
    }

    /// The last snapshot that says whether something lay in this place; none where nobody ever could look.
    pub(super) fn last_at(&self, path: &TreePath) -> Option<usize> {
        (0..self.snapshots.len()).rev().find(|&at| self.hides_in(at, path).is_none())
    }

    fn hides_in(&self, at: usize, path: &TreePath) -> Option<WhyNotKnown> {
        let look = self.looks[at].get_or_init(|| Look::of(&self.snapshots[..=at], &self.label));
        let above = || std::iter::successors(Some(path.clone()), TreePath::parent);
        let is_lost = |(from, until): &Span| path >= from && until.as_ref().is_none_or(|until| path < until);
        if look.is_cut_short {
            return Some(WhyNotKnown::ExportCutShort);
        }
        if !look.hidden.is_empty() && above().any(|path| look.hidden.contains(&path)) {
            return Some(WhyNotKnown::Unreadable);
        }
        if self.lost[at].iter().any(is_lost) {
            return Some(WhyNotKnown::Damaged);
        }
        look.left_out_by.leave_out(path.as_bytes()).then_some(WhyNotKnown::LeftOut)
    }
}

impl<'s> Look<'s> {
    /// Of the newest of these.
    fn of(until: &[&'s Snapshot], label: &[u8]) -> Self {
        let (hidden, left_out_by) = match until.last() {
            Some(newest) => (hidden_in(newest, label), left_out_by(newest, label)),
            None => (HashSet::new(), Excludes::default()),
        };
        Self { hidden, is_cut_short: is_cut_short(until, label), left_out_by }
    }
}

/// What a later version may record, and this one cannot read, leaves out nothing.
fn left_out_by(snapshot: &Snapshot, label: &[u8]) -> Excludes {
    let recorded = root_of(snapshot, label).map(|root| root.left_out_by.clone()).unwrap_or_default();
    let LeftOutBy { built_in, own } = recorded;
    Excludes::recorded(Patterns { built_in, own }).unwrap_or_default()
}
