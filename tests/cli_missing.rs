//! Folders that are not there: the backup says so, and nobody takes them for folders that were emptied.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

/// Documents and photographs that are in a backup; then the disk with the photographs is gone.
fn office_that_lost_a_disk() -> Office {
    let office = Office::new();
    office.write("photos/fete.jpg", "a photograph");
    office.write("photos/old/jubilee.jpg", "an older one");
    // So long that the times of these files can be relied on, also on a coarse clock.
    sleep(Duration::from_millis(3100));
    office.run(["backup", "docs", "photos"]).ended(0);
    fs::rename(office.path("photos"), office.path("unplugged")).unwrap();
    office
}

#[test]
fn what_is_there_is_backed_up_and_what_is_missing_makes_it_partial() {
    let office = office_that_lost_a_disk();
    office.write("docs/new.txt", "new");
    let partial = office.run(["backup", "docs", "photos"]).ended(6);
    let last = "PARTIAL: 1 of what was named could not be read at all, 1 doubt about what was found";
    assert_eq!(partial.last_line(), last);
    let missed = "MISSING: photos had 2 files (24 bytes) in its last complete backup and is not there now.\n  Earlier backups still hold it.";
    assert!(partial.out.contains(missed), "{}", partial.out);
    assert!(partial.out.contains("photos: NOT BACKED UP\n"), "{}", partial.out);
    let named = "  photos: NOT BACKED UP at all: photos does not exist\n";
    assert!(partial.out.contains(named), "{}", partial.out);
    assert_eq!(office.run(["cat", "latest:docs/new.txt"]).ended(0).out, "new");
    assert!(office.run(["ls", "--exceptions", "latest"]).ended(0).out.contains(named));
    let json = office.run(["backup", "docs", "photos", "--json"]).ended(6).json();
    let doubt = serde_json::json!([{
        "root": "photos", "kind": "missing", "accepted": false, "files_before": 2, "bytes_before": 24
    }]);
    assert_eq!((&json["roots"][1]["missing"], &json["doubts"]), (&true.into(), &doubt), "{json}");
    assert_eq!(json["exceptions"][0]["kind"], "vanished", "{json}");
    assert!(office.run(["check", "--read-data"]).ended(0).last_line().starts_with("NO DAMAGE FOUND"));
}

#[test]
fn a_missing_folder_does_not_look_like_an_emptied_one() {
    let office = office_that_lost_a_disk();
    let partial = office.run(["backup", "docs", "photos"]).ended(6);
    assert!(!partial.out.contains("EMPTY") && !partial.out.contains("SHRUNK"), "{}", partial.out);
    assert_eq!(office.run(["cat", "latest:photos/fete.jpg"]).ended(0).out, "a photograph");
    assert_eq!(office.run(["find", "--deleted", "jpg"]).ended(0).out, "");
    let ids = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].clone();
    assert_eq!(ids[1]["roots"], serde_json::json!(["docs"]), "{ids}");
    let diff = office.run(["diff", ids[0]["id"].as_str().unwrap(), "latest"]).ended(0).out;
    assert!(diff.contains("unread   photos\n") && !diff.contains("jpg"), "{diff}");
    let listed = office.run(["ls", "latest"]).ended(0).out;
    assert!(listed.lines().any(|line| line.starts_with("unreadable") && !line.contains("1970")), "{listed}");

    let restored = office.run(["restore", "latest", "--to", "out"]).ended(3);
    assert!(restored.out.contains("photos: photos does not exist"), "{}", restored.out);
    assert!(restored.last_line().starts_with("PARTLY RESTORED"), "{}", restored.out);
    assert!(!office.path("out/photos").exists(), "no empty folder pretends to be it");
    office.run(["restore", "latest", "photos", "--to", "out"]).ended(0);
    assert_eq!(office.read("out/photos/old/jubilee.jpg"), "an older one");
}

#[test]
fn a_folder_that_comes_back_is_not_read_again() {
    let office = office_that_lost_a_disk();
    office.run(["backup", "docs", "photos"]).ended(6);
    fs::rename(office.path("unplugged"), office.path("photos")).unwrap();
    let back = office.run(["backup", "docs", "photos", "--json"]).ended(0).json();
    assert_eq!((&back["files_read"], &back["files_unchanged"]), (&0.into(), &4.into()), "{back}");
}

#[test]
fn what_is_gone_for_good_is_missed_until_somebody_says_so_and_then_no_more() {
    let office = office_that_lost_a_disk();
    office.run(["backup", "docs", "photos"]).ended(6);
    let accepted = office.run(["backup", "docs", "photos", "--accept-shrink"]).ended(3);
    assert!(accepted.out.contains("Accepted as gone for good."), "{}", accepted.out);
    assert_eq!(accepted.last_line(), "PARTIAL: 1 of what was named could not be read at all");
    // Who names it all the same asks for something that could not be read.
    let named = office.run(["backup", "docs", "photos"]).ended(3);
    assert!(!named.out.contains("MISSING"), "{}", named.out);
    let left_out = office.run(["backup", "docs"]).ended(0);
    assert!(!left_out.out.contains("photos"), "{}", left_out.out);
}

#[test]
fn what_is_not_named_any_more_gets_one_sentence() {
    let office = office_that_lost_a_disk();
    let json = office.run(["backup", "docs", "--json"]).ended(0).json();
    assert_eq!(json["not_named"], serde_json::json!(["photos"]), "{json}");
    assert!(!office.run(["backup", "docs"]).ended(0).out.contains("photos"), "once is enough");
    fs::rename(office.path("unplugged"), office.path("photos")).unwrap();
    office.run(["backup", "docs", "photos"]).ended(0);
    let told = office.run(["backup", "docs"]).ended(0);
    let sentence = "NOTE: photos (2 files) was backed up together with these last time, and is not part of this backup. Earlier backups still hold it.\n";
    assert!(told.out.contains(sentence) && told.last_line() == "COMPLETE", "{}", told.out);
}

#[test]
fn what_was_never_backed_up_is_not_missed() {
    let office = Office::with_backup();
    let never = office.run(["backup", "docs", "phtoos"]).ended(3);
    assert!(!never.out.contains("MISSING") && never.out.contains("phtoos: NOT BACKED UP\n"), "{}", never.out);
}

#[test]
fn what_lies_below_a_folder_that_could_not_be_read_is_not_called_deleted() {
    let office = Office::with_backup();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    fs::set_permissions(office.path("docs/Minutes"), closed).unwrap();
    office.back_up().ended(3);
    assert_eq!(office.run(["find", "--deleted", "october"]).ended(0).out, "");
    let ids = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].clone();
    let diff = office.run(["diff", ids[0]["id"].as_str().unwrap(), "latest"]).ended(0).out;
    assert!(diff.contains("unread   docs/Minutes\n") && !diff.contains("october"), "{diff}");
    fs::set_permissions(office.path("docs/Minutes"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    fs::remove_file(office.path("docs/Minutes/october.txt")).unwrap();
    office.run(["backup", "docs", "--accept-shrink"]).ended(0);
    assert_eq!(office.run(["find", "--deleted", "october"]).ended(0).hits().len(), 1);
}

#[test]
fn where_nothing_that_was_named_can_be_read_there_is_no_backup_and_the_run_has_failed() {
    let office = Office::with_backup();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    fs::set_permissions(office.path("docs"), closed).unwrap();
    for arguments in [&["backup", "docs"][..], &["backup", "docs", "gone"], &["backup", "gone"]] {
        let failed = office.run(arguments).ended(1);
        assert!(failed.err.contains("No new backup was recorded; earlier backups are untouched."), "{}", failed.err);
        let runs = office.run(["history", "--json"]).ended(0).json()["runs"].as_array().unwrap().clone();
        assert_eq!(runs.last().unwrap()["result"], "FAILED", "{runs:?}");
    }
    // A file can be opened no sooner than it is read.
    office.write_locked("locked.mbox");
    for arguments in
        [&["backup", "locked.mbox"][..], &["backup", "locked.mbox", "gone"], &["backup", "docs", "locked.mbox"]]
    {
        let failed = office.run(arguments).ended(1);
        assert!(failed.err.contains("cannot be read: Permission denied"), "{}", failed.err);
        assert!(failed.err.contains("No new backup was recorded; earlier backups are untouched."), "{}", failed.err);
    }
    assert_eq!(office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].as_array().unwrap().len(), 1);
    fs::set_permissions(office.path("docs"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    office.run(["backup", "docs", "gone"]).ended(3);
    office.run(["backup", "docs", "locked.mbox"]).ended(3);
}

#[test]
fn a_backup_without_a_single_file_says_so_in_its_last_line() {
    let office = Office::new();
    office.write_locked("scans/1.pdf");
    office.write_locked("scans/2.pdf");
    let partial = office.run(["backup", "scans"]).ended(3);
    assert_eq!(partial.last_line(), "PARTIAL: there is no file in this backup, 2 items could not be read");
}
