//! Writes small Outlook data files for the tests: as the specification draws them, in every format and every scrambling, with all
//! checksums. Lists of blocks and of nodes begin early, so that small files have all their levels.

use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::pst::format::Format;
use crate::pst::scramble::Scrambling;
use crate::pst::trailer::checksum;

/// More data than this goes into several blocks.
const BLOCK: usize = 1000;
/// A list of blocks names no more.
const LISTED: usize = 6;
/// Entries in a page, and in a list of nodes.
const ENTRIES: usize = 5;
/// A larger value gets a node of its own.
const IN_HEAP: usize = 200;
/// Further records of a heap go into its next block.
const RECORDS: usize = 5;

pub struct Writer {
    pub format: Format,
    pub scrambling: Scrambling,
    /// Id, data as stored.
    blocks: Vec<(u64, Vec<u8>)>,
    nodes: Vec<(u32, u64, u64)>,
    next_inside: u32,
}

#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    /// In a code page.
    Narrow(Vec<u8>),
    Binary(Vec<u8>),
    Integer(u32),
    /// Seconds since 1970.
    Time(i64),
    /// A node inside: id, data, inside.
    Object((u32, u64, u64)),
}

pub type Inside = (u32, u64, u64);

impl Writer {
    pub fn new(format: Format, scrambling: Scrambling) -> Self {
        Self { format, scrambling, blocks: Vec::new(), nodes: Vec::new(), next_inside: 1000 }
    }

    fn number(&self, value: u64) -> Vec<u8> {
        value.to_le_bytes()[..self.format.number_bytes()].to_vec()
    }

    /// An id for a node inside, of this kind.
    pub fn inside_id(&mut self, kind: u32) -> u32 {
        self.next_inside += 1;
        self.next_inside << 5 | kind
    }

    fn block(&mut self, mut data: Vec<u8>, internal: bool) -> u64 {
        let id = (self.blocks.len() as u64 + 1) << 2 | u64::from(internal) << 1;
        if !internal {
            self.scramble(&mut data, id as u32);
        }
        self.blocks.push((id, data));
        id
    }

    fn scramble(&self, data: &mut [u8], id: u32) {
        if self.scrambling != Scrambling::Permute {
            // None, or its own inverse.
            return self.scrambling.undo(data, id);
        }
        let mut forward = [0u8; 256];
        for byte in 0..=255u8 {
            let mut readable = [byte];
            self.scrambling.undo(&mut readable, id);
            forward[usize::from(readable[0])] = byte;
        }
        data.iter_mut().for_each(|byte| *byte = forward[usize::from(*byte)]);
    }

    fn list(&mut self, level: u8, length: usize, ids: &[u64]) -> u64 {
        let mut list = vec![1, level];
        list.extend((ids.len() as u16).to_le_bytes());
        list.extend((length as u32).to_le_bytes());
        ids.iter().for_each(|id| list.extend(self.number(*id)));
        self.block(list, true)
    }

    pub fn data(&mut self, bytes: &[u8]) -> u64 {
        if bytes.len() <= BLOCK {
            return self.block(bytes.to_vec(), false);
        }
        let ids: Vec<u64> = bytes.chunks(BLOCK).map(|chunk| self.block(chunk.to_vec(), false)).collect();
        if ids.len() <= LISTED {
            return self.list(1, bytes.len(), &ids);
        }
        let lists: Vec<u64> = ids.chunks(LISTED).map(|ids| self.list(1, ids.len() * BLOCK, ids)).collect();
        self.list(2, bytes.len(), &lists)
    }

    /// The id of the heap's record of this number, from 1 on.
    pub fn record_id(&self, number: usize) -> u32 {
        let (block, index) = ((number - 1) / RECORDS, (number - 1) % RECORDS + 1);
        let index_bits = if self.format == Format::Cache { 14 } else { 11 };
        (block << index_bits | index) as u32 * 32
    }

    pub fn heap(&mut self, client: u8, records: &[Vec<u8>]) -> u64 {
        let chunks = records.chunks(RECORDS).enumerate();
        let blocks: Vec<Vec<u8>> = chunks.map(|(number, records)| heap_block(number == 0, client, records)).collect();
        let length = blocks.iter().map(Vec::len).sum();
        let ids: Vec<u64> = blocks.into_iter().map(|block| self.block(block, false)).collect();
        match ids[..] {
            [id] => id,
            _ => self.list(1, length, &ids),
        }
    }

    /// A list of the nodes inside.
    pub fn inside(&mut self, nodes: &[Inside]) -> u64 {
        if nodes.is_empty() {
            return 0;
        }
        let leaves: Vec<(u32, u64)> = nodes
            .chunks(ENTRIES)
            .map(|nodes| {
                let entries = nodes.iter().map(|&(id, data, inside)| vec![u64::from(id), data, inside]).collect();
                (nodes[0].0, self.node_list(0, entries))
            })
            .collect();
        match leaves[..] {
            [(_, leaf)] => leaf,
            _ => self.node_list(1, leaves.iter().map(|&(id, leaf)| vec![u64::from(id), leaf]).collect()),
        }
    }

    fn node_list(&mut self, level: u8, entries: Vec<Vec<u64>>) -> u64 {
        let mut list = vec![2, level];
        list.extend((entries.len() as u16).to_le_bytes());
        if self.format != Format::Narrow {
            list.extend([0; 4]);
        }
        entries.iter().flatten().for_each(|number| list.extend(self.number(*number)));
        self.block(list, true)
    }

    /// A node of properties, with the nodes inside that it needs.
    pub fn properties(&mut self, id: u32, values: &[(u16, Value)], mut nodes: Vec<Inside>) -> Inside {
        let mut heap = vec![Vec::new(), Vec::new()];
        let mut leaf = Vec::new();
        let mut values = values.to_vec();
        values.sort_by_key(|(id, _)| *id);
        for (id, value) in values {
            let (kind, reference) = match value {
                Value::Integer(number) => (0x0003u16, number),
                Value::Text(text) => (0x001f, self.value(utf16(&text), &mut heap, &mut nodes)),
                Value::Narrow(bytes) => (0x001e, self.value(bytes, &mut heap, &mut nodes)),
                Value::Binary(bytes) => (0x0102, self.value(bytes, &mut heap, &mut nodes)),
                Value::Time(seconds) => {
                    let ticks = (seconds + 11_644_473_600) * 10_000_000;
                    (0x0040, self.value(ticks.to_le_bytes().to_vec(), &mut heap, &mut nodes))
                }
                Value::Object(node) => {
                    nodes.push(node);
                    let place = [node.0.to_le_bytes(), [0; 4]].concat();
                    (0x000d, self.value(place, &mut heap, &mut nodes))
                }
            };
            leaf.extend(id.to_le_bytes());
            leaf.extend(kind.to_le_bytes());
            leaf.extend(reference.to_le_bytes());
        }
        heap[0] = tree_header(2, 6, self.record_id(2));
        heap[1] = leaf;
        let data = self.heap(0xbc, &heap);
        (id, data, self.inside(&nodes))
    }

    fn value(&mut self, bytes: Vec<u8>, heap: &mut Vec<Vec<u8>>, nodes: &mut Vec<Inside>) -> u32 {
        if bytes.is_empty() {
            return 0;
        }
        if bytes.len() <= IN_HEAP && heap.iter().map(Vec::len).sum::<usize>() < 400 {
            heap.push(bytes);
            return self.record_id(heap.len());
        }
        let id = self.inside_id(0x1f);
        nodes.push((id, self.data(&bytes), 0));
        id
    }

    /// A table of recipients: kind, name, address.
    pub fn recipients(&mut self, people: &[(u32, String, String)]) -> Inside {
        let mut heap = vec![Vec::new(); 4];
        let (mut rows, mut index) = (Vec::new(), Vec::new());
        for (number, (kind, name, address)) in people.iter().enumerate() {
            let mut row = (number as u32 + 7).to_le_bytes().to_vec();
            row.extend(kind.to_le_bytes());
            for text in [name, address] {
                heap.push(utf16(text));
                row.extend(self.record_id(heap.len()).to_le_bytes());
            }
            row.push(0b1111_0000);
            rows.extend(row);
            index.extend((number as u32 + 7).to_le_bytes());
            index.extend(&(number as u32).to_le_bytes()[..self.format.row_number_bytes()]);
        }
        let mut info = vec![0x7c, 4];
        [16u16, 16, 16, 17].iter().for_each(|end| info.extend(end.to_le_bytes()));
        [self.record_id(2), self.record_id(4), 0].iter().for_each(|reference| info.extend(reference.to_le_bytes()));
        for (at, (id, kind)) in [(0x67f2u16, 3u16), (0x0c15, 3), (0x3001, 0x1f), (0x39fe, 0x1f)].into_iter().enumerate()
        {
            info.extend(kind.to_le_bytes());
            info.extend(id.to_le_bytes());
            info.extend((4 * at as u16).to_le_bytes());
            info.extend([4, at as u8]);
        }
        heap[0] = info;
        heap[1] = tree_header(4, self.format.row_number_bytes() as u8, self.record_id(3));
        heap[2] = index;
        heap[3] = rows;
        (0x692, self.heap(0x7c, &heap), 0)
    }

    /// Puts a node among those of the file.
    pub fn top(&mut self, node: Inside) {
        self.nodes.push(node);
    }

    /// The file.
    pub fn finish(mut self) -> Vec<u8> {
        let mut file = vec![0; 1024];
        let (mut places, (trailer, unit)) = (Vec::new(), self.format.block_trailer());
        for (id, data) in std::mem::take(&mut self.blocks) {
            let place = file.len();
            let mut entry = [self.number(id), self.number(place as u64)].concat();
            // Small blocks stay as they are.
            let is_packed = self.format == Format::Cache && data.len() > 60;
            let stored = if is_packed { compress_to_vec_zlib(&data, 6) } else { data.clone() };
            let stored = if stored.len() < data.len() { stored } else { data.clone() };
            entry.extend((stored.len() as u16).to_le_bytes());
            if self.format == Format::Cache {
                entry.extend((data.len() as u16).to_le_bytes());
            }
            entry.extend([1, 0]);
            entry.resize(3 * self.format.number_bytes(), 0);
            places.push((id, entry));
            file.extend(&stored);
            file.resize((place + stored.len() + trailer).next_multiple_of(unit), 0);
            let trailer_at = file.len() - trailer;
            file[trailer_at..trailer_at + 2].copy_from_slice(&(stored.len() as u16).to_le_bytes());
            self.sign(&mut file, place, stored.len(), trailer_at, id);
        }
        self.nodes.sort_unstable();
        let nodes = std::mem::take(&mut self.nodes).into_iter().map(|(id, data, inside)| {
            let numbers = [self.number(u64::from(id)), self.number(data), self.number(inside), self.number(0)];
            (u64::from(id), numbers.concat())
        });
        let nodes = nodes.collect();
        let (blocks_root, nodes_root) = (self.pages(&mut file, 0x80, places), self.pages(&mut file, 0x81, nodes));
        file[..4].copy_from_slice(b"!BDN");
        let (client, version, nodes_at, blocks_at, scrambling_at) = match self.format {
            Format::Narrow => (b"SM", 14u16, 188, 196, 461),
            Format::Wide => (b"SM", 23, 224, 240, 513),
            Format::Cache => (b"SO", 36, 224, 240, 513),
        };
        file[8..10].copy_from_slice(client);
        file[10..12].copy_from_slice(&version.to_le_bytes());
        for (at, place) in [(nodes_at, nodes_root), (blocks_at, blocks_root)] {
            let number = self.number(place);
            file[at..at + number.len()].copy_from_slice(&number);
        }
        file[scrambling_at] = self.scrambling as u8;
        let (at, length) = self.format.header_checksum();
        let sum = checksum(&file[8..8 + length]);
        file[at..at + 4].copy_from_slice(&sum.to_le_bytes());
        file
    }

    /// Writes signature, id and checksum of what lies at a place into its trailer.
    fn sign(&self, file: &mut [u8], place: usize, length: usize, trailer: usize, id: u64) {
        let mixed = place as u64 ^ id;
        let signature = ((mixed >> 16) as u16 ^ mixed as u16).to_le_bytes();
        let (sum, id) = (checksum(&file[place..place + length]).to_le_bytes(), self.number(id));
        let rest = match self.format {
            Format::Narrow => [&signature[..], &id, &sum].concat(),
            Format::Wide | Format::Cache => [&signature[..], &sum, &id].concat(),
        };
        file[trailer + 2..trailer + 2 + rest.len()].copy_from_slice(&rest);
    }

    fn pages(&self, file: &mut Vec<u8>, kind: u8, entries: Vec<(u64, Vec<u8>)>) -> u64 {
        let page_bytes = if self.format == Format::Cache { 4096 } else { 512 };
        let (mut level, mut entries) = (0, entries);
        loop {
            let mut above = Vec::new();
            let chunks: Vec<&[(u64, Vec<u8>)]> =
                if entries.is_empty() { vec![&[]] } else { entries.chunks(ENTRIES).collect() };
            for chunk in chunks {
                file.resize(file.len().next_multiple_of(512), 0);
                let place = file.len();
                file.resize(place + page_bytes, 0);
                let size = chunk.first().map_or(3 * self.format.number_bytes(), |(_, entry)| entry.len());
                for (at, (_, entry)) in chunk.iter().enumerate() {
                    file[place + at * size..][..size].copy_from_slice(entry);
                }
                let (count, most, size) = (chunk.len() as u8, ENTRIES as u8, size as u8);
                let (meta, kind_at) = match self.format {
                    Format::Narrow => (place + 496, place + 500),
                    Format::Wide => (place + 488, place + 496),
                    Format::Cache => (place + 4056, place + 4072),
                };
                match self.format {
                    Format::Cache => file[meta..meta + 6].copy_from_slice(&[count, 0, most, 0, size, level]),
                    _ => file[meta..meta + 4].copy_from_slice(&[count, most, size, level]),
                }
                file[kind_at..kind_at + 2].copy_from_slice(&[kind, kind]);
                self.sign(file, place, kind_at - place, kind_at, place as u64 / 7);
                let key = chunk.first().map_or(0, |(key, _)| *key);
                let numbers = [self.number(key), self.number(0), self.number(place as u64)];
                above.push((key, numbers.concat()));
            }
            if above.len() == 1 {
                return (file.len() - page_bytes) as u64;
            }
            (level, entries) = (level + 1, above);
        }
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn tree_header(key: u8, value: u8, root: u32) -> Vec<u8> {
    [&[0xb5, key, value, 0][..], &root.to_le_bytes()].concat()
}

/// The first one says what the heap is, and that its first record leads to the others.
fn heap_block(is_first: bool, client: u8, records: &[Vec<u8>]) -> Vec<u8> {
    let head = if is_first { vec![0xec, client, 1 << 5, 0, 0, 0, 0, 0, 0, 0] } else { Vec::new() };
    let length = 2 + head.len() + records.iter().map(Vec::len).sum::<usize>();
    let mut block = (length as u16).to_le_bytes().to_vec();
    block.extend(head);
    let mut ends = vec![block.len() as u16];
    for record in records {
        block.extend(record);
        ends.push(block.len() as u16);
    }
    block.extend((records.len() as u16).to_le_bytes());
    block.extend([0; 2]);
    ends.iter().for_each(|end| block.extend(end.to_le_bytes()));
    block
}
