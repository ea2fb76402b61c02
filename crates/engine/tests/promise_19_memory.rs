//! Promise 19: bombs, lying lengths, oversized tables and counts of 2³² − 1 are refused within 64 MiB of memory, also where a
//! hostile writer has sealed and signed them as it should. A test binary of its own, because it counts every allocation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/mod.rs"]
mod common;
#[path = "promises/kit.rs"]
mod kit;

use chest_engine::repo::compress::Decompressor;
use chest_engine::repo::index::open_segment;
use chest_engine::repo::keys::{DomainSecret, MasterKey};
use chest_engine::repo::pack::PackKey;
use chest_engine::repo::record::{Inventory, LogPublic, OwnerPublic, RecordFrame, SnapshotBody, WriterNote};
use chest_engine::repo::slot::Slot;
use chest_engine::repo::tree::{ChunkReader, TreeVisitor, decode_entry, read_list, walk};
use chest_engine::repo::{ObjectError, Opener, RepoError};
use chest_model::{ChunkId, ChunkList, Entry, Epoch, RepositoryId, TreePath, WriterId};
use kit::{LyingPack, Owner, Parts, Secret, cbor};
use peak_alloc::PeakAlloc;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Tests would count each other's allocations, those of their preparations too: each begins by asking to be alone.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const LIMIT: usize = 64 << 20;
const OWNER: Owner = Owner { master: [1; 32], repository: [2; 32], epoch: 0 };
const WRITER: [u8; 16] = [3; 16];
const OBJECT_KEY: Secret = [8; 32];
const LIES: [u32; 4] = [u32::MAX, u32::MAX - 1, 1 << 31, 1 << 24];

fn master() -> MasterKey {
    MasterKey::new(OWNER.master, RepositoryId(OWNER.repository), Epoch(0))
}

fn domain() -> Secret {
    OWNER.domain(WRITER)
}

/// The most memory that `act` held at once, and what it gave.
fn measured<T>(act: impl FnOnce() -> T) -> (usize, T) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = act();
    (MEMORY.peak_usage().saturating_sub(before), result)
}

/// What is tried, and how.
type Attempt<'a, T, E = ObjectError> = (String, Box<dyn Fn() -> Result<T, E> + 'a>);

/// Runs each attempt and demands that it is refused, cheaply.
fn assert_refused<T, E: std::fmt::Debug>(attempts: Vec<Attempt<'_, T, E>>) {
    for (what, attempt) in attempts {
        let (peak, result) = measured(|| attempt().map(drop));
        assert!(result.is_err(), "{what} was accepted");
        assert!(peak <= LIMIT, "{what} took {} MiB: {result:?}", peak >> 20);
    }
}

fn sealed(pack: &LyingPack) -> Vec<u8> {
    let header = kit::writers_header(&OWNER.writer(WRITER), kit::PACK, 0, &OBJECT_KEY, &OWNER.reader_public());
    pack.seal(&header, &OBJECT_KEY)
}

fn verify(bytes: &[u8]) -> Result<(), ObjectError> {
    let key = PackKey::from_object(&Opener::new(master()), bytes)?;
    key.verify(bytes, &DomainSecret::new(domain()).keys(), &mut Decompressor::new().unwrap()).map(drop)
}

fn attempt(
    what: impl Into<String>,
    bytes: Vec<u8>,
    decode: fn(&[u8]) -> Result<(), ObjectError>,
) -> Attempt<'static, ()> {
    (what.into(), Box::new(move || decode(&bytes)))
}

fn honest() -> LyingPack {
    let plain = b"minutes ".repeat(100);
    LyingPack::honest(64 << 10, &domain(), &plain, plain.clone(), 0)
}

#[test]
fn packs_with_lying_counts_and_lengths_are_refused() {
    let _alone = alone();
    verify(&sealed(&honest())).unwrap();
    let mut attempts = Vec::new();
    for lie in LIES {
        let mut pack = honest();
        pack.count = lie;
        attempts.push(attempt(format!("a pack of {lie} chunks"), sealed(&pack), verify));
        let mut pack = honest();
        pack.rows[0].plain_len = lie;
        attempts.push(attempt(format!("a raw chunk of {lie} bytes"), sealed(&pack), verify));
        let mut pack = honest();
        pack.rows[0].stored_len = lie;
        attempts.push(attempt(format!("a chunk stored in {lie} bytes"), sealed(&pack), verify));
        let mut pack = honest();
        pack.padding = u64::from(lie);
        attempts.push(attempt(format!("padding of {lie} bytes"), sealed(&pack), verify));
    }
    // Sums that come out right if they are let run over.
    let mut pack = honest();
    pack.padding = u64::MAX;
    attempts.push(attempt("padding of 2^64 - 1", sealed(&pack), verify));
    let mut pack = honest();
    pack.rows[0].stored_len += 100_000;
    pack.padding = pack.padding.wrapping_sub(100_000);
    attempts.push(attempt("padding that makes up for a chunk too long", sealed(&pack), verify));
    let mut wide = honest();
    wide.rows = vec![wide.rows[0].clone(); 1_100];
    wide.count = 1_100;
    attempts.push(attempt("a table with more rows than the pack has room for", sealed(&wide), verify));
    assert_refused(attempts);
}

#[test]
fn bombs_in_packs_are_refused() {
    let _alone = alone();
    let plain = vec![0; 200 << 20];
    let bomb = zstd::bulk::compress(&plain, 3).unwrap();
    drop(plain);
    assert!(bomb.len() < 40_000);
    let mut attempts = Vec::new();
    for claimed in [0, 1_000, 1 << 20, (200 << 20) - 1, u32::MAX] {
        let mut pack = LyingPack::honest(64 << 10, &domain(), b"", bomb.clone(), 1);
        pack.rows[0].plain_len = claimed;
        attempts.push(attempt(format!("a bomb that claims {claimed} bytes"), sealed(&pack), verify));
    }
    assert_refused(attempts);
}

/// A pack's line as the index has it, with these numbers.
fn pack_line(log_size: u8, count: u32, chunks: &[(u32, u32)]) -> Vec<u8> {
    let mut out = [&[7; 32][..], &WRITER, &0u32.to_le_bytes(), &[0, log_size, 0, 0], &count.to_le_bytes()].concat();
    out.extend_from_slice(&[9; 112]);
    for (stored, plain) in chunks {
        out.extend_from_slice(&[&[5; 32][..], &stored.to_le_bytes(), &plain.to_le_bytes()].concat());
    }
    out
}

fn index(heads: u32, packs: u32, lines: &[u8]) -> Vec<u8> {
    [&heads.to_le_bytes()[..], &packs.to_le_bytes(), lines].concat()
}

fn open_index(bytes: &[u8]) -> Result<(), ObjectError> {
    open_segment(&master().writer(WriterId(WRITER)), bytes).map(drop)
}

#[test]
fn indexes_with_lying_counts_and_lengths_are_refused() {
    let _alone = alone();
    let seal = |content: &[u8]| kit::segment(&OWNER.writer(WRITER), content.len() as u64, content);
    let good = index(0, 1, &pack_line(16, 1, &[(100, 100)]));
    open_index(&seal(&good)).unwrap();
    let mut attempts = Vec::new();
    for lie in LIES {
        for (what, content) in [
            ("heads", index(lie, 0, &[])),
            ("packs", index(0, lie, &pack_line(16, 0, &[]))),
            ("chunks in a pack", index(0, 1, &pack_line(16, lie, &[(1, 1)]))),
            ("stored bytes", index(0, 1, &pack_line(16, 1, &[((lie | 1 << 30) & 0x7fff_ffff, 1)]))),
        ] {
            attempts.push(attempt(format!("{lie} {what}"), seal(&content), open_index));
        }
        let claimed = kit::segment(&OWNER.writer(WRITER), u64::from(lie) << 8, &good);
        attempts.push(attempt(format!("content of {lie} × 256 bytes"), claimed, open_index));
    }
    for log_size in [0, 15, 27, 63, 64, 255] {
        let content = index(0, 1, &pack_line(log_size, 0, &[]));
        attempts.push(attempt(format!("a pack of 2^{log_size} bytes"), seal(&content), open_index));
    }
    for length in [0, 1, 127, 65_535, 65_537, (1 << 20) + 65_536] {
        attempts.push(attempt(format!("an index of {length} bytes"), vec![0; length], open_index));
    }
    assert_refused(attempts);
}

fn record(public: &[u8], note: &[u8], body: &[u8]) -> Vec<u8> {
    let writer = OWNER.writer(WRITER);
    let parts = Parts { object_type: kit::LOG_RECORD, kind: 0, public, note: Some(note), body };
    kit::record(&writer, &OWNER.reader_public(), &writer.signing(), &parts)
}

/// Opens everything in a record: as far as a reader goes with what a writer signed.
fn open_record(bytes: &[u8]) -> Result<(), ObjectError> {
    let key = master().writer(WriterId(WRITER));
    let frame = RecordFrame::parse(bytes.to_vec().into())?;
    frame.verify(&key.public())?;
    LogPublic::decode(frame.public())?;
    WriterNote::decode(&frame.open_note(&key)?)?;
    SnapshotBody::decode(&frame.open_body(&Opener::new(master()))?).map(drop)
}

fn public() -> kit::LogFields {
    kit::LogFields { chain: WRITER, seq: 0, parents: vec![], owner_heads: vec![], at: 1, added: vec![] }
}

const NOTE: &[u8] = &[0xa3, 0, 0x80, 1, 0x80, 2, 0x80];

/// A body with these exceptions, as CBOR.
fn body(exceptions: Vec<u8>) -> Vec<u8> {
    use cbor::{array, map, text, uint};
    let four = || array(&[uint(1), uint(2), uint(3), uint(4)]);
    map(&[array(&[]), exceptions, text(""), text(""), four(), text(""), four(), uint(0)], &[])
}

#[test]
fn records_with_lying_counts_and_lengths_are_refused() {
    let _alone = alone();
    let writer = OWNER.writer(WRITER);
    let good = record(&public().encode(&[]), NOTE, &body(cbor::array(&[])));
    open_record(&good).unwrap();
    let mut attempts = Vec::new();
    // Lengths of the parts, signed as they stand.
    for lie in LIES {
        for at in [176, 180] {
            let mut bytes = good[..good.len() - 64].to_vec();
            bytes[at..at + 4].copy_from_slice(&lie.to_le_bytes());
            kit::sign(&mut bytes, &writer.signing());
            attempts.push(attempt(format!("a part of {lie} bytes"), bytes, open_record));
        }
    }
    for claimed in [u64::MAX, u64::from(u32::MAX), 1 << 31, 1 << 20] {
        let many = || cbor::array_of(claimed);
        let note = [&[0xa1, 0][..], &many()].concat();
        attempts.push(attempt(
            format!("{claimed} index objects"),
            record(&public().encode(&[]), &note, &[]),
            open_record,
        ));
        let lying = record(&public().encode(&[]), NOTE, &body(many()));
        attempts.push(attempt(format!("{claimed} exceptions"), lying, open_record));
        let parents = [&[0xa1, 2][..], &many()].concat();
        attempts.push(attempt(format!("{claimed} parents"), record(&parents, NOTE, &[]), open_record));
        let added = [&[0xa1, 9][..], &many()].concat();
        attempts.push(attempt(format!("{claimed} added objects"), record(&added, NOTE, &[]), open_record));
    }
    for length in [0, 1, 175, 4_095, 4_097] {
        attempts.push(attempt(format!("a record of {length} bytes"), vec![0; length], open_record));
    }
    attempts.push(attempt("a record of 20 MiB", good.repeat(5_120), open_record));
    assert_refused(attempts);
}

/// What is passed over unread may be nested as deep as there are bytes: neither stack nor memory may follow it down.
#[test]
fn deeply_nested_fields_to_be_ignored_cost_nothing() {
    let _alone = alone();
    let nested = [vec![0x81; 10 << 20], vec![0x00]].concat();
    let bytes = record(&public().encode(&[(100, nested)]), NOTE, &body(cbor::array(&[])));
    let (peak, _) = measured(|| open_record(&bytes));
    assert!(peak <= LIMIT, "{} MiB", peak >> 20);
}

#[test]
fn decisions_slots_and_inventories_with_lying_lengths_are_refused() {
    let _alone = alone();
    let mut attempts: Vec<Attempt<'_, ()>> = Vec::new();
    for kind in [0, 1, 2, 3, 4, 5, 6, 10] {
        for claimed in [u64::MAX, u64::from(u32::MAX), 1 << 20] {
            let bytes = [&[0xa1, 3, 0xa1, 0][..], &cbor::array_of(claimed)].concat();
            let decode = move || OwnerPublic::decode(kind, &bytes).map(drop);
            attempts.push((format!("{claimed} items in a decision of kind {kind}"), Box::new(decode)));
        }
    }
    for length in [0, 255, 257, 1 << 20] {
        attempts
            .push((format!("a slot of {length} bytes"), Box::new(move || Slot::decode(&vec![0; length]).map(drop))));
    }
    let inventory = [Inventory(Vec::new()).encode(), vec![1; 32]].concat();
    attempts.push(("an inventory cut short".to_owned(), Box::new(move || Inventory::decode(&inventory).map(drop))));
    assert_refused(attempts);
}

/// Chunks as a pack would give them, their ids proven.
struct Chunks(HashMap<ChunkId, Vec<u8>>);

impl ChunkReader for Chunks {
    fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError> {
        self.0.get(id).cloned().ok_or(RepoError::ChunkNotIndexed(*id))
    }
}

/// Fails with the first node that cannot be read.
struct Strict(Option<RepoError>);

impl TreeVisitor for Strict {
    fn entry(&mut self, _: Entry) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn unreadable(&mut self, _: &TreePath, _: Option<&TreePath>, error: RepoError) -> ControlFlow<()> {
        self.0 = Some(error);
        ControlFlow::Break(())
    }
}

fn walk_node(bytes: &[u8]) -> Result<(), RepoError> {
    let root = ChunkId([1; 32]);
    let mut strict = Strict(None);
    let _ = walk(&root, &TreePath::root(), &Chunks(HashMap::from([(root, bytes.to_vec())])), &mut strict);
    strict.0.map_or(Ok(()), Err)
}

/// An entry of a folder with this encoded path and more fields.
fn entry(path: &[u8], more: &[(u64, Vec<u8>)]) -> Vec<u8> {
    use cbor::{bytes, time, uint};
    let mut fields = vec![(3, uint(0)), (4, uint(0)), (5, time(1))];
    fields.extend_from_slice(more);
    cbor::map(&[bytes(path), uint(1)], &fields)
}

#[test]
fn trees_with_lying_counts_and_lengths_are_refused() {
    let _alone = alone();
    let node = |level, items: Vec<u8>| [&[0x82][..], &cbor::uint(level), &items].concat();
    walk_node(&node(0, cbor::array(&[entry(b"", &[])]))).unwrap();
    let mut attempts: Vec<Attempt<'_, (), RepoError>> = Vec::new();
    for claimed in [u64::MAX, u64::from(u32::MAX), 1 << 31, 1 << 20] {
        for level in [0, 1, 8] {
            let bytes = node(level, cbor::array_of(claimed));
            attempts.push((format!("{claimed} items at level {level}"), Box::new(move || walk_node(&bytes))));
        }
        for field in [8, 14, 15] {
            let bytes = node(0, cbor::array(&[entry(b"", &[(field, cbor::array_of(claimed))])]));
            attempts.push((format!("{claimed} items in field {field}"), Box::new(move || walk_node(&bytes))));
        }
    }
    for level in [9, 255, u64::from(u32::MAX), u64::MAX] {
        let bytes = node(level, cbor::array(&[]));
        attempts.push((format!("a tree {level} levels high"), Box::new(move || walk_node(&bytes))));
    }
    let empty = node(0, cbor::array(&[]));
    attempts.push(("an empty node".to_owned(), Box::new(move || walk_node(&empty))));
    assert_refused(attempts);
    for depth in [5, 255] {
        let list = cbor::array(&[cbor::uint(depth), cbor::bytes(&[])]);
        let file = cbor::map(&[], &[(0, cbor::bytes(b"f")), (1, cbor::uint(0)), (6, cbor::uint(0)), (7, list)]);
        assert!(decode_entry(&file).is_err(), "lists {depth} deep");
    }
}

#[test]
fn bomb_of_64() {
    let _alone = alone();
    let plain = vec![0; 200 << 20];
    let bomb = zstd::bulk::compress(&plain, 3).unwrap();
    drop(plain);
    let mut pack = LyingPack::honest(64 << 10, &domain(), b"", bomb.clone(), 1);
    pack.rows[0].plain_len = 64 << 20;
    assert_refused(vec![attempt("a bomb that claims 64 MiB".to_owned(), sealed(&pack), verify)]);
}

#[test]
fn many_small_exceptions() {
    let _alone = alone();
    let one = cbor::array(&[cbor::bytes(&[]), cbor::bytes(&[]), cbor::uint(0), cbor::text("")]);
    let count = (15 << 20) / one.len();
    let exceptions = [cbor::array_of(count as u64), one.repeat(count)].concat();
    let bytes = record(&public().encode(&[]), NOTE, &body(exceptions));
    let (peak, result) = measured(|| open_record(&bytes));
    assert!(peak <= LIMIT, "{} MiB, {result:?}", peak >> 20);
}

/// What takes a byte in the record takes many in memory.
#[test]
fn lists_of_next_to_nothing() {
    let _alone = alone();
    use cbor::{array, array_of, bytes, map, text, uint};
    let many = |one: Vec<u8>| {
        let count = (15 << 20) / one.len();
        [array_of(count as u64), one.repeat(count)].concat()
    };
    let doubt = |numbers, names| array(&[array(&[bytes(b"docs"), uint(1), uint(0), numbers, names])]);
    let containers = many(array(&[bytes(&[]), uint(0), bytes(&[]), array(&[])]));
    let four = || array(&[uint(1), uint(2), uint(3), uint(4)]);
    let rest = [text(""), text(""), four(), text(""), four(), uint(0)];
    let with = |roots, more: &[(u64, Vec<u8>)]| map(&[&[roots, array(&[])][..], &rest].concat(), more);
    for (what, body) in [
        ("names in a doubt", with(array(&[]), &[(100, doubt(array(&[uint(1)]), many(bytes(&[]))))])),
        ("numbers in a doubt", with(array(&[]), &[(100, doubt(many(uint(0)), array(&[])))])),
        ("doubts", with(array(&[]), &[(100, many(array(&[bytes(&[]), uint(9), uint(0), array(&[]), array(&[])])))])),
        ("containers", with(array(&[map(&[], &[(100, containers)])]), &[])),
    ] {
        let bytes = record(&public().encode(&[]), NOTE, &body);
        let (peak, result) = measured(|| open_record(&bytes));
        assert!(result.is_err() && peak <= LIMIT, "{what}: {} MiB, {result:?}", peak >> 20);
    }
    let features = many(text(""));
    let genesis = map(&[uint(0), array(&[]), cbor::time(1), map(&[], &[(2, map(&[], &[(2, features)]))])], &[]);
    let (peak, result) = measured(|| OwnerPublic::decode(0, &genesis).map(drop));
    assert!(result.is_err() && peak <= LIMIT, "features: {} MiB, {result:?}", peak >> 20);
}

#[test]
fn tiny_xattrs_in_a_node() {
    let _alone = alone();
    let one = cbor::array(&[cbor::bytes(&[]), cbor::bytes(&[])]);
    // As much as one chunk can hold.
    let count = (15 << 20) / one.len();
    let xattrs = [cbor::array_of(count as u64), one.repeat(count)].concat();
    let bytes = [&[0x82, 0][..], &cbor::array(&[entry(b"", &[(14, xattrs)])])].concat();
    let (peak, result) = measured(|| walk_node(&bytes));
    assert!(peak <= LIMIT, "{} MiB, {result:?}", peak >> 20);
}

#[test]
fn a_list_of_lists() {
    let _alone = alone();
    let list = [&[2; 32][..], &1u32.to_le_bytes()].concat().repeat(29_000);
    let id = ChunkId([1; 32]);
    let length = list.len() as u32;
    let chunks = Chunks(HashMap::from([(id, list)]));
    let top = ChunkList { depth: 1, chunks: vec![(id, length); 500] };
    let (peak, result) = measured(|| read_list(&top, &chunks).map(|all| all.len()));
    assert!(peak <= LIMIT, "{} MiB, {result:?}", peak >> 20);
}

/// An object longer than any of its kind is refused for its length, which the listing tells, before it is read.
#[test]
fn oversized_objects_are_refused_before_they_are_read() {
    let _alone = alone();
    use chest_engine::store::{LocalStore, MemoryStore};
    let place = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(LocalStore::open(place.path()).unwrap());
    let configuration = chest_engine::repo::config::Configuration::small_for_tests();
    let machine = common::Machine::on(store, MemoryStore::new(), configuration);
    machine.write("a", b"a");
    machine.backup().unwrap();
    let log = std::fs::read_dir(place.path().join("log")).unwrap().next().unwrap().unwrap().file_name();
    let log = log.into_string().unwrap();
    for name in [
        format!("log/{log}/fffffffffffffff0-{}", "ab".repeat(32)),
        format!("owner/fffffffffffffff0-{}", "ab".repeat(32)),
        format!("slots/{}-{}", "ab".repeat(16), "ab".repeat(32)),
        format!("index/{log}/{}", "ab".repeat(32)),
    ] {
        let path = place.path().join(&name);
        std::fs::File::create(&path).unwrap().set_len(300 << 20).unwrap();
        for (what, act) in [
            ("opening", Box::new(|| drop(machine.open())) as Box<dyn Fn()>),
            ("a backup", Box::new(|| drop(machine.backup()))),
        ] {
            let (peak, ()) = measured(act);
            println!("{name}: {what} took {} MiB", peak >> 20);
            assert!(peak <= LIMIT, "{name}: {what} took {} MiB", peak >> 20);
        }
        std::fs::remove_file(path).unwrap();
    }
    // One copy as long as that beside a good one: the good one is used, and the other not read.
    for folder in [format!("log/{log}"), "owner".to_owned(), "slots".to_owned()] {
        let file = std::fs::read_dir(place.path().join(&folder)).unwrap().next().unwrap().unwrap().file_name();
        for copy in [place.path().join(&folder), place.path().join("second").join(&folder)].map(|at| at.join(&file)) {
            let bytes = std::fs::read(&copy).unwrap();
            std::fs::File::create(&copy).unwrap().set_len(300 << 20).unwrap();
            let (peak, opened) = measured(|| machine.open().map(drop));
            opened.unwrap();
            let (more, saved) = measured(|| machine.backup().map(drop));
            saved.unwrap();
            assert!(peak.max(more) <= LIMIT, "{}: {} MiB", copy.display(), peak.max(more) >> 20);
            std::fs::write(&copy, bytes).unwrap();
        }
    }
}

/// An archive of so many members of one byte, each with a number and this behind it as its name.
fn many_members(count: u32, behind: &[u8], flags: u16) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for number in 0..count {
        let name = [format!("{number:06}").as_bytes(), behind].concat();
        let position = out.len() as u32;
        let le = |values: &[u16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        // 20 November 2026; the checksum of "x", and its length twice.
        let facts = [
            &le(&[20, flags, 0, 0x5000, 0x5d74])[..],
            &0x8cdc_1683_u32.to_le_bytes(),
            &1_u32.to_le_bytes(),
            &1_u32.to_le_bytes(),
            &le(&[name.len() as u16, 0]),
        ]
        .concat();
        out.extend([&b"PK\x03\x04"[..], &facts, &name, b"x"].concat());
        let record = [&b"PK\x01\x02"[..], &le(&[0x14]), &facts, &[0; 10], &position.to_le_bytes(), &name].concat();
        directory.extend(record);
    }
    let (start, length) = (out.len() as u64, directory.len() as u64);
    out.extend_from_slice(&directory);
    let count = u64::from(count);
    let zip64 = [44, 45 | 45 << 16, count, count, length, start].map(u64::to_le_bytes).concat();
    // Version and disks take 12 bytes, of which 8 were written as one number.
    let zip64 = [&b"PK\x06\x06"[..], &zip64[..16], &[0; 4], &zip64[16..]].concat();
    let locator = [&b"PK\x06\x07"[..], &[0; 4], &(start + length).to_le_bytes(), &[0; 4]].concat();
    let end = [&b"PK\x05\x06"[..], &[0; 4], &[0xff; 12], &[0; 2]].concat();
    [out, zip64, locator, end].concat()
}

#[test]
fn the_largest_export_that_is_accepted_is_listed_within_a_quarter_of_a_gibibyte() {
    use chest_engine::source::{ArchiveBytes, Source, ZipOptions, ZipSource};
    use chest_model::{Class, RootDescription, RootEncoding};
    const LISTED: usize = 192 << 20;
    let _alone = alone();
    let description = RootDescription {
        label: b"OneDrive export".to_vec(),
        native_path: b"/home/clerk/Export.zip".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    for (what, behind, flags, is_whole) in [
        ("short names", &b""[..], 0, true),
        ("names that are written otherwise", &[0; 90], 0, false),
        ("names of another character set", &[0xb0; 70], 0, true),
        ("long names", &[b'a'; 200], 0, true),
        ("locked files", b"", 1, true),
    ] {
        let bytes: Box<dyn ArchiveBytes> = Box::new(many_members(250_000, behind, flags));
        let archives = vec![(b"Export.zip".to_vec(), bytes)];
        let (peak, items) = measured(|| {
            let source = ZipSource::of_archives(archives, description.clone(), &ZipOptions::default()).unwrap();
            let mut items = 0;
            source
                .walk(&mut |_| {
                    items += 1;
                    ControlFlow::Continue(())
                })
                .unwrap();
            items
        });
        assert!(peak <= LISTED, "{what} took {} MiB", peak >> 20);
        assert_eq!(items == 250_001, is_whole, "{what}: {items} items");
    }
}
