//! What a plan says of each item is what its execution then does, whatever lies in the target: a dry run that promised more
//! than the restore keeps would be believed when it matters.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::browse::{Selection, ShownPath, select};
use chest_engine::restore::{PlannedItem, PlannedStep, RestoreOutcome, RestoreRequest, plan};
use chest_engine::target::Existing;
use chest_model::EntryKind;
use common::{Machine, request, shown};
use fastrand::Rng;
use rustix::fs::{CWD, FileType, Mode};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};

const SOURCES: u64 = 10;
const TARGETS_OF_EACH: u64 = 60;
const NAMES: [&str; 5] = ["a", "b", "c.txt", "c (restored 21 November 2026).txt", "a (restored 21 November 2026)"];
const CONTENTS: [&str; 4] = ["one", "two", "three", "and something longer"];

/// What is at a path, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    File(Vec<u8>),
    Folder,
    Link(PathBuf),
    Fifo,
    Device,
    Socket,
}

/// Everything below a folder, with the number of each file.
fn all_below(top: &Path) -> BTreeMap<PathBuf, (u64, What)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path.strip_prefix(top).unwrap().to_owned(), (metadata.ino(), what(&path)));
        }
    }
    found
}

fn what(path: &Path) -> What {
    let kind = path.symlink_metadata().unwrap().file_type();
    match () {
        () if kind.is_dir() => What::Folder,
        () if kind.is_symlink() => What::Link(std::fs::read_link(path).unwrap()),
        () if kind.is_fifo() => What::Fifo,
        () if kind.is_socket() => What::Socket,
        () if kind.is_char_device() => What::Device,
        () => What::File(std::fs::read(path).unwrap()),
    }
}

fn make(path: &Path, what: &What) {
    match what {
        What::File(content) => std::fs::write(path, content).unwrap(),
        What::Folder => std::fs::create_dir(path).unwrap(),
        What::Link(to) => symlink(to, path).unwrap(),
        What::Fifo => rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR, 0).unwrap(),
        What::Socket => rustix::fs::mknodat(CWD, path, FileType::Socket, Mode::RUSR, 0).unwrap(),
        // Where nobody may make one, there is none.
        What::Device => drop(rustix::fs::mknodat(CWD, path, FileType::CharacterDevice, Mode::RUSR, 0x103)),
    }
}

fn any_item(rng: &mut Rng) -> What {
    match rng.u8(..20) {
        0..9 => What::File(rng.choice(CONTENTS).unwrap().into()),
        9..14 => What::Folder,
        14..16 => What::Link(rng.choice(["x", "y"]).unwrap().into()),
        16..18 => What::Fifo,
        18 => What::Device,
        _ => What::Socket,
    }
}

/// A few folders deep, with files of several names.
fn fill_source(rng: &mut Rng, folder: &Path, depth: u32) {
    let mut files: Vec<PathBuf> = Vec::new();
    for name in NAMES {
        let path = folder.join(name);
        match (files.last(), any_item(rng)) {
            (Some(first), What::File(_)) if rng.bool() => std::fs::hard_link(first, &path).unwrap(),
            (_, item) => {
                make(&path, &item);
                match item {
                    What::Folder if depth > 0 => fill_source(rng, &path, depth - 1),
                    What::File(_) => files.push(path),
                    _ => {}
                }
            }
        }
    }
}

/// Something of what will be restored, the same, alike or quite different.
fn fill_target(rng: &mut Rng, target: &Path, wanted: &BTreeMap<PathBuf, What>) {
    for (path, item) in wanted {
        let at = target.join(path);
        if rng.u8(..3) == 0 || at.symlink_metadata().is_ok() {
            continue;
        }
        let made = match (rng.u8(..6), item) {
            (0..2, _) | (_, What::Folder) if rng.u8(..8) > 0 => item.clone(),
            (2..4, What::File(content)) => What::File(content.iter().rev().copied().collect()),
            _ => any_item(rng),
        };
        if std::fs::create_dir_all(at.parent().unwrap()).is_ok() && made != What::Socket {
            make(&at, &made);
        }
    }
}

/// Paths that do not lie in one another; none: everything.
fn any_paths(rng: &mut Rng, source: &BTreeMap<PathBuf, (u64, What)>) -> Vec<ShownPath> {
    let mut paths: Vec<&PathBuf> = Vec::new();
    for _ in 0..rng.usize(..8) {
        let path = rng.choice(source.keys()).unwrap();
        if paths.iter().all(|other| !path.starts_with(other) && !other.starts_with(path)) {
            paths.push(path);
        }
    }
    paths.into_iter().map(|path| shown(&format!("documents/{}", path.to_str().unwrap()))).collect()
}

/// One restore: what was there before and is there now, and what was said and told.
struct Held<'h> {
    items: &'h [PlannedItem],
    request: &'h RestoreRequest,
    outcome: &'h RestoreOutcome,
    source: &'h BTreeMap<PathBuf, (u64, What)>,
    before: &'h BTreeMap<PathBuf, (u64, What)>,
    after: &'h BTreeMap<PathBuf, (u64, What)>,
}

fn fs_path(path: &chest_model::TreePath) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(path.as_bytes()))
}

impl Held<'_> {
    fn is_item(&self, at: &Path, item: &PlannedItem) -> bool {
        let source = fs_path(&item.path.path);
        let wanted = if item.path.path.is_root() { &What::Folder } else { &self.source[&source].1 };
        self.after.get(at).is_some_and(|(_, found)| found == wanted)
    }

    fn is_new(&self, at: &Path, item: &PlannedItem) -> bool {
        !self.before.contains_key(at) && self.is_item(at, item)
    }

    fn is_replaced(&self, at: &Path, item: &PlannedItem) -> bool {
        self.before[at].0 != self.after[at].0 && self.is_item(at, item)
    }

    fn is_left(&self, at: &Path) -> bool {
        self.before.contains_key(at) && self.before.get(at) == self.after.get(at)
    }

    /// Whether what was said of an item has come true; a file that was compared tells whether it was written.
    fn came_true(&self, item: &PlannedItem) -> Result<bool, &'static str> {
        let to = fs_path(&item.to);
        let beside = self.outcome.beside.iter().find(|one| one.path == item.path);
        let has_failed = self.outcome.failed.iter().any(|failure| failure.path == item.path);
        let because = |truth: bool, what| if truth { Ok(false) } else { Err(what) };
        because(has_failed == (item.step == PlannedStep::Refuse), "refused or not")?;
        let may_be_beside = matches!(item.step, PlannedStep::Beside | PlannedStep::Compare);
        because(beside.is_none() || may_be_beside, "not beside")?;
        match item.step {
            PlannedStep::Make => because(self.is_new(&to, item), "made"),
            PlannedStep::Beside => {
                let written_as = beside.map(|one| &one.written_as);
                because(written_as == Some(item.lands_at()), "told as beside")?;
                because(self.is_new(&fs_path(item.lands_at()), item), "made beside")
            }
            PlannedStep::Replace => because(self.is_replaced(&to, item), "replaced"),
            PlannedStep::Skip => because(self.is_left(&to), "left as asked"),
            // Folders in which something is made are still the same.
            PlannedStep::Leave if self.after.get(&to).is_some_and(|(_, there)| *there == What::Folder) => Ok(false),
            PlannedStep::Leave => because(self.is_left(&fs_path(item.lands_at())), "left"),
            PlannedStep::Nothing => because(self.outcome.sockets.contains(&item.path), "a socket"),
            PlannedStep::Refuse => Ok(false),
            PlannedStep::Compare => self.compared_truly(item, &to, beside.map(|one| fs_path(&one.written_as))),
        }
    }

    fn compared_truly(&self, item: &PlannedItem, to: &Path, beside: Option<PathBuf>) -> Result<bool, &'static str> {
        let content = &self.source[&fs_path(&item.path.path)].1;
        let own = self.before.get(to).filter(|_| !item.shares_name);
        let stays = self.request.existing != Existing::Overwrite || own.is_none_or(|(_, there)| *there == What::Folder);
        match own {
            Some((_, there)) if there == content => {
                return if self.is_left(to) && beside.is_none() { Ok(false) } else { Err("the same was left") };
            }
            Some(_) if !stays => return self.is_replaced(to, item).then_some(true).ok_or("replaced after comparing"),
            _ => {}
        }
        if let Some(beside) = beside {
            let is_foretold = !item.shares_name || beside == fs_path(item.lands_at());
            return (is_foretold && self.is_new(&beside, item)).then_some(true).ok_or("beside after comparing");
        }
        let is_copy = |path: &PathBuf| path.parent() == to.parent() && path.to_str().unwrap().contains("(restored ");
        let copies = self.before.iter().filter(|(path, (_, there))| is_copy(path) && there == content);
        copies.map(|(path, _)| path).any(|path| self.is_left(path)).then_some(false).ok_or("an earlier copy was left")
    }

    fn hold(&self, plan: chest_engine::restore::PlannedTotals) -> Result<(), String> {
        let mut written = 0;
        for item in self.items {
            let truth = self.came_true(item);
            let told = |what| {
                let landed = [&item.to, item.lands_at()].map(|path| self.after.get(&fs_path(path)));
                format!("{what}: {item:?}\nthere now: {landed:?}\n{:?}", self.outcome)
            };
            written += u64::from(truth.map_err(told)?);
        }
        let told = (self.outcome.files, self.outcome.others, self.outcome.folders, self.outcome.failed.len() as u64);
        let said = (plan.files + written, plan.others, plan.folders, plan.missing);
        if told != said {
            return Err(format!("{plan:?} and {written} of those compared, but {:?}", self.outcome));
        }
        if plan.compared_files == 0 && plan.bytes != self.outcome.bytes {
            return Err(format!("{} bytes, but {}", plan.bytes, self.outcome.bytes));
        }
        let replaced = self.items.iter().filter(|item| {
            let is_replacing = self.request.existing == Existing::Overwrite;
            item.step == PlannedStep::Replace || (is_replacing && item.step == PlannedStep::Compare)
        });
        let replaced: BTreeSet<PathBuf> = replaced.map(|item| fs_path(&item.to)).collect();
        let is_safe = |path: &PathBuf| replaced.contains(path) || self.is_left(path);
        match self.before.keys().find(|path| !is_safe(path)) {
            Some(lost) => Err(format!("{} is not as it was", lost.display())),
            None => Ok(()),
        }
    }
}

#[test]
fn what_a_plan_says_of_each_item_is_what_then_becomes_of_it() {
    let mut met = BTreeMap::new();
    for seed in 0..SOURCES {
        let machine = Machine::new();
        let mut rng = Rng::with_seed(seed);
        fill_source(&mut rng, &machine.source(), 2);
        machine.backup().unwrap();
        let source = all_below(&machine.source());
        let opened = machine.open().unwrap();
        let snapshot = select(&opened, &Selection::default()).unwrap();
        for number in 0..TARGETS_OF_EACH {
            let mut rng = Rng::with_seed(seed << 32 | number);
            let to = machine.folder.path().join(format!("to {number}"));
            let existing = rng.choice([Existing::KeepBoth, Existing::Overwrite, Existing::Skip]).unwrap();
            let request = RestoreRequest {
                paths: any_paths(&mut rng, &source),
                flat: rng.bool(),
                existing,
                privileged: rng.bool(),
                ..request(&to)
            };
            let planned = || plan(&machine.context(), &opened, &snapshot, request.clone()).unwrap();
            let first = planned();
            let wanted = first.items().iter().map(|item| {
                let is_root = item.path.path.is_root();
                let what = if is_root { What::Folder } else { source[&fs_path(&item.path.path)].1.clone() };
                (fs_path(&item.to), what)
            });
            let wanted: BTreeMap<PathBuf, What> = wanted.collect();
            std::fs::create_dir(&to).unwrap();
            fill_target(&mut rng, &to, &wanted);
            // A second time, most of it is there.
            for time in ["first", "second"] {
                let (before, plan) = (all_below(&to), planned());
                let (items, totals) = (plan.items().to_vec(), plan.totals());
                assert_eq!(all_below(&to), before, "seed {seed}, {number}: planning writes nothing");
                let outcome = plan.execute(&machine.context()).unwrap();
                let after = all_below(&to);
                let held = Held {
                    items: &items,
                    request: &request,
                    outcome: &outcome,
                    source: &source,
                    before: &before,
                    after: &after,
                };
                held.hold(totals).unwrap_or_else(|what| {
                    panic!("seed {seed}, target {number}, {time} time: {what}\n{request:?}\nbefore {before:?}")
                });
                for item in &items {
                    let is_file = matches!(item.kind(), EntryKind::File { .. });
                    *met.entry(format!("{:?} {is_file} {}", item.step, item.shares_name)).or_insert(0) += 1;
                }
            }
            std::fs::remove_dir_all(&to).unwrap();
        }
    }
    let steps = ["Make", "Compare", "Beside", "Replace", "Skip", "Leave", "Nothing", "Refuse"];
    assert!(steps.iter().all(|step| met.keys().any(|key| key.starts_with(step))), "{met:?}");
    assert!(["Beside true true", "Compare true true"].iter().all(|key| met.contains_key(*key)), "{met:?}");
}

#[test]
fn a_target_that_cannot_be_one_is_refused_by_the_plan_already() {
    let machine = Machine::new();
    machine.write("a", b"a");
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let snapshot = select(&opened, &Selection::default()).unwrap();
    let planned = |to: &Path| plan(&machine.context(), &opened, &snapshot, request(to)).map(|plan| plan.totals().files);
    let file = machine.source().join("a");
    for to in [&file, &file.join("below"), &file.join("far/below")] {
        let message = planned(to).unwrap_err().to_string();
        assert!(message.contains("is not a folder"), "{message}");
    }
    assert_eq!(planned(&machine.folder.path().join("none/yet")).unwrap(), 1);
    assert!(!machine.folder.path().join("none").exists());
}
