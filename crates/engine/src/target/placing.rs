//! How a finished item gets its name: the rule for names that are taken, in one place for all kinds of items.

use std::collections::HashSet;
use std::sync::{MutexGuard, PoisonError};

use chest_model::TreePath;
use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::destination::Destination;
use super::error::TargetError;
use super::existing::FileIdentity;
use super::folders::Folder;
use super::metadata::MetadataNote;
use super::names::{self, Rank};
use super::{Existing, Shared, leftovers};

/// How an item came to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Under its own name, which was free.
    AsNamed,
    /// Under a name beside its own, which was taken.
    Beside,
    /// In place of what had its name.
    Overwrote,
    /// The very same was there; nothing was done.
    AlreadyThere,
    /// Something was there; nothing was done, as asked.
    Skipped,
}

/// Where a restored item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The path actually used.
    pub path: TreePath,
    /// How it came there.
    pub how: Placement,
    /// Which file it is, for further links to it; `None` where it was skipped.
    pub identity: Option<FileIdentity>,
    /// What could not be set.
    pub notes: Vec<MetadataNote>,
}

/// Something complete that waits for its name.
pub(super) trait Nameless {
    /// Gives it the name, or fails with `EXIST` where that is taken.
    fn take_name(&mut self, shared: &Shared, folder: &Folder, name: &[u8]) -> Result<(), Errno>;
    /// Gives it the name of something else, in one step; fails with `ISDIR` where that is a folder.
    fn replace(&mut self, shared: &Shared, folder: &Folder, name: &[u8]) -> Result<(), Errno>;
    /// Whether what has the name is the same, so that nothing need be done.
    fn is_already(&self, _folder: &Folder, _name: &[u8]) -> bool {
        false
    }
    /// Which file it is, where that is known before it has a name.
    fn identity(&self) -> Option<FileIdentity> {
        None
    }
}

/// Names an item: tells how, and under which name.
pub(super) fn place(
    shared: &Shared,
    folder: &Folder,
    to: Destination<'_>,
    item: &mut dyn Nameless,
) -> Result<Spot, TargetError> {
    let path = to.own;
    let own = path.name().ok_or_else(|| TargetError::Obstructed { path: path.clone() })?;
    let mut written = shared.written_for_overwriting();
    let names = names::candidates(own, &shared.label);
    for (rank, name) in names.filter(|(rank, name)| !shared.is_kept_for_another(to, *rank, name)) {
        let attempt = attempt(shared, folder, &name, rank, written.as_deref(), item);
        if let Some(how) = attempt.map_err(|errno| TargetError::naming(path, errno))? {
            let identity = item.identity().or_else(|| identity_of(folder, &name).ok());
            if let (Some(written), Some(identity)) = (written.as_deref_mut(), identity) {
                written.insert(identity);
            }
            return Ok(Spot { name, how, identity: identity.filter(|_| how != Placement::Skipped) });
        }
    }
    Err(TargetError::NoFreeName { path: path.clone() })
}

/// Where an item has been put in its folder.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) name: Vec<u8>,
    pub(super) how: Placement,
    identity: Option<FileIdentity>,
}

impl Spot {
    pub(super) fn is_new(&self) -> bool {
        matches!(self.how, Placement::AsNamed | Placement::Beside | Placement::Overwrote)
    }

    /// The answer to the caller, for an item that was wanted at `path`.
    pub(super) fn placed(self, path: &TreePath, notes: Vec<MetadataNote>) -> Placed {
        let used = path.parent().and_then(|parent| parent.child(&self.name).ok());
        Placed { path: used.unwrap_or_else(|| path.clone()), how: self.how, identity: self.identity, notes }
    }
}

/// Tries one name; `None` if it is taken and the next one is to be tried.
fn attempt(
    shared: &Shared,
    folder: &Folder,
    name: &[u8],
    rank: Rank,
    written: Option<&HashSet<FileIdentity>>,
    item: &mut dyn Nameless,
) -> Result<Option<Placement>, Errno> {
    match item.take_name(shared, folder, name) {
        Ok(()) => return Ok(Some(if rank == Rank::Own { Placement::AsNamed } else { Placement::Beside })),
        Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno),
    }
    if item.is_already(folder, name) {
        return Ok(Some(Placement::AlreadyThere));
    }
    if rank == Rank::Beside {
        return Ok(None);
    }
    match (shared.existing, written) {
        (Existing::Skip, _) => Ok(Some(Placement::Skipped)),
        (Existing::Overwrite, Some(written)) => overwrite(shared, folder, name, written, item),
        _ => Ok(None),
    }
}

fn overwrite(
    shared: &Shared,
    folder: &Folder,
    name: &[u8],
    written: &HashSet<FileIdentity>,
    item: &mut dyn Nameless,
) -> Result<Option<Placement>, Errno> {
    if identity_of(folder, name).is_ok_and(|identity| written.contains(&identity)) {
        return Ok(None);
    }
    match item.replace(shared, folder, name) {
        Ok(()) => Ok(Some(Placement::Overwrote)),
        Err(Errno::ISDIR) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn identity_of(folder: &Folder, name: &[u8]) -> Result<FileIdentity, Errno> {
    rustix::fs::statat(folder.handle(), name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| FileIdentity::of(&stat))
}

/// Replaces `name` by what `create` makes under a name that is free: first a hidden one, then in one step its own.
pub(super) fn replace_by_way_of_temporary(
    folder: &Folder,
    name: &[u8],
    mut create: impl FnMut(&[u8]) -> Result<(), Errno>,
) -> Result<(), Errno> {
    const TRIES: u32 = 100;
    leftovers::sweep(folder);
    for _ in 0..TRIES {
        let temporary = names::next_temporary();
        match create(&temporary) {
            Err(Errno::EXIST) => continue,
            created => created?,
        }
        let renamed = rustix::fs::renameat(folder.handle(), &temporary[..], folder.handle(), name);
        // Also after success: where both names were links to one file, the system leaves both.
        let removed = rustix::fs::unlinkat(folder.handle(), &temporary[..], AtFlags::empty());
        match (renamed, removed) {
            // Another restore took it for a leftover.
            (Err(Errno::NOENT), Err(Errno::NOENT)) => continue,
            (renamed, _) => return renamed,
        }
    }
    Err(Errno::EXIST)
}

impl Shared {
    /// What may not be replaced because it is restored already; `None` where nothing is replaced anyway.
    pub(super) fn written_for_overwriting(&self) -> Option<MutexGuard<'_, HashSet<FileIdentity>>> {
        (self.existing == Existing::Overwrite).then(|| self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
