//! Targets that are full, read-only, closed or no folders at all.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn missing_folders_above_the_target_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let target = Target::open_or_create(&dir.path().join("a/b/c"), options(Existing::KeepBoth)).unwrap();
    restore(&target, &path("file"), b"x").unwrap();
    assert!(dir.path().join("a/b/c/file").is_file());
    Target::open_or_create(&dir.path().join("a/b/c"), options(Existing::KeepBoth)).unwrap();
}

#[test]
fn a_file_is_no_target_and_holds_none() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), b"").unwrap();
    std::os::unix::fs::symlink("nowhere", dir.path().join("dangling")).unwrap();
    for name in ["file", "file/below", "dangling"] {
        let outcome = Target::open_or_create(&dir.path().join(name), options(Existing::KeepBoth));
        assert!(matches!(outcome, Err(TargetError::NotAFolder { .. })), "{name}: {outcome:?}");
    }
}

#[test]
fn a_target_reached_through_the_users_own_link_is_used() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
    let target = Target::open_or_create(&dir.path().join("link"), options(Existing::KeepBoth)).unwrap();
    restore(&target, &path("file"), b"x").unwrap();
    assert!(dir.path().join("real/file").is_file());
}

#[test]
fn a_folder_without_the_right_to_write_is_refused_at_once() {
    as_ordinary_user(module_path!(), "a_folder_without_the_right_to_write_is_refused_at_once", || {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("shut/inner")).unwrap();
        std::fs::set_permissions(dir.path().join("shut"), std::fs::Permissions::from_mode(0o500)).unwrap();
        for name in ["shut", "shut/new"] {
            let outcome = Target::open_or_create(&dir.path().join(name), options(Existing::KeepBoth));
            assert!(matches!(outcome, Err(TargetError::Unwritable { .. })), "{name}: {outcome:?}");
        }
        for (_, lack) in WAYS {
            let target = open_with(dir.path(), options(Existing::KeepBoth), lack);
            let refused = |outcome: Result<(), TargetError>| matches!(outcome, Err(TargetError::Refused { .. }));
            assert!(refused(restore(&target, &path("shut/a"), b"x").map(drop)));
            assert!(refused(target.make_folder(&path("shut/a")).map(drop)));
            assert!(refused(target.make_symlink(&path("shut/a"), b"x", &plain()).map(drop)));
            assert_eq!(target.make_folder(&path("shut/inner")).unwrap(), Made::AlreadyThere);
        }
    });
}

#[test]
fn names_that_do_not_fit_and_folders_that_are_not_there_are_errors_of_their_item() {
    in_every_way(Existing::KeepBoth, |target, _| {
        let long = TreePath::root().child(&[b'a'; 256]).unwrap();
        assert!(matches!(target.begin_file(&long, 1), Err(TargetError::NameTooLong { .. })));
        assert!(matches!(target.make_folder(&long), Err(TargetError::NameTooLong { .. })));
        let below = long.child(b"x").unwrap();
        let outcome = target.begin_file(&below, 1).map(drop);
        assert!(matches!(&outcome, Err(error) if error.path() == Some(&long)), "{outcome:?}");
        let outcome = target.begin_file(&path("none/x"), 1).map(drop);
        assert!(matches!(&outcome, Err(TargetError::Missing { path: at }) if *at == path("none")), "{outcome:?}");
        assert!(matches!(target.begin_file(&TreePath::root(), 1), Err(TargetError::Obstructed { .. })));
    });
}

#[test]
fn a_folder_removed_meanwhile_is_told_as_missing() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        target.make_folder(&path("a")).unwrap();
        let file = target.begin_file(&path("a/b"), 1).unwrap();
        let removed = std::fs::remove_dir_all(dir.join("a"));
        let outcome = file.finish(&plain());
        assert!(removed.is_err() || matches!(outcome, Err(TargetError::Missing { .. })), "{outcome:?}");
    });
}
