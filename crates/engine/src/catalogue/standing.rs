//! What became of something that was backed up: it is there, it is gone, or nobody knows. Only what the newest backup of its root holds is
//! called there, and only what that one would hold if it were there is called gone.

use super::afterwards::{Afterwards, labels};
use super::answer::{Answer, Chain};
use crate::EngineError;
use chest_catalogue::{Catalogue, ChainId, FoundVersion};
use chest_model::{Timestamp, TreePath};
use chest_repo::repository::Snapshot;
use std::collections::HashSet;

/// Why nobody knows whether something is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNotKnown {
    /// A folder on the way to it could not be read when the newest backup was made.
    Unreadable,
    /// Part of the list of files of the newest backup cannot be read now.
    Damaged,
    /// The newest version of its mailbox could not be read to its end.
    MailboxNotRead,
    /// The newest export is not whole.
    ExportCutShort,
    /// Its root was named again, and was not there or could not be read.
    RootUnreadable,
    /// Its root has not been named since, and others have.
    RootNotBackedUp,
    /// A pattern leaves it out of the newest backup of its root.
    LeftOut,
}

/// That nobody knows whether something is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKnown {
    /// The end of reading of the last backup that held it.
    pub since: Timestamp,
    /// Why.
    pub why: WhyNotKnown,
}

/// Whether the newest snapshot of a root holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    Holds,
    /// It may be in a mailbox that was not read to its end.
    MayHold,
    HoldsNot,
}

impl From<bool> for Holding {
    fn from(is_held: bool) -> Self {
        if is_held { Self::Holds } else { Self::HoldsNot }
    }
}

/// What became of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    There,
    NotKnown(WhyNotKnown),
    /// With the name of the root that has come in the place of its own, where that is why.
    Gone(Option<Vec<u8>>),
}

impl Standing {
    /// Of what is in several places: it is there if it is in one of them.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::There, _) | (_, Self::There) => Self::There,
            (not_known @ Self::NotKnown(_), _) | (Self::Gone(_), not_known @ Self::NotKnown(_)) => not_known,
            (Self::Gone(one), Self::Gone(other)) => Self::Gone(one.or(other)),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Gone(_))
    }

    /// The root that has come in the place of its own.
    pub(super) fn successor(&self) -> Option<Vec<u8>> {
        match self {
            Self::Gone(successor) => successor.clone(),
            _ => None,
        }
    }

    /// For what was last held at that time.
    pub(super) fn not_known(&self, since: Timestamp) -> Option<NotKnown> {
        match self {
            Self::NotKnown(why) => Some(NotKnown { since, why: *why }),
            _ => None,
        }
    }
}

impl Answer<'_> {
    /// What became of a path of which these are all the versions.
    pub(super) fn standing_of_path(
        &self,
        catalogue: &Catalogue,
        path: &TreePath,
        found: &[FoundVersion],
    ) -> Result<Standing, EngineError> {
        let mut standing = Standing::Gone(None);
        for one in found {
            let Some(chain) = self.chain(one.chain) else { continue };
            let holds = |heir| Ok(catalogue.holds_now(heir, path)?.into());
            standing = standing.or(self.standing_in(chain, path, chain.is_newest(&one.last).into(), &holds)?);
            if standing == Standing::There {
                break;
            }
        }
        Ok(standing)
    }

    /// The same in one root: whether its newest snapshot holds it, and which of those that have come in its place do.
    pub(super) fn standing_in(
        &self,
        chain: &Chain<'_>,
        path: &TreePath,
        holding: Holding,
        holds: &dyn Fn(ChainId) -> Result<Holding, EngineError>,
    ) -> Result<Standing, EngineError> {
        if let Some(after) = &chain.afterwards {
            return self.standing_in_heirs(after, path, holds);
        }
        let mut standing = chain.standing(path, holding).unwrap_or(Standing::Gone(None));
        for &other in &chain.beside {
            let Some(beside) = self.chain(other) else { continue };
            standing = standing.or(beside.standing(path, holds(other)?).unwrap_or(Standing::Gone(None)));
        }
        Ok(standing)
    }

    /// Each may itself have been replaced.
    fn standing_in_heirs(
        &self,
        after: &Afterwards,
        path: &TreePath,
        holds: &dyn Fn(ChainId) -> Result<Holding, EngineError>,
    ) -> Result<Standing, EngineError> {
        let mut standing = Standing::Gone(None);
        let (mut waiting, mut visited) = (vec![after], HashSet::new());
        while let Some(after) = waiting.pop() {
            if after.is_in_an_export(path) {
                return Ok(Standing::There);
            }
            for &heir in after.heirs.iter().filter(|heir| visited.insert(**heir)) {
                let Some(chain) = self.chain(heir) else { continue };
                let here = match &chain.afterwards {
                    Some(next) => {
                        waiting.push(next);
                        continue;
                    }
                    None => chain.standing(path, holds(heir)?),
                };
                standing = standing.or(here.unwrap_or_else(|| Standing::Gone(Some(chain.label.clone()))));
            }
        }
        Ok(standing)
    }
}

impl Chain<'_> {
    /// In this root alone, which nothing has replaced; nothing where it is gone.
    fn standing(&self, path: &TreePath, holding: Holding) -> Option<Standing> {
        if holding == Holding::Holds {
            return Some(self.not_seen_since.map_or(Standing::There, Standing::NotKnown));
        }
        let not_read = (holding == Holding::MayHold).then_some(WhyNotKnown::MailboxNotRead);
        let in_files = self.keeps_exports_as_files.then_some(Standing::There);
        self.hides(path).map(Standing::NotKnown).or(in_files).or(not_read.map(Standing::NotKnown))
    }
}

/// Why nobody knows what is in a root now, where later backups of whoever made its last one do not hold it.
pub(super) fn why_not_seen(last: &Snapshot, path: &[u8], later: &[Snapshot]) -> Option<WhyNotKnown> {
    let mut later = later.iter().filter(|one| one.writer == last.writer).peekable();
    later.peek()?;
    let is_named = later.any(|one| !labels(one, path).is_empty());
    Some(if is_named { WhyNotKnown::RootUnreadable } else { WhyNotKnown::RootNotBackedUp })
}
