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
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;
use std::{env, io};
use target::tests::{in_every_way, in_every_way_in, names_below, options, path, plain, restore};
use target::{Existing, Placement, Target, TargetError};
use tempfile::TempDir;

type Named = (&'static str, fn());

/// Tests with their names.
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

/// Before the name of the test that is to be run at once, in the namespace in which this program was started again.
const IN_NAMESPACE: &str = "--in-namespace";
/// An owner and a group that nobody here has.
const STRANGERS: (u32, u32) = (1234, 4321);

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, first, name] = &arguments[..]
        && first == IN_NAMESPACE
    {
        let (_, test) = THAT_MOUNT.iter().find(|(known, _)| known == name).unwrap();
        return test();
    }
    let no_mounting = mounting::why_ignored().unwrap();
    let no_giving =
        mounting::why_ignored_for("no file can be given to somebody else here", obstacle_to_giving).unwrap();
    let that_mount = THAT_MOUNT.map(|(name, _)| Trial::test(name, move || in_own_namespace(name)));
    let that_give = THAT_GIVE_AWAY.map(trial);
    let mut all = unless_ignored(no_mounting, that_mount);
    all.extend(unless_ignored(no_giving, that_give));
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
    Ok(chown(file.path(), Some(STRANGERS.0), Some(STRANGERS.1)).err().map(|error| error.to_string()))
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
        let metadata = Metadata { uid: STRANGERS.0, gid: STRANGERS.1, mode: Some(0o600), ..plain() };
        let file = target.begin_file(&path("file"), 1).unwrap();
        file.write_at(0, b"x").unwrap();
        assert_eq!(file.finish(&metadata).unwrap().notes, []);
        assert_eq!(target.make_symlink(&path("link"), b"nowhere", &metadata).unwrap().notes, []);
        assert_eq!(target.make_fifo(&path("fifo"), &metadata).unwrap().notes, []);
        for name in ["file", "link", "fifo"] {
            let stat = std::fs::symlink_metadata(dir.join(name)).unwrap();
            assert_eq!((stat.uid(), stat.gid()), STRANGERS, "{name}");
        }
    });
}
