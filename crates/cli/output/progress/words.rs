//! How far a phase has come, in words: amounts, rate and time left, for bar and lines alike.

use super::{Counts, Outage};
use crate::output::amounts::{count, grouped, size};
use crate::output::names::shown;
use std::time::Duration;

/// `5 items of 20, 1.0 MB of 4.0 MB, 100.0 kB a second, about 30 seconds left`; empty where no totals are known. The rate is
/// that of the whole phase: work arrives in large pieces, and the rate of the last second would jump about.
pub(super) fn amounts(counts: Counts, age: Duration) -> String {
    let mut parts = Vec::new();
    if let (items, known) = counts.items
        && known > 0
    {
        parts.push(format!("{} of {}", count(items, "item"), grouped(known)));
    }
    if let (bytes, known) = counts.bytes
        && known > 0
    {
        parts.push(format!("{} of {}", size(bytes), size(known)));
        parts.extend(rate_and_time_left(bytes, known, age));
    }
    parts.join(", ")
}

/// `The storage does not answer (connection refused). Trying again for another 14 minutes; Ctrl-C stops.`
pub(super) fn away(outage: &Outage) -> String {
    let left = in_words(outage.time_left().as_secs_f64().ceil());
    let what = shown(outage.what.as_bytes());
    format!("The storage does not answer ({what}). Trying again for another {left}; Ctrl-C stops.")
}

fn rate_and_time_left(bytes: u64, known: u64, age: Duration) -> Option<String> {
    let rate = bytes as f64 / age.as_secs_f64();
    (rate >= 1.0).then(|| {
        let left = known.saturating_sub(bytes) as f64 / rate;
        format!("{} a second, about {} left", size(rate as u64), in_words(left.ceil()))
    })
}

fn in_words(seconds: f64) -> String {
    match seconds as u64 {
        short @ 0..=89 => count(short, "second"),
        middle @ 90..=5399 => count(middle.div_ceil(60), "minute"),
        long => count(long.div_ceil(3600), "hour"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_tells_how_long_it_is_waited_for() {
        let now = std::time::Instant::now();
        let outage = Outage { what: "no route\n".to_owned(), since: now, gives_up: now + Duration::from_secs(840) };
        let text = away(&outage);
        assert!(text.contains("(no route\\x0a)") && text.contains("another 14 minutes"), "{text}");
    }

    #[test]
    fn long_times_are_told_in_minutes_and_hours() {
        assert_eq!(in_words(89.0), "89 seconds");
        assert_eq!(in_words(90.0), "2 minutes");
        assert_eq!(in_words(7300.0), "3 hours");
    }
}
