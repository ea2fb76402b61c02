//! Words and patterns, held against names.

use super::name_pattern::{NamePattern, certain_parts};
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
    /// A pattern for the whole name.
    Name(NamePattern),
    /// A pattern for the whole path, with its root or below it; what the name holds; and the same as it stands.
    Path(GlobMatcher, Vec<String>, Box<Word>),
}

impl Word {
    pub(super) fn new(word: &str) -> Result<Self, EngineError> {
        let folded = folded_text(&harmless(word));
        let as_it_stands = || match folded.rsplit_once('/') {
            Some((folder, name)) => Self::Way(folder.to_owned(), name.to_owned()),
            None => Self::Part(folded.clone()),
        };
        if !word.contains(['*', '?', '[']) {
            return Ok(as_it_stands());
        }
        match GlobBuilder::new(&folded).literal_separator(true).build() {
            Ok(glob) if word.contains('/') => {
                let parts = certain_parts_of_names(&folded);
                Ok(Self::Path(glob.compile_matcher(), parts, Box::new(as_it_stands())))
            }
            Ok(glob) => Ok(Self::Name(NamePattern::new(folded, glob.compile_matcher()))),
            // A bracket alone is a letter.
            Err(_) if !word.contains(['*', '?']) => Ok(as_it_stands()),
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
            Self::Name(pattern) => pattern.parts().iter().map(String::as_str).collect(),
            Self::Path(_, parts, _) => parts.iter().map(String::as_str).collect(),
        }
    }

    /// Whether a folded name can be meant; for a pattern of a path, the path says more.
    pub(super) fn fits_name(&self, name: &str) -> bool {
        match self {
            Self::Part(part) => name.contains(part),
            Self::Way(_, beginning) => name.starts_with(beginning),
            Self::Name(pattern) => pattern.fits(name),
            Self::Path(..) => true,
        }
    }

    /// Whether the path below its root is meant by its name, or by the pattern of the path. A root that is itself a file has its
    /// own name.
    pub(super) fn fits(&self, root: &[u8], path: &TreePath) -> bool {
        match self {
            Self::Path(glob, _, as_it_stands) => {
                let whole = whole(root, path);
                glob.is_match(folded(path.as_bytes())) || glob.is_match(whole) || as_it_stands.fits(root, path)
            }
            Self::Way(..) => path.parent().is_some_and(|parent| {
                self.leads_into(root, parent.as_bytes()) && self.fits_name(&folded(path.name().unwrap_or_default()))
            }),
            _ => self.fits_name(&folded(path.name().unwrap_or(root))),
        }
    }

    /// Whether the folder of what is meant can be this one, where the word says of which it is.
    pub(super) fn leads_into(&self, root: &[u8], folder: &[u8]) -> bool {
        match self {
            Self::Way(end, _) if folder.is_empty() => folded(root).ends_with(end),
            Self::Way(end, _) => format!("{}/{}", folded(root), folded(folder)).ends_with(end),
            _ => true,
        }
    }

    /// Whether it says in which folder a name is.
    pub(super) fn is_way(&self) -> bool {
        matches!(self, Self::Way(..))
    }

    /// Whether a path with this folder in it can be meant by the folder's sake.
    pub(super) fn may_be_in_folder(&self, folder: &[u8]) -> bool {
        match self {
            Self::Part(part) => folded(folder).contains(part),
            Self::Name(..) => false,
            Self::Way(..) | Self::Path(..) => true,
        }
    }

    /// Whether it is part of a name or of a folder's path, and cannot lie across both.
    pub(super) fn is_part(&self) -> bool {
        matches!(self, Self::Part(_))
    }

    /// Whether the name alone tells what is meant.
    pub(super) fn is_for_names(&self) -> bool {
        matches!(self, Self::Part(_) | Self::Name(..))
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

/// What the name holds of every path that fits a pattern. A group may hold a slash.
fn certain_parts_of_names(pattern: &str) -> Vec<String> {
    match pattern.rsplit_once('/') {
        Some((_, name)) if !pattern.contains(['[', '{', '\\']) => certain_parts(name),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        assert!(fits("documents/*.txt", "May.txt") && fits("minutes/[draft] may", "Minutes/[draft] May.txt"));
        assert!(fits("minutes/[draft", "Minutes/[draft] May.txt") && fits("**/may*", "Minutes/May.txt"));
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
        fn the_name_of_whatever_fits_the_pattern_of_a_path_holds_its_parts(
            pattern in r"[ab*?{},\[\]-]{0,4}/[ab*?/]{0,5}\*", path in "[ab]{1,3}(/[ab]{1,4}){0,2}",
        ) {
            if let Ok(word) = Word::new(&pattern)
                && word.fits(b"a", &TreePath::from_bytes(path.as_bytes().to_vec()).unwrap())
            {
                let name = path.rsplit('/').next().unwrap();
                prop_assert!(word.parts().iter().all(|part| name.contains(part)), "{pattern} {path}");
            }
        }
    }
}
