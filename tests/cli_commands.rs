//! The commands as a clerk uses them, from an empty disk to a restored file, with the program as it is built.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::program::{copied, everybody_may_start};
use cli_support::{Office, PASSPHRASE, answer};
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

#[test]
fn from_init_to_restore_every_byte_comes_back() {
    let office = Office::new();
    let backup = office.back_up().ended(0);
    assert_eq!(backup.last_line(), "COMPLETE");
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(0);
    assert_eq!(restored.last_line(), "RESTORED to out: 2 files (33 bytes)");
    assert_eq!(office.read("out/docs/budget.csv"), "hall,120\n");
    assert_eq!(office.read("out/docs/Minutes/october.txt"), "The minutes of October.\n");
}

#[test]
fn init_shows_twenty_four_words_once_and_they_open_the_repository_however_they_are_copied() {
    let office = Office::empty();
    let init = office.run(["init", "--kdf-memory", "64"]).ended(0);
    let lines = init.out.lines().filter(|line| line.starts_with("    ") && line.contains(". "));
    let numbered: Vec<(usize, String)> = lines
        .flat_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words
                .chunks(2)
                .map(|pair| (pair[0].trim_end_matches('.').parse().unwrap(), pair[1].to_owned()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(numbered.len(), 24, "{}", init.out);
    let mut sorted = numbered;
    sorted.sort();
    let words: Vec<String> = sorted.into_iter().map(|(_, word)| word).collect();
    let rows: Vec<String> = (0..12).map(|row| format!("{} {}\n", words[row], words[row + 12])).collect();
    // In a line; as the columns are read across; and the whole of what was printed.
    for sheet in [words.join(" "), rows.concat(), init.out] {
        office.write("sheet.txt", &sheet);
        let mut command = office.command(["key", "test"]);
        command.env_remove("CHEST_PASSPHRASE_FILE").env("CHEST_RECOVERY_WORDS_FILE", office.path("sheet.txt"));
        assert_eq!(answer(&mut command).ended(0).out, "Yes: these 24 recovery words open the repository.\n");
    }
    assert_eq!(office.run(["key", "test"]).ended(0).out, "Yes: this passphrase opens the repository.\n");
}

#[test]
fn the_first_source_of_the_secret_that_is_set_is_the_one_that_counts() {
    let office = Office::with_backup();
    office.write("wrong", "another passphrase");
    let with = |set: &[(&str, &str)]| {
        let mut command = office.command(["key", "test"]);
        command.env_remove("CHEST_PASSPHRASE_FILE").envs(set.iter().copied());
        answer(&mut command).code
    };
    let (right, wrong) = ("passphrase", "wrong");
    let command = format!("echo '{PASSPHRASE}'");
    assert_eq!(with(&[("CHEST_PASSPHRASE", PASSPHRASE), ("CHEST_PASSPHRASE_FILE", wrong)]), Some(0));
    assert_eq!(with(&[("CHEST_PASSPHRASE_FILE", right), ("CHEST_PASSPHRASE_COMMAND", "echo wrong")]), Some(0));
    assert_eq!(with(&[("CHEST_PASSPHRASE_COMMAND", &command), ("CHEST_RECOVERY_WORDS_FILE", wrong)]), Some(0));
    assert_eq!(with(&[("CHEST_PASSPHRASE", ""), ("CHEST_PASSPHRASE_FILE", right)]), Some(0));
    assert_eq!(with(&[("CHEST_PASSPHRASE", "wrong"), ("CHEST_PASSPHRASE_FILE", right)]), Some(12));
}

#[test]
fn a_backup_needs_no_secret_and_what_is_unchanged_is_not_read_again() {
    let office = Office::with_backup();
    let mut command = office.command(["backup", "docs"]);
    let second = answer(command.env_remove("CHEST_PASSPHRASE_FILE")).ended(0);
    // A file changed a moment before the first run may have to be read once more: its clock is too coarse to tell.
    let mut command = office.command(["backup", "docs"]);
    let third = answer(command.env_remove("CHEST_PASSPHRASE_FILE")).ended(0);
    assert!(third.out.contains("0 files read, 2 files unchanged"), "{}\n{}", second.out, third.out);
}

#[test]
fn what_cannot_be_read_makes_the_backup_partial_and_is_named() {
    let office = Office::new();
    office.write_locked("docs/locked.docx");
    let partial = office.back_up().ended(3);
    assert_eq!(partial.last_line(), "PARTIAL: 1 item could not be read");
    assert!(partial.out.contains("  docs/locked.docx: no permission to read it\n"), "{}", partial.out);
    assert!(!partial.out.contains("COMPLETE"), "{}", partial.out);
    assert!(office.run(["snapshots"]).ended(0).out.contains("PARTIAL"));
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(3);
    assert!(restored.out.contains("docs/locked.docx"), "{}", restored.out);
    assert_eq!(restored.last_line(), "PARTLY RESTORED to out: 2 files (33 bytes); 1 item missing");
    assert!(!office.path("out/docs/locked.docx").exists());
}

#[test]
fn a_long_list_of_unread_items_is_cut_and_says_where_the_rest_is() {
    let office = Office::new();
    for number in 0..55 {
        office.write_locked(&format!("docs/locked {number:02}"));
    }
    let partial = office.back_up().ended(3);
    assert_eq!(partial.out.matches("no permission to read it").count(), 50, "{}", partial.out);
    assert_eq!(partial.last_line(), "PARTIAL: 55 items could not be read");
    let advice = partial.out.lines().find_map(|line| line.strip_prefix("  and 5 more items; see all with: ")).unwrap();
    let all = office.paste(advice).ended(0);
    assert_eq!(all.out.matches("no permission to read it").count(), 55, "{}", all.out);
}

#[test]
fn ls_find_cat_and_diff_show_what_was_and_what_is() {
    let office = Office::with_backup();
    let first = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"][0]["id"].as_str().unwrap().to_owned();
    fs::remove_file(office.path("docs/Minutes/october.txt")).unwrap();
    office.write("docs/budget.csv", "hall,120\ngreen,75\n");
    office.write("docs/new.txt", "new");
    office.run(["backup", "docs", "--accept-shrink"]).ended(0);

    let listed = office.run(["ls", "-R", &first]).ended(0).out;
    assert!(listed.contains("docs/Minutes/october.txt\n"), "{listed}");
    let listed = office.run(["ls", "latest:docs"]).ended(0).out;
    assert!(listed.contains("docs/new.txt\n") && !listed.contains("october"), "{listed}");

    let found = office.run(["find", "OCTOBER"]).ended(0);
    assert_eq!(found.hits(), ["docs/Minutes/october.txt"], "{}", found.out);
    assert!(found.out.contains("; in the backup of ") && found.out.contains("; deleted since\n"), "{}", found.out);
    office.paste(found.commands()[0]).ended(0);
    assert_eq!(office.read("home/restored/docs/Minutes/october.txt"), "The minutes of October.\n");
    assert_eq!(office.run(["find", "--deleted", "o"]).ended(0).hits().len(), 1, "only what is gone");
    let nowhere = office.run(["snapshots", "--host", "elsewhere"]).ended(0);
    assert_eq!(nowhere.out, "0 backups\n");
    office.run(["ls", "latest", "--root", "mail"]).ended(1);
    assert_eq!(office.run(["find", "--versions", "budget"]).ended(0).commands().len(), 2);

    assert_eq!(office.run(["cat", "latest:docs/budget.csv"]).ended(0).out, "hall,120\ngreen,75\n");
    assert_eq!(office.run(["cat", &format!("{}:docs/budget.csv", &first[..6])]).ended(0).out, "hall,120\n");

    let diff = office.run(["diff", &first, "latest"]).ended(0).out;
    for line in ["added    docs/new.txt\n", "removed  docs/Minutes/october.txt\n", "changed  docs/budget.csv ("] {
        assert!(diff.contains(line), "{diff}");
    }
}

#[test]
fn finding_nothing_is_no_error() {
    let office = Office::with_backup();
    let found = office.run(["find", "unicorn"]).ended(0);
    assert_eq!(found.out, "");
    assert!(found.err.contains("Nothing called \"unicorn\" in 1 backup."), "{}", found.err);
}

#[test]
fn a_backup_of_today_is_found_by_its_uk_date() {
    let office = Office::with_backup();
    let listed = office.run(["snapshots", "--json"]).ended(0).json();
    let ended = listed["snapshots"][0]["ended"].as_str().unwrap().to_owned();
    let (_, shown) =
        office.run(["snapshots"]).ended(0).out.split_once("  ").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert!(shown.contains(&ended[..4]), "the year is shown: {shown}");
    // In winter the UK's day is the UTC day; in summer they differ for an hour, and the neighbour must then do.
    let days = [0, 1].map(|later| {
        let date: jiff::civil::Date = ended[..10].parse().unwrap();
        date.checked_add(jiff::Span::new().days(later)).unwrap().to_string()
    });
    let fitting = days.iter().filter(|day| office.run(["ls", day]).code == Some(0)).count();
    assert_eq!(fitting, 1, "{ended}");
}

#[test]
fn a_restore_never_loses_what_is_there() {
    let office = Office::with_backup();
    office.write("out/docs/budget.csv", "my own");
    let plan = office.run(["restore", "latest", "--to", "out", "--dry-run"]).ended(0);
    assert!(plan.out.contains("beside   docs/budget.csv"), "{}", plan.out);
    assert!(!office.path("out/docs/Minutes").exists(), "a dry run writes nothing");
    office.run(["restore", "latest", "--to", "out", "--skip-existing"]).ended(0);
    assert_eq!(office.read("out/docs/budget.csv"), "my own");
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(0);
    assert_eq!(office.read("out/docs/budget.csv"), "my own");
    let beside =
        fs::read_dir(office.path("out/docs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let beside: Vec<String> = beside.filter(|name| name.starts_with("budget (restored ")).collect();
    assert_eq!(beside.len(), 1, "{}", restored.out);
    assert!(restored.out.contains(&format!("written as docs/{}", beside[0])), "{}", restored.out);
    office.run(["restore", "latest", "docs/budget.csv", "--to", "out", "--overwrite"]).ended(0);
    assert_eq!(office.read("out/docs/budget.csv"), "hall,120\n");
    office.run(["restore", "latest", "docs/budget.csv", "--to", "flat", "--flat"]).ended(0);
    assert_eq!(office.read("flat/budget.csv"), "hall,120\n");
}

#[test]
fn a_name_of_any_bytes_can_be_typed_as_it_is_shown() {
    let office = Office::new();
    let name = b"docs/bad\xff\n\x1b[2Jname";
    fs::write(office.path("").join(std::ffi::OsStr::from_bytes(name)), "odd").unwrap();
    office.back_up().ended(0);
    let found = office.run(["find", "2Jname"]).ended(0);
    let shown = found.hits()[0];
    assert_eq!(shown, r"docs/bad\xff\x0a\x1b[2Jname");
    assert_eq!(office.run(["cat", &format!("latest:{shown}")]).ended(0).out, "odd");
    office.run(["restore", "latest", shown, "--to", "out"]).ended(0);
    assert_eq!(fs::read(office.path("out").join(std::ffi::OsStr::from_bytes(name))).unwrap(), b"odd");
}

#[test]
fn the_repository_and_the_keys_are_left_out_of_a_backup_that_would_hold_them() {
    let office = Office::new();
    let backup = office.run(["backup", ".", "--as", "office", "--exclude", "!repo"]).ended(0);
    for own in ["repo", "state", "cache"] {
        let said = format!(
            "Left out, because it belongs to the backups: {}",
            office.path(own).canonicalize().unwrap().display()
        );
        assert!(backup.err.contains(&said), "{own}: {}", backup.err);
    }
    let listed = office.run(["ls", "latest:office"]).ended(0).out;
    assert!(listed.contains("office/docs\n"), "{listed}");
    for own in ["office/repo", "office/state", "office/cache"] {
        assert!(!listed.contains(own), "{listed}");
    }
}

#[test]
fn several_folders_keep_their_names_and_patterns_leave_files_out() {
    let office = Office::new();
    office.write("mail/inbox.mbox", "From x\n");
    office.write("docs/draft.tmp", "x");
    office.write("docs/Thumbs.db", "x");
    office.run(["backup", "docs", "mail", "--exclude", "*.tmp", "--class", "other"]).ended(0);
    let listed = office.run(["ls", "-R", "latest"]).ended(0).out;
    assert!(listed.contains("docs/budget.csv\n") && listed.contains("mail/inbox.mbox\n"), "{listed}");
    assert!(!listed.contains("draft.tmp") && !listed.contains("Thumbs.db"), "{listed}");
    office.run(["backup", "docs", "--no-default-excludes"]).ended(0);
    assert!(office.run(["ls", "-R", "latest"]).ended(0).out.contains("Thumbs.db"));
}

/// The server may hold nothing of an account that was closed, and a folder of such a name is nothing temporary.
#[test]
fn what_is_left_out_though_nobody_asked_for_it_is_counted_and_copies_of_mailboxes_are_named() {
    let office = Office::new();
    office.write("x/~$Allotments/register.xlsx", "x");
    office.write("x/archive.ost/minutes.docx", "y");
    for name in ["~$minutes.docx", "archive.ost/desktop.ini", "kept.txt", "draft.tmp"] {
        office.write(&format!("x/{name}"), "z");
    }
    let saved = office.run(["backup", "x", "--exclude", "*.tmp"]).ended(0);
    assert!(saved.out.contains("x: 2 files left out as temporary or kept elsewhere\n"), "{}", saved.out);
    assert_eq!(saved.last_line(), "COMPLETE");
    let listed = office.run(["ls", "-R", "latest"]).ended(0).out;
    assert!(
        listed.contains("x/~$Allotments/register.xlsx") && listed.contains("x/archive.ost/minutes.docx"),
        "{listed}"
    );
    office.write("x/Closed account.OST", "o");
    let told = "x: 3 files left out as temporary or kept elsewhere; Outlook's copy of a mailbox is among them: \
        x/Closed account.OST. If no mail server holds it any more, back it up with --no-default-excludes.\n";
    // What has not changed is told again.
    for _ in 0..2 {
        let saved = office.run(["backup", "x", "--exclude", "*.tmp"]).ended(0);
        assert!(saved.out.contains(told), "{}", saved.out);
    }
    let all = office.run(["backup", "x", "--no-default-excludes"]).ended(0);
    assert!(!all.out.contains("left out"), "{}", all.out);
}

/// What is to be taken away stands on the screen by its own name; the good copy stands there nowhere.
#[test]
fn check_names_the_damaged_one_of_two_copies_and_a_missing_one_comes_back() {
    for (damaged, intact) in [("repo/slots", "repo/second/slots"), ("repo/second/owner", "repo/owner")] {
        let office = Office::with_backup();
        let (damaged, intact) = (&office.stored_files(damaged)[0], &office.stored_files(intact)[0]);
        let whole = fs::read(damaged).unwrap();
        fs::write(damaged, &whole[..whole.len() - 1]).unwrap();
        let shown = |path: &std::path::Path| path.strip_prefix(office.path("repo")).unwrap().display().to_string();
        for way in [&["check"][..], &["check", "--scrub"]] {
            let told = office.run(way).ended(4);
            assert!(told.out.contains(&format!("  {}: its bytes", shown(damaged))), "{}", told.out);
            assert!(!told.out.contains(&format!("  {}", shown(intact))), "{}", told.out);
        }
        office.back_up().ended(0);
        fs::remove_file(damaged).unwrap();
        let told = office.run(["check"]).ended(0);
        assert!(told.out.contains(&format!("  {}: it is missing", shown(damaged))), "{}", told.out);
        office.back_up().ended(0);
        assert_eq!(fs::read(damaged).unwrap(), whole);
        assert_eq!(office.run(["check"]).ended(0).out.matches("copy-").count(), 0);
    }
}

#[test]
fn check_finds_nothing_in_a_sound_repository_and_names_damage_in_another() {
    let office = Office::with_backup();
    for way in [
        &["check"][..],
        &["check", "--read-data"],
        &["check", "--read-data=50%"],
        &["check", "--read-data", "50%"],
        &["check", "--scrub"],
    ] {
        let sound = office.run(way).ended(0);
        assert!(sound.last_line().starts_with("NO DAMAGE FOUND"), "{way:?}: {}", sound.out);
    }
    for pack in office.stored_files("repo/packs") {
        let mut bytes = fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&pack, bytes).unwrap();
    }
    for way in [&["check", "--read-data"][..], &["check", "--scrub"]] {
        let damaged = office.run(way).ended(4);
        assert!(damaged.last_line().starts_with("DAMAGE FOUND"), "{way:?}: {}", damaged.out);
        assert!(damaged.out.contains("What to do:"), "{}", damaged.out);
    }
    let mut command = office.command(["check", "--scrub"]);
    answer(command.env_remove("CHEST_PASSPHRASE_FILE")).ended(4);
}

#[test]
fn a_damaged_file_is_absent_after_a_restore_and_the_exit_code_says_damage() {
    let office = Office::with_backup();
    for pack in office.stored_files("repo/packs") {
        let mut bytes = fs::read(&pack).unwrap();
        bytes.iter_mut().skip(64).for_each(|byte| *byte ^= 0x55);
        fs::write(&pack, bytes).unwrap();
    }
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(4);
    assert!(!restored.out.contains("\nRESTORED to"), "{}", restored.out);
    assert!(!office.path("out/docs/budget.csv").exists());
    let lost = "cannot be read: from its beginning on: packs/";
    assert!(office.run(["ls", "latest"]).ended(4).out.contains(lost));
    let found = office.run(["find", "budget"]).ended(4).err;
    assert!(found.contains("Nothing called \"budget\" in what can be read of 1 backup.\n"), "{found}");
    assert!(found.contains(lost), "{found}");
}

#[test]
fn another_computer_backs_up_once_it_is_enrolled() {
    let office = Office::with_backup();
    let on_another = |arguments: &[&str]| {
        let mut command = office.command(arguments);
        answer(command.env("CHEST_STATE_DIR", office.path("state2")).env("CHEST_CACHE_DIR", office.path("cache2")))
    };
    let refused = on_another(&["backup", "docs"]).ended(12);
    assert!(refused.err.contains("chest writer enrol"), "{}", refused.err);
    let enrolled = on_another(&["writer", "enrol"]).ended(0).out;
    assert!(
        enrolled.contains("backed up here before, last on") && enrolled.contains("none of it\nwill be sent again."),
        "{enrolled}"
    );
    let packs = office.stored_files("repo/packs").len();
    on_another(&["backup", "docs"]).ended(0);
    assert_eq!(office.stored_files("repo/packs").len(), packs);
    assert!(on_another(&["writer", "enrol"]).ended(0).out.contains("already"));
    let afresh = on_another(&["writer", "enrol", "--afresh", "--json"]).ended(0).json();
    assert_eq!((&afresh["already"], &afresh["inherited"]), (&false.into(), &serde_json::Value::Null), "{afresh}");
    assert_eq!(office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].as_array().unwrap().len(), 2);
}

#[test]
fn a_reader_who_closes_the_pipe_is_no_reason_to_panic() {
    let office = Office::with_backup();
    for arguments in [&["ls", "-R", "latest"][..], &["cat", "latest:docs/budget.csv"], &["--help"], &["man"]] {
        let mut child = office.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{arguments:?}: {err}");
        assert_eq!(err, "", "{arguments:?}");
    }
}

#[test]
fn every_command_has_a_help_page_a_manual_page_and_a_place_in_the_completions() {
    let office = Office::empty();
    let completions = office.run(["completions", "bash"]).ended(0).out;
    for command in
        ["init", "backup", "snapshots", "ls", "find", "cat", "diff", "restore", "check", "writer enrol", "key test"]
    {
        let words: Vec<&str> = command.split(' ').collect();
        let help = office.run(words.iter().chain(&["--help"])).ended(0).out;
        assert!(help.contains("Usage: chest") && help.contains("Example"), "{command}: {help}");
        let page = office.run(["man"].iter().chain(&words)).ended(0).out;
        assert!(page.starts_with(".ie") && page.contains(".SH NAME"), "{command}: {page}");
        assert!(completions.contains(words[0]), "{command}");
    }
    assert!(!office.run(["--help"]).ended(0).out.contains("completions"), "they are hidden");
}

#[test]
fn the_latest_backup_of_a_path_is_the_latest_that_holds_its_folder() {
    let office = Office::with_backup();
    office.write("mail/inbox.mbox", "From clerk\n");
    office.run(["backup", "--class", "email", "mail"]).ended(0);
    office.run(["restore", "latest", "docs/budget.csv", "--to", "out"]).ended(0);
    assert_eq!(office.read("out/docs/budget.csv"), "hall,120\n");
    assert_eq!(office.run(["cat", "latest:docs/budget.csv"]).ended(0).out, "hall,120\n");
    office.run(["ls", "latest:docs"]).ended(0);
}

#[test]
fn a_restore_that_is_repeated_writes_nothing_a_second_time() {
    let office = Office::with_backup();
    office.write("out/docs/budget.csv", "my own");
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(office.path("out/docs")).unwrap().map(|one| one.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let after_the_first = names();
    let plan = office.run(["restore", "latest", "--to", "out", "--dry-run"]).ended(0);
    assert!(plan.out.contains("compare  docs/budget.csv"), "{}", plan.out);
    let again = office.run(["restore", "latest", "--to", "out"]).ended(0);
    assert_eq!(again.last_line(), "RESTORED to out: 0 files (0 bytes), 2 items already there with the same content");
    assert_eq!(names(), after_the_first);
    // A copy that is no longer the same does not count.
    let copy = after_the_first.iter().find(|name| name.to_string_lossy().contains("(restored ")).unwrap();
    fs::write(office.path("out/docs").join(copy), "hall,121\n").unwrap();
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    assert_eq!(names().len(), after_the_first.len() + 1);
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    assert_eq!(names().len(), after_the_first.len() + 1);
}

#[test]
fn a_device_that_is_not_restored_is_not_blamed_on_the_folder() {
    let office = Office::new();
    office.run(["backup", "/dev/null", "--accept-shrink"]).ended(0);
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(3);
    let heading = "NOT restored, because devices come back only with --privileged:\n  null\n";
    assert!(restored.out.contains(heading), "{}", restored.out);
    assert!(!restored.out.contains("refused"), "{}", restored.out);
}

#[test]
fn owners_that_could_not_be_set_are_one_line_and_a_list_in_json() {
    let office = Office::new();
    // The administrator's everywhere, and everybody may read them.
    office.run(["backup", "/etc/passwd", "/etc/group"]).ended(0);
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(0);
    let line =
        "The owner of 2 items could not be set: run as administrator (with sudo) to set it too. --json lists them.";
    assert_eq!(restored.out.lines().filter(|shown| shown.contains("owner")).collect::<Vec<_>>(), [line]);
    let json = office.run(["restore", "latest", "--to", "elsewhere", "--json"]).ended(0).json();
    let paths = json["notes"].as_array().unwrap().iter().map(|note| note["path"].as_str().unwrap());
    // Several threads restore: whichever is done first comes first.
    let paths: std::collections::BTreeSet<&str> = paths.collect();
    assert_eq!(paths, ["group", "passwd"].into(), "{json}");
}

#[test]
fn where_no_cloud_keeps_folders_in_step_its_option_is_taken_and_changes_nothing() {
    let office = Office::with_backup();
    for files in ["hydrate", "skip"] {
        let json = office.run(["backup", "docs", "--cloud-files", files, "--json"]).ended(0).json();
        assert_eq!((&json["outcome"], &json["files_unchanged"]), (&"COMPLETE".into(), &2.into()), "{json}");
    }
    let refused = office.run(["backup", "docs", "--cloud-files", "delete"]).ended(2);
    assert!(refused.err.contains("hydrate, skip"), "{}", refused.err);
}

#[test]
fn a_dry_run_says_what_will_be_refused_and_where_everything_will_lie() {
    let office = Office::new();
    office.write("fl/a/x", "one");
    office.write("fl/b/x", "two");
    office.write("fl/e/dirwherefile/z", "z");
    office.run(["backup", "fl", "/dev/null", "--accept-shrink"]).ended(0);
    office.write("out/fl/e/dirwherefile", "a file of the clerk's");
    let dry = office.run(["restore", "latest", "--to", "out", "--dry-run"]).ended(3);
    for line in [
        "make     fl/a/x\n",
        "leave    fl/e (is there already)\n",
        "NOT      fl/e/dirwherefile: something that is not a folder is in the way at fl/e/dirwherefile\n",
        "NOT      fl/e/dirwherefile/z: something that is not a folder is in the way at fl/e/dirwherefile\n",
        "NOT      null: devices come back only with --privileged\n",
        "3 items would NOT be restored.\n",
    ] {
        assert!(dry.out.contains(line), "{line}: {}", dry.out);
    }
    assert_eq!(dry.last_line(), "Nothing was written. It would be 2 files (6 bytes), 2 folders, to out");
    let real = office.run(["restore", "latest", "--to", "out", "--json"]).ended(3).json();
    assert_eq!((&real["files"], &real["folders"]), (&2.into(), &2.into()), "{real}");
    assert_eq!(real["failed"].as_array().unwrap().len(), 3, "{real}");

    let flat = ["restore", "latest", "fl/a/x", "fl/b/x", "--flat", "--to", "flat"];
    let dry = office.run(flat.iter().chain(&["--dry-run", "--json"])).ended(0).json();
    let foretold: Vec<_> = (0..2).map(|at| dry["items"][at]["to"].as_str().unwrap().to_owned()).collect();
    assert!(foretold[0] == "x" && foretold[1].starts_with("x (restored "), "{dry}");
    let dry = office.run(flat.iter().chain(&["--dry-run"])).ended(0);
    assert!(dry.out.contains("make     fl/a/x (as x)\n"), "{}", dry.out);
    assert!(
        dry.out.contains("beside   fl/b/x (another item of that name comes too: written as x (rest"),
        "{}",
        dry.out
    );
    let real = office.run(flat).ended(0);
    assert!(
        real.out.contains("Beside another item of the same name that was asked for too:\n  fl/b/x"),
        "{}",
        real.out
    );
    assert_eq!([0, 1].map(|at| office.read(&format!("flat/{}", foretold[at]))), ["one", "two"]);
    // Everything is there: what is not known is not claimed.
    let dry = office.run(flat.iter().chain(&["--dry-run"])).ended(0);
    assert!(dry.out.contains("2 files (6 bytes) would be compared first"), "{}", dry.out);
    assert_eq!(dry.last_line(), "Nothing was written. It would certainly be 0 files (0 bytes), 0 folders, to flat");
}

#[test]
fn what_could_not_be_read_is_not_said_to_be_different() {
    let office = Office::with_backup();
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    fs::set_permissions(office.path("out/docs/budget.csv"), fs::Permissions::from_mode(0o000)).unwrap();
    let restored = office.run(["restore", "latest", "--to", "out"]).ended(0);
    let head = "Beside what was there under the same name, and could not be read: it may be the same or not:\n";
    assert!(
        restored.out.contains(&format!("{head}  docs/budget.csv: written as docs/budget (rest")),
        "{}",
        restored.out
    );
    assert!(!restored.out.contains("is not the same"), "{}", restored.out);
}

/// Of the tests themselves: run by root in `/root`, they would all fail otherwise.
#[test]
fn a_program_that_not_everybody_may_start_is_copied_for_everybody() {
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(everybody_may_start(Path::new("/bin/sh")));
    let closed = tempfile::tempdir().unwrap();
    let program = closed.path().join("chest");
    fs::copy("/bin/sh", &program).unwrap();
    for (of_folder, of_program) in [(0o700, 0o755), (0o755, 0o700)] {
        set_mode(closed.path(), of_folder);
        set_mode(&program, of_program);
        assert!(!everybody_may_start(&program), "{of_folder:o} {of_program:o}");
        let copy = copied(&program);
        assert_eq!((mode(copy.path()), mode(&copy.path().join("chest"))), (0o755, 0o755));
        assert_eq!(fs::read(copy.path().join("chest")).unwrap(), fs::read(&program).unwrap());
    }
}
