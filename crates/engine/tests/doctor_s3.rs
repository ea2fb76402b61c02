//! What an examination says of S3 providers of every kind, asked through the real client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chest_engine::doctor::{DoctorOptions, DoctorOutcome, ExaminationFailed, Fitness, Reply, examine};
use chest_engine::place::{BucketPlace, OpenPlace, Place};
use chest_engine::repo::RepoError;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::{Context, EngineError};
use chest_model::Silent;
use chest_store::StoreError;
use chest_store::retry::Unwatched;
use chest_store::s3::{S3Options, Secret};
use chest_testkit::FixedEnvironment;
use chest_testkit::s3_server::{
    ConditionalPut, ObjectLock, S3Effect, S3FaultPlan, S3Server, S3Settings, S3Verb, Versioning,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const OPTIONS: DoctorOptions = DoctorOptions {
    listed_objects: 60,
    large_object: 100_000,
    measured_for: Duration::from_millis(200),
    measured_bytes: 4 << 20,
    ..DoctorOptions::BUCKET
};

fn server(conditional_put: ConditionalPut, versioning: Versioning, object_lock: ObjectLock) -> S3Server {
    let settings = S3Settings { page_size: 7, conditional_put, versioning, object_lock, ..S3Settings::default() };
    S3Server::start(settings).unwrap()
}

fn place(server: &S3Server) -> OpenPlace {
    place_with(server, Duration::from_secs(5), |_| ())
}

fn place_with(server: &S3Server, patience: Duration, change: impl FnOnce(&mut S3Options)) -> OpenPlace {
    let settings = server.settings();
    let mut options = S3Options {
        endpoint: Some(server.endpoint()),
        prefix: "office".to_owned(),
        concurrency: OPTIONS.racers,
        ..S3Options::new(settings.bucket, Secret::new(settings.access_key), Secret::new(settings.secret_key))
    };
    change(&mut options);
    Place::Bucket(Box::new(BucketPlace { options, patience, monitor: Arc::new(Unwatched) })).open().unwrap()
}

fn examined(server: &S3Server) -> DoctorOutcome {
    let environment = FixedEnvironment::new(7);
    environment.set_now(server.now());
    let place = place(server);
    let context = Context {
        store: TwiceStore::over(place.store.clone()),
        environment: &environment,
        monitor: &Silent,
        state_dir: "/nonexistent".into(),
        cache_dir: "/nonexistent".into(),
    };
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Once the lock has been tried, it may run out: the last question is how fast the storage is.
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) && !server.log().iter().any(|one| one.key.contains("/speed/")) {
                std::thread::sleep(Duration::from_millis(50));
            }
            server.advance_clock(Duration::from_secs(60));
        });
        let outcome = examine(&context, &place, &OPTIONS).unwrap();
        is_over.store(true, Ordering::SeqCst);
        outcome
    })
}

/// Without anybody who lets locks run out.
fn examined_at(place: &OpenPlace) -> Result<DoctorOutcome, ExaminationFailed> {
    let environment = FixedEnvironment::new(8);
    let context = Context {
        store: TwiceStore::over(place.store.clone()),
        environment: &environment,
        monitor: &Silent,
        state_dir: "/nonexistent".into(),
        cache_dir: "/nonexistent".into(),
    };
    examine(&context, place, &OPTIONS)
}

fn reply(outcome: &DoctorOutcome, id: &str) -> Reply {
    outcome.answers.iter().find(|answer| answer.id == id).unwrap_or_else(|| panic!("{id}: {outcome:?}")).reply
}

#[test]
fn a_bucket_with_versions_and_locks_is_told_so_and_is_empty_afterwards() {
    let server = server(ConditionalPut::Honoured, Versioning::On, ObjectLock::On { default_days: None });
    let outcome = examined(&server);
    for id in
        ["promises", "complete-lists", "seen-at-once", "checksums", "conditional-create", "versions", "object-lock"]
    {
        assert_eq!(reply(&outcome, id), Reply::Yes, "{id}: {outcome:?}");
    }
    assert_eq!(outcome.left_behind, []);
    assert_eq!(server.keys(), Vec::<String>::new());
}

#[test]
fn a_bucket_without_either_is_fit_with_warnings() {
    let server = server(ConditionalPut::Ignored, Versioning::Unsupported, ObjectLock::Unsupported);
    let outcome = examined(&server);
    for (id, expected) in [
        ("promises", Reply::Yes),
        ("checksums", Reply::Yes),
        ("conditional-create", Reply::No),
        ("versions", Reply::No),
        ("object-lock", Reply::No),
        ("no-deletion", Reply::No),
    ] {
        assert_eq!(reply(&outcome, id), expected, "{id}: {outcome:?}");
    }
    assert_eq!(outcome.verdict(), Fitness::Warning);
    assert_eq!(server.keys(), Vec::<String>::new());
}

#[test]
fn a_provider_that_does_not_know_conditions_is_no_worse() {
    let server = server(ConditionalPut::NotImplemented, Versioning::Off, ObjectLock::Off);
    let outcome = examined(&server);
    assert_eq!(reply(&outcome, "promises"), Reply::Yes, "{outcome:?}");
    assert_eq!(reply(&outcome, "conditional-create"), Reply::No);
    assert_eq!(outcome.verdict(), Fitness::Warning);
}

#[test]
fn where_everything_is_locked_little_is_put_and_all_of_it_is_told() {
    let server = server(ConditionalPut::Honoured, Versioning::On, ObjectLock::On { default_days: Some(30) });
    let outcome = examined(&server);
    assert_ne!(outcome.verdict(), Fitness::Unfit, "{outcome:?}");
    let mut told: Vec<String> = outcome.left_behind.iter().map(|left| format!("office/{}", left.object)).collect();
    told.sort();
    let there: Vec<String> = server
        .keys()
        .into_iter()
        .filter(|key| server.versions(key).iter().any(|version| version.body.is_some()))
        .collect();
    assert_eq!(told, there);
    assert!(told.len() < 200, "{}", told.len());
}

#[test]
fn storage_that_goes_away_is_not_called_unfit_and_what_is_left_there_is_told() {
    let server = server(ConditionalPut::Honoured, Versioning::Off, ObjectLock::Off);
    let place = place_with(&server, Duration::from_secs(1), |_| ());
    let failed = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !server.log().iter().any(|one| one.key.contains("/promises/exact-range/")) {
                std::thread::sleep(Duration::from_millis(1));
            }
            server.go_away();
        });
        examined_at(&place).unwrap_err()
    });
    let is_outage = matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::Unreachable(_))));
    assert!(is_outage, "{failed:?}");
    server.come_back().unwrap();
    let told: Vec<String> = failed.left_behind.iter().map(|left| format!("office/{}", left.object)).collect();
    let there = server.keys();
    assert!(!there.is_empty() && there.iter().all(|key| told.contains(key)), "{there:?}, told {told:?}");
}

#[test]
fn what_never_stored_anything_is_not_waited_for() {
    let server = server(ConditionalPut::Honoured, Versioning::On, ObjectLock::On { default_days: None });
    let began = Instant::now();
    let no_bucket = place_with(&server, Duration::from_secs(1), |options| options.bucket = "another".to_owned());
    let failed = examined_at(&no_bucket).unwrap_err();
    assert!(matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::NoSuchPlace(_)))), "{failed:?}");
    assert_eq!(failed.left_behind, []);

    server.set_plan(S3FaultPlan::new().when(|_| true, S3Effect::Answer(403, "AccessDenied")));
    let failed = examined_at(&place(&server)).unwrap_err();
    assert!(matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::Refused(_)))), "{failed:?}");
    assert_eq!(failed.left_behind, []);

    server.set_plan(S3FaultPlan::new().when(|call| call.verb != S3Verb::Put, S3Effect::Answer(403, "AccessDenied")));
    let failed = examined_at(&place(&server)).unwrap_err();
    assert!(matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::Refused(_)))), "{failed:?}");
    let told: Vec<String> = failed.left_behind.iter().map(|left| format!("office/{}", left.object)).collect();
    assert_eq!(told, server.keys());

    server.go_away();
    let failed = examined_at(&place_with(&server, Duration::from_secs(1), |_| ())).unwrap_err();
    assert!(matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::Unreachable(_)))), "{failed:?}");
    assert_eq!(failed.left_behind, []);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}
