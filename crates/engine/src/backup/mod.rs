//! Backing up: walk, recognise what is unchanged, read the rest, and record it, with a second look at the owner's decisions
//! before the run is called a success. Needs the writer's key only.

mod ahead;
mod anywhere;
mod assemble;
mod compliance;
mod copies;
mod exceptions;
mod finish;
mod guard;
mod handoff;
mod hashes;
mod next_cache;
mod notebooks;
mod on_the_way;
mod pipeline;
mod read;
mod read_sources;
mod record;
mod run;
mod work;

pub use compliance::{Age, NotCompliant, UP_TO_DATE_DAYS};
pub use notebooks::NotebookLinks;
pub use run::backup;

use chest_model::{
    Amount, Class, Completeness, Container, Doubt, Exception, ObjectHash, RepositoryId, RootDescription, Timestamp,
    WriterId,
};
use chest_repo::ObjectError;
use chest_source::PassedOver;

/// What was asked for.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    /// Why the run is made; recorded for the reader.
    pub reason: String,
    /// Zstandard level.
    pub level: i32,
    /// Threads that read and compress.
    pub threads: usize,
    /// Threads that send packs.
    pub uploads: usize,
    /// Bytes that may be in flight between reading and sending.
    pub budget: u64,
    /// The program and its version; recorded for the reader.
    pub program: String,
    /// Somebody has said that what is no longer there has gone rightly.
    pub accept_shrink: bool,
    /// Somebody has said that files which do not hold what their names promise are right as they are.
    pub accept_change: bool,
}

impl Default for BackupOptions {
    fn default() -> Self {
        Self {
            reason: String::new(),
            level: 3,
            threads: 2,
            uploads: 1,
            budget: 64 << 20,
            program: String::new(),
            accept_shrink: false,
            accept_change: false,
        }
    }
}

/// What a backup did.
#[derive(Debug, Clone)]
pub struct BackupOutcome {
    /// The repository.
    pub repository: RepositoryId,
    /// The writer that made it.
    pub writer: WriterId,
    /// The snapshot: the hash of its record.
    pub snapshot: ObjectHash,
    /// Whether everything was read.
    pub completeness: Completeness,
    /// The same for each class that was backed up, and how much of it there is.
    pub classes: Vec<ClassOutcome>,
    /// Start of reading.
    pub started: Timestamp,
    /// End of reading.
    pub ended: Timestamp,
    /// What the clock said at that end, where the last backup of this machine bears a later time: one of the two is wrong.
    pub clock_behind: Option<Timestamp>,
    /// What was backed up.
    pub roots: Vec<RootOutcome>,
    /// What was wanted in one backup only, and is in an earlier one.
    pub stored_before: Vec<RootDescription>,
    /// Files that had to be read.
    pub files_read: u64,
    /// Bytes that had to be read.
    pub bytes_read: u64,
    /// Files recognised as unchanged without opening them.
    pub files_unchanged: u64,
    /// Chunks that were new.
    pub chunks_added: u64,
    /// Bytes put into the store.
    pub bytes_sent: u64,
    /// Packs of an interrupted run that were taken over instead of being sent again.
    pub packs_taken_over: u64,
    /// Whether the cache of unchanged files was there.
    pub had_cache: bool,
    /// Index objects, packs and key slots that earlier backups need and that are missing or damaged: name and what is wrong.
    pub lost_objects: Vec<(String, ObjectError)>,
    /// What this computer could not keep for itself, and why: the backup is recorded, and the next one will know less.
    pub not_kept: Vec<String>,
    /// What was not read as it should have been: the first ones, and before them the roots that could not be read at all.
    pub exceptions: Vec<Exception>,
    /// How many items could not be read, in all.
    pub items_unread: u64,
    /// How many items changed while they were read, in all.
    pub items_changed: u64,
    /// What does not look like what there was, accepted or not.
    pub doubts: Vec<Doubt>,
    /// What was backed up together with some of these the last time, and was not named now.
    pub left_out: Vec<LeftOut>,
    /// Whether nobody could tell: earlier runs have left no note of what they held.
    pub had_no_baseline: bool,
    /// Six words that name the repository's state after this run.
    pub head_words: Vec<&'static str>,
}

/// One class of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassOutcome {
    /// Which.
    pub class: Class,
    /// Whether everything was read, and nothing is doubted.
    pub completeness: Completeness,
    /// Files and bytes of its roots.
    pub held: Amount,
}

/// One root of a backup.
#[derive(Debug, Clone)]
pub struct RootOutcome {
    /// What it is called and where it lies.
    pub description: RootDescription,
    /// It is wanted in this backup and in no later one.
    pub is_once: bool,
    /// Files in it.
    pub files: u64,
    /// Folders in it.
    pub folders: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// The exports that it came out of; none where it is a folder.
    pub containers: Vec<Container>,
    /// How old an export is: its newest message, or the last change of a file in it. Times to come do not count.
    pub newest_content: Option<Timestamp>,
    /// The newest message, where it holds any.
    pub newest_message: Option<Timestamp>,
    /// Files in it that hold nothing.
    pub empty_files: u64,
    /// Nothing, or not much, is in it but ZIP files kept as the files they are, and nobody can tell how old what is in those is.
    pub keeps_exports: bool,
    /// What it was held against.
    pub held_against: HeldAgainst,
    /// The deepest folders of an export, so many, cannot be remembered: nobody will miss one of them in the next.
    pub folders_not_remembered: u64,
    /// Files in it that are only shortcuts to OneNote notebooks.
    pub notebook_links: NotebookLinks,
    /// Files of it that were left out though nobody asked for that.
    pub passed_over: PassedOver,
}

/// What a root was held against, to tell whether something is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldAgainst {
    /// Its own last complete backup.
    Itself,
    /// That of another name or from another path, in whose place it seems to have come.
    Another {
        /// The other's name.
        label: Vec<u8>,
        /// The path from which it came, where that is all that tells it from this one.
        elsewhere: Option<Vec<u8>>,
    },
    /// An export that goes on from none: the one beside it to which nothing new has come, which may be what it was.
    Neighbour {
        /// The other's name.
        label: Vec<u8>,
    },
    /// Nothing: complete backups of others are known, and none of this.
    Nothing,
    /// Nothing: no complete backup of anything is known, or the notes of them were lost.
    NothingAtAll,
}

/// What was backed up together with others the last time, and was not named now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it was called.
    pub label: Vec<u8>,
    /// What its last complete backup held.
    pub held: Amount,
}
