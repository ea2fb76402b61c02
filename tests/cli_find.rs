//! `chest find` on the screen: below each hit stands the command that brings it back, and a shell takes it as it stands, whatever
//! the names hold and however the repository was named.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, answer};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

const NAMES: [&[u8]; 8] = [
    b"-dash first.txt",
    b"o'brien $HOME `id` $(id).txt",
    b"odd\xff\n\x1b[2J\xe2\x80\xae\\x41.txt",
    b"\"quotes\" & more; # ! *.txt",
    "Zoë’s café.txt".as_bytes(),
    b"a:b %s \\101.txt",
    b"~ tilde.txt",
    b" spaces  inside .txt",
];

/// By the bytes of its path, everything below a folder.
fn contents(office: &Office, top: &str) -> BTreeMap<OsString, String> {
    let files = office.stored_files(top).into_iter();
    let below = |path: &std::path::Path| path.strip_prefix(office.path(top)).unwrap().as_os_str().to_owned();
    files.map(|path| (below(&path), fs::read_to_string(&path).unwrap())).collect()
}

/// Searches without any variable that names the repository.
fn search(office: &Office, flags: &[&OsStr], words: &[&str]) -> Answer {
    let mut command = office.command(flags);
    answer(command.args(words).env_remove("CHEST_REPO"))
}

/// The same for a shell, in another folder than the one in which the program was called.
fn paste(office: &Office, line: &str) -> Answer {
    office.paste(&format!("unset CHEST_REPO; cd /; {line}"))
}

#[test]
fn each_command_brings_back_its_hit_in_a_shell_whatever_the_names_hold() {
    for repo in [&b"my $repo's place"[..], b"-repo", b"repo\xff\n\x1bx", b"repo"] {
        let office = Office::new();
        for (number, name) in NAMES.iter().enumerate() {
            office.write_named(OsStr::from_bytes(&[b"-root/", *name].concat()), &format!("content {number}"));
        }
        office.run(["backup", "./-root"]).ended(0);
        let repo = OsStr::from_bytes(repo);
        fs::rename(office.path("repo"), office.path("").join(repo)).unwrap();
        let flag = OsString::from_vec([b"--repo=", repo.as_bytes()].concat());
        let found = search(&office, &[&flag], &["find", ".txt", "--deleted"]).ended(0);
        assert_eq!(found.hits().len(), 0, "{}", found.out);
        let found = search(&office, &[&flag], &["find", "*.txt"]).ended(0);
        assert_eq!(found.hits().len(), NAMES.len(), "{}", found.out);
        let commands = found.commands();
        assert_eq!(commands.len(), NAMES.len(), "{}", found.out);
        assert!(!found.out.contains(|letter: char| letter.is_control() && letter != '\n'), "{:?}", found.out);
        for command in commands {
            paste(&office, command).ended(0);
        }
        assert_eq!(contents(&office, "home/restored/-root"), contents(&office, "-root"), "{repo:?}");
    }
}

#[test]
fn the_commands_for_mail_name_the_repository_too() {
    let office = Office::new();
    office.write("docs/one.eml", "From: a@example.org\nTo: b@example.org\nSubject: Hedge\n\nCut it.\n");
    office.back_up().ended(0);
    fs::rename(office.path("repo"), office.path("another place")).unwrap();
    let found = search(&office, &["--repo".as_ref(), "another place".as_ref()], &["find", "--mail", "hedge"]).ended(0);
    let look = found.err.lines().find_map(|line| line.split_once("To look at one first: ")).unwrap().1;
    let shown = paste(&office, look).ended(0);
    assert!(shown.out.contains("Cut it."), "{}", shown.out);
    let save = shown.err.lines().find_map(|line| line.strip_prefix("To save it: ")).unwrap();
    assert_eq!(found.commands(), [save]);
    paste(&office, save).ended(0);
    assert_eq!(office.read("home/restored/undated Hedge.eml"), office.read("docs/one.eml"));
}

#[test]
fn what_a_variable_says_is_not_repeated_in_the_commands() {
    let office = Office::with_backup();
    let found = office.run(["find", "budget"]).ended(0);
    assert!(!found.out.contains("--repo"), "{}", found.out);
}

#[test]
fn of_many_hits_those_changed_last_are_shown_and_all_of_them_when_asked_for() {
    let office = Office::new();
    for number in 0..25 {
        office.write(&format!("docs/Plans/plan {number:02}.txt"), "a plan");
        let changed = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000 + number * 60);
        let file =
            fs::File::options().write(true).open(office.path(&format!("docs/Plans/plan {number:02}.txt"))).unwrap();
        file.set_modified(changed).unwrap();
    }
    office.back_up().ended(0);
    let found = office.run(["find", "plan*.txt"]).ended(0);
    let expected: Vec<String> = (5..25).rev().map(|number| format!("docs/Plans/plan {number:02}.txt")).collect();
    assert_eq!(found.hits(), expected);
    let cut = "25 hits in 1 backup; the 20 changed last are shown: --all shows all, and another word narrows it down.";
    assert!(found.err.contains(cut), "{}", found.err);
    let all = office.run(["find", "plan*.txt", "--all"]).ended(0);
    assert_eq!((all.hits().len(), all.commands().len()), (25, 25));
    assert!(all.err.contains("25 hits in 1 backup. The command"), "{}", all.err);
    let json = office.run(["find", "plan*.txt", "--json"]).ended(0).json();
    assert_eq!(json["hits"].as_array().unwrap().len(), 25, "programs get all");
}

#[test]
fn each_version_says_in_how_many_backups_it_was_and_how_it_comes_back() {
    let office = Office::with_backup();
    office.back_up().ended(0);
    office.write("docs/budget.csv", "hall,120\ngreen,75\n");
    office.back_up().ended(0);
    fs::remove_file(office.path("docs/budget.csv")).unwrap();
    office.run(["backup", "docs", "--accept-shrink"]).ended(0);
    let found = office.run(["find", "budget"]).ended(0);
    assert_eq!(found.commands().len(), 1, "{}", found.out);
    assert!(
        found.out.contains("; in the backup of ")
            && found.out.contains("; 1 older version: --versions shows all; deleted since"),
        "{}",
        found.out
    );
    let found = office.run(["find", "budget", "--versions"]).ended(0);
    assert!(found.out.contains("9 bytes, changed ") && found.out.contains("; in 2 backups of "), "{}", found.out);
    assert_eq!(found.out.matches("; deleted since").count(), 1, "{}", found.out);
    for (command, content) in found.commands().into_iter().zip(["hall,120\ngreen,75\n", "hall,120\n"]) {
        fs::remove_dir_all(office.path("home/restored")).ok();
        office.paste(command).ended(0);
        assert_eq!(office.read("home/restored/docs/budget.csv"), content);
    }
    let versions = office.run(["find", "budget", "--json"]).ended(0).json()["hits"][0]["versions"].clone();
    assert_eq!([&versions[0]["snapshots"], &versions[1]["snapshots"]], [&1, &2], "{versions}");
}

#[test]
fn what_comes_under_another_name_is_not_deleted_and_what_does_not_is() {
    let office = Office::with_backup();
    fs::remove_file(office.path("docs/budget.csv")).unwrap();
    office.run(["backup", "docs", "--as", "Parish", "--accept-shrink"]).ended(0);
    let deleted = office.run(["find", "--deleted", ""]).ended(0);
    assert_eq!(deleted.hits(), ["docs/budget.csv"], "{}", deleted.out);
    // Nobody has named the path since: nothing is known of it.
    office.write("other/plan.txt", "a plan");
    office.run(["backup", "other"]).ended(0);
    office.write("docs/budget.csv", "hall,121\n");
    office.run(["backup", "docs", "--as", "Parish"]).ended(0);
    assert_eq!(office.run(["find", "--deleted", ""]).ended(0).hits(), [""; 0]);
}

#[test]
fn whatever_is_looked_for_is_looked_for_and_nothing_harmful_is_shown() {
    let office = Office::new();
    let text =
        "From: =?utf-8?q?Zo=C3=AB_=1B[31m?= <z@example.org>\nSubject: 100% \"AND\" caf\u{e9}\n\nCut the hedge.\n";
    office.write("docs/one.eml", text);
    for name in ["100% a_b.txt", "x AND y's.txt", "[1] \"q\" ^-*.txt", "line\nbreak\x1b[2J.txt", "ΔΡΟΜΟΣ.txt"] {
        office.write(&format!("docs/{name}"), "x");
    }
    office.back_up().ended(0);
    let long = "minutes of a meeting, number ".repeat(400);
    let words = [
        "", " ", "a", ".", "-", "%", "_", "'", "\"", "*", "?", "[", "]", "^", "\\", "(", "{", "AND", "OR", "NOT",
        "NEAR(", "x AND", "text:x", "\n", "\x1b", "\u{202e}", "\u{301}", "😀", "/", "docs/", "docs/*", "**", &long,
    ];
    let flags = ["--from", "--subject", "--attachment"];
    for (number, word) in words.into_iter().enumerate() {
        let flag = format!("{}={word}", flags[number % 3]);
        for arguments in [["find", "--", word], ["find", "--mail", &flag], ["find", "--mail", "--"]] {
            let found = office.run(arguments.into_iter().chain((arguments[2] == "--").then_some(word))).ended(0);
            for said in [&found.out, &found.err] {
                assert!(!said.contains(|letter: char| letter.is_control() && letter != '\n'), "{word:?}: {said:?}");
                assert!(said.len() < 20_000 && !said.contains("SQL") && !said.contains("fts"), "{word:?}: {said}");
            }
        }
    }
    for (word, hit) in [
        ("%", "docs/100% a_b.txt"),
        ("_", "docs/100% a_b.txt"),
        ("'", "docs/x AND y's.txt"),
        ("[1]", "docs/[1] \"q\" ^-*.txt"),
        ("^-*", "docs/[1] \"q\" ^-*.txt"),
        ("line\nbreak", r"docs/line\x0abreak\x1b[2J.txt"),
        ("docs/100", "docs/100% a_b.txt"),
        ("docs/*b.txt", "docs/100% a_b.txt"),
        ("δρομος", "docs/ΔΡΟΜΟΣ.txt"),
    ] {
        assert_eq!(office.run(["find", word]).ended(0).hits(), [hit], "{word:?}");
    }
    for word in ["hedge", "caf\u{e9}", "cafe\u{301}", "\x1b[31m", "\"and\"", "100%"] {
        assert_eq!(office.run(["find", "--mail", word]).ended(0).commands().len(), 1, "{word:?}");
    }
}
