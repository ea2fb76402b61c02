//! All that is attached to a message, and to the messages that are attached to it: one list, for whoever searches, looks and saves, so
//! that what is found by its name is also shown and saved.

use std::ops::ControlFlow;

use crate::mime::{Budget, Part};
use crate::summary::attachment_name;

/// Messages attached to messages are followed so far.
const DEEPEST: usize = 10;

/// One thing that is attached.
pub(crate) struct Attached<'p> {
    pub part: &'p Part<'p>,
    /// What it is called wherever it is listed.
    pub name: &'p str,
    /// The attached message that it is attached to.
    pub within: Option<&'p str>,
    /// Some of it is missing or wrong.
    pub is_damaged: bool,
}

/// Goes through the list, each attached message before what is attached to it. Where there may be more than that, the budget is overspent; it is told
/// of damage, to texts too.
/// Attached messages that are in an encoding are not unpacked where they are longer than `most_encoded`.
pub(crate) fn visit(
    root: &Part<'_>,
    budget: &mut Budget,
    most_encoded: usize,
    visitor: &mut dyn FnMut(&Attached<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    Walk { budget, most_encoded, visitor, found: 0 }.go_through(root, None, 0)
}

struct Walk<'w> {
    budget: &'w mut Budget,
    most_encoded: usize,
    visitor: &'w mut dyn FnMut(&Attached<'_>) -> ControlFlow<()>,
    found: usize,
}

impl Walk<'_> {
    fn go_through(&mut self, message: &Part<'_>, within: Option<&str>, depth: usize) -> ControlFlow<()> {
        let damaged = message.damaged();
        if !damaged.is_empty() {
            self.budget.find_damage();
        }
        for part in message.attachments() {
            let name = attachment_name(part, self.found);
            self.found += 1;
            let is_damaged = damaged.iter().any(|one| std::ptr::eq(*one, part));
            (self.visitor)(&Attached { part, name: &name, within, is_damaged })?;
            if part.is_message() {
                self.open(part, &name, depth + 1)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn open(&mut self, part: &Part<'_>, name: &str, depth: usize) -> ControlFlow<()> {
        if depth > DEEPEST || (part.is_encoded() && part.body.len() > self.most_encoded) {
            self.budget.overspend();
            return ControlFlow::Continue(());
        }
        let raw = part.decoded(usize::MAX);
        let inner = Part::parse_within(&raw, self.budget);
        self.go_through(&inner, Some(name), depth)
    }
}
