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
    let (mut outcome, mut above) = (MadeFolders::default(), Above::default());
    for item in items {
        if let Some(parent) = item.to.parent()
            && let Err(error) = above.make(target, &parent)
        {
            // Told once for each item that needs it, when that item is made.
            let _ = error;
        }
        if item.entry.kind == EntryKind::Directory {
            above.tried.insert(item.to.clone());
            match target.make_folder(&item.to) {
                Ok(Made::Created) => outcome.created += 1,
                Ok(Made::AlreadyThere) => outcome.created += u64::from(above.made.remove(&item.to)),
                Err(error) => outcome.failed.push(failure(item, (&error).into(), error.to_string())),
            }
        }
    }
    outcome
}

/// Folders above what was asked for.
#[derive(Default)]
struct Above {
    tried: HashSet<TreePath>,
    /// Those that were not there; they may have been asked for too, later on.
    made: HashSet<TreePath>,
}

impl Above {
    fn make(&mut self, target: &Target, folder: &TreePath) -> Result<(), TargetError> {
        if folder.is_root() || self.tried.contains(folder) {
            return Ok(());
        }
        if let Some(parent) = folder.parent() {
            self.make(target, &parent)?;
        }
        self.tried.insert(folder.clone());
        if target.make_folder(folder)? == Made::Created {
            self.made.insert(folder.clone());
        }
        Ok(())
    }
}
