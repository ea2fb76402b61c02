//! Opens the file of an export as patiently as any other file is opened: one that another computer has open for a moment is neither
//! damaged nor gone, and what lies beside it need not wait until next week.

use super::FileBytes;
use crate::{ReadFailure, Waits};
use std::io;
use std::path::Path;

/// The file, or why it cannot be had.
pub(super) fn open_file(path: &Path, waits: &Waits) -> Result<FileBytes, ReadFailure> {
    waits.patiently(|| FileBytes::open(path).map_err(|error| failure(&error)))
}

#[cfg(unix)]
fn failure(error: &io::Error) -> ReadFailure {
    crate::folder::of_io_error(error)
}

#[cfg(windows)]
fn failure(error: &io::Error) -> ReadFailure {
    crate::windows_failure(error)
}
