//! Which files are exports, and which of them belong together. A big export comes as several ZIP files on one day, and next
//! week's has the same names but for numbers.

use super::archive::Listing;
use super::member::damaged;
use super::naming::{Part, day_in, long_title, numbers, part_in, stamp_in, title, without_numbers};
use crate::ReadFailure;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Of more parts that are missing, the number is told and no name.
const MISSING_BY_NAME: u64 = 20;

/// One export, of one or several files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its files, in the order of their numbers.
    pub parts: Vec<PathBuf>,
    /// Names of parts that should be among them and are not, and why they should.
    pub missing: Vec<(Vec<u8>, ReadFailure)>,
}

/// What the files of one export have in common: those of one series, and when they were made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Origin {
    series: Vec<u8>,
    made: String,
}

/// Whether a file is to be taken for what it holds: it is called `.zip`. Mailboxes of Outlook for Mac, maps, tables and many others are ZIPs
/// on the inside; whoever names one means the file.
pub fn is_export(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.is_file() && is_called_zip(path.as_os_str()))
}

/// What an export is called, whatever the week: `OneDrive` for `OneDrive_1_20-11-2026.zip`.
pub fn title_of_export(path: &Path) -> Vec<u8> {
    let name = name_of(path);
    let has_letter = |title: &Vec<u8>| title.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    let titles = [title(name), long_title(name)];
    let stem = || name[..name.len().saturating_sub(4)].to_vec();
    titles.into_iter().find(|title| has_letter(title) && title != b"N").unwrap_or_else(stem)
}

pub(super) fn is_called_zip(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.len() > 4 && name[name.len() - 4..].eq_ignore_ascii_case(b".zip")
}

/// Whether an office program made it: such a document is an archive too.
pub(super) fn is_document(listing: &Listing) -> bool {
    let is_of_program = |name: &[u8]| matches!(name, b"[Content_Types].xml" | b"mimetype" | b"META-INF/MANIFEST.MF");
    listing.members.iter().any(|(name, _)| is_of_program(name))
}

/// Puts the parts of each export together, in the order of their numbers; exports in the order of their first parts.
pub fn same_exports(files: Vec<PathBuf>, zone: &TimeZone) -> io::Result<Vec<Export>> {
    let mut exports: Vec<Vec<PathBuf>> = Vec::new();
    let mut places: HashMap<Origin, usize> = HashMap::new();
    for file in files {
        let place = *places.entry(Origin::of(&file, zone)?).or_insert(exports.len());
        match exports.get_mut(place) {
            Some(parts) => parts.push(file),
            None => exports.push(vec![file]),
        }
    }
    Ok(exports.into_iter().map(Export::of).collect())
}

impl Export {
    fn of(mut parts: Vec<PathBuf>) -> Self {
        parts.sort_by_key(|path| (numbers(name_of(path)), path.clone()));
        parts.dedup();
        let missing = missing_parts(parts.iter().map(|path| name_of(path)));
        Self { parts, missing }
    }
}

impl Origin {
    fn of(path: &Path, zone: &TimeZone) -> io::Result<Self> {
        let name = name_of(path);
        let series = without_numbers(name);
        // The day in the name counts: a download that begins before midnight may end after it.
        let made = match stamp_in(name).map(|time| time.to_string()).or_else(|| day_in(name)) {
            Some(made) => made,
            None => {
                let modified = jiff::Timestamp::try_from(fs::metadata(path)?.modified()?);
                modified.map(|time| time.to_zoned(zone.clone()).date().to_string()).unwrap_or_default()
            }
        };
        Ok(Self { series, made })
    }
}

pub(super) fn name_of(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}

/// The parts between those that are there and before them, and all others where their names say how many there are.
fn missing_parts<'n>(names: impl Iterator<Item = &'n [u8]>) -> Vec<(Vec<u8>, ReadFailure)> {
    let mut sets: BTreeMap<(String, String), Vec<Part>> = BTreeMap::new();
    for part in names.filter_map(part_in) {
        sets.entry(part.around.clone()).or_default().push(part);
    }
    sets.into_values().flat_map(|parts| missing_of(&parts)).collect()
}

/// Of parts of one export.
fn missing_of(parts: &[Part]) -> Vec<(Vec<u8>, ReadFailure)> {
    let there: BTreeSet<u64> = parts.iter().map(|part| part.number).collect();
    let (Some(any), Some(&last)) = (parts.first(), there.last()) else { return Vec::new() };
    let missing: Vec<u64> = (1..=any.of.unwrap_or(last)).filter(|number| !there.contains(number)).collect();
    let by_name = missing.iter().take(MISSING_BY_NAME as usize).map(|&number| {
        let message =
            format!("part {number} of this export is missing: download it too, and back up all of its parts together");
        (any.name_of(number).into_bytes(), damaged(&message))
    });
    let more = (missing.len() as u64).saturating_sub(MISSING_BY_NAME);
    let rest = (more > 0).then(|| {
        let message = "as many further parts of this export are missing: download them too";
        (format!("({more} more parts)").into_bytes(), damaged(message))
    });
    by_name.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(names: &[&str]) -> Vec<String> {
        let missing = missing_parts(names.iter().map(|name| name.as_bytes()));
        missing.into_iter().map(|(name, _)| String::from_utf8(name).unwrap()).collect()
    }

    #[test]
    fn a_gap_in_the_numbers_of_parts_is_told_and_numbers_of_downloads_have_none() {
        let part = |number: &str| format!("Documents-20261120T093000Z-{number}.zip");
        assert_eq!(missing(&[&part("002")]), [part("001")]);
        assert_eq!(missing(&[&part("001"), &part("004"), &part("002")]), [part("003")]);
        assert_eq!(missing(&["M part 2 of 3.zip"]), ["M part 1 of 3.zip", "M part 3 of 3.zip"]);
        assert_eq!(missing(&["takeout-20261120T093000Z-1-001.zip", "takeout-20261120T093000Z-3-001.zip"]).len(), 0);
        assert_eq!(missing(&[&part("001"), &part("002 (1)"), &part("002")]).len(), 0);
        assert_eq!(missing(&["OneDrive_2_20-11-2026.zip", "OneDrive_4_20-11-2026.zip", "Export (3).zip"]).len(), 0);
        let many = missing(&[&part("999")]);
        assert_eq!((many.len(), many[20].as_str()), (21, "(978 more parts)"));
    }
}
