//! SQLite's way to the disk: through it every page is sealed, and nothing else is ever written. Journal and temporary tables
//! stay in memory, so that no word of them lies in the open.

use crate::CatalogueError;
use crate::sealed::{PAGE_LEN, SealedFile};
use rusqlite::{Connection, OpenFlags};
use sqlite_vfs::wip::{WalIndex, WalIndexLock};
use sqlite_vfs::{DatabaseHandle, LockKind, OpenKind, OpenOptions, Vfs};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const NAME: &str = "parish-chest-sealed";

/// Files on their way into SQLite, by the name under which it will ask for them.
static DOOR: Mutex<Option<Door>> = Mutex::new(None);

#[derive(Default)]
struct Door {
    waiting: HashMap<String, SealedFile>,
    passed: u64,
}

fn door() -> MutexGuard<'static, Option<Door>> {
    DOOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One at a time: what `sqlite-vfs` keeps for all its files is not made for several threads that open at once.
static OPENING: Mutex<()> = Mutex::new(());

/// Opens the database in this file.
pub(crate) fn connect(file: SealedFile) -> Result<Connection, CatalogueError> {
    let _alone = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    let name = hand_over(file)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(&name, flags, NAME)?;
    // The file is locked by whoever opened it, so the database need not ask for the lock again and again.
    connection.execute_batch(&format!(
        "PRAGMA page_size = {PAGE_LEN}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY;
         PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;"
    ))?;
    // The first look at the file, which asks for a journal left behind, happens here.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn hand_over(file: SealedFile) -> Result<String, CatalogueError> {
    let mut door = door();
    if door.is_none() {
        sqlite_vfs::register(NAME, SealedVfs, false)
            .map_err(|error| CatalogueError::Disk(io::Error::other(format!("{error:?}"))))?;
    }
    let door = door.get_or_insert_default();
    door.passed += 1;
    let name = format!("catalogue-{}", door.passed);
    door.waiting.insert(name.clone(), file);
    Ok(name)
}

struct SealedVfs;

impl Vfs for SealedVfs {
    type Handle = Handle;

    fn open(&self, name: &str, options: OpenOptions) -> io::Result<Handle> {
        let file = match options.kind {
            OpenKind::MainDb => door().as_mut().and_then(|door| door.waiting.remove(name)),
            _ => None,
        };
        file.map(|file| Handle { file, lock: LockKind::None }).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn delete(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn exists(&self, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    fn temporary_name(&self) -> String {
        "none".to_owned()
    }

    /// SQLite asks the system's own file system for random numbers; nothing here rests on these.
    fn random(&self, buffer: &mut [i8]) {
        buffer.fill(0);
    }

    fn sleep(&self, duration: Duration) -> Duration {
        std::thread::sleep(duration);
        duration
    }
}

/// The database file. Only one connection ever has it.
struct Handle {
    file: SealedFile,
    lock: LockKind,
}

impl DatabaseHandle for Handle {
    type WalIndex = NoWal;

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.len())
    }

    fn read_exact_at(&mut self, out: &mut [u8], offset: u64) -> io::Result<()> {
        // Kinds of error are told to SQLite in different ways; damage is never an end of the file.
        self.file.read(out, offset)
    }

    fn write_all_at(&mut self, page: &[u8], offset: u64) -> io::Result<()> {
        self.file.write(page, offset)
    }

    fn sync(&mut self, _: bool) -> io::Result<()> {
        self.file.sync()
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.file.cut(length)
    }

    fn lock(&mut self, lock: LockKind) -> io::Result<bool> {
        self.lock = lock;
        Ok(true)
    }

    fn reserved(&mut self) -> io::Result<bool> {
        Ok(matches!(self.lock, LockKind::Reserved | LockKind::Pending | LockKind::Exclusive))
    }

    fn current_lock(&self) -> io::Result<LockKind> {
        Ok(self.lock)
    }

    fn wal_index(&self, _: bool) -> io::Result<NoWal> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// There is no write-ahead log, so there is never one of these.
enum NoWal {}

impl WalIndex for NoWal {
    fn enabled() -> bool {
        false
    }

    fn map(&mut self, _: u32) -> io::Result<[u8; 32768]> {
        match *self {}
    }

    fn lock(&mut self, _: Range<u8>, _: WalIndexLock) -> io::Result<bool> {
        match *self {}
    }

    fn delete(self) -> io::Result<()> {
        match self {}
    }
}
