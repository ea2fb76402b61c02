//! An Outlook data file's lowest layer ([MS-PST], 2.2): a header, and two trees of pages that tell where each node and each block
//! lies. What is read is counted: a file that leads in circles ends with an error. Where a checksum does not fit, that is noted, and
//! what can be read is read: most of it will be right.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, SeekFrom};

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::PstError;
use super::bytes::{byte, slice, u16_at, u32_at};
use super::format::Format;
use super::scramble::Scrambling;
use super::trailer::{Trailer, checksum};
use crate::ReadSeek;

const DEEPEST_TREE: u8 = 8;
/// Pages in memory.
const MOST_CACHED: usize = 8 << 20;
/// A file may be read so many times over, and this much more, before it is taken to lead in circles.
const TIMES_OVER: u64 = 8;
const AT_LEAST: u64 = 64 << 20;
/// Looking at a page that is in memory costs as much as reading this part of it.
const PAGE_COST: usize = 16;
/// Unpacking a block costs as much as reading this part of what comes out.
const UNPACK_COST: usize = 4;
/// When so much was spent the input is asked for something, though nothing may be wanted of it: it may be one that watches the time.
const ASKED_AFTER: u64 = 1 << 20;
const CUT_OFF: &str = "the file ends too early";
/// What a node takes in a file at least.
const SMALLEST_NODE: u64 = 16;

/// A node: its id, where its data is, and where the nodes inside it are (0: nowhere).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    pub id: u32,
    pub data: u64,
    pub inside: u64,
}

impl Node {
    fn of_entry(entry: &[u8], format: Format) -> Result<Self, PstError> {
        let number = format.number_bytes();
        let (data, inside) = (format.number(entry, number)?, format.number(entry, 2 * number)?);
        Ok(Self { id: u32_at(entry, 0)?, data, inside })
    }
}

/// An open file.
pub(crate) struct PstFile<'a> {
    input: &'a mut dyn ReadSeek,
    pub format: Format,
    scrambling: Scrambling,
    nodes: u64,
    blocks: u64,
    pages: HashMap<u64, Box<[u8]>>,
    /// Bytes that may still be read.
    budget: u64,
    /// Spent since the input was asked last.
    not_asked: u64,
    most_nodes: u64,
    is_index_damaged: bool,
    is_block_damaged: bool,
    /// Why the input could not be read, the first time.
    failure: Option<io::Error>,
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
        if slice(&header, 0, 4)? != b"!BDN" || !matches!(slice(&header, 8, 2)?, b"SM" | b"SO") {
            return Err(PstError::NotAPst);
        }
        let format = Format::of_version(u16_at(&header, 10)?)?;
        let [nodes_at, blocks_at, scrambling_at] = format.header_places();
        let scrambling = byte(&header, scrambling_at)?;
        Ok(Self {
            format,
            scrambling: Scrambling::of_header(scrambling).ok_or(PstError::Scrambled(scrambling))?,
            nodes: format.number(&header, nodes_at)?,
            blocks: format.number(&header, blocks_at)?,
            pages: HashMap::new(),
            most_nodes: length / SMALLEST_NODE,
            budget: length.saturating_mul(TIMES_OVER).saturating_add(AT_LEAST),
            is_index_damaged: !is_header_sound(&header, format),
            is_block_damaged: false,
            failure: None,
            not_asked: 0,
            input,
        })
    }

    /// Whether the header, or a page of those that were read, is not as it was written: there may be more in the file than is found, or
    /// older states of it.
    pub fn is_index_damaged(&self) -> bool {
        self.is_index_damaged
    }

    /// Whether a block of those that were read since this was asked last is not as it was written.
    pub fn was_block_damaged(&mut self) -> bool {
        std::mem::take(&mut self.is_block_damaged)
    }

    /// Every node of one kind (the lower five bits of its id), in order.
    pub fn nodes_of_kind(&mut self, kind: u32) -> Result<Vec<Node>, PstError> {
        let (mut found, format, most) = (Vec::new(), self.format, self.most_nodes);
        // The children of a page are visited in order: the last one is put on the pile first.
        let mut pile = vec![(self.nodes, DEEPEST_TREE)];
        while let Some((place, above)) = pile.pop() {
            let page = Page::of(self.page(place)?, format, NODE_TREE, above)?;
            if page.level == 0 {
                for entry in page.entries() {
                    let node = Node::of_entry(entry, format)?;
                    found.extend((node.id & 0x1f == kind).then_some(node));
                }
                if found.len() as u64 > most {
                    return Err(PstError::Endless);
                }
                continue;
            }
            let number = format.number_bytes();
            for entry in page.entries().rev() {
                pile.push((format.number(entry, 2 * number)?, page.level));
            }
        }
        Ok(found)
    }

    /// The node with this id.
    pub fn find_node(&mut self, id: u32) -> Result<Node, PstError> {
        let entry = self.find(self.nodes, NODE_TREE, u64::from(id))?.ok_or(PstError::NoSuchItem)?;
        Node::of_entry(&entry, self.format)
    }

    /// The bytes of a block, readable.
    pub fn block(&mut self, id: u64) -> Result<Vec<u8>, PstError> {
        // The lowest bit means nothing.
        let id = id & !1;
        let entry = self.find(self.blocks, BLOCK_TREE, id)?.ok_or(PstError::Damaged("a block is not there"))?;
        let extent = self.format.extent(&entry)?;
        let mut data = self.stored_block(id, extent.place, extent.stored)?;
        if extent.stored != extent.length {
            data = self.unpack(&data, extent.length)?;
        }
        if !is_internal(id) {
            // Half of the id is meant.
            self.scrambling.undo(&mut data, id as u32);
        }
        Ok(data)
    }

    /// The bytes of a block as they lie in the file.
    fn stored_block(&mut self, id: u64, place: u64, length: usize) -> Result<Vec<u8>, PstError> {
        let (trailer, unit) = self.format.block_trailer();
        let room = (length + trailer).next_multiple_of(unit);
        let mut data = vec![0; room];
        let there = self.read(place, &mut data)?;
        if there < length {
            return Err(PstError::Damaged(CUT_OFF));
        }
        let trailer = Trailer::of(&data[room - trailer..], self.format)?;
        let is_sound = there == room && trailer.fits(&data[..length], place) && trailer.id & !1 == id;
        self.is_block_damaged |= !is_sound;
        data.truncate(length);
        Ok(data)
    }

    /// What came of the work on an item, if the input could be read as far as was wanted. Where it could not, that is no damage of the
    /// item, though whoever asked for a name or a text in it may have gone on without.
    pub fn unless_unreadable<T>(&mut self, came: Result<T, PstError>) -> Result<T, PstError> {
        self.failure.take().map_or(came, |failure| Err(failure.into()))
    }

    fn unpack(&mut self, packed: &[u8], length: usize) -> Result<Vec<u8>, PstError> {
        self.spend((length / UNPACK_COST) as u64)?;
        let unpacked = decompress_to_vec_zlib_with_limit(packed, length).ok().filter(|data| data.len() == length);
        unpacked.ok_or(PstError::Damaged("a packed block is not one"))
    }

    /// The entry of exactly this key.
    fn find(&mut self, root: u64, kind: u8, key: u64) -> Result<Option<Vec<u8>>, PstError> {
        let (mut place, mut above, format) = (root, DEEPEST_TREE, self.format);
        loop {
            let page = Page::of(self.page(place)?, format, kind, above)?;
            let mut last = None;
            for entry in page.entries() {
                let this = format.number(entry, 0)?;
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
            (place, above) = (format.number(entry, 2 * format.number_bytes())?, page.level);
        }
    }

    fn page(&mut self, place: u64) -> Result<&[u8], PstError> {
        let page_bytes = self.format.page_bytes();
        if !self.pages.contains_key(&place) {
            let mut page = vec![0; page_bytes].into_boxed_slice();
            if self.read(place, &mut page)? < page_bytes {
                return Err(PstError::Damaged(CUT_OFF));
            }
            self.is_index_damaged |= !is_page_sound(&page, self.format, place)?;
            if self.pages.len() >= MOST_CACHED / page_bytes {
                self.pages.clear();
            }
            self.pages.insert(place, page);
        }
        self.spend((page_bytes / PAGE_COST) as u64)?;
        self.pages.get(&place).map(|page| &**page).ok_or(PstError::Endless)
    }

    fn spend(&mut self, cost: u64) -> Result<(), PstError> {
        self.budget = self.budget.checked_sub(cost).ok_or(PstError::Endless)?;
        self.not_asked += cost;
        if self.not_asked >= ASKED_AFTER {
            self.not_asked = 0;
            let asked = self.input.stream_position().map(drop);
            self.remembered(asked)?;
        }
        Ok(())
    }

    /// Gives how many bytes are there, which are fewer than wanted at the file's end only.
    fn read(&mut self, place: u64, buffer: &mut [u8]) -> Result<usize, PstError> {
        self.spend((buffer.len() as u64).max(64))?;
        let read = read_at(self.input, place, buffer);
        self.remembered(read)
    }

    fn remembered<T>(&mut self, came: io::Result<T>) -> Result<T, PstError> {
        came.map_err(|error| {
            let again = error.kind().into();
            self.failure.get_or_insert(error);
            PstError::Read(again)
        })
    }
}

fn read_at(input: &mut dyn ReadSeek, place: u64, buffer: &mut [u8]) -> io::Result<usize> {
    input.seek(SeekFrom::Start(place))?;
    let mut there = 0;
    while there < buffer.len() {
        match input.read(&mut buffer[there..]) {
            Ok(0) => break,
            Ok(read) => there += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(there)
}

fn is_header_sound(header: &[u8], format: Format) -> bool {
    let (at, length) = format.header_checksum();
    let checked = slice(header, Format::CHECKED_HEADER, length).map(checksum);
    checked.is_ok_and(|checked| u32_at(header, at).is_ok_and(|written| written == checked))
}

fn is_page_sound(page: &[u8], format: Format, place: u64) -> Result<bool, PstError> {
    let (checked, trailer) = page.split_at_checked(format.page_kind()).ok_or(PstError::Damaged(CUT_OFF))?;
    Ok(Trailer::of(trailer, format)?.fits(checked, place))
}

/// Holds no data, but where data is.
pub(crate) fn is_internal(block: u64) -> bool {
    block & 2 != 0
}

/// A page of a tree.
struct Page<'p> {
    bytes: &'p [u8],
    level: u8,
    count: usize,
    entry_bytes: usize,
}

impl<'p> Page<'p> {
    /// `above`: the level of the page that led here. Levels fall, so trees end.
    fn of(bytes: &'p [u8], format: Format, kind: u8, above: u8) -> Result<Self, PstError> {
        let (count, entry_bytes, level) = format.page_shape(bytes)?;
        let number = format.number_bytes();
        let least = match (level, kind) {
            (0, BLOCK_TREE) => 2 * number + 2,
            _ => 3 * number,
        };
        let is_of_kind = byte(bytes, format.page_kind())? == kind;
        if !is_of_kind || level >= above || entry_bytes < least || count * entry_bytes > format.page_meta() {
            return Err(PstError::Damaged("a page is not what it should be"));
        }
        Ok(Self { bytes, level, count, entry_bytes })
    }

    fn entries(&self) -> impl DoubleEndedIterator<Item = &'p [u8]> + use<'p> {
        self.bytes[..self.count * self.entry_bytes].chunks_exact(self.entry_bytes)
    }
}
