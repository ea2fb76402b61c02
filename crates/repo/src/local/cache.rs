//! The cache of what a root held at the last run: in tree order, so that it is read beside the walk without an index in
//! memory. It may be deleted at any time; then every file is read again and nothing is sent twice.

use super::folder::LocalFolder;
use super::seal::{LocalKey, LocalKind};
use crate::error::RepoError;
use crate::header::{array, le32};
use crate::tree::decode_entry;
use chest_model::{ChunkId, Entry, Environment, Fingerprint, Timestamp, TreePath};
use std::fs::File;
use std::io::{BufReader, Write};

/// Frames are about this long.
const FRAME_LEN: usize = 256 << 10;
const FINGERPRINT_LEN: usize = 8 + 12 + 12 + 8;

/// A flag byte, and the newest time where the flags say that there is one.
const NOTICED_LEN: usize = 1 + 12;
const SCRAMBLED: u8 = 1;
const HAS_NEWEST: u8 = 2;
const NOTEBOOK_LINK: u8 = 4;
const PLAIN: u8 = 8;
const OWN_NOISE: u8 = 16;
const SOUGHT_NEWEST: u8 = 32;

/// What was noticed of a file's content while it was read, and could not be noticed again without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Noticed {
    /// It does not hold what its name promises.
    pub scrambled: bool,
    /// It is not noise, whatever it is called, or noise by its owner's doing; never set where an earlier version has looked.
    pub plain: bool,
    /// It is noise, and its name says that its owner has encrypted it; never set where an earlier version has looked.
    pub own_noise: bool,
    /// The newest date in its content, where it is an export that has some.
    pub newest: Option<Timestamp>,
    /// That date was looked for: only what is read as e-mail is asked for it. Never set where an earlier version has looked.
    pub sought_newest: bool,
    /// It is only a shortcut to a OneNote notebook.
    pub notebook_link: bool,
}

/// One entry as the last run stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedEntry {
    /// How the file looked.
    pub fingerprint: Fingerprint,
    /// What was noticed when it was read.
    pub noticed: Noticed,
    /// Its entry in the tree, as encoded.
    pub encoded: Vec<u8>,
    /// The same, decoded.
    pub entry: Entry,
    /// Chunks that the entry reaches only through lists, which a writer cannot read.
    pub reached: Vec<ChunkId>,
}

/// Writes the cache of one root; takes its place only when finished.
pub struct CacheWriter {
    folder: LocalFolder,
    name: String,
    key: LocalKey,
    file: File,
    frame: Vec<u8>,
    number: u64,
}

impl CacheWriter {
    /// Begins the cache of a root.
    pub fn begin(folder: &LocalFolder, label: &[u8], key: &LocalKey) -> Result<Self, RepoError> {
        let name = file_name(label);
        let file = folder.begin_replacing(&name)?;
        Ok(Self { folder: folder.clone(), name, key: key.clone(), file, frame: Vec::new(), number: 0 })
    }

    /// Adds an entry, in tree order.
    pub fn push(
        &mut self,
        fingerprint: &Fingerprint,
        noticed: &Noticed,
        encoded: &[u8],
        reached: &[ChunkId],
        environment: &dyn Environment,
    ) -> Result<(), RepoError> {
        self.frame.extend_from_slice(&encode_fingerprint(fingerprint));
        self.frame.extend_from_slice(&encode_noticed(noticed));
        self.frame.extend_from_slice(&(encoded.len() as u32).to_le_bytes());
        self.frame.extend_from_slice(&(reached.len() as u32).to_le_bytes());
        self.frame.extend_from_slice(encoded);
        for id in reached {
            self.frame.extend_from_slice(&id.0);
        }
        if self.frame.len() >= FRAME_LEN { self.flush(environment) } else { Ok(()) }
    }

    fn flush(&mut self, environment: &dyn Environment) -> Result<(), RepoError> {
        let sealed = self.key.seal(LocalKind::Cache, self.number, &self.frame, environment)?;
        self.number += 1;
        self.frame.clear();
        self.file.write_all(&sealed).map_err(|error| self.folder.error(&self.name, error))
    }

    /// Puts it in the place of the last one.
    pub fn finish(mut self, environment: &dyn Environment) -> Result<(), RepoError> {
        if !self.frame.is_empty() {
            self.flush(environment)?;
        }
        self.folder.finish_replacing(&self.name, self.file)
    }
}

/// Reads the cache of one root beside a walk.
pub struct CacheReader {
    source: Option<(BufReader<File>, LocalKey)>,
    frame: Vec<u8>,
    at: usize,
    number: u64,
    next: Option<CachedEntry>,
}

impl CacheReader {
    /// Opens the cache of a root; one that is lost or damaged is empty.
    pub fn open(folder: &LocalFolder, label: &[u8], key: &LocalKey) -> Self {
        let file = folder.open_to_read(&file_name(label)).ok();
        let source = file.map(|file| (BufReader::with_capacity(1 << 20, file), key.clone()));
        let mut reader = Self { source, frame: Vec::new(), at: 0, number: 0, next: None };
        reader.advance();
        reader
    }

    /// Whether the last run left a cache that can be read.
    pub fn is_there(&self) -> bool {
        self.next.is_some()
    }

    /// The entry of that path, if the last run had one. Paths must ascend from call to call.
    pub fn find(&mut self, path: &TreePath) -> Option<CachedEntry> {
        while let Some(next) = &self.next {
            match next.entry.path.cmp(path) {
                std::cmp::Ordering::Less => self.advance(),
                std::cmp::Ordering::Equal => {
                    let found = self.next.take();
                    self.advance();
                    return found;
                }
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    fn advance(&mut self) {
        self.next = self.read_entry();
        if self.next.is_none() {
            self.source = None;
        }
    }

    fn read_entry(&mut self) -> Option<CachedEntry> {
        if self.at == self.frame.len() {
            let (file, key) = self.source.as_mut()?;
            self.frame = key.read_frame(LocalKind::Cache, self.number, file)?;
            self.number += 1;
            self.at = 0;
        }
        let mut rest = &self.frame[self.at..];
        let entry = CachedEntry::read(&mut rest)?;
        self.at = self.frame.len() - rest.len();
        Some(entry)
    }
}

impl CachedEntry {
    /// Takes the entry at the front of what the seal of a frame held.
    pub fn read(frame: &mut &[u8]) -> Option<Self> {
        let fingerprint = decode_fingerprint(&array(take(frame, FINGERPRINT_LEN)?));
        let noticed = decode_noticed(&array(take(frame, NOTICED_LEN)?));
        let (length, count) = (le32(take(frame, 4)?) as usize, le32(take(frame, 4)?) as usize);
        let encoded = take(frame, length)?.to_vec();
        let reached = take(frame, count.checked_mul(32)?)?;
        let reached = reached.as_chunks::<32>().0.iter().map(|id| ChunkId(*id)).collect();
        let entry = decode_entry(&encoded).ok()?;
        Some(Self { fingerprint, noticed, encoded, entry, reached })
    }
}

fn take<'f>(frame: &mut &'f [u8], length: usize) -> Option<&'f [u8]> {
    frame.split_off(..length)
}

/// A root's cache file bears a hash, not the root's name.
fn file_name(label: &[u8]) -> String {
    format!("root-{}", &blake3::hash(label).to_hex()[..32])
}

fn encode_fingerprint(fingerprint: &Fingerprint) -> [u8; FINGERPRINT_LEN] {
    let mut out = [0; FINGERPRINT_LEN];
    out[..8].copy_from_slice(&fingerprint.size.to_le_bytes());
    out[8..20].copy_from_slice(&encode_time(fingerprint.modified));
    out[20..32].copy_from_slice(&encode_time(fingerprint.changed));
    out[32..].copy_from_slice(&fingerprint.inode.to_le_bytes());
    out
}

fn decode_fingerprint(bytes: &[u8; FINGERPRINT_LEN]) -> Fingerprint {
    Fingerprint {
        size: u64::from_le_bytes(array(&bytes[..8])),
        modified: decode_time(&bytes[8..20]),
        changed: decode_time(&bytes[20..32]),
        inode: u64::from_le_bytes(array(&bytes[32..])),
    }
}

fn encode_noticed(noticed: &Noticed) -> [u8; NOTICED_LEN] {
    let mut out = [0; NOTICED_LEN];
    let flags = [
        (noticed.scrambled, SCRAMBLED),
        (noticed.plain, PLAIN),
        (noticed.own_noise, OWN_NOISE),
        (noticed.newest.is_some(), HAS_NEWEST),
        (noticed.sought_newest, SOUGHT_NEWEST),
        (noticed.notebook_link, NOTEBOOK_LINK),
    ];
    out[0] = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum();
    out[1..].copy_from_slice(&encode_time(noticed.newest.unwrap_or_default()));
    out
}

fn decode_noticed(bytes: &[u8; NOTICED_LEN]) -> Noticed {
    let is_set = |flag| bytes[0] & flag != 0;
    let newest = is_set(HAS_NEWEST).then(|| decode_time(&bytes[1..]));
    let [scrambled, plain, own_noise] = [SCRAMBLED, PLAIN, OWN_NOISE].map(is_set);
    let [sought_newest, notebook_link] = [SOUGHT_NEWEST, NOTEBOOK_LINK].map(is_set);
    Noticed { scrambled, plain, own_noise, newest, sought_newest, notebook_link }
}

fn encode_time(time: Timestamp) -> [u8; 12] {
    let mut out = [0; 12];
    out[..8].copy_from_slice(&time.seconds.to_le_bytes());
    out[8..].copy_from_slice(&time.nanoseconds.to_le_bytes());
    out
}

fn decode_time(bytes: &[u8]) -> Timestamp {
    Timestamp::new(i64::from_le_bytes(array(&bytes[..8])), le32(&bytes[8..12]))
}
