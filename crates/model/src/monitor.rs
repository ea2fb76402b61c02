//! How an operation tells what it is doing, and learns that it should stop.

/// What an operation is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Deriving the key from a passphrase.
    Unlocking,
    /// Listing and verifying the repository's history.
    Opening,
    /// Reading the index.
    LoadingIndex,
    /// Walking the source, reading and sending.
    BackingUp,
    /// Writing index and record.
    Committing,
    /// Working out what is to be restored.
    Planning,
    /// Fetching and writing files.
    Restoring,
    /// Going through trees.
    CheckingTrees,
    /// Filling the search catalogue.
    Cataloguing,
    /// Reading mailboxes into the search catalogue.
    ReadingMail,
    /// Reading packs.
    CheckingData,
    /// Reading what a machine stored before it lost its key.
    TakingUp,
    /// Trying out a store.
    Examining,
}

/// A step forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A phase begins. The totals are zero where they are not known.
    Begin {
        /// Which.
        phase: Phase,
        /// Items to do.
        items: u64,
        /// Bytes to do.
        bytes: u64,
    },
    /// More work has been found.
    Found {
        /// Items.
        items: u64,
        /// Bytes.
        bytes: u64,
    },
    /// Work has been done.
    Done {
        /// Items.
        items: u64,
        /// Bytes.
        bytes: u64,
    },
    /// Sealed bytes have been sent to the store.
    Sent {
        /// Bytes.
        bytes: u64,
    },
    /// The phase is over.
    End,
}

/// Watches an operation. Called from several threads.
pub trait Monitor: Sync {
    /// Something happened.
    fn progress(&self, progress: Progress);
    /// Whether the operation should stop as soon as it safely can.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn progress(&self, _: Progress) {}
}
