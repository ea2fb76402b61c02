//! Any bytes as whatever lies in a repository: under its seal as it is stored, and as the plaintext that a hostile writer has sealed as
//! it should. The first byte chooses the decoder. What is read is written and read again as the same, and no altered object opens.

#![no_main]

#[path = "../golden.rs"]
mod golden;

use bytes::Bytes;
use chest_model::{ChunkId, ChunkList, Entry, EntryKind, TreePath};
use chest_repo::compress::{Compression, Decompressor};
use chest_repo::index::{Segment, open_segment};
use chest_repo::layout::Place;
use chest_repo::pack::{MAX_CHUNK_LEN, MIN_PACK_LEN, PROLOGUE_LEN, PackKey, Prologue, chunks_start};
use chest_repo::record::{
    Inventory, LogPublic, OwnerBody, OwnerPublic, RecordFrame, SnapshotBody, WriterNote, unpadded,
};
use chest_repo::slot::{KdfCost, SLOT_LEN, Slot, SlotKind, UnlockError};
use chest_repo::tree::{ChunkReader, Collector, MAX_CHUNKS, TreeVisitor, decode_entry, encode_entry, read_list, walk};
use chest_repo::{ObjectError, RepoError};
use chest_store::ObjectName;
use golden::Golden;
use libfuzzer_sys::fuzz_target;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;

static GOLDEN: LazyLock<Golden> = LazyLock::new(|| Golden::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")));

/// Whoever may sign in it.
static SIGNERS: LazyLock<Vec<[u8; 32]>> = LazyLock::new(|| {
    let writers = GOLDEN.session.owner.writers();
    writers.values().map(|grant| grant.key).chain([GOLDEN.master.owner_public()]).collect()
});

const DECODERS: [fn(&[u8]); 16] = [
    name, altered, header, slot, pack_front, compressed, segment, frame, part, log, owner, note, snapshot, inventory,
    tree, list,
];

fuzz_target!(|input: &[u8]| {
    let Some((&which, bytes)) = input.split_first() else { return };
    DECODERS[usize::from(which) % DECODERS.len()](bytes);
});

/// The first bytes as a small number, and what follows.
fn number(bytes: &[u8]) -> (usize, &[u8]) {
    bytes.split_first_chunk::<2>().map_or((0, bytes), |(number, rest)| (usize::from(u16::from_le_bytes(*number)), rest))
}

fn name(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(name) = ObjectName::new(text) else { return };
    if let Some(place) = Place::parse(&name) {
        assert_eq!(place.name(), name);
        assert!(place.second_name().is_none_or(|second| Place::parse_second(&second) == Some(place)));
    }
    assert!(Place::parse_second(&name).is_none_or(|place| place.second_name() == Some(name)));
}

/// A real object, in which some bytes are others: none opens that is not what it was.
fn altered(bytes: &[u8]) {
    let (which, rest) = number(bytes);
    let (at, overlay) = number(rest);
    let (place, object) = &GOLDEN.objects[which % GOLDEN.objects.len()];
    let mut bytes = object.clone();
    let at = at % bytes.len();
    bytes.iter_mut().skip(at).zip(overlay).for_each(|(byte, other)| *byte = *other);
    let opens = match place {
        Place::Pack(_) => open_pack(&bytes).is_ok(),
        Place::Index(writer, _) => open_segment(&GOLDEN.master.writer(*writer), &bytes).is_ok(),
        Place::Log(writer, _) => {
            let key = GOLDEN.session.owner.writers()[writer].key;
            RecordFrame::parse(bytes.clone().into()).and_then(|frame| frame.verify(&key)).is_ok()
        }
        Place::Owner(_) => RecordFrame::parse(bytes.clone().into())
            .and_then(|frame| frame.verify(&GOLDEN.master.owner_public()))
            .is_ok(),
        Place::Slot(..) | Place::Inventory(..) => {
            drop(Slot::decode(&bytes));
            return;
        }
    };
    assert_eq!(opens, bytes == *object, "{place:?}, altered from {at} on");
}

fn open_pack(object: &[u8]) -> Result<(), ObjectError> {
    let key = PackKey::from_object(GOLDEN.opener(), object)?;
    let mut decompressor = Decompressor::new().expect("memory");
    // Of two domains one fits; in neither does what is altered open.
    let all = GOLDEN.logs().map(|log| GOLDEN.session.domain(log.writer()).expect("its domain"));
    let opened: Vec<_> = all.map(|domain| key.verify(object, &domain, &mut decompressor).map(drop)).collect();
    if opened.iter().any(Result::is_ok) { Ok(()) } else { Err(ObjectError::DoesNotOpen) }
}

/// Nothing sealed opens for whoever does not have the key.
fn header(bytes: &[u8]) {
    let mut object = bytes.to_vec();
    object.resize(bytes.len().next_power_of_two().max(MIN_PACK_LEN as usize), 0);
    assert!(open_pack(&object).is_err());
    let first = GOLDEN.logs().next().expect("it has a writer");
    assert!(open_segment(&GOLDEN.master.writer(first.writer()), &object).is_err());
}

/// Nothing is derived at a cost that nobody should pay.
fn slot(bytes: &[u8]) {
    let mut object = bytes.to_vec();
    object.resize(SLOT_LEN, 0);
    let Ok(Some(slot)) = Slot::decode(&object) else { return };
    assert_eq!(slot.bytes()[..], object[..]);
    let field = |at: usize| u32::from_le_bytes(object[at..at + 4].try_into().expect("four bytes"));
    let cost = KdfCost { memory_kib: field(96), passes: field(100), lanes: field(104) };
    if slot.kind() == SlotKind::Passphrase && !cost.is_acceptable() {
        let opened = slot.open_with_passphrase("three red apples", "slots/a");
        assert!(matches!(opened, Err(UnlockError::AbsurdCost { .. })));
    }
    let _ = (slot.id(), slot.repository(), slot.epoch());
}

/// A prologue and a table, whatever they claim.
fn pack_front(bytes: &[u8]) {
    let Some((&size, rest)) = bytes.split_first() else { return };
    let Some((prologue, table)) = rest.split_first_chunk::<PROLOGUE_LEN>() else { return };
    let object_len = MIN_PACK_LEN << (size % 11);
    let Ok(prologue) = Prologue::decode(prologue, object_len) else { return };
    assert!(prologue.table_len() as u64 <= object_len);
    if let Ok(chunks) = prologue.decode_table(table) {
        let sealed: u128 = chunks.iter().map(|chunk| u128::from(chunk.sealed_len())).sum();
        assert!(u128::from(chunks_start(chunks.len())) + sealed <= u128::from(object_len));
    }
}

fn compressed(bytes: &[u8]) {
    let Some((length, stored)) = bytes.split_first_chunk::<4>() else { return };
    let length = u32::from_le_bytes(*length) % (MAX_CHUNK_LEN + 1);
    let mut decompressor = Decompressor::new().expect("memory");
    for how in [Compression::Raw, Compression::Zstandard] {
        if let Ok(plain) = decompressor.decompress(stored, how, length) {
            assert_eq!(plain.len(), length as usize);
        }
    }
}

/// As it is, and as the content that a length belongs before: few inputs would guess it.
fn segment(bytes: &[u8]) {
    let with_length = |content: &[u8]| [&(content.len() as u64).to_le_bytes()[..], content].concat();
    for plain in [bytes.to_vec(), with_length(bytes)] {
        let Ok(segment) = Segment::decode(&plain) else { continue };
        for pack in &segment.packs {
            let sealed: u128 = pack.chunks.iter().map(|chunk| u128::from(chunk.sealed_len())).sum();
            assert!(u128::from(chunks_start(pack.chunks.len())) + sealed <= u128::from(pack.size));
        }
        assert_eq!(Segment::decode(&with_length(&segment.encode())), Ok(segment));
    }
}

/// No frame that is put together anew is taken for signed.
fn frame(bytes: &[u8]) {
    let mut object = bytes.to_vec();
    object.resize(bytes.len().next_multiple_of(4096).max(4096), 0);
    let Ok(frame) = RecordFrame::parse(Bytes::from(object)) else { return };
    let first = GOLDEN.logs().next().expect("it has a writer");
    let _ = (frame.hash(), frame.open_note(&GOLDEN.master.writer(first.writer())), frame.open_body(GOLDEN.opener()));
    drop((LogPublic::decode(frame.public()), OwnerPublic::decode(0, frame.public())));
    let is_of_golden = GOLDEN.objects.iter().any(|(place, _)| place.hash() == frame.hash());
    assert!(is_of_golden || SIGNERS.iter().all(|key| frame.verify(key).is_err()));
}

fn part(bytes: &[u8]) {
    if let Ok(content) = unpadded(bytes) {
        assert!(bytes[4..].starts_with(content));
    }
}

fn log(bytes: &[u8]) {
    if let Ok(public) = LogPublic::decode(bytes) {
        assert_eq!(LogPublic::decode(&public.encode()), Ok(public));
    }
}

fn owner(bytes: &[u8]) {
    let Some((&kind, bytes)) = bytes.split_first() else { return };
    let Ok(public) = OwnerPublic::decode(kind, bytes) else { return };
    assert_eq!(public.kind(), kind);
    if let OwnerBody::Genesis { configuration, .. } = &public.body {
        let _ = (configuration.check_readable(), configuration.check_writable());
    }
    assert_eq!(OwnerPublic::decode(kind, &public.encode()), Ok(public));
}

fn note(bytes: &[u8]) {
    if let Ok(note) = WriterNote::decode(bytes) {
        assert_eq!(WriterNote::decode(&note.encode()), Ok(note));
    }
}

fn snapshot(bytes: &[u8]) {
    if let Ok(body) = SnapshotBody::decode(bytes) {
        assert_eq!(SnapshotBody::decode(&body.encode()), Ok(body));
    }
}

fn inventory(bytes: &[u8]) {
    if let Ok(inventory) = Inventory::decode(bytes) {
        assert_eq!(inventory.encode(), bytes);
    }
}

/// Chunks of a hostile writer: each piece of the input under the number that stands in the first bytes of its id.
struct Pieces<'i>(Vec<&'i [u8]>);

impl<'i> Pieces<'i> {
    /// Each begins with its length.
    fn of(mut bytes: &'i [u8]) -> Self {
        let mut pieces = Vec::new();
        while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
            let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
            let (piece, rest) = rest.split_at(length);
            pieces.push(piece);
            bytes = rest;
        }
        Self(pieces)
    }
}

fn piece_id(number: u8) -> ChunkId {
    ChunkId([number; 32])
}

impl ChunkReader for Pieces<'_> {
    fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError> {
        let piece = self.0.get(usize::from(id.0[0]));
        piece.map(|piece| piece.to_vec()).ok_or(RepoError::ChunkNotIndexed(*id))
    }
}

/// What a walk shows.
#[derive(Default)]
struct Seen {
    entries: Vec<Entry>,
    unreadable: usize,
}

impl TreeVisitor for Seen {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        self.entries.push(entry);
        ControlFlow::Continue(())
    }

    fn unreadable(&mut self, _: &TreePath, _: Option<&TreePath>, _: RepoError) -> ControlFlow<()> {
        self.unreadable += 1;
        ControlFlow::Continue(())
    }
}

/// A list may name a million chunks, and take as long as that takes.
const LISTS_OF_A_TREE: usize = 4;

/// A tree shows each path once and in order, whoever made it, and each entry is written and read as the same.
fn tree(bytes: &[u8]) {
    let (pieces, root) = (Pieces::of(bytes), piece_id(0));
    let mut seen = Seen::default();
    assert!(walk(&root, &TreePath::root(), &pieces, &mut seen).is_continue());
    assert!(seen.entries.is_sorted_by(|a, b| a.path < b.path));
    for entry in &seen.entries {
        assert_eq!(decode_entry(&encode_entry(entry)).as_ref(), Ok(entry));
    }
    for entry in seen.entries.iter().take(LISTS_OF_A_TREE) {
        if let EntryKind::File { chunks, .. } = &entry.kind {
            drop(read_list(chunks, &pieces));
        }
    }
    let mut collector = Collector::default();
    collector.gather(&root, &pieces, &mut |entry| Some(entry.path)).expect("no store");
    if seen.unreadable == 0 {
        assert!(collector.items(&root).into_iter().eq(seen.entries.iter().map(|entry| &entry.path)));
    }
    drop(decode_entry(bytes));
}

fn list(bytes: &[u8]) {
    let Some((&depth, rest)) = bytes.split_first() else { return };
    let pieces = Pieces::of(rest);
    let chunks =
        pieces.0.iter().zip(0..=u8::MAX).map(|(piece, number)| (piece_id(number), piece.len() as u32)).collect();
    if let Ok(refs) = read_list(&ChunkList { depth: depth % 5, chunks }, &pieces) {
        assert!(refs.len() <= MAX_CHUNKS);
    }
}
