//! The contract must bite: each small source here breaks one promise, and that one is named.

use super::*;
use crate::{AfterReading, ReadFailure, SourceError, Xattrs};
use chest_model::{Class, Fingerprint, Metadata, RootDescription, RootEncoding, UnreadableReason};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A source in memory; every kind of lie is a field.
struct Small {
    description: RootDescription,
    items: Vec<SourceItem>,
    lies: Lies,
    asked: AtomicUsize,
}

#[derive(Clone, Copy, Default)]
struct Lies {
    goes_on_after_break: bool,
    forgets_on_second_walk: bool,
    fails_to_walk: bool,
    refuses_to_open: bool,
    opens_folders: bool,
    other_bytes_each_time: bool,
    stops_short: bool,
    short_reads: bool,
    looks_changed: bool,
    unsorted_xattrs: bool,
    hole: Option<Hole>,
}

struct SmallContent {
    data: Vec<u8>,
    position: usize,
    holes: Vec<Hole>,
    most: usize,
    fingerprint: Fingerprint,
}

fn refusal() -> ReadFailure {
    ReadFailure::lasting(UnreadableReason::ReadError, "no")
}

impl Source for Small {
    fn description(&self) -> &RootDescription {
        &self.description
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        if self.lies.fails_to_walk {
            return Err(SourceError::NotFound { path: "small".to_owned() });
        }
        let walks = self.asked.fetch_add(1, Ordering::Relaxed);
        let forgotten = usize::from(self.lies.forgets_on_second_walk && walks == 1);
        for item in &self.items[..self.items.len() - forgotten] {
            if visit(item.clone()).is_break() && !self.lies.goes_on_after_break {
                break;
            }
        }
        Ok(())
    }

    fn xattrs(&self, _: &SourceItem) -> Result<Xattrs, ReadFailure> {
        let mut names = vec![b"user.a".to_vec(), b"user.b".to_vec()];
        if self.lies.unsorted_xattrs {
            names.reverse();
        }
        Ok(names.into_iter().map(|name| (name, Vec::new())).collect())
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        let ItemKind::File { size } = item.kind else {
            return if self.lies.opens_folders { Ok(Box::new(self.content(0, item))) } else { Err(refusal()) };
        };
        if self.lies.refuses_to_open {
            return Err(refusal());
        }
        Ok(Box::new(self.content(size, item)))
    }
}

impl Small {
    fn content(&self, size: u64, item: &SourceItem) -> SmallContent {
        let opened = self.asked.fetch_add(1, Ordering::Relaxed);
        let byte = if self.lies.other_bytes_each_time { opened as u8 } else { 7 };
        let length = size as usize - usize::from(self.lies.stops_short);
        let mut fingerprint = item.fingerprint;
        fingerprint.inode += u64::from(self.lies.looks_changed);
        SmallContent {
            data: vec![byte; length],
            position: 0,
            holes: self.lies.hole.into_iter().collect(),
            most: if self.lies.short_reads { 100 } else { usize::MAX },
            fingerprint,
        }
    }
}

impl Content for SmallContent {
    fn holes(&self) -> &[Hole] {
        &self.holes
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let read = buffer.len().min(self.most).min(self.data.len() - self.position);
        buffer[..read].copy_from_slice(&self.data[self.position..self.position + read]);
        self.position += read;
        Ok(read)
    }

    fn finish(self: Box<Self>) -> Result<AfterReading, ReadFailure> {
        Ok(AfterReading { metadata: Metadata::default(), fingerprint: self.fingerprint })
    }
}

fn item(path: &str, kind: ItemKind) -> SourceItem {
    let path = TreePath::from_bytes(path.as_bytes().to_vec()).unwrap();
    let (metadata, fingerprint) = Default::default();
    SourceItem { path, kind, metadata, fingerprint, first_link: None, cloud_only: false }
}

fn honest_items() -> Vec<SourceItem> {
    let file = ItemKind::File { size: 100_000 };
    vec![item("", ItemKind::Directory), item("a", ItemKind::Directory), item("a/x", file.clone()), item("b", file)]
}

fn broken(items: Vec<SourceItem>, lies: Lies) -> Vec<Promise> {
    let description = RootDescription {
        label: b"small".to_vec(),
        native_path: b"small".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    let mut promises: Vec<_> = check(&Small { description, items, lies, asked: AtomicUsize::new(0) })
        .into_iter()
        .map(|broken| broken.promise)
        .collect();
    promises.dedup();
    promises
}

#[test]
fn an_honest_source_breaks_nothing() {
    assert_eq!(broken(honest_items(), Lies::default()), []);
}

#[test]
fn every_lie_about_content_and_walking_is_named() {
    let no = Lies::default();
    for (lies, promise) in [
        (Lies { goes_on_after_break: true, ..no }, Promise::StopsWhenTold),
        (Lies { forgets_on_second_walk: true, ..no }, Promise::SameWalk),
        (Lies { refuses_to_open: true, ..no }, Promise::Opens),
        (Lies { opens_folders: true, ..no }, Promise::OnlyFilesOpen),
        (Lies { other_bytes_each_time: true, ..no }, Promise::SameBytes),
        (Lies { stops_short: true, ..no }, Promise::AnnouncedLength),
        (Lies { short_reads: true, ..no }, Promise::ReadsInFull),
        (Lies { looks_changed: true, ..no }, Promise::QuietFingerprint),
        (Lies { unsorted_xattrs: true, ..no }, Promise::XattrsSorted),
        (Lies { hole: Some(Hole { offset: 5, length: 0 }), ..no }, Promise::HolesInOrder),
        (Lies { hole: Some(Hole { offset: 99_999, length: 2 }), ..no }, Promise::HolesInOrder),
        (Lies { hole: Some(Hole { offset: 5, length: 5 }), ..no }, Promise::AnnouncedLength),
        (Lies { fails_to_walk: true, ..no }, Promise::Walks),
    ] {
        let found = broken(honest_items(), lies);
        assert!(found.contains(&promise), "{promise:?} not in {found:?}");
    }
}

#[test]
fn every_lie_about_the_listing_is_named() {
    let [root, folder, inner, file] = honest_items().try_into().unwrap();
    let linked = |to: &str| SourceItem { first_link: Some(item(to, ItemKind::Directory).path), ..file.clone() };
    for (items, promise) in [
        (vec![], Promise::RootFirst),
        (vec![folder.clone(), inner.clone()], Promise::RootFirst),
        (vec![root.clone(), file.clone(), folder.clone()], Promise::Ascending),
        (vec![root.clone(), file.clone(), file.clone()], Promise::Ascending),
        (vec![root.clone(), inner.clone()], Promise::BelowFolders),
        (vec![root.clone(), item("a", ItemKind::Fifo), inner.clone()], Promise::BelowFolders),
        (vec![root.clone(), folder.clone(), linked("a")], Promise::FirstLinkKnown),
        (vec![root.clone(), folder.clone(), linked("c")], Promise::FirstLinkKnown),
    ] {
        assert_eq!(broken(items, Lies::default()).first(), Some(&promise));
    }
    assert_eq!(broken(vec![root, folder, inner, linked("a/x")], Lies::default()), []);
}
