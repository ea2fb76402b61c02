//! ZIP exports at the command line: what is in them is backed up, whatever they are called, and what is wrong is said plainly.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Office, answer};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};
use zip::write::SimpleFileOptions;

/// An archive with these files, last changed on 20 November 2026 at half past nine.
fn pack(files: &[(&str, &str)]) -> Vec<u8> {
    let time = zip::DateTime::from_date_and_time(2026, 11, 20, 9, 30, 0).unwrap();
    let options = SimpleFileOptions::default().last_modified_time(time);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn write(office: &Office, name: &str, bytes: &[u8]) {
    office.write(name, "");
    fs::write(office.path(name), bytes).unwrap();
}

fn age(office: &Office, name: &str, days: u64) {
    // The program that is tried out asks the system, so the files must be as old by the same clock.
    #[allow(clippy::disallowed_methods)]
    let time = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
    fs::File::options().write(true).open(office.path(name)).unwrap().set_modified(time).unwrap();
}

#[test]
fn what_is_in_an_export_is_backed_up_and_comes_back() {
    let office = Office::new();
    let files = [("Minutes/May.txt", "may"), ("Minutes/June.txt", "june"), ("plan.txt", "plan")];
    write(&office, "Export.zip", &pack(&files));
    let saved = office.run(["backup", "Export.zip"]).ended(0);
    assert_eq!(saved.last_line(), "COMPLETE");
    assert!(saved.out.contains("Export (ZIP): 3 files in 2 folders, "), "{}", saved.out);
    let inside = "Export.zip: 3 files inside, newest changed 20 November 2026\n";
    assert!(saved.out.contains(inside), "{}", saved.out);
    // Next week's has another name, and nothing in it has changed.
    write(&office, "Export (1).zip", &pack(&[files[2], files[0], files[1]]));
    let json = office.run(["backup", "Export (1).zip", "--json"]).ended(0).json();
    assert_eq!((&json["files_read"], &json["files_unchanged"]), (&0.into(), &3.into()), "{json}");
    let root = &json["roots"][0];
    assert_eq!(root["newest_content"], "2026-11-20T09:30:00Z", "{json}");
    assert_eq!(root["containers"][0]["name"], "Export (1).zip", "{json}");
    assert_eq!(root["containers"][0]["hash"].as_str().unwrap().len(), 64, "{json}");
    let listed = office.run(["snapshots", "--json"]).ended(0).json();
    assert_eq!(listed["snapshots"][1]["containers"][0]["root"], "Export (ZIP)", "{listed}");
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    for (name, content) in files {
        assert_eq!(office.read(&format!("out/Export (ZIP)/{name}")), content);
    }
    assert!(office.run(["check", "--read-data"]).ended(0).last_line().starts_with("NO DAMAGE FOUND"));
}

#[test]
fn parts_are_one_export_and_of_a_folder_of_exports_the_newest_is_taken() {
    let office = Office::new();
    for (name, days) in [("1_20-11-2026", 1), ("2_20-11-2026", 1), ("1_13-11-2026", 8), ("1_6-11-2026", 15)] {
        let name = format!("Exports/OneDrive_{name}.zip");
        write(
            &office,
            &name,
            &pack(&[(name.rsplit('/').next().unwrap(), "in it"), ("same.txt", "same"), ("plan.txt", "")]),
        );
        age(&office, &name, days);
    }
    let parts = ["Exports/OneDrive_2_20-11-2026.zip", "Exports/OneDrive_1_20-11-2026.zip"];
    let saved = office.run(["backup", parts[0], parts[1], "--as", "OneDrive"]).ended(0);
    assert!(saved.out.contains("OneDrive: 4 files in 1 folder, "), "{}", saved.out);
    let inside = "OneDrive_1_20-11-2026.zip, OneDrive_2_20-11-2026.zip: 4 files inside, ";
    assert!(saved.out.contains(inside), "{}", saved.out);
    let saved = office.run(["backup", "Exports"]).ended(0);
    assert!(saved.out.contains("Exports: 4 files in 1 folder, "), "{}", saved.out);
    // What was in no backup yet is stored once.
    let once = "2 older exports are part of this backup and of no later one, because they were in none yet that this computer \
                knows of: Exports (OneDrive_1_13-11-2026) (3 files), Exports (OneDrive_1_6-11-2026) (3 files)\n";
    assert!(saved.out.contains(once), "{}", saved.out);
    let json = office.run(["backup", "Exports", "--json"]).ended(0).json();
    let older = ["Exports (OneDrive_1_13-11-2026)", "Exports (OneDrive_1_6-11-2026)"];
    assert_eq!(
        (json["stored_before"].as_array().unwrap().len(), json["roots"].as_array().unwrap().len()),
        (2, 1),
        "{json}"
    );
    assert!(older.iter().zip(0..).all(|(name, at)| json["stored_before"][at] == *name), "{json}");
    let saved = office.run(["backup", "Exports"]).ended(0);
    let before = format!(
        "NOTE: 2 older exports are in earlier backups and not part of this one; the newest is. They are: {}",
        older.join(", ")
    );
    assert!(saved.out.contains(&before), "{}", saved.out);
    // Two exports cannot have one name.
    let refused = office.run(["backup", parts[0], "Exports/OneDrive_1_6-11-2026.zip", "--as", "x"]).ended(2);
    assert!(refused.err.contains("--as"), "{}", refused.err);
}

#[test]
fn a_folder_into_which_a_browser_is_downloading_stays_one_of_exports() {
    let office = Office::new();
    let week =
        |day: &str, files: &[(&str, &str)]| write(&office, &format!("Exports/OneDrive_1_{day}.zip"), &pack(files));
    let (may, june) = (("Minutes/May.txt", "may"), ("Minutes/June.txt", "june"));
    week("13-11-2026", &[may, june]);
    age(&office, "Exports/OneDrive_1_13-11-2026.zip", 8);
    office.run(["backup", "Exports"]).ended(0);
    // Of the second week's export the browser has half; a page was saved in the place of its second part.
    let half = &pack(&[may, june])[..60];
    for name in ["OneDrive_1_20-11-2026.zip.crdownload", "Unconfirmed 12345.crdownload", "Ab1.zip.part"] {
        write(&office, &format!("Exports/{name}"), half);
    }
    write(&office, "Exports/OneDrive_2_20-11-2026.zip", b"<html>Please sign in</html>");
    office.write("Exports/desktop.ini", "[.ShellClassInfo]");
    let partial = office.run(["backup", "Exports"]).ended(3);
    assert!(partial.out.contains("Exports: 2 files in 2 folders, "), "{}", partial.out);
    assert!(partial.out.contains("0 files read, 2 files unchanged"), "{}", partial.out);
    for name in ["OneDrive_1_20-11-2026.zip.crdownload", "Unconfirmed 12345.crdownload", "Ab1.zip.part"] {
        assert!(partial.out.contains(&format!("  Exports/{name}: its download has not finished")), "{}", partial.out);
    }
    assert!(
        partial.out.contains("  Exports/OneDrive_2_20-11-2026.zip: it is a web page and no ZIP file"),
        "{}",
        partial.out
    );
    assert_eq!(partial.last_line(), "PARTIAL: 4 items could not be read");
    // Once all of it is there, it is COMPLETE, and nothing has shrunk.
    for name in ["OneDrive_1_20-11-2026.zip.crdownload", "Unconfirmed 12345.crdownload", "Ab1.zip.part"] {
        fs::remove_file(office.path(&format!("Exports/{name}"))).unwrap();
    }
    week("20-11-2026", &[may, june, ("Minutes/July.txt", "july")]);
    write(&office, "Exports/OneDrive_2_20-11-2026.zip", &pack(&[("plan.txt", "plan")]));
    let saved = office.run(["backup", "Exports"]).ended(0);
    assert!(saved.out.contains("Exports: 4 files in 2 folders, "), "{}", saved.out);
    assert!(saved.out.contains("NOTE: 1 older export is in earlier backups"), "{}", saved.out);
}

#[test]
fn a_download_that_broke_off_is_partial_and_no_measure_for_the_next() {
    let office = Office::new();
    let text = "It was RESOLVED. ".repeat(100);
    let names: Vec<String> = (0..20).map(|number| format!("Minutes/{number}.txt")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), text.as_str())).collect();
    write(&office, "Exports/OneDrive_1_13-11-2026.zip", &pack(&files));
    age(&office, "Exports/OneDrive_1_13-11-2026.zip", 8);
    office.run(["backup", "Exports"]).ended(0);
    let whole = pack(&files);
    write(&office, "Exports/OneDrive_1_20-11-2026.zip", &whole[..whole.len() / 4]);
    for _ in 0..2 {
        let partial = office.run(["backup", "Exports"]);
        let lost = "  Exports/(missing part of OneDrive_1_20-11-2026.zip): the ZIP file has lost its end";
        assert!(partial.out.contains(lost), "{}", partial.out);
        assert!(partial.out.contains("SHRUNK: Exports had 20 files"), "{}", partial.out);
        let partial = partial.ended(6);
        assert!(partial.out.contains("NOTE: 1 older export is in earlier backups"), "{}", partial.out);
    }
    // A browser that has only begun: last week's export counts.
    write(&office, "Exports/OneDrive_1_20-11-2026.zip", b"");
    let partial = office.run(["backup", "Exports"]).ended(3);
    assert!(partial.out.contains("Exports: 20 files in 2 folders, "), "{}", partial.out);
    assert!(partial.out.contains("  Exports/OneDrive_1_20-11-2026.zip: it is empty"), "{}", partial.out);
    fs::remove_file(office.path("Exports/OneDrive_1_13-11-2026.zip")).unwrap();
    let partial = office.run(["backup", "Exports"]).ended(6);
    assert!(partial.out.contains("EMPTY: Exports had 20 files"), "{}", partial.out);
}

#[test]
fn what_lies_beside_exports_is_backed_up_as_it_is() {
    let office = Office::new();
    for (day, days) in [("13-11-2026", 8), ("20-11-2026", 1)] {
        let name = format!("Exports/OneDrive_1_{day}.zip");
        write(&office, &name, &pack(&[("Minutes/May.txt", "may"), ("note.txt", "in the export")]));
        age(&office, &name, days);
    }
    let photographs = pack(&[("hall.jpg", "picture")]);
    write(&office, "Exports/Photographs.zip", &photographs);
    office.write("Exports/note.txt", "beside the exports");
    let saved = office.run(["backup", "Exports"]).ended(0);
    assert!(saved.out.contains("Exports: 2 files in 2 folders, "), "{}", saved.out);
    assert!(saved.out.contains("Exports (other files): 2 files in 1 folder, "), "{}", saved.out);
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    assert_eq!(office.read("out/Exports/note.txt"), "in the export");
    assert_eq!(office.read("out/Exports (other files)/note.txt"), "beside the exports");
    assert_eq!(fs::read(office.path("out/Exports (other files)/Photographs.zip")).unwrap(), photographs);
    assert!(!office.path("out/Exports (other files)/OneDrive_1_20-11-2026.zip").exists());
    // Among many other things they are files, and that is said.
    for number in 0..3 {
        office.write(&format!("Exports/{number}.txt"), "x");
    }
    let saved = office.run(["backup", "Exports", "--as", "Downloads", "--accept-change"]).ended(0);
    assert!(saved.err.contains("holds ZIP files that look like exports among many other things"), "{}", saved.err);
    assert!(saved.out.contains("Downloads: 7 files in 1 folder, "), "{}", saved.out);
}

#[test]
fn a_repository_beside_exports_leaves_out_nothing_that_is_in_them() {
    let office = Office::new();
    write(&office, "Exports/OneDrive_1_20-11-2026.zip", &pack(&[("repo/in.txt", "in the export"), ("a.txt", "a")]));
    fs::rename(office.path("repo"), office.path("Exports/repo")).unwrap();
    let repo = office.path("Exports/repo");
    let run = |arguments: &[&str]| office.run([&["--repo", repo.to_str().unwrap()], arguments].concat());
    let saved = run(&["backup", "Exports"]).ended(0);
    assert!(saved.out.contains("Exports: 2 files in 2 folders, "), "{}", saved.out);
    assert!(saved.out.contains("Exports (other files): 0 files in 1 folder, "), "{}", saved.out);
    assert!(saved.err.contains("Left out, because it belongs to the backups: "), "{}", saved.err);
    assert_eq!(run(&["cat", "latest:Exports/repo/in.txt"]).ended(0).out, "in the export");
}

#[test]
fn an_export_of_which_everything_is_left_out_is_empty_whatever_lies_beside_it() {
    let office = Office::new();
    write(&office, "Exports/OneDrive_1_20-11-2026.zip", &pack(&[("Minutes/May.pdf", "may")]));
    office.write("Exports/note.txt", "beside the export");
    let left_out = office.run(["backup", "Exports", "--exclude", "*.pdf"]).ended(6);
    assert!(left_out.out.contains("EMPTY: there is no file at all in Exports.\n"), "{}", left_out.out);
    assert!(!left_out.out.contains("in Exports (other files).\n"), "{}", left_out.out);
}

#[test]
fn a_zip_stays_a_file_where_that_is_wanted_or_meant() {
    let office = Office::new();
    let bytes = pack(&[("inside.txt", "x")]);
    write(&office, "Export.zip", &bytes);
    write(&office, "docs/Old accounts.zip", &bytes);
    write(&office, "minutes.docx", &pack(&[("[Content_Types].xml", "x"), ("word/document.xml", "y")]));
    office.run(["backup", "--as-is", "Export.zip"]).ended(0);
    office.run(["backup", "docs", "minutes.docx"]).ended(0);
    assert_eq!(office.run(["cat", "latest:docs/Old accounts.zip"]).ended(0).bytes, bytes);
    assert_eq!(
        office.run(["cat", "latest:minutes.docx"]).ended(0).bytes,
        fs::read(office.path("minutes.docx")).unwrap()
    );
    let as_is = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(office.run(["cat", &format!("{as_is}:Export.zip")]).ended(0).bytes, bytes);
}

#[test]
fn what_only_is_a_zip_on_the_inside_stays_the_file_that_it_is_and_an_outlook_archive_is_told() {
    let office = Office::new();
    let bytes = pack(&[("Local/com.microsoft.__Messages/Inbox/message_00001.xml", "<email/>"), ("Categories.xml", "")]);
    for name in ["clerk.olm", "trees.kmz", "budget.numbers"] {
        write(&office, name, &bytes);
    }
    office.run(["backup", "--email", "clerk.olm"]).ended(0);
    assert_eq!(office.run(["cat", "latest:clerk.olm"]).ended(0).bytes, bytes);
    let found = office.run(["find", "--mail", "email"]);
    assert!(format!("{}{}", found.out, found.err).contains("clerk.olm"), "{} {}", found.out, found.err);
    for name in ["trees.kmz", "budget.numbers"] {
        let saved = office.run(["backup", name]).ended(0);
        assert!(saved.out.contains(&format!("{name}: 1 file")), "{}", saved.out);
    }
    // Two documents in ZIP files are two things, and neither is a version of the other.
    write(&office, "trees.zip", &pack(&[("trees.csv", "t")]));
    write(&office, "hall.zip", &pack(&[("hall.csv", "h")]));
    office.run(["backup", "trees.zip"]).ended(0);
    office.run(["backup", "hall.zip"]).ended(0);
    assert!(deleted(&office, "csv").is_empty());
}

#[test]
fn what_is_wrong_with_an_export_is_said_plainly() {
    let office = Office::new();
    let bytes = pack(&[("a.txt", &"minutes".repeat(100)), ("b.txt", "agenda")]);
    write(&office, "Export.zip", &bytes[..bytes.len() - 30]);
    let partial = office.run(["backup", "Export.zip"]).ended(3);
    let lost = "  Export (ZIP)/(missing part of Export.zip): the ZIP file has lost its end";
    assert!(partial.out.contains(lost), "{}", partial.out);
    write(&office, "page.zip", b"<html>Please sign in</html>");
    let failed = office.run(["backup", "page.zip"]).ended(1);
    assert!(failed.err.contains("page.zip cannot be read: it is a web page and no ZIP file"), "{}", failed.err);
    assert!(failed.err.contains("Next:  Download it again") && !failed.err.contains("rights"), "{}", failed.err);
    write(&office, "zero.zip", b"");
    let failed = office.run(["backup", "zero.zip"]).ended(1);
    assert!(failed.err.contains("zero.zip cannot be read: it is empty (0 bytes)"), "{}", failed.err);
    let beside = office.run(["backup", "docs", "page.zip"]).ended(3);
    assert!(beside.out.contains("NOT BACKED UP at all: page.zip cannot be read"), "{}", beside.out);
    write(&office, "Twice.zip", &twice());
    let told = office.run(["backup", "Twice.zip"]).ended(0);
    assert!(told.err.contains(r#"NOTE: The ZIP holds different files named "a""#), "{}", told.err);
}

#[test]
fn a_folder_with_exports_of_several_services_keeps_the_newest_of_each() {
    let office = Office::new();
    for (name, what) in [
        ("OneDrive_2026-11-14.zip", "one"),
        ("OneDrive_1_14-11-2026.zip", "two"),
        ("Documents-20261114T090000Z-001.zip", "three"),
        ("Documents-20261107T090000Z-001.zip", "old"),
        ("takeout-20261114T090000Z-001.zip", "four"),
    ] {
        write(
            &office,
            &format!("Exports/{name}"),
            &pack(&[("plan.txt", what), ("same.txt", ""), (&format!("{what}.txt"), what)]),
        );
    }
    office.write("Exports/note.txt", "beside them");
    let saved = office.run(["backup", "Exports"]).ended(0);
    let forms = "Exports holds several exports, by the forms of their names or by what is in them (Documents, OneDrive_DATE, \
                 OneDrive_N_DATE, takeout)";
    assert!(saved.err.contains(forms), "{}", saved.err);
    let once = "1 older export is part of this backup and of no later one, because it was in none yet";
    assert!(saved.out.contains(once), "{}", saved.out);
    let named = office.run(["backup", "Exports", "--as", "Cloud", "--json"]).ended(0).json();
    let names: Vec<&str> =
        named["roots"].as_array().unwrap().iter().map(|root| root["name"].as_str().unwrap()).collect();
    let titles = ["Documents", "OneDrive_DATE", "OneDrive_N_DATE", "takeout", "other files"];
    assert_eq!(names, titles.map(|title| format!("Cloud ({title})")));
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    for (title, what) in titles.iter().zip(["three", "one", "two", "four"]) {
        assert_eq!(office.read(&format!("out/Cloud ({title})/plan.txt")), what);
        assert_eq!(office.read(&format!("out/Cloud ({title})/{what}.txt")), what);
    }
    assert_eq!(office.read("out/Cloud (other files)/note.txt"), "beside them");
}

/// An export with so many files.
fn export_of(office: &Office, name: &str, files: usize) {
    let names: Vec<String> = (0..files).map(|number| format!("Council/{number}.txt")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "Resolved.")).collect();
    write(office, name, &pack(&files));
}

#[test]
fn exports_that_vanish_from_a_folder_of_several_are_missed_until_somebody_says_that_they_are_gone() {
    let office = Office::new();
    export_of(&office, "Exports/OneDrive_1_14-11-2026.zip", 30);
    export_of(&office, "Exports/SharePoint_1_14-11-2026.zip", 4);
    export_of(&office, "Exports/takeout-20261114T100000Z-001.zip", 5);
    office.run(["backup", "Exports"]).ended(0);
    fs::remove_file(office.path("Exports/OneDrive_1_14-11-2026.zip")).unwrap();
    let told = "MISSING: Exports (OneDrive) had 30 files (270 bytes) in its last complete backup and is not there now.
";
    for _ in 0..2 {
        let without_one = office.run(["backup", "Exports"]).ended(6);
        assert!(without_one.out.contains(told) && !without_one.out.contains("NOTE"), "{}", without_one.out);
        assert_eq!(without_one.last_line(), "PARTIAL: 1 doubt about what was found");
    }
    fs::remove_file(office.path("Exports/SharePoint_1_14-11-2026.zip")).unwrap();
    for _ in 0..2 {
        let only = office.run(["backup", "Exports"]).ended(6);
        assert!(
            only.out.contains(told) && only.out.contains("MISSING: Exports (SharePoint) had 4 files"),
            "{}",
            only.out
        );
        assert!(!only.out.contains("MISSING: Exports (takeout)"), "{}", only.out);
    }
    let json = office.run(["backup", "Exports", "--json"]).ended(6).json();
    assert_eq!((&json["partial_classes"], &json["doubts"][0]["kind"]), (&vec!["documents"].into(), &"missing".into()));
    // Nothing is left at all, and the folder is backed up as any other.
    fs::rename(office.path("Exports/takeout-20261114T100000Z-001.zip"), office.path("kept.zip")).unwrap();
    let empty = office.run(["backup", "Exports"]).ended(6);
    assert!(empty.out.contains(told) && empty.out.contains("EMPTY: Exports had 5 files"), "{}", empty.out);
    fs::rename(office.path("kept.zip"), office.path("Exports/takeout-20261114T100000Z-001.zip")).unwrap();
    let accepted = office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert!(accepted.out.contains("Accepted as gone for good."), "{}", accepted.out);
    assert!(!office.run(["backup", "Exports"]).ended(0).out.contains("MISSING"));
}

#[test]
fn what_lay_beside_exports_is_missed_where_it_vanishes() {
    let office = Office::new();
    export_of(&office, "Exports/OneDrive_1_14-11-2026.zip", 3);
    office.write("Exports/note.txt", "beside the export");
    office.run(["backup", "Exports"]).ended(0);
    fs::remove_file(office.path("Exports/note.txt")).unwrap();
    let missed = office.run(["backup", "Exports"]).ended(6);
    assert!(missed.out.contains("MISSING: Exports (other files) had 1 file (17 bytes)"), "{}", missed.out);
}

#[test]
fn exports_are_held_against_their_own_kind_when_others_join_them_or_go() {
    let office = Office::new();
    let (week_46, week_47) = ("Exports/OneDrive_1_14-11-2026.zip", "Exports/OneDrive_1_21-11-2026.zip");
    let takeout = "Exports/takeout-20261114T100000Z-001.zip";
    export_of(&office, week_46, 10);
    office.run(["backup", "Exports"]).ended(0);
    export_of(&office, week_47, 30);
    export_of(&office, takeout, 5);
    let joined = office.run(["backup", "Exports"]).ended(0);
    assert!(joined.out.contains("Exports (OneDrive): compared with Exports, "), "{}", joined.out);
    assert!(joined.out.contains("Exports (takeout): no complete backup of it is known"), "{}", joined.out);
    // Alone again it has the folder's name, under which the last one had ten.
    fs::remove_file(office.path(takeout)).unwrap();
    export_of(&office, week_47, 12);
    let alone = office.run(["backup", "Exports"]).ended(6);
    let told =
        ["SHRUNK: Exports had 30 files", "Exports: compared with Exports (OneDrive)", "MISSING: Exports (takeout)"];
    assert!(told.iter().all(|told| alone.out.contains(told)), "{}", alone.out);
}

#[test]
fn exports_in_a_folder_for_each_week_are_stored_as_files_and_that_is_said() {
    let office = Office::new();
    let bytes = pack(&[("plan.txt", "plan")]);
    write(&office, "Exports/week 47/OneDrive_1_20-11-2026.zip", &bytes);
    let saved = office.run(["backup", "Exports"]).ended(0);
    let said =
        "NOTE: Exports holds folders with ZIP files that look like exports. They are stored as the files they are";
    assert!(saved.err.contains(said), "{}", saved.err);
    let stored = office.run(["cat", "latest:Exports/week 47/OneDrive_1_20-11-2026.zip"]).ended(0);
    assert_eq!(stored.bytes, bytes);
}

#[test]
fn of_two_exports_of_one_day_the_newer_content_has_the_name_and_the_older_is_kept() {
    let office = Office::new();
    let (first, again) = ("Exports/OneDrive_2026-11-14.zip", "Exports/OneDrive_2026-11-14 (1).zip");
    write(&office, first, &pack(&[("plan.txt", "as it was"), ("same.txt", "same")]));
    write(&office, again, &pack(&[("plan.txt", "as it is"), ("same.txt", "same")]));
    let saved = office.run(["backup", "Exports"]).ended(0);
    let kept = r#"one of them is kept as "plan (2 in OneDrive_2026-11-14.zip).txt""#;
    assert!(saved.err.contains(kept), "{}", saved.err);
    assert_eq!(office.run(["cat", "latest:Exports/plan.txt"]).ended(0).out, "as it is");
    let older = "latest:Exports/plan (2 in OneDrive_2026-11-14.zip).txt";
    assert_eq!(office.run(["cat", older]).ended(0).out, "as it was");
}

#[test]
fn an_export_that_lacks_a_part_is_partial_and_the_part_is_named() {
    let office = Office::new();
    let part = |number: u32| format!("Exports/Documents-20261114T090000Z-00{number}.zip");
    write(&office, &part(2), &pack(&[("a.txt", "a")]));
    for given in ["Exports".to_owned(), part(2)] {
        let partial = office.run(["backup", &given]).ended(3);
        let said = "Documents-20261114T090000Z-001.zip: part 1 of this export is missing";
        assert!(partial.out.contains(said), "{}", partial.out);
        assert_eq!(partial.last_line(), "PARTIAL: 1 item could not be read");
    }
    write(&office, &part(1), &pack(&[("b.txt", "b")]));
    assert_eq!(office.run(["backup", "Exports"]).ended(0).last_line(), "COMPLETE");
    assert_eq!(office.run(["backup", &part(1), &part(2)]).ended(0).last_line(), "COMPLETE");
}

#[test]
fn an_export_that_holds_nothing_or_hides_something_is_not_complete() {
    let office = Office::new();
    write(&office, "empty.zip", &pack(&[]));
    let partial = office.run(["backup", "empty.zip"]).ended(3);
    let said = "  empty (ZIP)/(all of empty.zip): the ZIP file holds nothing at all";
    assert!(partial.out.contains(said), "{}", partial.out);
    // An end without members, in the comment of an archive with some.
    let mut bytes = pack(&[("a.txt", "a"), ("b.txt", "b")]);
    let at = bytes.len() - 2;
    bytes[at] = 22;
    bytes.extend_from_slice(b"PK\x05\x06");
    bytes.extend_from_slice(&[0; 18]);
    write(&office, "comment.zip", &bytes);
    let saved = office.run(["backup", "comment.zip"]).ended(0);
    assert!(saved.out.contains("comment (ZIP): 2 files in 1 folder"), "{}", saved.out);
    // Two archives one behind the other.
    let both = [pack(&[("a.txt", "a")]), pack(&[("b.txt", "b")])].concat();
    write(&office, "both.zip", &both);
    let partial = office.run(["backup", "both.zip"]).ended(3);
    assert!(partial.out.contains("both (ZIP): 2 files in 1 folder"), "{}", partial.out);
    let said = "(missing part of both.zip): the ZIP file's own list of files does not name everything";
    assert!(partial.out.contains(said), "{}", partial.out);
}

/// Each is held open while it is read, and a system allows a program 256 or 1,024 open files unless it asks for more.
#[test]
fn an_export_of_more_files_than_a_program_may_hold_open_at_first_is_read() {
    let office = Office::new();
    for number in 1..=300 {
        write(&office, &format!("Exports/OneDrive_{number}_14-11-2026.zip"), &pack(&[(&format!("{number}.txt"), "x")]));
    }
    let plain = office.command(["backup", "Exports"]);
    let mut limited = Command::new("/bin/sh");
    limited.args(["-c", "ulimit -S -n 128 && exec \"$0\" backup Exports", env!("CARGO_BIN_EXE_chest")]);
    limited.env_clear().current_dir(office.path("")).stdin(Stdio::null());
    limited.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let saved = answer(&mut limited).ended(0);
    assert!(saved.out.contains("Exports: 300 files in 1 folder"), "{}", saved.out);
}

#[test]
fn a_file_from_the_future_makes_no_old_export_new() {
    let office = Office::new();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, year) in [("old.txt", 2019), ("future.txt", 2099)] {
        let time = zip::DateTime::from_date_and_time(year, 5, 1, 9, 30, 0).unwrap();
        writer.start_file(name, SimpleFileOptions::default().last_modified_time(time)).unwrap();
        writer.write_all(name.as_bytes()).unwrap();
    }
    write(&office, "Export.zip", &writer.finish().unwrap().into_inner());
    let saved = office.run(["backup", "Export.zip"]).ended(0);
    assert!(saved.out.contains("Export.zip: 2 files inside, newest changed 1 May 2019"), "{}", saved.out);
    assert!(saved.out.contains("NOTE: what is newest in Export (ZIP) is"), "{}", saved.out);
}

/// Two files of one name: the library writes none, so one name is changed afterwards.
fn twice() -> Vec<u8> {
    let mut bytes = pack(&[("a", "one"), ("b", "two")]);
    let at: Vec<usize> = (46..bytes.len()).filter(|&at| bytes[at..].starts_with(b"PK\x01\x02")).collect();
    bytes[at[1] + 46] = b'a';
    bytes
}

#[test]
fn names_that_no_folder_here_can_hold_come_back_shortened_and_are_named() {
    let office = Office::new();
    let long = |end: &str| format!("{}{end}", "ŵ".repeat(130));
    let (first, second) = (long(" of May.docx"), long(" of June.docx"));
    let within = format!("{}/June.txt", long(""));
    write(&office, "long.zip", &pack(&[(&first, "may"), (&second, "june"), (&within, "within")]));
    assert_eq!(office.run(["backup", "--as", "long", "long.zip"]).ended(0).last_line(), "COMPLETE");
    let shortened = |answer: &serde_json::Value| -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let all = answer["shortened"].as_array().unwrap().iter();
        all.map(|one| (text(&one["path"]), text(&one["written_as"]))).collect()
    };
    let restore = ["restore", "latest", "--root", "long", "--to", "out"];
    let foretold = office.run([&restore[..], &["--dry-run", "--json"]].concat()).ended(0).json();
    let restored = office.run([&restore[..], &["--json"]].concat()).ended(0).json();
    let named = shortened(&restored);
    let paths: Vec<String> = [&long(""), &second, &first].map(|name| format!("long/{name}")).to_vec();
    assert_eq!(named.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>(), paths, "{restored}");
    for (path, written_as) in &named {
        assert!(written_as.contains("ŵŵŵ") && written_as.contains(" (shortened "), "{written_as}");
        let item = foretold["items"].as_array().unwrap().iter().find(|item| item["path"] == **path).unwrap();
        assert_eq!(item["to"], **written_as, "{foretold}");
    }
    let content = |number: usize, more: &str| office.read(&format!("out/{}{more}", named[number].1));
    assert_eq!([content(0, "/June.txt"), content(1, ""), content(2, "")], ["within", "june", "may"]);
    assert!(named[2].1.ends_with(").docx"), "{}", named[2].1);

    let again = office.run(restore).ended(0);
    assert!(again.last_line().ends_with("3 items already there with the same content"), "{}", again.out);
    let head = "Under a shorter name, because no folder here can hold one that is so long:\n";
    assert!(again.out.contains(head), "{}", again.out);
    assert!(again.out.contains(&format!("  {}: written as {}\n", named[2].0, named[2].1)), "{}", again.out);

    // What has the name and is not the same stays, and what was restored is still known as what it is.
    office.write(&format!("out/{}", named[2].1), "mine");
    let beside = shortened(&office.run([&restore[..], &["--json"]].concat()).ended(0).json());
    assert!(beside[2].1.contains(" (shortened ") && beside[2].1.contains(" (restored "), "{}", beside[2].1);
    assert_eq!((content(2, ""), office.read(&format!("out/{}", beside[2].1))), ("mine".into(), "may".into()));

    // The folder above what is asked for is named too; with --flat there is none.
    let found = office.run(["find", "June.txt"]).ended(0);
    let pasted = office.paste(found.commands()[0]).ended(0);
    assert!(pasted.out.contains(&format!("  {}: written as {}\n", named[0].0, named[0].1)), "{}", pasted.out);
    assert_eq!(office.read(&format!("home/restored/{}/June.txt", named[0].1)), "within");
    let flat = office.run(["restore", "latest", &format!("long/{within}"), "--to", "flat", "--flat"]).ended(0);
    assert!(!flat.out.contains("shorter name"), "{}", flat.out);
    assert_eq!(office.read("flat/June.txt"), "within");
}

/// The paths that a search calls deleted.
fn deleted(office: &Office, word: &str) -> Vec<String> {
    let found = office.run(["find", "--deleted", word, "--json"]).ended(0).json();
    let hits = found["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["typed"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn files_of_an_export_that_has_vanished_are_found_as_deleted() {
    let office = Office::new();
    let (onedrive, sharepoint) = ("Exports/OneDrive_1_14-11-2026.zip", "Exports/SharePoint_1_14-11-2026.zip");
    let letter = "From: clerk@example.org\nSubject: Hedge\n\nCut it.\n";
    let of_onedrive = pack(&[("plan.txt", "one"), ("Minutes/May.txt", "may"), ("hedge.eml", letter)]);
    write(&office, onedrive, &of_onedrive);
    write(&office, sharepoint, &pack(&[("plan.txt", "two"), ("Sites/hall.txt", "hall")]));
    office.write("Exports/note plan.txt", "beside them");
    office.run(["backup", "Exports"]).ended(0);
    office.back_up().ended(0);
    let deleted_messages = || office.run(["find", "--mail", "--deleted", "hedge"]).ended(0).commands().len();
    assert_eq!(deleted_messages(), 0);
    for word in ["plan", "may", "hall", "budget"] {
        assert!(deleted(&office, word).is_empty(), "what another command backs up is there");
    }
    fs::remove_file(office.path(onedrive)).unwrap();
    for flags in [&[][..], &["--accept-shrink"]] {
        office.run([&["backup", "Exports"], flags].concat()).ended(if flags.is_empty() { 6 } else { 0 });
        // One that is alone bears the name of its folder.
        assert_eq!(deleted(&office, "plan"), ["Exports (OneDrive)/plan.txt"]);
        assert_eq!(deleted(&office, "may"), ["Exports (OneDrive)/Minutes/May.txt"]);
        assert!(deleted(&office, "hall").is_empty());
        assert_eq!(deleted_messages(), 1);
        let found = office.run(["find", "may"]).ended(0);
        assert!(found.out.contains("; in the backup of ") && found.out.contains("; deleted since"), "{}", found.out);
    }
    // It is there again, and the other is not; then neither.
    write(&office, onedrive, &of_onedrive);
    fs::remove_file(office.path(sharepoint)).unwrap();
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert!(deleted(&office, "may").is_empty() && deleted_messages() == 0);
    assert_eq!(deleted(&office, "hall"), ["Exports/Sites/hall.txt", "Exports (SharePoint)/Sites/hall.txt"]);
    fs::remove_file(office.path(onedrive)).unwrap();
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, "may").len(), 2);
    // What lay beside the exports is what lies in the folder now.
    assert!(deleted(&office, "note").is_empty());
    fs::remove_file(office.path("Exports/note plan.txt")).unwrap();
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, "note").len(), 2);
}

#[test]
fn a_folder_that_cannot_be_looked_into_says_nothing_of_what_has_gone_from_it() {
    let office = Office::new();
    for name in ["OneDrive_1_14-11-2026.zip", "SharePoint_1_14-11-2026.zip"] {
        write(&office, &format!("Exports/{name}"), &pack(&[("plan.txt", name)]));
    }
    office.run(["backup", "Exports", "docs"]).ended(0);
    fs::rename(office.path("Exports"), office.path("elsewhere")).unwrap();
    office.run(["backup", "Exports", "docs"]);
    assert!(deleted(&office, "plan").is_empty());
}

#[test]
fn an_export_that_lies_there_as_a_file_takes_nothing_away_nor_one_that_is_taken_apart() {
    let office = Office::new();
    let name = "Exports/OneDrive_1_14-11-2026.zip";
    write(&office, name, &pack(&[("plan.txt", "one")]));
    write(&office, "Exports/SharePoint_1_14-11-2026.zip", &pack(&[("hall.txt", "two")]));
    office.run(["backup", "Exports", "--as-is"]).ended(0);
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert!(deleted(&office, ".zip").is_empty());
    office.run(["backup", "Exports", "--as-is", "--accept-shrink"]).ended(0);
    assert!(deleted(&office, "plan").is_empty());
    fs::remove_file(office.path(name)).unwrap();
    office.run(["backup", "Exports", "--as-is", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, "plan"), ["Exports (OneDrive)/plan.txt"]);
    assert_eq!(deleted(&office, ".zip"), [name]);
}

#[test]
fn what_an_export_has_lost_with_its_end_is_not_called_deleted() {
    let office = Office::new();
    let files = [("a/one.txt", "It was RESOLVED. ".repeat(100)), ("a/two.txt", "NOTED ".repeat(100))];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let whole = pack(&files);
    write(&office, "Exports/OneDrive_1_13-11-2026.zip", &whole);
    office.run(["backup", "Exports"]).ended(0);
    fs::remove_file(office.path("Exports/OneDrive_1_13-11-2026.zip")).unwrap();
    for part in [4, 2] {
        write(&office, "Exports/OneDrive_1_20-11-2026.zip", &whole[..whole.len() / part]);
        office.run(["backup", "Exports", "--accept-shrink"]).ended(3);
        assert!(deleted(&office, ".txt").is_empty(), "{part}");
    }
    write(&office, "Exports/OneDrive_1_20-11-2026.zip", &pack(&files[..1]));
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, ".txt"), ["Exports/a/two.txt"]);
}

/// In how many backups a file is, and whether the newest is one of them.
fn held(office: &Office, name: &str) -> (u64, bool) {
    let found = office.run(["find", name, "--json"]).ended(0).json();
    let newest =
        office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].as_array().unwrap().last().unwrap()["id"]
            .clone();
    let hits = found["hits"].as_array().unwrap().iter();
    let versions: Vec<_> = hits.flat_map(|hit| hit["versions"].as_array().unwrap().clone()).collect();
    let is_there = versions.iter().any(|version| version["last_seen"]["snapshot"] == newest);
    (versions.iter().map(|version| version["snapshots"].as_u64().unwrap()).sum(), is_there)
}

#[test]
fn two_downloads_of_different_folders_are_both_backed_up_each_week_and_each_goes_on_from_its_own() {
    let office = Office::new();
    let finance = |day: &str, more: &[(&str, &str)]| {
        let files = [&[("Finance/a.xlsx", "1"), ("Finance/b.xlsx", "2")], more].concat();
        write(&office, &format!("E/OneDrive_1_{day}.zip"), &pack(&files));
    };
    let minutes = |day: &str, more: &[(&str, &str)]| {
        let files = [&[("Minutes/m.docx", "1"), ("Minutes/n.docx", "2")], more].concat();
        write(&office, &format!("E/OneDrive_1_{day}.zip"), &pack(&files));
    };
    finance("06-11-2026", &[]);
    let first = office.run(["backup", "E"]).ended(0);
    assert!(first.out.contains("E: 2 files in 2 folders, "), "{}", first.out);
    // The names differ in the day only, and in each week another of the two is the newest.
    minutes("07-11-2026", &[]);
    let both = office.run(["backup", "E"]).ended(0);
    assert!(both.out.contains("E (Finance): 2 files") && both.out.contains("E (Minutes): 2 files"), "{}", both.out);
    assert!(both.out.contains("E (Finance): compared with E, "), "{}", both.out);
    minutes("13-11-2026", &[]);
    finance("14-11-2026", &[("Finance/c.xlsx", "3")]);
    let third = office.run(["backup", "E"]).ended(0);
    assert_eq!(third.last_line(), "COMPLETE", "{}", third.out);
    assert!(third.out.contains("E (Finance): 3 files") && third.out.contains("E (Minutes): 2 files"), "{}", third.out);
    assert!(!third.out.contains("compared with"), "{}", third.out);
    for name in ["a.xlsx", "c.xlsx", "m.docx"] {
        assert!(held(&office, name).1, "{name}");
    }
    assert!(deleted(&office, "x").is_empty());
    // One of the two has gone: that is told until somebody says that it is right.
    for day in ["06-11-2026", "14-11-2026"] {
        fs::remove_file(office.path(&format!("E/OneDrive_1_{day}.zip"))).unwrap();
    }
    for _ in 0..2 {
        let without = office.run(["backup", "E"]).ended(6);
        assert!(without.out.contains("MISSING: E (Finance) had 3 files"), "{}", without.out);
    }
    office.run(["backup", "E", "--accept-shrink"]).ended(0);
    assert_eq!(office.run(["backup", "E"]).ended(0).last_line(), "COMPLETE");
    assert_eq!(deleted(&office, "a.xlsx"), ["E/Finance/a.xlsx", "E (Finance)/Finance/a.xlsx"]);
    // An export of everything takes the place of what is left.
    minutes("21-11-2026", &[("Finance/a.xlsx", "1"), ("plan.txt", "p")]);
    let all = office.run(["backup", "E"]).ended(0);
    assert!(all.out.contains("E: 4 files in 3 folders, "), "{}", all.out);
}

#[test]
fn an_export_of_a_week_without_a_backup_is_stored_once_and_what_only_it_held_is_gone_since() {
    let office = Office::new();
    let week = |day: &str, more: &[(&str, &str)]| {
        let files = [&[("D/a", "1"), ("D/b", "2"), ("D/c", "3")], more].concat();
        write(&office, &format!("E/OneDrive_1_{day}.zip"), &pack(&files));
    };
    week("01-11-2026", &[]);
    office.run(["backup", "E"]).ended(0);
    week("08-11-2026", &[("D/only08.docx", "x")]);
    week("15-11-2026", &[]);
    let saved = office.run(["backup", "E"]).ended(0);
    assert!(
        saved.out.contains(
            "no later one, because it was in none yet that this computer knows of: E (OneDrive_1_08-11-2026) (4 files)"
        ),
        "{}",
        saved.out
    );
    assert!(saved.out.contains("NOTE: 1 older export is in earlier backups and not part of this one; the newest is. They are: E (OneDrive_1_01-11-2026)"), "{}", saved.out);
    assert_eq!(held(&office, "only08"), (1, true));
    let next = office.run(["backup", "E"]).ended(0);
    assert!(!next.out.contains("MISSING") && !next.out.contains("was backed up together"), "{}", next.out);
    assert_eq!(held(&office, "only08"), (1, false));
    assert_eq!(deleted(&office, "D/"), ["E (OneDrive_1_08-11-2026)/D/only08.docx"]);
    // A later run leaves out less: what it does not know as stored is stored.
    week("22-11-2026", &[]);
    office.run(["backup", "E", "--exclude", "b", "--accept-shrink"]).ended(0);
    assert!(office.run(["backup", "E"]).ended(0).out.contains("NOTE: 3 older exports are in earlier backups"));
    // Where this computer has lost its notes, everything is read again, and nothing is added.
    fs::remove_dir_all(office.path("cache")).unwrap();
    let json = office.run(["backup", "E", "--json"]).ended(0).json();
    assert_eq!((json["chunks_added"].as_u64(), json["roots"].as_array().unwrap().len()), (Some(0), 4), "{json}");
}

#[test]
fn an_export_that_holds_only_a_part_of_the_last_one_is_doubted_though_the_last_one_lies_beside_it() {
    let office = Office::new();
    let all = ["Minutes/a", "Burials/b", "Burials/c", "Finance/d", "Finance/e", "Finance/f"].map(|name| (name, name));
    write(&office, "E/OneDrive_1_14-11-2026.zip", &pack(&all));
    office.run(["backup", "E"]).ended(0);
    write(&office, "E/OneDrive_1_21-11-2026.zip", &pack(&all[..1]));
    for _ in 0..2 {
        let less = office.run(["backup", "E"]).ended(6);
        assert!(less.out.contains("SHRUNK: E had 6 files") && less.out.contains("E lacks 2 folders"), "{}", less.out);
    }
    write(&office, "E/OneDrive_1_28-11-2026.zip", &pack(&all));
    assert_eq!(office.run(["backup", "E"]).ended(0).last_line(), "COMPLETE");
}

#[test]
fn what_is_in_an_export_that_is_kept_as_a_file_from_now_on_has_not_gone() {
    let office = Office::new();
    let files = ["Minutes/a", "Minutes/b", "Burials/c", "Burials/d"].map(|name| (name, "x"));
    write(&office, "E/OneDrive_1_13-11-2026.zip", &pack(&files));
    write(&office, "E/OneDrive_1_20-11-2026.zip", &pack(&files));
    ["how.txt", "list.txt"].iter().for_each(|name| office.write(&format!("E/{name}"), "a note"));
    office.run(["backup", "E"]).ended(0);
    // There are more notes than exports now.
    fs::remove_file(office.path("E/OneDrive_1_13-11-2026.zip")).unwrap();
    office.write("E/third.txt", "a note");
    let kept = office.run(["backup", "E"]).ended(0);
    assert!(kept.out.contains("nobody can tell whether something is missing from it"), "{}", kept.out);
    assert_eq!(deleted(&office, "Minutes"), [""; 0]);
    office.run(["backup", "E"]).ended(0);
    fs::remove_file(office.path("E/OneDrive_1_20-11-2026.zip")).unwrap();
    office.run(["backup", "E"]).ended(6);
    assert_eq!(deleted(&office, "Minutes/a"), ["E/Minutes/a", "E (OneDrive_1_13-11-2026)/Minutes/a"]);
}

#[test]
fn zip_files_that_do_not_go_on_from_each_other_are_all_in_the_backup() {
    let office = Office::new();
    // Nothing tells that these are exports.
    for year in ["2019", "2020"] {
        write(&office, &format!("Old/accounts {year}.zip"), &pack(&[(&format!("a{year}.csv"), year)]));
    }
    age(&office, "Old/accounts 2019.zip", 365);
    office.run(["backup", "Old"]).ended(0);
    assert!(held(&office, "accounts 2019.zip").1 && held(&office, "accounts 2020.zip").1);
    // The day tells that they may be.
    for day in ["12-11-2025", "10-12-2025", "14-01-2026", "11-02-2026"] {
        write(&office, &format!("Meetings/Planning {day}.zip"), &pack(&[(&format!("plan{day}.pdf"), day)]));
        office.write(&format!("Meetings/notes{day}.docx"), day);
    }
    let first = office.run(["backup", "Meetings"]).ended(0);
    for day in ["12-11-2025", "10-12-2025", "14-01-2026", "11-02-2026"] {
        assert!(first.out.contains(&format!("Meetings (Planning {day}): 1 file in 1 folder")), "{}", first.out);
    }
    write(&office, "Meetings/Planning 11-03-2026.zip", &pack(&[("plan11-03-2026.pdf", "march")]));
    let next = office.run(["backup", "Meetings"]).ended(0);
    assert!(!next.out.contains("compared with"), "{}", next.out);
    assert!(held(&office, "plan12-11-2025.pdf").1 && held(&office, "plan11-03-2026.pdf").1);
    // One that is taken away is missed.
    fs::remove_file(office.path("Meetings/Planning 14-01-2026.zip")).unwrap();
    let without = office.run(["backup", "Meetings"]).ended(6);
    assert!(without.out.contains("MISSING: Meetings (Planning 14-01-2026) had 1 file"), "{}", without.out);
}

#[test]
fn an_older_download_that_broke_off_is_in_the_backup_as_the_file_that_it_is() {
    let office = Office::new();
    let files = [("D/a", "minutes ".repeat(50)), ("D/b", "agenda ".repeat(50)), ("D/c", "accounts".repeat(50))];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let whole = pack(&files);
    write(&office, "E/OneDrive_1_07-11-2026.zip", &whole[..whole.len() / 2]);
    write(&office, "E/OneDrive_1_06-11-2026.zip", b"<html>Please sign in</html>");
    write(&office, "E/OneDrive_1_08-11-2026.zip", &whole);
    let saved = office.run(["backup", "E"]).ended(0);
    assert!(saved.out.contains("E (other files): 2 files in 1 folder"), "{}", saved.out);
    let kept = office.run(["cat", "latest:E (other files)/OneDrive_1_07-11-2026.zip"]).ended(0);
    assert_eq!(kept.bytes, &whole[..whole.len() / 2]);
    assert_eq!(office.run(["backup", "E"]).ended(0).last_line(), "COMPLETE");
}

#[test]
fn very_many_different_exports_are_stored_as_files_and_not_all_named_on_the_screen() {
    let office = Office::new();
    for number in 0..60_u8 {
        let street = [b'a' + number / 26, b'a' + number % 26].map(char::from);
        let name = format!("Cases/Hedge {}{} 20-11-2026.zip", street[0], street[1]);
        write(&office, &name, &pack(&[(&format!("{number}.txt"), "x")]));
    }
    let saved = office.run(["backup", "Cases"]).ended(0);
    assert!(saved.err.contains("holds very many ZIP files that have nothing to do with each other"), "{}", saved.err);
    assert!(saved.out.contains("Cases: 60 files in 1 folder"), "{}", saved.out);
    let paths: Vec<String> = fs::read_dir(office.path("Cases"))
        .unwrap()
        .map(|entry| format!("Cases/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    let all: Vec<&str> = ["backup"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let named = office.run(&all[..]).ended(0);
    assert!(named.out.contains("\nand 10 besides; --json lists all of them\n"), "{}", named.out);
}
