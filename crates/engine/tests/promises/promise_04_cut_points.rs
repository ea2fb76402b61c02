//! Promise 4: cut points follow from the domain's secret and from nothing else. The golden vectors stand beside the code, in
//! crates/repo/src/chunk.rs and crates/repo/src/tree.

use crate::common::noise;
use chest_engine::repo::chunk::{Chunker, ChunkerParameters};
use chest_engine::repo::keys::DomainSecret;
use std::path::{Path, PathBuf};

fn cuts(domain: u8, mut data: &[u8]) -> Vec<usize> {
    let parameters = ChunkerParameters { id: 1, min: 2 << 10, average: 8 << 10, max: 32 << 10 };
    let chunker = Chunker::new(parameters, &DomainSecret::new([domain; 32]).keys());
    let mut ends = Vec::new();
    let total = data.len();
    while !data.is_empty() {
        data = &data[chunker.cut(data)..];
        ends.push(total - data.len());
    }
    ends
}

#[test]
fn two_domains_cut_the_same_file_in_different_places() {
    let data = noise(4, 2_000_000);
    let (one, other) = (cuts(1, &data), cuts(2, &data));
    assert_eq!(one, cuts(1, &data));
    let shared = one.iter().filter(|end| other.contains(end)).count();
    // By chance one end in about 8,000 falls together, besides the file's own.
    assert!(one.len() > 100 && shared <= 4, "{shared} of {} ends are shared", one.len());
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The seed of the `fastcdc` crate is no secret: a few cut points give it away. Only the function that takes a table is used.
#[test]
fn the_crates_own_seed_is_used_nowhere() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    sources(crates, &mut files);
    let mut uses = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("promise_04_cut_points.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for forbidden in ["FastCDC", "StreamCDC", "get_gear_with_seed", "with_level_and_seed", "cut_with_seed"] {
                assert!(!line.contains(forbidden), "{}: {line}", file.display());
            }
            if line.contains("fastcdc::") {
                uses.push((file.file_name().unwrap().to_owned(), line.to_owned()));
            }
        }
    }
    let only = ("chunk.rs".into(), "use fastcdc::v2020::{Normalization, cut_gear, select_masks};".to_owned());
    assert_eq!(uses, [only]);
    let manifest = std::fs::read_to_string(crates.parent().unwrap().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("fastcdc = \"=5.0.0\""), "the pin of the chunker was loosened");
}
