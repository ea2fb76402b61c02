//! What the user already has: kept, replaced or left, as asked, and never lost.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use super::*;

const LABEL: &str = " (restored 21 November 2026)";

fn content(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}

#[test]
fn an_existing_file_is_kept_and_the_restored_one_is_written_beside_it() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        std::fs::write(dir.join("a.tar.gz"), "the user's").unwrap();
        let placed = restore(target, &path("a.tar.gz"), b"restored").unwrap();
        assert_eq!((placed.path, placed.how), (path(&format!("a{LABEL}.tar.gz")), Placement::Beside));
        let placed = restore(target, &path("a.tar.gz"), b"again").unwrap();
        assert_eq!(placed.path, path(&format!("a{LABEL} (2).tar.gz")));
        assert_eq!(content(dir, "a.tar.gz"), "the user's");
        assert_eq!(content(dir, &format!("a{LABEL}.tar.gz")), "restored");
        assert_eq!(content(dir, &format!("a{LABEL} (2).tar.gz")), "again");
    });
}

#[test]
fn a_free_name_is_used_as_it_is() {
    for existing in [Existing::KeepBoth, Existing::Overwrite, Existing::Skip] {
        in_every_way(existing, |target, dir| {
            let placed = restore(target, &path("a"), b"restored").unwrap();
            assert_eq!((placed.path, placed.how, placed.notes), (path("a"), Placement::AsNamed, vec![]));
            assert_eq!(names_below(dir), ["a"]);
            assert_eq!(target.existing(&path("a")).unwrap().map(|item| item.identity), placed.identity);
        });
    }
}

#[test]
fn an_existing_file_is_replaced_only_when_asked_and_in_one_step() {
    in_every_way(Existing::Overwrite, |target, dir| {
        std::fs::write(dir.join("a"), "the user's").unwrap();
        let open_before = std::fs::File::open(dir.join("a")).unwrap();
        let placed = restore(target, &path("a"), b"restored").unwrap();
        assert_eq!((placed.path, placed.how), (path("a"), Placement::Overwrote));
        assert_eq!(content(dir, "a"), "restored");
        assert_eq!(std::io::read_to_string(open_before).unwrap(), "the user's");
        assert_eq!(names_below(dir), ["a"]);
    });
}

#[test]
fn an_existing_file_is_left_alone_when_asked() {
    in_every_way(Existing::Skip, |target, dir| {
        std::fs::write(dir.join("a"), "the user's").unwrap();
        let placed = restore(target, &path("a"), b"restored").unwrap();
        assert_eq!((placed.path, placed.how, placed.identity), (path("a"), Placement::Skipped, None));
        assert_eq!(target.make_symlink(&path("a"), b"b", &plain()).unwrap().how, Placement::Skipped);
        assert_eq!((content(dir, "a").as_str(), names_below(dir)), ("the user's", vec!["a".to_owned()]));
    });
}

#[test]
fn a_folder_is_never_replaced_by_anything_else() {
    in_every_way(Existing::Overwrite, |target, dir| {
        // An empty folder, too, is something that the user made.
        std::fs::create_dir(dir.join("a")).unwrap();
        assert_eq!(restore(target, &path("a"), b"x").unwrap().path, path(&format!("a{LABEL}")));
        assert_eq!(target.make_symlink(&path("a"), b"b", &plain()).unwrap().path, path(&format!("a{LABEL} (2)")));
        assert_eq!(target.make_fifo(&path("a"), &plain()).unwrap().how, Placement::Beside);
        assert!(dir.join("a").is_dir());
    });
}

#[test]
fn nothing_is_ever_replaced_by_a_folder() {
    in_every_way(Existing::Overwrite, |target, dir| {
        std::fs::write(dir.join("file"), "the user's").unwrap();
        symlink(dir, dir.join("link")).unwrap();
        for name in ["file", "link"] {
            let outcome = target.make_folder(&path(name));
            assert!(matches!(outcome, Err(TargetError::Obstructed { path: at }) if at == path(name)));
        }
        assert_eq!(target.make_folder(&path("new")).unwrap(), Made::Created);
        assert_eq!(target.make_folder(&path("new")).unwrap(), Made::AlreadyThere);
        assert_eq!(target.make_folder(&TreePath::root()).unwrap(), Made::AlreadyThere);
        assert_eq!(content(dir, "file"), "the user's");
    });
}

#[test]
fn a_link_that_is_overwritten_is_replaced_itself_and_not_what_it_points_to() {
    in_every_way(Existing::Overwrite, |target, dir| {
        std::fs::write(dir.join("pointed-to"), "the user's").unwrap();
        symlink("pointed-to", dir.join("a")).unwrap();
        assert_eq!(restore(target, &path("a"), b"restored").unwrap().how, Placement::Overwrote);
        assert_eq!((content(dir, "a").as_str(), content(dir, "pointed-to").as_str()), ("restored", "the user's"));
    });
}

/// The file systems that take `A` and `a` for one name are no different from one that is given the same name twice.
#[test]
fn two_items_of_one_restore_that_land_on_one_name_are_both_there() {
    for existing in [Existing::KeepBoth, Existing::Overwrite] {
        in_every_way(existing, |target, dir| {
            std::fs::write(dir.join("a"), "the user's").unwrap();
            for item in ["first", "second"] {
                restore(target, &path("a"), item.as_bytes()).unwrap();
            }
            target.make_symlink(&path("a"), b"third", &plain()).unwrap();
            let names = names_below(dir);
            let contents: BTreeSet<_> =
                names.iter().filter_map(|name| std::fs::read_to_string(dir.join(name)).ok()).collect();
            assert!(contents.contains("first") && contents.contains("second"), "{contents:?}");
            assert_eq!(contents.contains("the user's"), existing == Existing::KeepBoth);
            assert_eq!(names.iter().filter(|name| dir.join(name).is_symlink()).count(), 1, "{names:?}");
        });
    }
}

#[test]
fn a_file_that_was_found_to_be_as_restored_is_not_replaced_by_a_later_one() {
    in_every_way(Existing::Overwrite, |target, dir| {
        std::fs::write(dir.join("a"), "the same").unwrap();
        let item = target.existing(&path("a")).unwrap().unwrap();
        let kept = target.keep_existing(&path("a"), &item);
        assert_eq!((kept.how, kept.identity), (Placement::AlreadyThere, Some(item.identity)));
        assert_eq!(restore(target, &path("a"), b"another").unwrap().how, Placement::Beside);
        assert_eq!(content(dir, "a"), "the same");
    });
}

#[test]
fn threads_that_want_one_name_at_the_same_time_all_get_one() {
    const EACH: usize = 50;
    for existing in [Existing::KeepBoth, Existing::Overwrite] {
        in_every_way(existing, |target, dir| {
            std::fs::write(dir.join("a.txt"), "the user's").unwrap();
            std::thread::scope(|scope| {
                for thread in 0..4 {
                    scope.spawn(move || {
                        for number in 0..EACH {
                            restore(target, &path("a.txt"), format!("{thread} {number}").as_bytes()).unwrap();
                        }
                    });
                }
            });
            let contents: BTreeSet<_> = names_below(dir).iter().map(|name| content(dir, name)).collect();
            assert_eq!(contents.len(), 4 * EACH + usize::from(existing == Existing::KeepBoth));
        });
    }
}

#[test]
fn a_name_that_is_not_text_and_one_of_full_length_find_a_place_beside() {
    in_every_way(Existing::KeepBoth, |target, _| {
        for name in [b"\xff\x80\n".to_vec(), vec![b'a'; 255], [&[b'b'; 250][..], b".docx"].concat()] {
            let wanted = TreePath::root().child(&name).unwrap();
            assert_eq!(restore(target, &wanted, b"one").unwrap().path, wanted);
            let beside = restore(target, &wanted, b"two").unwrap();
            let item = target.existing(&beside.path).unwrap().unwrap();
            assert!(beside.path != wanted && beside.path.name().unwrap().len() <= 255 && item.size == 3);
        }
    });
}

#[test]
fn a_name_like_those_of_unfinished_files_is_given_to_nothing_that_is_finished() {
    in_every_way(Existing::Overwrite, |target, _| {
        let name = path(".chest-unfinished-00000001-00000001");
        let placed = restore(target, &name, b"kept").unwrap();
        assert_eq!(placed.how, Placement::Beside);
        // Removed here, because the caller looks for names that are left over.
        let item = target.existing(&placed.path).unwrap().unwrap();
        assert_eq!(item.size, 4);
        let folder = target.shared.folders.root();
        rustix::fs::unlinkat(folder.handle(), placed.path.as_bytes(), AtFlags::empty()).unwrap();
    });
}
