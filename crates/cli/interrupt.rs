//! Ctrl-C: the first asks the run to stop as soon as it safely can, the second ends it at once. At a prompt the first ends it,
//! with the terminal's echo back on. Work that must not be left half done says so before it begins.

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
    /// Looked at again and again while work is done.
    asked: AtomicBool,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// How the terminal was before a prompt, while there is one.
    prompt: Option<Termios>,
    stage: Stage,
    /// Whether there was a Ctrl-C before.
    once: bool,
}

/// What a Ctrl-C can still change.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// The run can stop.
    #[default]
    Stoppable,
    /// It is quicker and safer to end what has begun.
    Finishing,
    /// Everything is done.
    Done,
}

/// What a Ctrl-C leads to.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Say(&'static str),
    EndWith(Exit),
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

    /// From here on the work is carried to its end; `false`: somebody has asked to stop already, and it is not begun.
    #[must_use]
    pub fn begin_finishing(&self) -> bool {
        let mut heard = self.heard();
        if !self.is_asked() {
            heard.stage = Stage::Finishing;
        }
        heard.stage == Stage::Finishing
    }

    /// The work is done: there is nothing left to interrupt.
    pub fn done(&self) {
        self.heard().stage = Stage::Done;
    }

    /// Notes how the terminal was, for as long as a prompt is up.
    pub fn begin_prompt(&self, before: Termios) {
        self.heard().prompt = Some(before);
    }

    /// The prompt is over: puts the terminal back as it was.
    pub fn end_prompt(&self) {
        if let Some(before) = self.heard().prompt.take() {
            restore(&before);
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn requested(&self) {
        let say = |what: &str| drop(writeln!(std::io::stderr(), "\n{what} Press Ctrl-C again to end at once."));
        if let Reply::EndWith(exit) = self.reply(say) {
            std::process::exit(exit as i32);
        }
    }

    /// What is said is said before the run can act on it: it may be over in the next moment.
    fn reply(&self, say: impl FnOnce(&str)) -> Reply {
        let mut heard = self.heard();
        let prompt = heard.prompt.take();
        prompt.iter().for_each(restore);
        let is_second = std::mem::replace(&mut heard.once, true);
        let reply = match heard.stage {
            Stage::Done => Reply::EndWith(Exit::Done),
            _ if prompt.is_some() || is_second => Reply::EndWith(Exit::Interrupted),
            Stage::Finishing => Reply::Say("This is nearly done, and is carried to its end."),
            Stage::Stoppable => Reply::Say("Stopping as soon as it is safe."),
        };
        if let Reply::Say(what) = reply {
            say(what);
            self.shared.asked.fetch_or(heard.stage == Stage::Stoppable, Ordering::Relaxed);
        }
        reply
    }
}

fn restore(before: &Termios) {
    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_stops_and_the_second_ends_at_once() {
        let interrupt = Interrupt::default();
        let say = |_: &str| assert!(!interrupt.is_asked(), "the run may end as soon as it is");
        assert_eq!(interrupt.reply(say), Reply::Say("Stopping as soon as it is safe."));
        assert!(interrupt.is_asked());
        assert_eq!(interrupt.reply(|_| ()), Reply::EndWith(Exit::Interrupted));
    }

    #[test]
    fn what_somebody_has_stopped_is_not_begun() {
        let interrupt = Interrupt::default();
        interrupt.reply(|_| ());
        assert!(!interrupt.begin_finishing());
    }

    #[test]
    fn what_has_begun_is_finished_unless_somebody_insists() {
        let interrupt = Interrupt::default();
        assert!(interrupt.begin_finishing());
        assert!(matches!(interrupt.reply(|_| ()), Reply::Say(what) if !what.contains("Stopping")));
        assert!(!interrupt.is_asked());
        assert_eq!(interrupt.reply(|_| ()), Reply::EndWith(Exit::Interrupted));
    }

    #[test]
    fn what_is_done_is_never_called_interrupted() {
        let interrupt = Interrupt::default();
        assert!(interrupt.begin_finishing());
        interrupt.done();
        assert_eq!(interrupt.reply(|_| ()), Reply::EndWith(Exit::Done));
    }
}
