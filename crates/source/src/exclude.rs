//! What is left out of a backup: patterns in gitignore's syntax, and the few files that never belong in one (Office's
//! lock files, Windows' view settings and picture caches, Outlook's copy of a mailbox that lives on a server).

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::borrow::Cow;
use std::path::Path;

/// Left out unless asked otherwise, in any mixture of capitals.
pub const BUILT_IN_EXCLUDES: &[&str] = &["~$*", "desktop.ini", "Thumbs.db", "*.ost"];

/// A pattern that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExcludeError {
    /// One pattern is not in gitignore's syntax.
    #[error("the exclude pattern \"{pattern}\" cannot be understood: {message}")]
    BadPattern {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// Each pattern is fine, but all of them together are too much.
    #[error("the exclude patterns cannot be used together: {message}")]
    TooMany {
        /// What is wrong with them.
        message: String,
    },
}

/// The patterns of one source, ready to be matched.
///
/// The last pattern that matches decides, and one that begins with `!` takes back in; but nothing below a folder that
/// is left out is looked at, so nothing below it can be taken back in.
#[derive(Debug, Clone)]
pub struct Excludes {
    patterns: Gitignore,
    fingerprint: [u8; 32],
}

impl Excludes {
    /// Reads the patterns; with `built_in`, [`BUILT_IN_EXCLUDES`] come before them, so that `!` can take those back in.
    pub fn new(patterns_given: &[String], built_in: bool) -> Result<Self, ExcludeError> {
        let mut builder = GitignoreBuilder::new("");
        builder.allow_unclosed_class(false);
        if built_in {
            match_capitals(&mut builder, false)?;
            for pattern in BUILT_IN_EXCLUDES {
                add(&mut builder, pattern)?;
            }
        }
        match_capitals(&mut builder, true)?;
        for pattern in patterns_given {
            add(&mut builder, pattern)?;
        }
        let patterns = builder.build().map_err(|error| ExcludeError::TooMany { message: error.to_string() })?;
        let mut fingerprint = blake3::Hasher::new();
        fingerprint.update(&[u8::from(built_in)]);
        for pattern in patterns_given {
            fingerprint.update(&(pattern.len() as u64).to_le_bytes()).update(pattern.as_bytes());
        }
        Ok(Self { patterns, fingerprint: *fingerprint.finalize().as_bytes() })
    }

    /// Leaves nothing out.
    pub fn none() -> Self {
        Self { patterns: Gitignore::empty(), fingerprint: [0; 32] }
    }

    /// Tells these patterns from others.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// Whether nothing at all is left out.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether this item is left out. The path is relative to the source's root; whoever asks has made sure that none
    /// of the folders above is left out.
    pub fn excludes(&self, path: &[u8], is_folder: bool) -> bool {
        self.patterns.matched(as_path(path), is_folder).is_ignore()
    }
}

impl Default for Excludes {
    fn default() -> Self {
        Self::none()
    }
}

/// A path of a tree, for patterns to be held against.
#[cfg(unix)]
fn as_path(path: &[u8]) -> Cow<'_, Path> {
    use std::os::unix::ffi::OsStrExt;
    Cow::Borrowed(Path::new(std::ffi::OsStr::from_bytes(path)))
}

/// The same: there a path is text but for a stray half of a letter, which no pattern can name.
#[cfg(windows)]
fn as_path(path: &[u8]) -> Cow<'_, Path> {
    match String::from_utf8_lossy(path) {
        Cow::Borrowed(text) => Cow::Borrowed(Path::new(text)),
        Cow::Owned(text) => Cow::Owned(text.into()),
    }
}

fn match_capitals(builder: &mut GitignoreBuilder, exactly: bool) -> Result<(), ExcludeError> {
    let done = builder.case_insensitive(!exactly).map(|_| ());
    done.map_err(|error| ExcludeError::TooMany { message: error.to_string() })
}

fn add(builder: &mut GitignoreBuilder, pattern: &str) -> Result<(), ExcludeError> {
    let added = builder.add_line(None, pattern).map(|_| ());
    added.map_err(|error| ExcludeError::BadPattern { pattern: pattern.to_owned(), message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(patterns: &[&str], built_in: bool) -> Excludes {
        Excludes::new(&patterns.iter().map(|&pattern| pattern.to_owned()).collect::<Vec<_>>(), built_in).unwrap()
    }

    #[test]
    fn the_built_in_patterns_match_at_any_depth_and_in_any_capitals() {
        let built_in = excludes(&[], true);
        for path in ["~$minutes.docx", "a/~$b.xlsx", "Desktop.ini", "x/thumbs.DB", "mail/clerk.OST"] {
            assert!(built_in.excludes(path.as_bytes(), false), "{path}");
        }
        for path in ["minutes.docx", "a/$b", "desktop.ini.txt", "thumbs.db.old", "clerk.pst", "ost"] {
            assert!(!built_in.excludes(path.as_bytes(), false), "{path}");
        }
    }

    #[test]
    fn a_later_pattern_takes_a_built_in_one_back() {
        assert!(!excludes(&["!clerk.ost"], true).excludes(b"mail/clerk.ost", false));
    }

    #[test]
    fn slashes_tie_a_pattern_to_the_root_or_to_folders() {
        let anchored = excludes(&["/tmp", "cache/", "a/**/z"], false);
        assert!(anchored.excludes(b"tmp", false));
        assert!(!anchored.excludes(b"x/tmp", false));
        assert!(anchored.excludes(b"x/cache", true));
        assert!(!anchored.excludes(b"x/cache", false));
        assert!(anchored.excludes(b"a/b/c/z", false));
    }

    #[test]
    fn names_that_are_no_text_match_by_their_bytes() {
        let bytes = excludes(&["*.tmp", "a?c"], false);
        assert!(bytes.excludes(b"\xff\xfe.tmp", false));
        assert!(bytes.excludes(b"a\xffc", false));
        assert!(bytes.excludes(b"two\nlines.tmp", false));
        assert!(!bytes.excludes(b"\xff\xfe", false));
    }

    #[test]
    fn own_patterns_respect_capitals() {
        let own = excludes(&["Draft*"], true);
        assert!(own.excludes(b"Draft 1", false) && !own.excludes(b"draft 1", false));
    }

    #[test]
    fn a_bad_pattern_is_named() {
        for pattern in ["a[", "x{a", "[z-a]"] {
            match Excludes::new(&["good".to_owned(), pattern.to_owned()], true) {
                Err(ExcludeError::BadPattern { pattern: named, .. }) => assert_eq!(named, pattern),
                other => panic!("{pattern}: {other:?}"),
            }
        }
    }

    #[test]
    fn none_leaves_nothing_out() {
        assert!(Excludes::none().is_empty() && !Excludes::none().excludes(b"Thumbs.db", false));
    }
}
