//! ZIP exports as a source: the members of one or several archives as files, so that this week's export shares everything with
//! last week's, and with the folder it was made of.
//!
//! The directory is read here and not by a library, and `miniz_oxide` and `deflate64` unpack. `zip` loses all but the last of several members
//! with one name, without a word; `rc-zip` keeps them, but gives names only after it has guessed at their characters, and reads
//! nothing at all of an archive whose end is missing. What is left for a library is the packed data, and there those without
//! unsafe code were chosen: hostile bytes meet it in a process that holds keys. Hazards, one file each: `end` (Zip64, what lies
//! in front), `unlisted` (what a directory does not name), `extra`, `names` (character sets, hostile names), `central` (members
//! that share bytes), `recover` (downloads that broke off), `no_archive` (web pages), `merge` (one name twice, bombs), `content`
//! (lengths and checksums).

mod again;
mod age;
mod archive;
mod bytes;
mod central;
mod content;
mod end;
mod export_folder;
mod exports;
mod extra;
#[cfg(unix)]
mod file_unix;
#[cfg(windows)]
mod file_windows;
mod inflate;
mod inflate64;
mod lines;
mod member;
mod merge;
mod names;
mod naming;
mod no_archive;
mod older;
mod one_form;
mod open_file;
mod recover;
#[cfg(test)]
mod tests;
mod titles;
mod unlisted;
mod walk;

pub use bytes::ArchiveBytes;
pub use export_folder::{ExportFolder, ExportSeries, InFolder, OlderExport, form_of_export, in_folder};
pub use exports::{Export, is_export, same_exports, title_of_export};
pub use older::OlderZip;

use crate::{
    Content, Excludes, ItemKind, KnownHashes, PassedOver, ReadFailure, RealPause, Source, SourceError, SourceItem,
    Waits, Xattrs,
};
use archive::{Archive, Budget};
use chest_model::{Container, RootDescription, Timestamp, TreePath, UnreadableReason, shown_place};
use content::MemberContent;
#[cfg(unix)]
use file_unix::FileBytes;
#[cfg(windows)]
use file_windows::FileBytes;
use jiff::tz::TimeZone;
use member::unsupported;
use merge::Item;
use open_file::open_file;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// How archives are read.
#[derive(Debug, Clone)]
pub struct ZipOptions {
    /// What is left out.
    pub excludes: Excludes,
    /// The zone of times that name none: those of MS-DOS.
    pub zone: TimeZone,
    /// What is too much.
    pub limits: ZipLimits,
    /// A time of last change after this is none: what the reader's clock says, and some leeway. Nobody changed a file tomorrow.
    pub not_after: Option<Timestamp>,
    /// How long a file is waited for that another program or computer holds.
    pub waits: Waits,
}

impl Default for ZipOptions {
    fn default() -> Self {
        Self {
            excludes: Excludes::none(),
            zone: TimeZone::UTC,
            limits: ZipLimits::default(),
            not_after: None,
            waits: Waits::for_a_folder(Box::new(RealPause)),
        }
    }
}

/// What is too much for one export. Of OneDrive it is about 10,000 files and 20 GB; these are far above it.
#[derive(Debug, Clone, Copy)]
pub struct ZipLimits {
    /// Files and folders.
    pub items: usize,
    /// Bytes of the archives' directories, and of the names in them as they are kept: memory follows from both.
    pub directory_bytes: u64,
    /// Bytes of all files, unpacked.
    pub total_bytes: u64,
    /// How many times longer than its packed data a file may be …
    pub ratio: u64,
    /// … if it is longer than this.
    pub ratio_counts_from: u64,
    /// How many times longer than the archives all files together may be …
    pub ratio_in_all: u64,
    /// … if they are longer than this.
    pub ratio_in_all_counts_from: u64,
}

impl Default for ZipLimits {
    fn default() -> Self {
        Self {
            items: 250_000,
            directory_bytes: 64 << 20,
            total_bytes: 1 << 40,
            ratio: 1000,
            ratio_counts_from: 1 << 20,
            // Packing ends at 1032 times, so that a limit for one file alone bounds little.
            ratio_in_all: 100,
            ratio_in_all_counts_from: 1 << 30,
        }
    }
}

/// Something that was stored under another name than the archive gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZipNote {
    /// Another file has that name.
    Beside {
        /// The name that both have.
        path: TreePath,
        /// The name that this one got.
        stored_as: TreePath,
    },
    /// No tree can hold the name.
    Escaped {
        /// As the archive has it.
        name: Vec<u8>,
        /// As the tree has it.
        stored_as: TreePath,
    },
}

/// What was stored under another name: an archive may have such names only.
#[derive(Debug, Default)]
struct Notes {
    first: Vec<ZipNote>,
    count: usize,
}

impl Notes {
    const KEPT: usize = 100;

    fn push(&mut self, note: impl FnOnce() -> ZipNote) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(note());
        }
    }
}

/// One or several archives as one source.
pub struct ZipSource {
    description: RootDescription,
    archives: Vec<Archive>,
    items: Vec<Item>,
    notes: Notes,
    passed_over: PassedOver,
    not_after: Option<Timestamp>,
    /// Tells what was left out from what else could have been.
    left_out_by: Excludes,
    containers: OnceLock<Vec<Container>>,
}

impl ZipSource {
    /// Opens archives, which are held open from then on. One that cannot be opened or read is an item that says so, unless all are
    /// such.
    pub fn open(paths: &[PathBuf], description: RootDescription, options: &ZipOptions) -> Result<Self, SourceError> {
        let mut archives: Vec<(Vec<u8>, Box<dyn ArchiveBytes>)> = Vec::new();
        let mut closed: Vec<(Vec<u8>, ReadFailure)> = Vec::new();
        let mut error = None;
        for path in paths {
            let name = exports::name_of(path).to_vec();
            match open_file(path, &options.waits) {
                Ok(bytes) => archives.push((name, Box::new(bytes))),
                Err(failure) => {
                    error.get_or_insert_with(|| source_error(path, &failure));
                    closed.push((name, failure));
                }
            }
        }
        match (Self::of_archives(archives, description, options), error) {
            (Ok(source), Some(error)) if source.archives.is_empty() => Err(error),
            // What cannot be opened now is more likely to be an export than what can, and is none.
            (Err(_), Some(error)) => Err(error),
            (opened, _) => Ok(opened?.lacking(&closed)),
        }
    }

    /// The same of archives that lie elsewhere, each with its name.
    pub fn of_archives(
        archives: Vec<(Vec<u8>, Box<dyn ArchiveBytes>)>,
        description: RootDescription,
        options: &ZipOptions,
    ) -> Result<Self, SourceError> {
        let archives: Vec<Archive> =
            archives.into_iter().map(|(name, bytes)| Archive { name, bytes: Arc::from(bytes) }).collect();
        let mut budget = Budget::new(&options.limits);
        let listings: Vec<_> = archives
            .iter()
            .enumerate()
            .map(|(number, archive)| archive.list(number, &options.zone, &mut budget))
            .collect();
        if let (true, Some(Err(message))) = (listings.iter().all(Result::is_err), listings.first()) {
            let path = archives.first().map_or_else(String::new, |archive| chest_model::shown(&archive.name));
            return Err(SourceError::NoExport { path, message: message.clone() });
        }
        let merged = merge::merge(&archives, listings, &options.excludes, &options.limits);
        let merge::Merged { items, notes, passed_over } = merged;
        let left_out_by = options.excludes.clone();
        let (not_after, containers) = (options.not_after, OnceLock::new());
        Ok(Self { description, archives, items, notes, passed_over, not_after, left_out_by, containers })
    }

    /// With items that stand for what should have been among the archives and cannot be read: names, and why.
    pub fn lacking(mut self, unreadable: &[(Vec<u8>, ReadFailure)]) -> Self {
        for (name, failure) in unreadable {
            merge::stand_in(&mut self.items, name, failure.clone());
        }
        self
    }

    /// What was stored under another name than the archive gives it: the first ones.
    pub fn notes(&self) -> &[ZipNote] {
        &self.notes.first
    }

    /// How many such there are, in all.
    pub fn note_count(&self) -> usize {
        self.notes.count
    }

    fn newest_in(&self, archive: usize) -> Option<Timestamp> {
        let is_in_it = |item: &&Item| item.member.as_ref().is_some_and(|member| member.archive == archive);
        walk::newest(self.items.iter().filter(is_in_it), self.not_after)
    }
}

fn source_error(path: &Path, failure: &ReadFailure) -> SourceError {
    let (path, ReadFailure { reason, message, .. }) = (shown_place(path), failure.clone());
    match reason {
        UnreadableReason::Vanished => SourceError::NotFound { path },
        _ => SourceError::Unreadable { path, reason, message },
    }
}

impl Source for ZipSource {
    fn description(&self) -> &RootDescription {
        &self.description
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        walk::walk(&self.items, self.not_after, visit);
        Ok(())
    }

    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        match &item.kind {
            ItemKind::Unreadable(failure) => Err(failure.clone()),
            _ => Ok(Vec::new()),
        }
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        let found = self.items.binary_search_by(|one| one.path.cmp(&item.path)).ok().map(|at| &self.items[at]);
        match found.map(|found| (&found.kind, &found.member)) {
            Some((ItemKind::File { .. }, Some(member))) => {
                Ok(Box::new(MemberContent::open(&self.archives[member.archive].bytes, member)?))
            }
            Some((ItemKind::Unreadable(failure), _)) => Err(failure.clone()),
            _ => Err(unsupported("only files have content")),
        }
    }

    fn containers(&self, known: &dyn KnownHashes) -> Vec<Container> {
        let containers = || {
            let numbered = self.archives.iter().enumerate();
            numbered.map(|(number, archive)| archive.container(self.newest_in(number), known)).collect()
        };
        self.containers.get_or_init(containers).clone()
    }

    fn newest_content(&self) -> Option<Timestamp> {
        walk::newest(self.items.iter(), self.not_after)
    }

    fn known_by(&self, known: &dyn KnownHashes) -> Option<Vec<[u8; 32]>> {
        let hashes = self.containers(known).into_iter().map(|container| container.hash);
        hashes.map(|hash| Some(older::known_by(&hash?, self.left_out_by.fingerprint()))).collect()
    }

    fn passed_over(&self) -> PassedOver {
        self.passed_over.clone()
    }

    fn left_out_by(&self) -> Option<&Excludes> {
        Some(&self.left_out_by)
    }
}
