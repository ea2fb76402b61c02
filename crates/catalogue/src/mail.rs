//! What is in mailboxes: each message once, and where it was from which snapshot to which. A mailbox is a version of a file; when
//! that version ends, what it held ends with it, and what the next one still holds goes on.

use crate::rows::{joined, seen_of};
use crate::spans::{ChainId, Seen, left_of};
use crate::unspaced::in_pairs;
use crate::{Catalogue, CatalogueError, Update};
use chest_model::{ObjectHash, Timestamp, TreePath, folded_text, without_accents, words_of};
use rusqlite::{OptionalExtension, params};
use std::collections::HashSet;

/// Whether a version of a file is worth a look by whoever looks for mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailHint {
    /// It is something else.
    NoMail,
    /// It is a mailbox, or may well be one.
    Mail,
    /// Nothing says what it is.
    Unknown,
}

/// How much of a message its words can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Searched {
    /// All of it.
    Whole = 0,
    /// It is longer than what is looked through.
    Beginning = 1,
    /// Nobody here understands it, or all of it.
    NotUnderstood = 2,
}

/// A version of a file that may be a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxVersion {
    /// Whose.
    pub chain: ChainId,
    /// Where.
    pub path: TreePath,
    /// What the file is called.
    pub called: Vec<u8>,
    /// Bytes.
    pub size: u64,
    /// A snapshot that holds it.
    pub snapshot: ObjectHash,
    /// Nothing says that it is a mailbox: it is only looked at to see.
    pub is_guess: bool,
    name: i64,
    folder: i64,
    first: i64,
    last: i64,
}

/// What kept a mailbox from being read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// What is stored cannot be read, which may be mended.
    Damage = 1,
    /// So many items in it cannot be read, and all the others can.
    Items = 2,
    /// Nobody here understands it, or not to its end.
    NotUnderstood = 3,
}

impl ProblemKind {
    pub(crate) fn from_number(number: u8) -> Self {
        let all = [Self::Damage, Self::Items];
        all.into_iter().find(|kind| *kind as u8 == number).unwrap_or(Self::NotUnderstood)
    }
}

/// A mailbox that could not be read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxProblem {
    /// Whose.
    pub chain: ChainId,
    /// Where.
    pub path: TreePath,
    /// What is wrong.
    pub problem: String,
    /// Whether what is stored cannot be read, which may be mended; otherwise it is a mailbox that nobody here understands.
    pub is_damage: bool,
}

/// The words of a text, folded, each once: all that is asked of it. Where a script puts no spaces between words, every two letters
/// that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// Of this text.
    pub fn of(text: &str) -> Self {
        let folded = folded_text(text);
        let mut known = HashSet::new();
        let apart = in_pairs(&folded);
        // A text that bears one accent has few words that do.
        let each_once = words_of(&apart).filter(|word| known.insert(*word)).map(without_accents);
        Self(each_once.collect::<Vec<_>>().join(" "))
    }
}

/// A message in a mailbox.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'l> {
    /// The same for the same message, wherever it is.
    pub identity: [u8; 32],
    /// Whom it is from.
    pub sender: &'l str,
    /// All it was sent to.
    pub recipients: &'l str,
    /// Its subject.
    pub subject: &'l str,
    /// When it was sent.
    pub sent: Option<Timestamp>,
    /// The names of what is attached.
    pub attachments: &'l [String],
    /// What its text is searched for; it is not kept.
    pub words: &'l Words,
    /// Where its part of the mailbox begins.
    pub starts_at: u64,
    /// How it is got out again, as the engine knows.
    pub locator: &'l [u8],
    /// What kind of mailbox it is in, as a number that the engine knows.
    pub container: u8,
    /// How much of it these words are.
    pub searched: Searched,
    /// It is marked as deleted in this mailbox.
    pub is_marked_deleted: bool,
}

impl Catalogue {
    /// What may be a mailbox and has not been read yet; the versions of each file one after the other. Of files of which nothing says
    /// what they are, so many at most.
    pub fn mailboxes_to_read(&self, most_guesses: u64) -> Result<Vec<MailboxVersion>, CatalogueError> {
        let mut rows = self.connection.prepare_cached(
            "SELECT chain, name, folder, first, is_guess FROM mailbox_to_read WHERE NOT is_guess
             UNION ALL SELECT * FROM (SELECT chain, name, folder, first, is_guess FROM mailbox_to_read AS file WHERE is_guess
                 ORDER BY EXISTS (SELECT 1 FROM mailbox_problem AS problem WHERE problem.chain = file.chain
                 AND problem.folder = file.folder AND problem.name = file.name AND problem.first = file.first) LIMIT ?1)
             ORDER BY chain, folder, name, first",
        )?;
        let most = i64::try_from(most_guesses).unwrap_or(i64::MAX);
        let rows =
            rows.query_map([most], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
        let rows: Vec<(i64, i64, i64, i64, bool)> = rows.collect::<Result<_, _>>()?;
        let found = rows.into_iter().map(|(chain, name, folder, first, is_guess)| {
            let condition = "version.first = ?4";
            let found = mailbox(&self.connection, ChainId(chain), name, folder, condition, first)?;
            Ok::<_, CatalogueError>(found.map(|version| MailboxVersion { is_guess, ..version }))
        });
        Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// What searches of mail leave out: mailboxes that could not be read, or not to their end, messages that are not searched as a
    /// whole, and files at which nobody has looked yet.
    pub fn mailbox_problems(&self) -> Result<Vec<MailboxProblem>, CatalogueError> {
        Ok([self.unread_mailboxes()?, self.half_searched_messages()?, self.files_not_looked_at()?].concat())
    }

    fn files_not_looked_at(&self) -> Result<Vec<MailboxProblem>, CatalogueError> {
        let mut rows = self.connection.prepare_cached(
            "SELECT chain, count(*) FROM (SELECT DISTINCT chain, folder, name FROM mailbox_to_read AS file WHERE is_guess
             AND NOT EXISTS (SELECT 1 FROM mailbox_problem AS problem WHERE problem.chain = file.chain
             AND problem.folder = file.folder AND problem.name = file.name AND problem.first = file.first)) GROUP BY chain",
        )?;
        let rows = rows.query_map([], |row| {
            let problem = match row.get(1)? {
                1 => "one file has not been looked at yet to see whether it is a mailbox".to_owned(),
                files => format!("{files} files have not been looked at yet to see whether they are mailboxes"),
            };
            let problem = format!("{problem}; the next search for mail goes on with them");
            Ok(MailboxProblem { chain: ChainId(row.get(0)?), path: TreePath::root(), problem, is_damage: false })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn half_searched_messages(&self) -> Result<Vec<MailboxProblem>, CatalogueError> {
        let mut rows = self.connection.prepare_cached(
            "SELECT chain, folder.path, name.name, searched, count(DISTINCT message.id) FROM message
             JOIN held ON held.message = message.id JOIN folder ON folder.id = held.folder JOIN name ON name.id = held.name
             WHERE searched > 0 GROUP BY chain, held.folder, held.name, searched",
        )?;
        let rows = rows.query_map([], |row| {
            let path = joined(row.get(1)?, &row.get::<_, Vec<u8>>(2)?)?;
            let problem = match (row.get(4)?, row.get::<_, i64>(3)? == Searched::Beginning as i64) {
                (1, true) => "one message is very long: words at its end may not be found".to_owned(),
                (many, true) => format!("{many} messages are very long: words at their ends may not be found"),
                (1, false) => "one message is not understood, or not all of it".to_owned(),
                (many, false) => format!("{many} messages are not understood, or not all of them"),
            };
            Ok(MailboxProblem { chain: ChainId(row.get(0)?), path, problem, is_damage: false })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn unread_mailboxes(&self) -> Result<Vec<MailboxProblem>, CatalogueError> {
        let mut rows = self.connection.prepare_cached(
            "SELECT chain, folder.path, name.name, problem.problem, problem.kind FROM mailbox_problem AS problem
             JOIN folder ON folder.id = problem.folder JOIN name ON name.id = problem.name",
        )?;
        let rows = rows.query_map([], |row| {
            let path = joined(row.get(1)?, &row.get::<_, Vec<u8>>(2)?)?;
            let is_damage = ProblemKind::from_number(row.get(4)?) == ProblemKind::Damage;
            Ok(MailboxProblem { chain: ChainId(row.get(0)?), path, problem: row.get(3)?, is_damage })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The version of a file that fits a condition on its span; `None` where no snapshot is left of it.
fn mailbox(
    connection: &rusqlite::Connection,
    chain: ChainId,
    name: i64,
    folder: i64,
    condition: &str,
    number: i64,
) -> Result<Option<MailboxVersion>, CatalogueError> {
    let seen: Vec<Seen> = seen_of(connection, chain)?;
    let find = format!(
        "SELECT first, last, size, folder.path, name.name FROM version JOIN folder ON folder.id = version.folder
         JOIN name ON name.id = version.name
         WHERE version.name = ?1 AND version.folder = ?2 AND version.chain = ?3 AND {condition}"
    );
    let mut find = connection.prepare_cached(&find)?;
    let found = find.query_row(params![name, folder, chain.0, number], |row| {
        let called: Vec<u8> = row.get(4)?;
        let path = joined(row.get(3)?, &called)?;
        Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)? as u64, path, called))
    });
    let Some((first, last, size, path, called)) = found.optional()? else { return Ok(None) };
    let left = left_of((first, last), &seen);
    let is_guess = false;
    Ok(left.map(|(snapshot, _)| MailboxVersion {
        chain,
        path,
        called,
        size,
        snapshot,
        is_guess,
        name,
        folder,
        first,
        last,
    }))
}

impl Update<'_> {
    /// The version of the same file that this one followed, snapshot upon snapshot, and where the messages in it begin.
    pub fn version_before(&self, of: &MailboxVersion) -> Result<Option<(MailboxVersion, Vec<u64>)>, CatalogueError> {
        let condition = "version.first < ?4 AND version.last < ?4 AND version.last >=
            (SELECT max(number) FROM seen WHERE seen.chain = version.chain AND seen.number < ?4)";
        let before = mailbox(&self.transaction, of.chain, of.name, of.folder, condition, of.first)?;
        let Some(before) = before else { return Ok(None) };
        let mut starts = self.transaction.prepare_cached(
            "SELECT starts_at FROM held WHERE name = ?1 AND folder = ?2 AND chain = ?3 AND last = ?4 ORDER BY starts_at",
        )?;
        let starts =
            starts.query_map(params![of.name, of.folder, of.chain.0, before.last], |row| row.get::<_, i64>(0))?;
        let starts = starts.map(|start| start.map(|start| start as u64)).collect::<Result<_, _>>()?;
        Ok(Some((before, starts)))
    }

    /// What the version before held up to this place, this one holds too.
    pub fn letters_go_on(
        &self,
        of: &MailboxVersion,
        before: &MailboxVersion,
        until: u64,
    ) -> Result<(), CatalogueError> {
        let mut go_on = self.transaction.prepare_cached(
            "UPDATE held SET last = ?1 WHERE name = ?2 AND folder = ?3 AND chain = ?4 AND last = ?5 AND starts_at < ?6",
        )?;
        let place = i64::try_from(until).unwrap_or(i64::MAX);
        go_on.execute(params![of.last, of.name, of.folder, of.chain.0, before.last, place])?;
        Ok(())
    }

    /// A message that this version holds.
    pub fn add_letter(&self, of: &MailboxVersion, letter: &Letter<'_>) -> Result<(), CatalogueError> {
        let message = self.message(letter)?;
        let mut insert = self.transaction.prepare_cached(
            "INSERT OR REPLACE INTO held (name, folder, chain, message, first, starts_at, last, container, locator, marked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        let starts_at = i64::try_from(letter.starts_at).unwrap_or(i64::MAX);
        insert.execute(params![
            of.name,
            of.folder,
            of.chain.0,
            message,
            of.first,
            starts_at,
            of.last,
            letter.container,
            letter.locator,
            letter.is_marked_deleted
        ])?;
        Ok(())
    }

    /// Takes back what was added of a version that was not read to its end: it will be read again.
    pub fn forget_beginning(&self, of: &MailboxVersion, before: Option<&MailboxVersion>) -> Result<(), CatalogueError> {
        let mut added = self
            .transaction
            .prepare_cached("DELETE FROM held WHERE name = ?1 AND folder = ?2 AND chain = ?3 AND first = ?4")?;
        added.execute(params![of.name, of.folder, of.chain.0, of.first])?;
        if let Some(before) = before {
            let mut gone_on = self.transaction.prepare_cached(
                "UPDATE held SET last = ?1 WHERE name = ?2 AND folder = ?3 AND chain = ?4 AND last = ?5 AND first < ?6",
            )?;
            gone_on.execute(params![before.last, of.name, of.folder, of.chain.0, of.last, of.first])?;
        }
        Ok(())
    }

    /// This version has been read, to its end.
    pub fn mailbox_is_read(&self, of: &MailboxVersion) -> Result<(), CatalogueError> {
        for table in ["mailbox_to_read", "mailbox_problem"] {
            let done = format!("DELETE FROM {table} WHERE chain = ?1 AND folder = ?2 AND name = ?3 AND first = ?4");
            self.transaction.prepare_cached(&done)?.execute(params![of.chain.0, of.folder, of.name, of.first])?;
        }
        Ok(())
    }

    /// This version could not be read, or not to its end: where it is damaged, it stays among those that are to be read.
    pub fn mailbox_has_problem(
        &self,
        of: &MailboxVersion,
        problem: &str,
        kind: ProblemKind,
    ) -> Result<(), CatalogueError> {
        if kind != ProblemKind::Damage {
            self.mailbox_is_read(of)?;
        }
        let note = "INSERT OR REPLACE INTO mailbox_problem (chain, folder, name, first, problem, kind)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.transaction.execute(note, params![of.chain.0, of.folder, of.name, of.first, problem, kind as u8])?;
        Ok(())
    }

    /// Whether an earlier version of this file held a message: of another kind than this, where there is one.
    pub fn held_before(&self, of: &MailboxVersion, other_than: Option<u8>) -> Result<bool, CatalogueError> {
        let mut held = self.transaction.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM held WHERE name = ?1 AND folder = ?2 AND chain = ?3 AND first < ?4
             AND (?5 IS NULL OR container <> ?5))",
        )?;
        Ok(held.query_row(params![of.name, of.folder, of.chain.0, of.first, other_than], |row| row.get(0))?)
    }

    fn message(&self, letter: &Letter<'_>) -> Result<i64, CatalogueError> {
        let mut known = self.transaction.prepare_cached("SELECT id FROM message WHERE identity = ?1")?;
        if let Some(id) = known.query_row([letter.identity], |row| row.get(0)).optional()? {
            return Ok(id);
        }
        let attachments = letter.attachments.join("\n");
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO message (identity, sender, recipients, subject, sent, attachments, searched)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let sent = letter.sent.map(|sent| sent.seconds);
        insert.execute(params![
            letter.identity,
            letter.sender,
            letter.recipients,
            letter.subject,
            sent,
            attachments,
            letter.searched as i64
        ])?;
        let id = self.transaction.last_insert_rowid();
        let head = head_of(letter.sender, letter.recipients, letter.subject, &attachments);
        let mut index = self.transaction.prepare_cached("INSERT INTO message_head (rowid, text) VALUES (?1, ?2)")?;
        index.execute(params![id, head])?;
        let mut index = self.transaction.prepare_cached("INSERT INTO message_body (rowid, text) VALUES (?1, ?2)")?;
        index.execute(params![id, letter.words.0])?;
        Ok(id)
    }
}

/// What is searched for parts of words: people, subject and names of what is attached, which no word reaches across.
pub(crate) fn head_of(sender: &str, recipients: &str, subject: &str, attachments: &str) -> String {
    searched_form(&[sender, recipients, subject, attachments].join("\n"))
}

/// Folded, and without accents, as the words of the text are in their index.
pub(crate) fn searched_form(text: &str) -> String {
    without_accents(&folded_text(text)).into_owned()
}
