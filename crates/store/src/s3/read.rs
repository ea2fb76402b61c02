//! Whole objects and exact ranges. An answer is believed only where it says of itself what it is.

use super::S3Store;
use super::fault::{Asked, Fault};
use crate::single_version::check_range;
use crate::{ObjectName, StoreError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use std::ops::Range;

/// The last byte that is asked for in a request: services read these numbers as signed.
const LAST_BYTE: u64 = i64::MAX as u64 - 1;
/// Room is made at once for so many bytes that an answer announces: more than any pack has.
const BELIEVED: usize = 64 << 20;

impl S3Store {
    pub(super) async fn get_object(&self, name: &ObjectName, version: Option<&str>) -> Result<Bytes, StoreError> {
        let asked = self.asked("reading", name);
        let request = self.client.get_object().bucket(&self.bucket).key(self.keys.key(name));
        let request = request.set_version_id(version.map(str::to_owned)).send();
        let answer = self.within(0, request).await.map_err(|fault| no_object(fault, asked))?;
        self.body(asked, answer).await
    }

    pub(super) async fn get_object_range(&self, name: &ObjectName, wanted: Range<u64>) -> Result<Bytes, StoreError> {
        // No request can ask for nothing, or backwards.
        if wanted.start >= wanted.end {
            let size = self.size_of(name).await?.ok_or_else(|| StoreError::NotFound(name.clone()))?;
            return check_range(name, size, &wanted).map(|()| Bytes::new());
        }
        let asked = self.asked("reading", name);
        let last = (wanted.end - 1).min(LAST_BYTE);
        let request = self.client.get_object().bucket(&self.bucket).key(self.keys.key(name));
        let request = request.range(format!("bytes={}-{last}", wanted.start.min(last))).send();
        let answer = match self.within(0, request).await {
            Ok(answer) => answer,
            Err(fault) if fault.status() == Some(416) => return Err(self.past_the_end(name, wanted).await),
            Err(fault) => return Err(no_object(fault, asked)),
        };
        check_is_s3(&answer)?;
        let Some((given, size)) = answer.content_range().and_then(parse_content_range) else {
            return Err(asked.garbled("a range was asked for, and the answer is none"));
        };
        check_range(name, size, &wanted)?;
        if given != wanted {
            return Err(asked.garbled(format!("bytes {wanted:?} were asked for, {given:?} came")));
        }
        let bytes = self.body(asked, answer).await?;
        if bytes.len() as u64 != wanted.end - wanted.start {
            return Err(asked.garbled(format!("{} bytes came for the range {wanted:?}", bytes.len())));
        }
        Ok(bytes)
    }

    async fn past_the_end(&self, name: &ObjectName, wanted: Range<u64>) -> StoreError {
        match self.size_of(name).await {
            Ok(Some(size)) => match check_range(name, size, &wanted) {
                Err(outside) => outside,
                Ok(()) => self.asked("reading", name).garbled(format!("bytes {wanted:?} of {size} were refused")),
            },
            Ok(None) => StoreError::NotFound(name.clone()),
            Err(error) => error,
        }
    }

    /// All that the answer announces, and not a byte less.
    async fn body(&self, asked: Asked<'_>, answer: GetObjectOutput) -> Result<Bytes, StoreError> {
        check_is_s3(&answer)?;
        let announced = answer.content_length().and_then(|length| u64::try_from(length).ok());
        let Some(announced) = announced else { return Err(asked.garbled("its length is not told")) };
        let collected = self.within(announced, collect(answer.body, announced));
        let bytes = collected.await.map_err(|fault| fault.into_error(asked))?;
        if bytes.len() as u64 == announced {
            return Ok(Bytes::from(bytes));
        }
        Err(asked.garbled(format!("{} bytes came instead of {announced}", bytes.len())))
    }
}

/// Every piece as it comes, so that none is held twice; no more than one beyond what was announced.
async fn collect(mut body: ByteStream, announced: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(usize::MAX).min(BELIEVED));
    while bytes.len() as u64 <= announced
        && let Some(piece) = body.next().await
    {
        bytes.extend_from_slice(&piece.map_err(|error| Fault::Lost(error.to_string()))?);
    }
    Ok(bytes)
}

/// A success without the tag that every S3 service gives comes from something else on the way.
fn check_is_s3(answer: &GetObjectOutput) -> Result<(), StoreError> {
    match answer.e_tag() {
        Some(_) => Ok(()),
        None => Err(StoreError::NotAStore("it gives a file without naming it as S3 does".to_owned())),
    }
}

/// A version that is only a mark of deletion is refused with 405: there are no such bytes.
fn no_object(fault: Fault, asked: Asked<'_>) -> StoreError {
    match (fault.status(), asked.name) {
        (Some(405), Some(name)) => StoreError::NotFound(name.clone()),
        _ => fault.into_error(asked),
    }
}

/// `bytes 0-9/100`: the range and the size of the whole.
fn parse_content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size): (u64, u64, u64) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then(|| (first..last + 1, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_range_that_says_where_it_lies_is_one() {
        assert_eq!(parse_content_range("bytes 0-9/100"), Some((0..10, 100)));
        for nonsense in ["", "bytes 0-9", "bytes 0-9/*", "bytes */100", "bytes 9-0/100", "bytes 0-100/100", "0-9/100"] {
            assert_eq!(parse_content_range(nonsense), None, "{nonsense}");
        }
        assert_eq!(parse_content_range("bytes 0-18446744073709551615/18446744073709551615"), None);
    }
}
