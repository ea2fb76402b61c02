//! A folder into which the exports of several weeks are downloaded. It is as browsers and clerks leave it: a download has not
//! finished, one is a page that asked to sign in, a note lies beside them. It stays a folder of exports all the same: what
//! is no export yet is told by name, and what is something else is stored as it is.

use super::FileBytes;
use super::ZipOptions;
use super::archive::{Archive, Budget};
use super::bytes::ArchiveBytes;
use super::exports::{date_of, day_in, is_called_zip, is_document, same_exports, without_numbers};
use super::member::damaged;
use crate::{Excludes, ReadFailure};
use chest_model::UnreadableReason;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What browsers append to the name of a file until they have all of it.
const UNFINISHED: [&str; 5] = [".crdownload", ".part", ".partial", ".download", ".opdownload"];
/// How a browser calls a download whose name it has not been told yet.
const NAMELESS: &str = "unconfirmed ";
/// How services name the ZIP files that they make.
const SERVICES: [&str; 3] = ["onedrive", "sharepoint", "takeout"];

/// What a folder is, by what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InFolder {
    /// The exports of one series.
    Exports(ExportFolder),
    /// Files named as exports, and so much else that they may be kept there as the files they are.
    Mixed,
    /// Anything.
    Other,
}

/// A folder of exports: which counts, and what else there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFolder {
    /// The parts of the newest that can be read, in their order; nothing where none can.
    pub newest: Vec<PathBuf>,
    /// How many older ones there are.
    pub older: usize,
    /// What should be an export and is none: names, and why. A download that has not finished is one.
    pub unreadable: Vec<(Vec<u8>, ReadFailure)>,
    /// Names of all exports and downloads, in order: whatever else lies there is something of its own.
    pub exports: Vec<OsString>,
    /// How much else lies there.
    pub others: usize,
}

/// Finds out what a folder is, and the export that it stands for.
///
/// Beside other things it is one of exports only where their names say so (by the service, or by the day), and where there is
/// no more of the others than of them: among documents a ZIP file may be kept as such, and older ones must not be passed over.
pub fn in_folder(path: &Path, options: &ZipOptions) -> io::Result<InFolder> {
    let inside = Inside::of(path, &options.excludes)?;
    let unnamed = Series { name: Vec::new(), is_told_by_names: false };
    let series = match inside.series() {
        Some(series) => series,
        None if inside.holds_only_downloads() => unnamed,
        None if inside.names_exports() => return Ok(InFolder::Mixed),
        None => return Ok(InFolder::Other),
    };
    let (files, foreign): (Vec<PathBuf>, Vec<PathBuf>) =
        inside.zips.iter().cloned().partition(|zip| series_of(zip) == series.name);
    let others = inside.others + foreign.len();
    if others > files.len() {
        return Ok(InFolder::Mixed);
    }
    let names = files.iter().filter_map(|file| file.file_name()).map(OsString::from);
    let folder = ExportFolder {
        exports: names.chain(inside.unfinished.iter().cloned()).collect(),
        unreadable: inside.unfinished.iter().map(|name| unfinished(name)).collect(),
        others,
        ..ExportFolder::default()
    };
    let Some(folder) = with_newest(folder, files, options)? else { return Ok(InFolder::Other) };
    let is_sure = !folder.newest.is_empty() || series.is_told_by_names || inside.holds_only_downloads();
    Ok(if is_sure { InFolder::Exports(folder) } else { InFolder::Other })
}

/// What tells which of two exports is the newer: the day in their names, for a copy from another disk gives every file a new time.
/// Where a name tells none, the day on which the file was written; and of one day the time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    day: Date,
    written: SystemTime,
}

impl Age {
    fn of(parts: &[PathBuf], options: &ZipOptions) -> io::Result<Self> {
        let mut written = SystemTime::UNIX_EPOCH;
        for part in parts {
            written = written.max(fs::metadata(part)?.modified()?);
        }
        let named = parts.first().and_then(|part| day_in(name_of(part))).and_then(|day| date_of(&day));
        let day = named.or_else(|| Some(Timestamp::try_from(written).ok()?.to_zoned(options.zone.clone()).date()));
        Ok(Self { day: day.unwrap_or_default(), written })
    }
}

/// With the newest of these exports of which anything can be read; newer ones are told. `None`: it is a document that is called
/// `.zip`.
fn with_newest(
    mut folder: ExportFolder,
    files: Vec<PathBuf>,
    options: &ZipOptions,
) -> io::Result<Option<ExportFolder>> {
    let mut exports: Vec<(Age, Vec<PathBuf>)> = Vec::new();
    for parts in same_exports(files, &options.zone)? {
        exports.push((Age::of(&parts, options)?, parts));
    }
    exports.sort();
    while let Some((_, parts)) = exports.pop() {
        let looks: Vec<Look> = parts.iter().map(|part| look_into(part, options)).collect();
        if looks.contains(&Look::Document) {
            return Ok(None);
        }
        if looks.contains(&Look::Readable) {
            // A part that cannot be read is told by whoever opens them.
            (folder.newest, folder.older) = (parts, exports.len());
            break;
        }
        let told = parts.iter().zip(looks).filter_map(|(part, look)| match look {
            Look::Nothing(failure) => Some((part.file_name()?.as_encoded_bytes().to_vec(), failure)),
            _ => None,
        });
        folder.unreadable.extend(told);
    }
    Ok(Some(folder))
}

/// Everything in a folder that is not left out.
struct Inside {
    /// Files that are called `.zip`, in order.
    zips: Vec<PathBuf>,
    unfinished: Vec<OsString>,
    others: usize,
}

/// What the names of exports have in common.
struct Series {
    name: Vec<u8>,
    /// Whether the names tell that they are exports.
    is_told_by_names: bool,
}

impl Inside {
    fn of(path: &Path, excludes: &Excludes) -> io::Result<Self> {
        let mut inside = Self { zips: Vec::new(), unfinished: Vec::new(), others: 0 };
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            if excludes.excludes(name.as_encoded_bytes(), kind.is_dir()) {
                continue;
            }
            // One browser's unfinished download is a folder. What is left out of the rest is named in a pattern, which is text.
            match name.to_str() {
                Some(text) if is_unfinished(text) => inside.unfinished.push(name),
                Some(_) if kind.is_file() && is_called_zip(&name) => inside.zips.push(entry.path()),
                _ => inside.others += 1,
            }
        }
        inside.zips.sort();
        inside.unfinished.sort();
        Ok(inside)
    }

    /// The one series whose names say that they are exports; or, where nothing else lies there, the only one.
    fn series(&self) -> Option<Series> {
        let told: BTreeSet<Vec<u8>> = self.named_as_exports().map(|zip| series_of(zip)).collect();
        let all: BTreeSet<Vec<u8>> = self.zips.iter().map(|zip| series_of(zip)).collect();
        let one_of = |set: BTreeSet<Vec<u8>>| set.into_iter().next().filter(|name| has_letter(name));
        match (told.len(), all.len(), self.others) {
            (1, _, _) => one_of(told).map(|name| Series { name, is_told_by_names: true }),
            (0, 1, 0) => one_of(all).map(|name| Series { name, is_told_by_names: false }),
            _ => None,
        }
    }

    fn named_as_exports(&self) -> impl Iterator<Item = &PathBuf> {
        self.zips.iter().filter(|zip| {
            let name = name_of(zip).to_ascii_lowercase();
            SERVICES.iter().any(|service| name.starts_with(service.as_bytes())) || day_in(&name).is_some()
        })
    }

    fn names_exports(&self) -> bool {
        self.named_as_exports().any(|zip| has_letter(&series_of(zip)))
    }

    /// Nothing but ZIP files that are still being downloaded.
    fn holds_only_downloads(&self) -> bool {
        let is_zip = |name: &OsString| {
            let name = name.to_string_lossy().to_ascii_lowercase();
            name.starts_with(NAMELESS) || UNFINISHED.iter().any(|end| name.ends_with(&format!(".zip{end}")))
        };
        self.zips.is_empty() && self.others == 0 && !self.unfinished.is_empty() && self.unfinished.iter().all(is_zip)
    }
}

fn name_of(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}

fn series_of(path: &Path) -> Vec<u8> {
    without_numbers(name_of(path))
}

/// Without a letter, a name may be that of anything: 2019.zip, 2020.zip.
fn has_letter(series: &[u8]) -> bool {
    series[..series.len().saturating_sub(4)].iter().any(u8::is_ascii_alphabetic)
}

fn is_unfinished(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    UNFINISHED.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

fn unfinished(name: &OsStr) -> (Vec<u8>, ReadFailure) {
    let message = "its download has not finished: wait until it has, and back up again; if it never will, delete it and \
                   download it again";
    (name.as_encoded_bytes().to_vec(), damaged(message))
}

/// What a file that is called `.zip` holds.
#[derive(PartialEq, Eq)]
enum Look {
    Readable,
    /// That of an office program.
    Document,
    Nothing(ReadFailure),
}

fn look_into(path: &Path, options: &ZipOptions) -> Look {
    let bytes = match FileBytes::open(path) {
        Ok(bytes) if bytes.length() == 0 => {
            return Look::Nothing(damaged("it is empty, as of a download that has not begun: download it again"));
        }
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Look::Nothing(ReadFailure::lasting(UnreadableReason::PermissionDenied, error.to_string()));
        }
        Err(error) => return Look::Nothing(damaged(&error.to_string())),
    };
    let archive = Archive { name: Vec::new(), bytes: Arc::new(bytes) };
    match archive.list(0, &options.zone, &mut Budget::new(&options.limits)) {
        Err(message) => Look::Nothing(damaged(&message)),
        Ok(listing) if is_document(&listing) => Look::Document,
        Ok(listing) => match listing.missing {
            Some(message) if listing.members.iter().all(|(_, member)| member.obstacle.is_some()) => {
                Look::Nothing(damaged(&message))
            }
            _ => Look::Readable,
        },
    }
}
