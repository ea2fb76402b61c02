//! The store on S3 over lines on which nothing moves any more, and over slow ones on which something does: the first is given
//! up soon, told before, and ended by whoever asks to stop; the second is left alone.

#![allow(clippy::unwrap_used, clippy::panic)]

use chest_store::retry::{Limits, RealPace, RetryMonitor, Retrying, Silence};
use chest_store::s3::{S3Options, Secret};
use chest_store::{ObjectName, ObjectStore, PutOutcome, S3Store, StoreError};
use chest_testkit::line::{Line, LineSettings};
use chest_testkit::s3_server::{S3Server, S3Settings};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Watching {
    is_cancelled: AtomicBool,
    silences: Mutex<Vec<Silence>>,
    recovered: AtomicU32,
}

impl RetryMonitor for Watching {
    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::SeqCst)
    }

    fn silent(&self, silence: &Silence) {
        self.silences.lock().unwrap().push(*silence);
    }

    fn recovered(&self) {
        self.recovered.fetch_add(1, Ordering::SeqCst);
    }
}

/// A store behind a line to a server in this process.
struct Scene {
    line: Line,
    store: Retrying<S3Store>,
    watching: Arc<Watching>,
    _server: S3Server,
}

impl Scene {
    fn new(bits_per_second: u64, patience: Duration, change: impl FnOnce(&mut S3Options)) -> Self {
        let server = S3Server::start(S3Settings::default()).unwrap();
        let settings = LineSettings {
            round_trip: Duration::from_millis(40),
            up_bits_per_second: bits_per_second,
            down_bits_per_second: bits_per_second,
        };
        let line = Line::start(server.address(), settings).unwrap();
        let S3Settings { bucket, access_key, secret_key, .. } = server.settings();
        let mut options = S3Options::new(bucket, Secret::new(access_key), Secret::new(secret_key));
        options.endpoint = Some(format!("http://{}", line.address()));
        change(&mut options);
        let watching = Arc::new(Watching::default());
        let store = S3Store::open_watched(&options, patience, watching.clone()).unwrap();
        let limits = Limits { patience, ..Limits::default() };
        let store = Retrying::new(store, limits, Arc::new(RealPace::new()), watching.clone());
        Self { line, store, watching, _server: server }
    }
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn noise(length: usize) -> bytes::Bytes {
    let mut bytes = vec![0; length];
    fastrand::Rng::with_seed(7).fill(&mut bytes);
    bytes.into()
}

#[test]
fn a_slow_line_that_moves_is_never_given_up() {
    // Each way takes more than twice the silence that is allowed.
    let scene = Scene::new(400_000, 20 * SECOND, |options| options.timeouts.silence = 5 * SECOND);
    let bytes = noise(600_000);
    let begun = Instant::now();
    assert_eq!(scene.store.inner().put(&name("packs/a"), bytes.clone()).unwrap(), PutOutcome::Done);
    assert!(begun.elapsed() > 10 * SECOND, "the line is too fast for this test: {:?}", begun.elapsed());
    assert!(scene.store.inner().get(&name("packs/a")).unwrap() == bytes);
    assert!(scene.watching.silences.lock().unwrap().is_empty());
}

#[test]
fn a_line_that_falls_silent_is_given_up_when_patience_is_and_told_before() {
    let scene = Scene::new(200_000_000, 13 * SECOND, |_| {});
    assert!(scene.store.list("").unwrap().is_empty());
    scene.line.fall_silent();
    let begun = Instant::now();
    let error = scene.store.list("").unwrap_err();
    assert!(matches!(&error, StoreError::Unreachable(words) if words.contains("no byte")), "{error}");
    assert!((12 * SECOND..16 * SECOND).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    let told = scene.watching.silences.lock().unwrap().first().copied().unwrap();
    assert!((10 * SECOND..11 * SECOND).contains(&told.lasted) && told.patience <= 3 * SECOND, "{told:?}");
}

#[test]
fn a_line_that_comes_back_in_time_is_told_and_nothing_is_lost() {
    let scene = Scene::new(200_000_000, 60 * SECOND, |_| {});
    scene.line.fall_silent();
    std::thread::scope(|scope| {
        let put = scope.spawn(|| scene.store.put(&name("packs/a"), noise(1 << 20)));
        std::thread::sleep(12 * SECOND);
        assert_eq!(scene.watching.recovered.load(Ordering::SeqCst), 0);
        scene.line.restore().unwrap();
        assert_eq!(put.join().unwrap().unwrap(), PutOutcome::Done);
    });
    assert!(!scene.watching.silences.lock().unwrap().is_empty());
    assert_eq!(scene.watching.recovered.load(Ordering::SeqCst), 1);
}

#[test]
fn a_put_that_is_never_answered_is_unknown_within_patience() {
    let scene = Scene::new(200_000_000, 3 * SECOND, |_| {});
    scene.line.fall_silent();
    let begun = Instant::now();
    assert_eq!(scene.store.put(&name("packs/a"), noise(4 << 20)).unwrap(), PutOutcome::Unknown);
    assert!(begun.elapsed() < 8 * SECOND, "{:?}", begun.elapsed());
}

#[test]
fn whoever_asks_to_stop_waits_for_silence_no_longer_than_a_moment() {
    let scene = Scene::new(200_000_000, 1200 * SECOND, |_| {});
    assert!(scene.store.list("").unwrap().is_empty());
    scene.line.fall_silent();
    std::thread::scope(|scope| {
        let list = scope.spawn(|| scene.store.list(""));
        let get = scope.spawn(|| scene.store.get(&name("packs/a")));
        let put = scope.spawn(|| scene.store.put(&name("packs/a"), noise(4 << 20)));
        std::thread::sleep(3 * SECOND);
        scene.watching.is_cancelled.store(true, Ordering::SeqCst);
        let asked = Instant::now();
        assert!(matches!(list.join().unwrap(), Err(StoreError::Stopped)));
        assert!(matches!(get.join().unwrap(), Err(StoreError::Stopped)));
        assert!(asked.elapsed() < SECOND, "{:?}", asked.elapsed());
        // It may have arrived: it is looked for once, which nothing answers either.
        assert!(matches!(put.join().unwrap(), Err(StoreError::Stopped)));
        assert!(asked.elapsed() < 3 * SECOND, "{:?}", asked.elapsed());
    });
}
