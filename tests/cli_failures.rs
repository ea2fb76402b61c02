//! What goes wrong, as the clerk reads it and as scripts see it: the sentence, and the exit code.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, answer};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// What happened, whether the data is safe, what to do next; and the same as JSON.
#[track_caller]
fn told(office: &Office, arguments: &[&str], code: i32, what: &str, safety: &str, next: &str) -> Answer {
    let failed = office.run(arguments).ended(code);
    assert_eq!(failed.out, "", "{arguments:?}");
    for sentence in [what, safety, next] {
        assert!(failed.err.contains(sentence), "{arguments:?}: {sentence:?} is not in\n{}", failed.err);
    }
    let json = office.run(arguments.iter().chain(&["--json"])).ended(code).json();
    let error = &json["error"];
    assert_eq!(error["exit"], code, "{json}");
    assert!(error["message"].as_str().unwrap().contains(what), "{json}");
    assert!(error["hint"].as_str().unwrap().contains(next), "{json}");
    assert!(!error["code"].as_str().unwrap().is_empty(), "{json}");
    failed
}

#[test]
fn without_a_repository_every_command_ends_with_ten_before_it_asks_for_anything() {
    let office = Office::empty();
    office.write("docs/a", "a");
    let reading: [&[&str]; 6] =
        [&["snapshots"], &["ls", "latest"], &["find", "x"], &["check"], &["check", "--scrub"], &["key", "test"]];
    for arguments in reading {
        told(&office, arguments, 10, "repo does not exist.", "The backups are untouched.", "`chest init`");
    }
    told(&office, &["backup", "docs"], 10, "does not exist.", "No new backup was recorded", "`chest init`");
    fs::create_dir(office.path("repo")).unwrap();
    told(&office, &["snapshots"], 10, "there is no repository there.", "untouched", "`chest init`");
}

#[test]
fn a_place_that_is_no_folder_is_called_that_and_nobody_is_told_to_make_a_repository_there() {
    let office = Office::empty();
    office.write("docs/a", "a");
    std::os::unix::fs::symlink("unplugged", office.path("link")).unwrap();
    for (typed, in_the_way) in [("docs/a", "docs/a"), ("docs/a/repo", "docs/a"), ("link", "link")] {
        let what = format!("{in_the_way} is not a folder.");
        for (arguments, code, safety) in [
            (&["snapshots"][..], 10, "The backups are untouched."),
            (&["backup", "docs"], 10, "No new backup was recorded"),
            (&["doctor"], 10, "The backups are untouched."),
            (&["init", "--kdf-memory", "64"], 2, "No backup was touched."),
        ] {
            let all: Vec<&str> = arguments.iter().copied().chain(["--repo", typed]).collect();
            let failed = told(&office, &all, code, &what, safety, "Name a folder.");
            assert!(!failed.err.contains("chest init"), "{}", failed.err);
        }
    }
    assert!(!office.path("unplugged").exists());
}

#[test]
fn an_empty_place_is_told_before_anything_is_looked_for() {
    let office = Office::empty();
    for arguments in [&["snapshots", "--repo", ""][..], &["init", "--repo", ""], &["backup", "docs", "--repo", ""]] {
        told(&office, arguments, 2, "the repository's place is empty.", "", "Give --repo");
    }
}

#[test]
fn a_second_init_changes_nothing_and_ends_with_eleven() {
    let office = Office::with_backup();
    let before = office.stored_files("repo").len();
    told(
        &office,
        &["init", "--kdf-memory", "64"],
        11,
        "there is already something there",
        "No backup was touched.",
        "`chest writer enrol`",
    );
    assert_eq!(office.stored_files("repo").len(), before);
}

#[test]
fn a_wrong_passphrase_ends_with_twelve() {
    let office = Office::with_backup();
    office.write("passphrase", "three red pears");
    let what = "that passphrase does not open this repository.";
    told(&office, &["snapshots"], 12, what, "untouched", "The 24 recovery words open the repository too.");
}

#[test]
fn a_wrong_word_of_the_sheet_is_named() {
    let office = Office::with_backup();
    office.write("sheet.txt", &"parish ".repeat(24));
    let mut command = office.command(["key", "test"]);
    command.env_remove("CHEST_PASSPHRASE_FILE").env("CHEST_RECOVERY_WORDS_FILE", office.path("sheet.txt"));
    let failed = answer(&mut command).ended(12);
    assert!(failed.err.contains("word 1 (“parish”) is not on the word list"), "{}", failed.err);
}

#[test]
fn with_nobody_at_the_keyboard_a_missing_secret_ends_with_twelve_at_once() {
    let office = Office::with_backup();
    let begun = Instant::now();
    let mut command = office.command(["snapshots"]);
    let failed = answer(command.env_remove("CHEST_PASSPHRASE_FILE")).ended(12);
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert!(failed.err.contains("there is nobody at the keyboard to ask"), "{}", failed.err);
    assert!(!failed.err.contains("Passphrase (or"), "no prompt: {}", failed.err);
}

#[test]
fn init_without_a_passphrase_and_without_a_terminal_ends_with_two_and_makes_nothing() {
    let office = Office::empty();
    let mut command = office.command(["init"]);
    let failed = answer(command.env_remove("CHEST_PASSPHRASE_FILE")).ended(2);
    assert!(failed.err.contains("CHEST_PASSPHRASE_FILE"), "{}", failed.err);
    assert!(!office.path("repo").exists());
    office.write("passphrase", "\n");
    office.run(["init"]).ended(12);
    assert!(!office.path("repo").exists());
}

#[test]
fn where_every_source_is_missing_a_backup_ends_with_one_and_says_that_nothing_was_saved() {
    let office = Office::with_backup();
    told(
        &office,
        &["backup", "nowhere", "elsewhere"],
        1,
        "nowhere does not exist.",
        "No new backup was recorded; earlier backups are untouched.",
        "whether the disk or share is there",
    );
    assert_eq!(office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].as_array().unwrap().len(), 1);
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_two() {
    let office = Office::with_backup();
    office.write("other/docs/a", "a");
    let two = |arguments: &[&str], what: &str| {
        let failed = office.run(arguments).ended(2);
        assert!(failed.err.contains(what), "{arguments:?}: {}", failed.err);
    };
    two(&["backup"], "Usage: chest backup");
    two(&["backup", "docs", "other/docs"], "are called \"docs\"");
    two(&["backup", "docs", "other/docs", "--as", "x"], "--as");
    two(&["backup", "docs", "--as", "a/b"], "cannot be the name of a folder");
    two(&["backup", "docs", "--as", &"a".repeat(256)], "cannot be the name of a folder");
    two(&["backup", "docs", "--exclude", "a["], "cannot be understood");
    two(&["backup", "repo"], "is the repository itself");
    two(&["backup", "state"], "this computer's keys");
    two(&["--repo", "ftp://host/prefix", "snapshots"], "no support for ftp://");
    two(&["--repo", "s3:///prefix", "snapshots"], "names no bucket");
    two(&["--repo", "s3://id:secret@bucket", "snapshots"], "a key does not belong into it");
    two(&["ls", "yesterday"], "is not the name of a backup");
    two(&["cat", "latest:docs/../x"], "is not a path in a backup");
    two(&["check", "--read-data=0"], "share");
    two(&["init", "--kdf-memory", "63"], "63");
    two(&["restore", "latest"], "--to");
    let mut command = office.command(["snapshots"]);
    let failed = answer(command.env_remove("CHEST_REPO")).ended(2);
    assert!(failed.err.contains("CHEST_REPO"), "{}", failed.err);
}

#[test]
fn nothing_is_restored_into_the_repository_or_among_this_computers_own_files() {
    let office = Office::with_backup();
    office.write("other/repo/plain.txt", "plain text");
    office.run(["backup", "other/repo"]).ended(0);
    std::os::unix::fs::symlink(office.path("repo"), office.path("link")).unwrap();
    let before = office.stored_files("repo");
    for to in ["repo", "repo/new/folder", "link/new", "docs/../repo", "state", "cache/new"] {
        for how in [&[][..], &["--dry-run"]] {
            let refused = office.run(["restore", "latest:docs", "--to", to].iter().chain(how)).ended(2);
            assert!(refused.err.contains("would lie there unencrypted"), "{to}: {}", refused.err);
        }
        let refused = office.run(["mail", "save", "0123456789ab", "--to", to]).ended(2);
        assert!(refused.err.contains("would lie there unencrypted"), "{to}: {}", refused.err);
    }
    // What was backed up has the repository's name, and would come into it.
    let refused = office.run(["restore", "latest:repo", "--to", "."]).ended(2);
    assert!(refused.err.contains("would lie there unencrypted"), "{}", refused.err);
    assert_eq!(office.stored_files("repo"), before);
    office.run(["restore", "latest:docs", "--to", "."]).ended(0);
    office.run(["restore", "latest:repo", "--to", "repository-2"]).ended(0);
    assert_eq!(office.read("repository-2/repo/plain.txt"), "plain text");
}

#[test]
fn a_backup_tells_what_is_missing_from_what_is_damaged() {
    let office = Office::with_backup();
    let packs = office.stored_files("repo/packs");
    fs::remove_file(&packs[0]).unwrap();
    let missing =
        "MISSING: 1 stored object (keys or parts of earlier backups) is not there any more. Run `chest check`.\n";
    let gone = office.back_up().ended(0);
    assert!(gone.out.contains(missing) && !gone.out.contains("DAMAGED"), "{}", gone.out);

    let office = Office::with_backup();
    let packs = office.stored_files("repo/packs");
    fs::remove_file(&packs[0]).unwrap();
    for slot in
        office.stored_files("repo").iter().filter(|path| path.components().any(|part| part.as_os_str() == "slots"))
    {
        spoil(slot);
    }
    let damaged = "DAMAGED: 2 stored objects (keys or parts of earlier backups) are there, and cannot be read. Run `chest check`.\n";
    let both = office.back_up().ended(0);
    assert!(both.out.contains(&format!("{missing}{damaged}")), "{}", both.out);
    assert_eq!(both.last_line(), "COMPLETE");
    let json = office.run(["backup", "docs", "--json"]).ended(0).json();
    let problems: Vec<&str> =
        json["damaged_objects"].as_array().unwrap().iter().map(|one| one["problem"].as_str().unwrap()).collect();
    assert_eq!(problems.iter().filter(|problem| **problem == "it is missing").count(), 1, "{json}");
    assert_eq!(problems.len(), 3, "{json}");
}

/// Turns a bit of a stored file, which nobody may write, in the middle.
fn spoil(path: &Path) {
    let length = fs::metadata(path).unwrap().len();
    spoil_at(path, usize::try_from(length).unwrap() / 2);
}

fn spoil_at(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
}

/// The owner's records, the one that begins the repository first.
fn decisions(office: &Office) -> Vec<String> {
    let files = office.stored_files("repo/owner");
    let mut names: Vec<String> =
        files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort_by(|a, b| b.cmp(a));
    names
}

/// Alters both copies of a record, at this byte.
fn spoil_decision(office: &Office, name: &str, at: usize) {
    for folder in ["repo/owner", "repo/second/owner"] {
        let path = office.path(folder).join(name);
        spoil_at(&path, at);
    }
}

const DECISION_SAFETY: &str = "What the backups hold lies in other objects, which this does not touch";
const DECISION_NEXT: &str = "Bring that object back from an older version at the storage provider";

#[test]
fn a_damaged_record_that_begins_the_repository_is_named_by_every_command() {
    // In the repository's id, in what is signed, in the signature.
    for at in [20, 190, 4000] {
        let office = Office::with_backup();
        let genesis = decisions(&office)[0].clone();
        spoil_decision(&office, &genesis, at);
        let what = format!("owner/{genesis}, a record of the owner's decisions, is damaged");
        let commands: [&[&str]; 4] =
            [&["backup", "docs"], &["snapshots"], &["restore", "latest", "--to", "out"], &["check"]];
        for arguments in commands {
            told(&office, arguments, 4, &what, DECISION_SAFETY, DECISION_NEXT);
        }
        let scrubbed = office.run(["check", "--scrub"]).ended(4);
        assert!(scrubbed.out.contains(&genesis) && !scrubbed.out.contains("gone"), "{}", scrubbed.out);
    }
}

#[test]
fn a_damaged_enrolment_is_named_and_the_log_of_its_computer_is_not_called_gone() {
    for fresh in [false, true] {
        let office = Office::with_backup();
        let enrolment = decisions(&office).pop().unwrap();
        spoil_decision(&office, &enrolment, 190);
        let what = format!("owner/{enrolment}, a record of the owner's decisions, is damaged");
        match fresh {
            true => fs::remove_dir_all(office.path("state")).unwrap(),
            false => drop(told(&office, &["backup", "docs"], 4, &what, DECISION_SAFETY, DECISION_NEXT)),
        }
        let id = "0123456789";
        for snapshot in ["latest", id] {
            told(&office, &["restore", snapshot, "--to", "out"], 4, &what, DECISION_SAFETY, DECISION_NEXT);
        }
        assert_damage_listed(&office, &enrolment, 0);
    }
}

#[test]
fn a_damaged_record_that_hides_no_backup_stops_no_restore() {
    let office = Office::with_backup();
    let slots = decisions(&office).swap_remove(1);
    spoil_decision(&office, &slots, 190);
    let what = format!("owner/{slots}, a record of the owner's decisions, is damaged");
    told(&office, &["backup", "docs"], 4, &what, DECISION_SAFETY, DECISION_NEXT);
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(0);
    assert!(restored.err.contains(&format!("WARNING: {what}")), "{}", restored.err);
    assert_eq!(office.read("out/docs/budget.csv"), office.read("docs/budget.csv"));
    assert_damage_listed(&office, &slots, 1);
}

/// By the list of backups and by a check, neither of which takes damage for something that was removed.
#[track_caller]
fn assert_damage_listed(office: &Office, record: &str, backups: usize) {
    let listed = office.run(["snapshots"]).ended(4);
    for sentence in [record, DECISION_SAFETY, DECISION_NEXT] {
        assert!(listed.out.contains(sentence), "{sentence:?} is not in\n{}", listed.out);
    }
    let json = office.run(["snapshots", "--json"]).ended(4).json();
    assert_eq!(json["unreadable"][0]["object"], format!("owner/{record}"), "{json}");
    assert_eq!(json["snapshots"].as_array().unwrap().len(), backups, "{json}");
    for arguments in [&["check", "--json"][..], &["check", "--scrub", "--json"]] {
        let checked = office.run(arguments).ended(4).json();
        let findings = checked["findings"].as_array().unwrap();
        let damaged: Vec<_> = findings.iter().filter(|finding| finding["severity"] == "damage").collect();
        assert_eq!(damaged.len(), 1, "{checked}");
        assert_eq!(damaged[0]["object"], format!("owner/{record}"), "{checked}");
        assert!(findings.iter().all(|finding| finding["id"] != "no-records"), "{checked}");
    }
}

/// Takes away both copies of a record: its folder below the repository, and its name.
fn remove_record(office: &Office, folder: &str, name: &str) {
    for copy in [format!("repo/{folder}"), format!("repo/second/{folder}")] {
        fs::remove_file(office.path(&copy).join(name)).unwrap();
    }
}

/// As a computer sees it that has never read or written here.
fn forget(office: &Office) {
    for folder in ["state", "cache"] {
        let _ = fs::remove_dir_all(office.path(folder));
    }
}

#[test]
fn a_removed_beginning_is_no_reason_to_send_a_computer_to_be_enrolled() {
    let office = Office::with_backup();
    let beginning = decisions(&office).remove(0);
    remove_record(&office, "owner", &beginning);
    let what = "the record that begins the repository is missing or damaged";
    told(&office, &["backup", "docs"], 16, what, "Nothing was written.", "Delete nothing.");
    office.run(["writer", "enrol"]).ended(16);
}

#[test]
fn a_removed_enrolment_is_named_and_the_backups_that_it_hides_are_not_called_leftovers() {
    let office = Office::with_backup();
    let enrolment = decisions(&office).pop().unwrap();
    remove_record(&office, "owner", &enrolment);
    let seen = format!("this machine has seen owner/{enrolment} before");
    told(&office, &["backup", "docs"], 16, &seen, "Nothing was written.", "Delete nothing.");
    forget(&office);
    let what = format!("owner/{enrolment}, a record of the owner's decisions, is named by other records, and is gone");
    for snapshot in ["latest", "0123456789"] {
        told(&office, &["restore", snapshot, "--to", "out"], 16, &what, DECISION_SAFETY, DECISION_NEXT);
    }
    let listed = office.run(["snapshots"]).ended(16);
    for sentence in [&format!("GONE: the record owner/{enrolment}"), DECISION_SAFETY, DECISION_NEXT, "0 backups"] {
        assert!(listed.out.contains(sentence), "{sentence:?} is not in\n{}", listed.out);
    }
    let json = office.run(["snapshots", "--json"]).ended(16).json();
    assert_eq!(json["missing"], serde_json::json!([format!("owner/{enrolment}")]), "{json}");
    let found = office.run(["find", "budget"]).ended(16);
    assert!(found.err.contains(&what), "{}", found.err);
    for arguments in [&["check", "--json"][..], &["check", "--scrub", "--json"]] {
        let checked = office.run(arguments).ended(16).json();
        let findings = checked["findings"].as_array().unwrap();
        let gaps: Vec<_> = findings.iter().filter(|finding| finding["severity"] == "damage").collect();
        assert_eq!(gaps.len(), 1, "{checked}");
        assert_eq!(gaps[0]["object"], format!("owner/{enrolment}"), "{checked}");
        let is_calm = |finding: &&serde_json::Value| {
            finding["id"] == "no-records" || finding["remedy"].as_str().unwrap().contains("No action needed")
        };
        assert_eq!(findings.iter().find(is_calm), None, "{checked}");
    }
}

#[test]
fn the_removed_record_of_a_backup_is_missed_by_whoever_reads() {
    let office = Office::with_backup();
    office.back_up().ended(0);
    let mut records = office.stored_files("repo/log");
    records.sort();
    // The newest comes first: the later record names this one.
    let oldest = records.pop().unwrap();
    let writer = oldest.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let (folder, name) = (format!("log/{writer}"), oldest.file_name().unwrap().to_str().unwrap());
    remove_record(&office, &folder, name);
    forget(&office);
    let listed = office.run(["snapshots"]).ended(16);
    assert!(listed.out.contains(&format!("GONE: the record {folder}/{name}")), "{}", listed.out);
    assert_eq!(listed.last_line(), "1 backup");
    let json = office.run(["snapshots", "--json"]).ended(16).json();
    assert_eq!(json["missing"], serde_json::json!([format!("{folder}/{name}")]), "{json}");
    let readers: [&[&str]; 3] = [&["ls", "latest"], &["find", "budget"], &["restore", "latest", "--to", "out"]];
    for arguments in readers {
        let read = office.run(arguments).ended(0);
        let warning = format!("WARNING: 1 record that others name, such as {folder}/{name}, cannot be found");
        assert!(read.err.contains(&warning), "{arguments:?}: {}", read.err);
    }
    assert_eq!(office.read("out/docs/budget.csv"), office.read("docs/budget.csv"));
}

#[test]
fn records_of_another_repository_are_no_damage_to_this_one() {
    let (office, other) = (Office::with_backup(), Office::with_backup());
    let own = office.stored_files("repo/log").pop().unwrap();
    let foreign = other.stored_files("repo/log").pop().unwrap();
    let name = foreign.file_name().unwrap();
    let folder = office.path("repo/log").join(foreign.parent().unwrap().file_name().unwrap());
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    for place in [folder.join(name), own.with_file_name(name)] {
        fs::copy(&foreign, &place).unwrap();
        fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
    }
    let listed = office.run(["snapshots"]).ended(0);
    assert!(!listed.err.contains("WARNING"), "{}", listed.err);
    let checked = office.run(["check", "--json"]).ended(0).json();
    let findings = checked["findings"].as_array().unwrap();
    let told: Vec<_> = findings.iter().filter(|finding| finding["severity"] != "note").collect();
    assert_eq!(told.len(), 2, "{checked}");
    for finding in told {
        assert_eq!(finding["id"], "foreign-record", "{checked}");
        assert!(finding["meaning"].as_str().unwrap().contains("nothing of this repository is damaged"), "{checked}");
    }
}

#[test]
fn what_is_not_in_a_backup_is_said_with_a_way_to_find_it() {
    let office = Office::with_backup();
    told(&office, &["ls", "1999-12-31"], 1, "there is no backup that fits", "untouched", "`chest snapshots`");
    told(&office, &["cat", "latest:docs/unicorn"], 1, "is not in that backup", "untouched", "`chest find`");
    told(&office, &["cat", "latest:docs/Minutes"], 1, "is not a file", "untouched", "`chest ls`");
    told(
        &office,
        &["restore", "latest", "docs/x", "--to", "out"],
        1,
        "is not in that backup",
        "untouched",
        "`chest find`",
    );
}

#[test]
fn a_missing_way_in_is_named_with_what_can_be_done_about_it() {
    let office = Office::with_backup();
    let slots = office.stored_files("repo/slots");
    // The one that is not opened with: of either kind the other is left.
    let opens_without = |slot: &Path| {
        let name = slot.file_name().unwrap().to_str().unwrap();
        let kept = fs::read(slot).unwrap();
        remove_record(&office, "slots", name);
        let opens = office.run(["key", "test"]).code == Some(0);
        if !opens {
            for folder in ["repo/slots", "repo/second/slots"] {
                fs::write(office.path(folder).join(name), &kept).unwrap();
                let readable = std::os::unix::fs::PermissionsExt::from_mode(0o444);
                fs::set_permissions(office.path(folder).join(name), readable).unwrap();
            }
        }
        opens
    };
    assert!(slots.iter().any(|slot| opens_without(slot)));
    let checked = office.run(["check", "--json"]).ended(4).json();
    let findings = checked["findings"].as_array().unwrap();
    let missing = findings.iter().find(|finding| finding["id"] == "slot-missing").unwrap();
    let remedy = missing["remedy"].as_str().unwrap();
    for part in ["from another copy of the repository", "make a new one in another place with `chest init`"] {
        assert!(remedy.contains(part), "{remedy}");
    }
    assert!(!remedy.contains("Make a new passphrase"), "no command does that: {remedy}");
}

#[test]
fn a_second_run_at_the_same_time_ends_with_fourteen() {
    let office = Office::with_backup();
    let lock = office.stored_files("state").into_iter().find(|path| path.ends_with("lock")).unwrap();
    let held = fs::File::options().append(true).open(lock).unwrap();
    held.lock().unwrap();
    told(&office, &["backup", "docs"], 14, "another backup to this repository is running", "No new backup", "Wait");
}

#[test]
fn a_repository_that_goes_back_in_time_ends_with_sixteen() {
    let office = Office::with_backup();
    office.run(["snapshots"]).ended(0);
    // Records are kept twice: an older state shows neither copy.
    let records = || [office.stored_files("repo/log"), office.stored_files("repo/second/log")].concat();
    let log = records();
    office.back_up().ended(0);
    office.run(["snapshots"]).ended(0);
    for record in records() {
        if !log.contains(&record) {
            fs::remove_file(record).unwrap();
        }
    }
    told(&office, &["snapshots"], 16, "an older state is shown", "do not rely on this copy", "Delete nothing.");
    told(&office, &["backup", "docs"], 16, "an older state is shown", "Nothing was written.", "Delete nothing.");
}

#[test]
fn a_repository_that_may_not_be_entered_ends_with_fifteen() {
    let office = Office::with_backup();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    fs::set_permissions(office.path("repo"), closed).unwrap();
    told(&office, &["snapshots"], 15, "the store refused", "untouched", "rights");
    fs::set_permissions(office.path("repo"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
}

#[test]
fn a_list_of_files_that_may_not_be_read_is_refused_and_not_called_damaged() {
    let office = Office::with_backup();
    // The kind of a pack stands in its header: 0 is data, 1 trees.
    let packs = office.stored_files("repo/packs").into_iter().filter(|pack| fs::read(pack).unwrap()[11] == 1);
    let packs: Vec<_> = packs.collect();
    assert!(!packs.is_empty());
    for pack in &packs {
        fs::set_permissions(pack, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    }
    let commands: [&[&str]; 4] =
        [&["restore", "latest", "--to", "out"], &["ls", "-R", "latest"], &["find", "budget"], &["check"]];
    for arguments in commands {
        told(&office, arguments, 15, "the store refused", "untouched", "rights");
    }
}

#[test]
fn a_target_that_refuses_items_ends_with_three_and_names_them() {
    let office = Office::with_backup();
    office.write("out/docs", "a file where a folder must be");
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(3);
    assert!(restored.out.contains("NOT restored, because the folder refused them:"), "{}", restored.out);
    assert!(restored.last_line().starts_with("PARTLY RESTORED to out"), "{}", restored.out);
    assert_eq!(office.read("out/docs"), "a file where a folder must be");
}
