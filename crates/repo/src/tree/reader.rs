//! Reads trees: whole, or only what lies below one path, stepping over nodes that cannot be read.

use super::node::{Child, MAX_LEVEL, MAX_NODE_LEN, Node, decode_node};
use crate::error::{ObjectError, RepoError};
use chest_model::{ChunkId, Entry, TreePath};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Fetches the plaintext of a chunk, its id proven.
pub trait ChunkReader: Sync {
    /// The chunk's plaintext.
    fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError>;

    /// Tells that these will be read soon.
    fn will_read(&self, _ids: &[ChunkId]) {}
}

/// Sees a tree's entries in order.
pub trait TreeVisitor {
    /// The next entry.
    fn entry(&mut self, entry: Entry) -> ControlFlow<()>;

    /// A node cannot be read: every entry from `from` up to (not with) `until` is lost to this walk.
    fn unreadable(&mut self, from: &TreePath, until: Option<&TreePath>, error: RepoError) -> ControlFlow<()>;

    /// Whether to go into this node; a node seen in another tree need not be seen again.
    fn enter(&mut self, _node: &ChunkId) -> bool {
        true
    }
}

/// Walks what lies at and below `within` (the root path for all).
pub fn walk(
    root: &ChunkId,
    within: &TreePath,
    reader: &dyn ChunkReader,
    visitor: &mut dyn TreeVisitor,
) -> ControlFlow<()> {
    let span = Span { from: TreePath::root(), until: None };
    Walk { within, reader, visitor }.node(root, None, &span)
}

/// What a node must hold: paths from `from` on, before `until`.
pub(super) struct Span {
    pub(super) from: TreePath,
    pub(super) until: Option<TreePath>,
}

struct Walk<'a> {
    within: &'a TreePath,
    reader: &'a dyn ChunkReader,
    visitor: &'a mut dyn TreeVisitor,
}

impl Walk<'_> {
    fn node(&mut self, id: &ChunkId, level: Option<u32>, span: &Span) -> ControlFlow<()> {
        if !self.visitor.enter(id) {
            return ControlFlow::Continue(());
        }
        match load(self.reader, id, level, span) {
            Err(error) => self.visitor.unreadable(&span.from, span.until.as_ref(), error),
            Ok(Node::Leaf(entries)) => self.leaf(entries),
            Ok(Node::Inner { level, children }) => self.inner(level, &children, span),
        }
    }

    fn leaf(&mut self, entries: Vec<Entry>) -> ControlFlow<()> {
        for entry in entries {
            if entry.path.is_within(self.within) {
                self.visitor.entry(entry)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn inner(&mut self, level: u32, children: &[Child], span: &Span) -> ControlFlow<()> {
        let until = |position: usize| children.get(position + 1).map(|next| &next.first).or(span.until.as_ref());
        let wanted: Vec<usize> = (0..children.len()).filter(|&i| self.overlaps(&children[i].first, until(i))).collect();
        let ids: Vec<ChunkId> = wanted.iter().map(|&i| children[i].id).collect();
        for (number, i) in wanted.into_iter().enumerate() {
            announce(self.reader, &ids, number);
            let below = Span { from: children[i].first.clone(), until: until(i).cloned() };
            self.node(&children[i].id, Some(level - 1), &below)?;
        }
        ControlFlow::Continue(())
    }

    /// Whether a node with paths from `from` to `until` can hold something at or below `within`.
    fn overlaps(&self, from: &TreePath, until: Option<&TreePath>) -> bool {
        let begins_before_the_end = from <= self.within || from.is_within(self.within);
        let ends_after_the_beginning = until.is_none_or(|until| until > self.within);
        begins_before_the_end && ends_after_the_beginning
    }
}

/// Tells the reader of the next nodes, group by group: as many as are worth a round trip, and no more than it keeps.
pub(super) fn announce(reader: &dyn ChunkReader, ids: &[ChunkId], next: usize) {
    const GROUP: usize = 128;
    if next.is_multiple_of(GROUP) {
        reader.will_read(&ids[next..ids.len().min(next + GROUP)]);
    }
}

/// Reads a node and holds it against what its parent said of it.
pub(super) fn load(reader: &dyn ChunkReader, id: &ChunkId, level: Option<u32>, span: &Span) -> Result<Node, RepoError> {
    let plain = reader.read_chunk(id)?;
    if plain.len() > MAX_NODE_LEN {
        let problem = ObjectError::Malformed("a tree node longer than any");
        return Err(RepoError::object(format!("tree node {id}"), problem));
    }
    let node = decode_node(&plain).map_err(|problem| RepoError::object(format!("tree node {id}"), problem))?;
    let (found, first, last) = match &node {
        Node::Leaf(entries) => (0, entries.first().map(|e| &e.path), entries.last().map(|e| &e.path)),
        Node::Inner { level, children } => {
            (*level, children.first().map(|child| &child.first), children.last().map(|child| &child.first))
        }
    };
    let fits = level.is_none_or(|level| level == found)
        && first == Some(&span.from)
        && span.until.as_ref().is_none_or(|until| last.is_some_and(|last| last < until));
    if fits && found <= MAX_LEVEL {
        Ok(node)
    } else {
        let problem = ObjectError::Malformed("a tree node is not where its parent says");
        Err(RepoError::object(format!("tree node {id}"), problem))
    }
}

/// Gathers something from every entry of many trees, reading each distinct node once, however many trees share it.
pub struct Collector<T> {
    nodes: HashMap<ChunkId, Collected<T>>,
    /// Nodes that could not be read: where they begin, and why.
    pub damaged: Vec<(TreePath, RepoError)>,
}

enum Collected<T> {
    Leaf(Vec<T>),
    Inner(Vec<ChunkId>),
}

impl<T> Default for Collector<T> {
    fn default() -> Self {
        Self { nodes: HashMap::new(), damaged: Vec::new() }
    }
}

impl<T> Collector<T> {
    /// Goes through a tree; `pick` says what to keep of an entry. Nodes met before are not read again. Fails where the store
    /// does: then nothing is known of what it holds.
    pub fn gather(
        &mut self,
        root: &ChunkId,
        reader: &dyn ChunkReader,
        pick: &mut dyn FnMut(Entry) -> Option<T>,
    ) -> Result<(), RepoError> {
        self.node(root, None, &Span { from: TreePath::root(), until: None }, reader, pick)
    }

    fn node(
        &mut self,
        id: &ChunkId,
        level: Option<u32>,
        span: &Span,
        reader: &dyn ChunkReader,
        pick: &mut dyn FnMut(Entry) -> Option<T>,
    ) -> Result<(), RepoError> {
        if self.nodes.contains_key(id) {
            return Ok(());
        }
        match load(reader, id, level, span) {
            Err(error) if error.is_of_the_store() => return Err(error),
            Err(error) => {
                self.damaged.push((span.from.clone(), error));
                self.nodes.insert(*id, Collected::Leaf(Vec::new()));
            }
            Ok(Node::Leaf(entries)) => {
                let kept = entries.into_iter().filter_map(pick).collect();
                self.nodes.insert(*id, Collected::Leaf(kept));
            }
            Ok(Node::Inner { level, children }) => {
                let ids: Vec<ChunkId> = children.iter().map(|child| child.id).collect();
                for (i, child) in children.iter().enumerate() {
                    announce(reader, &ids, i);
                    let until = children.get(i + 1).map(|next| &next.first).or(span.until.as_ref()).cloned();
                    let below = Span { from: child.first.clone(), until };
                    self.node(&child.id, Some(level - 1), &below, reader, pick)?;
                }
                self.nodes.insert(*id, Collected::Inner(ids));
            }
        }
        Ok(())
    }

    /// What was kept of a tree that was gathered, in tree order.
    pub fn items(&self, root: &ChunkId) -> Vec<&T> {
        let mut items = Vec::new();
        let mut next = vec![root];
        while let Some(id) = next.pop() {
            match self.nodes.get(id) {
                Some(Collected::Leaf(kept)) => items.extend(kept),
                Some(Collected::Inner(children)) => next.extend(children.iter().rev()),
                None => {}
            }
        }
        items
    }

    /// How many different nodes were read.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Memory;
    use super::super::{TreeBuilder, encode_entry};
    use super::*;
    use crate::keys::DomainSecret;
    use chest_model::{EntryKind, Metadata};
    use std::sync::Arc;

    #[derive(Default)]
    struct Seen {
        paths: Vec<TreePath>,
        lost: Vec<(TreePath, Option<TreePath>)>,
        nodes: usize,
    }

    impl TreeVisitor for Seen {
        fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
            self.paths.push(entry.path);
            ControlFlow::Continue(())
        }
        fn unreadable(&mut self, from: &TreePath, until: Option<&TreePath>, _: RepoError) -> ControlFlow<()> {
            self.lost.push((from.clone(), until.cloned()));
            ControlFlow::Continue(())
        }
        fn enter(&mut self, _: &ChunkId) -> bool {
            self.nodes += 1;
            true
        }
    }

    fn paths(folders: usize, files: usize) -> Vec<TreePath> {
        let mut paths = vec![TreePath::root()];
        for folder in 0..folders {
            let name = format!("folder {folder:04}");
            paths.push(TreePath::from_bytes(name.clone().into_bytes()).unwrap());
            for file in 0..files {
                paths.push(TreePath::from_bytes(format!("{name}/minutes {file:05}.docx").into_bytes()).unwrap());
            }
        }
        paths.sort();
        paths
    }

    fn build(paths: &[TreePath], memory: &mut Memory) -> ChunkId {
        let mut builder = TreeBuilder::new(Arc::new(DomainSecret::new([1; 32]).keys()), 16 << 20);
        for path in paths {
            let entry = Entry {
                path: path.clone(),
                kind: EntryKind::Directory,
                metadata: Metadata::default(),
                large_xattrs: vec![],
            };
            builder.push(path, &encode_entry(&entry), memory).unwrap();
        }
        builder.finish(memory).unwrap()
    }

    fn seen(root: &ChunkId, within: &TreePath, memory: &Memory) -> Seen {
        let mut seen = Seen::default();
        let _ = walk(root, within, memory, &mut seen);
        seen
    }

    #[test]
    fn a_tree_comes_back_in_order_and_a_folder_costs_few_nodes() {
        let mut memory = Memory::default();
        let paths = paths(100, 300);
        let root = build(&paths, &mut memory);
        assert_eq!(seen(&root, &TreePath::root(), &memory).paths, paths);
        let folder = TreePath::from_bytes(b"folder 0042".to_vec()).unwrap();
        let below = seen(&root, &folder, &memory);
        assert_eq!(below.paths, paths.iter().filter(|path| path.is_within(&folder)).cloned().collect::<Vec<_>>());
        assert!(below.nodes <= 6, "{} nodes", below.nodes);
    }

    #[test]
    fn one_changed_entry_changes_one_node_of_each_level() {
        let mut memory = Memory::default();
        let mut paths = paths(100, 300);
        build(&paths, &mut memory);
        let before = memory.0.len();
        let at = paths.len() / 2;
        let added = paths[at].child(b"one more").unwrap();
        paths.insert(at + 1, added);
        build(&paths, &mut memory);
        assert!(memory.0.len() - before <= 4, "{} new nodes", memory.0.len() - before);
    }

    #[test]
    fn a_lost_node_loses_only_its_own_entries() {
        let mut memory = Memory::default();
        let paths = paths(50, 100);
        let root = build(&paths, &mut memory);
        let leaf = *memory.0.keys().filter(|id| **id != root).min().unwrap();
        memory.0.remove(&leaf);
        let seen = seen(&root, &TreePath::root(), &memory);
        let [(from, until)] = &seen.lost[..] else { panic!("{} lost", seen.lost.len()) };
        let kept: Vec<_> =
            paths.iter().filter(|p| *p < from || until.as_ref().is_some_and(|until| *p >= until)).cloned().collect();
        assert_eq!(seen.paths, kept);
    }

    /// Promise 4, for nodes.
    #[test]
    fn golden_node_cuts() {
        let mut memory = Memory::default();
        let root = build(&paths(10, 200), &mut memory);
        let Node::Inner { children, .. } = decode_node(&memory.0[&root]).unwrap() else { panic!("a single node") };
        let firsts: Vec<String> = children.iter().map(|child| child.first.to_string()).collect();
        assert_eq!(firsts, GOLDEN, "{firsts:?}");
    }
    const GOLDEN: &[&str] = &[
        "",
        "folder 0001/minutes 00025.docx",
        "folder 0003/minutes 00029.docx",
        "folder 0003/minutes 00176.docx",
        "folder 0004/minutes 00089.docx",
        "folder 0005/minutes 00031.docx",
        "folder 0009/minutes 00141.docx",
    ];
}
