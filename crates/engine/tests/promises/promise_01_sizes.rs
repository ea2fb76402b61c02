//! Promise 1: packs and indexes have only the sizes allowed, slots 256 bytes, records steps of 4 KiB, whatever is backed up.

use crate::common::{Machine, noise};
use crate::scene::{clone_machine, content, packs_of};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PACK_LEN: u64 = 256 << 10;
const KIB: usize = 1 << 10;

/// What a run does to the folder: a file's number, its length, whether it shrinks.
type Change = (u8, usize, bool);

fn apply(machine: &Machine, changes: &[Change]) {
    for (i, (file, length, shrinks)) in changes.iter().enumerate() {
        let text = format!("minute {file} of meeting {i}; ").into_bytes();
        let bytes = if *shrinks {
            text.into_iter().cycle().take(*length).collect()
        } else {
            noise(u64::from(*file) << 32 | i as u64, *length)
        };
        machine.write(&format!("folder {}/file {file}", file % 5), &bytes);
    }
}

fn assert_allowed(name: &str, length: usize) {
    let first = name.strip_prefix("second/").filter(|first| !first.starts_with("packs") && !first.starts_with("index"));
    let allowed = match first.unwrap_or(name).split('/').next() {
        Some("packs") => length.is_power_of_two() && (64 * KIB..=PACK_LEN as usize).contains(&length),
        Some("index") if length <= 1024 * KIB => length > 0 && length.is_multiple_of(64 * KIB),
        Some("index") => length.is_power_of_two(),
        Some("slots") => length == 256,
        Some("log" | "owner") => length > 0 && length.is_multiple_of(4 * KIB),
        _ => false,
    };
    assert!(allowed, "{name} has {length} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
    #[test]
    fn every_object_of_random_runs_has_an_allowed_size(
        runs in prop::collection::vec(
            prop::collection::vec((0u8..30, 0usize..150_000, any::<bool>()), 0..12), 1..4
        )
    ) {
        thread_local! { static TEMPLATE: Machine = Machine::with_configuration(packs_of(PACK_LEN)) }
        let machine = TEMPLATE.with(clone_machine);
        for changes in &runs {
            let before: BTreeSet<_> = machine.memory.names().into_iter().collect();
            apply(&machine, changes);
            machine.backup().unwrap();
            let mut tails: BTreeMap<u8, usize> = BTreeMap::new();
            for (name, bytes) in content(&machine.memory) {
                assert_allowed(name.as_str(), bytes.len());
                if name.as_str().starts_with("packs/") && !before.contains(&name) && bytes.len() < PACK_LEN as usize {
                    // The class stands open in the header.
                    *tails.entry(bytes[11]).or_default() += 1;
                }
            }
            prop_assert!(tails.values().all(|tails| *tails <= 2), "{tails:?} packs of one run are not full");
        }
    }
}
