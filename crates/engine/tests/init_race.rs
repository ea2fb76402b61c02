//! Several computers make a repository in one place at one moment: at most one is made, and the others take their own away again.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use chest_engine::init::{InitOptions, InitOutcome, PreparedRepository, prepare};
use chest_engine::repo::RepoError;
use chest_engine::repo::config::Configuration;
use chest_engine::repo::slot::{Credential, KdfCost};
use chest_engine::repo::words::TypedWords;
use chest_engine::{Context, EngineError, Opened};
use chest_model::Severity;
use chest_store::{MemoryStore, ObjectName, ObjectStore, StoreError};
use chest_testkit::{FaultPlan, FaultyStore, FixedEnvironment, Verb};
use common::{PASSPHRASE, context_in};
use std::sync::{Arc, Barrier};
use zeroize::Zeroizing;

/// A computer with a state of its own.
struct Computer {
    folder: tempfile::TempDir,
    environment: FixedEnvironment,
    store: Arc<dyn ObjectStore>,
}

impl Computer {
    fn new(seed: u64, store: Arc<dyn ObjectStore>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: FixedEnvironment::new(seed), store }
    }

    fn context(&self) -> Context<'_> {
        context_in(self.folder.path(), &self.store, &self.environment)
    }

    fn prepare(&self) -> PreparedRepository {
        let passphrase = Some(Zeroizing::new(PASSPHRASE.to_owned()));
        let configuration = Configuration::small_for_tests();
        prepare(&self.context(), InitOptions { passphrase, cost: KdfCost::FLOOR, configuration }).unwrap()
    }

    fn open(&self, credential: &Credential) -> Opened {
        Opened::open(&self.context(), credential).unwrap()
    }
}

fn words(made: &InitOutcome) -> Credential {
    Credential::Words(TypedWords::parse(&made.recovery_words.join(" ")).unwrap())
}

fn names(memory: &MemoryStore) -> Vec<ObjectName> {
    memory.list("").unwrap().into_iter().map(|listed| listed.name).collect()
}

#[test]
fn of_four_that_begin_at_once_one_makes_its_repository_and_the_others_leave_nothing() {
    for round in 0..8 {
        let memory = MemoryStore::new();
        let barrier = Barrier::new(4);
        let made: Vec<Result<InitOutcome, EngineError>> = std::thread::scope(|scope| {
            let begin = |seed: u64| {
                let (memory, barrier) = (memory.clone(), &barrier);
                scope.spawn(move || {
                    let computer = Computer::new(round * 10 + seed, Arc::new(memory));
                    let prepared = computer.prepare();
                    barrier.wait();
                    prepared.commit(&computer.context())
                })
            };
            let computers: Vec<_> = (0..4).map(begin).collect();
            computers.into_iter().map(|computer| computer.join().unwrap()).collect()
        });
        let winners: Vec<&InitOutcome> = made.iter().flatten().collect();
        assert_eq!(
            winners.len(),
            1,
            "round {round}: {:?}",
            made.iter().map(|one| one.as_ref().err()).collect::<Vec<_>>()
        );
        for lost in made.iter().filter_map(|one| one.as_ref().err()) {
            let EngineError::NotMade { why, is_taken_back: true } = lost else { panic!("round {round}: {lost:?}") };
            let why = matches!(&**why, EngineError::Repo(RepoError::AlreadyThere(_) | RepoError::MadeByAnother(_)));
            assert!(why, "round {round}: {lost}");
        }
        // Two slots and three decisions, each twice.
        assert_eq!(names(&memory).len(), 10, "round {round}: {:?}", names(&memory));
        let fresh = Computer::new(99, Arc::new(memory));
        assert!(fresh.open(&words(winners[0])).session.owner.ignored.is_empty());
    }
}

/// Slow, so that the other has ended before it looks; and into a store that lets nobody delete.
#[test]
fn one_that_cannot_take_its_own_away_says_so_and_the_other_opens_and_tells_of_it() {
    let memory = MemoryStore::new();
    let locked = FaultyStore::new(memory.clone());
    let refused = || StoreError::Refused("a lock".to_owned());
    locked.set_plan(FaultPlan::new().fail_when(|one| one.verb == Verb::DeleteVersion, refused)).unwrap();
    let (one, other) = (Computer::new(1, Arc::new(memory.clone())), Computer::new(2, Arc::new(locked)));
    let late = other.prepare();
    let made = one.prepare().commit(&one.context()).unwrap();
    let lost = late.commit(&other.context()).err().unwrap();
    let EngineError::NotMade { why, is_taken_back: false } = lost else { panic!("{lost:?}") };
    assert!(matches!(*why, EngineError::Repo(RepoError::AlreadyThere(_))), "{why}");
    // The passphrase is that of both, and the slots of the one that lost lie there too.
    assert_eq!(names(&memory).len(), 18);
    let passphrase = Credential::Passphrase(Zeroizing::new(PASSPHRASE.to_owned()));
    for credential in [words(&made), passphrase] {
        let opened = one.open(&credential);
        assert_eq!(opened.session.owner.repository(), made.repository);
        assert!(opened.session.owner.ignored.iter().all(|ignored| ignored.is_of_another_repository()));
        let checked = chest_engine::check::check(&one.context(), &opened, &Default::default()).unwrap();
        let told: Vec<&str> =
            checked.findings.iter().filter(|one| one.severity != Severity::Note).map(|one| one.id).collect();
        assert_eq!(told, ["foreign-record"; 4], "two slots and two decisions");
    }
}

#[test]
fn what_was_put_of_a_repository_that_could_not_be_made_is_taken_away_again() {
    let memory = MemoryStore::new();
    let store = FaultyStore::new(memory.clone());
    let computer = Computer::new(3, Arc::new(store.clone()));
    let prepared = computer.prepare();
    let full = || StoreError::NoSpace("8 kB".to_owned());
    let is_decision = |name: &str| name.starts_with("owner/");
    store
        .set_plan(FaultPlan::new().fail_when(move |one| one.verb == Verb::Put && is_decision(&one.name), full))
        .unwrap();
    let lost = prepared.commit(&computer.context()).err().unwrap();
    assert!(matches!(lost, EngineError::NotMade { is_taken_back: true, .. }), "{lost:?}");
    assert_eq!(names(&memory), []);
}
