//! What lies behind a store: questions to the provider itself that no backup ever asks, and on whose answers nothing depends.
//! They tell the user what the storage adds to the promises of [`ObjectStore`](crate::ObjectStore), and what it lacks.

use crate::{ObjectName, StoreError};
use bytes::Bytes;
use chest_model::Timestamp;

/// Answers for the provider. For `chest doctor` alone.
pub trait Provider: Send + Sync {
    /// Puts only where nothing of that name lies.
    fn create(&self, name: &ObjectName, bytes: Bytes) -> Result<Creation, StoreError>;

    /// Puts whatever lies there.
    fn overwrite(&self, name: &ObjectName, bytes: Bytes) -> Result<(), StoreError>;

    /// Deletes as any program would, which keeps old versions where the storage has them.
    fn delete(&self, name: &ObjectName) -> Result<(), StoreError>;

    /// Puts with the checksum of other bytes, as damage on the way would. Whether the provider refused.
    fn refuses_wrong_checksum(&self, name: &ObjectName, bytes: Bytes) -> Result<bool, StoreError>;

    /// What the provider's clock shows, to the second; `None` where it does not say.
    fn clock(&self) -> Result<Option<Timestamp>, StoreError>;
}

/// What became of a conditional put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// The provider says that it was carried out.
    Created,
    /// Something of that name was there.
    AlreadyThere,
    /// Another one is being put at this moment.
    Conflict,
    /// The provider does not know the condition, and refuses such a put.
    NotSupported,
}
