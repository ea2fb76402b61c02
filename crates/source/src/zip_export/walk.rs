//! The walk: what the archives list, in order, and before it every folder above it that they do not list.

use super::merge::Item;
use crate::{ItemKind, SourceItem};
use chest_model::{Fingerprint, Metadata, Timestamp, TreePath};
use std::ops::ControlFlow;

/// 1 January 1980, in whatever zone.
const NO_TIME: i64 = 315_532_800 + 24 * 3600;

/// Shows the root and every item until the visitor has had enough.
pub(super) fn walk(items: &[Item], not_after: Option<Timestamp>, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) {
    let root = TreePath::root();
    if visit(folder(root.clone(), newest(items.iter(), not_after))).is_continue() {
        // Whether the visitor has had enough or everything was shown, this is the end.
        let _ = walk_below(items, not_after, root, visit);
    }
}

fn walk_below(
    items: &[Item],
    not_after: Option<Timestamp>,
    mut last: TreePath,
    visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for (at, item) in items.iter().enumerate() {
        for above in folders_between(&last, &item.path) {
            let below = items[at..].iter().take_while(|item| item.path.is_within(&above)).count();
            visit(folder(above, newest(items[at..at + below].iter(), not_after)))?;
        }
        visit(shown(item))?;
        last.clone_from(&item.path);
    }
    ControlFlow::Continue(())
}

/// The folders above `path` that are not above `last` too: those that a walk has not shown when it comes from there.
pub(super) fn folders_between(last: &TreePath, path: &TreePath) -> impl Iterator<Item = TreePath> {
    let bytes = path.as_bytes();
    let ends = (0..bytes.len()).filter(|&at| bytes[at] == b'/');
    let above = ends.filter_map(|end| TreePath::from_bytes(bytes[..end].to_vec()).ok());
    above.filter(|above| !last.is_within(above))
}

/// Google writes this page about an export when it makes the export.
const OF_THE_SERVICE: &[u8] = b"archive_browser.html";

/// The last change of any file of these. A time that lies after the reading cannot be true, nor can the first day that a ZIP can write, which
/// is what programs write that know no time.
pub(super) fn newest<'i>(items: impl Iterator<Item = &'i Item>, not_after: Option<Timestamp>) -> Option<Timestamp> {
    let is_true = |time: &Timestamp| time.seconds > NO_TIME && not_after.is_none_or(|limit| *time <= limit);
    let tells = |item: &&Item| {
        !matches!(item.kind, ItemKind::Directory) && item.path.name().is_none_or(|name| name != OF_THE_SERVICE)
    };
    let members = items.filter(tells).filter_map(|item| item.member.as_ref());
    members.map(|member| member.modified).filter(is_true).max()
}

/// A folder that no archive lists is as new as what lies in it.
fn folder(path: TreePath, newest: Option<Timestamp>) -> SourceItem {
    let modified = newest.unwrap_or_default();
    let metadata = Metadata { modified, ..Metadata::default() };
    let fingerprint = Fingerprint { modified, ..Fingerprint::default() };
    SourceItem { path, kind: ItemKind::Directory, metadata, fingerprint, first_link: None, cloud_only: false }
}

fn shown(item: &Item) -> SourceItem {
    let (metadata, fingerprint) =
        item.member.as_ref().map(|member| (member.metadata(), member.fingerprint())).unwrap_or_default();
    SourceItem {
        path: item.path.clone(),
        kind: item.kind.clone(),
        metadata,
        fingerprint,
        first_link: None,
        cloud_only: false,
    }
}
