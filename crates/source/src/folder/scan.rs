//! One folder's part of the walk: its names, and a look at each of them, in batches so that a folder of a million files
//! is never held as a million looks.

use super::FolderOptions;
use super::facts::Facts;
use super::limits::Limits;
use super::names::{Name, Names};
use super::place::Place;
use super::prefetch::Slot;
use super::root::{LISTING, Root, open_one};
use crate::Verdict;
use chest_model::TreePath;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, readlinkat, statat};
use rustix::io::{Errno, Result, retry_on_intr};
use std::ffi::CStr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const LISTING_BUFFER: usize = 32 * 1024;

/// What is to be done for a folder.
#[derive(Debug)]
pub(super) enum Task {
    /// Read its names and look at the first of them.
    List,
    /// Look at the names from that place in the order on.
    Look {
        /// The folder's names.
        names: Arc<Names>,
        /// The first to look at.
        from: usize,
    },
}

/// A folder that has been listed, and looks at some of its names.
#[derive(Debug)]
pub(super) struct Scanned {
    /// All names.
    pub(super) names: Arc<Names>,
    /// The looks.
    pub(super) batch: Batch,
    /// The folder's handle, where more is to come and it could be kept.
    pub(super) handle: Option<Arc<Handle>>,
}

/// Looks at a range of names; what somebody's pattern excludes is missing.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In the order of the names.
    pub(super) entries: Vec<Entry>,
    /// The first name that is not in it.
    pub(super) end: usize,
}

/// One look.
#[derive(Debug)]
pub(super) struct Entry {
    /// The name's place in the order.
    pub(super) index: usize,
    /// What was seen.
    pub(super) found: Found,
}

/// What was seen under a name.
#[derive(Debug)]
pub(super) enum Found {
    /// A folder; without a slot where it is not to be entered.
    Folder(Facts, Option<Arc<Slot>>),
    /// A symbolic link and where it points.
    Link(Facts, Vec<u8>),
    /// Anything else.
    Other(Facts),
    /// Its path is longer than what can be stored; if it is a folder, so are all paths in it.
    TooDeep(Facts),
    /// It could not be looked at, or not fully.
    Failed(Option<Facts>, Errno),
    /// Its name cannot be stored.
    Refused,
    /// It is left out though nobody asked for that.
    PassedOver,
}

impl Entry {
    /// About how many bytes it takes; the same at any time.
    pub(super) fn cost(&self) -> usize {
        let beside = match &self.found {
            Found::Folder(_, Some(slot)) => slot.own_cost(),
            Found::Link(_, target) => target.capacity(),
            _ => 0,
        };
        size_of::<Self>() + beside
    }
}

impl Batch {
    /// About how many bytes it takes.
    pub(super) fn cost(&self) -> usize {
        self.entries.iter().map(Entry::cost).sum()
    }
}

/// An open folder, counted so that there are never too many.
#[derive(Debug)]
pub(super) struct Handle {
    folder: OwnedFd,
    open: Arc<AtomicUsize>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Room that one thread uses again and again.
#[derive(Debug)]
pub(super) struct Scratch {
    listing: Vec<u8>,
    path: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { listing: Vec::with_capacity(LISTING_BUFFER), path: Vec::new() }
    }
}

/// Scans folders of one source.
#[derive(Debug)]
pub(super) struct Scanner<'s> {
    root: &'s Root,
    options: &'s FolderOptions,
    limits: Limits,
    /// The only file system to be entered.
    only_device: Option<u64>,
    open: Arc<AtomicUsize>,
}

impl<'s> Scanner<'s> {
    /// For the folders below that root, which itself looks like `facts`.
    pub(super) fn new(root: &'s Root, options: &'s FolderOptions, limits: Limits, facts: &Facts) -> Self {
        let only_device = options.one_file_system.then_some(facts.device);
        Self { root, options, limits, only_device, open: Arc::default() }
    }

    /// Does the task. `near` is the handle of the folder above (to list) or of the folder itself (to look further).
    pub(super) fn run(
        &self,
        place: &Arc<Place>,
        task: &Task,
        near: Option<Arc<Handle>>,
        scratch: &mut Scratch,
    ) -> Result<Scanned> {
        match task {
            Task::List => self.list(place, near.as_deref(), scratch),
            Task::Look { names, from } => Ok(self.look_further(place, Arc::clone(names), *from, near, scratch)),
        }
    }

    fn list(&self, place: &Arc<Place>, above: Option<&Handle>, scratch: &mut Scratch) -> Result<Scanned> {
        let handle = self.open(place, above, scratch)?;
        let names = Arc::new(Names::read(&handle.folder, &mut scratch.listing)?);
        let batch = self.look(place, &names, 0, &handle, scratch);
        Ok(self.scanned(names, batch, handle))
    }

    fn look_further(
        &self,
        place: &Arc<Place>,
        names: Arc<Names>,
        from: usize,
        handle: Option<Arc<Handle>>,
        scratch: &mut Scratch,
    ) -> Scanned {
        match handle.map_or_else(|| self.open(place, None, scratch), Ok) {
            Ok(handle) => {
                let batch = self.look(place, &names, from, &handle, scratch);
                self.scanned(names, batch, handle)
            }
            Err(errno) => {
                let range = self.next_range(&names, from);
                let end = range.end;
                let entries = range.map(|index| Entry { index, found: Found::Failed(None, errno) }).collect();
                Scanned { names, batch: Batch { entries, end }, handle: None }
            }
        }
    }

    fn scanned(&self, names: Arc<Names>, batch: Batch, handle: Arc<Handle>) -> Scanned {
        let handle = (batch.end < names.len() && self.may_be_kept()).then_some(handle);
        Scanned { names, batch, handle }
    }

    fn open(&self, place: &Place, above: Option<&Handle>, scratch: &mut Scratch) -> Result<Arc<Handle>> {
        let folder = match above {
            Some(above) => open_one(&above.folder, place.name(), LISTING)?,
            None => {
                place.write_path(&mut scratch.path);
                self.root.open_below(&scratch.path, LISTING)?
            }
        };
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Handle { folder, open: Arc::clone(&self.open) }))
    }

    fn look(
        &self,
        place: &Arc<Place>,
        names: &Names,
        from: usize,
        handle: &Arc<Handle>,
        scratch: &mut Scratch,
    ) -> Batch {
        let range = self.next_range(names, from);
        let end = range.end;
        let mut entries = Vec::with_capacity(range.len());
        let mut exclusion = self.exclusion(place, scratch);
        for (index, name) in names.range(range) {
            // Before the look: to look at a mount point whose server is gone may take for ever, and excluding it must
            // help.
            let found = match name.is_folder.map(|is_folder| exclusion.judge(name.name, is_folder)) {
                Some(Verdict::LeftOut) => continue,
                Some(Verdict::PassedOver) => Found::PassedOver,
                Some(Verdict::Kept) => self.find(place, name, handle),
                None => {
                    let found = self.find(place, name, handle);
                    match exclusion.judge(name.name, matches!(found, Found::Folder(..))) {
                        Verdict::LeftOut => continue,
                        Verdict::PassedOver => Found::PassedOver,
                        Verdict::Kept => found,
                    }
                }
            };
            entries.push(Entry { index, found });
        }
        Batch { entries, end }
    }

    fn exclusion<'e>(&'e self, place: &Place, scratch: &'e mut Scratch) -> Exclusion<'e> {
        if self.options.excludes.is_empty() {
            return Exclusion { rules: None, folder: 0 };
        }
        place.write_path(&mut scratch.path);
        if !scratch.path.is_empty() {
            scratch.path.push(b'/');
        }
        let folder = scratch.path.len();
        Exclusion { rules: Some((&self.options.excludes, &mut scratch.path)), folder }
    }

    fn find(&self, place: &Arc<Place>, name: Name<'_>, handle: &Arc<Handle>) -> Found {
        if name.refused {
            return Found::Refused;
        }
        let facts = match look_at(handle.folder.as_fd(), name.name) {
            Ok(facts) => facts,
            Err(errno) => return Found::Failed(None, errno),
        };
        if place.length_below(name.name.to_bytes()) > TreePath::LONGEST {
            return Found::TooDeep(facts);
        }
        match facts.file_type() {
            FileType::Directory => Found::Folder(facts, self.slot(place, name, &facts, handle)),
            FileType::Symlink => match target(handle.folder.as_fd(), name.name, facts.size) {
                Ok(target) => Found::Link(facts, target),
                Err(errno) => Found::Failed(Some(facts), errno),
            },
            _ => Found::Other(facts),
        }
    }

    fn next_range(&self, names: &Names, from: usize) -> Range<usize> {
        from..names.len().min(from + self.limits.batch)
    }

    fn may_be_kept(&self) -> bool {
        self.open.load(Ordering::Relaxed) <= self.limits.handles
    }

    fn slot(&self, place: &Arc<Place>, name: Name<'_>, facts: &Facts, above: &Arc<Handle>) -> Option<Arc<Slot>> {
        if self.only_device.is_some_and(|device| device != facts.device) {
            return None;
        }
        let above = self.may_be_kept().then(|| Arc::clone(above));
        Some(Slot::new(place.below(name.name.to_bytes()), Task::List, above))
    }
}

/// The rules on what is left out, for the names of one folder.
struct Exclusion<'e> {
    rules: Option<(&'e crate::Excludes, &'e mut Vec<u8>)>,
    /// How much of the path is the folder's.
    folder: usize,
}

impl Exclusion<'_> {
    fn judge(&mut self, name: &CStr, is_folder: bool) -> Verdict {
        let Some((excludes, path)) = &mut self.rules else { return Verdict::Kept };
        path.truncate(self.folder);
        path.extend_from_slice(name.to_bytes());
        excludes.judge(path, is_folder)
    }
}

/// A look at one name in an open folder.
pub(super) fn look_at(folder: BorrowedFd<'_>, name: &CStr) -> Result<Facts> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    retry_on_intr(|| statat(folder, name, flags)).map(|stat| Facts::from(&stat))
}

/// Where a symbolic link points.
pub(super) fn target(folder: BorrowedFd<'_>, name: &CStr, length: u64) -> Result<Vec<u8>> {
    // One more than the length tells the system's answer from one that was cut off.
    let room = Vec::with_capacity(usize::try_from(length).map_or(256, |length| length.min(4095) + 1));
    readlinkat(folder, name, room).map(std::ffi::CString::into_bytes)
}
