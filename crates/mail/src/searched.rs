//! All the text of a message that is searched: in every form in which it was sent, because what says little in one may say all in the
//! other, and of the messages that are attached to it, too.

use crate::mime::{Budget, Part, Role, letters_of_unknown_kind};
use crate::plain::push_text;
use crate::pst::is_note;
use crate::summary::{ENCODED_MESSAGE, people, subject};
use crate::{calendar, html};

/// So much of a text, as it lies in the message.
const TEXT_AS_SENT: usize = 4 << 20;
/// Messages attached to messages are followed so far.
const DEEPEST: usize = 10;

/// Text, up to a limit.
pub(crate) struct SearchedText {
    text: String,
    most: usize,
    is_cut: bool,
}

impl SearchedText {
    /// Of a message whose headers are understood.
    pub(crate) fn of(root: &Part<'_>, budget: &mut Budget, most: usize) -> Self {
        let mut searched = Self { text: String::new(), most, is_cut: false };
        searched.collect(root, budget, 0);
        searched.is_cut |= budget.is_overspent();
        searched
    }

    /// Of what has no headers: it is text, from its first line.
    pub(crate) fn of_plain(raw: &[u8], most: usize) -> Self {
        let mut searched = Self { text: String::new(), most, is_cut: raw.len() > TEXT_AS_SENT };
        searched.push(&letters_of_unknown_kind(&raw[..raw.len().min(TEXT_AS_SENT)]));
        searched
    }

    /// The text, and whether some is missing at its end.
    pub(crate) fn finish(mut self) -> (String, bool) {
        self.text.truncate(self.text.trim_end().len());
        (self.text, self.is_cut)
    }

    fn collect(&mut self, root: &Part<'_>, budget: &mut Budget, depth: usize) {
        for part in root.leaves() {
            if depth > 0 {
                part.name().into_iter().for_each(|name| self.push(name));
            }
            match part.role() {
                Role::PlainText => self.push_part(part, |letters, _| letters),
                Role::Html => self.push_part(part, |letters, most| html::to_text(&letters, most)),
                Role::Attachment if part.is_message() => self.attached(part, budget, depth + 1),
                Role::Attachment if part.is_text() && !part.name().is_some_and(is_note) => self.attached_text(part),
                Role::Attachment => {}
            }
        }
    }

    fn attached(&mut self, part: &Part<'_>, budget: &mut Budget, depth: usize) {
        if depth > DEEPEST || self.is_cut {
            self.is_cut = true;
            return;
        }
        let most = if part.is_encoded() { ENCODED_MESSAGE } else { usize::MAX };
        self.is_cut |= part.body.len() > most;
        let raw = part.decoded(most);
        let inner = Part::parse_within(&raw, budget);
        let Some(headers) = &inner.headers else { return self.push(&letters_of_unknown_kind(&raw)) };
        self.push(&subject(headers));
        self.push(&people([headers.from(), headers.to(), headers.cc()]));
        self.collect(&inner, budget, depth);
    }

    /// What is attached is searched by its name; the words of a text are more than that, as far as there is room.
    fn attached_text(&mut self, part: &Part<'_>) {
        let was_cut = self.is_cut;
        match part.content_type().as_str() {
            "text/html" => self.push_part(part, |letters, most| html::to_text(&letters, most)),
            "text/calendar" => self.push_part(part, |letters, _| calendar::unescaped(&letters)),
            _ => self.push_part(part, |letters, _| letters),
        }
        self.is_cut = was_cut;
    }

    fn push_part(&mut self, part: &Part<'_>, as_text: impl FnOnce(String, usize) -> String) {
        if self.is_cut {
            return;
        }
        self.is_cut = part.body.len() > TEXT_AS_SENT;
        // A letter more than there is room for tells that there is more.
        let room = self.most.saturating_sub(self.text.len()) + 4;
        let text = as_text(part.letters(TEXT_AS_SENT), room);
        self.push(&text);
    }

    fn push(&mut self, text: &str) {
        let text = text.trim();
        if !self.text.is_empty() && !text.is_empty() {
            push_text(&mut self.text, "\n", self.most);
        }
        self.is_cut |= !push_text(&mut self.text, text, self.most);
    }
}

#[cfg(test)]
mod tests {
    use crate::summary::summarise;
    use crate::types::{Completeness, Limits};

    fn searched(message: &[u8], text_bytes: usize) -> (String, Completeness) {
        let found = summarise(message, &Limits { text_bytes, ..Limits::default() });
        (found.summary.text, found.completeness)
    }

    #[test]
    fn what_was_forwarded_as_a_message_is_searched_however_deep() {
        let mut message =
            "Subject: innermost\nFrom: \"Zo\" <zo@inner.example>\nContent-Type: multipart/mixed; boundary=b\n\n\
            --b\n\nglockenspiel\n--b\nContent-Type: application/pdf; name=\"Quote 7.pdf\"\n\nx\n--b--\n"
                .to_owned();
        for level in 0..3 {
            message = format!(
                "Subject: level {level}\nContent-Type: multipart/mixed; boundary=f{level}\n\n--f{level}\n\nsee below\n\
                 --f{level}\nContent-Type: message/rfc822\n\n{message}\n--f{level}--\n"
            );
        }
        let (text, completeness) = searched(message.as_bytes(), 1000);
        for word in ["see below", "level 1", "innermost", "zo@inner.example", "glockenspiel", "Quote 7.pdf"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert_eq!(completeness, Completeness::Whole);
    }

    #[test]
    fn a_forwarded_message_in_an_encoding_is_searched_too() {
        let message = b"Subject: x\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n\
            U3ViamVjdDogeQoKZ2xvY2tlbnNwaWVsCg==\n";
        assert_eq!(searched(message, 1000).0, "y\nglockenspiel");
    }

    #[test]
    fn messages_attached_to_messages_without_end_end_and_are_told_to_go_on() {
        let message = "Content-Type: message/rfc822\n\n".repeat(100_000);
        assert_eq!(searched(message.as_bytes(), 1000).1, Completeness::Beginning);
    }

    #[test]
    fn every_form_of_a_text_is_searched() {
        let message = b"Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n\
            --b\n\nYour program cannot show this message.\n--b\nContent-Type: text/html\n\n<p>hedge &amp; green</p>\n--b--\n";
        let (text, completeness) = searched(message, 1000);
        assert_eq!(
            (text.as_str(), completeness),
            ("Your program cannot show this message.\nhedge & green", Completeness::Whole)
        );
    }

    #[test]
    fn a_text_is_searched_whether_it_has_a_name_or_is_an_invitation_or_says_oddly_how_it_is_encoded() {
        for (head, body) in [
            ("Content-Type: text/plain; name=\"message.txt\"", "jubilee"),
            ("Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt", "jubilee"),
            ("Content-Type: text/html; name=a.html", "<p>jub<b>ilee</b></p>"),
            ("Content-Type: text/calendar; method=REQUEST", "BEGIN:VCALENDAR\nSUMMARY:jubilee\nEND:VCALENDAR"),
            ("Content-Type: text/calendar", "BEGIN:VCALENDAR\r\nSUMMARY:jub\r\n ilee\r\nEND:VCALENDAR"),
            ("Content-Type: text/calendar", "DESCRIPTION:The\\njubilee"),
            ("Content-Transfer-Encoding: base64;", "anViaWxlZQ=="),
            ("Content-Transfer-Encoding: \"base64\"", "anViaWxlZQ=="),
            ("Content-Transfer-Encoding: Base64 (of a jubilee)", "anViaWxlZQ=="),
        ] {
            let message =
                format!("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n{head}\n\n{body}\n--b--\n");
            let (text, completeness) = searched(message.as_bytes(), 1000);
            assert!(
                text.split([' ', '\n', ':', '"']).any(|word| word == "jubilee") && completeness == Completeness::Whole,
                "{head}: {text}"
            );
        }
        let long = format!("Content-Type: text/csv\nContent-Disposition: attachment\n\n{}", "a,b\n".repeat(1000));
        assert_eq!(searched(long.as_bytes(), 1000).1, Completeness::Whole, "of what is attached the name is enough");
    }

    #[test]
    fn what_follows_a_very_long_line_is_searched() {
        let message = format!("Subject: x\n\n{}\nglockenspiel\n", "x".repeat(300_000));
        let found = summarise(message.as_bytes(), &Limits::default());
        assert!(found.summary.text.ends_with("\nglockenspiel") && found.completeness == Completeness::Whole);
    }

    #[test]
    fn a_text_that_is_cut_off_says_so_and_one_that_just_fits_does_not() {
        for kind in ["plain", "html"] {
            for text in ["0123456789", "012345678é", "01234567éx"] {
                let message = format!("Content-Type: text/{kind}; charset=utf-8\n\n{text}\n");
                let is_whole = searched(message.as_bytes(), 10).1 == Completeness::Whole;
                assert_eq!(is_whole, text.len() <= 10, "{kind}: {text}");
            }
        }
    }

    #[test]
    fn a_text_without_headers_is_searched_from_its_first_line() {
        let (text, completeness) = searched("All: the hedge\n\nis cut\n".as_bytes(), 1000);
        assert_eq!(completeness, Completeness::Whole, "that looks like a header");
        assert_eq!(text, "is cut");
        for text in ["Dear all, the hedge\n\nis cut", "Dear all: the hedge\n\nis cut"] {
            for message in [format!("{text}\n"), format!("\n{text}\n")] {
                let found = searched(message.as_bytes(), 1000);
                assert_eq!(found, (text.to_owned(), Completeness::NotUnderstood));
            }
        }
        assert_eq!(searched(b"caf\xe9, no header\n", 1000).0, "café, no header");
    }
}
