//! The properties of a message, a recipient or an attachment ([MS-PST], 2.3.3 and 2.3.4).

use std::collections::BTreeMap;

use chest_model::Timestamp;
use mail_parser::decoders::charsets::map::charset_decoder;

use super::PstError;
use super::bytes::{byte, slice, u16_at, u32_at, u64_at};
use super::file::{Node, PstFile};
use super::heap::{Heap, Place};
use super::node;

/// Longer texts and pages are not taken for such.
const LONGEST_VALUE: usize = 16 << 20;
const MOST_ROWS: usize = 10_000;

const INTEGER: u16 = 0x0003;
const BOOLEAN: u16 = 0x000b;
const NARROW_TEXT: u16 = 0x001e;
const TEXT: u16 = 0x001f;
const TIME: u16 = 0x0040;
const BINARY: u16 = 0x0102;
const OBJECT: u16 = 0x000d;

/// Bytes of a value.
pub(crate) struct Bytes {
    pub bytes: Vec<u8>,
    /// They were a text, and are UTF-8 now.
    pub is_unicode: bool,
}

/// The properties of one thing, in the node that holds them.
pub(crate) struct Properties {
    pub heap: Heap,
    /// Of each id the type, and the value or where it is.
    values: BTreeMap<u16, (u16, u32)>,
}

impl Properties {
    pub fn read(file: &mut PstFile<'_>, node: Node) -> Result<Self, PstError> {
        let heap = Heap::read(file, node)?;
        let mut values = BTreeMap::new();
        for record in heap.tree(heap.root()?, 2, 6)? {
            values.insert(u16_at(record, 0)?, (u16_at(record, 2)?, u32_at(record, 4)?));
        }
        Ok(Self { heap, values })
    }

    pub fn integer(&self, id: u16) -> Option<u32> {
        self.values.get(&id).filter(|(kind, _)| matches!(*kind, INTEGER | BOOLEAN)).map(|(_, value)| *value)
    }

    /// A text, or bytes that are one in this code page.
    pub fn whole_text(&self, file: &mut PstFile<'_>, id: u16, code_page: u32) -> Result<Option<String>, PstError> {
        let Some(&(kind, reference)) = self.values.get(&id) else { return Ok(None) };
        Ok(text(kind, &self.bytes_at(file, reference)?, code_page).filter(|text| !text.is_empty()))
    }

    /// The same; what cannot be read is not there.
    pub fn text(&self, file: &mut PstFile<'_>, id: u16, code_page: u32) -> Option<String> {
        self.whole_text(file, id, code_page).ok().flatten()
    }

    pub fn time(&self, id: u16) -> Option<Timestamp> {
        let &(_, reference) = self.values.get(&id).filter(|(kind, _)| *kind == TIME)?;
        let ticks = u64_at(self.heap.record(reference).ok()?, 0).ok()?;
        // Tenths of microseconds since 1601.
        let seconds = i64::try_from(ticks / 10_000_000).ok()? - 11_644_473_600;
        Some(Timestamp::new(seconds, 0))
    }

    /// Bytes as they are, whatever they mean.
    pub fn binary(&self, file: &mut PstFile<'_>, id: u16) -> Result<Option<Bytes>, PstError> {
        let Some(&(kind, reference)) = self.values.get(&id) else { return Ok(None) };
        // A page may be kept as a text.
        let value = match kind {
            BINARY | NARROW_TEXT => Bytes { bytes: self.bytes_at(file, reference)?, is_unicode: false },
            TEXT => Bytes { bytes: wide_text(&self.bytes_at(file, reference)?).into_bytes(), is_unicode: true },
            _ => return Ok(None),
        };
        Ok(Some(value).filter(|value| !value.bytes.is_empty()))
    }

    /// Shows a value block by block, of any length; false where there is none.
    pub fn stream(
        &self,
        file: &mut PstFile<'_>,
        id: u16,
        show: &mut dyn FnMut(Vec<u8>) -> Result<(), PstError>,
    ) -> Result<bool, PstError> {
        match self.values.get(&id) {
            Some(&(BINARY, reference)) => match self.heap.place(reference)? {
                Place::Record(bytes) => show(bytes.to_vec())?,
                Place::Node(data) => node::each_block(file, data, show)?,
            },
            // What another program put into a message.
            Some(&(OBJECT, _)) => match self.object(id) {
                Some(object) => node::each_block(file, object.data, show)?,
                None => return Ok(false),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The node that is this value: a message inside a message.
    pub fn object(&self, id: u16) -> Option<Node> {
        let &(_, reference) = self.values.get(&id).filter(|(kind, _)| *kind == OBJECT)?;
        let node = u32_at(self.heap.record(reference).ok()?, 0).ok()?;
        self.heap.node(node).ok()
    }

    fn bytes_at(&self, file: &mut PstFile<'_>, reference: u32) -> Result<Vec<u8>, PstError> {
        match self.heap.place(reference)? {
            Place::Record(bytes) => Ok(bytes.to_vec()),
            Place::Node(data) => {
                let mut all = Vec::new();
                node::each_block(file, data, &mut |block| {
                    all.extend_from_slice(&block);
                    if all.len() > LONGEST_VALUE { Err(PstError::Damaged("a value is too large")) } else { Ok(()) }
                })?;
                Ok(all)
            }
        }
    }
}

fn text(kind: u16, bytes: &[u8], code_page: u32) -> Option<String> {
    let text = match kind {
        TEXT => wide_text(bytes),
        NARROW_TEXT => narrow_text(bytes, code_page),
        _ => return None,
    };
    Some(text.trim_end_matches('\0').to_owned())
}

fn wide_text(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

pub(crate) fn narrow_text(bytes: &[u8], code_page: u32) -> String {
    match charset_decoder(charset(code_page).as_bytes()) {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// What the rest of the world calls one of Windows' code pages.
pub(crate) fn charset(code_page: u32) -> String {
    match code_page {
        65001 => "utf-8".into(),
        20127 => "us-ascii".into(),
        28591..=28606 => format!("iso-8859-{}", code_page - 28590),
        932 => "shift_jis".into(),
        936 => "gbk".into(),
        949 => "euc-kr".into(),
        950 => "big5".into(),
        54936 => "gb18030".into(),
        20866 => "koi8-r".into(),
        21866 => "koi8-u".into(),
        50220..=50222 => "iso-2022-jp".into(),
        51932 => "euc-jp".into(),
        874 | 1250..=1258 => format!("windows-{code_page}"),
        _ => "windows-1252".into(),
    }
}

/// A table's rows: of each the columns that are there, by id, with the type and the bytes or where they are.
pub(crate) struct Table {
    heap: Heap,
    rows: Vec<Row>,
}

impl Table {
    /// Only these columns are kept: a table may have more of them than there is memory for.
    pub fn read(file: &mut PstFile<'_>, node: Node, wanted: &[u16]) -> Result<Self, PstError> {
        let heap = Heap::read(file, node)?;
        let info = heap.record(heap.root()?)?;
        if byte(info, 0)? != 0x7c {
            return Err(PstError::Damaged("a table is not one"));
        }
        let columns = usize::from(byte(info, 1)?);
        let (bitmap, row_bytes) = (usize::from(u16_at(info, 6)?), usize::from(u16_at(info, 8)?));
        let (index, reference) = (u32_at(info, 10)?, u32_at(info, 14)?);
        let columns = (0..columns).map(|column| slice(info, 22 + 8 * column, 8)).collect::<Result<Vec<_>, _>>()?;
        let live = heap.tree(index, 4, file.format.row_number_bytes())?.len().min(MOST_ROWS);
        let blocks = match heap.place(reference)? {
            Place::Record(bytes) => vec![bytes.to_vec()],
            Place::Node(data) => node::blocks(file, data)?,
        };
        // No row reaches into the next block.
        let rows = blocks.iter().flat_map(|block| block.chunks_exact(row_bytes.max(1))).take(live);
        let rows = rows.map(|row| read_row(row, &columns, bitmap, wanted)).collect::<Result<_, _>>()?;
        Ok(Self { rows, heap })
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn integer(&self, row: usize, id: u16) -> Option<u32> {
        let (kind, bytes) = self.rows.get(row)?.get(&id)?;
        u32_at(bytes, 0).ok().filter(|_| *kind == INTEGER)
    }

    pub fn text(&self, file: &mut PstFile<'_>, row: usize, id: u16, code_page: u32) -> Option<String> {
        let (kind, bytes) = self.rows.get(row)?.get(&id)?;
        let value = match self.heap.place(u32_at(bytes, 0).ok()?).ok()? {
            Place::Record(bytes) => bytes.to_vec(),
            Place::Node(data) => node::blocks(file, data).ok()?.concat(),
        };
        text(*kind, &value, code_page).filter(|text| !text.is_empty())
    }
}

/// A row's columns, by id.
type Row = BTreeMap<u16, (u16, Vec<u8>)>;

fn read_row(row: &[u8], columns: &[&[u8]], bitmap: usize, wanted: &[u16]) -> Result<Row, PstError> {
    let mut values = Row::new();
    for column in columns {
        let (kind, id) = (u16_at(column, 0)?, u16_at(column, 2)?);
        if !wanted.contains(&id) {
            continue;
        }
        let (at, length, bit) = (usize::from(u16_at(column, 4)?), usize::from(column[6]), usize::from(column[7]));
        if byte(row, bitmap + bit / 8)? & (0x80 >> (bit % 8)) != 0 {
            values.insert(id, (kind, slice(row, at, length)?.to_vec()));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_row_only_what_is_wanted_is_kept() {
        // A kind, an id, a place, a length and a bit, of as many columns as a table can have.
        let columns: Vec<[u8; 8]> = (0..=254).map(|id| [3, 0, id, 0x30, 0, 0, 200, 0]).collect();
        let columns: Vec<&[u8]> = columns.iter().map(|column| &column[..]).collect();
        let row = [0xff; 201];
        let kept = read_row(&row, &columns, 200, &[0x3007, 0x30fe, 0x3fff]).unwrap();
        assert_eq!(kept.keys().copied().collect::<Vec<_>>(), [0x3007, 0x30fe]);
        assert!(kept.values().all(|(kind, bytes)| (*kind, bytes.len()) == (3, 200)));
    }
}
