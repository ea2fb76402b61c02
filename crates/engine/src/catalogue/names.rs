//! Words and patterns, held against names.

use crate::EngineError;
use chest_model::{TreePath, folded, folded_text};
use globset::{GlobBuilder, GlobMatcher};

/// One word, folded: in any case, and with accents spelt either way.
pub(super) enum Word {
    /// Part of a name.
    Part(String),
    /// A pattern for the whole name, and what every such name holds.
    Name(GlobMatcher, Vec<String>),
    /// A pattern for the whole path.
    Path(GlobMatcher),
}

impl Word {
    pub(super) fn new(word: &str) -> Result<Self, EngineError> {
        let folded = folded_text(word);
        if !word.contains(['*', '?', '[']) {
            return Ok(Self::Part(folded));
        }
        let glob = GlobBuilder::new(&folded).literal_separator(true).build();
        let bad = |error: globset::Error| EngineError::BadPattern {
            pattern: word.to_owned(),
            problem: error.kind().to_string(),
        };
        let matcher = glob.map_err(bad)?.compile_matcher();
        Ok(if word.contains('/') { Self::Path(matcher) } else { Self::Name(matcher, certain_parts(&folded)) })
    }

    /// What every name that fits holds.
    pub(super) fn parts(&self) -> Vec<&str> {
        match self {
            Self::Part(part) => vec![part],
            Self::Name(_, parts) => parts.iter().map(String::as_str).collect(),
            Self::Path(_) => Vec::new(),
        }
    }

    /// Whether a folded name can be meant; for a pattern of a path, the path says more.
    pub(super) fn fits_name(&self, name: &str) -> bool {
        match self {
            Self::Part(part) => name.contains(part),
            Self::Name(glob, _) => glob.is_match(name),
            Self::Path(_) => true,
        }
    }

    /// Whether the path below its root is meant by its name, or by the pattern of the path. A root that is itself a file has its
    /// own name.
    pub(super) fn fits(&self, root: &[u8], path: &TreePath) -> bool {
        match self {
            Self::Path(glob) => glob.is_match(folded(path.as_bytes())),
            _ => self.fits_name(&folded(path.name().unwrap_or(root))),
        }
    }

    /// Whether a path with this folder in it can be meant by the folder's sake.
    pub(super) fn may_be_in_folder(&self, folder: &[u8]) -> bool {
        match self {
            Self::Part(part) => folded(folder).contains(part),
            Self::Name(..) => false,
            Self::Path(_) => true,
        }
    }

    /// Whether it is narrowed to either the name or a folder's path, and cannot lie across both.
    pub(super) fn is_within_a_part_of_the_path(&self) -> bool {
        matches!(self, Self::Part(part) if !part.contains('/'))
    }

    /// Whether it says something of the path, root and all: what further words may do.
    pub(super) fn narrows(&self, root: &[u8], path: &TreePath) -> bool {
        match self {
            Self::Part(part) => folded(root).contains(part) || folded(path.as_bytes()).contains(part),
            _ => self.fits(root, path),
        }
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
