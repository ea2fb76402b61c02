//! Finds files and folders by name over all versions, deleted ones too. Each tree node is visited once, however many
//! snapshots share it.

use super::{ItemType, ShownPath, VersionKey, holds_root};
use crate::{EngineError, Opened};
use chest_model::{Entry, Exception, ExceptionKind, Monitor, ObjectHash, Phase, Progress, Timestamp, TreePath};
use chest_repo::repository::Snapshot;
use chest_repo::tree::Collector;
use globset::{GlobBuilder, GlobMatcher};
use std::collections::{BTreeMap, HashMap};

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindQuery {
    /// Part of a name, in any case; or, with `*`, `?` or `[`, a pattern for the whole name, or for the path where it has a `/`.
    pub word: String,
    /// Only what the newest snapshot of its machine and root no longer holds.
    pub only_deleted: bool,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct FindOutcome {
    /// In the order of their paths.
    pub hits: Vec<Hit>,
    /// Parts of trees that could not be read.
    pub damaged: Vec<String>,
    /// How many snapshots were searched.
    pub snapshots: usize,
}

/// One path, over all versions.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Where it is or was.
    pub path: ShownPath,
    /// Its versions, newest first.
    pub versions: Vec<HitVersion>,
    /// Whether the newest snapshot of its machine and root no longer holds it.
    pub deleted: bool,
}

/// One version of a path.
#[derive(Debug, Clone)]
pub struct HitVersion {
    /// What it was.
    pub item: ItemType,
    /// Bytes of content.
    pub size: u64,
    /// When its content was last changed.
    pub modified: Timestamp,
    /// The oldest snapshot that holds it: id and end of reading.
    pub first_seen: (ObjectHash, Timestamp),
    /// The newest snapshot that holds it: the one to restore from.
    pub last_seen: (ObjectHash, Timestamp),
}

/// Searches all snapshots.
pub fn find(opened: &Opened, query: &FindQuery, monitor: &dyn Monitor) -> Result<FindOutcome, EngineError> {
    let matcher = Matcher::new(&query.word)?;
    let (snapshots, _) = opened.session.snapshots();
    monitor.progress(Progress::Begin { phase: Phase::CheckingTrees, items: snapshots.len() as u64, bytes: 0 });
    let mut collector = Collector::default();
    let mut pick = |entry: Entry| matcher.fits(&entry.path).then(|| (entry.path.clone(), VersionKey::of(&entry)));
    let mut hits: BTreeMap<(Vec<u8>, TreePath), BTreeMap<usize, Vec<VersionKey>>> = BTreeMap::new();
    for (number, snapshot) in snapshots.iter().enumerate() {
        if monitor.cancelled() {
            return Err(EngineError::Interrupted);
        }
        let fetcher = opened.fetcher_of(snapshot)?;
        for root in &snapshot.body.roots {
            collector.gather(&root.tree, &*fetcher, &mut pick);
            for (path, version) in collector.items(&root.tree) {
                let key = (root.description.label.clone(), path.clone());
                hits.entry(key).or_default().entry(number).or_default().push(version.clone());
            }
        }
        monitor.progress(Progress::Done { items: 1, bytes: 0 });
    }
    monitor.progress(Progress::End);
    let newest = newest_of_each_root(&snapshots);
    let mut hits: Vec<Hit> = hits
        .into_iter()
        .map(|((root, path), seen)| hit(ShownPath { root, path }, &seen, &snapshots, &newest))
        .filter(|hit| hit.deleted || !query.only_deleted)
        .collect();
    hits.sort_by(|a, b| (&a.path.root, &a.path.path).cmp(&(&b.path.root, &b.path.path)));
    let damaged = collector.damaged.iter().map(|(from, error)| format!("{from}: {error}")).collect();
    Ok(FindOutcome { hits, damaged, snapshots: snapshots.len() })
}

/// How a word is held against names, both folded: in any case, and with accents spelt either way.
enum Matcher {
    /// Part of a name.
    Part(String),
    Name(GlobMatcher),
    Path(GlobMatcher),
}

impl Matcher {
    fn new(word: &str) -> Result<Self, EngineError> {
        let folded = chest_model::folded_text(word);
        if !word.contains(['*', '?', '[']) {
            return Ok(Self::Part(folded));
        }
        let glob = GlobBuilder::new(&folded).literal_separator(true).build();
        let bad =
            |error: globset::Error| EngineError::BadPattern { pattern: word.to_owned(), problem: error.to_string() };
        let matcher = glob.map_err(bad)?.compile_matcher();
        Ok(if word.contains('/') { Self::Path(matcher) } else { Self::Name(matcher) })
    }

    fn fits(&self, path: &TreePath) -> bool {
        let Some(name) = path.name() else { return false };
        match self {
            Self::Part(word) => chest_model::folded(name).contains(word),
            Self::Name(glob) => glob.is_match(chest_model::folded(name)),
            Self::Path(glob) => glob.is_match(chest_model::folded(path.as_bytes())),
        }
    }
}

/// The newest snapshot that holds each machine's root: what is not in it is deleted.
fn newest_of_each_root(snapshots: &[Snapshot]) -> HashMap<(Vec<u8>, String), usize> {
    let mut newest = HashMap::new();
    for (number, snapshot) in snapshots.iter().enumerate() {
        for root in snapshot.body.roots.iter().filter(|root| holds_root(snapshot, &root.description.label)) {
            newest.insert((root.description.label.clone(), snapshot.body.host.clone()), number);
        }
    }
    newest
}

/// Whether a folder on the way to the path could not be read, so that nothing can be said of the path.
fn is_unknown(snapshot: &Snapshot, path: &ShownPath) -> bool {
    let hides = |one: &Exception| {
        one.root == path.root && matches!(one.kind, ExceptionKind::Unreadable(_)) && path.path.is_within(&one.path)
    };
    snapshot.body.exceptions.iter().any(hides)
}

/// Puts the sightings of one path together: equal versions become one, with the first and last snapshot that held it.
fn hit(
    path: ShownPath,
    seen: &BTreeMap<usize, Vec<VersionKey>>,
    snapshots: &[Snapshot],
    newest: &HashMap<(Vec<u8>, String), usize>,
) -> Hit {
    let mut versions: HashMap<VersionKey, (usize, usize)> = HashMap::new();
    for (number, found) in seen {
        for version in found {
            versions.entry(version.clone()).and_modify(|span| span.1 = *number).or_insert((*number, *number));
        }
    }
    let at = |number: usize| (snapshots[number].record.hash, snapshots[number].public.ended);
    let mut versions: Vec<HitVersion> = versions
        .into_iter()
        .map(|(key, (first, last))| HitVersion {
            item: key.item,
            size: key.size,
            modified: key.modified,
            first_seen: at(first),
            last_seen: at(last),
        })
        .collect();
    versions.sort_by_key(|version| std::cmp::Reverse((version.last_seen.1, version.modified)));
    // Deleted where no machine's newest snapshot of that root holds it.
    let held = |number: &usize| {
        let host = snapshots[*number].body.host.clone();
        newest.get(&(path.root.clone(), host)) == Some(number)
    };
    let unknown =
        |(root, number): (&(Vec<u8>, String), &usize)| root.0 == path.root && is_unknown(&snapshots[*number], &path);
    let deleted = !seen.keys().any(held) && !newest.iter().any(unknown);
    Hit { path, versions, deleted }
}
