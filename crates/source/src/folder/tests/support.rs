//! What the walker's tests share.

use super::super::limits::Limits;
pub(super) use crate::lent::folder_on_disk;
use crate::{FolderOptions, FolderSource, Source, SourceItem, contract};
use chest_model::{Class, RootDescription, RootEncoding};
use std::path::Path;

/// Limits so tight that every tree runs into all of them.
pub(super) const TIGHT: Limits = Limits { batch: 2, handles: 1, ready: 4 << 10, held: 500 };

pub(super) fn source_with(path: &Path, options: FolderOptions) -> FolderSource {
    let description = RootDescription {
        label: FolderSource::label_for(path),
        native_path: path.as_os_str().as_encoded_bytes().to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    FolderSource::new(path, description, options).unwrap()
}

pub(super) fn source(path: &Path) -> FolderSource {
    source_with(path, FolderOptions::default())
}

pub(super) fn items(source: &FolderSource) -> Vec<SourceItem> {
    crate::contract::items(source).unwrap()
}

/// Paths as text, for trees whose names are text.
pub(super) fn paths(source: &FolderSource) -> Vec<String> {
    items(source).iter().map(|item| item.path.to_string()).collect()
}

pub(super) fn find(items: &[SourceItem], path: impl AsRef<[u8]>) -> &SourceItem {
    let found = items.iter().find(|item| item.path.as_bytes() == path.as_ref());
    found.unwrap_or_else(|| panic!("{} is not among the items", String::from_utf8_lossy(path.as_ref())))
}

pub(super) fn read_all(source: &FolderSource, item: &SourceItem) -> Vec<u8> {
    let mut content = source.open(item).unwrap();
    let mut data = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = content.read(&mut buffer).unwrap();
        if read == 0 {
            return data;
        }
        data.extend_from_slice(&buffer[..read]);
    }
}

pub(super) fn assert_contract(source: &FolderSource) {
    assert_eq!(contract::check(source), []);
}
