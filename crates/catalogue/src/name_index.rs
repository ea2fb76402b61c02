//! Which names hold a word: the index knows every three letters that stand together in a folded name, so that a part of a
//! name is found anywhere in it. What the index says is held against the names themselves.

use std::collections::BTreeSet;

/// What a name must hold to come into question, in the language of the index; `None` where the parts are too short for it.
pub(crate) fn question(parts: &[&str]) -> Option<String> {
    let mut threes = BTreeSet::new();
    for part in parts {
        let letters: Vec<char> = part.chars().collect();
        threes.extend(letters.windows(3).map(|three| three.iter().collect::<String>()));
    }
    let quoted = threes.iter().map(|three| format!("\"{}\"", three.replace('"', "\"\"")));
    let joined = quoted.collect::<Vec<_>>().join(" AND ");
    (!joined.is_empty()).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_asks_for_every_three_letters_once() {
        assert_eq!(question(&["abcab", "cab"]).as_deref(), Some("\"abc\" AND \"bca\" AND \"cab\""));
        assert_eq!(question(&["a\"b"]).as_deref(), Some("\"a\"\"b\""));
        assert_eq!(question(&["ab", ""]), None);
    }
}
