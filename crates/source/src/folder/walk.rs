//! The walk itself, in one thread: takes scanned folders in tree order and shows their items to the visitor.

use super::facts::Facts;
use super::failure::{failure, means_gone, reason, words};
use super::links::Links;
use super::names::Names;
use super::place::Place;
use super::prefetch::{Prefetch, Slot};
use super::root::Root;
use super::scan::{Entry, Found, Handle, Scanned, Scratch, Task};
use crate::{ItemKind, PassedOver, ReadFailure, SourceError, SourceItem};
use chest_model::{Fingerprint, Metadata, TreePath, UnreadableReason};
use rustix::io::Errno;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::vec;

/// Who is shown the items.
pub(super) type Visit<'v> = dyn FnMut(SourceItem) -> ControlFlow<()> + 'v;

/// One walk.
pub(super) struct Walk<'w, 's> {
    root: &'w Root,
    shown_path: &'w str,
    prefetch: &'w Prefetch<'s>,
    visit: &'w mut Visit<'w>,
    scratch: Scratch,
    links: Links,
    /// The folders entered and not yet left, outermost first.
    frames: Vec<Frame>,
    /// The innermost of them.
    path: TreePath,
    /// Bytes that the entries in all frames take.
    held: usize,
    most_held: usize,
    /// Frames further out have been let go of: to look through all of them at every step would take a walk of deep folders
    /// for ever.
    let_go: usize,
    /// What is left out though nobody asked for that.
    passed_over: PassedOver,
}

/// A folder entered and not yet left.
struct Frame {
    place: Arc<Place>,
    names: Arc<Names>,
    entries: vec::IntoIter<Entry>,
    /// What the entries take until the last has been shown, those that have been shown already among them.
    cost: usize,
    /// The first name that is not among the entries.
    end: usize,
    handle: Option<Arc<Handle>>,
    /// The looks at the names from `end` on.
    next: Option<Arc<Slot>>,
}

/// Whether to go on; an error where the source is gone.
type Step = Result<ControlFlow<()>, SourceError>;

impl<'w, 's> Walk<'w, 's> {
    /// A walk that is about to begin.
    pub(super) fn new(
        root: &'w Root,
        shown_path: &'w str,
        prefetch: &'w Prefetch<'s>,
        visit: &'w mut Visit<'w>,
        most_held: usize,
    ) -> Self {
        Self {
            root,
            shown_path,
            prefetch,
            visit,
            scratch: Scratch::default(),
            links: Links::default(),
            frames: Vec::new(),
            path: TreePath::root(),
            held: 0,
            most_held,
            let_go: 0,
            passed_over: PassedOver::default(),
        }
    }

    /// Shows everything, and tells what was passed over. The root's own looks are known.
    pub(super) fn run(mut self, facts: &Facts) -> Result<PassedOver, SourceError> {
        self.show_all(facts)?;
        Ok(self.passed_over)
    }

    fn show_all(&mut self, facts: &Facts) -> Result<(), SourceError> {
        let slot = Slot::new(Place::root(), Task::List, None);
        let scanned = match self.prefetch.obtain(&slot, &mut self.scratch) {
            Ok(scanned) => scanned,
            Err(errno) if means_gone(errno) => return Err(self.vanished()),
            Err(errno) => {
                let (path, reason, message) = (self.shown_path.to_owned(), reason(errno), words(errno));
                return Err(SourceError::Unreadable { path, reason, message });
            }
        };
        if (self.visit)(facts.item(TreePath::root(), ItemKind::Directory)).is_break() {
            return Ok(());
        }
        self.enter(Arc::clone(slot.place()), scanned);
        while !self.frames.is_empty() {
            if self.step()?.is_break() {
                return Ok(());
            }
        }
        self.check_root()
    }

    fn step(&mut self) -> Step {
        let Some(frame) = self.frames.last_mut() else { return Ok(ControlFlow::Break(())) };
        if let Some(entry) = frame.entries.next() {
            return self.show(entry);
        }
        if frame.end < frame.names.len() {
            self.go_on_in_folder();
        } else {
            self.leave();
        }
        Ok(ControlFlow::Continue(()))
    }

    fn enter(&mut self, place: Arc<Place>, scanned: Scanned) {
        let Scanned { names, batch, handle } = scanned;
        let cost = batch.cost();
        self.held += cost;
        let entries = batch.entries.into_iter();
        let mut frame = Frame { place, names, entries, cost, end: batch.end, handle, next: None };
        frame.ask_for_more(self.prefetch);
        self.frames.push(frame);
        self.let_go_of_outer_entries();
    }

    fn leave(&mut self) {
        self.held -= self.frames.pop().map_or(0, |frame| frame.cost);
        // The innermost may get new entries.
        self.let_go = self.let_go.min(self.frames.len().saturating_sub(1));
        self.path = self.path.parent().unwrap_or_default();
    }

    fn go_on_in_folder(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        frame.ask_for_more(self.prefetch);
        let Some(slot) = frame.next.take() else { return };
        match self.prefetch.obtain(&slot, &mut self.scratch) {
            Ok(Scanned { batch, handle, .. }) => {
                self.held -= frame.cost;
                frame.cost = batch.cost();
                self.held += frame.cost;
                frame.entries = batch.entries.into_iter();
                frame.end = batch.end;
                frame.handle = handle;
                frame.ask_for_more(self.prefetch);
            }
            // Looking further reports errors name by name; should it ever not, the rest must not be lost quietly.
            Err(errno) => {
                let rest = frame.end..frame.names.len();
                let failed = |index| Entry { index, found: Found::Failed(None, errno) };
                frame.end = rest.end;
                frame.entries = rest.map(failed).collect::<Vec<_>>().into_iter();
            }
        }
    }

    fn let_go_of_outer_entries(&mut self) {
        let outer = self.frames.len().saturating_sub(1);
        while self.let_go < outer && self.held > self.most_held {
            self.held -= self.frames[self.let_go].let_go();
            self.let_go += 1;
        }
    }

    fn show(&mut self, Entry { index, found }: Entry) -> Step {
        let Some(frame) = self.frames.last() else { return Ok(ControlFlow::Break(())) };
        let name = frame.names.get(index).name.to_bytes();
        // The listing has escaped every name that a path refuses.
        let Ok(path) = self.path.child(name) else { return Ok(ControlFlow::Continue(())) };
        match found {
            Found::Folder(facts, Some(slot)) => self.show_folder(path, &facts, &slot),
            Found::Folder(facts, None) => Ok((self.visit)(facts.item(path, ItemKind::Directory))),
            Found::Link(facts, target) => {
                let first_link = self.links.meet(&facts, &frame.place, name);
                Ok((self.visit)(SourceItem { first_link, ..facts.item(path, ItemKind::Symlink { target }) }))
            }
            Found::Other(facts) => {
                let first_link = self.links.meet(&facts, &frame.place, name);
                Ok(self.show_other(path, &facts, first_link))
            }
            Found::TooDeep(facts) => {
                Ok((self.visit)(unreadable(path, Some(facts), unsupported("its path is too long"))))
            }
            Found::Failed(facts, errno) => self.show_failed(path, facts, errno),
            Found::PassedOver => {
                self.passed_over.add(path);
                Ok(ControlFlow::Continue(()))
            }
            Found::Refused => Ok((self.visit)(unreadable(path, None, unsupported("its name cannot be stored")))),
        }
    }

    fn show_folder(&mut self, path: TreePath, facts: &Facts, slot: &Arc<Slot>) -> Step {
        match self.prefetch.obtain(slot, &mut self.scratch) {
            Ok(scanned) => {
                let flow = (self.visit)(facts.item(path.clone(), ItemKind::Directory));
                self.path = path;
                self.enter(Arc::clone(slot.place()), scanned);
                Ok(flow)
            }
            Err(errno) => self.show_failed(path, Some(*facts), errno),
        }
    }

    fn show_other(&mut self, path: TreePath, facts: &Facts, first_link: Option<TreePath>) -> ControlFlow<()> {
        let item = match facts.kind() {
            Some(kind @ ItemKind::File { .. }) => SourceItem { first_link, ..facts.item(path, kind) },
            Some(kind) => facts.item(path, kind),
            None => unreadable(path, Some(*facts), unsupported("it is of a kind that cannot be stored")),
        };
        (self.visit)(item)
    }

    fn show_failed(&mut self, path: TreePath, facts: Option<Facts>, errno: Errno) -> Step {
        self.check_root()?;
        Ok((self.visit)(unreadable(path, facts, failure(errno))))
    }

    fn check_root(&self) -> Result<(), SourceError> {
        if self.root.is_gone() { Err(self.vanished()) } else { Ok(()) }
    }

    fn vanished(&self) -> SourceError {
        SourceError::Vanished { path: self.shown_path.to_owned() }
    }
}

impl Frame {
    fn ask_for_more(&mut self, prefetch: &Prefetch<'_>) {
        if self.end < self.names.len() && self.next.is_none() {
            let task = Task::Look { names: Arc::clone(&self.names), from: self.end };
            let slot = Slot::new(Arc::clone(&self.place), task, self.handle.take());
            prefetch.hint(std::iter::once(Arc::clone(&slot)));
            self.next = Some(slot);
        }
    }

    /// Forgets the entries, so that those still to be shown will be looked at again; tells how many bytes they took.
    fn let_go(&mut self) -> usize {
        let entries = std::mem::take(&mut self.entries);
        if let Some(first) = entries.as_slice().first() {
            self.end = first.index;
            self.next = None;
        } else if self.end == self.names.len() {
            (self.names, self.end) = Default::default();
        }
        std::mem::take(&mut self.cost)
    }
}

fn unsupported(what: &str) -> ReadFailure {
    ReadFailure::lasting(UnreadableReason::Unsupported, what)
}

fn unreadable(path: TreePath, facts: Option<Facts>, failure: ReadFailure) -> SourceItem {
    let (metadata, fingerprint) = match facts {
        Some(facts) => (facts.metadata(), facts.fingerprint()),
        None => (Metadata::default(), Fingerprint::default()),
    };
    SourceItem { path, kind: ItemKind::Unreadable(failure), metadata, fingerprint, first_link: None, cloud_only: false }
}

/// The one item of a source that is a single file.
pub(super) fn single_item(facts: &Facts, target: Result<Vec<u8>, Errno>) -> SourceItem {
    let path = TreePath::root();
    match (facts.kind(), target) {
        (Some(kind), _) => facts.item(path, kind),
        (None, Ok(target)) => facts.item(path, ItemKind::Symlink { target }),
        (None, Err(errno)) => unreadable(path, Some(*facts), failure(errno)),
    }
}
