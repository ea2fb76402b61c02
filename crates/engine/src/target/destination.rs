//! Where an item shall be: its own name, and the one beside it that may be kept for it, so that of several items that want one
//! name each gets the one that was foretold, whichever is done first.

use chest_model::TreePath;

use super::Shared;
use super::names::Rank;

/// Where an item shall be.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'p> {
    /// Under its own name.
    pub own: &'p TreePath,
    /// Under this one where its own is taken, or kept for another item; `None`: under the first that is free.
    pub beside: Option<&'p TreePath>,
}

impl<'p> From<&'p TreePath> for Destination<'p> {
    fn from(own: &'p TreePath) -> Self {
        Self { own, beside: None }
    }
}

impl Shared {
    /// Whether a name is kept for another item than this one.
    pub(super) fn is_kept_for_another(&self, to: Destination<'_>, rank: Rank, name: &[u8]) -> bool {
        if self.kept.is_empty() {
            return false;
        }
        let Some(path) = to.own.parent().and_then(|parent| parent.child(name).ok()) else { return false };
        let is_its_own = match rank {
            Rank::Own => to.beside.is_none(),
            Rank::Beside => to.beside == Some(&path),
        };
        !is_its_own && self.kept.contains(&path)
    }
}
