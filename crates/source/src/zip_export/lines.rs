//! Which exports of one form of name go on from each other. A clerk downloads one folder on Friday and another on Saturday: the names
//! differ in nothing but the day, and neither makes the other one old. So one is older only where newer ones hold most of its files, be
//! it in folders that were renamed since, or where it holds most of those of a newer one, be that the newest or an older one: that is what
//! is left of an export that was cut short, or of a folder that was emptied and filled again.

use super::archive::Listing;
use super::exports::Export;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// More are not remembered: what they would show to be old is then backed up each time.
const MOST_NUMBERS: usize = 4 << 20;
/// Of an older export the files with the lowest numbers are held against still older ones. Numbers follow no order, so that these stand for
/// all of it as if drawn by lot.
const SAMPLE: usize = 1 << 12;
/// More samples are not kept of all of a form.
const MOST_SAMPLED: usize = 1 << 19;
/// Longer names are no titles.
const LONGEST_TITLE: usize = 100;

/// By what a file is known in another export, as numbers: two of one number do no harm, for what is taken for old is stored all the same,
/// once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    path: u64,
    /// Its name with its length and checksum: a folder above it may have been renamed. Empty files are not told apart.
    elsewhere: Option<u64>,
}

impl Known {
    fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        [Some(self.path), self.elsewhere].into_iter().flatten()
    }
}

fn number(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// What the files of an export are called.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// In order, each path once.
    files: Vec<Known>,
    /// Files in and below each folder at the top.
    at_top: BTreeMap<Vec<u8>, usize>,
}

impl Contents {
    /// What is listed.
    pub(super) fn of(listing: &Listing) -> Self {
        let mut contents = Self::default();
        for (name, member) in listing.members.iter().filter(|(_, member)| !member.is_folder) {
            let last = name.rsplit(|byte| *byte == b'/').next();
            let elsewhere = (member.size > 0).then(|| number(&(last, member.size, member.crc)));
            contents.files.push(Known { path: number(name), elsewhere });
            if let Some(end) = name.iter().position(|byte| *byte == b'/').filter(|end| *end <= LONGEST_TITLE) {
                *contents.at_top.entry(name[..end].to_vec()).or_default() += 1;
            }
        }
        contents.in_order();
        contents
    }

    fn in_order(&mut self) {
        self.files.sort_unstable();
        self.files.dedup_by_key(|file| file.path);
    }

    /// Whether there is no file at all.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Those of another part besides.
    pub(super) fn add(&mut self, other: Self) {
        self.files.extend(other.files);
        self.in_order();
        other.at_top.into_iter().for_each(|(folder, files)| *self.at_top.entry(folder).or_default() += files);
    }

    /// The folder that holds more than half of it, if that can be a name.
    fn main_folder(&self) -> Option<Vec<u8>> {
        let is_main = |(_, files): &(&Vec<u8>, &usize)| **files * 2 > self.files.len();
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
    /// The files in the newest.
    files: Vec<Known>,
    /// Files of older ones, the newest of them first.
    samples: Vec<Vec<Known>>,
}

impl Line {
    /// Whether more than half of an older one is among these.
    fn has_older_in(&self, numbers: &HashSet<u64>) -> bool {
        self.samples.iter().any(|sample| are_mostly_in(sample, numbers))
    }

    /// The first file of the oldest: as long as that stays in the folder, the line is called by it.
    pub(super) fn first_file(&self) -> Option<&PathBuf> {
        self.older.last().unwrap_or(&self.newest.parts).first()
    }
}

fn are_mostly_in(files: &[Known], numbers: &HashSet<u64>) -> bool {
    let shared = files.iter().filter(|file| file.numbers().any(|number| numbers.contains(&number))).count();
    shared * 2 > files.len()
}

/// All of one form.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The one with the newest export first.
    pub(super) all: Vec<Line>,
    /// Of each number of a file, the line that holds it.
    holders: HashMap<u64, usize>,
    /// How many files all samples have.
    sampled: usize,
}

impl Lines {
    /// The line to which this one belongs, which is older than all that have been added: newer ones hold more than half of it, or it
    /// holds more than half of the newest of the line, which then lacks what this one has besides; or of an older one, though the newest
    /// may have filled up with other files since.
    pub(super) fn continuing(&self, contents: &Contents) -> Option<usize> {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        let holder = |file: &Known| file.numbers().find_map(|number| self.holders.get(&number));
        contents.files.iter().filter_map(holder).for_each(|line| *shared.entry(*line).or_default() += 1);
        let held: usize = shared.values().sum();
        let most = shared.iter().max_by_key(|(_, files)| **files).map(|(line, _)| *line);
        most.filter(|_| held * 2 > contents.files.len()).or_else(|| {
            let numbers: HashSet<u64> = contents.files.iter().flat_map(Known::numbers).collect();
            let of = |is_of: &dyn Fn(&Line) -> bool| {
                shared.keys().copied().find(|line| self.all.get(*line).is_some_and(is_of))
            };
            of(&|line| are_mostly_in(&line.files, &numbers)).or_else(|| of(&|line| line.has_older_in(&numbers)))
        })
    }

    /// Adds one that belongs to none of these.
    pub(super) fn begin(&mut self, newest: Export, contents: &Contents) {
        self.hold(self.all.len(), contents);
        let (main_folder, files) = (contents.main_folder(), contents.files.clone());
        self.all.push(Line { newest, older: Vec::new(), main_folder, files, samples: Vec::new() });
    }

    /// Adds an older one to its line.
    pub(super) fn join(&mut self, line: usize, parts: Vec<PathBuf>, contents: &Contents) {
        self.hold(line, contents);
        self.sample(line, contents);
        if let Some(line) = self.all.get_mut(line).filter(|_| !parts.is_empty()) {
            line.older.push(parts);
        }
    }

    /// Keeps files of the oldest of its line. Where there is no room for them, the last one before makes it: what comes next goes on from
    /// the oldest more likely than from any other.
    fn sample(&mut self, line: usize, contents: &Contents) {
        let Some(line) = self.all.get_mut(line) else { return };
        let sample: Vec<Known> = contents.files.iter().take(SAMPLE).copied().collect();
        if self.sampled + sample.len() > MOST_SAMPLED {
            self.sampled -= line.samples.pop().map_or(0, |last| last.len());
        }
        if !sample.is_empty() && self.sampled + sample.len() <= MOST_SAMPLED {
            self.sampled += sample.len();
            line.samples.push(sample);
        }
    }

    fn hold(&mut self, line: usize, contents: &Contents) {
        let room = MOST_NUMBERS.saturating_sub(self.holders.len());
        for number in contents.files.iter().flat_map(Known::numbers).take(room) {
            self.holders.entry(number).or_insert(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export() -> Export {
        Export { parts: vec![PathBuf::from("Export.zip")], missing: Vec::new() }
    }

    fn contents(paths: impl IntoIterator<Item = u32>) -> Contents {
        let files = paths.into_iter().map(|file| Known { path: number(&file), elsewhere: None });
        let mut contents = Contents { files: files.collect(), ..Contents::default() };
        contents.in_order();
        contents
    }

    /// A line of these, the newest first.
    fn line(all: &[Contents]) -> Lines {
        let mut lines = Lines::default();
        for contents in all {
            match lines.continuing(contents) {
                None => lines.begin(export(), contents),
                Some(line) => lines.join(line, export().parts, contents),
            }
        }
        assert_eq!(lines.all.len(), 1);
        lines
    }

    /// What was emptied by more than half, and filled up with new files week by week.
    #[test]
    fn an_export_belongs_to_the_line_of_an_older_one_of_which_it_holds_most() {
        let whole = contents(0..30);
        for scale in [1, 1000] {
            let of = |files: std::ops::Range<u32>| contents(files.start * scale..files.end * scale);
            let lines = line(&[of(18..90), of(18..60), of(18..38)]);
            assert_eq!(lines.continuing(&of(0..30)), Some(0), "{scale}");
            assert_eq!(lines.continuing(&of(0..20)), None, "{scale}: another thing that shares some files");
        }
        let two_weeks = line(&[contents(18..90), contents(18..60), contents(18..38), whole]);
        assert_eq!(two_weeks.continuing(&contents((0..12).chain(100..120))), None);
        assert_eq!(two_weeks.continuing(&contents((0..16).chain(100..120))), Some(0), "it holds most of the last one");
    }

    #[test]
    fn of_ever_more_exports_no_more_is_kept_and_the_oldest_is_always_known() {
        let files = 2 * SAMPLE as u32;
        let weeks = 2 * u32::try_from(MOST_SAMPLED / SAMPLE).unwrap();
        let week = |number: u32| contents(number * files / 4..number * files / 4 + files);
        let mut lines = line(&[week(0)]);
        for number in 1..weeks {
            lines.join(0, export().parts, &week(number));
        }
        assert!(lines.sampled <= MOST_SAMPLED && lines.all[0].samples.len() == MOST_SAMPLED / SAMPLE);
        assert_eq!(lines.sampled, lines.all[0].samples.iter().map(Vec::len).sum::<usize>());
        let numbers = |number: u32| week(number).files.iter().flat_map(Known::numbers).collect::<HashSet<u64>>();
        assert!(lines.all[0].has_older_in(&numbers(weeks - 1)) && lines.all[0].has_older_in(&numbers(1)));
        assert!(!lines.all[0].has_older_in(&numbers(weeks - 8)), "there was no room for it");
    }
}
