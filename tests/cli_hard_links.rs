//! Files with several names come back as what they were: of each root by itself, whatever else is restored with it.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use std::fs;
use std::os::unix::fs::MetadataExt;

fn inode(office: &Office, name: &str) -> u64 {
    fs::symlink_metadata(office.path(name)).unwrap().ino()
}

fn linked(office: &Office, first: &str, content: &str, others: &[&str]) {
    office.write(first, content);
    for other in others {
        fs::hard_link(office.path(first), office.path(other)).unwrap();
    }
}

#[test]
fn names_of_one_file_in_one_root_are_not_taken_for_names_of_another_in_the_next() {
    let office = Office::new();
    linked(&office, "a/q", "I am A", &["a/z"]);
    linked(&office, "b/q", "I am B, quite different", &["b/z"]);
    // One name lies outside what is backed up.
    linked(&office, "old/minutes.txt", "old version", &["outside-1"]);
    linked(&office, "new/minutes.txt", "new version", &["outside-2"]);
    for folder in ["a", "b"] {
        std::os::unix::fs::symlink(folder, office.path(&format!("{folder}/link"))).unwrap();
        fs::hard_link(office.path(&format!("{folder}/link")), office.path(&format!("{folder}/link2"))).unwrap();
    }
    office.run(["backup", "a", "b", "old", "new"]).ended(0);
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    let read = |name: &str| office.read(&format!("out/{name}"));
    assert_eq!([read("a/q"), read("a/z"), read("b/q"), read("b/z")].map(|text| text.len()), [6, 6, 23, 23]);
    assert_eq!([read("old/minutes.txt"), read("new/minutes.txt")], ["old version", "new version"]);
    for folder in ["a", "b"] {
        assert_eq!(inode(&office, &format!("out/{folder}/q")), inode(&office, &format!("out/{folder}/z")));
        assert_eq!(inode(&office, &format!("out/{folder}/link")), inode(&office, &format!("out/{folder}/link2")));
        let target = fs::read_link(office.path(&format!("out/{folder}/link"))).unwrap();
        assert_eq!(target.to_str(), Some(folder));
    }
    assert_ne!(inode(&office, "out/a/q"), inode(&office, "out/b/q"));
    // In place: what is there is as it was, and stays so.
    office.run(["restore", "latest", "--overwrite", "--to", "."]).ended(0);
    assert_eq!(office.read("b/q"), "I am B, quite different");
}

#[test]
fn where_the_first_name_is_left_as_it_is_the_others_are_still_names_of_one_file() {
    let office = Office::new();
    linked(&office, "a/1", "one file of three names", &["a/2", "a/3"]);
    office.run(["backup", "a"]).ended(0);
    office.write("out/a/1", "something of the clerk's own");
    office.run(["restore", "latest", "--skip-existing", "--to", "out"]).ended(0);
    assert_eq!(office.read("out/a/1"), "something of the clerk's own");
    assert_eq!(office.read("out/a/3"), "one file of three names");
    assert_eq!(inode(&office, "out/a/2"), inode(&office, "out/a/3"));
}

#[test]
fn a_path_that_lies_below_another_is_restored_once() {
    let office = Office::with_backup();
    let restored = office.run(["restore", "latest", "docs/Minutes/october.txt", "docs/Minutes", "docs", "--to", "out"]);
    let restored = restored.ended(0);
    assert!(!restored.out.contains("other content"), "{}", restored.out);
    let names: Vec<_> =
        fs::read_dir(office.path("out/docs/Minutes")).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(names, ["october.txt"]);
}

/// Otherwise it would be one file with something that nobody asked about, and a change of one would be a change of both.
#[test]
fn a_file_that_is_known_outside_of_the_target_gets_no_further_name() {
    let office = Office::new();
    linked(&office, "d/same", "one file of three names", &["d/second", "d/third"]);
    std::os::unix::fs::symlink("nowhere", office.path("d/link")).unwrap();
    fs::hard_link(office.path("d/link"), office.path("d/link2")).unwrap();
    office.run(["backup", "d"]).ended(0);
    office.write("out/d/same", "one file of three names");
    fs::hard_link(office.path("out/d/same"), office.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("nowhere", office.path("out/d/link")).unwrap();
    fs::hard_link(office.path("out/d/link"), office.path("link elsewhere")).unwrap();
    let restored = office.run(["restore", "latest", "--to", "out", "--json"]).ended(0).json();
    assert_eq!((&restored["files"], &restored["already_there"]), (&2.into(), &2.into()), "{restored}");
    assert_eq!(inode(&office, "out/d/same"), inode(&office, "elsewhere"));
    assert_ne!(inode(&office, "out/d/second"), inode(&office, "elsewhere"));
    assert_eq!(inode(&office, "out/d/second"), inode(&office, "out/d/third"));
    assert_ne!(inode(&office, "out/d/link2"), inode(&office, "link elsewhere"));
    assert_eq!(fs::metadata(office.path("elsewhere")).unwrap().nlink(), 2);

    // All names that it has are asked for: one that is missing is given back.
    office.run(["restore", "latest", "--to", "new"]).ended(0);
    let first = inode(&office, "new/d/same");
    fs::remove_file(office.path("new/d/third")).unwrap();
    office.run(["restore", "latest", "--to", "new"]).ended(0);
    assert_eq!(inode(&office, "new/d/third"), first);
}

/// Whichever of the two has been changed: the other is left, and the changed one becomes a name of it again.
#[test]
fn a_name_that_is_replaced_is_a_name_of_the_same_file_again() {
    let office = Office::new();
    linked(&office, "d/1", "one file of two names", &["d/2"]);
    office.run(["backup", "d"]).ended(0);
    for (changed, left) in [("1", "2"), ("2", "1")] {
        for now in ["one file of 2 names!!", "another length"] {
            fs::remove_file(office.path(&format!("d/{changed}"))).unwrap();
            office.write(&format!("d/{changed}"), now);
            let there = inode(&office, &format!("d/{left}"));
            let restored = office.run(["restore", "latest", "--overwrite", "--to", ".", "--json"]).ended(0).json();
            assert_eq!(
                (&restored["files"], &restored["already_there"]),
                (&1.into(), &1.into()),
                "{changed}: {restored}"
            );
            assert_eq!(office.read(&format!("d/{changed}")), "one file of two names");
            assert_eq!([inode(&office, "d/1"), inode(&office, "d/2")], [there; 2], "{changed}, {now}");
        }
    }
    // One that is gone comes back as a name of the one that is there.
    let there = inode(&office, "d/2");
    fs::remove_file(office.path("d/1")).unwrap();
    office.run(["restore", "latest", "--to", "."]).ended(0);
    assert_eq!(inode(&office, "d/1"), there);
}

#[test]
fn a_further_name_whose_content_is_there_already_is_left_as_it_is() {
    let office = Office::new();
    linked(&office, "d/1", "one file of two names", &["d/2"]);
    office.run(["backup", "d"]).ended(0);
    office.write("out/d/2", "one file of two names");
    let there = inode(&office, "out/d/2");
    let restored = office.run(["restore", "latest", "--to", "out", "--json"]).ended(0).json();
    assert_eq!((&restored["files"], &restored["already_there"]), (&1.into(), &1.into()), "{restored}");
    assert_eq!(inode(&office, "out/d/2"), there);
    assert_eq!(fs::read_dir(office.path("out/d")).unwrap().count(), 2);
}
