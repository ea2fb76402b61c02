//! Writes an `.eml` file. Not through a library for that: those add the time, the name of the computer and chance, and the same
//! item must give the same bytes each time. All content is in base64, so that no boundary can occur in it.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// So many bytes make a line of 76 letters.
const LINE: usize = 57;
/// An encoded word of so many bytes is short enough for a line.
const WORD: usize = 42;
/// Lines of headers are broken from here on.
const LONG: usize = 70;

/// A header line; whatever is not plain letters is encoded.
pub(crate) fn header(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    write!(out, "{name}: {}\r\n", encoded(value))
}

/// A header line of ids, each whole: nobody decodes them.
pub(crate) fn ids_header(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    let ids = value.split_whitespace().map(|id| id.chars().filter(char::is_ascii_graphic).collect());
    let ids: Vec<String> = ids.filter(|id: &String| !id.is_empty()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    write!(out, "{name}: {}\r\n", ids.join("\r\n "))
}

/// A header line of people; nothing where there is nobody.
pub(crate) fn people_header(out: &mut dyn Write, name: &str, people: &[(String, String)]) -> io::Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let people: Vec<String> = people.iter().map(|(name, address)| person(name, address)).collect();
    write!(out, "{name}: {}\r\n", people.join(",\r\n "))
}

fn person(name: &str, address: &str) -> String {
    let address: String =
        address.chars().filter(|letter| letter.is_ascii_graphic() && !matches!(letter, '<' | '>')).collect();
    match without_control(name).trim() {
        "" => format!("<{address}>"),
        name if is_plain(name) => format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\"")),
        name => format!("{} <{address}>", encoded(name)),
    }
}

fn without_control(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.len() < LONG && !text.contains("=?")
}

fn encoded(text: &str) -> String {
    let text = without_control(text);
    if is_plain(&text) {
        return text;
    }
    let mut words = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD));
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

/// The name of an attachment, as its header wants it.
pub(crate) fn file_name(name: &str) -> String {
    if is_plain(name) {
        return format!("filename=\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut out = "filename*=utf-8''".to_owned();
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Writes what it is given in lines of base64.
pub(crate) struct Base64Lines<'o> {
    out: &'o mut dyn Write,
    pending: Vec<u8>,
}

impl<'o> Base64Lines<'o> {
    pub fn new(out: &'o mut dyn Write) -> Self {
        Self { out, pending: Vec::new() }
    }

    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() / LINE * LINE;
        write_lines(self.out, &self.pending[..whole])?;
        self.pending.drain(..whole);
        Ok(())
    }

    pub fn finish(self) -> io::Result<()> {
        write_lines(self.out, &self.pending)
    }
}

fn write_lines(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    let mut text = String::with_capacity(bytes.len() / LINE * 78 + 78);
    for line in bytes.chunks(LINE) {
        STANDARD.encode_string(line, &mut text);
        text.push_str("\r\n");
    }
    out.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview;

    #[test]
    fn headers_of_any_letters_are_read_as_they_were_meant() {
        for text in [
            "Hedge",
            "Café \u{1f600} – hedge",
            &"é".repeat(200),
            &"long words ".repeat(30),
            "=?utf-8?q?x?=",
            "a\r\nBcc: x",
        ] {
            let mut out = Vec::new();
            header(&mut out, "Subject", text).unwrap();
            people_header(&mut out, "From", &[(text.to_owned(), "a@b.example".to_owned())]).unwrap();
            out.extend_from_slice(b"\r\n");
            let shown = preview(&out);
            let meant = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(shown.subject, meant);
            assert_eq!(shown.from, format!("{meant} <a@b.example>"));
            assert!(out.split(|&byte| byte == b'\n').all(|line| line.len() < 100), "{}", String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn ids_stay_as_they_are_however_long() {
        let long = |letter: &str| format!("<{}@example.org>", letter.repeat(90));
        let mut out = Vec::new();
        ids_header(&mut out, "Message-ID", &long("a")).unwrap();
        ids_header(&mut out, "References", &format!("{}\r\n {}", long("b"), long("c"))).unwrap();
        ids_header(&mut out, "In-Reply-To", " \u{e9} ").unwrap();
        let expected = format!("Message-ID: {}\r\nReferences: {}\r\n {}\r\n", long("a"), long("b"), long("c"));
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn base64_does_not_depend_on_the_pieces() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let whole = |piece: usize| {
            let mut out = Vec::new();
            let mut lines = Base64Lines::new(&mut out);
            bytes.chunks(piece).for_each(|piece| lines.push(piece).unwrap());
            lines.finish().unwrap();
            out
        };
        let expected = whole(1000);
        for piece in [1, 56, 57, 58, 999] {
            assert_eq!(whole(piece), expected);
        }
    }
}
