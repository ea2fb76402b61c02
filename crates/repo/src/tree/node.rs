//! Nodes: [level, items]. A leaf's items are entries; an inner node's are [first path below, id of the child].

use super::entry::{read_entry, read_path};
use crate::cbor::{CborReader, CborWriter};
use crate::error::ObjectError;
use chest_model::{ChunkId, Entry, TreePath};

/// No tree is higher: 10⁵ entries need two levels, 3·10⁷ three.
pub(super) const MAX_LEVEL: u32 = 8;

/// A node, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    Leaf(Vec<Entry>),
    Inner { level: u32, children: Vec<Child> },
}

/// A child of an inner node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Child {
    pub(super) first: TreePath,
    pub(super) id: ChunkId,
}

pub(super) fn encode_child(child: &Child) -> Vec<u8> {
    let mut out = CborWriter::new();
    out.array(2).bytes(child.first.as_bytes()).bytes(&child.id.0);
    out.finish()
}

/// Puts encoded items into a node.
pub(super) fn encode_node(level: u32, count: usize, items: &[u8]) -> Vec<u8> {
    let mut out = CborWriter::new();
    out.array(2).uint(level).array(count).encoded(items);
    out.finish()
}

/// Reads a node; items out of order or twice are refused.
pub(super) fn decode_node(plain: &[u8]) -> Result<Node, ObjectError> {
    let mut reader = CborReader::new(plain);
    reader.array_of(2)?;
    let level: u32 = reader.small()?;
    if level > MAX_LEVEL {
        return Err(ObjectError::Malformed("a tree that is too high"));
    }
    if level == 0 {
        let entries = reader.list(read_entry)?;
        reader.end()?;
        check_order(entries.iter().map(|entry| &entry.path))?;
        return Ok(Node::Leaf(entries));
    }
    let children = reader.list(|reader| {
        reader.array_of(2)?;
        Ok(Child { first: read_path(reader)?, id: ChunkId(reader.fixed()?) })
    })?;
    reader.end()?;
    check_order(children.iter().map(|child| &child.first))?;
    Ok(Node::Inner { level, children })
}

fn check_order<'a>(paths: impl Iterator<Item = &'a TreePath>) -> Result<(), ObjectError> {
    let mut previous: Option<&TreePath> = None;
    for path in paths {
        if previous.is_some_and(|previous| previous >= path) {
            return Err(ObjectError::Malformed("names in a folder out of order or twice"));
        }
        previous = Some(path);
    }
    if previous.is_none() { Err(ObjectError::Malformed("an empty node")) } else { Ok(()) }
}
