//! How far the versions of a mailbox could be read, one after another: what a version that nobody read to its end does not name may be in it
//! all the same.

use crate::mail::{ProblemKind, Searched};
use crate::rows::{ABOVE_ROOT, seen_of};
use crate::schema::OPEN;
use crate::spans::{ChainId, left_of};
use crate::{Catalogue, CatalogueError};
use chest_model::{ObjectHash, TreePath};
use rusqlite::{OptionalExtension, params};

/// A version of a file that is a mailbox, or was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxState {
    /// The last snapshot that holds this version.
    pub last: ObjectHash,
    /// The newest snapshot of its chain holds it.
    pub is_newest: bool,
    /// No snapshot lies between it and the version before.
    pub follows_at_once: bool,
    /// What it was; the engine knows what the number means.
    pub item: u8,
    /// Nobody has read it yet, or what is stored of it is damaged.
    pub is_unread: bool,
    /// Why it was not read to its end, and in which words that is told.
    pub problem: Option<(ProblemKind, String)>,
}

impl Catalogue {
    /// All versions of a path in a chain that are left in some snapshot, oldest first.
    pub fn mailbox_states(&self, chain: ChainId, path: &TreePath) -> Result<Vec<MailboxState>, CatalogueError> {
        let Some((name, folder)) = self.place_of(chain, path)? else { return Ok(Vec::new()) };
        let seen = seen_of(&self.connection, chain)?;
        let mut rows = self.connection.prepare_cached(
            "SELECT version.first, version.last, item, problem.kind, problem.problem, EXISTS (
                 SELECT 1 FROM mailbox_to_read AS waiting WHERE waiting.chain = version.chain
                 AND waiting.folder = version.folder AND waiting.name = version.name AND waiting.first = version.first)
             FROM version LEFT JOIN mailbox_problem AS problem ON problem.chain = version.chain
                 AND problem.folder = version.folder AND problem.name = version.name AND problem.first = version.first
             WHERE version.name = ?1 AND version.folder = ?2 AND version.chain = ?3 ORDER BY version.first",
        )?;
        let mut rows = rows.query(params![name, folder, chain.0])?;
        let mut states = Vec::new();
        let mut end_before = 0;
        while let Some(row) = rows.next()? {
            let (first, last): (i64, i64) = (row.get(0)?, row.get(1)?);
            let Some((_, last_left)) = left_of((first, last), &seen) else { continue };
            let kind: Option<u8> = row.get(3)?;
            let text: Option<String> = row.get(4)?;
            states.push(MailboxState {
                last: last_left,
                is_newest: last == OPEN,
                follows_at_once: !seen.iter().any(|one| one.number > end_before && one.number < first),
                item: row.get(2)?,
                is_unread: row.get(5)?,
                problem: kind.map(ProblemKind::from_number).zip(text),
            });
            end_before = last;
        }
        Ok(states)
    }

    /// Whether the newest snapshot of a chain holds, in this mailbox and to be got out of it in this way, a message of which part cannot be
    /// read.
    pub fn holds_in_part(&self, chain: ChainId, path: &TreePath, locator: &[u8]) -> Result<bool, CatalogueError> {
        let Some((name, folder)) = self.place_of(chain, path)? else { return Ok(false) };
        let mut held = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM held JOIN message ON message.id = held.message
             WHERE name = ?1 AND folder = ?2 AND chain = ?3 AND last = ?4 AND locator = ?5 AND searched = ?6)",
        )?;
        let values = params![name, folder, chain.0, OPEN, locator, Searched::NotUnderstood as i64];
        Ok(held.query_row(values, |row| row.get(0))?)
    }

    /// The ids of a path's name and folder; nothing where no chain has it.
    fn place_of(&self, chain: ChainId, path: &TreePath) -> Result<Option<(i64, i64)>, CatalogueError> {
        let find = "SELECT name.id, folder.id FROM name CROSS JOIN folder WHERE name.name = ?1 AND folder.path = ?2";
        let mut find = self.connection.prepare_cached(find)?;
        let ids = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        if let (Some(name), Some(folder)) = (path.name(), path.parent()) {
            return Ok(find.query_row(params![name, folder.as_bytes()], ids).optional()?);
        }
        // A root that is itself a file is called what the root is called.
        let mut label = self.connection.prepare_cached("SELECT label FROM chain WHERE id = ?1")?;
        let label: Option<Vec<u8>> = label.query_row([chain.0], |row| row.get(0)).optional()?;
        let Some(label) = label else { return Ok(None) };
        Ok(find.query_row(params![label, ABOVE_ROOT], ids).optional()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChainName, ItemVersion, Letter, MailHint, Words};
    use chest_model::Timestamp;

    const BOX: &[u8] = b"mail/archive.pst";

    fn letter<'l>(identity: u8, locator: &'l [u8], searched: Searched, words: &'l Words) -> Letter<'l> {
        Letter {
            identity: [identity; 32],
            sender: "clerk",
            recipients: "chair",
            subject: "hedge",
            sent: None,
            attachments: &[],
            words,
            starts_at: 0,
            locator,
            container: 2,
            searched,
            is_marked_deleted: false,
        }
    }

    /// The next snapshot: with a version of the mailbox that holds this, or without the mailbox.
    fn snapshot(
        catalogue: &mut Catalogue,
        number: u8,
        letters: Option<&[Letter<'_>]>,
        hint: MailHint,
        problem: Option<ProblemKind>,
    ) -> ChainId {
        let mut update = catalogue.update().unwrap();
        let chain = update.chain(&ChainName::example("office", "mail")).unwrap();
        let at = update.add_snapshot(chain, ObjectHash([number; 32])).unwrap();
        let path = TreePath::from_bytes(BOX.to_vec()).unwrap();
        let version = ItemVersion { item: 0, size: 100, modified: Timestamp::new(0, 0), content: [number; 16] };
        match letters {
            Some(_) => update.put(chain, at, &path, &version, hint).unwrap(),
            None => update.remove(chain, at, &path).unwrap(),
        }
        update.commit().unwrap();
        for version in catalogue.mailboxes_to_read(10).unwrap() {
            let update = catalogue.update().unwrap();
            letters.into_iter().flatten().for_each(|letter| update.add_letter(&version, letter).unwrap());
            match problem {
                Some(kind) => update.mailbox_has_problem(&version, "so it is", kind).unwrap(),
                None => update.mailbox_is_read(&version).unwrap(),
            }
            update.commit().unwrap();
        }
        chain
    }

    #[test]
    fn of_each_version_it_is_told_how_far_it_was_read_and_whether_the_mailbox_was_away_before() {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let words = Words::of("");
        let letters = [letter(1, b"a", Searched::Whole, &words)];
        snapshot(&mut catalogue, 1, Some(&letters), MailHint::Mail, None);
        snapshot(&mut catalogue, 2, Some(&letters), MailHint::Mail, Some(ProblemKind::Items));
        snapshot(&mut catalogue, 3, None, MailHint::Mail, None);
        snapshot(&mut catalogue, 4, Some(&[]), MailHint::Mail, Some(ProblemKind::Damage));
        let chain = snapshot(&mut catalogue, 5, Some(&[]), MailHint::Mail, Some(ProblemKind::NotUnderstood));
        let path = TreePath::from_bytes(BOX.to_vec()).unwrap();
        let states = catalogue.mailbox_states(chain, &path).unwrap();
        let told = states.iter().map(|state| {
            let kind = state.problem.as_ref().map(|(kind, _)| *kind);
            (state.last.0[0], state.is_newest, state.follows_at_once, state.is_unread, kind)
        });
        let (items, other) = (Some(ProblemKind::Items), Some(ProblemKind::NotUnderstood));
        let expected = [
            (1, false, true, false, None),
            (2, false, true, false, items),
            // What is damaged is read again each time, and then it was not understood.
            (4, false, false, false, other),
            (5, true, true, false, other),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert_eq!(catalogue.mailbox_states(chain, &TreePath::root()).unwrap(), []);
    }

    #[test]
    fn what_was_a_mailbox_is_looked_at_though_it_is_not_taken_for_one_any_more() {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let words = Words::of("");
        let letters = [letter(1, b"a", Searched::Whole, &words)];
        snapshot(&mut catalogue, 1, Some(&letters), MailHint::Mail, None);
        let chain = snapshot(&mut catalogue, 2, Some(&[]), MailHint::NoMail, Some(ProblemKind::NotUnderstood));
        let path = TreePath::from_bytes(BOX.to_vec()).unwrap();
        let states = catalogue.mailbox_states(chain, &path).unwrap();
        assert_eq!(states[1].problem, Some((ProblemKind::NotUnderstood, "so it is".to_owned())));
        let mut never_one = Catalogue::in_memory().unwrap();
        for number in [1, 2] {
            snapshot(&mut never_one, number, Some(&letters), MailHint::NoMail, Some(ProblemKind::NotUnderstood));
        }
        assert_eq!(never_one.mailbox_problems().unwrap(), []);
    }

    #[test]
    fn a_message_of_which_part_cannot_be_read_now_is_found_by_its_place_in_the_mailbox() {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let words = Words::of("");
        let sound = [letter(1, b"a", Searched::Whole, &words), letter(2, b"b", Searched::Whole, &words)];
        let chain = snapshot(&mut catalogue, 1, Some(&sound), MailHint::Mail, None);
        let path = TreePath::from_bytes(BOX.to_vec()).unwrap();
        let in_part =
            |catalogue: &Catalogue| [b"a", b"b"].map(|locator| catalogue.holds_in_part(chain, &path, locator).unwrap());
        assert_eq!(in_part(&catalogue), [false, false]);
        let harmed = [letter(1, b"a", Searched::Whole, &words), letter(3, b"b", Searched::NotUnderstood, &words)];
        snapshot(&mut catalogue, 2, Some(&harmed), MailHint::Mail, None);
        assert_eq!(in_part(&catalogue), [false, true]);
        snapshot(&mut catalogue, 3, Some(&sound), MailHint::Mail, None);
        assert_eq!(in_part(&catalogue), [false, false]);
    }
}
