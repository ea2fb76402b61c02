//! A file that is one message.

use std::io::{Read, SeekFrom};
use std::ops::ControlFlow;

use crate::ReadSeek;
use crate::identity::IdentityHasher;
use crate::summary::summarise;
use crate::types::{FoundMessage, Limits, Locator, MailError, Visited};

/// Shows the message.
pub(crate) fn visit(
    input: &mut dyn ReadSeek,
    limits: &Limits,
    visitor: &mut dyn FnMut(FoundMessage) -> ControlFlow<()>,
) -> Visited {
    match read(input, limits) {
        Ok((found, was_read_whole)) => {
            let mut visited = Visited::default();
            visited.count(&found, was_read_whole);
            visited.stopped = visitor(found).is_break();
            visited
        }
        Err(error) => Visited { problem: Some(error), ..Visited::default() },
    }
}

fn read(input: &mut dyn ReadSeek, limits: &Limits) -> Result<(FoundMessage, bool), MailError> {
    input.seek(SeekFrom::Start(0))?;
    let mut kept = Vec::new();
    input.take(limits.message_bytes as u64).read_to_end(&mut kept)?;
    let mut hasher = IdentityHasher::default();
    hasher.update(&kept);
    let rest = std::io::copy(input, &mut hasher)?;
    let length = kept.len() as u64 + rest;
    let locator = Locator::Span { offset: 0, length, unquote: false };
    let is_whole = rest == 0;
    Ok((FoundMessage::new(locator, 0, hasher.finalize(), summarise(&kept, limits), is_whole), is_whole))
}
