//! Passing calls on. A reference, a box or a shared pointer to a store is a store, so that decorators can wrap what somebody
//! else owns; and a decorator names the methods that it leaves as they are instead of writing them out.

use crate::ObjectStore;
use std::sync::Arc;

/// Within an `impl ObjectStore`: these methods, in these words, are passed on to another store.
///
/// `pass_on!(self => self.inner; list, versions);`
#[macro_export]
macro_rules! pass_on {
    ($this:ident => $to:expr; $($method:ident),+ $(,)?) => { $($crate::pass_on!(@$method $this, $to);)+ };
    (@put $this:ident, $to:expr) => {
        fn put(
            &$this,
            name: &$crate::ObjectName,
            bytes: $crate::macro_support::Bytes,
        ) -> Result<$crate::PutOutcome, $crate::StoreError> {
            ($to).put(name, bytes)
        }
    };
    (@get $this:ident, $to:expr) => {
        fn get(&$this, name: &$crate::ObjectName) -> Result<$crate::macro_support::Bytes, $crate::StoreError> {
            ($to).get(name)
        }
    };
    (@get_range $this:ident, $to:expr) => {
        fn get_range(
            &$this,
            name: &$crate::ObjectName,
            range: ::std::ops::Range<u64>,
        ) -> Result<$crate::macro_support::Bytes, $crate::StoreError> {
            ($to).get_range(name, range)
        }
    };
    (@list $this:ident, $to:expr) => {
        fn list(&$this, prefix: &str) -> Result<Vec<$crate::Listed>, $crate::StoreError> {
            ($to).list(prefix)
        }
    };
    (@versions $this:ident, $to:expr) => {
        fn versions(&$this, name: &$crate::ObjectName) -> Result<Vec<$crate::Version>, $crate::StoreError> {
            ($to).versions(name)
        }
    };
    (@get_version $this:ident, $to:expr) => {
        fn get_version(
            &$this,
            name: &$crate::ObjectName,
            version: &$crate::VersionId,
        ) -> Result<$crate::macro_support::Bytes, $crate::StoreError> {
            ($to).get_version(name, version)
        }
    };
    (@delete_version $this:ident, $to:expr) => {
        fn delete_version(
            &$this,
            name: &$crate::ObjectName,
            version: &$crate::VersionId,
        ) -> Result<(), $crate::StoreError> {
            ($to).delete_version(name, version)
        }
    };
    (@retain_version $this:ident, $to:expr) => {
        fn retain_version(
            &$this,
            name: &$crate::ObjectName,
            version: &$crate::VersionId,
            until: $crate::macro_support::Timestamp,
        ) -> Result<(), $crate::StoreError> {
            ($to).retain_version(name, version, until)
        }
    };
    (@strays $this:ident, $to:expr) => {
        fn strays(&$this) -> Result<Vec<$crate::Stray>, $crate::StoreError> {
            ($to).strays()
        }
    };
    (@requests_at_once $this:ident, $to:expr) => {
        fn requests_at_once(&$this) -> $crate::AtOnce {
            ($to).requests_at_once()
        }
    };
}

macro_rules! is_a_store {
    ($pointer:ty) => {
        impl<S: ObjectStore + ?Sized> ObjectStore for $pointer {
            pass_on!(self => **self; put, get, get_range, list, versions, get_version, delete_version, retain_version,
                     strays, requests_at_once);
        }
    };
}

is_a_store!(&S);
is_a_store!(Box<S>);
is_a_store!(Arc<S>);
