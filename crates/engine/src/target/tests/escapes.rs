//! Attempts to have something written outside the target.

use std::os::unix::fs::{MetadataExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::RenameFlags;

use super::*;

/// Everything that could be written at or below a path.
fn try_everything(target: &Target, folder: &TreePath, number: usize) -> Vec<Result<(), TargetError>> {
    let at = |kind: &str| folder.child(format!("{kind}{number}").as_bytes()).unwrap();
    let own = path(&format!("own{number}"));
    let first = restore(target, &own, b"mine").unwrap();
    let mut outcomes = vec![
        target.make_folder(&at("folder")).map(drop),
        restore(target, &at("file"), b"content").map(drop),
        target.make_symlink(&at("symlink"), b"anywhere", &plain()).map(drop),
        target.make_fifo(&at("fifo"), &plain()).map(drop),
        target.make_hard_link(&first.path, first.identity.unwrap(), &at("link")).map(drop),
        target.set_folder_metadata(folder, &Metadata { mode: Some(0o711), ..plain() }).map(drop),
    ];
    outcomes.push(target.read_existing(&at("secret")).map(drop));
    outcomes
}

#[test]
fn nothing_is_written_through_a_link_that_stands_for_a_folder() {
    for existing in [Existing::KeepBoth, Existing::Overwrite, Existing::Skip] {
        in_every_way(existing, |target, dir| {
            let outside = tempfile::tempdir().unwrap();
            std::fs::create_dir(outside.path().join("inner")).unwrap();
            let before = std::fs::metadata(outside.path()).unwrap();
            symlink(outside.path(), dir.join("link")).unwrap();
            std::fs::create_dir(dir.join("real")).unwrap();
            symlink(outside.path(), dir.join("real/deeper")).unwrap();
            let folders = [("link", "link"), ("real/deeper", "real/deeper"), ("link/inner", "link")];
            for (number, (folder, in_the_way)) in folders.into_iter().enumerate() {
                for outcome in try_everything(target, &path(folder), number) {
                    let Err(TargetError::Obstructed { path: obstacle }) = outcome else { panic!("{outcome:?}") };
                    assert_eq!(obstacle, path(in_the_way));
                }
            }
            assert_eq!(names_below(outside.path()), ["inner"]);
            let after = std::fs::metadata(outside.path()).unwrap();
            assert_eq!((after.mode(), after.mtime_nsec()), (before.mode(), before.mtime_nsec()));
        });
    }
}

#[test]
fn a_link_restored_first_does_not_lead_the_next_item_out() {
    in_every_way(Existing::KeepBoth, |target, _| {
        let outside = tempfile::tempdir().unwrap();
        target.make_symlink(&path("a"), outside.path().as_os_str().as_encoded_bytes(), &plain()).unwrap();
        assert!(matches!(target.make_folder(&path("a")), Err(TargetError::Obstructed { .. })));
        assert!(matches!(restore(target, &path("a/b"), b"x"), Err(TargetError::Obstructed { .. })));
        assert_eq!(names_below(outside.path()), [""; 0]);
    });
}

#[test]
fn links_to_the_folder_above_and_to_slash_are_no_way_out() {
    for (way, lack) in WAYS {
        let above = tempfile::tempdir().unwrap();
        let dir = above.path().join("target");
        std::fs::create_dir(&dir).unwrap();
        let target = &open_with(&dir, options(Existing::Overwrite), lack);
        for (name, to) in [("up", ".."), ("slash", "/"), ("self", "."), ("up-by-proc", "/proc/self/cwd")] {
            symlink(to, dir.join(name)).unwrap();
            for below in ["escaped", "target/escaped"] {
                let outcome = restore(target, &path(&format!("{name}/{below}")), b"x");
                assert!(matches!(outcome, Err(TargetError::Obstructed { .. })), "{way}: {name}/{below}: {outcome:?}");
            }
        }
        assert!(!above.path().join("escaped").exists() && !dir.join("escaped").exists(), "{way}");
    }
}

/// Exchanges two names again and again while `body` runs.
fn while_swapping(dir: &Path, one: &str, other: &str, body: impl FnOnce()) {
    const PAUSE: usize = 500;
    let done = AtomicBool::new(false);
    let handle = rustix::fs::open(dir, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                rustix::fs::renameat_with(&handle, one, &handle, other, RenameFlags::EXCHANGE).unwrap();
                // Without a pause the folder is locked nearly always, and the others wait instead of racing.
                (0..PAUSE).for_each(|_| std::hint::spin_loop());
            }
        });
        let _stop = StopOnDrop(&done);
        body();
    });
}

/// So that the other thread ends also when an assertion fails.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_folder_swapped_for_a_link_at_any_moment_lets_nothing_out() {
    const TRIES: usize = 500;
    for (way, lack) in WAYS {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for number in 0..TRIES {
            std::fs::write(outside.path().join(format!("secret{number}")), b"secret").unwrap();
        }
        std::fs::create_dir(outside.path().join("inner")).unwrap();
        std::fs::create_dir_all(dir.path().join("folder/inner")).unwrap();
        symlink(outside.path(), dir.path().join("other")).unwrap();
        let before = (names_below(outside.path()), std::fs::metadata(outside.path()).unwrap().mode());
        let (mut written, mut obstructed) = (0, 0);
        while_swapping(dir.path(), "folder", "other", || {
            // On a busy machine the other thread may hardly run at first: go on until there was a race.
            let mut number = 0;
            while number < TRIES || (written.min(obstructed) <= TRIES / 10 && number < 30 * TRIES) {
                number += 1;
                // A new target each time, because an open folder would be used again whatever its name means by now.
                let target = open_with(dir.path(), options(Existing::Overwrite), lack);
                for outcome in try_everything(&target, &path(["folder", "folder/inner"][number % 2]), number) {
                    match outcome {
                        Ok(()) => written += 1,
                        Err(TargetError::Obstructed { .. }) => obstructed += 1,
                        Err(TargetError::Missing { path }) if path.name().unwrap().starts_with(b"secret") => {}
                        Err(error) => panic!("{way}: {error:?}"),
                    }
                }
            }
        });
        let after = (names_below(outside.path()), std::fs::metadata(outside.path()).unwrap().mode());
        assert_eq!(before, after, "{way}");
        assert!(written > TRIES / 10 && obstructed > TRIES / 10, "{way}: no race: {written} and {obstructed}");
    }
}

#[test]
fn a_file_swapped_for_a_link_at_any_moment_is_neither_read_nor_linked_through() {
    const TRIES: usize = 2000;
    for (way, lack) in WAYS {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("secret"), b"secret").unwrap();
        let target = open_with(dir.path(), options(Existing::KeepBoth), lack);
        let first = restore(&target, &path("first"), b"mine").unwrap();
        let identity = first.identity.unwrap();
        symlink(outside.path().join("secret"), dir.path().join("other")).unwrap();
        let (mut linked, mut refused) = (0, 0);
        while_swapping(dir.path(), "first", "other", || {
            // On a busy machine the other thread may hardly run at first: go on until there was a race.
            let mut number = 0;
            while number < TRIES || ((linked == 0 || refused == 0) && number < 200 * TRIES) {
                number += 1;
                let at = path(&format!("link{number}"));
                match target.make_hard_link(&path("first"), identity, &at) {
                    Ok(placed) => {
                        let item = target.existing(&placed.path).unwrap().unwrap();
                        assert_eq!((item.identity, item.kind), (identity, ItemKind::File), "{way}");
                        linked += 1;
                    }
                    Err(TargetError::Replaced { .. }) => refused += 1,
                    Err(error) => panic!("{way}: {error:?}"),
                }
            }
            for _ in 0..10 * TRIES {
                if let Ok(reader) = target.read_existing(&path("first")) {
                    assert_eq!(reader.item().identity, identity, "{way}");
                }
            }
        });
        assert_eq!(std::fs::metadata(outside.path().join("secret")).unwrap().nlink(), 1, "{way}");
        assert!(linked > 0 && refused > 0, "{way}: no race: {linked} and {refused}");
    }
}
