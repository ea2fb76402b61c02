//! One name twice: the same file is one, and of different files none is lost.

use super::build::{DOS, Made, archive, deflated, stored};
use super::*;
use std::collections::HashMap;

#[test]
fn the_parts_of_an_export_are_one_tree_and_what_is_in_two_of_them_is_one_file() {
    let first =
        archive(&[deflated("Minutes/May.txt", b"may"), stored("both.txt", b"the same"), stored("Minutes/", b"")]);
    let second =
        archive(&[deflated("both.txt", b"the same"), stored("Minutes/June.txt", b"june"), stored("Minutes/", b"")]);
    let source = open(&[("OneDrive_1.zip", first), ("OneDrive_2.zip", second)]);
    assert_eq!(paths(&source), ["", "Minutes", "Minutes/June.txt", "Minutes/May.txt", "both.txt"]);
    assert_eq!(source.notes(), []);
    assert_eq!(source.containers(&NoneKnown).len(), 2);
}

#[test]
fn different_files_of_one_name_lie_side_by_side_and_are_told() {
    let first = archive(&[stored("plan.docx", b"one"), stored("plan.docx", b"two"), stored("plan.docx", b"one")]);
    let second = archive(&[stored("plan.docx", b"three"), stored("plan (3 in B.zip).docx", b"in the way")]);
    let source = open(&[("A.zip", first), ("B.zip", second)]);
    let (whole, _) = whole_and_not(&source);
    assert_eq!(whole.len(), 4);
    assert_eq!(whole["plan.docx"], b"one");
    assert_eq!(whole["plan (2 in A.zip).docx"], b"two");
    assert_eq!(whole["plan (3 in B.zip).docx"], b"in the way");
    assert_eq!(whole["plan (4 in B.zip).docx"], b"three");
    let beside = |stored_as: &str| ZipNote::Beside { path: path("plan.docx"), stored_as: path(stored_as) };
    assert_eq!(source.notes(), [beside("plan (2 in A.zip).docx"), beside("plan (4 in B.zip).docx")]);
}

#[test]
fn of_different_files_of_one_name_the_newest_keeps_it_whatever_order_the_archives_come_in() {
    let one_with = |text: &[u8]| archive(&[stored("plan.docx", text)]);
    for (old, new) in [
        ("OneDrive_2026-11-14.zip", "OneDrive_2026-11-14 (1).zip"),
        ("OneDrive_2_14-11-2026.zip", "OneDrive_1_21-11-2026.zip"),
        ("OneDrive_9_14-11-2026.zip", "OneDrive_10_14-11-2026.zip"),
        ("D-20261114T093000Z-002.zip", "D-20261114T150000Z-001.zip"),
    ] {
        for turned in [false, true] {
            let mut archives = [(old, one_with(b"old")), (new, one_with(b"new"))];
            if turned {
                archives.reverse();
            }
            let (whole, _) = whole_and_not(&open(&archives));
            let beside = format!("plan (2 in {old}).docx");
            assert_eq!((&whole["plan.docx"], &whole[&beside]), (&b"new".to_vec(), &b"old".to_vec()), "{old} {new}");
        }
    }
    // Where the names tell nothing, and within one archive, the files' own times do.
    let later = Made { dos: (DOS.0 + 1, 0), ..stored("plan.docx", b"new") };
    for members in [[stored("plan.docx", b"old"), later.clone()], [later.clone(), stored("plan.docx", b"old")]] {
        assert_eq!(read(&open_one(archive(&members)), "plan.docx").unwrap(), b"new");
        let [first, second] = members.map(|member| archive(&[member]));
        let two = open(&[("D-20261114T093000Z-001.zip", first), ("D-20261114T093000Z-002.zip", second)]);
        assert_eq!(read(&two, "plan.docx").unwrap(), b"new");
    }
}

#[test]
fn a_file_and_a_folder_of_one_name_are_both_there() {
    let source =
        open_one(archive(&[stored("a", b"file"), stored("a/b", b"inner"), stored("c/", b""), stored("c", b"other")]));
    let (whole, _) = whole_and_not(&source);
    assert_eq!(whole["a (2 in Export.zip)"], b"file");
    assert_eq!(whole["a/b"], b"inner");
    assert_eq!(whole["c (2 in Export.zip)"], b"other");
    assert_eq!(item(&source, "c").kind, ItemKind::Directory);
}

#[test]
fn files_of_one_name_and_one_checksum_are_compared_by_their_bytes() {
    let mut seen: HashMap<u32, u64> = HashMap::new();
    let bytes = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    let (one, other) = (0..)
        .find_map(|number| {
            seen.insert(crc32fast::hash(&bytes(number)), number).map(|earlier| (bytes(earlier), bytes(number)))
        })
        .unwrap();
    assert_eq!(crc32fast::hash(&one), crc32fast::hash(&other));
    let source = open_one(archive(&[stored("a", &one), stored("a", &other)]));
    assert_eq!(read(&source, "a").unwrap(), one);
    assert_eq!(read(&source, "a (2 in Export.zip)").unwrap(), other);
}

#[test]
fn a_damaged_copy_does_not_hide_behind_a_good_one() {
    let damaged = Made { crc: Some(crc32fast::hash(b"good")), ..stored("a", b"evil") };
    let source = open(&[("A.zip", archive(&[damaged])), ("B.zip", archive(&[stored("a", b"good")]))]);
    let (whole, not) = whole_and_not(&source);
    assert_eq!(whole["a (2 in B.zip)"], b"good");
    assert_eq!(not.keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn an_archive_that_is_none_is_told_beside_the_others_and_alone_is_no_source() {
    let good = archive(&[stored("a", b"1")]);
    let source = open(&[("A.zip", good), ("B.zip", b"<html>please sign in</html>".to_vec())]);
    assert!(why(&source, "(all of B.zip)").starts_with("it is a web page and no ZIP file"));
    assert_eq!(read(&source, "a").unwrap(), b"1");
    let alone = try_open(&[("B.zip", Vec::new())], &ZipOptions::default());
    assert!(matches!(alone, Err(SourceError::NoExport { .. })));
}

#[test]
fn what_stands_for_a_missing_part_takes_no_files_name() {
    let good = archive(&[stored("(all of B.zip)", b"1"), stored("(all of B.zip) (2 in all)/x", b"2")]);
    let source = open(&[("A.zip", good), ("B.zip", Vec::new()), ("B.zip", Vec::new())]);
    let (whole, not) = whole_and_not(&source);
    assert_eq!((whole.len(), not.len()), (2, 2), "{not:?}");
}
