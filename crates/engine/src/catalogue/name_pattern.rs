//! A pattern for whole names. Nearly all are letters and stars, for which a look at the letters is several times faster than the
//! machinery for all patterns: of a million names that shows.

use globset::GlobMatcher;

/// What stands for more than a letter by itself, beside stars.
const SIGNS: [char; 7] = ['?', '[', ']', '{', '}', '\\', '!'];

/// A pattern, folded.
pub(super) struct NamePattern {
    matcher: Matcher,
    /// What every name that fits holds.
    parts: Vec<String>,
    /// The pattern itself: there are such signs in names, too.
    text: String,
}

enum Matcher {
    /// What stands before, between and after the stars.
    Stars(Vec<String>),
    Any(GlobMatcher),
}

impl NamePattern {
    pub(super) fn new(text: String, glob: GlobMatcher) -> Self {
        let matcher = match text.contains('*') && !text.contains(SIGNS) {
            true => Matcher::Stars(text.split('*').map(str::to_owned).collect()),
            false => Matcher::Any(glob),
        };
        Self { matcher, parts: certain_parts(&text), text }
    }

    pub(super) fn parts(&self) -> &[String] {
        &self.parts
    }

    pub(super) fn fits(&self, name: &str) -> bool {
        let fits = match &self.matcher {
            Matcher::Stars(pieces) => fits_stars(pieces, name),
            Matcher::Any(glob) => glob.is_match(name),
        };
        fits || name.contains(&self.text)
    }
}

fn fits_stars(pieces: &[String], name: &str) -> bool {
    let [first, between @ .., last] = pieces else { return false };
    // To compare nothing is slow: an empty string lies nowhere, and processors that look there all the same take a tenth of a microsecond.
    let begins = first.is_empty() || name.starts_with(first.as_str());
    if !begins || name.len() < first.len() + last.len() || !(last.is_empty() || name.ends_with(last.as_str())) {
        return false;
    }
    let mut rest = &name[first.len()..name.len() - last.len()];
    between.iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// The letters of a pattern that stand for themselves. Of a pattern with other signs than stars and question marks only what
/// lies before the first and after the last of them.
pub(super) fn certain_parts(pattern: &str) -> Vec<String> {
    let is_sign = |letter: char| "[]{}\\!".contains(letter);
    let edges = match (pattern.find(is_sign), pattern.rfind([']', '}'])) {
        (None, _) => vec![pattern],
        (Some(first), Some(last)) if !pattern.contains('\\') && last > first => {
            vec![&pattern[..first], &pattern[last + 1..]]
        }
        _ => Vec::new(),
    };
    edges.iter().flat_map(|edge| edge.split(['*', '?'])).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use globset::GlobBuilder;
    use proptest::prelude::*;

    #[test]
    fn the_certain_parts_of_a_pattern_are_what_it_cannot_do_without() {
        assert_eq!(certain_parts("*.xlsx"), [".xlsx"]);
        assert_eq!(certain_parts("min?tes*2026"), ["min", "tes", "2026"]);
        assert_eq!(certain_parts("agenda[0-9].txt"), ["agenda", ".txt"]);
        assert_eq!(certain_parts("a{b,c}d"), ["a", "d"]);
        assert!(certain_parts(r"a\*b").is_empty());
    }

    proptest! {
        /// The parts may only leave out what the pattern leaves out, and the short way is the long one.
        #[test]
        fn what_fits_is_what_the_glob_says_and_holds_the_certain_parts(
            pattern in r"[ab*]{1,6}\*[ab]{0,2}|[ab*?\[\]{},!\\-]{1,8}[*?\[]", name in "[ab,!-]{0,8}",
        ) {
            if let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() {
                let glob = glob.compile_matcher();
                let expected = glob.is_match(&name) || name.contains(&pattern);
                let pattern = NamePattern::new(pattern, glob);
                prop_assert_eq!(pattern.fits(&name), expected);
                prop_assert!(!expected || pattern.parts().iter().all(|part| name.contains(part)));
            }
        }
    }
}
