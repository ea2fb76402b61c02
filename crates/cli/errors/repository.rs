//! What errors of repository and store mean for the clerk.

use super::{Doing, Failure};
use crate::exit::Exit;
use crate::machine::is_local_full;
use chest_engine::repo::history::HistoryError;
use chest_engine::repo::layout::LOG;
use chest_engine::repo::slot::UnlockError;
use chest_engine::repo::{ObjectError, RepoError};
use chest_engine::store::StoreError;

const DAMAGE: &str = "What is damaged cannot be read; other files and other backups may well be intact.";
const RUN_CHECK: &str = "Run `chest check --read-data` to see everything that is damaged. Do not delete anything yet.";

/// What a damaged record of the owner's means for what is stored.
pub const DECISION_SAFETY: &str = "What the backups hold lies in other objects, which this does not touch; but until that record is back, \
    not every backup can be shown.";
/// What to do about it.
pub const DECISION_NEXT: &str = "Leave everything in the repository as it is. Bring that object back from an older version at the storage \
    provider, or from another copy of the repository. `chest check --scrub` says whether anything else is damaged.";

impl Failure {
    pub(super) fn of_repository(error: &RepoError, doing: Doing) -> Self {
        let plain = |exit, code, next: &str| Self::new(exit, code, error.to_string(), next).saying(doing.safety());
        match error {
            RepoError::Store(error) => of_store(error, doing),
            RepoError::Object { problem, .. } => of_object(error, problem, doing),
            RepoError::Unlock(error) => of_unlock(error).saying(doing.safety()),
            RepoError::History(error) => of_history(error, doing),
            RepoError::ChunkNotIndexed(_) => {
                Self::new(Exit::Damage, "damaged", error.to_string(), RUN_CHECK).saying(DAMAGE)
            }
            RepoError::NoRepository => plain(Exit::NoRepository, "no-repository", NO_REPOSITORY),
            RepoError::AlreadyThere(_) => plain(
                Exit::AlreadyExists,
                "already-exists",
                "To use the repository that is there, run `chest writer enrol`; to make a new one, name an empty folder.",
            ),
            RepoError::NotEmpty(_) => plain(
                Exit::AlreadyExists,
                "not-empty",
                "Name a folder that is empty or does not exist yet (in S3 storage: a prefix under which nothing lies).",
            ),
            RepoError::BrokenOff(_) => {
                let exit = if doing == Doing::Making { Exit::AlreadyExists } else { Exit::NoRepository };
                plain(exit, "broken-off", BROKEN_OFF)
            }
            RepoError::MadeByAnother(_) => plain(
                Exit::AlreadyExists,
                "made-by-another",
                "Wait a minute, and run `chest snapshots`: if there is a repository then, `chest writer enrol` lets this computer use it; if \
                 there is none, run `chest init` again.",
            ),
            RepoError::Random(_) => plain(Exit::Failed, "no-random-bytes", "Restart the computer and try again."),
            RepoError::Local { .. } if is_local_full(error) => {
                plain(Exit::NoSpace, "no-space", "Make room on this computer's own disk, and run this again.")
            }
            RepoError::Local { .. } => {
                plain(Exit::Failed, "local-file", "Look at the rights of that file and its folder.")
            }
            RepoError::LocalDamaged { .. } => plain(
                Exit::Failed,
                "local-file-damaged",
                "Move that file away. If it was the file called `writer`, run `chest writer enrol` once more.",
            ),
            RepoError::ChunkTooLarge { .. } => {
                plain(Exit::Failed, "too-large", "Back up to a repository with larger packs, and report this.")
            }
            RepoError::Stopped => plain(Exit::Failed, "stopped", "Run the command again."),
            RepoError::NotThere(_) => of_lost_put(error, doing),
        }
    }
}

/// What the storage took, and does not show. Nobody can say whether it will yet.
fn of_lost_put(error: &RepoError, doing: Doing) -> Failure {
    let next = "Run this again: what lies there is not sent again. If it comes back, run `chest doctor`, and ask whoever runs the \
        storage.";
    let safety = match doing {
        Doing::BackingUp => "Do not count on a backup of this run; earlier backups are untouched.",
        _ => doing.safety(),
    };
    Failure::new(Exit::Unreachable, "unreachable", error.to_string(), next).saying(safety)
}

// Whoever hides everything else by deleting it leaves the same to be seen.
const BROKEN_OFF: &str = "If backups were ever made to this place, delete nothing: what they need was removed, so ask whoever runs the storage. If \
    `chest init` is running on another computer now, wait until it has ended. Otherwise an `init` was cut short here, and words that it may have \
    shown are of no use: run `chest init` for another, empty place, or first have what lies below slots, owner and second removed here.";

const NO_REPOSITORY: &str = "See whether the disk, share or bucket is there and its address is right. `chest init` makes a new repository in it.";

fn of_store(error: &StoreError, doing: Doing) -> Failure {
    let plain = |exit, code, next: &str| Failure::new(exit, code, error.to_string(), next).saying(doing.safety());
    match error {
        StoreError::NoSuchPlace(_) => plain(Exit::NoRepository, "no-repository", NO_REPOSITORY),
        StoreError::NotAStore(_) => plain(
            Exit::Unreachable,
            "not-a-store",
            "See whether the address of the storage and its port are right, and whether this network asks for a login first.",
        ),
        StoreError::WrongKey(_) => plain(
            Exit::Refused,
            "wrong-key",
            "Compare AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY with what the provider gave you, or ask for a new key.",
        ),
        StoreError::WrongRegion(_) => plain(
            Exit::Refused,
            "wrong-region",
            "Give --s3-region as the provider names it, and see whether --s3-endpoint is the address of that region.",
        ),
        StoreError::WrongClock(_) => plain(
            Exit::Refused,
            "wrong-clock",
            "Set the clock of this computer right: date, time and time zone. Then run this again.",
        ),
        // A new repository cannot be made there either, whatever disk is missing.
        StoreError::NotAFolder(_) => {
            let exit = if doing == Doing::Making { Exit::Usage } else { Exit::NoRepository };
            plain(
                exit,
                "not-a-folder",
                "Name a folder. If this is a link to a disk or share, see whether that is there.",
            )
        }
        StoreError::Unreachable(_) | StoreError::Garbled { .. } => {
            plain(Exit::Unreachable, "unreachable", "Look at the disk or the connection, and run this again.")
        }
        StoreError::Busy { .. } => plain(
            Exit::Unreachable,
            "store-busy",
            "Wait for an hour, and run this again. Nothing that arrived is lost.",
        ),
        StoreError::NotTrusted(_) => plain(
            Exit::Refused,
            "not-trusted",
            "Do not go on if you did not expect this: somebody may be listening. Ask who looks after the store.",
        ),
        StoreError::BadAddress(_) => plain(Exit::Usage, "bad-address", "Look at the address, and run this again."),
        StoreError::Stopped => plain(Exit::Interrupted, "interrupted", "Run the same command again when it suits you."),
        StoreError::Refused(_) => plain(
            Exit::Refused,
            "refused",
            "Look at the rights of that folder, or run this as a user who may use it. In S3 storage: see whether the key and \
             its secret are right, and whether the key may use that bucket.",
        ),
        StoreError::NoSpace(_) => plain(
            Exit::NoSpace,
            "no-space",
            "Make room there or use a larger disk, and run this again: nothing that has arrived is sent twice.",
        ),
        StoreError::NotFound(_) | StoreError::RangeOutside { .. } => {
            Failure::new(Exit::Damage, "damaged", error.to_string(), RUN_CHECK).saying(DAMAGE)
        }
        StoreError::Io { .. } => plain(
            Exit::Failed,
            "store",
            "Look at the disk, or ask who runs the storage: it reports errors. Then run this again.",
        ),
        StoreError::Unsupported(_) => plain(Exit::Failed, "unsupported", "Use a store that can, such as a folder."),
    }
}

fn of_object(error: &RepoError, problem: &ObjectError, doing: Doing) -> Failure {
    match problem {
        ObjectError::NewerFormat { .. }
        | ObjectError::UnknownSuite { .. }
        | ObjectError::UnknownType { .. }
        | ObjectError::UnknownKind { .. }
        | ObjectError::UnknownFeature { .. } => {
            let next = "Install the newest Parish Chest on this computer.";
            Failure::new(Exit::Failed, "newer-format", error.to_string(), next).saying(doing.safety())
        }
        ObjectError::SealingFailed => {
            let next = "Test this computer's memory before you rely on it; back up from another one meanwhile.";
            Failure::new(Exit::Failed, "failing-computer", error.to_string(), next).saying(doing.safety())
        }
        _ => Failure::new(Exit::Damage, "damaged", error.to_string(), RUN_CHECK).saying(DAMAGE),
    }
}

fn of_unlock(error: &UnlockError) -> Failure {
    let (code, next) = match error {
        UnlockError::WrongPassphrase => (
            "wrong-passphrase",
            "Try again, and mind capitals and spelling. The 24 recovery words open the repository too.",
        ),
        UnlockError::WrongWords(_) => ("wrong-words", "Compare the words with the printed sheet."),
        UnlockError::DamagedSlot { .. } => {
            ("damaged-slot", "Try the other way in: the recovery words, or the passphrase. Then run `chest check`.")
        }
        UnlockError::NoSuchSlot(_) => ("no-such-slot", "Try the other way in: the recovery words, or the passphrase."),
        UnlockError::AbsurdCost { .. } => ("absurd-cost", "Try the recovery words, and run `chest check`."),
        UnlockError::NotEnoughMemory { .. } => {
            ("not-enough-memory", "Close other programs, or use the recovery words.")
        }
    };
    Failure::new(Exit::CannotUnlock, code, error.to_string(), next)
}

fn of_history(error: &HistoryError, doing: Doing) -> Failure {
    let what = error.to_string();
    match error {
        HistoryError::NotEnrolled | HistoryError::Revoked { .. } => {
            let next =
                "Ask whoever keeps the passphrase whether this computer may back up; then run `chest writer enrol`.";
            Failure::new(Exit::CannotUnlock, "not-enrolled", what, next).saying(doing.safety())
        }
        HistoryError::OwnerRecordDamaged { .. } => {
            let nothing = if doing == Doing::BackingUp { "No new backup was recorded. " } else { "" };
            let safety = format!("{nothing}{DECISION_SAFETY}");
            Failure::new(Exit::Damage, "damaged-record", what, DECISION_NEXT).saying(&safety)
        }
        HistoryError::LogRecordDamaged { .. } => {
            let safety = "No new backup was recorded. The backup behind that record cannot be shown; other backups are not affected.";
            let next = format!("{BRING_BACK} {NEW_KEY} `chest check` says what else is damaged.");
            Failure::new(Exit::Damage, "damaged-record", what, next).saying(safety)
        }
        HistoryError::OwnerRecordMissing { .. } => {
            Failure::new(Exit::History, "missing-record", what, DECISION_NEXT).saying(DECISION_SAFETY)
        }
        HistoryError::OutOfOrder => {
            let next = "Run the command again, and report this if it comes back.";
            Failure::new(Exit::Failed, "mistake", what, next).saying(doing.safety())
        }
        HistoryError::Gap { .. }
        | HistoryError::SeenBeforeMissing { .. }
        | HistoryError::NoGenesis
        | HistoryError::OtherGenesis
        | HistoryError::ReaderKeySwapped => Failure::new(Exit::History, "history", what, way_on(error, doing))
            .saying("Nothing was written. Until this is explained, do not rely on this copy of the backups."),
    }
}

const BRING_BACK: &str =
    "Bring that record back from another copy of the repository, or from an older version at the storage provider.";
const NEW_KEY: &str = "If it cannot be had, run `chest writer enrol`: this computer then goes on with a new key, and what is stored is \
    not sent again. It needs the passphrase. Delete nothing.";

/// What a history that contradicts itself, or what this computer has seen, leaves to be done.
fn way_on(error: &HistoryError, doing: Doing) -> String {
    let look = "See whether this is the right disk, and whether somebody has restored or changed the folder.";
    let then = match (error, doing) {
        (HistoryError::SeenBeforeMissing { .. }, Doing::Reading | Doing::Restoring) => {
            "If this is an older copy, and you mean to read it because the newer one is lost, add --accept-unproven-state \
             to the command."
        }
        (HistoryError::SeenBeforeMissing { .. }, _) => {
            "If this is an older copy, and the newer one is lost, `chest writer enrol --accept-unproven-state` lets this \
             computer go on with it; it needs the passphrase."
        }
        (HistoryError::Gap { missing }, _) if missing.starts_with(LOG) => {
            return format!("{look} {BRING_BACK} {NEW_KEY}");
        }
        (HistoryError::Gap { .. }, _) => BRING_BACK,
        _ => return format!("{look} Delete nothing."),
    };
    format!("{look} {then} Delete nothing.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_engine::EngineError;

    fn exit(error: impl Into<RepoError>) -> Exit {
        Failure::of(&EngineError::Repo(error.into()), Doing::Reading).exit
    }

    fn io(kind: std::io::ErrorKind) -> std::io::Error {
        kind.into()
    }

    #[test]
    fn every_kind_of_failure_of_a_store_has_its_own_exit_code() {
        assert_eq!(exit(StoreError::NoSuchPlace("x".into())), Exit::NoRepository);
        assert_eq!(exit(StoreError::Unreachable("x".into())), Exit::Unreachable);
        assert_eq!(exit(StoreError::Busy { what: "x".into(), wait: None }), Exit::Unreachable);
        let garbled = StoreError::Garbled { doing: "reading", name: "x".into(), what: "short".into() };
        assert_eq!(exit(garbled), Exit::Unreachable);
        assert_eq!(exit(StoreError::NotAStore("x".into())), Exit::Unreachable);
        assert_eq!(exit(StoreError::NotTrusted("x".into())), Exit::Refused);
        assert_eq!(exit(StoreError::BadAddress("x".into())), Exit::Usage);
        assert_eq!(exit(StoreError::Stopped), Exit::Interrupted);
        assert_eq!(exit(StoreError::Refused("x".into())), Exit::Refused);
        assert_eq!(exit(StoreError::NoSpace("x".into())), Exit::NoSpace);
        let source = io(std::io::ErrorKind::Other);
        assert_eq!(exit(StoreError::Io { doing: "reading", name: "x".into(), source }), Exit::Failed);
    }

    #[test]
    fn each_reason_for_which_storage_refuses_has_its_own_advice() {
        for (error, word) in [
            (StoreError::WrongKey("x".into()), "AWS_SECRET_ACCESS_KEY"),
            (StoreError::WrongRegion("x".into()), "--s3-region"),
            (StoreError::WrongClock("x".into()), "clock"),
            (StoreError::Refused("x".into()), "bucket"),
        ] {
            let failure = Failure::of(&EngineError::Repo(error.into()), Doing::Reading);
            assert_eq!(failure.exit, Exit::Refused);
            let mut text = Vec::new();
            failure.text(&mut text).unwrap();
            let text = String::from_utf8(text).unwrap();
            let next = text.split("Next:").nth(1).unwrap();
            assert!(next.contains(word), "{text}");
        }
    }

    #[test]
    fn a_contradicted_history_is_told_from_a_computer_that_may_not_back_up() {
        for error in [HistoryError::NoGenesis, HistoryError::OtherGenesis, HistoryError::ReaderKeySwapped] {
            assert_eq!(exit(error), Exit::History);
        }
        assert_eq!(exit(HistoryError::Gap { missing: "owner/x".into() }), Exit::History);
        assert_eq!(exit(HistoryError::SeenBeforeMissing { missing: "owner/x".into() }), Exit::History);
        assert_eq!(exit(HistoryError::OwnerRecordMissing { object: "owner/x".into() }), Exit::History);
        assert_eq!(exit(HistoryError::NotEnrolled), Exit::CannotUnlock);
    }

    #[test]
    fn damage_is_told_from_what_a_newer_program_wrote() {
        let object = |problem| RepoError::Object { object: "packs/x".into(), problem };
        assert_eq!(exit(object(ObjectError::NotItsName)), Exit::Damage);
        assert_eq!(exit(object(ObjectError::NewerFormat { format: 2 })), Exit::Failed);
    }

    #[test]
    fn a_full_disk_of_this_computer_is_a_full_disk_too() {
        let local = |kind| RepoError::Local { path: "seen".into(), source: io(kind) };
        assert_eq!(exit(local(std::io::ErrorKind::StorageFull)), Exit::NoSpace);
        assert_eq!(exit(local(std::io::ErrorKind::PermissionDenied)), Exit::Failed);
    }

    #[test]
    fn whatever_cannot_be_unlocked_ends_with_twelve() {
        assert_eq!(exit(UnlockError::WrongPassphrase), Exit::CannotUnlock);
        assert_eq!(exit(UnlockError::DamagedSlot { name: "slots/x".into() }), Exit::CannotUnlock);
    }
}
