//! Words only: the vocabulary every other crate speaks (ids, paths, entries, outcomes, findings), and the traits through
//! which the outside world (clock, randomness, progress) reaches the library. No I/O, no cryptography, nothing of ours below it.

mod doubt;
mod entry;
mod environment;
mod finding;
mod fold;
mod ids;
mod monitor;
mod outcome;
mod path;
mod shown;
mod time;

pub use doubt::{Amount, Doubt, DoubtKind};
pub use entry::{ChunkList, Entry, EntryKind, FileLook, Fingerprint, Glance, Hole, Metadata, UnreadableReason};
pub use environment::{Environment, RandomError};
pub use finding::{Finding, Severity};
pub use fold::{folded, folded_text, without_accents, words_of};
pub use ids::{ChunkId, Epoch, IdParseError, ObjectHash, RepositoryId, SlotId, WriterId};
pub use monitor::{Monitor, Phase, Progress, Silent};
pub use outcome::{
    Class, Completeness, Container, DamagedFile, Exception, ExceptionKind, RootDescription, RootEncoding,
    SnapshotSummary,
};
pub use path::{PathError, TreePath};
pub use shown::{harmless, shown, shown_place, typed};
pub use time::Timestamp;
