//! The operations: what Parish Chest does. Each takes the slice of repository, source and target that it needs, tells a
//! monitor what it is doing, and gives one outcome that terminal, JSON and reports all share.

pub mod backup;
pub mod browse;
pub mod catalogue;
pub mod check;
mod context;
pub mod doctor;
pub mod enrol;
mod error;
pub mod init;
mod noted;
pub mod place;
pub mod restore;
mod same_place;
pub mod target;
mod unlock;

pub use chest_mail as mail;
pub use chest_repo as repo;
pub use chest_source as source;
pub use chest_store as store;
pub use context::Context;
pub use error::EngineError;
pub use place::Place;
pub use unlock::{Look, Opened};
