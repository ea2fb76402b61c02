//! Hits counted, and made one after another, that changed last first: who reads twenty of a million need not wait for the others.

use crate::name_blocks::{milliseconds, scan};
use crate::search::Spans;
use crate::{Catalogue, CatalogueError, FoundVersion, NameQuery};
use chest_model::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// All paths whose names fit, of which some are made into hits.
pub struct Latest<'c> {
    catalogue: &'c Catalogue,
    /// Names, by a time after which none of their versions was changed.
    names: BinaryHeap<(i64, Reverse<i64>)>,
    /// The same of the paths of names whose turn has come: folders, and the names in them.
    paths: BinaryHeap<(i64, Reverse<(i64, i64)>)>,
    /// How many paths there are: one on two computers counts twice.
    pub count: u64,
}

impl Catalogue {
    /// Every path whose name fits.
    pub fn latest(&self, query: &NameQuery<'_>) -> Result<Latest<'_>, CatalogueError> {
        let (mut names, mut count) = (Vec::new(), 0);
        scan(&self.connection, &query.parts, query.fits, &mut |one| {
            names.push((one.latest, Reverse(one.id)));
            count += u64::from(one.paths);
        })?;
        Ok(Latest { catalogue: self, names: names.into(), paths: BinaryHeap::new(), count })
    }
}

impl Latest<'_> {
    /// Nothing that is still to come was changed after this; nothing where nothing is to come.
    pub fn none_after(&self) -> Option<Timestamp> {
        let next = self.names.peek().map(|name| name.0).max(self.paths.peek().map(|path| path.0))?;
        Some(Timestamp::new(next.div_euclid(1000), next.rem_euclid(1000) as u32 * 1_000_000))
    }

    /// All versions below the next folder with the next name, whatever roots these are in.
    pub fn next_versions(&mut self) -> Result<Vec<FoundVersion>, CatalogueError> {
        while let Some(&(latest, Reverse(name))) = self.names.peek()
            && self.paths.peek().is_none_or(|path| path.0 < latest)
        {
            self.names.pop();
            self.take_apart(name)?;
        }
        let Some((_, Reverse((folder, id)))) = self.paths.pop() else { return Ok(Vec::new()) };
        let connection = &self.catalogue.connection;
        let mut name = connection.prepare_cached("SELECT name FROM name WHERE id = ?1")?;
        let name: Vec<u8> = name.query_row([id], |row| row.get(0))?;
        let mut spans = Spans::new(self.catalogue);
        spans.of_name(id, &name, Some(folder))?;
        Ok(spans.found)
    }

    /// A name may be in thousands of folders, of which few are shown.
    fn take_apart(&mut self, name: i64) -> Result<(), CatalogueError> {
        let connection = &self.catalogue.connection;
        let mut rows = connection.prepare_cached("SELECT folder, seconds, nanoseconds FROM version WHERE name = ?1")?;
        let mut rows = rows.query([name])?;
        let mut folders: BTreeMap<i64, i64> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let changed = milliseconds(Timestamp::new(row.get(1)?, row.get(2)?));
            let latest = folders.entry(row.get(0)?).or_insert(changed);
            *latest = changed.max(*latest);
        }
        self.paths.extend(folders.into_iter().map(|(folder, latest)| (latest, Reverse((folder, name)))));
        Ok(())
    }
}
