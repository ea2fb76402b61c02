//! Where documents come from. A source lists its items in tree order and opens their content; the engine does not know
//! whether it is a folder, a ZIP export or a mailbox.

mod cloud;
pub mod contract;
mod exclude;
#[cfg(unix)]
mod folder;
#[cfg(test)]
#[cfg(unix)]
mod lent;
mod missing;
mod passed_over;
mod zip_export;

pub use cloud::{
    Attributes, AttributesOf, CloudFacts, CloudFiles, CloudPolicy, CloudSource, FreeSpace, Listed, PatientSource,
    Pause, RealPause, SpaceGuard, WINDOWS_ERRORS, Waits, WindowsError, in_cloud, in_step, windows_failure,
};
#[cfg(windows)]
pub use cloud::{DiskOf, ListedFolder};
pub use exclude::{BUILT_IN_EXCLUDES, ExcludeError, Excludes, Patterns, Verdict};
#[cfg(unix)]
pub use folder::{FolderOptions, FolderSource};
pub use missing::MissingSource;
pub use passed_over::PassedOver;
pub use zip_export::{
    ArchiveBytes, Export, ExportFolder, ExportSeries, InFolder, OlderExport, OlderZip, ZipLimits, ZipNote, ZipOptions,
    ZipSource, form_of_export, in_folder, is_export, same_exports, title_of_export,
};

use chest_model::{
    Container, FileLook, Fingerprint, Hole, Metadata, RootDescription, Timestamp, TreePath, UnreadableReason,
};
use std::io;
use std::ops::ControlFlow;

/// Something that can be backed up.
///
/// Promises: items come in strictly ascending tree order, the root first, every folder before what lies below it; bytes
/// read twice are the same unless a change is reported; an item that cannot be read is an item with its reason, never
/// left out quietly; reading changes nothing (not even access times, where the system lets us).
pub trait Source: Send + Sync {
    /// What this source is called and where it lies.
    fn description(&self) -> &RootDescription;

    /// Calls `visit` for every item, in order, until it breaks. Fails only where the source as a whole is not there:
    /// a source that vanished is an error, never an empty list.
    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError>;

    /// The item's extended attributes, sorted by name. Asked for only where the item is new or changed.
    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure>;

    /// Opens a file's content. Never follows a link, never waits on a pipe.
    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure>;

    /// The files that the items came out of, where the source is an export. Reads each from beginning to end unless its hash is known.
    fn containers(&self, _known: &dyn KnownHashes) -> Vec<Container> {
        Vec::new()
    }

    /// The last change of anything in the source, where that tells how old an export is; `None` where the source is what it
    /// shows, and no copy of something else.
    fn newest_content(&self) -> Option<Timestamp> {
        None
    }

    /// Whether it is wanted in one backup only: the first that holds all of it.
    fn is_wanted_once(&self) -> bool {
        false
    }

    /// By what a later run knows that all of this has been stored: the hash of each file that it came out of, with what is left out of
    /// it. `None` where nobody can tell, or where it is to be backed up each time whatever was stored.
    fn known_by(&self, _known: &dyn KnownHashes) -> Option<Vec<[u8; 32]>> {
        None
    }

    /// Lets go of what is held open: nothing will be asked before the next walk.
    fn release(&self) {}

    /// What the last walk left out though nobody asked for that.
    fn passed_over(&self) -> PassedOver {
        PassedOver::default()
    }

    /// By what it leaves something out, where it does.
    fn left_out_by(&self) -> Option<&Excludes> {
        None
    }
}

/// The hashes of files that were read before, for those that have not changed since.
pub trait KnownHashes {
    /// The BLAKE3 of the file that looks like this.
    fn recall(&self, look: &FileLook) -> Option<[u8; 32]>;

    /// The file that looked like this before and after it was read has this BLAKE3.
    fn learn(&self, look: &FileLook, hash: [u8; 32]);
}

/// Knows nothing: every file is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoneKnown;

impl KnownHashes for NoneKnown {
    fn recall(&self, _look: &FileLook) -> Option<[u8; 32]> {
        None
    }

    fn learn(&self, _look: &FileLook, _hash: [u8; 32]) {}
}

/// Extended attributes: names and values.
pub type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// One item, as the listing shows it: nothing has been opened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceItem {
    /// Where it lies below the source.
    pub path: TreePath,
    /// What it is.
    pub kind: ItemKind,
    /// Everything but extended attributes.
    pub metadata: Metadata,
    /// Tells whether it has changed since the last run.
    pub fingerprint: Fingerprint,
    /// For a file or symbolic link with several hard links: the first of their paths, in tree order, that this walk has met (its own, if
    /// it is the first).
    pub first_link: Option<TreePath>,
    /// Only its name is on this computer: to read it is to fetch it from a cloud.
    pub cloud_only: bool,
}

impl SourceItem {
    /// Whether it looks as it did when it had this fingerprint. Of a file whose content is in a cloud only length and time of last change
    /// can tell: that it left this computer has changed the other two.
    pub fn looks_like(&self, earlier: &Fingerprint) -> bool {
        let now = &self.fingerprint;
        if self.cloud_only { (now.size, now.modified) == (earlier.size, earlier.modified) } else { now == earlier }
    }
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// A file of that many bytes.
    File {
        /// Length in bytes, holes included.
        size: u64,
    },
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink {
        /// Where it points, as bytes.
        target: Vec<u8>,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharacterDevice {
        /// Major and minor number as the system encodes them.
        device: u64,
    },
    /// A block device.
    BlockDevice {
        /// Major and minor number as the system encodes them.
        device: u64,
    },
    /// It is there and cannot be read.
    Unreadable(ReadFailure),
}

/// Why one item could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReadFailure {
    /// The kind of obstacle.
    pub reason: UnreadableReason,
    /// The system's own words.
    pub message: String,
    /// Whether it may be gone when asked again a little later.
    pub may_pass: bool,
}

impl ReadFailure {
    /// An obstacle that stays.
    pub fn lasting(reason: UnreadableReason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), may_pass: false }
    }
}

/// An open file's content: its data without the holes.
pub trait Content: Send {
    /// Where the holes are; known from the start. Empty where the file has none.
    fn holes(&self) -> &[Hole];

    /// The next bytes of data (holes are passed over), at most `buffer.len()`; zero at the end. Fills the buffer as far
    /// as the file allows.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure>;

    /// Bytes of the file from this place on, holes included, where that may be asked for in any order; `None` where it is read
    /// from front to back only. Fewer than asked for only at the end.
    fn read_at(&self, _position: u64, _buffer: &mut [u8]) -> Option<io::Result<usize>> {
        None
    }

    /// Looks at the file again after the last read.
    fn finish(self: Box<Self>) -> Result<AfterReading, ReadFailure>;
}

/// How a file looked once it had been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterReading {
    /// Its metadata (without extended attributes) now.
    pub metadata: Metadata,
    /// Its fingerprint now: equal to the one in the listing unless it changed.
    pub fingerprint: Fingerprint,
}

/// The source as a whole cannot be backed up.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is not there.
    #[error("{path} does not exist")]
    NotFound {
        /// The path given.
        path: String,
    },
    /// It is there and cannot be listed.
    #[error("{path} cannot be read: {message}")]
    Unreadable {
        /// The path given.
        path: String,
        /// The kind of obstacle.
        reason: UnreadableReason,
        /// The system's own words.
        message: String,
    },
    /// It was to be an export, and nothing can be taken out of it.
    #[error("{path} cannot be read: {message}")]
    NoExport {
        /// The export's name.
        path: String,
        /// What it is instead.
        message: String,
    },
    /// It disappeared while it was being walked.
    #[error("{path} disappeared while it was being read")]
    Vanished {
        /// The path given.
        path: String,
    },
}

impl<S: Source + ?Sized> Source for std::sync::Arc<S> {
    fn description(&self) -> &RootDescription {
        (**self).description()
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        (**self).walk(visit)
    }

    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        (**self).xattrs(item)
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        (**self).open(item)
    }

    fn containers(&self, known: &dyn KnownHashes) -> Vec<Container> {
        (**self).containers(known)
    }

    fn newest_content(&self) -> Option<Timestamp> {
        (**self).newest_content()
    }

    fn is_wanted_once(&self) -> bool {
        (**self).is_wanted_once()
    }

    fn known_by(&self, known: &dyn KnownHashes) -> Option<Vec<[u8; 32]>> {
        (**self).known_by(known)
    }

    fn release(&self) {
        (**self).release();
    }

    fn passed_over(&self) -> PassedOver {
        (**self).passed_over()
    }

    fn left_out_by(&self) -> Option<&Excludes> {
        (**self).left_out_by()
    }
}
