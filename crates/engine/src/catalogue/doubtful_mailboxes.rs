//! Mailboxes of which the newest version could not be read to its end: what they held before may still be in them, and is not called gone.

use super::answer::Answer;
use super::mailbox_kind::kind_of;
use crate::EngineError;
use crate::browse::ItemType;
use chest_catalogue::{Catalogue, ChainId, MailboxProblem, MailboxState, ProblemKind, Whereabouts};
use chest_mail::ContainerKind;
use chest_model::TreePath;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// What became of each version of a mailbox, asked once.
type States = RefCell<HashMap<(ChainId, TreePath), Rc<[MailboxState]>>>;

/// All that is known of them.
pub(super) struct DoubtfulMailboxes<'c> {
    catalogue: &'c Catalogue,
    /// Those with which something is wrong in some version; of no others anything need be asked.
    named: HashMap<ChainId, HashSet<TreePath>>,
    states: States,
}

impl<'c> DoubtfulMailboxes<'c> {
    pub(super) fn new(catalogue: &'c Catalogue, problems: &[MailboxProblem]) -> Self {
        let mut named: HashMap<ChainId, HashSet<TreePath>> = HashMap::new();
        for problem in problems {
            named.entry(problem.chain).or_default().insert(problem.path.clone());
        }
        Self { catalogue, named, states: RefCell::default() }
    }

    /// Whether a root's newest version of a mailbox may hold what was in this place last: whatever has been backed up of the mailbox since
    /// could not be read to its end.
    pub(super) fn may_hold(
        &self,
        answer: &Answer<'_>,
        place: &Whereabouts,
        chain: ChainId,
    ) -> Result<bool, EngineError> {
        if !self.named.get(&chain).is_some_and(|paths| paths.contains(&place.path)) {
            return Ok(false);
        }
        // Of Outlook's items each keeps its number, so this one is there, and harmed: it may be as it was or not.
        if kind_of(place.container) == Some(ContainerKind::Pst)
            && self.catalogue.holds_in_part(chain, &place.path, &place.locator)?
        {
            return Ok(true);
        }
        let own = self.states(place.chain, &place.path)?;
        let last = answer.place(&place.last);
        let holder = own.iter().position(|state| answer.place(&state.last) >= last);
        let problem = holder.and_then(|holder| own[holder].problem.as_ref());
        let of_heir = if chain == place.chain { None } else { Some(self.states(chain, &place.path)?) };
        let later = match &of_heir {
            Some(of_heir) => of_heir,
            None => own.get(holder.map_or(0, |holder| holder + 1)..).unwrap_or_default(),
        };
        let is_unbroken = of_heir.is_some() || later.iter().all(|state| state.follows_at_once);
        let is_there = later.last().is_some_and(|newest| newest.is_newest);
        Ok(is_there && is_unbroken && later.iter().all(|state| may_hide(state, problem)))
    }

    fn states(&self, chain: ChainId, path: &TreePath) -> Result<Rc<[MailboxState]>, EngineError> {
        let at = (chain, path.clone());
        if let Some(known) = self.states.borrow().get(&at) {
            return Ok(known.clone());
        }
        let states: Rc<[MailboxState]> = self.catalogue.mailbox_states(chain, path)?.into();
        self.states.borrow_mut().insert(at, states.clone());
        Ok(states)
    }
}

/// Whether a version may hold more than was read of it, among that what was read of a version with this problem: where as many items
/// could not be read in both, they are the same.
fn may_hide(state: &MailboxState, before: Option<&(ProblemKind, String)>) -> bool {
    match &state.problem {
        Some(problem) => problem.0 != ProblemKind::Items || before != Some(problem),
        None => state.is_unread || ItemType::from_number(state.item) == Some(ItemType::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::ObjectHash;

    fn items(number: u8) -> Option<(ProblemKind, String)> {
        Some((ProblemKind::Items, format!("{number} items in it cannot be read")))
    }

    fn state(item: ItemType, problem: Option<(ProblemKind, String)>) -> MailboxState {
        let last = ObjectHash([1; 32]);
        MailboxState { last, is_newest: true, follows_at_once: true, item: item.number(), is_unread: false, problem }
    }

    #[test]
    fn items_that_could_not_be_read_before_hide_nothing_that_could_be() {
        let now = |number| state(ItemType::File, items(number));
        assert!(
            may_hide(&now(2), None) && may_hide(&now(2), items(1).as_ref()) && may_hide(&now(1), items(2).as_ref())
        );
        assert!(!may_hide(&now(2), items(2).as_ref()));
        let not_understood = Some((ProblemKind::NotUnderstood, "it takes too long".to_owned()));
        assert!(may_hide(&state(ItemType::File, not_understood.clone()), not_understood.as_ref()));
    }

    #[test]
    fn what_was_read_whole_hides_nothing_and_what_was_not_read_at_all_may_hide_everything() {
        let whole = state(ItemType::File, None);
        assert!(!may_hide(&whole, None) && !may_hide(&whole, items(1).as_ref()));
        assert!(!may_hide(&state(ItemType::Folder, None), None));
        assert!(may_hide(&state(ItemType::Unreadable, None), None));
        assert!(may_hide(&MailboxState { is_unread: true, ..whole }, None));
    }
}
