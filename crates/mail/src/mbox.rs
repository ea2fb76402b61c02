//! mbox files: messages one after the other, each after a line that begins with "From ". That line is the only mark, so writers
//! quote such lines inside messages (`>From `, the rules called mboxrd) or say how long a message is (`Content-Length`); both are
//! understood. What does neither is split where a reader of mail would split it, too: after a blank line, and without one where
//! headers follow.

use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;

use crate::container::begins_as_message;
use crate::identity::{IdentityHasher, identity};
use crate::lines::{Lines, Piece, without_mark};
use crate::summary::summarise;
use crate::types::{FoundMessage, Limits, Locator, MailError, Resume, Visited};
use crate::{ReadSeek, date};

/// So much of what follows a "From " line tells whether a message begins there.
const HEAD: usize = 2048;
/// Deeper quoting is not looked for.
const DEEPEST_QUOTE: usize = 1000;

/// Shows every message.
pub(crate) fn visit(
    input: &mut dyn ReadSeek,
    from: Resume,
    limits: &Limits,
    visitor: &mut dyn FnMut(FoundMessage) -> ControlFlow<()>,
) -> Visited {
    let mut visited = Visited::default();
    if let Err(error) = visit_all(input, from, limits, visitor, &mut visited) {
        visited.problem = Some(error);
    }
    visited
}

fn visit_all(
    input: &mut dyn ReadSeek,
    from: Resume,
    limits: &Limits,
    visitor: &mut dyn FnMut(FoundMessage) -> ControlFlow<()>,
    visited: &mut Visited,
) -> Result<(), MailError> {
    let mut splitter = Splitter::begin(input, from, limits.message_bytes)?;
    while let Some(extent) = splitter.next()? {
        let locator = Locator::Span { offset: extent.offset, length: extent.length, unquote: extent.unquote };
        let whole = extent.length == splitter.kept.len() as u64;
        let shown = if extent.unquote { unquoted(&splitter.kept) } else { Cow::Borrowed(&splitter.kept[..]) };
        let identity = match whole {
            true => identity(&shown),
            false => hash_whole(splitter.lines.input(), &extent)?,
        };
        let summarised = summarise(&shown, limits);
        let found = FoundMessage::new(locator, extent.starts_at, identity, summarised, whole);
        visited.count(&found, whole);
        if visitor(found).is_break() {
            visited.stopped = true;
            break;
        }
    }
    Ok(())
}

/// The bytes of one message, from where its locator says.
pub(crate) fn copy(
    input: &mut dyn ReadSeek,
    offset: u64,
    length: u64,
    unquote: bool,
    output: &mut dyn Write,
) -> Result<(), MailError> {
    let mut lines = Lines::from(input, offset);
    let mut left = length;
    while left > 0 {
        let piece = lines.next()?.ok_or(MailError::NotThere)?;
        let bytes = &piece.bytes[..piece.bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        left -= bytes.len() as u64;
        output.write_all(if unquote && piece.begins_line { without_quote(bytes) } else { bytes })?;
    }
    Ok(())
}

fn is_quoted(line: &[u8]) -> bool {
    let depth = line.iter().take(DEEPEST_QUOTE).take_while(|&&byte| byte == b'>').count();
    depth > 0 && line[depth..].starts_with(b"From ")
}

fn without_quote(line: &[u8]) -> &[u8] {
    if is_quoted(line) { &line[1..] } else { line }
}

fn unquoted(message: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(message, b">From ").is_none() {
        return message.into();
    }
    let mut out = Vec::with_capacity(message.len());
    let lines = message.split_inclusive(|&byte| byte == b'\n');
    lines.for_each(|line| out.extend_from_slice(without_quote(line)));
    out.into()
}

/// Of a message that is not held in memory.
fn hash_whole(input: &mut dyn ReadSeek, extent: &Extent) -> Result<[u8; 32], MailError> {
    let mut hasher = IdentityHasher::default();
    copy(input, extent.offset, extent.length, extent.unquote, &mut hasher)?;
    Ok(hasher.finalize())
}

/// Where a message lies.
struct Extent {
    /// Its "From " line.
    starts_at: u64,
    offset: u64,
    length: u64,
    unquote: bool,
}

/// Finds one message after the other.
struct Splitter<'a> {
    lines: Lines<'a>,
    limit: usize,
    /// The first bytes of the message found last, as stored.
    kept: Vec<u8>,
    /// The "From " line that was read last, whose message comes next.
    next_starts_at: Option<u64>,
}

impl<'a> Splitter<'a> {
    fn begin(input: &'a mut dyn ReadSeek, from: Resume, limit: usize) -> Result<Self, MailError> {
        let offset = match from {
            Resume::Start => 0,
            Resume::At(offset) => offset,
        };
        let mut splitter = Self { lines: Lines::from(input, offset), limit, kept: Vec::new(), next_starts_at: None };
        while let Some(piece) = splitter.lines.next()? {
            let line = if piece.offset == 0 { without_mark(piece.bytes) } else { piece.bytes };
            if date::of_envelope(line).is_some() {
                splitter.next_starts_at = Some(piece.offset);
                return Ok(splitter);
            }
            if !matches!(line, b"\n" | b"\r\n") {
                return Err(MailError::NotAMessageStart { offset });
            }
        }
        Ok(splitter)
    }

    fn next(&mut self) -> Result<Option<Extent>, MailError> {
        let Some(starts_at) = self.next_starts_at.take() else { return Ok(None) };
        self.kept.clear();
        let mut open = Open::at(self.lines.offset());
        while let Some(piece) = self.lines.next()? {
            let line: Vec<u8>;
            let mut piece = piece;
            let ends = open.ends_before(&piece);
            if ends == Ends::IfHeadersFollow {
                let (offset, begins_line) = (piece.offset, piece.begins_line);
                line = piece.bytes.to_vec();
                if self.headers_follow()? {
                    self.next_starts_at = Some(offset);
                    break;
                }
                piece = Piece { bytes: &line, offset, begins_line };
            } else if ends == Ends::Yes {
                self.next_starts_at = Some(piece.offset);
                break;
            }
            open.take(&piece);
            let room = self.limit.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&piece.bytes[..piece.bytes.len().min(room)]);
            if let Some(announced) = open.announced.take_if(|_| !open.in_header) {
                open.counted_to = self.counted_end(open.end.saturating_add(announced))?;
            }
        }
        let length = open.end_of_message() - open.offset;
        self.kept.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(Some(Extent { starts_at, offset: open.offset, length, unquote: !open.is_bare() }))
    }

    fn headers_follow(&mut self) -> Result<bool, MailError> {
        Ok(begins_as_message(&self.lines.peek(self.lines.offset(), HEAD)?))
    }

    /// The end that a message's own header announces, if the next message begins there, or the file ends: right there, or after one
    /// line break. Where that leaves open whose a blank line is, the announcement is not believed: it is not needed then.
    fn counted_end(&mut self, end: u64) -> Result<Option<u64>, MailError> {
        let before = end.saturating_sub(4).max(self.lines.offset());
        let around = self.lines.peek(before, 1200)?;
        let Some((counted, rest)) = around.split_at_checked(usize::try_from(end - before).unwrap_or(usize::MAX)) else {
            return Ok(None);
        };
        let after_break = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"));
        let ends_here = match after_break {
            // Not in the middle of a line break.
            Some(rest) => is_start_or_end(rest) && !counted.ends_with(b"\r"),
            None => is_start_or_end(rest) && counted.ends_with(b"\n") && !ends_in_blank_line(counted),
        };
        Ok(ends_here.then_some(end))
    }
}

fn is_start_or_end(bytes: &[u8]) -> bool {
    let line = bytes.split_inclusive(|&byte| byte == b'\n').next();
    line.is_none_or(|line| date::of_envelope(line).is_some())
}

fn ends_in_blank_line(text: &[u8]) -> bool {
    matches!(text, b"\n" | b"\r\n") || text.ends_with(b"\n\n") || text.ends_with(b"\n\r\n")
}

/// Whether a message ends before a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Yes,
    /// Nothing but a "From " line says so: a message may quote one.
    IfHeadersFollow,
    No,
}

/// A message whose end is not found yet.
struct Open {
    offset: u64,
    /// Of what was taken so far.
    end: u64,
    in_header: bool,
    /// Its `Content-Length`.
    announced: Option<u64>,
    /// Where it ends, if that proved right.
    counted_to: Option<u64>,
    /// How long the last line was, if it was blank.
    blank: u64,
    /// A line inside looks like a message's start.
    holds_bare_from: bool,
}

impl Open {
    fn at(offset: u64) -> Self {
        Self {
            offset,
            end: offset,
            in_header: true,
            announced: None,
            counted_to: None,
            blank: 0,
            holds_bare_from: false,
        }
    }

    fn ends_before(&self, piece: &Piece<'_>) -> Ends {
        let ends = match self.counted_to {
            Some(end) if piece.offset >= end => Ends::Yes,
            Some(_) => Ends::No,
            // Also right after another "From " line: a message of no bytes.
            None if self.blank > 0 || self.end == self.offset => Ends::Yes,
            None => Ends::IfHeadersFollow,
        };
        let is_envelope = || piece.begins_line && date::of_envelope(piece.bytes).is_some();
        if ends != Ends::No && is_envelope() { ends } else { Ends::No }
    }

    fn take(&mut self, piece: &Piece<'_>) {
        if self.in_header && piece.begins_line {
            match piece.is_blank() {
                true => self.in_header = false,
                false => self.announced = content_length(piece.bytes).or(self.announced),
            }
        }
        self.holds_bare_from |= piece.begins_line && piece.bytes.starts_with(b"From ");
        self.blank = if piece.is_blank() { piece.bytes.len() as u64 } else { 0 };
        self.end += piece.bytes.len() as u64;
    }

    fn end_of_message(&self) -> u64 {
        self.counted_to.unwrap_or(self.end - self.blank).min(self.end)
    }

    /// Whoever counts and leaves "From " lines as they are has quoted none.
    fn is_bare(&self) -> bool {
        self.counted_to.is_some() && self.holds_bare_from
    }
}

fn content_length(line: &[u8]) -> Option<u64> {
    let (name, value) = line.split_at_checked(b"content-length:".len())?;
    let value = std::str::from_utf8(value).ok().filter(|_| name.eq_ignore_ascii_case(b"content-length:"))?;
    value.trim().parse().ok()
}
