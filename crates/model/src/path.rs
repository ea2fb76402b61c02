//! Paths inside a snapshot: bytes, components parted by `/`, relative to the root they were backed up from.

use std::cmp::Ordering;
use std::fmt;

/// A path below a root. The empty path is the root itself. Components are never empty, `.` or `..`, and hold neither `/` nor NUL.
///
/// The order is that of the tree format: unsigned bytes of the components with the separator lowest, so that a folder comes
/// directly before everything below it.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct TreePath(Vec<u8>);

/// Why some bytes are not a path inside a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Two separators together, or one at an end.
    #[error("an empty path component")]
    EmptyComponent,
    /// `.` or `..`.
    #[error("a path component that is . or ..")]
    DotComponent,
    /// A NUL, or a separator within a component.
    #[error("a path component with a NUL or a separator")]
    ForbiddenByte,
}

impl TreePath {
    /// The longest path that a backup can hold: every entry of a tree has room for so many bytes, its path included.
    pub const LONGEST: usize = 48 << 10;

    /// The root itself.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Checks and takes joined bytes; empty is the root.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, PathError> {
        if !bytes.is_empty() {
            for component in bytes.split(|&byte| byte == b'/') {
                check_component(component)?;
            }
        }
        Ok(Self(bytes))
    }

    /// This path with one more component.
    pub fn child(&self, name: &[u8]) -> Result<Self, PathError> {
        check_component(name)?;
        if name.contains(&b'/') {
            return Err(PathError::ForbiddenByte);
        }
        let mut joined = Vec::with_capacity(self.0.len() + 1 + name.len());
        joined.extend_from_slice(&self.0);
        if !joined.is_empty() {
            joined.push(b'/');
        }
        joined.extend_from_slice(name);
        Ok(Self(joined))
    }

    /// The joined bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The components from the top; none for the root.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/').filter(|component| !component.is_empty())
    }

    /// The last component; `None` for the root.
    pub fn name(&self) -> Option<&[u8]> {
        self.0.rsplit(|&byte| byte == b'/').next().filter(|name| !name.is_empty())
    }

    /// The folder that holds it; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let cut = self.0.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        Some(Self(self.0[..cut].to_vec()))
    }

    /// Whether `self` is `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        other.is_root()
            || (self.0.starts_with(&other.0) && (self.0.len() == other.0.len() || self.0[other.0.len()] == b'/'))
    }
}

fn check_component(component: &[u8]) -> Result<(), PathError> {
    match component {
        b"" => Err(PathError::EmptyComponent),
        b"." | b".." => Err(PathError::DotComponent),
        _ if component.contains(&0) => Err(PathError::ForbiddenByte),
        _ => Ok(()),
    }
}

impl Ord for TreePath {
    fn cmp(&self, other: &Self) -> Ordering {
        // The separator sorts as zero, which no component can hold.
        let rank = |&byte: &u8| if byte == b'/' { 0 } else { byte };
        match self.0.iter().zip(&other.0).position(|(a, b)| a != b) {
            Some(at) => rank(&self.0[at]).cmp(&rank(&other.0[at])),
            None => self.0.len().cmp(&other.0.len()),
        }
    }
}

impl PartialOrd for TreePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As people are shown it, and can type it again.
impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::shown(&self.0))
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreePath({:?})", String::from_utf8_lossy(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::from_bytes(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_folder_comes_directly_before_what_lies_below_it() {
        let mut paths = ["a.txt", "a/b", "a", "a/b/c", "a b", "", "b"].map(path);
        paths.sort();
        assert_eq!(paths, ["", "a", "a/b", "a/b/c", "a b", "a.txt", "b"].map(path));
    }

    #[test]
    fn dots_empties_and_nuls_are_refused() {
        for text in ["/a", "a/", "a//b", ".", "a/../b", "a\0b"] {
            assert!(TreePath::from_bytes(text.as_bytes().to_vec()).is_err(), "{text:?}");
        }
        assert_eq!(path("a").child(b"b/c"), Err(PathError::ForbiddenByte));
    }

    #[test]
    fn parents_and_names() {
        assert_eq!(path("a/b").parent(), Some(path("a")));
        assert_eq!(path("a").parent(), Some(TreePath::root()));
        assert_eq!(TreePath::root().parent(), None);
        assert_eq!(path("a/b").name(), Some(&b"b"[..]));
        assert!(path("a/b").is_within(&path("a")) && !path("ab").is_within(&path("a")));
    }
}
