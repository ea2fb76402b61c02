//! The 24 recovery words: 256 bits and an 8-bit checksum as words of the BIP-39 English list, typed from paper by somebody
//! under stress. So an unknown word is named at once, and one wrong or swapped word is found and named; and words that were
//! copied across the columns of the sheet open as well.

mod sheet;

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

/// How many words the sheet has.
pub const RECOVERY_WORD_COUNT: usize = 24;
/// In how many columns a sheet may have been copied row by row, the printed two first; and the same for rows that were copied
/// column by column.
const COLUMNS: [usize; 7] = [1, 2, 12, 3, 8, 4, 6];
/// Of these ways of copying a single mistake is looked for: in one column, or across the two that are printed.
const COLUMNS_WITH_A_MISTAKE: [usize; 2] = [1, 2];
/// How many words the list has.
const LIST_LEN: u16 = 2048;

/// Why 24 words open nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not 24.
    #[error("the recovery sheet has 24 words; {found} were given")]
    WrongCount {
        /// How many.
        found: usize,
    },
    /// A word that no sheet can hold.
    #[error("word {position} (\u{201c}{word}\u{201d}) is not on the word list{}", suggestion(nearest))]
    UnknownWord {
        /// Counted from one.
        position: usize,
        /// As typed.
        word: String,
        /// A word of the list that begins with the same four letters, if there is one.
        nearest: Option<&'static str>,
    },
    /// One word must be another.
    #[error("word {position} should be \u{201c}{right}\u{201d}, not \u{201c}{wrong}\u{201d}")]
    WrongWord {
        /// Counted from one.
        position: usize,
        /// As typed.
        wrong: &'static str,
        /// What it should be.
        right: &'static str,
    },
    /// Two words have changed places.
    #[error("words {first} and {second} have changed places")]
    SwappedWords {
        /// Counted from one.
        first: usize,
        /// Counted from one.
        second: usize,
    },
    /// More is wrong than one word or one swap.
    #[error("one or more words are wrong, or they belong to another repository")]
    Wrong,
}

fn suggestion(nearest: &Option<&'static str>) -> String {
    nearest.map(|word| format!("; did you mean \u{201c}{word}\u{201d}?")).unwrap_or_default()
}

/// The secret that the words spell.
#[derive(Clone)]
pub struct RecoverySecret(pub(crate) Zeroizing<[u8; 32]>);

impl RecoverySecret {
    /// From 32 random bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// Whether it is these bytes.
    pub fn is(&self, bytes: &[u8; 32]) -> bool {
        crate::crypto::derive::same(&self.0, bytes)
    }

    /// The words to print.
    pub fn words(&self) -> Vec<&'static str> {
        // 32 bytes is a length that the encoding has.
        #[allow(clippy::expect_used)]
        let mnemonic = Mnemonic::from_entropy_in(Language::English, &self.0[..]).expect("32 bytes");
        mnemonic.words().collect()
    }
}

/// The words as typed: each is on the list, the checksum may still be wrong.
#[derive(Clone)]
pub struct TypedWords([u16; RECOVERY_WORD_COUNT]);

impl TypedWords {
    /// Reads words parted by white space, in any case. Where they are numbered from 1 to 24 ("1. abandon"), the numbers give
    /// the order, and what else stands on the sheet is passed over.
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let lower = Zeroizing::new(text.to_lowercase());
        let typed = sheet::words_in(&lower);
        if typed.len() != RECOVERY_WORD_COUNT {
            return Err(WordsError::WrongCount { found: typed.len() });
        }
        let mut numbers = [0; RECOVERY_WORD_COUNT];
        for (i, word) in typed.iter().enumerate() {
            numbers[i] = Language::English.find_word(word).ok_or_else(|| WordsError::UnknownWord {
                position: i + 1,
                word: (*word).to_owned(),
                nearest: nearest(word),
            })?;
        }
        Ok(Self(numbers))
    }

    /// Whether this is meant as 24 words, be they right or wrong.
    pub fn are_meant_by(text: &str) -> bool {
        sheet::words_in(text).len() == RECOVERY_WORD_COUNT
    }

    /// How many words of a sheet these lines hold; `None` where something else stands there than numbered words of the list.
    pub fn begun_by(text: &str) -> Option<usize> {
        let lower = Zeroizing::new(text.to_lowercase());
        let words = sheet::numbered_rows(&lower)?;
        words.iter().all(|word| Language::English.find_word(word).is_some()).then_some(words.len())
    }

    /// Finds the secret that `opens` accepts: as typed, or read down the columns across which the words were copied; or with one
    /// word replaced or two swapped, which is then reported as the error that names it. `opens` is cheap (no Argon2: the words
    /// are a key by themselves).
    pub fn resolve(&self, opens: impl Fn(&[u8; 32]) -> bool) -> Result<RecoverySecret, WordsError> {
        let accepted = |words: &Self| secret_of(&words.0).filter(|secret| opens(secret));
        if let Some(secret) = COLUMNS.iter().find_map(|columns| accepted(&self.down(*columns))) {
            return Ok(RecoverySecret(secret));
        }
        let near = |columns: &usize| self.down(*columns).mistake(|words| accepted(words).is_some());
        Err(COLUMNS_WITH_A_MISTAKE.iter().find_map(near).unwrap_or(WordsError::Wrong))
    }

    /// The words in the order of the sheet, if its columns were copied row by row.
    fn down(&self, columns: usize) -> Self {
        let rows = RECOVERY_WORD_COUNT / columns;
        Self(std::array::from_fn(|i| self.0[i % rows * columns + i / rows]))
    }

    /// The one mistake without which the words are accepted.
    fn mistake(&self, is_accepted: impl Fn(&Self) -> bool) -> Option<WordsError> {
        for first in 0..RECOVERY_WORD_COUNT {
            for second in first + 1..RECOVERY_WORD_COUNT {
                let mut swapped = self.clone();
                swapped.0.swap(first, second);
                if is_accepted(&swapped) {
                    return Some(WordsError::SwappedWords { first: first + 1, second: second + 1 });
                }
            }
        }
        for position in 0..RECOVERY_WORD_COUNT {
            for number in 0..LIST_LEN {
                let mut replaced = self.clone();
                replaced.0[position] = number;
                if is_accepted(&replaced) {
                    let list = Language::English.word_list();
                    return Some(WordsError::WrongWord {
                        position: position + 1,
                        wrong: list[usize::from(self.0[position])],
                        right: list[usize::from(number)],
                    });
                }
            }
        }
        None
    }
}

/// The words of the list whose first four letters are the same: the list is made so that there is at most one.
fn nearest(word: &str) -> Option<&'static str> {
    let start: String = word.chars().take(4).collect();
    if start.chars().count() < 3 {
        return None;
    }
    Language::English.word_list().iter().copied().find(|listed| listed.starts_with(&start))
}

/// 24 × 11 bits: 256 of secret, 8 of checksum; `None` where the checksum does not fit.
fn secret_of(numbers: &[u16; RECOVERY_WORD_COUNT]) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0u8; 33]);
    for (i, number) in numbers.iter().enumerate() {
        for bit in 0..11 {
            if number >> (10 - bit) & 1 == 1 {
                let at = i * 11 + bit;
                bytes[at / 8] |= 0x80 >> (at % 8);
            }
        }
    }
    let mut secret = Zeroizing::new([0u8; 32]);
    secret.copy_from_slice(&bytes[..32]);
    let checksum = Mnemonic::from_entropy_in(Language::English, &secret[..]).ok()?.checksum();
    (checksum == bytes[32]).then_some(secret)
}

/// The words of these numbers (each below 2,048): for head words and generated passphrases.
pub fn words_of(numbers: &[u16]) -> Vec<&'static str> {
    let list = Language::English.word_list();
    numbers.iter().map(|number| list[usize::from(number % LIST_LEN)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> RecoverySecret {
        RecoverySecret::new(std::array::from_fn(|i| (i * 37 + 5) as u8))
    }

    fn resolve(words: &[&str]) -> Result<RecoverySecret, WordsError> {
        let right = *secret().0;
        TypedWords::parse(&words.join(" "))?.resolve(|candidate| *candidate == right)
    }

    #[test]
    fn the_words_spell_the_secret() {
        let found = resolve(&secret().words()).unwrap();
        assert_eq!(found.0, secret().0);
    }

    /// As `chest init` prints them: two columns, read downwards.
    fn rows(words: &[&str], with_numbers: bool) -> String {
        let row = |i: usize| match with_numbers {
            true => format!("    {:2}. {:<12}  {:2}. {}\n", i + 1, words[i], i + 13, words[i + 12]),
            false => format!("{}  {}\n", words[i], words[i + 12]),
        };
        (0..12).map(row).collect()
    }

    #[test]
    fn words_copied_across_the_columns_of_the_sheet_open() {
        for columns in 1..=RECOVERY_WORD_COUNT {
            if RECOVERY_WORD_COUNT.is_multiple_of(columns) {
                let words = secret().words();
                let down = RECOVERY_WORD_COUNT / columns;
                let across: Vec<&str> = (0..words.len()).map(|i| words[i % columns * down + i / columns]).collect();
                assert_eq!(resolve(&across).unwrap().0, secret().0, "{columns}");
            }
        }
    }

    #[test]
    fn the_sheet_as_it_is_printed_opens_with_and_without_its_numbers_and_what_else_stands_on_it() {
        let words = secret().words();
        let (numbered, bare) = (rows(&words, true), rows(&words, false));
        let sheet = format!(
            "For the new repository in /media/1. usb:\n\nThe 24 recovery words:\n\n{numbered}\nHead words: a b"
        );
        let framed = format!("\u{feff}{}", numbered.replace(". ", ".").replace('\n', " |\r\n"));
        for text in [numbered, bare, sheet, framed] {
            let found = TypedWords::parse(&text).and_then(|typed| typed.resolve(|one| *one == *secret().0));
            assert_eq!(found.map(|found| *found.0), Ok(*secret().0), "{text}");
        }
    }

    #[test]
    fn in_two_columns_a_wrong_word_is_named_by_its_number_on_the_sheet() {
        let mut words = secret().words();
        let right = words[13];
        words[13] = if right == "zoo" { "zone" } else { "zoo" };
        let wrong = words[13];
        for with_numbers in [false, true] {
            let typed = TypedWords::parse(&rows(&words, with_numbers)).unwrap();
            let error = typed.resolve(|one| *one == *secret().0).err();
            assert_eq!(error, Some(WordsError::WrongWord { position: 14, wrong, right }));
        }
    }

    #[test]
    fn a_sheet_that_is_being_typed_line_by_line_is_told_from_a_passphrase() {
        assert_eq!(TypedWords::begun_by("  1. Abandon   13. zoo\n 2. able 14. zone\n"), Some(4));
        for text in ["", "abandon zoo", "1. parish", "three 1. abandon", "12", "1. abandon 13."] {
            assert_eq!(TypedWords::begun_by(text), None, "{text:?}");
        }
    }

    #[test]
    fn one_wrong_word_is_named() {
        let mut words = secret().words();
        let right = words[7];
        words[7] = if right == "zoo" { "zone" } else { "zoo" };
        assert_eq!(resolve(&words).err(), Some(WordsError::WrongWord { position: 8, wrong: words[7], right }));
    }

    #[test]
    fn one_swap_is_named() {
        let mut words = secret().words();
        words.swap(3, 20);
        assert_eq!(resolve(&words).err(), Some(WordsError::SwappedWords { first: 4, second: 21 }));
    }

    #[test]
    fn an_unknown_word_is_named_at_once_with_a_suggestion() {
        let mut words = secret().words();
        words[0] = "abandoned";
        let error = resolve(&words).err();
        assert_eq!(
            error,
            Some(WordsError::UnknownWord { position: 1, word: "abandoned".into(), nearest: Some("abandon") })
        );
    }

    #[test]
    fn two_wrong_words_are_only_called_wrong() {
        let mut words = secret().words();
        words[0] = if words[0] == "zoo" { "zone" } else { "zoo" };
        words[9] = if words[9] == "zoo" { "zone" } else { "zoo" };
        assert_eq!(resolve(&words).err(), Some(WordsError::Wrong));
    }
}
