//! An S3 server in this process, on a loopback port, that plays any kind of provider and fails as it is told: one bucket in
//! memory with versions, Object Lock and conditional puts, a plan of faults, and a log of what was asked. HTTP, XML and
//! signatures are real, so that the real client is what is tested.

mod bucket;
mod faults;
mod front;
mod log;
mod service;
mod settings;

pub use faults::{S3Call, S3Effect, S3FaultPlan, S3Verb};
pub use log::{S3Cost, S3LogEntry};
pub use settings::{ConditionalPut, ObjectLock, S3Settings, Versioning};

use bucket::{Bucket, PutTerms, versions_seen};
use bytes::Bytes;
use faults::Faults;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use log::RequestLog;
use s3s::service::{S3Service, S3ServiceBuilder};
use service::{BucketService, OneCredential};
use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, JoinSet};

/// What time it is in the bucket at first: some day in 2026.
const FIRST_DAY: Duration = Duration::from_secs(1_790_000_000);

/// All that the parts of the server share.
struct Shared {
    settings: RwLock<S3Settings>,
    bucket: Mutex<Bucket>,
    faults: Faults,
    log: RequestLog,
    clock: Mutex<SystemTime>,
    puts_in_progress: Mutex<HashSet<String>>,
}

impl Shared {
    fn settings(&self) -> S3Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn puts_in_progress(&self) -> MutexGuard<'_, HashSet<String>> {
        self.puts_in_progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A version as it lies in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Version {
    /// Its id.
    pub id: String,
    /// Its bytes; none for a delete marker.
    pub body: Option<Bytes>,
    /// Whether it cannot be deleted now.
    pub is_locked: bool,
}

/// The server. It ends when it is dropped.
pub struct S3Server {
    shared: Arc<Shared>,
    service: S3Service,
    address: SocketAddr,
    accepting: Mutex<Option<JoinHandle<()>>>,
    /// None only while it is being dropped.
    runtime: Option<Runtime>,
}

impl S3Server {
    /// Starts on a free loopback port, with threads of its own.
    pub fn start(settings: S3Settings) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            settings: RwLock::new(settings),
            bucket: Mutex::default(),
            faults: Faults::default(),
            log: RequestLog::new(),
            clock: Mutex::new(UNIX_EPOCH + FIRST_DAY),
            puts_in_progress: Mutex::default(),
        });
        let mut builder = S3ServiceBuilder::new(BucketService(shared.clone()));
        builder.set_auth(OneCredential(shared.clone()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("s3-server")
            .enable_all()
            .build()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let server = Self {
            shared,
            service: builder.build(),
            address: listener.local_addr()?,
            accepting: Mutex::default(),
            runtime: Some(runtime),
        };
        server.accept_from(listener)?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for a client, path style.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it plays now.
    pub fn settings(&self) -> S3Settings {
        self.shared.settings()
    }

    /// Plays something else from now on.
    pub fn change(&self, change: impl FnOnce(&mut S3Settings)) {
        change(&mut self.shared.settings.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets time pass in the bucket, for locks.
    pub fn advance_clock(&self, by: Duration) {
        *self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// What time it is in the bucket.
    pub fn now(&self) -> chest_model::Timestamp {
        self.shared.now().into()
    }

    /// Goes away: no connection is left, and new ones are refused.
    pub fn go_away(&self) {
        let accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(accepting), Some(runtime)) = (accepting, &self.runtime) else { return };
        accepting.abort();
        // Not `block_on`: a test may run on a runtime itself.
        let (gone, wait) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let _ = accepting.await;
            let _ = gone.send(());
        });
        let _ = wait.recv();
    }

    /// Comes back on the same port, with all that it held.
    pub fn come_back(&self) -> io::Result<()> {
        self.go_away();
        self.accept_from(std::net::TcpListener::bind(self.address)?)
    }

    fn accept_from(&self, listener: std::net::TcpListener) -> io::Result<()> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        listener.set_nonblocking(true)?;
        let _entered = runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        let task = runtime.spawn(accept(listener, self.shared.clone(), self.service.clone()));
        *self.accepting.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        Ok(())
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Serves connections until it is aborted; they end with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let (shared, service) = (shared.clone(), service.clone());
        connections.spawn(async move {
            let answer = service_fn(|request| front::answer(shared.clone(), service.clone(), request));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Faults and the log.
impl S3Server {
    /// Fails by this plan from now on.
    pub fn set_plan(&self, plan: S3FaultPlan) {
        self.shared.faults.set(plan, self.shared.bucket().objects());
    }

    /// No faults any more.
    pub fn heal(&self) {
        self.set_plan(S3FaultPlan::new());
    }

    /// How many requests met a fault, under all plans.
    pub fn struck(&self) -> u64 {
        self.shared.faults.struck()
    }

    /// All requests since the start, or since they were taken, in the order in which they came.
    pub fn log(&self) -> Vec<S3LogEntry> {
        self.shared.log.entries()
    }

    /// [`Self::log`], which begins anew.
    pub fn take_log(&self) -> Vec<S3LogEntry> {
        self.shared.log.take()
    }

    /// What the requests in the log cost.
    pub fn cost(&self) -> S3Cost {
        S3Cost::of(&self.log())
    }
}

/// The bucket, past HTTP, rights, locks and faults.
impl S3Server {
    /// Every key with a version.
    pub fn keys(&self) -> Vec<String> {
        self.shared.bucket().objects().keys().cloned().collect()
    }

    /// The versions of a key, the newest first.
    pub fn versions(&self, key: &str) -> Vec<S3Version> {
        let now = self.shared.now().into();
        let bucket = self.shared.bucket();
        let versions = bucket.objects().get(key).map(Vec::as_slice).unwrap_or_default();
        let seen = versions_seen(versions, u64::MAX);
        seen.map(|stored| S3Version {
            id: stored.id.clone(),
            body: stored.body.clone(),
            is_locked: stored.is_locked(&now),
        })
        .collect()
    }

    /// The current bytes of a key.
    pub fn read(&self, key: &str) -> Option<Bytes> {
        self.versions(key).into_iter().next()?.body
    }

    /// Puts bytes over a key, as somebody with the bucket's credential would: with versions, the old ones stay.
    pub fn overwrite(&self, key: &str, bytes: impl Into<Bytes>) {
        self.put_raw(key, Some(bytes.into()));
    }

    /// Deletes a key, as somebody with the bucket's credential would: with versions, by a delete marker.
    pub fn delete(&self, key: &str) {
        if self.settings().versioning == Versioning::On {
            self.put_raw(key, None);
        } else {
            self.remove(key);
        }
    }

    fn put_raw(&self, key: &str, body: Option<Bytes>) {
        let (versioned, now) = (self.settings().versioning == Versioning::On, self.shared.now());
        // Only a condition can refuse a put, and there is none.
        let _ = self.shared.bucket().put(key, body, versioned, now, PutTerms::default());
    }

    /// Takes a key away with all its versions, locked or not.
    pub fn remove(&self, key: &str) -> bool {
        self.shared.bucket().remove_raw(key)
    }

    /// Turns one bit (modulo the length) of a key's current bytes, in place; whether there were any.
    pub fn flip_bit(&self, key: &str, bit: u64) -> bool {
        match self.shared.bucket().version_mut(key, None) {
            Ok(stored) => {
                stored.body = stored.body.take().map(|body| faults::flip(body, bit));
                true
            }
            Err(_) => false,
        }
    }

    /// The number of the last request.
    pub fn requests(&self) -> u64 {
        self.shared.log.last_number()
    }
}
