//! Which files are taken for exports, and which of a folder of exports is the one.

use super::build::{archive, stored};
use super::*;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

const DAY: u64 = 24 * 3600;

fn export(folder: &Path, name: &str, day: u64) {
    let path = folder.join(name);
    fs::write(&path, archive(&[stored("a", name.as_bytes())])).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs((20_000 + day) * DAY);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn newest(folder: &Path) -> Option<(Vec<String>, usize)> {
    let found = in_folder(folder, &ZipOptions { excludes: Excludes::new(&[], true).unwrap(), ..ZipOptions::default() });
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    found.unwrap().map(|found| (found.newest.iter().map(name).collect(), found.older))
}

#[test]
fn of_a_folder_of_weekly_exports_the_newest_counts_with_all_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    for (name, day) in [
        ("OneDrive_1_13-11-2026.zip", 13),
        ("OneDrive_2_13-11-2026.zip", 14),
        ("OneDrive_10_20-11-2026.zip", 20),
        ("OneDrive_1_20-11-2026.zip", 20),
        ("OneDrive_2_20-11-2026.zip", 21),
        ("OneDrive_1_6-11-2026.zip", 6),
    ] {
        export(folder.path(), name, day);
    }
    let parts = ["OneDrive_1_20-11-2026.zip", "OneDrive_2_20-11-2026.zip", "OneDrive_10_20-11-2026.zip"];
    assert_eq!(newest(folder.path()), Some((parts.map(str::to_owned).to_vec(), 2)));
    fs::write(folder.path().join("desktop.ini"), b"left out anyway").unwrap();
    assert!(newest(folder.path()).is_some());
}

#[test]
fn without_a_day_in_the_name_the_files_own_counts() {
    let folder = tempfile::tempdir().unwrap();
    for (name, day) in [("Export.zip", 1), ("Export (1).zip", 8), ("Export (2).zip", 8)] {
        export(folder.path(), name, day);
    }
    assert_eq!(newest(folder.path()), Some((vec!["Export (1).zip".to_owned(), "Export (2).zip".to_owned()], 1)));
}

#[test]
fn a_folder_that_holds_anything_else_is_a_folder_like_any_other() {
    let with = |make: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        export(folder.path(), "OneDrive_1_20-11-2026.zip", 20);
        make(folder.path());
        newest(folder.path())
    };
    assert!(with(&|_| {}).is_some());
    assert_eq!(with(&|folder| fs::write(folder.join("minutes.txt"), b"x").unwrap()), None);
    assert_eq!(with(&|folder| fs::write(folder.join("page.zip"), b"<html>").unwrap()), None);
    assert_eq!(with(&|folder| fs::create_dir(folder.join("older")).unwrap()), None);
    assert_eq!(with(&|folder| export(folder, "Photographs.zip", 1)), None);
    assert_eq!(newest(tempfile::tempdir().unwrap().path()), None);
    let years = tempfile::tempdir().unwrap();
    export(years.path(), "2019.zip", 1);
    export(years.path(), "2020.zip", 2);
    assert_eq!(newest(years.path()), None);
}

#[test]
fn a_document_is_no_export_though_it_is_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        is_export(&path).unwrap()
    };
    let documents = [stored("_rels/.rels", b"x"), stored("[Content_Types].xml", b"x")];
    assert!(!make("minutes.docx", &archive(&documents)));
    assert!(!make("minutes.odt", &archive(&[stored("mimetype", b"application/vnd.oasis.opendocument.text")])));
    assert!(!make("minutes.txt", b"text") && !make("short", b"PK"));
    assert!(make("export", &archive(&[stored("minutes.docx", b"x")])));
    assert!(make("broken off.ZIP", b"<html>"));
    assert!(!is_export(folder.path()).unwrap());
}
