//! The recovery words of a new repository are shown once: whatever goes wrong, there is never a repository whose words nobody
//! has seen.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, PASSPHRASE, answer};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const INIT: [&str; 3] = ["init", "--kdf-memory", "64"];
const INIT_JSON: [&str; 4] = ["init", "--kdf-memory", "64", "--json"];

/// Nothing was made, so that the same command makes it as soon as the words can be seen.
#[track_caller]
fn made_nothing_and_can_be_repeated(office: &Office) {
    let there = office.path("repo").exists();
    assert!(!there || office.stored_files("repo").is_empty(), "{:?}", office.stored_files("repo"));
    assert!(office.run(INIT).ended(0).out.contains("24. "));
    office.run(["key", "test"]).ended(0);
}

#[test]
fn where_this_computer_cannot_keep_its_key_nothing_is_made_and_no_words_are_shown() {
    let office = Office::empty();
    let failed = answer(office.command(INIT).env("CHEST_STATE_DIR", "/proc/nope")).ended(1);
    assert_eq!(failed.out, "");
    made_nothing_and_can_be_repeated(&office);
}

#[test]
fn where_the_words_cannot_be_written_nothing_is_made() {
    for arguments in [&INIT[..], &INIT_JSON] {
        let office = Office::empty();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let child = office.command(arguments).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(17), "{err}");
        assert!(err.contains("No repository was made"), "{err}");
        made_nothing_and_can_be_repeated(&office);
    }
}

#[test]
fn where_nobody_reads_the_words_nothing_is_made() {
    for arguments in [&INIT[..], &INIT_JSON] {
        let office = Office::empty();
        let mut child = office.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{err}");
        assert!(err.contains("No repository was made"), "{err}");
        made_nothing_and_can_be_repeated(&office);
    }
}

#[test]
fn where_the_output_is_closed_or_thrown_away_nothing_is_made() {
    for redirection in [">&-", ">/dev/null"] {
        for arguments in [&INIT[..], &INIT_JSON] {
            let office = Office::empty();
            let refused = through_a_shell(&office.command(arguments), redirection).ended(2);
            assert!(refused.err.contains("seen by nobody"), "{redirection}: {}", refused.err);
            assert!(!office.path("repo").exists());
            made_nothing_and_can_be_repeated(&office);
        }
    }
}

fn through_a_shell(command: &Command, redirection: &str) -> Answer {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("exec \"$0\" \"$@\" {redirection}"));
    shell.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    answer(&mut shell)
}

/// The words were shown, and then the store refused.
#[test]
fn words_of_a_repository_that_could_not_be_stored_are_called_void_and_open_nothing() {
    let failed = into_a_store_that_refuses(&INIT);
    assert!(failed.out.contains("24. "), "{}", failed.out);
    for sentence in ["The repository was not made", "are of no use", "Throw away what was shown"] {
        assert!(failed.err.contains(sentence), "{sentence}: {}", failed.err);
    }
    assert!(!failed.err.contains("is ready"), "{}", failed.err);
    let json = into_a_store_that_refuses(&INIT_JSON).out;
    let objects: Vec<serde_json::Value> =
        serde_json::Deserializer::from_str(&json).into_iter().map(Result::unwrap).collect();
    assert_eq!(objects[0]["recovery_words"].as_array().unwrap().len(), 24, "{json}");
    assert_eq!(objects[1]["error"]["exit"], 15, "{json}");
}

fn into_a_store_that_refuses(arguments: &[&str]) -> Answer {
    let office = Office::empty();
    office.write("repo/owner/x", "");
    fs::remove_file(office.path("repo/owner/x")).unwrap();
    fs::set_permissions(office.path("repo/owner"), fs::Permissions::from_mode(0o555)).unwrap();
    let failed = office.run(arguments).ended(15);
    // What had arrived before the store refused is gone again.
    assert_eq!(office.stored_files("repo"), [] as [std::path::PathBuf; 0]);
    fs::set_permissions(office.path("repo/owner"), fs::Permissions::from_mode(0o755)).unwrap();
    made_nothing_and_can_be_repeated(&office);
    failed
}

#[test]
fn of_several_that_make_a_repository_in_one_place_at_once_at_most_one_does() {
    let office = Office::empty();
    let state = |number: usize| office.path(&format!("state{number}"));
    let begin =
        |number| office.command(INIT).env("CHEST_STATE_DIR", state(number)).stdout(Stdio::piped()).spawn().unwrap();
    let computers: Vec<_> = (0..4).map(begin).collect();
    let codes: Vec<_> =
        computers.into_iter().map(|one| one.wait_with_output().unwrap().status.code().unwrap()).collect();
    let winners: Vec<usize> = (0..4).filter(|number| codes[*number] == 0).collect();
    assert_eq!(winners.len(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 11).count(), 3, "{codes:?}");
    office.write("docs/a.txt", "a");
    for number in 0..4 {
        let backed_up = answer(office.command(["backup", "docs"]).env("CHEST_STATE_DIR", state(number)));
        backed_up.ended(if winners.contains(&number) { 0 } else { 12 });
    }
    let listed = office.run(["snapshots"]).ended(0);
    assert!(listed.err.is_empty() && listed.last_line() == "1 backup", "{}{}", listed.out, listed.err);
}

/// As a computer leaves it that was switched off in the middle.
#[test]
fn what_an_init_that_broke_off_has_left_is_called_that_by_every_command() {
    for folders in [&["owner", "second/owner"][..], &[]] {
        let office = Office::empty();
        office.run(INIT).ended(0);
        let genesis = office.stored_files("repo/owner").into_iter().max().unwrap();
        for folder in ["owner", "second/owner"] {
            fs::remove_file(office.path("repo").join(folder).join(genesis.file_name().unwrap())).unwrap();
        }
        folders.iter().for_each(|folder| fs::remove_dir_all(office.path("repo").join(folder)).unwrap());
        office.write("docs/a.txt", "a");
        let commands: [(&[&str], i32); 7] = [
            (&INIT, 11),
            (&["writer", "enrol"], 10),
            (&["key", "test"], 10),
            (&["backup", "docs"], 10),
            (&["snapshots"], 10),
            (&["check"], 10),
            (&["check", "--scrub"], 10),
        ];
        for (arguments, code) in commands {
            let told = office.run(arguments).ended(code);
            for part in ["the making of one was cut short", "If backups were ever made to this place, delete nothing"] {
                assert!(told.err.contains(part), "{arguments:?}: {part}: {}", told.err);
            }
        }
        // As it says: with these removed, there is a place again.
        for folder in ["slots", "owner", "second"] {
            let _ = fs::remove_dir_all(office.path("repo").join(folder));
        }
        made_nothing_and_can_be_repeated(&office);
    }
}

/// As older programs made them, which did not look again.
#[test]
fn two_repositories_in_one_place_are_told_and_neither_is_called_a_leftover_of_the_other() {
    let (office, other) = (Office::with_backup(), Office::with_backup());
    let copied = Command::new("cp").arg("-a").arg(other.path("repo/.")).arg(office.path("repo")).status();
    assert!(copied.unwrap().success());
    let listed = office.run(["snapshots"]).ended(0);
    assert!(listed.err.contains("WARNING: another repository has put owner/"), "{}", listed.err);
    assert_eq!(listed.last_line(), "1 backup");
    let checked = office.run(["check", "--json"]).ended(0).json();
    let findings = checked["findings"].as_array().unwrap();
    assert!(findings.iter().any(|one| one["what"] == "another repository begins here"), "{checked}");
    let packs = findings.iter().filter(|one| one["object"].as_str().unwrap().starts_with("packs/"));
    let leftovers: Vec<_> = packs.map(|one| one["remedy"].as_str().unwrap()).collect();
    assert!(
        !leftovers.is_empty() && leftovers.iter().all(|remedy| remedy.contains("Leave it where it is")),
        "{checked}"
    );
    office.run(["backup", "docs"]).ended(0);
}

#[test]
fn a_place_with_somebodys_files_is_not_called_a_repository() {
    let office = Office::empty();
    office.write("repo/mine", "a letter");
    let told = office.run(INIT).ended(11);
    for part in ["the place for the repository is not empty: mine lies there", "Name a folder that is empty"] {
        assert!(told.err.contains(part), "{part}: {}", told.err);
    }
    assert!(!told.err.contains("enrol"), "{}", told.err);
    assert_eq!(office.read("repo/mine"), "a letter");
}

#[test]
fn whoever_presses_ctrl_c_before_anything_is_put_gets_no_repository_and_no_words() {
    for arguments in [&INIT[..], &INIT_JSON] {
        let office = Office::empty();
        // The shell that fetches the passphrase presses it, and hands the passphrase over all the same.
        let mut command = office.command(arguments);
        command.env_remove("CHEST_PASSPHRASE_FILE");
        command.env("CHEST_PASSPHRASE_COMMAND", format!("kill -INT $PPID; echo '{PASSPHRASE}'"));
        let stopped = answer(&mut command).ended(130);
        assert!(stopped.err.contains("Stopping as soon as it is safe."), "{}", stopped.err);
        assert!(!stopped.out.contains("24. ") && !stopped.out.contains("recovery_words"), "{}", stopped.out);
        made_nothing_and_can_be_repeated(&office);
    }
}

#[test]
fn once_the_words_are_being_shown_ctrl_c_does_not_stop_what_they_are_for() {
    let office = Office::empty();
    // Showing the words waits until somebody reads.
    let (mut words, full) = full_pipe();
    let mut child = office.command(INIT).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    let id = Pid::from_child(&child);
    wait_until_it_sleeps(&child);
    kill_process(id, Signal::INT).unwrap();
    let said = err.find(|line| line.as_ref().is_ok_and(|line| line.contains("Ctrl-C"))).unwrap().unwrap();
    assert_eq!(said, "This is nearly done, and is carried to its end. Press Ctrl-C again to end at once.");
    let mut shown = Vec::new();
    words.read_to_end(&mut shown).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(String::from_utf8_lossy(&shown).contains("24. "));
    assert!(err.all(|line| !line.unwrap().contains("Stopping")));
    office.run(["key", "test"]).ended(0);
}

fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let waiting = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, waiting | OFlags::NONBLOCK).unwrap();
    while writer.write(b"x").is_ok() {}
    fcntl_setfl(&writer, waiting).unwrap();
    (reader, writer)
}

/// Nobody may ask in which of the system's functions another user's process waits, but everybody whether its threads sleep, and how
/// often each did. Between the start and the pipe this one only works and waits for the disk, which is another kind of sleep.
fn wait_until_it_sleeps(child: &Child) {
    const LOOKS_ALIKE: u32 = 10;
    let begun = Instant::now();
    let (mut last, mut alike) = (sleep_of_threads(child), 0);
    while alike < LOOKS_ALIKE {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not sleep");
        thread::sleep(Duration::from_millis(10));
        let now = sleep_of_threads(child);
        alike = if now.is_some() && now == last { alike + 1 } else { 0 };
        last = now;
    }
}

/// For each thread, how often it has gone to sleep; `None` where one is awake, or has ended.
fn sleep_of_threads(child: &Child) -> Option<Vec<String>> {
    let threads = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    threads.map(|thread| sleep_of(&fs::read_to_string(thread.ok()?.path().join("status")).ok()?)).collect()
}

fn sleep_of(status: &str) -> Option<String> {
    let value = |name| status.lines().find_map(|line| line.strip_prefix(name));
    let sleeps = value("State:")?.trim_start().starts_with('S');
    sleeps.then(|| value("voluntary_ctxt_switches:").unwrap_or_default().to_owned())
}
