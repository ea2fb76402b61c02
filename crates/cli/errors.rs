//! The one translator from what went wrong to what the clerk reads: what happened, whether the data is safe, what to do next;
//! and to what scripts read: a stable code and an exit code. It goes by types, never by texts.

mod cli;
mod engine;
mod repository;

pub use cli::CliError;
pub use repository::{DECISION_NEXT, DECISION_SAFETY};

use crate::exit::Exit;
use crate::output::names::harmless;
use serde::Serialize;
use std::io::{self, Write};

/// What the program was busy with: it decides what can be said about the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Making a repository.
    Making,
    /// Enrolling this computer.
    Enrolling,
    /// Backing up.
    BackingUp,
    /// Reading.
    Reading,
    /// Trying out a store.
    Examining,
    /// Restoring.
    Restoring,
}

impl Doing {
    /// Whether the data is safe.
    fn safety(self) -> &'static str {
        match self {
            Self::Making => "No backup was touched.",
            Self::BackingUp => "No new backup was recorded; earlier backups are untouched.",
            Self::Enrolling | Self::Reading | Self::Examining => "The backups are untouched.",
            Self::Restoring => "The backups are untouched, and every file that has been restored is complete.",
        }
    }
}

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// A stable short name, for scripts.
    code: &'static str,
    /// What happened.
    what: String,
    /// Whether the data is safe; empty where no data was in question.
    safety: String,
    /// What to do next.
    next: String,
}

#[derive(Serialize)]
struct ErrorJson<'f> {
    error: ErrorBody<'f>,
}

#[derive(Serialize)]
struct ErrorBody<'f> {
    code: &'static str,
    message: String,
    hint: &'f str,
    exit: u8,
}

impl Failure {
    fn new(exit: Exit, code: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { exit, code, what: sentence(&what.into()), safety: String::new(), next: next.into() }
    }

    fn saying(self, safety: &str) -> Self {
        Self { safety: safety.to_owned(), ..self }
    }

    /// The same, with a further sentence on what has become of what was stored.
    pub fn also_saying(self, more: &str) -> Self {
        let safety =
            [self.safety.as_str(), more].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        Self { safety, ..self }
    }

    /// The result could not be written out.
    pub fn output(error: &io::Error) -> Self {
        let exit = if crate::machine::is_full(error) { Exit::NoSpace } else { Exit::Failed };
        let what = format!("the result could not be written: {error}.");
        Self::new(exit, "output", what, "Look at where the output goes, and ask again.")
            .saying("What was asked for is done; only its description is missing.")
    }

    /// What is shown only once could not be shown.
    pub fn not_shown(error: &io::Error) -> Self {
        let exit = if crate::machine::is_full(error) { Exit::NoSpace } else { Exit::Failed };
        let what = format!("the recovery words could not be shown: {error}.");
        Self::new(exit, "not-shown", what, "Look at where the output goes, and run this again.")
            .saying("No repository was made, and nothing was put there.")
    }

    /// The words have been shown, and the repository for which they are was not made.
    fn voiding_what_was_shown(self, is_taken_back: bool) -> Self {
        let parts = if is_taken_back {
            ""
        } else {
            " This place holds parts of the attempt, which could not be taken away again: make the repository in another, empty one."
        };
        let next = format!("Throw away what was shown. Then: {}{parts}", self.next);
        Self { next, ..self }.saying(
            "The repository was not made, so the recovery words (and passphrase) just shown are of no use. No backup was \
             touched.",
        )
    }

    /// The words have been shown, and nobody can tell whether they will be needed.
    fn keeping_what_was_shown(self) -> Self {
        let next = format!(
            "Keep what was shown. When the storage answers again, `chest key test` says whether the repository is there; if it \
             is not, make it in another, empty place. First: {}",
            self.next
        );
        Self { next, ..self }.saying("It cannot be told whether the repository was made. No backup was touched.")
    }

    /// A stable short name, for scripts.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// For people, on standard error.
    pub fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "chest: {}", self.what)?;
        if !self.safety.is_empty() {
            writeln!(out, "       {}", self.safety)?;
        }
        writeln!(out, "Next:  {}", self.next)
    }

    /// For programs.
    pub fn json(&self) -> impl Serialize {
        let message = if self.safety.is_empty() { self.what.clone() } else { format!("{} {}", self.what, self.safety) };
        ErrorJson { error: ErrorBody { code: self.code, message, hint: &self.next, exit: self.exit as u8 } }
    }
}

/// With a full stop, which the errors of the libraries lack. No capital: the first word may be a file's name.
fn sentence(text: &str) -> String {
    let text = harmless(text);
    if text.ends_with(['.', '?', '!']) || text.is_empty() { text } else { text + "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_happened_whether_data_is_safe_and_what_to_do() {
        let failure = Failure::new(Exit::Failed, "x", "the disk went away", "Plug it in.").saying("Nothing is lost.");
        let mut text = Vec::new();
        failure.text(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text, "chest: the disk went away.\n       Nothing is lost.\nNext:  Plug it in.\n");
    }
}
