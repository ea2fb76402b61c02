//! Names of objects: relative, lower-case, safe in any file system and any bucket.

use std::borrow::Borrow;
use std::fmt;

/// The name of an object below the repository's place, such as `packs/3f/3f9c…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

/// A text that is no object name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an object name")]
pub struct NameError(pub String);

impl ObjectName {
    /// Longest name, in bytes.
    pub const MAX_LEN: usize = 200;

    /// Components of `a-z 0-9 - _`, parted by single slashes, at most [`Self::MAX_LEN`] bytes in all.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        let allowed = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        let good = text.len() <= Self::MAX_LEN
            && text.split('/').all(|component| !component.is_empty() && component.as_bytes().iter().all(allowed));
        if good { Ok(Self(text)) } else { Err(NameError(text)) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Ordered, compared and hashed as its text is, so that a map of names can be searched by any prefix.
impl Borrow<str> for ObjectName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_could_leave_the_repository_is_a_name() {
        for text in ["", "/a", "a/", "a//b", "..", "a/../b", "A", "a.b", "a b", "a\\b", &"a".repeat(201)] {
            assert!(ObjectName::new(text).is_err(), "{text:?}");
        }
        assert!(ObjectName::new("packs/3f/3f9c").is_ok());
    }
}
