//! A clerk's ZIP exports, backed up and brought back: what was in them comes back byte for byte, and next week's costs what has
//! changed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::backup::BackupOutcome;
use chest_engine::browse::snapshots;
use chest_engine::source::{ArchiveBytes, Source, ZipOptions, ZipSource};
use chest_model::{
    Class, Completeness, ExceptionKind, FileLook, Fingerprint, RootDescription, RootEncoding, Timestamp, TreePath,
    UnreadableReason,
};
use chest_testkit::FailingSource;
use common::{Machine, noise};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    // Without a time it would write the first day of 1980, which tells nothing of an export's age.
    let time = zip::DateTime::from_date_and_time(2026, 11, 20, 9, 30, 0).unwrap();
    let options = SimpleFileOptions::default().compression_method(method).last_modified_time(time);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn description() -> RootDescription {
    RootDescription {
        label: b"OneDrive export".to_vec(),
        native_path: b"/home/clerk/Export.zip".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    }
}

fn source(archives: &[(&str, &[u8])]) -> ZipSource {
    source_of(Class::Documents, archives)
}

fn source_of(class: Class, archives: &[(&str, &[u8])]) -> ZipSource {
    let archives = archives.iter().map(|(name, bytes)| {
        let bytes: Box<dyn ArchiveBytes> = Box::new(bytes.to_vec());
        (name.as_bytes().to_vec(), bytes)
    });
    let description = RootDescription { class, ..description() };
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

/// An archive in a file that counts what is read of it.
struct Counted {
    file: std::fs::File,
    look: FileLook,
    read: Arc<AtomicU64>,
}

impl Counted {
    fn open(path: &Path, read: &Arc<AtomicU64>) -> Self {
        let file = std::fs::File::open(path).unwrap();
        let facts = file.metadata().unwrap();
        let time = |seconds, nanoseconds: i64| Timestamp::new(seconds, u32::try_from(nanoseconds).unwrap());
        let fingerprint = Fingerprint {
            size: facts.len(),
            modified: time(facts.mtime(), facts.mtime_nsec()),
            changed: time(facts.ctime(), facts.ctime_nsec()),
            inode: facts.ino(),
        };
        Self { file, look: FileLook { device: facts.dev(), fingerprint }, read: Arc::clone(read) }
    }
}

impl ArchiveBytes for Counted {
    fn length(&self) -> u64 {
        self.look.fingerprint.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read_at(buffer, offset)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }

    fn look(&self) -> Option<FileLook> {
        Some(self.look)
    }
}

/// Backs the archive up; how much of it was read, and what was recorded of it.
fn back_up_counted(machine: &Machine, path: &Path) -> (u64, BackupOutcome) {
    let read = Arc::default();
    let bytes: Box<dyn ArchiveBytes> = Box::new(Counted::open(path, &read));
    let archives = vec![(b"Export.zip".to_vec(), bytes)];
    let source = ZipSource::of_archives(archives, description(), &ZipOptions::default()).unwrap();
    let saved = machine.backup_of(vec![Box::new(source)]).unwrap();
    (read.load(Ordering::Relaxed), saved)
}

#[test]
fn an_unchanged_export_is_not_read_past_its_directory() {
    let machine = Machine::new();
    let path = machine.folder.path().join("Export.zip");
    let bytes = pack(files().iter(), zip::CompressionMethod::Stored);
    std::fs::write(&path, &bytes).unwrap();
    let hash = Some(*blake3::hash(&bytes).as_bytes());
    let whole = bytes.len() as u64;
    let is_directory_only = |read: u64| read > 0 && read < 100_000;
    let (first, saved) = back_up_counted(&machine, &path);
    assert!(first > 2 * whole, "every member, and once from beginning to end: {first} of {whole}");
    assert_eq!(saved.roots[0].containers[0].hash, hash);
    let (second, saved) = back_up_counted(&machine, &path);
    assert!(is_directory_only(second), "{second} of {whole}");
    assert_eq!((saved.files_read, saved.roots[0].containers[0].hash), (0, hash));
    // Its time alone has changed: it is read for its hash, and nothing is unpacked.
    let earlier = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::new(1_700_000_000, 123_456_789);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(earlier).unwrap();
    let (touched, saved) = back_up_counted(&machine, &path);
    assert!(touched > whole && touched < whole + 100_000, "{touched} of {whole}");
    assert_eq!((saved.files_read, saved.roots[0].containers[0].hash), (0, hash));
    // What is kept may be lost or damaged: the file is read.
    let kept = gather(&machine.folder.path().join("cache"), "hashes");
    std::fs::write(&kept, b"damaged").unwrap();
    let (damaged, saved) = back_up_counted(&machine, &path);
    assert!(damaged > whole && saved.roots[0].containers[0].hash == hash, "{damaged} of {whole}");
    std::fs::remove_file(&kept).unwrap();
    assert!(back_up_counted(&machine, &path).0 > whole);
    assert!(is_directory_only(back_up_counted(&machine, &path).0));
}

#[test]
fn an_export_that_has_only_just_been_written_is_read_again_next_time() {
    let machine = Machine::new();
    let path = machine.folder.path().join("Export.zip");
    let bytes = pack(files().iter(), zip::CompressionMethod::Stored);
    std::fs::write(&path, &bytes).unwrap();
    let early = back_up_at_its_own_time(&machine, &path);
    assert!(early > bytes.len() as u64);
    assert!(back_up_counted(&machine, &path).0 > bytes.len() as u64, "it may have changed after it was read");
    assert!(back_up_counted(&machine, &path).0 < 100_000);
}

/// The clock stands where the file was written.
fn back_up_at_its_own_time(machine: &Machine, path: &Path) -> u64 {
    machine.environment.set_now(std::fs::metadata(path).unwrap().modified().unwrap().into());
    let read = Arc::default();
    let bytes: Box<dyn ArchiveBytes> = Box::new(Counted::open(path, &read));
    let archives = vec![(b"Export.zip".to_vec(), bytes)];
    let source = ZipSource::of_archives(archives, description(), &ZipOptions::default()).unwrap();
    let sources: Vec<Box<dyn Source>> = vec![Box::new(source)];
    chest_engine::backup::backup(&machine.context(), &sources, &chest_engine::backup::BackupOptions::default())
        .unwrap();
    read.load(Ordering::Relaxed)
}

/// The file of that name, wherever it lies below the folder.
fn gather(folder: &Path, name: &str) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.ends_with(name) => return path,
                false => {}
            }
        }
    }
    panic!("no {name} below {}", folder.display())
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

/// An Outlook data file of the kept corpus, whose messages were sent at [`SENT`].
fn outlook_data_file() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pst/Narrow1")).unwrap()
}

const SENT: i64 = 1_795_168_800;

/// How old mail in an export is, at its first backup and at a second one, which does not unpack it again.
fn ages_of_mail(files: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> [Option<Timestamp>; 2] {
    let machine = Machine::new();
    machine.environment.set_now(Timestamp::new(SENT + 30 * 24 * 3600, 0));
    let files: Files = files.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect();
    let bytes = pack(files.iter(), method);
    [files.len() as u64, 0].map(|read| {
        let source = source_of(Class::Email, &[("Export.zip", &bytes)]);
        assert!(source.newest_content().is_some());
        let saved = machine.backup_of(vec![Box::new(source)]).unwrap();
        assert_eq!((saved.completeness, saved.files_read), (Completeness::Complete, read), "{:?}", saved.exceptions);
        saved.roots[0].newest_content
    })
}

#[test]
fn an_outlook_data_file_in_an_export_is_as_old_as_its_newest_message() {
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let sent = Some(Timestamp::new(SENT, 0));
        assert_eq!(ages_of_mail(&[("Outlook/clerk.pst", outlook_data_file())], method), [sent; 2]);
    }
}

#[test]
fn mail_whose_age_nobody_can_tell_is_not_as_new_as_the_export_that_it_lies_in() {
    let deflated = zip::CompressionMethod::Deflated;
    let mut damaged = outlook_data_file();
    damaged[600..].fill(0);
    for (name, content) in [
        ("clerk.pst", damaged),
        ("draft.eml", b"From: a@b.example\nSubject: not sent\n\nx\n".to_vec()),
        ("clerk.olm", b"of a kind that nobody here can read".to_vec()),
    ] {
        let readme = ("readme.txt", b"made on a Friday".to_vec());
        assert_eq!(ages_of_mail(&[(name, content), readme], deflated), [None; 2], "{name}");
    }
    let calendar = ("calendar.ics", b"BEGIN:VCALENDAR\nEND:VCALENDAR\n".to_vec());
    assert!(ages_of_mail(&[calendar], deflated).iter().all(Option::is_some), "no mail at all");
}
