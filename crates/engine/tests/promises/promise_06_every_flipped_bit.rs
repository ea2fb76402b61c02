//! Promise 6: every single bit that is turned, in whatever is read, is refused: a restore never gives wrong bytes, and a
//! check names the object. Records, indexes and slots alone are turned bit by bit beside their code in crates/repo/src.

use crate::common::{Machine, copies_of, noise};
use crate::scene::{check_all, clone_machine, content, domain_of, forget_seen, master_of, names, told};
use bytes::Bytes;
use chest_engine::repo::Opener;
use chest_engine::repo::compress::Decompressor;
use chest_engine::repo::keys::DomainSecret;
use chest_engine::repo::pack::{PackKey, chunks_start};
use chest_engine::store::{ObjectName, ObjectStore};
use std::collections::BTreeMap;
use std::path::Path;

/// Two files, one that compresses and one that does not, and what is stored of them.
fn small_repository() -> Machine {
    let machine = Machine::new();
    machine.write("agenda.txt", &b"1. Apologies. 2. Minutes. 3. Finance. ".repeat(60));
    machine.write("plan.pdf", &noise(6, 3_000));
    machine.backup().unwrap();
    machine
}

fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries.map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(
                files_below(&entry.path()).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)),
            );
        } else {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// Whatever a restore leaves under a name of ours is right; it may leave less.
fn assert_never_wrong(machine: &Machine, truth: &BTreeMap<String, Vec<u8>>, what: &str) {
    let to = tempfile::tempdir().unwrap();
    let complete = match machine.restore_to(to.path()) {
        Ok(outcome) => outcome.failed.is_empty(),
        Err(_) => false,
    };
    let restored = files_below(to.path());
    for (path, bytes) in &restored {
        assert!(truth.get(path) == Some(bytes), "{what}: {path} came back wrong");
    }
    assert!(!complete || restored.len() == truth.len(), "{what}: something is missing and nobody said so");
}

fn assert_reported(machine: &Machine, object: &ObjectName, what: &str) {
    match check_all(machine) {
        Ok(outcome) => {
            let named = outcome.findings.iter().any(|finding| finding.object == object.as_str());
            assert!(outcome.is_damaged() && named, "{what}: the check says {:?}", told(&outcome));
        }
        // The slot that was to open it, and the record that begins it, keep a repository from being opened at all.
        Err(error) => {
            let is_genesis = object.as_str().starts_with("owner/ffffffffffffffff-");
            let said = error.to_string();
            let named = said.contains(object.as_str()) || (is_genesis && said.contains("begins the repository"));
            assert!(named, "{what}: {said}");
        }
    }
}

/// The bits to turn: everything at the front, where headers and tables are, and a sample of the rest, which is one seal.
fn bits(length: usize) -> Vec<usize> {
    let (front, all) = (300.min(length) * 8, length * 8);
    let step = (all / 40).max(1) | 1;
    let last = all - 1;
    (0..front).step_by(41).chain((front..all).step_by(step)).chain([last]).collect()
}

/// The copies that are damaged together: each alone, and both of what is kept twice.
fn damages(object: &ObjectName) -> impl Iterator<Item = Vec<ObjectName>> + use<> {
    let both = Some(copies_of(object)).filter(|copies| copies.len() > 1);
    std::iter::once(vec![object.clone()]).chain(both)
}

#[test]
fn a_turned_bit_of_any_object_is_reported_and_never_restored() {
    let machine = small_repository();
    let truth =
        files_below(machine.folder.path()).into_iter().filter(|(path, _)| path.starts_with("documents/")).collect();
    assert_never_wrong(&machine, &truth, "untouched");
    assert!(!check_all(&machine).unwrap().is_damaged());
    let mut turned = 0;
    for (object, bytes) in content(&machine.memory) {
        for (bit, copies) in
            bits(bytes.len()).into_iter().flat_map(|bit| damages(&object).map(move |copies| (bit, copies)))
        {
            let mut wrong = bytes.to_vec();
            wrong[bit / 8] ^= 1 << (bit % 8);
            for copy in &copies {
                machine.memory.insert_raw(copy.clone(), wrong.clone().into());
            }
            // A fresh reader: what this one has seen before must not be what saves it.
            forget_seen(&machine);
            let what = format!("bit {bit} of {copies:?}");
            assert_never_wrong(&machine, &truth, &what);
            assert_reported(&machine, &object, &what);
            turned += 1;
            for copy in copies {
                machine.memory.insert_raw(copy, bytes.clone());
            }
        }
    }
    assert!(turned > 500, "{turned}");
}

/// The hash in its name would show all of this at once; here the seals are on their own.
#[test]
fn a_turned_bit_in_any_region_of_a_pack_breaks_its_seals() {
    let machine = small_repository();
    let opener = Opener::new(master_of(&machine));
    let domain = DomainSecret::new(domain_of(&machine)).keys();
    let mut decompressor = Decompressor::new().unwrap();
    for object in names(&machine.memory, "packs/") {
        let mut bytes = machine.memory.get(&object).unwrap().to_vec();
        let mut verify = |bytes: &[u8]| {
            PackKey::from_object(&opener, bytes).and_then(|key| key.verify(bytes, &domain, &mut decompressor))
        };
        let table = verify(&bytes).unwrap().chunks;
        let chunks = chunks_start(table.len()) as usize;
        let padding = chunks + table.iter().map(|chunk| chunk.sealed_len() as usize).sum::<usize>();
        let regions = [
            ("header", 0..176 * 8, 1),
            ("prologue", 176 * 8..208 * 8, 1),
            ("table", 208 * 8..chunks * 8, 1),
            ("chunks", chunks * 8..padding * 8, 53),
            ("padding", padding * 8..bytes.len() * 8, 4_999),
        ];
        for (region, bits, step) in regions {
            assert!(!bits.is_empty());
            let last = bits.end - 1;
            for bit in bits.step_by(step).chain([last]) {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(verify(&bytes).is_err(), "bit {bit} of the {region} of {object}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}

/// What is cut off, or added, is not a turned bit, and is noticed in the same way.
#[test]
fn objects_cut_short_or_made_longer_are_reported() {
    let machine = small_repository();
    for (object, bytes) in content(&machine.memory) {
        for wrong in [bytes.slice(..0), bytes.slice(..bytes.len() / 2), Bytes::from([&bytes[..], &[0]].concat())] {
            for copies in damages(&object) {
                let machine = clone_machine(&machine);
                let what = format!("{copies:?} with {} bytes", wrong.len());
                for copy in copies {
                    machine.memory.insert_raw(copy, wrong.clone());
                }
                assert_reported(&machine, &object, &what);
            }
        }
    }
}
