//! Carries a plan out: folders, then files pack by pack on several threads, then links, then the folders' own metadata.

mod ahead;
mod files;
mod folders;
mod links;

use super::content::full_metadata;
use super::plan::{PlannedItem, PlannedStep, RestorePlan, ShortenedName};
use super::{BesideBecause, FailureCause, RestoreFailure, RestoreOutcome, WrittenBeside};
use crate::target::{ItemKind, Placed, Placement, Target, TargetError, TargetOptions};
use crate::{Context, EngineError};
use chest_model::{EntryKind, Metadata, Phase, Progress, TreePath};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use files::{FileRestore, FileResult};
use folders::make_folders;
use links::{Laid, Links};
use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;
use std::time::Duration;

pub(super) fn execute(mut plan: RestorePlan, context: &Context<'_>) -> Result<RestoreOutcome, EngineError> {
    let options = TargetOptions {
        existing: plan.request.existing,
        restored_on: plan.request.restored_on.clone(),
        privileged: plan.request.privileged,
        kept: std::mem::take(&mut plan.kept),
    };
    let target = Target::open_or_create(&plan.request.to, options)?;
    let work = Work::of(&plan.items);
    context.monitor.progress(work.announced(&plan));
    let mut restore = Restore { target: &target, outcome: RestoreOutcome::default(), unread: HashSet::new() };
    for (path, why) in &plan.lost {
        let message = format!("the list of files from here on is damaged: {why}");
        restore.outcome.failed.push(RestoreFailure {
            path: path.clone(),
            cause: FailureCause::StoredDamage,
            bytes: 0,
            message,
        });
    }
    while_syncing(&target, || restore.restore_files(&plan, work, context))?;
    restore.make_others(&plan);
    restore.set_folder_metadata(&plan);
    restore.tell_shortened(plan.shortened);
    target.sync()?;
    context.monitor.progress(Progress::End);
    Ok(restore.outcome)
}

/// Has the disk write what has been restored while more is being restored. Left to itself the system begins after half a minute,
/// and then everything waits for the disk at the end, behind a bar that says that nothing is left to do.
fn while_syncing<T>(target: &Target, restoring: impl FnOnce() -> T) -> T {
    const EVERY: Duration = Duration::from_millis(250);
    let (over, is_over) = crossbeam_channel::bounded::<()>(0);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while is_over.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                // What it could not do is told by the last one.
                let _ = target.sync();
            }
        });
        let done = restoring();
        drop(over);
        done
    })
}

/// What names of one file have in common: their root's label, and what the format calls their group.
type Group<'p> = (&'p [u8], [u8; 32]);

/// Which items are files to be written, and which are further names of one.
struct Work {
    files: Vec<usize>,
    /// Names of one file each, the first among `files`.
    groups: Vec<Vec<usize>>,
}

impl Work {
    fn of(items: &[PlannedItem]) -> Self {
        let mut group_of: HashMap<Group<'_>, usize> = HashMap::new();
        let (mut files, mut groups) = (Vec::new(), Vec::<Vec<usize>>::new());
        for (number, item) in items.iter().enumerate() {
            let EntryKind::File { link_group, .. } = &item.entry.kind else { continue };
            // A group is one of its root: in another root the same first path names another file.
            let group = link_group.map(|group| *group_of.entry((&item.path.root, group)).or_insert(groups.len()));
            match group {
                Some(group) if group == groups.len() => groups.push(vec![number]),
                Some(group) if has_content_of(item, &items[groups[group][0]]) => groups[group].push(number),
                _ => files.push(number),
            }
        }
        for names in &mut groups {
            // One that is left as it is, or refused, is no file to which the others could be linked.
            let is_restored = |name: &usize| !matches!(items[*name].step, PlannedStep::Skip | PlannedStep::Refuse);
            let first = names.iter().position(is_restored).unwrap_or(0);
            names[..=first].rotate_right(1);
            files.push(names[0]);
        }
        files.sort_unstable();
        groups.retain(|names| names.len() > 1);
        Self { files, groups }
    }

    /// Begins each group with a name that has the content already, where one has: it is left, and the others become names of its file.
    fn begin_with_what_is_there(&mut self, files: &FileRestore<'_>) {
        let mut instead = HashMap::new();
        for names in &mut self.groups {
            let (first, there) = (names[0], files.first_there(names));
            names[..=there].rotate_right(1);
            instead.insert(first, names[0]);
        }
        self.files.iter_mut().for_each(|file| *file = instead.get(file).copied().unwrap_or(*file));
        self.files.sort_unstable();
    }

    /// What is to come. Neither holes nor further names of a file take time: an hour that they would be said to take is not
    /// one.
    fn announced(&self, plan: &RestorePlan) -> Progress {
        let to_come = self.files.iter().map(|number| &plan.items[*number]).filter(|item| is_counted(item));
        let bytes = to_come.map(|item| item.entry.kind.data_len()).sum();
        let is_file = |item: &&PlannedItem| matches!(item.entry.kind, EntryKind::File { .. });
        let items = plan.items.iter().filter(is_file).filter(|item| is_counted(item)).count() as u64;
        Progress::Begin { phase: Phase::Restoring, items, bytes }
    }
}

/// Names of files that get their content through another name of the same file.
pub(super) fn further_names(items: &[PlannedItem]) -> HashSet<usize> {
    Work::of(items).groups.into_iter().flat_map(|names| names.into_iter().skip(1)).collect()
}

/// Whether two names can be names of one file: what a backup says of them is held against it before one is made of them.
fn has_content_of(item: &PlannedItem, first: &PlannedItem) -> bool {
    match (&item.entry.kind, &first.entry.kind) {
        (
            EntryKind::File { size, chunks, holes, .. },
            EntryKind::File { size: first_size, chunks: first_chunks, holes: first_holes, .. },
        ) => (size, chunks, holes) == (first_size, first_chunks, first_holes),
        (EntryKind::Symlink { target, .. }, EntryKind::Symlink { target: first_target, .. }) => target == first_target,
        _ => false,
    }
}

/// Whether a file is part of the work that is announced.
fn is_counted(item: &PlannedItem) -> bool {
    item.step != PlannedStep::Skip
}

fn is_for_want_of_room((_, result): &FileResult) -> bool {
    matches!(result, Err(failure) if failure.cause == FailureCause::NoSpace)
}

fn failure(item: &PlannedItem, cause: FailureCause, message: String) -> RestoreFailure {
    RestoreFailure { path: item.path.clone(), cause, bytes: item.entry.kind.data_len(), message }
}

struct Restore<'t> {
    target: &'t Target,
    outcome: RestoreOutcome,
    /// Where something is that could not be read, to be compared.
    unread: HashSet<TreePath>,
}

impl Restore<'_> {
    /// The target did not take it.
    fn refused(&mut self, item: &PlannedItem, error: &TargetError) {
        self.outcome.failed.push(failure(item, error.into(), error.to_string()));
    }

    /// Makes the folders, and restores all files; further hard links are made to the first, or copied where that cannot be.
    fn restore_files(&mut self, plan: &RestorePlan, mut work: Work, context: &Context<'_>) -> Result<(), EngineError> {
        let target = self.target;
        let (made, folders_made) = crossbeam_channel::bounded(0);
        let compare = FileRestore::new(plan, target, context, folders_made.clone());
        work.begin_with_what_is_there(&compare);
        self.unread.extend(compare.take_unread());
        let (folders, placed) = std::thread::scope(|scope| {
            let folders = scope.spawn(move || {
                let folders = make_folders(target, &plan.items);
                drop::<Sender<()>>(made);
                folders
            });
            let placed = self.restore_group(plan, context, &work.files, &folders_made);
            (folders.join().unwrap_or_else(|panic| resume_unwind(panic)), placed)
        });
        self.outcome.folders += folders.created;
        self.outcome.failed.extend(folders.failed);
        let placed = placed?;
        let Links { copies, apart } = self.link(&compare, context, &placed, work.groups);
        // Where the first name was left to what had it already, the others are names of one file all the same.
        let firsts: Vec<usize> = copies.into_iter().chain(apart.iter().map(|names| names[0])).collect();
        let placed = self.restore_group(plan, context, &firsts, &folders_made)?;
        let Links { mut copies, apart } = self.link(&compare, context, &placed, apart);
        copies.extend(apart.into_iter().flatten());
        self.restore_group(plan, context, &copies, &folders_made)?;
        Ok(())
    }

    /// Restores these files and tells where each lies now.
    fn restore_group(
        &mut self,
        plan: &RestorePlan,
        context: &Context<'_>,
        numbers: &[usize],
        folders_made: &Receiver<()>,
    ) -> Result<HashMap<usize, Laid>, EngineError> {
        let mut where_placed = HashMap::new();
        let restore = FileRestore::new(plan, self.target, context, folders_made.clone());
        let (mut results, lacked_room): (Vec<FileResult>, Vec<FileResult>) =
            restore.run(numbers)?.into_iter().partition(|result| !is_for_want_of_room(result));
        let fitting = self.fitting(plan, &lacked_room);
        results.extend(lacked_room.into_iter().filter(|(number, _)| !fitting.contains(number)));
        results.extend(restore.run(&fitting)?);
        self.unread.extend(restore.take_unread());
        for (number, result) in results {
            let item = &plan.items[number];
            match result {
                Ok(placed) => {
                    if let Some(laid) = Laid::of(&placed) {
                        where_placed.insert(number, laid);
                    }
                    let EntryKind::File { size, .. } = &item.entry.kind else { continue };
                    self.count(item, &placed, *size);
                }
                Err(failure) => self.outcome.failed.push(failure),
            }
        }
        self.outcome.bytes_fetched += restore.bytes_fetched();
        Ok(where_placed)
    }

    /// Of files for which there was no room, those that have it now: others of them, given up since, had taken it meanwhile.
    /// The smallest first, so that as many as possible come.
    fn fitting(&self, plan: &RestorePlan, lacked_room: &[FileResult]) -> Vec<usize> {
        /// More than a block of the file system for what a file takes besides its content.
        const BESIDES: u64 = 8 << 10;
        let size = |number: usize| plan.items[number].entry.kind.data_len() + BESIDES;
        let mut numbers: Vec<usize> = lacked_room.iter().map(|(number, _)| *number).collect();
        numbers.sort_by_key(|number| (size(*number), *number));
        let mut room = if numbers.is_empty() { 0 } else { self.target.room().unwrap_or(0) };
        numbers.retain(|number| room.checked_sub(size(*number)).inspect(|left| room = *left).is_some());
        numbers
    }

    fn count(&mut self, item: &PlannedItem, placed: &Placed, size: u64) {
        match placed.how {
            Placement::AlreadyThere => self.outcome.already_there += 1,
            Placement::Skipped => self.outcome.skipped += 1,
            Placement::AsNamed | Placement::Overwrote | Placement::Beside => {
                match item.entry.kind {
                    EntryKind::File { .. } => self.outcome.files += 1,
                    _ => self.outcome.others += 1,
                }
                self.outcome.bytes += size;
            }
        }
        if placed.how == Placement::Beside {
            let because = match item.shares_name {
                true => BesideBecause::SameName,
                false if self.unread.contains(&item.to) => BesideBecause::Unreadable,
                false => BesideBecause::Differs,
            };
            let written_as = placed.path.clone();
            self.outcome.beside.push(WrittenBeside { path: item.path.clone(), written_as, because });
        }
        self.outcome.notes.extend(placed.notes.iter().map(|note| (item.path.clone(), note.clone())));
    }

    /// Links, pipes and devices; and what there is nothing to restore of.
    fn make_others(&mut self, plan: &RestorePlan) {
        let mut firsts: HashMap<Group<'_>, (Laid, &PlannedItem)> = HashMap::new();
        for item in &plan.items {
            match &item.entry.kind {
                EntryKind::File { .. } | EntryKind::Directory => {}
                EntryKind::Unreadable { message, .. } => {
                    self.outcome.never_backed_up.push((item.path.clone(), message.clone()));
                }
                EntryKind::Socket => self.outcome.sockets.push(item.path.clone()),
                _ if item.step == PlannedStep::Skip => self.outcome.skipped += 1,
                EntryKind::Symlink { link_group: Some(group), .. } => {
                    let group = (item.path.root.as_slice(), *group);
                    let first = firsts.get(&group).filter(|(_, first)| has_content_of(item, first));
                    if !self.link_to_first(item, first.map(|(laid, _)| laid)) {
                        let laid = self.make_other(plan, item).filter(|laid| self.has_only_these_names(laid, &[]));
                        drop(laid.map(|laid| firsts.insert(group, (laid, item))));
                    }
                }
                _ => drop(self.make_other(plan, item)),
            }
        }
    }

    /// A further name for a symbolic link that has several; `false` where the link must be made by itself.
    fn link_to_first(&mut self, item: &PlannedItem, first: Option<&Laid>) -> bool {
        let Some(first) = first.filter(|_| item.step == PlannedStep::Make) else { return false };
        let linked = self.target.make_hard_link(&first.path, first.identity, item.destination());
        linked.map(|placed| self.count(item, &placed, 0)).is_ok()
    }

    /// Makes it, and tells where it lies now.
    fn make_other(&mut self, plan: &RestorePlan, item: &PlannedItem) -> Option<Laid> {
        let (to, metadata) = (item.destination(), &self.whole_metadata(plan, item));
        let made = match &item.entry.kind {
            EntryKind::Symlink { target, .. } => self.target.make_symlink(to, target, metadata),
            EntryKind::Fifo => self.target.make_fifo(to, metadata),
            EntryKind::CharacterDevice { device } => {
                self.target.make_device(to, ItemKind::CharacterDevice, *device, metadata)
            }
            EntryKind::BlockDevice { device } => self.target.make_device(to, ItemKind::BlockDevice, *device, metadata),
            _ => return None,
        };
        match made {
            Ok(placed) => {
                self.count(item, &placed, 0);
                Laid::of(&placed)
            }
            Err(error) => {
                self.refused(item, &error);
                None
            }
        }
    }

    /// An item's metadata with the large attributes; where one of them is damaged that is told, and the rest is set.
    fn whole_metadata(&mut self, plan: &RestorePlan, item: &PlannedItem) -> Metadata {
        full_metadata(&plan.fetcher, &item.entry).unwrap_or_else(|error| {
            self.outcome.failed.push(failure(item, FailureCause::StoredDamage, error.to_string()));
            item.entry.metadata.clone()
        })
    }

    /// Of the names that no folder can hold, those of what lies there now, wherever it came to lie.
    fn tell_shortened(&mut self, mut names: Vec<ShortenedName>) {
        if names.is_empty() {
            return;
        }
        let beside = self.outcome.beside.iter();
        let beside: HashMap<_, _> = beside.map(|one| ((&one.path.root, &one.path.path), &one.written_as)).collect();
        for name in &mut names {
            if let Some(written_as) = beside.get(&(&name.path.root, &name.path.path)) {
                name.written_as = (*written_as).clone();
            }
        }
        names.retain(|name| self.target.existing(&name.written_as).is_ok_and(|there| there.is_some()));
        self.outcome.shortened = names;
    }

    /// Deepest first, because writing into a folder changes its time.
    fn set_folder_metadata(&mut self, plan: &RestorePlan) {
        for item in plan.items.iter().rev().filter(|item| item.entry.kind == EntryKind::Directory) {
            let metadata = self.whole_metadata(plan, item);
            match self.target.set_folder_metadata(&item.to, &metadata) {
                Ok(notes) => self.outcome.notes.extend(notes.into_iter().map(|note| (item.path.clone(), note))),
                // That the folder could not be made has been told already.
                Err(TargetError::Missing { .. } | TargetError::Obstructed { .. }) => {}
                Err(error) => self.refused(item, &error),
            }
        }
    }
}
