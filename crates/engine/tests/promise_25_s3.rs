//! Promise 25 over real requests: a bucket with versions on a server in this process, asked through the same client and decorators
//! as in production. What somebody has put something else over, or hidden behind a delete marker, comes back; and what cannot
//! come back by itself is told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::EngineError;
use chest_engine::browse::snapshots;
use chest_engine::check::{CheckOptions, CheckOutcome, check};
use chest_engine::place::{BucketPlace, Place};
use chest_engine::repo::RepoError;
use chest_engine::repo::config::Configuration;
use chest_engine::repo::history::HistoryError;
use chest_engine::store::retry::Unwatched;
use chest_engine::store::s3::{S3Options, Secret};
use chest_engine::store::{MemoryStore, S3Store};
use chest_testkit::s3_server::{S3Server, S3Settings, S3Verb, Versioning};
use common::{Machine, assert_same, noise};
use std::sync::Arc;
use std::time::Duration;

const KEPT_TWICE: [&str; 3] = ["log/", "owner/", "slots/"];

fn options(server: &S3Server) -> S3Options {
    let settings = server.settings();
    S3Options {
        endpoint: Some(server.endpoint()),
        prefix: "office".to_owned(),
        ..S3Options::new(settings.bucket, Secret::new(settings.access_key), Secret::new(settings.secret_key))
    }
}

/// Two backups of a folder, in a bucket with versions and lists of several pages.
fn scene() -> (Machine, S3Server) {
    let settings = S3Settings { versioning: Versioning::On, page_size: 7, ..S3Settings::default() };
    let server = S3Server::start(settings).unwrap();
    let patience = Duration::from_secs(5);
    let place = BucketPlace { options: options(&server), patience, monitor: Arc::new(Unwatched) };
    let store = Place::Bucket(Box::new(place)).open().unwrap().store;
    let machine = Machine::on(store, MemoryStore::new(), Configuration::small_for_tests());
    machine.write("minutes/March.txt", &b"It was RESOLVED to approve the minutes. ".repeat(5000));
    machine.write("photographs/fete.jpg", &noise(1, 300_000));
    machine.backup().unwrap();
    machine.write("minutes/April.txt", &noise(2, 90_000));
    machine.backup().unwrap();
    (machine, server)
}

/// The keys below one of these prefixes, which are not empty.
fn keys(server: &S3Server, prefixes: &[&str]) -> Vec<String> {
    let is_wanted = |key: &String| {
        let name = key.strip_prefix("office/").unwrap_or_default();
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    let keys: Vec<String> = server.keys().into_iter().filter(is_wanted).collect();
    assert!(!keys.is_empty(), "{prefixes:?}");
    keys
}

fn overwrite(server: &S3Server, key: &str, length: impl FnOnce(usize) -> usize) {
    let length = length(server.read(key).unwrap().len());
    server.overwrite(key, noise(77, length));
}

fn forget(machine: &Machine) {
    std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
}

/// As a computer that was never here.
fn become_fresh(machine: &Machine) {
    forget(machine);
    std::fs::remove_dir_all(machine.folder.path().join("state")).unwrap();
}

fn restores(machine: &Machine) {
    forget(machine);
    let to = machine.folder.path().join("restored");
    let outcome = machine.restore_to(&to).unwrap();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    assert_same(&machine.source(), &to.join("documents"));
}

fn checked(machine: &Machine) -> CheckOutcome {
    check(&machine.context(), &machine.open_to_check(), &CheckOptions::default()).unwrap()
}

fn ids(outcome: &CheckOutcome) -> Vec<&'static str> {
    outcome.findings.iter().map(|finding| finding.id).collect()
}

#[test]
fn with_garbage_over_every_name_everything_is_restored() {
    let (mut machine, server) = scene();
    for key in server.keys() {
        overwrite(&server, &key, |length| length);
    }
    server.take_log();
    restores(&machine);
    assert!(server.log().iter().any(|one| one.verb == S3Verb::ListVersions), "only older versions can have helped");
    machine.backup().unwrap();

    forget(&machine);
    machine.store = Arc::new(S3Store::open(&options(&server)).unwrap());
    assert!(machine.restore_to(&machine.folder.path().join("not")).is_err(), "only older versions can have helped");
}

#[test]
fn with_packs_and_indexes_overwritten_or_deleted_everything_is_restored() {
    let (machine, server) = scene();
    for (number, key) in keys(&server, &["packs/", "index/"]).iter().enumerate() {
        if number % 2 == 0 {
            server.delete(key);
        } else {
            overwrite(&server, key, |length| length / 3);
        }
    }
    restores(&machine);
}

#[test]
fn with_one_copy_of_every_record_and_slot_deleted_all_is_restored_told_and_put_back() {
    for copy in ["", "second/"] {
        let (machine, server) = scene();
        let prefixes: Vec<String> = KEPT_TWICE.iter().map(|prefix| format!("{copy}{prefix}")).collect();
        let deleted = keys(&server, &prefixes.iter().map(String::as_str).collect::<Vec<_>>());
        deleted.iter().for_each(|key| server.delete(key));
        restores(&machine);
        let told = ids(&checked(&machine));
        assert!(told.contains(&if copy.is_empty() { "copy-missing" } else { "kept-once" }), "{told:?}");
        machine.backup().unwrap();
        let log = format!("office/{copy}log/");
        for key in deleted.iter().filter(|key| key.starts_with(&log)) {
            assert!(server.read(key).is_some(), "{key} is not put back");
        }
    }
}

#[test]
fn slots_deleted_with_their_second_copies_still_open_and_are_told() {
    let (machine, server) = scene();
    keys(&server, &["slots/", "second/slots/"]).iter().for_each(|key| server.delete(key));
    restores(&machine);
    let told = ids(&checked(&machine));
    assert!(told.contains(&"slot-missing"), "{told:?}");
}

/// Everything that is not head of its chain is named by what is.
#[test]
fn a_record_deleted_with_its_second_copy_is_named_as_one_that_can_be_brought_back() {
    let (machine, server) = scene();
    // The oldest is listed last.
    let first = keys(&server, &["log/"]).into_iter().rfind(|key| !key.contains("/names-")).unwrap();
    let name = first.strip_prefix("office/").unwrap();
    server.delete(&first);
    server.delete(&format!("office/second/{name}"));
    become_fresh(&machine);
    let outcome = checked(&machine);
    let gap = outcome.findings.iter().find(|finding| finding.id == "history-gap").unwrap();
    assert_eq!(gap.object, name);
    assert!(gap.what.contains("an older version is there") && gap.remedy.contains("delete marker"), "{gap:?}");
    assert!(outcome.history_contradicted);
}

#[test]
fn with_all_records_of_backups_deleted_nobody_is_told_that_there_were_none() {
    let (machine, server) = scene();
    machine.open().unwrap();
    keys(&server, &["log/", "second/log/"]).iter().for_each(|key| server.delete(key));

    // A computer that has seen them says that they are gone, whatever it is asked.
    let gone = |error: EngineError| {
        matches!(error, EngineError::Repo(RepoError::History(HistoryError::SeenBeforeMissing { .. })))
    };
    assert!(gone(machine.restore_to(&machine.folder.path().join("not")).unwrap_err()));
    assert!(gone(machine.backup().unwrap_err()));
    let outcome = checked(&machine);
    let gap = outcome.findings.iter().find(|finding| finding.id == "history-gap").unwrap();
    assert!(gap.object.starts_with("log/") && gap.what.contains("an older version is there"), "{gap:?}");

    // A fresh one cannot know which there were; it says that there is data without a record.
    become_fresh(&machine);
    let outcome = snapshots(&machine.open().unwrap());
    assert_eq!(outcome.snapshots, []);
    assert!(outcome.is_unrecorded);
    assert!(ids(&checked(&machine)).contains(&"no-records"));
}
