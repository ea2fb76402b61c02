//! What will become of each item: worked out by the rules that carry the plan out, against the target as it is and against the
//! other items of the plan.

use super::super::{FailureCause, RestoreRequest};
use super::{PlannedItem, PlannedStep, Refusal};
use crate::target::{Existing, ExistingItem, ItemKind, NamesToTry, Rank, Target, TargetError, TargetOptions};
use chest_model::{EntryKind, TreePath};
use std::collections::{HashMap, HashSet};

/// What becomes of one item.
pub(super) struct Verdict {
    pub(super) step: PlannedStep,
    pub(super) beside: Option<Box<TreePath>>,
    pub(super) shares_name: bool,
    pub(super) refusal: Option<Box<Refusal>>,
}

impl From<PlannedStep> for Verdict {
    fn from(step: PlannedStep) -> Self {
        Self { step, beside: None, shares_name: false, refusal: None }
    }
}

impl Verdict {
    fn refused(error: &TargetError) -> Self {
        let refusal = Refusal { cause: FailureCause::from(error), message: error.to_string() };
        Self { refusal: Some(Box::new(refusal)), ..Self::from(PlannedStep::Refuse) }
    }
}

/// All verdicts, in the order of the items, and the paths that must be kept for the items to which they are promised.
pub(super) fn foretell(
    items: &[PlannedItem],
    request: &RestoreRequest,
) -> Result<(Vec<Verdict>, HashSet<TreePath>), TargetError> {
    let options = TargetOptions { restored_on: request.restored_on.clone(), ..TargetOptions::default() };
    let target = Target::open_existing(&request.to, options)?;
    let names = NamesToTry::new(&request.restored_on);
    let mut steps = Steps {
        request,
        target,
        names: &names,
        holders: holders(items, request),
        kept: HashSet::new(),
        new_folders: HashSet::new(),
        writable: None,
    };
    let verdicts = items.iter().enumerate().map(|(number, item)| steps.verdict(number, item)).collect();
    Ok((verdicts, steps.kept))
}

/// Which item has the first claim to each path. Folders are made first, and those of one name are one.
fn holders<'p>(items: &'p [PlannedItem], request: &RestoreRequest) -> HashMap<&'p [u8], usize> {
    let mut holders = HashMap::with_capacity(items.len());
    for (number, item) in items.iter().enumerate() {
        match &item.entry.kind {
            EntryKind::Directory => drop(holders.insert(item.to.as_bytes(), number)),
            EntryKind::Unreadable { .. } | EntryKind::Socket => {}
            kind if is_device(kind) && !request.privileged => {}
            _ => drop(holders.entry(item.to.as_bytes()).or_insert(number)),
        }
    }
    // Folders above what was asked for are made too, and are nobody's item.
    for item in items {
        let mut folder = parent_of(item.to.as_bytes());
        while let Some(above) = folder.filter(|above| !holders.contains_key(above)) {
            holders.insert(above, usize::MAX);
            folder = parent_of(above);
        }
    }
    holders
}

fn parent_of(path: &[u8]) -> Option<&[u8]> {
    path.iter().rposition(|&byte| byte == b'/').map(|cut| &path[..cut])
}

fn is_device(kind: &EntryKind) -> bool {
    matches!(kind, EntryKind::CharacterDevice { .. } | EntryKind::BlockDevice { .. })
}

struct Steps<'p> {
    request: &'p RestoreRequest,
    /// `None` where nothing is there yet.
    target: Option<Target>,
    names: &'p NamesToTry,
    holders: HashMap<&'p [u8], usize>,
    kept: HashSet<TreePath>,
    /// Folders that will be made: nothing is in them.
    new_folders: HashSet<&'p [u8]>,
    /// A folder in which something can be made, the last that was asked for.
    writable: Option<TreePath>,
}

impl<'p> Steps<'p> {
    fn verdict(&mut self, number: usize, item: &'p PlannedItem) -> Verdict {
        let verdict = match &item.entry.kind {
            EntryKind::Unreadable { .. } | EntryKind::Socket => Ok(PlannedStep::Nothing.into()),
            EntryKind::Directory => self.folder(item),
            _ => self.other_item(number, item),
        };
        verdict.unwrap_or_else(|error| Verdict::refused(&error))
    }

    fn folder(&mut self, item: &'p PlannedItem) -> Result<Verdict, TargetError> {
        match self.existing(&item.to)?.map(|there| there.kind) {
            Some(ItemKind::Folder) => return Ok(PlannedStep::Leave.into()),
            Some(_) => return Err(TargetError::Obstructed { path: item.to.clone() }),
            None => self.may_make(&item.to)?,
        }
        let is_new = self.new_folders.insert(item.to.as_bytes());
        Ok(if is_new { PlannedStep::Make } else { PlannedStep::Leave }.into())
    }

    /// Tries one name after the other, as they are tried when the item is there.
    fn other_item(&mut self, number: usize, item: &'p PlannedItem) -> Result<Verdict, TargetError> {
        if is_device(&item.entry.kind) && !self.request.privileged {
            let is_left = self.request.existing == Existing::Skip && self.existing(&item.to)?.is_some();
            let refused = || TargetError::NotAllowed { path: item.to.clone() };
            return is_left.then(|| PlannedStep::Skip.into()).ok_or_else(refused);
        }
        let shares_name = self.holders.get(item.to.as_bytes()) != Some(&number);
        if shares_name {
            self.kept.insert(item.to.clone());
        }
        let mut is_to_be_compared = false;
        let names = self.names;
        for (rank, path) in names.of(&item.to) {
            let is_anothers = if rank == Rank::Own { shares_name } else { self.is_kept(&path) };
            if is_anothers {
                continue;
            }
            if let Some(there) = self.existing(&path)? {
                match self.on_taken(item, rank, &path, &there, &mut is_to_be_compared) {
                    Some(step) => return Ok(self.named(step, rank, path, shares_name)),
                    None => continue,
                }
            }
            self.may_make(&path)?;
            let step = match (is_to_be_compared, rank) {
                (true, _) => PlannedStep::Compare,
                (false, Rank::Own) => PlannedStep::Make,
                (false, Rank::Beside) => PlannedStep::Beside,
            };
            return Ok(self.named(step, rank, path, shares_name));
        }
        Err(TargetError::NoFreeName { path: item.to.clone() })
    }

    fn named(&mut self, step: PlannedStep, rank: Rank, path: TreePath, shares_name: bool) -> Verdict {
        // What may turn out to be there already gets its name only then, unless others want one too.
        let is_beside = rank == Rank::Beside && (step == PlannedStep::Beside || shares_name);
        if is_beside {
            self.kept.insert(path.clone());
        }
        Verdict { beside: is_beside.then(|| Box::new(path)), shares_name, ..Verdict::from(step) }
    }

    /// What a name that is taken already means; `None` where the next is tried.
    fn on_taken(
        &self,
        item: &PlannedItem,
        rank: Rank,
        path: &TreePath,
        there: &ExistingItem,
        is_to_be_compared: &mut bool,
    ) -> Option<PlannedStep> {
        if rank == Rank::Own && self.request.existing == Existing::Skip {
            return Some(PlannedStep::Skip);
        }
        if self.target.as_ref().is_some_and(|target| target.has_special(path, &item.entry.kind)) {
            return Some(PlannedStep::Leave);
        }
        let may_be_same = match &item.entry.kind {
            EntryKind::File { size, .. } => there.kind == ItemKind::File && there.size == *size,
            _ => false,
        };
        let is_replaced =
            rank == Rank::Own && self.request.existing == Existing::Overwrite && there.kind != ItemKind::Folder;
        if is_replaced {
            return Some(if may_be_same { PlannedStep::Compare } else { PlannedStep::Replace });
        }
        *is_to_be_compared |= may_be_same;
        None
    }

    /// Whether a name beside an item's own is another item's.
    fn is_kept(&mut self, path: &TreePath) -> bool {
        let is_anothers = self.holders.contains_key(path.as_bytes());
        if is_anothers {
            self.kept.insert(path.clone());
        }
        is_anothers || self.kept.contains(path)
    }

    fn existing(&self, path: &TreePath) -> Result<Option<ExistingItem>, TargetError> {
        match &self.target {
            Some(target) if !self.is_in_new_folder(path) => target.existing(path),
            _ => Ok(None),
        }
    }

    fn may_make(&mut self, path: &TreePath) -> Result<(), TargetError> {
        let Some(target) = &self.target else { return Ok(()) };
        let folder = path.parent();
        if self.is_in_new_folder(path) || self.writable == folder {
            return Ok(());
        }
        target.may_make(path)?;
        self.writable = folder;
        Ok(())
    }

    fn is_in_new_folder(&self, path: &TreePath) -> bool {
        parent_of(path.as_bytes()).is_some_and(|parent| self.new_folders.contains(parent))
    }
}
