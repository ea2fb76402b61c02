//! The exports of a folder whose names have one form: which is backed up each time, which once, and what is none.

use super::age::{Age, days_of};
use super::archive::{Archive, Budget};
use super::exports::{Export, is_document, name_of, same_exports};
use super::lines::{Contents, Lines};
use super::member::damaged;
use super::naming::is_of_a_service;
use super::{FileBytes, ZipOptions};
use crate::ReadFailure;
use chest_model::UnreadableReason;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What became of them.
#[derive(Debug, Default)]
pub(super) struct OneForm {
    /// The newest that can be read begins the first line.
    pub(super) lines: Lines,
    /// What is newer, and no export: names, and why.
    pub(super) unreadable: Vec<(Vec<u8>, ReadFailure)>,
    /// Files that are older and that nobody can take apart without loss: they are stored as the files they are.
    pub(super) as_files: Vec<PathBuf>,
}

impl OneForm {
    /// Looks into all of them. `None`: the newest is a document that is called `.zip`.
    pub(super) fn of(files: Vec<PathBuf>, options: &ZipOptions) -> io::Result<Option<Self>> {
        let days = days_of(&files, options)?;
        let mut exports: Vec<(Age, Export)> = Vec::new();
        for export in same_exports(files, &options.zone)? {
            exports.push((Age::of(&export.parts, &days, options)?, export));
        }
        exports.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut found = Self::default();
        while let Some((_, export)) = exports.pop() {
            let looks: Vec<Look> = export.parts.iter().map(|part| look_into(part, options)).collect();
            if !found.lines.all.is_empty() {
                found.take_older(export, looks);
            } else if looks.contains(&Look::Document) {
                return Ok(None);
            } else {
                found.take_newest(export, looks);
            }
        }
        Ok(Some(found))
    }

    fn take_newest(&mut self, export: Export, looks: Vec<Look>) {
        if looks.iter().any(Look::is_readable) {
            // A part that cannot be read is told by whoever opens them.
            return self.lines.begin(export, &contents(looks));
        }
        let told = export.parts.iter().zip(looks).filter_map(|(part, look)| match look {
            Look::Nothing(failure) => Some((name_of(part).to_vec(), failure)),
            _ => None,
        });
        self.unreadable.extend(told);
    }

    fn take_older(&mut self, export: Export, looks: Vec<Look>) {
        let are_whole: Vec<bool> = looks.iter().map(Look::is_whole).collect();
        let contents = contents(looks);
        let line = self.lines.continuing(&contents);
        if line.is_none() && !contents.is_empty() {
            return self.lines.begin(export, &contents);
        }
        // What has lost a part of itself is whole as the file that it is.
        let (apart, as_files): (Vec<_>, Vec<_>) =
            export.parts.into_iter().zip(are_whole).partition(|(_, is_whole)| *is_whole);
        let parts = |some: Vec<(PathBuf, bool)>| some.into_iter().map(|(part, _)| part);
        self.as_files.extend(parts(as_files));
        if let Some(line) = line {
            self.lines.join(line, parts(apart).collect(), &contents);
        }
    }
}

/// What a file that is called `.zip` holds.
#[derive(PartialEq, Eq)]
enum Look {
    Readable {
        contents: Contents,
        /// It has not lost a part of itself.
        is_whole: bool,
    },
    /// That of an office program.
    Document,
    Nothing(ReadFailure),
}

impl Look {
    fn is_readable(&self) -> bool {
        matches!(self, Self::Readable { .. })
    }

    /// Whether all of it can be taken apart, as far as its list of files tells.
    fn is_whole(&self) -> bool {
        matches!(self, Self::Readable { is_whole: true, contents } if !contents.is_empty())
    }
}

/// Of all parts together.
fn contents(looks: Vec<Look>) -> Contents {
    let mut all = Contents::default();
    for look in looks {
        if let Look::Readable { contents, .. } = look {
            all.add(contents);
        }
    }
    all
}

fn look_into(path: &Path, options: &ZipOptions) -> Look {
    let bytes = match FileBytes::open(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Look::Nothing(ReadFailure::lasting(UnreadableReason::PermissionDenied, error.to_string()));
        }
        Err(error) => return Look::Nothing(damaged(&error.to_string())),
    };
    let archive = Archive { name: Vec::new(), bytes: Arc::new(bytes) };
    match archive.list(0, &options.zone, &mut Budget::without_looks(&options.limits)) {
        Err(message) => Look::Nothing(damaged(&message)),
        // What a service has packed is an export, also where somebody's files in it are called like those of a document.
        Ok(listing) if is_document(&listing) && !is_of_a_service(name_of(path)) => Look::Document,
        Ok(listing) => match &listing.missing {
            Some(message) if listing.members.iter().all(|(_, member)| member.obstacle.is_some()) => {
                Look::Nothing(damaged(message))
            }
            missing => Look::Readable { contents: Contents::of(&listing), is_whole: missing.is_none() },
        },
    }
}
