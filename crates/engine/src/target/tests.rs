//! What the target's tests share: targets of every kind that a system could offer, and short ways to write and look. Tests that
//! take a right which not every user has are in `tests/target_as_administrator.rs`.

mod escapes;
mod files;
mod metadata;
mod obstacles;
mod special_items;
mod taken_names;

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use chest_model::{Metadata, Timestamp, TreePath};
use rustix::fs::{CWD, Mode, OFlags};

use super::abilities::Abilities;
use super::*;

/// Takes away what a poorer system does not have.
type Lack = fn(&Abilities);

/// The real ways of working, from what this system can do down to what the poorest can.
const WAYS: [(&str, Lack); 4] = [
    ("all abilities", |_| {}),
    ("through /proc and by component", |abilities| {
        abilities.link_by_handle.is_lacking();
        abilities.resolve_beneath.is_lacking();
    }),
    ("hidden names", |abilities| abilities.anonymous_files.is_lacking()),
    ("hidden names and links", |abilities| {
        abilities.anonymous_files.is_lacking();
        abilities.rename_without_replacing.is_lacking();
        abilities.resolve_beneath.is_lacking();
    }),
];

pub(crate) fn options(existing: Existing) -> TargetOptions {
    TargetOptions { existing, restored_on: "21 November 2026".to_owned(), privileged: false, kept: HashSet::new() }
}

fn open_with(dir: &Path, options: TargetOptions, lack: Lack) -> Target {
    let root = rustix::fs::openat(CWD, dir, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
    let abilities = Abilities::default();
    lack(&abilities);
    Target::from_handle(root, options, abilities)
}

/// Runs a test in a new folder for each way of working.
pub(crate) fn in_every_way(existing: Existing, test: impl Fn(&Target, &Path)) {
    in_every_way_in(|| tempfile::tempdir().unwrap(), existing, test);
}

/// The same, in folders of somebody's making.
pub(crate) fn in_every_way_in<D: AsRef<Path>>(
    make_dir: impl Fn() -> D,
    existing: Existing,
    test: impl Fn(&Target, &Path),
) {
    for (way, lack) in WAYS {
        eprintln!("way: {way}");
        let made = make_dir();
        let dir = made.as_ref();
        test(&open_with(dir, options(existing), lack), dir);
        let left: Vec<_> = names_below(dir).into_iter().filter(|name| name.contains(".chest-")).collect();
        assert!(left.is_empty(), "{way}: left over: {left:?}");
    }
}

pub(crate) fn path(text: &str) -> TreePath {
    TreePath::from_bytes(text.as_bytes().to_vec()).unwrap()
}

pub(crate) fn plain() -> Metadata {
    Metadata {
        mode: Some(0o644),
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        modified: Timestamp::new(1_600_000_000, 123_456_789),
        xattrs: Vec::new(),
    }
}

pub(crate) fn restore(target: &Target, at: &TreePath, content: &[u8]) -> Result<Placed, TargetError> {
    let file = target.begin_file(at, content.len() as u64)?;
    file.write_at(0, content)?;
    file.finish(&plain())
}

/// Every path below a folder, sorted.
pub(crate) fn names_below(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            found.push(entry.path().strip_prefix(dir).unwrap().to_string_lossy().into_owned());
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Runs a test as somebody without privileges: in this process, or as "nobody" in another one.
fn as_ordinary_user(module: &str, test: &str, body: impl FnOnce()) {
    if !rustix::process::geteuid().is_root() {
        return body();
    }
    let name = format!("{}::{test}", module.split_once("::").unwrap().1);
    // Not by its path: "nobody" may not enter every folder in which root works, such as `/root`, and reaches itself all the same.
    let mut command = Command::new("/proc/self/exe");
    command.args(["--exact", &name, "--nocapture"]).uid(65534).gid(65534).current_dir("/tmp");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "as nobody: {text}\n{complaint}");
}
