//! What an export is held against that goes on from none: the one in its folder of which nothing new has come and that has folders of the same
//! names. A download of which almost everything is gone, or of which every file was encrypted under a new name, looks like one of another
//! thing; the last good one beside it is all that tells. Where that has gone on, or where they have no folder in common, it is another thing
//! indeed.

use super::named::{Named, shares_folders};
use chest_model::ChunkId;
use chest_repo::local::{Baseline, BaselineRoot};

/// For each of these roots that has no past, the label of the past that it is held against; `trees` and `of` are their trees, and the pasts
/// of those that have one.
pub(super) fn neighbours<'b>(
    roots: &[Named<'_>],
    trees: &[ChunkId],
    of: &[Option<&'b [u8]>],
    baseline: &'b Baseline,
) -> Vec<Option<&'b [u8]>> {
    let past = |at: usize| of[at].and_then(|label| Some((label, baseline.roots.get(label)?)));
    let has_brought_nothing = |at: usize, past: &BaselineRoot| past.form.is_some() && past.tree == trees[at];
    let unmoved: Vec<(&'b [u8], &BaselineRoot)> = (0..roots.len())
        .filter(|&at| roots[at].form.is_some())
        .filter_map(|at| past(at).filter(|(_, past)| has_brought_nothing(at, past)))
        .collect();
    let neighbour = |at: usize| {
        let root = &roots[at];
        let is_stranger = of[at].is_none() && root.form.is_some() && !root.is_unread;
        let beside: Vec<_> = unmoved.iter().filter(|(_, past)| is_stranger && root.is_in_place_of(past)).collect();
        let likeness = |past: &BaselineRoot| match shares_folders(root.found, past) {
            // Of single files in ZIP files, a new one each month, none goes on from another.
            (_, 0) if past.folders.is_empty() => usize::from(beside.len() == 1),
            (shared, _) => shared,
        };
        let alike = beside.iter().map(|(label, past)| (likeness(past), past.held.files, *label));
        alike.filter(|(likeness, ..)| *likeness > 0).max().map(|(_, _, label)| label)
    };
    (0..roots.len()).map(neighbour).collect()
}
