//! Nodes: [level, items]. A leaf's items are entries; an inner node's are [first path below, id of the child].

use super::entry::{read_entry, read_entry_path, read_path};
use crate::cbor::{CborReader, CborWriter};
use crate::error::ObjectError;
use chest_model::{ChunkId, Entry, EntryKind, Metadata, TreePath, UnreadableReason};

/// No tree is higher: 10⁵ entries need two levels, 3·10⁷ three.
pub(super) const MAX_LEVEL: u32 = 8;

/// Honest nodes have 256 KiB at most; what is decoded takes several times its length in memory.
pub(crate) const MAX_NODE_LEN: usize = 512 << 10;

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
        let entries = reader.list(read_entry_or_reason)?;
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

/// An entry with a field that must be understood and is not is one that cannot be read; its neighbours can.
fn read_entry_or_reason(reader: &mut CborReader<'_>) -> Result<Entry, ObjectError> {
    let start = reader.clone();
    match read_entry(reader) {
        Err(problem @ ObjectError::UnknownField { .. }) => {
            let path = read_entry_path(&mut start.clone())?;
            *reader = start;
            reader.skip()?;
            let kind = EntryKind::Unreadable { reason: UnreadableReason::Unsupported, message: problem.to_string() };
            Ok(Entry { path, kind, metadata: Metadata::default(), large_xattrs: Vec::new() })
        }
        other => other,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry_with_field(path: &str, field: u64) -> Vec<u8> {
        let mut out = CborWriter::new();
        out.map(6).uint(0u8).bytes(path.as_bytes()).uint(1u8).uint(1u8).uint(3u8).uint(0u8).uint(4u8).uint(0u8);
        out.uint(5u8).array(2).int(0).uint(0u8);
        out.uint(field).text("from the future");
        out.finish()
    }

    /// Promise 27, for entries.
    #[test]
    fn an_entry_with_an_unknown_field_is_unreadable_and_its_neighbours_are_not() {
        let items = [entry_with_field("a", 100), entry_with_field("b", 99), entry_with_field("c", 1000)].concat();
        let Ok(Node::Leaf(entries)) = decode_node(&encode_node(0, 3, &items)) else { panic!("not a leaf") };
        let kinds: Vec<bool> = entries.iter().map(|entry| entry.kind == EntryKind::Directory).collect();
        assert_eq!(kinds, [true, false, true]);
        let EntryKind::Unreadable { message, .. } = &entries[1].kind else { panic!("{:?}", entries[1]) };
        assert!(message.contains("newer Parish Chest"), "{message}");
        assert_eq!(entries[1].path.as_bytes(), b"b");
    }
}
