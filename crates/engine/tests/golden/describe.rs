//! Describes a folder in text, with the standard library alone: what the golden repository must bring back.

use std::fmt::Write;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Every path at and below a folder, sorted.
pub fn paths(dir: &Path) -> Vec<PathBuf> {
    let mut all = vec![dir.to_owned()];
    let mut next = 0;
    while next < all.len() {
        if all[next].is_dir() && !all[next].is_symlink() {
            all.extend(fs::read_dir(&all[next]).unwrap().map(|entry| entry.unwrap().path()));
        }
        next += 1;
    }
    all.sort();
    all
}

/// A line for each: kind, mode, time, size, links, hash of content, path.
pub fn describe(dir: &Path) -> String {
    let mut out = String::new();
    for path in paths(dir) {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let name = path.strip_prefix(dir).unwrap().as_os_str().as_bytes().escape_ascii().to_string();
        let mode = metadata.mode() & 0o7777;
        let (seconds, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
        let line = if metadata.is_dir() {
            format!("folder {mode:o} {seconds}.{nanoseconds:09} {name}")
        } else if metadata.is_symlink() {
            format!("link {} {name}", fs::read_link(&path).unwrap().display())
        } else {
            let content = blake3::hash(&fs::read(&path).unwrap());
            format!("file {mode:o} {seconds}.{nanoseconds:09} {} {} {content} {name}", metadata.len(), metadata.nlink())
        };
        writeln!(out, "{line}").unwrap();
    }
    out
}
