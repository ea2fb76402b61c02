//! `chest demo` as its reader runs it: the real program, in a folder of its own, with an environment full of traps.

#![allow(clippy::unwrap_used, reason = "a test whose tools fail has failed")]

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Output};

/// Every variable is set to something that would make another command fail or go astray, and there is no home.
fn demo(temporary: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chest"));
    command.env_clear().env("TMPDIR", temporary);
    for name in ["CHEST_REPO", "CHEST_CONFIG", "CHEST_STATE_DIR", "CHEST_CACHE_DIR", "CHEST_PASSPHRASE_FILE"] {
        command.env(name, "s3://nowhere/\u{1f4a5}");
    }
    command.env("CHEST_PASSPHRASE", OsString::from_vec(b"no text \xff".to_vec()));
    command.env("CHEST_PASSPHRASE_COMMAND", format!("touch {}", temporary.join("was-run").display()));
    command.current_dir(temporary).arg("demo").args(arguments).args(["--size", "8"]).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn everything_comes_back_and_nothing_is_touched_outside() {
    let outside = tempfile::tempdir().unwrap();
    let output = demo(outside.path(), &["--dir", "here"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", text(&output.stderr));
    let folder = outside.path().canonicalize().unwrap().join("here");
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("PASSED: ") && last.ends_with(&format!("Folder: {}", folder.display())), "{last}");
    for command in [
        "init",
        "backup",
        "find --deleted",
        "find --mail --deleted --subject",
        "mail save",
        "restore latest",
        "check --read-data",
    ] {
        assert!(told.contains(&format!("\n$ chest {command}")), "{command} is not shown:\n{told}");
    }
    assert_eq!(names_in(outside.path()), ["here"]);
    // Said by a program that shares no code with ours.
    let (council, restored) = (folder.join("council"), folder.join("restored"));
    let diff = Command::new("diff").arg("-r").arg("--no-dereference").args([council, restored]).output().unwrap();
    assert!(diff.status.success(), "{}", text(&diff.stdout));
}

#[test]
fn one_spoilt_byte_makes_it_fail_and_names_the_file() {
    let outside = tempfile::tempdir().unwrap();
    let output = demo(outside.path(), &["--dir", "here", "--prove"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}{}", text(&output.stderr));
    let spoilt = told.lines().find_map(|line| line.trim().strip_prefix("Byte ")?.split_once(" of ")).unwrap();
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("FAILED: ") && last.contains(spoilt.1), "{last}");
    let diff = Command::new("cmp")
        .arg(outside.path().join("here/council").join(spoilt.1))
        .arg(outside.path().join("here/restored").join(spoilt.1))
        .output()
        .unwrap();
    assert_eq!(diff.status.code(), Some(1), "{}", text(&diff.stdout));
}

#[test]
fn without_a_folder_nothing_is_left_behind_and_programs_get_one_object() {
    let outside = tempfile::tempdir().unwrap();
    let output = demo(outside.path(), &["--json", "--seed", "7"]);
    assert_eq!(output.status.code(), Some(0), "seed 7: {}", text(&output.stdout));
    let ended: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ended["result"], "passed");
    assert_eq!(ended["kept"], false);
    assert!(ended["compared_files"].as_u64().unwrap() > 100, "{ended}");
    assert_eq!(names_in(outside.path()), [""; 0]);
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_left_alone() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("mine"), b"mine").unwrap();
    let output = demo(outside.path(), &["--dir", "."]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("not empty"), "{}", text(&output.stderr));
    assert_eq!(names_in(outside.path()), ["mine"]);
}

#[test]
fn a_repository_that_is_named_is_never_touched() {
    let outside = tempfile::tempdir().unwrap();
    let output = demo(outside.path(), &["--repo", "mine"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("--repo"), "{}", text(&output.stderr));
    assert_eq!(names_in(outside.path()), [""; 0]);
}

#[test]
fn a_demonstration_that_cannot_begin_says_what_to_do_and_gives_programs_one_object() {
    let outside = tempfile::tempdir().unwrap();
    for (arguments, code) in [(["--dir", "/proc/x"], "demo-place"), (["--repo", "mine"], "demo-with-repository")] {
        let plain = demo(outside.path(), &arguments);
        assert_eq!(plain.status.code(), Some(2));
        assert!(text(&plain.stderr).contains("\nNext:  "), "{}", text(&plain.stderr));
        let json = demo(outside.path(), &[&arguments[..], &["--json"]].concat());
        assert_eq!(json.status.code(), Some(2));
        let told: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!((&told["error"]["code"], &told["error"]["exit"]), (&code.into(), &2.into()), "{told}");
    }
}
