//! What the catalogue's numbers mean: which snapshot, whose root, and whether anything is known there.

use super::afterwards::{Afterwards, History, why_not_seen};
use super::chains::{Chains, Machines, chains_of, root_of};
use super::computers::Computers;
use super::exports::{containers_in, is_at_top, keeps_exports_as_files, place_of, stands_for_part};
use super::looks::Looks;
use super::standing::WhyNotKnown;
use crate::EngineError;
use crate::browse::{ItemType, lost_part};
use chest_catalogue::{Catalogue, ChainId, Damage, FoundVersion, KnownChain};
use chest_model::{Class, Container, ObjectHash, Timestamp, TreePath};
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
    /// What the computer is called on which it is.
    pub(super) computer: &'s str,
    /// Another computer has a root of that name.
    pub(super) has_namesake: bool,
    /// Where it was when it was backed up last.
    pub(super) place: &'s [u8],
    /// Another root of that name was in another place of the same computer.
    pub(super) is_one_of_several: bool,
    newest: &'s Snapshot,
    /// Its snapshots by their places among all, oldest first.
    places: Vec<usize>,
    /// As what it was backed up in each of them.
    classes: Vec<Class>,
    /// What could be seen of it when each of them was made.
    pub(super) looks: Looks<'s>,
    /// Exports of which an earlier snapshot holds what was in them lie in the newest one as files.
    pub(super) keeps_exports_as_files: bool,
    /// Where its path has been backed up since without it, or another root in its place.
    pub(super) afterwards: Option<Afterwards>,
    /// Beside it in the newest snapshot: what they hold below the same path is not gone.
    pub(super) beside: Vec<ChainId>,
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
        let computers = Computers::of_snapshots(snapshots);
        let on_several = labels_on_several(&all_chains, &computers);
        let in_several_places = labels_in_several_places(&all_chains, &known, &computers);
        let mut chains = HashMap::new();
        for KnownChain { id, name, seen } in &all_chains {
            let (all, label) = (known.get(name).map(Vec::as_slice).unwrap_or_default(), &name.label);
            let places: Vec<usize> =
                all.iter().filter_map(|snapshot| places.get(&snapshot.record.hash).copied()).collect();
            if let (Some(newest), Some(&place)) = (all.last().copied(), places.last()) {
                let path = root_of(newest, label).map_or(&[][..], |root| &root.description.native_path);
                let computer = computers.of_writer(name.writer);
                let chain = Chain {
                    label: label.clone(),
                    computer,
                    has_namesake: on_several.contains(label.as_slice()),
                    place: place_in(newest, label),
                    is_one_of_several: in_several_places.contains(&(label.as_slice(), computer)),
                    newest,
                    classes: all.iter().map(|snapshot| class_in(snapshot, label)).collect(),
                    looks: Looks::new(all, label, *id, seen, &damage),
                    keeps_exports_as_files: keeps_exports_as_files(catalogue, *id, all, label)?,
                    afterwards: history.afterwards(catalogue, place, label)?,
                    beside: beside(&history, place, all, label),
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

    /// Whether a path never was that of a file, and stands for an export that could not be read, or for a part of one.
    pub(super) fn stands_for_part(&self, path: &TreePath, found: &[FoundVersion]) -> bool {
        let stands_in = |one: &FoundVersion| {
            let (Some(last), Some(chain), Some(name)) = (self.place(&one.last), self.chain(one.chain), path.name())
            else {
                return false;
            };
            let held_exports = chain.places.iter().filter(|&&place| place <= last);
            held_exports.map(|&place| containers_in(&self.snapshots[place], &chain.label)).any(|containers| {
                let is_of_form = |one: &Container| form_of_export(&one.name) == form_of_export(name);
                stands_for_part(name, containers) || containers.iter().any(is_of_form)
            })
        };
        let is_unreadable =
            |one: &FoundVersion| matches!(ItemType::from_number(one.version.item), Some(ItemType::Unreadable));
        is_at_top(path) && found.iter().all(|one| is_unreadable(one) && stands_in(one))
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

    /// The place among all of its last snapshot that says whether something lay there.
    pub(super) fn last_look_at(&self, path: &TreePath) -> Option<usize> {
        self.looks.last_at(path).map(|look| self.places[look])
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

/// What roots of more than one computer are called.
fn labels_on_several<'c>(chains: &'c [KnownChain], computers: &Computers<'_>) -> HashSet<&'c [u8]> {
    let mut seen_on: HashMap<&[u8], &str> = HashMap::new();
    let all = chains.iter().map(|chain| (chain.name.label.as_slice(), computers.of_writer(chain.name.writer)));
    all.filter(|(label, computer)| seen_on.entry(label).or_insert(computer) != computer)
        .map(|(label, _)| label)
        .collect()
}

/// What roots in more than one place of a computer are called, with the computer.
fn labels_in_several_places<'c>(
    chains: &'c [KnownChain],
    known: &Chains<'c>,
    computers: &Computers<'c>,
) -> HashSet<(&'c [u8], &'c str)> {
    let mut seen_in: HashMap<(&[u8], &str), &[u8]> = HashMap::new();
    let all = chains.iter().filter_map(|KnownChain { name, .. }| {
        let newest = known.get(name)?.last()?;
        Some(((name.label.as_slice(), computers.of_writer(name.writer)), place_in(newest, &name.label)))
    });
    all.filter(|(root, place)| seen_in.entry(*root).or_insert(place) != place).map(|(root, _)| root).collect()
}

fn place_in<'s>(snapshot: &'s Snapshot, label: &[u8]) -> &'s [u8] {
    root_of(snapshot, label).map_or(&[], place_of)
}

fn class_in(snapshot: &Snapshot, label: &[u8]) -> Class {
    root_of(snapshot, label).map_or_else(Class::default, |root| root.description.class)
}

/// The roots beside this one that may hold what it held: newer exports, and what lies beside exports where it was no export itself.
fn beside(history: &History<'_>, place: usize, all: &[&Snapshot], label: &[u8]) -> Vec<ChainId> {
    let mut beside = history.newer_beside(place, label);
    if all.iter().any(|snapshot| containers_in(snapshot, label).is_empty()) {
        beside.extend(history.beside_exports(place, label));
    }
    beside
}
