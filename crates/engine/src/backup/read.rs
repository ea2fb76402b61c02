//! Reads one item of a source into an entry: content cut, hashed and handed to the batch as it comes.

use super::anywhere::Anywhere;
use super::guard::{HEAD, Looks, looks};
use super::handoff::Handoff;
use super::notebooks::is_notebook_link;
use super::on_the_way::{ReadItem, link_group, name_in, shares_content, too_long, unreadable, unsupported};
use crate::EngineError;
use chest_mail::{ContainerKind, NameSays, NewestDate, TimeLimit, newest_in_pst, recognise};
use chest_model::{
    ChunkId, ChunkList, Class, Entry, EntryKind, Environment, ExceptionKind, Fingerprint, Glance, Metadata, Monitor,
    Progress, Timestamp, UnreadableReason,
};
use chest_repo::chunk::Chunker;
use chest_repo::local::Noticed;
use chest_repo::pack::PackClass;
use chest_repo::repository::{Batch, BatchNodes, ChunkTools};
use chest_repo::tree::{MAX_CHUNKS, TreeBuilder, encode_entry, shorten_list};
use chest_source::{AfterReading, Content, ItemKind, ReadFailure, Source, SourceItem};
use std::time::Duration;

/// So long our own work on the dates in one Outlook data file may take; in others they are seen as the bytes come by.
const ALL_DATES: Duration = Duration::from_secs(300);
/// How often a file that keeps changing is read.
const ATTEMPTS: usize = 3;
/// Extended attributes longer than this become chunks.
const LARGE_XATTR: usize = 2 << 10;
/// One thread's means of reading.
pub(super) struct ItemReader<'b, 'a> {
    pub(super) batch: &'b Batch<'a>,
    pub(super) chunker: &'b Chunker,
    pub(super) handoff: &'b Handoff,
    pub(super) monitor: &'b dyn Monitor,
    pub(super) environment: &'b dyn Environment,
    /// What kind of documents the source holds.
    pub(super) class: Class,
    pub(super) tools: ChunkTools,
    /// For small files; large ones are read into the one large buffer.
    pub(super) buffer: Vec<u8>,
}

/// The content of a file, stored.
struct StoredContent {
    chunks: Vec<(ChunkId, u32)>,
    holes: Vec<chest_model::Hole>,
    data: u64,
    after: AfterReading,
    noticed: Noticed,
    glance: Option<Glance>,
}

impl ItemReader<'_, '_> {
    /// Reads an item. What befalls the item is in the result; an error means that the run cannot go on.
    pub(super) fn read(&mut self, source: &dyn Source, item: SourceItem) -> Result<ReadItem, EngineError> {
        let read_at = self.environment.now();
        Ok(ReadItem { read_at, ..self.read_item(source, item)? })
    }

    fn read_item(&mut self, source: &dyn Source, item: SourceItem) -> Result<ReadItem, EngineError> {
        let kind = match &item.kind {
            ItemKind::Unreadable(failure) => return Ok(unreadable(&item, failure.clone())),
            ItemKind::File { .. } => return self.read_file(source, item),
            ItemKind::Directory => EntryKind::Directory,
            ItemKind::Symlink { target } => {
                EntryKind::Symlink { target: target.clone(), link_group: link_group(&item, self.batch) }
            }
            ItemKind::Fifo => EntryKind::Fifo,
            ItemKind::Socket => EntryKind::Socket,
            ItemKind::CharacterDevice { device } => EntryKind::CharacterDevice { device: *device },
            ItemKind::BlockDevice { device } => EntryKind::BlockDevice { device: *device },
        };
        let metadata = item.metadata.clone();
        self.finish(source, item, kind, metadata, Finished::default())
    }

    fn read_file(&mut self, source: &dyn Source, item: SourceItem) -> Result<ReadItem, EngineError> {
        let mut bytes_read = 0;
        let mut last: Option<StoredContent> = None;
        for _ in 0..ATTEMPTS {
            match self.store_content(source, &item, &mut bytes_read)? {
                Err(failure) => return Ok(ReadItem { bytes_read, ..unreadable(&item, failure) }),
                Ok(content) => {
                    // Held against how it looked when *this* reading began: the listing, or the end of the last attempt.
                    let after = &content.after.fingerprint;
                    let is_stable = match &last {
                        Some(last) => *after == last.after.fingerprint,
                        None => item.looks_like(after),
                    };
                    if is_stable {
                        return self.file_entry(source, item, content, bytes_read, true);
                    }
                    last = Some(content);
                }
            }
        }
        let Some(content) = last else {
            let failure = ReadFailure::lasting(UnreadableReason::Changed, "");
            return Ok(unreadable(&item, failure));
        };
        self.file_entry(source, item, content, bytes_read, false)
    }

    fn file_entry(
        &mut self,
        source: &dyn Source,
        item: SourceItem,
        content: StoredContent,
        bytes_read: u64,
        is_stable: bool,
    ) -> Result<ReadItem, EngineError> {
        let StoredContent { chunks, holes, data, after, noticed, glance } = content;
        let hollow: u64 = holes.iter().map(|hole| hole.length).sum();
        let is_of_its_size = data + hollow == after.fingerprint.size;
        // A database or a disk image keeps its length while it changes.
        let changed = !is_stable || !is_of_its_size;
        if !is_of_its_size && !holes.is_empty() {
            let failure = ReadFailure::lasting(UnreadableReason::Changed, "it kept changing while it was read");
            return Ok(ReadItem { bytes_read, ..unreadable(&item, failure) });
        }
        if chunks.len() > MAX_CHUNKS {
            let failure = unsupported("it has more parts than this version can list");
            return Ok(ReadItem { bytes_read, ..unreadable(&item, failure) });
        }
        let data_chunks: Vec<ChunkId> = chunks.iter().map(|(id, _)| *id).collect();
        let mut sink = BatchNodes { batch: self.batch, tools: &mut self.tools };
        let (list, nodes) = shorten_list(ChunkList { depth: 0, chunks }, &mut sink)?;
        let reached = if list.depth > 0 { [data_chunks, nodes].concat() } else { Vec::new() };
        let link_group = link_group(&item, self.batch);
        let kind = EntryKind::File { size: data + hollow, chunks: list, holes, link_group, glance };
        // That it was fetched has changed how it looks. It is remembered as it was listed: so it will be listed when its content has left this
        // computer again, and until then reading it once more costs no fetching.
        let is_as_listed = item.looks_like(&after.fingerprint);
        let fingerprint = Some(if is_as_listed { item.fingerprint } else { after.fingerprint });
        let finished = Finished { reached, bytes_read, changed, fingerprint, noticed };
        self.finish(source, item, kind, after.metadata, finished)
    }

    fn finish(
        &mut self,
        source: &dyn Source,
        item: SourceItem,
        kind: EntryKind,
        mut metadata: Metadata,
        finished: Finished,
    ) -> Result<ReadItem, EngineError> {
        let xattrs = match source.xattrs(&item) {
            Ok(xattrs) => xattrs,
            Err(failure) => return Ok(ReadItem { bytes_read: finished.bytes_read, ..unreadable(&item, failure) }),
        };
        let mut large_xattrs = Vec::new();
        for (name, value) in xattrs {
            if value.len() > LARGE_XATTR {
                let chunks = self.store_value(&value)?;
                large_xattrs.push((name, ChunkList { depth: 0, chunks }));
            } else {
                metadata.xattrs.push((name, value));
            }
        }
        let Finished { reached, bytes_read, changed, fingerprint, noticed } = finished;
        let fingerprint = fingerprint.unwrap_or(item.fingerprint);
        let has_links = shares_content(&item);
        let entry = Entry { path: item.path.clone(), kind, metadata, large_xattrs };
        let encoded = encode_entry(&entry);
        if encoded.len() > TreeBuilder::max_entry_len(self.batch.pack_len()) {
            return Ok(ReadItem { bytes_read, ..too_long(&item) });
        }
        let exception =
            changed.then(|| (ExceptionKind::ChangedWhileRead, "it kept changing while it was read".to_owned()));
        let fingerprint = (!changed).then_some(fingerprint);
        let read_at = Timestamp::default();
        let unread_size = None;
        Ok(ReadItem {
            encoded,
            entry,
            fingerprint,
            read_at,
            reached,
            has_links,
            exception,
            unread_size,
            bytes_read,
            noticed,
        })
    }

    fn store_content(
        &mut self,
        source: &dyn Source,
        item: &SourceItem,
        bytes_read: &mut u64,
    ) -> Result<Result<StoredContent, ReadFailure>, EngineError> {
        let mut content = match source.open(item) {
            Ok(content) => content,
            Err(failure) => return Ok(Err(failure)),
        };
        let holes = content.holes().to_vec();
        // They were announced as part of the file, and take no time.
        self.monitor.progress(Progress::Done { items: 0, bytes: holes.iter().map(|hole| hole.length).sum() });
        let Cut { chunks, bytes: data, called, mut noticed, is_pst, glance, .. } =
            match self.store_chunks(&mut *content, source, item)? {
                Ok(cut) => cut,
                Err(failure) => return Ok(Err(failure)),
            };
        // A file that begins with a hole begins with zeros, which nobody reads.
        if holes.first().is_some_and(|hole| hole.offset == 0 && (hole.length >= HEAD as u64 || data == 0)) {
            notice_looks(&mut noticed, &called, &[0; HEAD]);
        }
        if is_pst {
            noticed.newest = self.newest_in_pst(&*content, item.fingerprint.size);
        }
        *bytes_read += data;
        Ok(content.finish().map(|after| StoredContent { chunks, holes, data, after, noticed, glance }))
    }

    /// The newest date in an Outlook data file, if that is known before somebody would wonder why the backup does not go on.
    fn newest_in_pst(&self, content: &dyn Content, size: u64) -> Option<Timestamp> {
        let limit = TimeLimit::new(self.environment, ALL_DATES);
        let newest = newest_in_pst(&mut limit.watch(Anywhere::of(content, size)), self.environment.now());
        newest.filter(|_| !limit.is_over())
    }

    /// Cuts what comes and stores what is new. Small files go through a buffer of the thread's own; what turns out not to fit
    /// moves on to the large one.
    fn store_chunks(
        &mut self,
        content: &mut dyn Content,
        source: &dyn Source,
        item: &SourceItem,
    ) -> Result<Result<Cut, ReadFailure>, EngineError> {
        let name = item.path.name().unwrap_or_default().to_vec();
        let called = item.path.name().unwrap_or_else(|| name_in(&source.description().native_path)).to_vec();
        let mut cut = Cut { name, called, ..Cut::default() };
        cut.noticed.sought_newest = self.class == Class::Email;
        if item.fingerprint.size < self.buffer.len() as u64 {
            let mut buffer = std::mem::take(&mut self.buffer);
            let stored = self.store_through(content, &mut buffer, &mut cut);
            self.buffer = buffer;
            match stored? {
                Err(failure) => return Ok(Err(failure)),
                Ok(Through::AtEnd) => return Ok(Ok(cut)),
                Ok(Through::Full) => {}
            }
        }
        let (batch, tools) = (self.batch, &mut self.tools);
        let help = |id, plain: Vec<u8>| Ok(batch.add(PackClass::Data, id, &plain, tools)?);
        let mut large = self.handoff.large_buffer(help)?;
        // It is never smaller than what the small one could not cut.
        large[..cut.pending].copy_from_slice(&self.buffer[..cut.pending]);
        Ok(self.store_through(content, &mut large, &mut cut)?.map(|_| cut))
    }

    /// Reads and cuts until the content ends, or the buffer is full and still cannot be cut. Bytes that no chunk has taken
    /// yet are at the front of the buffer.
    fn store_through(
        &mut self,
        content: &mut dyn Content,
        buffer: &mut [u8],
        cut: &mut Cut,
    ) -> Result<Result<Through, ReadFailure>, EngineError> {
        let mut at_end = false;
        loop {
            // A large file takes long: whoever asks to stop should not wait for its end.
            if self.monitor.cancelled() {
                return Err(EngineError::Interrupted);
            }
            while !at_end && cut.pending < buffer.len() {
                match content.read(&mut buffer[cut.pending..]) {
                    Ok(0) => at_end = true,
                    Ok(length) => {
                        self.notice(cut, &buffer[cut.pending..cut.pending + length]);
                        cut.pending += length;
                        self.monitor.progress(Progress::Done { items: 0, bytes: length as u64 });
                    }
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            let mut start = 0;
            while cut.pending - start >= self.chunker.max() || (at_end && start < cut.pending) {
                let length = self.next_length(cut, &buffer[start..cut.pending], at_end);
                cut.chunks.push(self.store_chunk(&buffer[start..start + length])?);
                cut.bytes += length as u64;
                start += length;
            }
            if at_end {
                cut.pending = 0;
                return Ok(Ok(Through::AtEnd));
            }
            if start == 0 {
                return Ok(Ok(Through::Full));
            }
            buffer.copy_within(start..cut.pending, 0);
            cut.pending -= start;
        }
    }

    /// Of the chunk at the front of what is there.
    fn next_length(&self, cut: &mut Cut, rest: &[u8], at_end: bool) -> usize {
        if !cut.at_growing_end {
            let length = self.chunker.cut(rest);
            cut.at_growing_end = at_end && cut.grows_at_end && length == rest.len();
            if !cut.at_growing_end {
                return length;
            }
        }
        self.chunker.cut_growing_end(rest)
    }

    /// Looks at content as it comes by.
    fn notice(&self, cut: &mut Cut, bytes: &[u8]) {
        if cut.bytes == 0 && cut.pending == 0 {
            notice_looks(&mut cut.noticed, &cut.called, bytes);
            cut.noticed.notebook_link = is_notebook_link(&cut.name, bytes);
            let container = recognise(&cut.name, bytes);
            cut.glance = glance(&cut.name, container);
            cut.grows_at_end = container == Some(ContainerKind::Mbox);
            let container = container.filter(|_| self.class == Class::Email);
            let has_dates = matches!(container, Some(ContainerKind::Mbox | ContainerKind::Message));
            cut.newest = has_dates.then(|| NewestDate::new(self.environment.now()));
            cut.is_pst = container == Some(ContainerKind::Pst);
        }
        if let Some(newest) = &mut cut.newest {
            newest.feed(bytes);
            cut.noticed.newest = newest.newest();
        }
    }

    /// An attribute's value, cut as content is.
    fn store_value(&mut self, value: &[u8]) -> Result<Vec<(ChunkId, u32)>, EngineError> {
        let (mut chunks, mut rest) = (Vec::new(), value);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(self.chunker.cut(rest));
            chunks.push(self.store_chunk(chunk)?);
            rest = after;
        }
        Ok(chunks)
    }

    fn store_chunk(&mut self, plain: &[u8]) -> Result<(ChunkId, u32), EngineError> {
        let id = self.batch.domain().chunk_id(plain);
        // An idle thread takes the compression over; else it is done here.
        if self.batch.claim(id) && !self.handoff.offer(id, plain) {
            self.batch.add(PackClass::Data, id, plain, &mut self.tools)?;
        }
        // Chunks are at most 16 MiB.
        Ok((id, plain.len() as u32))
    }
}

/// What has been cut of a file so far.
#[derive(Default)]
struct Cut {
    chunks: Vec<(ChunkId, u32)>,
    bytes: u64,
    /// Bytes at the front of the buffer that no chunk has taken yet.
    pending: usize,
    /// The file's name below the root; nothing where it is the root.
    name: Vec<u8>,
    /// The file's name where it lies: what its content should be.
    called: Vec<u8>,
    noticed: Noticed,
    /// Where it is a mailbox: what finds the newest date in it.
    newest: Option<NewestDate>,
    glance: Option<Glance>,
    /// It is an mbox: the next message comes at its end.
    grows_at_end: bool,
    /// Its last chunk is being cut.
    at_growing_end: bool,
    /// Its dates are anywhere in it.
    is_pst: bool,
}

/// Notes how a file of this name looks that begins like this.
fn notice_looks(noticed: &mut Noticed, name: &[u8], head: &[u8]) {
    let looks = looks(name, head);
    noticed.scrambled = looks == Looks::Scrambled;
    noticed.own_noise = looks == Looks::OwnNoise;
    // What people encrypt themselves is nothing odd.
    noticed.plain = matches!(looks, Looks::Plain | Looks::OwnNoise);
}

/// What is worth noting for whoever looks for mail: what a name says of itself need not be said again.
fn glance(name: &[u8], container: Option<ContainerKind>) -> Option<Glance> {
    match (container, NameSays::of(name)) {
        (Some(_), _) => Some(Glance::Mail),
        (None, NameSays::OtherThanMail) => None,
        (None, _) => Some(Glance::NotMail),
    }
}

/// Why cutting paused.
enum Through {
    AtEnd,
    Full,
}

#[derive(Default)]
struct Finished {
    reached: Vec<ChunkId>,
    bytes_read: u64,
    changed: bool,
    fingerprint: Option<Fingerprint>,
    noticed: Noticed,
}
