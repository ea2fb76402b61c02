//! The tables. A version of a path holds from one number of its chain to another; the numbers are those of `seen`. What is still
//! there is open: its end is [`OPEN`]. Where a snapshot goes, its number goes, and every span means what is left of it.

use crate::CatalogueError;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// The end of what the newest snapshot of its chain holds.
pub(crate) const OPEN: i64 = i64::MAX;

/// Raise it with every change here, when mailboxes are recognised or understood that were not, and when another thing makes a message the same:
/// a catalogue of another version is emptied and filled anew.
const VERSION: i64 = 22;

/// What is put into `message_body` is cut into words before: its tokenizer cuts at spaces alone, and makes one word of each.
const TABLES: &str = "
    CREATE TABLE chain (
        id INTEGER PRIMARY KEY, writer BLOB NOT NULL, label BLOB NOT NULL, place BLOB NOT NULL, UNIQUE (writer, label, place)
    );
    CREATE TABLE computer (writer BLOB PRIMARY KEY, name BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE seen (chain INTEGER, number INTEGER, snapshot BLOB NOT NULL, PRIMARY KEY (chain, number)) WITHOUT ROWID;
    CREATE TABLE damage (chain INTEGER, number INTEGER, first BLOB NOT NULL, until BLOB, problem TEXT NOT NULL);
    CREATE TABLE folder (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
    CREATE TABLE name (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);
    CREATE TABLE version (
        name INTEGER, folder INTEGER, chain INTEGER, first INTEGER, last INTEGER NOT NULL,
        item INTEGER NOT NULL, size INTEGER NOT NULL, seconds INTEGER NOT NULL, nanoseconds INTEGER NOT NULL,
        content BLOB NOT NULL, PRIMARY KEY (name, folder, chain, first)
    ) WITHOUT ROWID;
    CREATE INDEX version_folder ON version (folder, name);
    CREATE VIRTUAL TABLE name_text USING fts5(
        text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
    );
    CREATE TABLE name_block (id INTEGER PRIMARY KEY, length INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE mailbox_to_read (
        chain INTEGER, folder INTEGER, name INTEGER, first INTEGER, is_guess INTEGER NOT NULL,
        PRIMARY KEY (chain, folder, name, first)
    ) WITHOUT ROWID;
    CREATE TABLE message (
        id INTEGER PRIMARY KEY, identity BLOB NOT NULL UNIQUE, sender TEXT NOT NULL, recipients TEXT NOT NULL,
        subject TEXT NOT NULL, sent INTEGER, attachments TEXT NOT NULL, searched INTEGER NOT NULL
    );
    CREATE INDEX message_searched ON message (searched) WHERE searched > 0;
    CREATE TABLE held (
        name INTEGER, folder INTEGER, chain INTEGER, message INTEGER, first INTEGER, starts_at INTEGER, last INTEGER NOT NULL,
        container INTEGER NOT NULL, locator BLOB NOT NULL, marked INTEGER NOT NULL,
        PRIMARY KEY (name, folder, chain, message, first, starts_at)
    ) WITHOUT ROWID;
    CREATE INDEX held_message ON held (message);
    CREATE TABLE mailbox_problem (
        chain INTEGER, folder INTEGER, name INTEGER, first INTEGER, problem TEXT NOT NULL, kind INTEGER NOT NULL,
        PRIMARY KEY (chain, folder, name, first)
    ) WITHOUT ROWID;
    CREATE VIRTUAL TABLE message_head USING fts5(
        text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
    );
    CREATE VIRTUAL TABLE message_body USING fts5(
        text, content = '', contentless_delete = 1, detail = none,
        tokenize = 'unicode61 remove_diacritics 2 categories ''L* M* N* P* S* C*'''
    );";

/// Makes the tables where they are not there yet.
pub(crate) fn prepare(connection: &Connection) -> Result<(), CatalogueError> {
    // Without it a statement with a range in it is planned anew for every name that is looked up.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        VERSION => Ok(()),
        0 => Ok(connection.execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))?),
        _ => Err(CatalogueError::Damaged),
    }
}
