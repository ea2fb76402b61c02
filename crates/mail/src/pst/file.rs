//! An Outlook data file's lowest layer ([MS-PST], 2.2): a header, and two trees of pages that tell where each node and each block
//! lies. What is read is counted: a file that leads in circles ends with an error.

use std::collections::HashMap;
use std::io::{Read, SeekFrom};

use super::PstError;
use super::bytes::{byte, slice, u16_at, u32_at, u64_at};
use super::scramble::Scrambling;
use crate::ReadSeek;

const PAGE: usize = 512;
/// No block holds more.
pub(crate) const LARGEST_BLOCK: usize = 8192;
const DEEPEST_TREE: u8 = 8;
const MOST_CACHED_PAGES: usize = 8192;
/// A file may be read so many times over, and this much more, before it is taken to lead in circles.
const TIMES_OVER: u64 = 8;
const AT_LEAST: u64 = 64 << 20;
/// Looking at a page that is in memory costs as much as reading so many bytes.
const PAGE_COST: u64 = 32;
/// What a node takes in a file at least.
const SMALLEST_NODE: u64 = 16;

/// The width of numbers, which makes two formats of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// Until Outlook 2002; "ANSI".
    Narrow,
    /// Since Outlook 2003; "Unicode".
    Wide,
}

impl Width {
    /// An id or a place.
    pub fn number(self, bytes: &[u8], at: usize) -> Result<u64, PstError> {
        match self {
            Self::Narrow => u32_at(bytes, at).map(u64::from),
            Self::Wide => u64_at(bytes, at),
        }
    }

    pub fn number_bytes(self) -> usize {
        match self {
            Self::Narrow => 4,
            Self::Wide => 8,
        }
    }

    fn node(self, entry: &[u8]) -> Result<Node, PstError> {
        let number = self.number_bytes();
        let (data, inside) = (self.number(entry, number)?, self.number(entry, 2 * number)?);
        Ok(Node { id: u32_at(entry, 0)?, data, inside })
    }

    /// Where in a page its number of entries stands.
    fn page_meta(self) -> usize {
        match self {
            Self::Narrow => 496,
            Self::Wide => 488,
        }
    }
}

/// A node: its id, where its data is, and where the nodes inside it are (0: nowhere).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    pub id: u32,
    pub data: u64,
    pub inside: u64,
}

/// An open file.
pub(crate) struct PstFile<'a> {
    input: &'a mut dyn ReadSeek,
    pub width: Width,
    scrambling: Scrambling,
    nodes: u64,
    blocks: u64,
    pages: HashMap<u64, Box<[u8; PAGE]>>,
    /// Bytes that may still be read.
    budget: u64,
    most_nodes: u64,
}

/// The kinds of pages.
const BLOCK_TREE: u8 = 0x80;
const NODE_TREE: u8 = 0x81;

impl<'a> PstFile<'a> {
    pub fn open(input: &'a mut dyn ReadSeek) -> Result<Self, PstError> {
        let length = input.seek(SeekFrom::End(0))?;
        input.seek(SeekFrom::Start(0))?;
        let mut header = Vec::new();
        input.take(564).read_to_end(&mut header)?;
        if slice(&header, 0, 4)? != b"!BDN" || slice(&header, 8, 2)? != b"SM" {
            return Err(PstError::NotAPst);
        }
        let (width, nodes_at, blocks_at, scrambling_at) = match u16_at(&header, 10)? {
            14 | 15 => (Width::Narrow, 188, 196, 461),
            21..=35 => (Width::Wide, 224, 240, 513),
            other => return Err(PstError::Version(other)),
        };
        let scrambling = byte(&header, scrambling_at)?;
        Ok(Self {
            width,
            scrambling: Scrambling::of_header(scrambling).ok_or(PstError::Scrambled(scrambling))?,
            nodes: width.number(&header, nodes_at)?,
            blocks: width.number(&header, blocks_at)?,
            pages: HashMap::new(),
            most_nodes: length / SMALLEST_NODE,
            budget: length.saturating_mul(TIMES_OVER).saturating_add(AT_LEAST),
            input,
        })
    }

    /// Every node of one kind (the lower five bits of its id), in order.
    pub fn nodes_of_kind(&mut self, kind: u32) -> Result<Vec<Node>, PstError> {
        let (mut found, width, most) = (Vec::new(), self.width, self.most_nodes);
        // The children of a page are visited in order: the last one is put on the pile first.
        let mut pile = vec![(self.nodes, DEEPEST_TREE)];
        while let Some((place, above)) = pile.pop() {
            let page = Page::of(self.page(place)?, width, NODE_TREE, above)?;
            if page.level == 0 {
                for entry in page.entries() {
                    let node = width.node(entry)?;
                    found.extend((node.id & 0x1f == kind).then_some(node));
                }
                if found.len() as u64 > most {
                    return Err(PstError::Endless);
                }
                continue;
            }
            let number = width.number_bytes();
            for entry in page.entries().rev() {
                pile.push((width.number(entry, 2 * number)?, page.level));
            }
        }
        Ok(found)
    }

    /// The node with this id.
    pub fn find_node(&mut self, id: u32) -> Result<Node, PstError> {
        let entry = self.find(self.nodes, NODE_TREE, u64::from(id))?.ok_or(PstError::NoSuchItem)?;
        self.width.node(&entry)
    }

    /// The bytes of a block, readable.
    pub fn block(&mut self, id: u64) -> Result<Vec<u8>, PstError> {
        // The lowest bit means nothing.
        let id = id & !1;
        let entry = self.find(self.blocks, BLOCK_TREE, id)?.ok_or(PstError::Damaged("a block is not there"))?;
        let number = self.width.number_bytes();
        let (place, length) = (self.width.number(&entry, number)?, usize::from(u16_at(&entry, 2 * number)?));
        if length > LARGEST_BLOCK {
            return Err(PstError::Damaged("a block is too large"));
        }
        let mut data = vec![0; length];
        self.read(place, &mut data)?;
        if !is_internal(id) {
            // Half of the id is meant.
            self.scrambling.undo(&mut data, id as u32);
        }
        Ok(data)
    }

    /// The entry of exactly this key.
    fn find(&mut self, root: u64, kind: u8, key: u64) -> Result<Option<Vec<u8>>, PstError> {
        let (mut place, mut above, width) = (root, DEEPEST_TREE, self.width);
        loop {
            let page = Page::of(self.page(place)?, width, kind, above)?;
            let mut last = None;
            for entry in page.entries() {
                let this = width.number(entry, 0)?;
                // The upper half of a node's key is padding.
                let this = match kind {
                    NODE_TREE => this & 0xffff_ffff,
                    _ => this & !1,
                };
                if this > key {
                    break;
                }
                last = Some((this, entry));
            }
            let Some((this, entry)) = last else { return Ok(None) };
            if page.level == 0 {
                return Ok((this == key).then(|| entry.to_vec()));
            }
            (place, above) = (width.number(entry, 2 * width.number_bytes())?, page.level);
        }
    }

    fn page(&mut self, place: u64) -> Result<&[u8; PAGE], PstError> {
        if !self.pages.contains_key(&place) {
            let mut page = Box::new([0; PAGE]);
            self.read(place, &mut page[..])?;
            if self.pages.len() >= MOST_CACHED_PAGES {
                self.pages.clear();
            }
            self.pages.insert(place, page);
        }
        self.spend(PAGE_COST)?;
        self.pages.get(&place).map(|page| &**page).ok_or(PstError::Endless)
    }

    fn spend(&mut self, cost: u64) -> Result<(), PstError> {
        self.budget = self.budget.checked_sub(cost).ok_or(PstError::Endless)?;
        Ok(())
    }

    fn read(&mut self, place: u64, buffer: &mut [u8]) -> Result<(), PstError> {
        self.spend((buffer.len() as u64).max(64))?;
        self.input.seek(SeekFrom::Start(place))?;
        self.input.read_exact(buffer).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => PstError::Damaged("the file ends too early"),
            _ => PstError::Read(error),
        })
    }
}

/// Holds no data, but where data is.
pub(crate) fn is_internal(block: u64) -> bool {
    block & 2 != 0
}

/// A page of a tree.
struct Page<'p> {
    bytes: &'p [u8; PAGE],
    level: u8,
    count: usize,
    entry_bytes: usize,
}

impl<'p> Page<'p> {
    /// `above`: the level of the page that led here. Levels fall, so trees end.
    fn of(bytes: &'p [u8; PAGE], width: Width, kind: u8, above: u8) -> Result<Self, PstError> {
        let meta = width.page_meta();
        let trailer = meta + if width == Width::Wide { 8 } else { 4 };
        let (count, entry_bytes, level) = (usize::from(bytes[meta]), usize::from(bytes[meta + 2]), bytes[meta + 3]);
        let number = width.number_bytes();
        let least = match (level, kind) {
            (0, BLOCK_TREE) => 2 * number + 2,
            _ => 3 * number,
        };
        if bytes[trailer] != kind || level >= above || entry_bytes < least || count * entry_bytes > meta {
            return Err(PstError::Damaged("a page is not what it should be"));
        }
        Ok(Self { bytes, level, count, entry_bytes })
    }

    fn entries(&self) -> impl DoubleEndedIterator<Item = &'p [u8]> + use<'p> {
        self.bytes[..self.count * self.entry_bytes].chunks_exact(self.entry_bytes)
    }
}
