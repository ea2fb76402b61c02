//! Whole operations on real folders: what was stored comes back, bit for bit, with everything that belongs to it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::backup::{BackupOptions, backup};
use chest_engine::browse::{ItemType, Selection, cat, list, select, snapshots};
use chest_engine::catalogue::{FindQuery, find};
use chest_engine::init::{InitOptions, prepare};
use chest_engine::repo::RepoError;
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::{Credential, KdfCost};
use chest_engine::repo::words::TypedWords;
use chest_engine::restore::{RestoreRequest, plan};
use chest_engine::source::{Content, ItemKind, ReadFailure, Source, SourceError, SourceItem, Xattrs};
use chest_engine::store::{MemoryStore, ObjectName, ObjectStore, PutOutcome, StoreError};
use chest_engine::target::{Existing, MetadataNote};
use chest_engine::{Context, EngineError, Opened};
use chest_model::{Completeness, Monitor, Phase, Progress, RootDescription};
use chest_testkit::{FaultPlan, FaultyStore, Verb};
use common::{Machine, assert_same, folder_source, noise, request, shown};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A tree with one of everything.
fn odd_tree(machine: &Machine) {
    machine.write("minutes/2026-03-11 Full Council.txt", &b"It was RESOLVED to approve the minutes. ".repeat(5000));
    machine.write("photographs/fete.jpg", &noise(1, 300_000));
    machine.write("empty", b"");
    machine.write("copy of fete.jpg", &noise(1, 300_000));
    let source = machine.source();
    std::fs::create_dir(source.join("empty folder")).unwrap();
    std::fs::write(source.join(std::ffi::OsStr::from_bytes(b"not utf-8 \xff\xfe")), b"x").unwrap();
    std::fs::write(source.join("new\nline"), b"y").unwrap();
    symlink("minutes/../nowhere", source.join("link")).unwrap();
    std::fs::hard_link(source.join("link"), source.join("minutes/the same link")).unwrap();
    symlink("minutes/../nowhere", source.join("a link of its own")).unwrap();
    std::fs::hard_link(source.join("empty"), source.join("another name")).unwrap();
    std::fs::hard_link(source.join("photographs/fete.jpg"), source.join("minutes/fete.jpg")).unwrap();
    let sparse = std::fs::File::create(source.join("sparse")).unwrap();
    sparse.write_at(b"front", 0).unwrap();
    sparse.write_at(b"middle", 5_000_000).unwrap();
    sparse.set_len(20_000_000).unwrap();
    std::fs::set_permissions(source.join("empty"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::set_permissions(source.join("minutes"), std::fs::Permissions::from_mode(0o750)).unwrap();
}

#[test]
fn everything_comes_back_as_it_was() {
    let machine = Machine::new();
    odd_tree(&machine);
    let saved = machine.backup().unwrap();
    assert_eq!(saved.completeness, Completeness::Complete, "{:?}", saved.exceptions);
    let to = machine.folder.path().join("restored");
    let outcome = machine.restore_to(&to).unwrap();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    assert!(outcome.notes.is_empty(), "{:?}", outcome.notes);
    assert_same(&machine.source(), &to.join("documents"));
    let blocks = |path: &std::path::Path| std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(path).unwrap());
    assert!(blocks(&to.join("documents/sparse")) <= blocks(&machine.source().join("sparse")));
}

#[test]
fn a_second_run_reads_nothing_and_sends_next_to_nothing() {
    let machine = Machine::new();
    odd_tree(&machine);
    machine.backup().unwrap();
    let before = machine.memory.names().len();
    let again = machine.backup().unwrap();
    assert_eq!((again.files_read, again.bytes_read), (0, 0));
    assert!(machine.memory.names().len() - before <= 3);
    assert!(again.bytes_sent <= 256 << 10, "{}", again.bytes_sent);
}

/// Reading it would take an hour, each time.
#[test]
fn a_hole_of_a_terabyte_is_stored_restored_and_compared_at_once() {
    let machine = Machine::new();
    machine.write("sparse", b"front");
    std::fs::File::options().write(true).open(machine.source().join("sparse")).unwrap().set_len(1 << 40).unwrap();
    machine.backup().unwrap();
    let to = machine.folder.path().join("restored");
    let begun = std::time::Instant::now();
    assert_eq!(machine.restore_to(&to).unwrap().files, 1);
    let again = machine.restore_to(&to).unwrap();
    assert_eq!((again.files, again.already_there), (0, 1));
    // A byte in the hole makes it another file.
    std::fs::File::options().write(true).open(to.join("documents/sparse")).unwrap().write_at(b"x", 1 << 39).unwrap();
    let beside = machine.restore_to(&to).unwrap();
    assert_eq!((beside.files, beside.beside.len()), (1, 1));
    assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn without_cache_and_state_nothing_is_sent_twice() {
    let machine = Machine::new();
    odd_tree(&machine);
    machine.backup().unwrap();
    std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
    let again = machine.backup().unwrap();
    assert!(again.files_read > 0);
    assert_eq!(again.chunks_added, 0);
}

#[test]
fn old_versions_and_deleted_files_are_found_and_restored() {
    let machine = Machine::new();
    machine.write("minutes/march.txt", b"first version");
    let first = machine.backup().unwrap();
    machine.write("minutes/march.txt", b"second version, longer");
    machine.write("minutes/april.txt", b"april");
    machine.backup().unwrap();
    std::fs::remove_file(machine.source().join("minutes/april.txt")).unwrap();
    machine.backup().unwrap();

    let opened = machine.open().unwrap();
    assert_eq!(snapshots(&opened).snapshots.len(), 3);
    let march = find(&machine.context(), &opened, &FindQuery::of("MARCH")).unwrap();
    assert_eq!(march.hits.len(), 1);
    assert_eq!(march.hits[0].versions.len(), 2);
    assert!(!march.hits[0].deleted);
    let april = find(&machine.context(), &opened, &FindQuery::of("*.txt")).unwrap();
    assert_eq!(april.hits.len(), 2);
    let april = april.hits.iter().find(|hit| hit.deleted).unwrap();

    let selection = chest_engine::browse::Selection {
        selector: Some(chest_engine::browse::SnapshotSelector::Id(april.versions[0].last_seen.0.to_hex())),
        ..Default::default()
    };
    let to = machine.folder.path().join("rescued");
    let mut wanted = request(&to);
    wanted.paths = vec![april.path.clone()];
    machine.restore(&selection, wanted).unwrap();
    assert_eq!(std::fs::read(to.join("documents/minutes/april.txt")).unwrap(), b"april");

    let old = chest_engine::browse::Selection {
        selector: Some(chest_engine::browse::SnapshotSelector::Id(first.snapshot.to_hex()[..8].to_owned())),
        ..Default::default()
    };
    let snapshot = select(&opened, &old).unwrap();
    let mut out = Vec::new();
    cat(&opened, &snapshot, &shown("documents/minutes/march.txt"), &mut out).unwrap();
    assert_eq!(out, b"first version");
    let listed = list(&opened, &snapshot, &shown("documents/minutes"), false).unwrap();
    assert_eq!(listed.items.len(), 1);
}

#[test]
fn a_name_is_found_however_its_accents_and_capitals_are_spelt() {
    let machine = Machine::new();
    let names = ["Café accounts.txt", "Cafe\u{301} minutes.txt", "CAFÉ RENT.TXT", "cafe lease.txt"];
    names.iter().for_each(|name| machine.write(name, name.as_bytes()));
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    for word in ["café", "cafe\u{301}", "CAFÉ", "CAFÉ*", "cafe\u{301} *.txt", "**/*É*", "[c]af\u{e9}*"] {
        let hits = find(&machine.context(), &opened, &FindQuery::of(word)).unwrap().hits;
        let found: Vec<&[u8]> = hits.iter().map(|hit| hit.path.path.as_bytes()).collect();
        let expected: Vec<&[u8]> = vec![names[2].as_bytes(), names[1].as_bytes(), names[0].as_bytes()];
        assert_eq!(found, expected, "{word:?}");
    }
}

/// Adds up what is announced and what is done.
#[derive(Default)]
struct Sums {
    announced: [AtomicU64; 2],
    done: [AtomicU64; 2],
}

impl Sums {
    fn add(to: &[AtomicU64; 2], items: u64, bytes: u64) {
        to[0].fetch_add(items, Ordering::Relaxed);
        to[1].fetch_add(bytes, Ordering::Relaxed);
    }

    fn take(&self) -> ([u64; 2], [u64; 2]) {
        let take = |from: &[AtomicU64; 2]| [0, 1].map(|at| from[at].swap(0, Ordering::Relaxed));
        (take(&self.announced), take(&self.done))
    }
}

impl Monitor for Sums {
    fn progress(&self, progress: Progress) {
        match progress {
            Progress::Begin { phase: Phase::Restoring, items, bytes } | Progress::Found { items, bytes } => {
                Self::add(&self.announced, items, bytes);
            }
            Progress::Done { items, bytes } => Self::add(&self.done, items, bytes),
            _ => {}
        }
    }
}

#[test]
fn what_is_announced_is_done_and_neither_holes_nor_further_names_take_time() {
    let machine = Machine::new();
    odd_tree(&machine);
    let sums = Sums::default();
    let context = Context { monitor: &sums, ..machine.context() };
    backup(&context, &[folder_source(&machine.source())], &BackupOptions::default()).unwrap();
    let (announced, done) = sums.take();
    assert_eq!(announced, done, "backup");

    let opened = machine.open().unwrap();
    let snapshot = select(&opened, &Selection::default()).unwrap();
    let to = machine.folder.path().join("restored");
    let entries = list(&opened, &snapshot, &shown("documents"), true).unwrap().items;
    let files = entries.iter().filter(|item| item.item == ItemType::File).count() as u64;
    // Minutes, photograph, its copy, and what is not hole of the sparse file: whole blocks.
    let least = 200_000 + 2 * 300_000 + 2 + 5 + 6;
    for existing in [Existing::KeepBoth, Existing::KeepBoth, Existing::Overwrite, Existing::Skip] {
        let request = RestoreRequest { existing, ..request(&to) };
        plan(&machine.context(), &opened, &snapshot, request).unwrap().execute(&context).unwrap();
        let (announced, done) = sums.take();
        assert_eq!(announced, done, "{existing:?}");
        match existing {
            Existing::Skip => assert_eq!(announced, [0, 0]),
            _ => assert!(announced[0] == files && (least..least + 200_000).contains(&announced[1]), "{announced:?}"),
        }
    }
}

#[test]
fn an_existing_file_is_never_lost() {
    let machine = Machine::new();
    machine.write("a.txt", b"as backed up");
    machine.write("b.txt", b"the same");
    machine.backup().unwrap();
    let to = machine.folder.path().join("desk");
    std::fs::create_dir_all(to.join("documents")).unwrap();
    std::fs::write(to.join("documents/a.txt"), b"newer work..").unwrap();
    std::fs::write(to.join("documents/b.txt"), b"the same").unwrap();
    let outcome = machine.restore_to(&to).unwrap();
    assert_eq!(outcome.already_there, 1);
    assert_eq!(outcome.beside.len(), 1);
    assert_eq!(std::fs::read(to.join("documents/a.txt")).unwrap(), b"newer work..");
    let beside = to.join("documents/a (restored 21 November 2026).txt");
    assert_eq!(std::fs::read(beside).unwrap(), b"as backed up");

    let mut overwrite = request(&to);
    overwrite.existing = Existing::Overwrite;
    machine.restore(&Default::default(), overwrite).unwrap();
    assert_eq!(std::fs::read(to.join("documents/a.txt")).unwrap(), b"as backed up");
}

#[test]
fn a_lost_index_object_is_rebuilt_from_the_packs() {
    let machine = Machine::new();
    odd_tree(&machine);
    machine.backup().unwrap();
    for name in machine.memory.names() {
        if name.as_str().starts_with("index/") {
            machine.memory.remove_raw(&name);
        }
    }
    let to = machine.folder.path().join("restored");
    let outcome = machine.restore_to(&to).unwrap();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    assert_same(&machine.source(), &to.join("documents"));
}

#[test]
fn a_folder_of_documents_is_not_made_into_a_repository() {
    let memory = chest_engine::store::MemoryStore::new();
    memory.insert_stray("budget.xlsx".to_owned(), 10);
    let machine = Machine::new();
    let store = chest_engine::repo::repository::TwiceStore::over(std::sync::Arc::new(memory));
    let context = chest_engine::Context { store, ..machine.context() };
    let options = chest_engine::init::InitOptions {
        passphrase: None,
        cost: chest_engine::repo::slot::KdfCost::FLOOR,
        configuration: chest_engine::repo::config::Configuration::new(),
    };
    let refused = chest_engine::init::init(&context, options).err().unwrap();
    assert!(refused.to_string().contains("budget.xlsx"), "{refused}");
}

/// The words are shown between the two steps; until then nobody can hold a repository without them.
#[test]
fn a_repository_that_is_only_prepared_leaves_the_store_empty_and_its_words_open_it_once_it_is_made() {
    use chest_engine::repo::{
        config::Configuration, repository::unlock, slot::Credential, slot::KdfCost, words::TypedWords,
    };
    use chest_engine::store::ObjectStore;
    let machine = Machine::new();
    let store = std::sync::Arc::new(chest_engine::store::MemoryStore::new());
    let twice = chest_engine::repo::repository::TwiceStore::over(store.clone());
    let context = chest_engine::Context { store: twice, ..machine.context() };
    let prepare = || {
        let options = chest_engine::init::InitOptions {
            passphrase: None,
            cost: KdfCost::FLOOR,
            configuration: Configuration::new(),
        };
        chest_engine::init::prepare(&context, options).unwrap()
    };
    drop(prepare());
    let prepared = prepare();
    assert!(store.list("").unwrap().is_empty());
    let shown = prepared.outcome().recovery_words.join(" ");
    let made = prepared.commit(&context).unwrap();
    let words = Credential::Words(TypedWords::parse(&shown).unwrap());
    assert_eq!(unlock(&*context.store, &words).unwrap().repository(), made.repository);
    let opened = chest_engine::Opened::open(&context, &words).unwrap();
    let newest = opened.session.owner.chain().head_hashes();
    assert_eq!(chest_engine::init::head_words(made.repository, newest.last().unwrap()), made.head_words);
}

/// Makes a repository in a store that fails by this plan from the moment at which the words have been shown.
fn made_where(plan: FaultPlan) -> (Result<Vec<&'static str>, EngineError>, Machine, MemoryStore) {
    let machine = Machine::new();
    let memory = MemoryStore::new();
    let store = FaultyStore::new(memory.clone());
    let twice = TwiceStore::over(std::sync::Arc::new(store.clone()));
    let context = Context { store: twice, ..machine.context() };
    let options =
        InitOptions { passphrase: None, cost: KdfCost::FLOOR, configuration: Configuration::small_for_tests() };
    let prepared = prepare(&context, options).unwrap();
    store.set_plan(plan).unwrap();
    let made = prepared.commit(&context).map(|made| made.recovery_words);
    (made, machine, memory)
}

#[test]
fn words_are_called_void_only_where_the_repository_is_known_not_to_be_there() {
    let gone = || StoreError::Unreachable("pulled out".to_owned());
    let is_genesis = |name: &str| name.contains("owner/ffffffffffffffff-");
    // One of its two copies arrives: that is a repository, and the words open it.
    let is_second = move |name: &str| name.starts_with("second/") && is_genesis(name);
    let plan = FaultPlan::new().fail_when(move |one| one.verb == Verb::Put && is_second(&one.name), gone);
    let (made, machine, memory) = made_where(plan);
    let words = Credential::Words(TypedWords::parse(&made.unwrap().join(" ")).unwrap());
    let store = TwiceStore::over(std::sync::Arc::new(memory));
    Opened::open(&Context { store, ..machine.context() }, &words).unwrap();
    // Neither does, and the store says so.
    let plan = FaultPlan::new().fail_when(move |one| one.verb == Verb::Put && is_genesis(&one.name), gone);
    assert!(matches!(made_where(plan).0, Err(EngineError::NotMade { is_taken_back: true, .. })));
    // Neither answer nor list: nobody knows.
    let (made, ..) = made_where(FaultPlan::new().fail_when(move |one| is_genesis(&one.name), gone));
    assert!(matches!(made, Err(EngineError::PerhapsMade(_))), "{made:?}");
}

#[test]
fn a_file_that_hides_its_length_is_partial_and_not_empty() {
    let machine = Machine::new();
    machine.write("minutes", b"resolved");
    let odd = || common::folder_source(std::path::Path::new("/proc/version"));
    let saved = machine.backup_of(vec![common::folder_source(&machine.source()), odd()]).unwrap();
    assert_eq!(saved.completeness, Completeness::Partial);
    // Alone it makes no backup at all.
    assert!(matches!(machine.backup_of(vec![odd()]), Err(EngineError::Source(_))));
}

#[test]
fn large_attributes_of_files_and_folders_come_back() {
    let machine = Machine::new();
    machine.write("folder/file", b"content");
    let value = noise(5, 3000);
    let flags = rustix::fs::XattrFlags::empty();
    for path in ["folder", "folder/file"] {
        rustix::fs::setxattr(machine.source().join(path), "user.large", &value, flags).unwrap();
    }
    machine.backup().unwrap();
    let to = machine.folder.path().join("restored");
    let outcome = machine.restore_to(&to).unwrap();
    assert!(outcome.failed.is_empty() && outcome.notes.is_empty(), "{:?} {:?}", outcome.failed, outcome.notes);
    for path in ["folder", "folder/file"] {
        let mut found = vec![0; 4000];
        let length = rustix::fs::getxattr(to.join("documents").join(path), "user.large", &mut found[..]).unwrap();
        assert_eq!(found[..length], value[..], "{path}");
    }
}

/// A folder whose links and pipes bear a large attribute of a kind that Linux lets only files and folders have.
struct Attributed(Box<dyn Source>);

impl Source for Attributed {
    fn description(&self) -> &RootDescription {
        self.0.description()
    }
    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        self.0.walk(visit)
    }
    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        match item.kind {
            ItemKind::Symlink { .. } | ItemKind::Fifo => Ok(vec![(b"user.large".to_vec(), noise(5, 3000))]),
            _ => self.0.xattrs(item),
        }
    }
    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        self.0.open(item)
    }
}

#[test]
fn large_attributes_of_links_and_pipes_are_told_where_they_cannot_be_set_and_sockets_are_named() {
    let machine = Machine::new();
    symlink("nowhere", machine.source().join("link")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        machine.source().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(machine.source().join("socket")).unwrap();
    machine.backup_of(vec![Box::new(Attributed(common::folder_source(&machine.source())))]).unwrap();
    let outcome = machine.restore_to(&machine.folder.path().join("restored")).unwrap();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    let mut refused = Vec::new();
    for (path, note) in &outcome.notes {
        match note {
            MetadataNote::Xattr { name, .. } if name == b"user.large" => refused.push(path.path.to_string()),
            _ => panic!("{path:?}: {note:?}"),
        }
    }
    assert_eq!(refused, ["link", "pipe"]);
    assert_eq!(outcome.sockets, [shown("documents/socket")]);
}

/// Answers that it has stored what it drops.
struct Dropping {
    inner: MemoryStore,
    prefix: &'static str,
    drops: AtomicBool,
}

impl ObjectStore for Dropping {
    chest_engine::store::pass_on!(self => self.inner; get, get_range, list, versions, get_version, delete_version,
        retain_version, strays, requests_at_once);

    fn put(&self, name: &ObjectName, bytes: bytes::Bytes) -> Result<PutOutcome, StoreError> {
        let drops = self.drops.load(Ordering::SeqCst) && name.as_str().contains(self.prefix);
        if drops { Ok(PutOutcome::Done) } else { self.inner.put(name, bytes) }
    }
}

#[test]
fn what_the_store_took_and_does_not_show_is_told_as_that_and_not_as_a_history_that_is_gone() {
    for prefix in ["log/", "packs/"] {
        let memory = MemoryStore::new();
        let store = Arc::new(Dropping { inner: memory.clone(), prefix, drops: AtomicBool::new(false) });
        let machine = Machine::on(store.clone(), memory, Configuration::small_for_tests());
        odd_tree(&machine);
        store.drops.store(true, Ordering::SeqCst);
        match machine.backup() {
            Err(EngineError::Repo(RepoError::NotThere(name))) => assert!(name.starts_with(prefix), "{name}"),
            other => panic!("{prefix}: {other:?}"),
        }
        store.drops.store(false, Ordering::SeqCst);
        machine.backup().unwrap();
        let to = machine.folder.path().join("restored");
        assert!(machine.restore_to(&to).unwrap().failed.is_empty());
        assert_same(&machine.source(), &to.join("documents"));
    }
}
