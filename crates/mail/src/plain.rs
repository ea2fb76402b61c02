//! Text of strangers, made fit to be shown. In a name everything that could mislead is spelt out; in running text it is left out,
//! for there it is common and means nothing.

use chest_model::harmless;

/// One line, of so many bytes at most.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let text = shortened(text, most);
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter == '\0').collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    harmless(&words.join(" "))
}

/// Appends running text, up to `most` bytes in all; lines stay lines. False where that is not all of it.
pub(crate) fn push_text(out: &mut String, text: &str, most: usize) -> bool {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\r' if matches!(letters.peek(), Some('\r' | '\n')) => continue,
            '\t' | '\u{1c}'..='\u{1f}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            '\n' | '\r' | '\u{b}' | '\u{c}' => '\n',
            letter if letter.is_control() || is_invisible(letter) => continue,
            letter => letter,
        };
        if out.len() + letter.len_utf8() > most {
            return false;
        }
        out.push(letter);
    }
    true
}

/// Turns the direction of writing, or takes no room: only hides words from whoever searches.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// At most so many bytes, in whole letters.
pub(crate) fn shortened(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_hide_nothing() {
        assert_eq!(one_line("  Bob \r\n\t Smith\0 ", 100), "Bob Smith");
        assert_eq!(one_line("pay\u{202e}fdp\x1b[2J", 100), r"pay\xe2\x80\xaefdp\x1b[2J");
        assert_eq!(one_line("Pay\u{200b}Pal\u{feff}", 100), r"Pay\xe2\x80\x8bPal\xef\xbb\xbf");
        assert_eq!(one_line("ééé", 3), "é");
    }

    #[test]
    fn whatever_parts_words_still_parts_them() {
        for (text, shown) in [
            ("a\rb", "a\nb"),
            ("a\r\nb\r\r\nc\r", "a\nb\nc\n"),
            ("a\u{c}b\u{b}c", "a\nb\nc"),
            ("a\u{1c}b\u{1d}c\u{1e}d\u{1f}e\u{85}f", "a b c d e f"),
        ] {
            let mut out = String::new();
            push_text(&mut out, text, 100);
            assert_eq!(out, shown, "{text:?}");
        }
    }

    #[test]
    fn running_text_keeps_its_lines_and_nothing_that_moves_a_cursor() {
        let mut out = String::from("a");
        push_text(&mut out, "b\r\nc\x1b[2J\x07\td\u{202e}e\u{200b}f\n", 100);
        assert_eq!(out, "ab\nc[2J def\n");
        let most = out.len() + 3;
        push_text(&mut out, "éé", most);
        assert_eq!(out, "ab\nc[2J def\né");
    }
}
