//! What the engine's own errors mean for the clerk.

use super::{Doing, Failure};
use crate::exit::Exit;
use crate::machine::is_full;
use chest_engine::EngineError;
use chest_engine::source::SourceError;
use chest_engine::target::TargetError;

impl Failure {
    /// Translates an error of the engine.
    pub fn of(error: &EngineError, doing: Doing) -> Self {
        match error {
            EngineError::Repo(error) => Self::of_repository(error, doing),
            EngineError::PerhapsMade(error) => Self::of(error, doing).keeping_what_was_shown(),
            EngineError::NotMade { why, is_taken_back } => Self::of(why, doing).voiding_what_was_shown(*is_taken_back),
            EngineError::Source(error) => of_source(error).saying(Doing::BackingUp.safety()),
            EngineError::Target(error) => of_target(error).saying(Doing::Restoring.safety()),
            EngineError::Output(source) => {
                let exit = if is_full(source) { Exit::NoSpace } else { Exit::Failed };
                let next = "Look at where the output goes: what has been written there is not the whole file.";
                Self::new(exit, "output", error.to_string(), next).saying(doing.safety())
            }
            _ => {
                let (exit, code, next) = advice(error);
                Self::new(exit, code, error.to_string(), next).saying(doing.safety())
            }
        }
    }
}

fn advice(error: &EngineError) -> (Exit, &'static str, &'static str) {
    match error {
        EngineError::NotEnrolled => (
            Exit::CannotUnlock,
            "not-enrolled",
            "Run `chest writer enrol` once on this computer; it needs the passphrase or the recovery words.",
        ),
        EngineError::Busy(_) => (Exit::Busy, "busy", "Wait until it has ended, then run this again."),
        EngineError::SameRootTwice(_) => {
            (Exit::Usage, "same-name-twice", "Back up one of them in a run of its own, with --as NAME.")
        }
        EngineError::NothingToBackUp => (Exit::Usage, "nothing-to-back-up", "Name a folder or a file."),
        EngineError::BadLabel(_) => {
            (Exit::Usage, "bad-name", "Give --as a plain name without slashes, of 255 bytes at most.")
        }
        EngineError::Interrupted => (Exit::Interrupted, "interrupted", "Run the same command again when it suits you."),
        EngineError::NoQuietMoment => (Exit::Failed, "no-quiet-moment", "Run the backup again."),
        EngineError::NoSuchSnapshot(_) => (Exit::Failed, "no-such-snapshot", "`chest snapshots` lists the backups."),
        EngineError::InNoBackup { .. } => {
            (Exit::Failed, "in-no-backup", "`chest ls latest` shows what there is, and `chest find` looks for a name.")
        }
        EngineError::LatestDamaged { .. } => (
            Exit::Damage,
            "latest-damaged",
            "Name an older backup instead of `latest`: `chest snapshots` lists those that can be read, and `chest check` \
             says what is damaged.",
        ),
        EngineError::AmbiguousSnapshot { .. } => {
            (Exit::Usage, "ambiguous-snapshot", "Give more letters of the id; `chest snapshots` lists them.")
        }
        EngineError::NoSuchPath { .. } => (
            Exit::Failed,
            "no-such-path",
            "`chest ls` shows what a backup holds, and `chest find` looks for a name in all of them.",
        ),
        EngineError::NotAFile { .. } => {
            (Exit::Failed, "not-a-file", "`chest ls` lists a folder; `chest cat` writes files.")
        }
        EngineError::BadPattern { .. } => {
            (Exit::Usage, "bad-pattern", "Use * for any letters and ? for one, or plain letters without either.")
        }
        EngineError::NoSuchMessage(_) => {
            (Exit::Failed, "no-such-message", "`chest find --mail WORD` lists messages with their ids.")
        }
        EngineError::AmbiguousMessage { .. } => {
            (Exit::Usage, "ambiguous-message", "Give more letters of the id; `chest find --mail WORD` shows them.")
        }
        EngineError::Mail(_) => (
            Exit::Damage,
            "message-unreadable",
            "Run `chest check --read-data`, which says what is damaged; `chest restore` brings back the whole mailbox.",
        ),
        EngineError::MessageTakesTooLong => (
            Exit::Failed,
            "message-takes-too-long",
            "`chest restore` brings back the whole mailbox, which a mail program may be able to open.",
        ),
        EngineError::Catalogue(_) => {
            (Exit::Failed, "catalogue", "Run the command again: the search catalogue is made anew from the backups.")
        }
        EngineError::Repo(_)
        | EngineError::Source(_)
        | EngineError::Target(_)
        | EngineError::PerhapsMade(_)
        | EngineError::NotMade { .. }
        | EngineError::Output(_) => (Exit::Failed, "failed", "Run the command again."),
    }
}

fn of_source(error: &SourceError) -> Failure {
    let (code, next) = match error {
        SourceError::NotFound { .. } => {
            ("source-missing", "Look at how the path is written, and whether the disk or share is there.")
        }
        SourceError::Unreadable { .. } => {
            ("source-unreadable", "Look at its rights, or run this as a user who may read it.")
        }
        SourceError::NoExport { .. } => (
            "no-export",
            "Download it again, and see whether it opens. To store a file as it is, whatever is in it: --as-is.",
        ),
        SourceError::Vanished { .. } => {
            ("source-vanished", "See whether the disk or share is still there, and run this again.")
        }
    };
    Failure::new(Exit::Failed, code, error.to_string(), next)
}

const MAKE_ROOM: &str = "Make room there, or name a folder on another disk with --to, and run the same command again: what is there \
    already is not written a second time.";

fn of_target(error: &TargetError) -> Failure {
    let (exit, code, next) = match error {
        TargetError::NoSpace { .. } => (Exit::NoSpace, "no-space", MAKE_ROOM),
        TargetError::Open { source, .. } if is_full(source) => (Exit::NoSpace, "no-space", MAKE_ROOM),
        _ => (Exit::Failed, "target", "Restore to a folder of your own: --to DIR."),
    };
    Failure::new(exit, code, error.to_string(), next)
}
