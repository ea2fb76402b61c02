//! Brings the catalogue up to date: what is new in each root is compared with the snapshot before it, and only what
//! differs is read. Snapshots that are gone are taken out.

use super::chains::{Chains, chains_of, root_of};
use super::computers::Computers;
use super::mailboxes::hint;
use crate::browse::ItemType;
use crate::{EngineError, Opened};
use chest_catalogue::{
    Catalogue, CatalogueError, ChainId, ChainName, Damage, ItemVersion, KnownChain, MailHint, Seen, Update,
};
use chest_model::{ChunkId, Class, Entry, EntryKind, Monitor, ObjectHash, Phase, Progress, TreePath};
use chest_repo::RepoError;
use chest_repo::repository::{Fetcher, Snapshot};
use chest_repo::tree::{Side, Tree, TreeComparison, TreeVisitor, compare, walk};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What one transaction takes at least, so that many small snapshots do not wait for the disk one by one.
const CHANGES_AT_ONCE: u64 = 50_000;

/// Makes the catalogue say what the repository holds.
pub(super) fn bring_up_to_date(
    catalogue: &mut Catalogue,
    opened: &Opened,
    monitor: &dyn Monitor,
) -> Result<(), EngineError> {
    let (snapshots, _) = opened.session.snapshots();
    let chains = chains_of(&snapshots);
    tell_computers(catalogue, &Computers::of_snapshots(&snapshots))?;
    let done = take_back(catalogue, &chains)?;
    let missing: u64 =
        chains.iter().map(|(chain, all)| (all.len() - done.get(chain).copied().unwrap_or(0)) as u64).sum();
    if missing == 0 {
        return Ok(());
    }
    monitor.progress(Progress::Begin { phase: Phase::Cataloguing, items: missing, bytes: 0 });
    let mut work = chains.iter().flat_map(|(name, all)| {
        let done = done.get(name).copied().unwrap_or(0);
        (done..all.len()).map(move |next| (name, next.checked_sub(1).map(|before| all[before]), all[next]))
    });
    let mut next = work.next();
    while next.is_some() {
        let mut update = catalogue.update()?;
        let mut changes = 0;
        while let Some((name, before, snapshot)) = next
            && changes < CHANGES_AT_ONCE
        {
            let label = &name.label;
            let chain = update.chain(name)?;
            let number = update.add_snapshot(chain, snapshot.record.hash)?;
            let class = class_of(snapshot, label);
            let filler = Filler {
                class,
                label,
                update: &mut update,
                chain,
                number,
                monitor,
                changes: 0,
                trouble: None,
                loses_before: false,
            };
            changes += filler.fill(opened, label, before, snapshot)?;
            monitor.progress(Progress::Done { items: 1, bytes: 0 });
            next = work.next();
        }
        update.commit()?;
    }
    monitor.progress(Progress::End);
    Ok(())
}

/// Says which writers are at one computer, where that is new: every hit is of one.
fn tell_computers(catalogue: &mut Catalogue, computers: &Computers<'_>) -> Result<(), EngineError> {
    let computers = computers.to_catalogue();
    if catalogue.computers()? != computers {
        let mut update = catalogue.update()?;
        update.set_computers(&computers)?;
        update.commit()?;
    }
    Ok(())
}

/// Takes out of the catalogue what does not fit the repository any more: snapshots that are gone, all that comes after a place
/// where there is another one now, and what could not be read, to be tried again. Says how many of each chain are right.
fn take_back(catalogue: &mut Catalogue, chains: &Chains<'_>) -> Result<HashMap<ChainName, usize>, EngineError> {
    let mut first_damage: HashMap<ChainId, i64> = HashMap::new();
    for Damage { chain, number, .. } in catalogue.damage()? {
        let first = first_damage.entry(chain).or_insert(number);
        *first = number.min(*first);
    }
    let mut right = HashMap::new();
    let mut steps = Vec::new();
    for KnownChain { id, name, seen } in catalogue.chains()? {
        let wanted: Vec<ObjectHash> =
            chains.get(&name).into_iter().flatten().map(|snapshot| snapshot.record.hash).collect();
        let there: HashSet<ObjectHash> = wanted.iter().copied().collect();
        let (kept, gone): (Vec<Seen>, Vec<Seen>) = seen.iter().partition(|seen| there.contains(&seen.snapshot));
        let sound = |seen: &Seen| first_damage.get(&id).is_none_or(|first| seen.number < *first);
        let fits =
            kept.iter().zip(&wanted).take_while(|(seen, wanted)| seen.snapshot == **wanted && sound(seen)).count();
        let last = if fits == 0 { 0 } else { kept[fits - 1].number };
        if seen.last().is_some_and(|seen| seen.number > last) || !gone.is_empty() {
            steps.push((id, last, gone));
        }
        right.insert(name, fits);
    }
    if !steps.is_empty() {
        let mut update = catalogue.update()?;
        for (chain, last, gone) in steps {
            update.go_back(chain, last)?;
            let gone: Vec<i64> = gone.iter().map(|seen| seen.number).filter(|number| *number < last).collect();
            update.forget(chain, &gone)?;
        }
        update.sweep()?;
        update.commit()?;
    }
    Ok(right)
}

/// Notes how one snapshot of a chain differs from the one before.
struct Filler<'u, 'c> {
    class: Class,
    label: &'u [u8],
    update: &'u mut Update<'c>,
    chain: ChainId,
    number: i64,
    monitor: &'u dyn Monitor,
    changes: u64,
    trouble: Option<EngineError>,
    /// Part of the earlier tree cannot be read: what differs cannot be told from it.
    loses_before: bool,
}

impl Filler<'_, '_> {
    /// Gives the number of changes.
    fn fill(
        mut self,
        opened: &Opened,
        label: &[u8],
        before: Option<&Snapshot>,
        snapshot: &Snapshot,
    ) -> Result<u64, EngineError> {
        let Some(after) = top(opened, label, snapshot)? else { return Ok(0) };
        let before = before.map(|before| top(opened, label, before)).transpose()?.flatten();
        let old = before.as_ref().map(|(root, fetcher)| Tree { root: *root, reader: &**fetcher });
        let _ = compare(old, Tree { root: after.0, reader: &*after.1 }, &mut self);
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        if self.loses_before {
            self.fill_from_scratch(&after.0, &after.1)?;
        }
        Ok(self.changes)
    }

    /// Goes through the whole tree, and ends what is not in it.
    fn fill_from_scratch(&mut self, root: &ChunkId, fetcher: &Fetcher) -> Result<(), EngineError> {
        let mut left: HashSet<TreePath> = self.update.open_paths(self.chain)?.into_iter().collect();
        let _ = walk(root, &TreePath::root(), fetcher, &mut Everything { filler: self, left: &mut left });
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        for path in left {
            self.update.remove(self.chain, self.number, &path)?;
        }
        Ok(())
    }

    fn note(&mut self, path: &TreePath, after: Option<&Entry>) -> ControlFlow<()> {
        self.changes += 1;
        if self.trouble.is_some() {
            return ControlFlow::Break(());
        }
        if self.monitor.cancelled() {
            self.trouble = Some(EngineError::Interrupted);
            return ControlFlow::Break(());
        }
        // A root that is a folder is nobody's file; one that was a file until now ends.
        let after = after.filter(|entry| !(entry.path.is_root() && entry.kind == EntryKind::Directory));
        let noted = match after {
            Some(entry) => {
                let hint = self.hint(entry);
                self.update.put(self.chain, self.number, path, &version_of(entry), hint)
            }
            None => self.update.remove(self.chain, self.number, path),
        };
        match noted {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.trouble = Some(error.into());
                ControlFlow::Break(())
            }
        }
    }

    fn hint(&self, entry: &Entry) -> MailHint {
        match entry.kind {
            EntryKind::File { size: 1.., glance, .. } => {
                hint(self.class, entry.path.name().unwrap_or(self.label), glance)
            }
            _ => MailHint::NoMail,
        }
    }

    fn note_damage(
        &mut self,
        from: &TreePath,
        until: Option<&TreePath>,
        error: &RepoError,
    ) -> Result<(), CatalogueError> {
        let problem = error.to_string();
        let damage =
            Damage { chain: self.chain, number: self.number, from: from.clone(), until: until.cloned(), problem };
        self.update.note_damage(&damage)
    }
}

impl TreeComparison for Filler<'_, '_> {
    fn differs(&mut self, before: Option<Entry>, after: Option<Entry>) -> ControlFlow<()> {
        match before.as_ref().or(after.as_ref()) {
            Some(entry) => self.note(&entry.path, after.as_ref()),
            None => ControlFlow::Continue(()),
        }
    }

    fn unreadable(&mut self, side: Side, from: &TreePath, until: Option<&TreePath>, error: RepoError) {
        if error.is_of_the_store() {
            self.trouble.get_or_insert(error.into());
            return;
        }
        match side {
            Side::Before => self.loses_before = true,
            Side::After => {
                if let Err(error) = self.note_damage(from, until, &error) {
                    self.trouble = Some(error.into());
                }
            }
        }
    }
}

/// Sees a whole tree, of which the comparison has told what cannot be read already.
struct Everything<'f, 'u, 'c> {
    filler: &'f mut Filler<'u, 'c>,
    left: &'f mut HashSet<TreePath>,
}

impl TreeVisitor for Everything<'_, '_, '_> {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        self.left.remove(&entry.path);
        self.filler.note(&entry.path, Some(&entry))
    }

    fn unreadable(&mut self, _: &TreePath, _: Option<&TreePath>, error: RepoError) -> ControlFlow<()> {
        if error.is_of_the_store() {
            self.filler.trouble = Some(error.into());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn class_of(snapshot: &Snapshot, label: &[u8]) -> Class {
    root_of(snapshot, label).map_or_else(Class::default, |root| root.description.class)
}

/// The top node of a root in a snapshot, and what fetches it.
fn top(opened: &Opened, label: &[u8], snapshot: &Snapshot) -> Result<Option<(ChunkId, Arc<Fetcher>)>, EngineError> {
    root_of(snapshot, label).map(|root| Ok((root.tree, opened.fetcher_of(snapshot)?))).transpose()
}

/// What tells one version from another: rights and owners do not.
fn version_of(entry: &Entry) -> ItemVersion {
    let mut digest = blake3::Hasher::new();
    let mut length = 0;
    match &entry.kind {
        EntryKind::File { size, chunks, .. } => {
            length = *size;
            for (id, _) in &chunks.chunks {
                digest.update(&id.0);
            }
        }
        EntryKind::Symlink { target, .. } => {
            digest.update(target);
        }
        _ => {}
    }
    let mut content = [0; 16];
    content.copy_from_slice(&digest.finalize().as_bytes()[..16]);
    let item = ItemType::of(&entry.kind).number();
    ItemVersion { item, size: length, modified: entry.metadata.modified, content }
}
