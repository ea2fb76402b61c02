//! Words and patterns, held against names.

use crate::EngineError;
use chest_model::{TreePath, folded, folded_text, harmless};
use globset::{GlobBuilder, GlobMatcher};

/// No more letters of a pattern are repeated to whoever typed it.
const LONGEST_SAID: usize = 100;

/// One word, folded as it is shown: in any case, and with accents spelt either way.
pub(super) enum Word {
    /// Part of a name.
    Part(String),
    /// The end of a folder's path, root and all, and the beginning of a name in it.
    Way(String, String),
    /// A pattern for the whole name, what every such name holds, and the same as a part of a name: there are signs in names, too.
    Name(GlobMatcher, Vec<String>, String),
    /// A pattern for the whole path, with its root or below it.
    Path(GlobMatcher),
}

impl Word {
    pub(super) fn new(word: &str) -> Result<Self, EngineError> {
        let folded = folded_text(&harmless(word));
        if !word.contains(['*', '?', '[']) {
            return Ok(match folded.rsplit_once('/') {
                Some((folder, name)) => Self::Way(folder.to_owned(), name.to_owned()),
                None => Self::Part(folded),
            });
        }
        match GlobBuilder::new(&folded).literal_separator(true).build() {
            Ok(glob) if word.contains('/') => Ok(Self::Path(glob.compile_matcher())),
            Ok(glob) => Ok(Self::Name(glob.compile_matcher(), certain_parts(&folded), folded)),
            // A bracket alone is a letter.
            Err(_) if !word.contains(['*', '?', '/']) => Ok(Self::Part(folded)),
            Err(error) => Err(EngineError::BadPattern {
                pattern: word.chars().take(LONGEST_SAID).collect(),
                problem: error.kind().to_string(),
            }),
        }
    }

    /// What every name that fits holds.
    pub(super) fn parts(&self) -> Vec<&str> {
        match self {
            Self::Part(part) | Self::Way(_, part) => vec![part],
            Self::Name(_, parts, _) => parts.iter().map(String::as_str).collect(),
            Self::Path(_) => Vec::new(),
        }
    }

    /// Whether a folded name can be meant; for a pattern of a path, the path says more.
    pub(super) fn fits_name(&self, name: &str) -> bool {
        match self {
            Self::Part(part) => name.contains(part),
            Self::Way(_, beginning) => name.starts_with(beginning),
            Self::Name(glob, _, part) => glob.is_match(name) || name.contains(part),
            Self::Path(_) => true,
        }
    }

    /// Whether the path below its root is meant by its name, or by the pattern of the path. A root that is itself a file has its
    /// own name.
    pub(super) fn fits(&self, root: &[u8], path: &TreePath) -> bool {
        match self {
            Self::Path(glob) => glob.is_match(folded(path.as_bytes())) || glob.is_match(whole(root, path)),
            Self::Way(folder, _) => path.parent().is_some_and(|parent| {
                whole(root, &parent).ends_with(folder) && self.fits_name(&folded(path.name().unwrap_or_default()))
            }),
            _ => self.fits_name(&folded(path.name().unwrap_or(root))),
        }
    }

    /// Whether a path with this folder in it can be meant by the folder's sake.
    pub(super) fn may_be_in_folder(&self, folder: &[u8]) -> bool {
        match self {
            Self::Part(part) => folded(folder).contains(part),
            Self::Name(..) => false,
            Self::Way(..) | Self::Path(_) => true,
        }
    }

    /// Whether it is narrowed to either the name or a folder's path, and cannot lie across both.
    pub(super) fn is_within_a_part_of_the_path(&self) -> bool {
        matches!(self, Self::Part(_))
    }

    /// Whether it says something of the path, root and all: what further words may do.
    pub(super) fn narrows(&self, root: &[u8], path: &TreePath) -> bool {
        match self {
            Self::Part(part) => folded(root).contains(part) || folded(path.as_bytes()).contains(part),
            Self::Way(folder, name) => whole(root, path).contains(&format!("{folder}/{name}")),
            _ => self.fits(root, path),
        }
    }
}

/// The path with its root, folded.
fn whole(root: &[u8], path: &TreePath) -> String {
    match path.is_root() {
        true => folded(root),
        false => format!("{}/{}", folded(root), folded(path.as_bytes())),
    }
}

/// The letters of a pattern that stand for themselves. Of a pattern with other signs than stars and question marks only what
/// lies before the first and after the last of them.
fn certain_parts(pattern: &str) -> Vec<String> {
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
    use proptest::prelude::*;

    #[test]
    fn the_certain_parts_of_a_pattern_are_what_it_cannot_do_without() {
        assert_eq!(certain_parts("*.xlsx"), [".xlsx"]);
        assert_eq!(certain_parts("min?tes*2026"), ["min", "tes", "2026"]);
        assert_eq!(certain_parts("agenda[0-9].txt"), ["agenda", ".txt"]);
        assert_eq!(certain_parts("a{b,c}d"), ["a", "d"]);
        assert!(certain_parts(r"a\*b").is_empty());
    }

    fn fits(word: &str, path: &str) -> bool {
        Word::new(word).unwrap().fits(b"Documents", &TreePath::from_bytes(path.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn a_path_is_found_as_it_is_shown_and_so_is_what_lies_in_a_folder() {
        for word in ["documents/Minutes/may", "minutes/", "Minutes/May.txt", "ments/minutes/", "utes/MAY"] {
            assert!(fits(word, "Minutes/May.txt"), "{word}");
        }
        for word in ["minutes/ay", "may/", "minutes/may.txt/", "other/minutes/", "documents/may"] {
            assert!(!fits(word, "Minutes/May.txt"), "{word}");
        }
        for word in ["documents/minutes/*.txt", "minutes/*.txt", "doc*/minutes/m*"] {
            assert!(fits(word, "Minutes/May.txt") && !fits(word, "May.txt"), "{word}");
        }
        assert!(fits("documents/*.txt", "May.txt"));
    }

    #[test]
    fn what_looks_like_a_pattern_is_also_found_as_the_letters_that_it_is() {
        for word in ["[", "[draft]", "minutes [draft].docx", "[d", "*[draft].docx"] {
            assert_eq!(fits(word, "minutes [draft].docx"), !word.contains('*'), "{word}");
        }
        assert!(fits("[x]", "x") && fits("[x]", "a[x]b") && !fits("[x]", "y"));
        assert!(fits("star*", "a star*.txt") && fits("star*", "stars") && !fits("star*", "a stars"));
        let long = format!("*[{}", "a".repeat(10_000));
        assert!(matches!(Word::new(&long), Err(EngineError::BadPattern { pattern, .. }) if pattern.len() == 100));
    }

    #[test]
    fn letters_that_cannot_be_shown_are_found_as_they_are_and_as_they_are_shown() {
        for word in ["a\nb", r"a\x0ab", "\n", "\u{202e}"] {
            assert!(fits(word, "a\nb\u{202e}"), "{word:?}");
        }
    }

    proptest! {
        /// The parts may only leave out what the pattern leaves out.
        #[test]
        fn whatever_fits_a_pattern_holds_its_certain_parts(
            pattern in r"[ab*?\[\]{},!\\-]{1,8}[*?\[]", name in "[ab,!-]{0,8}",
        ) {
            if let Ok(word @ Word::Name(..)) = Word::new(&pattern)
                && word.fits_name(&name)
            {
                prop_assert!(word.parts().iter().all(|part| name.contains(part)), "{pattern} {name}");
            }
        }
    }
}
