//! What became of something that was backed up, by what the newest backups of its root and of those that have come in its place hold.

use super::afterwards::Afterwards;
use super::answer::{Answer, Chain};
use super::standing::{Holding, Standing, WhyNotKnown};
use crate::EngineError;
use chest_catalogue::{Catalogue, ChainId, FoundVersion};
use chest_model::TreePath;
use std::collections::HashSet;

/// Something, and the last snapshot that held it, by its place among all.
pub(super) struct LastSeen<'p> {
    pub(super) path: &'p TreePath,
    pub(super) place: Option<usize>,
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
            let last = LastSeen { path, place: self.place(&one.last) };
            standing = standing.or(self.standing_in(chain, &last, chain.is_newest(&one.last).into(), &holds)?);
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
        last: &LastSeen<'_>,
        holding: Holding,
        holds: &dyn Fn(ChainId) -> Result<Holding, EngineError>,
    ) -> Result<Standing, EngineError> {
        if let Some(after) = &chain.afterwards {
            return self.standing_in_heirs(after, last, chain.was_missed(last), holds);
        }
        let mut standing = chain.standing(last, chain.was_missed(last), holding).unwrap_or(Standing::Gone(None));
        for &other in &chain.beside {
            let Some(beside) = self.chain(other) else { continue };
            standing = standing.or(beside.standing(last, false, holds(other)?).unwrap_or(Standing::Gone(None)));
        }
        Ok(standing)
    }

    /// Each may itself have been replaced. What was missed before the first of them came has gone, though nobody can look there now.
    fn standing_in_heirs(
        &self,
        after: &Afterwards,
        last: &LastSeen<'_>,
        was_missed: bool,
        holds: &dyn Fn(ChainId) -> Result<Holding, EngineError>,
    ) -> Result<Standing, EngineError> {
        let mut standing = Standing::Gone(None);
        let (mut waiting, mut visited) = (vec![after], HashSet::new());
        while let Some(after) = waiting.pop() {
            if after.is_in_an_export(last.path) {
                return Ok(Standing::There);
            }
            for &heir in after.heirs.iter().filter(|heir| visited.insert(**heir)) {
                let Some(chain) = self.chain(heir) else { continue };
                let here = match &chain.afterwards {
                    Some(next) => {
                        waiting.push(next);
                        continue;
                    }
                    None => chain.standing(last, was_missed, holds(heir)?),
                };
                standing = standing.or(here.unwrap_or_else(|| Standing::Gone(Some(chain.label.clone()))));
            }
        }
        Ok(standing)
    }
}

impl Chain<'_> {
    /// Whether somebody could look at its place after it was seen last, and it was not there.
    fn was_missed(&self, last: &LastSeen<'_>) -> bool {
        last.place.is_some_and(|place| self.last_look_at(last.path) > Some(place))
    }

    /// In this root alone, which nothing has replaced; nothing where it is gone. What was missed before is not hidden now.
    fn standing(&self, last: &LastSeen<'_>, was_missed: bool, holding: Holding) -> Option<Standing> {
        if holding == Holding::Holds {
            return Some(self.not_seen_since.map_or(Standing::There, Standing::NotKnown));
        }
        let not_read = (holding == Holding::MayHold).then_some(WhyNotKnown::MailboxNotRead);
        let in_files = self.keeps_exports_as_files.then_some(Standing::There);
        let hidden = self.looks.hides(last.path).filter(|_| !was_missed);
        hidden.map(Standing::NotKnown).or(in_files).or(not_read.map(Standing::NotKnown))
    }
}
