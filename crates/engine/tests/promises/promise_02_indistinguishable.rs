//! Promise 2: whoever holds the storage cannot tell two trees apart whose packs, indexes and records have equal sizes, from
//! neither listings nor requests; and no request is ever cut to fit a chunk.

use crate::common::{Machine, noise, request, shown};
use crate::scene::{packs_of, writer_file};
use chest_engine::backup::{BackupOptions, backup};
use chest_engine::browse::select;
use chest_engine::repo::config::Configuration;
use chest_engine::restore::plan;
use chest_engine::store::{MemoryStore, ObjectStore};
use chest_testkit::{Call, RecordingStore, Verb};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

struct Watched {
    machine: Machine,
    recording: RecordingStore<MemoryStore>,
}

impl Watched {
    fn new(configuration: Configuration) -> Self {
        let memory = MemoryStore::new();
        let recording = RecordingStore::new(memory.clone());
        let machine = Machine::on(Arc::new(recording.clone()), memory, configuration);
        Self { machine, recording }
    }

    fn files(&self, lengths: &[usize], seed: u64) {
        for (i, length) in lengths.iter().enumerate() {
            self.machine.write(&format!("{seed} {i}"), &noise(seed * 1000 + i as u64, *length));
        }
    }

    /// One thread of each kind, so that the order of requests is the program's own and not the scheduler's.
    fn backup(&self) -> Vec<Call> {
        self.recording.clear();
        let sources = vec![crate::common::folder_source(&self.machine.source())];
        let options = BackupOptions { threads: 1, uploads: 1, ..BackupOptions::default() };
        backup(&self.machine.context(), &sources, &options).unwrap();
        self.recording.calls()
    }

    fn restore(&self, paths: &[&str]) -> Vec<Call> {
        self.recording.clear();
        let opened = self.machine.open().unwrap();
        let snapshot = select(&opened, &Default::default()).unwrap();
        let to = tempfile::tempdir().unwrap();
        let mut request = request(to.path());
        request.threads = 1;
        request.paths = paths.iter().map(|path| shown(path)).collect();
        let outcome = plan(&self.machine.context(), &opened, &snapshot, request).unwrap();
        let outcome = outcome.execute(&self.machine.context()).unwrap();
        assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
        self.recording.calls()
    }

    /// Every object as a listing shows it, its hash and its writer left out: both are as good as random.
    fn listing(&self) -> Vec<(String, u64)> {
        let mut lines: Vec<_> =
            self.machine.memory.list("").unwrap().iter().map(|one| (self.shape(one.name.as_str()), one.size)).collect();
        lines.sort();
        lines
    }

    fn shape(&self, name: &str) -> String {
        let writer = writer_file(&self.machine).key.writer().to_hex();
        let name = name.replace(&writer, "<writer>");
        let Some((folder, last)) = name.rsplit_once('/') else { return name };
        match last.split_once('-') {
            Some((number, _)) => format!("{folder}/{number}"),
            None if folder.starts_with("packs") && !last.is_empty() => "packs".to_owned(),
            None if last.len() == 64 => folder.to_owned(),
            None => name,
        }
    }

    /// What the storage side sees of requests: verb, place, range, length, and which were for the same object.
    fn seen(&self, calls: &[Call]) -> Vec<String> {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        calls
            .iter()
            .map(|call| {
                let next = numbers.len();
                let object = *numbers.entry(call.name.clone()).or_insert(next);
                let shape = self.shape(&call.name);
                format!("{:?} {shape} #{object} {:?} {} {:?}", call.verb, call.range, call.length, call.outcome)
            })
            .collect()
    }
}

/// Two folders with nothing in common but what they weigh in packs.
fn pair(configuration: &Configuration, one: &[usize], other: &[usize]) -> [(Watched, Vec<String>); 2] {
    [(one, 1), (other, 2)].map(|(lengths, seed)| {
        let watched = Watched::new(configuration.clone());
        watched.files(lengths, seed);
        let calls = watched.backup();
        let seen = watched.seen(&calls);
        (watched, seen)
    })
}

#[test]
fn two_trees_of_equal_pack_sizes_look_the_same_in_listings_and_requests() {
    let configuration = Configuration::small_for_tests();
    let cases: [(&[usize], &[usize]); 2] =
        [(&[50_000], &[9_000, 1, 0, 12_345, 700, 700, 20_000]), (&[300_000, 250_000], &[11_000; 50])];
    for (one, other) in cases {
        let [(first, first_seen), (second, second_seen)] = pair(&configuration, one, other);
        assert_eq!(first.listing(), second.listing(), "the two folders do not weigh the same: choose others");
        assert_eq!(first_seen, second_seen, "backups of {one:?} and {other:?}");
        let restored = [&first, &second].map(|watched| watched.seen(&watched.restore(&[])));
        assert_eq!(restored[0], restored[1], "restores of {one:?} and {other:?}");
        let again = [&first, &second].map(|watched| watched.seen(&watched.backup()));
        assert_eq!(again[0], again[1], "second backups of {one:?} and {other:?}");
    }
}

#[test]
fn a_restore_reads_only_whole_objects_and_aligned_windows() {
    let watched = Watched::new(packs_of(4 << 20));
    watched.files(&[100_000; 90], 3);
    watched.backup();
    let sizes: BTreeMap<String, u64> =
        watched.machine.memory.list("").unwrap().iter().map(|one| (one.name.to_string(), one.size)).collect();
    let mut windows = 0;
    for paths in [&[][..], &["documents/3 0"], &["documents/3 20", "documents/3 70"], &["documents/3 89"]] {
        for call in watched.restore(paths) {
            assert!(matches!(call.verb, Verb::Get | Verb::GetRange | Verb::List), "{call:?}");
            let Some(range) = call.range else { continue };
            let size = sizes[&call.name];
            let aligned = |step: u64| {
                let step = step.min(size);
                range.start.is_multiple_of(step) && (range.end.is_multiple_of(step) || range.end == size)
            };
            let class = watched.machine.memory.get(&crate::scene::name(call.name.clone())).unwrap()[11];
            let step = if class == 0 { 1 << 20 } else { 256 << 10 };
            assert!(aligned(step), "{:?} of {} with {size} bytes", range, call.name);
            windows += u64::from(range.end - range.start < size);
        }
    }
    assert!(windows > 0, "no window was read: this test has nothing to say");
}
