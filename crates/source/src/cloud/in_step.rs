//! A folder as it is to be read on this system: what may pass is waited for, and its cloud's files are known where the system has
//! such.

use super::{AttributesOf, CloudPolicy, CloudSource, FreeSpace, PatientSource, Pause, SpaceGuard};
use crate::Source;
use std::path::Path;

/// Bytes that stay free on this computer's disk, whatever is fetched: without them Windows itself gets into trouble.
const RESERVE: u64 = 5_000_000_000;

/// What the one who backs up wants with files that are only in a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CloudFiles {
    /// Fetch those that are new or changed, where the disk has room.
    #[default]
    Hydrate,
    /// Leave them where they are.
    Skip,
}

/// What this system tells of a cloud.
pub struct CloudFacts {
    /// The attributes of the folder's items.
    pub attributes: Box<dyn AttributesOf>,
    /// The disk that fetched files come to lie on.
    pub space: Box<dyn FreeSpace>,
    /// How to wait for what may pass.
    pub pause: Box<dyn Pause>,
}

/// A folder that a cloud keeps in step.
pub fn in_step<S: Source + 'static>(folder: S, facts: CloudFacts, files: CloudFiles) -> impl Source {
    let policy = match files {
        CloudFiles::Hydrate => CloudPolicy::Hydrate(SpaceGuard::new(facts.space, RESERVE)),
        CloudFiles::Skip => CloudPolicy::Skip,
    };
    CloudSource::new(PatientSource::with_a_cloud(folder, facts.pause), facts.attributes, policy)
}

/// A folder of this computer, which a cloud may keep in step.
#[cfg(windows)]
pub fn in_cloud<S: Source + 'static>(folder: S, path: &Path, files: CloudFiles) -> Box<dyn Source> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let facts = CloudFacts {
        attributes: Box::new(super::ListedFolder::new(&path)),
        space: Box::new(super::DiskOf::new(&path)),
        pause: Box::new(super::RealPause),
    };
    Box::new(in_step(folder, facts, files))
}

/// The same where no cloud leaves names in folders without their content: what may pass is waited for here, too.
#[cfg(not(windows))]
pub fn in_cloud<S: Source + 'static>(folder: S, _path: &Path, _files: CloudFiles) -> Box<dyn Source> {
    Box::new(PatientSource::with_a_folder(folder, Box::new(super::RealPause)))
}
