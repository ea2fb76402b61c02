//! Writes the first inputs of the targets `repository` and `local`: what the golden repository holds under its seals, and one of each
//! kind that an encoder writes. `cargo run -p chest-engine --example fuzz_seeds` puts them beside the corpus that is kept;
//! `cargo fuzz cmin` keeps of both what reaches something new.

#![allow(clippy::expect_used)]

#[path = "../../../fuzz/golden.rs"]
mod golden;

use chest_model::{
    Amount, ChunkId, ChunkList, Class, Completeness, Container, Doubt, DoubtKind, Entry, EntryKind, Environment,
    Exception, ExceptionKind, FileLook, Fingerprint, Glance, Hole, Metadata, ObjectHash, RandomError, RootDescription,
    RootEncoding, SlotId, Timestamp, TreePath, UnreadableReason, WriterId,
};
use chest_repo::chunk::ChunkerParameters;
use chest_repo::compress::{Compression, Compressor};
use chest_repo::config::Configuration;
use chest_repo::index::{IndexedPack, Segment, open_segment};
use chest_repo::keys::{DomainId, MasterKey};
use chest_repo::layout::Place;
use chest_repo::local::{
    Baseline, BaselineRoot, CacheWriter, CachedEntry, FileHashes, Journal, JournalRecovery, LocalFolder, LocalKey,
    Noticed, OwnDoing, Seen, WriterFile,
};
use chest_repo::pack::{PackClass, PackKey, PackedChunk, Prologue, chunks_start};
use chest_repo::record::{
    Added, AddedKind, AddedObject, ClassCount, Forerunner, Inventory, LeftOutBy, LiveSlot, LogPublic, NoteRoot,
    OwnerBody, OwnerPublic, RecordFrame, RecordRef, RootLocation, SnapshotBody, SnapshotRoot, Statistics, WriterGrant,
    WriterNote, unpadded,
};
use chest_repo::repository::Fetcher;
use chest_repo::tree::{ChunkReader, encode_entry};
use golden::Golden;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const AT: Timestamp = Timestamp { seconds: 1_795_168_800, nanoseconds: 5 };
const HASH: ObjectHash = ObjectHash([5; 32]);
const CHUNK: ChunkId = ChunkId([1; 32]);
const WRITER: WriterId = WriterId([3; 16]);

/// Where the inputs of one target go.
struct Seeds {
    folder: PathBuf,
    written: usize,
}

impl Seeds {
    fn of(target: &str) -> Self {
        let folder = Path::new(CHECKOUT).join("fuzz/corpus").join(target);
        fs::create_dir_all(&folder).expect("room for the corpus");
        Self { folder, written: 0 }
    }

    fn add(&mut self, decoder: u8, parts: &[&[u8]]) {
        let input = [&[decoder][..], &parts.concat()].concat();
        assert!(input.len() <= 65_536, "decoder {decoder}: {} bytes are more than an input may have", input.len());
        let name = format!("seed-{decoder:02}-{}", &blake3::hash(&input).to_hex()[..12]);
        fs::write(self.folder.join(name), input).expect("room for the corpus");
        self.written += 1;
    }
}

impl Drop for Seeds {
    fn drop(&mut self) {
        println!("{} inputs in {}", self.written, self.folder.display());
    }
}

/// Nothing here is secret, and the same each time.
struct Fixed;

impl Environment for Fixed {
    fn now(&self) -> Timestamp {
        AT
    }

    fn running(&self) -> Duration {
        Duration::ZERO
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        buffer.fill(7);
        Ok(())
    }

    fn host_name(&self) -> String {
        "office".to_owned()
    }
}

fn main() {
    let golden = Golden::open(Path::new(CHECKOUT));
    let mut seeds = Seeds::of("repository");
    stored_objects(&golden, &mut seeds);
    packs(&golden, &mut seeds);
    records(&golden, &mut seeds);
    written_records(&mut seeds);
    trees(&golden, &mut seeds);
    local_files(&golden, &mut Seeds::of("local"));
}

fn length(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).expect("short").to_le_bytes()
}

fn stored_objects(golden: &Golden, seeds: &mut Seeds) {
    for (number, (place, object)) in golden.objects.iter().enumerate() {
        seeds.add(0, &[place.name().as_str().as_bytes()]);
        if let Some(second) = place.second_name() {
            seeds.add(0, &[second.as_str().as_bytes()]);
        }
        let number = u16::try_from(number).expect("few").to_le_bytes();
        for at in [0u16, 12, 64, 96, 180] {
            seeds.add(1, &[&number, &at.to_le_bytes(), &object[usize::from(at)..usize::from(at) + 8]]);
        }
        match place {
            Place::Slot(..) => seeds.add(3, &[object]),
            Place::Log(..) | Place::Owner(_) => seeds.add(7, &[object]),
            _ => seeds.add(2, &[&object[..512]]),
        }
    }
}

fn packs(golden: &Golden, seeds: &mut Seeds) {
    for (place, object) in &golden.objects {
        match place {
            Place::Pack(_) => {
                let key = PackKey::from_object(golden.opener(), object).expect("it opens");
                let (prologue, table) = pack_front(&key.table(object).expect("it is intact"), object.len() as u64);
                seeds.add(4, &[&[object.len().trailing_zeros() as u8 - 16], &prologue, &table]);
            }
            Place::Index(writer, _) => {
                let segment = open_segment(&golden.master.writer(*writer), object).expect("it opens");
                seeds.add(6, &[&segment.encode()]);
            }
            _ => {}
        }
    }
    let plain = b"Minutes of the meeting of the council held in the village hall. ".repeat(50);
    let (stored, how) = Compressor::new(3).expect("memory").compress(&plain);
    assert_eq!(how, Compression::Zstandard);
    seeds.add(5, &[&(plain.len() as u32).to_le_bytes(), &stored]);
    let segment = Segment { base: vec![HASH], packs: vec![indexed_pack()] };
    seeds.add(6, &[&segment.encode()]);
}

/// As docs/format.md has it, and as the decoder reads it.
fn pack_front(chunks: &[PackedChunk], object_len: u64) -> ([u8; 16], Vec<u8>) {
    let row = |chunk: &PackedChunk| {
        let lengths = [chunk.plain_len.to_le_bytes(), chunk.stored_len.to_le_bytes()].concat();
        [&chunk.id.0[..], &lengths, &[chunk.compression as u8]].concat()
    };
    let table: Vec<u8> = chunks.iter().flat_map(row).collect();
    let sealed: u64 = chunks.iter().map(PackedChunk::sealed_len).sum();
    let padding = object_len - chunks_start(chunks.len()) - sealed - 16;
    let mut prologue = [0; 16];
    prologue[..4].copy_from_slice(&(chunks.len() as u32).to_le_bytes());
    prologue[8..].copy_from_slice(&padding.to_le_bytes());
    let read = Prologue::decode(&prologue, object_len).and_then(|prologue| prologue.decode_table(&table));
    assert_eq!(read.as_deref(), Ok(chunks));
    (prologue, table)
}

fn records(golden: &Golden, seeds: &mut Seeds) {
    for (place, object) in &golden.objects {
        let frame = || RecordFrame::parse(object.clone().into()).expect("a record");
        match place {
            Place::Log(writer, _) => {
                let frame = frame();
                seeds.add(9, &[frame.public()]);
                seeds.add(11, &[&frame.open_note(&golden.master.writer(*writer)).expect("it opens")]);
                seeds.add(12, &[&frame.open_body(golden.opener()).expect("it opens")]);
            }
            Place::Owner(_) => {
                // The kind stands at byte 11 of the header.
                seeds.add(10, &[&object[11..12], frame().public()]);
            }
            _ => {}
        }
    }
    let padded = [&5u32.to_le_bytes()[..], b"notes", &[0; 1015]].concat();
    assert_eq!(unpadded(&padded), Ok(&b"notes"[..]));
    seeds.add(8, &[&padded]);
}

fn refs() -> Vec<RecordRef> {
    vec![RecordRef { seq: 1, hash: HASH }, RecordRef { seq: 2, hash: HASH }]
}

/// With everything in them that a record can hold.
fn written_records(seeds: &mut Seeds) {
    let objects =
        vec![AddedObject { kind: AddedKind::Pack, hash: HASH }, AddedObject { kind: AddedKind::Index, hash: HASH }];
    seeds.add(13, &[&Inventory(objects.clone()).encode()]);
    for added in [Added::Listed(objects), Added::Inventory { hash: HASH, count: 2_000 }] {
        let public = LogPublic {
            chain: WRITER,
            seq: 3,
            parents: refs(),
            skips: refs(),
            owner_heads: refs(),
            started: AT,
            ended: AT,
            completeness: Completeness::Partial,
            partial_classes: 5,
            added,
            other_heads: vec![(WRITER, refs()[0])],
        };
        seeds.add(9, &[&public.encode()]);
    }
    for body in decisions() {
        let public = OwnerPublic { seq: 1, parents: refs(), at: AT, body };
        seeds.add(10, &[&[public.kind()], &public.encode()]);
    }
    let note = WriterNote {
        live_index: vec![(HASH, 65_536)],
        last_complete: vec![ClassCount { class: Class::Email, files: 1, bytes: 2 }],
        roots: vec![NoteRoot { label: b"documents".to_vec(), tree: CHUNK }],
    };
    seeds.add(11, &[&note.encode()]);
    seeds.add(12, &[&snapshot().encode()]);
}

fn decisions() -> Vec<OwnerBody> {
    let configuration = Configuration {
        needed_to_read: vec!["a".to_owned()],
        needed_to_write: vec!["b".to_owned()],
        may_ignore: vec!["c".to_owned()],
        ..Configuration::small_for_tests()
    };
    let domain = DomainId { founder: WRITER, epoch: chest_model::Epoch(0) };
    vec![
        OwnerBody::Genesis { owner_key: [1; 32], reader_fingerprint: [2; 32], configuration },
        OwnerBody::AddWriter(WriterGrant { writer: WRITER, epoch: domain.epoch, key: [4; 32], domain }),
        OwnerBody::Revoke { writer: WRITER },
        OwnerBody::Cut { writer: WRITER, heads: refs() },
        OwnerBody::Condemn { packs: vec![HASH] },
        OwnerBody::Bad { packs: vec![HASH] },
        OwnerBody::Drop { packs: vec![HASH], cut: vec![(WRITER, refs())] },
        OwnerBody::Slots { live: vec![LiveSlot { id: SlotId([1; 16]), hash: HASH }] },
        OwnerBody::Ignored { kind: 130 },
    ]
}

fn snapshot() -> SnapshotBody {
    let row = PackedChunk { id: CHUNK, plain_len: 300, stored_len: 200, compression: Compression::Zstandard };
    let location = RootLocation { pack: HASH, pack_len: 1 << 24, key_part: [6; 112], position: 1, offset: 5_000, row };
    let container = Container { name: b"Export.zip".to_vec(), size: 9, hash: Some([1; 32]), newest: Some(AT) };
    let root = SnapshotRoot {
        description: RootDescription {
            label: b"documents".to_vec(),
            native_path: b"/home/clerk".to_vec(),
            encoding: RootEncoding::UnixBytes,
            class: Class::Documents,
        },
        tree: CHUNK,
        location: Some(location),
        files: 1,
        bytes: 2,
        containers: vec![container],
        newest_content: Some(AT),
        forerunner: Some(Forerunner { label: b"docs".to_vec(), native_path: b"/home/old".to_vec() }),
        left_out_by: LeftOutBy { built_in: vec!["~$*".to_owned()], own: vec!["*.mp4".to_owned()] },
    };
    let kinds = [
        DoubtKind::Shrunk { before: Amount { files: 9, bytes: 900 }, now: Amount { files: 1, bytes: 2 } },
        DoubtKind::Missing { before: Amount { files: 9, bytes: 900 } },
        DoubtKind::FoldersGone { count: 3, first: vec![b"Minutes".to_vec()] },
        DoubtKind::Scrambled { files: 40, of: 50, demand_count: 171, demands: vec![b"HOW TO DECRYPT.txt".to_vec()] },
        DoubtKind::Empty,
    ];
    let exception = |kind| Exception { root: b"documents".to_vec(), path: path(b"a"), kind, message: "no".to_owned() };
    SnapshotBody {
        roots: vec![root],
        exceptions: vec![
            exception(ExceptionKind::ChangedWhileRead),
            exception(ExceptionKind::Unreadable(UnreadableReason::CloudOnly)),
        ],
        exception_count: 2,
        host: "office".to_owned(),
        reason: "before the audit".to_owned(),
        chunker: ChunkerParameters::DEFAULT,
        program: "chest 0.1".to_owned(),
        statistics: Statistics::default(),
        doubts: kinds.map(|kind| Doubt { root: b"documents".to_vec(), kind, accepted: true }).to_vec(),
    }
}

fn path(bytes: &[u8]) -> TreePath {
    TreePath::from_bytes(bytes.to_vec()).expect("a path")
}

fn trees(golden: &Golden, seeds: &mut Seeds) {
    for log in golden.logs() {
        let fetcher = Fetcher::open(&golden.session, log.writer(), []).expect("it opens");
        for root in
            golden.session.snapshots().0.iter().filter(|one| one.writer == log.writer()).flat_map(|one| &one.body.roots)
        {
            let node = fetcher.read_chunk(&root.tree).expect("it is there");
            seeds.add(14, &[&length(&node), &node]);
        }
    }
    let leaf = |entries: &[Entry]| {
        let items: Vec<u8> = entries.iter().flat_map(encode_entry).collect();
        [&[0x82, 0, 0x80 | entries.len() as u8][..], &items].concat()
    };
    let all = entries();
    let (first, second) = all.split_at(4);
    let child =
        |first: &[u8], piece: u8| [&[0x82, 0x40 | first.len() as u8][..], first, &[0x58, 32], &[piece; 32]].concat();
    let inner = [&[0x82, 1, 0x82][..], &child(b"", 1), &child(second[0].path.as_bytes(), 2)].concat();
    let pieces = [inner, leaf(first), leaf(second)];
    let pieces: Vec<u8> = pieces.iter().flat_map(|piece| [&length(piece)[..], piece].concat()).collect();
    seeds.add(14, &[&pieces]);
    let list: Vec<u8> = (0..3u32).flat_map(|_| [&[1; 32][..], &36u32.to_le_bytes()].concat()).collect();
    let below = [&[9; 32][..], &1_000u32.to_le_bytes()].concat();
    for depth in 0..3 {
        seeds.add(15, &[&[depth], &length(&list), &list, &length(&below), &below]);
    }
}

/// One of each kind, with everything that an entry can have.
fn entries() -> Vec<Entry> {
    let metadata = |xattrs| Metadata { mode: Some(0o644), uid: 1, gid: 2, modified: AT, xattrs };
    let list = |depth, length| ChunkList { depth, chunks: vec![(CHUNK, length)] };
    let kinds = [
        EntryKind::Directory,
        EntryKind::File {
            size: 40,
            chunks: list(0, 10),
            holes: vec![Hole { offset: 10, length: 30 }],
            link_group: Some([1; 32]),
            glance: Some(Glance::Mail),
        },
        EntryKind::File {
            size: 10,
            chunks: list(1, 36),
            holes: vec![],
            link_group: None,
            glance: Some(Glance::NotMail),
        },
        EntryKind::Symlink { target: b"../a".to_vec(), link_group: Some([2; 32]) },
        EntryKind::Fifo,
        EntryKind::Socket,
        EntryKind::CharacterDevice { device: 259 },
        EntryKind::BlockDevice { device: 2_050 },
        EntryKind::Unreadable { reason: UnreadableReason::PermissionDenied, message: "locked".to_owned() },
    ];
    let entry = |(number, kind): (usize, EntryKind)| Entry {
        path: if number == 0 { TreePath::root() } else { path(&[b'a' + number as u8]) },
        kind,
        metadata: metadata(vec![(b"user.a".to_vec(), b"b".to_vec())]),
        large_xattrs: vec![(b"user.large".to_vec(), list(0, 5_000))],
    };
    kinds.into_iter().enumerate().map(entry).collect()
}

fn indexed_pack() -> IndexedPack {
    let chunk = |compression| PackedChunk { id: CHUNK, plain_len: 300, stored_len: 200, compression };
    IndexedPack {
        name: HASH,
        writer: WRITER,
        epoch: chest_model::Epoch(0),
        class: PackClass::Tree,
        size: 1 << 20,
        key_part: [6; 112],
        chunks: vec![chunk(Compression::Raw), chunk(Compression::Zstandard)],
    }
}

fn local_files(golden: &Golden, seeds: &mut Seeds) {
    let master = MasterKey::new([1; 32], chest_model::RepositoryId([2; 32]), chest_model::Epoch(0));
    let key = LocalKey::of_writer(&master.writer(WRITER));
    let place = tempfile::tempdir().expect("a temporary folder");
    let folder = LocalFolder::new(place.path());
    let file = WriterFile::founding(&golden.master, WRITER, HASH);
    file.store(&folder).expect("room");
    let encoded = file.encode();
    seeds.add(1, &[&encoded]);
    seeds.add(1, &[&encoded[..encoded.len() - 32]]);
    let seen = Seen { owner: refs(), logs: BTreeMap::from([(WRITER, refs())]) };
    seen.store(&folder, "seen", &key, &Fixed).expect("room");
    seeds.add(2, &[&seen.encode()]);
    let root = BaselineRoot {
        ended: AT,
        tree: CHUNK,
        held: Amount { files: 3, bytes: 400 },
        folders: BTreeMap::from([(b"Minutes".to_vec(), 3)]),
        scrambled: 1,
        plain: Some(Amount { files: 2, bytes: 300 }),
        own_doing: Some(OwnDoing { named: Amount { files: 2, bytes: 200 }, noise: Amount { files: 1, bytes: 100 } }),
        demands: 1,
        class: Some(Class::Email),
        last_named: AT,
        place: Some(b"/home/clerk/Exports".to_vec()),
        form: Some(b"onedrive_#.zip".to_vec()),
        stand_ins: vec![b"OneDrive".to_vec()],
        accepted: Some(Amount { files: 2, bytes: 250 }),
        filled: Some(2),
    };
    let namesakes = vec![(b"documents".to_vec(), root.clone())];
    let baseline = Baseline { roots: BTreeMap::from([(b"documents".to_vec(), root)]), namesakes, follows_a_loss: true };
    baseline.store(&folder, &key, &Fixed).expect("room");
    seeds.add(3, &[&baseline.encode()]);
    let fingerprint = Fingerprint { size: 5, modified: AT, changed: AT, inode: 77 };
    let mut hashes = FileHashes::default();
    hashes.keep(FileLook { device: 1, fingerprint }, [8; 32]);
    hashes.store(&folder, &key, &Fixed).expect("room");
    seeds.add(4, &[&hashes.encode()]);
    journal(&folder, &key, seeds);
    cache(&folder, &key, fingerprint, seeds);
    let cache = format!("root-{}", &blake3::hash(b"documents").to_hex()[..32]);
    for (number, name) in ["writer", "seen", "baseline", "hashes", "journal", &cache].iter().enumerate() {
        let bytes = folder.read(name).expect("it is there").expect("it is there");
        seeds.add(0, &[&[number as u8], &bytes]);
    }
}

fn journal(folder: &LocalFolder, key: &LocalKey, seeds: &mut Seeds) {
    let pack = indexed_pack();
    let journal = Journal::begin(folder, key, &[HASH], std::slice::from_ref(&pack), &Fixed).expect("room");
    journal.note(&pack, &Fixed).expect("room");
    // A line is what an index holds behind its heads.
    let line = Segment { base: Vec::new(), packs: vec![pack.clone()] }.encode()[4..].to_vec();
    let read = JournalRecovery::decode([HASH.0.to_vec(), line.clone()]).expect("a journal");
    assert_eq!((read.base, read.packs), (vec![HASH], vec![pack]));
    seeds.add(5, &[&length(&HASH.0), &HASH.0, &length(&line), &line, &length(&line), &line]);
}

fn cache(folder: &LocalFolder, key: &LocalKey, fingerprint: Fingerprint, seeds: &mut Seeds) {
    let (plain, own_noise, sought_newest) = (true, true, true);
    let noticed = Noticed { scrambled: true, plain, own_noise, newest: Some(AT), sought_newest, notebook_link: true };
    let mut writer = CacheWriter::begin(folder, b"documents", key).expect("room");
    let mut frame = Vec::new();
    for entry in entries() {
        let encoded = encode_entry(&entry);
        writer.push(&fingerprint, &noticed, &encoded, &[CHUNK], &Fixed).expect("room");
        let time = [&AT.seconds.to_le_bytes()[..], &AT.nanoseconds.to_le_bytes()].concat();
        let look = [&fingerprint.size.to_le_bytes()[..], &time, &time, &fingerprint.inode.to_le_bytes()].concat();
        let counts = [(encoded.len() as u32).to_le_bytes(), 1u32.to_le_bytes()].concat();
        let line = [&look[..], &[63], &time, &counts, &encoded, &CHUNK.0].concat();
        let read = CachedEntry::read(&mut &line[..]).expect("an entry");
        assert_eq!((read.fingerprint, read.noticed, read.entry), (fingerprint, noticed, entry));
        frame.extend(line);
    }
    writer.finish(&Fixed).expect("room");
    seeds.add(6, &[&frame]);
}
