//! A second copy of the repository that is older than what this computer has seen, and records of which no copy is good: what is
//! refused, and how people go on.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, answer};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

const ACCEPT: &str = "--accept-unproven-state";

/// Backed up, copied to another disk, and backed up and read once more.
fn office_with_an_older_copy() -> Office {
    let office = Office::with_backup();
    let copied = Command::new("cp").arg("-a").args([office.path("repo"), office.path("copy")]).status();
    assert!(copied.unwrap().success());
    office.write("docs/later.txt", "after the copy");
    office.back_up().ended(0);
    assert_eq!(backups(&office, "repo"), 2);
    office
}

fn on(office: &Office, repository: &str, arguments: &[&str]) -> Answer {
    answer(office.command(arguments).env("CHEST_REPO", office.path(repository)))
}

#[track_caller]
fn backups(office: &Office, repository: &str) -> usize {
    on(office, repository, &["snapshots", "--json"]).ended(0).json()["snapshots"].as_array().unwrap().len()
}

const READERS: [&[&str]; 8] = [
    &["snapshots"],
    &["ls", "latest"],
    &["find", "budget"],
    &["find", "--mail", "hedge"],
    &["cat", "latest:docs/budget.csv"],
    &["diff", "latest", "latest"],
    &["restore", "latest", "--to", "out"],
    &["restore", "latest", "--to", "out", "--dry-run"],
];

#[test]
fn an_older_copy_is_read_only_by_whoever_says_so_and_then_with_a_warning() {
    let office = office_with_an_older_copy();
    for reader in READERS {
        let refused = on(&office, "copy", reader).ended(16);
        for part in [
            "an older state is shown",
            "Nothing was written.",
            &format!("add {ACCEPT} to the command"),
            "Delete nothing.",
        ] {
            assert!(refused.err.contains(part), "{reader:?}: {part}: {}", refused.err);
        }
        assert!(!office.path("out").exists());
    }
    for reader in READERS {
        let read = on(&office, "copy", &[reader, &[ACCEPT]].concat()).ended(0);
        assert!(read.err.contains("WARNING: this machine has seen log/"), "{reader:?}: {}", read.err);
        assert!(read.err.contains("newer backups may be missing"), "{reader:?}: {}", read.err);
    }
    let found = on(&office, "copy", &["find", "budget", ACCEPT]).ended(0).out;
    assert!(found.contains(&format!("--to ~/restored {ACCEPT}\n")), "the command that is written out works: {found}");
    assert_eq!(office.read("out/docs/budget.csv"), office.read("docs/budget.csv"));
    assert!(!office.path("out/docs/later.txt").exists());
    // Nothing of it lasts: the older state is refused again, and the newer one is whole.
    on(&office, "copy", &["snapshots"]).ended(16);
    let read = on(&office, "repo", &["restore", "latest", "--to", "newer", ACCEPT]).ended(0);
    assert!(!read.err.contains("WARNING"), "{}", read.err);
    assert_eq!(office.read("newer/docs/later.txt"), "after the copy");
}

#[test]
fn a_backup_goes_on_with_an_older_copy_only_after_somebody_with_the_passphrase_has_said_so() {
    let office = office_with_an_older_copy();
    let way_on = format!("`chest writer enrol {ACCEPT}`");
    for arguments in [&["backup", "docs"][..], &["writer", "enrol"], &["writer", "enrol", "--afresh"]] {
        let refused = on(&office, "copy", arguments).ended(16);
        assert!(refused.err.contains(&way_on), "{arguments:?}: {}", refused.err);
    }
    let checked = on(&office, "copy", &["check"]).ended(16);
    assert!(checked.out.contains(&way_on), "{}", checked.out);
    let mut without_secret = office.command(["writer", "enrol", ACCEPT]);
    without_secret.env_remove("CHEST_PASSPHRASE_FILE").env("CHEST_REPO", office.path("copy"));
    answer(&mut without_secret).ended(12);
    let accepted = on(&office, "copy", &["writer", "enrol", ACCEPT]).ended(0);
    assert!(accepted.out.contains("counts as the newest state for this computer"), "{}", accepted.out);
    assert!(accepted.out.contains("none of it\nwill be sent again"), "{}", accepted.out);
    let backed_up = on(&office, "copy", &["backup", "docs", "--json"]).ended(0).json();
    assert_eq!(backed_up["outcome"], "COMPLETE", "{backed_up}");
    assert_eq!(backups(&office, "copy"), 2);
    on(&office, "copy", &["restore", "latest", "--to", "out"]).ended(0);
    assert_eq!(office.read("out/docs/later.txt"), "after the copy");
    let checked = on(&office, "copy", &["check", "--read-data"]).ended(0);
    assert!(checked.last_line().starts_with("NO DAMAGE FOUND"), "{}", checked.out);
    // The one that was given up does not hold what is in the other now.
    for arguments in [&["snapshots"][..], &["backup", "docs"]] {
        on(&office, "repo", arguments).ended(16);
    }
}

#[test]
fn accepting_a_state_that_is_not_older_changes_nothing() {
    let office = office_with_an_older_copy();
    let enrolled = office.run(["writer", "enrol", ACCEPT]).ended(0).out;
    assert_eq!(enrolled, "This computer may add backups already. Nothing was changed.\n");
    on(&office, "copy", &["snapshots"]).ended(16);
}

/// This computer's records, the oldest first, each with both copies.
fn records(office: &Office) -> Vec<[PathBuf; 2]> {
    let mut firsts = office.stored_files("repo/log");
    firsts.sort();
    firsts.reverse();
    let second = |first: &PathBuf| office.path("repo/second").join(first.strip_prefix(office.path("repo")).unwrap());
    firsts.into_iter().map(|first| [first.clone(), second(&first)]).collect()
}

fn spoil(path: &PathBuf) {
    let mut bytes = fs::read(path).unwrap();
    bytes[600] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
}

fn remove(path: &PathBuf) {
    fs::remove_file(path).unwrap();
}

#[test]
fn a_computer_with_a_record_of_which_no_copy_is_good_goes_on_with_a_new_key() {
    type Harm = fn(&PathBuf);
    // Which of three records, and what becomes of it; how backups end then.
    let cases = [(0, spoil as Harm, 4), (1, spoil, 4), (2, spoil, 4), (1, remove, 16)];
    for (number, harm, exit) in cases {
        let office = Office::with_backup();
        office.back_up().ended(0);
        office.back_up().ended(0);
        let both = &records(&office)[number];
        both.iter().for_each(harm);
        let name = both[0].strip_prefix(office.path("repo")).unwrap().to_str().unwrap();
        let refused = office.back_up().ended(exit);
        for part in [name, "`chest writer enrol`", "It needs the passphrase.", "Delete nothing."] {
            assert!(refused.err.contains(part), "{number}: {part}: {}", refused.err);
        }
        let checked = office.run(["check"]).ended(exit);
        assert!(checked.out.contains("run `chest writer enrol`"), "{}", checked.out);
        let enrolled = office.run(["writer", "enrol"]).ended(0).out;
        assert!(enrolled.contains(&format!("It goes on with a new key, because {name}")), "{enrolled}");
        let backed_up = office.run(["backup", "docs", "--json"]).ended(0).json();
        assert_eq!((&backed_up["outcome"], &backed_up["chunks_added"]), (&"COMPLETE".into(), &0.into()), "{backed_up}");
        let again = office.run(["writer", "enrol"]).ended(0).out;
        assert_eq!(again, "This computer may add backups already. Nothing was changed.\n");
        let restored = office.run(["restore", "latest", "--to", "out"]).ended(0);
        assert!(restored.err.contains("WARNING: 1 record"), "what is lost is still told: {}", restored.err);
        assert_eq!(office.read("out/docs/budget.csv"), office.read("docs/budget.csv"));
        office.run(["check"]).ended(exit);
    }
}

#[test]
fn no_new_key_is_given_where_the_owners_own_records_are_not_whole() {
    let office = Office::with_backup();
    let mut decisions = office.stored_files("repo/owner");
    decisions.sort();
    for folder in ["repo/owner", "repo/second/owner"] {
        spoil(&office.path(folder).join(decisions[1].file_name().unwrap()));
    }
    let refused = office.run(["writer", "enrol", "--afresh"]).ended(4);
    assert!(refused.err.contains("a record of the owner's decisions, is damaged"), "{}", refused.err);
    assert_eq!(office.stored_files("repo/owner").len(), 3);
}

#[test]
fn a_backup_that_ends_while_the_passphrase_is_asked_for_is_no_older_copy() {
    let office = Office::with_backup();
    let commands =
        [READERS.as_slice(), &[&["check"], &["check", "--read-data"], &["key", "test"], &["writer", "enrol"]]];
    for (number, arguments) in commands.concat().into_iter().enumerate() {
        office.write(&format!("docs/{number}.txt"), "new");
        let mut asked = office.command(arguments);
        let program = asked.get_program().to_str().unwrap().to_owned();
        asked.env_remove("CHEST_PASSPHRASE_FILE");
        asked.env("CHEST_PASSPHRASE_COMMAND", format!("{program} backup docs >/dev/null && cat passphrase"));
        let told = answer(&mut asked).ended(0);
        assert!(!told.err.contains("WARNING"), "{arguments:?}: {}", told.err);
        assert_eq!(backups(&office, "repo"), number + 2, "{arguments:?}");
        if arguments[0] == "writer" {
            assert_eq!(told.out, "This computer may add backups already. Nothing was changed.\n");
        }
    }
}
