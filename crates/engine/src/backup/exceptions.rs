//! What a run could not read as it should have: as much of it as a record has room for, and how much there is in all. A tree
//! with a million items that cannot be read must still become a snapshot.

use chest_model::{Exception, ExceptionKind, UnreadableReason};
use chest_repo::record::MAX_EXCEPTIONS;

/// Of the 16 MiB that a record may have.
const MAX_BYTES: usize = 4 << 20;
/// One exception beside its path, root and message.
const ONE: usize = 64;

/// The exceptions of a run, or of one root of it.
#[derive(Default)]
pub(super) struct Exceptions {
    listed: Vec<Exception>,
    bytes: usize,
    unread: u64,
    changed: u64,
    may_be_had: u64,
}

impl Exceptions {
    /// Adds one. From the first that finds no room on, they are only counted.
    pub(super) fn push(&mut self, exception: Exception) {
        let is_first_unlisted = self.listed.len() as u64 == self.count();
        match exception.kind {
            ExceptionKind::Unreadable(_) => self.unread += 1,
            ExceptionKind::ChangedWhileRead => self.changed += 1,
        }
        let is_for_good = exception.kind == ExceptionKind::Unreadable(UnreadableReason::Unsupported);
        self.may_be_had += u64::from(!is_for_good);
        let Exception { root, path, message, .. } = &exception;
        let bytes = self.bytes + ONE + root.len() + path.as_bytes().len() + message.len();
        if is_first_unlisted && self.listed.len() < MAX_EXCEPTIONS && bytes <= MAX_BYTES {
            self.bytes = bytes;
            self.listed.push(exception);
        }
    }

    /// Whether they say that a root could not be read at all.
    pub(super) fn are_of_whole_root(&self) -> bool {
        self.of_whole_root().is_some()
    }

    /// The one that says so.
    pub(super) fn of_whole_root(&self) -> Option<&Exception> {
        self.listed.iter().find(|exception| exception.is_of_whole_root())
    }

    /// Those of several roots as one; what tells of a whole root comes first, so that it is listed whatever else there is.
    pub(super) fn of_all<'e>(parts: impl Iterator<Item = &'e Self>) -> Self {
        let mut parts: Vec<&Self> = parts.collect();
        parts.sort_by_key(|part| !part.are_of_whole_root());
        parts.into_iter().fold(Self::default(), |mut all, part| {
            let (unread, changed) = (all.unread + part.unread, all.changed + part.changed);
            let may_be_had = all.may_be_had + part.may_be_had;
            part.listed.iter().for_each(|exception| all.push(exception.clone()));
            Self { unread, changed, may_be_had, ..all }
        })
    }

    /// The first ones.
    pub(super) fn into_listed(self) -> Vec<Exception> {
        self.listed
    }

    /// How many items could not be read.
    pub(super) fn unread(&self) -> u64 {
        self.unread
    }

    /// How many items changed while they were read.
    pub(super) fn changed(&self) -> u64 {
        self.changed
    }

    /// Whether everything was stored that can be had from these bytes, be it in the next run: what is locked or packed in an unknown way
    /// cannot.
    pub(super) fn leave_nothing_to_be_had(&self) -> bool {
        self.may_be_had == 0
    }

    /// How many there are in all.
    pub(super) fn count(&self) -> u64 {
        self.unread + self.changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::{TreePath, UnreadableReason};

    fn exception(path_length: usize, kind: ExceptionKind) -> Exception {
        let path = TreePath::from_bytes(vec![b'x'; path_length]).unwrap();
        Exception { root: b"root".to_vec(), path, kind, message: "no".to_owned() }
    }

    const UNREAD: ExceptionKind = ExceptionKind::Unreadable(UnreadableReason::Unsupported);

    #[test]
    fn beyond_what_a_record_holds_exceptions_are_counted_only() {
        for (path_length, fitting) in [(10, MAX_EXCEPTIONS), (48 << 10, MAX_BYTES / ((48 << 10) + 70))] {
            let mut one = Exceptions::default();
            for _ in 0..30_000 {
                one.push(exception(path_length, UNREAD));
            }
            one.push(exception(1, ExceptionKind::ChangedWhileRead));
            assert_eq!((one.unread(), one.changed(), one.listed.len()), (30_000, 1, fitting));
            let two = Exceptions::of_all([&one, &one].into_iter());
            assert_eq!((two.unread(), two.changed(), two.listed.len()), (60_000, 2, fitting));
        }
    }

    #[test]
    fn few_exceptions_of_several_roots_are_all_listed() {
        let mut one = Exceptions::default();
        one.push(exception(5, UNREAD));
        one.push(exception(5, ExceptionKind::ChangedWhileRead));
        let all = Exceptions::of_all([&one, &Exceptions::default(), &one].into_iter());
        assert_eq!((all.unread(), all.changed(), all.count()), (2, 2, 4));
        assert_eq!(all.into_listed().len(), 4);
    }
}
