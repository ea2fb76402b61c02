//! Which files and symbolic links are one under several names.

use super::facts::Facts;
use super::place::Place;
use chest_model::{Timestamp, TreePath};
use rustix::fs::FileType;
use std::collections::HashMap;
use std::sync::Arc;

/// The first names of what has several hard links, until all their names have been met.
#[derive(Debug, Default)]
pub(super) struct Links {
    known: HashMap<Key, Known>,
}

/// The time of the last change is part of it: a number given to a new file during the walk must not join two that have
/// nothing to do with each other.
type Key = (u64, u64, Timestamp);

#[derive(Debug)]
struct Known {
    /// Not its path: there may be a great many, far down.
    first: Arc<Place>,
    still_to_come: u64,
}

impl Links {
    /// The first path under which this file was met, in a walk that now meets it under that name.
    pub(super) fn meet(&mut self, facts: &Facts, folder: &Arc<Place>, name: &[u8]) -> Option<TreePath> {
        if facts.links < 2 || !matches!(facts.file_type(), FileType::RegularFile | FileType::Symlink) {
            return None;
        }
        let key = (facts.device, facts.inode, facts.changed);
        let known =
            self.known.entry(key).or_insert_with(|| Known { first: folder.below(name), still_to_come: facts.links });
        known.still_to_come -= 1;
        let mut first = Vec::new();
        known.first.write_path(&mut first);
        if known.still_to_come == 0 {
            self.known.remove(&key);
        }
        TreePath::from_bytes(first).ok()
    }
}
