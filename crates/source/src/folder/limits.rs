//! How much a walk may hold at a time, in bytes: names are as long as whoever makes them likes.

/// Bounds of one walk. None of them changes what is shown, only what it costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many names of a folder are looked at in one go.
    pub(super) batch: usize,
    /// How many folders' handles are kept for what comes below them; further ones are opened again by their path.
    pub(super) handles: usize,
    /// How many bytes may lie ready for the visitor; a scan that begins below may still exceed it by its own size.
    pub(super) ready: usize,
    /// How many bytes the entries of the folders being shown may take together, before those of the outer ones are let go
    /// of, to be looked at again when their turn comes.
    pub(super) held: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { batch: 1024, handles: 64, ready: 4 << 20, held: 4 << 20 }
    }
}
