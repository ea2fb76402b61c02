//! Promise 18: providers that answer a conditional put with 412, 409 or 501, or ignore or refuse it, end with the same
//! repository.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::check::{CheckOptions, ReadData, check};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::layout::Place;
use chest_engine::store::retry::{Limits, RealPace, Retrying, Unwatched};
use chest_engine::store::s3::{S3Options, Secret};
use chest_engine::store::{MemoryStore, ObjectName, S3Store};
use chest_testkit::s3_server::{ConditionalPut, S3Effect, S3FaultPlan, S3Server, S3Settings, S3Verb};
use common::{Machine, assert_same, noise};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Puts a repository with two backups on this server, restores and checks it; how many objects lie in which folder.
fn whole_life(server: &S3Server, what: &str) -> BTreeMap<String, usize> {
    let S3Settings { bucket, access_key, secret_key, .. } = server.settings();
    let mut options = S3Options::new(bucket, Secret::new(access_key), Secret::new(secret_key));
    options.endpoint = Some(server.endpoint());
    let store = S3Store::open(&options).unwrap();
    let store = Arc::new(Retrying::new(store, Limits::default(), Arc::new(RealPace::new()), Arc::new(Unwatched)));
    let machine = Machine::on(store, MemoryStore::new(), Configuration::small_for_tests());
    machine.write("minutes/March.txt", &b"It was RESOLVED to approve the minutes. ".repeat(5000));
    machine.write("photographs/fete.jpg", &noise(1, 300_000));
    machine.backup().unwrap();
    machine.write("minutes/April.txt", &noise(2, 90_000));
    machine.backup().unwrap();

    let to = machine.folder.path().join("restored");
    assert!(machine.restore_to(&to).unwrap().failed.is_empty(), "{what}");
    assert_same(&machine.source(), &to.join("documents"));
    let options = CheckOptions { read_data: ReadData::Share(1.0) };
    let outcome = check(&machine.context(), &machine.open_to_check(), &options).unwrap();
    assert!(outcome.findings.is_empty(), "{what}: {:?}", outcome.findings);
    folders(server, what)
}

/// Holds every object against its name, and counts.
fn folders(server: &S3Server, what: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for key in server.keys() {
        let name = ObjectName::new(key.clone()).unwrap();
        let place = Place::parse(&name).or_else(|| Place::parse_second(&name)).unwrap();
        let bytes = server.read(&key).unwrap();
        assert_eq!(*blake3::hash(&bytes).as_bytes(), place.hash().0, "{what}: {key}");
        *counts.entry(key.split('/').next().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn every_kind_of_provider_ends_with_the_same_repository() {
    let mut all = Vec::new();
    for conditional_put in [
        ConditionalPut::Honoured,
        ConditionalPut::Conflict(Duration::from_millis(1)),
        ConditionalPut::NotImplemented,
        ConditionalPut::Ignored,
        ConditionalPut::Refused(400),
    ] {
        let server = S3Server::start(S3Settings { conditional_put, ..S3Settings::default() }).unwrap();
        all.push((format!("{conditional_put:?}"), whole_life(&server, &format!("{conditional_put:?}"))));
    }
    // Answers that speak of another's put, though there is none, or that follow a put which was done.
    for effect in
        [S3Effect::Answer(409, "ConditionalRequestConflict"), S3Effect::AnswerAfterwards(412, "PreconditionFailed")]
    {
        let server = S3Server::start(S3Settings::default()).unwrap();
        let what = format!("{effect:?}");
        server.set_plan(S3FaultPlan::new().when(|call| call.verb == S3Verb::Put && call.number % 3 == 0, effect));
        all.push((what.clone(), whole_life(&server, &what)));
        assert!(server.struck() > 0, "{what}");
    }
    for (what, counts) in &all {
        assert_eq!(*counts, all[0].1, "{what}");
    }
}
