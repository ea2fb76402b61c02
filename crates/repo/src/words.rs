//! The 24 recovery words: 256 bits and an 8-bit checksum as words of the BIP-39 English list, typed from paper by somebody
//! under stress. So an unknown word is named at once, and one wrong or swapped word is found and named.

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

/// How many words the sheet has.
pub const RECOVERY_WORD_COUNT: usize = 24;
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
    /// Reads words parted by white space, in any case, numbered or not ("1. abandon").
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let lower = Zeroizing::new(text.to_lowercase());
        let typed: Vec<&str> = lower
            .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
            .map(|word| word.trim_matches(|c: char| !c.is_alphabetic()))
            .filter(|word| !word.is_empty())
            .collect();
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

    /// Finds the secret that `opens` accepts: as typed, or with one word replaced or two swapped, which is then reported as
    /// the error that names it. `opens` is cheap (no Argon2: the words are a key by themselves).
    pub fn resolve(&self, opens: impl Fn(&[u8; 32]) -> bool) -> Result<RecoverySecret, WordsError> {
        let accepted = |numbers: &[u16; RECOVERY_WORD_COUNT]| secret_of(numbers).filter(|secret| opens(secret));
        if let Some(secret) = accepted(&self.0) {
            return Ok(RecoverySecret(secret));
        }
        for first in 0..RECOVERY_WORD_COUNT {
            for second in first + 1..RECOVERY_WORD_COUNT {
                let mut swapped = self.0;
                swapped.swap(first, second);
                if accepted(&swapped).is_some() {
                    return Err(WordsError::SwappedWords { first: first + 1, second: second + 1 });
                }
            }
        }
        for position in 0..RECOVERY_WORD_COUNT {
            for number in 0..LIST_LEN {
                let mut replaced = self.0;
                replaced[position] = number;
                if accepted(&replaced).is_some() {
                    let list = Language::English.word_list();
                    return Err(WordsError::WrongWord {
                        position: position + 1,
                        wrong: list[usize::from(self.0[position])],
                        right: list[usize::from(number)],
                    });
                }
            }
        }
        Err(WordsError::Wrong)
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
