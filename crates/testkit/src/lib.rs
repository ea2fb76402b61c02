//! For tests only: stores that record, fail and stop, sources that fail, a cloud, a fixed clock and host, damage, an S3 server in this
//! process, TLS in front of it, and a simulated line. To be used from `tests/` directories: the unit tests of a crate below would see a second
//! copy of that crate.

pub mod damage;
mod failing_source;
mod fake_cloud;
mod far_store;
mod faulty_store;
mod fixed_environment;
pub mod line;
mod recording_store;
pub mod s3_server;
pub mod tls;
mod versioned_store;

pub use failing_source::FailingSource;
pub use fake_cloud::{FakeCloud, FixedSpace, NotedPause};
pub use far_store::FarStore;
pub use faulty_store::{Effect, FaultPlan, FaultyStore};
pub use fixed_environment::FixedEnvironment;
pub use recording_store::{Call, CallOutcome, KillSwitch, Operation, RecordingStore, Verb, When};
pub use versioned_store::VersionedStore;
