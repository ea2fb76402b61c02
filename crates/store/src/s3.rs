//! Objects in a bucket of any S3-compatible storage.
//!
//! Nothing here depends on what services differ in: every object is one single-part PUT of bytes in memory with a
//! Content-MD5; a conditional PUT is only an extra; lists are read to their end or fail; ranges are checked; versions are
//! shown where there are any. The SDK's own retries are off: `retry` is the one place that tries again.
//!
//! The core is synchronous, so the store keeps a small runtime of its own for the connections. Signing and digests run on the
//! thread that calls, because a runtime that computes would make lines look stalled.

mod authorities;
mod fault;
mod http;
mod keys;
mod list;
mod options;
mod provider;
mod put;
mod read;
mod traffic;
mod versions;
mod watch;

pub use authorities::{Authorities, BadAuthorities};
pub use options::{
    S3Options, S3Timeouts, Secret, check_bucket, check_endpoint, is_plain_key, is_region, without_user_info,
};

use crate::retry::{Limits, RetryMonitor, Unwatched};
use crate::{AtOnce, Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use bytes::Bytes;
use chest_model::Timestamp;
use fault::{Asked, Fault};
use keys::Keys;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;
use traffic::Traffic;
use watch::Watch;

const RUNTIME_THREADS: usize = 2;

/// Keeps objects in a bucket. May be used by many threads at once.
pub struct S3Store {
    client: Client,
    bucket: String,
    keys: Keys,
    timeouts: S3Timeouts,
    at_once: AtOnce,
    /// One for a small request; a large one takes as many as it is worth.
    permits: Semaphore,
    watch: Watch,
    /// Whether the service takes `If-None-Match: *`; learnt from its answers.
    takes_conditions: AtomicBool,
    /// Whether the service lists versions; learnt from its answers.
    lists_versions: AtomicBool,
    /// Always there until the store is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl S3Store {
    /// A store at that address. Nothing is sent yet: the first request shows whether the bucket is there.
    pub fn open(options: &S3Options) -> Result<Self, StoreError> {
        Self::open_watched(options, Limits::default().patience, Arc::new(Unwatched))
    }

    /// The same, with somebody who is told of a silence and may end it. No request is waited for in silence for longer than
    /// is left of `patience`, which begins with the first that is not answered.
    pub fn open_watched(
        options: &S3Options,
        patience: Duration,
        monitor: Arc<dyn RetryMonitor>,
    ) -> Result<Self, StoreError> {
        options::check(options)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(RUNTIME_THREADS)
            .thread_name("s3")
            .enable_all()
            .build()
            .map_err(|source| StoreError::Io { doing: "starting", name: "the connections".to_owned(), source })?;
        let traffic = Traffic::of_a_store();
        Ok(Self {
            client: client(options, traffic.clone())?,
            watch: Watch::new(traffic, options.timeouts.silence, patience, monitor),
            bucket: options.bucket.clone(),
            keys: Keys::below(options::normalise_prefix(&options.prefix)?),
            timeouts: options.timeouts,
            at_once: options.at_once(),
            permits: Semaphore::new(options.at_once().small),
            takes_conditions: AtomicBool::new(true),
            lists_versions: AtomicBool::new(true),
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// Runs what moves little on the calling thread, when its turn has come.
    fn run<T: Send>(&self, request: impl Future<Output = Result<T, StoreError>> + Send) -> Result<T, StoreError> {
        self.run_moving(0, request)
    }

    /// Runs what moves so many bytes on the calling thread, when its turn has come.
    fn run_moving<T: Send>(
        &self,
        bytes: u64,
        request: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        // At most 256, so it fits.
        let worth = (self.at_once.small / self.at_once.of_up_to(bytes)) as u32;
        let in_turn = Box::pin(watch::watched(async {
            let _permits = self.permits.acquire_many(worth).await;
            request.await
        }));
        if Handle::try_current().is_err() {
            return self.handle.block_on(in_turn);
        }
        // A thread of somebody's runtime must not wait on another one itself.
        std::thread::scope(|scope| match scope.spawn(|| self.handle.block_on(in_turn)).join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    /// Waits for an answer: while anything moves, at most as long as `bytes` take over the slowest line besides all other
    /// requests.
    async fn within<T, F: Into<Fault>>(
        &self,
        bytes: u64,
        answer: impl Future<Output = Result<T, F>>,
    ) -> Result<T, Fault> {
        let line = bytes.saturating_mul(self.at_once.of_up_to(bytes) as u64) / self.timeouts.slowest_line.max(1);
        let longest = self.timeouts.connect + self.timeouts.silence + Duration::from_secs(line);
        let began = Instant::now();
        let answer = match self.watch.over(longest, answer).await {
            Ok(answer) => answer.map_err(Into::into),
            Err(given_up) => Err(given_up.into()),
        };
        match &answer {
            Err(fault) if !fault.is_an_answer() => self.watch.unanswered(began),
            _ => self.watch.answered(),
        }
        answer
    }

    fn asked<'a>(&'a self, doing: &'static str, name: &'a ObjectName) -> Asked<'a> {
        Asked { doing, bucket: &self.bucket, what: name.as_str(), name: Some(name) }
    }
}

fn client(options: &S3Options, traffic: Traffic) -> Result<Client, StoreError> {
    let token = options.session_token.as_ref().map(|token| token.reveal().to_owned());
    let credentials =
        Credentials::new(options.access_key.reveal(), options.secret_key.reveal(), token, None, "parish-chest");
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http::http_client(options, traffic)?)
        .credentials_provider(credentials)
        .region(Region::new(options.region.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        // `watch` does that, for what is sent and for what comes, and before the answer begins.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .disable_s3_express_session_auth(true)
        .force_path_style(options.path_style.unwrap_or(options.endpoint.is_some()));
    config.set_endpoint_url(options.endpoint.clone());
    Ok(Client::from_conf(config.build()))
}

impl Drop for S3Store {
    fn drop(&mut self) {
        // Waiting for the runtime's threads would panic within somebody else's runtime; nothing is under way any more.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl ObjectStore for S3Store {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        let digest = put::content_md5(&bytes);
        self.run_moving(bytes.len() as u64, self.put_object(name, bytes, digest))
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.run(self.get_object(name, None))
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        let bytes = range.end.saturating_sub(range.start);
        self.run_moving(bytes, self.get_object_range(name, range))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.run(self.list_objects(prefix))
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        self.run(self.versions_of(name))
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        self.run(self.get_object(name, versions::sent_id(version)))
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        self.run(self.delete_object(name, versions::sent_id(version)))
    }

    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        self.run(self.retain(name, version, until))
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        self.run(self.list_strays())
    }

    fn requests_at_once(&self) -> AtOnce {
        self.at_once
    }
}
