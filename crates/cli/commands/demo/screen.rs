//! What the demonstration says: its story on standard output, bars on standard error, or one JSON object at the end.

use crate::args::{Common, ProgressStyle};
use crate::interrupt::Interrupt;
use crate::output::progress::Meter;
use crate::settings::ProgressShown;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle as BarStyle};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

const TEMPLATE: &str =
    "{msg}  {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
/// A bar that moves more often than this only costs time.
const BETWEEN: Duration = Duration::from_millis(100);

/// Where the story is told.
pub(super) struct Screen {
    json: bool,
    shown: ProgressShown,
    pub(super) interrupt: Interrupt,
}

impl Screen {
    pub(super) fn new(common: &Common) -> Self {
        let shown = match common.progress {
            Some(ProgressStyle::Json) => ProgressShown::Json,
            Some(ProgressStyle::None) => ProgressShown::Nothing,
            None if common.json => ProgressShown::Nothing,
            _ if common.plain || !io::stderr().is_terminal() => ProgressShown::Lines,
            _ => ProgressShown::Bar,
        };
        Self { json: common.json, shown, interrupt: Interrupt::install() }
    }

    /// One line of the story. Somebody who closes the pipe has read enough: the demonstration goes on to its exit code.
    pub(super) fn say(&self, line: &str) {
        if !self.json {
            let _ = writeln!(io::stdout().lock(), "{line}");
        }
    }

    /// What a step came to, below its command.
    pub(super) fn figures(&self, line: &str) {
        self.say(&format!("    {line}"));
    }

    /// A new step.
    pub(super) fn step(&self, title: &str) {
        self.say("");
        self.say(title);
    }

    /// What went wrong, on standard error.
    pub(super) fn complain(&self, problem: &str) {
        if !self.json {
            let _ = writeln!(io::stderr().lock(), "chest: {problem}");
        }
    }

    /// The end, for programs.
    pub(super) fn json(&self, ended: &impl Serialize) {
        if self.json
            && let Ok(text) = serde_json::to_string_pretty(ended)
        {
            let _ = writeln!(io::stdout().lock(), "{text}");
        }
    }

    /// Watches one command.
    pub(super) fn meter(&self) -> Meter {
        Meter::new(self.shown, self.interrupt.clone())
    }

    /// Watches work that is none of the engine's: writing the council's papers.
    pub(super) fn watch<T>(&self, title: &str, bytes: u64, work: impl FnOnce(&dyn Fn(u64)) -> T) -> T {
        if self.shown == ProgressShown::Lines {
            let _ = writeln!(io::stderr().lock(), "{title} …");
        }
        if self.shown != ProgressShown::Bar {
            return work(&|_| {});
        }
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        bar.set_style(BarStyle::with_template(TEMPLATE).unwrap_or_else(|_| BarStyle::default_bar()));
        bar.set_message(title.to_owned());
        let last = std::cell::Cell::new(Instant::now());
        let done = work(&|done| {
            if last.get().elapsed() >= BETWEEN {
                last.set(Instant::now());
                bar.set_length(bytes.max(done));
                bar.set_position(done);
            }
        });
        bar.finish_and_clear();
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        assert!(BarStyle::with_template(TEMPLATE).is_ok());
    }
}
