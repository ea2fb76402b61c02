//! Which files are taken for exports, and which of a folder of exports is the one.

use super::build::{archive, stored};
use super::*;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

const DAY: u64 = 24 * 3600;
/// 31 October 2026, in days since 1970.
const OCTOBER_31: u64 = 20_757;
/// Files are written on a day of November, and looked at on the first of December at the latest.
const LATEST: u64 = 31;

fn export(folder: &Path, name: &str, day: u64) {
    let path = folder.join(name);
    fs::write(&path, archive(&[stored("a", name.as_bytes())])).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs((OCTOBER_31 + day) * DAY);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn look(folder: &Path) -> InFolder {
    let excludes = Excludes::new(&[], true).unwrap();
    let not_after = Some(Timestamp::new(((OCTOBER_31 + LATEST) * DAY).cast_signed(), 0));
    in_folder(folder, &ZipOptions { excludes, not_after, ..ZipOptions::default() }).unwrap()
}

fn exports(folder: &Path) -> ExportFolder {
    match look(folder) {
        InFolder::Exports(found) => found,
        other => panic!("{other:?}"),
    }
}

/// Of exports of one form of name.
fn only(folder: &Path) -> ExportSeries {
    let mut found = exports(folder);
    assert_eq!((found.series.len(), &found.series[0].title), (1, &None), "{found:?}");
    found.series.remove(0)
}

fn names(paths: &[PathBuf]) -> Vec<&str> {
    paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect()
}

fn told(found: &ExportSeries) -> Vec<(&str, &str)> {
    let told = found.unreadable.iter();
    told.map(|(name, failure)| (std::str::from_utf8(name).unwrap(), failure.message.as_str())).collect()
}

fn newest(folder: &Path) -> Option<(Vec<String>, usize)> {
    match look(folder) {
        InFolder::Exports(_) => {
            let found = only(folder);
            Some((names(&found.newest).into_iter().map(str::to_owned).collect(), found.older.len()))
        }
        InFolder::Mixed | InFolder::Scattered | InFolder::Many | InFolder::Other => None,
    }
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

/// A copy onto another computer gives every file the time of the copying, in the order of their names.
#[test]
fn the_day_in_the_name_counts_and_not_when_the_file_was_copied() {
    let folder = tempfile::tempdir().unwrap();
    for (name, day) in
        [("OneDrive_1_13-11-2026.zip", 20), ("OneDrive_2_13-11-2026.zip", 20), ("OneDrive_1_30-10-2026.zip", 21)]
    {
        export(folder.path(), name, day);
    }
    let parts = ["OneDrive_1_13-11-2026.zip", "OneDrive_2_13-11-2026.zip"];
    assert_eq!(newest(folder.path()), Some((parts.map(str::to_owned).to_vec(), 1)));
}

#[test]
fn a_day_that_is_not_yet_is_read_otherwise_or_not_at_all() {
    // As in America: the twelfth of November is no eleventh of December, or else it would stay the newest for weeks.
    let american = tempfile::tempdir().unwrap();
    for (name, day) in [("11-5-2026", 20), ("11-12-2026", 20), ("11-19-2026", 20)] {
        export(american.path(), &format!("OneDrive_1_{name}.zip"), day);
    }
    assert_eq!(newest(american.path()), Some((vec!["OneDrive_1_11-19-2026.zip".to_owned()], 2)));
    fs::remove_file(american.path().join("OneDrive_1_11-19-2026.zip")).unwrap();
    assert_eq!(newest(american.path()), Some((vec!["OneDrive_1_11-12-2026.zip".to_owned()], 1)));
    // A slip of whoever gave the file its name.
    let slip = tempfile::tempdir().unwrap();
    export(slip.path(), "OneDrive_2062-11-13.zip", 13);
    export(slip.path(), "OneDrive_2026-11-20.zip", 20);
    assert_eq!(newest(slip.path()), Some((vec!["OneDrive_2026-11-20.zip".to_owned()], 1)));
}

#[test]
fn many_downloads_of_one_day_are_one_export() {
    let folder = tempfile::tempdir().unwrap();
    for number in [1, 31, 999, 1000, 2026] {
        export(folder.path(), &format!("OneDrive_{number}_14-11-2026.zip"), 14);
    }
    assert_eq!(newest(folder.path()).map(|(names, older)| (names.len(), older)), Some((5, 0)));
}

#[test]
fn without_a_day_in_the_name_the_files_own_counts() {
    let folder = tempfile::tempdir().unwrap();
    for (name, day) in [("Export.zip", 1), ("Export (1).zip", 8), ("Export (2).zip", 8)] {
        export(folder.path(), name, day);
    }
    assert_eq!(newest(folder.path()), Some((vec!["Export (1).zip".to_owned(), "Export (2).zip".to_owned()], 1)));
}

/// A folder with last week's export and whatever `make` puts beside it.
fn with(make: &dyn Fn(&Path)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), "OneDrive_1_20-11-2026.zip", 20);
    make(folder.path());
    folder
}

#[test]
fn downloads_that_have_not_finished_are_told_by_name_and_the_newest_that_has_counts() {
    let names_of_browsers = [
        "OneDrive_1_27-11-2026.zip.crdownload",
        "Unconfirmed 12345.crdownload",
        "Xy9.zip.part",
        "Export.zip.PARTIAL",
        "Export.zip.opdownload",
    ];
    let folder = with(&|folder| {
        names_of_browsers.iter().for_each(|name| fs::write(folder.join(name), b"PK\x03\x04 half").unwrap());
        fs::create_dir(folder.join("OneDrive_2_20-11-2026.zip.download")).unwrap();
    });
    let found = only(folder.path());
    assert_eq!((names(&found.newest), found.older.len()), (vec!["OneDrive_1_20-11-2026.zip"], 0));
    assert_eq!(exports(folder.path()).others, 0);
    let mut expected = names_of_browsers.to_vec();
    expected.push("OneDrive_2_20-11-2026.zip.download");
    expected.sort_unstable();
    assert_eq!(told(&found).iter().map(|(name, _)| *name).collect::<Vec<_>>(), expected);
    assert!(told(&found).iter().all(|(_, message)| message.contains("its download has not finished")));
}

#[test]
fn a_download_of_another_service_that_has_not_finished_says_nothing_about_what_is_there() {
    let google = "Documents-20261121T090000Z-001";
    for name in [format!("{google}.zip.crdownload"), format!("{google}.V-7pbGMy.zip.part"), format!("{google}.zip")] {
        let folder = with(&|folder| fs::write(folder.join(&name), b"").unwrap());
        let found = exports(folder.path());
        let expected = [series("Documents", &[], 0), series("OneDrive", &["OneDrive_1_20-11-2026.zip"], 0)];
        assert_eq!((shown(&found), found.others), (expected.to_vec(), 0), "{name}");
        let of_each: Vec<usize> = found.series.iter().map(|one| told(one).len()).collect();
        assert_eq!((told(&found.series[0])[0].0, of_each), (&name[..], vec![1, 0]));
    }
    // Of the same service it is the next one; and what tells no service may be of this.
    for name in ["OneDrive_2_27-11-2026.V-7pbGMy.zip.part", "OneDrive notes.pdf.part", "Minutes 27-11-2026.zip.part"] {
        let folder = with(&|folder| fs::write(folder.join(name), b"").unwrap());
        assert_eq!(told(&only(folder.path()))[0].0, name);
    }
}

#[test]
fn an_export_that_is_none_is_told_and_the_one_before_counts() {
    let whole = archive(&[stored("minutes.txt", b"It was RESOLVED.")]);
    for (bytes, why) in [
        (&b""[..], "it is empty"),
        (b"<html>Please sign in</html>", "it is a web page and no ZIP file"),
        (&archive(&[]), "the ZIP file holds nothing at all"),
        (&whole[..20], "the ZIP file has lost its end"),
        (&whole[..50], "the ZIP file has lost its end"),
    ] {
        let folder = with(&|folder| fs::write(folder.join("OneDrive_1_27-11-2026.zip"), bytes).unwrap());
        let found = only(folder.path());
        assert_eq!((names(&found.newest), found.older.len()), (vec!["OneDrive_1_20-11-2026.zip"], 0), "{why}");
        let [(name, message)] = told(&found)[..] else { panic!("{found:?}") };
        assert!(name == "OneDrive_1_27-11-2026.zip" && message.starts_with(why), "{name}: {message}");
    }
    // Of which something can be read: it is the newest, and its own source tells what is missing.
    let two = archive(&[stored("a", b"It was RESOLVED."), stored("agenda.txt", b"1. Apologies.")]);
    let cut = &two[..two.len() - 100];
    let folder = with(&|folder| fs::write(folder.join("OneDrive_1_27-11-2026.zip"), cut).unwrap());
    let found = only(folder.path());
    assert_eq!((names(&found.newest), found.older.len()), (vec!["OneDrive_1_27-11-2026.zip"], 1));
    assert_eq!(told(&found), []);
    // A part among several is told by the source that has the others.
    let folder = with(&|folder| fs::write(folder.join("OneDrive_2_20-11-2026.zip"), b"").unwrap());
    let parts = vec!["OneDrive_1_20-11-2026.zip", "OneDrive_2_20-11-2026.zip"];
    assert_eq!(names(&only(folder.path()).newest), parts);
}

#[test]
fn where_nothing_has_been_downloaded_to_its_end_nothing_is_taken_for_an_export() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("OneDrive_1_20-11-2026.zip.crdownload"), b"PK").unwrap();
    fs::write(folder.path().join("Unconfirmed 1.crdownload"), b"PK").unwrap();
    let found = only(folder.path());
    assert_eq!((found.newest.len(), told(&found).len()), (0, 2));
    let broken = tempfile::tempdir().unwrap();
    fs::write(broken.path().join("OneDrive_1_20-11-2026.zip"), b"<html>").unwrap();
    let found = only(broken.path());
    assert_eq!((found.newest.len(), told(&found)[0].0), (0, "OneDrive_1_20-11-2026.zip"));
    // Of these, nobody can tell that they are exports.
    for name in ["page.zip", "drawing.part"] {
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join(name), b"<html>").unwrap();
        assert_eq!(look(other.path()), InFolder::Other, "{name}");
    }
}

#[test]
fn what_lies_beside_exports_is_counted_and_is_none_of_them() {
    let notes: &[&dyn Fn(&Path)] = &[
        &|folder| fs::write(folder.join("note.txt"), b"x").unwrap(),
        &|folder| fs::create_dir(folder.join("older")).unwrap(),
        &|folder| export(folder, "Photographs.zip", 30),
    ];
    for note in notes {
        let folder = with(*note);
        let found = exports(folder.path());
        let series = only(folder.path());
        assert_eq!((names(&series.newest), found.others), (vec!["OneDrive_1_20-11-2026.zip"], 1));
        assert_eq!(
            (series.older.len(), found.exports.as_slice()),
            (0, &[OsString::from("OneDrive_1_20-11-2026.zip")][..])
        );
    }
    // Beside more than there are exports, they may be kept as the files they are.
    let many = with(&|folder| ["a", "b"].iter().for_each(|name| fs::write(folder.join(name), b"x").unwrap()));
    assert_eq!(look(many.path()), InFolder::Mixed);
    export(many.path(), "OneDrive_1_13-11-2026.zip", 13);
    let series = only(many.path());
    assert_eq!((names(&series.newest), series.older.len()), (vec!["OneDrive_1_20-11-2026.zip"], 1));
    assert_eq!(exports(many.path()).others, 2);
}

type Shown = (Option<String>, Vec<String>, usize);

fn shown(found: &ExportFolder) -> Vec<Shown> {
    let show = |series: &ExportSeries| {
        let title = series.title.as_ref().map(|title| String::from_utf8(title.clone()).unwrap());
        (title, names(&series.newest).into_iter().map(str::to_owned).collect(), series.older.len())
    };
    found.series.iter().map(show).collect()
}

fn series(title: &str, newest: &[&str], older: usize) -> Shown {
    (Some(title.to_owned()), newest.iter().map(|&name| name.to_owned()).collect(), older)
}

#[test]
fn exports_of_several_services_or_forms_of_names_lie_side_by_side_and_each_has_its_newest() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "OneDrive.zip",
        "OneDrive_1_14-11-2026.zip",
        "OneDrive_1_7-11-2026.zip",
        "Documents-20261114T090000Z-001.zip",
        "Documents-20261114T090000Z-002.zip",
        "Documents-20261107T090000Z-001.zip",
        "takeout-20261114T090000Z-1-001.zip",
    ] {
        export(folder.path(), name, 14);
    }
    let expected = [
        series("Documents", &["Documents-20261114T090000Z-001.zip", "Documents-20261114T090000Z-002.zip"], 1),
        series("OneDrive", &["OneDrive.zip"], 0),
        series("OneDrive_DATE", &["OneDrive_1_14-11-2026.zip"], 1),
        series("takeout", &["takeout-20261114T090000Z-1-001.zip"], 0),
    ];
    assert_eq!(shown(&exports(folder.path())), expected);
    // What somebody packed on a day lies beside them as the file it is, and a download belongs to its own series.
    export(folder.path(), "Minutes 14-11-2026.zip", 14);
    fs::write(folder.path().join("takeout-20261121T090000Z-1-001.zip.crdownload"), b"PK").unwrap();
    fs::write(folder.path().join("Unconfirmed 7.crdownload"), b"PK").unwrap();
    let found = exports(folder.path());
    assert_eq!((shown(&found), found.others, found.exports.len()), (expected.to_vec(), 1, 9));
    let told: Vec<Vec<&str>> =
        found.series.iter().map(|one| told(one).iter().map(|(name, _)| *name).collect()).collect();
    let (unconfirmed, takeout) = ("Unconfirmed 7.crdownload", "takeout-20261121T090000Z-1-001.zip.crdownload");
    assert_eq!(told, [vec![unconfirmed], vec![], vec![], vec![takeout]]);
}

#[test]
fn a_service_that_writes_the_day_in_another_way_goes_on_from_its_exports_of_before() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["OneDrive_1_14-11-2026.zip", "OneDrive_2026-11-21.zip", "OneDrive_1_7-11-2026.zip"] {
        export(folder.path(), name, 21);
    }
    assert_eq!(newest(folder.path()), Some((vec!["OneDrive_2026-11-21.zip".to_owned()], 2)));
    // One that broke off is the newest of them, whatever its name looks like.
    fs::write(folder.path().join("OneDrive_1_22-11-2026.zip"), b"").unwrap();
    let found = only(folder.path());
    assert_eq!((names(&found.newest), told(&found).len()), (vec!["OneDrive_2026-11-21.zip"], 1));
}

#[test]
fn of_two_exports_of_google_the_later_second_counts_and_not_the_day_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, day) in [
        ("Documents-20261114T150000Z-001.zip", 3),
        ("Documents-20261114T090000Z-001.zip", 20),
        ("Documents-20261107T090000Z-001.zip", 20),
    ] {
        export(folder.path(), name, day);
    }
    assert_eq!(newest(folder.path()), Some((vec!["Documents-20261114T150000Z-001.zip".to_owned()], 2)));
}

#[test]
fn a_part_of_the_newest_export_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), "Documents-20261107T090000Z-001.zip", 7);
    for part in ["002", "004"] {
        export(folder.path(), &format!("Documents-20261114T090000Z-{part}.zip"), 14);
    }
    let told_of = |folder: &Path| {
        let found = only(folder);
        told(&found).into_iter().map(|(name, why)| (name.to_owned(), why.to_owned())).collect::<Vec<_>>()
    };
    let said = told_of(folder.path());
    assert_eq!(said.len(), 2);
    assert_eq!(said[0].0, "Documents-20261114T090000Z-001.zip");
    assert!(said[0].1.starts_with("part 1 of this export is missing"), "{said:?}");
    assert_eq!(said[1].0, "Documents-20261114T090000Z-003.zip");
    // One that is on its way is told once; one that is there and empty is told by its own source.
    fs::write(folder.path().join("Documents-20261114T090000Z-001.zip.part"), b"PK").unwrap();
    fs::write(folder.path().join("Documents-20261114T090000Z-003.zip"), b"").unwrap();
    let said = told_of(folder.path());
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].0, "Documents-20261114T090000Z-001.zip.part");
    assert_eq!(only(folder.path()).newest.len(), 3);
}

#[test]
fn a_folder_of_anything_else_is_a_folder_like_any_other() {
    assert_eq!(look(tempfile::tempdir().unwrap().path()), InFolder::Other);
    let years = tempfile::tempdir().unwrap();
    export(years.path(), "2019.zip", 1);
    export(years.path(), "2020.zip", 2);
    assert_eq!(look(years.path()), InFolder::Other);
    let kept = tempfile::tempdir().unwrap();
    export(kept.path(), "Old accounts.zip", 1);
    assert!(newest(kept.path()).is_some(), "nothing else lies there");
    fs::write(kept.path().join("budget.csv"), b"x").unwrap();
    assert_eq!(look(kept.path()), InFolder::Other);
    let document = tempfile::tempdir().unwrap();
    let bytes = archive(&[stored("[Content_Types].xml", b"x")]);
    fs::write(document.path().join("minutes 20-11-2026.zip"), bytes).unwrap();
    assert_eq!(look(document.path()), InFolder::Other);
}

#[test]
fn an_export_that_holds_a_file_called_as_in_a_document_stays_one() {
    let folder = with(&|folder| {
        let bytes = archive(&[stored("mimetype", b"x"), stored("a", b"y")]);
        fs::write(folder.join("OneDrive_1_27-11-2026.zip"), bytes).unwrap();
    });
    assert_eq!(newest(folder.path()), Some((vec!["OneDrive_1_27-11-2026.zip".to_owned()], 1)));
}

#[test]
fn a_folder_for_each_weeks_export_is_noticed() {
    let weeks = tempfile::tempdir().unwrap();
    for (week, name) in [("week 46", "OneDrive_1_13-11-2026.zip"), ("week 47", "OneDrive_1_20-11-2026.zip")] {
        fs::create_dir(weeks.path().join(week)).unwrap();
        export(&weeks.path().join(week), name, 20);
    }
    fs::create_dir(weeks.path().join("nothing yet")).unwrap();
    assert_eq!(look(weeks.path()), InFolder::Scattered);
    // Beside documents they may be kept as the files they are.
    fs::write(weeks.path().join("budget.csv"), b"x").unwrap();
    assert_eq!(look(weeks.path()), InFolder::Other);
}

#[test]
fn what_is_lacking_beside_an_export_is_an_item_and_takes_no_files_place() {
    let bytes = archive(&[stored("half.zip.part", b"x"), stored("minutes.txt", b"y")]);
    let failure = ReadFailure::lasting(UnreadableReason::ReadError, "its download has not finished");
    let source = open_one(bytes).lacking(&[(b"half.zip.part".to_vec(), failure.clone())]);
    assert_eq!(contract::check(&source), []);
    assert_eq!(paths(&source), ["", "half.zip (2 in all).part", "half.zip.part", "minutes.txt"].map(str::to_owned));
    assert_eq!(item(&source, "half.zip (2 in all).part").kind, ItemKind::Unreadable(failure));
    assert_eq!(read(&source, "half.zip.part").unwrap(), b"x");
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
    assert!(!make("export", &archive(&[stored("minutes.docx", b"x")])), "whoever names it means the file");
    assert!(make("broken off.ZIP", b"<html>"));
    assert!(!is_export(folder.path()).unwrap());
}

#[test]
fn an_export_is_older_only_where_newer_ones_hold_more_than_half_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let week = |name: &str, day: u64, files: &[&str]| {
        export(folder.path(), name, day);
        let members: Vec<_> = files.iter().map(|file| stored(file, b"x")).collect();
        fs::write(folder.path().join(name), archive(&members)).unwrap();
    };
    week("OneDrive_1_01-11-2026.zip", 1, &["Finance/a", "Finance/b"]);
    week("OneDrive_1_02-11-2026.zip", 2, &["Minutes/m", "Minutes/n"]);
    week("OneDrive_1_08-11-2026.zip", 8, &["Finance/a", "Finance/b", "Finance/c"]);
    week("OneDrive_1_09-11-2026.zip", 9, &["Finance/a", "Minutes/m", "Minutes/n", "Minutes/o"]);
    let expected =
        [series("Minutes", &["OneDrive_1_09-11-2026.zip"], 1), series("Finance", &["OneDrive_1_08-11-2026.zip"], 1)];
    let found = exports(folder.path());
    assert_eq!(shown(&found), expected);
    assert_eq!(found.series[1].older[0].title, b"OneDrive_1_01-11-2026");
    assert_eq!(found.exports.len(), 4);
    // Where two lines lie mostly in folders of one name, each is called by its oldest file.
    week("OneDrive_1_10-11-2026.zip", 10, &["Minutes/1", "Minutes/2", "Minutes/3"]);
    let titles = ["OneDrive_1_10-11-2026", "OneDrive_1_02-11-2026", "OneDrive_1_01-11-2026"];
    let given: Vec<Option<String>> = shown(&exports(folder.path())).into_iter().map(|one| one.0).collect();
    assert_eq!(given, titles.map(|title| Some(title.to_owned())));
}

#[test]
fn older_files_that_nobody_can_take_apart_without_loss_are_stored_as_they_are() {
    let folder = with(&|folder| {
        let whole = archive(&[stored("a", b"It was RESOLVED.")]);
        fs::write(folder.join("OneDrive_1_06-11-2026.zip"), &whole[..whole.len() - 50]).unwrap();
        fs::write(folder.join("OneDrive_1_07-11-2026.zip"), b"<html>").unwrap();
    });
    let found = exports(folder.path());
    assert_eq!((shown(&found)[0].2, found.others), (0, 2));
    assert_eq!(found.exports, [OsString::from("OneDrive_1_20-11-2026.zip")]);
    assert_eq!(told(&found.series[0]), []);
}

/// Finance of the 14th, Minutes of the 7th and Planning of the 2nd, in one folder.
fn three_things() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (day, thing) in [("14", "Finance"), ("07", "Minutes"), ("02", "Planning")] {
        let members = ["a", "b"].map(|file| stored(&format!("{thing}/{file}"), thing.as_bytes()));
        fs::write(folder.path().join(format!("OneDrive_1_{day}-11-2026.zip")), archive(&members)).unwrap();
    }
    folder
}

/// What is told under each title, and how much is something else.
fn told_of_each(folder: &Path) -> (Vec<(String, Vec<String>)>, usize) {
    let found = exports(folder);
    let of = |series: &ExportSeries| {
        let names = told(series).into_iter().map(|(name, _)| name.to_owned()).collect();
        (String::from_utf8(series.title.clone().unwrap()).unwrap(), names)
    };
    (found.series.iter().map(of).filter(|(_, names): &(_, Vec<String>)| !names.is_empty()).collect(), found.others)
}

#[test]
fn a_download_of_which_nothing_is_known_is_told_where_it_may_be_the_newest_of_any_line() {
    let whole = archive(&[stored("Minutes/a", b"x"), stored("Minutes/b", b"x")]);
    let folders = archive(&[stored("Minutes/", b"")]);
    for bytes in [&b""[..], b"<html>Please sign in</html>", &whole[..25], &archive(&[]), &folders] {
        for (day, title) in [("13", "Minutes"), ("03", "Planning")] {
            let (folder, name) = (three_things(), format!("OneDrive_1_{day}-11-2026.zip"));
            fs::write(folder.path().join(&name), bytes).unwrap();
            assert_eq!(told_of_each(folder.path()), (vec![(title.to_owned(), vec![name])], 0), "{day}: {bytes:?}");
        }
        // Whichever it was, there is a newer one of it.
        let folder = three_things();
        fs::write(folder.path().join("OneDrive_1_01-11-2026.zip"), bytes).unwrap();
        assert_eq!(told_of_each(folder.path()), (vec![], 1), "{bytes:?}");
    }
}

#[test]
fn of_several_downloads_of_a_day_the_broken_one_may_be_of_another_line_unless_its_name_counts_parts() {
    let folder = three_things();
    let finance = archive(&[stored("Finance/a", b"Finance"), stored("Finance/b", b"Finance")]);
    fs::write(folder.path().join("OneDrive_1_13-11-2026.zip"), &finance).unwrap();
    fs::write(folder.path().join("OneDrive_2_13-11-2026.zip"), b"").unwrap();
    let told = vec![("Minutes".to_owned(), vec!["OneDrive_2_13-11-2026.zip".to_owned()])];
    assert_eq!(told_of_each(folder.path()), (told, 0));
    let folder = tempfile::tempdir().unwrap();
    let minutes = archive(&[stored("Minutes/a", b"Minutes")]);
    for (name, bytes) in [("14", &finance), ("13", &finance), ("07", &minutes)] {
        fs::write(folder.path().join(format!("takeout-202611{name}T090000Z-001.zip")), bytes).unwrap();
    }
    fs::write(folder.path().join("takeout-20261113T090000Z-002.zip"), b"").unwrap();
    assert_eq!(told_of_each(folder.path()), (vec![], 1));
}

#[test]
fn a_folder_of_too_many_exports_that_are_none_of_each_others_is_one_of_files() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..60 {
        export(folder.path(), &format!("Planning {}-{}-2025.zip", number % 28 + 1, number / 28 + 1), 1);
        let other = archive(&[stored(&format!("{number}"), b"x")]);
        fs::write(folder.path().join(format!("Planning {}-{}-2025.zip", number % 28 + 1, number / 28 + 1)), other)
            .unwrap();
    }
    assert_eq!(look(folder.path()), InFolder::Many);
}
