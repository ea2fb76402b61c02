//! What every source promises, as code that runs against one: in the tests of each source, and on a user's own folder
//! when something about a backup is to be explained. The source must be quiet while it runs, for changes look like
//! lies.

use crate::{Content, ItemKind, Source, SourceError, SourceItem};
use chest_model::{Hole, TreePath};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// A promise of [`Source`] or [`Content`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// A walk of a source that is there succeeds.
    Walks,
    /// The first item is the root.
    RootFirst,
    /// Items come in strictly ascending tree order, so that none comes twice.
    Ascending,
    /// Above every item, its folder has been shown, as a folder.
    BelowFolders,
    /// A first link is the item itself or a file shown before it.
    FirstLinkKnown,
    /// Walking twice shows the same.
    SameWalk,
    /// Nothing more is shown once the visitor has had enough.
    StopsWhenTold,
    /// A listed file opens.
    Opens,
    /// Nothing but a file opens.
    OnlyFilesOpen,
    /// Extended attributes can be read, and come sorted, each once.
    XattrsSorted,
    /// Holes ascend, do not touch, are not empty and lie within the file.
    HolesInOrder,
    /// A read fills its buffer unless the file ends.
    ReadsInFull,
    /// The data and the holes together are as long as announced.
    AnnouncedLength,
    /// Reading twice gives the same bytes.
    SameBytes,
    /// On a quiet source, a file looks after reading as it did in the listing.
    QuietFingerprint,
}

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// At which item; the root where it is about the whole.
    pub path: TreePath,
    /// What was seen instead.
    pub seen: String,
}

/// Everything that a walk shows.
pub fn items(source: &dyn Source) -> Result<Vec<SourceItem>, SourceError> {
    let mut items = Vec::new();
    source.walk(&mut |item| {
        items.push(item);
        ControlFlow::Continue(())
    })?;
    Ok(items)
}

/// Walks the source and reads every file twice. Empty if every promise was kept.
pub fn check(source: &dyn Source) -> Vec<Broken> {
    let mut report = Report::default();
    let items = report.walk(source);
    report.check_listing(&items);
    report.check_second_walk(source, &items);
    report.check_stopping(source, &items);
    for item in &items {
        report.check_item(source, item);
    }
    report.broken
}

#[derive(Default)]
struct Report {
    broken: Vec<Broken>,
}

impl Report {
    fn add(&mut self, promise: Promise, path: &TreePath, seen: impl Into<String>) {
        self.broken.push(Broken { promise, path: path.clone(), seen: seen.into() });
    }

    fn walk(&mut self, source: &dyn Source) -> Vec<SourceItem> {
        let mut items = Vec::new();
        let walked = source.walk(&mut |item| {
            items.push(item);
            ControlFlow::Continue(())
        });
        if let Err(error) = walked {
            self.add(Promise::Walks, &TreePath::root(), error.to_string());
        }
        items
    }

    fn check_listing(&mut self, items: &[SourceItem]) {
        match items.first() {
            Some(first) if first.path.is_root() => {}
            Some(first) => self.add(Promise::RootFirst, &first.path, "another item comes first"),
            None => self.add(Promise::RootFirst, &TreePath::root(), "nothing was shown"),
        }
        for [earlier, later] in items.array_windows() {
            if earlier.path >= later.path {
                self.add(Promise::Ascending, &later.path, format!("it comes after {:?}", earlier.path));
            }
        }
        let mut folders = HashSet::new();
        let mut linkable = HashSet::new();
        for item in items {
            if item.path.parent().is_some_and(|parent| !folders.contains(&parent)) {
                self.add(Promise::BelowFolders, &item.path, "its folder has not been shown as one");
            }
            match item.kind {
                ItemKind::Directory => folders.insert(item.path.clone()),
                ItemKind::File { .. } | ItemKind::Symlink { .. } => linkable.insert(&item.path),
                _ => false,
            };
            if let Some(first) = item.first_link.as_ref().filter(|first| !linkable.contains(first)) {
                let seen = format!("{first:?} is no file or link that was shown before");
                self.add(Promise::FirstLinkKnown, &item.path, seen);
            }
        }
    }

    fn check_second_walk(&mut self, source: &dyn Source, items: &[SourceItem]) {
        let again = self.walk(source);
        let different = items.iter().zip(&again).find(|(first, second)| first != second);
        if let Some((first, second)) = different {
            self.add(Promise::SameWalk, &first.path, format!("{first:?}, then {second:?}"));
        } else if items.len() != again.len() {
            let seen = format!("{} items, then {}", items.len(), again.len());
            self.add(Promise::SameWalk, &TreePath::root(), seen);
        }
    }

    fn check_stopping(&mut self, source: &dyn Source, items: &[SourceItem]) {
        let enough = items.len().div_ceil(2);
        let mut shown = 0;
        let walked = source.walk(&mut |_| {
            shown += 1;
            if shown < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if walked.is_err() || shown > enough {
            let seen = format!("{shown} items shown where {enough} were enough; {walked:?}");
            self.add(Promise::StopsWhenTold, &TreePath::root(), seen);
        }
    }

    fn check_item(&mut self, source: &dyn Source, item: &SourceItem) {
        match item.kind {
            ItemKind::Unreadable(_) => return,
            ItemKind::File { size } => self.check_file(source, item, size),
            _ if source.open(item).is_ok() => self.add(Promise::OnlyFilesOpen, &item.path, "it opened"),
            _ => {}
        }
        match source.xattrs(item) {
            Ok(xattrs) if xattrs.array_windows().all(|[(earlier, _), (later, _)]| earlier < later) => {}
            Ok(xattrs) => self.add(Promise::XattrsSorted, &item.path, format!("{xattrs:?}")),
            Err(failure) => self.add(Promise::XattrsSorted, &item.path, failure.message),
        }
    }

    fn check_file(&mut self, source: &dyn Source, item: &SourceItem, size: u64) {
        let (first, second) = match (source.open(item), source.open(item)) {
            (Ok(first), Ok(second)) => (first, second),
            (Err(failure), _) | (_, Err(failure)) => return self.add(Promise::Opens, &item.path, failure.message),
        };
        self.check_holes(item, first.holes(), size);
        let holes: u64 = first.holes().iter().map(|hole| hole.length).sum();
        match self.read_both(item, first, second) {
            Ok(data) if data.checked_add(holes) == Some(size) => {}
            Ok(data) => {
                let seen = format!("{data} bytes of data and {holes} of holes, not {size}");
                self.add(Promise::AnnouncedLength, &item.path, seen);
            }
            Err(failure) => self.add(Promise::SameBytes, &item.path, failure.message),
        }
    }

    fn check_holes(&mut self, item: &SourceItem, holes: &[Hole], size: u64) {
        let end = |hole: &Hole| hole.offset.saturating_add(hole.length);
        let apart = holes.array_windows().all(|[earlier, later]| end(earlier) < later.offset);
        if !apart || holes.iter().any(|hole| hole.length == 0 || end(hole) > size) {
            self.add(Promise::HolesInOrder, &item.path, format!("{holes:?} in {size} bytes"));
        }
    }

    fn read_both(
        &mut self,
        item: &SourceItem,
        mut first: Box<dyn Content>,
        mut second: Box<dyn Content>,
    ) -> Result<u64, crate::ReadFailure> {
        // The second reader takes smaller bites: where the bites end must not matter.
        let mut wide = vec![0; 64 * 1024];
        let mut narrow = vec![0; 4096];
        let mut data = 0;
        loop {
            let read = first.read(&mut wide)?;
            let mut compared = 0;
            while compared < read {
                let wanted = narrow.len().min(read - compared);
                let again = second.read(&mut narrow[..wanted])?;
                if narrow[..again] != wide[compared..compared + again] || again == 0 {
                    self.add(Promise::SameBytes, &item.path, format!("different near {data} bytes of data"));
                    return Ok(data);
                }
                compared += again;
            }
            data += read as u64;
            if read < wide.len() {
                break;
            }
        }
        if first.read(&mut wide)? != 0 {
            self.add(Promise::ReadsInFull, &item.path, format!("more came after a short read at {data}"));
        }
        if second.read(&mut narrow)? != 0 {
            self.add(Promise::SameBytes, &item.path, "the second reading was longer");
        }
        self.check_end(item, first)?;
        Ok(data)
    }

    fn check_end(&mut self, item: &SourceItem, content: Box<dyn Content>) -> Result<(), crate::ReadFailure> {
        let after = content.finish()?;
        if !item.looks_like(&after.fingerprint) || after.metadata != item.metadata {
            self.add(Promise::QuietFingerprint, &item.path, format!("{after:?}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
