//! What the guard doubts or misses in a folder into which exports are downloaded week after week: each is held against the one that it goes on
//! from, whatever it is called and whatever lies beside it, until somebody says that it is right.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use cli_support::exports::{age, deleted, export_in, pack, pack_bytes, write};
use std::fs;

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
fn an_export_of_which_everything_is_left_out_is_empty_whatever_lies_beside_it() {
    let office = Office::new();
    write(&office, "Exports/OneDrive_1_20-11-2026.zip", &pack(&[("Minutes/May.pdf", "may")]));
    office.write("Exports/note.txt", "beside the export");
    let left_out = office.run(["backup", "Exports", "--exclude", "*.pdf"]).ended(6);
    assert!(left_out.out.contains("EMPTY: there is no file at all in Exports.\n"), "{}", left_out.out);
    assert!(!left_out.out.contains("in Exports (other files).\n"), "{}", left_out.out);
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
