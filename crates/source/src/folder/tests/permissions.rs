//! What the system refuses to show. The administrator is refused nothing, so where the tests run as one, the thread
//! that walks becomes a nobody first: rights belong to threads, not to the process.

use super::support::{find, folder_on_disk, items, read_all, source_with};
use crate::{FolderOptions, ItemKind, Source};
use chest_model::UnreadableReason;
use rustix::process::{Uid, geteuid};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

fn give_up_rights() {
    if geteuid().is_root() {
        let nobody = Uid::from_raw(65534);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody)
            .expect("the test must be able to give up its rights");
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_may_not_be_read_is_an_item_with_its_reason_and_the_rest_is_read() {
    let dir = folder_on_disk();
    let path = dir.path();
    set_mode(path, 0o755);
    fs::create_dir_all(path.join("locked/inner")).unwrap();
    fs::create_dir(path.join("open")).unwrap();
    fs::write(path.join("open/file"), b"anybody's").unwrap();
    fs::write(path.join("secret"), b"nobody's").unwrap();
    set_mode(&path.join("open/file"), 0o644);
    set_mode(&path.join("secret"), 0);
    set_mode(&path.join("locked"), 0);
    let source = source_with(path, FolderOptions { threads: 0, ..FolderOptions::default() });
    thread::scope(|scope| {
        scope.spawn(|| {
            give_up_rights();
            let found = items(&source);
            assert_eq!(found.len(), 5, "{found:?}");
            let locked = find(&found, "locked");
            let ItemKind::Unreadable(failure) = &locked.kind else { panic!("{locked:?}") };
            assert_eq!(failure.reason, UnreadableReason::PermissionDenied);
            assert_ne!(locked.fingerprint.inode, 0, "what could be seen of it is told");
            let secret = find(&found, "secret");
            assert_eq!(secret.kind, ItemKind::File { size: 8 });
            assert_eq!(source.open(secret).map(|_| ()).unwrap_err().reason, UnreadableReason::PermissionDenied);
            // Access times may be spared only by a file's owner: others must still be able to read it.
            assert_eq!(read_all(&source, find(&found, "open/file")), b"anybody's");
        });
    });
    set_mode(&path.join("locked"), 0o755);
}

#[test]
fn reading_leaves_access_times_alone() {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
    let dir = folder_on_disk();
    let file = dir.path().join("file");
    fs::write(&file, b"read me").unwrap();
    let long_ago = Timespec { tv_sec: 1_000_000, tv_nsec: 0 };
    let times = Timestamps { last_access: long_ago, last_modification: long_ago };
    for path in [file.as_path(), dir.path()] {
        utimensat(CWD, path, &times, AtFlags::empty()).unwrap();
    }
    let source = source_with(dir.path(), FolderOptions::default());
    let found = items(&source);
    assert_eq!(read_all(&source, find(&found, "file")), b"read me");
    for path in [file.as_path(), dir.path()] {
        let accessed = rustix::fs::stat(path).unwrap().st_atime;
        assert_eq!(accessed, 1_000_000, "{}", path.display());
    }
}
