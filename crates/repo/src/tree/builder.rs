//! Builds a tree from entries that come in order, keeping no more than one open node for each level.

use super::node::{Child, encode_child, encode_node};
use crate::error::RepoError;
use crate::keys::DomainKeys;
use crate::pack::Packer;
use chest_model::{ChunkId, TreePath};
use std::sync::Arc;

/// Takes finished nodes.
pub trait NodeSink {
    /// Stores a node's plaintext and gives its id.
    fn node(&mut self, plain: Vec<u8>) -> Result<ChunkId, RepoError>;
}

/// When a node ends: after an item whose keyed hash has its low bits zero, within a least and a largest size.
struct CutRule {
    min: usize,
    max: usize,
    mask: u32,
}

/// About 16 KiB of entries.
const LEAF: CutRule = CutRule { min: 4 << 10, max: 64 << 10, mask: 0x7f };
/// About a thousand children, so that 10⁵ files are two fetches away and 3·10⁷ three.
const INNER: CutRule = CutRule { min: 32 << 10, max: 256 << 10, mask: 0x3ff };

/// Builds one tree.
pub struct TreeBuilder {
    domain: Arc<DomainKeys>,
    /// No node is longer: it must fit a pack.
    max_node: usize,
    levels: Vec<OpenNode>,
}

#[derive(Default)]
struct OpenNode {
    first: Option<TreePath>,
    count: usize,
    items: Vec<u8>,
    /// How many nodes of this level are finished already.
    finished: u64,
}

/// The longest entry, where packs are long enough for it.
const MAX_ENTRY_LEN: usize = 48 << 10;

/// The longest node that fits such a pack: what it has beside its items is a few bytes.
fn max_node(pack_len: u64) -> usize {
    (Packer::max_stored_len(pack_len) - 64) as usize
}

impl TreeBuilder {
    /// The longest entry that a repository of such packs can hold. Its path may stand in inner nodes too, and of those each
    /// must hold two: where it held one there would be as many nodes on every level, and no top.
    pub fn max_entry_len(pack_len: u64) -> usize {
        MAX_ENTRY_LEN.min(max_node(pack_len) / 2 - 64)
    }

    /// With the domain's secret cut rule, for packs of this length.
    pub fn new(domain: Arc<DomainKeys>, pack_len: u64) -> Self {
        Self { domain, max_node: max_node(pack_len), levels: vec![OpenNode::default()] }
    }

    /// Adds the next entry, as [`super::encode_entry`] gives it. Paths must ascend.
    pub fn push(&mut self, path: &TreePath, encoded: &[u8], sink: &mut dyn NodeSink) -> Result<(), RepoError> {
        self.add(0, path, encoded, sink)
    }

    /// Ends the tree and gives the id of its top node.
    pub fn finish(mut self, sink: &mut dyn NodeSink) -> Result<ChunkId, RepoError> {
        let mut level = 0;
        loop {
            let is_top = level + 1 == self.levels.len();
            let open = &self.levels[level];
            if is_top && open.finished == 0 {
                let plain = encode_node(level as u32, open.count, &open.items);
                return sink.node(plain);
            }
            if open.count > 0 {
                self.close(level, sink)?;
            }
            level += 1;
        }
    }

    fn add(&mut self, level: usize, path: &TreePath, item: &[u8], sink: &mut dyn NodeSink) -> Result<(), RepoError> {
        let rule = if level == 0 { &LEAF } else { &INNER };
        let max = rule.max.min(self.max_node);
        if self.levels[level].count > 0 && self.levels[level].items.len() + item.len() > max {
            self.close(level, sink)?;
        }
        let open = &mut self.levels[level];
        open.first.get_or_insert_with(|| path.clone());
        open.items.extend_from_slice(item);
        open.count += 1;
        let long_enough = open.items.len() >= rule.min;
        // Levels are few, so the number fits.
        if long_enough && self.domain.split(level as u32, path.as_bytes()) & rule.mask == 0 {
            self.close(level, sink)?;
        }
        Ok(())
    }

    fn close(&mut self, level: usize, sink: &mut dyn NodeSink) -> Result<(), RepoError> {
        let finished = self.levels[level].finished + 1;
        let open = std::mem::replace(&mut self.levels[level], OpenNode { finished, ..OpenNode::default() });
        let Some(first) = open.first else { return Ok(()) };
        let id = sink.node(encode_node(level as u32, open.count, &open.items))?;
        if self.levels.len() == level + 1 {
            self.levels.push(OpenNode::default());
        }
        let child = encode_child(&Child { first: first.clone(), id });
        self.add(level + 1, &first, &child, sink)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Memory;
    use super::super::{TreeVisitor, encode_entry, walk};
    use super::*;
    use crate::keys::DomainSecret;
    use chest_model::{Entry, EntryKind, Metadata};
    use std::ops::ControlFlow;

    /// Stops a tree that grows for ever.
    struct Bounded {
        memory: Memory,
        most: usize,
        longest: usize,
    }

    impl NodeSink for Bounded {
        fn node(&mut self, plain: Vec<u8>) -> Result<ChunkId, RepoError> {
            self.longest = self.longest.max(plain.len());
            self.most = self.most.checked_sub(1).ok_or(RepoError::Stopped)?;
            self.memory.node(plain)
        }
    }

    #[derive(Default)]
    struct Seen(Vec<TreePath>);

    impl TreeVisitor for Seen {
        fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
            self.0.push(entry.path);
            ControlFlow::Continue(())
        }
        fn unreadable(&mut self, from: &TreePath, _: Option<&TreePath>, error: RepoError) -> ControlFlow<()> {
            panic!("{}: {error}", from.as_bytes().len());
        }
    }

    fn folder(path: String) -> Entry {
        let path = TreePath::from_bytes(path.into_bytes()).unwrap();
        Entry { path, kind: EntryKind::Directory, metadata: Metadata::default(), large_xattrs: vec![] }
    }

    /// The root and folders with the longest paths that the limit lets through.
    fn longest_folders(number: usize, limit: usize) -> Vec<Entry> {
        let beside = encode_entry(&folder("n".repeat(limit - 100))).len() - (limit - 100);
        let named = |number| folder(format!("{number:04}{}", "n".repeat(limit - beside - 4)));
        let folders: Vec<Entry> = std::iter::once(folder(String::new())).chain((0..number).map(named)).collect();
        assert_eq!(encode_entry(&folders[number]).len(), limit);
        folders
    }

    #[test]
    fn paths_as_long_as_they_may_be_make_a_tree_that_ends_and_whose_nodes_fit_in_packs_of_any_length() {
        for seed in 0..8 {
            for pack_len in [64 << 10, 128 << 10, 16 << 20] {
                let domain = Arc::new(DomainSecret::new([seed; 32]).keys());
                let limit = TreeBuilder::max_entry_len(pack_len);
                let mut builder = TreeBuilder::new(domain, pack_len);
                let mut sink = Bounded { memory: Memory::default(), most: 1_000, longest: 0 };
                let folders = longest_folders(101, limit);
                for folder in &folders {
                    builder.push(&folder.path, &encode_entry(folder), &mut sink).unwrap();
                }
                let top = builder.finish(&mut sink).unwrap_or_else(|error| panic!("{seed}, {pack_len}: {error}"));
                assert!(
                    sink.longest as u64 <= Packer::max_stored_len(pack_len),
                    "{seed}, {pack_len}: {}",
                    sink.longest
                );
                let mut seen = Seen::default();
                let _ = walk(&top, &TreePath::root(), &sink.memory, &mut seen);
                assert!(seen.0.iter().eq(folders.iter().map(|folder| &folder.path)), "{seed}, {pack_len}");
            }
        }
    }

    #[test]
    fn only_repositories_of_the_shortest_packs_hold_shorter_entries() {
        assert_eq!(TreeBuilder::max_entry_len(64 << 10), 32_523);
        assert_eq!(TreeBuilder::max_entry_len(128 << 10), 48 << 10);
        assert_eq!(TreeBuilder::max_entry_len(16 << 20), 48 << 10);
    }
}
