//! Letters in headers are written in encoded words (`=?utf-8?B?w6k=?=`), and some programs cut a letter in two where one word ends and the next
//! begins. The library decodes each word by itself, so what belongs together is made one word before.

use std::borrow::Cow;

/// The head with words that stand side by side in the same letters and the same encoding made one.
pub(crate) fn joined(head: &[u8]) -> Cow<'_, [u8]> {
    let (mut out, mut copied) = (Vec::new(), 0);
    let mut rest = head;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let start = head.len() - rest.len() + at;
        let Some((word, after)) = Word::at(&head[start..]) else {
            rest = &rest[at + 2..];
            continue;
        };
        let mut texts = vec![word.text];
        rest = after;
        while let Some((next, after)) = past_space(rest).and_then(Word::at).filter(|(next, _)| next.goes_on(&word)) {
            texts.push(next.text);
            rest = after;
        }
        if texts.len() > 1 {
            out.extend_from_slice(&head[copied..start]);
            word.write_with(&texts, &mut out);
            copied = head.len() - rest.len();
        }
    }
    if copied == 0 {
        return head.into();
    }
    out.extend_from_slice(&head[copied..]);
    out.into()
}

#[derive(Clone, Copy)]
struct Word<'h> {
    charset: &'h [u8],
    /// `b` or `q`.
    encoding: u8,
    text: &'h [u8],
}

impl<'h> Word<'h> {
    /// With what follows it; `None` also of one that is not as it should be, which shall spoil no other.
    fn at(head: &'h [u8]) -> Option<(Self, &'h [u8])> {
        let (charset, rest) = until_question_mark(head.strip_prefix(b"=?")?)?;
        let (encoding, rest) = until_question_mark(rest)?;
        let (text, rest) = until_question_mark(rest)?;
        let rest = rest.strip_prefix(b"=")?;
        let encoding = match encoding {
            b"b" | b"B" if is_base64(text) => b'b',
            b"q" | b"Q" if is_quoted(text) => b'q',
            _ => return None,
        };
        Some((Self { charset, encoding, text }, rest))
    }

    fn goes_on(&self, before: &Self) -> bool {
        self.encoding == before.encoding && self.charset.eq_ignore_ascii_case(before.charset)
    }

    fn write_with(&self, texts: &[&[u8]], out: &mut Vec<u8>) {
        // In base64 each ends where it ends, whether it says so or not.
        let end: &[u8] = if self.encoding == b'b' { b"=" } else { b"" };
        out.extend([b"=?", self.charset, b"?", &[self.encoding], b"?"].concat());
        texts.iter().for_each(|text| out.extend([text, end].concat()));
        out.extend_from_slice(b"?=");
    }
}

/// Within one line.
fn until_question_mark(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr2(b'?', b'\n', text).filter(|&at| text[at] == b'?')?;
    Some((&text[..at], &text[at + 1..]))
}

fn is_base64(text: &[u8]) -> bool {
    let letters = text.trim_ascii_end();
    let letters = &letters[..letters.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1)];
    letters.len() % 4 != 1 && letters.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn is_quoted(text: &[u8]) -> bool {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    memchr::memchr_iter(b'=', text).all(|at| is_hex(text.get(at + 1)) && is_hex(text.get(at + 2)))
}

/// What follows in the same header.
fn past_space(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))?;
    let is_folded = |at: usize| matches!(text[at + 1], b' ' | b'\t');
    memchr::memchr_iter(b'\n', &text[..end]).all(is_folded).then(|| &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview;

    #[test]
    fn a_letter_that_was_cut_in_two_is_one_wherever_names_are_told() {
        for [first, second] in [
            ["=?utf-8?B?UsM=?=", "=?UTF-8?b?qXVuaW9u?="],
            ["=?utf-8?B?UsM?=", "=?utf-8?B?qXVuaW9u?="],
            ["=?utf-8?B?UsOpdW4=?=", "=?utf-8?B?aW9u?="],
            ["=?utf-8?Q?R=C3?=", "=?utf-8?q?=a9union?="],
            ["=?utf-8?Q??=", "=?utf-8?Q?R=C3=A9union?="],
        ] {
            for space in [" ", "\n ", "\r\n\t", "", " \r\n  \r\n "] {
                let words = format!("{first}{space}{second}");
                let message = format!(
                    "Subject: {words}\nFrom: {words} <a@b.example>\nContent-Type: application/pdf; name=\"{words}\"\n\n"
                );
                let shown = preview(message.as_bytes());
                let told = [&shown.subject, &shown.from, &shown.attachments[0].name];
                assert_eq!(told, ["Réunion", "Réunion <a@b.example>", "Réunion"], "{message:?}");
            }
        }
    }

    #[test]
    fn letters_of_east_asia_are_joined_too_and_what_is_no_neighbour_is_left_alone() {
        let subject = |value: &str| preview(format!("Subject: {value}\nTo: x\n\n").as_bytes()).subject;
        for other in ["=?utf-8?Q?R=C3=A9?= =?utf-8?B?dW5pb24=?=", "=?iso-8859-1?Q?R=E9?= =?utf-8?Q?union?="] {
            assert_eq!(subject(other), "Réunion", "{other}");
        }
        assert_eq!(subject("=?gb2312?B?1g==?= =?gb2312?B?0M0=?= =?GB2312?B?xQ==?= =?gb2312?Q?_x?="), "中团 x");
        for head in [
            "Subject: =?utf-8?Q?a?= b =?utf-8?Q?c?=",
            "Subject: =?utf-8?Q?a?=\nTo: =?utf-8?Q?c?=",
            "Subject: =?utf-8?Q?a?=\n=?utf-8?Q?c?=",
            "Subject: =?utf-8?B?!!?= =?utf-8?B?YQ==?=",
            "Subject: =?utf-8?B?YWJjZ?= =?utf-8?B?YQ==?=",
            "Subject: =?utf-8?Q?=C?= =?utf-8?Q?c?=",
            "Subject: =?utf-8?X?a?= =?utf-8?X?c?=",
            "=?=?utf-8?Q?a\nb?= =?",
            "=?",
        ] {
            assert!(matches!(joined(head.as_bytes()), Cow::Borrowed(_)), "{head}");
        }
    }

    #[test]
    fn hostile_heads_take_no_longer_than_others() {
        let started = std::time::Instant::now();
        for pattern in
            ["=?", "=?a?q?", "=?a?q?b?=", "=?a?b??= ", "=?a?q?b?=\n", "=?a", "=?a?q?=41", "=?a?q?b?= =?c?q?d?= "]
        {
            let head = pattern.repeat((256 << 10) / pattern.len());
            joined(head.as_bytes());
        }
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    }
}
