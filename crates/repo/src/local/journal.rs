//! The journal: each pack's line is here, synced, before the pack is sent. A killed run leaves it behind, and the next one
//! takes up the packs that arrived. Sealed, and without any key to the packs: only what the index would say.

use super::folder::LocalFolder;
use super::seal::{LocalKey, LocalKind};
use crate::error::RepoError;
use crate::index::{IndexedPack, decode_packs, encode_packs};
use chest_model::{Environment, ObjectHash};
use std::fs::File;
use std::io::Write;
use std::sync::Mutex;

const NAME: &str = "journal";

/// An open journal.
pub struct Journal {
    folder: LocalFolder,
    key: LocalKey,
    open: Mutex<Open>,
}

struct Open {
    file: File,
    number: u64,
}

/// What an interrupted run left.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct JournalRecovery {
    /// The heads of the log when that run began; empty also for the first run of all.
    pub base: Vec<ObjectHash>,
    /// The packs that it was about to send, or had sent.
    pub packs: Vec<IndexedPack>,
}

impl JournalRecovery {
    /// Reads what the seals of the frames held, the head first; `None` where there is no head.
    pub fn decode(frames: impl IntoIterator<Item = Vec<u8>>) -> Option<Self> {
        let mut frames = frames.into_iter();
        let base = frames.next()?.as_chunks::<32>().0.iter().map(|hash| ObjectHash(*hash)).collect();
        let packs = frames.map_while(|line| decode_packs(&line).ok()).flatten().collect();
        Some(Self { base, packs })
    }
}

impl Journal {
    /// What an interrupted run left; a torn last line is passed over.
    pub fn recover(folder: &LocalFolder, key: &LocalKey) -> Result<Option<JournalRecovery>, RepoError> {
        let Some(bytes) = folder.read(NAME)? else { return Ok(None) };
        let mut rest = &bytes[..];
        let frames = (0..).map_while(|number| {
            let (plain, next) = key.open(LocalKind::Journal, number, rest)?;
            rest = next;
            Some(plain)
        });
        Ok(JournalRecovery::decode(frames))
    }

    /// Begins a journal with what was taken over from the last one.
    pub fn begin(
        folder: &LocalFolder,
        key: &LocalKey,
        base: &[ObjectHash],
        taken_over: &[IndexedPack],
        environment: &dyn Environment,
    ) -> Result<Self, RepoError> {
        let head: Vec<u8> = base.iter().flat_map(|hash| hash.0).collect();
        let mut content = key.seal(LocalKind::Journal, 0, &head, environment)?;
        let mut number = 1;
        for pack in taken_over {
            content.extend(key.seal(
                LocalKind::Journal,
                number,
                &encode_packs(std::slice::from_ref(pack)),
                environment,
            )?);
            number += 1;
        }
        folder.replace(NAME, &content)?;
        let file = folder.append_to(NAME)?;
        Ok(Self { folder: folder.clone(), key: key.clone(), open: Mutex::new(Open { file, number }) })
    }

    /// Notes a pack; when this returns, the note outlives a power cut.
    pub fn note(&self, pack: &IndexedPack, environment: &dyn Environment) -> Result<(), RepoError> {
        let mut open = self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let line = encode_packs(std::slice::from_ref(pack));
        let frame = self.key.seal(LocalKind::Journal, open.number, &line, environment)?;
        open.number += 1;
        let written = open.file.write_all(&frame).and_then(|()| open.file.sync_data());
        written.map_err(|error| self.folder.error(NAME, error))
    }

    /// Ends it: the run's record is safe.
    pub fn end(self) -> Result<(), RepoError> {
        self.folder.remove(NAME)
    }
}
