//! What mail programs write into the head of a message that they keep: that it was read, answered, starred, deleted. They rewrite it in
//! the mailbox with every click, so it is no part of what makes a message the same message.

/// Lines of a message's own head that its mail program keeps up to date, in small letters. Those of Thunderbird; of Unix mailboxes, as Dovecot,
/// Mutt and KMail keep them; of Google Takeout; of Evolution. How long a message is they write there, too, once it has been read.
const NAMES: [&[u8]; 14] = [
    b"x-mozilla-status",
    b"x-mozilla-status2",
    b"x-mozilla-keys",
    b"status",
    b"x-status",
    b"x-keywords",
    b"x-uid",
    b"x-imap",
    b"x-imapbase",
    b"content-length",
    b"lines",
    b"x-gmail-labels",
    b"x-evolution",
    b"x-evolution-source",
];
/// A name that is longer is none of these, nor any header's: no line may be so long.
pub(crate) const JUDGED: usize = 1000;
/// Thunderbird's mark of a message that stays in the file until the mailbox is compacted.
const EXPUNGED: u32 = 0x0008;

/// Lets a message through without those lines, in pieces of any length.
pub(crate) struct WithoutBookkeeping {
    /// Of a line of which it cannot be told yet what it is.
    begun: Vec<u8>,
    place: Place,
    /// What became of the header before: what continues it goes the same way.
    last: Fate,
    is_first_line: bool,
}

enum Place {
    LineBegins,
    WithinLine,
    Body,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    LeftOut,
}

impl Default for WithoutBookkeeping {
    fn default() -> Self {
        Self { begun: Vec::new(), place: Place::LineBegins, last: Fate::Kept, is_first_line: true }
    }
}

impl WithoutBookkeeping {
    /// Gives `keep` what is kept of these bytes.
    pub(crate) fn pass(&mut self, mut bytes: &[u8], keep: &mut dyn FnMut(&[u8])) {
        while !bytes.is_empty() {
            let end = match self.place {
                Place::Body => bytes.len(),
                _ => memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1),
            };
            let (piece, rest) = bytes.split_at(end);
            self.pass_piece(piece, keep);
            bytes = rest;
        }
    }

    /// The message ends here.
    pub(crate) fn finish(mut self, keep: &mut dyn FnMut(&[u8])) {
        self.judge(keep);
    }

    /// Of one line, or of the body.
    fn pass_piece(&mut self, piece: &[u8], keep: &mut dyn FnMut(&[u8])) {
        let mut rest = piece;
        if matches!(self.place, Place::LineBegins) {
            let (beginning, after) = piece.split_at(piece.len().min(JUDGED - self.begun.len()));
            self.begun.extend_from_slice(beginning);
            if !self.begun.ends_with(b"\n") && self.begun.len() < JUDGED {
                return;
            }
            self.judge(keep);
            rest = after;
        }
        if self.last == Fate::Kept && !rest.is_empty() {
            keep(rest);
        }
        if matches!(self.place, Place::WithinLine) && piece.ends_with(b"\n") {
            self.place = Place::LineBegins;
        }
    }

    fn judge(&mut self, keep: &mut dyn FnMut(&[u8])) {
        let line = std::mem::take(&mut self.begun);
        self.place = Place::WithinLine;
        match Line::of(&line, std::mem::take(&mut self.is_first_line)) {
            Line::Header(name) if is_bookkeeping(name) => self.last = Fate::LeftOut,
            Line::Header(_) | Line::Envelope => self.last = Fate::Kept,
            Line::Continued => {}
            Line::LostEnvelope | Line::Blank | Line::Text => (self.last, self.place) = (Fate::Kept, Place::Body),
        }
        if self.last == Fate::Kept && !line.is_empty() {
            keep(&line);
        }
    }
}

/// A line of a head, or right after it.
pub(crate) enum Line<'l> {
    /// Its name.
    Header(&'l [u8]),
    Continued,
    /// The line between the messages of an mbox, once more.
    Envelope,
    /// Such a line where none belongs.
    LostEnvelope,
    /// Ends the head.
    Blank,
    /// A line that no head has: the text begins without a blank line before it.
    Text,
}

impl<'l> Line<'l> {
    /// The first thousand bytes tell.
    pub(crate) fn of(line: &'l [u8], is_first: bool) -> Self {
        let line = &line[..line.len().min(JUDGED)];
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Self::Continued;
        }
        let is_name = |name: &&[u8]| !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
        let name = memchr::memchr(b':', line).map(|colon| line[..colon].trim_ascii_end()).filter(is_name);
        match name {
            Some(name) => Self::Header(name),
            None if is_first && (line.starts_with(b"From ") || line.starts_with(b">From ")) => Self::Envelope,
            None if line.starts_with(b"From ") => Self::LostEnvelope,
            None if matches!(line, b"" | b"\n" | b"\r" | b"\r\n") => Self::Blank,
            None => Self::Text,
        }
    }
}

fn is_bookkeeping(name: &[u8]) -> bool {
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether the mail program has marked the message as deleted, and left it in the mailbox.
pub(crate) fn is_marked_deleted(message: &[u8]) -> bool {
    let (mut mozilla, mut unix) = (None, None);
    for (number, line) in message.split(|&byte| byte == b'\n').enumerate() {
        let line = &line[..line.len().min(JUDGED)];
        match Line::of(line, number == 0) {
            Line::LostEnvelope | Line::Blank | Line::Text => break,
            Line::Header(name) => {
                let value = || line[name.len()..].trim_ascii_start().get(1..).map(<[u8]>::trim_ascii);
                // The program's own stand first: a sender may have written others.
                if name.eq_ignore_ascii_case(b"x-mozilla-status") {
                    mozilla = mozilla.or_else(value);
                } else if name.eq_ignore_ascii_case(b"x-status") {
                    unix = unix.or_else(value);
                }
            }
            Line::Continued | Line::Envelope => {}
        }
    }
    let bits = mozilla.and_then(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
    bits.is_some_and(|bits| bits & EXPUNGED != 0) || unix.is_some_and(|flags| flags.contains(&b'D'))
}

/// The same of a Maildir's message, whose flags stand in its name.
pub fn is_name_marked_deleted(name: &[u8]) -> bool {
    let flags = [&b":2,"[..], b";2,", b"!2,"].into_iter().filter_map(|mark| {
        let at = memchr::memmem::rfind(name, mark)?;
        Some(&name[at + mark.len()..])
    });
    flags.into_iter().any(|flags| flags.contains(&b'T') && flags.iter().all(u8::is_ascii_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(message: &str, length: usize) -> String {
        let mut kept = Vec::new();
        let mut filter = WithoutBookkeeping::default();
        let mut keep = |bytes: &[u8]| kept.extend_from_slice(bytes);
        message.as_bytes().chunks(length).for_each(|piece| filter.pass(piece, &mut keep));
        filter.finish(&mut keep);
        String::from_utf8(kept).unwrap()
    }

    fn shows(message: &str, expected: &str) {
        for length in [1, 2, 3, 7, 1000, usize::MAX] {
            assert_eq!(kept(message, length), expected, "{message:?} in pieces of {length}");
        }
    }

    #[test]
    fn what_mail_programs_note_is_left_out_of_a_message_s_own_head_with_what_continues_it() {
        shows(
            "X-MOZILLA-Status: 0001\r\nX-Mozilla-Status2: 0\r\nX-Mozilla-Keys:   \r\nFrom: a\r\n b\r\nx-gmail-labels: Inbox,\r\n\tStarred,\r\n Unread\r\n\
             Subject: x\r\nStatus: RO\r\nX-Status : A\r\nX-UID: 7\r\nX-Keywords:\r\n\r\nStatus: open\r\n",
            "From: a\r\n b\r\nSubject: x\r\n\r\nStatus: open\r\n",
        );
        let long = format!("X-Keywords: {}\n {}\nSubject: {}\n", "k".repeat(3000), "k".repeat(3000), "s".repeat(3000));
        shows(&long, &long[long.find("Subject").unwrap()..]);
        shows(
            ">From x Fri Nov 20 10:00:00 2026\nStatus: O\nSubject: x\nX-UID: 1",
            ">From x Fri Nov 20 10:00:00 2026\nSubject: x\n",
        );
    }

    #[test]
    fn what_stands_elsewhere_is_part_of_the_message() {
        for message in [
            "Subject: x\n\nX-Mozilla-Status: 0001\n",
            "Content-Type: message/rfc822\n\nStatus: RO\nSubject: y\n\nX-UID: 1\n",
            "The minutes of the meeting\nStatus: draft\n",
            "Subject: x\n>From here\nStatus: open\n",
            "X-Statuses: 1\nStatu: s\nMy-Status: 2\n\nx",
            "\nStatus: open",
            "Subject: x\n folded\n Status: in it\n",
            "",
            "\r",
        ] {
            shows(message, message);
        }
        let name = format!("{}: x\nStatus: R\n", "n".repeat(2000));
        shows(&name, &name);
    }

    #[test]
    fn what_its_program_has_marked_as_deleted_is_known() {
        for (message, expected) in [
            ("X-Mozilla-Status: 0009\nSubject: x\n\n", true),
            ("x-mozilla-status: 0008\r\n\r\n", true),
            ("X-Mozilla-Status : 0018", true),
            ("Subject: x\nStatus: RO\nX-Status: AD\n\n", true),
            ("X-Mozilla-Status: 0001\nX-Mozilla-Status: 0008\n\n", false),
            ("X-Mozilla-Status: 1007\nX-Status: F\n\n", false),
            ("X-Mozilla-Status: D\n\n", true),
            ("X-Mozilla-Status: none\nX-Status:\n\n", false),
            ("Subject: x\n\nX-Mozilla-Status: 0009\n", false),
            ("Subject: x\n X-Mozilla-Status: 0009\n", false),
            ("", false),
        ] {
            assert_eq!(is_marked_deleted(message.as_bytes()), expected, "{message:?}");
        }
        for (name, expected) in [
            ("17.M1P2.host:2,ST", true),
            ("17.M1P2.host;2,RSTa", true),
            ("17.M1.parish.org!2,T", true),
            ("17.M1P2.host:2,S", false),
            ("17.M1P2.host", false),
            ("Item 1!2, The hall.eml", false),
        ] {
            assert_eq!(is_name_marked_deleted(name.as_bytes()), expected, "{name}");
        }
    }
}
