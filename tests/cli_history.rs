//! The computer's own history: what it has tried, whatever became of it.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use std::fs;

#[test]
fn a_run_that_left_nothing_in_the_storage_is_in_the_history_as_failed() {
    let office = Office::with_backup();
    fs::rename(office.path("repo"), office.path("unplugged")).unwrap();
    office.back_up().ended(10);
    fs::rename(office.path("unplugged"), office.path("repo")).unwrap();
    office.write_locked("docs/locked.txt");
    office.back_up().ended(3);
    // Neither a passphrase nor the storage is needed to look.
    let mut look = office.command(["history", "--json"]);
    look.env_remove("CHEST_PASSPHRASE_FILE").env_remove("CHEST_REPO");
    let told = cli_support::answer(&mut look).ended(0).json();
    let results: Vec<&str> =
        told["runs"].as_array().unwrap().iter().map(|run| run["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["COMPLETE", "FAILED", "PARTIAL"]);
    assert_eq!((&told["runs"][1]["code"], &told["runs"][1]["exit"]), (&"no-repository".into(), &10.into()), "{told}");
    let ids = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].clone();
    assert_eq!((&told["runs"][0]["backup"], &told["runs"][2]["backup"]), (&ids[0]["id"], &ids[1]["id"]));
    let shown = office.run(["history", "--last", "2"]).ended(0).out;
    assert!(shown.contains("no-repository (exit code 10)") && shown.ends_with("3 runs, the last 2 shown\n"), "{shown}");
}

#[test]
fn a_run_that_was_killed_has_failed_and_no_name_of_a_file_lies_in_the_history() {
    let office = Office::new();
    office.write("docs/big.bin", &"x".repeat(1 << 20));
    let mut backup = office.command(["backup", "docs"]);
    let mut child = backup.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while fs::metadata(office.path("state/history")).map_or(0, |history| history.len()) == 0 {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let told = office.run(["history", "--json"]).ended(0).json();
    // It may have been quicker than the kill; then it is complete, and never anything between.
    let result = told["runs"][0]["result"].as_str().unwrap();
    assert!(result == "FAILED" && told["runs"][0]["code"] == "killed" || result == "COMPLETE", "{told}");
    office.back_up().ended(0);
    let history = office.read("state/history");
    assert!(!history.contains("docs") && !history.contains("repo"), "{history}");
}

#[test]
fn a_backup_of_which_the_answer_cannot_be_written_is_in_the_history_as_what_it_is() {
    let office = Office::with_backup();
    office.write_locked("docs/locked.txt");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let told = cli_support::answer_into(office.command(["backup", "docs"]), full).ended(17);
    assert!(told.err.contains("What was asked for is done"), "{}", told.err);
    let ids = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].clone();
    let run = office.run(["history", "--json"]).ended(0).json()["runs"][1].clone();
    assert_eq!((&run["result"], &run["exit"], &run["code"]), (&"PARTIAL".into(), &3.into(), &().into()), "{run}");
    assert_eq!(run["backup"], ids[1]["id"]);
}

#[test]
fn where_no_history_can_be_kept_a_backup_is_made_all_the_same() {
    let office = Office::with_backup();
    fs::remove_file(office.path("state/history")).unwrap();
    fs::create_dir(office.path("state/history")).unwrap();
    let told = office.back_up().ended(0);
    assert!(told.err.contains("history cannot be kept"), "{}", told.err);
    assert_eq!(told.last_line(), "COMPLETE");
}

#[test]
fn a_run_that_fails_after_the_power_cut_tore_the_history_is_in_it_and_so_is_the_tear() {
    let office = Office::with_backup();
    office.back_up().ended(0);
    let history = fs::OpenOptions::new().write(true).open(office.path("state/history")).unwrap();
    history.set_len(history.metadata().unwrap().len() - 40).unwrap();
    fs::rename(office.path("repo"), office.path("unplugged")).unwrap();
    office.back_up().ended(10);
    let told = office.run(["history", "--json"]).ended(0).json();
    let codes: Vec<_> = told["runs"].as_array().unwrap().iter().map(|run| run["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("killed"), Some("no-repository")]);
    assert_eq!(told["unreadable_lines"], 1);
    let shown = office.run(["history"]).ended(0).out;
    assert!(shown.contains("3 runs\nNOTE: 1 line of this history cannot be read."), "{shown}");
}

#[test]
fn a_history_that_is_damaged_as_a_whole_says_so_and_goes_on() {
    let office = Office::with_backup();
    fs::write(office.path("state/history"), [0xff; 300]).unwrap();
    let shown = office.run(["history"]).ended(0).out;
    assert!(shown.starts_with("0 runs\nNOTE: 1 line of this history cannot be read."), "{shown}");
    office.back_up().ended(0);
    let told = office.run(["history", "--json"]).ended(0).json();
    assert_eq!((&told["runs"][0]["result"], &told["unreadable_lines"]), (&"COMPLETE".into(), &1.into()), "{told}");
}
