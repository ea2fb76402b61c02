//! A cloud that keeps a folder in step, over a real one: files whose content leaves this computer and is fetched by whoever reads them,
//! with the attributes and errors that Windows has for it.

use chest_model::{Fingerprint, Hole, RootDescription, TreePath};
use chest_source::{
    AfterReading, Attributes, AttributesOf, Content, Excludes, FreeSpace, ItemKind, Listed, PassedOver, Pause,
    ReadFailure, Source, SourceError, SourceItem, Xattrs, windows_failure,
};
use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the listing shows of a file that is only in the cloud.
const PLACEHOLDER: Attributes = Attributes(0x50_1620);
/// … and of one that has been fetched.
const HERE: Attributes = Attributes(0x420);
/// A placeholder is another file to the file system …
const OTHER_INODE: u64 = 1 << 60;
/// … and was last changed at another time.
const EARLIER: i64 = 1000;

/// Wraps a source, and counts what is opened and listed.
pub struct FakeCloud<S> {
    inner: S,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    away: BTreeSet<TreePath>,
    obstacles: Vec<Obstacle>,
    opened: Vec<TreePath>,
    listed: Vec<TreePath>,
}

struct Obstacle {
    path: TreePath,
    at: At,
    code: i32,
    times_left: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Listing,
    Opening,
    Reading { after: u64 },
}

impl<S: Source> FakeCloud<S> {
    /// Everything is here.
    pub fn new(inner: S) -> Self {
        Self { inner, state: Arc::default() }
    }

    /// The file's content leaves this computer.
    pub fn dehydrate(&self, path: &TreePath) {
        self.state().away.insert(path.clone());
    }

    /// All files' content does.
    pub fn dehydrate_all(&self) {
        let files = self.items().into_iter().filter(|item| matches!(item.kind, ItemKind::File { .. }));
        let paths: Vec<TreePath> = files.map(|item| item.path).collect();
        self.state().away.extend(paths);
    }

    /// Whether the file's content is on this computer.
    pub fn is_here(&self, path: &TreePath) -> bool {
        !self.state().away.contains(path)
    }

    /// Listing that folder fails with this error of Windows, every time.
    pub fn fail_listing(&self, path: TreePath, code: i32) {
        self.state().obstacles.push(Obstacle { path, at: At::Listing, code, times_left: usize::MAX });
    }

    /// Opening that file fails with this error of Windows, so many times.
    pub fn fail_open(&self, path: TreePath, code: i32, times: usize) {
        self.state().obstacles.push(Obstacle { path, at: At::Opening, code, times_left: times });
    }

    /// Reading that file fails with this error of Windows at the read that would pass so many bytes, so many times.
    pub fn fail_read(&self, path: TreePath, after: u64, code: i32, times: usize) {
        self.state().obstacles.push(Obstacle { path, at: At::Reading { after }, code, times_left: times });
    }

    /// The files that were opened, or were tried to be, in that order.
    pub fn opened(&self) -> Vec<TreePath> {
        self.state().opened.clone()
    }

    /// The folders whose attributes were asked for, in that order.
    pub fn listed(&self) -> Vec<TreePath> {
        self.state().listed.clone()
    }

    /// Forgets what was opened and listed up to now.
    pub fn forget_opens(&self) {
        let mut state = self.state();
        state.opened.clear();
        state.listed.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn items(&self) -> Vec<SourceItem> {
        let mut items = Vec::new();
        // A source that has vanished has no items.
        let _ = self.inner.walk(&mut |item| {
            items.push(item);
            ControlFlow::Continue(())
        });
        items
    }

    fn attributes(&self, item: &SourceItem) -> Attributes {
        match item.kind {
            ItemKind::Directory => Attributes(0x10),
            _ if self.is_here(&item.path) => HERE,
            _ => PLACEHOLDER,
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Fails where it is told to.
    fn meet(&mut self, path: &TreePath, meets: impl Fn(At) -> bool) -> Result<(), ReadFailure> {
        let strikes = |one: &&mut Obstacle| one.path == *path && meets(one.at) && one.times_left > 0;
        let Some(obstacle) = self.obstacles.iter_mut().find(strikes) else { return Ok(()) };
        obstacle.times_left -= 1;
        Err(windows_failure(&io::Error::from_raw_os_error(obstacle.code)))
    }
}

fn as_placeholder(mut fingerprint: Fingerprint) -> Fingerprint {
    fingerprint.inode |= OTHER_INODE;
    fingerprint.changed.seconds -= EARLIER;
    fingerprint
}

impl<S: Source> Source for FakeCloud<S> {
    fn description(&self) -> &RootDescription {
        self.inner.description()
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        self.inner.walk(&mut |mut item| {
            if !self.is_here(&item.path) {
                item.fingerprint = as_placeholder(item.fingerprint);
            }
            visit(item)
        })
    }

    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        self.inner.xattrs(&real(item))
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        let mut state = self.state();
        state.opened.push(item.path.clone());
        state.meet(&item.path, |at| at == At::Opening)?;
        drop(state);
        let (inner, path) = (self.inner.open(&real(item))?, item.path.clone());
        Ok(Box::new(Fetched { inner, path, state: Arc::clone(&self.state), passed: 0 }))
    }

    fn passed_over(&self) -> PassedOver {
        self.inner.passed_over()
    }

    fn left_out_by(&self) -> Option<&Excludes> {
        self.inner.left_out_by()
    }
}

/// The item as the folder below knows it.
fn real(item: &SourceItem) -> SourceItem {
    let mut real = item.clone();
    real.fingerprint.inode &= !OTHER_INODE;
    real
}

impl<S: Source> AttributesOf for FakeCloud<S> {
    fn in_folder(&self, folder: &TreePath) -> Result<Listed, ReadFailure> {
        let mut state = self.state();
        state.listed.push(folder.clone());
        state.meet(folder, |at| at == At::Listing)?;
        drop(state);
        let inside = self.items().into_iter().filter(|item| item.path.parent().as_ref() == Some(folder));
        Ok(inside.map(|item| (item.path.name().unwrap_or_default().to_vec(), self.attributes(&item))).collect())
    }

    fn of_root(&self) -> Result<Attributes, ReadFailure> {
        let root = self.items().into_iter().find(|item| item.path.is_root());
        Ok(root.map(|root| self.attributes(&root)).unwrap_or_default())
    }
}

struct Fetched {
    inner: Box<dyn Content>,
    path: TreePath,
    state: Arc<Mutex<State>>,
    passed: u64,
}

impl Content for Fetched {
    fn holes(&self) -> &[Hole] {
        self.inner.holes()
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let length = self.inner.read(buffer)?;
        let passed = self.passed + length as u64;
        let mut state = lock(&self.state);
        state.meet(&self.path, |at| matches!(at, At::Reading { after } if passed > after))?;
        if length == 0 {
            state.away.remove(&self.path);
        }
        self.passed = passed;
        Ok(length)
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        self.inner.read_at(position, buffer)
    }

    fn finish(self: Box<Self>) -> Result<AfterReading, ReadFailure> {
        self.inner.finish()
    }
}

/// A disk with so many bytes free, whatever happens.
#[derive(Debug, Clone, Copy)]
pub struct FixedSpace(pub u64);

impl FreeSpace for FixedSpace {
    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.0)
    }
}

/// Notes how long it was to wait, and does not wait.
#[derive(Debug, Default)]
pub struct NotedPause(Mutex<Vec<Duration>>);

impl NotedPause {
    /// The pauses up to now, in seconds.
    pub fn seconds(&self) -> Vec<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Duration::as_secs).collect()
    }

    /// All of them together.
    pub fn in_all(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().sum()
    }
}

impl Pause for NotedPause {
    fn pause(&self, time: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::{Class, RootEncoding, UnreadableReason};
    use chest_source::contract::{self, Promise};
    use chest_source::{
        CloudFacts, CloudFiles, CloudPolicy, CloudSource, FolderOptions, FolderSource, PatientSource, SpaceGuard,
        in_step,
    };
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    type Cloud = Arc<FakeCloud<FolderSource>>;

    fn path(text: &str) -> TreePath {
        TreePath::from_bytes(text.as_bytes().to_vec()).unwrap()
    }

    fn cloud_over(path: &Path) -> Cloud {
        let description = RootDescription {
            label: b"OneDrive".to_vec(),
            native_path: path.as_os_str().as_encoded_bytes().to_vec(),
            encoding: RootEncoding::UnixBytes,
            class: Class::Documents,
        };
        Arc::new(FakeCloud::new(FolderSource::new(path, description, FolderOptions::default()).unwrap()))
    }

    fn cloud() -> (TempDir, Cloud) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("minutes/old")).unwrap();
        for (name, content) in [("agenda.txt", "a"), ("minutes/may.txt", "may"), ("minutes/old/april.txt", "april")] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        fs::write(folder.path().join("minutes/plan.pdf"), vec![7; 200_000]).unwrap();
        let cloud = cloud_over(folder.path());
        (folder, cloud)
    }

    fn hydrate() -> CloudPolicy {
        CloudPolicy::Hydrate(SpaceGuard::new(Box::new(FixedSpace(1 << 30)), 0))
    }

    fn decorated(cloud: &Cloud, policy: CloudPolicy) -> (impl Source + use<>, Arc<NotedPause>) {
        let pause = Arc::new(NotedPause::default());
        let patient = PatientSource::with_a_cloud(Arc::clone(cloud), Box::new(Arc::clone(&pause)));
        (CloudSource::new(patient, Box::new(Arc::clone(cloud)), policy), pause)
    }

    fn items(source: &dyn Source) -> Vec<SourceItem> {
        chest_source::contract::items(source).unwrap()
    }

    fn find(source: &dyn Source, wanted: &str) -> SourceItem {
        items(source).into_iter().find(|item| item.path == path(wanted)).unwrap()
    }

    fn read(source: &dyn Source, wanted: &str) -> Result<Vec<u8>, ReadFailure> {
        let mut content = source.open(&find(source, wanted))?;
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 50_000]);
        loop {
            match content.read(&mut buffer)? {
                0 => break,
                length => bytes.extend_from_slice(&buffer[..length]),
            }
        }
        content.finish()?;
        Ok(bytes)
    }

    #[test]
    fn the_decorators_keep_every_promise_of_a_source_whatever_is_here() {
        let (_folder, cloud) = cloud();
        let (source, _) = decorated(&cloud, hydrate());
        assert_eq!(contract::check(&source), []);
        let (skipping, _) = decorated(&cloud, CloudPolicy::Skip);
        assert_eq!(contract::check(&skipping), [], "everything is here");
        cloud.dehydrate(&path("minutes/may.txt"));
        let broken = contract::check(&skipping);
        assert!(!broken.is_empty() && broken.iter().all(|one| one.path == path("minutes/may.txt")), "{broken:?}");
        assert!(broken.iter().all(|one| matches!(one.promise, Promise::Opens | Promise::XattrsSorted)), "{broken:?}");
        assert!(!cloud.is_here(&path("minutes/may.txt")), "it is not fetched");
        assert_eq!(contract::check(&source), [], "that it was fetched is no change");
        assert!(cloud.is_here(&path("minutes/may.txt")));
    }

    /// As the program reads a folder where there is a cloud, with so many bytes of its disk free.
    fn as_the_program_reads(cloud: &Cloud, free: u64, files: CloudFiles) -> impl Source + use<> {
        let facts = CloudFacts {
            attributes: Box::new(Arc::clone(cloud)),
            space: Box::new(FixedSpace(free)),
            pause: Box::new(NotedPause::default()),
        };
        in_step(Arc::clone(cloud), facts, files)
    }

    #[test]
    fn the_program_fetches_as_long_as_5_gb_stay_free_and_nothing_where_it_is_told_not_to() {
        const RESERVE: u64 = 5_000_000_000;
        let (_folder, cloud) = cloud();
        let may = path("minutes/may.txt");
        cloud.dehydrate(&may);
        cloud.fail_open(may.clone(), 362, 3);
        let refused = |free, files| read(&as_the_program_reads(&cloud, free, files), "minutes/may.txt").unwrap_err();
        assert!(refused(RESERVE + 2, CloudFiles::Hydrate).message.contains("free 1 MB more"));
        assert!(refused(u64::MAX, CloudFiles::Skip).message.contains("told not to fetch anything"));
        assert_eq!((cloud.opened(), cloud.is_here(&may)), (Vec::new(), false));
        let roomy = as_the_program_reads(&cloud, RESERVE + 3, CloudFiles::Hydrate);
        assert_eq!(read(&roomy, "minutes/may.txt").unwrap(), b"may");
        assert_eq!(cloud.opened().len(), 4, "what may pass is tried again");
    }

    #[test]
    fn files_are_judged_by_the_listing_of_their_folder_which_is_asked_once() {
        let (_folder, cloud) = cloud();
        cloud.dehydrate(&path("minutes/plan.pdf"));
        cloud.dehydrate(&path("minutes/old/april.txt"));
        let (source, _) = decorated(&cloud, hydrate());
        let away: Vec<TreePath> =
            items(&source).into_iter().filter(|item| item.cloud_only).map(|item| item.path).collect();
        assert_eq!(away, [path("minutes/old/april.txt"), path("minutes/plan.pdf")]);
        assert_eq!(cloud.listed(), [path(""), path("minutes"), path("minutes/old")]);
        assert_eq!(cloud.opened(), []);
    }

    #[test]
    fn a_single_file_is_judged_by_the_folder_that_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("may.txt"), "may").unwrap();
        let cloud = cloud_over(&folder.path().join("may.txt"));
        let (source, _) = decorated(&cloud, CloudPolicy::Skip);
        assert!(!find(&source, "").cloud_only);
        cloud.dehydrate_all();
        assert!(find(&source, "").cloud_only);
        assert_eq!(read(&source, "").unwrap_err().reason, UnreadableReason::CloudOnly);
    }

    #[test]
    fn files_of_which_nobody_can_tell_where_they_are_are_not_opened() {
        let (_folder, cloud) = cloud();
        cloud.fail_listing(path("minutes/old"), 390);
        let (source, _) = decorated(&cloud, hydrate());
        let ItemKind::Unreadable(failure) = find(&source, "minutes/old/april.txt").kind else { panic!("readable") };
        assert_eq!(failure.reason, UnreadableReason::CloudOnly);
        assert_eq!(find(&source, "minutes/old").kind, ItemKind::Directory);
        assert!(matches!(find(&source, "minutes/may.txt").kind, ItemKind::File { .. }));
    }

    #[test]
    fn reading_goes_on_where_it_broke_off_and_every_byte_comes_once() {
        let (folder, cloud) = cloud();
        let bytes: Vec<u8> = (0..200_000u32).map(|number| (number % 251) as u8).collect();
        fs::write(folder.path().join("minutes/plan.pdf"), &bytes).unwrap();
        cloud.dehydrate(&path("minutes/plan.pdf"));
        for (after, code) in [(0, 388), (70_000, 426), (149_999, 33), (199_999, 404)] {
            cloud.fail_read(path("minutes/plan.pdf"), after, code, 2);
        }
        let (source, pause) = decorated(&cloud, hydrate());
        assert_eq!(read(&source, "minutes/plan.pdf").unwrap(), bytes);
        assert_eq!(pause.seconds(), [1, 4, 1, 4, 1, 4, 1, 4]);
        assert_eq!(cloud.opened().len(), 9);
    }

    #[test]
    fn what_was_read_through_can_be_read_here_and_there() {
        let (_folder, cloud) = cloud();
        cloud.dehydrate(&path("minutes/may.txt"));
        let (source, _) = decorated(&cloud, hydrate());
        for wanted in ["minutes/may.txt", "minutes/old/april.txt"] {
            let mut content = source.open(&find(&source, wanted)).unwrap();
            let mut buffer = vec![0; 10];
            let length = content.read(&mut buffer).unwrap();
            assert_eq!(content.read(&mut buffer[length..]).unwrap(), 0);
            let mut again = vec![0; 2];
            assert_eq!(content.read_at(1, &mut again).unwrap().unwrap(), 2);
            assert_eq!(again, buffer[1..3]);
        }
    }

    #[test]
    fn what_stays_is_not_tried_again_and_what_may_pass_not_for_ever() {
        let (_folder, cloud) = cloud();
        cloud.fail_open(path("minutes/may.txt"), 395, usize::MAX);
        cloud.fail_read(path("minutes/plan.pdf"), 100_000, 394, usize::MAX);
        let (source, pause) = decorated(&cloud, hydrate());
        assert!(read(&source, "minutes/may.txt").unwrap_err().message.contains("(Windows error 395)"));
        assert!(read(&source, "minutes/plan.pdf").unwrap_err().message.contains("(Windows error 394)"));
        assert!(pause.seconds().is_empty());
        cloud.fail_open(path("agenda.txt"), 32, usize::MAX);
        assert_eq!(read(&source, "agenda.txt").unwrap_err().reason, UnreadableReason::InUse);
        assert_eq!(pause.seconds(), [1, 4, 15]);
    }

    #[test]
    fn all_the_waiting_together_is_bounded() {
        let (_folder, cloud) = cloud();
        cloud.fail_open(path("agenda.txt"), 362, usize::MAX);
        let (source, pause) = decorated(&cloud, hydrate());
        for _ in 0..100 {
            assert!(read(&source, "agenda.txt").is_err());
        }
        assert!((580..=600).contains(&pause.seconds().iter().sum::<u64>()), "{:?}", pause.seconds());
    }

    #[test]
    fn in_a_folder_without_a_cloud_the_waiting_is_short_and_bounded_too() {
        let (_folder, cloud) = cloud();
        let pause = Arc::new(NotedPause::default());
        let source = PatientSource::with_a_folder(Arc::clone(&cloud), Box::new(Arc::clone(&pause)));
        cloud.fail_open(path("minutes/may.txt"), 32, 1);
        assert_eq!(read(&source, "minutes/may.txt").unwrap(), b"may");
        assert_eq!(pause.in_all(), Duration::from_millis(50));
        cloud.fail_open(path("agenda.txt"), 32, usize::MAX);
        for _ in 0..100 {
            assert_eq!(read(&source, "agenda.txt").unwrap_err().reason, UnreadableReason::InUse);
        }
        let in_all = pause.in_all();
        assert!((50..=60).contains(&in_all.as_secs()), "{in_all:?}");
    }
}
