//! Finds files and folders by name over all versions, deleted ones too. Each tree node is visited once, however many
//! snapshots share it.

use super::{ItemType, ShownPath, VersionKey};
use crate::{EngineError, Opened};
use chest_model::{ChunkId, Entry, Monitor, ObjectHash, Phase, Progress, Timestamp, TreePath};
use chest_repo::RepoError;
use chest_repo::repository::Snapshot;
use chest_repo::tree::{TreeVisitor, walk};
use globset::{GlobBuilder, GlobMatcher};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

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
    let mut search = Search { matcher, found: HashMap::new(), damaged: Vec::new() };
    let mut hits: BTreeMap<(Vec<u8>, TreePath), BTreeMap<usize, Vec<VersionKey>>> = BTreeMap::new();
    for (number, snapshot) in snapshots.iter().enumerate() {
        if monitor.cancelled() {
            return Err(EngineError::Interrupted);
        }
        let fetcher = opened.fetcher(snapshot.writer)?;
        for root in &snapshot.body.roots {
            for (path, version) in search.tree(&root.tree, &*fetcher) {
                let key = (root.description.label.clone(), path);
                hits.entry(key).or_default().entry(number).or_default().push(version);
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
    Ok(FindOutcome { hits, damaged: search.damaged, snapshots: snapshots.len() })
}

/// How a word is held against names.
enum Matcher {
    /// Part of a name, both in lower case.
    Part(String),
    Name(GlobMatcher),
    Path(GlobMatcher),
}

impl Matcher {
    fn new(word: &str) -> Result<Self, EngineError> {
        if !word.contains(['*', '?', '[']) {
            return Ok(Self::Part(word.to_lowercase()));
        }
        let glob = GlobBuilder::new(word).case_insensitive(true).literal_separator(true).build();
        let bad = |error: globset::Error| EngineError::BadPattern { pattern: word.to_owned(), problem: error.to_string() };
        let matcher = glob.map_err(bad)?.compile_matcher();
        Ok(if word.contains('/') { Self::Path(matcher) } else { Self::Name(matcher) })
    }

    fn fits(&self, path: &TreePath) -> bool {
        let Some(name) = path.name() else { return false };
        match self {
            Self::Part(word) => String::from_utf8_lossy(name).to_lowercase().contains(word),
            Self::Name(glob) => glob.is_match(&*String::from_utf8_lossy(name)),
            Self::Path(glob) => glob.is_match(&*String::from_utf8_lossy(path.as_bytes())),
        }
    }
}

/// What fits in each tree that has been searched: whole trees and nodes that snapshots share are searched once.
struct Search {
    matcher: Matcher,
    found: HashMap<ChunkId, Vec<(TreePath, VersionKey)>>,
    damaged: Vec<String>,
}

impl Search {
    fn tree(&mut self, root: &ChunkId, reader: &dyn chest_repo::tree::ChunkReader) -> Vec<(TreePath, VersionKey)> {
        let mut visitor = Visitor { search: self, open: Vec::new(), nodes: Vec::new(), known: HashSet::new() };
        let _ = walk(root, &TreePath::root(), reader, &mut visitor);
        visitor.finish()
    }
}

/// Gathers what fits, node by node.
struct Visitor<'a> {
    search: &'a mut Search,
    /// What fits in the leaf that is being read.
    open: Vec<(TreePath, VersionKey)>,
    /// Nodes in the order in which they were met; the last one is being read.
    nodes: Vec<ChunkId>,
    known: HashSet<ChunkId>,
}

impl Visitor<'_> {
    fn close(&mut self) {
        if let Some(node) = self.nodes.last()
            && !self.known.contains(node)
        {
            let found = std::mem::take(&mut self.open);
            self.search.found.insert(*node, found);
        }
        self.open.clear();
    }

    fn finish(mut self) -> Vec<(TreePath, VersionKey)> {
        self.close();
        let nodes = std::mem::take(&mut self.nodes);
        nodes.iter().filter_map(|node| self.search.found.get(node)).flatten().cloned().collect()
    }
}

impl TreeVisitor for Visitor<'_> {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        if self.search.matcher.fits(&entry.path) {
            let version = VersionKey::of(&entry);
            self.open.push((entry.path, version));
        }
        ControlFlow::Continue(())
    }

    fn unreadable(&mut self, from: &TreePath, _: Option<&TreePath>, error: RepoError) -> ControlFlow<()> {
        self.search.damaged.push(format!("{from}: {error}"));
        ControlFlow::Continue(())
    }

    fn enter(&mut self, node: &ChunkId) -> bool {
        self.close();
        self.nodes.push(*node);
        // Leaves hold what fits themselves. An inner node is gone through again, which costs no more than itself.
        let seen = self.search.found.get(node).is_some_and(|found| !found.is_empty() || self.search.leaf_is_known(node));
        if seen {
            self.known.insert(*node);
        }
        !seen
    }
}
