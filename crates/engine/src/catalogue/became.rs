//! What became of something that was backed up, by what the newest backups of its root and of those that have come in its place hold.

use super::afterwards::Afterwards;
use super::answer::{Answer, Chain};
use super::standing::{Holding, RootInDoubt, Standing, WhyNotKnown};
use crate::EngineError;
use chest_catalogue::{Catalogue, ChainId, FoundVersion};
use chest_model::TreePath;
use std::collections::HashSet;

/// Something, and the last snapshot that held it, by its place among all.
pub(super) struct LastSeen<'p> {
    pub(super) path: &'p TreePath,
    pub(super) place: Option<usize>,
}

/// Whether another root holds it, and the place among all of the last snapshot of that one that did.
pub(super) struct Held {
    pub(super) holding: Holding,
    pub(super) last: Option<usize>,
}

/// What is known of something from one root to the next that has come in its place, by places among all snapshots.
#[derive(Clone, Copy)]
struct Trail {
    /// The last that held it.
    held: Option<usize>,
    /// The last that would have held it.
    looked: Option<usize>,
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
            let holds = |other| {
                let last = catalogue.last_to_hold(other, path)?;
                let is_now = last.zip(self.chain(other)).is_some_and(|(last, chain)| chain.is_newest(&last));
                Ok(Held { holding: is_now.into(), last: last.and_then(|last| self.place(&last)) })
            };
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
        holds: &dyn Fn(ChainId) -> Result<Held, EngineError>,
    ) -> Result<Standing, EngineError> {
        let start = Trail { held: last.place, looked: None };
        let trail = start.through(chain, last.path, None);
        if let Some(after) = &chain.afterwards {
            return self.standing_in_heirs(after, last.path, trail, holds);
        }
        let mut standing = chain.standing(last.path, trail, holding).unwrap_or(Standing::Gone(None));
        for &other in &chain.beside {
            let Some(beside) = self.chain(other) else { continue };
            let held = holds(other)?;
            let trail = start.through(beside, last.path, held.last);
            standing = standing.or(beside.standing(last.path, trail, held.holding).unwrap_or(Standing::Gone(None)));
        }
        Ok(standing)
    }

    /// Each may itself have been replaced. What was missed before, in the first or in one that came after it, has gone, though nobody can
    /// look there now.
    fn standing_in_heirs(
        &self,
        after: &Afterwards,
        path: &TreePath,
        trail: Trail,
        holds: &dyn Fn(ChainId) -> Result<Held, EngineError>,
    ) -> Result<Standing, EngineError> {
        let mut standing = Standing::Gone(None);
        let (mut waiting, mut visited) = (vec![(after, trail)], HashSet::new());
        while let Some((after, trail)) = waiting.pop() {
            if after.is_in_an_export(path) {
                return Ok(Standing::There);
            }
            for &heir in after.heirs.iter().filter(|heir| visited.insert(**heir)) {
                let Some(chain) = self.chain(heir) else { continue };
                let held = holds(heir)?;
                let trail = trail.through(chain, path, held.last);
                let here = match &chain.afterwards {
                    Some(next) => {
                        waiting.push((next, trail));
                        continue;
                    }
                    None => chain.standing(path, trail, held.holding),
                };
                standing = standing.or(here.unwrap_or_else(|| Standing::Gone(Some(chain.label.clone()))));
            }
        }
        Ok(standing)
    }
}

impl Trail {
    /// Goes on through a root that held it last there.
    fn through(self, chain: &Chain<'_>, path: &TreePath, held: Option<usize>) -> Self {
        Self { held: self.held.max(held), looked: self.looked.max(chain.last_look_at(path)) }
    }

    /// Whether somebody could look at its place after it was seen last, and it was not there.
    fn is_missed(self) -> bool {
        self.held.is_some() && self.looked > self.held
    }
}

impl Chain<'_> {
    /// In this root alone, which nothing has replaced; nothing where it is gone. What was missed before is not hidden now.
    fn standing(&self, path: &TreePath, trail: Trail, holding: Holding) -> Option<Standing> {
        if holding == Holding::Holds {
            return Some(self.not_seen_since.map_or(Standing::There, |why| self.in_doubt(why)));
        }
        let not_read = (holding == Holding::MayHold).then_some(WhyNotKnown::MailboxNotRead);
        let in_files = self.keeps_exports_as_files.then_some(Standing::There);
        let hidden = self.looks.hides(path).filter(|_| !trail.is_missed());
        let in_doubt = |why| self.in_doubt(why);
        hidden.map(in_doubt).or(in_files).or(not_read.map(in_doubt))
    }

    fn in_doubt(&self, why: WhyNotKnown) -> Standing {
        let (label, place) = (self.label.clone(), self.place.to_vec());
        Standing::NotKnown(why, RootInDoubt { label, place, is_one_of_several: self.is_one_of_several })
    }
}
