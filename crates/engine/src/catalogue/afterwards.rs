//! What came of a root that the newest backup of its path does not hold. A folder of exports is several roots, and one of them may
//! vanish; a folder may be backed up under another name. Where the path was named again and the root was not there, what lay in it is
//! gone, unless another root of that path has it now. A root that was merely not named is as it was: another command backs it up.

use super::answer::Answer;
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

/// What came of the root that a snapshot was the last to hold; nothing where its path has not been named since.
pub(super) fn afterwards(
    catalogue: &Catalogue,
    chains: &HashMap<(&str, &[u8]), ChainId>,
    last: (&Snapshot, &[u8]),
    later: &[Snapshot],
) -> Result<Option<Afterwards>, EngineError> {
    let (snapshot, label) = last;
    let Some(root) = roots(snapshot).find(|root| root.description.label == label) else { return Ok(None) };
    let place = &root.description.native_path;
    let is_whose = |one: &&Snapshot| one.writer == snapshot.writer && one.body.host == snapshot.body.host;
    let Some(newest) = later.iter().rev().filter(is_whose).find(|one| is_known(one, place)) else { return Ok(None) };
    let beside: BTreeSet<&[u8]> = labels(snapshot, place);
    let form = form(root);
    let mut after = Afterwards::default();
    for root in roots(newest).filter(|root| root.description.native_path == *place) {
        let now = self::form(root);
        let label = root.description.label.as_slice();
        let is_plain = now.is_none() && !beside.contains(label);
        let Some(&chain) = chains.get(&(newest.body.host.as_str(), label)).filter(|_| now == form || is_plain) else {
            // What is in an export is a file only where nobody has taken apart what it lay in.
            after.taken_apart.extend(now.filter(|_| form.is_none()));
            continue;
        };
        after.heirs.push(chain);
        if let Some(form) = form.as_ref().filter(|_| is_plain) {
            after.is_a_file |= catalogue.names_at_top(chain)?.iter().any(|name| form_of_export(name) == *form);
        }
    }
    Ok(Some(after))
}

impl Afterwards {
    /// Whether a path lies within something of which nobody has looked inside, or lay there before it was taken apart.
    pub(super) fn is_in_an_export(&self, path: &TreePath) -> bool {
        let is_at_top = path.parent().is_some_and(|parent| parent.is_root());
        let is_one = || path.name().is_some_and(|name| self.taken_apart.contains(&form_of_export(name)));
        self.is_a_file || (is_at_top && is_one())
    }
}

impl Answer<'_> {
    /// Whether some root in the place of a vanished one holds this path, or may hold it.
    pub(super) fn is_inherited(
        &self,
        catalogue: &Catalogue,
        after: &Afterwards,
        path: &TreePath,
    ) -> Result<bool, EngineError> {
        for &heir in &after.heirs {
            if catalogue.holds_now(heir, path)? {
                return Ok(true);
            }
        }
        Ok(after.is_in_an_export(path))
    }
}

/// Whether a snapshot says what is in this place: it was named, and nothing in it was closed.
fn is_known(snapshot: &Snapshot, place: &[u8]) -> bool {
    let labels = labels(snapshot, place);
    !labels.is_empty() && labels.into_iter().all(|label| holds_root(snapshot, label))
}

fn labels<'s>(snapshot: &'s Snapshot, place: &[u8]) -> BTreeSet<&'s [u8]> {
    let there = roots(snapshot).filter(|root| root.description.native_path == place);
    there.map(|root| root.description.label.as_slice()).collect()
}

fn roots(snapshot: &Snapshot) -> impl Iterator<Item = &SnapshotRoot> {
    snapshot.body.roots.iter()
}

/// The form of the names of the exports that it came out of; none where it is as it lay there.
fn form(root: &SnapshotRoot) -> Option<Vec<u8>> {
    root.containers.first().map(|container| form_of_export(&container.name))
}
