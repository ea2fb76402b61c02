//! Small records within a node ([MS-PST], 2.3.1 and 2.3.2): a heap, and a search tree in it.

use super::PstError;
use super::bytes::{byte, slice, u16_at, u32_at};
use super::file::{Node, PstFile};
use super::format::Format;
use super::node;

const DEEPEST_TREE: u8 = 6;
/// A tree of more pages leads in circles, …
const MOST_STEPS: usize = 20_000;
/// … and one of more records is damaged: ids of properties are two bytes.
const MOST_RECORDS: usize = 1 << 16;

/// A node's data, as a heap, and the nodes inside it.
pub(crate) struct Heap {
    format: Format,
    blocks: Vec<Vec<u8>>,
    pub inside: Vec<Node>,
}

impl Heap {
    pub fn read(file: &mut PstFile<'_>, node: Node) -> Result<Self, PstError> {
        let blocks = node::blocks(file, node.data)?;
        let heap = Self { format: file.format, blocks, inside: node::inside(file, node.inside)? };
        match heap.first().and_then(|first| byte(first, 2))? {
            0xec => Ok(heap),
            _ => Err(PstError::Damaged("a heap is not one")),
        }
    }

    fn first(&self) -> Result<&[u8], PstError> {
        self.blocks.first().map(Vec::as_slice).ok_or(PstError::Damaged("a heap is empty"))
    }

    /// The record that all others are found from.
    pub fn root(&self) -> Result<u32, PstError> {
        u32_at(self.first()?, 4)
    }

    pub fn record(&self, id: u32) -> Result<&[u8], PstError> {
        let (block, index) = self.format.record_place(id);
        let block = self.blocks.get(block).filter(|_| index > 0 && id & 0x1f == 0);
        let block = block.ok_or(PstError::Damaged("a record is not there"))?;
        let map = usize::from(u16_at(block, 0)?);
        if index > usize::from(u16_at(block, map)?) {
            return Err(PstError::Damaged("a record is not there"));
        }
        let at = |index: usize| u16_at(block, map + 4 + 2 * index).map(usize::from);
        let (start, end) = (at(index - 1)?, at(index)?);
        slice(block, start, end.checked_sub(start).ok_or(PstError::Damaged("a record ends before it begins"))?)
    }

    /// The records of a search tree: key and value together.
    pub fn tree(&self, root: u32, key_bytes: usize, value_bytes: usize) -> Result<Vec<&[u8]>, PstError> {
        let header = self.record(root)?;
        let shape = (byte(header, 0)?, usize::from(byte(header, 1)?), usize::from(byte(header, 2)?));
        let (levels, top) = (byte(header, 3)?, u32_at(header, 4)?);
        if shape != (0xb5, key_bytes, value_bytes) || levels > DEEPEST_TREE {
            return Err(PstError::Damaged("a tree of records is not one"));
        }
        let mut found = Vec::new();
        if top != 0 {
            let mut steps_left = MOST_STEPS;
            self.collect(top, levels, [key_bytes, value_bytes], &mut steps_left, &mut found)?;
        }
        Ok(found)
    }

    fn collect<'h>(
        &'h self,
        id: u32,
        levels: u8,
        [key_bytes, value_bytes]: [usize; 2],
        steps_left: &mut usize,
        found: &mut Vec<&'h [u8]>,
    ) -> Result<(), PstError> {
        *steps_left = steps_left.checked_sub(1).ok_or(PstError::Endless)?;
        let record = self.record(id)?;
        if levels == 0 {
            found.extend(record.chunks_exact(key_bytes + value_bytes));
            return match found.len() {
                0..=MOST_RECORDS => Ok(()),
                _ => Err(PstError::Damaged("a tree of records is too large")),
            };
        }
        for entry in record.chunks_exact(key_bytes + 4) {
            self.collect(u32_at(entry, key_bytes)?, levels - 1, [key_bytes, value_bytes], steps_left, found)?;
        }
        Ok(())
    }

    /// What a value's reference means: a record of this heap, or the data of a node inside.
    pub fn place(&self, reference: u32) -> Result<Place<'_>, PstError> {
        if reference == 0 {
            return Ok(Place::Record(&[]));
        }
        if reference & 0x1f == 0 {
            return self.record(reference).map(Place::Record);
        }
        self.node(reference).map(|node| Place::Node(node.data))
    }

    pub fn node(&self, id: u32) -> Result<Node, PstError> {
        let found = self.inside.iter().find(|node| node.id == id).copied();
        found.ok_or(PstError::Damaged("a node is not there"))
    }
}

/// Where a value lies.
pub(crate) enum Place<'h> {
    Record(&'h [u8]),
    Node(u64),
}
