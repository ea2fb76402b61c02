//! Encodings of mail: headers in encoded words, bodies in quoted-printable, attachments in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::people::Person;

/// The longest line that mail programs write.
const LINE: usize = 76;

/// A header's text, in encoded words (RFC 2047) where it is not plain.
pub(super) fn encoded_text(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        let encoded = encoded_letter(letter);
        // Letters are never cut in two, and a word ends before 75 characters.
        if word.len() + encoded.len() > 60 {
            words.push(std::mem::take(&mut word));
        }
        word.push_str(&encoded);
    }
    words.push(word);
    words.iter().map(|word| format!("=?utf-8?Q?{word}?=")).collect::<Vec<_>>().join("\n ")
}

fn encoded_letter(letter: char) -> String {
    match letter {
        ' ' => "_".to_owned(),
        plain if plain.is_ascii_alphanumeric() => plain.to_string(),
        other => other.to_string().bytes().map(|byte| format!("={byte:02X}")).collect(),
    }
}

/// A name with its address, as From and To have it.
pub(super) fn mailbox_of(person: &Person) -> String {
    let plain = person.name.chars().all(|letter| letter.is_ascii_alphanumeric() || " -".contains(letter));
    match (plain, person.name.is_ascii()) {
        (true, _) => format!("{} <{}>", person.name, person.address),
        (false, true) => format!("\"{}\" <{}>", person.name, person.address),
        (false, false) => format!("{} <{}>", encoded_text(&person.name), person.address),
    }
}

/// The name of an attachment, as a parameter (RFC 2231 where it is not plain).
pub(super) fn file_name_parameter(name: &str) -> String {
    if name.is_ascii() && !name.contains(['"', '\\']) {
        return format!("filename=\"{name}\"");
    }
    let encoded: String = name
        .bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect();
    format!("filename*=utf-8''{encoded}")
}

/// Text in quoted-printable, with soft breaks so that no line is longer than 76.
pub(super) fn quoted_printable(text: &str) -> String {
    let mut result = String::with_capacity(text.len() * 11 / 10);
    for line in text.split('\n') {
        let mut width = 0;
        let last = line.len().saturating_sub(1);
        for (at, byte) in line.bytes().enumerate() {
            let plain = (byte.is_ascii_graphic() && byte != b'=') || (byte == b' ' && at != last);
            let needed = if plain { 1 } else { 3 };
            if width + needed > LINE - 1 {
                result.push_str("=\n");
                width = 0;
            }
            match plain {
                true => result.push(char::from(byte)),
                false => result.push_str(&format!("={byte:02X}")),
            }
            width += needed;
        }
        result.push('\n');
    }
    result
}

/// Bytes in base64, in lines of 76.
pub(super) fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut result = String::with_capacity(encoded.len() + encoded.len() / LINE + 2);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(LINE.min(rest.len()));
        result.push_str(line);
        result.push('\n');
        rest = after;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_keeps_lines_short_and_trailing_spaces_safe() {
        let text = format!("Siân {} £5 = cheap \nend", "word ".repeat(40));
        let encoded = quoted_printable(&text);
        assert!(encoded.lines().all(|line| line.len() <= LINE));
        let joined = encoded.replace("=\n", "");
        assert!(joined.contains("Si=C3=A2n") && joined.contains("=3D cheap=20\nend"), "{encoded}");
    }

    #[test]
    fn names_are_written_as_their_letters_need() {
        let person = |name: &str| Person { name: name.to_owned(), address: "a@b.example".to_owned() };
        assert_eq!(mailbox_of(&person("Alan Dodd")), "Alan Dodd <a@b.example>");
        assert_eq!(mailbox_of(&person("Dr. O'Neill")), "\"Dr. O'Neill\" <a@b.example>");
        assert_eq!(mailbox_of(&person("Siân")), "=?utf-8?Q?Si=C3=A2n?= <a@b.example>");
        assert_eq!(file_name_parameter("fête & co.pdf"), "filename*=utf-8''f%C3%AAte%20%26%20co.pdf");
    }
}
