//! The folders of this program's own: the repository, and this computer's state and cache. What is backed up never comes from
//! them, and what is restored never goes into them.

use crate::context::Workplace;
use crate::errors::{CliError, Failure};
use chest_model::TreePath;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The repository, and this computer's state and cache.
pub struct OwnFolders {
    /// Where it is a folder.
    repository: Option<PathBuf>,
    local: [PathBuf; 2],
}

impl OwnFolders {
    /// Those that the settings name.
    pub fn of(workplace: &Workplace) -> Result<Self, Failure> {
        let settings = &workplace.settings;
        let local = [&settings.state_dir, &settings.cache_dir].map(|folder| real_path(folder));
        Ok(Self { repository: workplace.repository()?.folder().map(real_path), local })
    }

    /// No backup may hold them: it would grow with every run, and carry this computer's keys.
    pub fn refuse_source(&self, typed: &Path, real: &Path) -> Result<(), CliError> {
        if self.repository.as_ref().is_some_and(|repository| real.starts_with(repository)) {
            return Err(CliError::SourceIsRepository(typed.to_owned()));
        }
        match self.local.iter().any(|folder| real.starts_with(folder)) {
            true => Err(CliError::SourceIsState(typed.to_owned())),
            false => Ok(()),
        }
    }

    /// Nothing is brought back into them: it would lie there unencrypted, and travel wherever the repository is taken.
    pub fn refuse_target(&self, to: &Path) -> Result<(), CliError> {
        match self.holds(&real_path(to)) {
            true => Err(CliError::TargetIsOurs(to.to_owned())),
            false => Ok(()),
        }
    }

    /// The same for what comes below the target, whose own name may lead into one of them.
    pub fn refuse_below_target<'p>(
        &self,
        to: &Path,
        mut below: impl Iterator<Item = &'p TreePath>,
    ) -> Result<(), CliError> {
        let real = real_path(to);
        if self.below(&real).next().is_none() {
            return Ok(());
        }
        match below.find(|path| self.holds(&real.join(OsStr::from_bytes(path.as_bytes())))) {
            Some(path) => Err(CliError::TargetIsOurs(to.join(OsStr::from_bytes(path.as_bytes())))),
            None => Ok(()),
        }
    }

    fn holds(&self, real: &Path) -> bool {
        self.repository.iter().chain(&self.local).any(|folder| real.starts_with(folder))
    }

    /// Those that lie in a folder.
    pub fn below<'s>(&'s self, real: &'s Path) -> impl Iterator<Item = &'s PathBuf> {
        self.repository.iter().chain(&self.local).filter(move |folder| folder.starts_with(real))
    }
}

/// The path without links, also where its last parts are still to be made.
pub fn real_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in absolute.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            return match absolute.strip_prefix(ancestor) {
                Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
                _ => real,
            };
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_still_to_be_made_is_resolved_as_far_as_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(&real, real.join("link")).unwrap();
        assert_eq!(real_path(&real.join("link/new/deep")), real.join("new/deep"));
        assert_eq!(real_path(&real.join("link")), real);
    }
}
