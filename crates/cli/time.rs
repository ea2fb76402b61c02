//! Dates as the clerk reads them (21 November 2026, UK time) and as scripts read them (RFC 3339, UTC). The zones are bundled:
//! the answer does not depend on what the system has installed.

use chest_model::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A day, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date")]
pub struct NotADate;

/// The UK's zone: that of clocks and of dates without a zone.
pub fn uk() -> TimeZone {
    TimeZoneDatabase::bundled().get("Europe/London").unwrap_or(TimeZone::UTC)
}

fn instant(time: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(time.seconds, i32::try_from(time.nanoseconds).ok()?).ok()
}

fn in_uk(time: Timestamp, format: &str) -> String {
    let shown = instant(time).map(|instant| instant.to_zoned(uk()).strftime(format).to_string());
    shown.unwrap_or_else(|| "an impossible date".to_owned())
}

/// `21 November 2026`.
pub fn day(time: Timestamp) -> String {
    in_uk(time, "%-d %B %Y")
}

/// `2026-11-21`, for names of files.
pub fn day_as_digits(time: Timestamp) -> String {
    in_uk(time, "%Y-%m-%d")
}

/// `21 November 2026, 17:02`.
pub fn day_and_time(time: Timestamp) -> String {
    in_uk(time, "%-d %B %Y, %H:%M")
}

/// `2026-11-21T17:02:03.5Z`; nothing for a time that no calendar has.
pub fn rfc3339(time: Timestamp) -> Option<String> {
    instant(time).map(|instant| instant.to_string())
}

/// A time as [`rfc3339`] writes it.
pub fn from_rfc3339(text: &str) -> Option<Timestamp> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::new(instant.as_second(), u32::try_from(instant.subsec_nanosecond()).ok()?))
}

/// The first moment of a UK day, and the first of the next.
pub fn span_of_uk_day(text: &str) -> Result<(Timestamp, Timestamp), NotADate> {
    // Only this way of writing: eight digits without dashes may be the beginning of an id.
    let dashes = text.len() == 10 && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == (at == 4 || at == 7));
    let date: Date = text.parse().ok().filter(|_| dashes).ok_or(NotADate)?;
    let start = |date: Date| -> Result<Timestamp, jiff::Error> {
        let begins = date.to_zoned(uk())?.timestamp();
        Ok(Timestamp::new(begins.as_second(), 0))
    };
    let next = date.tomorrow().map_err(|_| NotADate)?;
    Ok((start(date).map_err(|_| NotADate)?, start(next).map_err(|_| NotADate)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 21 November 2026, 17:02:03 UTC.
    const AUTUMN: Timestamp = Timestamp { seconds: 1_795_280_523, nanoseconds: 0 };

    #[test]
    fn dates_are_written_as_the_clerk_writes_them() {
        assert_eq!(day(AUTUMN), "21 November 2026");
        assert_eq!(day_as_digits(AUTUMN), "2026-11-21");
        assert_eq!(day_and_time(AUTUMN), "21 November 2026, 17:02");
        assert_eq!(rfc3339(AUTUMN).as_deref(), Some("2026-11-21T17:02:03Z"));
    }

    #[test]
    fn in_summer_the_clock_is_an_hour_ahead() {
        let july = Timestamp::new(1_782_900_000, 0);
        assert_eq!(rfc3339(july).as_deref(), Some("2026-07-01T10:00:00Z"));
        assert_eq!(day_and_time(july), "1 July 2026, 11:00");
    }

    #[test]
    fn a_summer_day_begins_at_eleven_in_the_evening_utc() {
        let (from, until) = span_of_uk_day("2026-07-01").unwrap();
        assert_eq!(rfc3339(from).as_deref(), Some("2026-06-30T23:00:00Z"));
        assert_eq!(until.seconds - from.seconds, 24 * 3600);
    }

    #[test]
    fn the_day_on_which_the_clocks_change_has_another_length() {
        let (from, until) = span_of_uk_day("2026-10-25").unwrap();
        assert_eq!(until.seconds - from.seconds, 25 * 3600);
        let (from, until) = span_of_uk_day("2026-03-29").unwrap();
        assert_eq!(until.seconds - from.seconds, 23 * 3600);
    }

    #[test]
    fn what_no_calendar_has_is_said_and_not_invented() {
        let never = Timestamp::new(i64::MAX, 0);
        assert_eq!(rfc3339(never), None);
        assert_eq!(day(never), "an impossible date");
        for text in ["2026-02-30", "yesterday", "", "2026-1-1", "20261121"] {
            assert_eq!(span_of_uk_day(text), Err(NotADate), "{text}");
        }
    }
}
