//! A long name of a file is written in segments (`filename*0*=utf-8''caf%C3; filename*1*=%A9.pdf`, RFC 2231), and some programs cut a letter
//! in two where one ends and the next begins. The library decodes each by itself, so what belongs together is made one before.

use std::borrow::Cow;

/// What is named so.
const NAMES: [&[u8]; 2] = [b"filename", b"name"];

/// The head with encoded segments that follow each other made one.
pub(crate) fn joined(head: &[u8]) -> Cow<'_, [u8]> {
    let (mut out, mut copied) = (Vec::new(), 0);
    let mut before: Option<Segment<'_>> = None;
    for at in memchr::memmem::find_iter(head, b"*=") {
        let Some(segment) = Segment::around(head, at) else { continue };
        if let Some(before) = before.filter(|before| segment.goes_on(before, head)) {
            out.extend_from_slice(&head[copied..before.value_end]);
            copied = at + 2;
        }
        before = Some(segment);
    }
    if copied == 0 {
        return head.into();
    }
    out.extend_from_slice(&head[copied..]);
    out.into()
}

#[derive(Clone, Copy)]
struct Segment<'h> {
    name: &'h [u8],
    number: u32,
    start: usize,
    value_end: usize,
}

impl<'h> Segment<'h> {
    /// That has its `*=` there; `None` also where its value is in quotes.
    fn around(head: &'h [u8], at: usize) -> Option<Self> {
        let digits = head[..at].iter().rev().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&head[at - digits..at]).ok()?.parse().ok()?;
        let named = head[..at - digits].strip_suffix(b"*")?;
        let letters = named.iter().rev().take(9).take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (start, name) = (named.len() - letters, &named[named.len() - letters..]);
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b';' | b'"');
        let value_end = head[at + 2..].iter().position(is_end).map_or(head.len(), |length| at + 2 + length);
        let is_known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
        (is_known && head.get(value_end) != Some(&b'"')).then_some(Self { name, number, start, value_end })
    }

    /// Nothing is between them but a semicolon and blanks, and the line goes on.
    fn goes_on(&self, before: &Self, head: &[u8]) -> bool {
        let Some(between) = head.get(before.value_end..self.start) else { return false };
        let is_folded = between.last() != Some(&b'\n');
        self.number == before.number + 1
            && self.name.eq_ignore_ascii_case(before.name)
            && between.trim_ascii() == b";"
            && is_folded
    }
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn encoded_segments_that_follow_each_other_are_one() {
        let plain =
            "A: x; filename*0*=utf-8''a; filename*1=b; filename*2*=%C3;\n name*3*=c; filename*4*=d;\nfilename*5*=e";
        for (head, expected) in [
            ("A: x; filename*0*=utf-8''caf%C3; filename*1*=%A9.pdf", "A: x; filename*0*=utf-8''caf%C3%A9.pdf"),
            ("A: x;\r\n name*0*=a;\r\n\tName*1*=b;\r\n name*2*=c;\r\n", "A: x;\r\n name*0*=abc;\r\n"),
            ("A: x; filename*0*=\"a\"; filename*1*=b", "A: x; filename*0*=\"a\"; filename*1*=b"),
            ("A: x; filename*=a; filename*99999999999*=b", "A: x; filename*=a; filename*99999999999*=b"),
            (plain, plain),
            ("*=*0*=", "*=*0*="),
        ] {
            assert_eq!(String::from_utf8_lossy(&joined(head.as_bytes())), expected, "{head}");
        }
    }

    #[test]
    fn a_letter_that_was_cut_in_two_is_one_in_the_name_of_a_file() {
        let message = "Subject: x\nContent-Type: application/pdf\nContent-Disposition: attachment;\n \
            filename*0*=utf-8''caf%C3;\n filename*1*=%A9%20; filename*2=a.pdf\n\nx\n";
        assert_eq!(crate::preview(message.as_bytes()).attachments[0].name, "café a.pdf");
    }
}
