//! What is particular to a folder: links, strangers, rights, disks that go away, processes that die.

use super::pending::{FOLDER, Pending};
use super::*;
use crate::AlignedBuffer;
use crate::contract;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use tempfile::TempDir;

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn fresh() -> (TempDir, LocalStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    (folder, store)
}

fn put(store: &LocalStore, text: &str, content: &str) {
    assert_eq!(store.put(&name(text), content.to_owned().into()).unwrap(), PutOutcome::Done);
}

fn listed(store: &LocalStore, prefix: &str) -> Vec<String> {
    store.list(prefix).unwrap().into_iter().map(|line| line.name.to_string()).collect()
}

fn stray(name: &str, size: u64, left_by_us: bool) -> Stray {
    Stray { name: name.to_owned(), size, left_by_us }
}

#[test]
fn a_missing_folder_is_opened_never_and_created_for_the_user_alone() {
    let (folder, _) = fresh();
    let deep = folder.path().join("a/b/c");
    assert!(matches!(LocalStore::open(&deep), Err(StoreError::NoSuchPlace(_))));
    let store = LocalStore::create(&deep).unwrap();
    put(&store, "packs/3f/3f9c", "x");
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for path in ["a", "a/b", "a/b/c", "a/b/c/packs", "a/b/c/packs/3f"] {
        assert_eq!(mode(folder.path().join(path)), 0o700, "{path}");
    }
    assert_eq!(mode(deep.join("packs/3f/3f9c")), 0o600);
    put(&LocalStore::create(&deep).unwrap(), "packs/3f/3f9d", "y");
    assert_eq!(listed(&store, ""), ["packs/3f/3f9c", "packs/3f/3f9d"]);
}

#[test]
fn what_is_no_folder_is_told_from_a_folder_that_is_missing() {
    let (folder, _) = fresh();
    fs::write(folder.path().join("file"), "x").unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).unwrap();
    std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
    for (path, in_the_way) in [
        ("file", "file"),
        ("file/below/it", "file"),
        ("dangling", "dangling"),
        ("dangling/below", "dangling"),
        ("loop", "loop"),
    ] {
        for opened in [LocalStore::open(&folder.path().join(path)), LocalStore::create(&folder.path().join(path))] {
            let Err(error @ StoreError::NotAFolder(_)) = opened else { panic!("{path}") };
            let expected = format!("{} is not a folder", folder.path().join(in_the_way).display());
            assert_eq!(error.to_string(), expected);
        }
    }
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn each_way_of_publishing_keeps_every_promise() {
    for methods in [&[Method::ExclusiveRename][..], &[Method::Link], &[Method::LookThenRename]] {
        let (_folder, mut store) = fresh();
        store.methods = methods;
        let extent = contract::Extent { listed_objects: 40, large_object: 1 << 20 };
        assert_eq!(contract::check_to_extent(&store, "scratch", extent), [], "{methods:?}");
        assert_eq!(store.strays().unwrap(), [], "{methods:?}");
    }
}

#[test]
fn strangers_are_never_listed_and_always_shown() {
    let (folder, store) = fresh();
    put(&store, "packs/3f/3f9c", "x");
    fs::write(folder.path().join("packs/Thumbs.db"), "thumb").unwrap();
    fs::create_dir(folder.path().join("lost+found")).unwrap();
    fs::write(folder.path().join("lost+found/inside"), "x").unwrap();
    symlink("3f/3f9c", folder.path().join("packs/link")).unwrap();
    assert_eq!(listed(&store, ""), ["packs/3f/3f9c"]);
    let strays = store.strays().unwrap();
    let names: Vec<&str> = strays.iter().map(|stray| stray.name.as_str()).collect();
    assert_eq!(names, ["lost+found", "packs/Thumbs.db", "packs/link"]);
    assert!(strays.contains(&stray("packs/Thumbs.db", 5, false)));
    assert!(strays.iter().all(|stray| !stray.left_by_us));
}

#[test]
fn links_are_never_followed() {
    let (elsewhere, _) = fresh();
    fs::write(elsewhere.path().join("object"), "theirs").unwrap();
    let (folder, store) = fresh();
    symlink(elsewhere.path(), folder.path().join("folder")).unwrap();
    symlink(elsewhere.path().join("object"), folder.path().join("file")).unwrap();
    for text in ["folder/object", "file"] {
        assert!(matches!(store.get(&name(text)), Err(StoreError::NotFound(_))), "{text}");
        assert!(store.put(&name(text), "ours".into()).is_err(), "{text}");
        store.delete_version(&name(text), &VersionId("current".to_owned())).unwrap();
    }
    assert!(listed(&store, "").is_empty());
    assert!(listed(&store, "folder/").is_empty());
    assert_eq!(fs::read_to_string(elsewhere.path().join("object")).unwrap(), "theirs");
    assert!(folder.path().join("file").is_symlink());
}

#[test]
fn a_prefix_cannot_leave_the_folder() {
    let (outer, _) = fresh();
    fs::write(outer.path().join("outside"), "x").unwrap();
    let store = LocalStore::create(&outer.path().join("store")).unwrap();
    put(&store, "a", "x");
    for prefix in ["../", "..", "/", "./", "a/../", "//"] {
        assert!(listed(&store, prefix).is_empty(), "{prefix}");
    }
}

#[test]
fn a_pipe_of_that_name_is_no_object_and_nobody_waits_for_it() {
    let (folder, store) = fresh();
    rustix::fs::mknodat(rustix::fs::CWD, folder.path().join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    assert!(matches!(store.get(&name("pipe")), Err(StoreError::NotFound(_))));
    assert!(store.put(&name("pipe"), "x".into()).is_err());
    assert_eq!(store.strays().unwrap(), [stray("pipe", 0, false)]);
}

#[test]
fn a_place_that_went_away_is_never_an_empty_store() {
    let (folder, store) = fresh();
    put(&store, "a", "x");
    fs::remove_dir_all(folder.path()).unwrap();
    let gone =
        |answer: Result<(), StoreError>| assert!(matches!(answer, Err(StoreError::NoSuchPlace(_))), "{answer:?}");
    gone(store.list("").map(drop));
    gone(store.list("packs/").map(drop));
    gone(store.get(&name("a")).map(drop));
    gone(store.versions(&name("a")).map(drop));
    gone(store.put(&name("b"), "x".into()).map(drop));
    gone(store.delete_version(&name("a"), &VersionId("current".to_owned())));
    gone(store.strays().map(drop));
}

#[test]
fn another_folder_of_the_same_name_is_not_the_place() {
    let (outer, _) = fresh();
    let path = outer.path().join("disk");
    let store = LocalStore::create(&path).unwrap();
    put(&store, "a", "x");
    // As when a disk is unmounted and its mount point is left.
    fs::rename(&path, outer.path().join("unmounted")).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(store.list(""), Err(StoreError::NoSuchPlace(_))));
    assert!(matches!(store.put(&name("b"), "x".into()), Err(StoreError::NoSuchPlace(_))));
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
}

#[test]
fn where_the_system_forbids_writing_the_store_refuses() {
    // Nobody can make a folder there, not even root.
    let store = LocalStore::open(Path::new("/sys/kernel")).unwrap();
    assert!(matches!(store.put(&name("a"), "x".into()), Err(StoreError::Refused(_))));
}

#[test]
fn what_a_dead_process_left_is_shown_and_swept_by_the_next_store_that_puts() {
    let (folder, store) = fresh();
    put(&store, "a", "x");
    let left = format!("{FOLDER}/put-1234-00112233445566ff.part");
    fs::write(folder.path().join(&left), "half").unwrap();
    fs::write(folder.path().join(FOLDER).join("put-me-here.part"), "theirs").unwrap();
    let theirs = stray("tmp/put-me-here.part", 6, false);
    let both = [stray(&left, 4, true), theirs.clone()];
    assert_eq!(store.strays().unwrap(), both);
    let next = LocalStore::open(folder.path()).unwrap();
    assert_eq!(next.strays().unwrap(), both, "looking removes nothing");
    put(&next, "a", "x");
    assert_eq!(next.strays().unwrap(), [theirs]);
}

#[test]
fn what_is_being_written_is_neither_shown_nor_swept() {
    let (folder, store) = fresh();
    let temporary = store.make_folder(FOLDER).unwrap();
    let pending = Pending::create(&temporary).unwrap();
    let path = folder.path().join(FOLDER).join(pending.at().name);
    // Locks belong to the open file, so a second store in this process stands for another process.
    let next = LocalStore::open(folder.path()).unwrap();
    put(&next, "a", "x");
    assert!(path.exists());
    assert_eq!(next.strays().unwrap(), []);
    drop(pending);
    assert!(!path.exists());
}

/// As a machine would that does not see our locks.
fn remove_the_first_temporary_file(folder: &Path) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while std::time::Instant::now() < deadline {
        if let Some(entry) = fs::read_dir(folder).into_iter().flatten().flatten().next() {
            return fs::remove_file(entry.path()).unwrap();
        }
    }
    panic!("no temporary file was seen");
}

#[test]
fn a_put_whose_temporary_file_is_removed_under_it_starts_again() {
    let (folder, store) = fresh();
    let temporary = folder.path().join(FOLDER);
    let bytes = Bytes::from(vec![7; 64 << 20]);
    std::thread::scope(|scope| {
        scope.spawn(|| remove_the_first_temporary_file(&temporary));
        assert_eq!(store.put(&name("packs/large"), bytes.clone()).unwrap(), PutOutcome::Done);
    });
    assert!(store.get(&name("packs/large")).unwrap() == bytes);
    assert_eq!(store.strays().unwrap(), []);
}

#[test]
fn a_name_below_an_object_is_refused_and_harms_nothing() {
    let (_folder, store) = fresh();
    put(&store, "a", "x");
    assert!(matches!(store.put(&name("a/b"), "y".into()), Err(StoreError::Io { .. })));
    assert!(matches!(store.get(&name("a/b")), Err(StoreError::NotFound(_))));
    assert_eq!(listed(&store, ""), ["a"]);
    assert_eq!(store.strays().unwrap(), []);
}

#[test]
fn packs_come_back_whether_they_went_past_the_systems_cache_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    for (number, length) in [1 << 20, (1 << 20) + 1, 3 << 20, (1 << 20) - 4096, 4096].into_iter().enumerate() {
        let mut buffer = AlignedBuffer::default();
        buffer.set_len(length);
        buffer.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at % 251) as u8);
        let expected = buffer.to_vec();
        let aligned = ObjectName::new(format!("packs/aligned-{number}")).unwrap();
        assert_eq!(store.put(&aligned, Bytes::from_owner(buffer)).unwrap(), PutOutcome::Done);
        let askew = ObjectName::new(format!("packs/askew-{number}")).unwrap();
        let bytes = Bytes::from([&[0][..], &expected].concat()).slice(1..);
        assert_eq!(store.put(&askew, bytes).unwrap(), PutOutcome::Done);
        for name in [&aligned, &askew] {
            assert!(store.get(name).unwrap() == expected, "{name}");
        }
    }
}
