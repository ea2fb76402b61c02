//! What came of a root that the newest backup does not hold. A folder of exports is several roots, and one of them may vanish; a folder
//! may be backed up under another name, and a mailbox export bears the day in its name. Where the path was named again and the root was
//! not there, or where another root says that it came in its place, what lay in it is gone, unless that other root has it now. A root that
//! was merely not named is as it was: another command backs it up.

use super::chains::{Machines, came_in_place_of, root_of};
use super::exports::{form, holds_as_files, is_at_top, is_called_after_its_file};
use super::standing::WhyNotKnown;
use crate::EngineError;
use crate::browse::holds_root;
use chest_catalogue::{Catalogue, ChainId};
use chest_model::{Doubt, DoubtKind, TreePath};
use chest_repo::record::SnapshotRoot;
use chest_repo::repository::Snapshot;
use chest_source::form_of_export;
use std::collections::{BTreeSet, HashMap, HashSet};

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
            let roots = &self.snapshots[place].body.roots;
            let moved_to = where_exports_went(roots, root);
            let is_in_new_place = |one: &SnapshotRoot| {
                moved_to.contains(one.description.native_path.as_slice()) && form(one) == form(root)
            };
            let successors = roots.iter().filter(|one| came_after(one, root) || is_in_new_place(one));
            let successors = successors.filter_map(|one| self.chain_of(place, &one.description.label));
            successors.for_each(|chain| after.get_or_insert_default().heirs.push(chain));
        }
        Ok(after)
    }

    /// The newer exports of the same form that this snapshot took out of the same folder. An older one that is stored once beside them is
    /// no new state of anything, though one of an earlier week may have had its name; the older one alone is called after its file, unless
    /// several do not go on from each other.
    pub(super) fn newer_beside(&self, place: usize, label: &[u8]) -> Vec<ChainId> {
        let snapshot = &self.snapshots[place];
        let Some(root) = root_of(snapshot, label).filter(|root| is_called_after_its_file(root)) else {
            return Vec::new();
        };
        let is_newer = |one: &&SnapshotRoot| {
            one.description.native_path == root.description.native_path
                && form(one) == form(root)
                && (!is_called_after_its_file(one) || one.newest_content > root.newest_content)
        };
        let newer = snapshot.body.roots.iter().filter(is_newer);
        newer.filter_map(|one| self.chain_of(place, &one.description.label)).collect()
    }

    /// What lies beside the exports that this snapshot took out of a folder: where the folder itself was backed up before, it lay in that.
    pub(super) fn beside_exports(&self, place: usize, label: &[u8]) -> Vec<ChainId> {
        let snapshot = &self.snapshots[place];
        let Some(root) = root_of(snapshot, label).filter(|root| form(root).is_some()) else { return Vec::new() };
        let is_beside =
            |one: &&SnapshotRoot| one.description.native_path == root.description.native_path && form(one).is_none();
        let beside = snapshot.body.roots.iter().filter(is_beside);
        beside.filter_map(|one| self.chain_of(place, &one.description.label)).collect()
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
        let form_then = form(root);
        let of_form: HashSet<Vec<u8>> = form_then.iter().cloned().collect();
        let mut after = Afterwards::default();
        let roots = || self.snapshots[newest].body.roots.iter().filter(|root| root.description.native_path == *path);
        // As long as others of its form are taken apart, a file of such a name is one that broke off.
        let may_be_a_file = form_then.is_none() || roots().all(|root| form(root) != form_then);
        for root in roots() {
            let form_now = form(root);
            let label = root.description.label.as_slice();
            let is_plain = form_now.is_none() && may_be_a_file && !beside.contains(label);
            let Some(chain) = self.chain_of(newest, label).filter(|_| form_now == form_then || is_plain) else {
                // What is in an export is a file only where nobody has taken apart what it lay in.
                after.taken_apart.extend(form_now.filter(|_| form_then.is_none()));
                continue;
            };
            after.heirs.push(chain);
            if is_plain {
                after.is_a_file |= holds_as_files(catalogue, chain, &of_form)?;
            }
        }
        Ok(after)
    }
}

impl Afterwards {
    /// Whether a path lies within something of which nobody has looked inside, or lay there before it was taken apart.
    pub(super) fn is_in_an_export(&self, path: &TreePath) -> bool {
        let is_one = || path.name().is_some_and(|name| self.taken_apart.contains(&form_of_export(name)));
        self.is_a_file || (is_at_top(path) && is_one())
    }
}

/// Whether it says that it came in the place of the other; or of what the other had come in the place of without being complete; or, of an
/// export, of any in the same folder: what one of those is called is what another was called.
fn came_after(one: &SnapshotRoot, other: &SnapshotRoot) -> bool {
    let Some(forerunner) = &one.forerunner else { return false };
    let is_another = one.description.label != other.description.label;
    let is_of_folder = || forerunner.native_path == other.description.native_path && form(one) == form(other);
    came_in_place_of(one, other)
        || is_another && other.forerunner.as_ref() == Some(forerunner)
        || form(other).is_some() && is_of_folder()
}

/// The folders into which the exports of another's folder have gone: one of theirs says that it came in the place of one of those.
fn where_exports_went<'s>(roots: &'s [SnapshotRoot], other: &SnapshotRoot) -> BTreeSet<&'s [u8]> {
    let old = &other.description.native_path;
    let has_gone = |one: &&SnapshotRoot| {
        let came_from = one.forerunner.as_ref().map(|forerunner| &forerunner.native_path);
        form(one).is_some() && form(other).is_some() && came_from == Some(old) && one.description.native_path != *old
    };
    roots.iter().filter(has_gone).map(|one| one.description.native_path.as_slice()).collect()
}

/// Whether a snapshot says what is in this place: it was named, and nothing in it was closed, or somebody said that it is gone for good.
fn is_known(snapshot: &Snapshot, path: &[u8]) -> bool {
    let labels = labels(snapshot, path);
    let is_said = |label: &[u8]| holds_root(snapshot, label) || is_gone_for_good(snapshot, label);
    !labels.is_empty() && labels.into_iter().all(is_said)
}

fn is_gone_for_good(snapshot: &Snapshot, label: &[u8]) -> bool {
    let is_missing = |doubt: &Doubt| doubt.accepted && matches!(doubt.kind, DoubtKind::Missing { .. });
    snapshot.body.doubts.iter().any(|doubt| doubt.root == label && is_missing(doubt))
}

/// The names of what came out of a path.
fn labels<'s>(snapshot: &'s Snapshot, path: &[u8]) -> BTreeSet<&'s [u8]> {
    let there = snapshot.body.roots.iter().filter(|root| root.description.native_path == path);
    there.map(|root| root.description.label.as_slice()).collect()
}

/// Why nobody knows what is in a root now, where later backups of whoever made its last one do not hold it.
pub(super) fn why_not_seen(last: &Snapshot, path: &[u8], later: &[Snapshot]) -> Option<WhyNotKnown> {
    let mut later = later.iter().filter(|one| one.writer == last.writer).peekable();
    later.peek()?;
    let is_named = later.any(|one| !labels(one, path).is_empty());
    Some(if is_named { WhyNotKnown::RootUnreadable } else { WhyNotKnown::RootNotBackedUp })
}
