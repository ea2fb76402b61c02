//! Knows the files whose content is only in a cloud, and holds them to a policy. The engine takes those that are unchanged over from the
//! last backup without opening them, whatever the policy; this is about the others.

use super::attributes::{AttributesOf, Listed};
use super::space::{Promise, SpaceGuard, cloud_only};
use crate::{
    AfterReading, Content, Excludes, ItemKind, KnownHashes, PassedOver, ReadFailure, Source, SourceError, SourceItem,
    Xattrs,
};
use chest_model::{Container, Hole, RootDescription, Timestamp, TreePath};
use std::fmt;
use std::io;
use std::ops::ControlFlow;

/// What happens to a file that is only in the cloud and is not as the last backup had it.
#[derive(Debug, Clone)]
pub enum CloudPolicy {
    /// Reading it fetches it, where the disk has room.
    Hydrate(SpaceGuard),
    /// It is not fetched: the backup is PARTIAL and names it.
    Skip,
}

/// A folder that a cloud keeps in step.
pub struct CloudSource<S> {
    inner: S,
    attributes: Box<dyn AttributesOf>,
    policy: CloudPolicy,
}

impl<S> CloudSource<S> {
    /// Over the same folder that `attributes` tell about.
    pub fn new(inner: S, attributes: Box<dyn AttributesOf>, policy: CloudPolicy) -> Self {
        Self { inner, attributes, policy }
    }
}

impl<S: fmt::Debug> fmt::Debug for CloudSource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudSource").field("inner", &self.inner).field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl<S: Source> Source for CloudSource<S> {
    fn description(&self) -> &RootDescription {
        self.inner.description()
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        let mut listings = Listings { attributes: &*self.attributes, entered: Vec::new() };
        self.inner.walk(&mut |item| visit(listings.judge(item)))
    }

    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        match &self.policy {
            CloudPolicy::Skip if item.cloud_only => Err(skipped()),
            _ => self.inner.xattrs(item),
        }
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        match &self.policy {
            _ if !item.cloud_only => self.inner.open(item),
            CloudPolicy::Skip => Err(skipped()),
            CloudPolicy::Hydrate(guard) => {
                let promise = guard.admit(item.fingerprint.size)?;
                Ok(Box::new(Arriving { inner: self.inner.open(item)?, promise }))
            }
        }
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

fn skipped() -> ReadFailure {
    cloud_only("it is only in the cloud, and this backup was told not to fetch anything from there")
}

/// The listings of the folders on the way to the present item.
struct Listings<'a> {
    attributes: &'a dyn AttributesOf,
    entered: Vec<(TreePath, Result<Listed, ReadFailure>)>,
}

impl Listings<'_> {
    /// Says of a file whether it is only in the cloud. One of which nobody can tell is not opened: that might fetch it.
    fn judge(&mut self, item: SourceItem) -> SourceItem {
        if !matches!(item.kind, ItemKind::File { .. }) {
            return item;
        }
        match self.is_cloud_only(&item.path) {
            Ok(cloud_only) => SourceItem { cloud_only, ..item },
            Err(failure) => SourceItem { kind: ItemKind::Unreadable(failure), ..item },
        }
    }

    fn is_cloud_only(&mut self, path: &TreePath) -> Result<bool, ReadFailure> {
        let (Some(folder), Some(name)) = (path.parent(), path.name()) else {
            return Ok(self.attributes.of_root()?.is_cloud_only());
        };
        // What has been created or removed since the walk saw the folder tells when it is opened.
        let listed = self.enter(folder).as_ref().map_err(Clone::clone)?;
        Ok(listed.get(name).is_some_and(|attributes| attributes.is_cloud_only()))
    }

    fn enter(&mut self, folder: TreePath) -> &Result<Listed, ReadFailure> {
        while self.entered.last().is_some_and(|(entered, _)| !folder.is_within(entered)) {
            self.entered.pop();
        }
        if self.entered.last().is_none_or(|(entered, _)| *entered != folder) {
            let listed = self.attributes.in_folder(&folder);
            self.entered.push((folder, listed));
        }
        &self.entered[self.entered.len() - 1].1
    }
}

/// Content on its way from the cloud, with the room that is kept for it.
struct Arriving {
    inner: Box<dyn Content>,
    promise: Promise,
}

impl Content for Arriving {
    fn holes(&self) -> &[Hole] {
        self.inner.holes()
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let length = self.inner.read(buffer)?;
        self.promise.came(length as u64);
        Ok(length)
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        self.inner.read_at(position, buffer)
    }

    fn finish(self: Box<Self>) -> Result<AfterReading, ReadFailure> {
        self.inner.finish()
    }
}
