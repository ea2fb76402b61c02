//! Further names of files that lie in the target now. A file of the user's that was there already gets one only where that
//! touches nothing outside of what is restored.

use super::super::plan::PlannedItem;
use super::files::FileRestore;
use super::{Restore, is_counted};
use crate::Context;
use crate::target::{Destination, FileIdentity, Placed, Placement, TargetError};
use chest_model::{Progress, TreePath};
use std::collections::{HashMap, HashSet};

/// Where an item lies that has been restored, or was there.
#[derive(Debug, Clone)]
pub(super) struct Laid {
    pub(super) path: TreePath,
    pub(super) identity: FileIdentity,
    /// It is the user's, and may have other names that nobody asked for.
    was_there: bool,
}

impl Laid {
    pub(super) fn of(placed: &Placed) -> Option<Self> {
        let was_there = placed.how == Placement::AlreadyThere;
        placed.identity.map(|identity| Self { path: placed.path.clone(), identity, was_there })
    }
}

/// Names that could not be given to the first name's file.
#[derive(Default)]
pub(super) struct Links {
    /// The target has no hard links, or no more of them: each becomes a file of its own.
    pub(super) copies: Vec<usize>,
    /// The first name's file is not there to be linked to, or is known elsewhere too: of each group the rest.
    pub(super) apart: Vec<Vec<usize>>,
}

impl Restore<'_> {
    /// Gives the first name's file the others. What has one of them and is the same is left.
    pub(super) fn link(
        &mut self,
        files: &FileRestore<'_>,
        context: &Context<'_>,
        placed: &HashMap<usize, Laid>,
        groups: Vec<Vec<usize>>,
    ) -> Links {
        let mut links = Links::default();
        for names in groups {
            let first = placed.get(&names[0]);
            let others: Vec<Destination<'_>> = names.iter().map(|number| files.item(*number).destination()).collect();
            let linkable = first.filter(|first| self.has_only_these_names(first, &others));
            let mut apart = Vec::new();
            for number in names.into_iter().skip(1) {
                let item = files.item(number);
                let left = first.and_then(|first| self.left_in_place(files, number, first));
                self.unread.extend(files.take_unread());
                let done = left.map(Ok).or_else(|| {
                    linkable.map(|first| self.target.make_hard_link(&first.path, first.identity, item.destination()))
                });
                match done {
                    Some(Ok(done)) => {
                        context.monitor.progress(Progress::Done { items: u64::from(is_counted(item)), bytes: 0 });
                        self.count(item, &done, 0);
                        continue;
                    }
                    Some(Err(TargetError::CannotLink { .. })) => links.copies.push(number),
                    Some(Err(TargetError::Replaced { .. } | TargetError::Missing { .. })) | None => apart.push(number),
                    Some(Err(error)) => {
                        self.refused(item, &error);
                        continue;
                    }
                }
                let bytes = if is_counted(item) { item.entry.kind.data_len() } else { 0 };
                context.monitor.progress(Progress::Found { items: 0, bytes });
            }
            if !apart.is_empty() {
                links.apart.push(apart);
            }
        }
        links
    }

    /// What is in the place of a further name already: the first name's file, or a file of the same content.
    fn left_in_place(&self, files: &FileRestore<'_>, number: usize, first: &Laid) -> Option<Placed> {
        let item: &PlannedItem = files.item(number);
        match self.target.name_there(first.identity, item.destination()) {
            Some((path, there)) => Some(self.target.keep_existing(&path, &there)),
            None => files.already_there(number),
        }
    }

    /// Whether a file may get one name more: it is new, or all names that it has are among these.
    pub(super) fn has_only_these_names(&self, file: &Laid, names: &[Destination<'_>]) -> bool {
        if !file.was_there {
            return true;
        }
        let found = names.iter().filter_map(|name| Some(self.target.name_there(file.identity, *name)?.0));
        let known: HashSet<TreePath> = found.chain([file.path.clone()]).collect();
        let there = self.target.existing(&file.path).ok().flatten();
        there.is_some_and(|there| there.identity == file.identity && there.links <= known.len() as u64)
    }
}
