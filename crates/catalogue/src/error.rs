//! Why the catalogue cannot be used. None of it touches a backup.

use rusqlite::ErrorCode;

/// Why the catalogue failed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// What lies on the disk is not what was written there.
    #[error("the search catalogue on this computer is damaged")]
    Damaged,
    /// The disk is full, or refuses to read or write.
    #[error("the search catalogue cannot be kept on this computer: {0}")]
    Disk(#[from] std::io::Error),
    /// The database says no.
    #[error("the search catalogue failed: {0}")]
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for CatalogueError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            // A page that does not open is told to SQLite as one that cannot be read.
            Some(ErrorCode::SystemIoFailure) => Self::Damaged,
            Some(ErrorCode::DiskFull) => Self::Disk(std::io::ErrorKind::StorageFull.into()),
            _ => Self::Database(error),
        }
    }
}
