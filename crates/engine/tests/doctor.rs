//! What an examination says of stores that keep their promises, and of stores that do not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use chest_engine::check::scrub;
use chest_engine::doctor::{Answer, DoctorOptions, DoctorOutcome, ExaminationFailed, Fitness, Reply, SCRATCH, examine};
use chest_engine::init::{InitOptions, init};
use chest_engine::place::{OpenPlace, Place};
use chest_engine::repo::RepoError;
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::KdfCost;
use chest_engine::{Context, EngineError};
use chest_model::{Silent, Timestamp};
use chest_store::{Creation, MemoryStore, ObjectName, ObjectStore, Provider, StoreError, VersionId, pass_on};
use chest_testkit::{FaultPlan, FaultyStore, FixedEnvironment, Operation, Verb};
use std::path::Path;
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

fn examined(place: &OpenPlace) -> Result<DoctorOutcome, ExaminationFailed> {
    let environment = FixedEnvironment::new(5);
    let nowhere = Path::new("/nonexistent").to_owned();
    let context = Context {
        store: TwiceStore::over(place.store.clone()),
        environment: &environment,
        monitor: &Silent,
        state_dir: nowhere.clone(),
        cache_dir: nowhere,
    };
    examine(&context, place, &OPTIONS)
}

fn faulty(plan: FaultPlan) -> (Arc<FaultyStore<MemoryStore>>, OpenPlace) {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    store.set_plan(plan).unwrap();
    (store.clone(), OpenPlace::new(store, None))
}

fn answer<'o>(outcome: &'o DoctorOutcome, id: &str) -> &'o Answer {
    outcome.answers.iter().find(|answer| answer.id == id).unwrap_or_else(|| panic!("{id}: {outcome:?}"))
}

#[test]
fn a_folder_is_fit_with_warnings_and_is_as_it_was_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("letter.txt"), "a letter").unwrap();
    let outcome = examined(&Place::Folder(folder.path().to_owned()).open().unwrap()).unwrap();
    assert_eq!(outcome.verdict(), Fitness::Warning, "{outcome:?}");
    for (id, reply) in [
        ("promises", Reply::Yes),
        ("complete-lists", Reply::Yes),
        ("seen-at-once", Reply::Yes),
        ("versions", Reply::No),
        ("no-deletion", Reply::No),
    ] {
        assert_eq!(answer(&outcome, id).reply, reply, "{id}");
    }
    assert!(outcome.speed.up > 0.0 && outcome.speed.down > 0.0, "{:?}", outcome.speed);
    assert_eq!(outcome.left_behind, []);
    assert!(!path("doctor").exists());
    assert_eq!(std::fs::read_to_string(path("letter.txt")).unwrap(), "a letter");
}

#[test]
fn a_store_whose_lists_leave_something_out_is_unfit() {
    let (_, place) = faulty(FaultPlan::new().hide_from_lists(|name| name.ends_with("complete-lists/3/00033")));
    let outcome = examined(&place).unwrap();
    assert_eq!(outcome.verdict(), Fitness::Unfit);
    let answer = answer(&outcome, "complete-lists");
    assert_eq!((answer.reply, answer.fitness), (Reply::No, Fitness::Unfit));
    assert!(answer.seen.contains("60 objects were stored") && answer.seen.contains("59"), "{}", answer.seen);
}

#[test]
fn each_broken_promise_is_told_by_itself() {
    let (_, place) = faulty(FaultPlan::new().hide_from_lists(|name| name.contains("/promises/plain-prefix/abd/")));
    let outcome = examined(&place).unwrap();
    assert_eq!(answer(&outcome, "plain-prefix").fitness, Fitness::Unfit);
    assert!(outcome.answers.iter().all(|answer| answer.id != "promises"));
}

#[test]
fn a_key_that_cannot_delete_is_praised_and_what_stays_is_told() {
    let refused = || StoreError::Refused("injected".to_owned());
    let (store, place) = faulty(FaultPlan::new().fail_when(|one| one.verb == Verb::DeleteVersion, refused));
    let outcome = examined(&place).unwrap();
    assert_eq!(answer(&outcome, "no-deletion").reply, Reply::Yes);
    let there = names(store.inner());
    let told: Vec<String> = outcome.left_behind.iter().map(|left| left.object.clone()).collect();
    assert!(told.iter().all(|name| name.starts_with(SCRATCH)));
    assert_eq!(told, there);
}

#[test]
fn a_store_that_cannot_be_used_at_all_is_an_error_and_not_an_answer() {
    let refused = || StoreError::Refused("injected".to_owned());
    let (_, place) = faulty(FaultPlan::new().fail_when(|one| one.verb == Verb::Put, refused));
    let failed = examined(&place).unwrap_err();
    assert!(matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::Refused(_)))));
    assert_eq!(failed.left_behind, []);
    let missing = Place::Folder("/nonexistent/place".into());
    assert!(matches!(missing.open().map(drop), Err(EngineError::Repo(_))));
}

#[test]
fn a_disturbance_leaves_one_question_open_and_nothing_behind() {
    let away = || StoreError::Unreachable("injected".to_owned());
    let (store, place) =
        faulty(FaultPlan::new().fail_when(|one| one.name.contains("/seen-at-once/1"), away).at_most(3));
    let outcome = examined(&place).unwrap();
    assert_eq!(answer(&outcome, "seen-at-once").reply, Reply::Unknown);
    assert_eq!((outcome.verdict(), outcome.left_behind), (Fitness::Warning, Vec::new()));
    assert_eq!(store.inner().list("").unwrap(), []);
}

#[test]
fn a_store_that_goes_away_for_good_ends_the_examination() {
    let is_away = AtomicBool::new(false);
    let goes = move |one: &Operation| {
        is_away.fetch_or(one.name.contains("/seen-at-once/1"), Ordering::SeqCst) || one.name.contains("/seen-at-once/1")
    };
    let away = || StoreError::Unreachable("injected".to_owned());
    let (_, place) = faulty(FaultPlan::new().fail_when(goes, away));
    assert!(is_outage(&examined(&place).unwrap_err()));
}

fn is_outage(failed: &ExaminationFailed) -> bool {
    matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::Unreachable(_))))
}

fn names(store: &dyn ObjectStore) -> Vec<String> {
    store.list("").unwrap().iter().map(|one| one.name.to_string()).collect()
}

#[test]
fn an_outage_while_promises_are_tried_is_no_verdict_and_what_may_be_left_is_told() {
    for promise in ["put-is-visible", "exact-range", "second-deletion", "parallel-use"] {
        let is_away = AtomicBool::new(false);
        let goes = move |one: &Operation| {
            let now = one.verb != Verb::Put && one.name.contains(promise);
            is_away.fetch_or(now, Ordering::SeqCst) || now
        };
        let (store, place) = faulty(FaultPlan::new().fail_when(goes, || StoreError::Unreachable("away".to_owned())));
        let failed = examined(&place).unwrap_err();
        assert!(is_outage(&failed), "{promise}: {failed:?}");
        let told: Vec<&str> = failed.left_behind.iter().map(|left| left.object.as_str()).collect();
        let there = names(store.inner());
        assert!(!there.is_empty(), "{promise}");
        assert!(there.iter().all(|name| told.contains(&name.as_str())), "{promise}: {there:?}, told {told:?}");
    }
}

#[test]
fn a_store_that_is_away_while_it_is_cleaned_up_is_not_unfit_and_is_clean_in_the_end() {
    let deletions = |one: &Operation| one.verb == Verb::DeleteVersion && one.name.contains("/promises/");
    let (store, place) =
        faulty(FaultPlan::new().fail_when(deletions, || StoreError::Unreachable("away".to_owned())).at_most(3));
    let outcome = examined(&place).unwrap();
    assert_eq!(answer(&outcome, "promises").reply, Reply::Yes);
    assert_eq!(answer(&outcome, "no-deletion").reply, Reply::No);
    assert_eq!((outcome.verdict(), outcome.left_behind), (Fitness::Warning, Vec::new()));
    assert_eq!(names(store.inner()), [""; 0]);
}

#[test]
fn a_right_that_ends_while_promises_are_tried_is_no_broken_promise() {
    let refused = || StoreError::Refused("the access key has run out".to_owned());
    let (_, place) = faulty(FaultPlan::new().fail_when(|one| one.name.contains("/promises/exact-range/"), refused));
    let failed = examined(&place).unwrap_err();
    assert!(matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::Refused(_)))), "{failed:?}");
}

#[test]
fn an_outage_is_neither_a_lock_nor_the_lack_of_versions() {
    struct NoProvider;
    impl Provider for NoProvider {
        fn create(&self, _: &ObjectName, _: Bytes) -> Result<Creation, StoreError> {
            Ok(Creation::NotSupported)
        }
        fn overwrite(&self, _: &ObjectName, _: Bytes) -> Result<(), StoreError> {
            Ok(())
        }
        fn delete(&self, _: &ObjectName) -> Result<(), StoreError> {
            Ok(())
        }
        fn refuses_wrong_checksum(&self, _: &ObjectName, _: Bytes) -> Result<bool, StoreError> {
            Ok(true)
        }
        fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
            Ok(None)
        }
    }
    let away = || StoreError::Unreachable("away".to_owned());
    let deletion = |one: &Operation| one.verb == Verb::DeleteVersion && one.name.contains("/object-lock/");
    let store = FaultyStore::new(Locking(MemoryStore::new()));
    store.set_plan(FaultPlan::new().fail_when(deletion, away).at_most(1)).unwrap();
    let outcome = examined(&OpenPlace::new(Arc::new(store), Some(Arc::new(NoProvider)))).unwrap();
    assert_eq!(answer(&outcome, "object-lock").reply, Reply::Unknown);
}

/// Takes locks, and does not keep them.
struct Locking(MemoryStore);

impl ObjectStore for Locking {
    pass_on!(self => self.0; put, get, get_range, list, versions, get_version, delete_version, strays, requests_at_once);

    fn retain_version(&self, _: &ObjectName, _: &VersionId, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn what_a_key_that_may_only_write_has_put_is_told_at_once() {
    let refused = || StoreError::Refused("injected".to_owned());
    let (store, place) = faulty(FaultPlan::new().fail_when(|one| one.verb != Verb::Put, refused));
    let began = Instant::now();
    let failed = examined(&place).unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(matches!(failed.error, EngineError::Repo(RepoError::Store(StoreError::Refused(_)))), "{failed:?}");
    let told: Vec<_> = failed.left_behind.iter().map(|left| left.object.clone()).collect();
    assert_eq!(told, names(store.inner()));
    assert!(told[0].ends_with("/first") && failed.left_behind[0].is_certain);
}

/// Answers that it deletes, and does not.
struct Undeleting(MemoryStore);

impl ObjectStore for Undeleting {
    pass_on!(self => self.0; put, get, get_range, list, versions, get_version, retain_version, strays, requests_at_once);

    fn delete_version(&self, _: &ObjectName, _: &VersionId) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn storage_that_only_says_that_it_deletes_gets_little_and_all_that_is_left_is_told() {
    let memory = MemoryStore::new();
    let outcome = examined(&OpenPlace::new(Arc::new(Undeleting(memory.clone())), None)).unwrap();
    let deletion = answer(&outcome, "no-deletion");
    assert_eq!(deletion.reply, Reply::Unknown, "{deletion:?}");
    assert!(!deletion.meaning.contains("ransomware"));
    assert_eq!(answer(&outcome, "deletion").reply, Reply::No);
    let told: Vec<_> = outcome.left_behind.iter().map(|left| left.object.clone()).collect();
    assert_eq!(told, names(&memory));
    assert!(told.len() < 200 && outcome.left_behind.iter().all(|left| left.is_certain), "{}", told.len());
}

#[test]
fn what_an_examination_could_not_remove_is_no_stranger_to_a_repository() {
    let store = Arc::new(MemoryStore::new());
    let left = ObjectName::new(format!("{SCRATCH}0123456789abcdef/first")).unwrap();
    store.insert_raw(left.clone(), "first".into());
    let environment = FixedEnvironment::new(6);
    let folder = tempfile::tempdir().unwrap();
    let context = Context {
        store: TwiceStore::over(store.clone()),
        environment: &environment,
        monitor: &Silent,
        state_dir: folder.path().join("state"),
        cache_dir: folder.path().join("cache"),
    };
    let options = InitOptions {
        passphrase: Some("four plain wooden pews".to_owned().into()),
        cost: KdfCost { memory_kib: 64 * 1024, ..KdfCost::DEFAULT },
        configuration: Configuration::new(),
    };
    init(&context, options).unwrap();
    store.insert_raw(ObjectName::new("doctor/letters/a").unwrap(), "a letter".into());
    let findings = scrub(&context).unwrap().findings;
    // Another `chest doctor` may be running at this moment.
    assert!(findings.iter().any(|one| one.what.ends_with("has not removed it (yet)")), "{findings:?}");
    let findings: Vec<_> = findings.into_iter().map(|one| (one.id, one.object)).collect();
    let expected = [("unknown-object", "doctor/letters/a".to_owned()), ("left-by-doctor", left.to_string())];
    assert_eq!(findings, expected);
}
