//! Disks that are full, read-only, or given more room: real ones, in memory, in a namespace of their own where every user
//! may mount (needs `unshare` of util-linux). Each ends with a clear sentence and the right exit code, and nothing is lost. Where nobody
//! may mount, these tests are ignored, and a line says why: the usual harness knows that only when it is compiled, so this has another.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../crates/store/tests/mounting/mod.rs"]
mod mounting;

use libtest_mimic::{Arguments, Trial};
use std::path::Path;
use std::process::{Command, Output};

/// Tests with their names.
macro_rules! named {
    ($($test:ident),* $(,)?) => { [$((stringify!($test), $test as fn())),*] };
}

fn main() {
    let why_ignored = mounting::why_ignored().unwrap();
    if let Some(reason) = &why_ignored {
        eprintln!("cli_disks: {reason}");
    }
    let that_mount = named![
        a_full_repository_says_so_loses_nothing_and_goes_on_when_there_is_room,
        a_full_target_gets_what_fits_the_rest_is_listed_and_absent_and_comes_when_there_is_room,
        a_repository_that_is_mounted_a_second_time_is_neither_backed_up_nor_restored_into,
        a_read_only_target_and_a_read_only_repository_are_told,
        a_search_catalogue_for_which_there_is_no_room_is_told_as_that_and_the_answer_is_the_same,
    ];
    let that_do_not = named![where_nobody_may_mount_a_test_is_ignored_with_the_reason_or_fails_if_it_must_not_be];
    let that_mount = that_mount.map(|named| trial(named).with_ignored_flag(why_ignored.is_some()));
    let all = that_mount.into_iter().chain(that_do_not.map(trial)).collect();
    libtest_mimic::run(&Arguments::from_args(), all).exit();
}

fn trial((name, test): (&str, fn())) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// Runs the script with `$chest` and `$place`, and gives what it printed. Remounting names what is mounted (`none`): otherwise `mount`
/// repeats the options of before, with an owner whom the namespace of an ordinary user does not know.
fn run(script: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let setup = r#"
        set -u
        cd "$place"
        export CHEST_STATE_DIR="$place/state" CHEST_CACHE_DIR="$place/cache" CHEST_PASSPHRASE='seven red apples'
        mkdir small target documents
        mount -t tmpfs -o size=20m none small
        for number in 1 2 3 4 5 6; do head -c 10000000 /dev/urandom > documents/file$number; done
        echo tiny > documents/tiny
        run() { "$chest" --repo small/repository --progress none "$@" 2>&1; echo "exit $?"; }
        run init --kdf-memory 64 > words
    "#;
    let output = mounting::in_own_namespace()
        .args(["sh", "-c", &format!("{setup}{script}")])
        .env("chest", env!("CARGO_BIN_EXE_chest"))
        .env("place", place.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn a_full_repository_says_so_loses_nothing_and_goes_on_when_there_is_room() {
    let text = run("run backup documents
                    run check
                    mount -o remount,size=100m none small
                    run backup documents
                    run check --read-data
                    run restore latest --to target
                    diff -r documents target/documents && echo same");
    let exits: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("exit ")).collect();
    assert_eq!(exits, ["17", "0", "0", "0", "0"], "{text}");
    assert!(text.contains("no space left"), "{text}");
    assert!(text.contains("No new backup was recorded; earlier backups are untouched."), "{text}");
    assert!(text.lines().any(|line| line == "COMPLETE"), "{text}");
    assert!(text.ends_with("same\n"), "{text}");
}

fn a_full_target_gets_what_fits_the_rest_is_listed_and_absent_and_comes_when_there_is_room() {
    let text = run("mount -o remount,size=100m none small
                    run backup documents
                    mount -t tmpfs -o size=25m none target
                    run restore latest --to target
                    for file in target/documents/*; do cmp \"$file\" documents/$(basename \"$file\") && echo whole; done
                    find target -type f | wc -l
                    run restore latest --to target --json
                    mount -o remount,size=100m none target
                    run restore latest --to target
                    diff -r documents target/documents && echo same");
    let exits: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("exit ")).collect();
    assert_eq!(exits, ["0", "17", "17", "0"], "{text}");
    assert!(text.contains("NOT restored, because the disk is FULL:\n") && text.contains("PARTLY RESTORED"), "{text}");
    let whole = text.lines().filter(|line| *line == "whole").count();
    assert_eq!(whole, 3, "two large ones and the tiny one: {text}");
    let files = text.lines().find(|line| line.chars().all(|letter| letter.is_ascii_digit())).unwrap();
    assert_eq!(files, whole.to_string(), "no partial file, no temporary: {text}");
    let lacking = text.matches(": no space left for ").count();
    assert_eq!(lacking, 7 - whole, "{text}");
    let next = format!(
        "Next:  Make room for {}0.0 MB there, or name a folder on another disk with --to, and run the same",
        7 - whole
    );
    let safe = "The disk is full. The backup is untouched, and every file that has been restored is complete.\n";
    assert!(text.contains(&format!("{safe}{next}")), "{text}");
    assert!(text.contains("\"no_space\": true,\n      \"bytes\": 10000000,\n"), "{text}");
    let again = text.lines().rfind(|line| line.starts_with("RESTORED")).unwrap();
    assert!(again.contains(&format!("{} items already there with the same content", whole)), "{text}");
    assert!(text.ends_with("same\n"), "{text}");
}

fn a_repository_that_is_mounted_a_second_time_is_neither_backed_up_nor_restored_into() {
    let text = run("mkdir -p bm/src bm/alias bm/papers && cp -r small/repository bm/src/
                    mount --bind bm/src bm/alias
                    echo minutes > bm/papers/minutes
                    echo list > bm/src/list
                    at() { \"$chest\" --repo bm/src/repository --progress none \"$@\" 2>&1; echo \"exit $?\"; }
                    at backup bm/alias/repository
                    at backup bm/alias/repository/owner
                    at backup bm/alias
                    at backup bm
                    at ls --recursive latest
                    at restore latest --to bm/alias/repository/new
                    mkdir -p tree/alias/repository && echo a longer text > tree/alias/repository/x
                    at backup tree/alias
                    (cd bm && at2() { \"$chest\" --repo src/repository --progress none \"$@\" 2>&1; echo \"exit $?\"; }
                     at2 restore latest:alias/repository --to .)
                    find bm/src/repository -name new -o -name x");
    let exits: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("exit ")).collect();
    assert_eq!(exits, ["2", "2", "0", "0", "0", "2", "0", "2"], "{text}");
    assert!(text.contains("bm/alias/repository is the repository itself, or lies in it"), "{text}");
    let left_out = text.lines().filter(|line| line.starts_with("Left out, because it belongs to the backups: "));
    let left_out: Vec<&str> = left_out.filter_map(|line| line.rsplit_once("/bm/").map(|(_, place)| place)).collect();
    assert_eq!(left_out, ["alias/repository", "src/repository", "alias/repository"], "{text}");
    assert!(text.contains("bm/papers/minutes") && text.contains("bm/alias/list"), "{text}");
    assert!(!text.contains("repository/owner\n") && !text.contains("repository/packs"), "{text}");
    assert_eq!(text.matches("what is brought back would lie there unencrypted").count(), 2, "{text}");
    assert!(text.ends_with("exit 2\n"), "nothing was written into the repository: {text}");
}

fn a_read_only_target_and_a_read_only_repository_are_told() {
    let text = run("mount -o remount,size=100m none small
                    run backup documents
                    mount -t tmpfs -o ro none target
                    run restore latest --to target
                    mount -o remount,ro none small
                    run backup documents
                    run restore latest --to elsewhere
                    diff -r documents elsewhere/documents && echo same");
    let exits: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("exit ")).collect();
    assert_eq!(exits, ["0", "1", "15", "0"], "{text}");
    assert!(text.contains("cannot write into target: Read-only file system"), "{text}");
    assert!(text.ends_with("same\n"), "{text}");
}

fn a_search_catalogue_for_which_there_is_no_room_is_told_as_that_and_the_answer_is_the_same() {
    let text = run("mkdir many kept
                    for number in $(seq 3000); do : > many/minutes$number; done
                    echo words > many/words
                    run backup --accept-shrink many
                    for size in 200 300 400 500 600; do
                        mount -t tmpfs -o size=${size}k none kept
                        CHEST_CACHE_DIR=kept run find minutes1234
                        umount kept
                    done
                    mount -t tmpfs -o size=300k none kept
                    CHEST_CACHE_DIR=kept run find minutes1234 > /dev/null
                    mount -o remount,size=20m none kept
                    CHEST_CACHE_DIR=kept run find minutes1234");
    assert!(!text.contains("damaged") && text.matches("\nmany/minutes1234").count() == 6, "{text}");
    let told = text.matches("so that every search takes as long as the first: no storage space.").count();
    assert!((2..=5).contains(&told), "{told} times: {text}");
    assert_eq!(text.matches("exit 0\n").count(), 7, "{text}");
    let last = text.rsplit_once("many/minutes1234").unwrap().1;
    assert!(!last.contains("cannot be kept"), "there is room now: {text}");
}

fn where_nobody_may_mount_a_test_is_ignored_with_the_reason_or_fails_if_it_must_not_be() {
    let without_programs = tempfile::tempdir().unwrap();
    let forbidding = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/bin/false", forbidding.path().join("unshare")).unwrap();
    let not_there = (without_programs.path(), "unshare cannot be started: ");
    for (programs, reason) in [not_there, (forbidding.path(), "unshare ended with ")] {
        let ignored = one_that_mounts(programs, |command| command.env_remove(mounting::MUST_MOUNT));
        let (told, line) = (String::from_utf8_lossy(&ignored.stdout), String::from_utf8_lossy(&ignored.stderr));
        assert!(ignored.status.success() && told.contains("0 failed; 1 ignored;"), "{told}{line}");
        assert!(line.lines().count() == 1 && line.contains(reason), "{line}");
        let failed = one_that_mounts(programs, |command| command.env(mounting::MUST_MOUNT, "1"));
        let told = String::from_utf8_lossy(&failed.stdout);
        assert!(!failed.status.success() && told.contains("1 failed; 0 ignored;"), "{told}");
    }
}

/// Runs one of these tests by its name, where there are these programs only.
fn one_that_mounts(programs: &Path, variables: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    let mut tests = Command::new(std::env::current_exe().unwrap());
    tests.args(["--exact", "a_read_only_target_and_a_read_only_repository_are_told"]).env("PATH", programs);
    variables(&mut tests).output().unwrap()
}
