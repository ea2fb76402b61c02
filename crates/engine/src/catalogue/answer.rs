//! What the catalogue's numbers mean: which snapshot, whose root, and whether anything is known there.

use super::afterwards::{Afterwards, History};
use super::chains::{Chains, Machines, chains_of, root_of};
use super::standing::{WhyNotKnown, why_not_seen};
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

/// One root.
pub(super) struct Chain<'s> {
    pub(super) label: Vec<u8>,
    newest: &'s Snapshot,
    /// Its snapshots by their places among all, oldest first.
    places: Vec<usize>,
    /// As what it was backed up in each of them.
    classes: Vec<Class>,
    /// What could not be read when the newest snapshot was made: nothing is known of what lies below.
    hidden: HashSet<&'s TreePath>,
    /// What cannot be read now, of the newest snapshot.
    lost: Vec<(TreePath, Option<TreePath>)>,
    /// The newest snapshot holds an export of which a part could not be read: anything may lie in it.
    is_cut_short: bool,
    /// Exports of which an earlier snapshot holds what was in them lie in the newest one as files.
    pub(super) keeps_exports_as_files: bool,
    /// Where its path has been backed up since without it, or another root in its place.
    pub(super) afterwards: Option<Afterwards>,
    /// Why nobody knows what is in it now, where there are later backups without it.
    pub(super) not_seen_since: Option<WhyNotKnown>,
}

impl<'s> Answer<'s> {
    pub(super) fn new(catalogue: &Catalogue, snapshots: &'s [Snapshot]) -> Result<Self, EngineError> {
        let places: HashMap<ObjectHash, usize> =
            snapshots.iter().enumerate().map(|(place, snapshot)| (snapshot.record.hash, place)).collect();
        let damage = catalogue.damage()?;
        let known: Chains<'s> = chains_of(snapshots);
        let all_chains = catalogue.chains()?;
        let of_root = chains_of_roots(&all_chains, &known, &places);
        let history = History { snapshots, machines: Machines::of(snapshots), chains: of_root };
        let mut chains = HashMap::new();
        for KnownChain { id, name, seen } in &all_chains {
            let (all, label) = (known.get(name).map(Vec::as_slice).unwrap_or_default(), &name.label);
            let places: Vec<usize> =
                all.iter().filter_map(|snapshot| places.get(&snapshot.record.hash).copied()).collect();
            if let (Some(newest), Some(last), Some(&place)) = (all.last().copied(), seen.last(), places.last()) {
                let of_newest = damage.iter().filter(|damage| damage.chain == *id && damage.number == last.number);
                let path = root_of(newest, label).map_or(&[][..], |root| &root.description.native_path);
                let chain = Chain {
                    label: label.clone(),
                    newest,
                    classes: all.iter().map(|snapshot| class_in(snapshot, label)).collect(),
                    hidden: hidden_in(newest, label),
                    lost: of_newest.map(|damage| (damage.from.clone(), damage.until.clone())).collect(),
                    is_cut_short: is_cut_short(all, label),
                    keeps_exports_as_files: keeps_exports_as_files(catalogue, *id, all, label)?,
                    afterwards: history.afterwards(catalogue, place, label)?,
                    not_seen_since: why_not_seen(newest, path, &snapshots[place + 1..]),
                    places,
                };
                chains.insert(*id, chain);
            }
        }
        Ok(Self { snapshots, places, chains, damage })
    }

    /// One root; `None` for one that no snapshot has any more.
    pub(super) fn chain(&self, id: ChainId) -> Option<&Chain<'s>> {
        self.chains.get(&id)
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

    /// Whether this is the newest snapshot of it.
    pub(super) fn is_newest(&self, snapshot: &ObjectHash) -> bool {
        self.newest.record.hash == *snapshot
    }

    /// Whether it was backed up as this in any of its snapshots from one place among all to another.
    pub(super) fn was_of(&self, class: Option<Class>, first: usize, last: usize) -> bool {
        class.is_none_or(|class| self.classes[self.numbers(first, last)].contains(&class))
    }

    /// Why nothing can be said of a path in its newest snapshot, where that is so.
    pub(super) fn hides(&self, path: &TreePath) -> Option<WhyNotKnown> {
        let above = || std::iter::successors(Some(path.clone()), TreePath::parent);
        let is_lost = |(from, until): &(TreePath, Option<TreePath>)| {
            path >= from && until.as_ref().is_none_or(|until| path < until)
        };
        if self.is_cut_short {
            return Some(WhyNotKnown::ExportCutShort);
        }
        if !self.hidden.is_empty() && above().any(|path| self.hidden.contains(&path)) {
            return Some(WhyNotKnown::Unreadable);
        }
        self.lost.iter().any(is_lost).then_some(WhyNotKnown::Damaged)
    }
}

/// The chain of every root of every snapshot.
fn chains_of_roots<'s>(
    all: &[KnownChain],
    known: &Chains<'s>,
    places: &HashMap<ObjectHash, usize>,
) -> HashMap<(usize, &'s [u8]), ChainId> {
    let mut of_root = HashMap::new();
    for chain in all {
        for snapshot in known.get(&chain.name).into_iter().flatten() {
            let place = places.get(&snapshot.record.hash);
            if let Some((&place, root)) = place.zip(root_of(snapshot, &chain.name.label)) {
                of_root.insert((place, root.description.label.as_slice()), chain.id);
            }
        }
    }
    of_root
}

fn class_in(snapshot: &Snapshot, label: &[u8]) -> Class {
    root_of(snapshot, label).map_or_else(Class::default, |root| root.description.class)
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

/// Whether what came out of exports once lies in them now, as in files that nobody has looked into.
fn keeps_exports_as_files(
    catalogue: &Catalogue,
    chain: ChainId,
    all: &[&Snapshot],
    label: &[u8],
) -> Result<bool, EngineError> {
    let is_plain = all.last().is_some_and(|newest| containers_in(newest, label).is_empty());
    let forms: HashSet<Vec<u8>> = match is_plain {
        true => all
            .iter()
            .flat_map(|snapshot| containers_in(snapshot, label))
            .map(|one| form_of_export(&one.name))
            .collect(),
        false => return Ok(false),
    };
    Ok(!forms.is_empty() && catalogue.names_at_top(chain)?.iter().any(|name| forms.contains(&form_of_export(name))))
}

/// The exports that a root came out of.
fn containers_in<'s>(snapshot: &'s Snapshot, label: &[u8]) -> &'s [Container] {
    root_of(snapshot, label).map_or(&[], |root| &root.containers)
}
