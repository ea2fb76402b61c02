//! What is left out leaves no trace, and what is below a folder left out is not even looked at.

use super::support::{TIGHT, assert_contract, paths, source_with};
use crate::{Excludes, FolderOptions, FolderSource, Source};
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

#[test]
fn files_that_nobody_asked_to_leave_out_are_counted_and_folders_of_their_names_walked() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["~$Allotments", "mail.ost", "desktop.ini", "old"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
        fs::write(dir.path().join(folder).join("register.xlsx"), b"x").unwrap();
    }
    for file in ["~$a.docx", "old/Clerk.OST", "old/Thumbs.db", "b.txt", "c.tmp", "old/d.ost"] {
        fs::write(dir.path().join(file), b"x").unwrap();
    }
    let patterns = ["*.tmp".to_owned(), "d.ost".to_owned()];
    let excludes = Excludes::new(&patterns, true).unwrap();
    let options = FolderOptions { excludes, ..FolderOptions::default() };
    let tight = FolderSource { limits: TIGHT, ..source_with(dir.path(), options.clone()) };
    for source in [source_with(dir.path(), options), tight] {
        for _ in 0..2 {
            assert_eq!(paths(&source).iter().filter(|path| path.ends_with("register.xlsx")).count(), 4);
            let passed = source.passed_over();
            assert_eq!((passed.files, passed.mailbox_count), (3, 1), "{passed:?}");
            assert_eq!(passed.mailboxes[0].to_string(), "old/Clerk.OST");
        }
    }
}
