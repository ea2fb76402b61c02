//! Looking names up.

use crate::name_blocks::scan;
use crate::name_index::{COMMON, at_most, question};
use crate::rows::{ABOVE_ROOT, joined, seen_of, version_of};
use crate::schema::OPEN;
use crate::spans::{ChainId, Seen, left_of};
use crate::update::ItemVersion;
use crate::{Catalogue, CatalogueError};
use chest_model::{ObjectHash, TreePath, folded};
use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;

/// What names must be like.
pub struct NameQuery<'q> {
    /// What every name in question holds, folded.
    pub parts: Vec<&'q str>,
    /// What else is asked of it, folded.
    pub fits: Option<&'q dyn Fn(&str) -> bool>,
    /// Names may be left out of which every path is in the newest snapshot of a chain with its root.
    pub only_ended: bool,
}

impl NameQuery<'_> {
    fn is_met_by(&self, name: &str) -> bool {
        self.parts.iter().all(|part| name.contains(part)) && self.fits.is_none_or(|fits| fits(name))
    }
}

/// Folders, and how much they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    ids: Vec<i64>,
    /// Versions of what lies in them, itself and not in folders below; counted no further than what is many.
    pub versions: u64,
}

impl Folders {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether to look at all they hold is more than a search of names takes.
    pub fn hold_many(&self) -> bool {
        self.versions >= COMMON.unsigned_abs()
    }
}

/// One version of a path, in the snapshots of one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundVersion {
    /// Whose.
    pub chain: ChainId,
    /// Where.
    pub path: TreePath,
    /// Which version.
    pub version: ItemVersion,
    /// The first snapshot of the span.
    pub first: ObjectHash,
    /// The last snapshot of the span.
    pub last: ObjectHash,
}

impl Catalogue {
    /// Every version of every path whose name fits; several spans may be of equal versions.
    pub fn names(&self, query: &NameQuery<'_>) -> Result<Vec<FoundVersion>, CatalogueError> {
        let mut spans = Spans::new(self);
        let question = match self.are_few_names(&query.parts, COMMON.unsigned_abs())? {
            true => question(&self.connection, "name_text", &query.parts)?,
            false => None,
        };
        let Some(question) = question else {
            self.scanned(query, &mut spans)?;
            return Ok(spans.found);
        };
        // The names lie in the order in which the index tells them: one after another is faster than each by itself.
        let mut names = self.connection.prepare_cached(
            "SELECT id, name FROM name_text CROSS JOIN name ON name.id = name_text.rowid WHERE name_text MATCH ?1",
        )?;
        let mut names = names.query([question])?;
        while let Some(row) = names.next()? {
            let name = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            if query.is_met_by(&folded(name)) {
                spans.of_name(row.get(0)?, name, None)?;
            }
        }
        Ok(spans.found)
    }

    /// The same without the index, which does not narrow it.
    fn scanned(&self, query: &NameQuery<'_>, spans: &mut Spans<'_>) -> Result<(), CatalogueError> {
        let mut ids = Vec::new();
        scan(&self.connection, &query.parts, query.fits, &mut |one| {
            if one.has_ended || !query.only_ended {
                ids.push(one.id);
            }
        })?;
        let mut name = self.connection.prepare_cached("SELECT name FROM name WHERE id = ?1")?;
        for id in ids {
            let name: Vec<u8> = name.query_row([id], |row| row.get(0))?;
            spans.of_name(id, &name, None)?;
        }
        Ok(())
    }

    /// The last snapshot of a chain that held this path, of those that are left; nothing where none did.
    pub fn last_to_hold(&self, chain: ChainId, path: &TreePath) -> Result<Option<ObjectHash>, CatalogueError> {
        let place = (path.parent(), path.name());
        let last: Option<i64> = match place {
            (Some(folder), Some(name)) => self
                .connection
                .prepare_cached(
                    "SELECT max(last) FROM name CROSS JOIN folder CROSS JOIN version
                     ON version.name = name.id AND version.folder = folder.id
                     WHERE name.name = ?1 AND folder.path = ?2 AND chain = ?3",
                )?
                .query_row(params![name, folder.as_bytes(), chain.0], |row| row.get(0))?,
            // A root that is itself a file, whatever it is called.
            _ => self
                .connection
                .prepare_cached(
                    "SELECT max(last) FROM folder CROSS JOIN version INDEXED BY version_folder
                     ON version.folder = folder.id WHERE folder.path = ?1 AND chain = ?2",
                )?
                .query_row(params![ABOVE_ROOT, chain.0], |row| row.get(0))?,
        };
        let Some(last) = last else { return Ok(None) };
        let mut left = self.connection.prepare_cached(
            "SELECT snapshot FROM seen WHERE chain = ?1 AND number <= ?2 ORDER BY number DESC LIMIT 1",
        )?;
        Ok(left.query_row(params![chain.0, last], |row| row.get(0)).optional()?.map(ObjectHash))
    }

    /// The names of what lies directly in the root of a chain, in its newest snapshot.
    pub fn names_at_top(&self, chain: ChainId) -> Result<Vec<Vec<u8>>, CatalogueError> {
        let mut names = self.connection.prepare_cached(
            "SELECT name.name FROM folder CROSS JOIN version INDEXED BY version_folder ON version.folder = folder.id
             JOIN name ON name.id = version.name WHERE folder.path = ?1 AND chain = ?2 AND last = ?3",
        )?;
        let names = names.query_map(params![TreePath::root().as_bytes(), chain.0, OPEN], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Whether the index says of no more names than these that they may hold the parts.
    pub fn are_few_names(&self, parts: &[&str], few: u64) -> Result<bool, CatalogueError> {
        let Some(question) = question(&self.connection, "name_text", parts)? else { return Ok(false) };
        let few = i64::try_from(few).unwrap_or(i64::MAX);
        Ok(at_most(&self.connection, "name_text", &question, few.saturating_add(1))? <= few)
    }

    /// The folders whose paths fit.
    pub fn folders(&self, fits: &dyn Fn(&[u8]) -> bool) -> Result<Folders, CatalogueError> {
        let mut folders = self.connection.prepare_cached("SELECT id, path FROM folder")?;
        let mut folders = folders.query([])?;
        let mut found = Folders { ids: Vec::new(), versions: 0 };
        let mut count = self.connection.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM version INDEXED BY version_folder WHERE folder = ?1 LIMIT ?2)",
        )?;
        while let Some(row) = folders.next()? {
            if fits(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?) {
                let id: i64 = row.get(0)?;
                found.ids.push(id);
                if !found.hold_many() {
                    found.versions += count.query_row(params![id, COMMON], |row| row.get::<_, i64>(0))?.unsigned_abs();
                }
            }
        }
        Ok(found)
    }

    /// Every version of what lies in these folders and whose name fits.
    pub fn names_in(
        &self,
        folders: &Folders,
        fits: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<FoundVersion>, CatalogueError> {
        let mut spans = Spans::new(self);
        let mut names = self.connection.prepare_cached(
            "SELECT DISTINCT version.name, name.name FROM version INDEXED BY version_folder
             JOIN name ON name.id = version.name WHERE folder = ?1",
        )?;
        for folder in &folders.ids {
            let mut names = names.query([folder])?;
            while let Some(row) = names.next()? {
                let name = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                if fits(&folded(name)) {
                    spans.of_name(row.get(0)?, name, Some(*folder))?;
                }
            }
        }
        Ok(spans.found)
    }
}

/// Gathers spans, the chains' snapshots at hand.
pub(crate) struct Spans<'c> {
    catalogue: &'c Catalogue,
    seen: HashMap<ChainId, Vec<Seen>>,
    pub(crate) found: Vec<FoundVersion>,
}

impl<'c> Spans<'c> {
    pub(crate) fn new(catalogue: &'c Catalogue) -> Self {
        Self { catalogue, seen: HashMap::new(), found: Vec::new() }
    }

    /// Of what has this name, in one folder or in all.
    pub(crate) fn of_name(&mut self, id: i64, name: &[u8], folder: Option<i64>) -> Result<(), CatalogueError> {
        let mut rows = self.catalogue.connection.prepare_cached(
            "SELECT item, size, seconds, nanoseconds, content, chain, first, last, folder.path
             FROM version JOIN folder ON folder.id = version.folder
             WHERE version.name = ?1 AND version.folder BETWEEN ?2 AND ?3",
        )?;
        let mut rows = rows.query(params![id, folder.unwrap_or(i64::MIN), folder.unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            let chain = ChainId(row.get(5)?);
            let seen = match self.seen.get(&chain) {
                Some(seen) => seen,
                None => {
                    let seen = seen_of(&self.catalogue.connection, chain)?;
                    self.seen.entry(chain).or_insert(seen)
                }
            };
            if let Some((first, last)) = left_of((row.get(6)?, row.get(7)?), seen) {
                let (path, version) = (joined(row.get(8)?, name)?, version_of(row)?);
                self.found.push(FoundVersion { chain, path, version, first, last });
            }
        }
        Ok(())
    }
}
