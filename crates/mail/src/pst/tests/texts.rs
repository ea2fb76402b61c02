//! Texts in all the forms in which Outlook keeps them.

use std::io::Cursor;

use super::writer::{Value, Writer};
use super::{message_id, visited};
use crate::pst::format::Format;
use crate::pst::scramble::Scrambling;
use crate::{ContainerKind, attachment, preview, raw};

const PLAIN: u16 = 0x1000;
const RICH: u16 = 0x1009;
const PAGE: u16 = 0x1013;
const PAGE_CODE_PAGE: u16 = 0x3fde;
const CODE_PAGE: u16 = 0x3ffd;

/// A message with this subject and these values.
fn eml(format: Format, subject: Value, values: &[(u16, Value)]) -> (Vec<u8>, u64) {
    let mut writer = Writer::new(format, Scrambling::Permute);
    let values = [&[(0x0037, subject)], values].concat();
    let node = writer.properties(message_id(0), &values, Vec::new());
    writer.top(node);
    let bytes = writer.finish();
    let (found, visited) = visited(&bytes);
    let eml = raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &found[0].locator).unwrap();
    (eml, visited.failed)
}

fn hedge() -> Value {
    Value::Text("Hedge".to_owned())
}

/// Rich text as it may lie in a file: not packed.
fn rich(text: &str) -> (u16, Value) {
    let length = text.len() as u32;
    let head = [length + 12, length, 0x414c_454d, 0].map(u32::to_le_bytes).concat();
    (RICH, Value::Binary([&head[..], text.as_bytes()].concat()))
}

#[test]
fn texts_in_a_code_page_are_read_in_its_letters() {
    for (code_page, bytes, meant) in
        [(1252, &b"Caf\xe9 \x80"[..], "Café €"), (1251, b"\xc6\xe8", "Жи"), (65001, "é".as_bytes(), "é")]
    {
        let text = || Value::Narrow(bytes.to_vec());
        let (eml, failed) = eml(Format::Narrow, text(), &[(PLAIN, text()), (CODE_PAGE, Value::Integer(code_page))]);
        let shown = preview(&eml);
        assert_eq!((shown.subject.as_str(), shown.text.as_str(), failed), (meant, meant, 0));
    }
}

#[test]
fn a_page_that_is_kept_as_a_text_is_not_read_in_a_code_page() {
    for page in [Value::Text("<p>Café €</p>".to_owned()), Value::Binary(b"<p>Caf\xe9 \x80</p>".to_vec())] {
        let (eml, failed) = eml(Format::Wide, hedge(), &[(PAGE, page), (PAGE_CODE_PAGE, Value::Integer(1252))]);
        assert_eq!((preview(&eml).text.as_str(), failed), ("Café €", 0));
    }
}

#[test]
fn rich_text_is_searched_by_its_words_and_kept_as_it_is() {
    let written = "{\\rtf1\\ansi\\ansicpg1252 Please {\\b cut} it\\'21\\par}";
    for plain in [None, Some((PLAIN, Value::Text("Please cut it!".to_owned())))] {
        let values: Vec<_> = plain.into_iter().chain([rich(written)]).collect();
        let (eml, failed) = eml(Format::Wide, hedge(), &values);
        assert_eq!((preview(&eml).text.as_str(), failed), ("Please cut it!", 0));
        assert_eq!(attachment(&eml, 0).unwrap(), ("message.rtf".to_owned(), written.as_bytes().to_vec()));
    }
}

#[test]
fn what_was_put_into_a_rich_text_is_taken_out_again() {
    let page = "{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf {\\b\\htmlrtf0 Caf\\'e9{\\*\\htmltag72 </p>}}";
    let plain = "{\\rtf1\\ansi\\fromtext Caf\\'e9}";
    for (written, expected) in [(page, "Content-Type: text/html"), (plain, "Content-Type: text/plain")] {
        let (eml, failed) = eml(Format::Wide, hedge(), &[rich(written)]);
        let shown = preview(&eml);
        assert_eq!((shown.text.as_str(), shown.attachments.len(), failed), ("Café", 0, 0));
        assert!(String::from_utf8_lossy(&eml).contains(expected), "{written}");
    }
    let both = [(PLAIN, Value::Text("Café, plain".to_owned())), rich(page)];
    let (eml, _) = eml(Format::Wide, hedge(), &both);
    assert_eq!(preview(&eml).text, "Café, plain");
    assert!(String::from_utf8_lossy(&eml).contains("Content-Type: text/html"));
}

#[test]
fn a_text_that_cannot_be_read_is_counted() {
    for lost in [(RICH, Value::Binary(b"LZFu is not at its place".to_vec())), (RICH, Value::Binary(vec![0; 8]))] {
        let (eml, failed) = eml(Format::Wide, hedge(), &[(PLAIN, Value::Text("Words".to_owned())), lost]);
        assert_eq!((preview(&eml).text.as_str(), failed), ("Words", 1));
    }
}
