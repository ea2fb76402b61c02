//! Outages, storms and lost answers, in a time that takes none.

use super::*;
use crate::MemoryStore;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Time that passes only by sleeping. Each thread of a test has its own.
#[derive(Default)]
struct StillPace {
    now: AtomicU64,
    seed: AtomicU64,
}

impl Pace for StillPace {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.now.load(Ordering::SeqCst))
    }

    fn sleep(&self, time: Duration) {
        self.now.fetch_add(time.as_nanos() as u64, Ordering::SeqCst);
    }

    fn random(&self) -> f64 {
        let seed = self.seed.fetch_add(1, Ordering::SeqCst);
        fastrand::Rng::with_seed(seed).f64()
    }
}

#[derive(Default)]
struct Watching {
    waits: Mutex<Vec<(Duration, Duration)>>,
    recovered: AtomicU32,
    cancel_after: Option<usize>,
}

impl RetryMonitor for Watching {
    fn is_cancelled(&self) -> bool {
        self.cancel_after.is_some_and(|most| self.waits.lock().unwrap().len() > most)
    }

    fn waiting(&self, waiting: &Waiting<'_>) {
        self.waits.lock().unwrap().push((waiting.wait, waiting.patience));
    }

    fn recovered(&self) {
        self.recovered.fetch_add(1, Ordering::SeqCst);
    }
}

type Fail = Box<dyn Fn(&StillPace) -> Option<StoreError> + Send + Sync>;

/// Fails as told before anything happens; answers of puts are lost as told.
struct Shaky {
    inner: MemoryStore,
    pace: Arc<StillPace>,
    fail: Fail,
    requests: AtomicU32,
    /// For each put: whether it is carried out, although its answer is lost. Empty: as usual.
    lost_puts: Mutex<VecDeque<bool>>,
}

impl Shaky {
    fn request(&self) -> Result<(), StoreError> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        (self.fail)(&self.pace).map_or(Ok(()), Err)
    }
}

impl ObjectStore for Shaky {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        self.request()?;
        match self.lost_puts.lock().unwrap().pop_front() {
            None => self.inner.put(name, bytes),
            Some(false) => Ok(PutOutcome::Unknown),
            Some(true) => self.inner.put(name, bytes).map(|_| PutOutcome::Unknown),
        }
    }
    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.request()?;
        self.inner.get(name)
    }
    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.request()?;
        self.inner.get_range(name, range)
    }
    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.request()?;
        self.inner.list(prefix)
    }
    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        self.request()?;
        self.inner.versions(name)
    }
    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        self.request()?;
        self.inner.get_version(name, version)
    }
    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        self.request()?;
        self.inner.delete_version(name, version)
    }
    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        self.request()?;
        self.inner.retain_version(name, version, until)
    }
    fn requests_at_once(&self) -> AtOnce {
        AtOnce::ONE
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        self.request()?;
        self.inner.strays()
    }
}

struct Scene {
    store: Retrying<Shaky>,
    pace: Arc<StillPace>,
    watching: Arc<Watching>,
}

impl Scene {
    fn new(fail: impl Fn(&StillPace) -> Option<StoreError> + Send + Sync + 'static) -> Self {
        Self::watched(fail, Watching::default())
    }

    fn watched(fail: impl Fn(&StillPace) -> Option<StoreError> + Send + Sync + 'static, watching: Watching) -> Self {
        let pace = Arc::new(StillPace::default());
        let watching = Arc::new(watching);
        let shaky = Shaky {
            inner: MemoryStore::new(),
            pace: pace.clone(),
            fail: Box::new(fail),
            requests: AtomicU32::new(0),
            lost_puts: Mutex::default(),
        };
        let store = Retrying::new(shaky, Limits::default(), pace.clone(), watching.clone());
        Self { store, pace, watching }
    }

    fn requests(&self) -> u32 {
        self.store.inner().requests.load(Ordering::SeqCst)
    }
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn silent() -> StoreError {
    StoreError::Unreachable("connection refused".to_owned())
}

fn busy(wait: Option<u64>) -> StoreError {
    StoreError::Busy { what: "SlowDown".to_owned(), wait: wait.map(Duration::from_secs) }
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn an_outage_of_a_quarter_of_an_hour_is_ridden_out() {
    let scene = Scene::new(|pace| (pace.now() < 15 * MINUTE).then(silent));
    assert_eq!(scene.store.put(&name("a"), Bytes::from_static(b"x")).unwrap(), PutOutcome::Done);
    assert!(scene.pace.now() < 16 * MINUTE, "{:?}", scene.pace.now());
    assert!(scene.requests() < 100, "{}", scene.requests());
    assert_eq!(scene.watching.recovered.load(Ordering::SeqCst), 1);
    let waits = scene.watching.waits.lock().unwrap();
    assert!(waits.iter().all(|(wait, _)| *wait <= Limits::default().longest_wait));
    assert!(waits.is_sorted_by_key(|(_, patience)| std::cmp::Reverse(*patience)), "patience only shrinks");
}

#[test]
fn a_store_that_stays_silent_is_given_up_with_its_own_error() {
    let scene = Scene::new(|_| Some(silent()));
    let answer = scene.store.get(&name("a"));
    assert!(matches!(answer, Err(StoreError::Unreachable(_))), "{answer:?}");
    assert!((Limits::default().patience..Limits::default().patience + MINUTE).contains(&scene.pace.now()));
}

#[test]
fn what_a_try_waits_in_vain_counts_against_patience_and_what_it_sends_does_not() {
    let slow = |patience: Duration, a_try: Duration| {
        let mut scene = Scene::new(move |pace| {
            pace.sleep(a_try);
            Some(silent())
        });
        scene.store.budget = Budget::new(Limits { patience, ..Limits::default() }, Duration::ZERO);
        assert!(scene.store.get(&name("a")).is_err());
        (scene.requests(), scene.pace.now())
    };
    assert_eq!(slow(Duration::from_secs(6), Duration::from_secs(6)), (1, Duration::from_secs(6)));
    let (_, whole) = slow(20 * MINUTE, MINUTE);
    assert!((20 * MINUTE..22 * MINUTE).contains(&whole), "{whole:?}");
    let (requests, _) = slow(20 * MINUTE, 30 * MINUTE);
    assert_eq!(requests, 2, "half an hour of sending that breaks off is no half hour of silence");
}

#[test]
fn what_will_not_pass_is_asked_once() {
    for error in [
        || StoreError::Refused("AccessDenied".to_owned()),
        || StoreError::NoSpace("full".to_owned()),
        || StoreError::NotTrusted("expired".to_owned()),
        || StoreError::NoSuchPlace("bucket".to_owned()),
    ] {
        let scene = Scene::new(move |_| Some(error()));
        assert!(scene.store.list("").is_err());
        assert_eq!((scene.requests(), scene.pace.now()), (1, Duration::ZERO));
    }
    let scene = Scene::new(|_| None);
    assert!(matches!(scene.store.get(&name("a")), Err(StoreError::NotFound(_))));
    assert_eq!(scene.requests(), 1);
}

#[test]
fn a_put_whose_answer_was_lost_is_looked_for_and_not_sent_twice() {
    let scene = Scene::new(|_| None);
    scene.store.inner().lost_puts.lock().unwrap().push_back(true);
    assert_eq!(scene.store.put(&name("a"), Bytes::from_static(b"x")).unwrap(), PutOutcome::Done);
    assert_eq!(scene.requests(), 2, "one put, one look");
}

#[test]
fn a_put_that_was_lost_on_the_way_is_sent_again() {
    let scene = Scene::new(|_| None);
    scene.store.inner().lost_puts.lock().unwrap().extend([false, false]);
    assert_eq!(scene.store.put(&name("a"), Bytes::from_static(b"x")).unwrap(), PutOutcome::Done);
    assert_eq!(scene.store.get(&name("a")).unwrap(), "x");
    assert_eq!(scene.requests(), 6, "put and look twice, put, get");
}

#[test]
fn a_name_with_another_size_is_not_taken_for_what_was_put() {
    let scene = Scene::new(|_| None);
    scene.store.inner().inner.insert_raw(name("a"), Bytes::from_static(b"cut"));
    scene.store.inner().lost_puts.lock().unwrap().extend([false; 1000]);
    assert_eq!(scene.store.put(&name("a"), Bytes::from_static(b"whole")).unwrap(), PutOutcome::Unknown);
}

#[test]
fn a_put_that_nobody_can_settle_is_never_called_an_error_or_done() {
    let scene = Scene::new(|_| None);
    scene.store.inner().lost_puts.lock().unwrap().extend([false; 1000]);
    assert_eq!(scene.store.put(&name("a"), Bytes::from_static(b"x")).unwrap(), PutOutcome::Unknown);
}

#[test]
fn a_store_that_asks_for_time_gets_it() {
    let scene = Scene::new(|pace| (pace.now() < Duration::from_secs(1)).then(|| busy(Some(45))));
    assert!(scene.store.list("").unwrap().is_empty());
    assert_eq!(scene.requests(), 2);
    assert!(scene.pace.now() >= Duration::from_secs(45));
}

#[test]
fn damaged_answers_are_tried_a_few_times_only() {
    let scene =
        Scene::new(|_| Some(StoreError::Garbled { doing: "reading", name: "a".to_owned(), what: "short".to_owned() }));
    assert!(matches!(scene.store.get(&name("a")), Err(StoreError::Garbled { .. })));
    assert_eq!(scene.requests(), Limits::default().most_damaged);
}

#[test]
fn somebody_who_asks_to_stop_is_obeyed_while_waiting() {
    let scene = Scene::watched(|_| Some(silent()), Watching { cancel_after: Some(2), ..Watching::default() });
    assert!(matches!(scene.store.get(&name("a")), Err(StoreError::Stopped)));
    assert_eq!(scene.requests(), 3);
}

#[test]
fn a_storm_costs_at_most_twice_the_requests_and_ends_well() {
    // Nine of ten calls are refused for twenty minutes, while a backup of 2,000 packs goes on.
    let seed = 7;
    let rng = Mutex::new(fastrand::Rng::with_seed(seed));
    let scene =
        Scene::new(move |pace| (pace.now() < 20 * MINUTE && rng.lock().unwrap().f64() < 0.9).then(|| busy(None)));
    for number in 0..2000 {
        let outcome = scene.store.put(&name(&format!("p/{number}")), Bytes::from_static(b"x"));
        assert_eq!(outcome.unwrap(), PutOutcome::Done, "seed {seed}, pack {number}");
        // A pack takes its time.
        scene.pace.sleep(Duration::from_secs(1));
    }
    assert!(scene.requests() <= 4000, "{} requests, seed {seed}", scene.requests());
    assert!(scene.pace.now() > 20 * MINUTE);
}

#[test]
fn many_threads_together_ask_a_silent_store_seldom() {
    const THREADS: u32 = 8;
    let budget = Budget::new(Limits::default(), Duration::ZERO);
    // All at once and at every second of an hour: what is spare, and then one in `longest_wait`.
    let asked = (0..3600).flat_map(|second| (0..THREADS).map(move |_| Duration::from_secs(second)));
    let allowed = asked.filter(|now| budget.may_ask(*now)).count();
    assert_eq!(allowed, 100 + 3600 / 30 - 1);
}

#[test]
fn an_object_that_always_fails_is_given_up_although_others_succeed() {
    let budget = Budget::new(Limits::default(), Duration::ZERO);
    let mut trouble = Trouble::since(Duration::ZERO);
    let ended = (0..10_000u64).map(Duration::from_secs).find(|now| {
        budget.answered(*now);
        now.as_secs() % 15 == 0 && budget.judge(&mut trouble, &busy(None), *now, 0.5) == Verdict::GiveUp
    });
    assert_eq!(ended, Some(Limits::default().patience));
}
