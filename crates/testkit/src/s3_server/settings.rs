//! What kind of provider the server plays. Everything here can be changed while it runs.

use s3s::{S3Result, s3_error};
use std::time::Duration;

/// What the server does with `If-None-Match: *` on a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionalPut {
    /// 412 where there is an object already; of several at once, one is stored.
    Honoured,
    /// As honoured, but a put takes so long, and another of the same key meanwhile is answered with 409.
    Conflict(Duration),
    /// 501, nothing is stored.
    NotImplemented,
    /// As if it were not there.
    Ignored,
    /// That status (400 or 403), nothing is stored.
    Refused(u16),
}

/// Whether the bucket keeps versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioning {
    /// The provider knows no versions: listing them is answered with 501.
    Unsupported,
    /// Not switched on.
    Off,
    /// Switched on.
    On,
}

/// Whether versions can be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectLock {
    /// The provider knows no locks: 501.
    Unsupported,
    /// Not switched on for this bucket.
    Off,
    /// Switched on; everything put is locked in COMPLIANCE mode for so many days, where a number is given.
    On {
        /// Days.
        default_days: Option<u32>,
    },
}

impl ObjectLock {
    pub(super) fn require(self) -> S3Result<()> {
        match self {
            Self::Unsupported => Err(s3_error!(NotImplemented, "Object Lock is not implemented")),
            Self::Off => Err(s3_error!(InvalidRequest, "Bucket is missing Object Lock Configuration")),
            Self::On { .. } => Ok(()),
        }
    }
}

/// The provider, the bucket and the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// The only bucket.
    pub bucket: String,
    /// The only access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// How many keys a page of a list shows at most.
    pub page_size: usize,
    /// Versions.
    pub versioning: Versioning,
    /// Locks; they need versions.
    pub object_lock: ObjectLock,
    /// Conditional puts.
    pub conditional_put: ConditionalPut,
    /// How long every request waits before it is carried out.
    pub latency: Duration,
}

impl Default for S3Settings {
    /// As AWS is without any setting made.
    fn default() -> Self {
        Self {
            bucket: "parish".to_owned(),
            access_key: "AKIATESTONLY".to_owned(),
            secret_key: "a-secret-for-tests-only".to_owned(),
            page_size: 1000,
            versioning: Versioning::Off,
            object_lock: ObjectLock::Off,
            conditional_put: ConditionalPut::Honoured,
            latency: Duration::ZERO,
        }
    }
}
