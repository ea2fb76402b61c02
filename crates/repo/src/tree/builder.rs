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

impl TreeBuilder {
    /// The longest entry that every repository can hold: with it a leaf fits the smallest pack.
    pub const MAX_ENTRY_LEN: usize = 48 << 10;

    /// With the domain's secret cut rule, for packs of this length.
    pub fn new(domain: Arc<DomainKeys>, pack_len: u64) -> Self {
        // What a node has beside its items is a few bytes.
        let max_node = (Packer::max_stored_len(pack_len) - 64) as usize;
        Self { domain, max_node, levels: vec![OpenNode::default()] }
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
