//! What is in mailboxes: each message once, and where it was from which snapshot to which. A mailbox is a version of a file; when
//! that version ends, what it held ends with it, and what the next one still holds goes on.

use crate::spans::{ChainId, Seen, left_of};
use crate::update::{joined, seen_of};
use crate::{Catalogue, CatalogueError, Update};
use chest_model::{ObjectHash, Timestamp, TreePath, folded_text};
use rusqlite::{OptionalExtension, params};
use std::collections::HashSet;

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
    name: i64,
    folder: i64,
    first: i64,
    last: i64,
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

/// The words of a text, folded, each once: all that is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// Of this text.
    pub fn of(text: &str) -> Self {
        let folded = folded_text(text);
        let mut known = HashSet::new();
        let each_once: Vec<&str> = folded.split_whitespace().filter(|word| known.insert(*word)).collect();
        Self(each_once.join(" "))
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
}

impl Catalogue {
    /// What may be a mailbox and has not been read yet; the versions of each file one after the other.
    pub fn mailboxes_to_read(&self) -> Result<Vec<MailboxVersion>, CatalogueError> {
        let mut rows = self.connection.prepare_cached(
            "SELECT chain, name, folder, first FROM mailbox_to_read ORDER BY chain, folder, name, first",
        )?;
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let rows: Vec<(i64, i64, i64, i64)> = rows.collect::<Result<_, _>>()?;
        let found = rows.into_iter().map(|(chain, name, folder, first)| {
            let condition = "version.first = ?4";
            mailbox(&self.connection, ChainId(chain), name, folder, condition, first)
        });
        Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// The mailboxes that could not be read, or not to their end.
    pub fn mailbox_problems(&self) -> Result<Vec<MailboxProblem>, CatalogueError> {
        let mut rows = self.connection.prepare_cached(
            "SELECT chain, folder.path, name.name, problem.problem, is_damage FROM mailbox_problem AS problem
             JOIN folder ON folder.id = problem.folder JOIN name ON name.id = problem.name",
        )?;
        let rows = rows.query_map([], |row| {
            let path = joined(row.get(1)?, &row.get::<_, Vec<u8>>(2)?)?;
            Ok(MailboxProblem { chain: ChainId(row.get(0)?), path, problem: row.get(3)?, is_damage: row.get(4)? })
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
    Ok(left.map(|(snapshot, _)| MailboxVersion { chain, path, called, size, snapshot, name, folder, first, last }))
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
            "INSERT OR REPLACE INTO held (name, folder, chain, message, first, starts_at, last, container, locator)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
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
            letter.locator
        ])?;
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
        is_damage: bool,
    ) -> Result<(), CatalogueError> {
        if !is_damage {
            self.mailbox_is_read(of)?;
        }
        let note = "INSERT OR REPLACE INTO mailbox_problem (chain, folder, name, first, problem, is_damage)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.transaction.execute(note, params![of.chain.0, of.folder, of.name, of.first, problem, is_damage])?;
        Ok(())
    }

    fn message(&self, letter: &Letter<'_>) -> Result<i64, CatalogueError> {
        let mut known = self.transaction.prepare_cached("SELECT id FROM message WHERE identity = ?1")?;
        if let Some(id) = known.query_row([letter.identity], |row| row.get(0)).optional()? {
            return Ok(id);
        }
        let attachments = letter.attachments.join("\n");
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO message (identity, sender, recipients, subject, sent, attachments) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let sent = letter.sent.map(|sent| sent.seconds);
        insert.execute(params![
            letter.identity,
            letter.sender,
            letter.recipients,
            letter.subject,
            sent,
            attachments
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

/// What is searched for parts of words, folded: people, subject and names of what is attached, which no word reaches across.
pub(crate) fn head_of(sender: &str, recipients: &str, subject: &str, attachments: &str) -> String {
    folded_text(&[sender, recipients, subject, attachments].join("\n"))
}
