//! The repository format: how chunks become sealed packs, how packs are found again, and how a signed, chained history says
//! what there is. docs/format.md is the specification; names here are the names there.

mod cbor;
pub mod chunk;
pub mod compress;
pub mod config;
mod crypto;
mod error;
mod header;
pub mod history;
pub mod index;
pub mod keys;
pub mod layout;
pub mod local;
pub mod pack;
mod parallel;
pub mod record;
pub mod repository;
pub mod slot;
pub mod tree;
pub mod words;

pub use error::{ObjectError, RepoError};
pub use header::{FORMAT, Opener, Sealer};
