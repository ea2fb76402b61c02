//! Downloads that broke off, and bytes that flipped.

use super::build::{Made, archive, deflated, stored};
use super::*;

fn members() -> Vec<Made> {
    // A document is an archive itself, with headers and lengths of its own.
    let document = archive(&[Made { follows: true, ..stored("word/document.xml", b"<xml/>") }, stored("b", b"inner")]);
    vec![
        deflated("a.txt", &b"minutes ".repeat(50)),
        Made { follows: true, ..stored("b.docx", &document) },
        stored("Folder/", b""),
        Made { follows: true, ..stored("Folder/Empty/", b"") },
        Made { follows: true, ..deflated("Folder/Empty too/", b"") },
        Made { follows: true, ..deflated("Folder/c.txt", &b"agenda ".repeat(40)) },
        stored("d.txt", b"last"),
    ]
}

fn contents() -> BTreeMap<String, Vec<u8>> {
    let files = members().into_iter().filter(|made| !made.name.ends_with(b"/"));
    files.map(|made| (String::from_utf8(made.name).unwrap(), made.data)).collect()
}

#[test]
fn a_folder_of_which_the_directory_says_nonsense_is_a_folder_all_the_same() {
    let mut bytes = archive(&[stored("d/x", b"minutes"), stored("d/", b"")]);
    let of_the_folder = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    // As if it began where the file begins.
    bytes[of_the_folder + 42..of_the_folder + 46].fill(0);
    let source = open_one(bytes);
    assert_eq!(item(&source, "d").kind, ItemKind::Directory);
    assert_eq!(whole_and_not(&source).0["d/x"], b"minutes");
}

#[test]
fn of_an_archive_cut_anywhere_what_is_whole_is_read_and_the_rest_is_told() {
    let bytes = archive(&members());
    let mut most = 0;
    for length in 0..bytes.len() {
        let opened = try_open(&[("Export.zip", bytes[..length].to_vec())], &ZipOptions::default());
        let Ok(source) = opened else {
            assert!(length < 4, "{length}");
            continue;
        };
        let (whole, not) = whole_and_not(&source);
        let is_told = |what: &str| not.contains_key(&format!("({what} of Export.zip)"));
        assert!(is_told("missing part") || whole.is_empty() && is_told("all"), "{length}: {not:?}");
        assert!(whole.iter().all(|(name, bytes)| contents()[name] == *bytes), "{length}");
        assert!(whole.len() >= most, "{length}: {whole:?}");
        most = whole.len();
    }
    assert_eq!(most, contents().len());
}

/// The descriptors behind the data, without their signatures.
fn unsigned(mut bytes: Vec<u8>) -> Vec<u8> {
    while let Some(at) = bytes.windows(4).position(|four| four == b"PK\x07\x08") {
        bytes.drain(at..at + 4);
    }
    bytes
}

#[test]
fn of_a_download_that_broke_off_files_are_whole_whose_lengths_follow_without_a_signature() {
    let text = b"file of minutes ".repeat(1000);
    let made = |number: u8| match number % 2 {
        0 => Made { follows: true, ..deflated(&format!("{number}"), &text[usize::from(number)..]) },
        // With what looks like another member in it, and like lengths before that.
        _ => {
            let inner =
                [&text[..100], &[0; 4], &100_u32.to_le_bytes(), &100_u32.to_le_bytes(), b"PK\x03\x04", &text].concat();
            Made { follows: true, ..stored(&format!("{number}"), &inner) }
        }
    };
    let members: Vec<Made> = (0..6).map(made).collect();
    let bytes = unsigned(archive(&members));
    let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let (whole, not) = whole_and_not(&open_one(bytes[..directory + 10].to_vec()));
    assert_eq!((whole.len(), not.len()), (6, 1), "{not:?}");
    members.iter().for_each(|made| assert!(whole[std::str::from_utf8(&made.name).unwrap()] == made.data));
}

#[test]
fn a_file_with_another_checksum_is_never_given_to_its_end() {
    let text = b"minutes of the meeting".repeat(10_000);
    for made in [stored("a", &text), deflated("a", &text), stored("a", b""), deflated("a", b"")] {
        let source = open_one(archive(&[Made { crc: Some(12345), ..made.clone() }]));
        assert!(why(&source, "a").contains("checksum"));
        for bite in [1, 7, 64 << 10, 1 << 20] {
            let mut content = source.open(&item(&source, "a")).unwrap();
            let (mut buffer, mut given) = (vec![0; bite], 0);
            let failed = loop {
                match content.read(&mut buffer) {
                    Ok(0) => break false,
                    Ok(length) => given += length,
                    Err(_) => break true,
                }
            };
            assert!(failed && (given < text.len() || made.data.is_empty()), "{bite}");
        }
    }
}

/// Whatever bit flips: what is read is right, and what is not read is told.
#[test]
fn of_an_archive_with_any_bit_flipped_nothing_is_wrong_or_dropped_without_a_word() {
    let intact = archive(&members());
    let expected: Vec<Vec<u8>> = contents().into_values().collect();
    for bit in 0..intact.len() * 8 {
        let mut bytes = intact.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(source) = try_open(&[("Export.zip", bytes)], &ZipOptions::default()) else { continue };
        let (whole, not) = whole_and_not(&source);
        let links = items(&source).iter().filter(|item| matches!(item.kind, ItemKind::Symlink { .. })).count();
        // A folder can turn into a file with nothing in it: only its last slash says that it is one.
        let is_right = |bytes: &Vec<u8>| bytes.is_empty() || expected.contains(bytes);
        assert!(whole.values().all(is_right), "bit {bit}: {whole:?}");
        assert!(whole.len() + not.len() + links >= expected.len(), "bit {bit}: {whole:?} {not:?}");
    }
}

#[test]
fn an_archive_that_became_shorter_while_it_was_read_fails_where_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Export.zip");
    std::fs::write(&file, archive(&[stored("a", &[7; 5000])])).unwrap();
    let source = ZipSource::open(std::slice::from_ref(&file), description(), &ZipOptions::default()).unwrap();
    std::fs::File::options().write(true).open(&file).unwrap().set_len(1000).unwrap();
    assert!(why(&source, "a").contains("shorter"));
    assert!(matches!(
        ZipSource::open(&[folder.path().join("none.zip")], description(), &ZipOptions::default()),
        Err(SourceError::NotFound { .. })
    ));
}
