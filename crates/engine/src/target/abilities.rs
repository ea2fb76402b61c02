//! What kernel and file system can do, as far as this restore has found out: each lacking ability costs one failed
//! call, not one for each file.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// One thing that may or may not work. Assumed until it fails.
#[derive(Debug)]
pub(super) struct Ability(AtomicBool);

impl Ability {
    pub(super) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn is_lacking(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Default for Ability {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

/// Everything that has a second way.
#[derive(Debug, Default)]
pub(super) struct Abilities {
    /// `openat2`, which walks several components in one call; else one call each.
    pub(super) resolve_beneath: Ability,
    /// Files without a name (`O_TMPFILE`); else hidden temporary names.
    pub(super) anonymous_files: Ability,
    /// Naming an open file by its handle alone; else through `/proc`.
    pub(super) link_by_handle: Ability,
    /// Renaming that fails where the name is taken; else a link and the removal of the old name.
    pub(super) rename_without_replacing: Ability,
}

impl Abilities {
    /// Old kernels do not know `openat2`, and old container sandboxes answer it with "not permitted".
    pub(super) fn probe(&self, root: &OwnedFd) {
        let opened = rustix::fs::openat2(root, c".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), beneath());
        if opened.is_err() {
            self.resolve_beneath.is_lacking();
        }
    }
}

/// Never upwards, never through a link.
pub(super) fn beneath() -> ResolveFlags {
    ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS
}

/// Whether a call failed because there is no such thing here, rather than because of its arguments.
pub(super) fn is_unsupported(errno: Errno) -> bool {
    matches!(errno, Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL)
}
