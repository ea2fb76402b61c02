//! Going through the folders of a local store: only those a prefix needs, and all of each or an error.

use super::place::{Place, is_absence, open_folder};
use super::publish::kind_and_size;
use crate::{ObjectName, StoreError};
use rustix::fs::{Dir, FileType};
use std::os::fd::{AsFd, OwnedFd};

/// Something that lies in the store's folder.
pub(super) enum Found {
    /// A file with an object's name.
    Object(ObjectName, u64),
    /// Anything else but a folder in which objects may lie.
    Other(String, u64),
}

/// Calls `visit` for everything whose path begins with `prefix`, in no particular order.
pub(super) fn walk(place: &Place, prefix: &str, visit: &mut dyn FnMut(Found)) -> Result<(), StoreError> {
    let (path, rest) = prefix.rsplit_once('/').unwrap_or(("", prefix));
    let may_hold_objects = path.is_empty() && !prefix.starts_with('/') || ObjectName::new(path).is_ok();
    if may_hold_objects
        && let Some(folder) = place.find_folder(path).map_err(|error| place.fault(LISTING, path, error))?
    {
        walk_folder(place, folder, path, rest, visit)?;
    }
    // The folder held open shows an empty list once it has been removed.
    place.must_be_there()
}

const LISTING: &str = "listing";

fn walk_folder(
    place: &Place,
    folder: OwnedFd,
    path: &str,
    beginning: &str,
    visit: &mut dyn FnMut(Found),
) -> Result<(), StoreError> {
    for entry in Dir::read_from(&folder).map_err(|error| place.fault(LISTING, path, error))? {
        let entry = entry.map_err(|error| place.fault(LISTING, path, error))?;
        let bytes = entry.file_name().to_bytes();
        if bytes == b"." || bytes == b".." || !bytes.starts_with(beginning.as_bytes()) {
            continue;
        }
        visit_entry(place, &folder, path, &entry, visit)?;
    }
    Ok(())
}

fn visit_entry(
    place: &Place,
    folder: &OwnedFd,
    path: &str,
    entry: &rustix::fs::DirEntry,
    visit: &mut dyn FnMut(Found),
) -> Result<(), StoreError> {
    let shown = join(path, &entry.file_name().to_string_lossy());
    let name = entry.file_name().to_str().ok().and_then(|_| ObjectName::new(shown.as_str()).ok());
    if entry.file_type() == FileType::Directory
        && let Some(name) = &name
    {
        return walk_below(place, folder, entry, name.as_str(), visit);
    }
    let status = kind_and_size(folder.as_fd(), entry.file_name());
    match (status.map_err(|error| place.fault(LISTING, &shown, error))?, name) {
        // Deleted since the folder was read.
        (None, _) => {}
        (Some((FileType::Directory, _)), Some(name)) => return walk_below(place, folder, entry, name.as_str(), visit),
        (Some((FileType::RegularFile, size)), Some(name)) => visit(Found::Object(name, size)),
        (Some((_, size)), _) => visit(Found::Other(shown, size)),
    }
    Ok(())
}

fn walk_below(
    place: &Place,
    parent: &OwnedFd,
    entry: &rustix::fs::DirEntry,
    path: &str,
    visit: &mut dyn FnMut(Found),
) -> Result<(), StoreError> {
    match open_folder(parent.as_fd(), entry.file_name()) {
        Ok(folder) => walk_folder(place, folder, path, "", visit),
        Err(error) if is_absence(error) => Ok(()),
        Err(error) => Err(place.fault(LISTING, path, error)),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
