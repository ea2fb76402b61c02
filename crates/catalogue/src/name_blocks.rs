//! All names once more, folded and packed: what has many hits, or is too short for the index of threes, is looked for in these
//! alone. Beside each name stands how many paths have it and a time after which none of them was changed, so that hits are counted
//! and those changed last are known without a look at the versions of the others. A block has the names of consecutive ids, and
//! is packed anew when one of them has changed.
//!
//! ```text
//! number of names (le32) ‖ ids, from the block's first (le16 each) ‖ ends in the text (le32 each)
//!     ‖ numbers of paths (le32 each) ‖ times in milliseconds (le64 each) ‖ whether one of the paths has ended ‖ text
//! ```

use crate::CatalogueError;
use crate::families::{Families, families};
use crate::schema::OPEN;
use crate::spans::ChainId;
use chest_model::{Timestamp, folded};
use memchr::memmem::Finder;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// So many ids to a block: of more, each change costs more; of fewer, they pack worse.
const IDS: i64 = 1024;
/// Little is gained by more.
const LEVEL: i32 = 1;
/// Bytes of a name beside its text.
const COLUMNS: usize = 2 + 4 + 4 + 8 + 1;

/// A name that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) id: i64,
    /// How many paths have it: one on two computers counts twice.
    pub(crate) paths: u32,
    /// None of their versions was changed after this, in milliseconds.
    pub(crate) latest: i64,
    /// Whether one of them may not be in the newest snapshot of any chain that has its root on its computer.
    pub(crate) has_ended: bool,
}

/// Milliseconds, rounded up; what is too far away is as far as can be told.
pub(crate) fn milliseconds(time: Timestamp) -> i64 {
    time.seconds.saturating_mul(1000).saturating_add(i64::from(time.nanoseconds.div_ceil(1_000_000)))
}

/// The block in which an id is.
pub(crate) fn block_of(id: i64) -> i64 {
    id.div_euclid(IDS)
}

/// Packs these blocks anew, as the tables have them.
pub(crate) fn pack(connection: &Connection, blocks: &BTreeSet<i64>) -> Result<(), CatalogueError> {
    if blocks.is_empty() {
        return Ok(());
    }
    let families = families(connection)?;
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    let mut delete = connection.prepare_cached("DELETE FROM name_block WHERE id = ?1")?;
    let mut insert =
        connection.prepare_cached("INSERT OR REPLACE INTO name_block (id, length, body) VALUES (?1, ?2, ?3)")?;
    for &block in blocks {
        let mut packing = Packing::default();
        gather(connection, block, &families, &mut packing)?;
        if packing.ids.is_empty() {
            delete.execute([block])?;
            continue;
        }
        let plain = packing.to_bytes();
        insert.execute(params![block, plain.len() as i64, compressor.compress(&plain)?])?;
    }
    Ok(())
}

/// Takes the names of a block out of the tables, with what is to be said of each.
fn gather(
    connection: &Connection,
    block: i64,
    families: &Families,
    packing: &mut Packing,
) -> Result<(), CatalogueError> {
    let first = block * IDS;
    let ids = params![first, first + IDS - 1];
    let mut tallies: Vec<Tally> = Vec::new();
    let mut versions = connection.prepare_cached(
        "SELECT name, folder, chain, seconds, nanoseconds, last FROM version WHERE name BETWEEN ?1 AND ?2
         ORDER BY name, folder",
    )?;
    let mut versions = versions.query(ids)?;
    while let Some(row) = versions.next()? {
        let (name, folder) = (row.get(0)?, row.get(1)?);
        let family = families.get(&ChainId(row.get(2)?)).copied().unwrap_or_default();
        let changed = milliseconds(Timestamp::new(row.get(3)?, row.get(4)?));
        if tallies.last().is_none_or(|last| last.name != name) {
            tallies.push(Tally::new(name));
        }
        if let Some(tally) = tallies.last_mut() {
            tally.take_in(folder, family, changed, row.get::<_, i64>(5)? == OPEN);
        }
    }
    let mut names = connection.prepare_cached("SELECT id, name FROM name WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let mut names = names.query(ids)?;
    let mut tallies = tallies.into_iter().peekable();
    while let Some(row) = names.next()? {
        let id: i64 = row.get(0)?;
        if let Some(mut tally) = tallies.next_if(|tally| tally.name == id) {
            tally.settle();
            let name = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            packing.push((id - first) as u16, name, &tally);
        }
    }
    Ok(())
}

/// What is known of a name.
struct Tally {
    name: i64,
    /// The folder that was looked at last, and the families of chains in which it is: of each, whether the path has not ended there.
    folder: i64,
    families: Vec<(i64, bool)>,
    paths: u32,
    latest: i64,
    has_ended: bool,
}

impl Tally {
    fn new(name: i64) -> Self {
        Self { name, folder: 0, families: Vec::new(), paths: 0, latest: i64::MIN, has_ended: false }
    }

    /// Another version; those of one folder follow each other.
    fn take_in(&mut self, folder: i64, family: i64, changed: i64, is_open: bool) {
        if folder != self.folder {
            self.settle();
            self.folder = folder;
        }
        match self.families.iter_mut().find(|(known, _)| *known == family) {
            Some((_, is_there)) => *is_there |= is_open,
            None => {
                self.families.push((family, is_open));
                self.paths += 1;
            }
        }
        self.latest = self.latest.max(changed);
    }

    /// All versions in the folder have been seen.
    fn settle(&mut self) {
        self.has_ended |= self.families.drain(..).any(|(_, is_there)| !is_there);
    }
}

/// A block that is being filled.
#[derive(Default)]
struct Packing {
    ids: Vec<u16>,
    ends: Vec<u32>,
    paths: Vec<u32>,
    latest: Vec<i64>,
    ended: Vec<u8>,
    text: String,
}

impl Packing {
    fn push(&mut self, id: u16, name: &[u8], tally: &Tally) {
        self.text.push_str(&folded(name));
        self.ids.push(id);
        self.ends.push(self.text.len() as u32);
        self.paths.push(tally.paths);
        self.latest.push(tally.latest);
        self.ended.push(u8::from(tally.has_ended));
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = (self.ids.len() as u32).to_le_bytes().to_vec();
        out.extend(self.ids.iter().flat_map(|id| id.to_le_bytes()));
        out.extend(self.ends.iter().flat_map(|end| end.to_le_bytes()));
        out.extend(self.paths.iter().flat_map(|paths| paths.to_le_bytes()));
        out.extend(self.latest.iter().flat_map(|latest| latest.to_le_bytes()));
        out.extend_from_slice(&self.ended);
        out.extend_from_slice(self.text.as_bytes());
        out
    }
}

/// Calls for every name that holds all parts and fits, in the order of their ids.
pub(crate) fn scan(
    connection: &Connection,
    parts: &[&str],
    fits: Option<&dyn Fn(&str) -> bool>,
    found: &mut dyn FnMut(Counted),
) -> Result<(), CatalogueError> {
    let looking = Looking::new(parts, fits);
    let mut decompressor = zstd::bulk::Decompressor::new()?;
    let mut plain = Vec::new();
    let mut blocks = connection.prepare_cached("SELECT id, length, body FROM name_block")?;
    let mut blocks = blocks.query([])?;
    while let Some(row) = blocks.next()? {
        let length = usize::try_from(row.get::<_, i64>(1)?).map_err(|_| CatalogueError::Damaged)?;
        plain.resize(length, 0);
        let body = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let unpacked = decompressor.decompress_to_buffer(body, &mut plain[..]);
        if unpacked.ok() != Some(length) {
            return Err(CatalogueError::Damaged);
        }
        let block = Block::new(row.get::<_, i64>(0)? * IDS, &plain).ok_or(CatalogueError::Damaged)?;
        looking.within(&block, found).ok_or(CatalogueError::Damaged)?;
    }
    Ok(())
}

/// A block, unpacked.
struct Block<'b> {
    first: i64,
    ids: &'b [[u8; 2]],
    ends: &'b [[u8; 4]],
    paths: &'b [[u8; 4]],
    latest: &'b [[u8; 8]],
    ended: &'b [u8],
    text: &'b str,
}

impl<'b> Block<'b> {
    fn new(first: i64, plain: &'b [u8]) -> Option<Self> {
        let (count, rest) = plain.split_first_chunk()?;
        let count = u32::from_le_bytes(*count) as usize;
        let (columns, text) = rest.split_at_checked(count.checked_mul(COLUMNS)?)?;
        let (ids, columns) = columns.split_at(2 * count);
        let (ends, columns) = columns.split_at(4 * count);
        let (paths, columns) = columns.split_at(4 * count);
        let (latest, ended) = columns.split_at(8 * count);
        let text = str::from_utf8(text).ok()?;
        Some(Self {
            first,
            ids: ids.as_chunks().0,
            ends: ends.as_chunks().0,
            paths: paths.as_chunks().0,
            latest: latest.as_chunks().0,
            ended,
            text,
        })
    }

    /// Where a name ends, and the next begins.
    fn end(&self, at: usize) -> usize {
        u32::from_le_bytes(self.ends[at]) as usize
    }

    fn counted(&self, at: usize) -> Counted {
        Counted {
            id: self.first + i64::from(u16::from_le_bytes(self.ids[at])),
            paths: u32::from_le_bytes(self.paths[at]),
            latest: i64::from_le_bytes(self.latest[at]),
            has_ended: self.ended[at] != 0,
        }
    }
}

/// What is looked for.
struct Looking<'q> {
    /// The longest part, by which names are found.
    longest: Finder<'q>,
    others: Vec<Finder<'q>>,
    fits: Option<&'q dyn Fn(&str) -> bool>,
}

impl<'q> Looking<'q> {
    fn new(parts: &[&'q str], fits: Option<&'q dyn Fn(&str) -> bool>) -> Self {
        let mut parts = parts.to_vec();
        parts.sort_by_key(|part| part.len());
        let longest = Finder::new(parts.pop().unwrap_or_default());
        Self { longest, others: parts.into_iter().map(Finder::new).collect(), fits }
    }

    /// Nothing where the block makes no sense.
    fn within(&self, block: &Block<'_>, found: &mut dyn FnMut(Counted)) -> Option<()> {
        let needle = self.longest.needle().len();
        let (mut at, mut begin) = (0, 0);
        while at < block.ids.len() {
            let Some(place) = self.longest.find(block.text.as_bytes().get(begin..)?) else { break };
            let place = begin + place;
            while at < block.ids.len() && block.end(at) < place + needle {
                begin = block.end(at);
                at += 1;
            }
            if at < block.ids.len() && place >= begin {
                // Of one that lies across two names, the second may still hold another.
                let name = block.text.get(begin..block.end(at))?;
                if self.others.iter().all(|part| part.find(name.as_bytes()).is_some())
                    && self.fits.is_none_or(|fits| fits(name))
                {
                    found(block.counted(at));
                }
                begin = block.end(at);
                at += 1;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(names: &[String]) -> Vec<u8> {
        let mut packing = Packing::default();
        for (at, name) in names.iter().enumerate() {
            let (paths, latest, has_ended) = (at as u32 + 7, -1 - at as i64, at % 3 == 0);
            let tally = Tally { paths, latest, has_ended, ..Tally::new(0) };
            packing.push(2 * at as u16, name.as_bytes(), &tally);
        }
        packing.to_bytes()
    }

    #[test]
    fn times_are_rounded_up_so_that_nothing_was_changed_after_them() {
        for (seconds, nanoseconds, expected) in [(1, 0, 1000), (1, 1, 1001), (-1, 999_999_999, 0), (-1, 0, -1000)] {
            assert_eq!(milliseconds(Timestamp::new(seconds, nanoseconds)), expected);
        }
        let far = milliseconds(Timestamp::new(i64::MAX, 5));
        assert_eq!((far, milliseconds(Timestamp::new(i64::MIN, 0))), (i64::MAX, i64::MIN));
    }

    #[test]
    fn a_block_that_is_cut_anywhere_is_none_or_says_so() {
        let plain = packed(&["minutes".to_owned(), "agenda".to_owned()]);
        let looking = Looking::new(&["a"], None);
        for length in 0..plain.len() {
            let block = Block::new(0, &plain[..length]);
            let count = |block: &Block<'_>| {
                let mut found = 0;
                looking.within(block, &mut |_| found += 1).map(|()| found)
            };
            let found = block.as_ref().map(count);
            assert!(matches!(found, None | Some(None | Some(0))), "{length}: {found:?}");
        }
    }

    proptest! {
        /// What lies across two names is in neither, and a name is found once.
        #[test]
        fn the_names_that_hold_all_parts_are_found_and_no_others(
            names in prop::collection::vec("[abé]{1,5}", 0..20), parts in prop::collection::vec("[abé]{0,3}", 0..3),
        ) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let plain = packed(&names);
            let block = Block::new(IDS, &plain).unwrap();
            for fits in [None, Some(&(|name: &str| name.len() > 2) as &dyn Fn(&str) -> bool)] {
                let mut found = Vec::new();
                Looking::new(&parts, fits).within(&block, &mut |one| found.push(one)).unwrap();
                let holds = |name: &str| parts.iter().all(|part| name.contains(part)) && fits.is_none_or(|fits| fits(name));
                let expected = names.iter().enumerate().filter(|(_, name)| holds(name)).map(|(at, _)| {
                    let (id, paths, latest) = (IDS + 2 * at as i64, at as u32 + 7, -1 - at as i64);
                    Counted { id, paths, latest, has_ended: at % 3 == 0 }
                });
                prop_assert_eq!(found, expected.collect::<Vec<_>>());
            }
        }
    }
}
