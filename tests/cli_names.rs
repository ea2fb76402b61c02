//! A name that is no text and would move the cursor is shown in the same way by every command, in results and in messages.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;

const ODD: &[u8] = b"odd\xff\n\x1b[2J\xe2\x80\xae\\x41name";
const SHOWN: &str = r"odd\xff\x0a\x1b[2J\xe2\x80\xae\x5cx41name";

fn named(before: &str, after: &str) -> OsString {
    OsString::from_vec([before.as_bytes(), ODD, after.as_bytes()].concat())
}

/// The name occurs, in no other form, and nothing in the whole answer could move a cursor.
#[track_caller]
fn shows(answer: &Answer, code: i32) {
    let text = format!("{}{}", answer.out, answer.err);
    assert_eq!(answer.code, Some(code), "{text}");
    assert!(text.contains(SHOWN), "{text:?}");
    assert_eq!(text.matches("41name").count(), text.matches(SHOWN).count(), "{text:?}");
    let is_harmful =
        |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}' || letter == '\u{fffd}';
    assert!(!text.contains(is_harmful), "{text:?}");
}

#[test]
fn every_command_shows_an_odd_name_in_the_same_way() {
    let office = Office::new();
    let run = |arguments: &[&OsStr]| office.run(arguments);
    let typed = |arguments: &[&str]| office.run(arguments);
    let (folder, file) = (named("", ""), named("", "/page.txt"));
    office.write_named(&file, "one");
    office.write_named(&named("", "/locked"), "closed");
    fs::set_permissions(office.path("").join(named("", "/locked")), fs::Permissions::from_mode(0o000)).unwrap();

    shows(&run(&["backup".as_ref(), &folder]), 3);
    office.write_named(&file, "two, and longer");
    shows(&run(&["backup".as_ref(), &folder]), 3);
    shows(&run(&["backup".as_ref(), &named("", "/missing")]), 1);
    shows(&run(&["backup".as_ref(), &folder, &folder]), 2);
    shows(&run(&["backup".as_ref(), "docs".as_ref(), "--as".as_ref(), &named("", "/x")]), 2);
    shows(
        &run(&[
            "backup".as_ref(),
            "docs".as_ref(),
            "--exclude".as_ref(),
            r"odd\xff\x0a\x1b[2J\xe2\x80\xae\x5cx41name[".as_ref(),
        ]),
        2,
    );

    shows(&typed(&["snapshots"]), 0);
    shows(&typed(&["ls", "-R", "latest"]), 0);
    shows(&typed(&["ls", "--exceptions", "latest"]), 0);
    // Paths in a backup are typed as they are shown.
    let within = |path: &str| format!("latest:{SHOWN}{path}");
    shows(&typed(&["ls", SHOWN]), 2);
    shows(&typed(&["ls", &within("/none")]), 1);
    shows(&typed(&["cat", &within("")]), 1);
    shows(&typed(&["cat", &within("/../x")]), 2);
    shows(&typed(&["find", "page.txt"]), 0);
    shows(&typed(&["find", SHOWN]), 0);
    let ids = typed(&["snapshots", "--json"]).json()["snapshots"].as_array().unwrap().clone();
    shows(&typed(&["diff", ids[0]["id"].as_str().unwrap(), "latest"]), 0);

    shows(&run(&["restore".as_ref(), "latest".as_ref(), "--to".as_ref(), &named("out ", "")]), 3);
    shows(&typed(&["restore", ids[0]["id"].as_str().unwrap(), "--dry-run", "--to", "elsewhere"]), 3);
    shows(&run(&["restore".as_ref(), ids[0]["id"].as_str().unwrap().as_ref(), "--to".as_ref(), &named("out ", "")]), 3);
    shows(&typed(&["restore", "latest", &format!("{SHOWN}/none"), "--to", "out"]), 1);
    office.write("taken/x", "x");
    office.write_named(&named("taken/", ""), "a file where a folder must be");
    shows(&typed(&["restore", "latest", "--to", "taken"]), 3);

    shows(&run(&["--repo".as_ref(), &named("no ", ""), "snapshots".as_ref()]), 10);
    let mut command = office.command(["config", "path"]);
    shows(&cli_support::answer(command.env("CHEST_CONFIG", &folder)), 0);
    let mut command = office.command(["key", "test"]);
    shows(&cli_support::answer(command.env("CHEST_PASSPHRASE_FILE", named("no ", ""))), 12);

    for pack in office.stored_files("repo/packs") {
        let mut bytes = fs::read(&pack).unwrap();
        bytes.iter_mut().skip(64).for_each(|byte| *byte ^= 0x55);
        fs::write(&pack, bytes).unwrap();
    }
    shows(&typed(&["check", "--read-data"]), 4);
    shows(&typed(&["restore", "latest", "--to", "damaged"]), 4);
}

#[test]
fn a_name_that_a_message_shows_can_be_typed_as_it_stands() {
    let office = Office::new();
    office.write_named(&named("docs/", ".txt"), "odd");
    office.back_up().ended(0);
    let refused = office.run(["cat", &format!("latest:docs/{SHOWN}.text")]).ended(1);
    let shown = refused.err.split('"').nth(1).unwrap().replace(".text", ".txt");
    assert_eq!(office.run(["cat", &format!("latest:{shown}")]).ended(0).out, "odd");
}

#[test]
fn the_longest_name_that_a_folder_can_have_is_one_for_a_backup() {
    let office = Office::new();
    let name = "a".repeat(255);
    office.run(["backup", "docs", "--as", &name]).ended(0);
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    assert_eq!(office.read(&format!("out/{name}/budget.csv")), office.read("docs/budget.csv"));
}
