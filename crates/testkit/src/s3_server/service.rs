//! The bucket as a service: what each operation of S3 does, and with which errors it refuses. HTTP, XML and signatures are
//! those of `s3s`.

use super::Shared;
use super::bucket::{Objects, PutTerms, Stored, newest, no_such_key, versions_seen};
use super::faults::CurrentPlan;
use super::settings::{ConditionalPut, ObjectLock, S3Settings, Versioning};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use s3s::auth::{S3Auth, SecretKey};
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::*;
use s3s::{Body, S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The number of a request, put among its extensions by the front.
#[derive(Clone, Copy)]
pub(super) struct RequestNumber(pub(super) u64);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The one key pair of the settings.
pub(super) struct OneCredential(pub(super) Arc<Shared>);

#[async_trait::async_trait]
impl S3Auth for OneCredential {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let settings = self.0.settings();
        if access_key == settings.access_key {
            Ok(settings.secret_key.into())
        } else {
            Err(s3_error!(InvalidAccessKeyId, "The AWS access key ID that you provided does not exist in our records."))
        }
    }
}

pub(super) struct BucketService(pub(super) Arc<Shared>);

impl BucketService {
    fn settings_for(&self, bucket: &str) -> S3Result<S3Settings> {
        let settings = self.0.settings();
        if bucket == settings.bucket {
            Ok(settings)
        } else {
            Err(s3_error!(NoSuchBucket, "The specified bucket does not exist: {bucket}"))
        }
    }

    /// Reads one version, as a request sees it.
    fn find(&self, key: &str, id: Option<&str>, request: u64) -> S3Result<Stored> {
        let bucket = self.0.bucket();
        match id {
            Some(id) => {
                let mut versions = versions_seen(bucket.objects().get(key).map_or(&[], Vec::as_slice), request);
                let found = versions.find(|stored| stored.id == id).cloned();
                let found = found.ok_or_else(|| s3_error!(NoSuchVersion, "The specified version does not exist."))?;
                if found.body.is_none() {
                    return Err(s3_error!(MethodNotAllowed, "The version is a delete marker."));
                }
                Ok(found)
            }
            None => {
                let found = newest(bucket.objects(), key, request).cloned();
                found.filter(|stored| stored.body.is_some()).ok_or_else(|| no_such_key(key))
            }
        }
    }

    /// Makes something of the content that lists are to show.
    fn with_listed<T>(&self, plan: &CurrentPlan, make: impl FnOnce(&Objects) -> T) -> T {
        match plan.stale() {
            Some(stale) => make(stale),
            None => make(self.0.bucket().objects()),
        }
    }

    fn default_lock(&self, settings: &S3Settings) -> Option<Timestamp> {
        match settings.object_lock {
            ObjectLock::On { default_days: Some(days) } => Some((self.0.now() + DAY * days).into()),
            _ => None,
        }
    }
}

fn number_of<T>(request: &S3Request<T>) -> u64 {
    request.extensions.get::<RequestNumber>().map_or(u64::MAX, |number| number.0)
}

fn md5(bytes: &[u8]) -> [u8; 16] {
    let mut hasher = Md5::new();
    hasher.update(bytes);
    hasher.finalize()
}

fn etag(bytes: &[u8]) -> ETag {
    ETag::Strong(md5(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What a put says its body hashes to: the header's name without `x-amz-checksum-`, and the claim in base 64.
fn claimed_checksums(headers: &HeaderMap, trailers: Option<&HeaderMap>) -> Vec<(String, String)> {
    let all = headers.iter().chain(trailers.into_iter().flatten());
    let claims = all.filter_map(|(name, value)| {
        let algorithm = name.as_str().strip_prefix("x-amz-checksum-")?;
        Some((algorithm.to_owned(), value.to_str().ok()?.to_owned()))
    });
    claims.filter(|(algorithm, _)| !matches!(algorithm.as_str(), "mode" | "type" | "algorithm")).collect()
}

/// Holds a body against every hash that came with it; whether there was any.
fn verify_checksums(body: &[u8], content_md5: Option<&str>, claims: &[(String, String)]) -> S3Result<bool> {
    use s3s::crypto::{Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
    fn base64<C: s3s::crypto::Checksum>(body: &[u8]) -> String
    where
        C::Output: AsRef<[u8]>,
    {
        let mut hasher = C::new();
        hasher.update(body);
        base64_simd::STANDARD.encode_to_string(hasher.finalize())
    }
    let bad = |name: &str| s3_error!(BadDigest, "The {name} you specified did not match what we received.");
    if content_md5.is_some_and(|claim| claim != base64::<Md5>(body)) {
        return Err(bad("Content-MD5"));
    }
    for (algorithm, claim) in claims {
        let actual = match algorithm.as_str() {
            "crc32" => base64::<Crc32>(body),
            "crc32c" => base64::<Crc32c>(body),
            "crc64nvme" => base64::<Crc64Nvme>(body),
            "sha1" => base64::<Sha1>(body),
            "sha256" => base64::<Sha256>(body),
            _ => return Err(s3_error!(InvalidRequest, "The checksum {algorithm} is not known.")),
        };
        if actual != *claim {
            return Err(bad(algorithm));
        }
    }
    Ok(content_md5.is_some() || !claims.is_empty())
}

/// A key among puts in progress, until it is dropped.
struct InProgress<'a> {
    shared: &'a Shared,
    key: String,
}

impl<'a> InProgress<'a> {
    fn begin(shared: &'a Shared, key: &str) -> S3Result<Self> {
        if shared.puts_in_progress().insert(key.to_owned()) {
            Ok(Self { shared, key: key.to_owned() })
        } else {
            Err(s3_error!(ConditionalRequestConflict, "The conditional request cannot succeed now."))
        }
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.shared.puts_in_progress().remove(&self.key);
    }
}

/// Text as lists show it where `encoding-type=url` was asked for.
fn encoded(text: &str, encoding: Option<&EncodingType>) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');
    match encoding {
        Some(encoding) if encoding.as_str() == EncodingType::URL => {
            utf8_percent_encode(text, KEPT).to_string().replace(' ', "+")
        }
        _ => text.to_owned(),
    }
}

fn page_size(settings: &S3Settings, asked: Option<i32>) -> usize {
    let asked = asked.and_then(|asked| usize::try_from(asked).ok()).unwrap_or(usize::MAX);
    settings.page_size.min(asked)
}

fn whole_number(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn signed(length: u64) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The keys that lists leave out because they are new.
fn newest_keys<'a>(objects: &'a Objects, count: usize) -> BTreeSet<&'a str> {
    let mut newest: Vec<(u64, &'a str)> =
        objects.iter().filter_map(|(key, versions)| Some((versions.last()?.order, key.as_str()))).collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    newest.into_iter().take(count).map(|(_, key)| key).collect()
}

#[async_trait::async_trait]
impl S3 for BucketService {
    async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        let number = number_of(&request);
        let key = request.input.key.clone();
        let conditional = matches!(request.input.if_none_match, Some(ETagCondition::Any));
        let mut only_if_absent = false;
        let mut in_progress = None;
        if conditional {
            match settings.conditional_put {
                ConditionalPut::Honoured => only_if_absent = true,
                ConditionalPut::Conflict(takes) => {
                    in_progress = Some(InProgress::begin(&self.0, &key)?);
                    only_if_absent = true;
                    tokio::time::sleep(takes).await;
                }
                ConditionalPut::NotImplemented => {
                    return Err(s3_error!(
                        NotImplemented,
                        "A header you provided implies functionality not implemented"
                    ));
                }
                ConditionalPut::Refused(status) => {
                    let mut error = S3Error::with_message(
                        if status == 403 { S3ErrorCode::AccessDenied } else { S3ErrorCode::InvalidRequest },
                        "Conditional writes are not allowed here",
                    );
                    error
                        .set_status_code(hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::BAD_REQUEST));
                    return Err(error);
                }
                ConditionalPut::Ignored => {}
            }
        }
        let body = match request.input.body.take() {
            None => Bytes::new(),
            Some(blob) => match Body::from(blob).collect().await {
                Ok(collected) => collected.to_bytes(),
                Err(error) => return Err(S3Error::with_message(S3ErrorCode::IncompleteBody, error.to_string())),
            },
        };
        let trailers = request.trailing_headers.as_ref().and_then(s3s::TrailingHeaders::take);
        let claims = claimed_checksums(&request.headers, trailers.as_ref());
        let proven = verify_checksums(&body, request.input.content_md5.as_deref(), &claims)?;
        let asked = request.input.object_lock_retain_until_date.take();
        let locked_until = asked.or_else(|| self.default_lock(&settings));
        if locked_until.is_some() && !proven {
            return Err(s3_error!(
                InvalidRequest,
                "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
            ));
        }
        let tag = etag(&body);
        let visible_from = self.0.faults.current().visible_from(number);
        let versioned = settings.versioning == Versioning::On;
        let terms = PutTerms { only_if_absent, locked_until, visible_from };
        let id = self.0.bucket().put(&key, Some(body), versioned, self.0.now(), terms)?;
        drop(in_progress);
        let version_id = versioned.then_some(id);
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(tag), version_id, ..PutObjectOutput::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        let input = &request.input;
        let stored = self.find(&input.key, input.version_id.as_deref(), number_of(&request))?;
        let whole = stored.body.unwrap_or_default();
        let length = whole.len() as u64;
        let (body, content_range) = match input.range {
            None => (whole.clone(), None),
            Some(range) => {
                let range = range.check(length)?;
                let shown = format!("bytes {}-{}/{length}", range.start, range.end - 1);
                (whole.slice(range.start as usize..range.end as usize), Some(shown))
            }
        };
        Ok(S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(signed(body.len() as u64)),
            body: Some(StreamingBlob::from(Body::from(body))),
            content_range,
            e_tag: Some(etag(&whole)),
            last_modified: Some(stored.modified.into()),
            version_id: (settings.versioning == Versioning::On).then_some(stored.id),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        let input = &request.input;
        let stored = self.find(&input.key, input.version_id.as_deref(), number_of(&request))?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(signed(stored.size())),
            e_tag: stored.body.as_deref().map(etag),
            last_modified: Some(stored.modified.into()),
            version_id: (settings.versioning == Versioning::On).then_some(stored.id),
            ..HeadObjectOutput::default()
        }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        let DeleteObjectInput { key, version_id, .. } = &request.input;
        let mut bucket = self.0.bucket();
        let output = match version_id {
            Some(id) => {
                let removed = bucket.delete_version(key, id, &self.0.now().into())?;
                let was_marker = removed.is_some_and(|stored| stored.body.is_none());
                DeleteObjectOutput {
                    delete_marker: was_marker.then_some(true),
                    version_id: Some(id.clone()),
                    ..DeleteObjectOutput::default()
                }
            }
            None if settings.versioning == Versioning::On => {
                let id = bucket.put(key, None, true, self.0.now(), PutTerms::default())?;
                DeleteObjectOutput { delete_marker: Some(true), version_id: Some(id), ..DeleteObjectOutput::default() }
            }
            None => {
                bucket.remove_raw(key);
                DeleteObjectOutput::default()
            }
        };
        Ok(S3Response::new(output))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let settings = self.settings_for(&request.input.bucket)?;
        let number = number_of(&request);
        let input = request.input;
        if input.delimiter.is_some() {
            return Err(s3_error!(NotImplemented, "Delimiters are not implemented"));
        }
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = match &input.continuation_token {
            None => input.start_after.clone(),
            Some(token) => Some(key_of_token(token)?),
        };
        let plan = self.0.faults.current();
        let size = page_size(&settings, input.max_keys);
        let encoding = input.encoding_type.as_ref();
        let (contents, next) = self.with_listed(&plan, |objects| {
            let new = newest_keys(objects, plan.newest_hidden());
            let mut shown = objects
                .range(prefix.clone()..)
                .take_while(|(key, _)| key.starts_with(&prefix))
                .filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after))
                .filter(|(key, _)| !plan.hides(key) && !new.contains(key.as_str()))
                .filter_map(|(key, versions)| {
                    let stored = versions_seen(versions, number).next()?;
                    stored.body.as_ref().map(|body| (key, stored, body))
                });
            let page: Vec<_> = shown.by_ref().take(size).collect();
            let last = page.last().map(|(key, _, _)| token_of_key(key));
            let next = if shown.next().is_some() { last } else { None };
            let contents: Vec<Object> = page
                .into_iter()
                .map(|(key, stored, body)| Object {
                    key: Some(encoded(key, encoding)),
                    size: Some(signed(stored.size())),
                    e_tag: Some(etag(body)),
                    last_modified: Some(stored.modified.into()),
                    ..Object::default()
                })
                .collect();
            (contents, next)
        });
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix.as_deref().map(|prefix| encoded(prefix, encoding)),
            max_keys: Some(whole_number(size)),
            key_count: Some(whole_number(contents.len())),
            continuation_token: input.continuation_token,
            is_truncated: Some(next.is_some()),
            next_continuation_token: next,
            contents: Some(contents),
            encoding_type: input.encoding_type,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        if settings.versioning == Versioning::Unsupported {
            return Err(s3_error!(NotImplemented, "ListObjectVersions is not implemented"));
        }
        let number = number_of(&request);
        let input = request.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        let size = page_size(&settings, input.max_keys);
        let encoding = input.encoding_type.as_ref();
        let mut output = ListObjectVersionsOutput {
            name: Some(input.bucket.clone()),
            prefix: input.prefix.as_deref().map(|prefix| encoded(prefix, encoding)),
            key_marker: input.key_marker.as_deref().map(|marker| encoded(marker, encoding)),
            version_id_marker: input.version_id_marker.clone(),
            max_keys: Some(whole_number(size)),
            encoding_type: input.encoding_type.clone(),
            is_truncated: Some(false),
            ..ListObjectVersionsOutput::default()
        };
        let (mut versions, mut markers) = (Vec::new(), Vec::new());
        let plan = self.0.faults.current();
        self.with_listed(&plan, |objects| {
            let mut last: Option<(String, String)> = None;
            for (key, stored, is_latest) in flattened(objects, &prefix, number) {
                if plan.hides(key) || is_before_marker(objects, key, stored, &input) {
                    continue;
                }
                if versions.len() + markers.len() == size {
                    output.is_truncated = Some(true);
                    output.next_key_marker = last.as_ref().map(|(key, _)| encoded(key, encoding));
                    output.next_version_id_marker = last.map(|(_, id)| id);
                    break;
                }
                last = Some((key.to_owned(), stored.id.clone()));
                match &stored.body {
                    Some(body) => versions.push(ObjectVersion {
                        key: Some(encoded(key, encoding)),
                        version_id: Some(stored.id.clone()),
                        is_latest: Some(is_latest),
                        size: Some(signed(stored.size())),
                        e_tag: Some(etag(body)),
                        last_modified: Some(stored.modified.into()),
                        ..ObjectVersion::default()
                    }),
                    None => markers.push(DeleteMarkerEntry {
                        key: Some(encoded(key, encoding)),
                        version_id: Some(stored.id.clone()),
                        is_latest: Some(is_latest),
                        last_modified: Some(stored.modified.into()),
                        ..DeleteMarkerEntry::default()
                    }),
                }
            }
        });
        output.versions = Some(versions);
        output.delete_markers = Some(markers);
        Ok(S3Response::new(output))
    }

    async fn put_object_retention(
        &self,
        request: S3Request<PutObjectRetentionInput>,
    ) -> S3Result<S3Response<PutObjectRetentionOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        settings.object_lock.require()?;
        let input = request.input;
        let retention = input.retention.unwrap_or_default();
        let is_compliance =
            retention.mode.as_ref().is_some_and(|mode| mode.as_str() == ObjectLockRetentionMode::COMPLIANCE);
        let Some(until) = retention.retain_until_date.filter(|_| is_compliance) else {
            return Err(s3_error!(MalformedXML, "Only COMPLIANCE with a date is served here"));
        };
        self.0.bucket().lock(&input.key, input.version_id.as_deref(), until, &self.0.now().into())?;
        Ok(S3Response::new(PutObjectRetentionOutput::default()))
    }

    async fn get_object_retention(
        &self,
        request: S3Request<GetObjectRetentionInput>,
    ) -> S3Result<S3Response<GetObjectRetentionOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        settings.object_lock.require()?;
        let input = request.input;
        let until = self.0.bucket().version_mut(&input.key, input.version_id.as_deref())?.locked_until.clone();
        let until = until.ok_or_else(|| {
            s3_error!(NoSuchObjectLockConfiguration, "The specified object does not have a ObjectLock configuration")
        })?;
        let retention = ObjectLockRetention { mode: Some(compliance()), retain_until_date: Some(until) };
        Ok(S3Response::new(GetObjectRetentionOutput { retention: Some(retention) }))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.settings_for(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        let status = (settings.versioning == Versioning::On)
            .then(|| BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED));
        Ok(S3Response::new(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() }))
    }

    async fn get_object_lock_configuration(
        &self,
        request: S3Request<GetObjectLockConfigurationInput>,
    ) -> S3Result<S3Response<GetObjectLockConfigurationOutput>> {
        let settings = self.settings_for(&request.input.bucket)?;
        let default_days = match settings.object_lock {
            ObjectLock::Unsupported => return Err(s3_error!(NotImplemented, "Object Lock is not implemented")),
            ObjectLock::Off => {
                return Err(s3_error!(
                    ObjectLockConfigurationNotFoundError,
                    "Object Lock configuration does not exist for this bucket"
                ));
            }
            ObjectLock::On { default_days } => default_days,
        };
        let rule = default_days.map(|days| ObjectLockRule {
            default_retention: Some(DefaultRetention {
                days: Some(i32::try_from(days).unwrap_or(i32::MAX)),
                mode: Some(compliance()),
                years: None,
            }),
        });
        let object_lock_configuration = Some(ObjectLockConfiguration {
            object_lock_enabled: Some(ObjectLockEnabled::from_static(ObjectLockEnabled::ENABLED)),
            rule,
        });
        Ok(S3Response::new(GetObjectLockConfigurationOutput { object_lock_configuration }))
    }
}

fn compliance() -> ObjectLockRetentionMode {
    ObjectLockRetentionMode::from_static(ObjectLockRetentionMode::COMPLIANCE)
}

/// A token says nothing to a client; here it is the last key shown.
fn token_of_key(key: &str) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(key)
}

fn key_of_token(token: &str) -> S3Result<String> {
    let key = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(token).ok().and_then(|key| String::from_utf8(key).ok());
    key.ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

/// Every version below a prefix in the order of lists: keys ascending, the newest version first; whether it is the newest.
fn flattened<'a>(
    objects: &'a Objects,
    prefix: &'a str,
    request: u64,
) -> impl Iterator<Item = (&'a str, &'a Stored, bool)> {
    objects.range(prefix.to_owned()..).take_while(move |(key, _)| key.starts_with(prefix)).flat_map(
        move |(key, versions)| {
            let seen = versions_seen(versions, request).enumerate();
            seen.map(move |(position, stored)| (key.as_str(), stored, position == 0))
        },
    )
}

/// Whether an earlier page has shown this version.
fn is_before_marker(objects: &Objects, key: &str, stored: &Stored, input: &ListObjectVersionsInput) -> bool {
    let Some(key_marker) = input.key_marker.as_deref() else { return false };
    match &input.version_id_marker {
        Some(id) if key == key_marker => {
            let marked = objects.get(key).into_iter().flatten().find(|stored| stored.id == *id);
            marked.is_some_and(|marked| stored.order >= marked.order)
        }
        _ => key <= key_marker,
    }
}
