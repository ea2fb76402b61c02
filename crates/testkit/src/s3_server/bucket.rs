//! One bucket in memory with versions, delete markers and Object Lock, as the S3 documentation describes them. No clock, no
//! network: what time it is and how far a request may see come in as arguments.

use bytes::Bytes;
use s3s::dto::Timestamp as S3Time;
use s3s::{S3Error, S3Result, s3_error};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// What an object's only version is called in a bucket without versions.
pub(super) const NULL_VERSION: &str = "null";

/// Every version of every key, the oldest first.
pub(super) type Objects = BTreeMap<String, Vec<Stored>>;

/// One version.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) id: String,
    /// None for a delete marker.
    pub(super) body: Option<Bytes>,
    pub(super) modified: SystemTime,
    /// Place in the order of all that was ever put.
    pub(super) order: u64,
    /// The first request that may see it.
    pub(super) visible_from: u64,
    pub(super) locked_until: Option<S3Time>,
}

impl Stored {
    pub(super) fn is_locked(&self, now: &S3Time) -> bool {
        self.locked_until.as_ref().is_some_and(|until| until > now)
    }

    /// Length in bytes; none for a delete marker.
    pub(super) fn size(&self) -> u64 {
        self.body.as_ref().map_or(0, |body| body.len() as u64)
    }
}

/// How a put is meant.
#[derive(Clone, Default)]
pub(super) struct PutTerms {
    pub(super) only_if_absent: bool,
    pub(super) locked_until: Option<S3Time>,
    pub(super) visible_from: u64,
}

/// The bucket.
#[derive(Default)]
pub(super) struct Bucket {
    objects: Objects,
    puts: u64,
}

impl Bucket {
    pub(super) fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Adds a version, or replaces the only one where the bucket keeps none; its id.
    pub(super) fn put(
        &mut self,
        key: &str,
        body: Option<Bytes>,
        versioned: bool,
        modified: SystemTime,
        terms: PutTerms,
    ) -> S3Result<String> {
        if terms.only_if_absent && newest(&self.objects, key, u64::MAX).is_some_and(|stored| stored.body.is_some()) {
            return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
        }
        self.puts += 1;
        let id = if versioned { format!("v{:08}", self.puts) } else { NULL_VERSION.to_owned() };
        let versions = self.objects.entry(key.to_owned()).or_default();
        // What replaces it may become visible only later; until then the old one shows.
        if !versioned && terms.visible_from == 0 {
            versions.retain(|stored| stored.id != NULL_VERSION);
        }
        let PutTerms { visible_from, locked_until, .. } = terms;
        versions.push(Stored { id: id.clone(), body, modified, order: self.puts, visible_from, locked_until });
        Ok(id)
    }

    /// Removes one version for good, unless it is locked. What is not there is removed already.
    pub(super) fn delete_version(&mut self, key: &str, id: &str, now: &S3Time) -> S3Result<Option<Stored>> {
        let Some(versions) = self.objects.get_mut(key) else { return Ok(None) };
        let Some(at) = versions.iter().position(|stored| stored.id == id) else { return Ok(None) };
        if versions[at].is_locked(now) {
            return Err(s3_error!(AccessDenied, "Access Denied because object protected by object lock."));
        }
        let removed = versions.remove(at);
        self.forget_empty(key);
        Ok(Some(removed))
    }

    /// Locks a version until then; a lock can only be lengthened.
    pub(super) fn lock(&mut self, key: &str, id: Option<&str>, until: S3Time, now: &S3Time) -> S3Result<()> {
        if until <= *now {
            return Err(s3_error!(InvalidArgument, "The retain until date must be in the future!"));
        }
        let stored = self.version_mut(key, id)?;
        if stored.is_locked(now) && stored.locked_until.as_ref().is_some_and(|locked| until < *locked) {
            return Err(s3_error!(AccessDenied, "Access Denied because object protected by object lock."));
        }
        stored.locked_until = Some(until);
        Ok(())
    }

    /// A version with a body, by id or the newest.
    pub(super) fn version_mut(&mut self, key: &str, id: Option<&str>) -> S3Result<&mut Stored> {
        let versions = self.objects.get_mut(key).ok_or_else(|| no_such_key(key))?;
        let found = match id {
            None => versions.last_mut(),
            Some(id) => versions.iter_mut().find(|stored| stored.id == id),
        };
        found.filter(|stored| stored.body.is_some()).ok_or_else(|| no_such_key(key))
    }

    /// Takes every version away, locked or not: what a provider's own failure does.
    pub(super) fn remove_raw(&mut self, key: &str) -> bool {
        self.objects.remove(key).is_some()
    }

    fn forget_empty(&mut self, key: &str) {
        if self.objects.get(key).is_some_and(Vec::is_empty) {
            self.objects.remove(key);
        }
    }
}

pub(super) fn no_such_key(key: &str) -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist: {key}")
}

/// The versions of a key that the request may see, the newest first.
pub(super) fn versions_seen(versions: &[Stored], request: u64) -> impl Iterator<Item = &Stored> {
    let mut seen_null = false;
    versions.iter().rev().filter(move |stored| stored.visible_from <= request).filter(move |stored| {
        // A bucket without versions shows the newest only.
        stored.id != NULL_VERSION || !std::mem::replace(&mut seen_null, true)
    })
}

/// The newest version of a key that the request may see, which may be a delete marker.
pub(super) fn newest<'a>(objects: &'a Objects, key: &str, request: u64) -> Option<&'a Stored> {
    versions_seen(objects.get(key)?, request).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn at(seconds: u64) -> S3Time {
        (UNIX_EPOCH + Duration::from_secs(seconds)).into()
    }

    fn put(bucket: &mut Bucket, key: &str, body: &'static str, versioned: bool, terms: PutTerms) -> S3Result<String> {
        bucket.put(key, Some(Bytes::from_static(body.as_bytes())), versioned, UNIX_EPOCH, terms)
    }

    fn bodies(bucket: &Bucket, key: &str, request: u64) -> Vec<Option<Bytes>> {
        let versions = bucket.objects().get(key).map(Vec::as_slice).unwrap_or_default();
        versions_seen(versions, request).map(|stored| stored.body.clone()).collect()
    }

    #[test]
    fn without_versions_the_newest_put_is_all_there_is_and_with_them_none_is_lost() {
        for (versioned, count) in [(false, 1), (true, 2)] {
            let mut bucket = Bucket::default();
            put(&mut bucket, "a", "old", versioned, PutTerms::default()).unwrap();
            put(&mut bucket, "a", "new", versioned, PutTerms::default()).unwrap();
            let bodies = bodies(&bucket, "a", 0);
            assert_eq!(bodies.len(), count);
            assert_eq!(bodies[0].as_deref(), Some(b"new".as_slice()));
        }
    }

    #[test]
    fn a_put_that_shows_late_leaves_the_old_one_in_sight() {
        let mut bucket = Bucket::default();
        put(&mut bucket, "a", "old", false, PutTerms::default()).unwrap();
        put(&mut bucket, "a", "new", false, PutTerms { visible_from: 5, ..PutTerms::default() }).unwrap();
        assert_eq!(bodies(&bucket, "a", 4), [Some(Bytes::from_static(b"old"))]);
        assert_eq!(bodies(&bucket, "a", 5), [Some(Bytes::from_static(b"new"))]);
    }

    #[test]
    fn a_put_for_absent_keys_fails_over_an_object_and_not_over_a_delete_marker() {
        let mut bucket = Bucket::default();
        let absent = || PutTerms { only_if_absent: true, ..PutTerms::default() };
        put(&mut bucket, "a", "x", true, absent()).unwrap();
        assert_eq!(put(&mut bucket, "a", "x", true, absent()).unwrap_err().code().as_str(), "PreconditionFailed");
        bucket.put("a", None, true, UNIX_EPOCH, PutTerms::default()).unwrap();
        put(&mut bucket, "a", "x", true, absent()).unwrap();
    }

    #[test]
    fn a_locked_version_can_be_removed_only_when_its_time_is_over_and_the_time_only_grows() {
        let mut bucket = Bucket::default();
        let id = put(&mut bucket, "a", "x", true, PutTerms::default()).unwrap();
        bucket.lock("a", Some(&id), at(100), &at(10)).unwrap();
        assert_eq!(bucket.lock("a", Some(&id), at(50), &at(10)).unwrap_err().code().as_str(), "AccessDenied");
        bucket.lock("a", None, at(200), &at(10)).unwrap();
        assert_eq!(bucket.delete_version("a", &id, &at(199)).err().unwrap().code().as_str(), "AccessDenied");
        assert!(bucket.delete_version("a", &id, &at(200)).unwrap().is_some());
        assert!(bucket.objects().is_empty());
    }
}
