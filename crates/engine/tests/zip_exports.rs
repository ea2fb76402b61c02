//! A clerk's ZIP exports, backed up and brought back: what was in them comes back byte for byte, and next week's costs what has
//! changed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::backup::BackupOutcome;
use chest_engine::browse::snapshots;
use chest_engine::source::{ArchiveBytes, Source, ZipOptions, ZipSource};
use chest_model::{Class, Completeness, ExceptionKind, RootDescription, RootEncoding, TreePath, UnreadableReason};
use chest_testkit::FailingSource;
use common::{Machine, noise};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use zip::write::SimpleFileOptions;

type Files = BTreeMap<String, Vec<u8>>;

fn files() -> Files {
    let mut files: Files =
        (0..40).map(|number| (format!("Minutes/{number}/minutes of {number}.dat"), noise(number, 20_000))).collect();
    files.insert("Café/large.bin".to_owned(), noise(99, 3_000_000));
    files.insert("text.txt".to_owned(), b"It was RESOLVED to approve the minutes. ".repeat(5000));
    files.insert("empty".to_owned(), Vec::new());
    files
}

/// Packed by a program of others, in this order.
fn pack<'f>(files: impl Iterator<Item = (&'f String, &'f Vec<u8>)>, method: zip::CompressionMethod) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(method);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn source(archives: &[(&str, &[u8])]) -> ZipSource {
    let description = RootDescription {
        label: b"OneDrive export".to_vec(),
        native_path: b"/home/clerk/Export.zip".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    let archives = archives.iter().map(|(name, bytes)| {
        let bytes: Box<dyn ArchiveBytes> = Box::new(bytes.to_vec());
        (name.as_bytes().to_vec(), bytes)
    });
    ZipSource::of_archives(archives.collect(), description, &ZipOptions::default()).unwrap()
}

fn back_up(machine: &Machine, archives: &[(&str, &[u8])]) -> BackupOutcome {
    machine.backup_of(vec![Box::new(source(archives))]).unwrap()
}

fn unpack_to(folder: &Path, files: &Files) {
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

fn assert_same_content(a: &Path, b: &Path) {
    let diff = std::process::Command::new("diff").arg("-r").arg(a).arg(b).output().unwrap();
    assert!(diff.status.success(), "{}", String::from_utf8_lossy(&diff.stdout));
}

#[test]
fn what_was_in_an_export_comes_back_as_a_folder() {
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let machine = Machine::new();
        let files = files();
        let (first, second): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| name.len() % 2 == 0);
        let parts = [pack(first.into_iter(), method), pack(second.into_iter(), method)];
        let saved = back_up(&machine, &[("OneDrive_1.zip", &parts[0]), ("OneDrive_2.zip", &parts[1])]);
        assert_eq!(saved.completeness, Completeness::Complete, "{:?}", saved.exceptions);
        let to = machine.folder.path().join("restored");
        let outcome = machine.restore_to(&to).unwrap();
        assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
        assert!(outcome.notes.is_empty(), "{:?}", outcome.notes);
        unpack_to(&machine.folder.path().join("unpacked"), &files);
        assert_same_content(&machine.folder.path().join("unpacked"), &to.join("OneDrive export"));
    }
}

#[test]
fn the_record_names_the_archives_with_length_hash_and_newest_file() {
    let machine = Machine::new();
    let bytes = pack(files().iter(), zip::CompressionMethod::Deflated);
    let saved = back_up(&machine, &[("Export.zip", &bytes)]);
    assert!(saved.roots[0].newest_content.is_some());
    let opened = machine.open().unwrap();
    let containers = snapshots(&opened).snapshots[0].containers.clone();
    let (label, container) = &containers[0];
    assert_eq!((containers.len(), label.as_slice()), (1, &b"OneDrive export"[..]));
    assert_eq!((container.name.as_slice(), container.size), (&b"Export.zip"[..], bytes.len() as u64));
    assert_eq!(container.hash, Some(*blake3::hash(&bytes).as_bytes()));
    assert_eq!(container.newest, saved.roots[0].newest_content);
    assert_eq!(saved.roots[0].containers, std::slice::from_ref(container));
}

#[test]
fn an_export_shares_its_content_with_the_folder_that_it_was_made_of() {
    let machine = Machine::new();
    unpack_to(&machine.source(), &files());
    let whole = machine.backup().unwrap();
    let bytes = pack(files().iter(), zip::CompressionMethod::Deflated);
    let export = back_up(&machine, &[("Export.zip", &bytes)]);
    assert_eq!(export.files_read, 43);
    assert!(export.bytes_sent * 10 < whole.bytes_sent, "{} of {}", export.bytes_sent, whole.bytes_sent);
}

#[test]
fn of_next_weeks_export_only_what_has_changed_is_unpacked() {
    let machine = Machine::new();
    let mut files = files();
    let first = back_up(&machine, &[("Export.zip", &pack(files.iter(), zip::CompressionMethod::Deflated))]);
    assert_eq!(first.files_read, 43);
    let changed = "Minutes/7/minutes of 7.dat";
    files.insert(changed.to_owned(), noise(1000, 20_000));
    files.insert("Minutes/new.dat".to_owned(), noise(1001, 20_000));
    // The other way round, and packed in another way: nothing is where it was.
    let bytes = pack(files.iter().rev(), zip::CompressionMethod::Stored);
    let counted = Arc::new(FailingSource::new(source(&[("Export (1).zip", &bytes)])));
    let second = machine.backup_of(vec![Box::new(counted.clone())]).unwrap();
    let mut opened: Vec<String> = counted.opened().iter().map(TreePath::to_string).collect();
    opened.sort();
    assert_eq!(opened, [changed, "Minutes/new.dat"]);
    assert_eq!((second.files_read, second.files_unchanged), (2, 42));
    assert!(second.bytes_sent * 5 < first.bytes_sent, "{} after {}", second.bytes_sent, first.bytes_sent);
    let to = machine.folder.path().join("restored");
    machine.restore_to(&to).unwrap();
    unpack_to(&machine.folder.path().join("unpacked"), &files);
    assert_same_content(&machine.folder.path().join("unpacked"), &to.join("OneDrive export"));
}

#[test]
fn a_download_that_broke_off_is_partial_and_what_is_whole_is_kept() {
    let machine = Machine::new();
    let bytes = pack(files().iter(), zip::CompressionMethod::Stored);
    let saved = back_up(&machine, &[("Export.zip", &bytes[..bytes.len() - 400_000])]);
    assert_eq!(saved.completeness, Completeness::Partial);
    assert!(saved.roots[0].files > 10, "{}", saved.roots[0].files);
    let missing = saved.exceptions.iter().find(|one| one.path.to_string() == "(missing part of Export.zip)").unwrap();
    assert!(missing.message.contains("lost its end"), "{}", missing.message);
    let to = machine.folder.path().join("restored");
    machine.restore_to(&to).unwrap();
    let mut compared = 0;
    for (name, content) in files() {
        if let Ok(restored) = std::fs::read(to.join("OneDrive export").join(name)) {
            assert!(restored == content);
            compared += 1;
        }
    }
    assert_eq!(compared, saved.roots[0].files);
}

#[test]
fn a_damaged_member_is_partial_and_read_again_once_it_is_whole() {
    let machine = Machine::new();
    let bytes = pack(files().iter(), zip::CompressionMethod::Stored);
    let content = &files()["Minutes/3/minutes of 3.dat"];
    let at = bytes.windows(64).position(|window| *window == content[..64]).unwrap();
    let mut damaged = bytes.clone();
    damaged[at + 5000] ^= 1;
    let saved = back_up(&machine, &[("Export.zip", &damaged)]);
    assert_eq!(saved.completeness, Completeness::Partial);
    assert_eq!(
        (saved.exceptions.len(), saved.exceptions[0].kind),
        (1, ExceptionKind::Unreadable(UnreadableReason::ReadError))
    );
    let again = back_up(&machine, &[("Export.zip", &bytes)]);
    assert_eq!((again.completeness, again.files_read), (Completeness::Complete, 1));
    assert!(source(&[("Export.zip", &bytes)]).newest_content().is_some());
}
