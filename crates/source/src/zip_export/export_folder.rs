//! A folder into which the exports of several weeks are downloaded. It is as browsers and clerks leave it: a download has not
//! finished, one is a page that asked to sign in, a note lies beside them. It stays a folder of exports all the same: what
//! is no export yet is told by name, and what is something else is stored as it is.

use super::FileBytes;
use super::ZipOptions;
use super::archive::{Archive, Budget};
use super::exports::{Export, is_called_zip, is_document, name_of, same_exports};
use super::member::damaged;
use super::naming::{Days, day_in, is_of_a_service, long_title, stamp_in, title, without_numbers};
use crate::{Excludes, ReadFailure};
use chest_model::UnreadableReason;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
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

/// Two years of weeks. Where there are more folders, they are something else, and are not looked into.
const FOLDERS_AT_MOST: usize = 104;

/// What a folder is, by what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InFolder {
    /// Exports.
    Exports(ExportFolder),
    /// Files named as exports, and so much else that they may be kept there as the files they are.
    Mixed,
    /// Folders that hold files named as exports, perhaps one for each week: nothing tells that they belong together.
    Scattered,
    /// Anything.
    Other,
}

/// A folder of exports: which count, and what else there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFolder {
    /// The exports, those of each form of name by themselves; at least one.
    pub series: Vec<ExportSeries>,
    /// Names of all exports and downloads, in order: whatever else lies there is something of its own.
    pub exports: Vec<OsString>,
    /// How much else lies there.
    pub others: usize,
}

/// The exports whose names differ in nothing but numbers: one service's, of several weeks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportSeries {
    /// What it is called, where there are several.
    pub title: Option<Vec<u8>>,
    /// The parts of the newest that can be read, in their order; nothing where none can.
    pub newest: Vec<PathBuf>,
    /// How many older ones there are.
    pub older: usize,
    /// What should be an export and is none: names, and why. A download that has not finished is one, and a part that is missing.
    pub unreadable: Vec<(Vec<u8>, ReadFailure)>,
}

/// Finds out what a folder is, and the exports that it stands for.
///
/// Beside other things it is one of exports only where their names say so (by the service, or by the day), and where there is
/// no more of the others than of them: among documents a ZIP file may be kept as such, and older ones must not be passed over.
/// Exports of several services, or with names of several forms, are several series: each may be of another account, so that none makes
/// another one old.
pub fn in_folder(path: &Path, options: &ZipOptions) -> io::Result<InFolder> {
    let inside = Inside::of(path, &options.excludes)?;
    let forms = inside.forms();
    let (mut found, mut files): (Vec<(Vec<u8>, ExportSeries)>, Vec<PathBuf>) = (Vec::new(), Vec::new());
    for form in &forms.names {
        let of_form: Vec<PathBuf> = inside.zips.iter().filter(|zip| series_of(zip) == *form).cloned().collect();
        if let Some(mut series) = with_newest(of_form.clone(), options)? {
            series.title = of_form.last().filter(|_| forms.names.len() > 1).map(|zip| forms.title(zip));
            files.extend(of_form);
            found.push((form.clone(), series));
        }
    }
    if inside.holds_only_downloads() {
        found.push((Vec::new(), ExportSeries::default()));
    }
    let others = inside.others + inside.zips.len() - files.len();
    let is_sure = forms.are_told || inside.holds_only_downloads();
    if found.is_empty() || !is_sure && found.iter().all(|(_, series)| series.newest.is_empty()) {
        return Ok(if inside.has_exports_in_folders() { InFolder::Scattered } else { InFolder::Other });
    }
    if others > files.len() {
        return Ok(InFolder::Mixed);
    }
    for name in &inside.unfinished {
        let form = series_of(&finished(name));
        let of = found.iter().position(|(known, _)| *known == form).unwrap_or(0);
        found[of].1.take_unfinished(name);
    }
    let names = files.iter().filter_map(|file| file.file_name()).map(OsString::from);
    let mut exports: Vec<OsString> = names.chain(inside.unfinished.iter().cloned()).collect();
    exports.sort();
    let series = found.into_iter().map(|(_, series)| series).collect();
    Ok(InFolder::Exports(ExportFolder { series, exports, others }))
}

impl ExportSeries {
    /// A part that is still being downloaded is not missing besides.
    fn take_unfinished(&mut self, name: &OsStr) {
        let whole = finished(name);
        self.unreadable.retain(|(missing, _)| missing != name_of(&whole));
        self.unreadable.push(unfinished(name));
    }
}

/// What tells which of two exports is the newer: the day in their names, for a copy from another disk gives every file a new time.
/// Where a name tells none, the day on which the file was written; and of one day the time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    day: Date,
    /// Where the names tell the second.
    time: Option<DateTime>,
    written: SystemTime,
}

impl Age {
    fn of(parts: &[PathBuf], days: &Days, options: &ZipOptions) -> io::Result<Self> {
        let mut written = SystemTime::UNIX_EPOCH;
        for part in parts {
            written = written.max(fs::metadata(part)?.modified()?);
        }
        let named = parts.iter().filter_map(|part| days.day(name_of(part))).max();
        let day = named.or_else(|| day_of(written, options)).unwrap_or_default();
        let time = named.and_then(|_| parts.iter().filter_map(|part| stamp_in(name_of(part))).max());
        Ok(Self { day, time, written })
    }
}

/// The day on which a file was written, tomorrow at the latest.
fn day_of(written: SystemTime, options: &ZipOptions) -> Option<Date> {
    let day = Timestamp::try_from(written).ok()?.to_zoned(options.zone.clone()).date();
    Some(last_day(options).map_or(day, |limit| day.min(limit)))
}

fn last_day(options: &ZipOptions) -> Option<Date> {
    let limit = Timestamp::from_second(options.not_after?.seconds).ok()?;
    Some(limit.to_zoned(options.zone.clone()).date())
}

fn days_of(files: &[PathBuf], options: &ZipOptions) -> io::Result<Days> {
    let mut dated = Vec::new();
    for file in files {
        dated.push((name_of(file), day_of(fs::metadata(file)?.modified()?, options)));
    }
    Ok(Days::of_series(&dated, last_day(options)))
}

/// The newest of these exports of which anything can be read; newer ones are told. `None`: it is a document that is called
/// `.zip`.
fn with_newest(files: Vec<PathBuf>, options: &ZipOptions) -> io::Result<Option<ExportSeries>> {
    let mut series = ExportSeries::default();
    let days = days_of(&files, options)?;
    let mut exports: Vec<(Age, Export)> = Vec::new();
    for export in same_exports(files, &options.zone)? {
        exports.push((Age::of(&export.parts, &days, options)?, export));
    }
    exports.sort_by(|(one, _), (other, _)| one.cmp(other));
    while let Some((_, Export { parts, missing })) = exports.pop() {
        // What a service has packed is an export, also where somebody's files in it are called like those of a document.
        let look = |part: &PathBuf| match look_into(part, options) {
            Look::Document if is_of_a_service(name_of(part)) => Look::Readable,
            look => look,
        };
        let looks: Vec<Look> = parts.iter().map(look).collect();
        if looks.contains(&Look::Document) {
            return Ok(None);
        }
        if looks.contains(&Look::Readable) {
            // A part that cannot be read is told by whoever opens them.
            (series.newest, series.older) = (parts, exports.len());
            series.unreadable.extend(missing);
            break;
        }
        let told = parts.iter().zip(looks).filter_map(|(part, look)| match look {
            Look::Nothing(failure) => Some((part.file_name()?.as_encoded_bytes().to_vec(), failure)),
            _ => None,
        });
        series.unreadable.extend(told);
    }
    Ok(Some(series))
}

/// Everything in a folder that is not left out.
struct Inside {
    /// Files that are called `.zip`, in order.
    zips: Vec<PathBuf>,
    unfinished: Vec<OsString>,
    /// Those among the others that are folders.
    folders: Vec<PathBuf>,
    others: usize,
}

/// What the names of exports have in common.
struct Forms {
    /// Each form, in order.
    names: Vec<Vec<u8>>,
    /// Whether the names tell that they are exports.
    are_told: bool,
}

impl Forms {
    /// What the series of this file is called: its long name only where a shorter one could mean another.
    fn title(&self, zip: &Path) -> Vec<u8> {
        let short = title(name_of(zip));
        let is_alike = |form: &&Vec<u8>| title_of_form(form).eq_ignore_ascii_case(&short);
        if short.is_empty() || self.names.iter().filter(is_alike).count() > 1 {
            long_title(name_of(zip))
        } else {
            short
        }
    }
}

impl Inside {
    fn of(path: &Path, excludes: &Excludes) -> io::Result<Self> {
        let mut inside = Self { zips: Vec::new(), unfinished: Vec::new(), folders: Vec::new(), others: 0 };
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
                _ => {
                    inside.others += 1;
                    inside.folders.extend(kind.is_dir().then(|| entry.path()));
                }
            }
        }
        inside.zips.sort();
        inside.unfinished.sort();
        Ok(inside)
    }

    /// The forms of names that say that they are exports; or, where nothing else lies there, the only one. Where a service has
    /// named some, a name that tells a day and no service is a file that somebody packed, as any other is.
    fn forms(&self) -> Forms {
        let forms = |is_one: &dyn Fn(&[u8]) -> bool| {
            let zips = self.zips.iter().filter(|zip| is_one(name_of(zip)));
            let forms: BTreeSet<Vec<u8>> = zips.map(|zip| series_of(zip)).filter(|form| has_letter(form)).collect();
            forms.into_iter().collect::<Vec<_>>()
        };
        let told = [forms(&is_of_a_service), forms(&|name| day_in(name).is_some())];
        if let Some(names) = told.into_iter().find(|names| !names.is_empty()) {
            return Forms { names, are_told: true };
        }
        let all: BTreeSet<Vec<u8>> = self.zips.iter().map(|zip| series_of(zip)).collect();
        let only = (all.len() == 1 && self.others == 0).then(|| forms(&|_| true));
        Forms { names: only.unwrap_or_default(), are_told: false }
    }

    /// Nothing but folders, in one of which lies what a service has packed.
    fn has_exports_in_folders(&self) -> bool {
        let is_export = |entry: fs::DirEntry| {
            let name = entry.file_name();
            is_called_zip(&name) && is_of_a_service(name.as_encoded_bytes())
        };
        // What cannot be listed is told when it is backed up.
        let has_one =
            |folder: &PathBuf| fs::read_dir(folder).is_ok_and(|mut inside| inside.any(|one| one.is_ok_and(is_export)));
        let are_all = self.zips.is_empty() && self.others == self.folders.len() && self.others <= FOLDERS_AT_MOST;
        are_all && self.folders.iter().any(has_one)
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

/// The form of an export's name: that of another week differs in nothing but numbers, and has the same.
pub fn form_of_export(name: &[u8]) -> Vec<u8> {
    without_numbers(name)
}

fn series_of(path: &Path) -> Vec<u8> {
    without_numbers(name_of(path))
}

/// The same of a form as of a name: a number stands where digits stood.
fn title_of_form(form: &[u8]) -> Vec<u8> {
    let with_digits: Vec<u8> = form.iter().map(|&byte| if byte == b'#' { b'0' } else { byte }).collect();
    title(&with_digits)
}

/// Without a letter, a name may be that of anything: 2019.zip, 2020.zip.
fn has_letter(series: &[u8]) -> bool {
    series[..series.len().saturating_sub(4)].iter().any(u8::is_ascii_alphabetic)
}

fn is_unfinished(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    UNFINISHED.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

/// What a download will be called once it has finished.
fn finished(name: &OsStr) -> PathBuf {
    let text = name.to_string_lossy();
    let lower = text.to_ascii_lowercase();
    let end = UNFINISHED.iter().find(|end| lower.ends_with(**end)).map_or(0, |end| end.len());
    PathBuf::from(&text[..text.len() - end])
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
