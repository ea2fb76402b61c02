//! Dates in mail: those of an mbox's "From " line, which is a line of its kind only if it bears one, and those of `Date:`.

use chest_model::Timestamp;
use jiff::civil;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// Nobody writes a longer one; what is longer is text.
const LONGEST_LINE: usize = 1000;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

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
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    if rest.len() > 3 || !WEEKDAYS.iter().any(|name| name.eq_ignore_ascii_case(weekday)) {
        return None;
    }
    let year = rest.iter().find_map(|word| word.parse::<i16>().ok().filter(|_| word.len() == 4))?;
    let offset = rest.iter().find_map(|word| zone_offset(word)).unwrap_or(0);
    let mut clock = clock.split(':').map(|number| number.parse::<i8>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next().unwrap_or(Some(0))?);
    let moment =
        civil::DateTime::new(year, i8::try_from(month).ok()?, day.parse().ok()?, hour, minute, second.min(59), 0)
            .ok()?;
    let seconds = moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Some(Timestamp::new(seconds - offset, 0))
}

/// `+0100`, in seconds.
fn zone_offset(word: &str) -> Option<i64> {
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

/// The value of a `Date:` header, strictly: a day, a time and a zone, as only programs write them.
pub(crate) fn of_header(value: &[u8]) -> Option<Timestamp> {
    let value = value.trim_ascii();
    // Out of date, but written: a zone's name that the standard does not have.
    let without_name = value.strip_suffix(b" UTC").map(|before| [before, b" +0000"].concat());
    let value = without_name.as_deref().unwrap_or(value);
    let parsed = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value).ok()?;
    Some(Timestamp::new(parsed.as_second(), 0))
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
    fn header_dates_need_a_time_and_a_zone() {
        for value in [
            "Fri, 20 Nov 2026 10:00:00 +0000",
            " Fri, 20 Nov 2026 10:00:00 GMT\r\n",
            "Fri, 20 Nov 2026 10:00:00 UTC",
            "20 Nov 2026 11:00 +0100",
            "Fri, 20 Nov 2026 10:00:00 +0000 (GMT)",
            "Mon, 20 Nov 2026 10:00:00 +0000",
        ] {
            assert_eq!(of_header(value.as_bytes()), Some(Timestamp::new(MORNING, 0)), "{value}");
        }
        for value in ["20 November 2026", "20 Nov 2026", "Friday", "", "20 Nov 2026 10:00", "Fri, 20 Nov 2026"] {
            assert_eq!(of_header(value.as_bytes()), None, "{value}");
        }
    }
}
