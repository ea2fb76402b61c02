//! The items that keep a backup from being COMPLETE, in the clerk's words.

use super::amounts::{count, grouped};
use super::names::{harmless, shown_path};
use chest_engine::backup::BackupOutcome;
use chest_engine::browse::ShownPath;
use chest_model::{Exception, ExceptionKind, UnreadableReason};
use std::io::{self, Write};

/// More than these are not read on a screen.
pub const SHOWN_AT_MOST: usize = 50;

/// One line for each.
pub fn write_exceptions(out: &mut dyn Write, exceptions: &[Exception]) -> io::Result<()> {
    for exception in exceptions {
        let path = ShownPath { root: exception.root.clone(), path: exception.path.clone() };
        let why = match exception.is_of_whole_root() {
            true => format!("NOT BACKED UP at all: {}", harmless(&exception.message)),
            false => why(exception),
        };
        writeln!(out, "  {}: {why}", shown_path(&path))?;
    }
    Ok(())
}

/// What [`summary`] says of these.
pub fn summary_of(exceptions: &[Exception]) -> String {
    let changed = exceptions.iter().filter(|one| one.kind == ExceptionKind::ChangedWhileRead).count() as u64;
    let whole = whole_roots(exceptions);
    summary(whole, exceptions.len() as u64 - changed - whole, changed)
}

/// The same of all that a run met, listed or not.
pub fn summary_of_run(outcome: &BackupOutcome) -> String {
    let whole = whole_roots(&outcome.exceptions);
    let summary = summary(whole, outcome.items_unread - whole, outcome.items_changed);
    match outcome.roots.iter().any(|root| root.files > 0) {
        true => summary,
        false => format!("there is no file in this backup, {summary}"),
    }
}

/// How many of what was named could not be read at all: they come first, and are always listed.
fn whole_roots(exceptions: &[Exception]) -> u64 {
    exceptions.iter().filter(|one| one.is_of_whole_root()).count() as u64
}

/// `1 of what was named could not be read at all, 3 items could not be read, 1 item changed while it was read`.
fn summary(whole: u64, unread: u64, changed: u64) -> String {
    let parts = [
        (whole > 0).then(|| format!("{} of what was named could not be read at all", grouped(whole))),
        (unread > 0).then(|| format!("{} could not be read", count(unread, "item"))),
        (changed == 1).then(|| "1 item changed while it was read".to_owned()),
        (changed > 1).then(|| format!("{} items changed while they were read", grouped(changed))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What a source says itself of an export, or of a file in a cloud, is plainer than any word for its kind; what the system says is not.
fn why(exception: &Exception) -> String {
    use UnreadableReason::{CloudOnly, ReadError, Unsupported};
    let may_be_plain = matches!(exception.kind, ExceptionKind::Unreadable(CloudOnly | ReadError | Unsupported));
    if !may_be_plain || exception.message.is_empty() || exception.message.contains("(os error ") {
        return reason(exception.kind).to_owned();
    }
    harmless(&exception.message)
}

fn reason(kind: ExceptionKind) -> &'static str {
    match kind {
        ExceptionKind::ChangedWhileRead => "changed while it was read; what is kept may mix old and new",
        ExceptionKind::Unreadable(reason) => match reason {
            UnreadableReason::PermissionDenied => "no permission to read it",
            UnreadableReason::Vanished => "was gone when it was to be read",
            UnreadableReason::Changed => "kept changing while it was read",
            UnreadableReason::ReadError => "the disk or network reported an error",
            UnreadableReason::InUse => "in use by another program",
            UnreadableReason::CloudOnly => "only in the cloud, not on this computer",
            UnreadableReason::Unsupported => "its name or kind cannot be kept",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::TreePath;

    #[test]
    fn plain_words_are_shown_as_they_are_and_the_systems_are_not() {
        let said = |reason, message: &str| {
            let kind = ExceptionKind::Unreadable(reason);
            let path = TreePath::from_bytes(b"a".to_vec()).unwrap();
            let mut out = Vec::new();
            write_exceptions(
                &mut out,
                &[Exception { root: b"docs".to_vec(), path, kind, message: message.to_owned() }],
            )
            .unwrap();
            String::from_utf8(out).unwrap()
        };
        let system = "Input/output error (os error 5)";
        assert_eq!(said(UnreadableReason::ReadError, system), "  docs/a: the disk or network reported an error\n");
        assert_eq!(said(UnreadableReason::ReadError, ""), "  docs/a: the disk or network reported an error\n");
        let fetching = "it is only in the cloud, and there is no connection to it";
        assert_eq!(said(UnreadableReason::CloudOnly, fetching), format!("  docs/a: {fetching}\n"));
        assert_eq!(said(UnreadableReason::CloudOnly, ""), "  docs/a: only in the cloud, not on this computer\n");
        assert_eq!(said(UnreadableReason::InUse, "busy"), "  docs/a: in use by another program\n");
        assert_eq!(said(UnreadableReason::Unsupported, "it is locked"), "  docs/a: it is locked\n");
    }

    #[test]
    fn what_was_not_read_and_what_changed_are_told_apart() {
        let at = |path: &[u8], kind| {
            let path = TreePath::from_bytes(path.to_vec()).unwrap();
            Exception { root: b"docs".to_vec(), path, kind, message: String::new() }
        };
        let of = |kind| at(b"a", kind);
        let unread = of(ExceptionKind::Unreadable(UnreadableReason::PermissionDenied));
        let changed = of(ExceptionKind::ChangedWhileRead);
        let missing = at(b"", ExceptionKind::Unreadable(UnreadableReason::Vanished));
        let both = "1 of what was named could not be read at all, 1 item could not be read";
        assert_eq!(summary_of(&[missing, unread.clone()]), both);
        assert_eq!(summary_of(&[unread.clone(), unread.clone(), unread.clone()]), "3 items could not be read");
        assert_eq!(
            summary_of(&[unread, changed.clone()]),
            "1 item could not be read, 1 item changed while it was read"
        );
        assert_eq!(summary_of(&[changed.clone(), changed]), "2 items changed while they were read");
    }
}
