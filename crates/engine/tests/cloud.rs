//! Backups of a folder that a cloud keeps in step: what is unchanged is never fetched, what is changed is by policy, what may pass is waited
//! for, and whatever is not read makes the backup PARTIAL with its reason.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::backup::BackupOutcome;
use chest_engine::source::{CloudPolicy, CloudSource, FolderOptions, FolderSource, PatientSource, Source, SpaceGuard};
use chest_model::{
    Class, Completeness, ExceptionKind, RootDescription, RootEncoding, Timestamp, TreePath, UnreadableReason,
};
use chest_testkit::{FakeCloud, FixedSpace, NotedPause};
use common::{Machine, assert_same, noise};
use std::sync::Arc;

const FILES: usize = 12;
/// More than all files take together.
const ROOMY: u64 = 1 << 30;

type Cloud = Arc<FakeCloud<FolderSource>>;

fn path(text: &str) -> TreePath {
    TreePath::from_bytes(text.as_bytes().to_vec()).unwrap()
}

fn may() -> TreePath {
    path("minutes 1/file 1")
}

fn hydrate(free: u64) -> CloudPolicy {
    CloudPolicy::Hydrate(SpaceGuard::new(Box::new(FixedSpace(free)), 1000))
}

/// A folder in a cloud that the machine has backed up while all of it was here.
struct Scene {
    machine: Machine,
    cloud: Cloud,
    pause: Arc<NotedPause>,
}

impl Scene {
    fn new() -> Self {
        let machine = Machine::new();
        for file in 0..FILES {
            machine.write(&format!("minutes {}/file {file}", file % 3), &noise(file as u64, 20_000));
        }
        let description = RootDescription {
            label: b"documents".to_vec(),
            native_path: b"documents".to_vec(),
            encoding: RootEncoding::UnixBytes,
            class: Class::Documents,
        };
        let folder = FolderSource::new(&machine.source(), description, FolderOptions::default()).unwrap();
        Self { machine, cloud: Arc::new(FakeCloud::new(folder)), pause: Arc::default() }
    }

    /// The same after a first backup of it.
    fn backed_up() -> Self {
        let scene = Self::new();
        assert_eq!(scene.backup(hydrate(ROOMY)).completeness, Completeness::Complete);
        scene.cloud.forget_opens();
        scene
    }

    fn backup(&self, policy: CloudPolicy) -> BackupOutcome {
        let patient = PatientSource::with_a_cloud(Arc::clone(&self.cloud), Box::new(Arc::clone(&self.pause)));
        let source: Box<dyn Source> = Box::new(CloudSource::new(patient, Box::new(Arc::clone(&self.cloud)), policy));
        self.machine.backup_of(vec![source]).unwrap()
    }

    /// Somebody elsewhere writes a file, and the cloud lists it here.
    fn change_in_the_cloud(&self, path: &TreePath, content: &[u8]) {
        self.machine.write(&path.to_string(), content);
        self.cloud.dehydrate(path);
    }

    fn assert_comes_back(&self) {
        let to = tempfile::tempdir().unwrap();
        let restored = self.machine.restore_to(to.path()).unwrap();
        assert!(restored.failed.is_empty());
        assert_same(&self.machine.source(), &to.path().join("documents"));
    }
}

/// The one exception of a PARTIAL backup: the reason and the words.
#[track_caller]
fn only_exception(outcome: &BackupOutcome, path: &TreePath) -> (UnreadableReason, String) {
    assert_eq!(outcome.completeness, Completeness::Partial);
    let [exception] = &outcome.exceptions[..] else { panic!("{:?}", outcome.exceptions) };
    assert_eq!(exception.path, *path);
    let ExceptionKind::Unreadable(reason) = exception.kind else { panic!("{exception:?}") };
    (reason, exception.message.clone())
}

#[test]
fn what_is_unchanged_is_not_fetched_under_any_policy_and_comes_back() {
    for policy in [hydrate(ROOMY), hydrate(0), CloudPolicy::Skip] {
        let scene = Scene::backed_up();
        scene.cloud.dehydrate_all();
        // Twice: what was taken over once is taken over again.
        for _ in 0..2 {
            let outcome = scene.backup(policy.clone());
            assert_eq!(outcome.completeness, Completeness::Complete, "{policy:?}");
            assert_eq!((outcome.files_read, outcome.files_unchanged), (0, FILES as u64), "{policy:?}");
            assert_eq!(scene.cloud.opened(), [], "{policy:?}");
        }
        scene.assert_comes_back();
    }
}

#[test]
fn what_has_changed_in_the_cloud_is_fetched_once_and_read_once() {
    let scene = Scene::backed_up();
    scene.cloud.dehydrate_all();
    scene.change_in_the_cloud(&may(), &noise(77, 30_000));
    let outcome = scene.backup(hydrate(ROOMY));
    assert_eq!((outcome.completeness, outcome.files_read), (Completeness::Complete, 1));
    assert_eq!(scene.cloud.opened(), [may()], "that it was fetched is no reason to read it again");
    assert!(scene.cloud.is_here(&may()));
    scene.assert_comes_back();
}

#[test]
fn a_change_that_keeps_the_length_shows_in_the_time() {
    let scene = Scene::backed_up();
    let file = scene.machine.source().join(may().to_string());
    scene.change_in_the_cloud(&may(), &noise(78, 20_000));
    let time = Timestamp::new(1_790_000_000, 5_000_001);
    let time = std::time::UNIX_EPOCH + std::time::Duration::new(time.seconds as u64, time.nanoseconds);
    std::fs::File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
    assert_eq!(scene.backup(hydrate(ROOMY)).files_read, 1);
    scene.assert_comes_back();
}

#[test]
fn what_was_fetched_for_a_backup_and_has_left_again_is_not_fetched_again() {
    let scene = Scene::new();
    scene.cloud.dehydrate_all();
    assert_eq!(scene.backup(hydrate(ROOMY)).files_read, FILES as u64);
    assert_eq!(scene.cloud.opened().len(), FILES);
    scene.cloud.forget_opens();
    scene.cloud.dehydrate_all();
    let outcome = scene.backup(hydrate(ROOMY));
    assert_eq!((outcome.completeness, outcome.files_unchanged), (Completeness::Complete, FILES as u64));
    assert_eq!(scene.cloud.opened(), []);
    scene.assert_comes_back();
}

#[test]
fn a_changed_file_is_not_fetched_where_that_was_not_wanted_and_the_backup_says_so() {
    let scene = Scene::backed_up();
    scene.cloud.dehydrate_all();
    scene.change_in_the_cloud(&may(), &noise(77, 30_000));
    let outcome = scene.backup(CloudPolicy::Skip);
    let (reason, words) = only_exception(&outcome, &may());
    assert_eq!(reason, UnreadableReason::CloudOnly);
    assert!(words.contains("was told not to fetch"), "{words}");
    assert_eq!((scene.cloud.opened(), scene.cloud.is_here(&may())), (vec![], false));
    assert_eq!(outcome.files_unchanged, FILES as u64 - 1);
    // Once it may be fetched, it is.
    assert_eq!(scene.backup(hydrate(ROOMY)).completeness, Completeness::Complete);
    assert_eq!(scene.cloud.opened(), [may()]);
    scene.assert_comes_back();
}

#[test]
fn a_file_that_the_disk_has_no_room_for_is_not_fetched_and_the_lack_is_told() {
    let scene = Scene::backed_up();
    scene.cloud.dehydrate_all();
    scene.change_in_the_cloud(&may(), &noise(77, 30_000));
    // The reserve is 1,000 bytes.
    let (reason, words) = only_exception(&scene.backup(hydrate(30_999)), &may());
    assert_eq!(reason, UnreadableReason::CloudOnly);
    assert!(words.contains("free 1 MB more"), "{words}");
    assert_eq!(scene.cloud.opened(), []);
    assert_eq!(scene.backup(hydrate(31_000)).completeness, Completeness::Complete);
}

#[test]
fn what_passes_is_waited_for_and_what_stays_is_not() {
    let scene = Scene::backed_up();
    scene.change_in_the_cloud(&may(), &noise(77, 30_000));
    scene.cloud.fail_open(may(), 362, 2);
    assert_eq!(scene.backup(hydrate(ROOMY)).completeness, Completeness::Complete);
    assert_eq!(scene.pause.seconds(), [1, 4]);
    scene.assert_comes_back();
    scene.change_in_the_cloud(&may(), &noise(79, 40_000));
    scene.cloud.forget_opens();
    scene.cloud.fail_open(may(), 395, usize::MAX);
    let (reason, words) = only_exception(&scene.backup(hydrate(ROOMY)), &may());
    assert_eq!(reason, UnreadableReason::CloudOnly);
    assert!(words.contains("run the backup as that person"), "{words}");
    assert_eq!((scene.pause.seconds(), scene.cloud.opened()), (vec![1, 4], vec![may()]));
}

#[test]
fn a_cloud_that_breaks_off_in_the_middle_of_a_file_costs_no_byte() {
    let scene = Scene::backed_up();
    let large = path("plan.pdf");
    scene.change_in_the_cloud(&large, &noise(80, 5 << 20));
    for (after, code) in [(1 << 20, 388), (4 << 20, 426)] {
        scene.cloud.fail_read(large.clone(), after, code, 1);
    }
    assert_eq!(scene.backup(hydrate(ROOMY)).completeness, Completeness::Complete);
    assert_eq!(scene.pause.seconds(), [1, 1]);
    scene.assert_comes_back();
}

#[test]
fn a_locked_file_is_tried_again_and_then_named() {
    let scene = Scene::backed_up();
    scene.machine.write("minutes 1/file 1", &noise(77, 30_000));
    scene.cloud.fail_open(may(), 32, usize::MAX);
    let (reason, _) = only_exception(&scene.backup(hydrate(ROOMY)), &may());
    assert_eq!(reason, UnreadableReason::InUse);
    assert_eq!(scene.pause.seconds(), [1, 4, 15]);
    assert_eq!(scene.cloud.opened(), vec![may(); 4]);
}

#[test]
fn where_the_cache_is_lost_the_policy_decides() {
    for (policy, is_fetched) in [(hydrate(ROOMY), true), (CloudPolicy::Skip, false)] {
        let scene = Scene::backed_up();
        scene.cloud.dehydrate_all();
        std::fs::remove_dir_all(scene.machine.folder.path().join("cache")).unwrap();
        let outcome = scene.backup(policy);
        assert!(!outcome.had_cache);
        if is_fetched {
            assert_eq!((outcome.completeness, outcome.chunks_added), (Completeness::Complete, 0), "nothing is new");
            assert_eq!(scene.cloud.opened().len(), FILES);
            scene.assert_comes_back();
        } else {
            assert_eq!((outcome.completeness, outcome.items_unread), (Completeness::Partial, FILES as u64));
            assert_eq!(scene.cloud.opened(), []);
        }
    }
}
