//! What a run found, held against what earlier ones left: the doubts, what nobody can judge, and what is kept for the next run.

use super::assemble::Assembled;
use super::lineage::{Lineage, Named, lineage};
use super::{BackupOptions, HeldAgainst, LeftOut};
use chest_model::{Doubt, DoubtKind, Timestamp};
use chest_repo::local::{Baseline, BaselineRoot};

/// What became of holding the roots of a run against the past.
pub(super) struct Judgement {
    pub(super) doubts: Vec<Doubt>,
    pub(super) left_out: Vec<LeftOut>,
    /// Notes of what earlier backups held were lost, and some root is in none that were made since.
    pub(super) had_no_baseline: bool,
    /// What earlier runs have left.
    baseline: Baseline,
}

/// Judges; says of each root what it was held against. `baseline` is `None` where it cannot be had; then it is lost, if
/// anything was backed up before.
pub(super) fn judge(
    roots: &mut [Assembled],
    baseline: Option<Baseline>,
    has_past: bool,
    options: &BackupOptions,
) -> Judgement {
    let baseline = baseline.unwrap_or_else(|| Baseline { follows_a_loss: has_past, ..Baseline::default() });
    let named = roots
        .iter()
        .map(|root| Named::new(&root.outcome.description, root.exceptions.are_of_whole_root(), &root.found));
    let Lineage { of, left_out } = lineage(&named.collect::<Vec<_>>(), &baseline);
    let had_no_baseline = baseline.follows_a_loss && of.iter().any(Option::is_none);
    let left_out = left_out
        .into_iter()
        .filter_map(|label| Some(LeftOut { label: label.to_vec(), held: baseline.roots.get(label)?.held }))
        .collect();
    let mut doubts = Vec::new();
    for (root, past) in roots.iter_mut().zip(of) {
        let before = past.and_then(|label| baseline.roots.get(label));
        root.outcome.held_against = match past {
            Some(label) if label == root.outcome.description.label => HeldAgainst::Itself,
            Some(label) => HeldAgainst::Another(label.to_vec()),
            None if baseline.follows_a_loss || baseline.roots.is_empty() => HeldAgainst::NothingAtAll,
            None => HeldAgainst::Nothing,
        };
        doubts.extend(doubts_about(root, before, options));
    }
    Judgement { doubts, left_out, had_no_baseline, baseline }
}

fn doubts_about(root: &Assembled, before: Option<&BaselineRoot>, options: &BackupOptions) -> Vec<Doubt> {
    // One that is there and cannot be read is told by itself.
    if root.exceptions.are_of_whole_root() && !root.found.is_missing {
        return Vec::new();
    }
    let doubt = |kind| {
        let accepted = match kind {
            DoubtKind::Shrunk { .. } | DoubtKind::FoldersGone { .. } | DoubtKind::Missing { .. } => {
                options.accept_shrink
            }
            DoubtKind::Scrambled { .. } => options.accept_change,
        };
        Doubt { root: root.outcome.description.label.clone(), kind, accepted }
    };
    root.found.doubts(before).into_iter().map(doubt).collect()
}

impl Judgement {
    /// Whether something of the root was not read as it should have been, or is doubted.
    pub(super) fn is_partial(&self, root: &Assembled) -> bool {
        root.exceptions.count() > 0 || self.doubts_of(root).any(|doubt| !doubt.accepted)
    }

    fn doubts_of(&self, root: &Assembled) -> impl Iterator<Item = &Doubt> {
        let label = &root.outcome.description.label;
        self.doubts.iter().filter(move |doubt| doubt.root == *label)
    }

    /// What the next run will hold its own against: of each root what it held when it was last complete.
    pub(super) fn next_baseline(&self, roots: &[Assembled], ended: Timestamp) -> Baseline {
        let mut next = self.baseline.clone();
        for root in roots {
            let label = &root.outcome.description.label;
            if !self.is_partial(root) {
                next.roots.insert(label.clone(), what_it_held(root, ended));
            } else if self
                .doubts_of(root)
                .any(|doubt| doubt.accepted && matches!(doubt.kind, DoubtKind::Missing { .. }))
            {
                // Gone for good, as somebody has said: nobody is to be asked for it again.
                next.roots.remove(label);
            } else if let Some(before) = known_as(root).and_then(|label| next.roots.get_mut(label)) {
                // Whatever its name was then: if it stayed behind those that were named with it, the next run would not find it again.
                before.last_named = ended;
            }
        }
        next.forget_oldest();
        next
    }
}

/// The name under which the last complete backup of a root is known.
fn known_as(root: &Assembled) -> Option<&[u8]> {
    match &root.outcome.held_against {
        HeldAgainst::Itself => Some(&root.outcome.description.label),
        HeldAgainst::Another(label) => Some(label),
        HeldAgainst::Nothing | HeldAgainst::NothingAtAll => None,
    }
}

fn what_it_held(root: &Assembled, ended: Timestamp) -> BaselineRoot {
    BaselineRoot {
        ended,
        tree: root.root,
        held: root.found.held,
        folders: root.found.folders.remembered(),
        scrambled: root.found.scrambled,
        plain: Some(root.found.plain),
        demands: root.found.demand_folders(),
        class: Some(root.outcome.description.class),
        last_named: ended,
    }
}
