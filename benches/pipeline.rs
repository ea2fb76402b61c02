//! Whole operations on 200 MiB of council files, all threads working: into memory, where nothing but the program costs, and
//! into a folder, where every pack is synced. `cargo bench --bench pipeline`.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use chest_engine::store::{LocalStore, MemoryStore, ObjectStore};
use chest_model::Completeness;
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use std::path::Path;
use std::sync::Arc;
use support::{Machine, write_council};

const SIZE: u64 = 200 << 20;

/// A new store each time, and what must live as long as it does.
type NewStore = fn() -> (Option<tempfile::TempDir>, Arc<dyn ObjectStore>);

fn in_memory() -> (Option<tempfile::TempDir>, Arc<dyn ObjectStore>) {
    (None, Arc::new(MemoryStore::new()))
}

fn in_a_folder() -> (Option<tempfile::TempDir>, Arc<dyn ObjectStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(&folder.path().join("repository")).unwrap();
    (Some(folder), Arc::new(store))
}

fn backup_whole(machine: &Machine, council: &Path) {
    assert_eq!(machine.backup(council).completeness, Completeness::Complete);
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, place: &str, new_store: NewStore, council: &Path) {
    group.bench_function(format!("first backup, {place}"), |b| {
        let setup = || {
            let (folder, store) = new_store();
            (folder, Machine::new(store))
        };
        let first = |(folder, machine): (_, Machine)| {
            backup_whole(&machine, council);
            (folder, machine)
        };
        b.iter_batched(setup, first, BatchSize::PerIteration);
    });

    let (_folder, store) = new_store();
    let machine = Machine::new(store);
    backup_whole(&machine, council);
    group.bench_function(format!("unchanged, {place}"), |b| b.iter(|| backup_whole(&machine, council)));
    group.bench_function(format!("restore, {place}"), |b| {
        // Removed together at the end: where many files were just deleted, ext4 is slow to make new ones.
        let (all, mut number) = (tempfile::tempdir().unwrap(), 0);
        let setup = || {
            number += 1;
            all.path().join(number.to_string())
        };
        let restore = |to| assert!(machine.restore(to).bytes > SIZE / 2);
        b.iter_batched(setup, restore, BatchSize::PerIteration);
    });
}

fn pipeline(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let council = folder.path().join("council");
    write_council(&council, SIZE);
    let mut group = c.benchmark_group("pipeline");
    group.throughput(Throughput::Bytes(SIZE)).sample_size(10);
    measure(&mut group, "memory", in_memory, &council);
    measure(&mut group, "folder", in_a_folder, &council);
    group.finish();
}

criterion_group!(whole, pipeline);
criterion_main!(whole);
