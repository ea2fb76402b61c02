//! Files: their content, and that nothing of an unfinished one remains.

use std::io::Read;
use std::os::unix::fs::MetadataExt;

use super::*;

#[test]
fn content_written_by_several_threads_in_any_order_is_whole() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        const PART: usize = 100_000;
        let content: Vec<u8> = (0..8 * PART).map(|at| (at * 7 % 251) as u8).collect();
        let file = target.begin_file(&path("a"), content.len() as u64).unwrap();
        std::thread::scope(|scope| {
            for (number, part) in content.chunks(PART).enumerate().rev() {
                let file = &file;
                scope.spawn(move || file.write_at((number * PART) as u64, part).unwrap());
            }
        });
        assert!(!dir.join("a").exists(), "it has its name before it is finished");
        file.finish(&plain()).unwrap();
        assert!(std::fs::read(dir.join("a")).unwrap() == content);
        target.sync().unwrap();
    });
}

#[test]
fn a_file_that_is_dropped_unfinished_leaves_nothing() {
    in_every_way(Existing::Overwrite, |target, dir| {
        std::fs::write(dir.join("a"), "the user's").unwrap();
        for name in ["a", "b"] {
            let file = target.begin_file(&path(name), 10).unwrap();
            file.write_at(0, b"12345").unwrap();
            drop(file);
        }
        assert_eq!(names_below(dir), ["a"]);
        assert_eq!(std::fs::read(dir.join("a")).unwrap(), b"the user's");
    });
}

#[test]
fn holes_take_no_room_and_read_as_zeros() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        const SIZE: u64 = 1 << 40;
        let file = target.begin_file(&path("sparse"), SIZE).unwrap();
        file.write_at(1 << 30, &[7; 4096]).unwrap();
        file.finish(&plain()).unwrap();
        let stat = std::fs::metadata(dir.join("sparse")).unwrap();
        assert_eq!(stat.len(), SIZE);
        assert!(stat.blocks() * 512 <= 64 * 1024, "{} blocks", stat.blocks());
        let reader = target.read_existing(&path("sparse")).unwrap();
        let mut buffer = [1; 8];
        assert_eq!(reader.read_at((1 << 30) - 4, &mut buffer).unwrap(), 8);
        assert_eq!(buffer, [0, 0, 0, 0, 7, 7, 7, 7]);
        assert_eq!(reader.read_at(SIZE - 3, &mut buffer).unwrap(), 3);
    });
}

#[test]
fn content_beyond_the_announced_end_is_refused() {
    in_every_way(Existing::KeepBoth, |target, _| {
        let file = target.begin_file(&path("a"), 4).unwrap();
        for (offset, content) in [(0, &b"12345"[..]), (4, b"1"), (u64::MAX, b"12")] {
            assert!(matches!(file.write_at(offset, content), Err(TargetError::BeyondEnd { .. })));
        }
        file.write_at(4, b"").unwrap();
        assert!(matches!(target.begin_file(&path("a"), u64::MAX), Err(TargetError::TooLarge { .. })));
    });
}

#[test]
fn an_existing_file_can_be_read_and_looked_at() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        std::fs::create_dir(dir.join("folder")).unwrap();
        std::fs::write(dir.join("folder/a"), "the user's").unwrap();
        let item = target.existing(&path("folder/a")).unwrap().unwrap();
        let stat = std::fs::metadata(dir.join("folder/a")).unwrap();
        assert_eq!((item.kind, item.size, item.mode), (ItemKind::File, 10, stat.mode() & 0o7777));
        assert_eq!((item.identity.inode, item.modified.seconds), (stat.ino(), stat.mtime()));
        assert_eq!(i64::from(item.modified.nanoseconds), stat.mtime_nsec());
        let mut text = String::new();
        target.read_existing(&path("folder/a")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "the user's");
        for missing in ["none", "none/at/all", "folder/none"] {
            assert_eq!(target.existing(&path(missing)).unwrap(), None, "{missing}");
            assert!(matches!(target.read_existing(&path(missing)), Err(TargetError::Missing { .. })));
        }
        assert_eq!(target.existing(&TreePath::root()).unwrap().unwrap().kind, ItemKind::Folder);
        assert!(matches!(target.read_existing(&path("folder")), Err(TargetError::Obstructed { .. })));
    });
}

#[test]
fn what_a_killed_restore_left_is_removed_and_what_a_living_one_writes_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let hidden_names: Lack = |abilities| abilities.anonymous_files.is_lacking();
    let (one, other) = (
        open_with(dir.path(), options(Existing::KeepBoth), hidden_names),
        open_with(dir.path(), options(Existing::KeepBoth), |_| {}),
    );
    std::fs::write(dir.path().join(".chest-unfinished-00000001-00000000"), "left over").unwrap();
    std::os::unix::fs::symlink("x", dir.path().join(".chest-unfinished-00000001-00000001")).unwrap();
    std::fs::write(dir.path().join(".chest-unfinished-notes"), "the user's").unwrap();
    let living = one.begin_file(&path("living"), 4).unwrap();
    living.write_at(0, b"1234").unwrap();
    restore(&other, &path("other"), b"x").unwrap();
    let names = names_below(dir.path());
    assert_eq!(names.len(), 3, "{names:?}");
    living.finish(&plain()).unwrap();
    assert_eq!(names_below(dir.path()), [".chest-unfinished-notes", "living", "other"]);
}

#[test]
fn restores_that_sweep_the_same_folder_do_not_take_each_others_files() {
    const EACH: usize = 100;
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let dir = dir.path();
            scope.spawn(move || {
                for number in 0..EACH {
                    // A new target each time sweeps each time.
                    let target = open_with(dir, options(Existing::Overwrite), WAYS[2 + thread % 2].1);
                    restore(&target, &path(&format!("{thread} {number}")), b"x").unwrap();
                    target
                        .make_symlink(&path(&format!("link {thread}")), number.to_string().as_bytes(), &plain())
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(names_below(dir.path()).len(), 4 * EACH + 4);
}

#[test]
fn a_path_longer_than_the_system_can_take_in_one_call_is_reached() {
    in_every_way(Existing::KeepBoth, |target, _| {
        let mut folder = TreePath::root();
        for _ in 0..70 {
            folder = folder.child(&[b'd'; 200]).unwrap();
            target.make_folder(&folder).unwrap();
        }
        let file = folder.child(b"deep").unwrap();
        assert!(file.as_bytes().len() > 3 * 4096);
        restore(target, &file, b"deep content").unwrap();
        // With nothing open, the whole way has to be gone at once.
        let fresh = Target { shared: Arc::new(reopened(target)) };
        assert_eq!(fresh.existing(&file).unwrap().unwrap().size, 12);
        fresh.set_folder_metadata(&folder, &Metadata { mode: Some(0o700), ..plain() }).unwrap();
        remove_deep(target);
    });
}

fn reopened(target: &Target) -> Shared {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let root = rustix::fs::openat(target.shared.folders.root().handle(), c".", flags, Mode::empty()).unwrap();
    let abilities = Abilities::default();
    if !target.shared.abilities.resolve_beneath.is_there() {
        abilities.resolve_beneath.is_lacking();
    }
    let fresh = Target::from_handle(root, options(Existing::KeepBoth), abilities);
    Arc::into_inner(fresh.shared).unwrap()
}

/// The walk over names left over cannot go so deep.
fn remove_deep(target: &Target) {
    let root = target.shared.folders.root().handle();
    let proc_path = super::super::metadata::handle_path(root);
    let real = std::fs::read_link(proc_path).unwrap();
    std::fs::remove_dir_all(real.join(String::from_utf8(vec![b'd'; 200]).unwrap())).unwrap();
}
