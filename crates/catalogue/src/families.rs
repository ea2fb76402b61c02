//! Which chains belong together: those of one label on one computer. What lies in them under one path is one hit; of two computers that
//! each have a folder of one name, each has its own.

use crate::spans::ChainId;
use crate::{Catalogue, CatalogueError, Update, name_blocks};
use chest_model::WriterId;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What each writer's computer is called. A writer of whom nothing is said is a computer by itself.
pub type Computers = BTreeMap<WriterId, Vec<u8>>;

/// The family of each chain, by the least of the chains in it.
pub(crate) type Families = HashMap<ChainId, i64>;

pub(crate) fn families(connection: &Connection) -> Result<Families, CatalogueError> {
    let mut chains = connection.prepare_cached(
        "SELECT id, label, coalesce(name, chain.writer) FROM chain
         LEFT JOIN computer ON computer.writer = chain.writer ORDER BY id",
    )?;
    let mut chains = chains.query([])?;
    let mut known: HashMap<(Vec<u8>, Vec<u8>), i64> = HashMap::new();
    let mut families = Families::new();
    while let Some(row) = chains.next()? {
        let id = row.get(0)?;
        families.insert(ChainId(id), *known.entry((row.get(1)?, row.get(2)?)).or_insert(id));
    }
    Ok(families)
}

impl Catalogue {
    /// What was said last.
    pub fn computers(&self) -> Result<Computers, CatalogueError> {
        let mut rows = self.connection.prepare_cached("SELECT writer, name FROM computer")?;
        let rows = rows.query_map([], |row| Ok((WriterId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Update<'_> {
    /// Says on which computers the writers are, from now on. What lies in chains that belong together otherwise is counted anew.
    pub fn set_computers(&mut self, computers: &Computers) -> Result<(), CatalogueError> {
        let before = families(&self.transaction)?;
        self.transaction.execute("DELETE FROM computer", [])?;
        let mut insert = self.transaction.prepare("INSERT INTO computer (writer, name) VALUES (?1, ?2)")?;
        for (writer, name) in computers {
            insert.execute(params![writer.0, name])?;
        }
        let after = families(&self.transaction)?;
        let regrouped: HashSet<ChainId> = after
            .into_iter()
            .filter(|(chain, family)| before.get(chain) != Some(family))
            .map(|(chain, _)| chain)
            .collect();
        if regrouped.is_empty() {
            return Ok(());
        }
        let mut versions = self.transaction.prepare("SELECT name, chain FROM version")?;
        let mut versions = versions.query([])?;
        while let Some(row) = versions.next()? {
            if regrouped.contains(&ChainId(row.get(1)?)) {
                self.changed_blocks.insert(name_blocks::block_of(row.get(0)?));
            }
        }
        Ok(())
    }
}
