//! What lies in the place of this computer's own files and is no file: a pipe there would keep whoever opens it waiting for
//! ever.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, answer};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Waited for at most so long: a program that hangs fails the test and does not hang it.
fn run(office: &Office, arguments: &[&str]) -> Answer {
    let command = office.command(arguments);
    let mut bounded = Command::new("timeout");
    bounded.args(["--signal=KILL", "60"]).arg(command.get_program()).args(command.get_args()).env_clear();
    bounded.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    answer(bounded.current_dir(office.path("")))
}

/// Everything below belongs to whoever runs the program, where that is another user than the test's.
fn replace_by_pipe(path: &Path) {
    fs::remove_file(path).unwrap();
    make_pipe(path);
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").args(["-m", "666"]).arg(path).status().unwrap().success());
}

/// The folder of the one repository in the state or the cache.
fn of_repository(office: &Office, top: &str) -> PathBuf {
    let folders = fs::read_dir(office.path(top)).unwrap().map(|entry| entry.unwrap().path());
    let folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    let [folder] = &folders[..] else { panic!("{folders:?}") };
    folder.clone()
}

#[test]
fn a_pipe_in_place_of_a_file_of_the_state_is_called_damaged_at_once() {
    let office = Office::with_backup();
    let state = of_repository(&office, "state");
    let names: Vec<PathBuf> = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.len() >= 4, "{names:?}");
    for path in names.into_iter().chain([state.join("journal"), state.join("journal.new"), state.join("baseline.new")])
    {
        let aside = path.with_extension("aside");
        let was_there = fs::rename(&path, &aside).is_ok();
        make_pipe(&path);
        let backed_up = run(&office, &["backup", "docs"]);
        let what = format!("{} is damaged or belongs to another repository", path.display());
        // Without its baseline a run can judge less, and says so; without the others it cannot go on.
        if path.file_name().unwrap().to_string_lossy().starts_with("baseline") {
            let told = backed_up.ended(0).out;
            assert!(
                told.contains("this computer could not keep its own notes of it") && told.contains(&what),
                "{told}"
            );
        } else {
            let failed = backed_up.ended(1).err;
            assert!(failed.contains(&format!("{what}.\n")), "{}: {failed}", path.display());
            assert!(failed.contains("Next:  Move that file away."), "{failed}");
        }
        fs::remove_file(&path).unwrap();
        if was_there {
            fs::rename(&aside, &path).unwrap();
        }
    }
    assert_eq!(run(&office, &["backup", "docs"]).ended(0).last_line(), "COMPLETE");
}

#[test]
fn pipes_in_the_cache_cost_only_what_was_kept() {
    let office = Office::with_backup();
    run(&office, &["find", "october"]).ended(0);
    let cache = of_repository(&office, "cache");
    let names: Vec<PathBuf> = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.iter().any(|path| path.file_name().unwrap().to_string_lossy().starts_with("root-")), "{names:?}");
    names.iter().filter(|path| path.is_file()).for_each(|path| replace_by_pipe(path));
    make_pipe(&cache.join("hashes"));
    let again = run(&office, &["backup", "docs", "--json"]).ended(0).json();
    assert_eq!((&again["outcome"], &again["had_cache"]), (&"COMPLETE".into(), &false.into()), "{again}");
    assert_eq!(run(&office, &["find", "october"]).ended(0).hits().len(), 1);
}

#[test]
fn a_search_catalogue_that_is_no_file_of_its_own_is_left_alone_and_told() {
    let office = Office::with_backup();
    run(&office, &["find", "october"]).ended(0);
    let catalogue = of_repository(&office, "cache").join("catalogue");
    office.write("somebody's", "somebody's own file");
    let somebodys = office.path("somebody's");
    let ways: [(&str, &dyn Fn()); 4] = [
        ("a link", &|| std::os::unix::fs::symlink(&somebodys, &catalogue).unwrap()),
        ("another name", &|| fs::hard_link(&somebodys, &catalogue).unwrap()),
        ("a pipe", &|| make_pipe(&catalogue)),
        ("a folder", &|| fs::create_dir(&catalogue).unwrap()),
    ];
    fs::remove_file(&catalogue).unwrap();
    for (what, put) in ways {
        put();
        let found = run(&office, &["find", "october"]).ended(0);
        assert_eq!(found.hits(), ["docs/Minutes/october.txt"], "{what}");
        assert!(
            found.err.contains("cache/") && found.err.contains("/catalogue is no file of its own"),
            "{}",
            found.err
        );
        assert!(
            found.err.contains("The answer is the same. ") && found.err.contains("or move away what lies there"),
            "{}",
            found.err
        );
        let json = run(&office, &["find", "october", "--json"]).ended(0).json();
        assert_eq!(json["catalogue"], "not-kept", "{what}");
        assert_eq!(office.read("somebody's"), "somebody's own file", "{what}");
        match what {
            "a folder" => fs::remove_dir(&catalogue).unwrap(),
            _ => fs::remove_file(&catalogue).unwrap(),
        }
    }
    assert!(!run(&office, &["find", "october"]).ended(0).err.contains("catalogue"));
    assert!(catalogue.is_file(), "begun anew");
}

#[test]
fn a_pipe_in_place_of_the_history_stops_no_backup_and_is_told() {
    let office = Office::with_backup();
    replace_by_pipe(&office.path("state/history"));
    make_pipe(&office.path("state/running-0123456789abcdef"));
    let backed_up = run(&office, &["backup", "docs"]).ended(0);
    assert_eq!(backed_up.last_line(), "COMPLETE");
    assert!(backed_up.err.contains("history cannot be kept: what lies there is not a file"), "{}", backed_up.err);
    let unread = run(&office, &["history"]).ended(1);
    assert!(unread.err.contains("state/history is damaged") && unread.err.contains("Next:  Move that file away."));
}
