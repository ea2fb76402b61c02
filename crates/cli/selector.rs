//! `latest`, `2026-11-21` or `1a2b3c4d`, and `SNAPSHOT:PATH`: which backup is meant, and what in it.

use crate::args::{ClassName, Narrow};
use crate::errors::CliError;
use crate::output::names;
use crate::time::span_of_uk_day;
use chest_engine::browse::{Selection, ShownPath, SnapshotSelector};
use chest_model::Class;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Fewer digits would fit too many backups.
const LEAST_DIGITS: usize = 6;

/// Reads a backup's name, narrowed to a computer or a folder.
pub fn selection(typed: &OsStr, narrow: &Narrow) -> Result<Selection, CliError> {
    let text = names::shown(&names::typed(typed.as_bytes()));
    Ok(Selection {
        selector: Some(selector(&text)?),
        host: narrow.host.clone(),
        root: narrow.root.as_ref().map(|root| names::typed(root.as_bytes())),
    })
}

fn selector(text: &str) -> Result<SnapshotSelector, CliError> {
    if text == "latest" {
        return Ok(SnapshotSelector::Latest);
    }
    if let Ok((from, until)) = span_of_uk_day(text) {
        return Ok(SnapshotSelector::Between { from, until, text: text.to_owned() });
    }
    let is_id = (LEAST_DIGITS..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_id {
        true => Ok(SnapshotSelector::Id(text.to_lowercase())),
        false => Err(CliError::NotASnapshot(text.to_owned())),
    }
}

/// Parts `SNAPSHOT:PATH` at the first colon; without one, the path is the whole backup.
pub fn snapshot_and_path(typed: &OsStr) -> Result<(OsString, ShownPath), CliError> {
    let bytes = typed.as_bytes();
    match bytes.iter().position(|&byte| byte == b':') {
        Some(at) => Ok((OsString::from_vec(bytes[..at].to_vec()), path(&bytes[at + 1..])?)),
        None => Ok((typed.to_owned(), ShownPath::default())),
    }
}

/// Where a path is wanted and no folder was named, the choice is narrowed to backups that hold the path's folder: the latest of
/// all may be of another one.
pub fn narrowed(narrow: &Narrow, path: &ShownPath) -> Narrow {
    let mut narrow = narrow.clone();
    if narrow.root.is_none() && !path.root.is_empty() {
        narrow.root = Some(OsString::from(names::shown(&path.root)));
    }
    narrow
}

/// The kind of documents that is meant.
pub fn class(name: ClassName) -> Class {
    match name {
        ClassName::Documents => Class::Documents,
        ClassName::Email => Class::Email,
        ClassName::Other => Class::Other,
    }
}

/// Reads a path as `ls` and `find` print it.
pub fn path(typed: &[u8]) -> Result<ShownPath, CliError> {
    ShownPath::parse(&names::typed(typed)).ok_or_else(|| CliError::NotAPath(names::shown(&names::typed(typed))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_named_by_latest_a_day_or_six_digits() {
        assert_eq!(selector("latest"), Ok(SnapshotSelector::Latest));
        assert_eq!(selector("1A2b3c"), Ok(SnapshotSelector::Id("1a2b3c".to_owned())));
        assert!(matches!(selector("2026-11-21"), Ok(SnapshotSelector::Between { .. })));
        for text in ["", "1a2b3", "2026-13-01", "yesterday", "1a2b3g", &"a".repeat(65)] {
            assert_eq!(selector(text), Err(CliError::NotASnapshot(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn the_first_colon_parts_backup_and_path() {
        let (snapshot, path) = snapshot_and_path(OsStr::new("latest:docs/a:b.txt")).unwrap();
        assert_eq!(snapshot, "latest");
        assert_eq!(path.to_bytes(), b"docs/a:b.txt");
        let (_, whole) = snapshot_and_path(OsStr::new("latest")).unwrap();
        assert_eq!(whole, ShownPath::default());
    }

    #[test]
    fn a_path_is_read_as_it_was_shown() {
        assert_eq!(path(br"docs/\xff\x0a").unwrap().to_bytes(), b"docs/\xff\n");
        assert!(path(b"docs/../etc").is_err());
    }
}
