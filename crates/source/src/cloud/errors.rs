//! What Windows says when a file in a cloud cannot be had, or another program holds it: for each error whether it may pass, and words
//! that help the one who reads them.

use crate::ReadFailure;
use UnreadableReason::{CloudOnly, InUse};
use chest_model::UnreadableReason;
use std::io;

/// An error of Windows about one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowsError {
    /// Its number.
    pub code: i32,
    /// Its name in the header files.
    pub name: &'static str,
    /// The kind of obstacle.
    pub reason: UnreadableReason,
    /// Whether it may be gone a little later.
    pub may_pass: bool,
    /// What it means, and what to do about it, for the clerk.
    pub words: &'static str,
}

const fn passing(code: i32, name: &'static str, reason: UnreadableReason, words: &'static str) -> WindowsError {
    WindowsError { code, name, reason, may_pass: true, words }
}

const fn lasting(code: i32, name: &'static str, words: &'static str) -> WindowsError {
    WindowsError { code, name, reason: CloudOnly, may_pass: false, words }
}

const NOT_RUNNING: &str = "it is only in the cloud, and OneDrive is not running: start OneDrive, wait until it has finished, and back up again";
const NOT_FETCHED: &str = "it is only in the cloud and could not be fetched: open it once by hand, and back up again";
const DAMAGED: &str = "it is only in the cloud, and what this computer knows of it is damaged: ask whoever looks after it to reset OneDrive";
const UNSUITABLE: &str = "it is only in the cloud and cannot be fetched where it lies: ask whoever looks after the computer to set OneDrive up anew";
const HELD: &str = "another program has it open: close that program, and back up again";

/// Every error that is known to say something about a file in a cloud, or one in use, by number.
pub const WINDOWS_ERRORS: [WindowsError; 21] = [
    passing(32, "ERROR_SHARING_VIOLATION", InUse, HELD),
    passing(33, "ERROR_LOCK_VIOLATION", InUse, HELD),
    lasting(358, "ERROR_CLOUD_FILE_SYNC_ROOT_METADATA_CORRUPT", DAMAGED),
    passing(362, "ERROR_CLOUD_FILE_PROVIDER_NOT_RUNNING", CloudOnly, NOT_RUNNING),
    lasting(363, "ERROR_CLOUD_FILE_METADATA_CORRUPT", DAMAGED),
    lasting(379, "ERROR_CLOUD_FILE_NOT_SUPPORTED", UNSUITABLE),
    lasting(380, "ERROR_CLOUD_FILE_INVALID_REQUEST", UNSUITABLE),
    lasting(381, "ERROR_CLOUD_FILE_READ_ONLY_VOLUME", UNSUITABLE),
    passing(
        386,
        "ERROR_CLOUD_FILE_AUTHENTICATION_FAILED",
        CloudOnly,
        "it is only in the cloud, and OneDrive is not signed in: sign in to OneDrive, and back up again",
    ),
    passing(387, "ERROR_CLOUD_FILE_INSUFFICIENT_RESOURCES", CloudOnly, NOT_FETCHED),
    passing(
        388,
        "ERROR_CLOUD_FILE_NETWORK_UNAVAILABLE",
        CloudOnly,
        "it is only in the cloud, and there is no connection to it: connect to the internet, and back up again",
    ),
    passing(389, "ERROR_CLOUD_FILE_UNSUCCESSFUL", CloudOnly, NOT_FETCHED),
    lasting(390, "ERROR_CLOUD_FILE_NOT_UNDER_SYNC_ROOT", UNSUITABLE),
    passing(391, "ERROR_CLOUD_FILE_IN_USE", InUse, HELD),
    passing(393, "ERROR_CLOUD_FILE_REQUEST_ABORTED", CloudOnly, NOT_FETCHED),
    lasting(394, "ERROR_CLOUD_FILE_PROPERTY_CORRUPT", DAMAGED),
    lasting(
        395,
        "ERROR_CLOUD_FILE_ACCESS_DENIED",
        "it is only in the cloud, and OneDrive gives it only to the person who signed in: run the backup as that person",
    ),
    lasting(396, "ERROR_CLOUD_FILE_INCOMPATIBLE_HARDLINKS", UNSUITABLE),
    passing(398, "ERROR_CLOUD_FILE_REQUEST_CANCELED", CloudOnly, NOT_FETCHED),
    passing(404, "ERROR_CLOUD_FILE_PROVIDER_TERMINATED", CloudOnly, NOT_RUNNING),
    passing(
        426,
        "ERROR_CLOUD_FILE_REQUEST_TIMEOUT",
        CloudOnly,
        "it is only in the cloud, and fetching it took too long: try again when the connection is better",
    ),
];

/// What an error of Windows means for one item.
pub fn windows_failure(error: &io::Error) -> ReadFailure {
    let known = WINDOWS_ERRORS.iter().find(|known| error.raw_os_error() == Some(known.code));
    match (known, error.kind()) {
        (Some(known), _) => {
            let message = format!("{} (Windows error {})", known.words, known.code);
            ReadFailure { reason: known.reason, message, may_pass: known.may_pass }
        }
        (None, io::ErrorKind::PermissionDenied) => {
            ReadFailure::lasting(UnreadableReason::PermissionDenied, error.to_string())
        }
        (None, io::ErrorKind::NotFound) => ReadFailure::lasting(UnreadableReason::Vanished, error.to_string()),
        (None, _) => ReadFailure::lasting(UnreadableReason::ReadError, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_code(code: i32) -> ReadFailure {
        windows_failure(&io::Error::from_raw_os_error(code))
    }

    #[test]
    fn what_may_pass_and_what_never_does_are_told_apart_by_number() {
        for code in [32, 33, 362, 386, 387, 388, 389, 391, 393, 398, 404, 426] {
            assert!(of_code(code).may_pass, "{code}");
        }
        for code in [358, 363, 379, 380, 381, 390, 394, 395, 396, 21, 1117] {
            assert!(!of_code(code).may_pass, "{code}");
        }
    }

    #[test]
    fn a_file_in_use_is_no_file_in_the_cloud() {
        for known in &WINDOWS_ERRORS {
            let expected = if [32, 33, 391].contains(&known.code) { InUse } else { CloudOnly };
            assert_eq!(of_code(known.code).reason, expected, "{}", known.name);
        }
        assert_eq!(of_code(1117).reason, UnreadableReason::ReadError);
    }

    #[test]
    fn every_error_is_listed_once_and_says_what_to_do_and_its_number() {
        assert!(WINDOWS_ERRORS.is_sorted_by(|one, next| one.code < next.code));
        for known in &WINDOWS_ERRORS {
            assert!(known.name.starts_with("ERROR_") && known.words.contains(": "), "{known:?}");
            // As much of a message is kept.
            assert!(of_code(known.code).message.len() < 300, "{known:?}");
            assert!(of_code(known.code).message.ends_with(&format!(" (Windows error {})", known.code)));
        }
    }

    #[test]
    fn the_most_frequent_reason_names_its_remedy() {
        assert!(of_code(395).message.contains("run the backup as that person"), "as SYSTEM it fails for ever");
        assert!(of_code(362).message.contains("start OneDrive"));
    }
}
