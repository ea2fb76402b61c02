//! What a machine that backs up keeps for itself: its key, the journal of a run, what it has seen, and the cache that spares
//! it reading unchanged files. All but the key are sealed; all but the key can be lost without losing data.

mod baseline;
mod cache;
mod folder;
mod hashes;
mod journal;
mod kept;
mod regular;
mod seal;
mod seen;
mod writer_file;

pub use baseline::{Baseline, BaselineRoot, OwnDoing};
pub use cache::{CacheReader, CacheWriter, CachedEntry, Noticed};
pub use folder::{FolderLock, LocalFolder};
pub use hashes::FileHashes;
pub use journal::{Journal, JournalRecovery};
pub use kept::KeptStore;
pub use regular::{is_irregular, open_regular};
pub use seal::LocalKey;
pub use seen::Seen;
pub use writer_file::WriterFile;
