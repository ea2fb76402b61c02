//! The items that keep a backup from being COMPLETE, in the clerk's words.

use super::amounts::{count, grouped};
use super::names::shown_path;
use chest_engine::browse::ShownPath;
use chest_model::{Exception, ExceptionKind, UnreadableReason};
use std::io::{self, Write};

/// More than these are not read on a screen.
pub const SHOWN_AT_MOST: usize = 20;

/// One line for each.
pub fn write_exceptions(out: &mut dyn Write, exceptions: &[Exception]) -> io::Result<()> {
    for exception in exceptions {
        let path = ShownPath { root: exception.root.clone(), path: exception.path.clone() };
        writeln!(out, "  {}: {}", shown_path(&path), reason(exception.kind))?;
    }
    Ok(())
}

/// What [`summary`] says of these.
pub fn summary_of(exceptions: &[Exception]) -> String {
    let changed = exceptions.iter().filter(|one| one.kind == ExceptionKind::ChangedWhileRead).count() as u64;
    summary(exceptions.len() as u64 - changed, changed)
}

/// `3 items could not be read, 1 item changed while it was read`.
pub fn summary(unread: u64, changed: u64) -> String {
    let parts = [
        (unread > 0).then(|| format!("{} could not be read", count(unread, "item"))),
        (changed == 1).then(|| "1 item changed while it was read".to_owned()),
        (changed > 1).then(|| format!("{} items changed while they were read", grouped(changed))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
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
    fn what_was_not_read_and_what_changed_are_told_apart() {
        let of = |kind| Exception { root: b"docs".to_vec(), path: TreePath::root(), kind, message: String::new() };
        let unread = of(ExceptionKind::Unreadable(UnreadableReason::PermissionDenied));
        let changed = of(ExceptionKind::ChangedWhileRead);
        assert_eq!(summary_of(&[unread.clone(), unread.clone(), unread.clone()]), "3 items could not be read");
        assert_eq!(
            summary_of(&[unread, changed.clone()]),
            "1 item could not be read, 1 item changed while it was read"
        );
        assert_eq!(summary_of(&[changed.clone(), changed]), "2 items changed while they were read");
    }
}
