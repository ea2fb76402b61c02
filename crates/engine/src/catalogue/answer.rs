//! What the catalogue's numbers mean: which snapshot, whose root, and whether anything is known there.

use super::afterwards::{Afterwards, afterwards};
use super::fill::{Chains, chains_of};
use crate::EngineError;
use crate::browse::lost_part;
use chest_catalogue::{Catalogue, ChainId, Damage, KnownChain};
use chest_model::{Class, Container, Exception, ExceptionKind, ObjectHash, Timestamp, TreePath};
use chest_repo::repository::Snapshot;
use chest_source::form_of_export;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What is needed to make hits of what the catalogue says.
pub(super) struct Answer<'s> {
    snapshots: &'s [Snapshot],
    /// The place of each snapshot among all, oldest first.
    places: HashMap<ObjectHash, usize>,
    chains: HashMap<ChainId, Chain<'s>>,
    damage: Vec<Damage>,
}

/// One machine's root.
pub(super) struct Chain<'s> {
    pub(super) label: Vec<u8>,
    newest: &'s Snapshot,
    /// Its snapshots by their places among all, oldest first.
    places: Vec<usize>,
    /// What could not be read when the newest snapshot was made: nothing is known of what lies below.
    hidden: HashSet<&'s TreePath>,
    /// What cannot be read now, of the newest snapshot.
    lost: Vec<(TreePath, Option<TreePath>)>,
    /// The newest snapshot holds an export of which a part could not be read: anything may lie in it.
    is_cut_short: bool,
    /// Where its path has been backed up since without it.
    pub(super) afterwards: Option<Afterwards>,
}

impl<'s> Answer<'s> {
    pub(super) fn new(catalogue: &Catalogue, snapshots: &'s [Snapshot]) -> Result<Self, EngineError> {
        let places: HashMap<ObjectHash, usize> =
            snapshots.iter().enumerate().map(|(place, snapshot)| (snapshot.record.hash, place)).collect();
        let damage = catalogue.damage()?;
        let known: Chains<'s> = chains_of(snapshots);
        let all_chains = catalogue.chains()?;
        let by_name =
            all_chains.iter().map(|chain| ((chain.host.as_str(), chain.label.as_slice()), chain.id)).collect();
        let mut chains = HashMap::new();
        for KnownChain { id, host, label, seen } in &all_chains {
            let all = known.get(&(host.clone(), label.clone())).map(Vec::as_slice).unwrap_or_default();
            if let (Some(newest), Some(last)) = (all.last().copied(), seen.last()) {
                let of_newest = damage.iter().filter(|damage| damage.chain == *id && damage.number == last.number);
                let lost = of_newest.map(|damage| (damage.from.clone(), damage.until.clone())).collect();
                let hidden = hidden_in(newest, label);
                let places: Vec<usize> =
                    all.iter().filter_map(|snapshot| places.get(&snapshot.record.hash).copied()).collect();
                let later = places.last().map_or(&[][..], |&last| &snapshots[last + 1..]);
                let afterwards = afterwards(catalogue, &by_name, (newest, label), later)?;
                let is_cut_short = is_cut_short(all, label);
                let chain = Chain { label: label.clone(), newest, places, hidden, lost, is_cut_short, afterwards };
                chains.insert(*id, chain);
            }
        }
        Ok(Self { snapshots, places, chains, damage })
    }

    /// One machine's root; `None` for one that no snapshot has any more.
    pub(super) fn chain(&self, id: ChainId) -> Option<&Chain<'s>> {
        self.chains.get(&id)
    }

    /// Whether nothing can be said of a path in a root: a folder on the way to it could not be read there, or in what has come in
    /// the place of the root, or cannot be now.
    pub(super) fn hides(&self, chain: &Chain<'_>, path: &TreePath) -> bool {
        match &chain.afterwards {
            None => chain.hides(path),
            Some(after) => after.heirs.iter().filter_map(|&heir| self.chain(heir)).any(|heir| heir.hides(path)),
        }
    }

    /// All of them.
    pub(super) fn all_chains(&self) -> impl Iterator<Item = &Chain<'s>> {
        self.chains.values()
    }

    /// The place of a snapshot among all, oldest first.
    pub(super) fn place(&self, snapshot: &ObjectHash) -> Option<usize> {
        self.places.get(snapshot).copied()
    }

    /// A snapshot in that place: id and end of reading.
    pub(super) fn at(&self, place: usize) -> (ObjectHash, Timestamp) {
        (self.snapshots[place].record.hash, self.snapshots[place].public.ended)
    }

    /// The snapshots of each chain, oldest first.
    pub(super) fn sightings(&self) -> HashMap<ChainId, Vec<(ObjectHash, Timestamp)>> {
        let of_chain = |chain: &Chain<'_>| chain.places.iter().map(|&place| self.at(place)).collect();
        self.chains.iter().map(|(&id, chain)| (id, of_chain(chain))).collect()
    }

    /// Parts of trees that could not be read.
    pub(super) fn damaged(&self) -> Vec<String> {
        self.damage.iter().map(|damage| lost_part(&damage.from, &damage.problem)).collect()
    }
}

impl Chain<'_> {
    /// Which of its snapshots, counted from the oldest, lie from one place among all to another.
    pub(super) fn numbers(&self, first: usize, last: usize) -> Range<usize> {
        let from = self.places.partition_point(|&place| place < first);
        from..self.places.partition_point(|&place| place <= last)
    }

    /// Whether what was last seen in this snapshot is there: it is the newest of it, and the root has not vanished since.
    pub(super) fn holds_what_is_in(&self, snapshot: &ObjectHash) -> bool {
        self.afterwards.is_none() && self.newest.record.hash == *snapshot
    }

    /// Whether it is backed up as this.
    pub(super) fn is_of(&self, class: Option<Class>) -> bool {
        let root = self.newest.body.roots.iter().find(|root| root.description.label == self.label);
        class.is_none_or(|class| root.is_some_and(|root| root.description.class == class))
    }

    /// Whether nothing can be said of a path in its newest snapshot.
    fn hides(&self, path: &TreePath) -> bool {
        let above = std::iter::successors(Some(path.clone()), TreePath::parent);
        let is_lost = |(from, until): &(TreePath, Option<TreePath>)| {
            path >= from && until.as_ref().is_none_or(|until| path < until)
        };
        self.is_cut_short
            || (!self.hidden.is_empty() && above.into_iter().any(|path| self.hidden.contains(&path)))
            || self.lost.iter().any(is_lost)
    }
}

fn hidden_in<'s>(snapshot: &'s Snapshot, label: &[u8]) -> HashSet<&'s TreePath> {
    let hides = |one: &&Exception| one.root == label && matches!(one.kind, ExceptionKind::Unreadable(_));
    snapshot.body.exceptions.iter().filter(hides).map(|one| &one.path).collect()
}

/// Whether the newest snapshot holds an export with less than all its files, or one of them with less than all that is in it. What
/// stands for that lies at the top, and has the name of the file, or one that ends with it.
fn is_cut_short(all: &[&Snapshot], label: &[u8]) -> bool {
    let Some(newest) = all.last() else { return false };
    // Where nothing of it could be read, only an earlier one says that it is an export.
    let form = all.iter().rev().find_map(|snapshot| containers_in(snapshot, label).first());
    let Some(form) = form.map(|container| form_of_export(&container.name)) else { return false };
    let is_one = |name: &[u8]| {
        let is_part_of =
            |container: &Container| name.strip_suffix(b")").is_some_and(|name| name.ends_with(&container.name));
        form == form_of_export(name) || containers_in(newest, label).iter().any(is_part_of)
    };
    hidden_in(newest, label)
        .into_iter()
        .any(|path| path.parent().is_some_and(|parent| parent.is_root()) && path.name().is_some_and(is_one))
}

/// The exports that a root came out of.
fn containers_in<'s>(snapshot: &'s Snapshot, label: &[u8]) -> &'s [Container] {
    let root = snapshot.body.roots.iter().find(|root| root.description.label == label);
    root.map_or(&[], |root| &root.containers)
}
