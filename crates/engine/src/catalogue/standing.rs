//! What became of something that was backed up: it is there, it is gone, or nobody knows. Only what the newest backup of its root holds is
//! called there, and only what that one would hold if it were there is called gone.

use chest_model::Timestamp;

/// Why nobody knows whether something is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNotKnown {
    /// A folder on the way to it could not be read when the newest backup was made.
    Unreadable,
    /// Part of the list of files of the newest backup cannot be read now.
    Damaged,
    /// The newest version of its mailbox could not be read to its end.
    MailboxNotRead,
    /// The newest export is not whole.
    ExportCutShort,
    /// Its root was named again, and was not there or could not be read.
    RootUnreadable,
    /// Its root has not been named since, and others have.
    RootNotBackedUp,
    /// A pattern leaves it out of the newest backup of its root.
    LeftOut,
}

/// That nobody knows whether something is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotKnown {
    /// The end of reading of the last backup that held it.
    pub since: Timestamp,
    /// Why.
    pub why: WhyNotKnown,
    /// Of which that is said; what is in several may have been seen last in another.
    pub root: RootInDoubt,
}

/// A root in which something may be or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootInDoubt {
    /// Its name.
    pub label: Vec<u8>,
    /// The path that it was backed up from last; of an export that was named by itself its folder.
    pub place: Vec<u8>,
    /// Another root of that name was in another place of the same computer: the name alone does not say which it is.
    pub is_one_of_several: bool,
}

/// Whether the newest snapshot of a root holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    Holds,
    /// It may be in a mailbox that was not read to its end.
    MayHold,
    HoldsNot,
}

impl From<bool> for Holding {
    fn from(is_held: bool) -> Self {
        if is_held { Self::Holds } else { Self::HoldsNot }
    }
}

/// What became of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    There,
    NotKnown(WhyNotKnown, RootInDoubt),
    /// With the name of the root that has come in the place of its own, where that is why.
    Gone(Option<Vec<u8>>),
}

impl Standing {
    /// Of what is in several places: it is there if it is in one of them.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::There, _) | (_, Self::There) => Self::There,
            (not_known @ Self::NotKnown(..), _) | (Self::Gone(_), not_known @ Self::NotKnown(..)) => not_known,
            (Self::Gone(one), Self::Gone(other)) => Self::Gone(one.or(other)),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Gone(_))
    }

    /// The root that has come in the place of its own.
    pub(super) fn successor(&self) -> Option<Vec<u8>> {
        match self {
            Self::Gone(successor) => successor.clone(),
            _ => None,
        }
    }

    /// For what was last held at that time.
    pub(super) fn not_known(&self, since: Timestamp) -> Option<NotKnown> {
        match self {
            Self::NotKnown(why, root) => Some(NotKnown { since, why: *why, root: root.clone() }),
            _ => None,
        }
    }
}
