//! A source that fails as it is told to, over a real one: files that cannot be opened, break off, change while they are read
//! or are gone, and a source that disappears as a whole.

use chest_model::{Container, Fingerprint, Hole, Metadata, RootDescription, Timestamp, TreePath, UnreadableReason};
use chest_source::{
    AfterReading, Content, Excludes, KnownHashes, PassedOver, ReadFailure, Source, SourceError, SourceItem, Xattrs,
};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Wraps a source, counts what is opened, and fails where it is told to.
pub struct FailingSource<S> {
    inner: S,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: Vec<TreePath>,
    mishaps: Vec<(TreePath, Mishap)>,
    vanishes_after: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    OpenFails(UnreadableReason),
    ReadFails { after: u64, reason: UnreadableReason },
    Changes { times_left: u32 },
}

impl<S: Source> FailingSource<S> {
    /// Nothing fails yet.
    pub fn new(inner: S) -> Self {
        Self { inner, state: Mutex::default() }
    }

    /// Opening that file fails for that reason.
    pub fn fail_open(&self, path: TreePath, reason: UnreadableReason) {
        self.state().mishaps.push((path, Mishap::OpenFails(reason)));
    }

    /// The file is listed, and gone when it is opened.
    pub fn vanish(&self, path: TreePath) {
        self.fail_open(path, UnreadableReason::Vanished);
    }

    /// Reading that file fails at the read that would pass so many bytes, at its end at the latest.
    pub fn fail_read(&self, path: TreePath, after: u64, reason: UnreadableReason) {
        self.state().mishaps.push((path, Mishap::ReadFails { after, reason }));
    }

    /// The next so many times that file is read, it changes meanwhile: the bytes mix old and new, and its fingerprint
    /// afterwards is another than in the listing.
    pub fn change_while_read(&self, path: TreePath, times: u32) {
        self.state().mishaps.push((path, Mishap::Changes { times_left: times }));
    }

    /// The source disappears once so many items have been listed.
    pub fn vanish_after(&self, items: usize) {
        self.state().vanishes_after = Some(items);
    }

    /// Nothing fails any more.
    pub fn heal(&self) {
        let mut state = self.state();
        state.mishaps.clear();
        state.vanishes_after = None;
    }

    /// How many files were opened, or were tried to be.
    pub fn opens(&self) -> usize {
        self.state().opened.len()
    }

    /// The files that were opened, or were tried to be, in that order.
    pub fn opened(&self) -> Vec<TreePath> {
        self.state().opened.clone()
    }

    /// Forgets what was opened up to now.
    pub fn forget_opens(&self) {
        self.state().opened.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_mishap(&self, path: &TreePath) -> Option<Mishap> {
        let mut state = self.state();
        state.opened.push(path.clone());
        let strikes = |mishap: &Mishap| !matches!(mishap, Mishap::Changes { times_left: 0 });
        let (_, mishap) = state.mishaps.iter_mut().find(|(chosen, mishap)| chosen == path && strikes(mishap))?;
        if let Mishap::Changes { times_left } = mishap {
            *times_left -= 1;
        }
        Some(*mishap)
    }

    fn gone(&self) -> SourceError {
        SourceError::Vanished { path: String::from_utf8_lossy(&self.description().native_path).into_owned() }
    }
}

impl<S: Source> Source for FailingSource<S> {
    fn description(&self) -> &RootDescription {
        self.inner.description()
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        let Some(mut left) = self.state().vanishes_after else { return self.inner.walk(visit) };
        let mut is_gone = left == 0;
        if !is_gone {
            self.inner.walk(&mut |item| {
                visit(item)?;
                left -= 1;
                is_gone = left == 0;
                if is_gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        if is_gone { Err(self.gone()) } else { Ok(()) }
    }

    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        self.inner.xattrs(item)
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        let mishap = self.next_mishap(&item.path);
        if let Some(Mishap::OpenFails(reason)) = mishap {
            return Err(injected(reason));
        }
        let inner = self.inner.open(item)?;
        Ok(match mishap {
            Some(mishap) => Box::new(FailingContent { inner, mishap, passed: 0 }),
            None => inner,
        })
    }

    fn containers(&self, known: &dyn KnownHashes) -> Vec<Container> {
        self.inner.containers(known)
    }

    fn newest_content(&self) -> Option<Timestamp> {
        self.inner.newest_content()
    }

    fn passed_over(&self) -> PassedOver {
        self.inner.passed_over()
    }

    fn left_out_by(&self) -> Option<&Excludes> {
        self.inner.left_out_by()
    }
}

fn injected(reason: UnreadableReason) -> ReadFailure {
    ReadFailure::lasting(reason, format!("injected: {reason:?}"))
}

struct FailingContent {
    inner: Box<dyn Content>,
    mishap: Mishap,
    passed: u64,
}

impl Content for FailingContent {
    fn holes(&self) -> &[Hole] {
        self.inner.holes()
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let length = self.inner.read(buffer)?;
        self.passed += length as u64;
        match self.mishap {
            Mishap::ReadFails { after, reason } if self.passed > after || length == 0 => return Err(injected(reason)),
            Mishap::Changes { .. } => buffer[..length].iter_mut().skip(length / 2).for_each(|byte| *byte = !*byte),
            _ => {}
        }
        Ok(length)
    }

    fn finish(self: Box<Self>) -> Result<AfterReading, ReadFailure> {
        let AfterReading { metadata, fingerprint } = self.inner.finish()?;
        let Mishap::Changes { times_left } = self.mishap else { return Ok(AfterReading { metadata, fingerprint }) };
        // Each time it is another one than the time before.
        let mut modified = fingerprint.modified;
        modified.seconds += 1 + i64::from(times_left);
        let mut changed = fingerprint.changed;
        changed.seconds += 1 + i64::from(times_left);
        Ok(AfterReading {
            metadata: Metadata { modified, ..metadata },
            fingerprint: Fingerprint { modified, changed, ..fingerprint },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::{Class, RootEncoding};
    use chest_source::{FolderOptions, FolderSource, ItemKind, contract};
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    const CONTENT: &[u8] = b"the minutes of the meeting";

    fn minutes() -> TreePath {
        TreePath::from_bytes(b"minutes/may.txt".to_vec()).unwrap()
    }

    fn folder_source(path: &Path) -> FolderSource {
        let description = RootDescription {
            label: b"documents".to_vec(),
            native_path: path.as_os_str().as_encoded_bytes().to_vec(),
            encoding: RootEncoding::UnixBytes,
            class: Class::Documents,
        };
        FolderSource::new(path, description, FolderOptions::default()).unwrap()
    }

    fn source() -> (TempDir, FailingSource<FolderSource>) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("minutes")).unwrap();
        fs::write(folder.path().join("minutes/may.txt"), CONTENT).unwrap();
        fs::write(folder.path().join("minutes/june.txt"), "others").unwrap();
        let source = FailingSource::new(folder_source(folder.path()));
        (folder, source)
    }

    fn items(source: &dyn Source) -> Result<Vec<SourceItem>, SourceError> {
        let mut items = Vec::new();
        source.walk(&mut |item| {
            items.push(item);
            ControlFlow::Continue(())
        })?;
        Ok(items)
    }

    /// The bytes, and whether the file was the same afterwards as in the listing.
    fn read(source: &dyn Source, path: &TreePath) -> Result<(Vec<u8>, bool), ReadFailure> {
        let item = items(source).unwrap().into_iter().find(|item| &item.path == path).unwrap();
        let mut content = source.open(&item)?;
        let (mut bytes, mut buffer) = (Vec::new(), [0; 10]);
        loop {
            match content.read(&mut buffer)? {
                0 => break,
                length => bytes.extend_from_slice(&buffer[..length]),
            }
        }
        Ok((bytes, content.finish()?.fingerprint == item.fingerprint))
    }

    fn reason<T: std::fmt::Debug>(answer: Result<T, ReadFailure>) -> UnreadableReason {
        answer.unwrap_err().reason
    }

    #[test]
    fn while_nothing_fails_every_promise_of_a_source_is_kept() {
        let (_folder, source) = source();
        assert_eq!(contract::check(&source), []);
        source.forget_opens();
        assert_eq!(read(&source, &minutes()).unwrap(), (CONTENT.to_vec(), true));
        assert_eq!(source.opened(), [minutes()]);
        assert_eq!(source.opens(), 1);
    }

    #[test]
    fn a_chosen_file_cannot_be_opened_or_breaks_off_and_the_others_are_read() {
        let (_folder, source) = source();
        source.fail_open(minutes(), UnreadableReason::InUse);
        assert_eq!(reason(read(&source, &minutes())), UnreadableReason::InUse);
        source.heal();
        source.vanish(minutes());
        assert_eq!(reason(read(&source, &minutes())), UnreadableReason::Vanished);
        for after in [0, 10, 15, 25, 26, 1000] {
            source.heal();
            source.fail_read(minutes(), after, UnreadableReason::ReadError);
            assert_eq!(reason(read(&source, &minutes())), UnreadableReason::ReadError, "{after}");
        }
        let others = TreePath::from_bytes(b"minutes/june.txt".to_vec()).unwrap();
        assert_eq!(read(&source, &others).unwrap(), (b"others".to_vec(), true));
    }

    #[test]
    fn a_file_changes_as_often_as_it_is_told_to() {
        let (_folder, source) = source();
        source.change_while_read(minutes(), 1);
        let (bytes, is_same) = read(&source, &minutes()).unwrap();
        assert!(bytes != CONTENT && bytes.len() == CONTENT.len() && !is_same);
        assert_eq!(read(&source, &minutes()).unwrap(), (CONTENT.to_vec(), true));
    }

    #[test]
    fn a_source_disappears_and_is_never_an_empty_list() {
        let (_folder, source) = source();
        let all = items(&source).unwrap().len();
        assert!(matches!(items(&source).unwrap()[0].kind, ItemKind::Directory));
        for listed in 0..all {
            source.vanish_after(listed);
            assert!(matches!(items(&source), Err(SourceError::Vanished { .. })), "{listed}");
        }
        source.heal();
        assert_eq!(items(&source).unwrap().len(), all);
    }
}
