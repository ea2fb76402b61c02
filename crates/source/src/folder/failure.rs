//! What an error of the system means for one item, and for the source as a whole.

use crate::ReadFailure;
use chest_model::UnreadableReason;
use rustix::io::Errno;

/// The obstacle that an error stands for, with the system's own words.
pub(super) fn failure(errno: Errno) -> ReadFailure {
    let reason = reason(errno);
    let may_pass = reason == UnreadableReason::InUse || is_of_the_line(errno);
    ReadFailure { reason, message: words(errno), may_pass }
}

/// The same of an error as the standard library has it.
pub(crate) fn of_io_error(error: &std::io::Error) -> ReadFailure {
    match Errno::from_io_error(error) {
        Some(errno) => failure(errno),
        None => ReadFailure::lasting(UnreadableReason::ReadError, error.to_string()),
    }
}

/// Whether the error is one of the way to a file server, not of the file.
fn is_of_the_line(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::TIMEDOUT
            | Errno::CONNABORTED
            | Errno::CONNREFUSED
            | Errno::CONNRESET
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NETDOWN
            | Errno::NETRESET
            | Errno::NETUNREACH
    )
}

/// The item is there, but is no longer what was listed.
pub(super) fn changed(what: &str) -> ReadFailure {
    ReadFailure::lasting(UnreadableReason::Changed, what)
}

/// The system's own words.
pub(super) fn words(errno: Errno) -> String {
    std::io::Error::from(errno).to_string()
}

/// Whether an error about the root itself says that it is no longer there.
pub(super) fn means_gone(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::NOENT | Errno::STALE | Errno::IO | Errno::NOTCONN | Errno::NODEV | Errno::NXIO | Errno::NOMEDIUM
    )
}

/// The kind of obstacle.
pub(super) fn reason(errno: Errno) -> UnreadableReason {
    match errno {
        Errno::ACCESS | Errno::PERM => UnreadableReason::PermissionDenied,
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::STALE => UnreadableReason::Vanished,
        Errno::BUSY | Errno::TXTBSY | Errno::AGAIN => UnreadableReason::InUse,
        _ => UnreadableReason::ReadError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_reason() {
        for (errno, expected) in [
            (Errno::ACCESS, UnreadableReason::PermissionDenied),
            (Errno::PERM, UnreadableReason::PermissionDenied),
            (Errno::NOENT, UnreadableReason::Vanished),
            (Errno::LOOP, UnreadableReason::Vanished),
            (Errno::NOTDIR, UnreadableReason::Vanished),
            (Errno::STALE, UnreadableReason::Vanished),
            (Errno::TXTBSY, UnreadableReason::InUse),
            (Errno::BUSY, UnreadableReason::InUse),
            (Errno::AGAIN, UnreadableReason::InUse),
            (Errno::IO, UnreadableReason::ReadError),
            (Errno::NAMETOOLONG, UnreadableReason::ReadError),
        ] {
            let failure = failure(errno);
            assert_eq!(failure.reason, expected, "{errno:?}");
            assert_eq!(failure.may_pass, expected == UnreadableReason::InUse, "{errno:?}");
        }
        assert!(failure(Errno::ACCESS).message.contains("denied"));
    }

    #[test]
    fn what_befalls_the_line_to_a_file_server_may_pass() {
        for errno in [Errno::TIMEDOUT, Errno::CONNRESET, Errno::HOSTDOWN, Errno::HOSTUNREACH, Errno::NETUNREACH] {
            let failure = failure(errno);
            assert_eq!((failure.reason, failure.may_pass), (UnreadableReason::ReadError, true), "{errno:?}");
        }
    }
}
