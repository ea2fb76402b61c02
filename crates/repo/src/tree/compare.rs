//! What differs between two trees. Nodes that both have are not read, so that the cost follows the change.

use super::node::Node;
use super::reader::{ChunkReader, Span, announce, load};
use crate::error::RepoError;
use chest_model::{ChunkId, Entry, TreePath};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Which of the two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The earlier one.
    Before,
    /// The later one.
    After,
}

/// Sees what differs, in the order of the paths.
pub trait TreeComparison {
    /// An entry that only one of the trees has, or that is not the same in both.
    fn differs(&mut self, before: Option<Entry>, after: Option<Entry>) -> ControlFlow<()>;

    /// A node cannot be read: every entry from `from` up to (not with) `until` is lost on that side. Told before any entry
    /// that comes after it.
    fn unreadable(&mut self, side: Side, from: &TreePath, until: Option<&TreePath>, error: RepoError);
}

/// A tree's top node, and what fetches its nodes.
#[derive(Clone, Copy)]
pub struct Tree<'t> {
    /// The top node.
    pub root: ChunkId,
    /// What fetches it.
    pub reader: &'t dyn ChunkReader,
}

/// Compares two trees; without an earlier one, everything is new.
pub fn compare(before: Option<Tree<'_>>, after: Tree<'_>, comparison: &mut dyn TreeComparison) -> ControlFlow<()> {
    if before.is_some_and(|before| before.root == after.root) {
        return ControlFlow::Continue(());
    }
    let mut before = before.map(|tree| Half::open(Side::Before, tree, comparison));
    let mut after = Half::open(Side::After, after, comparison);
    while let level @ 1.. = before.as_ref().map_or(0, |half| half.level).max(after.level) {
        for half in before.iter_mut().chain([&mut after]).filter(|half| half.level == level) {
            half.descend(comparison);
        }
        if let Some(before) = &mut before
            && before.level == after.level
        {
            leave_out_what_both_have(before, &mut after);
        }
    }
    merge(before, after, comparison)
}

/// One of the trees: nodes of one level, without those that both have.
struct Half<'t> {
    side: Side,
    reader: &'t dyn ChunkReader,
    level: u32,
    parts: Vec<Part>,
}

struct Part {
    id: ChunkId,
    span: Span,
    /// Its entries, where it had to be read already to learn its level.
    entries: Option<Vec<Entry>>,
}

impl<'t> Half<'t> {
    fn open(side: Side, tree: Tree<'t>, comparison: &mut dyn TreeComparison) -> Self {
        let mut half = Self { side, reader: tree.reader, level: 0, parts: Vec::new() };
        let span = Span { from: TreePath::root(), until: None };
        match load(tree.reader, &tree.root, None, &span) {
            Err(error) => comparison.unreadable(side, &span.from, None, error),
            Ok(Node::Leaf(entries)) => half.parts.push(Part { id: tree.root, span, entries: Some(entries) }),
            // Read again on the way down: it is one node, and lies at hand.
            Ok(Node::Inner { level, .. }) => {
                half.level = level;
                half.parts.push(Part { id: tree.root, span, entries: None });
            }
        }
        half
    }

    /// Puts the children in the place of the nodes.
    fn descend(&mut self, comparison: &mut dyn TreeComparison) {
        let ids: Vec<ChunkId> = self.parts.iter().map(|part| part.id).collect();
        let mut below = Vec::new();
        for (number, part) in std::mem::take(&mut self.parts).into_iter().enumerate() {
            announce(self.reader, &ids, number);
            match load(self.reader, &part.id, Some(self.level), &part.span) {
                Ok(Node::Inner { children, .. }) => {
                    for (i, child) in children.iter().enumerate() {
                        let until = children.get(i + 1).map(|next| &next.first).or(part.span.until.as_ref()).cloned();
                        below.push(Part {
                            id: child.id,
                            span: Span { from: child.first.clone(), until },
                            entries: None,
                        });
                    }
                }
                // `load` has held the level against what its parent says.
                Ok(Node::Leaf(_)) => {}
                Err(error) => comparison.unreadable(self.side, &part.span.from, part.span.until.as_ref(), error),
            }
        }
        self.parts = below;
        self.level -= 1;
    }

    fn into_entries(self) -> Entries<'t> {
        let ids = self.parts.iter().map(|part| part.id).collect();
        Entries {
            side: self.side,
            reader: self.reader,
            ids,
            parts: self.parts.into_iter(),
            read: 0,
            next: Vec::new().into_iter(),
        }
    }
}

/// The entries of one side's leaves, in order, read one leaf at a time.
struct Entries<'t> {
    side: Side,
    reader: &'t dyn ChunkReader,
    ids: Vec<ChunkId>,
    parts: std::vec::IntoIter<Part>,
    /// How many leaves have been read.
    read: usize,
    next: std::vec::IntoIter<Entry>,
}

impl Entries<'_> {
    /// The next entry, which stays the next until it is taken.
    fn peek(&mut self, comparison: &mut dyn TreeComparison) -> Option<&Entry> {
        while self.next.as_slice().is_empty() {
            let part = self.parts.next()?;
            announce(self.reader, &self.ids, self.read);
            self.read += 1;
            self.next = self.leaf(part, comparison).into_iter();
        }
        self.next.as_slice().first()
    }

    fn leaf(&self, part: Part, comparison: &mut dyn TreeComparison) -> Vec<Entry> {
        if let Some(entries) = part.entries {
            return entries;
        }
        match load(self.reader, &part.id, Some(0), &part.span) {
            Ok(Node::Leaf(entries)) => entries,
            // `load` has held the level against what its parent says.
            Ok(Node::Inner { .. }) => Vec::new(),
            Err(error) => {
                comparison.unreadable(self.side, &part.span.from, part.span.until.as_ref(), error);
                Vec::new()
            }
        }
    }
}

fn leave_out_what_both_have(before: &mut Half<'_>, after: &mut Half<'_>) {
    let old: HashSet<ChunkId> = before.parts.iter().map(|part| part.id).collect();
    let both: HashSet<ChunkId> = after.parts.iter().map(|part| part.id).filter(|id| old.contains(id)).collect();
    before.parts.retain(|part| !both.contains(&part.id));
    after.parts.retain(|part| !both.contains(&part.id));
}

/// Goes through the leaves of both sides side by side.
fn merge(before: Option<Half<'_>>, after: Half<'_>, comparison: &mut dyn TreeComparison) -> ControlFlow<()> {
    let mut before = before.map(Half::into_entries);
    let mut after = after.into_entries();
    loop {
        let old = before.as_mut().and_then(|before| before.peek(comparison));
        let order = match (old, after.peek(comparison)) {
            (None, None) => return ControlFlow::Continue(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.path.cmp(&new.path),
        };
        let old = before.as_mut().filter(|_| order.is_le()).and_then(|before| before.next.next());
        let new = if order.is_ge() { after.next.next() } else { None };
        if old != new {
            comparison.differs(old, new)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Memory;
    use super::super::{TreeBuilder, encode_entry};
    use super::*;
    use crate::keys::DomainSecret;
    use chest_model::{EntryKind, Metadata, Timestamp};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    /// What differs, as path and the two times.
    #[derive(Default)]
    struct Differences {
        found: Vec<(TreePath, Option<i64>, Option<i64>)>,
        lost: Vec<(Side, TreePath)>,
    }

    impl TreeComparison for Differences {
        fn differs(&mut self, before: Option<Entry>, after: Option<Entry>) -> ControlFlow<()> {
            let seconds = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.metadata.modified.seconds);
            let path = after.as_ref().or(before.as_ref()).unwrap().path.clone();
            self.found.push((path, seconds(&before), seconds(&after)));
            ControlFlow::Continue(())
        }

        fn unreadable(&mut self, side: Side, from: &TreePath, _: Option<&TreePath>, _: RepoError) {
            self.lost.push((side, from.clone()));
        }
    }

    /// Counts what is read.
    struct Counting<'m>(&'m Memory, Mutex<usize>);

    impl ChunkReader for Counting<'_> {
        fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError> {
            *self.1.lock().unwrap() += 1;
            self.0.read_chunk(id)
        }
    }

    type Model = BTreeMap<TreePath, i64>;

    fn path(number: u32) -> TreePath {
        TreePath::from_bytes(format!("folder {:02}/a document of the council {number:05}", number % 40).into_bytes())
            .unwrap()
    }

    fn build(model: &Model, memory: &mut Memory) -> ChunkId {
        let mut builder = TreeBuilder::new(Arc::new(DomainSecret::new([1; 32]).keys()), 16 << 20);
        for (path, seconds) in model {
            let metadata = Metadata { modified: Timestamp::new(*seconds, 0), ..Metadata::default() };
            let entry = Entry { path: path.clone(), kind: EntryKind::Directory, metadata, large_xattrs: vec![] };
            builder.push(path, &encode_entry(&entry), memory).unwrap();
        }
        builder.finish(memory).unwrap()
    }

    fn with_root(numbers: impl Iterator<Item = (u32, i64)>) -> Model {
        std::iter::once((TreePath::root(), 0)).chain(numbers.map(|(number, time)| (path(number), time))).collect()
    }

    fn expected(before: &Model, after: &Model) -> Vec<(TreePath, Option<i64>, Option<i64>)> {
        let mut paths: Vec<&TreePath> = before.keys().chain(after.keys()).collect();
        paths.sort();
        paths.dedup();
        let both = paths.into_iter().map(|path| (path.clone(), before.get(path).copied(), after.get(path).copied()));
        both.filter(|(_, old, new)| old != new).collect()
    }

    fn compared(before: Option<ChunkId>, after: ChunkId, reader: &dyn ChunkReader) -> Differences {
        let mut differences = Differences::default();
        let before = before.map(|root| Tree { root, reader });
        let _ = compare(before, Tree { root: after, reader }, &mut differences);
        differences
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Against the plain comparison of two lists.
        #[test]
        fn what_differs_is_told_and_nothing_else(
            sizes in (0u32..4000, 0u32..4000),
            changes in prop::collection::vec((0u32..4000, -3i64..3), 0..40),
        ) {
            let mut memory = Memory::default();
            let before = with_root((0..sizes.0).map(|number| (number, 1)));
            let mut after = with_root((0..if sizes.1 % 2 == 0 { sizes.0 } else { sizes.1 }).map(|number| (number, 1)));
            for (number, time) in changes {
                match time {
                    0 => drop(after.remove(&path(number))),
                    _ => drop(after.insert(path(number), time)),
                }
            }
            let (old, new) = (build(&before, &mut memory), build(&after, &mut memory));
            let differences = compared(Some(old), new, &memory);
            prop_assert_eq!(differences.found, expected(&before, &after));
            prop_assert!(differences.lost.is_empty());
            let all = compared(None, new, &memory);
            prop_assert_eq!(all.found.len(), after.len());
        }
    }

    #[test]
    fn one_change_among_many_entries_costs_few_nodes() {
        let mut memory = Memory::default();
        let before = with_root((0..60_000).map(|number| (number, 1)));
        let mut after = before.clone();
        after.insert(path(30_000), 2);
        let (old, new) = (build(&before, &mut memory), build(&after, &mut memory));
        let counting = Counting(&memory, Mutex::new(0));
        assert_eq!(compared(Some(old), new, &counting).found, expected(&before, &after));
        let reads = *counting.1.lock().unwrap();
        assert!(reads <= 12, "{reads} nodes read of {}", memory.0.len());
    }

    #[test]
    fn a_lost_node_is_told_with_its_side() {
        let mut memory = Memory::default();
        let before = with_root((0..4000).map(|number| (number, 1)));
        let after = with_root((0..4000).map(|number| (number, 2)));
        let old = build(&before, &mut memory);
        let of_old: Vec<ChunkId> = memory.0.keys().copied().filter(|id| *id != old).collect();
        let new = build(&after, &mut memory);
        memory.0.remove(&of_old[0]);
        let differences = compared(Some(old), new, &memory);
        assert!(matches!(differences.lost[..], [(Side::Before, _)]), "{:?}", differences.lost);
        let whole = differences.found.iter().filter(|(_, old, new)| old.is_some() && new.is_some()).count();
        let new_alone = differences.found.iter().filter(|(_, old, _)| old.is_none()).count();
        // The root has not changed: it is told only where the lost node is the one that held it.
        let root = differences.found.iter().filter(|(path, _, _)| path.is_root()).count();
        assert!(new_alone > 0 && whole + new_alone - root == 4000, "{whole} and {new_alone}");
    }
}
