//! Which files are exports, and which of them belong together. A big export comes as several ZIP files on one day, and next
//! week's has the same names but for numbers.

use super::FileBytes;
use super::ZipLimits;
use super::archive::{Archive, Budget, Listing};
use super::bytes::{ArchiveBytes, read_exact_at};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the exports of one series have in common, and on which day this one was made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Export {
    series: Vec<u8>,
    day: String,
}

/// Whether a file is to be taken for what it holds: it is called `.zip`, or is a ZIP and no document of an office program, which
/// are ZIPs too.
pub fn is_export(path: &Path) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    Ok(is_called_zip(path.as_os_str()) || is_plain_zip(path)?)
}

pub(super) fn is_called_zip(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.len() > 4 && name[name.len() - 4..].eq_ignore_ascii_case(b".zip")
}

/// By its first bytes and by what is in it.
fn is_plain_zip(path: &Path) -> io::Result<bool> {
    let bytes = FileBytes::open(path)?;
    let mut first = [0; 4];
    if bytes.length() < 4 {
        return Ok(false);
    }
    read_exact_at(&bytes, 0, &mut first)?;
    if !matches!(&first, b"PK\x03\x04" | b"PK\x05\x06") {
        return Ok(false);
    }
    let archive = Archive { name: Vec::new(), bytes: Arc::new(bytes) };
    let listing = archive.list(0, &TimeZone::UTC, &mut Budget::new(&ZipLimits::default()));
    Ok(listing.is_ok_and(|listing| !is_document(&listing)))
}

/// Whether an office program made it: such a document is an archive too.
pub(super) fn is_document(listing: &Listing) -> bool {
    let is_of_program = |name: &[u8]| matches!(name, b"[Content_Types].xml" | b"mimetype" | b"META-INF/MANIFEST.MF");
    listing.members.iter().any(|(name, _)| is_of_program(name))
}

/// Puts the parts of each export together, in the order of their numbers; exports in the order of their first parts.
pub fn same_exports(files: Vec<PathBuf>, zone: &TimeZone) -> io::Result<Vec<Vec<PathBuf>>> {
    let mut exports: Vec<(Export, Vec<PathBuf>)> = Vec::new();
    for file in files {
        let export = Export::of(&file, zone)?;
        match exports.iter_mut().find(|(known, _)| *known == export) {
            Some((_, parts)) => parts.push(file),
            None => exports.push((export, vec![file])),
        }
    }
    let numbers = |path: &PathBuf| numbers(path.file_name().unwrap_or_default().as_encoded_bytes());
    Ok(exports
        .into_iter()
        .map(|(_, mut parts)| {
            parts.sort_by_key(|path| (numbers(path), path.clone()));
            parts.dedup();
            parts
        })
        .collect())
}

impl Export {
    fn of(path: &Path, zone: &TimeZone) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let series = without_numbers(name);
        // The day in the name counts: a download that begins before midnight may end after it.
        let day = match day_in(name) {
            Some(day) => day,
            None => {
                let modified = jiff::Timestamp::try_from(fs::metadata(path)?.modified()?);
                modified.map(|time| time.to_zoned(zone.clone()).date().to_string()).unwrap_or_default()
            }
        };
        Ok(Self { series, day })
    }
}

/// Each run of digits as one `#`, and without the number that a browser adds to a name that is taken.
pub(super) fn without_numbers(name: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(name.len());
    for &byte in name {
        match byte {
            b'0'..=b'9' if out.last() == Some(&b'#') => {}
            b'0'..=b'9' => out.push(b'#'),
            _ => out.push(byte.to_ascii_lowercase()),
        }
    }
    let (stem, extension) = out.split_at(out.len().saturating_sub(4));
    [stem.strip_suffix(b" (#)").unwrap_or(stem), extension].concat()
}

fn numbers(name: &[u8]) -> Vec<u64> {
    let runs = name.split(|byte| !byte.is_ascii_digit()).filter(|run| !run.is_empty());
    runs.map(|run| run.iter().fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
        .collect()
}

/// A day written `20-11-2026` or `2026-11-20`, also with dots or underscores.
pub(super) fn day_in(name: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(name);
    let is_separator = |letter: char| matches!(letter, '-' | '.' | '_' | ' ');
    let parts: Vec<&str> = text.split(is_separator).collect();
    let lengths = |three: &[&str]| [three[0].len(), three[1].len(), three[2].len()];
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_day = |three: &&[&str]| {
        three.iter().all(is_number) && matches!(lengths(three), [1 | 2, 1 | 2, 4] | [4, 1 | 2, 1 | 2])
    };
    parts.windows(3).find(is_day).map(|day| day.join("-"))
}

/// Which day that is. Of two numbers that could each be the month the second is, as it is written in Britain.
pub(super) fn date_of(day: &str) -> Option<Date> {
    let mut numbers = day.split('-').map(|number| number.parse::<i16>().ok());
    let (first, second, third) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let date = |year, month: i16, day: i16| Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok();
    if first > 31 {
        date(first, second, third)
    } else {
        date(third, second, first).or_else(|| date(third, first, second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_one_export_have_one_series_and_one_day() {
        for name in ["OneDrive_1_20-11-2026.zip", "onedrive_12_20-11-2026.ZIP", "OneDrive_1_20-11-2026 (1).zip"] {
            assert_eq!(without_numbers(name.as_bytes()), b"onedrive_#_#-#-#.zip", "{name}");
            assert_eq!(day_in(name.as_bytes()).as_deref(), Some("20-11-2026"), "{name}");
        }
        assert_eq!(day_in(b"OneDrive_2026-11-20.zip").as_deref(), Some("2026-11-20"));
        assert_eq!(day_in(b"Export 3.zip"), None);
        for written in ["20-11-2026", "2026-11-20", "11-20-2026"] {
            assert_eq!(date_of(written), Some(Date::constant(2026, 11, 20)), "{written}");
        }
        assert_eq!(date_of("6-11-2026"), Some(Date::constant(2026, 11, 6)));
        assert_eq!(date_of("20-20-2026"), None);
        assert!(numbers(b"OneDrive_2_x.zip") < numbers(b"OneDrive_10_x.zip"));
    }
}
