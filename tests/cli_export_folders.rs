//! A folder into which exports are downloaded week after week, at the command line: which is the newest, what is older, what is another
//! thing, what lies beside them, and what has gone.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use cli_support::exports::{age, deleted, pack, pack_bytes, write};
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
    assert_eq!(deleted(&office, "missing part"), [""; 0], "that never was a file");
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
fn a_download_of_another_service_that_never_finishes_takes_nothing_from_the_guard() {
    let office = Office::new();
    let stale = "E/Documents-20261106T100000Z-001.zip.crdownload";
    export_of(&office, "E/OneDrive_1_07-11-2026.zip", 30);
    write(&office, stale, b"PK");
    let told = format!("  E (Documents){}: its download has not finished", &stale[1..]);
    for _ in 0..2 {
        let first = office.run(["backup", "E"]).ended(3);
        assert!(first.out.contains("E (OneDrive): 30 files") && first.out.contains(&told), "{}", first.out);
        assert_eq!(first.last_line(), "PARTIAL: 1 item could not be read");
    }
    export_of(&office, "E/OneDrive_1_14-11-2026.zip", 20);
    let shrunk = office.run(["backup", "E"]).ended(6);
    assert!(shrunk.out.contains("SHRUNK: E (OneDrive) had 30 files"), "{}", shrunk.out);
    export_of(&office, "E/OneDrive_1_14-11-2026.zip", 30);
    fs::remove_file(office.path(stale)).unwrap();
    let alone = office.run(["backup", "E"]).ended(0);
    assert!(alone.out.contains("E: compared with E (OneDrive), "), "{}", alone.out);
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

#[test]
fn whoever_clears_away_a_download_that_broke_off_is_not_asked_for_it() {
    let files = [("D/a", "1"), ("D/b", "2"), ("D/c", "3")];
    let whole = pack(&files);
    for broken in [&whole[..whole.len() - 40], b"<html>sign in</html>", b""] {
        let office = Office::new();
        write(&office, "E/OneDrive_1_06-11-2026.zip", &whole);
        office.run(["backup", "E"]).ended(0);
        write(&office, "E/OneDrive_1_13-11-2026.zip", broken);
        office.run(["backup", "E"]).ended(3);
        write(&office, "E/OneDrive_1_20-11-2026.zip", &whole);
        let good = office.run(["backup", "E"]).ended(0);
        assert!(good.out.contains("E (other files): 1 file"), "{}", good.out);
        fs::remove_file(office.path("E/OneDrive_1_13-11-2026.zip")).unwrap();
        assert_eq!(office.run(["backup", "E"]).ended(0).last_line(), "COMPLETE");
    }
}

#[test]
fn of_what_lies_beside_exports_only_downloads_that_broke_off_may_go_without_a_word() {
    let office = Office::new();
    let whole = pack(&[("D/a", "1"), ("D/b", "2"), ("D/c", "3")]);
    write(&office, "E/OneDrive_1_06-11-2026.zip", &whole[..whole.len() - 40]);
    write(&office, "E/OneDrive_1_20-11-2026.zip", &whole);
    write(&office, "E/Old accounts.zip", &whole);
    office.write("E/note.txt", "");
    let saved = office.run(["backup", "E"]).ended(0);
    assert!(saved.out.contains("E (other files): 3 files"), "{}", saved.out);
    fs::remove_file(office.path("E/OneDrive_1_06-11-2026.zip")).unwrap();
    office.run(["backup", "E"]).ended(0);
    fs::remove_file(office.path("E/Old accounts.zip")).unwrap();
    let saved = office.run(["backup", "E"]).ended(6);
    assert!(saved.out.contains("SHRUNK: E (other files) had 2 files"), "{}", saved.out);
    fs::remove_file(office.path("E/note.txt")).unwrap();
    let saved = office.run(["backup", "E"]).ended(6);
    assert!(saved.out.contains("MISSING: E (other files) had 2 files"), "{}", saved.out);
}

#[test]
fn a_council_that_renames_the_folder_at_the_top_goes_on_from_the_exports_it_has() {
    let office = Office::new();
    let week = |day: &str, folder: &str, files: u32| {
        let names: Vec<_> = (0..files).map(|file| (format!("{folder}/{file}.docx"), format!("item {file}"))).collect();
        let names: Vec<_> = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        write(&office, &format!("E/OneDrive_1_{day}.zip"), &pack(&names));
    };
    week("30-10-2026", "Minutes", 20);
    week("06-11-2026", "Minutes", 21);
    office.run(["backup", "E"]).ended(0);
    week("13-11-2026", "Minutes 2026", 22);
    let renamed = office.run(["backup", "E"]).ended(6);
    assert!(renamed.out.contains("E: 22 files") && renamed.out.contains("E/Minutes\n"), "{}", renamed.out);
    assert_eq!(office.run(["backup", "E", "--accept-shrink"]).ended(0).last_line(), "COMPLETE");
    week("20-11-2026", "Minutes 2026", 23);
    let next = office.run(["backup", "E"]).ended(0);
    assert!(next.out.contains("E: 23 files") && !next.out.contains("several exports"), "{}", next.out);
    for day in ["30-10-2026", "06-11-2026"] {
        fs::remove_file(office.path(&format!("E/OneDrive_1_{day}.zip"))).unwrap();
    }
    assert_eq!(office.run(["backup", "E"]).ended(0).last_line(), "COMPLETE");
}

#[test]
fn exports_in_a_folder_of_another_name_hold_what_one_did_also_where_one_is_held_against_nothing() {
    let office = Office::new();
    let export = |path: &str, folders: &[(&str, u32)]| {
        let names = folders.iter().flat_map(|(folder, files)| (0..*files).map(move |file| format!("{folder}/f{file}")));
        let names: Vec<String> = names.collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        write(&office, path, &pack(&files));
    };
    let finance = [("Finance", 11), ("Finance/a", 10)];
    export("Exports/OneDrive_1_06-11-2026.zip", &[&finance[..], &[("Minutes", 11)]].concat());
    office.run(["backup", "Exports"]).ended(0);
    fs::rename(office.path("Exports"), office.path("Downloads")).unwrap();
    fs::remove_file(office.path("Downloads/OneDrive_1_06-11-2026.zip")).unwrap();
    export("Downloads/OneDrive_1_13-11-2026.zip", &finance);
    export("Downloads/OneDrive_1_14-11-2026.zip", &[("Minutes", 10)]);
    let told = office.run(["backup", "Downloads", "--accept-shrink"]).ended(0);
    for held_against in [": compared with Exports, which", ": no complete backup of it is known here yet"] {
        assert_eq!(told.out.matches(held_against).count(), 1, "{}", told.out);
    }
    assert_eq!(deleted(&office, "Finance/"), [""; 0]);
    assert_eq!(deleted(&office, "Minutes/"), ["Exports/Minutes/f10"]);
}

#[test]
fn an_export_that_is_stored_once_under_the_name_of_one_that_was_cut_short_takes_nothing_away() {
    let office = Office::new();
    let week = |name: &str, numbers: &[std::ops::RangeInclusive<u32>]| {
        let names: Vec<String> = numbers.iter().cloned().flatten().map(|number| format!("T/f{number}")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        let bytes = pack(&files);
        let bytes = if name.ends_with("002") { &bytes[..70] } else { &bytes[..] };
        write(&office, &format!("E/takeout-{name}.zip"), bytes);
    };
    write(&office, "E/OneDrive_1_09-10-2026.zip", &pack(&[("A/one", "1"), ("A/two", "2")]));
    week("20261009T150000Z-001", &[101..=120]);
    office.run(["backup", "E"]).ended(0);
    week("20261016T150000Z-001", &[101..=102, 301..=303]);
    week("20261016T150000Z-002", &[104..=106]);
    // It has broken off, and there is much less in it than in the one beside it.
    office.run(["backup", "E"]).ended(6);
    assert_eq!(deleted(&office, "T/"), [""; 0]);
    week("20261023T150000Z-001", &[101..=104, 301..=303]);
    let told = office.run(["backup", "E", "--accept-shrink"]).ended(0);
    let once = "in none yet that this computer knows of: E (takeout-20261016T150000Z-001) (5 files)";
    assert!(told.out.contains(once), "{}", told.out);
    for _ in 0..2 {
        assert_eq!(deleted(&office, "T/f104"), [""; 0], "the newest holds it");
        assert_eq!(deleted(&office, "T/f105"), ["E (takeout)/T/f105"]);
        assert_eq!(deleted(&office, "T/f30"), [""; 0]);
        office.run(["backup", "E"]).ended(0);
    }
}

fn random_bytes(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| random.u8(..)).take(4096).collect()
}

#[test]
fn an_export_that_goes_on_from_none_is_held_against_the_one_beside_it_of_which_nothing_new_has_come() {
    let names: Vec<String> = (0..60).map(|number| format!("Council/{}/f{number}.docx", number % 4)).collect();
    let before: Vec<_> = names.iter().map(|name| (name.as_str(), "PK\u{3}\u{4} minutes")).collect();
    let council = || {
        let office = Office::new();
        write(&office, "E/OneDrive_1_13-11-2026.zip", &pack(&before));
        office.run(["backup", "E"]).ended(0);
        office
    };
    // Almost everything is gone.
    let office = council();
    write(&office, "E/OneDrive_1_20-11-2026.zip", &pack(&[("Council/1/new.docx", "PK\u{3}\u{4} new")]));
    for _ in 0..2 {
        let told = office.run(["backup", "E"]).ended(6);
        assert!(told.out.contains(", to which nothing new has come; if this is "), "{}", told.out);
        assert!(told.out.contains("SHRUNK: E (OneDrive_1_20-11-2026) had 60 files"), "{}", told.out);
    }
    let accepted = office.run(["backup", "E", "--accept-shrink"]).ended(0);
    assert!(accepted.out.contains(", to which nothing new has come; "), "{}", accepted.out);
    let after = office.run(["backup", "E"]).ended(0);
    assert!(!after.out.contains("compared with"), "{}", after.out);
    // Everything is noise, under other names.
    let office = council();
    let noise: Vec<Vec<u8>> = (0..60u8).map(|seed| random_bytes(seed.into())).collect();
    let names: Vec<String> = (0..60).map(|number| format!("Council/{}/{:x}", number % 4, number * 7_654_321)).collect();
    let encrypted: Vec<_> = names.iter().zip(&noise).map(|(name, noise)| (name.as_str(), &noise[..])).collect();
    write(&office, "E/OneDrive_1_20-11-2026.zip", &pack_bytes(&encrypted));
    let told = office.run(["backup", "E", "--accept-shrink"]).ended(6);
    assert!(told.out.contains("ALARM"), "{}", told.out);
    // The old one has gone on, or the new one has no folder of its: it is another thing.
    let office = council();
    write(&office, "E/OneDrive_1_14-11-2026.zip", &pack(&[("Hall/1/new.docx", "PK\u{3}\u{4} new")]));
    office.run(["backup", "E"]).ended(0);
    let office = council();
    write(&office, "E/OneDrive_1_20-11-2026.zip", &pack(&[&before[..], &[("Council/1/x", "x")]].concat()));
    write(&office, "E/OneDrive_1_21-11-2026.zip", &pack(&[("Council/7/new.docx", "PK\u{3}\u{4} new")]));
    office.run(["backup", "E"]).ended(0);
}

#[test]
fn a_download_that_broke_off_never_was_a_file_of_the_export_in_whose_list_it_stood() {
    let office = Office::new();
    write(&office, "E/OneDrive_1_30-10-2026.zip", &pack(&[("A/one", "1"), ("A/two", "2")]));
    office.run(["backup", "E"]).ended(0);
    write(&office, "E/OneDrive_1_06-11-2026.zip", b"<html>sign in</html>");
    office.run(["backup", "E"]).ended(3);
    write(&office, "E/OneDrive_1_13-11-2026.zip", &pack(&[("A/one", "1"), ("A/two", "2"), ("A/three", "3")]));
    let told = office.run(["backup", "E"]).ended(0);
    assert!(told.out.contains("E (other files): 1 file"), "{}", told.out);
    assert_eq!(deleted(&office, "zip"), [""; 0]);
    let found = office.run(["find", "zip"]).ended(0);
    assert!(found.out.contains("E (other files)/OneDrive_1_06-11-2026.zip\n"), "{}", found.out);
}

#[test]
fn what_came_back_after_a_week_that_lacked_it_is_not_gone_from_that_week() {
    let office = Office::new();
    let folder = |name: &str| -> Vec<(String, String)> {
        (10..30).map(|file| (format!("{name}/f{file}"), format!("{name}{file}"))).collect()
    };
    let export = |path: &str, files: &[(String, String)]| {
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        write(&office, path, &pack(&files));
    };
    let (part, other) = (folder("A"), [folder("X"), folder("Y")].concat());
    let whole = [part.clone(), vec![("B/g1".to_owned(), "g".to_owned())]].concat();
    export("E/OneDrive_1_01-11-2026.zip", &whole);
    export("E/OneDrive_1_02-11-2026.zip", &other);
    export("E/OneDrive_1_08-11-2026.zip", &whole);
    office.run(["backup", "E"]).ended(0);
    for day in ["01", "02", "08"] {
        fs::remove_file(office.path(&format!("E/OneDrive_1_{day}-11-2026.zip"))).unwrap();
    }
    export("E/OneDrive_1_15-11-2026.zip", &part);
    office.run(["backup", "E"]).ended(6);
    assert_eq!(deleted(&office, "g1").len(), 2);
    fs::rename(office.path("E"), office.path("Exports")).unwrap();
    export("Exports/OneDrive_1_20-11-2026.zip", &whole);
    export("Exports/OneDrive_1_21-11-2026.zip", &other);
    office.run(["backup", "Exports"]).ended(0);
    assert_eq!(deleted(&office, "g1"), [""; 0]);
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

#[test]
fn a_doubt_stays_though_the_export_fills_up_with_other_files_until_somebody_accepts_it() {
    let office = Office::new();
    let week = |day: &str, files: &[String]| {
        let files: Vec<_> = files.iter().map(|name| (name.as_str(), name.as_str())).collect();
        write(&office, &format!("E/OneDrive_1_{day}-2026.zip"), &pack(&files));
    };
    let named = |folder: &str, from: u32, to: u32| -> Vec<String> {
        (from..=to).map(|number| format!("{folder}/f{number}")).collect()
    };
    let left = named("A", 101, 112);
    week("30-10", &[named("A", 101, 120), named("A/x", 121, 130)].concat());
    office.run(["backup", "E"]).ended(0);
    week("06-11", &[left.clone(), named("A", 201, 208)].concat());
    let doubted = office.run(["backup", "E"]).ended(6);
    assert!(doubted.out.contains("SHRUNK: E had 30 files"), "{}", doubted.out);
    // More than half of it is in none before last week's, which goes on from the first.
    week("13-11", &[left, named("A", 201, 214)].concat());
    for cleared in [None, Some("30-10"), Some("06-11")] {
        if let Some(day) = cleared {
            fs::remove_file(office.path(&format!("E/OneDrive_1_{day}-2026.zip"))).unwrap();
        }
        let still = office.run(["backup", "E"]).ended(6);
        assert!(still.out.contains("E: 26 files") && still.out.contains("E lacks 1 folder"), "{}", still.out);
        assert!(!still.out.contains("MISSING") && !still.out.contains("compared with"), "{}", still.out);
    }
    office.run(["backup", "E", "--accept-shrink"]).ended(0);
    assert_eq!(office.run(["backup", "E"]).ended(0).last_line(), "COMPLETE");
    assert!(deleted(&office, "f125").contains(&"E/A/x/f125".to_owned()));
}

/// An export with so many files in a folder.
fn export_in(office: &Office, path: &str, folder: &str, files: std::ops::Range<u32>) {
    let files: Vec<_> = files.map(|file| (format!("{folder}/{file}.docx"), format!("item {file}"))).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    write(office, path, &pack(&files));
}

#[test]
fn a_folder_of_exports_that_was_renamed_is_held_against_what_it_was_though_a_note_lies_beside_and_folders_have_other_names()
 {
    for note in [false, true] {
        let office = Office::new();
        if note {
            office.write("Exports/note.txt", "how to");
        }
        export_in(&office, "Exports/OneDrive_1_06-11-2026.zip", "Minutes", 0..30);
        office.run(["backup", "docs", "Exports"]).ended(0);
        fs::rename(office.path("Exports"), office.path("Weekly")).unwrap();
        fs::remove_file(office.path("Weekly/OneDrive_1_06-11-2026.zip")).unwrap();
        export_in(&office, "Weekly/OneDrive_1_13-11-2026.zip", "Council", 0..14);
        for run in 0..2 {
            let renamed = office.run(["backup", "docs", "Weekly"]).ended(6);
            assert!(renamed.out.contains("SHRUNK: Weekly had 30 files"), "{}", renamed.out);
            let beside = "Weekly (other files): compared with Exports (other files)";
            assert_eq!(renamed.out.contains(beside), note && run == 0, "{}", renamed.out);
        }
        office.run(["backup", "docs", "Weekly", "--accept-shrink"]).ended(0);
        assert_eq!(office.run(["backup", "docs", "Weekly"]).ended(0).last_line(), "COMPLETE");
    }
}

#[test]
fn an_export_of_another_service_does_not_come_in_the_place_of_one_that_has_gone() {
    let office = Office::new();
    export_in(&office, "E/OneDrive_1_06-11-2026.zip", "A", 0..30);
    write(&office, "E/takeout-20261106T150000Z-001.zip", b"<html>sign in</html>");
    office.run(["backup", "docs", "E"]).ended(3);
    fs::remove_file(office.path("E/OneDrive_1_06-11-2026.zip")).unwrap();
    fs::remove_file(office.path("E/takeout-20261106T150000Z-001.zip")).unwrap();
    export_in(&office, "E/takeout-20261113T150000Z-001.zip", "T", 0..10);
    let gone = office.run(["backup", "docs", "E"]).ended(6);
    assert!(gone.out.contains("MISSING: E (OneDrive) had 30 files"), "{}", gone.out);
    office.run(["backup", "docs", "E", "--accept-shrink"]).ended(0);
    assert_eq!(office.run(["backup", "docs", "E"]).ended(0).last_line(), "COMPLETE");
}

#[test]
fn what_lay_in_a_folder_that_is_one_of_exports_now_has_not_gone_where_it_lies_beside_them() {
    let office = Office::new();
    office.write("E/how.txt", "a");
    office.write("E/list.txt", "b");
    export_in(&office, "E/OneDrive_1_06-11-2026.zip", "A", 0..10);
    office.run(["backup", "E"]).ended(0);
    export_in(&office, "E/OneDrive_1_13-11-2026.zip", "A", 0..11);
    fs::remove_file(office.path("E/list.txt")).unwrap();
    let apart = office.run(["backup", "E", "--accept-shrink"]).ended(0);
    assert!(apart.out.contains("E (other files): 1 file"), "{}", apart.out);
    assert_eq!(deleted(&office, "how.txt"), [""; 0]);
    assert_eq!(deleted(&office, "list.txt"), ["E/list.txt"]);
}
