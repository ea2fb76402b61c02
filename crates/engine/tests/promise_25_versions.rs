//! Promise 25: where a bucket keeps versions, names that somebody has put something else over, or deleted, restore from the
//! version that hashes to the name.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::ProvenStore;
use chest_engine::store::{MemoryStore, ObjectName, ObjectStore};
use chest_testkit::VersionedStore;
use common::{Machine, assert_same, noise};
use std::sync::Arc;

/// Two backups of a folder, in a bucket with versions.
fn scene() -> (Machine, VersionedStore) {
    let bucket = VersionedStore::new();
    let store = Arc::new(ProvenStore::over(bucket.clone()));
    let machine = Machine::on(store, MemoryStore::new(), Configuration::small_for_tests());
    machine.write("minutes/March.txt", &b"It was RESOLVED to approve the minutes. ".repeat(5000));
    machine.write("photographs/fete.jpg", &noise(1, 300_000));
    machine.backup().unwrap();
    machine.write("minutes/April.txt", &noise(2, 90_000));
    machine.backup().unwrap();
    (machine, bucket)
}

fn names(bucket: &VersionedStore) -> Vec<ObjectName> {
    bucket.list("").unwrap().into_iter().map(|listed| listed.name).collect()
}

fn garbage_over(bucket: &VersionedStore, name: &ObjectName, length: impl FnOnce(usize) -> usize) {
    let length = length(bucket.get(name).unwrap().len());
    bucket.overwrite(name, noise(77, length));
}

/// What this machine has kept must not stand in for what lies in the bucket.
fn forget(machine: &Machine) {
    std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
}

fn restores(machine: &Machine, to: &str) {
    forget(machine);
    let to = machine.folder.path().join(to);
    let outcome = machine.restore_to(&to).unwrap();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    assert_same(&machine.source(), &to.join("documents"));
}

#[test]
fn with_garbage_over_every_name_everything_is_restored() {
    let (mut machine, bucket) = scene();
    for name in names(&bucket) {
        garbage_over(&bucket, &name, |length| length);
    }
    restores(&machine, "restored");
    machine.backup().unwrap();

    forget(&machine);
    machine.store = Arc::new(bucket);
    assert!(machine.restore_to(&machine.folder.path().join("not")).is_err(), "only the older versions can have helped");
}

#[test]
fn with_packs_and_indexes_replaced_by_shorter_ones_or_deleted_everything_is_restored() {
    for prefix in ["packs/", "index/"] {
        let (machine, bucket) = scene();
        let names: Vec<_> = names(&bucket).into_iter().filter(|name| name.as_str().starts_with(prefix)).collect();
        assert!(names.len() > 1, "{prefix}");
        for (number, name) in names.iter().enumerate() {
            if number % 2 == 0 {
                bucket.mark_deleted(name);
            } else {
                garbage_over(&bucket, name, |length| length / 3);
            }
        }
        restores(&machine, "restored");
    }
}

#[test]
fn a_name_with_no_right_version_is_told_as_damaged() {
    let (machine, bucket) = scene();
    // Every pack: a single one may be of the older backup alone.
    for pack in names(&bucket).into_iter().filter(|name| name.as_str().starts_with("packs/")) {
        garbage_over(&bucket, &pack, |length| length);
        let right = bucket.versions(&pack).unwrap().pop().unwrap();
        bucket.delete_version(&pack, &right.id).unwrap();
    }
    forget(&machine);
    match machine.restore_to(&machine.folder.path().join("restored")) {
        Ok(outcome) => assert!(!outcome.failed.is_empty()),
        Err(error) => assert!(error.to_string().contains("packs/"), "{error}"),
    }
}
