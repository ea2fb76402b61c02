//! A bar that is redrawn, with rate and time left, for whoever sits at a terminal. No colour: it would say nothing more.

use super::{Counts, Display, Outage, called, words};
use chest_model::Phase;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// What ends sooner needs no bar.
const WORTH_A_BAR: Duration = Duration::from_secs(1);
const KNOWN: &str = "{prefix}  {bar:20}  {msg}";
const UNKNOWN: &str = "{prefix}  {spinner} {elapsed}";
const AWAY: &str = "{spinner} {msg}";

/// The bar, while there is one.
#[derive(Default)]
pub(super) struct Bar {
    /// Without a phase: the storage is waited for.
    bar: Option<(Option<Phase>, ProgressBar)>,
}

impl Display for Bar {
    fn show(&mut self, phase: Phase, counts: Counts, age: Duration) {
        if age < WORTH_A_BAR {
            return;
        }
        let (done, known) = if counts.bytes.1 > 0 { counts.bytes } else { counts.items };
        if let Some(bar) = self.bar_for(Some(phase), age) {
            let template = if known > 0 { KNOWN } else { UNKNOWN };
            bar.set_style(style(template));
            bar.set_prefix(called(phase));
            bar.set_message(words::amounts(counts, age));
            if known > 0 {
                bar.set_length(known);
            }
            bar.set_position(done);
            bar.tick();
        }
    }

    fn end(&mut self, _: Phase, _: Counts) {
        self.clear();
    }

    fn away(&mut self, outage: &Outage) {
        if let Some(bar) = self.bar_for(None, Duration::ZERO) {
            bar.set_style(style(AWAY));
            bar.set_message(words::away(outage));
            bar.tick();
        }
    }

    fn back(&mut self) {
        self.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Bar {
    /// The bar of that phase, drawn anew where there is another one.
    fn bar_for(&mut self, phase: Option<Phase>, age: Duration) -> Option<&ProgressBar> {
        if self.bar.as_ref().is_none_or(|(current, _)| *current != phase) {
            self.clear();
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_elapsed(age);
            self.bar = Some((phase, bar));
        }
        self.bar.as_ref().map(|(_, bar)| bar)
    }

    fn clear(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one_that_can_be_read() {
        for template in [KNOWN, UNKNOWN, AWAY] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
