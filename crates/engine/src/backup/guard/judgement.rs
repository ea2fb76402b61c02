//! What a run found, held against what earlier ones left: the doubts, what nobody can judge, and what is kept for the next run.

use super::accepted::past_with;
use super::lineage::{Lineage, lineage};
use super::named::{Named, form};
use super::neighbours::neighbours;
use crate::backup::assemble::Assembled;
use crate::backup::{BackupOptions, HeldAgainst, LeftOut};
use crate::same_place::{is_dated_anew, is_still_a_folder};
use chest_model::{ChunkId, Class, Doubt, DoubtKind, RootDescription, Timestamp};
use chest_repo::local::{Baseline, BaselineRoot};
use chest_repo::record::Forerunner;
use std::collections::{BTreeMap, BTreeSet};

/// What became of holding the roots of a run against the past.
pub(in crate::backup) struct Judgement {
    pub(in crate::backup) doubts: Vec<Doubt>,
    pub(in crate::backup) left_out: Vec<LeftOut>,
    /// Notes of what earlier backups held were lost, and some root is in none that were made since.
    pub(in crate::backup) had_no_baseline: bool,
    /// What came out of a path that was named again and is not there: its label, and the class that is PARTIAL for it.
    vanished: Vec<(Vec<u8>, Class)>,
    /// Exports whose folders another one in the same place has now.
    merged: Vec<Vec<u8>>,
    /// What earlier runs have left.
    baseline: Baseline,
}

/// Judges; says of each root what it was held against. `baseline` is `None` where it cannot be had; then it is lost, if
/// anything was backed up before.
pub(in crate::backup) fn judge(
    roots: &mut [Assembled],
    baseline: Option<Baseline>,
    has_past: bool,
    options: &BackupOptions,
) -> Judgement {
    let mut baseline = baseline.unwrap_or_else(|| Baseline { follows_a_loss: has_past, ..Baseline::default() });
    note_beside(roots);
    for root in roots.iter_mut() {
        root.outcome.keeps_exports = root.found.is_mainly_exports(root.outcome.description.class);
    }
    // What is wanted in one backup only has neither a past nor a future.
    let wanted = || roots.iter().filter(|root| !root.outcome.is_once);
    let named = wanted().map(|root| Named::new(&root.outcome, root.exceptions.are_of_whole_root(), &root.found));
    let named: Vec<Named<'_>> = named.collect();
    let trees: Vec<ChunkId> = wanted().map(|root| root.root).collect();
    for root in &named {
        baseline.call_back(root.label, |past| !root.is_from_elsewhere(past));
    }
    let Lineage { of, left_out, vanished, merged } = lineage(&named, &baseline, &is_still_a_folder);
    let can_be_held =
        |root: &Named<'_>, label: &[u8]| baseline.roots.get(label).is_none_or(|past| !root.keeps_as_files(&past.form));
    let of: Vec<Option<&[u8]>> =
        named.iter().zip(of).map(|(root, past)| past.filter(|label| can_be_held(root, label))).collect();
    let neighbours = neighbours(&named, &trees, &of, &baseline);
    let against = named.iter().zip(&of).zip(&neighbours).map(|((root, label), neighbour)| match neighbour {
        Some(label) => (HeldAgainst::Neighbour { label: label.to_vec() }, None),
        None => held_against(root, *label, &baseline),
    });
    let against: Vec<(HeldAgainst, Option<Forerunner>)> = against.collect();
    let had_no_baseline = baseline.follows_a_loss && of.iter().any(Option::is_none);
    let left_out = left_out
        .into_iter()
        .filter_map(|label| Some(LeftOut { label: label.to_vec(), held: baseline.roots.get(label)?.held }))
        .collect();
    let vanished: Vec<(&[u8], &BaselineRoot)> =
        vanished.into_iter().filter_map(|label| Some((label, baseline.roots.get(label)?))).collect();
    let mut doubts = Vec::new();
    let pasts = of.into_iter().zip(neighbours).map(|(past, neighbour)| past.or(neighbour));
    let mut judged = pasts.zip(against);
    for root in roots.iter_mut() {
        let judged = if root.outcome.is_once { None } else { judged.next() };
        let (past, (held_against, forerunner)) = judged.unwrap_or((None, (HeldAgainst::NothingAtAll, None)));
        let before = past.and_then(|label| baseline.roots.get(label));
        (root.outcome.held_against, root.forerunner) = (held_against, forerunner);
        doubts.extend(doubts_about(root, before, options));
    }
    doubts.extend(vanished.iter().map(|(label, past)| Doubt {
        root: label.to_vec(),
        kind: DoubtKind::Missing { before: past.held },
        accepted: options.accept_shrink,
    }));
    let vanished = vanished.iter().filter_map(|(label, past)| Some((label.to_vec(), past.class?))).collect();
    let merged = merged.into_iter().map(<[u8]>::to_vec).collect();
    Judgement { doubts, left_out, had_no_baseline, vanished, merged, baseline }
}

/// What a root is held against, and what it seems to have come in the place of. What is only held against another, lest a loss go
/// unseen, need not be what that one was: one of its own name from another path must have its folders, and a folder that is still where it
/// was has not become another, unless each bears its day.
fn held_against(root: &Named<'_>, label: Option<&[u8]>, baseline: &Baseline) -> (HeldAgainst, Option<Forerunner>) {
    let Some((label, past)) = label.and_then(|label| Some((label, baseline.roots.get(label)?))) else {
        let knows_nothing = baseline.follows_a_loss || baseline.roots.is_empty();
        return (if knows_nothing { HeldAgainst::NothingAtAll } else { HeldAgainst::Nothing }, None);
    };
    let is_namesake = label == root.label;
    if is_namesake && !root.is_from_elsewhere(past) {
        return (HeldAgainst::Itself, None);
    }
    let is_like = !is_namesake || root.has_folders_of(past);
    let has_left = || !past.place.as_deref().is_some_and(is_still_a_folder);
    let forerunner = (is_like && (!is_namesake && is_dated_anew(label, root.label) || has_left()))
        .then(|| Forerunner { label: label.to_vec(), native_path: past.place.clone().unwrap_or_default() });
    let (label, elsewhere) = (label.to_vec(), past.place.clone().filter(|_| is_namesake));
    (HeldAgainst::Another { label, elsewhere }, forerunner)
}

/// Notes what lies beside exports that hold something: a clerk who names a folder for them means nothing else that is in it.
fn note_beside(roots: &mut [Assembled]) {
    let place = |root: &Assembled| (root.outcome.description.class, root.outcome.description.native_path.clone());
    let mut forms: BTreeMap<_, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for root in roots.iter().filter(|root| root.found.is_export && root.found.holds_anything()) {
        forms.entry(place(root)).or_default().extend(form(&root.outcome));
    }
    for root in roots.iter_mut().filter(|root| !root.found.is_export) {
        forms.get(&place(root)).into_iter().for_each(|forms| root.found.is_beside_exports(forms));
    }
}

fn doubts_about(root: &Assembled, before: Option<&BaselineRoot>, options: &BackupOptions) -> Vec<Doubt> {
    // One that is there and cannot be read is told by itself.
    if root.exceptions.are_of_whole_root() && !root.found.is_missing {
        return Vec::new();
    }
    let doubt = |kind| {
        let accepted = match kind {
            DoubtKind::Shrunk { .. } | DoubtKind::FoldersGone { .. } | DoubtKind::Missing { .. } | DoubtKind::Empty => {
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
    pub(in crate::backup) fn is_partial(&self, root: &Assembled) -> bool {
        root.exceptions.count() > 0 || self.doubts_of(root).any(|doubt| !doubt.accepted)
    }

    /// The classes of what vanished out of a path that was named, unless somebody has said that it is gone for good.
    pub(in crate::backup) fn classes_of_vanished(&self) -> impl Iterator<Item = Class> {
        self.vanished.iter().filter(|(label, _)| self.is_doubted(label)).map(|(_, class)| *class)
    }

    fn is_doubted(&self, label: &[u8]) -> bool {
        self.doubts.iter().any(|doubt| doubt.root == label && !doubt.accepted)
    }

    fn doubts_of(&self, root: &Assembled) -> impl Iterator<Item = &Doubt> {
        let label = &root.outcome.description.label;
        self.doubts.iter().filter(move |doubt| doubt.root == *label)
    }

    /// What the next run will hold its own against: of each root what it held when it was last complete.
    pub(in crate::backup) fn next_baseline(&self, roots: &[Assembled], ended: Timestamp) -> Baseline {
        let mut next = self.baseline.clone();
        let wanted = roots.iter().filter(|root| !root.outcome.is_once);
        let all: Vec<_> = wanted.map(|root| (root, self.past_from_now_on(root, ended))).collect();
        for (root, _) in all.iter().filter(|(_, past)| past.is_some()) {
            // The same export under the name that it had when it was alone in its folder, or was not.
            let past =
                known_as(root).filter(|past| next.roots.get(*past).is_some_and(|past| is_same_export(past, root)));
            past.map(|past| next.roots.remove(past));
        }
        for (root, past) in all {
            let label = &root.outcome.description.label;
            if let Some(past) = past {
                match &root.outcome.held_against {
                    // Each of two folders of one name has a past of its own from now on.
                    HeldAgainst::Another { elsewhere: Some(_), .. } => next.put_beside(label, past),
                    _ => drop(next.roots.insert(label.clone(), past)),
                }
                next.forget_stand_in(label);
            } else if self
                .doubts_of(root)
                .any(|doubt| doubt.accepted && matches!(doubt.kind, DoubtKind::Missing { .. }))
            {
                // Gone for good, as somebody has said: nobody is to be asked for it again.
                next.roots.remove(label);
            } else if let Some(past) = known_as(root) {
                // Whatever its name was then: if it stayed behind those that were named with it, the next run would not find it again.
                next.roots.entry(past.to_vec()).and_modify(|before| before.last_named = ended);
                // And that may bear this name, and come without the others.
                if past != label {
                    next.note_stand_in(label, past);
                }
            }
        }
        if roots.iter().all(|root| !self.is_partial(root)) {
            self.merged.iter().for_each(|label| drop(next.roots.remove(label)));
        }
        self.pass_on_vanished(&mut next, ended);
        next.forget_oldest();
        next
    }

    /// What a root is held against from now on, as its own; `None` where that stays what it was.
    fn past_from_now_on(&self, root: &Assembled, ended: Timestamp) -> Option<BaselineRoot> {
        if self.is_partial(root) { self.past_as_accepted(root, ended) } else { Some(what_it_held(root, ended)) }
    }

    /// The past of a root that is PARTIAL, where a part of what is odd in it was accepted.
    fn past_as_accepted(&self, root: &Assembled, ended: Timestamp) -> Option<BaselineRoot> {
        let before = self.baseline.roots.get(known_as(root)?)?;
        let accepted = self.doubts_of(root).filter(|doubt| doubt.accepted).map(|doubt| &doubt.kind);
        let past = past_with(&root.found, before, accepted)?;
        let BaselineRoot { class, place, form, stand_ins, .. } = what_it_held(root, ended);
        Some(BaselineRoot { last_named: ended, class, place, form, stand_ins, ..past })
    }

    /// They are missed until somebody says that they are gone for good.
    fn pass_on_vanished(&self, next: &mut Baseline, ended: Timestamp) {
        for (label, _) in &self.vanished {
            if self.is_doubted(label) {
                next.roots.entry(label.clone()).and_modify(|before| before.last_named = ended);
            } else {
                next.roots.remove(label);
            }
        }
    }
}

fn is_same_export(past: &BaselineRoot, root: &Assembled) -> bool {
    let RootDescription { class, native_path, .. } = &root.outcome.description;
    let form = form(&root.outcome);
    form.is_some() && (past.class, past.place.as_ref(), &past.form) == (Some(*class), Some(native_path), &form)
}

/// The name under which the last complete backup of a root is known.
fn known_as(root: &Assembled) -> Option<&[u8]> {
    match &root.outcome.held_against {
        HeldAgainst::Itself => Some(&root.outcome.description.label),
        HeldAgainst::Another { label, .. } => Some(label),
        HeldAgainst::Neighbour { .. } | HeldAgainst::Nothing | HeldAgainst::NothingAtAll => None,
    }
}

fn what_it_held(root: &Assembled, ended: Timestamp) -> BaselineRoot {
    BaselineRoot {
        ended,
        tree: root.root,
        class: Some(root.outcome.description.class),
        last_named: ended,
        place: Some(root.outcome.description.native_path.clone()),
        form: form(&root.outcome),
        ..root.found.as_past()
    }
}
