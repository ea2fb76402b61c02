//! Keeps twice what is small and without which nothing can be had: the owner's decisions, the logs, the key slots. One
//! damaged or lost copy is passed over without a word to whoever reads; a check looks at both (docs/format.md, "Objects").
//!
//! It is a store around a store, so that whatever reads or writes a repository goes through it and need not know.

use super::settle;
use crate::error::ObjectError;
use crate::layout::{KEPT_TWICE, Place, SECOND};
use crate::parallel;
use crate::record::RecordFrame;
use crate::slot::SLOT_LEN;
use bytes::Bytes;
use chest_model::Timestamp;
use chest_store::{Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Version, VersionId, pass_on};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store in which every object that has a second name ([`Place::second_name`]) lies under both.
pub struct TwiceStore {
    inner: Arc<dyn ObjectStore>,
    /// What the listings so far showed of objects of which the copies were not both there with one length that they can have.
    uneven: Mutex<BTreeMap<ObjectName, Sizes>>,
}

/// The lengths of the copies that a listing showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sizes {
    first: Option<u64>,
    second: Option<u64>,
}

/// What is wrong with one copy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CopyProblem {
    /// Missing, altered, or of an impossible length.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// It is there, and this part of the store does not give it out: a bad block.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// How the two copies of an object are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copies {
    /// Which object.
    pub place: Place,
    /// What is wrong with the copy under its own name.
    pub first: Option<CopyProblem>,
    /// What is wrong with the copy under the second name.
    pub second: Option<CopyProblem>,
}

impl Copies {
    /// Whether neither copy can be used.
    pub fn are_lost(&self) -> bool {
        self.first.is_some() && self.second.is_some()
    }
}

impl TwiceStore {
    /// Keeps both copies in `inner`.
    pub fn over(inner: Arc<dyn ObjectStore>) -> Arc<Self> {
        Arc::new(Self { inner, uneven: Mutex::default() })
    }

    /// Every object that is to be kept twice and is there at least once, in the order of its name.
    pub fn kept_twice(&self) -> Result<Vec<Place>, StoreError> {
        let mut places = Vec::new();
        for prefix in KEPT_TWICE {
            places.extend(self.list(prefix)?.iter().filter_map(|listed| Place::parse(&listed.name)));
        }
        Ok(places)
    }

    /// Reads both copies of each and holds them against the name. What is kept once is left out.
    pub fn examine(&self, places: &[Place]) -> Result<Vec<Copies>, StoreError> {
        let examined = parallel::map(places, self.requests_at_once().small, |place| self.examine_one(place));
        examined.into_iter().filter_map(Result::transpose).collect()
    }

    fn examine_one(&self, place: &Place) -> Result<Option<Copies>, StoreError> {
        let (name, Some(second)) = (place.name(), place.second_name()) else { return Ok(None) };
        let uneven = lock(&self.uneven).get(&name).copied();
        let sizes = uneven.unwrap_or_default();
        let (first, second) = self
            .both(|| self.examine_copy(place, &name, sizes.first), || self.examine_copy(place, &second, sizes.second));
        let (mut first, mut second) = (first?, second?);
        // To be had by its name and in no list: somebody has deleted it, and the storage keeps versions.
        if let (Some(sizes), None, None) = (uneven, &first, &second) {
            let hidden = |size: Option<u64>| size.is_none().then(|| ObjectError::Missing.into());
            (first, second) = (hidden(sizes.first), hidden(sizes.second));
        }
        Ok(Some(Copies { place: *place, first, second }))
    }

    /// Puts the missing copy where the listings so far showed only one, if that one is good. What is damaged is left as it
    /// is: nothing is ever overwritten.
    pub fn complete(&self, place: Place) -> Result<(), StoreError> {
        let (name, Some(second)) = (place.name(), place.second_name()) else { return Ok(()) };
        let missing = match self.sizes(&name) {
            Sizes { first: None, second: Some(_) } => &name,
            Sizes { first: Some(_), second: None } => &second,
            _ => return Ok(()),
        };
        let bytes = self.get(&name)?;
        if place.proves(&bytes) {
            settle_copy(&*self.inner, missing, &bytes)?;
            lock(&self.uneven).remove(&name);
        }
        Ok(())
    }

    fn sizes(&self, name: &ObjectName) -> Sizes {
        lock(&self.uneven).get(name).copied().unwrap_or_default()
    }

    /// What is longer than its kind can be is not read, however it came there: no bytes stand for it.
    fn read(&self, place: &Place, copy: &ObjectName, listed: Option<u64>) -> Result<Bytes, StoreError> {
        if listed.is_some_and(|size| size > longest(place)) { Ok(Bytes::new()) } else { self.inner.get(copy) }
    }

    fn examine_copy(
        &self,
        place: &Place,
        copy: &ObjectName,
        listed: Option<u64>,
    ) -> Result<Option<CopyProblem>, StoreError> {
        if let Some(length) = listed.filter(|size| *size > longest(place)) {
            return Ok(Some(ObjectError::BadLength { length }.into()));
        }
        // Read again before it is called damage: the line may have been bad.
        let mut answer = self.inner.get(copy);
        if !answer.as_ref().is_ok_and(|bytes| place.proves(bytes)) {
            answer = self.inner.get(copy);
        }
        match answer {
            Ok(bytes) if place.proves(&bytes) => Ok(None),
            Ok(_) => Ok(Some(ObjectError::NotItsName.into())),
            Err(StoreError::NotFound(_)) => Ok(Some(ObjectError::Missing.into())),
            Err(error @ StoreError::Io { .. }) => Ok(Some(CopyProblem::Unreadable(error.to_string()))),
            Err(error) => Err(error),
        }
    }

    fn both<A: Send, B>(&self, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
        parallel::both(self.requests_at_once().small, one, other)
    }

    /// Both copies as listings show them, and whatever else lies there.
    fn list_both(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        if SECOND.starts_with(prefix) {
            return self.inner.list(prefix);
        }
        let is_kept_twice = KEPT_TWICE.iter().any(|top| prefix.starts_with(top) || top.starts_with(prefix));
        if !is_kept_twice {
            return self.inner.list(prefix);
        }
        let (first, second) = self.both(|| self.inner.list(prefix), || self.inner.list(&format!("{SECOND}{prefix}")));
        let mut listed = first?;
        listed.extend(second?);
        Ok(listed)
    }

    /// Notes what is uneven, and chooses the length to show: one that hides no good copy behind a damaged one.
    fn size_to_show(&self, name: &ObjectName, sizes: Sizes) -> u64 {
        let Some(place) = Place::parse(name).filter(|place| place.second_name().is_some()) else {
            return sizes.first.unwrap_or_default();
        };
        let possible = |size: &u64| may_be_long(&place, *size);
        if sizes.first == sizes.second && sizes.first.as_ref().is_some_and(possible) {
            lock(&self.uneven).remove(name);
        } else {
            lock(&self.uneven).insert(name.clone(), sizes);
        }
        let chosen = sizes.first.filter(possible).or(sizes.second.filter(possible)).or(sizes.first).or(sizes.second);
        chosen.unwrap_or_default()
    }
}

impl ObjectStore for TwiceStore {
    pass_on!(self => self.inner; strays, requests_at_once);

    /// Each copy is seen to be there by itself: a listing shows what is there once, so nobody above could tell.
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        let Some(second) = second_of(name) else { return self.inner.put(name, bytes) };
        let (first, second) =
            self.both(|| settle_copy(&*self.inner, name, &bytes), || settle_copy(&*self.inner, &second, &bytes));
        first.and(second).map(|()| PutOutcome::Done)
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        let Some((place, second)) = Place::parse(name).and_then(|place| Some((place, place.second_name()?))) else {
            return self.inner.get(name);
        };
        let sizes = self.sizes(name);
        let first = self.read(&place, name, sizes.first);
        if first.as_ref().is_ok_and(|bytes| place.proves(bytes)) {
            return first;
        }
        let second = self.read(&place, &second, sizes.second);
        match (first, second) {
            (_, Ok(bytes)) if place.proves(&bytes) => Ok(bytes),
            (Err(StoreError::NotFound(name)), Err(StoreError::NotFound(_))) => Err(StoreError::NotFound(name)),
            (Err(StoreError::NotFound(_)), second) => second,
            // Neither is right: the damage is told as if there were one.
            (first, _) => first,
        }
    }

    /// A part proves nothing, so of what is kept twice the whole is read.
    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        if second_of(name).is_none() {
            return self.inner.get_range(name, range);
        }
        let bytes = self.get(name)?;
        let size = bytes.len() as u64;
        if range.start <= range.end && range.end <= size {
            Ok(bytes.slice(range.start as usize..range.end as usize))
        } else {
            Err(StoreError::RangeOutside { name: name.clone(), size, wanted: range })
        }
    }

    /// Every object once, under its first name, whichever copy is there.
    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let mut sizes: BTreeMap<ObjectName, Sizes> = BTreeMap::new();
        for Listed { name, size } in self.list_both(prefix)? {
            match Place::parse_second(&name) {
                Some(place) => {
                    let first = place.name();
                    if first.as_str().starts_with(prefix) {
                        sizes.entry(first).or_default().second = Some(size);
                    }
                }
                None if name.as_str().starts_with(prefix) => sizes.entry(name).or_default().first = Some(size),
                // Rubbish among the second copies, found on the way to others.
                None => {}
            }
        }
        Ok(sizes.into_iter().map(|(name, sizes)| Listed { size: self.size_to_show(&name, sizes), name }).collect())
    }

    /// Every version of both copies; a version's id says of which it is.
    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        let Some(second) = second_of(name) else { return self.inner.versions(name) };
        let (first, second) = self.both(|| self.inner.versions(name), || self.inner.versions(&second));
        let marked = |mark: &'static str, versions: Vec<Version>| {
            let id = move |version: &Version| VersionId(format!("{mark}{}", version.id.0));
            versions.into_iter().map(move |version| Version { id: id(&version), ..version })
        };
        Ok(marked(OF_FIRST, first?).chain(marked(OF_SECOND, second?)).collect())
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        match copy_of(name, version) {
            Some((copy, version)) => self.inner.get_version(&copy, &version),
            None => Err(StoreError::NotFound(name.clone())),
        }
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        copy_of(name, version).map_or(Ok(()), |(copy, version)| self.inner.delete_version(&copy, &version))
    }

    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        match copy_of(name, version) {
            Some((copy, version)) => self.inner.retain_version(&copy, &version, until),
            None => Err(StoreError::NotFound(name.clone())),
        }
    }
}

const OF_FIRST: &str = "first:";
const OF_SECOND: &str = "second:";

/// The copy and its own version that an id of ours stands for; `None` for an id that [`TwiceStore::versions`] never gave.
fn copy_of(name: &ObjectName, version: &VersionId) -> Option<(ObjectName, VersionId)> {
    let Some(second) = second_of(name) else { return Some((name.clone(), version.clone())) };
    let of_first = version.0.strip_prefix(OF_FIRST).map(|id| (name.clone(), VersionId(id.to_owned())));
    of_first.or_else(|| version.0.strip_prefix(OF_SECOND).map(|id| (second, VersionId(id.to_owned()))))
}

fn second_of(name: &ObjectName) -> Option<ObjectName> {
    Place::parse(name)?.second_name()
}

fn longest(place: &Place) -> u64 {
    match place {
        Place::Log(..) | Place::Owner(_) => RecordFrame::MAX_LEN,
        Place::Slot(..) => SLOT_LEN as u64,
        Place::Inventory(..) | Place::Pack(_) | Place::Index(..) => u64::MAX,
    }
}

fn may_be_long(place: &Place, size: u64) -> bool {
    match place {
        Place::Slot(..) => size == SLOT_LEN as u64,
        _ => size <= longest(place),
    }
}

fn settle_copy(store: &dyn ObjectStore, copy: &ObjectName, bytes: &Bytes) -> Result<(), StoreError> {
    match settle(store, copy, bytes)? {
        PutOutcome::Done => Ok(()),
        PutOutcome::Unknown => Err(StoreError::Unreachable(format!("{copy} was sent and does not arrive"))),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each use leaves the map whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
