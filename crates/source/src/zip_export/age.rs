//! How old an export in a folder is: by the day in its name, or else by when its file was written.

use super::ZipOptions;
use super::exports::name_of;
use super::naming::{Days, stamp_in};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// What tells which of two exports is the newer: the day in their names, for a copy from another disk gives every file a new time.
/// Where a name tells none, the day on which the file was written; and of one day the time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Age {
    day: Date,
    /// Where the names tell the second.
    time: Option<DateTime>,
    written: SystemTime,
}

impl Age {
    /// That of an export of these parts.
    pub(super) fn of(parts: &[PathBuf], days: &Days, options: &ZipOptions) -> io::Result<Self> {
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

/// The days that the names of one series tell.
pub(super) fn days_of(files: &[PathBuf], options: &ZipOptions) -> io::Result<Days> {
    let mut dated = Vec::new();
    for file in files {
        dated.push((name_of(file), day_of(fs::metadata(file)?.modified()?, options)));
    }
    Ok(Days::of_series(&dated, last_day(options)))
}
