//! Tests of whole councils on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use mail_parser::MessageParser;
use mail_parser::mailbox::mbox::MessageIterator;
use tempfile::TempDir;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

use super::*;

const MEBIBYTE: u64 = 1 << 20;

/// A council on disk.
struct OnDisk {
    council: Council,
    dir: TempDir,
    written: [Written; 2],
}

impl OnDisk {
    fn write(council: Council) -> Self {
        let dir = TempDir::new().unwrap();
        let documents = council.write_documents(&dir.path().join("documents"), &|_| {}).unwrap();
        let mailboxes = council.write_mailboxes(&dir.path().join("mailboxes"), &|_| {}).unwrap();
        Self { council, dir, written: [documents, mailboxes] }
    }

    fn documents(&self) -> PathBuf {
        self.dir.path().join("documents")
    }

    fn mailboxes(&self) -> PathBuf {
        self.dir.path().join("mailboxes")
    }

    fn week(&self, week: u32) -> Change {
        self.council.week_of_change(week, &self.documents(), &self.mailboxes()).unwrap()
    }

    fn tree(&self) -> BTreeMap<PathBuf, Item> {
        let mut items = BTreeMap::new();
        read_tree(self.dir.path(), self.dir.path(), &mut items);
        // The temporary folder itself is not ours.
        items.remove(Path::new(""));
        items
    }
}

/// What can be seen of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    is_folder: bool,
    length: u64,
    hash: u64,
    modified: std::time::SystemTime,
}

fn read_tree(root: &Path, path: &Path, items: &mut BTreeMap<PathBuf, Item>) {
    let metadata = fs::metadata(path).unwrap();
    let bytes = if metadata.is_dir() { Vec::new() } else { fs::read(path).unwrap() };
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let item = Item {
        is_folder: metadata.is_dir(),
        length: bytes.len() as u64,
        hash: hasher.finish(),
        modified: metadata.modified().unwrap(),
    };
    items.insert(path.strip_prefix(root).unwrap().to_owned(), item);
    if metadata.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| read_tree(root, &entry.unwrap().path(), items));
    }
}

fn files_ending(root: &Path, ending: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut items = BTreeMap::new();
    read_tree(root, root, &mut items);
    items
        .into_keys()
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .map(|path| (path.clone(), fs::read(root.join(&path)).unwrap()))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_council_whatever_the_number_of_threads() {
    let one = OnDisk::write(Council::new(11, 2 * MEBIBYTE).with_threads(1));
    let many = OnDisk::write(Council::new(11, 2 * MEBIBYTE).with_threads(5));
    assert_eq!(one.tree(), many.tree());
    for week in 1..=2 {
        assert_eq!(one.week(week), many.week(week));
        assert_eq!(one.tree(), many.tree(), "after week {week}");
    }
}

#[test]
fn another_seed_gives_another_council() {
    let hashes = |seed| -> BTreeSet<u64> {
        let tree = OnDisk::write(Council::new(seed, 2 * MEBIBYTE)).tree();
        tree.into_values().filter(|item| item.length > 1000).map(|item| item.hash).collect()
    };
    assert!(hashes(1).is_disjoint(&hashes(2)));
}

#[test]
fn the_size_is_what_was_asked_for() {
    for (seed, mebibytes) in [(1, 3), (2, 7), (3, 16)] {
        let on_disk = OnDisk::write(Council::new(seed, mebibytes * MEBIBYTE));
        let items = on_disk.tree();
        let (files, bytes) = items
            .values()
            .filter(|item| !item.is_folder)
            .fold((0, 0), |(files, bytes), item| (files + 1, bytes + item.length));
        let [documents, mail] = on_disk.written;
        assert_eq!((files, bytes), (documents.files + mail.files, documents.bytes + mail.bytes), "seed {seed}");
        let asked = mebibytes * MEBIBYTE;
        assert!(bytes.abs_diff(asked) * 100 < asked * 15, "seed {seed}: {bytes} bytes instead of {asked}");
        let share = documents.bytes * 100 / bytes;
        assert!((60..80).contains(&share), "seed {seed}: {share} % documents");
    }
}

#[test]
fn progress_rises_to_what_was_written() {
    let dir = TempDir::new().unwrap();
    let heard = std::cell::RefCell::new(Vec::new());
    let written =
        Council::new(4, MEBIBYTE).write_mailboxes(dir.path(), &|bytes| heard.borrow_mut().push(bytes)).unwrap();
    let heard = heard.into_inner();
    assert!(heard.is_sorted() && heard.last() == Some(&written.bytes), "{heard:?}");
}

#[test]
fn every_office_file_is_an_archive_of_well_formed_xml() {
    let on_disk = OnDisk::write(Council::new(6, 3 * MEBIBYTE));
    for (ending, main_part) in [("docx", "word/document.xml"), ("xlsx", "xl/workbook.xml")] {
        let files: Vec<_> = files_ending(&on_disk.documents(), ending);
        let files: Vec<_> = files.into_iter().filter(|(path, _)| !path.ends_with("~$lock.docx")).collect();
        assert!(files.len() > 5, "only {} of {ending}", files.len());
        for (path, bytes) in files {
            let mut archive =
                zip::ZipArchive::new(Cursor::new(bytes)).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            assert!(archive.by_name(main_part).is_ok() && archive.by_name("[Content_Types].xml").is_ok(), "{path:?}");
            for index in 0..archive.len() {
                let mut part = archive.by_index(index).unwrap();
                let name = part.name().unwrap().into_owned();
                let mut content = Vec::new();
                part.read_to_end(&mut content).unwrap();
                if !name.ends_with(".jpeg") {
                    assert_well_formed(&content, &format!("{path:?} {name}"));
                }
            }
        }
    }
}

fn assert_well_formed(xml: &[u8], what: &str) {
    let mut reader = quick_xml::Reader::from_reader(xml);
    reader.config_mut().check_end_names = true;
    let mut depth = 0;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Start(start)) => {
                start.attributes().for_each(|attribute| drop(attribute.unwrap()));
                depth += 1;
            }
            Ok(quick_xml::events::Event::End(_)) => depth -= 1,
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("{what}: {error}"),
        }
    }
    assert_eq!(depth, 0, "{what}");
}

#[test]
fn every_relationship_of_an_office_file_leads_to_a_part() {
    let on_disk = OnDisk::write(Council::new(6, 3 * MEBIBYTE));
    let mut followed = 0;
    for (path, bytes) in files_ending(&on_disk.documents(), "docx") {
        let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { continue };
        let mut relationships = String::new();
        archive.by_name("word/_rels/document.xml.rels").unwrap().read_to_string(&mut relationships).unwrap();
        for target in relationships.split("Target=\"").skip(1) {
            let target = target.split('"').next().unwrap();
            assert!(archive.by_name(&format!("word/{target}")).is_ok(), "{path:?}: {target}");
            followed += 1;
        }
    }
    assert!(followed > 50);
}

#[test]
fn every_pdf_loads_and_has_pages() {
    let on_disk = OnDisk::write(Council::new(8, 3 * MEBIBYTE));
    let files = files_ending(&on_disk.documents(), "pdf");
    assert!(files.len() > 10);
    let mut with_text = 0;
    for (path, bytes) in files {
        assert!(bytes.starts_with(b"%PDF-1."), "{path:?}");
        let pdf = lopdf::Document::load_mem(&bytes).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert!(!pdf.get_pages().is_empty() && pdf.trailer.has(b"Root") && pdf.trailer.has(b"Info"), "{path:?}");
        with_text += usize::from(pdf.extract_text(&[1]).is_ok_and(|text| text.contains("Wrenlow-under-Edge")));
    }
    assert!(with_text > 5, "only {with_text} with text");
}

#[test]
fn every_photograph_decodes() {
    let on_disk = OnDisk::write(Council::new(9, 2 * MEBIBYTE));
    let files = files_ending(&on_disk.documents(), "jpg");
    assert!(files.len() > 5);
    for (path, bytes) in files {
        let pixels =
            JpegDecoder::new(ZCursor::new(&bytes)).decode().unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert!(pixels.len() > bytes.len(), "{path:?}");
    }
}

#[test]
fn the_folder_has_what_real_folders_have() {
    let on_disk = OnDisk::write(Council::new(12, 6 * MEBIBYTE));
    let tree = on_disk.tree();
    let paths: Vec<String> = tree.keys().map(|path| path.to_str().unwrap().to_owned()).collect();
    for expected in
        ["Thumbs.db", "desktop.ini", "~$lock.docx", "Copy of Policies", "Cash book.xlsx", "Burial register.xlsx"]
    {
        assert!(paths.iter().any(|path| path.contains(expected)), "no {expected}");
    }
    for letter in ["&", "'", "ê", "–"] {
        assert!(paths.iter().any(|path| path.contains(letter)), "no name with {letter}");
    }
    assert!(tree.values().any(|item| !item.is_folder && item.length == 0), "no empty file");
    let is_empty = |folder: &str| paths.iter().all(|path| !path.starts_with(&format!("{folder}/")));
    assert!(tree.iter().any(|(path, item)| item.is_folder && is_empty(path.to_str().unwrap())), "no empty folder");
    let large: Vec<u64> = tree.values().filter(|item| item.length > 1000).map(|item| item.hash).collect();
    let different: BTreeSet<u64> = large.iter().copied().collect();
    assert!(large.len() - different.len() >= 3, "no duplicates");
}

#[test]
fn nothing_is_newer_than_the_evening_of_its_week() {
    let on_disk = OnDisk::write(Council::new(13, 2 * MEBIBYTE).ending_at(1_800_000_000));
    for week in 0..3 {
        on_disk.week(week);
        let newest = on_disk.tree().into_values().map(|item| item.modified).max().unwrap();
        let newest = newest.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
        let evening = on_disk.council.as_of(week);
        assert!(newest <= evening && newest > evening - 4 * 86_400, "week {week}: {newest} and {evening}");
    }
}

#[test]
fn a_week_changes_what_it_says_and_nothing_else() {
    let on_disk = OnDisk::write(Council::new(14, 3 * MEBIBYTE));
    for week in 1..=4 {
        let before = on_disk.tree();
        let change = on_disk.week(week);
        let mut expected = before.clone();
        let after = on_disk.tree();
        let document = |path: &PathBuf| Path::new("documents").join(path);
        for (from, to) in &change.renamed {
            let item =
                expected.remove(&document(from)).unwrap_or_else(|| panic!("week {week}: {from:?} was not there"));
            assert_eq!(after.get(&document(to)), Some(&item), "week {week}: {to:?}");
            expected.insert(document(to), item);
        }
        for path in &change.deleted {
            assert!(expected.remove(&document(path)).is_some(), "week {week}: {path:?} was not there");
        }
        for path in &change.added {
            assert!(expected.insert(document(path), after[&document(path)].clone()).is_none(), "week {week}: {path:?}");
        }
        for path in &change.modified {
            let old = expected.insert(document(path), after[&document(path)].clone()).unwrap();
            assert_ne!(old.hash, after[&document(path)].hash, "week {week}: {path:?}");
        }
        let mail = |path: &PathBuf| Path::new("mailboxes").join(path);
        for path in change.mail_added.iter().chain(&change.mail_grown) {
            expected.insert(mail(path), after[&mail(path)].clone());
        }
        assert_eq!(files_of(&expected), files_of(&after), "week {week}");
        assert_eq!((change.deleted.len(), change.renamed.len(), change.mail_grown.len()), (1, 2, 3), "week {week}");
        assert!(change.added.iter().any(|path| path.extension().is_some_and(|ending| ending == "jpg")), "week {week}");
        assert!(change.modified.iter().any(|path| path.ends_with("Cash book.xlsx")), "week {week}");
        assert!(change.modified.len() >= 2 && change.mail_added.len() >= 3, "week {week}");
    }
}

fn files_of(tree: &BTreeMap<PathBuf, Item>) -> BTreeMap<PathBuf, Item> {
    tree.iter().filter(|(_, item)| !item.is_folder).map(|(path, item)| (path.clone(), item.clone())).collect()
}

#[test]
fn mailboxes_grow_at_their_end_only() {
    let on_disk = OnDisk::write(Council::new(15, 2 * MEBIBYTE));
    for file in ["clerk.mbox", "chair.mbox", "planning.mbox"] {
        let path = on_disk.mailboxes().join(file);
        let before = fs::read(&path).unwrap();
        let count = |bytes: &[u8]| MessageIterator::new(bytes).filter(|message| message.is_ok()).count();
        assert!(count(&before) > 0, "{file}");
        if file == "clerk.mbox" {
            on_disk.week(1);
            let after = fs::read(&path).unwrap();
            assert!(after.starts_with(&before) && count(&after) >= count(&before) + 3, "{file}");
        }
    }
}

#[test]
fn every_saved_message_parses_and_is_dated_as_its_file_is() {
    let on_disk = OnDisk::write(Council::new(16, 2 * MEBIBYTE));
    on_disk.week(1);
    let files = files_ending(&on_disk.mailboxes(), "eml");
    assert!(files.len() > 5);
    for (path, bytes) in files {
        let message = MessageParser::default().parse(&bytes).unwrap();
        let modified = fs::metadata(on_disk.mailboxes().join(&path)).unwrap().modified().unwrap();
        let modified = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
        assert_eq!(message.date().unwrap().to_timestamp(), modified, "{path:?}");
        assert!(message.message_id().unwrap().ends_with(".example"), "{path:?}");
    }
}

#[test]
fn a_week_without_the_weeks_before_it_is_refused() {
    let on_disk = OnDisk::write(Council::new(17, 2 * MEBIBYTE));
    on_disk.week(1);
    // The same week again would rename what is no longer there.
    let again = on_disk.council.week_of_change(1, &on_disk.documents(), &on_disk.mailboxes());
    assert!(matches!(again, Err(CouncilError::File { .. })), "{again:?}");
}
