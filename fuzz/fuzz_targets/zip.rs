//! Any bytes as a ZIP export: opened, walked and read to the end twice, within bounds of work and memory, and every promise of a
//! source kept.

#![no_main]

use chest_model::{Class, RootDescription, RootEncoding};
use chest_source::{ArchiveBytes, ItemKind, NoneKnown, Source, ZipLimits, ZipOptions, ZipSource, contract};
use libfuzzer_sys::fuzz_target;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many times the length of the input may be read at most: once around every member where the directory is lost, and a few
/// times from beginning to end.
const PASSES: u64 = 300;
const LIMITS: ZipLimits = ZipLimits {
    items: 200,
    directory_bytes: 64 << 10,
    total_bytes: 1 << 20,
    ratio: 100,
    ratio_counts_from: 4 << 10,
    ratio_in_all: 50,
    ratio_in_all_counts_from: 128 << 10,
};

/// Counts what is read of the input.
struct Counted {
    input: Vec<u8>,
    read: Arc<AtomicU64>,
}

impl ArchiveBytes for Counted {
    fn length(&self) -> u64 {
        self.input.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read_at(offset, buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

fn description() -> RootDescription {
    RootDescription {
        label: b"export".to_vec(),
        native_path: b"Export.zip".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    }
}

/// What is listed and read stays within the limits, and no promise but those about damaged files is broken.
fn examine(source: &ZipSource) {
    let (mut items, mut announced) = (0, 0);
    let walked = source.walk(&mut |item| {
        items += 1;
        if let ItemKind::File { size } = item.kind {
            announced += size;
        }
        ControlFlow::Continue(())
    });
    assert!(walked.is_ok());
    // The root, and one item for each of the two archives and for what goes beyond the limits.
    assert!(items <= LIMITS.items + 4, "{items} items");
    assert!(announced <= LIMITS.total_bytes, "{announced} bytes");
    for broken in contract::check(source) {
        let is_damage = matches!(broken.promise, contract::Promise::Opens | contract::Promise::SameBytes);
        // A damaged file fails; it never reads as something else.
        let reads_otherwise = broken.seen.starts_with("different") || broken.seen == "the second reading was longer";
        assert!(is_damage && !reads_otherwise, "{broken:?}");
    }
    assert_eq!(source.containers(&NoneKnown).len(), 2);
}

fuzz_target!(|input: &[u8]| {
    let read = Arc::new(AtomicU64::new(0));
    // As two archives: every name is there twice.
    let archives = ["A.zip", "B.zip"].map(|name| {
        let bytes: Box<dyn ArchiveBytes> = Box::new(Counted { input: input.to_vec(), read: read.clone() });
        (name.as_bytes().to_vec(), bytes)
    });
    let options = ZipOptions { limits: LIMITS, ..ZipOptions::default() };
    if let Ok(source) = ZipSource::of_archives(archives.into(), description(), &options) {
        examine(&source);
    }
    let most = (input.len() as u64 + (64 << 10)) * PASSES;
    assert!(read.load(Ordering::Relaxed) <= most, "{} bytes read of {}", read.load(Ordering::Relaxed), input.len());
});
