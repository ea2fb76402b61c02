//! What makes a message the same message. An export that is read on another system ends its lines otherwise, and an mbox puts a line break
//! between messages that its last one may lack until the next is appended: neither makes another message of it. Nor does what a mail program
//! notes in the head of what it keeps, as that it was read.

use std::io::{self, Write};

use crate::bookkeeping::WithoutBookkeeping;

/// Pieces up to this length are gathered: the hash is fastest on long ones.
const GATHERED: usize = 64 << 10;

/// The BLAKE3 hash of a message's bytes with plain line breaks, without those at its end, and without the lines of its head in which mail
/// programs note what was done with it.
pub fn identity(raw: &[u8]) -> [u8; 32] {
    let mut hasher = IdentityHasher::default();
    hasher.update(raw);
    hasher.finalize()
}

fn breaks_at_end(bytes: &[u8]) -> usize {
    bytes.iter().rev().take_while(|&&byte| byte == b'\n').count()
}

/// The same of a message that comes in pieces.
#[derive(Default)]
pub(crate) struct IdentityHasher {
    filter: WithoutBookkeeping,
    text: TextHasher,
}

impl IdentityHasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.filter.pass(bytes, &mut |kept| self.text.update(kept));
    }

    pub(crate) fn finalize(mut self) -> [u8; 32] {
        self.filter.finish(&mut |kept| self.text.update(kept));
        self.text.finalize()
    }
}

/// Of a text with plain line breaks, and without those at its end.
#[derive(Default)]
struct TextHasher {
    hasher: blake3::Hasher,
    gathered: Vec<u8>,
    /// The last byte was one that a line break may begin with.
    half_a_break: bool,
    /// Line breaks that count only if something follows.
    breaks: u64,
}

impl TextHasher {
    fn update(&mut self, bytes: &[u8]) {
        let Some((&first, _)) = bytes.split_first() else { return };
        if std::mem::take(&mut self.half_a_break) && first != b'\n' {
            self.take(b"\r");
        }
        let mut rest = bytes.strip_suffix(b"\r").inspect(|_| self.half_a_break = true).unwrap_or(bytes);
        while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
            self.take(&rest[..at]);
            rest = &rest[at + 1..];
        }
        self.take(rest);
    }

    fn finalize(mut self) -> [u8; 32] {
        if self.half_a_break {
            self.take(b"\r");
        }
        self.hasher.update(&self.gathered).finalize().into()
    }

    /// With plain line breaks only.
    fn take(&mut self, bytes: &[u8]) {
        let breaks = breaks_at_end(bytes);
        let text = &bytes[..bytes.len() - breaks];
        if !text.is_empty() {
            while self.breaks > 0 {
                self.gather(b"\n");
                self.breaks -= 1;
            }
            self.gather(text);
        }
        self.breaks += breaks as u64;
    }

    fn gather(&mut self, bytes: &[u8]) {
        if self.gathered.len() + bytes.len() < GATHERED {
            return self.gathered.extend_from_slice(bytes);
        }
        self.hasher.update(&self.gathered);
        self.gathered.clear();
        self.hasher.update(bytes);
    }
}

impl Write for IdentityHasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_ends_and_what_follows_the_last_line_make_no_other_message() {
        let message = identity(b"Subject: a\n\ntext\n\nend");
        for same in [
            "Subject: a\r\n\r\ntext\r\n\r\nend",
            "Subject: a\n\ntext\n\nend\n\n\n",
            "Subject: a\r\n\ntext\n\r\nend\r\n",
        ] {
            assert_eq!(identity(same.as_bytes()), message, "{same:?}");
        }
        for other in [
            "Subject: a\n\ntext\nend",
            "Subject: a\n\ntext\n\nend ",
            "\nSubject: a\n\ntext\n\nend",
            "Subject: a\n\ntext\n\nend\r",
        ] {
            assert_ne!(identity(other.as_bytes()), message, "{other:?}");
        }
    }

    #[test]
    fn what_a_mail_program_notes_makes_no_other_message_and_what_a_person_wrote_does() {
        let unread = identity(b"X-Mozilla-Status: 0000\nX-Mozilla-Keys:     \nSubject: a\n\ntext\n");
        for same in
            ["X-Mozilla-Status: 0003\r\nSubject: a\r\nStatus: RO\r\nX-Status: F\r\n\r\ntext", "Subject: a\n\ntext"]
        {
            assert_eq!(identity(same.as_bytes()), unread, "{same:?}");
        }
        assert_ne!(identity(b"Subject: a\n\nStatus: RO\n\ntext"), identity(b"Subject: a\n\n\ntext"));
    }

    proptest! {
        #[test]
        fn pieces_of_any_length_give_the_same_identity(
            bytes in prop::collection::vec(prop::sample::select(&b"\r\n\r\nab"[..]), 0..60), length in 1usize..9
        ) {
            let plain = bytes.iter().map(|byte| char::from(*byte)).collect::<String>().replace("\r\n", "\n");
            let mut pieces = IdentityHasher::default();
            bytes.chunks(length).for_each(|piece| pieces.update(piece));
            prop_assert_eq!(pieces.finalize(), *blake3::hash(plain.trim_end_matches('\n').as_bytes()).as_bytes());
            prop_assert_eq!(identity(&bytes), *blake3::hash(plain.trim_end_matches('\n').as_bytes()).as_bytes());
        }
    }
}
