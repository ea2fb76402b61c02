//! Trees: every node reachable, every chunk of every file in a pack that is there and whole. Names the files that are not.

use super::packs::Lost;
use super::{CheckOutcome, finding};
use crate::browse::{ShownPath, lost_part};
use crate::{Context, EngineError, Opened};
use chest_model::{DamagedFile, Entry, EntryKind, ObjectHash, Phase, Progress, Severity, TreePath, WriterId};
use chest_repo::index::IdSet;
use chest_repo::repository::Fetcher;
use chest_repo::tree::{Collector, read_list};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many damaged files one finding names.
const NAMED: usize = 10;

/// Goes through the trees of all snapshots, shared nodes once.
pub(super) fn check_trees(
    context: &Context<'_>,
    opened: &Opened,
    fetchers: &BTreeMap<WriterId, Arc<Fetcher>>,
    lost: &Lost,
    outcome: &mut CheckOutcome,
) -> Result<(), EngineError> {
    let (snapshots, _) = opened.session.snapshots();
    context.monitor.progress(Progress::Begin { phase: Phase::CheckingTrees, items: snapshots.len() as u64, bytes: 0 });
    let mut collectors: BTreeMap<WriterId, (Collector<TreePath>, IdSet)> = BTreeMap::new();
    for snapshot in &snapshots {
        if context.monitor.cancelled() {
            return Err(EngineError::Interrupted);
        }
        outcome.snapshots += 1;
        context.monitor.progress(Progress::Done { items: 1, bytes: 0 });
        let Some(fetcher) = fetchers.get(&snapshot.writer) else { continue };
        let (collector, good) =
            collectors.entry(snapshot.writer).or_insert_with(|| (Collector::default(), good_chunks(fetcher, lost)));
        for root in &snapshot.body.roots {
            let before = collector.damaged.len();
            let mut entries = 0;
            collector.gather(&root.tree, &**fetcher, &mut |entry: Entry| {
                entries += 1;
                (!is_whole(&entry, good, fetcher)).then_some(entry.path)
            })?;
            outcome.entries += entries;
            let label = &root.description.label;
            for (from, error) in &collector.damaged[before..] {
                let label = chest_model::shown(label);
                let what = format!("the list of files of {label} is damaged {}", lost_part(from, error));
                let meaning = "Files listed there cannot be restored from the backups that share this list; other backups may hold them.";
                let remedy =
                    "Look for an older version of the damaged object, or restore these files from another backup.";
                outcome.add(finding("tree-damaged", Severity::Damage, snapshot.record.hash, what, meaning, remedy));
            }
            let damaged: Vec<&TreePath> = collector.items(&root.tree);
            outcome.damaged_files.extend(damaged.into_iter().map(|path| DamagedFile {
                snapshot: snapshot.record.hash,
                root: label.clone(),
                path: path.clone(),
            }));
        }
    }
    context.monitor.progress(Progress::End);
    summarise(outcome);
    Ok(())
}

fn good_chunks(fetcher: &Fetcher, lost: &Lost) -> IdSet {
    let packs = fetcher.index().lookup.packs().iter().filter(|pack| !lost.packs.contains(&pack.name));
    let ids = packs.flat_map(|pack| pack.chunks.iter().map(|chunk| chunk.id));
    ids.filter(|id| !lost.chunks.contains(id)).collect()
}

fn is_whole(entry: &Entry, good: &IdSet, fetcher: &Fetcher) -> bool {
    let content = match &entry.kind {
        EntryKind::File { chunks, .. } => Some(chunks),
        _ => None,
    };
    entry.large_xattrs.iter().map(|(_, list)| list).chain(content).all(|list| {
        list.chunks.iter().all(|(id, _)| good.contains(id))
            && (list.depth == 0
                || read_list(list, fetcher).is_ok_and(|chunks| chunks.iter().all(|(id, _)| good.contains(id))))
    })
}

/// One finding for each snapshot that has lost files.
fn summarise(outcome: &mut CheckOutcome) {
    let mut by_snapshot: BTreeMap<ObjectHash, Vec<String>> = BTreeMap::new();
    for file in &outcome.damaged_files {
        let path = ShownPath { root: file.root.clone(), path: file.path.clone() };
        by_snapshot.entry(file.snapshot).or_default().push(chest_model::shown(&path.to_bytes()));
    }
    for (snapshot, files) in by_snapshot {
        let named = files.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if files.len() > NAMED { format!(" and {} more", files.len() - NAMED) } else { String::new() };
        let what = format!("{} file(s) of this backup are damaged: {named}{more}", files.len());
        let meaning = "These files cannot be had back in full from this backup. Everything else in it can.";
        let remedy = "Look for the file in another backup with `chest find`; keep the original if you still have it.";
        outcome.add(finding("files-damaged", Severity::Damage, snapshot, what, meaning, remedy));
    }
}
