//! Which writers are at one computer: what two computers have below one path are two things, whatever is called the same. A writer is at
//! every computer of whose name it has ever been, and two that have had one name are at one: two accounts, or one that was enrolled anew.

use chest_model::WriterId;
use chest_repo::repository::Snapshot;
use std::collections::{BTreeSet, HashMap};

/// The name of each writer's computer: the one that it had last, which no other has ever had.
pub(super) struct Computers<'s> {
    of_writers: HashMap<WriterId, &'s str>,
}

/// One of them.
struct Computer<'s> {
    writers: BTreeSet<WriterId>,
    names: BTreeSet<&'s str>,
    /// The place among all of its newest snapshot, and what it is called there.
    last: (usize, &'s str),
}

impl<'s> Computers<'s> {
    /// By all snapshots, oldest first.
    pub(super) fn of(snapshots: &'s [Snapshot]) -> Self {
        let mut last_places: HashMap<(WriterId, &str), usize> = HashMap::new();
        for (place, snapshot) in snapshots.iter().enumerate() {
            last_places.insert((snapshot.writer, &snapshot.body.host), place);
        }
        let mut computers: Vec<Computer<'_>> = Vec::new();
        for ((writer, name), place) in last_places {
            let mut one = Computer { writers: [writer].into(), names: [name].into(), last: (place, name) };
            let is_it = |other: &mut Computer<'_>| other.writers.contains(&writer) || other.names.contains(name);
            let same: Vec<Computer<'_>> = computers.extract_if(.., is_it).collect();
            same.into_iter().for_each(|other| one.take_in(other));
            computers.push(one);
        }
        let of_computer = |one: Computer<'s>| one.writers.into_iter().map(move |writer| (writer, one.last.1));
        Self { of_writers: computers.into_iter().flat_map(of_computer).collect() }
    }

    /// Where this writer is.
    pub(super) fn of_writer(&self, writer: WriterId) -> &'s str {
        self.of_writers.get(&writer).copied().unwrap_or_default()
    }

    /// All of them, for the catalogue.
    pub(super) fn to_catalogue(&self) -> chest_catalogue::Computers {
        self.of_writers.iter().map(|(&writer, name)| (writer, name.as_bytes().to_vec())).collect()
    }
}

impl Computer<'_> {
    fn take_in(&mut self, mut other: Self) {
        self.writers.append(&mut other.writers);
        self.names.append(&mut other.names);
        self.last = self.last.max(other.last);
    }
}
