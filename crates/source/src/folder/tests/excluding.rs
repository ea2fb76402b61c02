//! What is left out leaves no trace, and what is below a folder left out is not even looked at.

use super::support::{assert_contract, paths, source_with};
use crate::{Excludes, FolderOptions};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

fn walked(path: &Path, patterns: &[&str], built_in: bool) -> Vec<String> {
    let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
    let excludes = Excludes::new(&patterns, built_in).unwrap();
    let source = source_with(path, FolderOptions { excludes, ..FolderOptions::default() });
    assert_contract(&source);
    paths(&source)
}

#[test]
fn excluded_items_are_not_shown_and_excluded_folders_not_entered() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["cache/inner", "docs/cache", "keep"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    for file in ["cache/kept?", "docs/a.tmp", "docs/b.txt", "docs/Thumbs.db", "keep/cache", "~$b.txt"] {
        fs::write(dir.path().join(file), b"x").unwrap();
    }
    fs::write(dir.path().join(OsStr::from_bytes(b"\xff.tmp")), b"x").unwrap();
    let everything = ["", "cache", "cache/inner", "cache/kept?", "docs", "docs/Thumbs.db", "docs/a.tmp", "docs/b.txt"];
    assert_eq!(walked(dir.path(), &[], false)[..8], everything);
    assert_eq!(
        walked(dir.path(), &["cache/", "*.tmp", "!cache/kept?"], true),
        ["", "docs", "docs/b.txt", "keep", "keep/cache"],
        "nothing below a folder left out is taken back in"
    );
    assert_eq!(
        walked(dir.path(), &["/*", "!/docs", "!thumbs.db"], true),
        ["", "docs", "docs/a.tmp", "docs/b.txt", "docs/cache"]
    );
    assert_eq!(walked(dir.path(), &["*"], false), [""], "the root itself cannot be left out");
}
