//! Files that change while they are read: what is stored of one that never stood still is never called complete, also where it
//! kept its length, as databases, mail stores and disk images do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::source::{FolderOptions, FolderSource};
use chest_model::{Class, Completeness, ExceptionKind, RootDescription, RootEncoding, TreePath};
use chest_testkit::FailingSource;
use common::{Machine, noise};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const LENGTH: usize = 300_000;

fn watched(folder: &Path) -> Arc<FailingSource<FolderSource>> {
    let description = RootDescription {
        label: b"documents".to_vec(),
        native_path: b"documents".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    Arc::new(FailingSource::new(FolderSource::new(folder, description, FolderOptions::default()).unwrap()))
}

fn path(text: &str) -> TreePath {
    TreePath::from_bytes(text.as_bytes().to_vec()).unwrap()
}

fn restored(machine: &Machine, file: &str) -> Vec<u8> {
    let to = tempfile::tempdir().unwrap();
    machine.restore_to(to.path()).unwrap();
    fs::read(to.path().join("documents").join(file)).unwrap()
}

#[test]
fn a_file_that_changed_while_it_was_read_is_read_again_and_stored_as_it_then_is() {
    let machine = Machine::new();
    machine.write("council.db", &noise(1, LENGTH));
    let source = watched(&machine.source());
    source.change_while_read(path("council.db"), 1);
    let outcome = machine.backup_of(vec![Box::new(source.clone())]).unwrap();
    assert_eq!(outcome.completeness, Completeness::Complete);
    assert_eq!(source.opens(), 3, "the second time it looks other than at the end of the first");
    assert_eq!(restored(&machine, "council.db"), noise(1, LENGTH));
}

#[test]
fn a_file_that_never_stands_still_makes_the_backup_partial_though_it_keeps_its_length() {
    let machine = Machine::new();
    machine.write("council.db", &noise(1, LENGTH));
    let source = watched(&machine.source());
    source.change_while_read(path("council.db"), 3);
    let outcome = machine.backup_of(vec![Box::new(source.clone())]).unwrap();
    assert_eq!(outcome.completeness, Completeness::Partial);
    let told: Vec<_> = outcome.exceptions.iter().map(|one| (one.path.clone(), one.kind)).collect();
    assert_eq!(told, [(path("council.db"), ExceptionKind::ChangedWhileRead)]);

    source.forget_opens();
    let next = machine.backup_of(vec![Box::new(source.clone())]).unwrap();
    assert_eq!((next.completeness, source.opens()), (Completeness::Complete, 1), "it is not taken for unchanged");
    assert_eq!(restored(&machine, "council.db"), noise(1, LENGTH));
}

#[test]
fn so_does_one_with_holes() {
    let machine = Machine::new();
    machine.write("disk.img", b"");
    let file = OpenOptions::new().write(true).open(machine.source().join("disk.img")).unwrap();
    file.write_all_at(&noise(2, 100_000), 1 << 20).unwrap();
    file.set_len(4 << 20).unwrap();
    let source = watched(&machine.source());
    source.change_while_read(path("disk.img"), 3);
    let outcome = machine.backup_of(vec![Box::new(source)]).unwrap();
    assert_eq!(outcome.completeness, Completeness::Partial);
    assert_eq!(outcome.exceptions.len(), 1);
}

#[test]
fn a_database_at_work_is_named() {
    let machine = Machine::new();
    machine.write("council.db", &vec![0; 64 << 20]);
    let (over, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let file = OpenOptions::new().write(true).open(machine.source().join("council.db")).unwrap();
    let at_work = std::thread::spawn({
        let (over, written) = (over.clone(), written.clone());
        move || keep_writing(&file, &over, &written)
    });
    let outcome = machine.backup().unwrap();
    let meanwhile = written.load(Ordering::Relaxed);
    over.store(true, Ordering::Relaxed);
    at_work.join().unwrap();
    assert!(meanwhile > 3, "{meanwhile}: it was at work all the time");
    assert_eq!(outcome.completeness, Completeness::Partial);
    assert_eq!(outcome.exceptions.first().map(|one| one.kind), Some(ExceptionKind::ChangedWhileRead));
}

fn keep_writing(file: &File, over: &AtomicBool, written: &AtomicU64) {
    let mut generation = 0_u64;
    while !over.load(Ordering::Relaxed) {
        generation += 1;
        for at in (0..64).map(|mebibyte| mebibyte << 20) {
            file.write_all_at(&generation.to_le_bytes(), at).unwrap();
        }
        written.store(generation, Ordering::Relaxed);
        // A change that falls into one tick of the file system's clock shows in no time.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
