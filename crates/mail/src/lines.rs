//! A mailbox line by line, in bounded memory whatever the length of its lines.

use std::io::{self, Read as _, SeekFrom};

use crate::ReadSeek;

const BUFFER: usize = 256 << 10;
/// A longer line comes in pieces of this length.
const LONGEST: usize = 64 << 10;

/// Text without the mark that some programs of Windows put before its first letter.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads on from one place.
pub(crate) struct Lines<'a> {
    input: &'a mut dyn ReadSeek,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Of `buffer[start]`, in the file.
    offset: u64,
    /// The input stands elsewhere.
    moved: bool,
    begins_line: bool,
}

/// A line with its line break, or a part of one that is very long.
pub(crate) struct Piece<'b> {
    pub bytes: &'b [u8],
    pub offset: u64,
    pub begins_line: bool,
}

impl Piece<'_> {
    pub fn is_blank(&self) -> bool {
        self.begins_line && matches!(self.bytes, b"\n" | b"\r\n")
    }
}

impl<'a> Lines<'a> {
    pub fn from(input: &'a mut dyn ReadSeek, offset: u64) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { input, buffer, start: 0, end: 0, offset, moved: true, begins_line: true }
    }

    /// Where the next piece begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The input, to look at something else in between.
    pub fn input(&mut self) -> &mut dyn ReadSeek {
        self.moved = true;
        self.input
    }

    pub fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        let length = loop {
            let window = &self.buffer[self.start..self.end.min(self.start + LONGEST)];
            if let Some(at) = memchr::memchr(b'\n', window) {
                break at + 1;
            }
            if window.len() == LONGEST || !self.fill()? {
                break (self.end - self.start).min(LONGEST);
            }
        };
        if length == 0 {
            return Ok(None);
        }
        let bytes = &self.buffer[self.start..self.start + length];
        let piece = Piece { bytes, offset: self.offset, begins_line: self.begins_line };
        self.begins_line = bytes.ends_with(b"\n");
        self.start += length;
        self.offset += length as u64;
        Ok(Some(piece))
    }

    /// False at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.moved {
            self.input.seek(SeekFrom::Start(self.offset + self.end as u64))?;
            self.moved = false;
        }
        let read = read_some(self.input, &mut self.buffer[self.end..])?;
        self.end += read;
        Ok(read > 0)
    }

    /// Up to `most` bytes from some other place.
    pub fn peek(&mut self, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let buffered = offset.checked_sub(self.offset).and_then(|ahead| usize::try_from(ahead).ok());
        if let Some(ahead) = buffered.filter(|ahead| ahead.saturating_add(most) <= self.end - self.start) {
            return Ok(self.buffer[self.start + ahead..self.start + ahead + most].to_vec());
        }
        let input = self.input();
        input.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        input.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn read_some(input: &mut dyn ReadSeek, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn lines_of_any_length_come_whole_or_in_pieces_and_lose_nothing() {
        let mut text = Vec::new();
        for length in [0, 1, 100, LONGEST - 1, LONGEST, LONGEST + 1, BUFFER, 3 * BUFFER, 7] {
            text.extend(std::iter::repeat_n(b'x', length));
            text.extend(b"\n");
        }
        text.extend(b"no line break");
        let mut input = Cursor::new(&text);
        let mut lines = Lines::from(&mut input, 0);
        let (mut again, mut begun) = (Vec::new(), 0);
        while let Some(piece) = lines.next().unwrap() {
            assert_eq!(piece.offset, again.len() as u64);
            assert_eq!(piece.begins_line, again.last().is_none_or(|&byte| byte == b'\n'));
            begun += usize::from(piece.begins_line);
            again.extend_from_slice(piece.bytes);
            let at = lines.offset();
            let expected = &text[at as usize..text.len().min(at as usize + 50)];
            assert_eq!(lines.peek(at, 50).unwrap(), expected);
        }
        assert_eq!((again == text, begun), (true, 10));
    }
}
