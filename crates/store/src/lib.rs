//! Where sealed objects lie. One trait with the promise of each method, the stores that keep it, and the promises as code
//! (`contract`) that tests and `chest doctor` run.

mod aligned;
pub mod contract;
mod forward;
mod local;
mod memory;
mod name;
mod provider;
pub mod retry;
pub mod s3;
mod single_version;

pub use aligned::AlignedBuffer;
pub use local::LocalStore;
pub use memory::MemoryStore;
pub use name::{NameError, ObjectName};
pub use provider::{Creation, Provider};
pub use retry::Retrying;
pub use s3::S3Store;

/// What [`pass_on`] writes out names.
#[doc(hidden)]
pub mod macro_support {
    pub use bytes::Bytes;
    pub use chest_model::Timestamp;
}

use bytes::Bytes;
use chest_model::Timestamp;
use std::ops::Range;
use std::time::Duration;

/// Keeps objects by name.
///
/// What the format relies on, and nothing more: an object put is either wholly there or not there; what was answered `Done`
/// is there for the next reader; names are never reused; no name is a folder of another (`a` and `a/b` cannot both lie in a
/// file system). No lock, no conditional write, no clock, no rename.
pub trait ObjectStore: Send + Sync {
    /// Stores `bytes` under `name`, durably.
    ///
    /// Every name of ours contains the hash of its bytes, so a name that is already there is success and is left as it is.
    /// `Unknown` means the request may or may not have been carried out, now or later: look for the name.
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError>;

    /// The whole current object.
    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError>;

    /// Exactly the bytes in `range`; asking past the end is an error (`StoreError::RangeOutside`).
    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError>;

    /// Every object whose name begins with `prefix` (a plain prefix, not a folder), in ascending order of names.
    /// Either complete or an error, never a part.
    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError>;

    /// Every version of one name, the newest first; a store without versions shows the current one under a fixed id.
    /// None where there is nothing of that name.
    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError>;

    /// The bytes of one version.
    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError>;

    /// Deletes one version for good. Deleting what is not there is success.
    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError>;

    /// Forbids deletion of one version until then, where the store can; else `StoreError::Unsupported`.
    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError>;

    /// Things below the repository that are no objects: what an interrupted put left behind, and what does not belong here.
    fn strays(&self) -> Result<Vec<Stray>, StoreError>;

    /// How many requests at a time are answered faster than one after another.
    fn requests_at_once(&self) -> AtOnce;
}

/// How many requests at a time pay: few of those that fill a line, more of those that only wait for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtOnce {
    /// Of requests for large objects and large parts of them.
    pub large: usize,
    /// Of listings, and of requests for what is small.
    pub small: usize,
}

impl AtOnce {
    /// Where nothing waits for a line.
    pub const ONE: Self = Self { large: 1, small: 1 };

    /// What has no more bytes is small: its answer comes in a packet or a few dozen.
    pub const LARGEST_SMALL: u64 = 64 << 10;

    /// Of requests of which none moves more bytes than that.
    pub fn of_up_to(self, bytes: u64) -> usize {
        if bytes <= Self::LARGEST_SMALL { self.small } else { self.large }
    }
}

/// What became of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum PutOutcome {
    /// It is there.
    Done,
    /// Nobody can tell: look for it.
    Unknown,
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The object's name.
    pub name: ObjectName,
    /// Its length in bytes.
    pub size: u64,
}

/// A version's id, as the store words it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionId(pub String);

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// Its length in bytes; zero for a delete marker.
    pub size: u64,
    /// Whether it is only a mark that the object was deleted.
    pub is_delete_marker: bool,
}

/// Something below the repository that is no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its name below the repository.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Whether an interrupted put of ours left it: harmless, and removed by the next one.
    pub left_by_us: bool,
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no object of that name.
    #[error("{0} is not in the store")]
    NotFound(ObjectName),
    /// The place itself (folder, bucket) is not there.
    #[error("{0} does not exist")]
    NoSuchPlace(String),
    /// Something lies at the place, or above it, that is no folder.
    #[error("{0} is not a folder")]
    NotAFolder(String),
    /// The object is shorter than the range asked for.
    #[error("{name} has {size} bytes; {wanted:?} was asked for")]
    RangeOutside {
        /// Which object.
        name: ObjectName,
        /// Its length.
        size: u64,
        /// What was asked.
        wanted: Range<u64>,
    },
    /// The store cannot be reached, or went away.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// The store refused the credential or the right is missing.
    #[error("the store refused: {0}")]
    Refused(String),
    /// No space, or over quota.
    #[error("no space left in the store: {0}")]
    NoSpace(String),
    /// The store answered with an error that fits nothing above.
    #[error("{doing} {name}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With what.
        name: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// This store cannot do that at all.
    #[error("this store cannot {0}")]
    Unsupported(&'static str),
    /// The store is overloaded, or something within it fails for the moment.
    #[error("the store cannot answer just now: {what}")]
    Busy {
        /// What it says.
        what: String,
        /// How long it asks to be left alone.
        wait: Option<Duration>,
    },
    /// What arrived, here or there, is not what was sent, or is no answer of such a store.
    #[error("{doing} {name}: the transfer was damaged: {what}")]
    Garbled {
        /// What was being done.
        doing: &'static str,
        /// With what.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// Whatever answers there is no such store: a login page, a router, a shop window.
    #[error("something other than S3 storage answers at that address ({0})")]
    NotAStore(String),
    /// The key is not known, does not fit its secret, or has run out.
    #[error("the storage does not accept the key: {0}")]
    WrongKey(String),
    /// The storage lies in another region, or at another address, than it was asked in.
    #[error("the storage is in another region, or at another address: {0}")]
    WrongRegion(String),
    /// This computer's clock and the store's differ too much for a request to be believed.
    #[error("the clock of this computer is wrong, or that of the storage: they differ too much: {0}")]
    WrongClock(String),
    /// The other side could not prove to be the store.
    #[error("the store could not prove who it is: {0}")]
    NotTrusted(String),
    /// This leads to no store.
    #[error("the address of the store is wrong: {0}")]
    BadAddress(String),
    /// Somebody asked to stop while the store was waited for.
    #[error("stopped while waiting for the store")]
    Stopped,
}

impl StoreError {
    /// Whether the same request may well succeed in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. } | Self::Garbled { .. } | Self::NotAStore(_))
    }
}
