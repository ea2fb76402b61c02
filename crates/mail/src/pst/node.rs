//! What a node holds ([MS-PST], 2.2.2.8): data in blocks, which other blocks list, and nodes of its own.

use super::PstError;
use super::bytes::{byte, u16_at, u32_at};
use super::file::{Node, PstFile, is_internal};
use super::format::Format;

/// What is kept of a node in memory: properties and tables, no attachments.
const LARGEST_IN_MEMORY: usize = 16 << 20;
/// A message has no more nodes inside.
const MOST_INSIDE: usize = 100_000;

/// Shows the blocks of a node's data one after the other.
pub(crate) fn each_block(
    file: &mut PstFile<'_>,
    data: u64,
    show: &mut dyn FnMut(Vec<u8>) -> Result<(), PstError>,
) -> Result<(), PstError> {
    if data == 0 {
        return Ok(());
    }
    let block = file.block(data)?;
    if !is_internal(data) {
        return show(block);
    }
    // A list of blocks, or a list of such lists.
    let is_of_lists = match (byte(&block, 0)?, byte(&block, 1)?) {
        (1, 1) => false,
        (1, 2) => true,
        _ => return Err(PstError::Damaged("a list of blocks is not one")),
    };
    for id in ids(&block, file.format)? {
        match (is_of_lists, is_internal(id)) {
            (false, false) => show(file.block(id)?)?,
            (true, true) => {
                let list = file.block(id)?;
                if (byte(&list, 0)?, byte(&list, 1)?) != (1, 1) {
                    return Err(PstError::Damaged("a list of blocks is not one"));
                }
                for id in ids(&list, file.format)?.into_iter().filter(|id| !is_internal(*id)) {
                    show(file.block(id)?)?;
                }
            }
            _ => return Err(PstError::Damaged("a list of blocks is not one")),
        }
    }
    Ok(())
}

fn ids(list: &[u8], format: Format) -> Result<Vec<u64>, PstError> {
    let number = format.number_bytes();
    (0..usize::from(u16_at(list, 2)?)).map(|index| format.number(list, 8 + index * number)).collect()
}

/// The blocks of a node whose data is small.
pub(crate) fn blocks(file: &mut PstFile<'_>, data: u64) -> Result<Vec<Vec<u8>>, PstError> {
    let (mut found, mut length) = (Vec::new(), 0);
    each_block(file, data, &mut |block| {
        length += block.len();
        found.push(block);
        if length > LARGEST_IN_MEMORY { Err(PstError::Damaged("a record is too large")) } else { Ok(()) }
    })?;
    Ok(found)
}

/// The nodes inside a node.
pub(crate) fn inside(file: &mut PstFile<'_>, list: u64) -> Result<Vec<Node>, PstError> {
    let mut found = Vec::new();
    if list == 0 {
        return Ok(found);
    }
    let block = file.block(list)?;
    match (byte(&block, 0)?, byte(&block, 1)?) {
        (2, 0) => leaf(&block, file.format, &mut found)?,
        (2, 1) => {
            let (number, format) = (file.format.number_bytes(), file.format);
            for index in 0..usize::from(u16_at(&block, 2)?) {
                let id = format.number(&block, format.node_list_header() + index * 2 * number + number)?;
                let below = file.block(id)?;
                if (byte(&below, 0)?, byte(&below, 1)?) != (2, 0) || found.len() > MOST_INSIDE {
                    return Err(PstError::Damaged("a list of nodes is not one"));
                }
                leaf(&below, format, &mut found)?;
            }
        }
        _ => return Err(PstError::Damaged("a list of nodes is not one")),
    }
    Ok(found)
}

fn leaf(block: &[u8], format: Format, found: &mut Vec<Node>) -> Result<(), PstError> {
    let number = format.number_bytes();
    for index in 0..usize::from(u16_at(block, 2)?) {
        let at = format.node_list_header() + index * 3 * number;
        let (data, inside) = (format.number(block, at + number)?, format.number(block, at + 2 * number)?);
        found.push(Node { id: u32_at(block, at)?, data, inside });
    }
    Ok(())
}
