//! An older export, of which a newer one holds most: what only it holds is stored once, and then no more. So it is opened only
//! where it is not known as stored, and closed again at once: of a folder in which the downloads of years lie, one is held open at a time.

use super::archive::hash_of;
use super::open_file::open_file;
use super::{ZipOptions, ZipSource};
use crate::{Content, KnownHashes, MissingSource, PassedOver, ReadFailure, Source, SourceError, SourceItem, Xattrs};
use chest_model::{Container, RootDescription, Timestamp};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// One as a source, of all its parts.
pub struct OlderZip {
    description: RootDescription,
    parts: Vec<PathBuf>,
    options: ZipOptions,
    opened: Mutex<Option<Arc<Opened>>>,
}

enum Opened {
    Zip(Box<ZipSource>),
    /// It has gone, or cannot be read any more.
    Missing(MissingSource),
}

impl OlderZip {
    /// Of these parts.
    pub fn new(parts: &[PathBuf], description: RootDescription, options: ZipOptions) -> Self {
        Self { description, parts: parts.to_vec(), options, opened: Mutex::new(None) }
    }

    fn opened(&self) -> Arc<Opened> {
        let mut held = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || {
            let opened = ZipSource::open(&self.parts, self.description.clone(), &self.options);
            Arc::new(match opened {
                Ok(zip) => Opened::Zip(Box::new(zip)),
                Err(error) => Opened::Missing(MissingSource::new(self.description.clone(), &error)),
            })
        };
        held.get_or_insert_with(open).clone()
    }
}

impl Opened {
    fn source(&self) -> &dyn Source {
        match self {
            Self::Zip(zip) => &**zip,
            Self::Missing(missing) => missing,
        }
    }
}

impl Source for OlderZip {
    fn description(&self) -> &RootDescription {
        &self.description
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        self.opened().source().walk(visit)
    }

    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        self.opened().source().xattrs(item)
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        self.opened().source().open(item)
    }

    fn containers(&self, known: &dyn KnownHashes) -> Vec<Container> {
        self.opened().source().containers(known)
    }

    fn newest_content(&self) -> Option<Timestamp> {
        self.opened().source().newest_content()
    }

    fn passed_over(&self) -> PassedOver {
        self.opened().source().passed_over()
    }

    fn is_wanted_once(&self) -> bool {
        true
    }

    fn known_by(&self, known: &dyn KnownHashes) -> Option<Vec<[u8; 32]>> {
        let of_part = |part: &PathBuf| {
            let hash = hash_of(&open_file(part, &self.options.waits).ok()?, known)?;
            Some(known_by(&hash, self.options.excludes.fingerprint()))
        };
        self.parts.iter().map(of_part).collect()
    }

    fn release(&self) {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What was left out of it then is in no backup: with other patterns it is another thing.
pub(super) fn known_by(hash: &[u8; 32], left_out: &[u8; 32]) -> [u8; 32] {
    *blake3::Hasher::new().update(hash).update(left_out).finalize().as_bytes()
}
