//! One object, one PUT.

use super::S3Store;
use super::fault::{Fault, Meaning};
use crate::{ObjectName, PutOutcome, StoreError};
use aws_sdk_s3::operation::put_object::PutObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use md5::{Digest, Md5};
use std::sync::atomic::Ordering;

/// The digest that makes a service refuse bytes which were damaged on the way. MD5, because every service knows it and a
/// bucket with Object Lock demands one; against a forger stands the name, not this.
pub(super) fn content_md5(bytes: &[u8]) -> String {
    aws_smithy_types::base64::encode(Md5::digest(bytes))
}

impl S3Store {
    pub(super) async fn put_object(
        &self,
        name: &ObjectName,
        bytes: Bytes,
        digest: String,
    ) -> Result<PutOutcome, StoreError> {
        if !self.takes_conditions.load(Ordering::Relaxed) {
            return self.put_plainly(name, bytes, digest).await;
        }
        let fault = match self.send(name, bytes.clone(), digest.clone(), true).await {
            Ok(answer) => return Self::accepted(&answer),
            Err(fault) => fault,
        };
        match fault.status() {
            Some(412) if self.lies_there(name, bytes.len() as u64).await? => Ok(PutOutcome::Done),
            // Somebody else's request for the same name is under way: it may still fail.
            Some(409) => Ok(PutOutcome::Unknown),
            // Not there though the condition says so, or not whole: only without the condition can it become right.
            Some(412) => self.put_plainly(name, bytes, digest).await,
            Some(400 | 501) if fault.means(Meaning::Unsupported) || fault.means(Meaning::Other) => {
                let outcome = self.put_plainly(name, bytes, digest).await?;
                self.takes_conditions.store(false, Ordering::Relaxed);
                Ok(outcome)
            }
            _ => self.not_put(name, fault),
        }
    }

    async fn put_plainly(&self, name: &ObjectName, bytes: Bytes, digest: String) -> Result<PutOutcome, StoreError> {
        match self.send(name, bytes, digest, false).await {
            Ok(answer) => Self::accepted(&answer),
            Err(fault) => self.not_put(name, fault),
        }
    }

    pub(super) async fn send(
        &self,
        name: &ObjectName,
        bytes: Bytes,
        digest: String,
        only_if_missing: bool,
    ) -> Result<PutObjectOutput, Fault> {
        let length = bytes.len() as u64;
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.keys.key(name))
            .content_md5(digest)
            .content_type("application/octet-stream")
            .set_if_none_match(only_if_missing.then(|| "*".to_owned()))
            .body(ByteStream::from(bytes));
        self.within(length, request.send()).await
    }

    /// A success without the tag that every S3 service gives comes from something else on the way.
    fn accepted(answer: &PutObjectOutput) -> Result<PutOutcome, StoreError> {
        match answer.e_tag() {
            Some(_) => Ok(PutOutcome::Done),
            None => Err(StoreError::NotAStore("it accepts a file without naming it as S3 does".to_owned())),
        }
    }

    fn not_put(&self, name: &ObjectName, fault: Fault) -> Result<PutOutcome, StoreError> {
        match fault {
            Fault::Lost(_) | Fault::Stopped => Ok(PutOutcome::Unknown),
            fault => Err(fault.into_error(self.asked("storing", name))),
        }
    }

    async fn lies_there(&self, name: &ObjectName, size: u64) -> Result<bool, StoreError> {
        Ok(self.size_of(name).await? == Some(size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_standard() {
        // The header of RFC 1864 with test values of RFC 1321.
        assert_eq!(content_md5(b""), "1B2M2Y8AsgTpgAmY7PhCfg==");
        assert_eq!(content_md5(b"message digest"), "+WtpfXy3k41SWi8xqvFh0A==");
    }
}
