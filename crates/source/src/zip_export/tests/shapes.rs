//! Every way in which honest programs write archives.

use super::build::{End, Made, UNIX, archive, archive_ending, deflated, field, stored};
use super::*;
use chest_model::Metadata;

const MINUTES: &[u8] = b"It was RESOLVED to approve the minutes. It was RESOLVED to adjourn.";

fn one_of_everything() -> Vec<Made> {
    vec![
        deflated("Minutes/2026/May.txt", MINUTES),
        stored("Minutes/June.txt", b"stored"),
        Made { follows: true, ..deflated("Minutes/July.txt", &MINUTES.repeat(1000)) },
        Made { follows: true, ..stored("a.txt", b"length follows") },
        stored("empty", b""),
        deflated("empty, packed", b""),
        stored("Empty folder/", b""),
        Made { zip64: true, ..deflated("large.txt", MINUTES) },
    ]
}

#[test]
fn every_promise_of_a_source_is_kept_by_an_archive_with_one_of_everything() {
    let source = try_open(&[("Export.zip", archive(&one_of_everything()))], &ZipOptions::default()).unwrap();
    assert_eq!(contract::check(&source), []);
    let expected =
        ["", "Empty folder", "Minutes", "Minutes/2026", "Minutes/2026/May.txt", "Minutes/July.txt", "Minutes/June.txt"];
    assert_eq!(paths(&source)[..7], expected);
    let (whole, not) = whole_and_not(&source);
    assert!(not.is_empty() && whole.len() == 7, "{not:?}");
    assert_eq!(whole["Minutes/July.txt"], MINUTES.repeat(1000));
    assert_eq!(whole["a.txt"], b"length follows");
}

#[test]
fn zip64_is_read_whatever_its_locator_says_of_disks_and_with_anything_in_front() {
    let plain = whole_and_not(&open_one(archive(&one_of_everything())));
    for disks in [0, 1] {
        let bytes = archive_ending(&one_of_everything(), End { zip64: true, disks, ..End::default() });
        let in_front = [b"a program that unpacks itself", &bytes[..]].concat();
        for bytes in [bytes, in_front] {
            assert_eq!(whole_and_not(&open_one(bytes)), plain);
        }
    }
    let in_front = [b"something".to_vec(), archive(&one_of_everything())].concat();
    assert_eq!(whole_and_not(&open_one(in_front)), plain);
}

/// The last piece of a split archive, of whose members the first one lies in another.
#[test]
fn of_an_archive_in_several_pieces_what_lies_in_the_others_is_told() {
    let mut bytes = archive(&[stored("a.txt", b"a"), stored("b.txt", b"b")]);
    let (end, directory) = (bytes.len() - 22, bytes.len() - 22 - 2 * 51);
    bytes[end + 4] = 1;
    bytes[end + 6] = 1;
    bytes[directory + 51 + 34] = 1;
    let source = open_one(bytes);
    assert!(why(&source, "a.txt").starts_with("it lies in another piece of a ZIP file"));
    assert_eq!(read(&source, "b.txt").unwrap(), b"b");
}

#[test]
fn an_end_that_only_looks_like_one_in_a_comment_is_passed_over() {
    let mut bytes = archive(&one_of_everything());
    let comment = b"PK\x05\x06 is how an archive ends, says the comment of this one".repeat(3);
    let at = bytes.len() - 2;
    bytes[at..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
    bytes.extend_from_slice(&comment);
    assert_eq!(whole_and_not(&open_one(bytes)), whole_and_not(&open_one(archive(&one_of_everything()))));
}

#[test]
fn an_archive_that_holds_nothing_or_only_folders_is_told() {
    let empty = || archive(&[]);
    assert!(why(&open_one(empty()), "(all of Export.zip)").starts_with("the ZIP file holds nothing at all"));
    let folders = || archive(&[stored("Minutes/", b""), stored("Minutes/2026/", b"")]);
    assert!(why(&open_one(folders()), "(all files of Export.zip)").starts_with("the ZIP file holds folders and no"));
    let beside = open(&[("A.zip", archive(&[stored("a", b"1")])), ("B.zip", empty()), ("C.zip", folders())]);
    let (whole, not) = whole_and_not(&beside);
    assert_eq!((whole.len(), not.keys().map(String::as_str).collect::<Vec<_>>()), (1, vec!["(all of B.zip)"]));
    // What is left out on purpose is there all the same.
    let excludes = Excludes::new(&["a".to_owned()], true).unwrap();
    let options = ZipOptions { excludes, ..ZipOptions::default() };
    assert_eq!(paths(&try_open(&[("A.zip", archive(&[stored("a", b"1")]))], &options).unwrap()), [""]);
}

#[test]
fn a_time_that_lies_after_the_reading_tells_nothing_of_an_exports_age() {
    let bytes = archive(&[
        stored("true", b"1"),
        Made { dos: (60 << 9 | 1 << 5 | 1, 0), ..stored("in 2040", b"2") },
        Made { dos: (1 << 5 | 1, 0), ..stored("in 1980, which is no time", b"3") },
        Made { dos: (61 << 9 | 1 << 5 | 1, 0), ..stored("Takeout/archive_browser.html", b"written with the export") },
    ]);
    let limit = |not_after| ZipOptions { not_after, ..ZipOptions::default() };
    let newest = |not_after| {
        let source = try_open(&[("E.zip", bytes.clone())], &limit(not_after)).unwrap();
        assert_eq!(source.containers(&NoneKnown)[0].newest, source.newest_content());
        source.newest_content()
    };
    let source = open_one(bytes.clone());
    let modified = |name: &str| item(&source, name).metadata.modified;
    assert_eq!(newest(None), Some(modified("in 2040")));
    let true_time = modified("true");
    assert_eq!(newest(Some(Timestamp::new(true_time.seconds + 24 * 3600, 0))), Some(true_time));
    assert_eq!(newest(Some(true_time)), Some(true_time));
    assert_eq!(newest(Some(Timestamp::new(true_time.seconds - 1, 0))), None);
}

#[test]
fn times_come_from_the_field_that_knows_its_zone_or_else_from_the_zone_given() {
    let extended = field(0x5455, &[&[1][..], &1_795_280_523_u32.to_le_bytes()].concat());
    let before_1970 = field(0x5455, &[&[1][..], &(-5_i32).to_le_bytes()].concat());
    let ticks = (1_795_280_523_u64 + 11_644_473_600) * 10_000_000 + 5;
    let ntfs = field(0x000a, &[&[0, 0, 0, 0, 1, 0, 24, 0][..], &ticks.to_le_bytes(), &[0; 16]].concat());
    let bytes = archive(&[
        Made { extra: extended, ..stored("extended", b"") },
        Made { extra: before_1970, ..stored("early", b"") },
        Made { extra: ntfs, ..stored("ntfs", b"") },
        Made { dos: (46 << 9 | 7 << 5 | 1, 11 << 11), ..stored("summer", b"") },
    ]);
    let zone = jiff::tz::TimeZoneDatabase::bundled().get("Europe/London").unwrap();
    let source = try_open(&[("E.zip", bytes)], &ZipOptions { zone, ..ZipOptions::default() }).unwrap();
    let modified = |name: &str| item(&source, name).metadata.modified;
    assert_eq!(modified("extended"), Timestamp::new(1_795_280_523, 0));
    assert_eq!(modified("early"), Timestamp::new(-5, 0));
    assert_eq!(modified("ntfs"), Timestamp::new(1_795_280_523, 500));
    // 1 July 2026, 11:00 in summer time.
    assert_eq!(modified("summer"), Timestamp::new(1_782_900_000, 0));
    assert_eq!(source.newest_content(), Some(Timestamp::new(1_795_280_523, 500)));
    assert_eq!(modified(""), Timestamp::new(1_795_280_523, 500));
}

#[test]
fn rights_and_links_are_there_where_a_unix_program_wrote_them() {
    let unix = |mode: u32, made: Made| Made { made_by: UNIX, attributes: mode << 16, ..made };
    let bytes = archive(&[
        unix(0o104_755, stored("program", b"x")),
        unix(0o120_777, stored("link", b"../elsewhere")),
        unix(0o120_777, stored("link to nothing", b"")),
        unix(0o120_777, Made { crc: Some(1), ..stored("damaged link", b"x") }),
        unix(0o010_644, stored("pipe", b"")),
        unix(0o040_700, stored("folder", b"")),
        Made { attributes: 0o120_777 << 16, ..stored("from Windows", b"plain") },
    ]);
    let source = open_one(bytes);
    assert_eq!(item(&source, "program").metadata.mode, Some(0o755));
    assert_eq!(item(&source, "link").kind, ItemKind::Symlink { target: b"../elsewhere".to_vec() });
    assert_eq!(item(&source, "folder").kind, ItemKind::Directory);
    assert_eq!(
        item(&source, "from Windows").metadata,
        Metadata { modified: item(&source, "from Windows").metadata.modified, ..Metadata::default() }
    );
    assert_eq!(read(&source, "from Windows").unwrap(), b"plain");
    let (_, not) = whole_and_not(&source);
    assert_eq!(not.keys().collect::<Vec<_>>(), ["damaged link", "link to nothing", "pipe"]);
}

#[test]
fn what_is_left_out_of_a_folder_is_left_out_of_its_export() {
    let bytes = archive(&[
        stored("~$May.docx", b"lock"),
        stored("old/deep/plan.txt", b"x"),
        stored("Thumbs.db", b"x"),
        stored("plan.txt", b"kept"),
    ]);
    let excludes = Excludes::new(&["/old/".to_owned()], true).unwrap();
    let source = try_open(&[("E.zip", bytes)], &ZipOptions { excludes, ..ZipOptions::default() }).unwrap();
    assert_eq!(paths(&source), ["", "plan.txt"]);
}

#[test]
fn the_archive_is_recorded_by_name_length_hash_and_newest_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Export.zip");
    let bytes = archive(&[stored("a", b"1"), Made { dos: (0, 0), ..stored("b", b"2") }]);
    std::fs::write(&file, &bytes).unwrap();
    let opened = || ZipSource::open(std::slice::from_ref(&file), description(), &ZipOptions::default()).unwrap();
    let newest = Some(item(&opened(), "a").metadata.modified);
    let hash = Some(*blake3::hash(&bytes).as_bytes());
    let container = Container { name: b"Export.zip".to_vec(), size: bytes.len() as u64, hash, newest };
    assert_eq!(opened().containers(&NoneKnown), std::slice::from_ref(&container));
    let (early, late) = (opened(), opened());
    assert_eq!(early.containers(&NoneKnown), std::slice::from_ref(&container));
    std::fs::write(&file, &bytes[1..]).unwrap();
    assert_eq!(late.containers(&NoneKnown), [Container { hash: None, ..container }]);
}

/// Knows what it was told.
#[derive(Default)]
struct Told(std::cell::RefCell<Vec<(FileLook, [u8; 32])>>);

impl KnownHashes for Told {
    fn recall(&self, look: &FileLook) -> Option<[u8; 32]> {
        self.0.borrow().iter().find(|(known, _)| known == look).map(|(_, hash)| *hash)
    }

    fn learn(&self, look: &FileLook, hash: [u8; 32]) {
        self.0.borrow_mut().push((*look, hash));
    }
}

#[test]
fn an_archive_that_looks_as_before_is_not_read_for_its_hash_and_one_that_changes_meanwhile_is_not_learnt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Export.zip");
    std::fs::write(&file, archive(&[stored("a", b"1")])).unwrap();
    let opened = || ZipSource::open(std::slice::from_ref(&file), description(), &ZipOptions::default()).unwrap();
    let told = Told::default();
    let hash = opened().containers(&told)[0].hash.unwrap();
    let (look, learnt) = told.0.borrow()[0];
    assert_eq!((learnt, look.fingerprint.size), (hash, std::fs::metadata(&file).unwrap().len()));
    // That it is this one shows that nothing was read.
    *told.0.borrow_mut() = vec![(look, [7; 32])];
    assert_eq!(opened().containers(&told)[0].hash, Some([7; 32]));
    let late = opened();
    std::fs::write(&file, archive(&[stored("a", b"2")])).unwrap();
    let told_of = told.0.borrow().len();
    assert_eq!(late.containers(&told)[0].hash, None);
    assert_eq!(told.0.borrow().len(), told_of);
    assert_ne!(opened().containers(&told)[0].hash, Some([7; 32]));
}

/// Notes how far into an archive anything was read.
struct Noted {
    bytes: Vec<u8>,
    read: Arc<std::sync::Mutex<Vec<std::ops::Range<u64>>>>,
}

impl ArchiveBytes for Noted {
    fn length(&self) -> u64 {
        self.bytes.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.bytes.read_at(offset, buffer)?;
        self.read.lock().unwrap().push(offset..offset + length as u64);
        Ok(length)
    }

    fn look(&self) -> Option<FileLook> {
        Some(FileLook { device: 1, fingerprint: Fingerprint::default() })
    }
}

#[test]
fn of_an_archive_whose_hash_and_members_are_known_nothing_but_the_directory_is_read() {
    let content: Vec<u8> = (0..2_000_000_u32).map(|number| (number % 251) as u8).collect();
    let bytes = archive(&[stored("large", &content), stored("small", b"x")]);
    let (length, read) = (bytes.length(), Arc::default());
    let noted: Box<dyn ArchiveBytes> = Box::new(Noted { bytes, read: Arc::clone(&read) });
    let archives = vec![(b"Export.zip".to_vec(), noted)];
    let source = ZipSource::of_archives(archives, description(), &ZipOptions::default()).unwrap();
    let told = Told::default();
    told.learn(&FileLook { device: 1, fingerprint: Fingerprint::default() }, [7; 32]);
    assert_eq!(items(&source).len(), 3);
    assert_eq!(source.containers(&told)[0].hash, Some([7; 32]));
    let read = read.lock().unwrap();
    // Its first four bytes, and the longest comment that an end may have in front of it.
    assert!(!read.is_empty() && read.iter().all(|part| part.end <= 4 || part.start >= length - 70_000), "{read:?}");
}

#[test]
fn an_unchanged_member_looks_the_same_in_next_weeks_archive_and_a_changed_one_does_not() {
    let print = |bytes: Vec<u8>| item(&open_one(bytes), "a.txt").fingerprint;
    let this_week = print(archive(&[deflated("a.txt", MINUTES), stored("b", b"")]));
    let next_week = print(archive(&[stored("new", &[7; 5000]), stored("b", b"x"), stored("a.txt", MINUTES)]));
    assert_eq!(this_week, next_week);
    let other_bytes = MINUTES.to_ascii_uppercase();
    assert_ne!(this_week, print(archive(&[stored("a.txt", &other_bytes)])));
    assert_ne!(this_week, print(archive(&[stored("a.txt", &MINUTES[1..])])));
    assert_ne!(this_week, print(archive(&[Made { dos: (46 << 9 | 11 << 5 | 21, 0), ..stored("a.txt", MINUTES) }])));
}

/// Made by 7-Zip, which knows no code of ours: matches further back and longer than ordinary packing has.
const DEFLATE64: &[u8] = include_bytes!("deflate64.zip");

#[test]
fn what_explorer_packs_beyond_two_gigabytes_is_unpacked() {
    let source = open_one(DEFLATE64.to_vec());
    let mut state = 1_u32;
    let noise: Vec<u8> = (0..200)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    assert_eq!(read(&source, "far.bin").unwrap(), [&noise[..], &[0; 40_000], &noise].concat());
    assert_eq!(read(&source, "long.txt").unwrap(), b"It was RESOLVED. ".repeat(6000));
}

#[test]
fn data_packed_that_way_and_damaged_is_never_taken_for_the_file() {
    let whole = read(&open_one(DEFLATE64.to_vec()), "far.bin").unwrap();
    let begins = 30 + "far.bin".len();
    let mut refused = 0;
    for at in begins..begins + 420 {
        let mut damaged = DEFLATE64.to_vec();
        damaged[at] ^= 1 << (at % 8);
        let source = try_open(&[("E.zip", damaged)], &ZipOptions::default()).unwrap();
        match read(&source, "far.bin") {
            Ok(bytes) => assert_eq!(bytes, whole, "at {at}"),
            Err(failure) => {
                assert_eq!(failure.reason, UnreadableReason::ReadError, "at {at}");
                refused += 1;
            }
        }
    }
    // A bit of a code that is never used, or of how far back one of many zeros is, changes nothing.
    assert!(refused > 380, "{refused} of 420");
    let cut = Made { method: 9, size: Some(10), ..stored("cut", b"x") };
    let source = open_one(archive(&[cut, stored("kept", b"kept")]));
    assert!(read(&source, "cut").is_err());
    assert_eq!(read(&source, "kept").unwrap(), b"kept");
}

#[test]
fn files_that_nobody_asked_to_leave_out_are_counted_and_folders_of_their_names_kept() {
    let names = ["a/~$Allotments/register.xlsx", "archive.ost/minutes.docx", "a/~$b.docx", "a/Clerk.OST", "c.tmp"];
    let members: Vec<Made> = names.iter().map(|name| stored(name, b"x")).collect();
    let excludes = Excludes::new(&["*.tmp".to_owned()], true).unwrap();
    let options = ZipOptions { excludes, ..ZipOptions::default() };
    // The same in both parts: each is one file.
    let part = archive(&members);
    let source = try_open(&[("1.zip", part.clone()), ("2.zip", part)], &options).unwrap();
    assert_eq!(paths(&source), ["", "a", "a/~$Allotments", names[0], "archive.ost", names[1]]);
    let passed = source.passed_over();
    assert_eq!((passed.files, passed.mailbox_count), (2, 1), "{passed:?}");
    assert_eq!(passed.mailboxes[0].to_string(), "a/Clerk.OST");
}

#[test]
fn a_folder_that_only_its_mark_of_ms_dos_tells_from_a_file_is_one() {
    let marked = Made { attributes: 0x10, ..stored("Minutes", b"") };
    let source = open_one(archive(&[marked, stored("Minutes/May.txt", b"may"), stored("empty", b"")]));
    assert_eq!(paths(&source), ["", "Minutes", "Minutes/May.txt", "empty"]);
    assert_eq!(
        (item(&source, "Minutes").kind, item(&source, "empty").kind),
        (ItemKind::Directory, ItemKind::File { size: 0 })
    );
}
