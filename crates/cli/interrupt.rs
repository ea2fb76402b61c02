//! Ctrl-C: the first asks the run to stop as soon as it safely can, the second ends it at once. At a prompt the first ends it,
//! with the terminal's echo back on.

use crate::exit::Exit;
use rustix::termios::{OptionalActions, Termios, tcsetattr};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Knows whether somebody asked to stop.
#[derive(Clone, Default)]
pub struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    asked: AtomicBool,
    /// How the terminal was before a prompt, while there is one.
    prompt: Mutex<Option<Termios>>,
}

impl Interrupt {
    /// Takes Ctrl-C (and the requests to end that the system sends) for itself. Where that cannot be had, Ctrl-C ends the
    /// program at once, which harms no repository either.
    pub fn install() -> Self {
        let interrupt = Self::default();
        let handler = interrupt.clone();
        let _ = ctrlc::set_handler(move || handler.requested());
        interrupt
    }

    /// Whether somebody asked to stop.
    pub fn is_asked(&self) -> bool {
        self.shared.asked.load(Ordering::Relaxed)
    }

    /// Notes how the terminal was, for as long as a prompt is up.
    pub fn begin_prompt(&self, before: Termios) {
        *self.prompt() = Some(before);
    }

    /// The prompt is over: puts the terminal back as it was.
    pub fn end_prompt(&self) {
        if let Some(before) = self.prompt().take() {
            restore(&before);
        }
    }

    fn prompt(&self) -> MutexGuard<'_, Option<Termios>> {
        self.shared.prompt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn requested(&self) {
        let prompt = self.prompt().take();
        if let Some(before) = &prompt {
            restore(before);
        }
        if prompt.is_some() || self.shared.asked.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
        let _ = writeln!(std::io::stderr(), "\nStopping as soon as it is safe. Press Ctrl-C again to end at once.");
    }
}

fn restore(before: &Termios) {
    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
}
