//! Secrets and settings that never end, or never begin: what is short by nature is read no further than that.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, PASSPHRASE, answer};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SECRETS: [&str; 3] = ["CHEST_PASSPHRASE_FILE", "CHEST_PASSPHRASE_COMMAND", "CHEST_RECOVERY_WORDS_FILE"];

/// With less memory and time than what never ends would take: what fails must not take the tests' computer with it.
fn run(office: &Office, arguments: &[&str], name: &str, value: impl Into<OsString>) -> Answer {
    let command = asking(office, arguments, name, value);
    let mut bounded = Command::new("/bin/sh");
    bounded.args(["-c", "ulimit -v 3000000; exec timeout --signal=KILL 60 \"$0\" \"$@\""]);
    bounded.arg(command.get_program()).args(command.get_args()).env_clear().stdin(Stdio::null());
    bounded.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    answer(bounded.current_dir(office.path("")))
}

fn asking(office: &Office, arguments: &[&str], name: &str, value: impl Into<OsString>) -> Command {
    let mut command = office.command(arguments);
    if SECRETS.contains(&name) {
        without_secret(&mut command);
    }
    command.env(name, value.into());
    command
}

fn without_secret(command: &mut Command) {
    for name in SECRETS {
        command.env_remove(name);
    }
}

fn pipe(office: &Office) -> PathBuf {
    let path = office.path("pipe");
    assert!(Command::new("mkfifo").args(["-m", "666"]).arg(&path).status().unwrap().success());
    path
}

#[test]
fn a_secret_that_never_ends_is_read_no_further_and_its_command_is_not_left_behind() {
    let office = Office::with_backup();
    for (name, value) in [
        ("CHEST_PASSPHRASE_FILE", "/dev/zero"),
        ("CHEST_RECOVERY_WORDS_FILE", "/dev/zero"),
        ("CHEST_PASSPHRASE_COMMAND", "echo $$ > number; exec yes"),
    ] {
        for arguments in [&["key", "test"][..], &["init", "--repo", "new", "--kdf-memory", "64"]] {
            if arguments[0] == "init" && name == "CHEST_RECOVERY_WORDS_FILE" {
                continue;
            }
            let failed = run(&office, arguments, name, value).ended(12);
            assert!(failed.err.contains("more than 16384 bytes came"), "{name}: {}", failed.err);
            assert!(failed.err.contains("\nNext:  "), "{}", failed.err);
        }
    }
    assert!(!office.path("new").exists());
    let number = office.read("number");
    assert!(!PathBuf::from(format!("/proc/{}", number.trim())).exists(), "{number}");
}

#[test]
fn settings_that_never_end_or_are_no_file_are_refused_at_once() {
    let office = Office::with_backup();
    let pipe = pipe(&office);
    office.write("long.toml", &"#".repeat((1 << 20) + 1));
    for (path, problem) in [
        (PathBuf::from("/dev/zero"), "it is not a file"),
        (pipe, "it is not a file"),
        (office.path("docs"), "it is not a file"),
        (office.path("long.toml"), "more than 1048576 bytes came"),
    ] {
        let failed = run(&office, &["snapshots"], "CHEST_CONFIG", path).ended(2);
        assert!(failed.err.contains(problem), "{}", failed.err);
    }
    std::os::unix::fs::symlink("real.toml", office.path("link.toml")).unwrap();
    office.write("real.toml", "exclude = []\n");
    run(&office, &["snapshots"], "CHEST_CONFIG", office.path("link.toml")).ended(0);
}

#[test]
fn a_secret_may_come_through_a_pipe() {
    let office = Office::with_backup();
    let pipe = pipe(&office);
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, PASSPHRASE).unwrap()
    });
    run(&office, &["key", "test"], "CHEST_PASSPHRASE_FILE", &pipe).ended(0);
    writer.join().unwrap();
    let settings = office.path("settings.toml");
    office.write("settings.toml", "passphrase-file = \"pipe\"\n");
    let mut command = asking(&office, &["config", "check"], "CHEST_CONFIG", settings);
    without_secret(&mut command);
    // Nobody writes: the check does not wait for it.
    answer(&mut command).ended(0);
}

#[test]
fn whoever_waits_for_a_secret_can_be_stopped() {
    let office = Office::with_backup();
    let pipe = pipe(&office);
    let mut child = asking(&office, &["key", "test"], "CHEST_PASSPHRASE_FILE", &pipe)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut silent = opened_by_a_reader(&pipe);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(silent.write_all(b"x").is_err(), "nobody reads on");
}

#[test]
fn a_command_for_the_passphrase_that_does_not_end_can_be_stopped() {
    let office = Office::with_backup();
    let endless = "echo $$ > number; kill -TERM $PPID; exec sleep 1000";
    run(&office, &["key", "test"], "CHEST_PASSPHRASE_COMMAND", endless).ended(130);
    assert!(!PathBuf::from(format!("/proc/{}", office.read("number").trim())).exists());
}

/// A pipe can be opened to write without waiting only where somebody reads.
fn opened_by_a_reader(pipe: &PathBuf) -> File {
    let begun = Instant::now();
    loop {
        let without_waiting = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap();
        match File::options().write(true).custom_flags(without_waiting).open(pipe) {
            Ok(file) => return file,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "nobody opens it: {error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
