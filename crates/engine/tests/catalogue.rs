//! The search catalogue against a plain look into every snapshot; and that it may be lost, damaged or killed at any time.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use chest_engine::browse::{ItemType, Selection, SnapshotSelector, list};
use chest_engine::catalogue::{FindOutcome, FindQuery, Hit, Keeping, find};
use chest_engine::repo::repository::Snapshot;
use chest_engine::restore::RestoreRequest;
use chest_engine::source::{FolderOptions, FolderSource, Source};
use chest_engine::{EngineError, Opened};
use chest_model::{
    Class, Monitor, ObjectHash, Progress, RootDescription, RootEncoding, Timestamp, TreePath, UnreadableReason,
    WriterId, folded,
};
use chest_testkit::FailingSource;
use common::{Machine, folder_source, request, second_machine, shown};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A path, and what its computer is called.
type Place = (Vec<u8>, String);

/// What is known of it: what it was, how long, when changed, first and last seen and in how many; and whether it is gone.
type Known = BTreeMap<Place, (BTreeSet<(u8, u64, Timestamp, ObjectHash, ObjectHash, usize)>, bool)>;

fn number(item: ItemType) -> u8 {
    item as u8
}

/// What the catalogue says of all names with this word.
fn by_catalogue(machine: &Machine, opened: &Opened, word: &str) -> Known {
    let found = find(&machine.context(), opened, &FindQuery::of(word)).unwrap();
    known(&found)
}

fn known(found: &FindOutcome) -> Known {
    let hits = found.hits.iter().map(|hit| {
        let versions = hit.versions.iter().map(|version| {
            let (first, last) = (version.first_seen.0, version.last_seen.0);
            (number(version.item), version.size, version.modified, first, last, version.snapshots)
        });
        ((hit.path.to_bytes(), hit.host.clone()), (versions.collect(), hit.deleted))
    });
    let places = hits.collect::<Known>();
    assert_eq!(places.len(), found.hits.len(), "no two hits are of one place");
    places
}

/// Kind, length and time.
type Content = (u8, u64, Timestamp);

/// The first snapshot, the last one, and how many.
type SeenIn = (ObjectHash, ObjectHash, usize);

/// What the computer of each writer was called last. There are no more than two writers, and both are at one computer if their computers ever
/// had one name.
fn computers(snapshots: &[Snapshot]) -> BTreeMap<WriterId, String> {
    let mut names: BTreeMap<WriterId, BTreeSet<&str>> = BTreeMap::new();
    let mut computers = BTreeMap::new();
    for snapshot in snapshots {
        names.entry(snapshot.writer).or_default().insert(&snapshot.body.host);
        computers.insert(snapshot.writer, snapshot.body.host.clone());
    }
    let all: Vec<&BTreeSet<&str>> = names.values().collect();
    if let [one, other] = all[..]
        && !one.is_disjoint(other)
    {
        let last = &snapshots.last().unwrap().body.host;
        computers.values_mut().for_each(|name| name.clone_from(last));
    }
    computers
}

/// The same, by listing every snapshot whole. Content is told by length and time, which the tests never let coincide.
fn by_listing(opened: &Opened, word: &str) -> Known {
    let (snapshots, _) = opened.session.snapshots();
    let computers = computers(&snapshots);
    let mut spans: BTreeMap<Place, BTreeMap<Content, SeenIn>> = BTreeMap::new();
    // Each root of a writer is always in one place: whatever its computer is called, it is one root.
    let mut newest: BTreeMap<(WriterId, Vec<u8>), &Snapshot> = BTreeMap::new();
    let mut held: BTreeMap<ObjectHash, BTreeSet<Vec<u8>>> = BTreeMap::new();
    let mut ever_held: BTreeSet<(WriterId, Vec<u8>)> = BTreeSet::new();
    for snapshot in &snapshots {
        for root in &snapshot.body.roots {
            newest.insert((snapshot.writer, root.description.label.clone()), snapshot);
        }
        for item in list(opened, snapshot, &shown(""), true).unwrap().items {
            let Some(name) = item.path.path.name() else { continue };
            if !folded(name).contains(word) {
                continue;
            }
            let id = snapshot.record.hash;
            held.entry(id).or_default().insert(item.path.to_bytes());
            ever_held.insert((snapshot.writer, item.path.to_bytes()));
            let place = (item.path.to_bytes(), computers[&snapshot.writer].clone());
            let key = (number(item.item), item.size, item.metadata.modified);
            let span = spans.entry(place).or_default().entry(key).or_insert((id, id, 0));
            (span.1, span.2) = (id, span.2 + 1);
        }
    }
    let is_deleted = |(path, computer): &Place| {
        let is_of_root = |writer: WriterId, label: &[u8]| {
            let was_there = computers[&writer] == *computer && ever_held.contains(&(writer, path.clone()));
            was_there && path.starts_with(&[label, b"/"].concat())
        };
        let mut of_root = newest.iter().filter(|((writer, label), _)| is_of_root(*writer, label));
        !of_root.any(|(_, snapshot)| {
            let holds = held.get(&snapshot.record.hash).is_some_and(|held| held.contains(path));
            let hides = snapshot.body.exceptions.iter().any(|one| {
                let above = [&one.root[..], b"/", one.path.as_bytes(), b"/"].concat();
                path.starts_with(&above)
            });
            holds || hides
        })
    };
    let all = spans.into_iter().map(|(place, versions)| {
        let versions = versions.into_iter();
        let versions =
            versions.map(|((item, size, time), (first, last, count))| (item, size, time, first, last, count));
        let deleted = is_deleted(&place);
        (place, (versions.collect(), deleted))
    });
    all.collect()
}

fn source(machine: &Machine, label: &str) -> FailingSource<FolderSource> {
    let path = machine.folder.path().join(label);
    std::fs::create_dir_all(&path).unwrap();
    let description = RootDescription {
        label: label.as_bytes().to_vec(),
        native_path: path.as_os_str().as_encoded_bytes().to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    FailingSource::new(FolderSource::new(&path, description, FolderOptions::default()).unwrap())
}

/// A few random changes in a folder; gives a file that was written, if any was.
fn change(machine: &Machine, label: &str, random: &mut fastrand::Rng, step: usize) -> Option<PathBuf> {
    let root = machine.folder.path().join(label);
    let mut written = None;
    for _ in 0..random.usize(0..6) {
        let path =
            root.join(format!("folder {}", random.u8(0..3))).join(format!("Minutes {:02}.txt", random.u8(0..12)));
        match random.u8(0..5) {
            0 => drop(std::fs::remove_file(&path)),
            1 => drop(std::fs::remove_dir_all(path.parent().unwrap())),
            2 => drop(std::fs::rename(&path, path.with_file_name(format!("Agenda {step}.txt")))),
            _ => {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, format!("{label} {step} {}", random.u64(..))).unwrap();
                written = Some(path);
            }
        }
    }
    written
}

/// One random backup: of one root or two, on a machine that is called so, with or without something that cannot be read.
fn random_backup(machine: &Machine, host: &str, random: &mut fastrand::Rng, step: usize) {
    machine.environment.set_host_name(host);
    let labels: &[&str] = [&["docs"][..], &["docs", "mail"], &["mail"]][random.usize(0..3)];
    let sources = labels.iter().map(|label| {
        let source = source(machine, label);
        let written = change(machine, label, random, step);
        if let Some(path) = written.filter(|_| random.u8(0..3) == 0) {
            let below = path.strip_prefix(machine.folder.path().join(label)).unwrap();
            let below = TreePath::from_bytes(below.as_os_str().as_encoded_bytes().to_vec()).unwrap();
            source.fail_open(below, UnreadableReason::ReadError);
        }
        Box::new(source) as Box<dyn Source>
    });
    machine.backup_of(sources.collect()).unwrap();
}

fn assert_agree(machine: &Machine, seed: u64, step: usize) {
    let opened = machine.open().unwrap();
    for word in ["", "0", "minutes", "es 0", "agenda", "folder"] {
        let (catalogue, listing) = (by_catalogue(machine, &opened, word), by_listing(&opened, word));
        assert_eq!(catalogue, listing, "seed {seed}, step {step}, {word:?}");
        let found = |query: FindQuery| find(&machine.context(), &opened, &query).unwrap();
        let all = found(FindQuery::of(word));
        for (most, only_deleted) in [0, 3, 1000].into_iter().flat_map(|most| [(most, true), (most, false)]) {
            let some = found(FindQuery { most: Some(most), only_deleted, ..FindQuery::of(word) });
            let mut expected = all.hits.clone();
            expected.retain(|hit| hit.deleted || !only_deleted);
            assert_eq!(some.count, expected.len() as u64, "seed {seed}, step {step}, {word:?}");
            expected.truncate(most);
            assert_eq!(some.hits, expected, "seed {seed}, step {step}, {word:?}");
        }
    }
}

#[test]
fn of_many_names_those_changed_last_are_the_first_of_all() {
    let machine = Machine::new();
    let mut random = fastrand::Rng::with_seed(5);
    for round in 0..3 {
        for number in 0..700 {
            if random.u8(0..3) > 0 {
                let path = format!("{}/minutes {number}.txt", random.u8(0..3));
                machine.write(&path, format!("{round}").as_bytes());
                // Some are older than what was there before them, many were changed at one time.
                let changed = std::time::UNIX_EPOCH + std::time::Duration::from_millis(random.u64(1..300) * 5_000);
                let file = std::fs::File::options().write(true).open(machine.source().join(&path)).unwrap();
                file.set_modified(changed).unwrap();
            }
        }
        machine.backup().unwrap();
    }
    let opened = machine.open().unwrap();
    for words in
        [&["minutes"][..], &["in"], &["minutes", ".txt"], &["*.txt"], &["m*7*.txt"], &["minutes ?.txt"], &["1", "7"]]
    {
        let query = FindQuery { words: words.iter().map(|word| (*word).to_owned()).collect(), ..FindQuery::of("") };
        let all = find(&machine.context(), &opened, &query).unwrap();
        let some = find(&machine.context(), &opened, &FindQuery { most: Some(20), ..query }).unwrap();
        assert_eq!((some.count, all.count), (all.hits.len() as u64, all.hits.len() as u64), "{words:?}");
        // What was changed at one time may be cut off anywhere.
        let changed =
            |found: &FindOutcome| found.hits.iter().take(20).map(|hit| hit.versions[0].modified).collect::<Vec<_>>();
        assert_eq!(changed(&some), changed(&all), "{words:?}");
        assert!(some.hits.iter().all(|hit| all.hits.contains(hit)), "{words:?}");
    }
}

#[test]
fn the_catalogue_says_what_a_look_into_every_backup_says() {
    for seed in 0..12 {
        let machine = Machine::new();
        let other = second_machine(&machine);
        let mut random = fastrand::Rng::with_seed(seed);
        for step in 0..8 {
            // A computer may be renamed; of some seeds the second writer turns out to be another account of the first's.
            match (random.usize(0..3), seed % 3) {
                (0, 0) if step > 3 => random_backup(&other, "chair", &mut random, step),
                (0, _) => random_backup(&other, "warden", &mut random, step),
                (named, _) => random_backup(&machine, ["parish-office", "chair"][named - 1], &mut random, step),
            }
            // Some steps are taken in together, so that several snapshots are new at once.
            if random.bool() {
                assert_agree(&machine, seed, step);
            }
        }
        assert_agree(&machine, seed, 8);
        let opened = machine.open().unwrap();
        let grown = by_catalogue(&machine, &opened, "");
        std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
        assert_eq!(by_catalogue(&machine, &opened, ""), grown, "made anew, seed {seed}");
    }
}

/// What is found on this computer of budgets: by a word that the index knows and by one that is too short for it, each with all hits and
/// with fewer.
fn budgets_found_on(machine: &Machine, only_deleted: bool) -> Vec<Hit> {
    let opened = machine.open().unwrap();
    let ask = |word: &str, most| {
        let query = FindQuery { most, only_deleted, ..FindQuery::of(word) };
        find(&machine.context(), &opened, &query).unwrap()
    };
    let all = ask("budget", None).hits;
    for word in ["budget", "bu"] {
        for most in [None, Some(20), Some(1), Some(0)] {
            let found = ask(word, most);
            assert_eq!(found.count, all.len() as u64, "{word:?}, {most:?}");
            assert_eq!(found.hits, all[..most.unwrap_or(all.len()).min(all.len())], "{word:?}, {most:?}");
        }
    }
    all
}

/// What a hit's versions hold, newest first, each restored from the snapshot that it names.
fn restored(machine: &Machine, hit: &Hit) -> Vec<String> {
    let content = |id: ObjectHash| {
        let to = tempfile::tempdir().unwrap();
        let selection = Selection { selector: Some(SnapshotSelector::Id(id.to_hex())), ..Selection::default() };
        let request = RestoreRequest { paths: vec![hit.path.clone()], ..request(to.path()) };
        machine.restore(&selection, request).unwrap();
        std::fs::read_to_string(to.path().join(String::from_utf8(hit.path.to_bytes()).unwrap())).unwrap()
    };
    hit.versions.iter().map(|version| content(version.last_seen.0)).collect()
}

fn hosts(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.host.as_str()).collect()
}

#[test]
fn what_two_computers_have_below_one_path_is_two_hits_each_with_its_own_versions() {
    let clerk = Machine::new();
    let hall = second_machine(&clerk);
    clerk.environment.set_host_name("clerk-pc");
    hall.environment.set_host_name("hall-pc");
    for (machine, budget) in
        [(&clerk, "the clerk's"), (&clerk, "the clerk's, and later"), (&hall, "the hall's, another")]
    {
        machine.write("2026/budget.xlsx", budget.as_bytes());
        machine.write("2026/plan.txt", b"a plan");
        machine.backup().unwrap();
    }
    std::fs::remove_file(clerk.source().join("2026/budget.xlsx")).unwrap();
    clerk.backup().unwrap();
    hall.backup().unwrap();

    for asked_on in [&clerk, &hall] {
        let hits = budgets_found_on(asked_on, false);
        assert_eq!(hosts(&hits), ["hall-pc", "clerk-pc"], "what was changed last comes first");
        let [of_hall, of_clerk] = &hits[..] else { panic!("{hits:?}") };
        assert!(hits.iter().all(|hit| hit.has_namesake && hit.path == shown("documents/2026/budget.xlsx")), "{hits:?}");
        assert_eq!((of_hall.deleted, of_clerk.deleted), (false, true));
        assert_eq!(restored(asked_on, of_hall), ["the hall's, another"]);
        assert_eq!(restored(asked_on, of_clerk), ["the clerk's, and later", "the clerk's"]);
        let snapshots = |hit: &Hit| hit.versions.iter().map(|version| version.snapshots).collect::<Vec<_>>();
        assert_eq!((snapshots(of_hall), snapshots(of_clerk)), (vec![2], vec![1, 1]));
        assert_eq!(budgets_found_on(asked_on, true), hits[1..], "only the clerk's has gone");
    }
}

#[test]
fn a_computer_has_a_namesake_where_another_has_a_root_of_that_name_and_none_in_itself_when_it_is_renamed() {
    let clerk = Machine::new();
    for (name, budget) in [("old-name", "hall,120"), ("new-name", "hall,121, and more")] {
        clerk.environment.set_host_name(name);
        clerk.write("budget.csv", budget.as_bytes());
        clerk.backup().unwrap();
        let hits = budgets_found_on(&clerk, false);
        assert_eq!((hosts(&hits), hits[0].has_namesake, hits[0].deleted), (vec![name], false, false));
    }
    let alone = budgets_found_on(&clerk, false);
    assert_eq!(restored(&clerk, &alone[0]), ["hall,121, and more", "hall,120"]);
    assert!(budgets_found_on(&clerk, true).is_empty());

    let hall = second_machine(&clerk);
    hall.environment.set_host_name("hall-pc");
    let accounts = hall.folder.path().join("accounts");
    std::fs::create_dir(&accounts).unwrap();
    std::fs::write(accounts.join("budget.csv"), "the hall's").unwrap();
    hall.backup_of(vec![folder_source(&accounts)]).unwrap();
    let hits = budgets_found_on(&clerk, false);
    assert_eq!(hosts(&hits), ["hall-pc", "new-name"]);
    assert!(!hits.iter().any(|hit| hit.has_namesake), "{hits:?}");
    // A root is enough, whatever is in it.
    hall.backup().unwrap();
    let hits = budgets_found_on(&clerk, false);
    assert_eq!(hits.iter().map(|hit| hit.has_namesake).collect::<Vec<_>>(), [false, true], "{hits:?}");
}

#[test]
fn of_several_words_one_is_in_the_name_and_the_others_there_or_above() {
    let machine = Machine::new();
    for path in
        ["Minutes/October.txt", "Minutes/Agenda.txt", "Old/October minutes of.txt", "Old/October.txt", "minutes of"]
    {
        machine.write(path, path.as_bytes());
    }
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let paths = |words: &[&str]| {
        let query = FindQuery { words: words.iter().map(|word| (*word).to_owned()).collect(), ..FindQuery::of("") };
        let found = find(&machine.context(), &opened, &query).unwrap();
        // Those changed last come first, and a clock may be too coarse to tell which these are.
        let paths: BTreeSet<String> = found.hits.iter().map(|hit| hit.path.path.to_string()).collect();
        paths.into_iter().collect::<Vec<_>>()
    };
    let october = ["Minutes/October.txt", "Old/October minutes of.txt"];
    assert_eq!(
        (paths(&["october", "MINUTES"]), paths(&["minutes", "october"])),
        (october.map(str::to_owned).to_vec(), october.map(str::to_owned).to_vec())
    );
    assert_eq!(paths(&["october", "minutes of"]), ["Old/October minutes of.txt"]);
    assert_eq!(paths(&["*.txt", "minutes", "documents"]).len(), 3);
    assert_eq!(paths(&["old/*", "octo"]), ["Old/October minutes of.txt", "Old/October.txt"]);
    assert_eq!(paths(&["minutes", "minutes"]), ["Minutes", "Old/October minutes of.txt", "minutes of"]);
    assert!(paths(&["october", "agenda"]).is_empty());
}

#[test]
fn where_many_names_hold_a_word_the_folders_of_another_are_looked_at_and_nothing_is_lost() {
    let machine = Machine::new();
    let mut written = BTreeSet::new();
    for number in 0..1300 {
        let folder = ["2025", "2026", "Old/2026 and before", "Minutes of 2024", "x"][number % 5];
        let name = ["minutes", "agenda", "minutes 2026", "Minutes", "2026"][number / 5 % 5];
        let path = format!("{folder}/{name} {number}.txt");
        machine.write(&path, b"");
        written.insert(path);
    }
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    for words in [
        &["minutes", "2026"][..],
        &["2026", "minutes"],
        &["minutes", "2026", "txt"],
        &["txt", "2026", "7"],
        &["minutes", "old/"],
        &["*.txt", "2026", "before"],
        &["min*", "2026", "documents"],
        &["minutes", "2026", "unicorn"],
    ] {
        let query = FindQuery { words: words.iter().map(|word| (*word).to_owned()).collect(), ..FindQuery::of("") };
        let found = find(&machine.context(), &opened, &query).unwrap();
        let found: BTreeSet<String> = found.hits.iter().map(|hit| hit.path.path.to_string()).collect();
        let fits = |path: &&String| {
            let path = path.to_lowercase();
            let name = path.rsplit('/').next().unwrap();
            let is_in = |text: &str, word: &str| match word {
                "*.txt" => name.ends_with(".txt"),
                "min*" => name.starts_with("min"),
                _ => text.contains(word),
            };
            let all = words.iter().all(|word| *word == "documents" || is_in(&path, word));
            all && words.iter().any(|word| is_in(name, word))
        };
        let expected: BTreeSet<String> = written.iter().filter(fits).cloned().collect();
        assert_eq!(found, expected, "{words:?}");
    }
}

/// Two backups, a file of the first gone in the second.
fn with_a_deleted_file() -> Machine {
    let machine = Machine::new();
    machine.write("minutes/march.txt", b"of march");
    machine.write("minutes/april.txt", b"of april");
    machine.backup().unwrap();
    std::fs::remove_file(machine.source().join("minutes/april.txt")).unwrap();
    machine.backup().unwrap();
    machine
}

fn catalogue_file(machine: &Machine) -> PathBuf {
    let opened = machine.open().unwrap();
    find(&machine.context(), &opened, &FindQuery::of("x")).unwrap();
    let cache = std::fs::read_dir(machine.folder.path().join("cache")).unwrap();
    cache.map(|folder| folder.unwrap().path().join("catalogue")).find(|path| path.exists()).unwrap()
}

fn april(machine: &Machine) -> FindOutcome {
    let found = find(&machine.context(), &machine.open().unwrap(), &FindQuery::of("april")).unwrap();
    assert!(matches!(&found.hits[..], [hit] if hit.deleted && hit.versions.len() == 1), "{found:?}");
    found
}

#[test]
fn whatever_befalls_the_file_the_answer_is_the_same() {
    let machine = with_a_deleted_file();
    let file = catalogue_file(&machine);
    assert_eq!(april(&machine).keeping, Keeping::Kept);
    let sound = std::fs::read(&file).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..60 {
        let mut bytes = sound.clone();
        let at = random.usize(..bytes.len());
        match round % 4 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << random.u8(0..8),
            2 => bytes[at..].fill(0),
            // A page from elsewhere in the file.
            _ => bytes.copy_within(4096..4096 + 8240, 4096 + 8240 * random.usize(1..4)),
        }
        std::fs::write(&file, &bytes).unwrap();
        april(&machine);
    }
    std::fs::write(&file, b"not a catalogue at all").unwrap();
    assert_eq!(april(&machine).keeping, Keeping::MadeAnew);
    assert_eq!(april(&machine).keeping, Keeping::Kept);
}

#[test]
fn where_nothing_can_be_kept_the_catalogue_is_made_in_memory() {
    let machine = with_a_deleted_file();
    let cache = machine.folder.path().join("cache");
    std::fs::remove_dir_all(&cache).unwrap();
    std::fs::write(&cache, b"a file where a folder must be").unwrap();
    assert!(matches!(april(&machine).keeping, Keeping::NotKept(why) if why.contains("cache")));
}

#[test]
fn no_name_lies_in_the_open() {
    let machine = with_a_deleted_file();
    let file = catalogue_file(&machine);
    let bytes = std::fs::read(file).unwrap();
    assert!(bytes.len() > 50_000, "{} bytes were looked at", bytes.len());
    for needle in ["april", "march", "minutes", "documents", "version", "SQLite", "parish"] {
        let needle = needle.as_bytes();
        assert!(!bytes.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle)), "{needle:?}");
    }
}

/// Stops at the given step forward.
struct Stops(AtomicU32);

impl Monitor for Stops {
    fn progress(&self, _: Progress) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(1))) == Ok(0)
    }
}

#[test]
fn a_run_that_is_stopped_is_taken_up_by_the_next() {
    let machine = Machine::new();
    for week in 0..4 {
        (0..5).for_each(|number| machine.write(&format!("week {week}/{number}.txt"), b"words"));
        machine.backup().unwrap();
    }
    let opened = machine.open().unwrap();
    let expected = by_listing(&opened, "");
    for after in 0..40 {
        let stops = Stops(AtomicU32::new(after));
        let mut context = machine.context();
        context.monitor = &stops;
        let answer = find(&context, &opened, &FindQuery::of(""));
        assert!(matches!(&answer, Ok(_) | Err(EngineError::Interrupted)), "{answer:?}");
        assert_eq!(by_catalogue(&machine, &opened, ""), expected, "stopped after {after}");
        std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
    }
}

#[test]
fn what_lies_in_a_damaged_part_of_a_tree_is_not_called_deleted_and_is_found_again_once_mended() {
    let machine = Machine::new();
    (0..400).for_each(|number| machine.write(&format!("file {number:03}.txt"), format!("{number}").as_bytes()));
    machine.backup().unwrap();
    let first = machine.memory.names();
    (0..400).step_by(3).for_each(|number| machine.write(&format!("file {number:03}.txt"), b"later"));
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let all = by_catalogue(&machine, &opened, "file");
    assert_eq!(all.len(), 400);
    drop(opened);
    std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
    // The packs that the second backup added are gone for a while.
    let packs = machine.memory.names().into_iter().filter(|name| name.as_str().starts_with("packs/"));
    let added: Vec<_> = packs.filter(|name| !first.contains(name)).collect();
    let taken: Vec<_> = added.iter().map(|name| (name.clone(), machine.remove(name).unwrap())).collect();
    let opened = machine.open().unwrap();
    let found = find(&machine.context(), &opened, &FindQuery::of("file")).unwrap();
    assert!(!found.damaged.is_empty(), "it is told");
    assert_eq!(found.hits.iter().filter(|hit| hit.deleted).count(), 0);
    for (name, bytes) in taken {
        machine.memory.insert_raw(name, bytes);
    }
    let opened = machine.open().unwrap();
    assert_eq!(by_catalogue(&machine, &opened, "file"), all);
}
