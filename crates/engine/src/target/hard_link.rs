//! Further names for a file or symbolic link that has been restored.

use chest_model::TreePath;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::destination::Destination;
use super::error::TargetError;
use super::existing::{ExistingItem, FileIdentity, ItemKind};
use super::folders::Folder;
use super::names::Rank;
use super::new_file::link_handle;
use super::placing::{self, Nameless, Placed, replace_by_way_of_temporary};
use super::{Existing, Shared, Target};

impl Target {
    /// Gives the file at `first` (the path where it was really placed) a further name. `identity` says which
    /// file is meant, as [`Placed`] or [`ExistingItem`](super::ExistingItem) told it: anything else that may be there
    /// by now is not linked to. [`TargetError::CannotLink`] means that a copy would do.
    pub fn make_hard_link<'p>(
        &self,
        first: &TreePath,
        identity: FileIdentity,
        to: impl Into<Destination<'p>>,
    ) -> Result<Placed, TargetError> {
        let to = to.into();
        let mut link = HardLink { file: self.open_first(first, identity)?, identity };
        let (folder, _) = self.shared.parent_and_name(to.own)?;
        match placing::place(&self.shared, &folder, to, &mut link) {
            Ok(spot) => Ok(spot.placed(to.own, Vec::new())),
            Err(TargetError::Refused { path, source } | TargetError::Unsupported { path, source }) => {
                Err(TargetError::CannotLink { path, source })
            }
            Err(TargetError::Io { path, source }) if is_about_links(&source) => {
                Err(TargetError::CannotLink { path, source })
            }
            Err(error) => Err(error),
        }
    }

    /// The name that this file has already where it would get a further one: that one, or one beside it that an earlier
    /// restore gave.
    pub fn name_there<'p>(
        &self,
        identity: FileIdentity,
        to: impl Into<Destination<'p>>,
    ) -> Option<(TreePath, ExistingItem)> {
        let to = to.into();
        let is_it = |(_, item): &(TreePath, ExistingItem)| item.identity == identity;
        if !self.shared.is_kept_for_another(to, Rank::Own, to.own.name()?) {
            let own = (to.own.clone(), self.existing(to.own).ok()??);
            let stays = self.shared.existing == Existing::KeepBoth || own.1.kind == ItemKind::Folder;
            if is_it(&own) || !stays {
                return Some(own).filter(is_it);
            }
        }
        self.copies_beside(to).find(is_it)
    }

    fn open_first(&self, first: &TreePath, identity: FileIdentity) -> Result<OwnedFd, TargetError> {
        let (folder, name) = self.shared.parent_and_name(first)?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(folder.handle(), name, flags, Mode::empty())
            .map_err(|errno| TargetError::at(first, errno))?;
        let stat = rustix::fs::fstat(&file).map_err(|errno| TargetError::at(first, errno))?;
        let is_linkable = matches!(ItemKind::of(&stat), ItemKind::File | ItemKind::Symlink);
        if !is_linkable || FileIdentity::of(&stat) != identity {
            return Err(TargetError::Replaced { path: first.clone() });
        }
        Ok(file)
    }
}

fn is_about_links(error: &std::io::Error) -> bool {
    let errno = error.raw_os_error();
    [Errno::XDEV, Errno::MLINK].iter().any(|candidate| errno == Some(candidate.raw_os_error()))
}

struct HardLink {
    file: OwnedFd,
    identity: FileIdentity,
}

impl Nameless for HardLink {
    fn take_name(&mut self, shared: &Shared, folder: &Folder, name: &[u8]) -> Result<(), Errno> {
        link_handle(shared, &self.file, folder, name)
    }

    fn replace(&mut self, shared: &Shared, folder: &Folder, name: &[u8]) -> Result<(), Errno> {
        replace_by_way_of_temporary(folder, name, |hidden| link_handle(shared, &self.file, folder, hidden))
    }

    fn is_already(&self, folder: &Folder, name: &[u8]) -> bool {
        rustix::fs::statat(folder.handle(), name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileIdentity::of(&stat) == self.identity)
    }

    fn identity(&self) -> Option<FileIdentity> {
        Some(self.identity)
    }
}
