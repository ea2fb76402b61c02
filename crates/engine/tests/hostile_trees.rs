//! Trees made by somebody who wants a backup to fail: folders nested without end, names as long as they may be, and more
//! items than memory has room for. Each is backed up by a process of its own, whose memory the system counts.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::backup::{BackupOptions, backup};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::source::{ItemKind, SourceItem};
use chest_engine::store::{LocalStore, MemoryStore};
use chest_model::{Completeness, Silent, TreePath};
use chest_testkit::FixedEnvironment;
use common::{Machine, folder_source, noise};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Where the child finds its machine.
const CHILD: &str = "CHEST_HOSTILE_CHILD";
/// What a whole process may take, two packs of 16 MiB in flight and all.
const LIMIT_MIB: u64 = 160;

/// Not a test by itself: the process that is measured.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    let environment = FixedEnvironment::new(43);
    environment.set_now(std::fs::metadata("/proc/self").unwrap().modified().unwrap().into());
    let context = chest_engine::Context {
        store: TwiceStore::over(Arc::new(LocalStore::open(&folder.join("repository")).unwrap())),
        environment: &environment,
        monitor: &Silent,
        state_dir: folder.join("state"),
        cache_dir: folder.join("cache"),
    };
    let saved = backup(&context, &[folder_source(&folder.join("documents"))], &BackupOptions::default()).unwrap();
    println!("result {} {} {}", peak_mib(), saved.items_unread, saved.exceptions.len());
    assert_eq!(saved.completeness == Completeness::Complete, saved.items_unread == 0);
}

/// The most memory that this process ever had.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

struct Measured {
    peak_mib: u64,
    items_unread: u64,
    listed: u64,
}

/// Backs up in a process of its own.
fn backup_measured(machine: &Machine) -> Measured {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, machine.folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // The test harness prints on the same line before it.
    let result = said.lines().find_map(|line| line.split_once("result ")).unwrap().1;
    let numbers: Vec<u64> = result.split(' ').map(|number| number.parse().unwrap()).collect();
    let [peak_mib, items_unread, listed] = numbers[..] else { panic!("{result}") };
    println!("{peak_mib} MiB at most");
    Measured { peak_mib, items_unread, listed }
}

/// In memory, where the machine has such a place: disks take seconds to make and remove that many items.
fn machine() -> Machine {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let store = Arc::new(LocalStore::create(&folder.path().join("repository")).unwrap());
    Machine::in_folder(folder, store, MemoryStore::new(), Configuration::default())
}

fn open_folder(above: &OwnedFd, name: &str) -> OwnedFd {
    openat(above, name, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap()
}

fn write_file(folder: &OwnedFd, name: &str) {
    openat(folder, name, OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR).unwrap();
}

/// A chain of folders, too deep for what usually removes folders: takes itself away again.
struct Chain {
    bottom: OwnedFd,
    name: String,
    /// The files in each folder from the top.
    files: Vec<Vec<String>>,
}

impl Chain {
    fn build(root: &Path, name: &str, files: Vec<Vec<String>>) -> Self {
        let mut folder = openat(CWD, root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        for here in &files {
            here.iter().for_each(|file| write_file(&folder, file));
            mkdirat(&folder, name, Mode::RWXU).unwrap();
            folder = open_folder(&folder, name);
        }
        Self { bottom: folder, name: name.to_owned(), files }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        for here in self.files.iter().rev() {
            self.bottom = open_folder(&self.bottom, "..");
            unlinkat(&self.bottom, self.name.as_str(), AtFlags::REMOVEDIR).unwrap();
            here.iter().for_each(|file| unlinkat(&self.bottom, file.as_str(), AtFlags::empty()).unwrap());
        }
    }
}

/// Everything below a folder that can be stored.
fn storable(folder: &Path) -> Vec<SourceItem> {
    let mut items = Vec::new();
    folder_source(folder)
        .walk(&mut |mut item| {
            if !matches!(item.kind, ItemKind::Unreadable(_)) {
                item.fingerprint = Default::default();
                items.push(item);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    items
}

fn assert_restored(machine: &Machine) {
    let to = machine.folder.path().join("restored");
    let outcome = machine.restore_to(&to).unwrap();
    assert!(outcome.failed.is_empty(), "{} failed, {:?}", outcome.failed.len(), outcome.failed.first());
    let (wanted, restored) = (storable(&machine.source()), storable(&to.join("documents")));
    assert_eq!(restored.len(), wanted.len());
    if let Some((wanted, restored)) = wanted.iter().zip(&restored).find(|(wanted, restored)| wanted != restored) {
        panic!("{wanted:?} came back as {restored:?}");
    }
}

#[test]
fn nine_thousand_folders_in_one_another_are_stored_as_far_as_paths_go_in_little_memory() {
    let machine = machine();
    let name = "n".repeat(100);
    let mut files = vec![vec!["~".to_owned()]; 9_000];
    let deepest = (TreePath::LONGEST + 1) / (name.len() + 1);
    // Here paths still have room for short names …
    files[deepest - 1].extend((0..3_000).map(|number| format!("f{number}")));
    // … and here for no name but the shortest.
    files[deepest].extend((0..2_000).map(|number| format!("{number:0100}")));
    let _chain = Chain::build(&machine.source(), &name, files);
    let saved = backup_measured(&machine);
    assert_eq!(saved.items_unread, 2_001);
    assert!((1..200).contains(&saved.listed), "{} listed", saved.listed);
    assert!(saved.peak_mib < LIMIT_MIB, "{} MiB", saved.peak_mib);
    assert_restored(&machine);
}

#[test]
fn two_hundred_thousand_files_with_long_names_in_one_folder_are_stored_in_little_memory() {
    let machine = machine();
    let source = openat(CWD, machine.source(), OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    (0..200_000).for_each(|number| write_file(&source, &format!("{number:0200}")));
    let saved = backup_measured(&machine);
    assert_eq!(saved.items_unread, 0);
    assert!(saved.peak_mib < LIMIT_MIB, "{} MiB", saved.peak_mib);
    assert_restored(&machine);
}

/// While the first file is read, everything behind it waits.
#[test]
fn a_large_file_before_many_small_ones_is_stored_in_little_memory() {
    let machine = machine();
    let large: Vec<u8> = (0..16).flat_map(|seed| noise(seed, 12 << 20)).collect();
    machine.write("a large file", &large);
    (0..10_000).for_each(|number| machine.write(&format!("small/{number}"), format!("{number:0500}").as_bytes()));
    let saved = backup_measured(&machine);
    assert_eq!(saved.items_unread, 0);
    assert!(saved.peak_mib < LIMIT_MIB, "{} MiB", saved.peak_mib);
    assert_restored(&machine);
    let to = machine.folder.path().join("restored/documents/a large file");
    assert!(std::fs::read(to).unwrap() == large);
}
