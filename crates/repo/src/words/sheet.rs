//! Words as somebody has copied them from the sheet: numbered or not, in one column or in two, with or without the sentences
//! around them. Where they are numbered, the numbers say in which order they are meant.

use super::RECOVERY_WORD_COUNT;
use std::collections::BTreeMap;

/// The words of a text: the numbered ones in the order of their numbers, if these are just 1 to 24; else all, as they stand there.
pub(super) fn words_in(text: &str) -> Vec<&str> {
    let numbered: Vec<(usize, &str)> = text.lines().filter_map(numbered_row).flatten().collect();
    let by_number: BTreeMap<usize, &str> = numbered.iter().copied().collect();
    if numbered.len() == RECOVERY_WORD_COUNT && by_number.keys().copied().eq(1..=RECOVERY_WORD_COUNT) {
        return by_number.into_values().collect();
    }
    let all: Vec<&str> =
        parts(text).map(|part| part.trim_matches(is_no_letter)).filter(|word| !word.is_empty()).collect();
    // A sheet of which some rows are missing is not a text of eighty words.
    if all.len() != RECOVERY_WORD_COUNT && numbered.len() > 1 {
        return numbered.into_iter().map(|(_, word)| word).collect();
    }
    all
}

/// The words of rows that hold nothing but numbered words; `None` where there is anything else, or nothing.
pub(super) fn numbered_rows(text: &str) -> Option<Vec<&str>> {
    let rows: Option<Vec<_>> = text.lines().map(numbered_row).collect();
    let words: Vec<&str> = rows?.into_iter().flatten().map(|(_, word)| word).collect();
    (!words.is_empty()).then_some(words)
}

/// `1. abandon  13. zoo`, with whatever lines and dots there are between; `None` where a word has no number, or a number no word.
fn numbered_row(line: &str) -> Option<Vec<(usize, &str)>> {
    let (mut row, mut number) = (Vec::new(), None);
    for part in parts(line) {
        let word = part.trim_start_matches(is_no_letter);
        let digits = part[..part.len() - word.len()].trim_matches(|c: char| !c.is_ascii_digit());
        if !digits.is_empty() && number.replace(digits.parse().ok()?).is_some() {
            return None;
        }
        let word = word.trim_end_matches(is_no_letter);
        if !word.is_empty() {
            row.push((number.take()?, word));
        }
    }
    (number.is_none() && !row.is_empty()).then_some(row)
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c == ',' || c == ';')
}

fn is_no_letter(c: char) -> bool {
    !c.is_alphabetic()
}
