//! Names, kinds and metadata that few folders hold and some do.

use super::super::facts::Facts;
use super::support::{TIGHT, assert_contract, find, folder_on_disk, items, paths, read_all, source, source_with};
use crate::{FolderOptions, FolderSource, ItemKind, Source, SourceError};
use chest_model::{RootDescription, RootEncoding, Timestamp, TreePath, UnreadableReason};
use rustix::fs::{CWD, FileType, Mode, Timespec, Timestamps, XattrFlags, lsetxattr, mknodat, setxattr, utimensat};
use std::ffi::OsStr;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[test]
fn any_name_that_the_system_allows_is_kept_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let long = vec![b'x'; 255];
    let mut names = vec![
        b"\xff\xfe not text".to_vec(),
        b"two\nlines".to_vec(),
        b" ".to_vec(),
        b"...".to_vec(),
        b"-rf".to_vec(),
        b"caf\xc3\xa9".to_vec(),
        b"cafe\xcc\x81".to_vec(),
        b"\x01".to_vec(),
        b"a%2Fb".to_vec(),
        long,
    ];
    for name in &names {
        fs::write(dir.path().join(OsStr::from_bytes(name)), name).unwrap();
    }
    let source = source(dir.path());
    names.sort();
    let found = items(&source);
    assert_eq!(found[1..].iter().map(|item| item.path.as_bytes().to_vec()).collect::<Vec<_>>(), names);
    for item in &found[1..] {
        assert_eq!(read_all(&source, item), item.path.as_bytes());
    }
    assert_contract(&source);
}

#[test]
fn every_kind_of_item_is_shown_as_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    fs::create_dir(path.join("empty")).unwrap();
    fs::write(path.join("file"), b"12345").unwrap();
    make_pipe(&path.join("pipe"));
    let _socket = UnixListener::bind(path.join("socket")).unwrap();
    symlink("nowhere/at all", path.join("dangling")).unwrap();
    symlink("loop", path.join("loop")).unwrap();
    symlink("..", path.join("up")).unwrap();
    let source = source(path);
    let found = items(&source);
    let kind = |path: &str| find(&found, path).kind.clone();
    let link = |target: &[u8]| ItemKind::Symlink { target: target.to_vec() };
    assert_eq!(kind(""), ItemKind::Directory);
    assert_eq!(kind("empty"), ItemKind::Directory);
    assert_eq!(kind("file"), ItemKind::File { size: 5 });
    assert_eq!(kind("pipe"), ItemKind::Fifo);
    assert_eq!(kind("socket"), ItemKind::Socket);
    assert_eq!(kind("dangling"), link(b"nowhere/at all"));
    assert_eq!(kind("loop"), link(b"loop"));
    assert_eq!(kind("up"), link(b".."));
    assert_eq!(found.len(), 8, "nothing beyond a link is shown");
    assert_contract(&source);
}

#[test]
fn devices_keep_their_numbers() {
    // Not every machine lets its tests make devices; every one has this one.
    let look = |path: &str| Facts::from(&rustix::fs::stat(path).unwrap()).kind();
    let device = fs::metadata("/dev/null").unwrap().rdev();
    assert_eq!(look("/dev/null"), Some(ItemKind::CharacterDevice { device }));
    let source = source(Path::new("/dev/null"));
    assert_eq!(find(&items(&source), "").kind, ItemKind::CharacterDevice { device });
    assert_eq!(source.xattrs(&items(&source)[0]).unwrap(), []);
}

#[test]
fn rights_owner_and_times_to_the_nanosecond_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"x").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o4751)).unwrap();
    let before_1970 = Timespec { tv_sec: -5, tv_nsec: 123_456_789 };
    let times = Timestamps { last_access: before_1970, last_modification: before_1970 };
    utimensat(CWD, &file, &times, rustix::fs::AtFlags::empty()).unwrap();
    let found = items(&source(dir.path()));
    let (item, real) = (find(&found, "file"), fs::metadata(&file).unwrap());
    assert_eq!(item.metadata.mode, Some(0o4751));
    assert_eq!((item.metadata.uid, item.metadata.gid), (real.uid(), real.gid()));
    assert_eq!(item.metadata.modified, Timestamp::new(-5, 123_456_789));
    assert_eq!(item.fingerprint.modified, item.metadata.modified);
    assert_eq!(item.fingerprint.changed, Timestamp::new(real.ctime(), real.ctime_nsec() as u32));
    assert_eq!((item.fingerprint.inode, item.fingerprint.size), (real.ino(), 1));
}

#[test]
fn hard_links_name_the_first_of_them_in_tree_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    fs::create_dir_all(path.join("a/deep")).unwrap();
    fs::write(path.join("z"), b"shared").unwrap();
    fs::hard_link(path.join("z"), path.join("a/deep/first")).unwrap();
    fs::hard_link(path.join("z"), path.join("a.txt")).unwrap();
    fs::write(path.join("b"), b"linked elsewhere").unwrap();
    let outside = tempfile::tempdir_in(path.parent().unwrap()).unwrap();
    fs::hard_link(path.join("b"), outside.path().join("b")).unwrap();
    fs::write(path.join("single"), b"one name").unwrap();
    symlink("nowhere", path.join("y")).unwrap();
    fs::hard_link(path.join("y"), path.join("a/y")).unwrap();
    symlink("nowhere", path.join("x")).unwrap();
    let source = source(path);
    let found = items(&source);
    let first_link = |path: &str| find(&found, path).first_link.as_ref().map(TreePath::to_string);
    for path in ["a/deep/first", "a.txt", "z"] {
        assert_eq!(first_link(path).as_deref(), Some("a/deep/first"), "{path}");
    }
    assert_eq!(first_link("b").as_deref(), Some("b"));
    assert_eq!(first_link("single"), None);
    assert_eq!((first_link("a/y").as_deref(), first_link("y").as_deref()), (Some("a/y"), Some("a/y")));
    assert_eq!(first_link("x"), None, "another link to the same place");
    assert_contract(&source);
}

#[test]
fn extended_attributes_come_sorted_of_files_folders_and_nothing_of_what_a_link_points_to() {
    let dir = folder_on_disk();
    let path = dir.path();
    fs::write(path.join("file"), b"x").unwrap();
    fs::create_dir(path.join("folder")).unwrap();
    symlink("file", path.join("link")).unwrap();
    let large = vec![7; 3000];
    for (name, value) in [("user.z", &b"last"[..]), ("user.a", &b""[..]), ("user.large", &large)] {
        let message = "the build folder's file system must know user attributes for this test";
        setxattr(path.join("file"), name, value, XattrFlags::empty()).expect(message);
    }
    setxattr(path.join("folder"), "user.f", b"folder's", XattrFlags::empty()).unwrap();
    let source = source(path);
    let found = items(&source);
    let user = |path: &str| {
        let mut xattrs = source.xattrs(find(&found, path)).unwrap();
        xattrs.retain(|(name, _)| name.starts_with(b"user."));
        xattrs
    };
    let expected = [(&b"user.a"[..], &b""[..]), (b"user.large", &large), (b"user.z", b"last")];
    assert_eq!(user("file"), expected.map(|(name, value)| (name.to_vec(), value.to_vec())));
    assert_eq!(user("folder"), [(b"user.f".to_vec(), b"folder's".to_vec())]);
    assert_eq!(user("link"), []);
    assert_contract(&source);
}

#[test]
fn a_links_own_attributes_are_read_through_the_link_itself() {
    let dir = folder_on_disk();
    let link = dir.path().join("link");
    fs::write(dir.path().join("file"), b"x").unwrap();
    symlink("file", &link).unwrap();
    // Only the administrator may give a link attributes; anybody may ask for them.
    let given = lsetxattr(&link, "trusted.of-the-link", b"yes", XattrFlags::empty()).is_ok();
    let source = source(dir.path());
    let found = items(&source);
    let xattrs = source.xattrs(find(&found, "link")).unwrap();
    let own = xattrs.iter().any(|(name, value)| name == b"trusted.of-the-link" && value == b"yes");
    assert_eq!(own, given && rustix::process::geteuid().is_root());
    assert!(source.xattrs(find(&found, "file")).unwrap().iter().all(|(name, _)| name != b"trusted.of-the-link"));
}

#[test]
fn a_single_file_is_a_source_of_one_item() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("minutes.txt");
    fs::write(&file, b"present: the clerk").unwrap();
    fs::write(dir.path().join("other"), b"x").unwrap();
    let source = source(&file);
    let found = items(&source);
    assert_eq!(found.len(), 1);
    assert!(found[0].path.is_root());
    assert_eq!(read_all(&source, &found[0]), b"present: the clerk");
    assert_eq!(FolderSource::label_for(&file), b"minutes.txt");
    assert_contract(&source);
    fs::remove_file(&file).unwrap();
    let walked = source.walk(&mut |_| ControlFlow::Continue(()));
    assert!(matches!(walked, Err(SourceError::Vanished { .. })), "{walked:?}");
}

#[test]
fn the_path_given_may_be_a_link_and_the_label_is_the_real_name() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("real")).unwrap();
    fs::write(dir.path().join("real/file"), b"x").unwrap();
    symlink("real", dir.path().join("link")).unwrap();
    assert_eq!(paths(&source(&dir.path().join("link"))), ["", "file"]);
    assert_eq!(FolderSource::label_for(&dir.path().join("link")), b"real");
    assert_eq!(FolderSource::label_for(&dir.path().join("real/../link/.")), b"real");
    assert_eq!(FolderSource::label_for(Path::new("/")), b"root");
}

#[test]
fn a_path_that_does_not_exist_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), b"x").unwrap();
    for missing in ["missing", "missing/below", "file/below"] {
        let description = RootDescription {
            label: b"x".to_vec(),
            native_path: Vec::new(),
            encoding: RootEncoding::UnixBytes,
            class: chest_model::Class::Other,
        };
        let opened = FolderSource::new(&dir.path().join(missing), description, FolderOptions::default());
        assert!(matches!(opened, Err(SourceError::NotFound { .. })), "{missing}: {opened:?}");
    }
}

#[test]
fn a_folder_of_many_is_shown_whole_and_in_order_with_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = vec![String::new()];
    for number in 0..5000 {
        let name = format!("{number:05}");
        expected.push(name.clone());
        if number % 50 == 0 {
            fs::create_dir(dir.path().join(&name)).unwrap();
            fs::write(dir.path().join(&name).join("inner"), b"x").unwrap();
            expected.push(format!("{name}/inner"));
        } else {
            fs::write(dir.path().join(&name), b"").unwrap();
        }
    }
    for threads in [0, 1, 2, 5] {
        let mut source = source_with(dir.path(), FolderOptions { threads, ..FolderOptions::default() });
        assert_eq!(paths(&source), expected, "{threads} threads");
        source.limits = TIGHT;
        assert_eq!(paths(&source), expected, "{threads} threads, tight limits");
    }
}

#[test]
fn one_file_system_shows_where_another_is_mounted_and_stays_outside() {
    // The only mount that every Linux has. Its parent is `/`, of which nothing but these two is looked at.
    let other_file_system = |name: &str| {
        let device = |path: &str| fs::metadata(path).map(|metadata| metadata.dev());
        matches!((device("/"), device(name)), (Ok(root), Ok(mount)) if root != mount)
    };
    assert!(other_file_system("/proc"), "/proc must be mounted for this test");
    let all_but_proc = ["/*".to_owned(), "!/proc".to_owned()];
    let excludes = crate::Excludes::new(&all_but_proc, false).unwrap();
    let options = FolderOptions { excludes, one_file_system: true, threads: 0 };
    assert_eq!(paths(&source_with(Path::new("/"), options)), ["", "proc"]);
}

#[test]
fn kinds_that_have_no_content_do_not_open() {
    let dir = tempfile::tempdir().unwrap();
    make_pipe(&dir.path().join("pipe"));
    let source = source(dir.path());
    for item in items(&source) {
        let failure = source.open(&item).map(|_| ()).unwrap_err();
        assert_eq!(failure.reason, UnreadableReason::Unsupported);
    }
}
