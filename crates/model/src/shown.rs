//! File names for people to read. A name may hold any bytes, also ones that would move the cursor or forge a second line; what
//! is shown is always one harmless line, and what is shown can be typed again. Here, so that messages of every layer show the
//! same name in the same way.

use std::path::Path;

/// Bytes that are no text, control characters, those that turn the direction of writing and those that nobody sees are shown as `\x1b`;
/// a backslash only where it would look like one of these.
pub fn shown(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len());
    let mut at = 0;
    for chunk in name.utf8_chunks() {
        for (inside, letter) in chunk.valid().char_indices() {
            let looks_escaped = letter == '\\' && escaped_byte(&name[at + inside..]).is_some();
            put(&mut out, letter, looks_escaped || is_harmful(letter));
        }
        chunk.invalid().iter().for_each(|&byte| escape(&mut out, byte));
        at += chunk.valid().len() + chunk.invalid().len();
    }
    out
}

/// A path of this computer, shown likewise.
pub fn shown_place(path: &Path) -> String {
    shown(path.as_os_str().as_encoded_bytes())
}

/// A whole sentence, in which names are shown already: what would still do harm in it is escaped, and nothing else.
pub fn harmless(sentence: &str) -> String {
    let mut out = String::with_capacity(sentence.len());
    sentence.chars().for_each(|letter| put(&mut out, letter, is_harmful(letter)));
    out
}

/// The bytes that were meant by what was typed: the inverse of [`shown`].
pub fn typed(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        match escaped_byte(rest) {
            Some(byte) => {
                out.push(byte);
                rest = &rest[4..];
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

/// `\x1b` at the beginning.
fn escaped_byte(text: &[u8]) -> Option<u8> {
    match text {
        [b'\\', b'x', high, low, ..] => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
        }
        _ => None,
    }
}

fn put(out: &mut String, letter: char, escaped: bool) {
    match escaped {
        true => letter.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escape(out, byte)),
        false => out.push(letter),
    }
}

fn escape(out: &mut String, byte: u8) {
    out.push_str(&format!("\\x{byte:02x}"));
}

fn is_harmful(letter: char) -> bool {
    let turns_direction =
        matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // Two names that differ in one of these look alike. Those that join letters (U+200C, U+200D) are a part of words in some languages.
    let is_unseen =
        matches!(letter, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    letter.is_control() || turns_direction || is_unseen || matches!(letter, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_shown_as_they_are() {
        for name in ["Minutes 2026.docx", "Zoë’s café ☕", r"C:\new", "a\\xyz"] {
            assert_eq!(shown(name.as_bytes()), name);
        }
    }

    #[test]
    fn no_name_can_move_the_cursor_or_forge_a_line() {
        assert_eq!(shown(b"a\nb\x1b[2J\xff\xc3"), r"a\x0ab\x1b[2J\xff\xc3");
        assert_eq!(shown("pay\u{202e}fdp".as_bytes()), r"pay\xe2\x80\xaefdp");
    }

    #[test]
    fn no_name_hides_a_letter_that_nobody_sees() {
        for (letter, escaped) in [
            ('\u{ad}', r"\xc2\xad"),
            ('\u{61c}', r"\xd8\x9c"),
            ('\u{200b}', r"\xe2\x80\x8b"),
            ('\u{2060}', r"\xe2\x81\xa0"),
            ('\u{feff}', r"\xef\xbb\xbf"),
        ] {
            let name = format!("pay{letter}roll.xlsx");
            let expected = format!("pay{escaped}roll.xlsx");
            assert_eq!((shown(name.as_bytes()), harmless(&name)), (expected.clone(), expected.clone()));
            assert_eq!(typed(expected.as_bytes()), name.as_bytes());
        }
        // A word in Persian, and a family.
        for name in ["می\u{200c}خواهم", "👨\u{200d}👩\u{200d}👧"] {
            assert_eq!(shown(name.as_bytes()), name);
        }
    }

    #[test]
    fn a_name_that_is_shown_in_a_sentence_is_not_escaped_a_second_time() {
        let sentence = format!("{} is not there\n", shown(b"a\xff\n"));
        assert_eq!(harmless(&sentence), r"a\xff\x0a is not there\x0a");
    }

    #[test]
    fn whatever_is_shown_can_be_typed_again() {
        let mut names: Vec<Vec<u8>> =
            vec![br"\x41".to_vec(), br"\\x41".to_vec(), br"\x5cx41".to_vec(), vec![0xf0, 0x9f]];
        // Every pair of bytes, between the characters that matter most.
        for first in 1..=255u8 {
            for second in [b'\\', b'x', b'4', 0xc3, 0xa9, b'\n', first] {
                names.push(vec![b'\\', first, second, b'4', b'1', 0xe2, first]);
            }
        }
        for name in names {
            let text = shown(&name);
            assert_eq!(typed(text.as_bytes()), name, "{text}");
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}
