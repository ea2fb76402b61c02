//! A root of this run as it is held against earlier ones: by what can be said that it is what another was.

use super::found::Found;
use crate::backup::RootOutcome;
use crate::same_place::is_same_place;
use chest_model::Class;
use chest_repo::local::BaselineRoot;
use chest_source::form_of_export;

/// A root of this run.
#[derive(Clone)]
pub(super) struct Named<'r> {
    pub(super) label: &'r [u8],
    pub(super) class: Class,
    /// Not even its beginning could be read.
    pub(super) is_unread: bool,
    pub(super) found: &'r Found,
    /// The path that was named.
    pub(super) place: &'r [u8],
    /// Of an export: what tells it from others in the same place.
    pub(super) form: Option<Vec<u8>>,
}

impl<'r> Named<'r> {
    pub(super) fn new(outcome: &'r RootOutcome, is_unread: bool, found: &'r Found) -> Self {
        let description = &outcome.description;
        Self {
            label: &description.label,
            class: description.class,
            is_unread,
            found,
            place: &description.native_path,
            form: form(outcome),
        }
    }

    /// Whether the other can be what this one was: an export is made of a folder, and does not come in its place.
    pub(super) fn is_of_kind_of(&self, past: &BaselineRoot) -> bool {
        past.class == Some(self.class) && past.form.is_some() == self.form.is_some()
    }

    /// Whether the other came out of the same path.
    pub(super) fn is_in_place_of(&self, past: &BaselineRoot) -> bool {
        past.class == Some(self.class) && past.place.as_deref() == Some(self.place)
    }

    /// Whether it came out of another path than what was known by its name.
    pub(super) fn is_from_elsewhere(&self, past: &BaselineRoot) -> bool {
        let are_exports = past.form.is_some() && self.form.is_some();
        past.place.as_deref().is_some_and(|place| !is_same_place(place, self.place, are_exports))
    }

    /// Whether more than half of its folders were folders of the other.
    pub(super) fn has_folders_of(&self, past: &BaselineRoot) -> bool {
        let (shared, all) = shares_folders(self.found, past);
        shared * 2 > all
    }

    /// Whether something of this form is in it, be it as a file.
    pub(super) fn holds(&self, form: &Option<Vec<u8>>) -> bool {
        self.form == *form || self.keeps_as_files(form)
    }

    /// Whether exports of this form lie in it as the files that they are: what is in them is not seen any more, and not gone.
    pub(super) fn keeps_as_files(&self, form: &Option<Vec<u8>>) -> bool {
        !self.found.is_export && form.as_ref().is_some_and(|form| self.found.archives.contains_key(form))
    }

    /// Whether nobody can say that anything is missing in its path: it is there, and cannot be looked into.
    pub(super) fn is_closed(&self) -> bool {
        self.is_unread && !self.found.is_missing
    }
}

/// The form of the name of the files that a root came out of; none where they are no exports.
pub(super) fn form(outcome: &RootOutcome) -> Option<Vec<u8>> {
    outcome.containers.first().map(|container| form_of_export(&container.name))
}

/// How many of its folders were folders of the other, and how many it has.
pub(super) fn shares_folders(found: &Found, past: &BaselineRoot) -> (usize, usize) {
    found
        .folders
        .paths()
        .fold((0, 0), |(shared, all), folder| (shared + usize::from(past.folders.contains_key(folder)), all + 1))
}
