//! Dates in mail: those of an mbox's "From " line, which is a line of its kind only if it bears one, and those of `Date:`, as the standard has them
//! and as they are written.

use chest_model::Timestamp;
use jiff::civil;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// Nobody writes a longer one; what is longer is text.
const LONGEST_LINE: usize = 1000;
/// So much is read of a `Date:`, with all that was folded.
pub(crate) const LONGEST_HEADER: usize = 400;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WHOLE_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Hours from UTC; all other names mean UTC, for nobody knows what they mean.
const ZONES: [(&str, i64); 8] =
    [("EST", -5), ("EDT", -4), ("CST", -6), ("CDT", -5), ("MST", -7), ("MDT", -6), ("PST", -8), ("PDT", -7)];

/// The date of a "From " line (`From clerk@example.org Fri Nov 20 10:00:00 2026`, with a zone or without); `None` where it is
/// none.
pub(crate) fn of_envelope(line: &[u8]) -> Option<Timestamp> {
    let rest = line.strip_prefix(b"From ").filter(|rest| rest.len() < LONGEST_LINE)?;
    // A sender's name may be in any letters; the date is in these.
    let rest = String::from_utf8_lossy(rest);
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    // The sender before it may be of several words.
    (1..words.len()).rev().find_map(|at| asctime(&words[at..]))
}

/// `Fri Nov 20 10:00:00 2026`, with a zone before the year, after it, or nowhere.
fn asctime(words: &[&str]) -> Option<Timestamp> {
    let [weekday, month, day, clock, rest @ ..] = words else { return None };
    if rest.len() > 3 || !WEEKDAYS.iter().any(|name| name.eq_ignore_ascii_case(weekday)) {
        return None;
    }
    let year = rest.iter().find_map(|word| word.parse::<i16>().ok().filter(|_| word.len() == 4))?;
    moment([month, day, clock], year, offset(rest))
}

/// `20 Nov 2026 10:00:00 +0100`, after whatever stands for the weekday; with a zone of whatever form, or none.
fn day_first(words: &[&str]) -> Option<Timestamp> {
    let is_day = |word: &str| word.parse::<i8>().is_ok();
    let at = words.windows(2).position(|pair| is_day(pair[0]) && month_number(pair[1]).is_some())?;
    let [day, month, year, time, rest @ ..] = &words[at..] else { return None };
    let clock_end = time.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, ':' | '.'));
    let (clock, zone) = time.split_at(clock_end.unwrap_or(time.len()));
    // Dots are those of a clock, or stand before parts of a second.
    let clock = if clock.contains(':') { clock.split('.').next()?.to_owned() } else { clock.replace('.', ":") };
    let zone: Vec<&str> = std::iter::once(zone).chain(rest.iter().copied()).collect();
    moment([month, day, &clock], full_year(year)?, offset(&zone))
}

/// Two digits are of our time; three come of a program that counts years from 1900.
fn full_year(word: &str) -> Option<i16> {
    let year: i16 = word.parse().ok()?;
    match word.len() {
        2 if year < 50 => Some(year + 2000),
        2 | 3 => Some(year + 1900),
        4 => Some(year),
        _ => None,
    }
}

fn moment([month, day, clock]: [&str; 3], year: i16, offset: i64) -> Option<Timestamp> {
    let month = month_number(month)?;
    let mut clock = clock.split(':').map(|number| number.parse::<i8>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next().unwrap_or(Some(0))?);
    // Once in some years a minute has a second more.
    let moment = civil::DateTime::new(year, month, day.parse().ok()?, hour, minute, second.min(59), 0).ok()?;
    let seconds = moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second() - offset;
    jiff::Timestamp::from_second(seconds).ok().map(|_| Timestamp::new(seconds, 0))
}

fn month_number(word: &str) -> Option<i8> {
    (1..).zip(MONTHS).find_map(|(number, name)| name.eq_ignore_ascii_case(word).then_some(number))
}

/// `20-Nov-2026` is three words.
fn without_dashes(word: &str) -> Vec<&str> {
    let parts: Vec<&str> = word.split('-').collect();
    match parts[..] {
        [day, month, _] if day.parse::<i8>().is_ok() && month_number(short_month(month)).is_some() => parts,
        _ => vec![word],
    }
}

/// The first three letters where it is a month's whole name.
fn short_month(word: &str) -> &str {
    let is_whole_name = WHOLE_MONTHS.iter().any(|name| name.eq_ignore_ascii_case(word));
    if is_whole_name { &word[..3] } else { word }
}

/// What these words say of the zone, in seconds; where they say nothing that can be understood, it is none, as the standard has it.
fn offset(words: &[&str]) -> i64 {
    let named = |word: &&str| ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    let in_digits = words.iter().find_map(|word| zone_offset(word));
    in_digits.or_else(|| words.iter().find_map(named).map(|(_, hours)| hours * 3600)).unwrap_or(0)
}

/// `+0100`, `GMT+01:00` or `-5`, in seconds.
fn zone_offset(word: &str) -> Option<i64> {
    let (name, signed) = word.split_at(word.find(['+', '-'])?);
    let sign = if signed.starts_with('-') { -1 } else { 1 };
    let digits = signed[1..].replace(':', "");
    let is_zone =
        name.bytes().all(|letter| letter.is_ascii_alphabetic()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number: i64 = digits.parse().ok().filter(|_| is_zone)?;
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number, 0),
        3 | 4 => (number / 100, number % 100),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// The value of a `Date:` header, folded or not, however a program writes a day and a time. Without a zone it is taken for UTC.
pub(crate) fn of_header(value: &[u8]) -> Option<Timestamp> {
    if value.len() > LONGEST_HEADER {
        return None;
    }
    strictly(value).or_else(|| {
        let text = without_comments(&String::from_utf8_lossy(value));
        let separators = |letter: char| letter.is_ascii_whitespace() || letter == ',';
        let words = text.split(separators).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.flat_map(without_dashes).map(short_month).collect();
        day_first(&words).or_else(|| asctime(&words))
    })
}

/// Whether it is a date as only programs write it, with a time and a zone.
pub(crate) fn is_of_a_program(value: &[u8]) -> bool {
    strictly(value).is_some()
}

fn strictly(value: &[u8]) -> Option<Timestamp> {
    let value = value.trim_ascii();
    // Out of date, but written: a zone's name that the standard does not have.
    let without_name = value.strip_suffix(b" UTC").map(|before| [before, b" +0000"].concat());
    let value = without_name.as_deref().unwrap_or(value);
    let parsed = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value).ok()?;
    Some(Timestamp::new(parsed.as_second(), 0))
}

/// What stands in brackets is a remark.
fn without_comments(text: &str) -> String {
    let (mut kept, mut depth, mut is_escaped) = (String::new(), 0_usize, false);
    for letter in text.chars() {
        match letter {
            _ if std::mem::take(&mut is_escaped) => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '\\' if depth > 0 => is_escaped = true,
            _ if depth > 0 => {}
            letter => kept.push(letter),
        }
        if depth > 0 {
            kept.push(' ');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 November 2026, 10:00 UTC.
    const MORNING: i64 = 1_795_168_800;

    #[test]
    fn envelopes_of_all_writers_are_understood() {
        for line in [
            "From clerk@example.org Fri Nov 20 10:00:00 2026\n",
            "From clerk@example.org  Fri Nov 20 10:00:00 2026\r\n",
            "From - Fri Nov 20 10:00:00 2026",
            "From 1234567@xxx Fri Nov 20 10:00:00 +0000 2026",
            "From a b c Fri Nov 20 11:00:00 2026 +0100",
            "From clerk@example.org Fri Nov 20 10:00:00 GMT 2026",
            "From clerk@example.org Fri Nov 20 10:00 2026",
        ] {
            assert_eq!(of_envelope(line.as_bytes()), Some(Timestamp::new(MORNING, 0)), "{line}");
        }
        assert_eq!(of_envelope(b"From Zo\xeb Fri Nov 20 10:00:00 2026"), Some(Timestamp::new(MORNING, 0)));
        assert!(of_envelope(b"From MAILER-DAEMON Thu Jan  1 00:00:00 1970").is_some());
    }

    #[test]
    fn ordinary_sentences_are_no_envelopes() {
        for line in [
            "From the chair",
            "From Friday on the hall is closed",
            "From Fri Nov 20",
            "From Fri Nov 20 10:00:00 2026",
            "From x Fri Nov 41 10:00:00 2026",
            "From x Fri Nov 20 10:00:00 2026 and many more words",
            "From: clerk Fri Nov 20 10:00:00 2026",
            ">From x Fri Nov 20 10:00:00 2026",
            "From x Fri Nov 20 ten 2026",
        ] {
            assert_eq!(of_envelope(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn only_programs_write_a_day_with_a_time_and_a_zone() {
        for value in [
            "Fri, 20 Nov 2026 10:00:00 +0000",
            " Fri, 20 Nov 2026 10:00:00 GMT\r\n",
            "Fri, 20 Nov 2026 10:00:00 UTC",
            "20 Nov 2026 11:00 +0100",
            "Fri, 20 Nov 2026 10:00:00 +0000 (GMT)",
            "Mon, 20 Nov 2026 10:00:00 +0000",
        ] {
            assert!(is_of_a_program(value.as_bytes()), "{value}");
            assert_eq!(of_header(value.as_bytes()), Some(Timestamp::new(MORNING, 0)), "{value}");
        }
        for value in ["20 November 2026", "20 Nov 2026", "Friday", "", "20 Nov 2026 10:00", "Fri, 20 Nov 2026"] {
            assert!(!is_of_a_program(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn zones_of_all_forms_are_understood_and_others_mean_none() {
        for (words, expected) in [
            (&["+0100"][..], 3600),
            (&["-05:30"], -19800),
            (&["GMT+1"], 3600),
            (&["UTC-0330"], -12600),
            (&["GMT", "+0100"], 3600),
            (&["-800"], -28800),
            (&["pdt"], -25200),
            (&["2026", "EDT"], -14400),
            (&["GMT"], 0),
            (&["BST"], 0),
            (&["+2400"], 0),
            (&["+0160"], 0),
            (&["+01000"], 0),
            (&["20-Nov"], 0),
            (&["+", "-"], 0),
            (&["+-1"], 0),
            (&[], 0),
        ] {
            assert_eq!(offset(words), expected, "{words:?}");
        }
    }
}
