//! A file that is one message.

use std::io::{Read, SeekFrom};
use std::ops::ControlFlow;

use crate::ReadSeek;
use crate::summary::{Outcome, summarise};
use crate::types::{FoundMessage, Limits, Locator, MailError, Summary, Visited};

/// Shows the message.
pub(crate) fn visit(
    input: &mut dyn ReadSeek,
    limits: &Limits,
    visitor: &mut dyn FnMut(FoundMessage) -> ControlFlow<()>,
) -> Visited {
    match read(input, limits) {
        Ok((found, failed, truncated)) => {
            let stopped = visitor(found).is_break();
            Visited { messages: 1, failed: failed.into(), truncated: truncated.into(), stopped, problem: None }
        }
        Err(error) => Visited { problem: Some(error), ..Visited::default() },
    }
}

fn read(input: &mut dyn ReadSeek, limits: &Limits) -> Result<(FoundMessage, bool, bool), MailError> {
    input.seek(SeekFrom::Start(0))?;
    let mut kept = Vec::new();
    input.take(limits.message_bytes as u64).read_to_end(&mut kept)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&kept);
    let rest = std::io::copy(input, &mut hasher)?;
    let (summary, failed) = match summarise(&kept, limits) {
        Outcome::Understood(summary) => (summary, false),
        Outcome::Failed => (Summary::default(), true),
    };
    let length = kept.len() as u64 + rest;
    let locator = Locator::Span { offset: 0, length, unquote: false };
    let found = FoundMessage { locator, starts_at: 0, identity: hasher.finalize().into(), summary };
    Ok((found, failed, rest > 0))
}
