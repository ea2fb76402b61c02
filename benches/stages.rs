//! Each stage of a backup alone, on one thread and in bytes or items a second: what says which of them a change made faster
//! or slower. `cargo bench --bench stages`, or `cargo bench --bench stages -- compress` for some.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use chest_engine::repo::Sealer;
use chest_engine::repo::chunk::{Chunker, ChunkerParameters};
use chest_engine::repo::compress::{Compression, Compressor, Decompressor};
use chest_engine::repo::index::{IdSet, IndexedPack, Lookup, Segment, open_segment, seal_segment};
use chest_engine::repo::keys::{DomainKeys, MasterKey};
use chest_engine::repo::layout::Place;
use chest_engine::repo::pack::{PackClass, PackKey, PackedChunk, Packer, PendingChunk, ReadyPack, seal_pack};
use chest_engine::repo::tree::{NodeSink, TreeBuilder, encode_entry};
use chest_engine::repo::{Opener, RepoError};
use chest_engine::source::Source;
use chest_engine::store::{AlignedBuffer, LocalStore, ObjectStore};
use chest_model::{
    ChunkId, ChunkList, Entry, EntryKind, Epoch, Metadata, ObjectHash, RepositoryId, TreePath, WriterId,
};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use support::{council_bytes, id, noise, source};

const MIB: usize = 1 << 20;
const PACK: u64 = 16 << 20;
const WRITER: WriterId = WriterId([3; 16]);

fn master() -> MasterKey {
    MasterKey::new([1; 32], RepositoryId([2; 32]), Epoch(0))
}

fn domain() -> DomainKeys {
    master().domain(WRITER).keys()
}

fn sealer() -> Sealer {
    Sealer::new(master().writer(WRITER), master().reader_public(), master().reader_public())
}

fn cut(chunker: &Chunker, data: &[u8]) -> Vec<usize> {
    let (mut at, mut lengths) = (0, Vec::new());
    while at < data.len() {
        let length = chunker.cut(&data[at..]);
        lengths.push(length);
        at += length;
    }
    lengths
}

/// Ten thousand small files in a hundred folders: what an unchanged tree costs at least.
fn walk(c: &mut Criterion) {
    const FILES: u64 = 10_000;
    let folder = tempfile::tempdir().unwrap();
    for number in 0..FILES {
        let below = folder.path().join(format!("{:02}", number % 100));
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(below.join(format!("{number}.txt")), number.to_string()).unwrap();
    }
    let source = source(folder.path());
    let mut group = c.benchmark_group("walk");
    group.throughput(Throughput::Elements(FILES));
    group.bench_function("10 thousand files", |b| {
        b.iter(|| {
            let mut seen = 0u64;
            source
                .walk(&mut |item| {
                    seen += 1;
                    black_box(item);
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert_eq!(seen, FILES + 101);
        });
    });
    group.finish();
}

/// From memory, and from a file that the system has in its cache.
fn read_and_cut(c: &mut Criterion) {
    let data = noise(support::SEED, 64 * MIB);
    let chunker = Chunker::new(ChunkerParameters::DEFAULT, &domain());
    let mut group = c.benchmark_group("cut");
    group.throughput(Throughput::Bytes(data.len() as u64));
    group.bench_function("in memory", |b| b.iter(|| cut(&chunker, &data)));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), &data).unwrap();
    let source = source(folder.path());
    let mut item = None;
    let mut take = |found| {
        item = Some(found);
        ControlFlow::Continue(())
    };
    source.walk(&mut take).unwrap();
    let item = item.unwrap();
    let mut buffer = vec![0; 16 * MIB];
    group.bench_function("read and cut", |b| {
        b.iter(|| {
            let mut content = source.open(&item).unwrap();
            loop {
                let length = content.read(&mut buffer).unwrap();
                if length == 0 {
                    break;
                }
                black_box(cut(&chunker, &buffer[..length]));
            }
            content.finish().unwrap()
        });
    });
    group.finish();
}

fn hash(c: &mut Criterion) {
    let (domain, data) = (domain(), noise(1, MIB));
    let mut group = c.benchmark_group("keyed hash");
    group.throughput(Throughput::Bytes(data.len() as u64));
    group.bench_function("1 MiB", |b| b.iter(|| domain.chunk_id(black_box(&data))));
    group.finish();
}

/// The council's own files, cut as a backup cuts them.
fn compress(c: &mut Criterion) {
    let data = council_bytes(32 * MIB);
    let chunker = Chunker::new(ChunkerParameters::DEFAULT, &domain());
    let lengths = cut(&chunker, &data);
    let mut group = c.benchmark_group("compress");
    group.throughput(Throughput::Bytes(data.len() as u64)).sample_size(10);
    for level in [1, 3] {
        let mut compressor = Compressor::new(level).unwrap();
        group.bench_function(BenchmarkId::new("zstd", level), |b| {
            b.iter(|| {
                let mut at = 0;
                for length in &lengths {
                    black_box(compressor.compress(&data[at..at + length]));
                    at += length;
                }
            });
        });
    }
    group.finish();
}

/// Sixteen raw chunks of just under 1 MiB: a full pack of what does not compress.
fn chunks() -> Vec<PendingChunk> {
    let domain = domain();
    let chunk = |number| {
        let stored = noise(number + 10, MIB - 4096);
        let length = stored.len() as u32;
        let row = PackedChunk {
            id: domain.chunk_id(&stored),
            plain_len: length,
            stored_len: length,
            compression: Compression::Raw,
        };
        PendingChunk { row, stored }
    };
    (0..16u64).map(chunk).collect()
}

fn pack(c: &mut Criterion) {
    let chunks = chunks();
    let bytes: usize = chunks.iter().map(|chunk| chunk.stored.len()).sum();
    let mut group = c.benchmark_group("pack");
    // Filling moves no bytes, only who holds them.
    group.throughput(Throughput::Elements(chunks.len() as u64)).sample_size(20);
    group.bench_function("fill", |b| {
        let setup = || (Packer::new(PackClass::Data, PACK, [9; 32]), chunks.clone());
        let fill = |(mut packer, chunks): (Packer, Vec<PendingChunk>)| {
            let mut packs: Vec<ReadyPack> = chunks.into_iter().filter_map(|chunk| packer.push(chunk)).collect();
            packs.extend(packer.finish());
            packs
        };
        b.iter_batched(setup, fill, BatchSize::LargeInput);
    });

    group.throughput(Throughput::Bytes(bytes as u64));
    let (sealer, domain) = (sealer(), domain());
    let mut decompressor = Decompressor::new().unwrap();
    let ready = || ReadyPack { class: PackClass::Data, size: PACK, chunks: chunks.clone() };
    group.bench_function("seal and open again", |b| {
        // As a run does it: a buffer that was sent is filled again.
        let mut buffer = AlignedBuffer::default();
        let seal = |ready| {
            let used = std::mem::take(&mut buffer);
            buffer = seal_pack(&sealer, &domain, &mut decompressor, ready, used, &[4; 32]).unwrap().bytes;
        };
        b.iter_batched(ready, seal, BatchSize::LargeInput);
    });
    let sealed =
        seal_pack(&sealer, &domain, &mut decompressor, ready(), AlignedBuffer::default(), &[4; 32]).unwrap().bytes;
    let opener = Opener::new(master());
    group.bench_function("open", |b| {
        b.iter(|| PackKey::from_object(&opener, &sealed).unwrap().verify(&sealed, &domain, &mut decompressor).unwrap());
    });
    group.finish();
}

/// A whole pack, synced: what the disk allows.
fn put(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(&folder.path().join("repository")).unwrap();
    let bytes = noise(3, PACK as usize);
    let mut number = 0;
    let mut group = c.benchmark_group("put");
    group.throughput(Throughput::Bytes(PACK)).sample_size(10);
    group.bench_function("16 MiB in a folder", |b| {
        let setup = || {
            number += 1;
            (Place::Pack(ObjectHash(id(number))).name(), bytes.clone())
        };
        b.iter_batched(setup, |(name, bytes)| store.put(&name, bytes.into()).unwrap(), BatchSize::PerIteration);
    });
    group.finish();
}

/// Packs of sixteen chunks of 1 MiB, as files of their own size make them.
fn segment(chunks: u64) -> Segment {
    let row = |number| PackedChunk {
        id: ChunkId(id(number)),
        plain_len: MIB as u32,
        stored_len: (MIB - 100) as u32,
        compression: Compression::Zstandard,
    };
    let pack = |number: u64| IndexedPack {
        name: ObjectHash(id(u64::MAX / 2 + number)),
        writer: WRITER,
        epoch: Epoch(0),
        class: PackClass::Data,
        size: PACK,
        key_part: [7; _],
        chunks: (number * 15..(number + 1) * 15).map(row).collect(),
    };
    Segment { base: Vec::new(), packs: (0..chunks / 15).map(pack).collect() }
}

fn index(c: &mut Criterion) {
    let (sealer, key) = (sealer(), master().writer(WRITER));
    let mut group = c.benchmark_group("index");
    group.sample_size(10);
    for chunks in [100_000, 1_000_000] {
        let segment = segment(chunks);
        let ids: Vec<ChunkId> =
            segment.packs.iter().flat_map(|pack| pack.chunks.iter().map(|chunk| chunk.id)).collect();
        group.throughput(Throughput::Elements(ids.len() as u64));
        group.bench_function(BenchmarkId::new("seal and open again", chunks), |b| {
            b.iter(|| seal_segment(&sealer, &segment, &[5; 32]).unwrap());
        });
        let sealed = seal_segment(&sealer, &segment, &[5; 32]).unwrap().bytes;
        group.bench_function(BenchmarkId::new("open", chunks), |b| b.iter(|| open_segment(&key, &sealed).unwrap()));
        group.bench_function(BenchmarkId::new("build the lookup", chunks), |b| {
            b.iter_batched(|| segment.packs.clone(), Lookup::new, BatchSize::PerIteration);
        });
        let lookup = Lookup::new(segment.packs.clone());
        group.bench_function(BenchmarkId::new("find every chunk", chunks), |b| {
            b.iter(|| ids.iter().filter(|id| lookup.find(id).is_some()).count());
        });
        let set: IdSet = ids.iter().copied().collect();
        group.bench_function(BenchmarkId::new("is every chunk known", chunks), |b| {
            b.iter(|| ids.iter().filter(|id| set.contains(id)).count());
        });
    }
    group.finish();
}

/// Names each node and forgets it.
struct Named(DomainKeys);

impl NodeSink for Named {
    fn node(&mut self, plain: Vec<u8>) -> Result<ChunkId, RepoError> {
        Ok(self.0.chunk_id(&plain))
    }
}

fn tree(c: &mut Criterion) {
    const FILES: u64 = 100_000;
    let entries: Vec<Entry> = (0..FILES)
        .map(|number| Entry {
            path: TreePath::root()
                .child(format!("folder {:05}", number / 50).as_bytes())
                .and_then(|folder| folder.child(format!("file {number:07}.txt").as_bytes()))
                .unwrap(),
            kind: EntryKind::File {
                size: 4096,
                chunks: ChunkList { depth: 0, chunks: vec![(ChunkId(id(number)), 4096)] },
                holes: Vec::new(),
                link_group: None,
                glance: None,
            },
            metadata: Metadata { mode: Some(0o644), ..Metadata::default() },
            large_xattrs: Vec::new(),
        })
        .collect();
    let domain = Arc::new(domain());
    let mut group = c.benchmark_group("tree");
    group.throughput(Throughput::Elements(FILES)).sample_size(10);
    group.bench_function("build, 100 thousand files", |b| {
        b.iter(|| {
            let (mut builder, mut sink) =
                (TreeBuilder::new(domain.clone(), PACK), Named(master().domain(WRITER).keys()));
            for entry in &entries {
                builder.push(&entry.path, &encode_entry(entry), &mut sink).unwrap();
            }
            builder.finish(&mut sink).unwrap()
        });
    });
    group.finish();
}

criterion_group!(stages, walk, read_and_cut, hash, compress, pack, put, index, tree);
criterion_main!(stages);
