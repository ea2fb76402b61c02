//! Progress as lines that are never redrawn: for logs, for screen readers, and as JSON for programs.

use super::{Counts, Display, Outage, called, words};
use chest_model::Phase;
use serde::Serialize;
use std::io::Write;
use std::time::{Duration, Instant};

/// The first line of a phase comes when it has lasted so long, and then one after each further stretch.
const BETWEEN_PLAIN: Duration = Duration::from_secs(10);
const FIRST_PLAIN: Duration = Duration::from_secs(2);
const BETWEEN_JSON: Duration = Duration::from_millis(500);
/// How often is told that the storage still does not answer.
const BETWEEN_AWAY: Duration = Duration::from_secs(60);
const BETWEEN_AWAY_JSON: Duration = Duration::from_secs(5);

/// Lines for people.
#[derive(Default)]
pub(super) struct PlainLines {
    next: Option<(Phase, Duration)>,
    told_away: Option<Instant>,
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

    fn away(&mut self, outage: &Outage) {
        if self.told_away.is_none_or(|told| told.elapsed() >= BETWEEN_AWAY) {
            self.told_away = Some(Instant::now());
            let _ = writeln!(std::io::stderr(), "{}", words::away(outage));
        }
    }

    fn back(&mut self) {
        self.told_away = None;
        let _ = writeln!(std::io::stderr(), "The storage answers again.");
    }
}

fn line(phase: Phase, counts: Counts, age: Duration) -> String {
    match words::amounts(counts, age) {
        amounts if amounts.is_empty() => format!("{} …", called(phase)),
        amounts => format!("{}: {amounts}", called(phase)),
    }
}

/// Lines for programs.
#[derive(Default)]
pub(super) struct JsonLines {
    next: Option<(Phase, Duration)>,
    told_away: Option<Instant>,
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

#[derive(Serialize)]
struct AwayLine<'o> {
    waiting_for_store: bool,
    error: &'o str,
    seconds_left: u64,
}

#[derive(Serialize)]
struct BackLine {
    waiting_for_store: bool,
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

    fn away(&mut self, outage: &Outage) {
        if self.told_away.is_none_or(|told| told.elapsed() >= BETWEEN_AWAY_JSON) {
            self.told_away = Some(Instant::now());
            write_line(&AwayLine {
                waiting_for_store: true,
                error: &outage.what,
                seconds_left: outage.time_left().as_secs(),
            });
        }
    }

    fn back(&mut self) {
        self.told_away = None;
        write_line(&BackLine { waiting_for_store: false });
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
    write_line(&line);
}

fn write_line(line: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(line) {
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
        Phase::Cataloguing => "cataloguing",
        Phase::ReadingMail => "reading-mail",
        Phase::CheckingData => "checking-data",
        Phase::TakingUp => "taking-up",
        Phase::Examining => "examining",
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
}
