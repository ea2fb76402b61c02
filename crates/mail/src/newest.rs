//! The newest date in mail that passes by: how old a mailbox export is follows from its own content, not from when it was copied.
//! Looks at a file's bytes while they are read for something else, so it must cost next to nothing. Only an Outlook data file, in which
//! nothing stands in order, has to be gone through by itself.

use chest_model::Timestamp;
use memchr::memmem::Finder;
use std::io::{Read, Seek};

use crate::{date, pst};

/// A longer line bears no date.
const LONGEST_LINE: usize = 512;
/// Clocks of senders are not always right; what is later than tomorrow says nothing.
const TOLERANCE: i64 = 24 * 3600;

/// Looks for the `Date:` headers of messages and the "From " lines of an mbox in bytes of any kind.
#[derive(Debug, Clone)]
pub struct NewestDate {
    latest: i64,
    newest: Option<Timestamp>,
    /// The line that the last slice ended in, with the line break before it; empty if it is too long to bear a date.
    unfinished: Vec<u8>,
    header: Finder<'static>,
    envelope: Finder<'static>,
}

impl NewestDate {
    /// Of a file that is read from its first byte; dates later than a day after `now` do not count.
    pub fn new(now: Timestamp) -> Self {
        Self {
            latest: now.seconds.saturating_add(TOLERANCE),
            newest: None,
            unfinished: b"\n".to_vec(),
            header: Finder::new(b"\nDate:"),
            envelope: Finder::new(b"\nFrom "),
        }
    }

    /// The next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        let line_end = memchr::memchr(b'\n', bytes);
        if !self.unfinished.is_empty() {
            let rest = &bytes[..line_end.unwrap_or(bytes.len())];
            match self.unfinished.len() + rest.len() <= LONGEST_LINE {
                true => self.unfinished.extend_from_slice(rest),
                false => self.unfinished.clear(),
            }
        }
        let Some(line_end) = line_end else { return };
        self.newest = self.newest.max(self.of_line(&self.unfinished));
        self.scan(&bytes[line_end..]);
    }

    /// From a line break on.
    fn scan(&mut self, lines: &[u8]) {
        let last = memchr::memrchr(b'\n', lines).unwrap_or(0);
        let whole = &lines[..last];
        let headers = self.header.find_iter(whole);
        for at in headers.chain(self.envelope.find_iter(whole)) {
            let most = whole.len().min(at + LONGEST_LINE);
            let end = memchr::memchr(b'\n', &whole[at + 1..most]).map_or(most, |end| at + 1 + end);
            self.newest = self.newest.max(self.of_line(&whole[at..end]));
        }
        self.unfinished.clear();
        if lines.len() - last <= LONGEST_LINE {
            self.unfinished.extend_from_slice(&lines[last..]);
        }
    }

    /// Of a line with the line break before it.
    fn of_line(&self, line: &[u8]) -> Option<Timestamp> {
        let date = match line.strip_prefix(b"\nDate:") {
            Some(value) => date::of_header(value),
            None => date::of_envelope(line.strip_prefix(b"\n")?),
        };
        date.filter(|date| (1..=self.latest).contains(&date.seconds))
    }

    /// The newest date so far that can be true.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest.max(self.of_line(&self.unfinished))
    }
}

/// The newest date on which a message of an Outlook data file was sent or came in; later than a day after `now` does not count.
/// `None` also where the file cannot be read to its end: half of it says nothing of the rest.
pub fn newest_in_pst<R: Read + Seek>(input: &mut R, now: Timestamp) -> Option<Timestamp> {
    let latest = now.seconds.saturating_add(TOLERANCE);
    pst::dates(input)?.into_iter().filter(|date| (1..=latest).contains(&date.seconds)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 November 2026, 10:00 UTC.
    const NOW: Timestamp = Timestamp { seconds: 1_795_168_800, nanoseconds: 0 };
    const BOX: &str = "From a@b.example Wed Nov 18 10:00:00 2026\nDate: Wed, 18 Nov 2026 09:00:00 +0000\nSubject: x\n\n\
        Date: 19 November 2026\nDate: Sun, 22 Nov 2026 10:00:00 +0000\nThe Date: Fri, 20 Nov 2026 10:00:00 +0000\n\
        From Friday on\n\nFrom a@b.example Wed Nov 18 11:00:00 2026\nDate: Thu, 19 Nov 2026 10:00:00 +0000\n";

    fn newest(bytes: &[u8], slice: usize) -> Option<i64> {
        let mut scanner = NewestDate::new(NOW);
        bytes.chunks(slice).for_each(|slice| scanner.feed(slice));
        scanner.newest().map(|date| date.seconds)
    }

    #[test]
    fn slices_of_any_length_give_the_same_answer() {
        let text = format!("{}{BOX}{}\n{BOX}", "x".repeat(3000), "y".repeat(600));
        for slice in 1..text.len() {
            assert_eq!(newest(text.as_bytes(), slice), Some(NOW.seconds - 24 * 3600), "slices of {slice}");
        }
    }

    #[test]
    fn the_first_line_and_the_last_one_count_too() {
        for slice in [1, 7, 1000] {
            assert_eq!(newest(b"Date: Fri, 20 Nov 2026 09:59:59 +0000", slice), Some(NOW.seconds - 1));
            assert_eq!(newest(b"From - Fri Nov 20 09:59:59 2026\r\n", slice), Some(NOW.seconds - 1));
        }
    }

    #[test]
    fn what_cannot_be_true_does_not_count() {
        for text in
            ["Date: Sat, 21 Nov 2026 10:00:01 +0000\n", "Date: Thu, 01 Jan 1970 00:00:00 +0000\n", "Date: today\n", ""]
        {
            assert_eq!(newest(text.as_bytes(), 100), None, "{text}");
        }
        assert_eq!(newest(b"Date: Sat, 21 Nov 2026 10:00:00 +0000\n", 100), Some(NOW.seconds + 24 * 3600));
    }
}
