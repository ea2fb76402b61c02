//! Sparse files, and how much a read gives.

use super::support::{assert_contract, find, folder_on_disk, items, read_all, source};
use crate::Source;
use chest_model::Hole;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

const MIB: u64 = 1 << 20;

/// A file of that size, with one MiB of data at each of those places (in MiB).
fn sparse(path: &Path, size: u64, data: &[u64]) {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    for &place in data {
        file.write_all_at(&vec![place as u8 + 1; MIB as usize], place * MIB).unwrap();
    }
    file.sync_all().unwrap();
}

fn holes(path: &Path) -> Vec<Hole> {
    let source = source(path.parent().unwrap());
    let found = items(&source);
    let name = path.file_name().unwrap().as_encoded_bytes();
    source.open(find(&found, name)).unwrap().holes().to_vec()
}

fn mib(offset: u64, length: u64) -> Hole {
    Hole { offset: offset * MIB, length: length * MIB }
}

#[test]
fn holes_at_the_front_in_the_middle_and_at_the_end_are_found_and_the_data_is_what_lies_between() {
    let dir = folder_on_disk();
    let path = dir.path().join("sparse");
    sparse(&path, 10 * MIB + 5, &[2, 5, 6]);
    let rest = Hole { offset: 7 * MIB, length: 3 * MIB + 5 };
    assert_eq!(holes(&path), [mib(0, 2), mib(3, 2), rest], "the build folder's file system must know holes");
    let source = source(dir.path());
    let data = read_all(&source, find(&items(&source), "sparse"));
    let expected: Vec<u8> = [3, 6, 7].iter().flat_map(|&byte| vec![byte; MIB as usize]).collect();
    assert_eq!(data, expected);
    assert_contract(&source);
}

#[test]
fn a_file_of_eight_tebibytes_is_read_in_no_time() {
    let dir = folder_on_disk();
    let path = dir.path().join("huge");
    let size = 8 * (1 << 40);
    sparse(&path, size, &[MIB]);
    let before = Hole { offset: 0, length: MIB * MIB };
    let after = Hole { offset: MIB * MIB + MIB, length: size - MIB * MIB - MIB };
    assert_eq!(holes(&path), [before, after]);
    assert_contract(&source(dir.path()));
}

#[test]
fn a_file_of_nothing_but_a_hole_and_an_empty_file_have_no_data() {
    let dir = folder_on_disk();
    sparse(&dir.path().join("hole"), 3 * MIB, &[]);
    fs::write(dir.path().join("empty"), b"").unwrap();
    let source = source(dir.path());
    let found = items(&source);
    assert_eq!(holes(&dir.path().join("hole")), [mib(0, 3)]);
    assert_eq!(holes(&dir.path().join("empty")), []);
    for path in ["hole", "empty"] {
        assert_eq!(read_all(&source, find(&found, path)), b"");
    }
    assert_contract(&source);
}

#[test]
fn a_read_fills_the_buffer_across_holes() {
    let dir = folder_on_disk();
    sparse(&dir.path().join("sparse"), 6 * MIB, &[1, 3]);
    let source = source(dir.path());
    let found = items(&source);
    let mut content = source.open(find(&found, "sparse")).unwrap();
    let mut buffer = vec![0; 2 * MIB as usize + 100];
    assert_eq!(content.read(&mut buffer).unwrap(), 2 * MIB as usize);
    assert_eq!((buffer[0], buffer[MIB as usize]), (2, 4));
    assert_eq!(content.read(&mut buffer).unwrap(), 0);
    assert_eq!(content.finish().unwrap().fingerprint, find(&found, "sparse").fingerprint);
}

#[test]
fn a_sparse_file_cut_off_while_it_is_read_ends_early() {
    let dir = folder_on_disk();
    let path = dir.path().join("sparse");
    sparse(&path, 10 * MIB, &[0, 5, 8]);
    let source = source(dir.path());
    let found = items(&source);
    let mut content = source.open(find(&found, "sparse")).unwrap();
    let mut buffer = vec![0; MIB as usize];
    assert_eq!(content.read(&mut buffer).unwrap(), MIB as usize);
    File::options().write(true).open(&path).unwrap().set_len(3 * MIB).unwrap();
    assert_eq!(content.read(&mut buffer).unwrap(), 0);
    assert_eq!(content.finish().unwrap().fingerprint.size, 3 * MIB);
}

#[test]
fn of_more_holes_than_are_kept_the_rest_is_read_as_zeros() {
    let dir = folder_on_disk();
    let path = dir.path().join("sieve");
    let file = File::create(&path).unwrap();
    let (block, data) = (64 << 10, vec![7; 4 << 10]);
    file.set_len(3_000 * block).unwrap();
    for number in 0..3_000 {
        file.write_all_at(&data, number * block).unwrap();
    }
    file.sync_all().unwrap();
    let kept = holes(&path);
    assert_eq!(kept.len(), 1024);
    let source = source(dir.path());
    let found = items(&source);
    let mut expected = fs::read(&path).unwrap();
    for hole in kept.iter().rev() {
        expected.drain(hole.offset as usize..(hole.offset + hole.length) as usize);
    }
    assert!(read_all(&source, find(&found, "sieve")) == expected);
    assert_contract(&source);
}
