//! What can go wrong while the council is written: the disk, and (in theory) the picture encoder.

use std::path::PathBuf;

/// Why the council could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CouncilError {
    /// A file or folder could not be written, renamed or removed.
    #[error("cannot write {path}: {source}")]
    File {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A picture could not be encoded.
    #[error("cannot encode a picture: {0}")]
    Picture(#[from] jpeg_encoder::EncodingError),
    /// A worker thread ended without finishing its part.
    #[error("a worker thread ended early")]
    WorkerLost,
}

/// Attaches the path to an error of the operating system.
pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> CouncilError {
    move |source| CouncilError::File { path: path.into(), source }
}
