//! Filling the catalogue, one snapshot after another. Nothing counts until it is committed.

use crate::mail::MailHint;
use crate::rows::{ABOVE_ROOT, joined, path_of, seen_of, version_of};
use crate::schema::OPEN;
use crate::spans::{ChainId, ChainName, Damage, Seen};
use crate::{Catalogue, CatalogueError, name_blocks};
use chest_model::{ObjectHash, Timestamp, TreePath, WriterId, folded};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};
use std::collections::{BTreeSet, HashMap};

/// Beyond this many, the ids of folders are asked for again.
const MOST_FOLDERS: usize = 1 << 16;

/// What tells one version of an item from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemVersion {
    /// What it is, as a number that the engine knows.
    pub item: u8,
    /// Bytes of content.
    pub size: u64,
    /// When its content was last changed.
    pub modified: Timestamp,
    /// A digest of its content.
    pub content: [u8; 16],
}

/// A root over all its snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownChain {
    /// Which.
    pub id: ChainId,
    /// What tells it from others.
    pub name: ChainName,
    /// Its snapshots, in order.
    pub seen: Vec<Seen>,
}

/// A change of the catalogue under way.
pub struct Update<'c> {
    pub(crate) transaction: Transaction<'c>,
    folders: HashMap<Vec<u8>, i64>,
    /// Where a name has come or gone, or one of its versions.
    pub(crate) changed_blocks: BTreeSet<i64>,
}

impl Catalogue {
    /// The chains and their snapshots, in order.
    pub fn chains(&self) -> Result<Vec<KnownChain>, CatalogueError> {
        let mut chains = self.connection.prepare_cached("SELECT id, writer, label, place FROM chain")?;
        let chains = chains.query_map([], |row| {
            let name = ChainName { writer: WriterId(row.get(1)?), label: row.get(2)?, place: row.get(3)? };
            Ok((ChainId(row.get(0)?), name))
        })?;
        let all = chains.map(|chain| {
            let (id, name) = chain?;
            Ok(KnownChain { id, name, seen: seen_of(&self.connection, id)? })
        });
        all.collect()
    }

    /// What could not be read.
    pub fn damage(&self) -> Result<Vec<Damage>, CatalogueError> {
        let mut rows =
            self.connection.prepare_cached("SELECT chain, number, first, until, problem FROM damage ORDER BY rowid")?;
        let rows = rows.query_map([], |row| {
            let until: Option<Vec<u8>> = row.get(3)?;
            Ok(Damage {
                chain: ChainId(row.get(0)?),
                number: row.get(1)?,
                from: path_of(row.get(2)?)?,
                until: until.map(path_of).transpose()?,
                problem: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl<'c> Update<'c> {
    pub(crate) fn begin(connection: &'c mut Connection) -> Result<Self, CatalogueError> {
        Ok(Self { transaction: connection.transaction()?, folders: HashMap::new(), changed_blocks: BTreeSet::new() })
    }

    /// All of it counts from now on.
    pub fn commit(self) -> Result<(), CatalogueError> {
        name_blocks::pack(&self.transaction, &self.changed_blocks)?;
        Ok(self.transaction.commit()?)
    }

    /// A root, noted where it is new.
    pub fn chain(&self, name: &ChainName) -> Result<ChainId, CatalogueError> {
        let ChainName { writer, label, place } = name;
        let insert = "INSERT OR IGNORE INTO chain (writer, label, place) VALUES (?1, ?2, ?3)";
        self.transaction.execute(insert, params![writer.0, label, place])?;
        let find = "SELECT id FROM chain WHERE writer = ?1 AND label = ?2 AND place = ?3";
        Ok(self.transaction.query_row(find, params![writer.0, label, place], |row| Ok(ChainId(row.get(0)?)))?)
    }

    /// Notes the next snapshot of a chain; gives its number.
    pub fn add_snapshot(&self, chain: ChainId, snapshot: ObjectHash) -> Result<i64, CatalogueError> {
        let next = "SELECT 1 + coalesce(max(number), 0) FROM seen WHERE chain = ?1";
        let number: i64 = self.transaction.query_row(next, [chain.0], |row| row.get(0))?;
        let insert = "INSERT INTO seen (chain, number, snapshot) VALUES (?1, ?2, ?3)";
        self.transaction.execute(insert, params![chain.0, number, snapshot.0])?;
        Ok(number)
    }

    /// A path has this version from this snapshot on; one that it had until then ends with the snapshot before. What may be a
    /// mailbox is noted, for whoever asks what is in it.
    pub fn put(
        &mut self,
        chain: ChainId,
        number: i64,
        path: &TreePath,
        version: &ItemVersion,
        hint: MailHint,
    ) -> Result<(), CatalogueError> {
        let (name, folder) = self.place(chain, path)?;
        let mut open = self.transaction.prepare_cached(
            "SELECT item, size, seconds, nanoseconds, content FROM version
             WHERE name = ?1 AND folder = ?2 AND chain = ?3 AND last = ?4",
        )?;
        let open = open.query_row(params![name, folder, chain.0, OPEN], version_of).optional()?;
        if open == Some(*version) {
            return Ok(());
        }
        if open.is_some() {
            self.end(chain, number, name, folder)?;
        }
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO version (name, folder, chain, first, last, item, size, seconds, nanoseconds, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        insert.execute(params![
            name,
            folder,
            chain.0,
            number,
            OPEN,
            version.item,
            // Two's complement: sizes come back as they were, whatever a stored tree claims.
            version.size as i64,
            version.modified.seconds,
            version.modified.nanoseconds,
            version.content
        ])?;
        self.changed_blocks.insert(name_blocks::block_of(name));
        let mut is_guess = (hint != MailHint::NoMail).then_some(hint == MailHint::Unknown);
        if hint != MailHint::Mail && open.is_some() && version.size > 0 {
            // What nobody takes for a mailbox any more is opened all the same, to be told.
            is_guess = self.was_guess(chain, folder, name)?.or(is_guess);
        }
        if let Some(is_guess) = is_guess {
            let note = "INSERT OR IGNORE INTO mailbox_to_read (chain, folder, name, first, is_guess)
                VALUES (?1, ?2, ?3, ?4, ?5)";
            self.transaction.prepare_cached(note)?.execute(params![chain.0, folder, name, number, is_guess])?;
        }
        Ok(())
    }

    /// Whether it was a guess that earlier versions of a file are mailboxes; nothing where nobody took them for any.
    fn was_guess(&self, chain: ChainId, folder: i64, name: i64) -> Result<Option<bool>, CatalogueError> {
        let mut held = self
            .transaction
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM held WHERE name = ?1 AND folder = ?2 AND chain = ?3)")?;
        if held.query_row(params![name, folder, chain.0], |row| row.get(0))? {
            return Ok(Some(false));
        }
        let mut waiting = self.transaction.prepare_cached(
            "SELECT min(is_guess) FROM mailbox_to_read WHERE name = ?1 AND folder = ?2 AND chain = ?3",
        )?;
        Ok(waiting.query_row(params![name, folder, chain.0], |row| row.get(0))?)
    }

    /// A path is not there any more in this snapshot.
    pub fn remove(&mut self, chain: ChainId, number: i64, path: &TreePath) -> Result<(), CatalogueError> {
        let (name, folder) = self.place(chain, path)?;
        self.changed_blocks.insert(name_blocks::block_of(name));
        self.end(chain, number, name, folder)
    }

    /// Part of a snapshot cannot be read.
    pub fn note_damage(&self, damage: &Damage) -> Result<(), CatalogueError> {
        let insert = "INSERT INTO damage (chain, number, first, until, problem) VALUES (?1, ?2, ?3, ?4, ?5)";
        let until = damage.until.as_ref().map(TreePath::as_bytes);
        let Damage { chain, number, from, problem, .. } = damage;
        self.transaction.execute(insert, params![chain.0, number, from.as_bytes(), until, problem])?;
        Ok(())
    }

    /// All paths that are there as of the newest snapshot of a chain.
    pub fn open_paths(&self, chain: ChainId) -> Result<Vec<TreePath>, CatalogueError> {
        let mut rows = self.transaction.prepare_cached(
            "SELECT folder.path, name.name FROM version JOIN folder ON folder.id = version.folder
             JOIN name ON name.id = version.name WHERE version.chain = ?1 AND version.last = ?2",
        )?;
        let rows = rows.query_map(params![chain.0, OPEN], |row| joined(row.get(0)?, &row.get::<_, Vec<u8>>(1)?))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes back every snapshot of a chain after this number, as if it had never been seen.
    pub fn go_back(&mut self, chain: ChainId, number: i64) -> Result<(), CatalogueError> {
        self.delete_versions("chain = ?1 AND first > ?2", params![chain.0, number])?;
        for change in [
            "UPDATE version SET last = 9223372036854775807 WHERE chain = ?1 AND last >= ?2",
            "DELETE FROM held WHERE chain = ?1 AND first > ?2",
            "UPDATE held SET last = 9223372036854775807 WHERE chain = ?1 AND last >= ?2",
            "DELETE FROM mailbox_to_read WHERE chain = ?1 AND first > ?2",
            "DELETE FROM mailbox_problem WHERE chain = ?1 AND first > ?2",
            "DELETE FROM seen WHERE chain = ?1 AND number > ?2",
            "DELETE FROM damage WHERE chain = ?1 AND number > ?2",
        ] {
            self.transaction.execute(change, params![chain.0, number])?;
        }
        Ok(())
    }

    /// Forgets snapshots that are gone, and all that only they held.
    pub fn forget(&mut self, chain: ChainId, numbers: &[i64]) -> Result<(), CatalogueError> {
        for number in numbers {
            self.transaction.execute("DELETE FROM seen WHERE chain = ?1 AND number = ?2", params![chain.0, number])?;
            self.transaction
                .execute("DELETE FROM damage WHERE chain = ?1 AND number = ?2", params![chain.0, number])?;
        }
        let is_empty = "chain = ?1 AND NOT EXISTS
            (SELECT 1 FROM seen WHERE seen.chain = ?1 AND seen.number BETWEEN first AND last)";
        self.delete_versions(is_empty, [chain.0])?;
        self.transaction.execute(&format!("DELETE FROM held WHERE {is_empty}"), [chain.0])?;
        for table in ["mailbox_to_read", "mailbox_problem"] {
            let of_nothing = format!(
                "DELETE FROM {table} WHERE chain = ?1 AND NOT EXISTS (SELECT 1 FROM version WHERE version.name = {table}.name
                 AND version.folder = {table}.folder AND version.chain = {table}.chain AND version.first = {table}.first)"
            );
            self.transaction.execute(&of_nothing, [chain.0])?;
        }
        Ok(())
    }

    /// Forgets names, folders and messages that nothing has any more.
    pub fn sweep(&mut self) -> Result<(), CatalogueError> {
        self.folders.clear();
        self.transaction.execute_batch(
            "DELETE FROM message WHERE NOT EXISTS (SELECT 1 FROM held WHERE held.message = message.id);
             DELETE FROM message_head WHERE rowid NOT IN (SELECT id FROM message);
             DELETE FROM message_body WHERE rowid NOT IN (SELECT id FROM message);
             DELETE FROM name_text WHERE rowid IN
                 (SELECT id FROM name WHERE NOT EXISTS (SELECT 1 FROM version WHERE version.name = name.id));
             DELETE FROM name WHERE NOT EXISTS (SELECT 1 FROM version WHERE version.name = name.id);
             DELETE FROM folder WHERE id NOT IN (SELECT folder FROM version);
             DELETE FROM chain WHERE NOT EXISTS (SELECT 1 FROM seen WHERE seen.chain = chain.id);",
        )?;
        Ok(())
    }

    fn delete_versions(&mut self, which: &str, values: impl Params) -> Result<(), CatalogueError> {
        let delete = format!("DELETE FROM version WHERE {which} RETURNING name");
        let mut delete = self.transaction.prepare(&delete)?;
        let mut names = delete.query(values)?;
        while let Some(row) = names.next()? {
            self.changed_blocks.insert(name_blocks::block_of(row.get(0)?));
        }
        Ok(())
    }

    fn end(&self, chain: ChainId, number: i64, name: i64, folder: i64) -> Result<(), CatalogueError> {
        let mut before =
            self.transaction.prepare_cached("SELECT max(number) FROM seen WHERE chain = ?1 AND number < ?2")?;
        let before: Option<i64> = before.query_row(params![chain.0, number], |row| row.get(0))?;
        let mut end = self.transaction.prepare_cached(
            "UPDATE version SET last = ?1 WHERE name = ?2 AND folder = ?3 AND chain = ?4 AND last = ?5",
        )?;
        end.execute(params![before.unwrap_or(0), name, folder, chain.0, OPEN])?;
        let mut letters = self
            .transaction
            .prepare_cached("UPDATE held SET last = ?1 WHERE name = ?2 AND folder = ?3 AND chain = ?4 AND last = ?5")?;
        letters.execute(params![before.unwrap_or(0), name, folder, chain.0, OPEN])?;
        Ok(())
    }

    /// The ids of a path's name and folder. A root that is itself a file is called what the root is called.
    fn place(&mut self, chain: ChainId, path: &TreePath) -> Result<(i64, i64), CatalogueError> {
        if let (Some(name), Some(folder)) = (path.name(), path.parent()) {
            return Ok((self.name(name)?, self.folder(folder.as_bytes())?));
        }
        let find = "SELECT label FROM chain WHERE id = ?1";
        let label: Vec<u8> = self.transaction.query_row(find, [chain.0], |row| row.get(0))?;
        Ok((self.name(&label)?, self.folder(ABOVE_ROOT)?))
    }

    fn name(&self, name: &[u8]) -> Result<i64, CatalogueError> {
        let mut known = self.transaction.prepare_cached("SELECT id FROM name WHERE name = ?1")?;
        if let Some(id) = known.query_row([name], |row| row.get(0)).optional()? {
            return Ok(id);
        }
        self.transaction.prepare_cached("INSERT INTO name (name) VALUES (?1)")?.execute([name])?;
        let id = self.transaction.last_insert_rowid();
        let mut index = self.transaction.prepare_cached("INSERT INTO name_text (rowid, text) VALUES (?1, ?2)")?;
        index.execute(params![id, folded(name)])?;
        Ok(id)
    }

    fn folder(&mut self, path: &[u8]) -> Result<i64, CatalogueError> {
        if let Some(id) = self.folders.get(path) {
            return Ok(*id);
        }
        let mut insert = self.transaction.prepare_cached("INSERT OR IGNORE INTO folder (path) VALUES (?1)")?;
        insert.execute([path])?;
        let mut known = self.transaction.prepare_cached("SELECT id FROM folder WHERE path = ?1")?;
        let id = known.query_row([path], |row| row.get(0))?;
        if self.folders.len() >= MOST_FOLDERS {
            self.folders.clear();
        }
        self.folders.insert(path.to_vec(), id);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Computers, FoundVersion, NameQuery};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn path(text: &str) -> TreePath {
        TreePath::from_bytes(text.as_bytes().to_vec()).unwrap()
    }

    fn snapshot(number: u8) -> ObjectHash {
        ObjectHash([number; 32])
    }

    fn version(size: u64) -> ItemVersion {
        ItemVersion { item: 0, size, modified: Timestamp::new(-1, 999_999_999), content: [size as u8; 16] }
    }

    /// Every name that holds the word: path, size, first and last snapshot.
    fn found(catalogue: &Catalogue, word: &str) -> BTreeSet<(TreePath, u64, u8, u8)> {
        let word = chest_model::folded_text(word);
        let found = catalogue.names(&NameQuery { parts: vec![&word], fits: None, only_ended: false }).unwrap();
        let plain = |one: FoundVersion| (one.path, one.version.size, one.first.0[0], one.last.0[0]);
        found.into_iter().map(plain).collect()
    }

    /// Three snapshots: `kept` throughout, `short` in the first two, `late` in the last two, and `changed` anew in each.
    fn three_snapshots() -> (Catalogue, ChainId) {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let mut update = catalogue.update().unwrap();
        let chain = update.chain(&ChainName::example("office", "docs")).unwrap();
        for number in 1..=3 {
            assert_eq!(update.add_snapshot(chain, snapshot(number)).unwrap(), i64::from(number));
            let number = i64::from(number);
            update.put(chain, number, &path("a/changed.txt"), &version(number as u64), MailHint::NoMail).unwrap();
            update.put(chain, number, &path("a/kept.txt"), &version(9), MailHint::NoMail).unwrap();
            match number {
                1 => update.put(chain, number, &path("b/short.txt"), &version(9), MailHint::NoMail).unwrap(),
                2 => update.put(chain, number, &path("b/late.txt"), &version(9), MailHint::NoMail).unwrap(),
                _ => update.remove(chain, number, &path("b/short.txt")).unwrap(),
            }
        }
        update.commit().unwrap();
        (catalogue, chain)
    }

    #[test]
    fn every_version_is_known_with_its_span() {
        let (catalogue, _) = three_snapshots();
        let changed =
            [(1, 1, 1), (2, 2, 2), (3, 3, 3)].map(|(size, first, last)| (path("a/changed.txt"), size, first, last));
        assert_eq!(found(&catalogue, "CHANGED"), changed.into());
        let others = [("a/kept.txt", 1, 3), ("b/short.txt", 1, 2), ("b/late.txt", 2, 3)];
        let others = others.map(|(name, first, last)| (path(name), 9, first, last));
        assert_eq!(
            found(&catalogue, "t").difference(&found(&catalogue, "ged")).cloned().collect::<BTreeSet<_>>(),
            others.into()
        );
    }

    #[test]
    fn what_only_forgotten_snapshots_held_is_gone_and_its_name_too() {
        let (mut catalogue, chain) = three_snapshots();
        let mut update = catalogue.update().unwrap();
        update.forget(chain, &[1, 2]).unwrap();
        update.sweep().unwrap();
        update.commit().unwrap();
        let left = [("a/changed.txt", 3), ("a/kept.txt", 9), ("b/late.txt", 9)];
        assert_eq!(found(&catalogue, ""), left.map(|(name, size)| (path(name), size, 3, 3)).into());
        let names: i64 = catalogue.connection.query_row("SELECT count(*) FROM name", [], |row| row.get(0)).unwrap();
        let indexed = "SELECT count(*) FROM name_text WHERE name_text MATCH '\"sho\"'";
        let indexed: i64 = catalogue.connection.query_row(indexed, [], |row| row.get(0)).unwrap();
        assert_eq!((names, indexed), (3, 0));
    }

    #[test]
    fn going_back_is_as_if_the_later_snapshots_had_never_been() {
        let (mut catalogue, chain) = three_snapshots();
        let mut update = catalogue.update().unwrap();
        update.go_back(chain, 2).unwrap();
        update.commit().unwrap();
        let left = [("a/changed.txt", 1, 1, 1), ("a/changed.txt", 2, 2, 2), ("a/kept.txt", 9, 1, 2)];
        let left = left.into_iter().chain([("b/short.txt", 9, 1, 2), ("b/late.txt", 9, 2, 2)]);
        assert_eq!(found(&catalogue, ""), left.map(|(name, size, from, to)| (path(name), size, from, to)).collect());
        let open: BTreeSet<TreePath> = catalogue.update().unwrap().open_paths(chain).unwrap().into_iter().collect();
        assert_eq!(open, ["a/changed.txt", "a/kept.txt", "b/short.txt", "b/late.txt"].map(path).into());
    }

    #[test]
    fn what_is_not_committed_does_not_count() {
        let (mut catalogue, chain) = three_snapshots();
        let before = found(&catalogue, "");
        let mut update = catalogue.update().unwrap();
        let number = update.add_snapshot(chain, snapshot(4)).unwrap();
        update.put(chain, number, &path("new"), &version(1), MailHint::NoMail).unwrap();
        drop(update);
        assert_eq!(found(&catalogue, ""), before);
    }

    /// How many paths hold the word, and when they were changed, those changed last first.
    fn latest(catalogue: &Catalogue, word: &str) -> (u64, Vec<(i64, TreePath)>) {
        let word = chest_model::folded_text(word);
        let mut latest = catalogue.latest(&NameQuery { parts: vec![&word], fits: None, only_ended: false }).unwrap();
        let mut all = Vec::new();
        while let Some(none_after) = latest.none_after() {
            let versions = latest.next_versions().unwrap();
            let changed = versions.iter().map(|one| one.version.modified).max().unwrap();
            assert!(changed <= none_after);
            all.push((changed.seconds, versions[0].path.clone()));
        }
        (latest.count, all)
    }

    #[test]
    fn what_was_changed_last_comes_first_and_everything_is_counted_whatever_is_taken_out() {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let mut update = catalogue.update().unwrap();
        let chains = [("office", "docs"), ("chair", "docs"), ("office", "mail")];
        let chains = chains.map(|(host, label)| update.chain(&ChainName::example(host, label)).unwrap());
        for number in 1..=2 {
            for (at, chain) in chains.into_iter().enumerate() {
                let number = update.add_snapshot(chain, snapshot(at as u8 * 10 + number)).unwrap();
                for file in 0..1200 {
                    let changed = Timestamp::new(file * 7919 % 1200, 1);
                    let version = ItemVersion { modified: changed, ..version(number as u64) };
                    let place = path(&format!("{}/plan {}.txt", file % 3, file / 3 % 400));
                    update.put(chain, number, &place, &version, MailHint::NoMail).unwrap();
                }
            }
        }
        update.commit().unwrap();
        let (count, all) = latest(&catalogue, "plan");
        assert_eq!((count, all.len()), (3600, 1200), "two machines have one path, another root has another");
        let mut update = catalogue.update().unwrap();
        update.set_computers(&one_computer(&["office", "chair"])).unwrap();
        update.commit().unwrap();
        let (count, all) = latest(&catalogue, "plan");
        assert_eq!((count, all.len()), (2400, 1200), "two accounts of one machine have one path");
        assert!(all.is_sorted_by_key(|(changed, _)| std::cmp::Reverse(*changed)));
        assert_eq!(latest(&catalogue, "plan 399").0, 6);
        assert_eq!((latest(&catalogue, "unicorn").0, latest(&catalogue, "").0), (0, 2400));

        let mut update = catalogue.update().unwrap();
        update.go_back(chains[2], 0).unwrap();
        update.go_back(chains[0], 1).unwrap();
        update.sweep().unwrap();
        update.commit().unwrap();
        assert_eq!(latest(&catalogue, "plan").0, 1200);
        let mut update = catalogue.update().unwrap();
        chains[..2].iter().for_each(|chain| update.go_back(*chain, 0).unwrap());
        update.sweep().unwrap();
        update.commit().unwrap();
        assert_eq!(latest(&catalogue, ""), (0, vec![]));
        let blocks: i64 =
            catalogue.connection.query_row("SELECT count(*) FROM name_block", [], |row| row.get(0)).unwrap();
        assert_eq!(blocks, 0);
    }

    /// All of these writers are at one.
    fn one_computer(writers: &[&str]) -> Computers {
        writers.iter().map(|writer| (ChainName::example(writer, "").writer, b"hall".to_vec())).collect()
    }

    #[test]
    fn of_names_that_have_ended_somewhere_none_is_left_out() {
        let (mut catalogue, chain) = three_snapshots();
        let ended = |catalogue: &Catalogue| -> BTreeSet<String> {
            let query = NameQuery { parts: vec![], fits: None, only_ended: true };
            catalogue.names(&query).unwrap().into_iter().map(|one| one.path.to_string()).collect()
        };
        assert_eq!(ended(&catalogue), ["b/short.txt".to_owned()].into(), "of a changed file a version is there");
        let mut update = catalogue.update().unwrap();
        let other = update.chain(&ChainName::example("chair", "docs")).unwrap();
        let number = update.add_snapshot(other, snapshot(9)).unwrap();
        update.put(other, number, &path("b/short.txt"), &version(9), MailHint::NoMail).unwrap();
        update.remove(chain, 3, &path("a/kept.txt")).unwrap();
        update.commit().unwrap();
        let both = ["a/kept.txt".to_owned(), "b/short.txt".to_owned()];
        assert_eq!(ended(&catalogue), both.clone().into(), "what another computer has is another thing");
        for (computers, expected) in [(one_computer(&["office", "chair"]), &both[..1]), (Computers::new(), &both)] {
            let mut update = catalogue.update().unwrap();
            update.set_computers(&computers).unwrap();
            update.commit().unwrap();
            assert_eq!(ended(&catalogue), expected.iter().cloned().collect());
            assert_eq!(catalogue.computers().unwrap(), computers);
        }
    }

    #[test]
    fn what_forgotten_snapshots_held_is_not_counted() {
        let (mut catalogue, chain) = three_snapshots();
        assert_eq!(latest(&catalogue, "").0, 4);
        let mut update = catalogue.update().unwrap();
        update.forget(chain, &[1, 2]).unwrap();
        update.commit().unwrap();
        assert_eq!(latest(&catalogue, "").0, 3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The index may only narrow: what it finds is what a look at every name finds.
        #[test]
        fn a_part_of_a_name_is_found_wherever_it_stands(
            names in prop::collection::btree_set(r#"[abé"*'. 0É]{1,9}"#, 1..30), word in r#"[abé"*'. 0É]{0,4}"#,
        ) {
            let mut catalogue = Catalogue::in_memory().unwrap();
            let mut update = catalogue.update().unwrap();
            let chain = update.chain(&ChainName::example("office", "docs")).unwrap();
            let number = update.add_snapshot(chain, snapshot(1)).unwrap();
            let names: Vec<TreePath> = names.iter().filter_map(|name| TreePath::from_bytes(name.clone().into_bytes()).ok()).collect();
            for name in &names {
                update.put(chain, number, name, &version(1), MailHint::NoMail).unwrap();
            }
            update.commit().unwrap();
            let holds = |name: &&TreePath| folded(name.as_bytes()).contains(&chest_model::folded_text(&word));
            let expected: BTreeSet<_> = names.iter().filter(holds).map(|name| (name.clone(), 1, 1, 1)).collect();
            prop_assert_eq!(found(&catalogue, &word), expected);
        }
    }
}
