//! Progress as lines that are never redrawn: for logs, for screen readers, and as JSON for programs.

use super::{Counts, Display, called};
use crate::output::amounts::{count, size};
use chest_model::Phase;
use serde::Serialize;
use std::io::Write;
use std::time::Duration;

/// The first line of a phase comes when it has lasted so long, and then one after each further stretch.
const BETWEEN_PLAIN: Duration = Duration::from_secs(10);
const FIRST_PLAIN: Duration = Duration::from_secs(2);
const BETWEEN_JSON: Duration = Duration::from_millis(500);

/// Lines for people.
#[derive(Default)]
pub(super) struct PlainLines {
    next: Option<(Phase, Duration)>,
}

impl Display for PlainLines {
    fn show(&mut self, phase: Phase, counts: Counts, age: Duration) {
        let due = self.next.filter(|(current, _)| *current == phase).map_or(FIRST_PLAIN, |(_, due)| due);
        if age >= due {
            self.next = Some((phase, age + BETWEEN_PLAIN));
            let _ = writeln!(std::io::stderr(), "{}", line(phase, counts, age));
        }
    }

    fn end(&mut self, _: Phase, _: Counts) {
        self.next = None;
    }
}

fn line(phase: Phase, counts: Counts, age: Duration) -> String {
    let mut parts = Vec::new();
    if let (items, known) = counts.items
        && known > 0
    {
        parts.push(format!("{} of {}", count(items, "item"), known));
    }
    if let (bytes, known) = counts.bytes
        && known > 0
    {
        parts.push(format!("{} of {}", size(bytes), size(known)));
        parts.extend(rate_and_time_left(bytes, known, age));
    }
    match parts.is_empty() {
        true => format!("{} …", called(phase)),
        false => format!("{}: {}", called(phase), parts.join(", ")),
    }
}

fn rate_and_time_left(bytes: u64, known: u64, age: Duration) -> Option<String> {
    let rate = bytes as f64 / age.as_secs_f64();
    (rate >= 1.0).then(|| {
        let left = known.saturating_sub(bytes) as f64 / rate;
        format!("{} a second, about {} left", size(rate as u64), in_words(left))
    })
}

fn in_words(seconds: f64) -> String {
    match seconds as u64 {
        short @ 0..=89 => count(short, "second"),
        middle @ 90..=5399 => count(middle.div_ceil(60), "minute"),
        long => count(long.div_ceil(3600), "hour"),
    }
}

/// Lines for programs.
#[derive(Default)]
pub(super) struct JsonLines {
    next: Option<(Phase, Duration)>,
}

#[derive(Serialize)]
struct JsonLine {
    phase: &'static str,
    items: u64,
    items_known: u64,
    bytes: u64,
    bytes_known: u64,
    bytes_sent: u64,
    ended: bool,
}

impl Display for JsonLines {
    fn show(&mut self, phase: Phase, counts: Counts, age: Duration) {
        let due = self.next.filter(|(current, _)| *current == phase).map_or(Duration::ZERO, |(_, due)| due);
        if age >= due {
            self.next = Some((phase, age + BETWEEN_JSON));
            write_json(phase, counts, false);
        }
    }

    fn end(&mut self, phase: Phase, counts: Counts) {
        self.next = None;
        write_json(phase, counts, true);
    }
}

fn write_json(phase: Phase, counts: Counts, ended: bool) {
    let line = JsonLine {
        phase: code(phase),
        items: counts.items.0,
        items_known: counts.items.1,
        bytes: counts.bytes.0,
        bytes_known: counts.bytes.1,
        bytes_sent: counts.sent,
        ended,
    };
    if let Ok(text) = serde_json::to_string(&line) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

fn code(phase: Phase) -> &'static str {
    match phase {
        Phase::Unlocking => "unlocking",
        Phase::Opening => "opening",
        Phase::LoadingIndex => "loading-index",
        Phase::BackingUp => "backing-up",
        Phase::Committing => "committing",
        Phase::Planning => "planning",
        Phase::Restoring => "restoring",
        Phase::CheckingTrees => "checking-trees",
        Phase::CheckingData => "checking-data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_amount_rate_and_time_left() {
        let counts = Counts { items: (5, 20), bytes: (1_000_000, 4_000_000), sent: 0 };
        assert_eq!(
            line(Phase::BackingUp, counts, Duration::from_secs(10)),
            "Backing up: 5 items of 20, 1.0 MB of 4.0 MB, 100.0 kB a second, about 30 seconds left"
        );
    }

    #[test]
    fn without_totals_only_the_phase_is_told() {
        assert_eq!(line(Phase::Unlocking, Counts::default(), Duration::from_secs(3)), "Unlocking …");
    }

    #[test]
    fn long_times_are_told_in_minutes_and_hours() {
        assert_eq!(in_words(89.0), "89 seconds");
        assert_eq!(in_words(90.0), "2 minutes");
        assert_eq!(in_words(7300.0), "3 hours");
    }
}
