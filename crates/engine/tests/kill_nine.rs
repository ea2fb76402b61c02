//! `kill -9` at a hundred seeded moments of a backup into a real folder. The killed process is known to have been alive, and
//! every phase is hit. The next run is clean, nothing that was acknowledged is lost, and what had arrived is not sent again.
//!
//! `CHEST_KILL_SEED` replays a run; `CHEST_KILLS` sets how many.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::backup::{BackupOptions, backup};
use chest_engine::browse::snapshots;
use chest_engine::check::{CheckOptions, ReadData, check};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::store::{LocalStore, MemoryStore};
use chest_model::{Monitor, Phase, Progress, Severity};
use common::{Machine, folder_source, noise};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Where the child finds its machine.
const CHILD: &str = "CHEST_KILL_CHILD";
const PHASES: [&str; 4] = ["Opening", "LoadingIndex", "BackingUp", "Committing"];

/// Tells its phase on standard output, a line each, at once.
struct Telling;

impl Monitor for Telling {
    fn progress(&self, progress: Progress) {
        let line = match progress {
            Progress::Begin { phase: Phase::Opening, .. } => "Opening",
            Progress::Begin { phase: Phase::LoadingIndex, .. } => "LoadingIndex",
            Progress::Begin { phase: Phase::BackingUp, .. } => "BackingUp",
            Progress::Begin { phase: Phase::Committing, .. } => "Committing",
            Progress::Sent { .. } => "sent",
            _ => return,
        };
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "phase {line}").and_then(|()| out.flush());
    }
}

/// Not a test by itself: what the killed process runs.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    let store = TwiceStore::over(Arc::new(LocalStore::open(&folder.join("repository")).unwrap()));
    let environment = SystemClock;
    let context = chest_engine::Context {
        store,
        environment: &environment,
        monitor: &Telling,
        state_dir: folder.join("state"),
        cache_dir: folder.join("cache"),
    };
    backup(&context, &[folder_source(&folder.join("documents"))], &BackupOptions::default()).unwrap();
    println!("phase Saved");
}

/// The real clock and generator: two processes with one seed would be one machine, twice.
struct SystemClock;

impl chest_model::Environment for SystemClock {
    fn now(&self) -> chest_model::Timestamp {
        std::fs::metadata("/proc/self").unwrap().modified().unwrap().into()
    }
    fn running(&self) -> Duration {
        let since_boot = std::fs::read_to_string("/proc/uptime").unwrap();
        Duration::from_secs_f64(since_boot.split(' ').next().unwrap().parse().unwrap())
    }
    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), chest_model::RandomError> {
        use std::io::Read;
        std::fs::File::open("/dev/urandom")
            .and_then(|mut file| file.read_exact(buffer))
            .map_err(|error| chest_model::RandomError(error.to_string()))
    }
    fn host_name(&self) -> String {
        "killed".to_owned()
    }
}

/// Starts a backup and kills it in the wanted phase, `delay` after that began; gives the phase it died in, or `None` where
/// it had ended before.
fn kill_in(folder: &Path, wanted: &str, delay: Duration) -> Option<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // The test harness prints on the same line before the first of ours.
            if let Some(at) = line.find("phase ") {
                let _ = sender.send(line[at + 6..].to_owned());
            }
        }
    });
    let mut phase = "starting".to_owned();
    for line in receiver.iter() {
        let reached = line == wanted;
        take_phase(&mut phase, &line);
        if reached {
            break;
        }
    }
    std::thread::sleep(delay);
    let was_alive = kill_if_alive(&mut child);
    for line in receiver.iter() {
        take_phase(&mut phase, &line);
    }
    (was_alive && phase != "Saved").then_some(phase)
}

fn take_phase(phase: &mut String, line: &str) {
    if line != "sent" {
        *phase = line.to_owned();
    }
}

/// Whether it was still running, and died of our signal.
fn kill_if_alive(child: &mut Child) -> bool {
    let alive = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    let status = child.wait().unwrap();
    alive && std::os::unix::process::ExitStatusExt::signal(&status) == Some(9)
}

#[test]
fn killed_at_a_hundred_moments_the_next_run_is_clean() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (seed, kills) = (number("CHEST_KILL_SEED", 20_261_121), number("CHEST_KILLS", 100));
    println!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("repository");
    let store = Arc::new(LocalStore::create(&repository).unwrap());
    let machine = Machine::in_folder(folder, store, MemoryStore::new(), Configuration::small_for_tests());
    for file in 0..20 {
        machine.write(&format!("papers/{file}.bin"), &noise(file, 60_000));
    }
    let mut hits: BTreeMap<String, u64> = BTreeMap::new();
    let mut acknowledged = 0;
    let mut moment = 0;
    while hits.values().sum::<u64>() < kills {
        let random = u64::from_le_bytes(noise(seed ^ (moment << 20), 8).try_into().unwrap());
        moment += 1;
        assert!(moment < kills * 20, "the process keeps ending before it is killed: {hits:?}");
        for file in 0..5 {
            machine.write(&format!("papers/{}.bin", (moment + file) % 20), &noise(random ^ file, 60_000));
        }
        let wanted = PHASES[(moment % 4) as usize];
        // Phases last from a fraction of a millisecond to a few tens.
        let longest = if wanted == "BackingUp" { 60_000 } else { 3_000 };
        let delay = Duration::from_micros(random % longest);
        match kill_in(machine.folder.path(), wanted, delay) {
            Some(phase) => *hits.entry(phase).or_default() += 1,
            None => acknowledged += 1,
        }
        let saved = machine.backup().unwrap_or_else(|error| panic!("seed {seed}, moment {moment}: {error}"));
        acknowledged += 1;
        assert!(saved.exceptions.is_empty(), "seed {seed}, moment {moment}: {:?}", saved.exceptions);
        if moment % 10 == 0 {
            assert_clean(&machine, acknowledged, &format!("seed {seed}, moment {moment}"));
        }
    }
    println!("kills by phase: {hits:?}");
    assert!(PHASES.iter().all(|phase| hits.get(*phase).is_some_and(|count| *count > 0)), "{hits:?}");
    assert_clean(&machine, acknowledged, "at the end");
    let to = machine.folder.path().join("restored");
    machine.restore_to(&to).unwrap();
    common::assert_same(&machine.source(), &to.join("documents"));
}

fn assert_clean(machine: &Machine, acknowledged: u64, when: &str) {
    let opened = machine.open().unwrap();
    let shown = snapshots(&opened).snapshots.len() as u64;
    assert!(shown >= acknowledged, "{when}: {shown} of {acknowledged} acknowledged backups are shown");
    let options = CheckOptions { read_data: ReadData::Share(1.0) };
    let checked = check(&machine.context(), &opened, &options).unwrap();
    let bad: Vec<_> = checked.findings.iter().filter(|finding| finding.severity > Severity::Note).collect();
    assert!(bad.is_empty(), "{when}: {bad:?}");
    // Every pack that arrived was taken over by the next run: none lies about.
    let packs = checked.findings.iter().filter(|finding| finding.object.starts_with("packs/")).count();
    assert_eq!(packs, 0, "{when}");
}
