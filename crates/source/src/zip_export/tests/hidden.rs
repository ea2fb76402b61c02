//! Files that an archive's directory does not name: found, or told.

use super::build::{Made, archive, archive_hiding, deflated, end_record, stored, with_comment};
use super::*;

fn members() -> Vec<Made> {
    vec![
        stored("first.txt", b"first"),
        Made { follows: true, ..deflated("second.txt", &b"second ".repeat(50)) },
        stored("third.txt", b"third"),
    ]
}

const MISSING: &str = "(missing part of Export.zip)";

/// All three are there, and whether anything is said to be missing.
fn all_of_three(bytes: Vec<u8>) -> Option<String> {
    let (whole, mut not) = whole_and_not(&open_one(bytes));
    assert_eq!(whole.keys().collect::<Vec<_>>(), ["first.txt", "second.txt", "third.txt"]);
    let missing = not.remove(MISSING).map(|failure| failure.message);
    assert!(not.is_empty(), "{not:?}");
    missing
}

#[test]
fn an_end_without_members_in_a_comment_hides_nothing() {
    let whole = archive(&members());
    let length = whole.len() as u32;
    for start in [0, length - 22, length, length + 22] {
        for text in [&b""[..], b"a comment "] {
            let comment = [text, &end_record(0, 0, start)].concat();
            assert_eq!(all_of_three(with_comment(whole.clone(), &comment)), None, "{start}");
        }
    }
    // The true end is damaged, and only the made-up one is left.
    let mut bytes = with_comment(whole, &end_record(0, 0, 0));
    let at = bytes.len() - 44;
    bytes[at + 10] = 9;
    assert!(all_of_three(bytes).unwrap().contains("does not name everything that lies in it"));
}

#[test]
fn a_member_that_the_directory_leaves_out_is_found_and_the_archive_is_not_whole() {
    for hidden in 0..3 {
        let said = all_of_three(archive_hiding(&members(), hidden)).unwrap();
        assert!(said.contains("does not name everything that lies in it"), "{hidden}: {said}");
    }
    // Behind one whose own header leaves as much room as the hidden one takes.
    let mut bytes = archive(&[stored("a.txt", b"aaaa")]);
    let hidden = archive(&[stored("secret", b"hidden text")])[..47].to_vec();
    let member_end = 30 + 5 + 4;
    bytes[28] = 47;
    bytes.splice(35..35, [&[0x99, 0x99, 43, 0][..], &[0; 43]].concat());
    let second = archive(&[stored("b.txt", b"bbbb")]);
    let (first_end, second_end) = (member_end + 47, 30 + 5 + 4);
    let directories = [&bytes[first_end..bytes.len() - 22], &second[second_end..second.len() - 22]].concat();
    let mut directories = directories;
    let second_record = directories.len() / 2;
    directories[second_record + 42..second_record + 46].copy_from_slice(&(first_end as u32).to_le_bytes());
    let start = (first_end + second_end + hidden.len()) as u32;
    let end = end_record(2, directories.len() as u32, start);
    let made = [&bytes[..first_end], &second[..second_end], &hidden, &directories, &end].concat();
    let (whole, not) = whole_and_not(&open_one(made));
    assert_eq!(whole.keys().collect::<Vec<_>>(), ["a.txt", "b.txt", "secret"], "{not:?}");
    assert!(not.contains_key(MISSING));
    // Between many whose headers leave as much room as it takes, the room alone tells nothing.
    let padded: Vec<Made> = (0..40).map(|number| deflated(&format!("{number:02}"), b"x")).collect();
    let (whole, not) = whole_and_not(&open_one(archive_hiding(&padded, 17)));
    assert_eq!((whole.len(), not.len()), (40, 1));
}

#[test]
fn a_second_archive_behind_or_before_the_first_is_found() {
    let other = archive(&[stored("other.txt", b"other")]);
    let behind = [archive(&members()), other.clone()].concat();
    let before = [other.clone(), archive(&members())].concat();
    // The second one with positions as they are in the file.
    let mut adapted = behind.clone();
    let (first_len, end) = (behind.len() - other.len(), adapted.len() - 22);
    let directory = first_len + 30 + 9 + 5;
    adapted[end + 16..end + 20].copy_from_slice(&(directory as u32).to_le_bytes());
    adapted[directory + 42..directory + 46].copy_from_slice(&(first_len as u32).to_le_bytes());
    for bytes in [behind, before, adapted] {
        let (whole, not) = whole_and_not(&open_one(bytes));
        assert_eq!(whole.keys().collect::<Vec<_>>(), ["first.txt", "other.txt", "second.txt", "third.txt"]);
        assert_eq!(not.keys().collect::<Vec<_>>(), [MISSING]);
    }
    // Where both are built alike, the second one's end leads to the first one's directory.
    let alike = ["a", "b"].map(|name| archive(&[stored(name, name.as_bytes())])).concat();
    let (whole, not) = whole_and_not(&open_one(alike));
    assert_eq!((whole.keys().cloned().collect::<String>(), not.len()), ("ab".to_owned(), 1));
    // Some letters or zeros behind the end are no archive.
    for rest in [&b"\r\n"[..], &[0; 2000]] {
        assert_eq!(all_of_three([&archive(&members())[..], rest].concat()), None);
    }
}

#[test]
fn of_two_directories_that_each_account_for_everything_both_are_read_and_it_is_told() {
    // One member whose bytes are those of two, or two: both directories leave no byte unnamed.
    let two = [stored("a", b"1"), stored("b", b"2")];
    let bytes = archive(&two);
    let members_end = bytes.len() - 22 - 2 * 47;
    let inner = &bytes[31..members_end];
    let one = archive(&[stored("a", inner)]);
    let mut directory = one[one.len() - 22 - 47..one.len() - 22].to_vec();
    // In its own header `a` is as short as the first directory has it.
    directory[42..46].copy_from_slice(&[0; 4]);
    let start = bytes.len() as u32;
    let comment = [&directory[..], &end_record(1, directory.len() as u32, start)].concat();
    let source = open_one(with_comment(bytes, &comment));
    let (whole, not) = whole_and_not(&source);
    assert_eq!((whole.get("a"), whole.get("b")), (Some(&b"1".to_vec()), Some(&b"2".to_vec())), "{not:?}");
    assert_eq!(whole.len() + not.len(), 3, "{whole:?} {not:?}");
    assert!(not.contains_key(MISSING));
}

#[test]
fn what_unpacks_itself_and_what_is_padded_is_whole() {
    for front in [&b"MZ a program"[..], b"#!/bin/sh\nexit 1\n", b"PK00"] {
        assert_eq!(all_of_three([front, &archive(&members())].concat()), None);
    }
    // Extra fields in the members' own headers, as every program writes them.
    let mut out = Vec::new();
    {
        use std::io::Write;
        let options = zip::write::SimpleFileOptions::default().large_file(true).with_alignment(4096);
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(&mut out));
        for member in members() {
            writer.start_file(String::from_utf8(member.name).unwrap(), options).unwrap();
            writer.write_all(&member.data).unwrap();
        }
        writer.finish().unwrap();
    }
    assert_eq!(all_of_three(out), None);
}
