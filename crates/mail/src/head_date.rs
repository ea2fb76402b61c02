//! When a message was sent, by its head. A backup, which reads a mailbox line by line while it passes by, and a search, which has the whole head of a
//! message, must know the same date: otherwise an export would be called old by the one for mail that the other finds.

use chest_model::Timestamp;

use crate::date;

/// The first `Date:` of a head that can be read as one, from the head's lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeadDate {
    /// Of the `Date:` that goes on.
    value: Vec<u8>,
    is_open: bool,
    found: Option<Timestamp>,
}

impl HeadDate {
    /// The next line of the head, without its end.
    pub fn line(&mut self, line: &[u8]) {
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        if !continues {
            self.close();
            self.is_open = self.found.is_none() && is_date(line);
        }
        if self.is_open {
            // One byte too many tells that it is too long.
            let room = (date::LONGEST_HEADER + 1).saturating_sub(self.value.len());
            let value = if continues { line } else { after_colon(line) };
            self.value.extend_from_slice(&value[..value.len().min(room)]);
        }
    }

    /// The date of the head that ends here; what follows is another's.
    pub fn finish(&mut self) -> Option<Timestamp> {
        self.close();
        self.found.take()
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.found = date::of_header(&self.value);
        }
        self.value.clear();
    }
}

fn is_date(line: &[u8]) -> bool {
    // Space before the colon is out of date, but written.
    line.split_at_checked(4)
        .is_some_and(|(name, rest)| name.eq_ignore_ascii_case(b"date") && rest.trim_ascii_start().starts_with(b":"))
}

fn after_colon(line: &[u8]) -> &[u8] {
    memchr::memchr(b':', line).map_or(line, |colon| &line[colon + 1..])
}

/// The date of a head.
pub(crate) fn of_head(head: &[u8]) -> Option<Timestamp> {
    let mut date = HeadDate::default();
    head.split(|&byte| byte == b'\n').for_each(|line| date.line(line));
    date.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::summary::summarise;
    use crate::{Limits, NewestDate, preview};

    /// 20 November 2026, 10:00 UTC.
    const MORNING: i64 = 1_795_168_800;

    /// By a backup, to which it comes in pieces, as a message and in an mbox; by a search; and by a look at it.
    fn by_all(message: &str) -> [Option<i64>; 5] {
        // The "From " line says nothing here that can be true.
        let in_mbox = format!("From - Sun Jan  1 00:00:00 1950\n{message}");
        let newest = |text: &str, slice: usize| {
            let mut scanner = NewestDate::new(Timestamp::new(i64::MAX, 0));
            text.as_bytes().chunks(slice).for_each(|slice| scanner.feed(slice));
            scanner.newest()
        };
        let found = summarise(message.as_bytes(), &Limits::default()).summary.date;
        let dates =
            [newest(message, 1), newest(message, 1000), newest(&in_mbox, 7), found, preview(message.as_bytes()).date];
        dates.map(|date| date.map(|date| date.seconds))
    }

    #[track_caller]
    fn all_say(date: &str, expected: Option<i64>) {
        for message in
            [format!("Subject: x\nDate:{date}\nTo: y\n\nText\n"), format!("Date:{date}\n\n"), format!("date :{date}")]
        {
            for message in [message.replace('\n', "\r\n"), message] {
                assert_eq!(by_all(&message), [expected; 5], "{message:?}");
            }
        }
    }

    #[test]
    fn a_backup_and_a_search_read_the_same_date() {
        for date in [
            " Fri, 20 Nov 2026 10:00:00 +0000",
            "Fri,20 Nov 2026 10:00:00 +0000",
            " Fri,\n 20 Nov 2026 10:00:00 +0000",
            " Fri, 20 Nov 2026\n\t10:00:00 +0000 (UTC)",
            "\n Fri,\n  20\n Nov\n 2026\n 10:00:00\n +0000",
            " Fri, 20 Nov 2026 10:00:00\n ",
            " Fri, 20 Nov 2026 10:00:00 GMT+00:00",
            " Fri, 20 Nov 2026 11:00:00 GMT+01:00",
            " Fri, 20 Nov 2026 11:00:00 +01:00",
            " Fri, 20 Nov 2026 15:30:00 UTC+5:30",
            " Fri, 20 Nov 2026 05:00:00 EST",
            " Fri, 20 Nov 2026 10:00:00 GMT",
            " Fri, 20 Nov 2026 10:00:00 UTC",
            " Fri, 20 Nov 2026 10:00:00 Z",
            " Fri, 20 Nov 2026 10:00:00Z",
            " Fri, 20 Nov 2026 11:00:00+0100",
            " Fri, 20 Nov 2026 10:00:00 XYZT",
            " Fri, 20 Nov 2026 10:00:00 -0000",
            " Fri, 20 Nov 2026 10:00:00",
            " 20 Nov 2026 10:00",
            " 20 Nov 26 10:00:00 +0000",
            " Fri, 20 NOV 126 10:00:00.250 +0000",
            " Freitag, 20 nov 2026 10:00:00 +0000 (a (long) \\) zone)",
            " (sent) Fri (the (20th)), 20 Nov 2026 10:00:00 +0000",
            " Mon, 20 Nov 2026 10:00:00 +0000",
            " Fri, 20 November 2026 10:00:00 +0000",
            " 20 NOVEMBER 2026 11:00 +0100",
            " Fri, 20-Nov-2026 10:00:00 +0000",
            " 20-november-26 10:00:00 GMT",
            " Fri, 20 Nov 2026 10.00.00 +0000",
            " Fri, 20 Nov 2026 11.00 +0100",
            " Fri Nov 20 10:00:00 2026",
            " Fri Nov 20 10:00:00 GMT 2026",
            " Fri Nov 20 11:00:00 2026 +0100",
            " Fri, 20 Nov 2026 10:00:00 +0000 and more",
        ] {
            all_say(date, Some(MORNING));
        }
        all_say(" Fri, 20 Nov 2026 1:05:09 +0000", Some(MORNING - 9 * 3600 + 5 * 60 + 9));
        all_say(" Fri, 6 Nov 2026 1:5 +0000", Some(MORNING - 14 * 24 * 3600 - 9 * 3600 + 5 * 60));
        // A second that is put in once in some years: the last one before it.
        all_say(" Fri, 20 Nov 2026 09:59:60 +0000", Some(MORNING - 1));
        all_say(" Fri, 20 Nov 2026 09:59:60", Some(MORNING - 1));
        all_say(&format!(" Fri, 20 Nov 2026 10:00:00 +0000 ({})", "x".repeat(300)), Some(MORNING));
    }

    #[test]
    fn a_date_that_cannot_be_true_is_one_all_the_same_and_never_makes_an_export_young() {
        for year in [1026, 9998] {
            let message = format!("Subject: x\nDate: Fri, 20 Nov {year} 10:00:00\n\nText\n");
            let mut scanner = NewestDate::new(Timestamp::new(MORNING, 0));
            scanner.feed(format!("From - Fri Nov 20 09:00:00 2026\n{message}").as_bytes());
            assert_eq!(scanner.newest(), None, "{year}: not the time of the export");
            assert!(preview(message.as_bytes()).date.is_some(), "{year}");
        }
    }

    #[test]
    fn what_is_no_date_is_none_for_both() {
        for date in [
            "",
            " ",
            "\n ",
            " 20 Nov 2026",
            " Fri, 20 November",
            " on Friday",
            " Nov",
            " 20 Nov",
            " 20 Nov 2026 ten",
            " 20-Nov 2026 10:00:00",
            " 20 Novembers 2026 10:00:00",
            " 20 Nov 2026 10",
            " Fri, 31 Nov 2026 10:00:00 +0000",
            " Fri, 20 Nov 2026 24:00:00 +0000",
            " Fri, 20 Nov 2026 10:60:00 +0000",
            " Fri, 20 Nov 2026 10:-1:00 +0000",
            " Fri, 20 Nov 20260 10:00:00 +0000",
            " Fri, 31 Dec 9999 23:59:59 -2300",
            " (Fri, 20 Nov 2026 10:00:00 +0000",
        ] {
            all_say(date, None);
        }
        all_say(&format!(" Fri, 20 Nov 2026 10:00:00 +0000 ({})", "x".repeat(400)), None);
        all_say(&format!(" {}", "x\n ".repeat(1000)), None);
        all_say(&"x".repeat(100_000), None);
    }

    #[test]
    fn the_first_date_that_can_be_read_is_that_of_the_message() {
        let day = |day| format!(" {day} Nov 2026 10:00:00 +0000");
        all_say(&format!("{}\nDate:{}", day(20), day(19)), Some(MORNING));
        all_say(&format!(" today\nDate:\nDate:{}", day(20)), Some(MORNING));
        all_say(&format!(" today\nX-Date:{}\nDated:{}\nResent-Date:{}", day(1), day(2), day(3)), None);
        all_say(&format!(" today\nX:\n Date:{}", day(20)), None);
        all_say(&format!("{}\n  \nDate:{}", day(20), day(19)), Some(MORNING));
        all_say(&format!(" today\n  \n{}", &format!("Date:{}", day(20))), Some(MORNING));
        all_say(&format!(" today\nA text without a blank line before it\nDate:{}", day(20)), None);
        all_say(&format!("{}\nFrom a@b\nDate:{}", day(20), day(19)), Some(MORNING));
        all_say(&format!(" today\nFrom a@b\nDate:{}", day(20)), Some(MORNING));
        all_say(&format!(" today\n{}\nDate:{}", "y".repeat(1500), day(20)), None);
    }

    proptest! {
        #[test]
        fn nothing_is_a_date_for_the_one_only(
            pieces in proptest::collection::vec(prop_oneof![
                Just("20"), Just("6"), Just("2026"), Just("Nov"), Just("Fri,"), Just("10:00:00"), Just("1:05"), Just("+0000"),
                Just("GMT"), Just("-05:00"), Just("\n "), Just("\n"), Just("\nDate:"), Just("\nFrom "), Just("\n>From x"), Just("("), Just(")"), Just("é"), Just("(x)"),
            ], 0..12),
            between in prop_oneof![Just(" "), Just("")],
        ) {
            let message = format!("Subject: x\nDate: {}\nTo: y\n\nText\n", pieces.join(between));
            let dates = by_all(&message);
            prop_assert_eq!(dates, [dates[0]; 5], "{:?}", message);
        }
    }
}
