//! The parts of a message. Headers and encodings are the library's (`mail-parser`); going through the parts is done here, because a
//! stranger decides how deep they nest, and because what is attached must come out as the bytes that were sent: nothing is
//! decoded before it is asked for, text is not converted unless it is shown, and depth and number are bounded.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Message, MessageParser, MimeHeaders};

use crate::bookkeeping::{JUDGED, Line};
use crate::lines::without_mark;
use crate::{base64, calendar, continued, encoded_words, html, quoted, uuencode};

/// Deeper parts are taken as attachments.
const DEEPEST: usize = 20;
/// Further parts are not looked for.
const MOST_PARTS: usize = 1000;
/// A longer block of headers is cut off there.
const LONGEST_HEADERS: usize = 256 << 10;
/// Of all parts together no more is understood: a header of three bytes takes more than a hundred in memory.
const MOST_HEADERS: usize = 1 << 20;

/// A plain form of at most so many bytes beside another of at least so many stands for that one.
const LONGEST_STUB: usize = 250;
const SHORTEST_INSTEAD: usize = 2000;

/// What may still be taken in of a message, with all that is attached to it.
#[derive(Clone)]
pub(crate) struct Budget {
    parts: usize,
    header_bytes: usize,
    is_overspent: bool,
    is_damage_found: bool,
}

impl Budget {
    pub fn whole() -> Self {
        Self { parts: MOST_PARTS, header_bytes: MOST_HEADERS, is_overspent: false, is_damage_found: false }
    }

    /// There may be more in the message than was taken in.
    pub fn is_overspent(&self) -> bool {
        self.is_overspent
    }

    /// Something is left out.
    pub fn overspend(&mut self) {
        self.is_overspent = true;
    }

    /// Some of what was taken in is missing or wrong.
    pub fn is_damage_found(&self) -> bool {
        self.is_damage_found
    }

    /// Something of it is.
    pub fn find_damage(&mut self) {
        self.is_damage_found = true;
    }
}

/// Headers and body of a message, or of one of its parts.
pub(crate) struct Part<'a> {
    /// Headers only; `None` where there are none.
    pub headers: Option<Message<'a>>,
    /// They, as they lie in the message.
    pub head: &'a [u8],
    /// As it lies in the message.
    pub body: &'a [u8],
    /// What it is where it does not say: of a digest, a message.
    is_message_by_default: bool,
    /// Not inside another.
    is_root: bool,
    /// It has parts, and the line that ends them is missing.
    is_unclosed: bool,
    inside: Inside<'a>,
}

enum Inside<'a> {
    Nothing,
    /// The same text in several forms.
    Alternatives(Vec<Part<'a>>),
    Parts(Vec<Part<'a>>),
}

/// What a part is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    PlainText,
    Html,
    Attachment,
}

impl<'a> Part<'a> {
    /// A whole message.
    pub fn parse(raw: &'a [u8]) -> Self {
        Self::parse_within(raw, &mut Budget::whole())
    }

    /// The same, of a message that is attached to another.
    pub fn parse_within(raw: &'a [u8], budget: &mut Budget) -> Self {
        Self::read(&MessageParser::default(), without_mark(raw), false, 0, budget)
    }

    fn read(parser: &MessageParser, raw: &'a [u8], in_digest: bool, depth: usize, budget: &mut Budget) -> Self {
        let is_root = depth == 0;
        let head = head_of(raw, budget.header_bytes.min(LONGEST_HEADERS));
        budget.header_bytes -= head.bytes.len();
        budget.is_overspent |= head.is_cut;
        // What follows half a head is no file that anybody sent: such a part stays as it lies.
        let (head, body) = if head.is_cut && !is_root { (&[][..], raw) } else { raw.split_at(head.bytes.len()) };
        let headers = parse_headers(parser, head).filter(|headers| !headers.parts.is_empty());
        let mut part = Self {
            headers,
            head,
            body,
            is_message_by_default: in_digest,
            is_root,
            is_unclosed: false,
            inside: Inside::Nothing,
        };
        let Some((kind, boundary)) = part.multipart() else { return part };
        if depth >= DEEPEST {
            budget.overspend();
            return part;
        }
        let Sections { found, is_closed } = sections(body, boundary.as_bytes(), budget);
        if found.is_empty() {
            return part;
        }
        part.is_unclosed = !is_closed;
        let read = |section| Self::read(parser, section, kind == "digest", depth + 1, budget);
        let parts = found.into_iter().map(read).collect();
        part.inside = if kind == "alternative" { Inside::Alternatives(parts) } else { Inside::Parts(parts) };
        part
    }

    /// Of which kind, and what is between its parts.
    fn multipart(&self) -> Option<(String, String)> {
        let content_type = self.headers.as_ref()?.content_type()?;
        let boundary = content_type.attribute("boundary").filter(|boundary| !boundary.is_empty())?;
        let kind = content_type.subtype().unwrap_or_default().to_ascii_lowercase();
        content_type.ctype().eq_ignore_ascii_case("multipart").then(|| (kind, boundary.to_owned()))
    }

    /// What is attached, in the order of the message.
    pub fn attachments(&self) -> Vec<&Self> {
        let mut found = Vec::new();
        self.collect_attachments(&mut found);
        found
    }

    fn collect_attachments<'b>(&'b self, found: &mut Vec<&'b Self>) {
        match &self.inside {
            Inside::Nothing if self.role() == Role::Attachment => found.push(self),
            Inside::Nothing => {}
            Inside::Alternatives(parts) | Inside::Parts(parts) => {
                parts.iter().for_each(|part| part.collect_attachments(found));
            }
        }
    }

    /// What has no parts of its own, in the order of the message.
    pub fn leaves(&self) -> Vec<&Self> {
        match &self.inside {
            Inside::Nothing => vec![self],
            Inside::Alternatives(parts) | Inside::Parts(parts) => parts.iter().flat_map(Self::leaves).collect(),
        }
    }

    /// What has no parts of its own, and is missing or wrong in part: in its encoding, or because the message was cut off there.
    pub fn damaged(&self) -> Vec<&Self> {
        let leaves = self.leaves();
        let cut_off = leaves.last().copied().filter(|_| self.is_unclosed);
        let is_cut_off = |part: &Self| cut_off.is_some_and(|last| std::ptr::eq(last, part));
        leaves.into_iter().filter(|part| part.is_wrongly_encoded() || is_cut_off(part)).collect()
    }

    fn is_wrongly_encoded(&self) -> bool {
        self.encoding().eq_ignore_ascii_case("base64") && base64::is_damaged(self.body)
    }

    /// Whether it is text, be it in a file that is attached: an invitation, a list.
    pub fn is_text(&self) -> bool {
        self.content_type().starts_with("text/")
    }

    /// Whether it is a plan for a day: an invitation, an answer to one.
    pub fn is_invitation(&self) -> bool {
        self.content_type() == "text/calendar"
    }

    /// Whether it is a message inside another.
    pub fn is_message(&self) -> bool {
        matches!(self.content_type().as_str(), "message/rfc822" | "message/global")
    }

    /// The parts that are the message's text; of alternatives, the plainest that says what there is to say.
    pub fn texts(&self) -> Vec<&Self> {
        match &self.inside {
            Inside::Nothing if self.role() == Role::Attachment => Vec::new(),
            Inside::Nothing => vec![self],
            Inside::Parts(parts) => parts.iter().flat_map(Self::texts).collect(),
            Inside::Alternatives(parts) => {
                let forms: Vec<Vec<&Self>> = parts.iter().map(Self::texts).collect();
                let speaks = |form: &&Vec<&Self>| form.iter().any(|part| !part.body.trim_ascii().is_empty());
                let is_plain = |form: &&Vec<&Self>| form.iter().all(|part| part.role() == Role::PlainText);
                let plain = forms.iter().filter(speaks).find(is_plain);
                let fullest = forms.iter().rfind(speaks);
                let plain = plain.filter(|plain| !fullest.is_some_and(|full| is_stub(plain, full)));
                plain.or(fullest).cloned().unwrap_or_default()
            }
        }
    }

    /// What the part is for, if nothing is inside.
    pub fn role(&self) -> Role {
        let is_attached = self
            .headers
            .as_ref()
            .and_then(MimeHeaders::content_disposition)
            .is_some_and(|disposition| disposition.ctype().eq_ignore_ascii_case("attachment"));
        // Only parts are named to be saved: a whole message of one named text is that text.
        if is_attached || (self.name().is_some() && !self.is_root) {
            return Role::Attachment;
        }
        match self.content_type().as_str() {
            "text/plain" | "text" => Role::PlainText,
            "text/html" => Role::Html,
            // Of a multipart that has no parts, what there is is text.
            other if other.starts_with("multipart/") => Role::PlainText,
            _ => Role::Attachment,
        }
    }

    /// In lower case: `application/pdf`.
    pub fn content_type(&self) -> String {
        let Some(content_type) = self.headers.as_ref().and_then(MimeHeaders::content_type) else {
            return if self.is_message_by_default { "message/rfc822" } else { "text/plain" }.to_owned();
        };
        let kind = content_type.ctype().to_ascii_lowercase();
        match content_type.subtype() {
            Some(subtype) => format!("{kind}/{}", subtype.to_ascii_lowercase()),
            None => kind,
        }
    }

    /// The name to save it under, as sent.
    pub fn name(&self) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        let disposed = headers.content_disposition().and_then(|disposition| disposition.attribute("filename"));
        let name = disposed.or_else(|| headers.content_type().and_then(|kind| kind.attribute("name")));
        name.filter(|name| !name.trim().is_empty())
    }

    /// Its first word: some write a sign or a remark behind it, or quotes around it.
    fn encoding(&self) -> &str {
        let value = self.headers.as_ref().and_then(MimeHeaders::content_transfer_encoding).unwrap_or_default();
        let value = value.trim_start_matches(|sign: char| sign == '"' || sign.is_whitespace());
        value
            .split(|sign: char| sign.is_whitespace() || matches!(sign, ';' | '(' | '"' | ','))
            .next()
            .unwrap_or_default()
    }

    /// Whether it does not lie in the message as it is.
    pub fn is_encoded(&self) -> bool {
        !["", "7bit", "8bit", "binary"].iter().any(|plain| self.encoding().eq_ignore_ascii_case(plain))
    }

    /// The bytes that were sent, of up to so many bytes as they lie in the message. What is not in the encoding it claims stays as
    /// it is.
    pub fn decoded(&self, most: usize) -> Cow<'a, [u8]> {
        let body = match self.body.get(..most) {
            Some(beginning) => whole_lines(beginning),
            None => self.body,
        };
        let decoded = match self.encoding() {
            encoding if encoding.eq_ignore_ascii_case("base64") => base64::decode(body).map(|decoded| decoded.bytes),
            encoding if encoding.eq_ignore_ascii_case("quoted-printable") => {
                quoted_printable_decode(body).or_else(|| Some(quoted::decode_what_is_right(body)))
            }
            encoding if uuencode::is_called(encoding) => uuencode::decode(body),
            _ => None,
        };
        decoded.map_or(Cow::Borrowed(body), Cow::Owned)
    }

    /// A text part's letters, of up to so many bytes as they lie in the message.
    pub fn letters(&self, most: usize) -> String {
        let mut bytes = self.decoded(most);
        if self.is_invitation() {
            bytes = Cow::Owned(calendar::unfolded(&bytes));
        }
        let content_type = self.headers.as_ref().and_then(MimeHeaders::content_type);
        let named = content_type.and_then(|content_type| content_type.attribute("charset"));
        let named = named.filter(|name| !name.trim().is_empty());
        let is_page = || self.content_type() == "text/html";
        let declared = if named.is_none() && is_page() { html::declared_charset(&bytes) } else { None };
        let charset = named.or(declared.as_deref());
        // Whoever knows only English says so of any text.
        let charset =
            charset.filter(|name| !["us-ascii", "ascii"].iter().any(|ascii| name.eq_ignore_ascii_case(ascii)));
        match charset {
            // One letter that is wrong makes the others no less right.
            Some(name) if is_utf_8(name) => String::from_utf8_lossy(&bytes).into_owned(),
            charset => match charset.and_then(|charset| charset_decoder(charset.as_bytes())) {
                Some(decode) => decode(&bytes),
                None => letters_of_unknown_kind(&bytes),
            },
        }
    }
}

/// The library's list of letters that have to be decoded is without these.
fn is_utf_8(charset: &str) -> bool {
    ["utf-8", "utf8"].iter().any(|name| charset.eq_ignore_ascii_case(name))
}

/// Text that does not say in what letters it is written: UTF-8, or else what was common here before.
pub(crate) fn letters_of_unknown_kind(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(letters) => letters.to_owned(),
        // Only cut off within a letter.
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(text).into_owned(),
        Err(_) => match charset_decoder(b"windows-1252") {
            Some(decode) => decode(text),
            None => String::from_utf8_lossy(text).into_owned(),
        },
    }
}

/// Headers in which letters are encoded as they should be, or are not: each line may be in letters of its own.
fn parse_headers<'a>(parser: &MessageParser, head: &'a [u8]) -> Option<Message<'a>> {
    let head = match encoded_words::joined(head) {
        Cow::Borrowed(head) => continued::joined(head),
        Cow::Owned(head) => Cow::Owned(continued::joined(&head).into_owned()),
    };
    if std::str::from_utf8(&head).is_ok() {
        return match head {
            Cow::Borrowed(head) => parser.parse_headers(head),
            Cow::Owned(head) => parser.parse_headers(&head).map(Message::into_owned),
        };
    }
    let lines: String = head.split_inclusive(|&byte| byte == b'\n').map(letters_of_unknown_kind).collect();
    parser.parse_headers(lines.as_bytes()).map(Message::into_owned)
}

/// Some programs put only a line into the plain form: that the other one is to be read.
fn is_stub(plain: &[&Part<'_>], full: &[&Part<'_>]) -> bool {
    let length = |form: &[&Part<'_>]| form.iter().map(|part| part.body.trim_ascii().len()).sum::<usize>();
    length(plain) <= LONGEST_STUB && length(full) >= SHORTEST_INSTEAD
}

fn whole_lines(text: &[u8]) -> &[u8] {
    memchr::memrchr(b'\n', text).map_or(text, |end| &text[..=end])
}

/// Headers with the blank line after them, if one is there.
struct Head<'a> {
    bytes: &'a [u8],
    /// They go on.
    is_cut: bool,
}

/// Some programs forget the blank line: the first line that is of no head begins the text.
fn head_of(raw: &[u8], most: usize) -> Head<'_> {
    let window = &raw[..raw.len().min(most)];
    let is_cut = window.len() < raw.len();
    let (mut start, mut lost_envelope) = (0, None);
    for bytes in window.split_inclusive(|&byte| byte == b'\n') {
        // Half a line may be half the name of a header.
        if is_cut && !bytes.ends_with(b"\n") && bytes.len() < JUDGED {
            break;
        }
        let ends_with = |end| Head { bytes: &raw[..lost_envelope.unwrap_or(end)], is_cut: false };
        match Line::of(bytes, start == 0) {
            Line::Blank => return ends_with(start + bytes.len()),
            Line::Text => return ends_with(start),
            // It is of the head where more of the head follows it.
            Line::LostEnvelope => lost_envelope = Some(start),
            Line::Header(_) | Line::Continued | Line::Envelope => lost_envelope = None,
        }
        start += bytes.len();
    }
    Head { bytes: &raw[..lost_envelope.filter(|_| !is_cut).unwrap_or(window.len())], is_cut }
}

/// What lies between the lines that bear the boundary.
struct Sections<'a> {
    found: Vec<&'a [u8]>,
    /// The line that ends them is there, or was not looked for.
    is_closed: bool,
}

fn sections<'a>(body: &'a [u8], boundary: &[u8], budget: &mut Budget) -> Sections<'a> {
    let mark = [b"--", boundary].concat();
    let mut found = Vec::new();
    let mut open = None;
    for at in memchr::memmem::find_iter(body, &mark) {
        let after = &body[at + mark.len()..];
        let rest = &after[..memchr::memchr(b'\n', &after[..after.len().min(1000)]).unwrap_or(after.len().min(1000))];
        let is_last = rest.starts_with(b"--");
        // Another boundary may begin like this one.
        let is_boundary = rest.strip_prefix(b"--").unwrap_or(rest).trim_ascii().is_empty();
        if (at > 0 && body[at - 1] != b'\n') || !is_boundary {
            continue;
        }
        if let Some(start) = open.take() {
            found.push(without_last_break(&body[start..at.max(start)]));
        }
        if !is_last && budget.parts == 0 {
            budget.overspend();
        }
        if is_last || budget.parts == 0 {
            return Sections { found, is_closed: true };
        }
        budget.parts -= 1;
        open = Some((at + mark.len() + rest.len() + 1).min(body.len()));
    }
    // A message that was cut off still has the beginning of its last part.
    found.extend(open.map(|start| &body[start..]));
    Sections { found, is_closed: false }
}

/// The line break before a boundary belongs to the boundary.
fn without_last_break(section: &[u8]) -> &[u8] {
    let section = section.strip_suffix(b"\n").unwrap_or(section);
    section.strip_suffix(b"\r").unwrap_or(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = "From: a@b.example\nContent-Type: multipart/mixed; boundary=\"xx\"\n\npreamble\n\
        --xx\nContent-Type: multipart/alternative; boundary=\"xxy\"\n\n\
        --xxy\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9 =\nau lait\n\
        --xxy\nContent-Type: text/html\n\n<p>caf&eacute;</p>\n--xxy--\n\n\
        --xx\nContent-Type: text/plain; charset=iso-8859-1; name=\"n.txt\"\n\n\u{fc}\r\n\r\n--xx\n\
        Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''%C3%A9.pdf\n\
        Content-Transfer-Encoding: base64\n\nAAEC\nAw==\n--xx--\nepilogue\n";

    #[test]
    fn texts_and_attachments_are_told_apart() {
        let root = Part::parse(MIXED.as_bytes());
        let texts: Vec<String> = root.texts().iter().map(|part| part.letters(1000)).collect();
        assert_eq!(texts, ["café au lait"]);
        let attachments = root.attachments();
        let names: Vec<_> = attachments.iter().map(|part| part.name().unwrap_or_default()).collect();
        assert_eq!(names, ["n.txt", "é.pdf"]);
        assert_eq!(attachments[1].content_type(), "application/pdf");
    }

    #[test]
    fn attachments_come_out_as_the_bytes_that_were_sent() {
        let root = Part::parse(MIXED.as_bytes());
        let bytes: Vec<_> = root.attachments().iter().map(|part| part.decoded(usize::MAX).into_owned()).collect();
        assert_eq!(bytes, [&b"\xc3\xbc\r\n"[..], b"\x00\x01\x02\x03"]);
    }

    #[test]
    fn a_message_that_was_cut_off_has_what_is_there() {
        let cut = MIXED.find("AAEC").unwrap() + 5;
        let root = Part::parse(&MIXED.as_bytes()[..cut]);
        assert_eq!(*root.attachments()[1].decoded(usize::MAX), [0, 1, 2]);
    }

    #[test]
    fn where_the_plain_form_is_empty_the_other_one_speaks() {
        let message = "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n \n\
            --b\nContent-Type: text/html\n\n<p>words</p>\n--b--\n";
        let root = Part::parse(message.as_bytes());
        assert_eq!(root.texts()[0].role(), Role::Html);
    }

    #[test]
    fn a_text_in_utf_8_stays_one_where_some_of_it_is_damaged() {
        for (says, expected) in
            [("; charset=UTF-8", "päivää \u{fffd}"), ("; charset=utf8", "päivää \u{fffd}"), ("", "pÃ¤ivÃ¤Ã¤ ÿ")]
        {
            let message = [format!("Content-Type: text/plain{says}\n\npäivää ").as_bytes(), b"\xff"].concat();
            assert_eq!(Part::parse(&message).texts()[0].letters(100), expected);
        }
    }

    #[test]
    fn where_the_plain_form_only_leads_to_the_other_one_that_is_shown() {
        let first_role = |words: usize| {
            let page = "<p>words</p>".repeat(words);
            let message = format!(
                "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nThis message is a web page.\n\
                 --b\nContent-Type: text/html\n\n{page}\n--b--\n"
            );
            Part::parse(message.as_bytes()).texts()[0].role()
        };
        assert_eq!((first_role(200), first_role(1)), (Role::Html, Role::PlainText));
    }

    #[test]
    fn base64_with_a_footer_below_it_is_still_understood() {
        let message = "Content-Transfer-Encoding: base64\n\nd29yZHM=\n_______________\nlist footer\n";
        assert_eq!(*Part::parse(message.as_bytes()).decoded(usize::MAX), *b"words");
    }

    #[test]
    fn one_letter_that_should_have_been_quoted_leaves_the_others_readable() {
        let message = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
            <meta content=\"text/html; charset=utf-8\"><p>caf=C3=A9";
        assert!(Part::parse(message.as_bytes()).letters(1000).ends_with("<p>café"));
    }

    #[test]
    fn what_was_sent_uuencoded_is_decoded_and_what_only_claims_to_be_stays_as_it_is() {
        let decoded = |body: &str| {
            let message = format!("Content-Transfer-Encoding: X-UUencode\n\n{body}");
            Part::parse(message.as_bytes()).decoded(usize::MAX).into_owned()
        };
        assert_eq!(decoded("begin 644 cat.txt\n#0V%T\n`\nend\n"), b"Cat");
        assert_eq!(decoded("a cat"), b"a cat");
    }

    #[test]
    fn a_text_begins_where_no_header_is_though_no_blank_line_stands_before_it() {
        for (message, head, body) in [
            (
                "Subject: x\r\n<html lang=en>Time: ten</html>\r\n\r\ny",
                "Subject: x\r\n",
                "<html lang=en>Time: ten</html>\r\n\r\ny",
            ),
            ("Subject: x\n folded\n\tagain\nhedge", "Subject: x\n folded\n\tagain\n", "hedge"),
            ("Subject: x\n  \nTo: y\n\nhedge", "Subject: x\n  \nTo: y\n\n", "hedge"),
            ("Subject : x\nto:y\nDear all: cut it\n", "Subject : x\nto:y\n", "Dear all: cut it\n"),
            ("Dear all,\nSubject: x\n", "", "Dear all,\nSubject: x\n"),
            (">From a Fri Nov 20\nSubject: x\n\ny", ">From a Fri Nov 20\nSubject: x\n\n", "y"),
            ("From a Fri Nov 20\nSubject: x\ny", "From a Fri Nov 20\nSubject: x\n", "y"),
            ("Subject: x\n>From now on\n", "Subject: x\n", ">From now on\n"),
            ("Subject: x\nFrom a Fri\nTo: y\n\nz", "Subject: x\nFrom a Fri\nTo: y\n\n", "z"),
            ("Subject: x\nFrom a Fri\nhedge\n", "Subject: x\n", "From a Fri\nhedge\n"),
            ("Subject: x\nFrom now on\n\nhedge", "Subject: x\n", "From now on\n\nhedge"),
            ("Subject: x\nFrom now on", "Subject: x\n", "From now on"),
        ] {
            let found = head_of(message.as_bytes(), LONGEST_HEADERS);
            assert_eq!((found.bytes, found.is_cut), (head.as_bytes(), false), "{message:?}");
            assert_eq!(Part::parse(message.as_bytes()).body, body.as_bytes(), "{message:?}");
        }
        for (most, is_cut) in [(15, true), (500, true), (1012, false), (2000, false)] {
            let message = format!("Subject: x\n{}\n\n", "y".repeat(2000));
            let found = head_of(message.as_bytes(), most);
            assert_eq!((found.is_cut, found.bytes.len()), (is_cut, if is_cut { most } else { 11 }), "{most}");
        }
    }

    #[test]
    fn a_part_that_has_no_head_and_no_blank_line_is_text() {
        let message = "Content-Type: multipart/mixed; boundary=b\n\n--b\nDear all, the hedge\n--b--\n";
        assert_eq!(Part::parse(message.as_bytes()).texts()[0].letters(100), "Dear all, the hedge");
    }

    #[test]
    fn headers_without_end_are_not_all_taken_in() {
        let part = format!("--b\n{}\nx\n", "a:\n".repeat(20_000));
        let message = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", part.repeat(100));
        let root = Part::parse(message.as_bytes());
        let texts = root.texts();
        let headers = texts.iter().filter_map(|part| part.headers.as_ref()).map(|headers| headers.headers().len());
        let taken: usize = headers.sum();
        assert!(taken > 100_000 && taken <= MOST_HEADERS / 3, "{taken} headers");
    }

    #[test]
    fn messages_nested_without_end_end() {
        let mut message = String::new();
        for level in 0..100_000 {
            message.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
        }
        message.push_str(&"Content-Type: message/rfc822\n\n".repeat(100_000));
        let root = Part::parse(message.as_bytes());
        assert_eq!((root.texts().len(), root.attachments().len()), (1, 0));

        let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(100_000));
        assert_eq!(Part::parse(many.as_bytes()).texts().len(), MOST_PARTS);
    }
}
