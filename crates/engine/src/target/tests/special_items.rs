//! Symbolic links, hard links, pipes and devices.

use std::os::unix::fs::{FileTypeExt, MetadataExt};

use super::*;

const LABEL: &str = " (restored 21 November 2026)";

#[test]
fn a_link_points_where_it_did_whatever_bytes_that_is() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        target.make_symlink(&path("a"), b"../\xff\n/nowhere", &plain()).unwrap();
        assert_eq!(std::fs::read_link(dir.join("a")).unwrap().as_os_str().as_encoded_bytes(), b"../\xff\n/nowhere");
        for bad in [&b""[..], b"a\0b", &[b'a'; 5000]] {
            assert!(matches!(target.make_symlink(&path("b"), bad, &plain()), Err(TargetError::BadLinkTarget { .. })));
        }
    });
}

#[test]
fn the_very_same_link_or_pipe_is_not_made_twice() {
    for existing in [Existing::KeepBoth, Existing::Overwrite, Existing::Skip] {
        in_every_way(existing, |target, dir| {
            for how in [Placement::AsNamed, Placement::AlreadyThere] {
                assert_eq!(target.make_symlink(&path("link"), b"x", &plain()).unwrap().how, how);
                assert_eq!(target.make_fifo(&path("fifo"), &plain()).unwrap().how, how);
            }
            assert_eq!(names_below(dir), ["fifo", "link"]);
        });
    }
}

#[test]
fn another_link_of_that_name_is_kept_replaced_or_left() {
    for (existing, how, found) in [
        (Existing::KeepBoth, Placement::Beside, "old"),
        (Existing::Overwrite, Placement::Overwrote, "new"),
        (Existing::Skip, Placement::Skipped, "old"),
    ] {
        in_every_way(existing, |target, dir| {
            std::os::unix::fs::symlink("old", dir.join("a.lnk")).unwrap();
            let placed = target.make_symlink(&path("a.lnk"), b"new", &plain()).unwrap();
            assert_eq!(placed.how, how);
            assert_eq!(std::fs::read_link(dir.join("a.lnk")).unwrap().to_str(), Some(found));
            let beside = dir.join(format!("a{LABEL}.lnk"));
            assert_eq!(beside.is_symlink(), how == Placement::Beside);
        });
    }
}

#[test]
fn a_hard_link_is_one_more_name_of_the_same_file() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        let first = restore(target, &path("first"), b"content").unwrap();
        target.make_folder(&path("folder")).unwrap();
        let identity = first.identity.unwrap();
        let link = target.make_hard_link(&first.path, identity, &path("folder/second")).unwrap();
        assert_eq!((link.how, link.identity), (Placement::AsNamed, Some(identity)));
        assert_eq!(std::fs::metadata(dir.join("first")).unwrap().nlink(), 2);
        let again = target.make_hard_link(&first.path, identity, &path("folder/second")).unwrap();
        assert_eq!(again.how, Placement::AlreadyThere);
        std::fs::write(dir.join("taken"), "the user's").unwrap();
        let beside = target.make_hard_link(&first.path, identity, &path("taken")).unwrap();
        assert_eq!(beside.path, path(&format!("taken{LABEL}")));
        assert_eq!(std::fs::read(dir.join("taken")).unwrap(), b"the user's");
    });
}

#[test]
fn a_hard_link_replaces_when_asked() {
    in_every_way(Existing::Overwrite, |target, dir| {
        let first = restore(target, &path("first"), b"content").unwrap();
        std::fs::write(dir.join("taken"), "the user's").unwrap();
        let identity = first.identity.unwrap();
        assert_eq!(target.make_hard_link(&first.path, identity, &path("taken")).unwrap().how, Placement::Overwrote);
        assert_eq!(std::fs::read(dir.join("taken")).unwrap(), b"content");
        assert_eq!(names_below(dir), ["first", "taken"]);
    });
}

#[test]
fn a_hard_link_is_made_only_to_the_file_that_is_meant() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        let first = restore(target, &path("first"), b"content").unwrap();
        let identity = first.identity.unwrap();
        std::fs::write(dir.join("user's"), "the user's").unwrap();
        std::os::unix::fs::symlink("first", dir.join("link")).unwrap();
        for wrong in ["user's", "link"] {
            let outcome = target.make_hard_link(&path(wrong), identity, &path("second"));
            assert!(matches!(outcome, Err(TargetError::Replaced { .. })), "{wrong}: {outcome:?}");
        }
        let outcome = target.make_hard_link(&path("none"), identity, &path("second"));
        assert!(matches!(outcome, Err(TargetError::Missing { .. })));
        assert!(!dir.join("second").exists());
    });
}

#[test]
fn a_pipe_is_a_pipe_with_its_rights() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        let metadata = Metadata { mode: Some(0o620), ..plain() };
        assert_eq!(target.make_fifo(&path("a"), &metadata).unwrap().notes, []);
        let stat = std::fs::symlink_metadata(dir.join("a")).unwrap();
        assert!(stat.file_type().is_fifo());
        assert_eq!((stat.mode() & 0o7777, stat.mtime_nsec()), (0o620, 123_456_789));
        // To open it would wait for a writer for ever.
        assert!(matches!(target.read_existing(&path("a")), Err(TargetError::Obstructed { .. })));
    });
}

#[test]
fn devices_need_a_privileged_restore() {
    let null = rustix::fs::makedev(1, 3);
    in_every_way(Existing::KeepBoth, |target, dir| {
        let outcome = target.make_device(&path("null"), ItemKind::CharacterDevice, null, &plain());
        assert!(matches!(outcome, Err(TargetError::NotAllowed { .. })));
        assert!(!dir.join("null").exists());
    });
}

#[test]
fn only_devices_are_made_as_devices_and_who_may_not_make_them_is_told() {
    as_ordinary_user(module_path!(), "only_devices_are_made_as_devices_and_who_may_not_make_them_is_told", || {
        let dir = tempfile::tempdir().unwrap();
        let target = open_with(dir.path(), TargetOptions { privileged: true, ..options(Existing::KeepBoth) }, |_| {});
        let null = rustix::fs::makedev(1, 3);
        let refused = target.make_device(&path("null"), ItemKind::CharacterDevice, null, &plain());
        assert!(matches!(refused, Err(TargetError::Refused { .. })), "{refused:?}");
        let wrong = target.make_device(&path("file"), ItemKind::File, 0, &plain());
        assert!(matches!(wrong, Err(TargetError::NotAllowed { .. })), "{wrong:?}");
        assert_eq!(names_below(dir.path()), [] as [String; 0]);
    });
}
