//! Which exports of one form of name go on from each other. A clerk downloads one folder on Friday and another on Saturday: the names
//! differ in nothing but the day, and neither makes the other one old. So one is older only where newer ones hold most of its files, or
//! where it holds most of those of a newer one: that is what is left of an export that was cut short.

use super::archive::Listing;
use super::exports::Export;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// More paths are not remembered: what they would show to be old is then backed up each time.
const MOST_PATHS: usize = 4 << 20;
/// Longer names are no titles.
const LONGEST_TITLE: usize = 100;

/// What the files of an export are called.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Their paths, as numbers: two of one number do no harm, for what is taken for old is stored all the same, once.
    paths: Vec<u64>,
    /// Files in and below each folder at the top.
    at_top: BTreeMap<Vec<u8>, usize>,
}

impl Contents {
    /// What is listed.
    pub(super) fn of(listing: &Listing) -> Self {
        let mut contents = Self::default();
        for (name, _) in listing.members.iter().filter(|(_, member)| !member.is_folder) {
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            contents.paths.push(hasher.finish());
            if let Some(end) = name.iter().position(|byte| *byte == b'/').filter(|end| *end <= LONGEST_TITLE) {
                *contents.at_top.entry(name[..end].to_vec()).or_default() += 1;
            }
        }
        contents.paths.sort_unstable();
        contents.paths.dedup();
        contents
    }

    /// Whether there is no file at all.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Those of another part besides.
    pub(super) fn add(&mut self, other: Self) {
        self.paths.extend(other.paths);
        self.paths.sort_unstable();
        self.paths.dedup();
        other.at_top.into_iter().for_each(|(folder, files)| *self.at_top.entry(folder).or_default() += files);
    }

    /// The folder that holds more than half of it, if that can be a name.
    fn main_folder(&self) -> Option<Vec<u8>> {
        let is_main = |(_, files): &(&Vec<u8>, &usize)| **files * 2 > self.paths.len();
        let (name, _) = self.at_top.iter().find(is_main)?;
        let is_name = std::str::from_utf8(name).is_ok_and(|name| !name.is_empty() && !name.contains(char::is_control));
        is_name.then(|| name.clone())
    }
}

/// Exports that go on from each other.
#[derive(Debug)]
pub(super) struct Line {
    /// The newest.
    pub(super) newest: Export,
    /// The parts of each older one.
    pub(super) older: Vec<Vec<PathBuf>>,
    /// The folder in which most of the newest lies.
    pub(super) main_folder: Option<Vec<u8>>,
    /// The paths in the newest.
    paths: Vec<u64>,
}

impl Line {
    fn is_mostly_in(&self, contents: &Contents) -> bool {
        let shared = self.paths.iter().filter(|path| contents.paths.binary_search(path).is_ok()).count();
        shared * 2 > self.paths.len()
    }

    /// The first file of the oldest: as long as that stays in the folder, the line is called by it.
    pub(super) fn first_file(&self) -> Option<&PathBuf> {
        self.older.last().unwrap_or(&self.newest.parts).first()
    }
}

/// All of one form.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The one with the newest export first.
    pub(super) all: Vec<Line>,
    /// Of each path, the line that holds it.
    holders: HashMap<u64, usize>,
}

impl Lines {
    /// The line to which this one belongs, which is older than all that have been added: newer ones hold more than half of it, or it
    /// holds more than half of the newest of the line, which then lacks what this one has besides.
    pub(super) fn continuing(&self, contents: &Contents) -> Option<usize> {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        let holders = contents.paths.iter().filter_map(|path| self.holders.get(path));
        holders.for_each(|line| *shared.entry(*line).or_default() += 1);
        let held: usize = shared.values().sum();
        let most = shared.iter().max_by_key(|(_, files)| **files).map(|(line, _)| *line);
        most.filter(|_| held * 2 > contents.paths.len()).or_else(|| {
            shared.into_keys().find(|line| self.all.get(*line).is_some_and(|line| line.is_mostly_in(contents)))
        })
    }

    /// Adds one that belongs to none of these.
    pub(super) fn begin(&mut self, newest: Export, contents: &Contents) {
        self.hold(self.all.len(), contents);
        let (main_folder, paths) = (contents.main_folder(), contents.paths.clone());
        self.all.push(Line { newest, older: Vec::new(), main_folder, paths });
    }

    /// Adds an older one to its line.
    pub(super) fn join(&mut self, line: usize, parts: Vec<PathBuf>, contents: &Contents) {
        self.hold(line, contents);
        if let Some(line) = self.all.get_mut(line).filter(|_| !parts.is_empty()) {
            line.older.push(parts);
        }
    }

    fn hold(&mut self, line: usize, contents: &Contents) {
        let room = MOST_PATHS.saturating_sub(self.holders.len());
        for path in contents.paths.iter().take(room) {
            self.holders.entry(*path).or_insert(line);
        }
    }
}
