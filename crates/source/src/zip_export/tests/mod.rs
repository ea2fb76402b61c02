//! What an export may hold and still be read, and what a hostile one may not do.

mod bombs;
mod build;
#[cfg(unix)]
mod closed;
mod damage;
mod duplicates;
mod folders;
mod hidden;
mod names;
mod random;
mod shapes;

use super::*;
use crate::{NoneKnown, contract};
use chest_model::{Class, FileLook, Fingerprint, RootEncoding, TreePath};
use std::collections::BTreeMap;

fn description() -> RootDescription {
    RootDescription {
        label: b"OneDrive export".to_vec(),
        native_path: b"/home/clerk/Export.zip".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    }
}

fn path(text: &str) -> TreePath {
    TreePath::from_bytes(text.as_bytes().to_vec()).unwrap()
}

fn try_open(archives: &[(&str, Vec<u8>)], options: &ZipOptions) -> Result<ZipSource, SourceError> {
    let archives = archives.iter().map(|(name, bytes)| {
        let bytes: Box<dyn ArchiveBytes> = Box::new(bytes.clone());
        (name.as_bytes().to_vec(), bytes)
    });
    ZipSource::of_archives(archives.collect(), description(), options)
}

/// Opens archives, and holds the source to what every source promises, wherever its files can be read.
fn open(archives: &[(&str, Vec<u8>)]) -> ZipSource {
    let source = try_open(archives, &ZipOptions::default()).unwrap();
    let broken = contract::check(&source);
    let failing = [contract::Promise::Opens, contract::Promise::SameBytes];
    let broken: Vec<_> = broken.into_iter().filter(|one| !failing.contains(&one.promise)).collect();
    assert_eq!(broken, []);
    source
}

fn open_one(bytes: Vec<u8>) -> ZipSource {
    open(&[("Export.zip", bytes)])
}

fn items(source: &dyn Source) -> Vec<SourceItem> {
    crate::contract::items(source).unwrap()
}

fn item(source: &dyn Source, wanted: &str) -> SourceItem {
    let found = items(source).into_iter().find(|item| item.path == path(wanted));
    found.unwrap_or_else(|| panic!("{wanted} is not among {:?}", paths(source)))
}

fn paths(source: &dyn Source) -> Vec<String> {
    items(source).iter().map(|item| item.path.to_string()).collect()
}

fn read_item(source: &dyn Source, item: &SourceItem) -> Result<Vec<u8>, ReadFailure> {
    let mut content = source.open(item)?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 1000]);
    loop {
        match content.read(&mut buffer)? {
            0 => break,
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    }
    content.finish().map(|_| bytes)
}

fn read(source: &dyn Source, wanted: &str) -> Result<Vec<u8>, ReadFailure> {
    read_item(source, &item(source, wanted))
}

/// Everything that is whole, and why the rest is not.
fn whole_and_not(source: &dyn Source) -> (BTreeMap<String, Vec<u8>>, BTreeMap<String, ReadFailure>) {
    let (mut whole, mut not) = (BTreeMap::new(), BTreeMap::new());
    for item in items(source) {
        let name = item.path.to_string();
        match &item.kind {
            ItemKind::Unreadable(failure) => {
                not.insert(name, failure.clone());
            }
            ItemKind::File { .. } => match read_item(source, &item) {
                Ok(bytes) => {
                    whole.insert(name, bytes);
                }
                Err(failure) => {
                    not.insert(name, failure);
                }
            },
            _ => {}
        }
    }
    (whole, not)
}

fn why(source: &dyn Source, name: &str) -> String {
    whole_and_not(source).1.remove(name).map(|failure| failure.message).unwrap_or_else(|| panic!("{name} is whole"))
}
