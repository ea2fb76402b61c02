//! The names in one folder, sorted, in as little room as possible: a folder may hold millions, and all of them must be
//! known before the first can be shown.

use rustix::fd::AsFd;
use rustix::fs::{FileType, RawDir};
use rustix::io::{Errno, Result};
use std::collections::HashSet;
use std::ffi::CStr;
use std::ops::Range;

/// Sorted names, each with the kind that the listing gave it.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// One after another: a byte for the kind, the name, a NUL.
    bytes: Vec<u8>,
    /// Where each begins, in the order of the names.
    starts: Vec<usize>,
}

/// One name of a folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'n> {
    /// The name itself.
    pub(super) name: &'n CStr,
    /// Whether it is a folder, as far as the listing tells.
    pub(super) is_folder: Option<bool>,
    /// Whether the real name cannot be stored; `name` is then an escaped one.
    pub(super) refused: bool,
}

const FOLDER: u8 = b'd';
const NO_FOLDER: u8 = b'-';
const UNKNOWN: u8 = b'?';
const REFUSED: u8 = b'!';

impl Names {
    /// Lists an open folder.
    pub(super) fn read(folder: impl AsFd, buffer: &mut Vec<u8>) -> Result<Self> {
        let mut names = Self::default();
        let mut refused = Vec::new();
        buffer.clear();
        let mut listing = RawDir::new(folder, buffer.spare_capacity_mut());
        while let Some(entry) = listing.next() {
            let entry = match entry {
                Err(Errno::INTR) => continue,
                entry => entry?,
            };
            match entry.file_name().to_bytes() {
                b"." | b".." => {}
                name if can_be_stored(name) => names.push(kind_byte(entry.file_type()), name),
                name => refused.push(name.to_vec()),
            }
        }
        names.push_escaped(&refused);
        names.sort();
        // It grew by doubling, and stays for as long as the walk is in this folder.
        names.bytes.shrink_to_fit();
        names.starts.shrink_to_fit();
        Ok(names)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// About how many bytes they take.
    pub(super) fn cost(&self) -> usize {
        self.bytes.len() + self.starts.len() * size_of::<usize>()
    }

    /// The name at that place in the order.
    pub(super) fn get(&self, index: usize) -> Name<'_> {
        let (&kind, name) = self.bytes[self.starts[index]..].split_first().unwrap_or((&UNKNOWN, &[0]));
        let name = CStr::from_bytes_until_nul(name).unwrap_or_default();
        let is_folder = if kind == UNKNOWN { None } else { Some(kind == FOLDER) };
        Name { name, is_folder, refused: kind == REFUSED }
    }

    /// The names of a range, with their places.
    pub(super) fn range(&self, range: Range<usize>) -> impl Iterator<Item = (usize, Name<'_>)> {
        range.map(|index| (index, self.get(index)))
    }

    fn push(&mut self, kind: u8, name: &[u8]) {
        self.starts.push(self.bytes.len());
        self.bytes.push(kind);
        self.bytes.extend_from_slice(name);
        self.bytes.push(0);
    }

    /// No sound file system has such names; a damaged one may, and then they must be seen.
    fn push_escaped(&mut self, refused: &[Vec<u8>]) {
        if refused.is_empty() {
            return;
        }
        let mut taken: HashSet<Vec<u8>> =
            self.range(0..self.len()).map(|(_, name)| name.name.to_bytes().to_vec()).collect();
        for name in refused {
            let mut escaped = escape(name);
            while !taken.insert(escaped.clone()) {
                escaped.push(b'%');
            }
            self.push(REFUSED, &escaped);
        }
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        // A NUL ends each name and sorts lowest, so the bytes beyond it never decide.
        self.starts.sort_unstable_by(|&a, &b| bytes[a + 1..].cmp(&bytes[b + 1..]));
    }
}

fn kind_byte(file_type: FileType) -> u8 {
    match file_type {
        FileType::Directory => FOLDER,
        FileType::Unknown => UNKNOWN,
        _ => NO_FOLDER,
    }
}

/// What `TreePath::child` accepts, of names that the system can give.
fn can_be_stored(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&b'/')
}

fn escape(name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(name.len() + 2);
    for &byte in name {
        match byte {
            b'/' => escaped.extend_from_slice(b"%2F"),
            _ => escaped.push(byte),
        }
    }
    if escaped.is_empty() { b"%".to_vec() } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::TreePath;

    fn all(names: &Names) -> Vec<(Vec<u8>, bool)> {
        names.range(0..names.len()).map(|(_, name)| (name.name.to_bytes().to_vec(), name.refused)).collect()
    }

    #[test]
    fn names_sort_by_unsigned_bytes_and_shorter_first() {
        let mut names = Names::default();
        for name in [&b"b"[..], b"a b", b"\xff", b"a", b"a.txt", b"\x01"] {
            names.push(UNKNOWN, name);
        }
        names.sort();
        let sorted: Vec<_> = all(&names).into_iter().map(|(name, _)| name).collect();
        assert_eq!(sorted, [&b"\x01"[..], b"a", b"a b", b"a.txt", b"b", b"\xff"]);
    }

    #[test]
    fn names_that_cannot_be_stored_are_kept_under_another_name_that_is_free() {
        let mut names = Names::default();
        names.push(NO_FOLDER, b"a%2Fb");
        names.push_escaped(&[b"a/b".to_vec(), b"".to_vec(), b"/".to_vec()]);
        names.sort();
        let expected = [(&b"%"[..], true), (b"%2F", true), (b"a%2Fb", false), (b"a%2Fb%", true)];
        assert_eq!(all(&names), expected.map(|(name, refused)| (name.to_vec(), refused)));
        for (name, _) in all(&names) {
            assert!(TreePath::root().child(&name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn what_can_be_stored_is_what_a_tree_path_accepts() {
        for name in [&b"a"[..], b"\n", b"\xff", b"", b"a/b", b"/"] {
            assert_eq!(can_be_stored(name), TreePath::root().child(name).is_ok(), "{name:?}");
        }
    }
}
