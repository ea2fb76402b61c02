//! A tree does not hold still because somebody is backing it up.

use super::support::{find, items, source, source_with};
use crate::{FolderOptions, ItemKind, Source, SourceError};
use chest_model::UnreadableReason;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

/// What opening a file says that was listed and then changed in some way.
fn opening_after(change: impl Fn(&Path)) -> UnreadableReason {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    fs::write(dir.path().join("secret"), b"not to be read").unwrap();
    fs::write(dir.path().join("folder/file"), b"listed").unwrap();
    let source = source(dir.path());
    let found = items(&source);
    change(dir.path());
    let item = find(&found, "folder/file");
    let reason = source.open(item).map(|_| ()).unwrap_err().reason;
    assert_eq!(source.xattrs(item).unwrap_err().reason, reason);
    reason
}

fn without_file(path: &Path) -> std::path::PathBuf {
    let file = path.join("folder/file");
    fs::remove_file(&file).unwrap();
    file
}

#[test]
fn a_file_removed_after_the_listing_has_vanished() {
    assert_eq!(opening_after(|path| drop(without_file(path))), UnreadableReason::Vanished);
}

#[test]
fn a_link_put_in_a_files_place_is_not_followed() {
    let reason = opening_after(|path| symlink("../secret", without_file(path)).unwrap());
    assert_eq!(reason, UnreadableReason::Vanished);
}

#[test]
fn a_link_put_in_a_folders_place_is_not_followed() {
    let reason = opening_after(|path| {
        fs::rename(path.join("folder"), path.join("moved")).unwrap();
        symlink("moved", path.join("folder")).unwrap();
    });
    assert_eq!(reason, UnreadableReason::Vanished);
}

#[test]
fn another_file_in_its_place_is_a_change() {
    let reason = opening_after(|path| {
        fs::write(path.join("new"), b"saved again").unwrap();
        fs::rename(path.join("new"), path.join("folder/file")).unwrap();
    });
    assert_eq!(reason, UnreadableReason::Changed);
}

#[test]
fn a_pipe_socket_or_folder_in_its_place_is_a_change_and_does_not_block() {
    let pipe = |path: &Path| mknodat(CWD, without_file(path), FileType::Fifo, Mode::RUSR, 0).unwrap();
    assert_eq!(opening_after(pipe), UnreadableReason::Changed);
    let socket = |path: &Path| drop(UnixListener::bind(without_file(path)).unwrap());
    assert_eq!(opening_after(socket), UnreadableReason::Changed);
    let folder = |path: &Path| fs::create_dir(without_file(path)).unwrap();
    assert_eq!(opening_after(folder), UnreadableReason::Changed);
}

#[test]
fn a_growing_file_is_read_to_the_size_it_had_and_shows_the_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, vec![1; 10_000]).unwrap();
    let source = source(dir.path());
    let found = items(&source);
    let item = find(&found, "log");
    let mut content = source.open(item).unwrap();
    let mut log = OpenOptions::new().append(true).open(&path).unwrap();
    let mut buffer = [0; 3000];
    let mut read = 0;
    loop {
        log.write_all(&[2; 5000]).unwrap();
        match content.read(&mut buffer).unwrap() {
            0 => break,
            some => read += some,
        }
        assert!(read <= 10_000, "still reading after {read} bytes");
    }
    assert_eq!(read, 10_000);
    let after = content.finish().unwrap();
    assert_ne!(after.fingerprint, item.fingerprint);
    assert!(after.fingerprint.size > 10_000);
}

#[test]
fn a_file_that_shrinks_ends_early_and_shows_the_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, vec![1; 10_000]).unwrap();
    let source = source(dir.path());
    let found = items(&source);
    let item = find(&found, "file");
    let mut content = source.open(item).unwrap();
    let mut buffer = [0; 4000];
    assert_eq!(content.read(&mut buffer).unwrap(), 4000);
    OpenOptions::new().write(true).open(&path).unwrap().set_len(5000).unwrap();
    assert_eq!(content.read(&mut buffer).unwrap(), 1000);
    assert_eq!(content.read(&mut buffer).unwrap(), 0);
    assert_eq!(content.finish().unwrap().fingerprint.size, 5000);
}

#[test]
fn a_folder_that_vanishes_during_the_walk_is_an_item_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("z")).unwrap();
    fs::write(dir.path().join("a"), b"x").unwrap();
    // Without threads nothing is scanned ahead, so the folder is known by name only when it goes.
    let source = source_with(dir.path(), FolderOptions { threads: 0, ..FolderOptions::default() });
    let mut last = None;
    let walked = source.walk(&mut |item| {
        if item.path.as_bytes() == b"a" {
            fs::remove_dir(dir.path().join("z")).unwrap();
        }
        last = Some(item);
        ControlFlow::Continue(())
    });
    assert!(walked.is_ok());
    let last = last.unwrap();
    assert_eq!(last.path.as_bytes(), b"z");
    assert!(matches!(last.kind, ItemKind::Unreadable(ref failure) if failure.reason == UnreadableReason::Vanished));
}

#[test]
fn a_file_that_vanishes_between_listing_and_look_is_an_item_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), b"x").unwrap();
    fs::write(dir.path().join("b"), b"x").unwrap();
    let mut source = source_with(dir.path(), FolderOptions { threads: 0, ..FolderOptions::default() });
    source.limits.batch = 1;
    let mut seen = Vec::new();
    source
        .walk(&mut |item| {
            if item.path.as_bytes() == b"a" {
                fs::remove_file(dir.path().join("b")).unwrap();
            }
            seen.push(item);
            ControlFlow::Continue(())
        })
        .unwrap();
    let gone = find(&seen, "b");
    assert!(matches!(gone.kind, ItemKind::Unreadable(ref failure) if failure.reason == UnreadableReason::Vanished));
}

#[test]
fn a_root_that_vanishes_is_an_error_and_never_an_empty_list() {
    for threads in [0, 2] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir_all(root.join("c/d")).unwrap();
        let source = source_with(&root, FolderOptions { threads, ..FolderOptions::default() });
        let walked = source.walk(&mut |item| {
            if item.path.as_bytes() == b"a" {
                fs::remove_dir_all(&root).unwrap();
            }
            ControlFlow::Continue(())
        });
        assert!(matches!(walked, Err(SourceError::Vanished { .. })), "{threads} threads: {walked:?}");
        let mut shown = 0;
        let again = source.walk(&mut |_| {
            shown += 1;
            ControlFlow::Continue(())
        });
        assert!(matches!(again, Err(SourceError::Vanished { .. })) && shown == 0, "{threads} threads: {again:?}");
    }
}

#[test]
fn a_root_that_is_moved_is_still_the_one_that_is_walked() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("root")).unwrap();
    fs::write(dir.path().join("root/file"), b"x").unwrap();
    let source = source(&dir.path().join("root"));
    fs::rename(dir.path().join("root"), dir.path().join("moved")).unwrap();
    fs::create_dir(dir.path().join("root")).unwrap();
    assert_eq!(items(&source).len(), 2);
}

#[test]
fn a_visitor_that_panics_does_not_leave_the_threads_behind() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("a/b")).unwrap();
    let source = source(dir.path());
    let walked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        source.walk(&mut |_| panic!("the visitor's own trouble"))
    }));
    assert!(walked.is_err());
}
