//! What is asked of a mailbox, and what it answers.

use chest_model::Timestamp;

use crate::pst::PstError;
use crate::summary::Summarised;

/// Where in its container a message is. Good as long as the container's bytes up to there stay the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Locator {
    /// In an mbox file, or a file that is one message: so many bytes from there.
    Span {
        /// Of the message's own first byte; an mbox's "From " line lies before it.
        offset: u64,
        /// As stored, without the blank line that an mbox puts after a message.
        length: u64,
        /// Lines that begin with `>From ` were quoted by whoever wrote the mbox.
        unquote: bool,
    },
    /// In an Outlook data file: which item of which folder, in bytes that mean nothing elsewhere.
    Item(Vec<u8>),
}

impl Locator {
    /// In few bytes, for whoever keeps locators.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Span { offset, length, unquote } => {
                let mut bytes = vec![u8::from(*unquote)];
                bytes.extend_from_slice(&offset.to_le_bytes());
                bytes.extend_from_slice(&length.to_le_bytes());
                bytes
            }
            Self::Item(item) => [&[2], &item[..]].concat(),
        }
    }

    /// The inverse of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (2, item) => Some(Self::Item(item.to_vec())),
            (&flag @ (0 | 1), numbers) => {
                let (offset, length) = numbers.split_first_chunk::<8>()?;
                let length = <[u8; 8]>::try_from(length).ok()?;
                let (offset, length) = (u64::from_le_bytes(*offset), u64::from_le_bytes(length));
                Some(Self::Span { offset, length, unquote: flag == 1 })
            }
            _ => None,
        }
    }
}

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resume {
    /// At the container's first message.
    #[default]
    Start,
    /// In an mbox, at the message whose [`FoundMessage::starts_at`] this was. Other containers are always read as a whole.
    At(u64),
}

/// How much is read of one message.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A larger message is summarised from so many of its first bytes. It is held in memory.
    pub message_bytes: usize,
    /// So much of a message's text goes into its summary.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes: 64 << 20, text_bytes: 1 << 20 }
    }
}

/// One message of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMessage {
    /// To get it again, with [`crate::raw`].
    pub locator: Locator,
    /// Where in an mbox its "From " line begins, for [`Resume::At`]; 0 elsewhere.
    pub starts_at: u64,
    /// [`crate::identity`] of the bytes that [`crate::raw`] gives: the same message has the same in every container that keeps its lines, and
    /// whatever was done with it there.
    pub identity: [u8; 32],
    /// What can be searched for.
    pub summary: Summary,
    /// How much of the message that is.
    pub completeness: Completeness,
    /// Whoever keeps it has deleted it: its mail program has marked it so, and left it in the container.
    pub is_marked_deleted: bool,
}

impl FoundMessage {
    pub(crate) fn new(
        locator: Locator,
        starts_at: u64,
        identity: [u8; 32],
        summarised: Summarised,
        was_read_whole: bool,
    ) -> Self {
        let Summarised { summary, mut completeness, mut is_marked_deleted } = summarised;
        // An Outlook item's head is the sender's.
        is_marked_deleted &= matches!(locator, Locator::Span { .. });
        if !was_read_whole {
            completeness = completeness.max(Completeness::Beginning);
        }
        Self { locator, starts_at, identity, summary, completeness, is_marked_deleted }
    }
}

/// How much of a message is in its summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Completeness {
    /// All that is searched.
    Whole,
    /// The message goes on beyond [`Limits`].
    Beginning,
    /// It, or part of it, cannot be understood. What looks like text is searched all the same.
    NotUnderstood,
}

/// What can be searched for. All of it is fit to be shown: names are one line each, and nothing moves a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Whom it says it is from: names and addresses.
    pub from: String,
    /// All it was sent to, copies included.
    pub to: String,
    /// As decoded.
    pub subject: String,
    /// When it says it was sent.
    pub date: Option<Timestamp>,
    /// Without the angle brackets.
    pub message_id: String,
    /// The names of what is attached, as it is listed: what has none is called by its place.
    pub attachments: Vec<String>,
    /// Its text, in every form that was sent, with that of the messages attached to it.
    pub text: String,
}

/// How a visit went.
#[derive(Debug, Default)]
pub struct Visited {
    /// How many messages were shown.
    pub messages: u64,
    /// How many could not be read or understood, or not all of them. As far as there is something to show, they are shown and counted
    /// above all the same.
    pub failed: u64,
    /// How many of those shown were too long to be summarised as a whole.
    pub truncated: u64,
    /// The visitor broke off.
    pub stopped: bool,
    /// Why there may be more messages than were counted.
    pub problem: Option<MailError>,
}

impl Visited {
    /// Counts one that is shown.
    pub(crate) fn count(&mut self, found: &FoundMessage, was_read_whole: bool) {
        self.messages += 1;
        self.truncated += u64::from(!was_read_whole || found.completeness == Completeness::Beginning);
        self.failed += u64::from(found.completeness == Completeness::NotUnderstood);
    }
}

/// Why a message cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The container's bytes cannot be read.
    #[error("the mailbox cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The container is not what it was taken for, or has changed.
    #[error("no message begins at byte {offset} of the mailbox")]
    NotAMessageStart {
        /// Where one was expected.
        offset: u64,
    },
    /// The locator is of another container, or of an earlier state of this one.
    #[error("the message is not at this place in the mailbox")]
    NotThere,
    /// The pages of an Outlook data file that say where its messages lie are not as they were written.
    #[error("the Outlook data file is damaged where it says what lies where: there may be more messages in it")]
    PstIndexDamaged,
    /// An Outlook data file that cannot be read.
    #[error("the Outlook data file cannot be read: {0}")]
    Pst(#[from] PstError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locators_survive_being_kept() {
        let span = |unquote| Locator::Span { offset: u64::MAX - 1, length: 77, unquote };
        for locator in [span(true), span(false), Locator::Item(vec![]), Locator::Item(vec![1, 2, 3])] {
            assert_eq!(Locator::from_bytes(&locator.to_bytes()), Some(locator));
        }
        for damaged in [&[][..], &[0], &[1, 2, 3], &[0; 18], &[9; 17]] {
            assert_eq!(Locator::from_bytes(damaged), None);
        }
    }
}
