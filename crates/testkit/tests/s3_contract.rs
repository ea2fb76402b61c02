//! The store on S3 against the server in every kind of provider that it can play: every promise is kept, whatever the
//! provider does with conditional puts, with versions and without, with locks and without, page by page and over faults.

#![allow(clippy::unwrap_used)]

use chest_store::contract::{Extent, examine};
use chest_store::retry::{Limits, RealPace, Retrying, Unwatched};
use chest_store::s3::{S3Options, Secret};
use chest_store::{ObjectName, ObjectStore, PutOutcome, S3Store};
use chest_testkit::s3_server::{
    ConditionalPut, ObjectLock, S3Effect, S3FaultPlan, S3Server, S3Settings, S3Verb, Versioning,
};
use std::sync::Arc;
use std::time::Duration;

const SMALL: Extent = Extent { listed_objects: 40, large_object: 200_000 };

fn started(change: impl FnOnce(&mut S3Settings)) -> (S3Server, S3Store) {
    let mut settings = S3Settings::default();
    change(&mut settings);
    let server = S3Server::start(settings).unwrap();
    let S3Settings { bucket, access_key, secret_key, .. } = server.settings();
    let mut options = S3Options::new(bucket, Secret::new(access_key), Secret::new(secret_key));
    options.endpoint = Some(server.endpoint());
    options.prefix = "council/laptop".to_owned();
    let store = S3Store::open(&options).unwrap();
    (server, store)
}

#[test]
fn every_promise_is_kept_whatever_the_provider_does_with_conditions_and_versions() {
    for conditional_put in [
        ConditionalPut::Honoured,
        ConditionalPut::Conflict(Duration::from_millis(2)),
        ConditionalPut::NotImplemented,
        ConditionalPut::Ignored,
        ConditionalPut::Refused(400),
    ] {
        for versioning in [Versioning::Unsupported, Versioning::Off, Versioning::On] {
            let (server, store) = started(|settings| {
                settings.conditional_put = conditional_put;
                settings.versioning = versioning;
                settings.page_size = 7;
            });
            // As the program uses it: of puts at once under one name, a provider may tell all but one to come again.
            let store = Retrying::new(store, Limits::default(), Arc::new(RealPace::new()), Arc::new(Unwatched));
            let report = examine(&store, "doctor/1", SMALL);
            assert_eq!(report.broken, [], "{conditional_put:?}, {versioning:?}");
            assert_eq!(server.keys(), [""; 0], "{conditional_put:?}, {versioning:?}");
        }
    }
}

#[test]
fn in_a_bucket_that_locks_everything_the_promises_are_kept_and_the_rest_is_told() {
    let (server, store) = started(|settings| {
        settings.versioning = Versioning::On;
        settings.object_lock = ObjectLock::On { default_days: Some(1) };
    });
    let report = examine(&store, "doctor/1", SMALL);
    assert_eq!(report.broken, []);
    assert!(!report.capabilities.unwrap().deletes);
    assert!(!report.left_behind.is_empty() && !server.keys().is_empty());
}

#[test]
fn a_put_of_which_the_answer_is_lost_is_unknown_and_one_that_was_not_done_is_never_done() {
    let (server, store) = started(|_| {});
    let name = ObjectName::new("packs/aa").unwrap();
    for (effect, is_stored) in [(S3Effect::DropAfter, true), (S3Effect::DropBefore, false)] {
        server.set_plan(S3FaultPlan::new().on(S3Verb::Put, effect));
        assert_eq!(store.put(&name, "bytes".into()).unwrap(), PutOutcome::Unknown);
        assert_eq!(server.remove("council/laptop/packs/aa"), is_stored);
    }
    for effect in [S3Effect::SLOW_DOWN, S3Effect::INTERNAL_ERROR, S3Effect::OkWithError("InternalError")] {
        server.set_plan(S3FaultPlan::new().on(S3Verb::Put, effect.clone()));
        let answer = store.put(&name, "bytes".into());
        assert!(!matches!(answer, Ok(PutOutcome::Done)), "{effect:?}: {answer:?}");
    }
}

#[test]
fn a_damaged_transfer_is_never_given_out_as_the_object() {
    let (server, store) = started(|_| {});
    let name = ObjectName::new("packs/aa").unwrap();
    let bytes = vec![7; 100_000];
    assert_eq!(store.put(&name, bytes.into()).unwrap(), PutOutcome::Done);
    for effect in [S3Effect::CutBody(50_000), S3Effect::WrongLength(3), S3Effect::WrongLength(-3)] {
        server.set_plan(S3FaultPlan::new().on(S3Verb::Get, effect.clone()));
        let part = store.get_range(&name, 10..90_000);
        assert!(part.as_ref().is_err_and(chest_store::StoreError::is_transient), "{effect:?}: {part:?}");
    }
    server.set_plan(S3FaultPlan::new().on(S3Verb::List, S3Effect::CutBody(100)));
    assert!(store.list("").is_err());
}
