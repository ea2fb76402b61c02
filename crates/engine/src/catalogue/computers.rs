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
    pub(super) fn of_snapshots(snapshots: &'s [Snapshot]) -> Self {
        Self::of(snapshots.iter().map(|snapshot| (snapshot.writer, snapshot.body.host.as_str())))
    }

    /// By the writer of each snapshot and what its computer was called then, oldest first.
    fn of(snapshots: impl Iterator<Item = (WriterId, &'s str)>) -> Self {
        // Of those that are alike, the last place stays.
        let last_places: HashMap<(WriterId, &str), usize> = snapshots.zip(0..).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the computers of the writers 1, 2 and so on are called last, by the writers and names of all snapshots, oldest first. Told many
    /// times, as a hash map has another order each time.
    fn names<'s>(snapshots: &[(u8, &'s str)]) -> Vec<&'s str> {
        let writer = |number| WriterId([number; 16]);
        let once = || {
            let computers = Computers::of(snapshots.iter().map(|&(number, name)| (writer(number), name)));
            (1..=computers.of_writers.len() as u8).map(|number| computers.of_writer(writer(number))).collect()
        };
        let told: BTreeSet<Vec<&str>> = std::iter::repeat_with(once).take(100).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        told.into_iter().next().unwrap_or_default()
    }

    #[test]
    fn writers_are_at_one_computer_by_their_names_though_the_first_and_the_last_share_none() {
        let chain =
            [(1, "office"), (2, "office"), (2, "chair"), (3, "chair"), (3, "laptop"), (4, "laptop"), (4, "new")];
        let hall = [(5, "hall"), (6, "shed")];
        assert_eq!(names(&[&chain[..], &hall].concat()), ["new", "new", "new", "new", "hall", "shed"]);
        // What joins two of them may come last, or have been long ago.
        let later = [(1, "office"), (2, "chair"), (3, "laptop"), (2, "laptop"), (2, "office")];
        assert_eq!(names(&later), ["office"; 3]);
        assert_eq!(names(&later[..4]), ["office", "laptop", "laptop"]);
        assert_eq!(names(&later[..3]), ["office", "chair", "laptop"]);
        assert_eq!(names(&[]), [""; 0]);
    }

    #[test]
    fn the_name_that_it_had_last_is_that_of_the_computer_whoever_had_it_and_had_it_before() {
        assert_eq!(names(&[(1, "office"), (1, "chair")]), ["chair"]);
        assert_eq!(names(&[(1, "office"), (1, "chair"), (1, "office")]), ["office"]);
        assert_eq!(names(&[(1, "zebra"), (2, "zebra"), (2, "office"), (1, "ark")]), ["ark"; 2]);
        assert_eq!(
            names(&[(1, "ark"), (2, "ark"), (1, "office"), (2, "zebra"), (3, "last")]),
            ["zebra", "zebra", "last"]
        );
    }
}
