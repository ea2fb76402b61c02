//! The exports of a folder whose names have one form: which is backed up each time, which once, and what is none.

use super::ZipOptions;
use super::age::{Age, days_of};
use super::archive::{Archive, Budget};
use super::exports::{Export, is_document, name_of, same_exports};
use super::lines::{Contents, Lines};
use super::member::damaged;
use super::merge::NO_FILE;
use super::naming::{is_of_a_service, part_in};
use super::open_file::open_file;
use crate::ReadFailure;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What became of them.
#[derive(Debug, Default)]
pub(super) struct OneForm {
    /// The newest that can be read begins the first line.
    pub(super) lines: Lines,
    /// Files of which nothing is known, by the first line of which each may be the newest: names, and why. Of the first line also where there
    /// is none.
    pub(super) unreadable: BTreeMap<usize, Vec<(Vec<u8>, ReadFailure)>>,
    /// Files that are older and that nobody can take apart without loss: they are stored as the files they are.
    pub(super) as_files: Vec<PathBuf>,
}

/// A file of which nothing tells the line to which it belongs.
struct Unassigned {
    file: PathBuf,
    why: ReadFailure,
    /// So many lines have a newer one; of any other it may be the newest.
    newer: usize,
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
        let (mut found, mut unassigned) = (Self::default(), Vec::new());
        while let Some((_, export)) = exports.pop() {
            let looks: Vec<Look> = export.parts.iter().map(|part| look_into(part, options)).collect();
            let is_first = found.lines.all.is_empty();
            if is_first && looks.contains(&Look::Document) {
                return Ok(None);
            } else if is_first && looks.iter().any(Look::is_readable) {
                // A part that cannot be read is told by whoever opens them.
                found.lines.begin(export, &contents(looks));
            } else {
                found.take(export, looks, &mut unassigned);
            }
        }
        // The lines are found from the newest to the oldest, so that only now all are known.
        unassigned.into_iter().for_each(|file| found.assign(file));
        Ok(Some(found))
    }

    fn take(&mut self, export: Export, looks: Vec<Look>, unassigned: &mut Vec<Unassigned>) {
        let fates: Vec<Fate> = looks.iter().map(Look::fate).collect();
        let (contents, newer) = (contents(looks), self.lines.all.len());
        let line = self.lines.continuing(&contents);
        if line.is_none() && !contents.is_empty() {
            return self.lines.begin(export, &contents);
        }
        let mut apart = Vec::new();
        for (file, fate) in export.parts.into_iter().zip(fates) {
            // Of one day there may be several downloads: only a name that counts parts tells that it belongs to those beside it.
            let is_assigned = line.is_some() && part_in(name_of(&file)).is_some();
            match fate {
                Fate::Apart => apart.push(file),
                Fate::Unknown(why) if !is_assigned => unassigned.push(Unassigned { file, why, newer }),
                // What has lost a part of itself is whole as the file that it is.
                Fate::Unknown(_) | Fate::AsFile => self.as_files.push(file),
            }
        }
        if let Some(line) = line {
            self.lines.join(line, apart, &contents);
        }
    }

    /// What may be the newest of a line is told; for what every line has a newer one, that is an older download that came to nothing.
    fn assign(&mut self, one: Unassigned) {
        if one.newer == 0 || one.newer < self.lines.all.len() {
            self.unreadable.entry(one.newer).or_default().push((name_of(&one.file).to_vec(), one.why));
        } else {
            self.as_files.push(one.file);
        }
    }
}

/// What becomes of a file of an older export.
enum Fate {
    /// All of it can be taken apart, as far as its list of files tells.
    Apart,
    AsFile,
    /// Nobody knows what should be in it.
    Unknown(ReadFailure),
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

    /// Of one that is not the newest.
    fn fate(&self) -> Fate {
        match self {
            Self::Nothing(why) => Fate::Unknown(why.clone()),
            Self::Readable { contents, .. } if contents.is_empty() => Fate::Unknown(damaged(NO_FILE)),
            Self::Readable { is_whole: true, .. } => Fate::Apart,
            Self::Readable { is_whole: false, .. } | Self::Document => Fate::AsFile,
        }
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
    let bytes = match open_file(path, &options.waits) {
        Ok(bytes) => bytes,
        Err(failure) => return Look::Nothing(failure),
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
