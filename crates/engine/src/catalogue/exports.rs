//! What the snapshots of a root say of the exports that it came out of: their names, whether they are whole, and whether they lie there
//! now as files that nobody has looked into.

use super::chains::{hidden_in, root_of};
use crate::EngineError;
use chest_catalogue::{Catalogue, ChainId};
use chest_model::{Container, TreePath};
use chest_repo::record::SnapshotRoot;
use chest_repo::repository::Snapshot;
use chest_source::form_of_export;
use std::collections::HashSet;

/// The exports that a root came out of.
pub(super) fn containers_in<'s>(snapshot: &'s Snapshot, label: &[u8]) -> &'s [Container] {
    root_of(snapshot, label).map_or(&[], |root| &root.containers)
}

/// The form of the names of the exports that it came out of; none where it is as it lay there.
pub(super) fn form(root: &SnapshotRoot) -> Option<Vec<u8>> {
    root.containers.first().map(|container| form_of_export(&container.name))
}

/// The path that it was backed up from; of an export that was named by itself the folder, for its own name is another each week.
pub(super) fn place_of(root: &SnapshotRoot) -> &[u8] {
    let path = root.description.native_path.as_slice();
    let is_export = |name: &[u8]| root.containers.iter().any(|container| container.name == name);
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) if slash > 0 && is_export(&path[slash + 1..]) => &path[..slash],
        _ => path,
    }
}

/// Whether it has the name of its file and not what all exports of its form are called.
pub(super) fn is_called_after_its_file(root: &SnapshotRoot) -> bool {
    root.containers.first().is_some_and(|container| {
        let stem = &container.name[..container.name.len().saturating_sub(4)];
        root.description.label.ends_with(&[b"(", stem, b")"].concat())
    })
}

/// Whether the newest snapshot holds an export with less than all its files, or one of them with less than all that is in it. What
/// stands for that lies at the top, and has the name of the file, or one that ends with it.
pub(super) fn is_cut_short(all: &[&Snapshot], label: &[u8]) -> bool {
    let Some(newest) = all.last() else { return false };
    // Where nothing of it could be read, only an earlier one says that it is an export.
    let form = all.iter().rev().find_map(|snapshot| containers_in(snapshot, label).first());
    let Some(form) = form.map(|container| form_of_export(&container.name)) else { return false };
    let is_one = |name: &[u8]| form == form_of_export(name) || stands_for_part(name, containers_in(newest, label));
    hidden_in(newest, label).into_iter().any(|path| is_at_top(path) && path.name().is_some_and(is_one))
}

/// Whether this is no file, but stands for what could not be read of one of these exports.
pub(super) fn stands_for_part(name: &[u8], of: &[Container]) -> bool {
    let name = name.strip_prefix(b"(").and_then(|name| name.strip_suffix(b")"));
    name.is_some_and(|name| of.iter().any(|container| name.ends_with(&container.name)))
}

/// Whether what came out of exports once lies in them now, as in files that nobody has looked into.
pub(super) fn keeps_exports_as_files(
    catalogue: &Catalogue,
    chain: ChainId,
    all: &[&Snapshot],
    label: &[u8],
) -> Result<bool, EngineError> {
    let is_plain = all.last().is_some_and(|newest| containers_in(newest, label).is_empty());
    if !is_plain {
        return Ok(false);
    }
    let exports = all.iter().flat_map(|snapshot| containers_in(snapshot, label));
    let forms: HashSet<Vec<u8>> = exports.map(|one| form_of_export(&one.name)).collect();
    holds_as_files(catalogue, chain, &forms)
}

/// Whether files lie at the top of it that are named as exports of one of these forms.
pub(super) fn holds_as_files(
    catalogue: &Catalogue,
    chain: ChainId,
    forms: &HashSet<Vec<u8>>,
) -> Result<bool, EngineError> {
    Ok(!forms.is_empty() && catalogue.names_at_top(chain)?.iter().any(|name| forms.contains(&form_of_export(name))))
}

/// Whether nothing is above it but its root.
pub(super) fn is_at_top(path: &TreePath) -> bool {
    path.parent().is_some_and(|parent| parent.is_root())
}
