//! Lists that are whole, or an error: what a list leaves out would be taken for deleted.

use super::S3Store;
use super::fault::Asked;
use super::keys::decode;
use crate::{Listed, ObjectName, StoreError, Stray};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

/// A page of 1,000 keys has about this many bytes.
pub(super) const PAGE_BYTES: u64 = 500_000;
/// Pages in a row that bring nothing new before a list counts as endless.
const EMPTY_PAGES: u32 = 100;

/// What lies below a prefix: the rest of each key after the store's own prefix, with its size.
type Found = BTreeMap<String, u64>;

impl S3Store {
    pub(super) async fn list_objects(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let found = self.find_keys(prefix).await?;
        Ok(found
            .into_iter()
            .filter_map(|(name, size)| ObjectName::new(name).ok().map(|name| Listed { name, size }))
            .collect())
    }

    pub(super) async fn list_strays(&self) -> Result<Vec<Stray>, StoreError> {
        let found = self.find_keys("").await?;
        Ok(found
            .into_iter()
            // Without a rest, it is the mark by which a web page of the provider shows our own prefix as a folder.
            .filter(|(rest, _)| !rest.is_empty() && ObjectName::new(rest.as_str()).is_err())
            .map(|(name, size)| Stray { name, size, left_by_us: false })
            .collect())
    }

    /// The size of an object, by the list: a HEAD has no words to say what is not there, the object or the bucket.
    pub(super) async fn size_of(&self, name: &ObjectName) -> Result<Option<u64>, StoreError> {
        Ok(self.find_keys(name.as_str()).await?.get(name.as_str()).copied())
    }

    async fn find_keys(&self, prefix: &str) -> Result<Found, StoreError> {
        let asked = Asked { doing: "listing", bucket: &self.bucket, what: prefix, name: None };
        let mut pages = Pages::new(asked);
        let mut found = Found::new();
        loop {
            let page = self.page(asked, prefix, pages.token()).await?;
            let before = found.len();
            self.add_page(asked, prefix, &page, &mut found)?;
            let next = page.next_continuation_token().map(str::to_owned);
            if !pages.go_on(page.is_truncated(), next, found.len() > before)? {
                return Ok(found);
            }
        }
    }

    async fn page(
        &self,
        asked: Asked<'_>,
        prefix: &str,
        token: Option<String>,
    ) -> Result<ListObjectsV2Output, StoreError> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(self.keys.prefixed(prefix));
        let request = request.encoding_type(EncodingType::Url).set_continuation_token(token).send();
        self.within(PAGE_BYTES, request).await.map_err(|fault| fault.into_error(asked))
    }

    fn add_page(
        &self,
        asked: Asked<'_>,
        prefix: &str,
        page: &ListObjectsV2Output,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
        for object in page.contents() {
            let rest = self.rest_of(asked, prefix, object.key(), is_encoded)?;
            let size = size(asked, object.size())?;
            match found.entry(rest) {
                Entry::Vacant(place) => drop(place.insert(size)),
                Entry::Occupied(other) if *other.get() == size => {}
                Entry::Occupied(other) => {
                    return Err(asked.garbled(format!("{} is listed with two sizes", other.key())));
                }
            }
        }
        Ok(())
    }

    /// What stands in a listed key after the store's prefix.
    pub(super) fn rest_of(
        &self,
        asked: Asked<'_>,
        prefix: &str,
        key: Option<&str>,
        is_encoded: bool,
    ) -> Result<String, StoreError> {
        let key = key.ok_or_else(|| asked.garbled("a line has no key"))?;
        let key = if is_encoded { decode(key) } else { Some(key.to_owned()) };
        let key = key.ok_or_else(|| asked.garbled("a key makes no sense"))?;
        match self.keys.rest(&key) {
            Some(rest) if rest.starts_with(prefix) => Ok(rest.to_owned()),
            _ => Err(asked.garbled(format!("{key:?} is listed, which was not asked for"))),
        }
    }
}

/// The size in a listed line.
pub(super) fn size(asked: Asked<'_>, size: Option<i64>) -> Result<u64, StoreError> {
    size.and_then(|size| u64::try_from(size).ok()).ok_or_else(|| asked.garbled("a line has no size"))
}

/// Whether there is a further page, and that the pages come to an end.
pub(super) struct Pages<'a, T> {
    asked: Asked<'a>,
    token: Option<T>,
    seen: HashSet<T>,
    empty: u32,
}

impl<'a, T: Clone + Eq + std::hash::Hash> Pages<'a, T> {
    pub(super) fn new(asked: Asked<'a>) -> Self {
        Self { asked, token: None, seen: HashSet::new(), empty: 0 }
    }

    /// Where the next page begins.
    pub(super) fn token(&self) -> Option<T> {
        self.token.clone()
    }

    /// Notes how a page ended. Whether another one is to be asked for.
    pub(super) fn go_on(&mut self, truncated: Option<bool>, next: Option<T>, is_new: bool) -> Result<bool, StoreError> {
        self.empty = if is_new { 0 } else { self.empty + 1 };
        let bad = |what: &str| Err(self.asked.garbled(what));
        match (truncated, next) {
            (None, _) => bad("the list does not say whether it is whole"),
            (Some(false), _) => Ok(false),
            (Some(true), None) => bad("the list has more pages and does not say how to get them"),
            (Some(true), Some(next)) if self.empty < EMPTY_PAGES && self.seen.insert(next.clone()) => {
                self.token = Some(next);
                Ok(true)
            }
            (Some(true), Some(_)) => bad("the list runs in a circle"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked<'static> = Asked { doing: "listing", bucket: "parish", what: "", name: None };

    #[test]
    fn a_list_that_may_not_be_whole_is_an_error() {
        let next = || Some("next".to_owned());
        let pages = || Pages::<String>::new(ASKED);
        assert!(pages().go_on(None, None, true).is_err());
        assert!(pages().go_on(Some(true), None, true).is_err());
        assert!(!pages().go_on(Some(false), None, true).unwrap());
        let mut circle = pages();
        assert!(circle.go_on(Some(true), next(), true).unwrap());
        assert_eq!(circle.token(), next());
        assert!(circle.go_on(Some(true), next(), true).is_err());
    }

    #[test]
    fn a_list_without_end_is_an_error() {
        let mut pages = Pages::<u32>::new(ASKED);
        let ended = (0..1000).find(|page| pages.go_on(Some(true), Some(*page), false).is_err());
        assert_eq!(ended, Some(EMPTY_PAGES - 1));
    }
}
