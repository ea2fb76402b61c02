//! A backup of much less than there was, or of files that no longer hold what their names promise, is not called complete
//! until somebody says that it is right.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use std::fs;

fn office_with_minutes(number: usize) -> Office {
    let office = Office::new();
    for month in 0..number {
        office.write(&format!("docs/Minutes/{month}.txt"), &"Resolved: that the minutes be approved. ".repeat(30));
    }
    office.back_up().ended(0);
    office
}

/// Bytes that say nothing, as what encrypts files leaves them.
fn noise(seed: u8) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..6000).map(next).collect()
}

#[test]
fn an_emptied_folder_is_partial_until_somebody_says_that_it_is_right() {
    let office = Office::with_backup();
    fs::remove_dir_all(office.path("docs/Minutes")).unwrap();
    fs::remove_file(office.path("docs/budget.csv")).unwrap();
    for _ in 0..2 {
        let emptied = office.back_up().ended(6);
        assert_eq!(emptied.last_line(), "PARTIAL: 1 doubt about what was found");
        let told = "EMPTY: docs had 2 files (33 bytes) in its last complete backup and has no file now.\n";
        assert!(emptied.out.contains(told) && emptied.out.contains("--accept-shrink"), "{}", emptied.out);
        assert!(office.run(["ls", "--exceptions", "latest"]).ended(0).out.contains(told));
    }
    let json = office.run(["backup", "docs", "--json"]).ended(6).json();
    let doubt = serde_json::json!([{
        "root": "docs", "kind": "shrunk", "accepted": false,
        "files_before": 2, "bytes_before": 33, "files": 0, "bytes": 0
    }]);
    assert_eq!((&json["outcome"], &json["doubts"]), (&"PARTIAL".into(), &doubt));
    let accepted = office.run(["backup", "docs", "--accept-shrink"]).ended(0);
    assert_eq!(accepted.last_line(), "COMPLETE");
    let after = office.back_up().ended(0);
    assert!(!after.out.contains("EMPTY"), "{}", after.out);
    assert!(after.out.ends_with("the week's backup of documents: there is no file in it\nCOMPLETE\n"), "{}", after.out);
}

/// Folders and links, and no file.
fn office_with_an_empty_folder() -> Office {
    let office = Office::with_backup();
    fs::create_dir_all(office.path("scans/2026")).unwrap();
    std::os::unix::fs::symlink("../docs", office.path("scans/all")).unwrap();
    office
}

#[test]
fn a_folder_without_a_single_file_is_partial_until_somebody_says_that_it_is_right_and_then_not_a_word_is_said() {
    let office = office_with_an_empty_folder();
    let told = "EMPTY: there is no file at all in scans.\n  Folders, links and devices are no files";
    for _ in 0..2 {
        let empty = office.run(["backup", "scans"]).ended(6);
        assert_eq!(empty.last_line(), "PARTIAL: 1 doubt about what was found");
        assert!(empty.out.contains(told) && empty.out.contains("--accept-shrink"), "{}", empty.out);
        assert!(office.run(["ls", "--exceptions", "latest"]).ended(0).out.contains(told));
        let listed = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].as_array().unwrap().clone();
        assert_eq!(listed.last().unwrap()["outcome"], "PARTIAL", "{listed:?}");
        let runs = office.run(["history", "--json"]).ended(0).json()["runs"].as_array().unwrap().clone();
        assert_eq!(runs.last().unwrap()["result"], "PARTIAL", "{runs:?}");
    }
    // Beside what is whole, in the same class and in another.
    let json = office.run(["backup", "docs", "--email", "scans", "--json"]).ended(6).json();
    let doubt = serde_json::json!([{ "root": "scans", "kind": "empty", "accepted": false }]);
    assert_eq!((&json["outcome"], &json["doubts"]), (&"PARTIAL".into(), &doubt), "{json}");
    assert_eq!(json["partial_classes"], serde_json::json!(["email"]), "{json}");
    let accepted = office.run(["backup", "docs", "scans", "--accept-shrink"]).ended(0);
    assert!(
        accepted.out.contains("EMPTY: there is no file at all in scans.\n  Accepted as right."),
        "{}",
        accepted.out
    );
    for _ in 0..2 {
        let after = office.run(["backup", "scans"]).ended(0);
        assert!(!after.out.contains("EMPTY") && after.last_line() == "COMPLETE", "{}", after.out);
    }
    // What came into it meanwhile is missed as anywhere.
    office.write("scans/2026/invoice.txt", "1,600.00");
    office.run(["backup", "scans"]).ended(0);
    fs::remove_file(office.path("scans/2026/invoice.txt")).unwrap();
    let emptied = office.run(["backup", "scans"]).ended(6);
    assert!(emptied.out.contains("EMPTY: scans had 1 file (8 bytes) in its last complete backup"), "{}", emptied.out);
}

#[test]
fn that_one_folder_may_be_empty_says_nothing_of_another_nor_does_a_lost_baseline() {
    let office = office_with_an_empty_folder();
    office.run(["backup", "scans", "--accept-shrink"]).ended(0);
    let renamed = office.run(["backup", "scans", "--as", "scans 2"]).ended(6);
    assert!(renamed.out.contains("EMPTY: there is no file at all in scans 2."), "{}", renamed.out);
    let notes = office.stored_files("state").into_iter().find(|path| path.ends_with("baseline")).unwrap();
    fs::remove_file(notes).unwrap();
    let blind = office.run(["backup", "scans"]).ended(6);
    assert!(blind.out.contains("EMPTY: there is no file") && blind.out.contains("No baseline:"), "{}", blind.out);
}

#[test]
fn a_folder_of_which_everything_is_left_out_is_empty_and_one_of_which_nothing_can_be_read_is_not() {
    let office = Office::with_backup();
    office.write("work/draft.bak", "x");
    let left_out = office.run(["backup", "work", "--exclude", "*.bak"]).ended(6);
    assert!(left_out.out.contains("what is left out on purpose (--exclude) does not count"), "{}", left_out.out);
    office.write_locked("locked/minutes.docx");
    let locked = office.run(["backup", "docs", "locked"]).ended(3);
    assert!(!locked.out.contains("EMPTY"), "{}", locked.out);
}

#[test]
fn a_fifth_may_go_without_a_word_and_what_is_held_against_is_the_last_complete_backup() {
    let office = office_with_minutes(50);
    for month in 0..9 {
        fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap();
    }
    office.back_up().ended(0);
    for month in 9..18 {
        fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap();
    }
    let shrunk = office.back_up().ended(6);
    assert!(shrunk.out.contains("SHRUNK: docs had 43 files"), "{}", shrunk.out);
    // Not the PARTIAL one, or a second run would find nothing wrong.
    office.back_up().ended(6);
    // Nor does another name hide it.
    let renamed = office.run(["backup", "docs", "--as", "elsewhere"]).ended(6);
    assert!(
        renamed.out.contains("elsewhere: compared with docs, which was backed up before in its place\n"),
        "{}",
        renamed.out
    );
    office.write("archive/1950.txt", "an old one");
    let another = office.run(["backup", "archive"]).ended(0);
    assert_eq!(another.last_line(), "COMPLETE");
    assert!(another.out.contains("archive: no complete backup of it is known here yet"), "{}", another.out);
    assert!(!office.run(["backup", "archive"]).ended(0).out.contains("archive: no complete"));
}

#[test]
fn a_renamed_folder_and_a_dated_export_are_held_against_what_they_were_before() {
    let office = office_with_minutes(20);
    let mailbox =
        |days: std::ops::Range<i64>| days.map(|day| format!("{}\n\n", in_mbox(&message(day)))).collect::<String>();
    office.write("mail-2026-11-14.mbox", &mailbox(0..20));
    office.run(["backup", "docs", "--email", "mail-2026-11-14.mbox"]).ended(0);
    fs::rename(office.path("docs"), office.path("docs - Parish")).unwrap();
    office.write("mail-2026-11-21.mbox", &mailbox(0..21));
    let renamed = ["backup", "docs - Parish", "--email", "mail-2026-11-21.mbox"];
    let same = office.run(renamed).ended(0);
    let mail = "mail-2026-11-21.mbox: compared with mail-2026-11-14.mbox, which was backed up before in its place\n";
    assert!(same.out.contains("docs - Parish: compared with docs, ") && same.out.contains(mail), "{}", same.out);
    assert!(!office.run(renamed).ended(0).out.contains("compared"));
    // The next one was cut short, and the folder, renamed again, has lost a third.
    (0..7).for_each(|month| fs::remove_file(office.path(&format!("docs - Parish/Minutes/{month}.txt"))).unwrap());
    fs::rename(office.path("docs - Parish"), office.path("Council")).unwrap();
    office.write("mail-2026-11-28.mbox", &mailbox(0..10));
    let json = office.run(["backup", "Council", "--email", "mail-2026-11-28.mbox", "--json"]).ended(6).json();
    let doubts: Vec<_> =
        json["doubts"].as_array().unwrap().iter().map(|doubt| (&doubt["root"], &doubt["kind"])).collect();
    let shrunk = serde_json::Value::from("shrunk");
    assert_eq!(doubts, [(&"Council".into(), &shrunk), (&"mail-2026-11-28.mbox".into(), &shrunk)], "{json}");
    assert_eq!(json["roots"][0]["held_against"], "docs - Parish", "{json}");
    assert_eq!(json["roots"][1]["held_against"], "mail-2026-11-21.mbox", "{json}");
}

#[test]
fn a_doubt_about_what_came_in_the_place_of_another_stays_however_often_it_is_backed_up() {
    let office = office_with_minutes(30);
    office.write("mail/in.mbox", &in_mbox(&message(1)));
    office.run(["backup", "docs", "--email", "mail"]).ended(0);
    fs::remove_dir_all(office.path("docs")).unwrap();
    office.write("OneDrive - Council/Getting started.txt", "welcome");
    let renamed = ["backup", "OneDrive - Council", "--email", "mail"];
    for run in 0..3 {
        let shrunk = office.run(renamed).ended(6);
        let told = "SHRUNK: OneDrive - Council had 32 files";
        assert!(shrunk.out.contains(told) && shrunk.out.contains("compared with docs, "), "{run}: {}", shrunk.out);
    }
    office.run(["backup", "OneDrive - Council", "--email", "mail", "--accept-shrink"]).ended(0);
    assert!(!office.run(renamed).ended(0).out.contains("compared"));
}

#[test]
fn a_doubt_about_what_came_in_the_place_of_another_stays_though_it_comes_alone_or_the_others_were_alone_meanwhile() {
    let office = office_with_minutes(30);
    office.write("mail/in.mbox", &in_mbox(&message(1)));
    office.run(["backup", "docs", "--email", "mail"]).ended(0);
    office.write("OneDrive - Council/Getting started.txt", "welcome");
    let both = ["backup", "OneDrive - Council", "--email", "mail"];
    let alone = ["backup", "OneDrive - Council"];
    let told = "SHRUNK: OneDrive - Council had 32 files";
    for command in [&both[..], &alone, &alone, &["backup", "--email", "mail"], &both, &alone] {
        let code = if command[1] == "--email" { 0 } else { 6 };
        let answer = office.run(command).ended(code);
        assert_eq!(answer.out.contains(told), code == 6, "{command:?}: {}", answer.out);
    }
    // Something that cannot be read takes nothing of it away.
    office.write_locked("OneDrive - Council/locked.docx");
    assert!(office.run(alone).ended(6).out.contains(told));
    fs::remove_file(office.path("OneDrive - Council/locked.docx")).unwrap();
    office.run(["backup", "OneDrive - Council", "--accept-shrink"]).ended(0);
    for command in [&alone[..], &both] {
        let after = office.run(command).ended(0);
        assert!(!after.out.contains("compared"), "{}", after.out);
    }
}

#[test]
fn a_doubt_about_a_mailbox_of_another_name_stays_however_often_it_is_backed_up() {
    let office = office_with_minutes(3);
    office.write("clerk.mbox", &in_mbox(&message(1)).repeat(40));
    office.run(["backup", "docs", "--email", "clerk.mbox"]).ended(0);
    office.write("Inbox.mbox", &in_mbox(&message(1)));
    for run in 0..3 {
        let json = office.run(["backup", "docs", "--email", "Inbox.mbox", "--json"]).ended(6).json();
        assert_eq!(json["roots"][1]["held_against"], "clerk.mbox", "{run}: {json}");
    }
}

#[test]
fn files_that_became_noise_raise_the_alarm_until_somebody_says_that_it_is_right() {
    let office = office_with_minutes(30);
    for month in 0..25 {
        fs::write(office.path(&format!("docs/Minutes/{month}.txt")), noise(month)).unwrap();
    }
    office.write("docs/HOW_TO_DECRYPT.txt", "Pay.");
    let alarm = office.back_up().ended(6);
    let told = "ALARM: 25 of 33 files in docs look encrypted or overwritten, as after an attack or a disk fault.";
    assert!(alarm.out.contains(told) && alarm.out.contains("docs/HOW_TO_DECRYPT.txt"), "{}", alarm.out);
    // The next run reads none of them again, and still does not take them for right.
    let again = office.back_up().ended(6);
    assert!(again.out.contains(told), "{}", again.out);
    let accepted = office.run(["backup", "docs", "--accept-change"]).ended(0);
    assert!(accepted.out.contains("Accepted as right.") && accepted.last_line() == "COMPLETE", "{}", accepted.out);
    assert_eq!(office.back_up().ended(0).last_line(), "COMPLETE");
    // The first versions are where they were.
    let first = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"][0]["id"].as_str().unwrap().to_owned();
    let shown = office.run(["cat", &format!("{first}:docs/Minutes/3.txt")]).ended(0).out;
    assert!(shown.starts_with("Resolved: that"), "{shown}");
}

/// A sync client or a full disk leaves such files; one long film keeps the sum of bytes.
#[test]
fn files_that_lost_their_content_are_missed_though_their_names_and_most_bytes_are_there() {
    let office = office_with_minutes(99);
    office.write("docs/film.mp4", &"frame ".repeat(1_000_000));
    office.back_up().ended(0);
    (0..99).for_each(|month| office.write(&format!("docs/Minutes/{month}.txt"), ""));
    for _ in 0..2 {
        let emptied = office.back_up().ended(6);
        let told = "SHRUNK: docs had 102 files (6.1 MB) in its last complete backup and has 102 files (6.0 MB) now, of which 99 are empty (0 bytes).\n";
        assert!(emptied.out.contains(told), "{}", emptied.out);
        let listed = office.run(["ls", "--exceptions", "latest"]).ended(0).out;
        assert!(listed.contains("and has 102 files (6.0 MB) now, of which some are empty (0 bytes).\n"), "{listed}");
    }
    office.write_locked("docs/locked.docx");
    office.run(["backup", "docs", "--accept-shrink"]).ended(3);
    let json = office.run(["backup", "docs", "--json"]).ended(3).json();
    assert_eq!((&json["roots"][0]["empty_files"], &json["doubts"]), (&99.into(), &serde_json::json!([])), "{json}");
}

#[test]
fn documents_and_mailboxes_that_became_zeros_raise_the_alarm_written_out_or_not_and_disk_images_do_not() {
    let zeros: fn(&Office, &str) = |office, path| fs::write(office.path(path), vec![0; 6000]).unwrap();
    let hole: fn(&Office, &str) = |office, path| {
        fs::write(office.path(path), "").unwrap();
        fs::OpenOptions::new().write(true).open(office.path(path)).unwrap().set_len(60_000).unwrap();
    };
    for make in [zeros, hole] {
        let office = office_with_minutes(30);
        (0..30).for_each(|number| make(&office, &format!("docs/{number}.img")));
        office.back_up().ended(0);
        (0..25).for_each(|month| make(&office, &format!("docs/Minutes/{month}.txt")));
        for _ in 0..2 {
            // The second run opens none of them, and still knows.
            let alarm = office.back_up().ended(6);
            assert!(alarm.out.contains("ALARM: 25 of 62 files in docs look encrypted or overwritten"), "{}", alarm.out);
        }
        office.run(["backup", "docs", "--accept-change"]).ended(0);
        office.back_up().ended(0);
    }
    // A hole is as many zeros, also where nobody knows what there was.
    let office = Office::new();
    (0..25).for_each(|month| hole(&office, &format!("docs/{month}.docx")));
    let first = office.back_up().ended(6);
    assert!(first.out.contains("ALARM: 25 of "), "{}", first.out);
    // A mailbox that is named by itself bears its name, too.
    let office = Office::new();
    office.write("in.mbox", &in_mbox(&message(1)));
    office.run(["backup", "--email", "in.mbox"]).ended(0);
    let length = fs::metadata(office.path("in.mbox")).unwrap().len() as usize;
    fs::write(office.path("in.mbox"), vec![0; length]).unwrap();
    let alarm = office.run(["backup", "--email", "in.mbox"]).ended(6);
    assert!(alarm.out.contains("ALARM: 1 of 1 file in in.mbox look"), "{}", alarm.out);
    // Thunderbird's mailboxes bear no extension: it counts that so much mail is gone.
    for byte in [0, 0xff] {
        let office = Office::new();
        office.write("mail/Inbox", &in_mbox(&message(1)).repeat(60));
        office.write("mail/Drafts", &in_mbox(&message(2)));
        office.run(["backup", "--email", "mail"]).ended(0);
        let length = fs::metadata(office.path("mail/Inbox")).unwrap().len() as usize;
        fs::write(office.path("mail/Inbox"), vec![byte; length]).unwrap();
        let alarm = office.run(["backup", "--email", "mail"]).ended(6);
        assert!(alarm.out.contains("ALARM: 1 of 2 files in mail look encrypted or overwritten"), "{}", alarm.out);
    }
}

#[test]
fn what_was_accepted_beside_something_that_cannot_be_read_is_not_asked_again_and_what_goes_later_is() {
    let office = office_with_minutes(48);
    (0..30).for_each(|month| fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap());
    office.write_locked("docs/Minutes/40.txt");
    let shrunk = "SHRUNK: docs had 50 files";
    assert!(office.back_up().ended(6).out.contains(shrunk));
    let accepted = office.run(["backup", "docs", "--accept-shrink"]).ended(3);
    assert!(accepted.out.contains(shrunk) && accepted.out.contains("Accepted as right."), "{}", accepted.out);
    for _ in 0..2 {
        let after = office.back_up().ended(3);
        assert_eq!(after.last_line(), "PARTIAL: 1 item could not be read");
        assert!(!after.out.contains("SHRUNK"), "{}", after.out);
    }
    // What could not be read was there, and it is missed; and what the last complete backup held is said.
    (30..36).for_each(|month| fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap());
    let more = office.back_up().ended(6);
    assert!(more.out.contains(shrunk) && more.out.contains("and has 13 files"), "{}", more.out);
    office.run(["backup", "docs", "--accept-shrink"]).ended(3);
    fs::remove_file(office.path("docs/Minutes/40.txt")).unwrap();
    assert_eq!(office.back_up().ended(0).last_line(), "COMPLETE");
}

#[test]
fn of_what_could_not_be_read_when_a_loss_was_accepted_none_may_go_without_a_word() {
    let office = office_with_minutes(48);
    (0..20).for_each(|month| fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap());
    (20..40).for_each(|month| office.write_locked(&format!("docs/Minutes/{month}.txt")));
    office.run(["backup", "docs", "--accept-shrink"]).ended(3);
    assert!(!office.back_up().ended(3).out.contains("SHRUNK"));
    (20..40).for_each(|month| fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap());
    let gone = office.back_up().ended(6);
    assert!(gone.out.contains("SHRUNK: docs had 50 files"), "{}", gone.out);
}

#[test]
fn a_folder_that_cannot_be_looked_into_has_not_gone() {
    use std::os::unix::fs::PermissionsExt;
    let office = office_with_minutes(48);
    let set_mode = |mode| fs::set_permissions(office.path("docs/Minutes"), fs::Permissions::from_mode(mode)).unwrap();
    set_mode(0o000);
    let closed = office.run(["backup", "docs", "--accept-shrink"]);
    set_mode(0o755);
    let closed = closed.ended(3);
    assert!(!closed.out.contains("SHRUNK"), "{}", closed.out);
    (0..48).for_each(|month| fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap());
    assert!(office.back_up().ended(6).out.contains("SHRUNK: docs had 50 files"));
}

#[test]
fn an_alarm_that_was_accepted_beside_something_that_cannot_be_read_is_not_raised_again() {
    let office = office_with_minutes(30);
    for month in 0..25 {
        fs::write(office.path(&format!("docs/Minutes/{month}.txt")), noise(month)).unwrap();
    }
    office.write_locked("docs/locked.docx");
    assert!(office.back_up().ended(6).out.contains("ALARM: 25 of 32 files"));
    assert!(office.run(["backup", "docs", "--accept-change"]).ended(3).out.contains("Accepted as right."));
    for _ in 0..2 {
        let after = office.back_up().ended(3);
        assert!(!after.out.contains("ALARM"), "{}", after.out);
    }
    fs::remove_file(office.path("docs/locked.docx")).unwrap();
    assert_eq!(office.back_up().ended(0).last_line(), "COMPLETE");
}

#[test]
fn a_loss_that_was_accepted_of_a_renamed_folder_is_remembered_under_its_new_name() {
    let office = office_with_minutes(48);
    fs::rename(office.path("docs"), office.path("docs - Parish")).unwrap();
    (0..30).for_each(|month| fs::remove_file(office.path(&format!("docs - Parish/Minutes/{month}.txt"))).unwrap());
    office.write_locked("docs - Parish/locked.docx");
    let renamed = ["backup", "docs - Parish"];
    assert!(office.run(renamed).ended(6).out.contains("compared with docs, "));
    office.run(["backup", "docs - Parish", "--accept-shrink"]).ended(3);
    let after = office.run(renamed).ended(3);
    assert!(!after.out.contains("SHRUNK") && !after.out.contains("compared"), "{}", after.out);
    // What it was called before is as it was, should it come back.
    office.write("docs/budget.csv", "hall,120\n");
    assert!(office.back_up().ended(6).out.contains("SHRUNK: docs had 50 files"));
}

#[test]
fn what_stands_where_a_link_to_a_folder_was_is_held_against_that_folder() {
    use std::os::unix::fs::symlink;
    let office = Office::new();
    (0..30).for_each(|number| office.write(&format!("real/{number}.txt"), "minutes"));
    office.write("other/1.txt", "another folder");
    symlink("real", office.path("council")).unwrap();
    let first = office.run(["backup", "council"]).ended(0);
    assert!(first.out.contains("real: 30 files"), "{}", first.out);
    let set = |to: &dyn Fn(&std::path::Path)| {
        fs::remove_file(office.path("council")).unwrap();
        to(&office.path("council"));
    };
    let by_way_of = |to: &str| office.run(["backup", to]).ended(6).out;
    let told = "had 30 files (210 bytes) in its last complete backup and has 1 file";
    set(&|council| fs::write(council, "a file").unwrap());
    for path in ["council", "docs/../council", "./council"] {
        let out = by_way_of(path);
        assert!(out.contains(&format!("SHRUNK: council {told}")) && out.contains("compared with real, "), "{out}");
    }
    set(&|council| symlink("other", council).unwrap());
    let out = by_way_of("council");
    assert!(out.contains(&format!("SHRUNK: other {told}")), "{out}");
    // It leads nowhere: its disk is not there.
    set(&|council| symlink("unplugged", council).unwrap());
    let out = office.run(["backup", "council", "docs"]).ended(6).out;
    assert!(out.contains("MISSING: real had 30 files") && out.contains("council: NOT BACKED UP"), "{out}");
    set(&|council| symlink("real", council).unwrap());
    office.run(["backup", "council"]).ended(0);
    // A plain file in the place of a plain folder bears its name.
    fs::remove_dir_all(office.path("real")).unwrap();
    fs::write(office.path("real"), "a file").unwrap();
    let out = by_way_of("real");
    assert!(out.contains(&format!("SHRUNK: real {told}")), "{out}");
}

#[test]
fn a_computer_that_begins_afresh_says_that_nobody_can_tell_what_is_missing() {
    for state_is_lost in [true, false] {
        let office = office_with_minutes(50);
        (5..50).for_each(|month| fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap());
        if state_is_lost {
            fs::remove_dir_all(office.path("state")).unwrap();
        }
        office.run(["writer", "enrol", "--afresh"]).ended(0);
        let json = office.run(["backup", "docs", "--json"]).ended(0).json();
        assert_eq!(json["had_baseline"], false, "{json}");
        let other = office.run(["backup", "docs", "--as", "other"]).ended(0);
        assert!(!other.out.contains("No baseline:"), "{}", other.out);
    }
    let office = Office::new();
    fs::remove_dir_all(office.path("state")).unwrap();
    office.run(["writer", "enrol", "--afresh"]).ended(0);
    assert!(!office.back_up().ended(0).out.contains("No baseline"), "it has never backed up");
}

#[test]
fn demands_are_known_by_the_names_that_attackers_give_them_and_a_readme_is_none() {
    for demand in ["README_DECRYPT.txt", "_readme.txt", "DECRYPT-FILES.html", "RECOVERY_INSTRUCTIONS.html"] {
        let office = office_with_minutes(3);
        for folder in ["Accounts", "Burials", "Minutes"] {
            office.write(&format!("docs/{folder}/readme.txt"), "What lies here.");
            office.write(&format!("docs/{folder}/Decrypting the budget.docx"), "How the clerk does it.");
        }
        office.back_up().ended(0);
        for folder in ["Accounts", "Burials", "Minutes"] {
            office.write(&format!("docs/{folder}/{demand}"), "Pay.");
        }
        let alarm = office.back_up().ended(6);
        assert!(alarm.out.contains(&format!("docs/Burials/{demand}")), "{}", alarm.out);
    }
}

#[test]
fn each_class_of_one_run_is_judged_by_itself() {
    let office = office_with_minutes(3);
    office.write("mail/inbox.mbox", "From a@b Thu Nov 19 10:00:00 2026\nSubject: x\n\nbody\n");
    office.write_locked("mail/archive.mbox");
    let both = office.run(["backup", "docs", "--email", "mail"]).ended(3);
    assert!(both.out.contains("documents: COMPLETE\nemail: PARTIAL\n"), "{}", both.out);
    let json = office.run(["backup", "docs", "--email", "mail", "--json"]).ended(3).json();
    assert_eq!(json["partial_classes"], serde_json::json!(["email"]));
    assert_eq!(
        (&json["classes"][0]["outcome"], &json["classes"][0]["files"]),
        (&"COMPLETE".into(), &5.into()),
        "{json}"
    );
    assert_eq!(
        (&json["classes"][1]["outcome"], &json["classes"][1]["files"]),
        (&"PARTIAL".into(), &1.into()),
        "{json}"
    );
}

/// A message that was sent so many days ago.
fn message(days_ago: i64) -> String {
    let sent = jiff::Zoned::now().checked_sub(jiff::Span::new().days(days_ago)).unwrap();
    let date = sent.strftime("%a, %d %b %Y %H:%M:%S %z");
    format!("From: clerk@example.org\nTo: chair@example.org\nSubject: Agenda\nDate: {date}\n\nSee attached.\n")
}

/// The same in a mailbox that was exported just now.
fn in_mbox(message: &str) -> String {
    format!("From - {}\n{message}", jiff::Zoned::now().strftime("%a %b %d %H:%M:%S %Y"))
}

#[test]
fn the_time_of_the_export_and_times_to_come_make_nothing_newer() {
    let office = Office::new();
    office.write("inbox.mbox", &(in_mbox(&message(21)) + "\n" + &in_mbox(&message(-30))));
    let old = office.run(["backup", "--class", "email", "inbox.mbox"]).ended(0);
    assert!(old.out.contains("NOTE: what is newest in inbox.mbox is 21 days old."), "{}", old.out);
}

/// An export with these files of some length, last changed in this month of 2026, and one whose time is wrong.
fn export(office: &Office, files: &[&str], month: u8) {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut add = |name: &str, (year, month)| {
        let time = zip::DateTime::from_date_and_time(year, month, 20, 9, 30, 0).unwrap();
        writer.start_file(name, zip::write::SimpleFileOptions::default().last_modified_time(time)).unwrap();
        std::io::Write::write_all(&mut writer, "Resolved. ".repeat(30).as_bytes()).unwrap();
    };
    files.iter().for_each(|file| add(file, (2026, month)));
    add("OneDrive/clock gone wrong.txt", (2090, 1));
    office.write("Export.zip", "");
    fs::write(office.path("Export.zip"), writer.finish().unwrap().into_inner()).unwrap();
}

#[test]
fn an_export_that_lacks_a_folder_is_doubted_however_deep_the_folder_lies() {
    let office = Office::new();
    let minutes: Vec<String> = (0..20).map(|number| format!("OneDrive/Documents/Minutes/2026/{number}.txt")).collect();
    let old = "OneDrive/Documents/Minutes/2025/a.txt";
    let all: Vec<&str> = minutes.iter().map(String::as_str).chain([old]).collect();
    export(&office, &all, 2);
    let first = office.run(["backup", "Export.zip"]).ended(0);
    assert!(first.out.contains("Export.zip: 22 files inside, newest changed 20 February 2026\n"), "{}", first.out);
    export(&office, &all[..20], 3);
    let lacking = office.run(["backup", "Export.zip"]).ended(6);
    let told = "INCOMPLETE EXPORT: Export (ZIP) lacks 1 folder of the last complete one: \
        Export (ZIP)/OneDrive/Documents/Minutes/2025\n";
    assert!(lacking.out.contains(told), "{}", lacking.out);
}

#[test]
fn an_export_is_as_old_as_its_newest_message_whenever_it_is_backed_up() {
    let office = Office::new();
    office.write("mail/a.eml", &message(30));
    office.write("mail/b.eml", &message(21));
    for _ in 0..2 {
        // The second run opens neither file, and still knows.
        let old = office.run(["backup", "--class", "email", "mail"]).ended(0);
        assert!(old.out.contains("NOTE: what is newest in mail is 21 days old."), "{}", old.out);
        let why = "NOT COMPLIANT: this does not count as the week's backup of email: what is newest in mail is 21 days old\nCOMPLETE\n";
        assert!(old.out.ends_with(why), "{}", old.out);
    }
    office.write("mail/c.eml", &message(1));
    let fresh = office.run(["backup", "--class", "email", "mail"]).ended(0);
    assert!(fresh.out.contains("mail: newest message") && !fresh.out.contains("NOTE"), "{}", fresh.out);
    let json = office.run(["backup", "--class", "email", "mail", "--json"]).ended(0).json();
    assert!(json["roots"][0]["newest_content"].is_string(), "{json}");
    assert_eq!(json["classes"][0]["compliant"], true, "{json}");

    office.write("archive/old.pst.txt", "no mail at all");
    let unknown = office.run(["backup", "--class", "email", "archive"]).ended(0);
    assert!(unknown.out.contains("archive: it does not say how old it is"), "{}", unknown.out);
    assert!(unknown.out.contains("backup of email: archive does not say how old it is"), "{}", unknown.out);
    let documents = office.run(["backup", "mail", "--as", "papers"]).ended(0);
    assert!(!documents.out.contains("newest message"), "{}", documents.out);
}

#[test]
fn mail_that_was_backed_up_as_documents_before_is_as_old_as_its_newest_message() {
    let office = Office::new();
    office.write("mail/Inbox", &in_mbox(&message(1)));
    office.write("mail/notes.txt", "What is in the mailboxes.");
    office.write("mail/old.eml", &message(2000));
    // What has only just been written is not relied on.
    std::thread::sleep(std::time::Duration::from_secs(4));
    office.run(["backup", "mail"]).ended(0);
    assert_eq!(office.run(["backup", "mail", "--json"]).ended(0).json()["files_read"], 0);
    let first = office.run(["backup", "--email", "mail", "--json"]).ended(0).json();
    assert_eq!(first["files_read"], 2, "the mailbox and the message: {first}");
    assert_eq!(first["classes"][0]["compliant"], true, "{first}");
    // Once it is known, nothing is read again; and as documents it says nothing.
    let json = office.run(["backup", "--email", "mail", "--json"]).ended(0).json();
    assert_eq!((&json["files_read"], &json["classes"][0]["compliant"]), (&0.into(), &true.into()), "{json}");
    let documents = office.run(["backup", "mail", "--json"]).ended(0).json();
    assert!(documents["roots"][0].get("newest_content").is_none(), "{documents}");
}

#[test]
fn exports_that_are_kept_as_the_files_they_are_do_not_say_how_old_they_are() {
    let office = Office::new();
    export(&office, &["OneDrive/a.txt"], 2);
    let put = |name: &str| {
        office.write(name, "");
        fs::copy(office.path("Export.zip"), office.path(name)).unwrap();
    };
    put("E/Minutes.zip");
    put("E/Finance.zip");
    put("Weeks/1/OneDrive_1_13-11-2026.zip");
    put("Weeks/2/OneDrive_1_20-11-2026.zip");
    put("W/OneDrive_1_20-11-2026.zip");
    (0..6).for_each(|number| office.write(&format!("W/{number}.txt"), "note"));
    for old in ["Old.mbox", "takeout-20230101T000000Z-001.tgz"] {
        office.write(old, "From a@b Sat Nov 21 10:00:00 2026\nSubject: x\n\nMinutes.\n");
    }
    put("docs/Trees.zip");
    (0..25).for_each(|number| office.write(&format!("docs/{number}.txt"), "minutes"));
    let cases: [(&[&str], &str); 6] = [
        (&["--as-is", "Export.zip"], "Export.zip"),
        (&["E"], "E"),
        (&["Weeks"], "Weeks"),
        (&["W"], "W"),
        (&["Old.mbox"], "Old.mbox"),
        (&["takeout-20230101T000000Z-001.tgz"], "takeout-20230101T000000Z-001.tgz"),
    ];
    for (named, label) in cases {
        let command = || ["backup"].into_iter().chain(named.iter().copied());
        let told = office.run(command()).ended(0);
        let why = format!("the week's backup of documents: {label} does not say how old it is\nCOMPLETE\n");
        assert!(told.out.ends_with(&why), "{}", told.out);
        assert!(
            told.out.contains(&format!(
                "{label}: most of it is archives (ZIP files and others) or mailboxes that are kept"
            )),
            "{}",
            told.out
        );
        let json = office.run(command().chain(["--json"])).ended(0).json();
        let why = serde_json::json!({ "reason": "age-unknown", "root": label });
        let class = &json["classes"][0];
        assert_eq!((&class["compliant"], &class["not_compliant"]), (&false.into(), &why), "{json}");
    }
    let documents = office.back_up().ended(0);
    assert!(!documents.out.contains("NOT COMPLIANT"), "{}", documents.out);
}

#[test]
fn where_the_notes_of_earlier_runs_are_lost_the_backup_says_that_nobody_can_judge() {
    let office = Office::with_backup();
    let notes = office.stored_files("state").into_iter().find(|path| path.ends_with("baseline")).unwrap();
    for spoil in [
        |path: &std::path::Path| fs::remove_file(path).unwrap(),
        |path: &std::path::Path| fs::write(path, "rubbish").unwrap(),
    ] {
        spoil(&notes);
        let blind = office.back_up().ended(0);
        assert!(blind.out.contains("No baseline:"), "{}", blind.out);
        let sighted = office.back_up().ended(0);
        assert!(!sighted.out.contains("No baseline"), "{}", sighted.out);
        // What is backed up by a command of its own cannot be judged either, the first time.
        office.write("mail/a.eml", &message(1));
        let other = office.run(["backup", "--class", "email", "mail"]).ended(0);
        assert!(other.out.contains("No baseline:"), "{}", other.out);
        let judged = office.run(["backup", "--class", "email", "mail"]).ended(0);
        assert!(!judged.out.contains("No baseline"), "{}", judged.out);
    }
    assert!(!Office::with_backup().back_up().ended(0).out.contains("No baseline"), "a first backup has none to lose");
}

/// Another product reported "completed" with 21 of 22 files missing.
#[test]
fn one_file_of_twenty_two_is_never_called_completed() {
    let office = Office::empty();
    office.run(["init", "--kdf-memory", "64"]).ended(0);
    office.write("docs/readable.txt", "the only one");
    for number in 1..22 {
        office.write_locked(&format!("docs/locked {number:02}.docx"));
    }
    let partial = office.run(["backup", "docs", "--json"]).ended(3).json();
    assert_eq!((&partial["outcome"], &partial["exception_count"]), (&"PARTIAL".into(), &21.into()));
    assert_eq!(partial["classes"][0]["compliant"], false, "{partial}");
    let named: Vec<&str> =
        partial["exceptions"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    let expected: Vec<String> = (1..22).map(|number| format!("docs/locked {number:02}.docx")).collect();
    assert_eq!(named, expected);
    let reasons = partial["exceptions"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap());
    assert!(reasons.clone().all(|reason| reason == "permission-denied"), "{:?}", reasons.collect::<Vec<_>>());
    let shown = office.back_up().ended(3);
    assert_eq!(shown.last_line(), "PARTIAL: 21 items could not be read");
    let not_compliant = "NOT COMPLIANT: this does not count as the week's backup of documents: it is PARTIAL\n";
    assert!(shown.out.contains(not_compliant), "{}", shown.out);
    let lines = shown.out.lines().filter(|line| line.ends_with(".docx: no permission to read it")).count();
    assert_eq!(lines, 21, "each of them on the screen: {}", shown.out);
    assert!(!shown.out.to_lowercase().replace("partial", "").contains("complete"), "{}", shown.out);
}

#[test]
fn files_encrypted_and_renamed_raise_the_alarm_whether_their_names_can_be_read_or_not() {
    type Renamed = fn(usize) -> String;
    let as_phobos: Renamed = |month| format!("{month}.txt.id[1E857D00-2822].[help@x.example].phobos");
    let at_random: Renamed = |month| format!("kX{}q", month * 7919);
    for renamed in [as_phobos, at_random] {
        let office = office_with_minutes(30);
        for month in 0..30 {
            fs::remove_file(office.path(&format!("docs/Minutes/{month}.txt"))).unwrap();
            fs::write(office.path(&format!("docs/Minutes/{}", renamed(month))), noise(month as u8)).unwrap();
        }
        for _ in 0..2 {
            let alarm = office.back_up().ended(6);
            assert!(alarm.out.contains("ALARM: 30 of "), "{}", alarm.out);
        }
        office.run(["backup", "docs", "--accept-change"]).ended(0);
        office.back_up().ended(0);
    }
}

/// Ransomware calls its work as people call their own.
#[test]
fn documents_that_became_files_of_somebodys_own_doing_raise_the_alarm_and_an_archive_of_such_files_does_not() {
    let office = Office::new();
    let document = |number: i32| format!("docs/Minutes/{number}.docx");
    let text = format!("PK\u{3}\u{4}{}", "Resolved: that it be approved. ".repeat(200));
    (0..100).for_each(|number| office.write(&document(number), &text));
    let encrypted = |folder: &str, numbers: std::ops::Range<u8>| {
        for number in numbers {
            office.write(&format!("docs/{folder}/{number}.pdf.gpg"), "");
            fs::write(office.path(&format!("docs/{folder}/{number}.pdf.gpg")), noise(number)).unwrap();
        }
    };
    // There from the first, and more of it later.
    encrypted("Vault", 0..40);
    office.back_up().ended(0);
    encrypted("Vault 2", 40..120);
    office.back_up().ended(0);
    for number in 0..100 {
        fs::remove_file(office.path(&document(number))).unwrap();
        fs::write(office.path(&(document(number) + ".enc")), noise(number as u8)).unwrap();
    }
    for _ in 0..2 {
        // The second run opens none of them, and still knows.
        let alarm = office.back_up().ended(6);
        assert!(alarm.out.contains("ALARM: 100 of 222 files in docs look encrypted"), "{}", alarm.out);
    }
    office.run(["backup", "docs", "--accept-change"]).ended(0);
    office.back_up().ended(0);
}

#[test]
fn one_mailbox_that_became_noise_raises_the_alarm_and_a_first_backup_of_noise_does_not() {
    let office = Office::new();
    for name in ["in.mbox", "in.mbox.locked", "a7Kq"] {
        office.write("mail/in.mbox", &"From a@b Sat Nov 21 10:00:00 2026\nSubject: x\n\nMinutes.\n".repeat(100));
        office.run(["backup", "--as", name, "--email", "mail"]).ended(0);
        fs::remove_file(office.path("mail/in.mbox")).unwrap();
        fs::write(office.path(&format!("mail/{name}")), noise(1)).unwrap();
        let alarm = office.run(["backup", "--as", name, "--email", "mail"]).ended(6);
        assert!(alarm.out.contains(&format!("ALARM: 1 of 1 file in {name} look")), "{}", alarm.out);
        fs::remove_file(office.path(&format!("mail/{name}"))).unwrap();
    }
    office.write("vault/readme.txt", "What lies here is encrypted.");
    (0..40).for_each(|number| fs::write(office.path(&format!("vault/{number}x")), noise(number)).unwrap());
    office.run(["backup", "vault"]).ended(0);
    office.run(["backup", "vault"]).ended(0);
}

#[test]
fn demands_in_several_folders_raise_the_alarm_by_themselves() {
    let office = office_with_minutes(3);
    for folder in ["Accounts", "Burials", "Minutes"] {
        office.write(&format!("docs/{folder}/HOW_TO_DECRYPT.txt"), "Pay.");
    }
    let alarm = office.back_up().ended(6);
    assert!(
        alarm.out.contains("ALARM: several folders in docs hold files that are named like demands"),
        "{}",
        alarm.out
    );
    assert!(alarm.out.contains("docs/Burials/HOW_TO_DECRYPT.txt"), "{}", alarm.out);
}

#[test]
fn however_many_demands_there_are_they_are_counted() {
    let office = office_with_minutes(3);
    (0..171).for_each(|folder| office.write(&format!("docs/{folder:03}/HOW_TO_DECRYPT.txt"), "Pay."));
    let told = "docs/004/HOW_TO_DECRYPT.txt and 166 more\n";
    assert!(office.back_up().ended(6).out.contains(told));
    assert!(office.run(["ls", "--exceptions", "latest"]).ended(0).out.contains(told));
    let json = office.run(["backup", "docs", "--json"]).ended(6).json();
    let doubt = &json["doubts"][0];
    assert_eq!((&doubt["demand_count"], doubt["demands"].as_array().unwrap().len()), (&171.into(), 20), "{json}");
}
