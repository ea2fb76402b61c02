//! What is left out of a backup: patterns in gitignore's syntax, and the few files that never belong in one (Office's
//! lock files, Windows' view settings and picture caches, Outlook's copy of a mailbox that lives on a server).

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::borrow::Cow;
use std::path::Path;

/// Files left out unless asked otherwise, in any mixture of capitals. A folder of such a name is somebody's own doing, and backed up.
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
    built_in: Gitignore,
    patterns: Gitignore,
    fingerprint: [u8; 32],
    given: Patterns,
}

/// Patterns as they were given: what was left out of a backup can be told by them later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns {
    /// Those that leave out files of kinds that never belong in a backup, in any capitals.
    pub built_in: Vec<String>,
    /// Somebody's own, in their order.
    pub own: Vec<String>,
}

/// What is to become of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is backed up.
    Kept,
    /// Somebody's pattern leaves it out.
    LeftOut,
    /// It is a file of a kind that never belongs in a backup: what nobody has asked for is to be told.
    PassedOver,
}

impl Excludes {
    /// Reads the patterns; with `built_in`, [`BUILT_IN_EXCLUDES`] come before them, so that `!` can take those back in.
    pub fn new(patterns: &[String], built_in: bool) -> Result<Self, ExcludeError> {
        let mut fingerprint = blake3::Hasher::new();
        fingerprint.update(&[u8::from(built_in)]);
        for pattern in patterns {
            fingerprint.update(&(pattern.len() as u64).to_le_bytes()).update(pattern.as_bytes());
        }
        let built_in = if built_in { BUILT_IN_EXCLUDES } else { &[] };
        let built_in = built_in.iter().map(|&pattern| pattern.to_owned()).collect();
        Self::of(Patterns { built_in, own: patterns.to_vec() }, *fingerprint.finalize().as_bytes())
    }

    /// The same, as an earlier run left out by them.
    pub fn recorded(patterns: Patterns) -> Result<Self, ExcludeError> {
        Self::of(patterns, [0; 32])
    }

    fn of(given: Patterns, fingerprint: [u8; 32]) -> Result<Self, ExcludeError> {
        let built_in = built(given.built_in.iter().map(String::as_str), true)?;
        let patterns = built(given.own.iter().map(String::as_str), false)?;
        Ok(Self { built_in, patterns, fingerprint, given })
    }

    /// Leaves nothing out.
    pub fn none() -> Self {
        let given = Patterns::default();
        Self { built_in: Gitignore::empty(), patterns: Gitignore::empty(), fingerprint: [0; 32], given }
    }

    /// As they were given.
    pub fn patterns(&self) -> &Patterns {
        &self.given
    }

    /// Whether an item would be left out, be it a folder or not, or one of the folders above it.
    pub fn leave_out(&self, path: &[u8]) -> bool {
        let mut folders = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| &path[..end]);
        folders.any(|folder| self.excludes(folder, true)) || self.excludes(path, false) || self.excludes(path, true)
    }

    /// Tells these patterns from others.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// Whether nothing at all is left out.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.built_in.is_empty()
    }

    /// What is to become of this item. The path is relative to the source's root; whoever asks has made sure that none
    /// of the folders above is left out.
    pub fn judge(&self, path: &[u8], is_folder: bool) -> Verdict {
        let path = as_path(path);
        match self.patterns.matched(&path, is_folder) {
            Match::Ignore(_) => Verdict::LeftOut,
            Match::Whitelist(_) => Verdict::Kept,
            Match::None if !is_folder && self.built_in.matched(&path, false).is_ignore() => Verdict::PassedOver,
            Match::None => Verdict::Kept,
        }
    }

    /// Whether this item is left out, for whatever reason.
    pub fn excludes(&self, path: &[u8], is_folder: bool) -> bool {
        self.judge(path, is_folder) != Verdict::Kept
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

fn built<'p>(patterns: impl Iterator<Item = &'p str>, in_any_capitals: bool) -> Result<Gitignore, ExcludeError> {
    let too_many = |error: ignore::Error| ExcludeError::TooMany { message: error.to_string() };
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    builder.case_insensitive(in_any_capitals).map_err(too_many)?;
    for pattern in patterns {
        let added = builder.add_line(None, pattern).map(|_| ());
        added.map_err(|error| ExcludeError::BadPattern { pattern: pattern.to_owned(), message: error.to_string() })?;
    }
    builder.build().map_err(too_many)
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
    fn a_folder_that_is_called_like_a_temporary_file_is_kept() {
        for name in ["~$Allotments", "archive.ost", "desktop.ini", "Thumbs.db"] {
            assert_eq!(excludes(&[], true).judge(name.as_bytes(), true), Verdict::Kept, "{name}");
            assert_eq!(excludes(&[], true).judge(name.as_bytes(), false), Verdict::PassedOver, "{name}");
            assert_eq!(excludes(&[&format!("{name}/")], true).judge(name.as_bytes(), true), Verdict::LeftOut, "{name}");
            assert_eq!(excludes(&[name], true).judge(name.as_bytes(), false), Verdict::LeftOut, "asked for: {name}");
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
