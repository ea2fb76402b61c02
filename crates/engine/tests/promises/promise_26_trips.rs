//! Trips and bytes: how often a run over a far store waits for an answer before it can ask the next question, and how much
//! it moves, counted by a recording store.

use crate::common::{Machine, noise, request, shown};
use chest_council::Council;
use chest_engine::repo::config::Configuration;
use chest_engine::repo::local::{KeptStore, LocalFolder};
use chest_engine::repo::slot::SLOT_LEN;
use chest_engine::store::{MemoryStore, ObjectStore};
use chest_testkit::{FarStore, RecordingStore, Verb};
use std::sync::Arc;
use std::time::Duration;

type Far = RecordingStore<FarStore<MemoryStore>>;

/// Long enough that threads which ask together are seen to have asked together.
const ROUND_TRIP: Duration = Duration::from_millis(40);

/// A backup on every working day of two months.
const BACKUPS: u64 = 44;

/// A machine with 300 files and two months' backups of them, the store a round trip away since then.
fn far_machine() -> (Machine, Far) {
    let memory = MemoryStore::new();
    let far = RecordingStore::new(FarStore::new(memory.clone(), ROUND_TRIP));
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let near = KeptStore::new(memory.clone(), LocalFolder::new(kept.clone()));
    let mut machine = Machine::in_folder(folder, Arc::new(near), memory, Configuration::default());
    for file in 0..300 {
        machine.write(&format!("folder {}/file {file}", file % 7), &noise(file, 20_000));
    }
    for day in 0..BACKUPS {
        machine.write("folder 3/one more", &noise(1_000 + day, 20_000));
        machine.backup().unwrap();
    }
    machine.store = Arc::new(KeptStore::new(far.clone(), LocalFolder::new(kept)));
    (machine, far)
}

/// Waits, requests and bytes of one step, printed as a line of the table in docs/benchmarks.md.
#[derive(Debug)]
struct Asked {
    trips: usize,
    requests: usize,
    sent: u64,
    received: u64,
}

impl Asked {
    /// What was asked since the list was cleared, which is cleared again.
    fn take(step: &str, far: &Far) -> Self {
        let (sent, received) = (moved(far, &[Verb::Put]), moved(far, &[Verb::Get, Verb::GetRange]));
        let asked = Self { trips: far.trips(), requests: far.calls().len(), sent, received };
        let counted = |verb: Verb| far.calls().iter().filter(|call| call.verb == verb).count();
        let [puts, gets, ranges, lists] = [Verb::Put, Verb::Get, Verb::GetRange, Verb::List].map(counted);
        assert_eq!(puts + gets + ranges + lists, asked.requests, "nothing else is asked: {:#?}", far.calls());
        println!(
            "| {step} | {} | {} | {puts} | {gets} | {ranges} | {lists} | {sent} | {received} |",
            asked.trips, asked.requests
        );
        far.clear();
        asked
    }
}

/// A small council's first week: `cargo test --workspace --test promises a_councils_week -- --nocapture` prints the table.
#[test]
fn a_councils_week_asks_for_little_more_than_what_it_moves() {
    const COUNCIL: u64 = 40 << 20;
    let memory = MemoryStore::new();
    let far = RecordingStore::new(FarStore::new(memory.clone(), ROUND_TRIP));
    let folder = tempfile::tempdir().unwrap();
    let kept = LocalFolder::new(folder.path().join("kept"));
    let near = KeptStore::new(memory.clone(), kept.clone());
    let mut machine = Machine::in_folder(folder, Arc::new(near), memory.clone(), Configuration::default());
    let (council, source) = (Council::new(7, COUNCIL), machine.source());
    let (documents, mailboxes) = (source.join("Documents"), source.join("Mail"));
    council.write_documents(&documents, &|_| ()).unwrap();
    council.write_mailboxes(&mailboxes, &|_| ()).unwrap();
    machine.store = Arc::new(KeptStore::new(far.clone(), kept));

    println!("| step | waits | requests | puts | gets | ranges | listings | bytes sent | bytes received |");
    machine.backup().unwrap();
    let first = Asked::take("first backup", &far);
    machine.backup().unwrap();
    let unchanged = Asked::take("unchanged", &far);
    council.week_of_change(1, &documents, &mailboxes).unwrap();
    machine.backup().unwrap();
    let week = Asked::take("a week's change", &far);
    // Another machine, where nothing is kept.
    machine.store = Arc::new(far.clone());
    let to = tempfile::tempdir().unwrap();
    machine.restore_to(&to.path().join("all")).unwrap();
    let whole = Asked::take("full restore, from cold", &far);
    crate::common::assert_same(&source, &to.path().join("all/documents"));
    let one = std::fs::read_dir(&documents).unwrap().map(|one| one.unwrap()).find(|one| one.path().is_file());
    let name = one.unwrap().file_name().into_string().unwrap();
    let one = chest_engine::restore::RestoreRequest {
        paths: vec![shown(&format!("documents/Documents/{name}"))],
        ..request(&to.path().join("one"))
    };
    machine.restore(&chest_engine::browse::Selection::default(), one).unwrap();
    let one = Asked::take("one file, from cold", &far);

    let stored: u64 = memory.list("").unwrap().iter().map(|one| one.size).sum();
    // How many waits there may be is held above; here so much moves that a busy computer asks later than it could.
    assert!(unchanged.requests <= 19 && unchanged.sent + unchanged.received <= 64 << 10, "{unchanged:?}");
    assert!(one.requests <= 20 && one.received <= 5 << 20, "{one:?}");
    assert!(first.received <= 2 * SLOT_LEN as u64, "a first backup reads the key slots and nothing else: {first:?}");
    assert!(week.sent < first.sent / 3, "{week:?} after {first:?}");
    assert!(whole.received <= stored, "{whole:?} of {stored}");
}

fn moved(far: &Far, verbs: &[Verb]) -> u64 {
    verbs.iter().map(|verb| far.bytes(*verb)).sum()
}

#[test]
fn an_unchanged_run_takes_at_most_six_trips() {
    let (machine, far) = far_machine();
    machine.backup().unwrap();
    assert!(far.trips() <= 6, "{} trips: {:#?}", far.trips(), far.calls());
    // Beside them, at the same time, those for the second copies: of six listings and of the record.
    let (second, first): (Vec<_>, Vec<_>) = far.calls().into_iter().partition(|call| call.name.starts_with("second/"));
    assert!(first.len() <= 12 && second.len() <= 7, "{} and {} requests", first.len(), second.len());
    assert!(moved(&far, &[Verb::Put, Verb::Get, Verb::GetRange]) <= 64 << 10);
}

#[test]
fn one_small_file_from_cold_takes_five_trips() {
    let (mut machine, far) = far_machine();
    // Another machine: nothing is kept there.
    machine.store = Arc::new(far.clone());
    let to = tempfile::tempdir().unwrap();
    let one = chest_engine::restore::RestoreRequest {
        paths: vec![shown("documents/folder 3/file 10")],
        ..request(to.path())
    };
    machine.restore(&chest_engine::browse::Selection::default(), one).unwrap();
    assert_eq!(std::fs::read(to.path().join("documents/folder 3/file 10")).unwrap(), noise(10, 20_000));
    assert!(far.trips() <= 5, "{} trips: {:#?}", far.trips(), far.calls());
    let bytes = moved(&far, &[Verb::Get, Verb::GetRange]);
    assert!(bytes <= 5_500_000, "{bytes} bytes");
}

#[test]
fn a_whole_restore_asks_for_each_pack_once() {
    let (mut machine, far) = far_machine();
    machine.store = Arc::new(far.clone());
    let packs = machine.memory.list("packs/").unwrap();
    let to = tempfile::tempdir().unwrap();
    machine.restore_to(to.path()).unwrap();
    let whole = far.calls().iter().filter(|call| call.verb == Verb::Get && call.name.starts_with("packs/")).count();
    assert!(whole <= packs.len(), "{whole} whole reads of {} packs", packs.len());
    assert!(far.trips() <= 6, "{} trips: {:#?}", far.trips(), far.calls());
}

#[test]
fn a_whole_restore_of_more_files_than_may_be_open_asks_for_each_pack_once() {
    let memory = MemoryStore::new();
    let recording = RecordingStore::new(memory.clone());
    let machine = Machine::on(Arc::new(recording.clone()), memory, Configuration::small_for_tests());
    for file in 0..900 {
        machine.write(&format!("folder {}/file {file}", file / 100), &noise(file, 20_000));
    }
    machine.backup().unwrap();
    recording.clear();
    let to = tempfile::tempdir().unwrap();
    machine.restore_to(to.path()).unwrap();
    let calls = recording.calls();
    let mut asked: Vec<_> = calls.iter().filter(|call| call.verb == Verb::Get).map(|call| &call.name).collect();
    asked.retain(|name| name.starts_with("packs/"));
    let packs: std::collections::BTreeSet<_> = asked.iter().collect();
    assert!(packs.len() > 100, "{} packs", packs.len());
    assert_eq!(asked.len(), packs.len(), "each once");
}
