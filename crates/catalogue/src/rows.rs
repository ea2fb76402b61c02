//! What rows of the database are read as.

use crate::{CatalogueError, ChainId, ItemVersion, Seen};
use chest_model::{ObjectHash, Timestamp, TreePath};
use rusqlite::{Connection, Row};

/// Where a root that is a file lies: no path holds this byte.
pub(crate) const ABOVE_ROOT: &[u8] = b"\0";

/// When a root was seen, oldest first.
pub(crate) fn seen_of(connection: &Connection, chain: ChainId) -> Result<Vec<Seen>, CatalogueError> {
    let mut seen = connection.prepare_cached("SELECT number, snapshot FROM seen WHERE chain = ?1 ORDER BY number")?;
    let seen = seen.query_map([chain.0], |row| Ok(Seen { number: row.get(0)?, snapshot: ObjectHash(row.get(1)?) }))?;
    Ok(seen.collect::<Result<_, _>>()?)
}

/// The first five columns.
pub(crate) fn version_of(row: &Row<'_>) -> rusqlite::Result<ItemVersion> {
    Ok(ItemVersion {
        item: row.get(0)?,
        size: row.get::<_, i64>(1)? as u64,
        modified: Timestamp::new(row.get(2)?, row.get(3)?),
        content: row.get(4)?,
    })
}

/// What was written from a path is one again, unless the database is damaged.
pub(crate) fn path_of(bytes: Vec<u8>) -> rusqlite::Result<TreePath> {
    TreePath::from_bytes(bytes).map_err(|_| rusqlite::Error::InvalidQuery)
}

/// A folder's path and a name in it.
pub(crate) fn joined(folder: Vec<u8>, name: &[u8]) -> rusqlite::Result<TreePath> {
    if folder == ABOVE_ROOT {
        return Ok(TreePath::root());
    }
    path_of(folder)?.child(name).map_err(|_| rusqlite::Error::InvalidQuery)
}
