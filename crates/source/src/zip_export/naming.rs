//! What the name of a ZIP file tells of the export that is in it: which service made it, on which day, which of several parts it is.
//!
//! OneDrive and SharePoint write `OneDrive_2026-11-20.zip` or `OneDrive_1_20-11-2026.zip`, where the first number counts downloads.
//! Google writes `Documents-20261120T093000Z-001.zip` and `takeout-20261120T093000Z-1-001.zip`, where the last number is that of the
//! part. A browser adds ` (1)` to a name that is taken.

use jiff::civil::{Date, DateTime};
use std::ops::Range;

/// How services name the ZIP files that they make.
const SERVICES: [&str; 3] = ["onedrive", "sharepoint", "takeout"];
/// No ZIP file was made before, and none will be for long.
const YEARS: Range<i16> = 1980..2200;
/// `20261120T093000Z`.
const STAMP_LEN: usize = 16;
/// Google writes a part's number with so many digits.
const PART_DIGITS: usize = 3;
/// Nobody downloads more parts of one export; what claims more is no number of a part.
const MOST_PARTS: u64 = 999;

/// What tells which of two files of one series is the newer, by their names alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Newness {
    day: Option<Date>,
    /// Where the name tells the second.
    time: Option<DateTime>,
    /// The number that a browser added because there was such a file already.
    again: u64,
    /// What a service counts its downloads by.
    download: u64,
}

/// The days that the names of one series tell. `11-12-2026` is two days, and a service writes what its user's country does: which it
/// is shows in the other names, in that nothing is made tomorrow, and on which days the files were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    month_first: bool,
    not_after: Option<Date>,
}

impl Days {
    /// Of a series: names, and the days on which the files were written.
    pub(super) fn of_series(files: &[(&[u8], Option<Date>)], not_after: Option<Date>) -> Self {
        let days = |month_first| {
            let days = files.iter().filter_map(|(name, written)| Some((day_in(name)?, *written)));
            let read = days.map(|(day, written)| (read_day(&day, month_first), written));
            read.collect::<Vec<_>>()
        };
        let is_late = |day: Date| not_after.is_some_and(|limit| day > limit);
        let wrong =
            |days: &[(Option<Date>, Option<Date>)]| days.iter().filter(|(day, _)| day.is_none_or(is_late)).count();
        let fitting = |days: &[(Option<Date>, Option<Date>)]| {
            let is_near = |day: Date, written: Date| day.duration_until(written).as_hours().abs() <= 24;
            days.iter().filter(|(day, written)| day.zip(*written).is_some_and(|(day, at)| is_near(day, at))).count()
        };
        let (british, american) = (days(false), days(true));
        let (wrong_british, wrong_american) = (wrong(&british), wrong(&american));
        let month_first =
            wrong_american < wrong_british || wrong_american == wrong_british && fitting(&american) > fitting(&british);
        Self { month_first, not_after }
    }

    /// The day in a name, if it can be true.
    pub(super) fn day(&self, name: &[u8]) -> Option<Date> {
        let day = match stamp_in(name) {
            Some(time) => time.date(),
            None => {
                let written = day_in(name)?;
                read_day(&written, self.month_first).or_else(|| date_of(&written))?
            }
        };
        Some(day).filter(|day| self.not_after.is_none_or(|limit| *day <= limit))
    }
}

/// One of several parts of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// What stands before the number and behind it: the same for all parts of one export.
    pub(super) around: (String, String),
    /// Which part it is.
    pub(super) number: u64,
    /// How many there are, where the name says so.
    pub(super) of: Option<u64>,
    digits: usize,
}

impl Part {
    /// What another part of the same export is called.
    pub(super) fn name_of(&self, number: u64) -> String {
        format!("{}{number:0digits$}{}", self.around.0, self.around.1, digits = self.digits)
    }
}

/// By its name alone, how new a file is.
pub(super) fn newness(name: &[u8]) -> Newness {
    let time = stamp_in(name);
    let day = time.map(DateTime::date).or_else(|| day_in(name).and_then(|day| date_of(&day)));
    let (stem, again) = without_browsers_number(name);
    // The numbers of a day and of a part count no downloads.
    let counts = time.is_none() && part_in(name).is_none();
    let download = numbers(stem).into_iter().next().filter(|_| counts).unwrap_or(0);
    Newness { day, time, again, download }
}

/// Whether the name is one that a service gives, whoever then renamed it by number.
pub(super) fn is_of_a_service(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    SERVICES.iter().any(|service| lower.starts_with(service.as_bytes())) || stamp_in(name).is_some()
}

/// Each run of digits as one `#`, and without the number that a browser adds to a name that is taken.
pub(super) fn without_numbers(name: &[u8]) -> Vec<u8> {
    let out = with_runs_as(name, b'#').to_ascii_lowercase();
    let (stem, extension) = out.split_at(out.len().saturating_sub(4));
    [stem.strip_suffix(b" (#)").unwrap_or(stem), extension].concat()
}

/// What the names of one series have in common: another week's differs in nothing but numbers. The day by itself has one form, however a
/// service writes it: it has changed that before, and an export has not become another one with it.
pub(super) fn form(name: &[u8]) -> Vec<u8> {
    service_and_day(name).map_or_else(|| without_numbers(name), |service| [service.as_bytes(), b"_#day.zip"].concat())
}

/// The service of a name that tells a day besides, and nothing else but numbers.
fn service_and_day(name: &[u8]) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let stem = &lower[..lower.len().saturating_sub(4)];
    let is_all = |rest: &[u8]| rest.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic());
    let is_of = |service: &&&str| stem.strip_prefix(service.as_bytes()).is_some_and(is_all);
    SERVICES.iter().find(is_of).copied().filter(|_| day_in(name).is_some())
}

/// What a series is called on the screen: `OneDrive`.
pub(super) fn title(name: &[u8]) -> Vec<u8> {
    let end = name.iter().position(u8::is_ascii_digit).unwrap_or(name.len().saturating_sub(4));
    let is_joint = |byte: &u8| matches!(byte, b'-' | b'_' | b' ' | b'.' | b'(');
    let mut title = &name[..end];
    while let Some((_, rest)) = title.split_last().filter(|(last, _)| is_joint(last)) {
        title = rest;
    }
    title.to_vec()
}

/// The same where two series would be called alike: `OneDrive_DATE`.
pub(super) fn long_title(name: &[u8]) -> Vec<u8> {
    const DAY: &[u8] = b"N-N-N";
    if let Some(service) = service_and_day(name) {
        return [&name[..service.len()], b"_DATE"].concat();
    }
    let out = with_runs_as(name, b'N');
    let stem = &out[..out.len().saturating_sub(4)];
    let stem = stem.strip_suffix(b" (N)").unwrap_or(stem);
    match stem.windows(DAY.len()).rposition(|five| five == DAY).filter(|_| day_in(name).is_some()) {
        Some(at) => [&stem[..at], b"DATE", &stem[at + DAY.len()..]].concat(),
        None => stem.to_vec(),
    }
}

fn with_runs_as(name: &[u8], stands_for: u8) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(name.len());
    let mut was_digit = false;
    for &byte in name {
        match (byte.is_ascii_digit(), was_digit) {
            (true, true) => {}
            (true, false) => out.push(stands_for),
            (false, _) => out.push(byte),
        }
        was_digit = byte.is_ascii_digit();
    }
    out
}

/// All numbers in a name, in order.
pub(super) fn numbers(name: &[u8]) -> Vec<u64> {
    let runs = name.split(|byte| !byte.is_ascii_digit()).filter(|run| !run.is_empty());
    runs.map(|run| run.iter().fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
        .collect()
}

/// The name without `.zip` and without ` (1)`, and that number.
fn without_browsers_number(name: &[u8]) -> (&[u8], u64) {
    let stem = &name[..name.len().saturating_sub(4)];
    let added = stem.strip_suffix(b")").and_then(|rest| {
        let at = rest.iter().rposition(|byte| !byte.is_ascii_digit())?;
        let stem = rest[..=at].strip_suffix(b" (")?;
        Some((stem, numbers(&rest[at + 1..]).first().copied()?))
    });
    added.unwrap_or((stem, 0))
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
    let mut days = parts.windows(3).filter(is_day).map(|day| day.join("-"));
    // A number that counts downloads stands in front of it, and may look like a year.
    days.rfind(|day| date_of(day).is_some_and(|day| YEARS.contains(&day.year())))
}

/// Which day that is. Of two numbers that could each be the month the second is, as it is written in Britain.
fn date_of(day: &str) -> Option<Date> {
    read_day(day, false).or_else(|| read_day(day, true))
}

/// The same where the order is known; with the year first it always is.
fn read_day(day: &str, month_first: bool) -> Option<Date> {
    let mut numbers = day.split('-').map(|number| number.parse::<i16>().ok());
    let (first, second, third) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let date = |year, month: i16, day: i16| Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok();
    match month_first {
        _ if first > 31 => date(first, second, third),
        true => date(third, first, second),
        false => date(third, second, first),
    }
}

/// The second of which Google writes `20261120T093000Z`.
pub(super) fn stamp_in(name: &[u8]) -> Option<DateTime> {
    stamp_at(name).map(|(_, time)| time)
}

fn stamp_at(name: &[u8]) -> Option<(usize, DateTime)> {
    name.windows(STAMP_LEN).enumerate().find_map(|(at, stamp)| Some((at, time_of(stamp)?)))
}

fn time_of(stamp: &[u8]) -> Option<DateTime> {
    if stamp[8] != b'T' || stamp[15] != b'Z' {
        return None;
    }
    let digits = |from: usize, to: usize| {
        let run = &stamp[from..to];
        let number = || i16::try_from(*numbers(run).first()?).ok();
        if run.iter().all(u8::is_ascii_digit) { number() } else { None }
    };
    let two = |from: usize| i8::try_from(digits(from, from + 2)?).ok();
    DateTime::new(digits(0, 4)?, two(4)?, two(6)?, two(9)?, two(11)?, two(13)?, 0).ok()
}

/// Which part of an export it is, where the name leaves no doubt.
pub(super) fn part_in(name: &[u8]) -> Option<Part> {
    let (stem, _) = without_browsers_number(name);
    let extension = name.get(name.len().checked_sub(4)?..)?;
    let (stem, extension) = (std::str::from_utf8(stem).ok()?, std::str::from_utf8(extension).ok()?);
    let found = of_google(stem).or_else(|| in_words(stem))?;
    let Part { around: (before, behind), number, of, digits } = found;
    let is_one = (1..=of.unwrap_or(MOST_PARTS).min(MOST_PARTS)).contains(&number);
    is_one.then(|| Part { around: (before, behind + extension), number, of, digits })
}

/// `Documents-20261120T093000Z-001`.
fn of_google(stem: &str) -> Option<Part> {
    let (at, _) = stamp_at(stem.as_bytes())?;
    let (before, digits) = stem.rsplit_once('-').filter(|(before, _)| before.len() >= at + STAMP_LEN)?;
    let is_number = digits.len() == PART_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let around = (format!("{before}-"), String::new());
    is_number.then_some(Part { around, number: digits.parse().ok()?, of: None, digits: PART_DIGITS })
}

/// `Minutes part 2 of 3`, also `part2of3`.
fn in_words(stem: &str) -> Option<Part> {
    // In ASCII, what is lower-case has the same length.
    let lower = stem.to_ascii_lowercase();
    let is_joint = |letter: char| matches!(letter, ' ' | '_' | '-' | '.');
    let number_at = lower.rfind("part")? + "part".len();
    let number_at = number_at + (lower[number_at..].len() - lower[number_at..].trim_start_matches(is_joint).len());
    let (number, rest) = leading_number(&lower[number_at..])?;
    let (of, rest_behind) =
        leading_number(rest.trim_start_matches(is_joint).strip_prefix("of")?.trim_start_matches(is_joint))?;
    if of > MOST_PARTS || rest_behind.starts_with(|letter: char| letter.is_ascii_alphanumeric()) {
        return None;
    }
    let digits = lower[number_at..].len() - rest.len();
    let behind = &stem[stem.len() - rest.len()..];
    Some(Part { around: (stem[..number_at].to_owned(), behind.to_owned()), number, of: Some(of), digits })
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
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

    #[test]
    fn a_service_that_writes_the_day_in_another_way_has_one_form_and_what_else_is_in_a_name_tells_another() {
        for name in ["OneDrive_1_20-11-2026.zip", "OneDrive_2026-11-20.ZIP", "onedrive-20.11.2026 (2).zip"] {
            assert_eq!(form(name.as_bytes()), b"onedrive_#day.zip", "{name}");
            assert!(long_title(name.as_bytes()).eq_ignore_ascii_case(b"OneDrive_DATE"), "{name}");
        }
        for (name, own) in [
            ("SharePoint_1_20-11-2026.zip", "sharepoint_#day.zip"),
            ("OneDrive (2).zip", "onedrive.zip"),
            ("OneDrive_7.zip", "onedrive_#.zip"),
            ("OneDrive - Planning_1_20-11-2026.zip", "onedrive - planning_#_#-#-#.zip"),
            ("OneDrive \u{e9}_1_20-11-2026.zip", "onedrive \u{e9}_#_#-#-#.zip"),
            ("takeout-20261120T093000Z-1-001.zip", "takeout-#t#z-#-#.zip"),
        ] {
            assert_eq!(form(name.as_bytes()), own.as_bytes(), "{name}");
        }
    }

    #[test]
    fn of_files_of_one_series_the_name_tells_which_is_the_newer() {
        let in_order = [
            "OneDrive_9_13-11-2026 (4).zip",
            "OneDrive_1_20-11-2026.zip",
            "OneDrive_2_20-11-2026.zip",
            "OneDrive_1_20-11-2026 (1).zip",
            "OneDrive_1_20-11-2026 (2).zip",
            "OneDrive_1_1-12-2026.zip",
        ];
        assert!(in_order.map(|name| newness(name.as_bytes())).is_sorted_by(|one, next| one < next));
        assert!(newness(b"Export.zip") < newness(b"Export (1).zip"));
        assert!(newness(b"D-20261120T093000Z-002.zip") < newness(b"D-20261120T093001Z-001.zip"));
        // Parts of one export are as new as each other.
        assert_eq!(newness(b"D-20261120T093000Z-002.zip"), newness(b"D-20261120T093000Z-001.zip"));
        assert_eq!(newness(b"M part 1 of 2.zip"), newness(b"M part 2 of 2.zip"));
    }

    #[test]
    fn a_number_of_downloads_in_front_of_a_day_is_no_year() {
        assert_eq!(day_in(b"OneDrive_1200_14-11-2026.zip").as_deref(), Some("14-11-2026"));
        assert_eq!(day_in(b"OneDrive_2026_1-2-2027.zip").as_deref(), Some("1-2-2027"));
        assert_eq!(day_in(b"Minutes 1-2-0026.zip"), None);
    }

    #[test]
    fn whether_the_day_or_the_month_comes_first_shows_in_the_series() {
        let day = |year, month, day| Some(Date::constant(year, month, day));
        let limit = day(2026, 11, 23);
        let read = |names: &[(&str, Option<Date>)], not_after| {
            let files: Vec<(&[u8], _)> = names.iter().map(|(name, written)| (name.as_bytes(), *written)).collect();
            let days = Days::of_series(&files, not_after);
            files.iter().map(|(name, _)| days.day(name)).collect::<Vec<_>>()
        };
        let (early, late) = (("OneDrive_1_11-12-2026.zip", None), ("OneDrive_1_11-20-2026.zip", None));
        assert_eq!(read(&[early, late], None), [day(2026, 11, 12), day(2026, 11, 20)]);
        assert_eq!(read(&[early], None), [day(2026, 12, 11)]);
        // The eleventh of December is not yet.
        assert_eq!(read(&[early], limit), [day(2026, 11, 12)]);
        // Both would do, and the files were written on the days that one of them gives.
        let (november, december) = ("OneDrive_1_11-12-2026.zip", "OneDrive_1_12-3-2026.zip");
        let written = [(november, day(2026, 11, 12)), (december, day(2026, 12, 4))];
        assert_eq!(read(&written, day(2027, 5, 1)), [day(2026, 11, 12), day(2026, 12, 3)]);
        let written = [(november, day(2027, 1, 1)), (december, day(2027, 1, 1))];
        assert_eq!(read(&written, day(2027, 5, 1)), [day(2026, 12, 11), day(2026, 3, 12)]);
        // Neither can be true.
        assert_eq!(read(&[("OneDrive_2099-01-01.zip", None)], limit), [None]);
        assert_eq!(read(&[("D-20990101T000000Z-001.zip", None)], limit), [None]);
    }

    #[test]
    fn a_part_is_told_only_where_the_name_leaves_no_doubt() {
        let part = |name: &str| part_in(name.as_bytes()).map(|part| (part.number, part.of, part.name_of(1)));
        for (name, number, of, first) in [
            ("Documents-20261120T093000Z-002.zip", 2, None, "Documents-20261120T093000Z-001.zip"),
            ("Documents-20261120T093000Z-002 (1).zip", 2, None, "Documents-20261120T093000Z-001.zip"),
            ("takeout-20261120T093000Z-1-012.zip", 12, None, "takeout-20261120T093000Z-1-001.zip"),
            ("Minutes part 2 of 3.zip", 2, Some(3), "Minutes part 1 of 3.zip"),
            ("Minutes_Part02of10.ZIP", 2, Some(10), "Minutes_Part01of10.ZIP"),
        ] {
            assert_eq!(part(name), Some((number, of, first.to_owned())), "{name}");
        }
        for name in [
            "OneDrive_2_20-11-2026.zip",
            "Export (2).zip",
            "Scan-002.zip",
            "Documents-20261120T093000Z.zip",
            "Documents-20261320T093000Z-002.zip",
            "Party 2 of 3.zip",
            "part 4 of 3.zip",
            "part 0 of 3.zip",
            "part of it.zip",
            "Part 2 of 3rd.zip",
        ] {
            assert_eq!(part(name), None, "{name}");
        }
    }

    #[test]
    fn a_series_is_called_by_what_stands_before_its_numbers() {
        assert_eq!(title(b"OneDrive_1_20-11-2026.zip"), b"OneDrive");
        assert_eq!(title(b"Documents-20261120T093000Z-001.zip"), b"Documents");
        assert_eq!(title(b"Export.zip"), b"Export");
        assert_eq!(title(b"2026-11-20 Export.zip"), b"");
        assert_eq!(long_title(b"OneDrive_1_20-11-2026 (1).zip"), b"OneDrive_DATE");
        assert_eq!(long_title(b"OneDrive_1-2-3.zip"), b"OneDrive_N-N-N");
        assert!(is_of_a_service(b"SharePoint.zip") && is_of_a_service(b"Photos-20261120T093000Z-001.zip"));
        assert!(!is_of_a_service(b"Minutes 20-11-2026.zip"));
    }
}
