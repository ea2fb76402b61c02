//! The council's calendar: when its committees meet, which financial year a day is in, and how dates are written.

use jiff::civil::{Date, Weekday, date};
use jiff::{Span, ToSpan};

use crate::random::Random;

/// The day on which the council's papers end unless told otherwise: a Friday.
pub(crate) const LAST_DAY: Date = date(2026, 10, 30);

/// How far back its papers go.
pub(crate) const YEARS_KEPT: i16 = 8;

/// The committees, in the order in which they matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committee {
    FullCouncil,
    Planning,
    Finance,
    Grounds,
    ParishMeeting,
}

impl Committee {
    /// As it stands in file names and headings.
    pub fn name(self) -> &'static str {
        match self {
            Self::FullCouncil => "Full Council",
            Self::Planning => "Planning Committee",
            Self::Finance => "Finance & General Purposes Committee",
            Self::Grounds => "Allotments & Burial Ground Committee",
            Self::ParishMeeting => "Annual Parish Meeting",
        }
    }

    /// Whether it sits on this day.
    fn meets_on(self, day: Date) -> bool {
        let week = (day.day() - 1) / 7 + 1;
        match (self, day.weekday()) {
            (Self::FullCouncil, Weekday::Wednesday) => week == 2 && day.month() != 8,
            (Self::Planning, Weekday::Monday) => week == 1 || week == 3,
            (Self::Finance, Weekday::Tuesday) => week == 4 && day.month() % 2 == 1,
            (Self::Grounds, Weekday::Thursday) => week == 3 && day.month() % 3 == 1,
            (Self::ParishMeeting, Weekday::Wednesday) => week == 4 && day.month() == 5,
            _ => false,
        }
    }
}

const COMMITTEES: [Committee; 5] =
    [Committee::FullCouncil, Committee::Planning, Committee::Finance, Committee::Grounds, Committee::ParishMeeting];

/// The committee that sits on this day, if one does.
pub(crate) fn meeting_on(day: Date) -> Option<Committee> {
    COMMITTEES.into_iter().find(|committee| committee.meets_on(day))
}

/// All meetings in the eight years before this day, the newest first.
pub(crate) fn meetings_before(last_day: Date) -> Vec<(Date, Committee)> {
    (0..i64::from(YEARS_KEPT) * 365)
        .filter_map(|back| {
            let day = days_before(last_day, back);
            meeting_on(day).map(|committee| (day, committee))
        })
        .collect()
}

/// The first meeting on or after this day.
pub(crate) fn next_meeting(day: Date) -> (Date, Committee) {
    (0..40)
        .find_map(|ahead| {
            let day = days_after(day, ahead);
            meeting_on(day).map(|committee| (day, committee))
        })
        .unwrap_or((day, Committee::FullCouncil))
}

/// So many days earlier; the day itself where the calendar ends.
pub(crate) fn days_before(day: Date, days: i64) -> Date {
    day.saturating_sub(clamped(days))
}

/// So many days later; the last day there is where the calendar ends.
pub(crate) fn days_after(day: Date, days: i64) -> Date {
    day.saturating_add(clamped(days))
}

fn clamped(days: i64) -> Span {
    days.clamp(-1_000_000, 1_000_000).days()
}

/// Saturdays and Sundays become the Friday before: the clerk does not work then.
pub(crate) fn working_day(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => days_before(day, 1),
        Weekday::Sunday => days_before(day, 2),
        _ => day,
    }
}

/// The year, from April to March, as in "2025-26".
pub(crate) fn financial_year(day: Date) -> String {
    let start = if day.month() >= 4 { day.year() } else { day.year() - 1 };
    format!("{start}-{:02}", (start + 1) % 100)
}

/// The first of April on or before this day.
pub(crate) fn financial_year_start(day: Date) -> Date {
    let year = if day.month() >= 4 { day.year() } else { day.year() - 1 };
    Date::new(year, 4, 1).unwrap_or(day)
}

/// As in "11 March 2026".
pub(crate) fn long_date(day: Date) -> String {
    format!("{} {} {}", day.day(), MONTHS[month_index(day)], day.year())
}

/// As in "Wednesday".
pub(crate) fn weekday_name(day: Date) -> &'static str {
    WEEKDAYS[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())]
}

/// As in "March".
pub(crate) fn month_name(day: Date) -> &'static str {
    MONTHS[month_index(day)]
}

fn month_index(day: Date) -> usize {
    usize::from(day.month().unsigned_abs()) - 1
}

const MONTHS: [&str; 12] = [
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
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A moment in time: seconds since 1970 (UTC), and the tenths of a microsecond that Windows keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub seconds: i64,
    pub nanoseconds: u32,
}

impl Moment {
    /// Some time within the clerk's working hours.
    pub fn during(day: Date, random: &mut Random) -> Self {
        let second_of_day = random.between(9 * 3600, 17 * 3600) as i64;
        Self { seconds: seconds_at_midnight(day) + second_of_day, nanoseconds: random.below(10_000_000) as u32 * 100 }
    }

    /// The end of the working day.
    pub fn evening_of(day: Date) -> Self {
        Self { seconds: seconds_at_midnight(day) + 17 * 3600 + 1800, nanoseconds: 0 }
    }

    /// The day in UTC.
    pub fn day(self) -> Date {
        days_after(date(1970, 1, 1), self.seconds.div_euclid(86_400))
    }

    /// Seconds since midnight UTC.
    pub fn second_of_day(self) -> i64 {
        self.seconds.rem_euclid(86_400)
    }
}

fn seconds_at_midnight(day: Date) -> i64 {
    day_number(day) * 86_400
}

/// Days since 1 January 1970.
pub(crate) fn day_number(day: Date) -> i64 {
    date(1970, 1, 1).until(day).map_or(0, |span| i64::from(span.get_days()))
}

/// Whether clocks in Britain are an hour ahead on this day.
fn is_summer_time(day: Date) -> bool {
    let last_sunday = |month: i8| {
        let end = Date::new(day.year(), month, 31).unwrap_or(day);
        days_before(end, i64::from(end.weekday().to_sunday_zero_offset()))
    };
    day >= last_sunday(3) && day < last_sunday(10)
}

/// As mail headers write it: `Wed, 11 Mar 2026 09:15:02 +0000`, in British time.
pub(crate) fn mail_date(moment: Moment) -> String {
    let summer = is_summer_time(moment.day());
    let local = Moment { seconds: moment.seconds + if summer { 3600 } else { 0 }, nanoseconds: 0 };
    let zone = if summer { "+0100" } else { "+0000" };
    let day = local.day();
    let (weekday, month) = (&weekday_name(day)[..3], &month_name(day)[..3]);
    format!("{weekday}, {} {month} {} {} {zone}", day.day(), day.year(), clock(local))
}

/// As the From_ lines of mailboxes write it: `Wed Mar 11 09:15:02 2026`, in UTC.
pub(crate) fn mailbox_date(moment: Moment) -> String {
    let day = moment.day();
    let (weekday, month) = (&weekday_name(day)[..3], &month_name(day)[..3]);
    format!("{weekday} {month} {:>2} {} {}", day.day(), clock(moment), day.year())
}

/// As Office writes it: `2026-03-11T09:15:02Z`.
pub(crate) fn iso_time(moment: Moment) -> String {
    format!("{}T{}Z", moment.day(), clock(moment))
}

fn clock(moment: Moment) -> String {
    let second = moment.second_of_day();
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_council_meets_on_the_second_wednesday_but_not_in_august() {
        assert_eq!(meeting_on(date(2026, 3, 11)), Some(Committee::FullCouncil));
        assert_eq!(meeting_on(date(2026, 8, 12)), None);
        assert_eq!(next_meeting(date(2026, 8, 20)), (date(2026, 9, 7), Committee::Planning));
    }

    #[test]
    fn financial_years_begin_in_april() {
        assert_eq!(financial_year(date(2026, 3, 31)), "2025-26");
        assert_eq!(financial_year(date(2026, 4, 1)), "2026-27");
        assert_eq!(financial_year_start(date(2026, 3, 31)), date(2025, 4, 1));
        assert_eq!(financial_year(date(1999, 5, 1)), "1999-00");
    }

    #[test]
    fn mail_dates_follow_british_time() {
        let at = |day| Moment { seconds: seconds_at_midnight(day) + 9 * 3600 + 62, nanoseconds: 0 };
        assert_eq!(mail_date(at(date(2026, 3, 11))), "Wed, 11 Mar 2026 09:01:02 +0000");
        assert_eq!(mail_date(at(date(2026, 7, 1))), "Wed, 1 Jul 2026 10:01:02 +0100");
        assert_eq!(mailbox_date(at(date(2026, 7, 1))), "Wed Jul  1 09:01:02 2026");
        assert_eq!(iso_time(at(date(2026, 7, 1))), "2026-07-01T09:01:02Z");
        assert!(!is_summer_time(date(2026, 3, 28)) && is_summer_time(date(2026, 3, 29)));
        assert!(is_summer_time(date(2026, 10, 24)) && !is_summer_time(date(2026, 10, 25)));
    }

    #[test]
    fn nobody_works_at_the_weekend() {
        assert_eq!(working_day(date(2026, 11, 1)), date(2026, 10, 30));
        assert_eq!(LAST_DAY.weekday(), Weekday::Friday);
    }
}
