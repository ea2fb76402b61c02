//! Folders that a cloud keeps in step (OneDrive's Files On-Demand): a file may be listed with all its facts while its content is somewhere
//! else, and opening it fetches it, or fails in ways of its own. Two decorators over any source: one knows such files and holds them
//! to a policy, the other tries again what may pass. Nothing here asks a system but `listing`.

mod attributes;
mod errors;
mod in_step;
#[cfg(windows)]
mod listing;
mod patience;
mod placeholders;
mod space;

pub use attributes::{Attributes, AttributesOf, Listed};
pub use errors::{WINDOWS_ERRORS, WindowsError, windows_failure};
pub use in_step::{CloudFacts, CloudFiles, in_cloud, in_step};
#[cfg(windows)]
pub use listing::{DiskOf, ListedFolder};
pub use patience::{PatientSource, Pause, RealPause, Waits};
pub use placeholders::{CloudPolicy, CloudSource};
pub use space::{FreeSpace, SpaceGuard};
