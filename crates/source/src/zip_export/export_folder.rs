//! A folder into which the exports of several weeks are downloaded. It is as browsers and clerks leave it: a download has not
//! finished, one is a page that asked to sign in, a note lies beside them. It stays a folder of exports all the same: what
//! is no export yet is told by name, and what is something else is stored as it is.

use super::ZipOptions;
use super::exports::{is_called_zip, name_of};
use super::lines::Line;
use super::member::damaged;
use super::naming::{day_in, form, is_of_a_service, long_title, title};
use super::one_form::OneForm;
use super::titles::Titles;
use crate::{Excludes, ReadFailure};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What browsers append to the name of a file until they have all of it.
const UNFINISHED: [&str; 5] = [".crdownload", ".part", ".partial", ".download", ".opdownload"];
/// How a browser calls a download whose name it has not been told yet.
const NAMELESS: &str = "unconfirmed ";

/// Two years of weeks. Where there are more folders, they are something else, and are not looked into.
const FOLDERS_AT_MOST: usize = 104;

/// More exports that are none of each other's older ones are no exports of weeks: each would be a root of its own, and the guard
/// remembers a hundred.
const DIFFERENT_AT_MOST: usize = 48;

/// What a folder is, by what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InFolder {
    /// Exports.
    Exports(ExportFolder),
    /// Files named as exports, and so much else that they may be kept there as the files they are.
    Mixed,
    /// Folders that hold files named as exports, perhaps one for each week: nothing tells that they belong together.
    Scattered,
    /// Files named as exports, and so many that have nothing to do with each other that they are kept there as the files they are.
    Many,
    /// Anything.
    Other,
}

/// A folder of exports: which count, and what else there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFolder {
    /// The exports that are backed up each time; at least one.
    pub series: Vec<ExportSeries>,
    /// Names of all exports and downloads, in order: whatever else lies there is something of its own.
    pub exports: Vec<OsString>,
    /// How much else lies there.
    pub others: usize,
}

/// The exports whose names differ in nothing but numbers and of which each holds most of what the one before it held: one service's, of
/// several weeks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportSeries {
    /// What it is called, where there are several.
    pub title: Option<Vec<u8>>,
    /// The parts of the newest that can be read, in their order; nothing where none can.
    pub newest: Vec<PathBuf>,
    /// The older ones, the newest of them first.
    pub older: Vec<OlderExport>,
    /// What should be an export and is none: names, and why. A download that has not finished is one, and a part that is missing.
    pub unreadable: Vec<(Vec<u8>, ReadFailure)>,
}

/// An export of which newer ones hold most. What only it holds is in no later one: it is to be stored once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderExport {
    /// What it is called: as its first file, without extension.
    pub title: Vec<u8>,
    /// Its parts, in their order.
    pub parts: Vec<PathBuf>,
}

/// Finds out what a folder is, and the exports that it stands for.
///
/// Beside other things it is one of exports only where their names say so (by the service, or by the day), and where there is
/// no more of the others than of them: among documents a ZIP file may be kept as such, and older ones must not be passed over.
/// Exports of several services, or with names of several forms, are several series: each may be of another account, so that none makes
/// another one old. Nor does one that holds other files.
pub fn in_folder(path: &Path, options: &ZipOptions) -> io::Result<InFolder> {
    let inside = Inside::of(path, &options.excludes)?;
    let forms = inside.forms();
    if forms.names.len() > DIFFERENT_AT_MOST {
        return Ok(InFolder::Many);
    }
    let mut found = inside.look_into(&forms, options)?;
    if inside.holds_only_downloads() {
        found.by_form.push((Vec::new(), vec![ExportSeries::default()]));
    }
    let is_sure = forms.are_told || inside.holds_only_downloads();
    let others = inside.others + inside.zips.len() - found.files.len();
    // Names tell nothing, and what is in them does not go on from each other.
    let are_of_anything = |lines: &Vec<ExportSeries>| lines.len() > 1 || lines.iter().all(|one| one.newest.is_empty());
    if found.by_form.is_empty() || !is_sure && found.by_form.iter().all(|(_, lines)| are_of_anything(lines)) {
        return Ok(if inside.has_exports_in_folders() { InFolder::Scattered } else { InFolder::Other });
    }
    if others > found.files.len() {
        return Ok(InFolder::Mixed);
    }
    if found.by_form.iter().map(|(_, lines)| lines.len()).sum::<usize>() > DIFFERENT_AT_MOST {
        return Ok(InFolder::Many);
    }
    for name in &inside.unfinished {
        let form = series_of(&finished(name));
        // One whose name tells nothing may be of any.
        let of = found.by_form.iter().position(|(known, _)| *known == form).unwrap_or(0);
        if let Some(series) = found.by_form[of].1.first_mut() {
            series.take_unfinished(name);
        }
    }
    let Found { by_form, files, as_files } = found;
    let apart = files.iter().filter(|file| !as_files.contains(*file)).filter_map(|file| file.file_name());
    let mut exports: Vec<OsString> = apart.map(OsString::from).chain(inside.unfinished.iter().cloned()).collect();
    exports.sort();
    let series = by_form.into_iter().flat_map(|(_, lines)| lines).collect();
    Ok(InFolder::Exports(ExportFolder { series, exports, others: others + as_files.len() }))
}

/// What was found by looking into ZIP files.
#[derive(Default)]
struct Found {
    /// Those of each form of name.
    by_form: Vec<(Vec<u8>, Vec<ExportSeries>)>,
    /// All files of these.
    files: Vec<PathBuf>,
    /// Those of them that are stored as the files they are.
    as_files: BTreeSet<PathBuf>,
}

impl ExportSeries {
    /// The newest of a line, and how the older ones are called.
    fn of(line: Line, title: Option<Vec<u8>>, titles: &mut Titles) -> Self {
        let older = line.older.into_iter().map(|parts| OlderExport { title: titles.of_parts(&parts), parts });
        Self { title, older: older.collect(), newest: line.newest.parts, unreadable: line.newest.missing }
    }

    /// A part that is still being downloaded is not missing besides.
    fn take_unfinished(&mut self, name: &OsStr) {
        let whole = finished(name);
        self.unreadable.retain(|(missing, _)| missing != name_of(&whole));
        self.unreadable.push(unfinished(name));
    }
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
        let is_of_a_day: &dyn Fn(&[u8]) -> bool = &|name| day_in(name).is_some();
        for is_told in [&is_of_a_service, is_of_a_day] {
            let mut names = forms_of(&self.zips, is_told);
            if !names.is_empty() {
                // One of which nothing has been downloaded to its end says nothing about the others.
                names.extend(forms_of(&self.downloads(), is_told));
                return Forms { names: names.into_iter().collect(), are_told: true };
            }
        }
        let all: BTreeSet<Vec<u8>> = self.zips.iter().map(|zip| series_of(zip)).collect();
        let only = (all.len() == 1 && self.others == 0).then(|| forms_of(&self.zips, &|_| true));
        Forms { names: only.unwrap_or_default().into_iter().collect(), are_told: false }
    }

    /// What the ZIP files that are still being downloaded will be called.
    fn downloads(&self) -> Vec<PathBuf> {
        let names = self.unfinished.iter().map(|name| finished(name));
        names.filter(|name| is_called_zip(name.as_os_str())).collect()
    }

    /// Looks into the ZIP files of these forms.
    fn look_into(&self, forms: &Forms, options: &ZipOptions) -> io::Result<Found> {
        let mut by_form: BTreeMap<Vec<u8>, Vec<PathBuf>> =
            forms.names.iter().map(|form| (form.clone(), Vec::new())).collect();
        for zip in &self.zips {
            by_form.entry(series_of(zip)).and_modify(|files| files.push(zip.clone()));
        }
        let (mut found, mut titles, downloads) = (Found::default(), Titles::default(), self.downloads());
        for (form, files) in by_form {
            let any = files.last().or_else(|| downloads.iter().rfind(|one| series_of(one) == form));
            let title = any.filter(|_| forms.names.len() > 1).map(|zip| forms.title(zip));
            let Some(OneForm { lines, unreadable, as_files }) = OneForm::of(files.clone(), options)? else { continue };
            let mut series: Vec<ExportSeries> = match lines.all.len() {
                0 => vec![ExportSeries { title: title.map(|title| titles.take(title)), ..ExportSeries::default() }],
                1 => {
                    let title = title.map(|title| titles.take(title));
                    lines.all.into_iter().map(|line| ExportSeries::of(line, title.clone(), &mut titles)).collect()
                }
                _ => {
                    let named = titles.of_lines(&lines.all).into_iter().zip(lines.all);
                    named.map(|(title, line)| ExportSeries::of(line, Some(title), &mut titles)).collect()
                }
            };
            for (line, told) in unreadable {
                if let Some(one) = series.get_mut(line) {
                    one.unreadable.splice(0..0, told);
                }
            }
            found.by_form.push((form, series));
            found.files.extend(files);
            found.as_files.extend(as_files);
        }
        Ok(found)
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
    form(name)
}

fn series_of(path: &Path) -> Vec<u8> {
    form(name_of(path))
}

/// The same of a form as of a name: a number stands where digits stood.
fn title_of_form(form: &[u8]) -> Vec<u8> {
    let with_digits: Vec<u8> = form.iter().map(|&byte| if byte == b'#' { b'0' } else { byte }).collect();
    title(&with_digits)
}

/// The forms of those names that tell that they are exports.
fn forms_of(zips: &[PathBuf], is_told: &dyn Fn(&[u8]) -> bool) -> BTreeSet<Vec<u8>> {
    let told = zips.iter().filter(|zip| is_told(name_of(zip)));
    told.map(|zip| series_of(zip)).filter(|form| has_letter(form)).collect()
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
    PathBuf::from(without_letters_of_a_browser(&text[..text.len() - end]))
}

/// Firefox puts eight letters before the extension for as long as it is downloading: `Minutes.V-7pbGMy.zip.part`.
fn without_letters_of_a_browser(name: &str) -> String {
    let is_drawn = |part: &str| {
        let is_one = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        part.len() == 8 && part.bytes().all(is_one) && part.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let parts = name.rsplit_once('.').and_then(|(stem, extension)| Some((stem.rsplit_once('.')?, extension)));
    match parts {
        Some(((stem, drawn), extension)) if is_drawn(drawn) => format!("{stem}.{extension}"),
        _ => name.to_owned(),
    }
}

fn unfinished(name: &OsStr) -> (Vec<u8>, ReadFailure) {
    let message = "its download has not finished: wait until it has, and back up again; if it never will, delete it and \
                   download it again";
    (name.as_encoded_bytes().to_vec(), damaged(message))
}
