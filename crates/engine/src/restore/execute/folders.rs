//! Makes the folders of a plan, while the first packs are on their way already.

use super::super::RestoreFailure;
use super::super::plan::PlannedItem;
use super::failure;
use crate::target::{Made, Target, TargetError};
use chest_model::{EntryKind, TreePath};
use std::collections::HashSet;

/// What became of them.
#[derive(Default)]
pub(super) struct MadeFolders {
    pub(super) created: u64,
    pub(super) failed: Vec<RestoreFailure>,
}

/// Makes the folders of the plan, and those above what was asked for, which are not part of it.
pub(super) fn make_folders(target: &Target, items: &[PlannedItem]) -> MadeFolders {
    let (mut outcome, mut made) = (MadeFolders::default(), HashSet::new());
    for item in items {
        if let Some(parent) = item.to.parent()
            && let Err(error) = make_parents(target, &parent, &mut made)
        {
            // Told once for each item that needs it, when that item is made.
            let _ = error;
        }
        if item.entry.kind == EntryKind::Directory && made.insert(item.to.clone()) {
            match target.make_folder(&item.to) {
                Ok(Made::Created) => outcome.created += 1,
                Ok(Made::AlreadyThere) => {}
                Err(error) => outcome.failed.push(failure(item, (&error).into(), error.to_string())),
            }
        }
    }
    outcome
}

fn make_parents(target: &Target, folder: &TreePath, made: &mut HashSet<TreePath>) -> Result<(), TargetError> {
    if folder.is_root() || made.contains(folder) {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_parents(target, &parent, made)?;
    }
    made.insert(folder.clone());
    target.make_folder(folder).map(|_| ())
}
