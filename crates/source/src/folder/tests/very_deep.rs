//! Folders nested far deeper than the longest path that the system takes in one piece.

use super::support::{TIGHT, items, read_all, source_with};
use crate::{FolderOptions, FolderSource, ItemKind, ReadFailure, Source, SourceItem};
use chest_model::{TreePath, UnreadableReason};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use std::ops::ControlFlow;
use std::path::Path;
use tempfile::TempDir;

fn open(folder: &OwnedFd, name: &str, flags: OFlags) -> OwnedFd {
    openat(folder, name, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR).unwrap()
}

fn write_file(folder: &OwnedFd, name: &str) {
    let file = open(folder, name, OFlags::CREATE | OFlags::WRONLY);
    rustix::io::write(&file, name.as_bytes()).unwrap();
}

/// A chain of folders of that name, each with a file that comes after the next folder. Takes itself away again: what
/// removes temporary folders would need an open folder for each.
struct Chain<'n> {
    bottom: OwnedFd,
    depth: usize,
    name: &'n str,
}

impl<'n> Chain<'n> {
    fn build(root: &Path, depth: usize, name: &'n str) -> Self {
        let mut folder = openat(CWD, root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        for _ in 0..depth {
            mkdirat(&folder, name, Mode::RWXU).unwrap();
            write_file(&folder, "~file");
            folder = open(&folder, name, OFlags::DIRECTORY);
        }
        write_file(&folder, "bottom");
        Self { bottom: folder, depth, name }
    }
}

impl Drop for Chain<'_> {
    fn drop(&mut self) {
        unlinkat(&self.bottom, "bottom", AtFlags::empty()).unwrap();
        for _ in 0..self.depth {
            self.bottom = open(&self.bottom, "..", OFlags::DIRECTORY);
            unlinkat(&self.bottom, self.name, AtFlags::REMOVEDIR).unwrap();
            unlinkat(&self.bottom, "~file", AtFlags::empty()).unwrap();
        }
    }
}

/// The items' kinds and the lengths of their paths, which is all that tells one from another; and the file at the
/// bottom.
fn walk(source: &FolderSource) -> (Vec<(char, usize)>, SourceItem) {
    let (mut shown, mut bottom) = (Vec::new(), None);
    source
        .walk(&mut |item| {
            let kind = if item.kind == ItemKind::Directory { 'd' } else { 'f' };
            shown.push((kind, item.path.as_bytes().len()));
            if item.path.name() == Some(b"bottom") {
                bottom = Some(item);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    (shown, bottom.unwrap())
}

/// Down along the folders, the file at the bottom, and up again along the files beside them.
fn expected(chain: &Chain<'_>) -> Vec<(char, usize)> {
    let step = chain.name.len() + 1;
    let folders = (0..=chain.depth).map(|depth| ('d', (depth * step).saturating_sub(1)));
    let bottom = ('f', chain.depth * step + "bottom".len());
    let files = (0..chain.depth).rev().map(|depth| ('f', depth * step + "~file".len()));
    folders.chain([bottom]).chain(files).collect()
}

fn assert_walked(root: &Path, chain: &Chain<'_>, threads: usize, tight: bool) {
    let mut source = source_with(root, FolderOptions { threads, ..FolderOptions::default() });
    if tight {
        source.limits = TIGHT;
    }
    let (shown, bottom) = walk(&source);
    assert!(shown == expected(chain), "{threads} threads: out of order or incomplete, {} items", shown.len());
    assert_eq!(read_all(&source, &bottom), b"bottom");
    assert!(source.xattrs(&bottom).is_ok());
}

/// In memory, where the machine has such a place: disks take seconds to make and remove that many nested folders.
fn quick_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn a_chain_of_ten_thousand_folders_is_walked_to_its_end_and_the_last_file_read() {
    let dir = quick_folder();
    let chain = Chain::build(dir.path(), 10_000, "d");
    for threads in [0, 2] {
        assert_walked(dir.path(), &chain, threads, false);
    }
}

#[test]
fn a_long_chain_is_walked_also_where_every_folder_must_be_opened_by_its_whole_path() {
    let dir = quick_folder();
    let chain = Chain::build(dir.path(), 1_500, "deep");
    for threads in [0, 2] {
        assert_walked(dir.path(), &chain, threads, true);
    }
}

#[test]
fn a_walk_of_a_long_chain_can_be_broken_off_at_any_depth() {
    let dir = quick_folder();
    let _chain = Chain::build(dir.path(), 10_000, "d");
    let source = source_with(dir.path(), FolderOptions::default());
    for enough in [1, 9_000] {
        let mut shown = 0;
        let walked = source.walk(&mut |_| {
            shown += 1;
            if shown < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert!(walked.is_ok() && shown == enough);
    }
}

/// A reviewer once made the walk of such a chain take 4 GB.
#[test]
fn where_paths_grow_too_long_to_be_stored_the_walk_says_so_and_goes_no_deeper() {
    let dir = quick_folder();
    let name = "n".repeat(100);
    let _chain = Chain::build(dir.path(), 9_000, &name);
    let deepest = (TreePath::LONGEST + 1) / (name.len() + 1);
    for (threads, tight) in [(0, false), (2, false), (2, true)] {
        let mut source = source_with(dir.path(), FolderOptions { threads, ..FolderOptions::default() });
        if tight {
            source.limits = TIGHT;
        }
        let shown = items(&source);
        let (unreadable, readable): (Vec<_>, Vec<_>) =
            shown.iter().partition(|item| matches!(item.kind, ItemKind::Unreadable(_)));
        let folders = readable.iter().filter(|item| item.kind == ItemKind::Directory).count();
        assert_eq!(folders, deepest + 1);
        assert_eq!(readable.len() - folders, deepest + 1, "a file beside each folder");
        let [only] = unreadable[..] else { panic!("{} unreadable items", unreadable.len()) };
        assert_eq!(only.path.as_bytes().len(), (deepest + 1) * (name.len() + 1) - 1);
        assert_eq!(
            only.kind,
            ItemKind::Unreadable(ReadFailure::lasting(UnreadableReason::Unsupported, "its path is too long"))
        );
    }
}

#[test]
fn long_names_nest_beyond_the_longest_path() {
    let dir = tempfile::tempdir().unwrap();
    let name = "long".repeat(63);
    let chain = Chain::build(dir.path(), 190, &name);
    for tight in [false, true] {
        assert_walked(dir.path(), &chain, 2, tight);
    }
}
