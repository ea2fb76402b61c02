//! What came of a root that the newest backup does not hold. A folder of exports is several roots, and one of them may vanish; a folder
//! may be backed up under another name, and a mailbox export bears the day in its name. Where the path was named again and the root was
//! not there, or where another root says that it came in its place, what lay in it is gone, unless that other root has it now. A root that
//! was merely not named is as it was: another command backs it up.

use super::chains::{Machines, came_in_place_of, root_of};
use crate::EngineError;
use crate::browse::holds_root;
use chest_catalogue::{Catalogue, ChainId};
use chest_model::TreePath;
use chest_repo::record::SnapshotRoot;
use chest_repo::repository::Snapshot;
use chest_source::form_of_export;
use std::collections::{BTreeSet, HashMap};

/// Where what lay in a vanished root may be now.
#[derive(Default)]
pub(super) struct Afterwards {
    /// The roots that have come in its place; what they hold below the same path is not gone.
    pub(super) heirs: Vec<ChainId>,
    /// The forms of the names of exports that are taken apart now: one that was a file is no file any more, and not gone.
    taken_apart: BTreeSet<Vec<u8>>,
    /// The export itself lies in one of them as a file, with all that is in it.
    is_a_file: bool,
}

/// All snapshots, and of which chain each of their roots is.
pub(super) struct History<'s> {
    pub(super) snapshots: &'s [Snapshot],
    pub(super) machines: Machines,
    /// By the place of the snapshot among all, and the label.
    pub(super) chains: HashMap<(usize, &'s [u8]), ChainId>,
}

impl<'s> History<'s> {
    /// What came of the root that this snapshot was the last to hold; nothing where its path has not been named since, and no other root
    /// has come in its place.
    pub(super) fn afterwards(
        &self,
        catalogue: &Catalogue,
        last: usize,
        label: &[u8],
    ) -> Result<Option<Afterwards>, EngineError> {
        let snapshot = &self.snapshots[last];
        let Some(root) = root_of(snapshot, label) else { return Ok(None) };
        let is_whose = |&place: &usize| self.machines.is_one(snapshot, &self.snapshots[place]);
        let later: Vec<usize> = (last + 1..self.snapshots.len()).filter(is_whose).collect();
        let is_known = |place: &&usize| is_known(&self.snapshots[**place], &root.description.native_path);
        let mut after = match later.iter().rev().find(is_known) {
            Some(&newest) => Some(self.in_its_path(catalogue, snapshot, root, newest)?),
            None => None,
        };
        for &place in later.iter().filter(|&&place| self.snapshots[place].writer == snapshot.writer) {
            let successors = self.snapshots[place].body.roots.iter().filter(|one| came_in_place_of(one, root));
            let successors = successors.filter_map(|one| self.chain_of(place, &one.description.label));
            successors.for_each(|chain| after.get_or_insert_default().heirs.push(chain));
        }
        Ok(after)
    }

    fn chain_of(&self, place: usize, label: &'_ [u8]) -> Option<ChainId> {
        self.chains.get(&(place, label)).copied()
    }

    /// What a later snapshot says of the path.
    fn in_its_path(
        &self,
        catalogue: &Catalogue,
        snapshot: &Snapshot,
        root: &SnapshotRoot,
        newest: usize,
    ) -> Result<Afterwards, EngineError> {
        let path = &root.description.native_path;
        // What was no export then, and lay beside it, has not come in its place.
        let lay_beside = |one: &&SnapshotRoot| one.description.native_path == *path && one.containers.is_empty();
        let beside = snapshot.body.roots.iter().filter(lay_beside).map(|one| one.description.label.as_slice());
        let beside: BTreeSet<&[u8]> = beside.collect();
        let form = form(root);
        let mut after = Afterwards::default();
        for root in self.snapshots[newest].body.roots.iter().filter(|root| root.description.native_path == *path) {
            let now = self::form(root);
            let label = root.description.label.as_slice();
            let is_plain = now.is_none() && !beside.contains(label);
            let Some(chain) = self.chain_of(newest, label).filter(|_| now == form || is_plain) else {
                // What is in an export is a file only where nobody has taken apart what it lay in.
                after.taken_apart.extend(now.filter(|_| form.is_none()));
                continue;
            };
            after.heirs.push(chain);
            if let Some(form) = form.as_ref().filter(|_| is_plain) {
                after.is_a_file |= catalogue.names_at_top(chain)?.iter().any(|name| form_of_export(name) == *form);
            }
        }
        Ok(after)
    }
}

impl Afterwards {
    /// Whether a path lies within something of which nobody has looked inside, or lay there before it was taken apart.
    pub(super) fn is_in_an_export(&self, path: &TreePath) -> bool {
        let is_at_top = path.parent().is_some_and(|parent| parent.is_root());
        let is_one = || path.name().is_some_and(|name| self.taken_apart.contains(&form_of_export(name)));
        self.is_a_file || (is_at_top && is_one())
    }
}

/// Whether a snapshot says what is in this place: it was named, and nothing in it was closed.
fn is_known(snapshot: &Snapshot, path: &[u8]) -> bool {
    let labels = labels(snapshot, path);
    !labels.is_empty() && labels.into_iter().all(|label| holds_root(snapshot, label))
}

/// The names of what came out of a path.
pub(super) fn labels<'s>(snapshot: &'s Snapshot, path: &[u8]) -> BTreeSet<&'s [u8]> {
    let there = snapshot.body.roots.iter().filter(|root| root.description.native_path == path);
    there.map(|root| root.description.label.as_slice()).collect()
}

/// The form of the names of the exports that it came out of; none where it is as it lay there.
fn form(root: &SnapshotRoot) -> Option<Vec<u8>> {
    root.containers.first().map(|container| form_of_export(&container.name))
}
