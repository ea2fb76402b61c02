//! The newest date in mail that passes by: how old a mailbox export is follows from its own content, not from when it was copied.
//! Looks at a file's bytes while they are read for something else, so it must cost next to nothing. Only an Outlook data file, in which
//! nothing stands in order, has to be gone through by itself.

use chest_model::Timestamp;
use memchr::memmem::Finder;
use std::io::{Read, Seek};

use crate::bookkeeping::Line;
use crate::head_date::HeadDate;
use crate::lines::without_mark;
use crate::{date, pst};

/// Of a longer line only the beginning is looked at: it bears no date.
const LONGEST_LINE: usize = 1024;
/// Clocks of senders are not always right; what is later than tomorrow says nothing.
const TOLERANCE: i64 = 24 * 3600;
/// Mail servers begin their mailboxes with a note of their own, which has the form of a message and is as new as the mailbox.
const OF_THE_SERVER: &[u8] = b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";

/// Looks for the dates of messages in a saved message or an mbox that comes by: the `Date:` in the head of each. The "From " line before it
/// bears the time of the export where a program means it so, and therefore counts only where no message has a date of its own: one
/// draft without any would make the oldest export a new one.
#[derive(Debug, Clone)]
pub struct NewestDate {
    reading: Reading,
    /// The line that the last slice ended in.
    line: Vec<u8>,
    separator: Finder<'static>,
}

impl NewestDate {
    /// Of a file that is read from its first byte; dates later than a day after `now` do not count.
    pub fn new(now: Timestamp) -> Self {
        let reading = Reading {
            latest: now.seconds.saturating_add(TOLERANCE),
            dated: None,
            enveloped: None,
            place: Place::Beginning,
            is_mbox: false,
            message: Message::default(),
            date: HeadDate::default(),
        };
        Self { reading, line: Vec::new(), separator: Finder::new(b"\nFrom ") }
    }

    /// The next bytes of the file.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = self.take_line(self.past_text(bytes));
        }
    }

    /// From the next line on that may tell something; in the text of a message that is one that begins with "From ".
    fn past_text<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let is_at_line_start = self.line.is_empty();
        if self.reading.place != Place::Text || !is_at_line_start || bytes.starts_with(b"From ") {
            return bytes;
        }
        match self.separator.find(bytes) {
            Some(at) => &bytes[at + 1..],
            None => &bytes[memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1)..],
        }
    }

    /// Takes the next line, or as much of it as is there; gives what follows it.
    fn take_line<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let end = memchr::memchr(b'\n', bytes);
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        let room = LONGEST_LINE.saturating_sub(self.line.len());
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
        let Some(end) = end else { return &[] };
        self.reading.line(&self.line);
        self.line.clear();
        &bytes[end + 1..]
    }

    /// The newest date so far that can be true.
    pub fn newest(&self) -> Option<Timestamp> {
        let mut reading = self.reading.clone();
        if !self.line.is_empty() {
            reading.line(&self.line);
        }
        reading.end_message();
        reading.dated.or(reading.enveloped)
    }
}

/// Where in a mailbox a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the first.
    Beginning,
    /// It is the first of a message.
    HeadBegins,
    /// In the head of a message.
    Head,
    /// In its text, where a date may be anything.
    Text,
}

/// How far the reading has come.
#[derive(Debug, Clone)]
struct Reading {
    latest: i64,
    /// The newest of the messages that have ended: of those with a date of their own, …
    dated: Option<Timestamp>,
    /// … and of the "From " lines of those without.
    enveloped: Option<Timestamp>,
    place: Place,
    is_mbox: bool,
    message: Message,
    /// That of the message's head.
    date: HeadDate,
}

impl Reading {
    /// The next line, without its end.
    fn line(&mut self, line: &[u8]) {
        let line = if self.place == Place::Beginning { without_mark(line) } else { line };
        let separator = date::of_envelope(line).filter(|_| self.place == Place::Beginning || self.is_mbox);
        if let Some(sent) = separator {
            self.end_message();
            self.message = Message { envelope: self.plausible(sent), ..Message::default() };
            (self.is_mbox, self.place) = (true, Place::HeadBegins);
            return;
        }
        if self.place == Place::Text {
            return;
        }
        self.place = match Line::of(line, self.place != Place::Head) {
            // An empty line before the first message ends nothing.
            Line::Blank if self.place == Place::Beginning => Place::Beginning,
            Line::Blank | Line::Text => Place::Text,
            _ => Place::Head,
        };
        self.message.is_of_the_server |= line.starts_with(OF_THE_SERVER);
        self.date.line(line);
    }

    fn end_message(&mut self) {
        if let Some(date) = self.date.finish() {
            self.message.is_dated = true;
            self.message.header = self.plausible(date);
        }
        match self.message {
            Message { is_of_the_server: true, .. } => {}
            Message { is_dated: true, header, .. } => self.dated = self.dated.max(header),
            Message { envelope, .. } => self.enveloped = self.enveloped.max(envelope),
        }
    }

    fn plausible(&self, date: Timestamp) -> Option<Timestamp> {
        Some(date).filter(|date| (1..=self.latest).contains(&date.seconds))
    }
}

/// What the head of a message says of its date.
#[derive(Debug, Clone, Copy, Default)]
struct Message {
    envelope: Option<Timestamp>,
    header: Option<Timestamp>,
    /// It has a date of its own, be it one that cannot be true.
    is_dated: bool,
    is_of_the_server: bool,
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
    const BOX: &str = "From a@b.example Fri Nov 20 10:00:00 2026\nSubject: x\nDate: Wed, 18 Nov 2026 09:00:00 +0000\n\n\
        Date: Fri, 20 Nov 2026 08:00:00 +0000\nThe Date: Fri, 20 Nov 2026 10:00:00 +0000\nFrom Friday on\n\n\
        From a@b.example Fri Nov 20 10:00:00 2026\nDate: Thu, 19 Nov 2026 10:00:00 +0000\n\nText.\n";

    fn newest(bytes: &[u8], slice: usize) -> Option<i64> {
        let mut scanner = NewestDate::new(NOW);
        bytes.chunks(slice).for_each(|slice| scanner.feed(slice));
        scanner.newest().map(|date| date.seconds)
    }

    #[test]
    fn slices_of_any_length_give_the_same_answer() {
        let text = format!("{BOX}{}\n{}\n\n{BOX}", "y".repeat(600), "From z".repeat(300));
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

    /// A mailbox of one message whose "From " line bears the time of the export, with these headers.
    fn exported(headers: &str) -> String {
        format!("From - Fri Nov 20 09:59:59 2026\nSubject: x\n{headers}\nText.\nFrom - the chair\n")
    }

    #[test]
    fn the_time_of_the_export_counts_only_where_a_message_has_no_date_of_its_own() {
        let day = |day: &str, field: &str| format!("{field} {day} Nov 2026 10:00:00 +0000\n");
        let (old, to_come) = (day("Sun, 1", "Date:"), day("Mon, 30", "Date:"));
        let exported_at = Some(NOW.seconds - 1);
        for (headers, expected) in [
            (old.as_str(), Some(NOW.seconds - 19 * 24 * 3600)),
            (&day("Sun, 1", "DATE:"), Some(NOW.seconds - 19 * 24 * 3600)),
            (&day("Sun, 1", "Date:\n"), Some(NOW.seconds - 19 * 24 * 3600)),
            (&to_come, None),
            ("Date: on Friday\n", exported_at),
            ("X-Date: none\n", exported_at),
            ("", exported_at),
        ] {
            for text in [exported(headers), exported(headers).replace('\n', "\r\n")] {
                for slice in [1, 7, 1000] {
                    assert_eq!(newest(text.as_bytes(), slice), expected, "{text:?}");
                }
            }
        }
        let note =
            "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nDate: Fri, 20 Nov 2026 09:00:00 +0000\n";
        assert_eq!(newest((exported(note) + &exported(&old)).as_bytes(), 1000), Some(NOW.seconds - 19 * 24 * 3600));
    }

    #[test]
    fn the_mark_before_the_first_letter_hides_no_date() {
        let old = "Date: Sun, 1 Nov 2026 10:00:00 +0000\n";
        for mark in ["\u{feff}", "\u{feff}\r\n"] {
            for text in [format!("{mark}{old}\n"), format!("{mark}{}{}", exported(old), exported(""))] {
                for slice in [1, 7, 1000] {
                    assert_eq!(newest(text.as_bytes(), slice), Some(NOW.seconds - 19 * 24 * 3600), "{text:?}");
                }
            }
            let second = format!("{mark}{}{}", exported("Date: Sat, 31 Oct 2026 10:00:00 +0000\n"), exported(old));
            assert_eq!(newest(second.as_bytes(), 1000), Some(NOW.seconds - 19 * 24 * 3600), "it is an mbox");
        }
    }

    #[test]
    fn one_draft_without_a_date_makes_no_old_export_a_new_one() {
        let old = exported("Date: Sun, 1 Nov 2026 10:00:00 +0000\n");
        let draft = exported("");
        for text in [old.clone() + &draft, draft.clone() + &old, draft.clone() + &old + &draft] {
            assert_eq!(newest(text.as_bytes(), 1000), Some(NOW.seconds - 19 * 24 * 3600), "{text}");
        }
        assert_eq!(newest((draft.clone() + &draft).as_bytes(), 1000), Some(NOW.seconds - 1));
    }

    #[test]
    fn what_stands_in_the_text_of_a_message_is_no_date_of_it() {
        let message = "Subject: x\nDate: Thu, 19 Nov 2026 10:00:00 +0000\n\nDate: Fri, 20 Nov 2026 09:00:00 +0000\n\n\
            From a@b.example Fri Nov 20 09:00:00 2026\nDate: Fri, 20 Nov 2026 09:30:00 +0000\n";
        for slice in [1, 7, 1000] {
            assert_eq!(
                newest(message.as_bytes(), slice),
                Some(NOW.seconds - 24 * 3600),
                "no mbox: it begins with no \"From \""
            );
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
