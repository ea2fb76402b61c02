//! Scripts that put no spaces between words: Chinese, Japanese, and Korean, whose words grow endings. The index of words takes such a run of
//! letters for one word, and would find only its beginning. Every two letters that stand together are therefore a word of their own there.

use std::borrow::Cow;

/// A stretch of a text of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// Words have spaces between them here.
    Spaced(&'t str),
    /// Letters of a script without.
    Unspaced(&'t str),
}

/// The text, taken apart where the kind of its letters changes.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_unspaced = is_unspaced(rest.chars().next()?);
        let end = rest.find(|letter| self::is_unspaced(letter) != is_unspaced).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(if is_unspaced { Piece::Unspaced(piece) } else { Piece::Spaced(piece) })
    })
}

/// Every two letters that stand together.
pub(crate) fn pairs(letters: &str) -> impl Iterator<Item = &str> {
    let nth = |place: usize| letters.char_indices().map(|(at, _)| at).chain([letters.len()]).skip(place);
    nth(0).zip(nth(2)).map(|(from, to)| &letters[from..to])
}

/// The text with spaces where they are needed: between pairs, and before the last letter, which begins none.
pub(crate) fn in_pairs(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(is_unspaced) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() * 2);
    for piece in pieces(text) {
        match piece {
            Piece::Spaced(words) => out.push_str(words),
            Piece::Unspaced(letters) => {
                let last = letters.char_indices().next_back().map_or(0, |(at, _)| at);
                for word in pairs(letters).chain([&letters[last..]]) {
                    out.push(' ');
                    out.push_str(word);
                }
                out.push(' ');
            }
        }
    }
    out.into()
}

/// Han, Kana and Hangul.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
        && letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_taken_apart_and_everything_else_stays() {
        for (text, expected) in [
            ("the hedge", "the hedge"),
            ("Café 7", "Café 7"),
            ("年", " 年 "),
            ("年度", " 年度 度 "),
            ("in 2026年度予 ok", "in 2026 年度 度予 予  ok"),
            ("・年", "・ 年 "),
        ] {
            assert_eq!(in_pairs(text), expected);
        }
        assert_eq!(pairs("年度予").collect::<Vec<_>>(), ["年度", "度予"]);
        assert_eq!(pieces("a年b").collect::<Vec<_>>(), [Piece::Spaced("a"), Piece::Unspaced("年"), Piece::Spaced("b")]);
    }
}
