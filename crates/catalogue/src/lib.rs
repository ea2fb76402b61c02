//! The search catalogue: which name was where, in which versions and from when to when, in one SQLite database on this
//! computer, sealed page by page. Everything in it follows from the repository: it can be lost at any time, and what cannot be
//! read is made anew. It knows no repository: the engine fills it.

mod error;
mod families;
mod key;
mod latest;
mod mail;
mod mail_search;
mod mailbox_states;
mod name_blocks;
mod name_index;
mod rows;
mod schema;
mod sealed;
mod search;
mod spans;
mod unspaced;
mod update;
mod vfs;

pub use error::CatalogueError;
pub use families::Computers;
pub use key::CatalogueKey;
pub use latest::Latest;
pub use mail::{Letter, MailHint, MailboxProblem, MailboxVersion, ProblemKind, Searched, Words};
pub use mail_search::{FoundLetter, LetterQuery, Whereabouts};
pub use mailbox_states::MailboxState;
pub use search::{Folders, FoundVersion, NameQuery};
pub use spans::{ChainId, ChainName, Damage, Seen};
pub use update::{ItemVersion, KnownChain, Update};

use rusqlite::Connection;
use std::fs::File;

/// What the file held when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing yet.
    New,
    /// A catalogue.
    Sound,
    /// Something that is no catalogue of this version, or one that a crash left half written: it is begun anew.
    Discarded,
}

/// A catalogue, open.
pub struct Catalogue {
    connection: Connection,
}

impl Catalogue {
    /// Opens the one in this file, which the caller has locked; what cannot be used there is discarded.
    pub fn open(file: File, key: &CatalogueKey, random: [u8; 32]) -> Result<(Self, Condition), CatalogueError> {
        let (sealed, condition) = sealed::SealedFile::open(file, key, random)?;
        let connection = vfs::connect(sealed)?;
        schema::prepare(&connection)?;
        Ok((Self { connection }, condition))
    }

    /// An empty one that is gone when it is dropped: for where no file can be kept.
    pub fn in_memory() -> Result<Self, CatalogueError> {
        let connection = Connection::open_in_memory()?;
        schema::prepare(&connection)?;
        Ok(Self { connection })
    }

    /// Begins a change: all of it counts once it is committed, or none.
    pub fn update(&mut self) -> Result<Update<'_>, CatalogueError> {
        Update::begin(&mut self.connection)
    }
}
