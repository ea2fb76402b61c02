//! File names for comparing: what people type is held against names of every machine. A Mac spells é as two code points, most
//! others as one; nobody can see the difference, so none is made. Here, so that whatever looks for names does it alike.

use crate::shown;
use std::borrow::Cow;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A name as it is shown, folded as [`folded_text`]: equal for names that look equal but for capitals.
pub fn folded(name: &[u8]) -> String {
    // Nearly all names are of letters that are shown as they are.
    let is_plain = name.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\');
    match std::str::from_utf8(name) {
        Ok(text) if is_plain => text.to_ascii_lowercase(),
        _ => folded_text(&shown(name)),
    }
}

/// What was typed, to be held against folded names: lower case, with letters and their accents composed (NFC).
pub fn folded_text(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Composed last: some capitals become a letter and an accent in lower case.
    // The last letter of a Greek word has a form of its own, which capitals do not tell and a part of a word need not have.
    let lower = text.to_lowercase().replace('ς', "σ");
    if is_nfc_quick(lower.chars()) == IsNormalized::Yes { lower } else { lower.nfc().collect() }
}

/// Folded text with plain letters for those of the Latin alphabet that bear accents: many keyboards have none.
pub fn without_accents(folded: &str) -> Cow<'_, str> {
    if folded.is_ascii() {
        return folded.into();
    }
    let mut bears_accents = false;
    // In other alphabets a letter with a mark is often another letter.
    let is_kept = |letter: &char| {
        let is_accent = matches!(letter, '\u{300}'..='\u{36f}');
        bears_accents = letter.is_ascii_alphabetic() || (is_accent && bears_accents);
        !(is_accent && bears_accents)
    };
    folded.nfd().filter(is_kept).nfc().collect::<String>().into()
}

/// The words of a text: what stands between has neither letters nor digits. Vowels and other marks that stand with letters are of their word;
/// many scripts write no word without them.
pub fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let is_of_word = |letter: char| letter.is_alphanumeric() || (!letter.is_ascii() && is_combining_mark(letter));
    let words = text.split(move |letter| !is_of_word(letter));
    words.filter(|word| word.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_point_and_two_are_the_same_letter_in_either_case() {
        for name in ["Café", "Cafe\u{301}", "CAFÉ", "CAFE\u{301}"] {
            assert_eq!(folded(name.as_bytes()), "café", "{name:?}");
        }
    }

    #[test]
    fn accents_of_latin_letters_are_left_out_and_other_letters_stay() {
        for (text, plain) in [
            ("cafe", "cafe"),
            ("café zoë dvořák", "cafe zoe dvorak"),
            ("tiếng việt", "tieng viet"),
            ("straße łódź", "straße łodz"),
            ("йод ή が 한", "йод ή が 한"),
            ("\u{301}a 1\u{301}", "\u{301}a 1\u{301}"),
        ] {
            assert_eq!(without_accents(text), plain);
            assert_eq!(without_accents(plain), plain);
        }
    }

    #[test]
    fn plain_letters_are_folded_as_all_others() {
        let plain: String = (0..128u8).map(char::from).collect();
        let beside_others = folded_text(&format!("{plain}é"));
        assert_eq!(format!("{}é", folded_text(&plain)), beside_others);
        for name in ["Minutes 2026.docx", "~$A [1].tmp", r"C:\x41", "tab\there"] {
            let beside_others = folded(format!("{name}é").as_bytes());
            assert_eq!(format!("{}é", folded(name.as_bytes())), beside_others);
        }
    }

    #[test]
    fn words_keep_their_vowels_and_end_at_signs() {
        for (text, words) in [
            ("the hedge, don't", &["the", "hedge", "don", "t"][..]),
            ("हिंदी கதை", &["हिंदी", "கதை"]),
            ("ประชุม! שָׁלוֹם", &["ประชุม", "שָׁלוֹם"]),
            ("cafe\u{301}", &["cafe\u{301}"]),
            ("\u{2764}\u{fe0f} \u{301}", &[]),
            ("", &[]),
        ] {
            assert_eq!(words_of(text).collect::<Vec<_>>(), words, "{text:?}");
        }
    }

    #[test]
    fn accents_in_another_order_make_no_other_letter() {
        assert_eq!(folded("q\u{307}\u{323}".as_bytes()), folded("Q\u{323}\u{307}".as_bytes()));
    }

    #[test]
    fn a_greek_word_is_the_same_wherever_it_ends() {
        for name in ["ΔΡΟΜΟΣ", "δρομος", "ΔΡΟΜΟΣ ΤΗΣ ΑΥΛΗΣ.txt", "δρομοσα", "ΔΡΟΜΟΣΑ"]
        {
            assert!(folded(name.as_bytes()).starts_with(&folded_text("ΔΡΟΜΟΣ")), "{name}");
        }
    }

    #[test]
    fn letters_that_differ_stay_different() {
        let names = ["cafe", "café", "cafè", "caf\u{fffd}", "ﬁn", "fin", "straße", "strasse"];
        for (at, one) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                assert_ne!(folded(one.as_bytes()), folded(other.as_bytes()));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_folded_as_they_are_shown() {
        assert_eq!(folded(b"A\xff\n"), r"a\xff\x0a");
        assert_eq!(folded(b"A\xff\n"), folded_text(r"A\xFF\x0a"), "what is shown can be typed");
    }
}
