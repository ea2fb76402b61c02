//! The questions that only an examination asks of a provider.

use super::S3Store;
use super::fault::{Asked, Meaning};
use super::put::content_md5;
use crate::{Creation, ObjectName, Provider, StoreError};
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use bytes::Bytes;
use chest_model::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

impl Provider for S3Store {
    fn create(&self, name: &ObjectName, bytes: Bytes) -> Result<Creation, StoreError> {
        let digest = content_md5(&bytes);
        self.run(async {
            let Err(fault) = self.send(name, bytes, digest, true).await else { return Ok(Creation::Created) };
            match fault.status() {
                Some(412) => Ok(Creation::AlreadyThere),
                Some(409) => Ok(Creation::Conflict),
                Some(400 | 501) => Ok(Creation::NotSupported),
                _ => Err(fault.into_error(self.asked("storing", name))),
            }
        })
    }

    fn overwrite(&self, name: &ObjectName, bytes: Bytes) -> Result<(), StoreError> {
        let digest = content_md5(&bytes);
        self.run(async {
            let sent = self.send(name, bytes, digest, false).await;
            sent.map(drop).map_err(|fault| fault.into_error(self.asked("storing", name)))
        })
    }

    fn delete(&self, name: &ObjectName) -> Result<(), StoreError> {
        self.run(self.delete_object(name, None))
    }

    fn refuses_wrong_checksum(&self, name: &ObjectName, bytes: Bytes) -> Result<bool, StoreError> {
        let digest = content_md5(b"what was meant");
        self.run(async {
            match self.send(name, bytes, digest, false).await {
                Ok(_) => Ok(false),
                Err(fault) if fault.means(Meaning::Garbled) => Ok(true),
                Err(fault) => Err(fault.into_error(self.asked("storing", name))),
            }
        })
    }

    fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        let date = Date::default();
        let request =
            self.client.list_objects_v2().bucket(&self.bucket).prefix(self.keys.prefixed("doctor/")).max_keys(1);
        let asked = Asked { doing: "listing", bucket: &self.bucket, what: &self.bucket, name: None };
        self.run(async {
            let answer = self.within(0, request.customize().interceptor(date.clone()).send()).await;
            answer.map(drop).map_err(|fault| fault.into_error(asked))
        })?;
        Ok(date.seen())
    }
}

/// Notes what the header `Date` of an answer says.
#[derive(Debug, Clone, Default)]
struct Date(Arc<Mutex<Option<DateTime>>>);

impl Date {
    fn seen(&self) -> Option<Timestamp> {
        let date = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        date.map(|date| Timestamp::new(date.secs(), 0))
    }
}

impl Intercept for Date {
    fn name(&self) -> &'static str {
        "date"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let header = context.response().headers().get("date");
        let date = header.and_then(|text| DateTime::from_str(text, DateTimeFormat::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}
