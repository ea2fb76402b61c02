//! What a target does on disks that are full, read-only or mounted in each other, and for an administrator. Each test that mounts is
//! run by this program started again, in a namespace of its own where every user may mount (needs `unshare` of util-linux). Where this
//! user lacks the right that a test takes, it is ignored, and a line says why: the usual harness knows that only when it is compiled, so
//! this has another.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../store/tests/mounting/mod.rs"]
mod mounting;
// The module itself: its poorer ways of working are private to it. Its own tests run with the crate's, not here.
#[allow(dead_code, unused_imports)]
#[path = "../src/target/mod.rs"]
mod target;

use chest_model::Metadata;
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use std::os::unix::fs::{FileTypeExt, MetadataExt, chown};
use std::path::Path;
use std::process::Command;
use std::{env, io};
use target::tests::{in_every_way, in_every_way_in, names_below, options, path, plain, restore};
use target::{Existing, ItemKind, Placement, Target, TargetError, TargetOptions};
use tempfile::TempDir;

/// A test with its name.
type Named = (&'static str, fn());

macro_rules! named {
    ($($test:ident),* $(,)?) => { [$((stringify!($test), $test as fn())),*] };
}

const THAT_MOUNT: [Named; 4] = named![
    a_hard_link_that_is_not_possible_is_told_apart_from_failures,
    a_read_only_file_system_is_told_as_such,
    a_full_disk_fails_the_item_leaves_nothing_of_it_and_lets_others_go_on,
    a_disk_without_room_for_names_fails_each_kind_of_item,
];
const THAT_GIVE_AWAY: [Named; 1] = named![an_administrator_gives_files_their_owners];
const THAT_MAKE_DEVICES: [Named; 1] = named![an_administrator_gets_devices_in_a_privileged_restore];

/// Before the name of the test that is to be run at once, in the namespace in which this program was started again.
const IN_NAMESPACE: &str = "--in-namespace";
/// An owner and a group that nobody here has.
const STRANGER: (u32, u32) = (1234, 4321);

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, first, name] = &arguments[..]
        && first == IN_NAMESPACE
    {
        let (_, test) = THAT_MOUNT.iter().find(|(known, _)| known == name).unwrap();
        return test();
    }
    let no_mounting = mounting::why_ignored();
    let no_giving = mounting::why_ignored_for("no file can be given to somebody else here", obstacle_to_giving);
    let no_devices = mounting::why_ignored_for("no device can be made here", obstacle_to_devices);
    let that_mount = THAT_MOUNT.map(|(name, _)| Trial::test(name, move || in_own_namespace(name)));
    let mut all = unless_ignored(no_mounting.unwrap(), that_mount);
    all.extend(unless_ignored(no_giving.unwrap(), THAT_GIVE_AWAY.map(trial)));
    all.extend(unless_ignored(no_devices.unwrap(), THAT_MAKE_DEVICES.map(trial)));
    libtest_mimic::run(&Arguments::from_args(), all).exit();
}

fn trial((name, test): Named) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

fn unless_ignored<const N: usize>(reason: Option<String>, trials: [Trial; N]) -> Vec<Trial> {
    if let Some(reason) = &reason {
        eprintln!("target_as_administrator: {reason}");
    }
    trials.into_iter().map(|trial| trial.with_ignored_flag(reason.is_some())).collect()
}

fn in_own_namespace(name: &str) -> Result<(), Failed> {
    let mut again = mounting::in_own_namespace();
    let output = again.arg(env::current_exe()?).args([IN_NAMESPACE, name]).output()?;
    let complaint = || format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(()) } else { Err(complaint().into()) }
}

fn obstacle_to_giving() -> io::Result<Option<String>> {
    let file = tempfile::NamedTempFile::new()?;
    Ok(chown(file.path(), Some(STRANGER.0), Some(STRANGER.1)).err().map(|error| error.to_string()))
}

fn obstacle_to_devices() -> io::Result<Option<String>> {
    let dir = tempfile::tempdir()?;
    let made = mknodat(CWD, dir.path().join("null"), FileType::CharacterDevice, Mode::RUSR, makedev(1, 3));
    Ok(made.err().map(|error| error.to_string()))
}

/// A file system in memory, gone when dropped.
struct Mounted(TempDir);

impl Mounted {
    fn new(options: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        run("mount", &["-t", "tmpfs", "-o", options, "none"], dir.path());
        Self(dir)
    }
}

impl AsRef<Path> for Mounted {
    fn as_ref(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        run("umount", &["--lazy"], self.0.path());
    }
}

#[track_caller]
fn run(program: &str, arguments: &[&str], path: &Path) {
    let status = Command::new(program).args(arguments).arg(path).status().unwrap();
    assert!(status.success(), "{program} {arguments:?} {}: {status}", path.display());
}

fn open(dir: &Path) -> Target {
    Target::open_or_create(dir, options(Existing::KeepBoth)).unwrap()
}

fn a_hard_link_that_is_not_possible_is_told_apart_from_failures() {
    let outer = Mounted::new("size=1m");
    std::fs::create_dir(outer.as_ref().join("disk")).unwrap();
    run("mount", &["-t", "tmpfs", "none"], &outer.as_ref().join("disk"));
    let target = open(outer.as_ref());
    let first = restore(&target, &path("first"), b"x").unwrap();
    let outcome = target.make_hard_link(&first.path, first.identity.unwrap(), &path("disk/second"));
    assert!(matches!(outcome, Err(TargetError::CannotLink { .. })), "{outcome:?}");
}

fn a_read_only_file_system_is_told_as_such() {
    let mounted = Mounted::new("size=1m");
    let target = open(mounted.as_ref());
    // Without `none`, the options of before would be repeated: an owner whom the namespace of an ordinary user does not know.
    run("mount", &["-o", "remount,ro", "none"], mounted.as_ref());
    assert!(matches!(restore(&target, &path("a"), b"x"), Err(TargetError::ReadOnly { .. })));
    assert!(matches!(target.make_folder(&path("a")), Err(TargetError::ReadOnly { .. })));
    let outcome = Target::open_or_create(mounted.as_ref(), options(Existing::KeepBoth));
    assert!(matches!(outcome, Err(TargetError::Unwritable { .. })), "{outcome:?}");
}

fn a_full_disk_fails_the_item_leaves_nothing_of_it_and_lets_others_go_on() {
    let small_disk = || {
        let mounted = Mounted::new("size=1m");
        std::fs::write(mounted.as_ref().join("a"), "the user's").unwrap();
        mounted
    };
    in_every_way_in(small_disk, Existing::Overwrite, |target, dir| {
        let outcome = restore(target, &path("a"), &vec![1; 2 << 20]);
        assert!(matches!(outcome, Err(TargetError::NoSpace { .. })), "{outcome:?}");
        assert_eq!(names_below(dir), ["a"]);
        assert_eq!(std::fs::read(dir.join("a")).unwrap(), b"the user's");
        restore(target, &path("small"), &[1; 1000]).unwrap();
    });
}

fn a_disk_without_room_for_names_fails_each_kind_of_item() {
    let mounted = Mounted::new("nr_inodes=3");
    let target = open(mounted.as_ref());
    let first = restore(&target, &path("1"), b"x").unwrap();
    while target.make_fifo(&path("fill"), &plain()).is_ok_and(|placed| placed.how != Placement::AlreadyThere) {}
    let full = |outcome: Result<(), TargetError>| matches!(outcome, Err(TargetError::NoSpace { .. }));
    assert!(full(restore(&target, &path("2"), b"x").map(drop)));
    assert!(full(target.make_folder(&path("3")).map(drop)));
    assert!(full(target.make_symlink(&path("4"), b"x", &plain()).map(drop)));
    assert!(full(target.make_hard_link(&first.path, first.identity.unwrap(), &path("5")).map(drop)));
}

fn an_administrator_gives_files_their_owners() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        let metadata = Metadata { uid: STRANGER.0, gid: STRANGER.1, mode: Some(0o600), ..plain() };
        let file = target.begin_file(&path("file"), 1).unwrap();
        file.write_at(0, b"x").unwrap();
        assert_eq!(file.finish(&metadata).unwrap().notes, []);
        assert_eq!(target.make_symlink(&path("link"), b"nowhere", &metadata).unwrap().notes, []);
        assert_eq!(target.make_fifo(&path("fifo"), &metadata).unwrap().notes, []);
        for name in ["file", "link", "fifo"] {
            let stat = std::fs::symlink_metadata(dir.join(name)).unwrap();
            assert_eq!((stat.uid(), stat.gid()), STRANGER, "{name}");
        }
    });
}

fn an_administrator_gets_devices_in_a_privileged_restore() {
    let dir = tempfile::tempdir().unwrap();
    let privileged = TargetOptions { privileged: true, ..options(Existing::KeepBoth) };
    let target = Target::open_or_create(dir.path(), privileged).unwrap();
    let (null, zero) = (makedev(1, 3), makedev(1, 5));
    let metadata = Metadata { mode: Some(0o666), ..plain() };
    for how in [Placement::AsNamed, Placement::AlreadyThere] {
        let placed = target.make_device(&path("null"), ItemKind::CharacterDevice, null, &metadata).unwrap();
        assert_eq!((placed.how, placed.notes), (how, vec![]));
    }
    let stat = std::fs::symlink_metadata(dir.path().join("null")).unwrap();
    assert!(stat.file_type().is_char_device() && stat.rdev() == null && stat.mode() & 0o7777 == 0o666);
    let other = target.make_device(&path("null"), ItemKind::CharacterDevice, zero, &metadata);
    assert_eq!(other.unwrap().how, Placement::Beside);
}
