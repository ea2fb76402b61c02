//! What members may be called.

use super::build::{Made, UNIX, UTF_8, archive, field, stored};
use super::*;

#[test]
fn names_are_read_in_the_character_set_that_they_were_written_in() {
    let raw = |name: &[u8], flags: u16| Made { name: name.to_vec(), flags, ..stored("", b"x") };
    let unicode = |claimed: &[u8], name: &str| {
        let bytes = [&[1][..], &crc32fast::hash(claimed).to_le_bytes(), name.as_bytes()].concat();
        Made { extra: field(0x7075, &bytes), ..raw(b"old", 0) }
    };
    let source = open_one(archive(&[
        raw("Café.txt".as_bytes(), UTF_8),
        raw(b"caf\x82.txt", 0),
        raw("Llanfair Café.txt".as_bytes(), 0),
        Made { made_by: UNIX, ..raw(b"caf\xe9 on Unix.txt", 0) },
        raw(b"not \xff UTF-8", UTF_8),
        unicode(b"old", "Ŵyl.txt"),
        unicode(b"another name", "never.txt"),
    ]));
    let found: Vec<Vec<u8>> = items(&source).iter().skip(1).map(|item| item.path.as_bytes().to_vec()).collect();
    let mut expected: Vec<Vec<u8>> = vec![
        "Café.txt".into(),
        "café.txt".into(),
        "Llanfair Café.txt".into(),
        b"caf\xe9 on Unix.txt".to_vec(),
        b"not \xff UTF-8".to_vec(),
        "Ŵyl.txt".into(),
        b"old".to_vec(),
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(source.notes(), []);
}

#[test]
fn a_backslash_parts_names_of_windows_and_is_a_letter_on_unix() {
    let source = open_one(archive(&[
        stored(r"Minutes\May.txt", b"windows"),
        Made { made_by: UNIX, ..stored(r"odd\name.txt", b"unix") },
        stored(r"Folder\", b""),
    ]));
    assert_eq!(read(&source, "Minutes/May.txt").unwrap(), b"windows");
    assert_eq!(read(&source, r"odd\name.txt").unwrap(), b"unix");
    assert_eq!(item(&source, "Folder").kind, ItemKind::Directory);
}

#[test]
fn hostile_names_stay_below_the_root_are_told_and_none_is_dropped() {
    let names =
        ["../../etc/passwd", "/etc/passwd", r"C:\Windows\x", r"..\x", "a//b", "./c", "nul\0byte", "CON.txt", "dot. "];
    let members: Vec<Made> = names.iter().map(|name| stored(name, name.as_bytes())).collect();
    let source = open_one(archive(&members));
    let (whole, not) = whole_and_not(&source);
    assert!(not.is_empty(), "{not:?}");
    let mut contents: Vec<Vec<u8>> = whole.values().cloned().collect();
    contents.sort();
    let mut expected: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    expected.sort();
    assert_eq!(contents, expected);
    let escaped: Vec<String> = source
        .notes()
        .iter()
        .map(|note| match note {
            ZipNote::Escaped { stored_as, .. } => stored_as.to_string(),
            ZipNote::Beside { .. } => panic!("{note:?}"),
        })
        .collect();
    let told = ["%!%2E%2E/%!%2E%2E/etc/passwd", "%!/etc/passwd", "%!%2E%2E/x", "a/%!/b", "%!%2E/c", "%!nul%00byte"];
    assert_eq!(escaped, told);
    assert_eq!(whole["C:/Windows/x"], br"C:\Windows\x");
}

#[test]
fn a_name_that_no_tree_can_hold_is_an_item_that_says_so() {
    let deep = "d/".repeat(300) + "x";
    let source = open_one(archive(&[stored(&deep, b"1"), stored(&"x".repeat(50_000), b"2"), stored("kept", b"3")]));
    let (whole, not) = whole_and_not(&source);
    assert_eq!((whole.len(), not.len()), (1, 2), "{not:?}");
    assert!(not.values().all(|failure| failure.message.starts_with("its name cannot be kept: ")));
}
