//! Outlook data files (PST, and OST: its caches of what a server holds), read as far as Microsoft's open specification [MS-PST] goes:
//! the messages, not calendars or contacts. Such a file keeps no message as it was sent, only what Outlook made of it, so each is written anew as an `.eml` file; always
//! the same bytes from the same item. A stranger may have written the file: no number in it is believed, and whatever would lead
//! in circles runs out of a budget.

mod bodies;
mod bytes;
mod eml;
mod file;
mod format;
mod heap;
mod message;
mod node;
mod properties;
mod rtf;
mod scramble;
#[cfg(test)]
mod tests;
mod trailer;

use std::io::{self, Write};
use std::ops::ControlFlow;

use chest_model::Timestamp;

use crate::ReadSeek;
use crate::identity::IdentityHasher;
use crate::summary::{guarded, summarise};
use crate::types::{Completeness, FoundMessage, Limits, Locator, MailError, Visited};
#[cfg(test)]
pub(crate) use eml::Base64Lines;
use file::PstFile;
pub(crate) use message::{DAMAGED, is_note};

/// The kind of node that is a message in a folder.
const MESSAGE: u32 = 0x04;

const NOT_AS_IT_SHOULD_BE: &str = "an item is not what it should be";

/// Why an Outlook data file, or an item in it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PstError {
    /// Its bytes cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It does not begin as one.
    #[error("it is not an Outlook data file")]
    NotAPst,
    /// A format that is not known.
    #[error("its format (version {0}) is not known")]
    Version(u16),
    /// Protected in a way that is not known.
    #[error("its contents are protected in a way (number {0}) that is not known")]
    Scrambled(u8),
    /// Not as it should be.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// References that lead in circles.
    #[error("it is damaged: reading it would not end")]
    Endless,
    /// The item that is asked for is not in it.
    #[error("this item is not in it")]
    NoSuchItem,
}

/// Shows every message.
pub(crate) fn visit(
    input: &mut dyn ReadSeek,
    limits: &Limits,
    visitor: &mut dyn FnMut(FoundMessage) -> ControlFlow<()>,
) -> Visited {
    let mut visited = Visited::default();
    if let Err(error) = visit_all(input, limits, visitor, &mut visited) {
        visited.problem = Some(error.into());
    }
    visited
}

fn visit_all(
    input: &mut dyn ReadSeek,
    limits: &Limits,
    visitor: &mut dyn FnMut(FoundMessage) -> ControlFlow<()>,
    visited: &mut Visited,
) -> Result<(), PstError> {
    let mut file = PstFile::open(input)?;
    let nodes = file.nodes_of_kind(MESSAGE);
    for node in file.unless_unreadable(nodes)? {
        let mut sink =
            Sink { kept: Vec::new(), limit: limits.message_bytes, hasher: IdentityHasher::default(), length: 0 };
        let written = guarded(|| {
            // A damaged file may hold two of one id, of which only one will be found again.
            let found_again = file.find_node(node.id)? == node;
            let again = found_again.then_some(node).ok_or(PstError::Damaged("two items have one id"))?;
            message::write(&mut file, again, &mut sink)
        });
        let is_whole = match file.unless_unreadable(written.unwrap_or(Err(PstError::Damaged(NOT_AS_IT_SHOULD_BE)))) {
            Ok(message::Written::Message { is_whole }) => is_whole,
            Ok(message::Written::Nothing) => continue,
            Err(error @ (PstError::Endless | PstError::Read(_))) => return Err(error),
            Err(_) => {
                visited.failed += 1;
                continue;
            }
        };
        let locator = Locator::Item(node.id.to_le_bytes().to_vec());
        let is_kept_whole = sink.length == sink.kept.len() as u64;
        let summarised = summarise(&sink.kept, limits);
        let mut found = FoundMessage::new(locator, 0, sink.hasher.finalize(), summarised, is_kept_whole);
        if !is_whole {
            found.completeness = Completeness::NotUnderstood;
        }
        visited.count(&found, is_kept_whole);
        if visitor(found).is_break() {
            visited.stopped = true;
            break;
        }
    }
    if file.is_index_damaged() {
        visited.problem = Some(MailError::PstIndexDamaged);
    }
    Ok(())
}

/// When its messages were sent or came in; `None` where it cannot be read to its end.
pub(crate) fn dates(input: &mut dyn ReadSeek) -> Option<Vec<Timestamp>> {
    let read = || -> Result<Option<Vec<Timestamp>>, PstError> {
        let mut file = PstFile::open(input)?;
        let mut dates = Vec::new();
        for node in file.nodes_of_kind(MESSAGE)? {
            let date = message::date(&mut file, node);
            match file.unless_unreadable(date) {
                Ok(date) => dates.extend(date),
                Err(error @ (PstError::Endless | PstError::Read(_))) => return Err(error),
                Err(_) => {}
            }
        }
        Ok((!file.is_index_damaged()).then_some(dates))
    };
    guarded(read)?.ok().flatten()
}

/// The message that this item is, written as an `.eml` file.
pub(crate) fn copy(input: &mut dyn ReadSeek, item: &[u8], output: &mut dyn Write) -> Result<(), MailError> {
    let id = <[u8; 4]>::try_from(item).map(u32::from_le_bytes).map_err(|_| MailError::NotThere)?;
    if id & 0x1f != MESSAGE {
        return Err(MailError::NotThere);
    }
    let copied = guarded(|| {
        let mut file = PstFile::open(input)?;
        let copied = file.find_node(id).and_then(|node| message::write(&mut file, node, output));
        file.unless_unreadable(copied)
    });
    match copied.unwrap_or(Err(PstError::Damaged(NOT_AS_IT_SHOULD_BE))) {
        Ok(message::Written::Message { .. }) => Ok(()),
        Ok(message::Written::Nothing) | Err(PstError::NoSuchItem) => Err(MailError::NotThere),
        Err(error) => Err(error.into()),
    }
}

/// Keeps the beginning of what is written, and the hash of all.
struct Sink {
    kept: Vec<u8>,
    limit: usize,
    hasher: IdentityHasher,
    length: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.limit.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
