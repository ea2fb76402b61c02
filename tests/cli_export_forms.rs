//! OneDrive has written the day into the names of its exports in several ways: what is downloaded after such a change goes on from what
//! lies there.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use cli_support::exports::{deleted, pack, write};
use std::fs;

/// The council's folder with these files besides those that are always there.
fn export(office: &Office, name: &str, more: &[&str]) {
    let paths: Vec<String> = (0..9).map(|number| format!("Council/{number}.txt")).collect();
    let paths = paths.iter().map(String::as_str).chain(more.iter().copied());
    write(office, name, &pack(&paths.map(|path| (path, path)).collect::<Vec<_>>()));
}

fn roots(office: &Office) -> Vec<String> {
    let outcome = office.run(["backup", "Exports", "--json"]).ended(0).json();
    outcome["roots"].as_array().unwrap().iter().map(|root| root["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_export_under_another_form_of_name_goes_on_from_the_one_before_it() {
    let office = Office::new();
    export(&office, "Exports/OneDrive_1_6-11-2026.zip", &["Council/lost.txt"]);
    assert_eq!(roots(&office), ["Exports"]);
    export(&office, "Exports/OneDrive_2026-11-13.zip", &["Council/new.txt"]);
    let second = office.run(["backup", "Exports"]).ended(0);
    assert!(second.out.contains("Exports: 10 files"), "{}", second.out);
    assert_eq!(deleted(&office, "txt"), ["Exports/Council/lost.txt"]);
    // Each form in turn, and the newest day counts.
    export(&office, "Exports/OneDrive_1_20-11-2026.zip", &["Council/newer.txt"]);
    assert_eq!(roots(&office), ["Exports"]);
    assert_eq!(deleted(&office, "new.txt"), ["Exports/Council/new.txt"]);
    // What is old may be cleared away without a question.
    for old in ["OneDrive_1_6-11-2026.zip", "OneDrive_2026-11-13.zip"] {
        fs::remove_file(office.path("Exports").join(old)).unwrap();
        assert_eq!(roots(&office), ["Exports"]);
    }
    assert_eq!(deleted(&office, "txt").len(), 2);
}

#[test]
fn the_last_export_under_the_old_form_is_what_the_first_under_the_new_one_is_held_against() {
    let office = Office::new();
    export(&office, "Exports/OneDrive_1_6-11-2026.zip", &[]);
    assert_eq!(roots(&office), ["Exports"]);
    write(&office, "Exports/OneDrive_2026-11-13.zip", &pack(&[("Council/0.txt", "zero"), ("Council/1.txt", "one")]));
    let shrunk = office.run(["backup", "Exports"]).ended(6);
    assert!(shrunk.out.contains("SHRUNK: Exports had 9 files"), "{}", shrunk.out);
}

#[test]
fn two_accounts_that_share_nothing_stay_two_whatever_their_names_look_like() {
    let office = Office::new();
    for (name, folder) in [("OneDrive_1_13-11-2026.zip", "Clerk"), ("OneDrive_2026-11-13.zip", "Chair")] {
        let paths: Vec<String> = (0..9).map(|number| format!("{folder}/{number} {folder}.txt")).collect();
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), path.as_str())).collect();
        write(&office, &format!("Exports/{name}"), &pack(&files));
    }
    assert_eq!(roots(&office), ["Exports (Chair)", "Exports (Clerk)"]);
}
