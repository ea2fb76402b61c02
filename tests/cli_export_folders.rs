//! A folder into which exports are downloaded week after week, at the command line: which is the newest, what is older, what is another
//! thing, and what lies beside them.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use cli_support::exports::{age, deleted, pack, write};
use std::fs;
use std::os::unix::fs::PermissionsExt;

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
fn a_folder_with_exports_of_several_services_keeps_the_newest_of_each() {
    let office = Office::new();
    for (name, what) in [
        ("OneDrive_1_14-11-2026.zip", "one"),
        ("SharePoint_1_14-11-2026.zip", "two"),
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
    let forms = "Exports holds several exports, by the forms of their names or by what is in them (Documents, OneDrive, \
                 SharePoint, takeout)";
    assert!(saved.err.contains(forms), "{}", saved.err);
    let once = "1 older export is part of this backup and of no later one, because it was in none yet";
    assert!(saved.out.contains(once), "{}", saved.out);
    let named = office.run(["backup", "Exports", "--as", "Cloud", "--json"]).ended(0).json();
    let names: Vec<&str> =
        named["roots"].as_array().unwrap().iter().map(|root| root["name"].as_str().unwrap()).collect();
    let titles = ["Documents", "OneDrive", "SharePoint", "takeout", "other files"];
    assert_eq!(names, titles.map(|title| format!("Cloud ({title})")));
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    for (title, what) in titles.iter().zip(["three", "one", "two", "four"]) {
        assert_eq!(office.read(&format!("out/Cloud ({title})/plan.txt")), what);
        assert_eq!(office.read(&format!("out/Cloud ({title})/{what}.txt")), what);
    }
    assert_eq!(office.read("out/Cloud (other files)/note.txt"), "beside them");
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
fn a_download_that_came_to_nothing_is_told_though_that_of_another_folder_is_newer() {
    let (finance, minutes) = ([("Finance/a", "1"), ("Finance/b", "2")], [("Minutes/m", "3"), ("Minutes/n", "4")]);
    let week = |office: &Office, day: &str, bytes: &[u8]| {
        write(office, &format!("E/OneDrive_1_{day}-11-2026.zip"), bytes);
    };
    for broken in [&b""[..], b"<html>Please sign in</html>", &pack(&minutes)[..25]] {
        let office = Office::new();
        week(&office, "06", &pack(&minutes));
        week(&office, "07", &pack(&finance));
        office.run(["backup", "E"]).ended(0);
        week(&office, "13", broken);
        week(&office, "14", &pack(&finance));
        let told = office.run(["backup", "E"]).ended(3);
        assert!(told.out.contains("  E (Minutes)/OneDrive_1_13-11-2026.zip: "), "{}", told.out);
        assert!(told.last_line().starts_with("PARTIAL: 1 item could not be read"), "{}", told.out);
        assert!(!told.out.contains("other files"), "{}", told.out);
        // Downloaded again, it is an older download that broke off, and may go.
        week(&office, "15", &pack(&minutes));
        let again = office.run(["backup", "E"]).ended(0);
        assert!(again.out.contains("E (other files): 1 file in 1 folder"), "{}", again.out);
        fs::remove_file(office.path("E/OneDrive_1_13-11-2026.zip")).unwrap();
        assert_eq!(office.run(["backup", "E"]).ended(0).last_line(), "COMPLETE");
    }
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

/// Takes everybody's right to read a file of the office, or gives it back.
fn allow(office: &Office, name: &str, is_allowed: bool) {
    let mode = if is_allowed { 0o644 } else { 0 };
    fs::set_permissions(office.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_part_that_may_not_be_read_is_told_and_takes_nothing_else_with_it() {
    let office = Office::new();
    let (one, two, three) = (("A/one.txt", "1"), ("A/two.txt", "2"), ("B/three.txt", "3"));
    for (name, files) in [("1_06", &[one, two][..]), ("2_06", &[three]), ("1_13", &[one, two, ("A/new.txt", "n")])] {
        write(&office, &format!("E/OneDrive_{name}-11-2026.zip"), &pack(files));
    }
    office.run(["backup", "E"]).ended(0);
    let closed = "E/OneDrive_2_13-11-2026.zip";
    write(&office, closed, &pack(&[three, ("B/four.txt", "4")]));
    allow(&office, closed, false);
    for named in [&["E"][..], &["E/OneDrive_1_13-11-2026.zip", closed]] {
        let told = office.run([&["backup"], named].concat()).ended(3);
        assert!(told.out.contains("OneDrive_2_13-11-2026.zip: no permission to read it"), "{}", told.out);
        assert!(told.last_line().starts_with("PARTIAL: 1 item could not be read"), "{}", told.out);
        assert!(held(&office, "new.txt").1, "{}", told.out);
        assert_eq!(deleted(&office, "three"), [""; 0]);
    }
    allow(&office, closed, true);
    assert_eq!(office.run(["backup", "E"]).ended(0).last_line(), "COMPLETE");
    assert!(held(&office, "new.txt").1 && held(&office, "four.txt").1);
}

#[test]
fn of_older_exports_and_of_others_a_file_that_may_not_be_read_is_told_and_takes_nothing_with_it() {
    let office = Office::new();
    let (one, two) = (("A/one.txt", "1"), ("A/two.txt", "2"));
    for (name, files) in [
        ("OneDrive_1_30-10", &[one, two, ("A/old.txt", "o")][..]),
        ("OneDrive_2_30-10", &[("B/older.txt", "p")]),
        ("OneDrive_1_06-11", &[one, two]),
        ("OneDrive_1_23-10", &[("F/accounts.txt", "q")]),
        ("OneDrive_2_23-10", &[("F/grant.txt", "r")]),
        ("SharePoint_1_06-11", &[("Sites/hall.txt", "h")]),
    ] {
        write(&office, &format!("E/{name}-2026.zip"), &pack(files));
    }
    let closed =
        ["OneDrive_2_30-10", "OneDrive_2_23-10", "SharePoint_1_06-11"].map(|name| format!("E/{name}-2026.zip"));
    closed.iter().for_each(|name| allow(&office, name, false));
    let told = office.run(["backup", "E"]).ended(3);
    for name in ["F)/OneDrive_2_30-10", "F)/OneDrive_2_23-10", "SharePoint)/SharePoint_1_06-11"] {
        let line = format!("E ({name}-2026.zip: no permission to read it");
        assert!(told.out.contains(&line), "{}", told.out);
    }
    for name in ["one.txt", "old.txt", "accounts.txt"] {
        assert!(held(&office, name).1, "{name}: {}", told.out);
    }
    closed.iter().for_each(|name| allow(&office, name, true));
    let all = office.run(["backup", "E"]).ended(0);
    for name in ["older.txt", "grant.txt", "hall.txt"] {
        assert!(held(&office, name).1, "{name}: {}", all.out);
    }
}
