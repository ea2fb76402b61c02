//! A bar that is redrawn, with rate and time left, for whoever sits at a terminal. No colour: it would say nothing more.

use super::{Counts, Display, called};
use chest_model::Phase;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// What ends sooner needs no bar.
const WORTH_A_BAR: Duration = Duration::from_secs(1);
const BYTES: &str = "{msg}  {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
const ITEMS: &str = "{msg}  {wide_bar} {human_pos} of {human_len}, {eta} left";
const UNKNOWN: &str = "{msg}  {spinner} {elapsed}";

/// The bar, while there is one.
#[derive(Default)]
pub(super) struct Bar {
    bar: Option<(Phase, ProgressBar)>,
}

impl Display for Bar {
    fn show(&mut self, phase: Phase, counts: Counts, age: Duration) {
        if age < WORTH_A_BAR {
            return;
        }
        let (template, done, known) = match counts {
            Counts { bytes: (done, known), .. } if known > 0 => (BYTES, done, known),
            Counts { items: (done, known), .. } if known > 0 => (ITEMS, done, known),
            _ => (UNKNOWN, 0, 0),
        };
        if self.bar.as_ref().is_none_or(|(current, _)| *current != phase) {
            self.clear();
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_elapsed(age);
            self.bar = Some((phase, bar));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(message(phase, counts));
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
}

impl Bar {
    fn clear(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn message(phase: Phase, counts: Counts) -> String {
    match counts.items {
        (_, 0) => called(phase).to_owned(),
        (done, _) => format!("{}: {}", called(phase), crate::output::amounts::count(done, "item")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one_that_can_be_read() {
        for template in [BYTES, ITEMS, UNKNOWN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
