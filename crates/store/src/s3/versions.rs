//! Versions of one object, deletion and retention by version. A service without versions shows the current one.

use super::S3Store;
use super::fault::{Asked, Meaning};
use super::list::{PAGE_BYTES, Pages, size};
use crate::single_version::{is_current, only_version};
use crate::{ObjectName, StoreError, Version, VersionId};
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{EncodingType, ObjectLockRetention, ObjectLockRetentionMode};
use chest_model::Timestamp;
use std::sync::atomic::Ordering;

/// Key and version after which the next page begins.
type Marker = (String, Option<String>);

/// A version, and what tells the newest.
struct Dated {
    version: Version,
    is_latest: bool,
    modified: Option<DateTime>,
}

/// The id to send, or none where the service has no versions.
pub(super) fn sent_id(version: &VersionId) -> Option<&str> {
    (!is_current(version)).then_some(version.0.as_str())
}

impl S3Store {
    pub(super) async fn versions_of(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        if self.lists_versions.load(Ordering::Relaxed)
            && let Some(versions) = self.list_versions(name).await?
        {
            return Ok(versions);
        }
        Ok(self.size_of(name).await?.map(only_version).unwrap_or_default())
    }

    /// None where the service cannot list versions.
    async fn list_versions(&self, name: &ObjectName) -> Result<Option<Vec<Version>>, StoreError> {
        let asked = self.asked("listing the versions of", name);
        let mut pages = Pages::<Marker>::new(asked);
        let mut found = Vec::new();
        loop {
            let Some(page) = self.versions_page(asked, name, pages.token()).await? else { return Ok(None) };
            let before = found.len();
            self.add_versions(asked, name, &page, &mut found)?;
            let next = page.next_key_marker().map(|key| marker(key, page.next_version_id_marker()));
            if !pages.go_on(page.is_truncated(), next, found.len() > before)? {
                break;
            }
        }
        found.sort_by_key(|dated| (!dated.is_latest, std::cmp::Reverse(dated.modified)));
        Ok(Some(found.into_iter().map(|dated| dated.version).collect()))
    }

    async fn versions_page(
        &self,
        asked: Asked<'_>,
        name: &ObjectName,
        marker: Option<Marker>,
    ) -> Result<Option<ListObjectVersionsOutput>, StoreError> {
        let (key, version) = marker.unzip();
        let request = self.client.list_object_versions().bucket(&self.bucket).prefix(self.keys.key(name));
        let request = request.set_key_marker(key).set_version_id_marker(version.flatten());
        match self.within(PAGE_BYTES, request.send()).await {
            Ok(page) => Ok(Some(page)),
            Err(fault) if fault.means(Meaning::Unsupported) => {
                self.lists_versions.store(false, Ordering::Relaxed);
                Ok(None)
            }
            Err(fault) => Err(fault.into_error(asked)),
        }
    }

    fn add_versions(
        &self,
        asked: Asked<'_>,
        name: &ObjectName,
        page: &ListObjectVersionsOutput,
        found: &mut Vec<Dated>,
    ) -> Result<(), StoreError> {
        let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
        let is_ours = |key| Ok(self.rest_of(asked, name.as_str(), key, is_encoded)? == name.as_str());
        for line in page.versions() {
            if is_ours(line.key())? {
                let version = version(asked, line.version_id(), size(asked, line.size())?, false)?;
                let is_latest = line.is_latest() == Some(true);
                found.push(Dated { version, is_latest, modified: line.last_modified().copied() });
            }
        }
        for line in page.delete_markers() {
            if is_ours(line.key())? {
                let version = version(asked, line.version_id(), 0, true)?;
                let is_latest = line.is_latest() == Some(true);
                found.push(Dated { version, is_latest, modified: line.last_modified().copied() });
            }
        }
        Ok(())
    }

    pub(super) async fn delete_object(&self, name: &ObjectName, version: Option<&str>) -> Result<(), StoreError> {
        let request = self.client.delete_object().bucket(&self.bucket).key(self.keys.key(name));
        match self.within(0, request.set_version_id(version.map(str::to_owned)).send()).await {
            Ok(_) => Ok(()),
            Err(fault) if fault.means(Meaning::NotFound) => Ok(()),
            Err(fault) => Err(fault.into_error(self.asked("deleting", name))),
        }
    }

    pub(super) async fn retain(
        &self,
        name: &ObjectName,
        version: &VersionId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        const CANNOT: StoreError = StoreError::Unsupported("forbid deletion");
        let Some(version) = sent_id(version) else { return Err(CANNOT) };
        // Whole seconds, rather longer than shorter.
        let until = DateTime::from_secs(until.seconds.saturating_add(i64::from(until.nanoseconds > 0)));
        let retention =
            ObjectLockRetention::builder().mode(ObjectLockRetentionMode::Compliance).retain_until_date(until).build();
        let request = self.client.put_object_retention().bucket(&self.bucket).key(self.keys.key(name));
        match self.within(0, request.version_id(version).retention(retention).send()).await {
            Ok(_) => Ok(()),
            // What a bucket without Object Lock answers.
            Err(fault) if fault.means(Meaning::Unsupported) || fault.has_code("InvalidRequest") => Err(CANNOT),
            Err(fault) => Err(fault.into_error(self.asked("forbidding the deletion of", name))),
        }
    }
}

fn version(asked: Asked<'_>, id: Option<&str>, size: u64, is_delete_marker: bool) -> Result<Version, StoreError> {
    let id = id.ok_or_else(|| asked.garbled("a version has no id"))?;
    Ok(Version { id: VersionId(id.to_owned()), size, is_delete_marker })
}

fn marker(key: &str, version: Option<&str>) -> Marker {
    (key.to_owned(), version.map(str::to_owned))
}
