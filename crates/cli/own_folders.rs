//! The folders of this program's own: the repository, and this computer's state and cache. What is backed up never comes from
//! them, and what is restored never goes into them.

use crate::context::Workplace;
use crate::errors::{CliError, Failure};
use crate::mounts::Mounts;
use chest_model::TreePath;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The repository, and this computer's state and cache.
pub struct OwnFolders {
    /// Where it is a folder.
    repository: Option<OwnFolder>,
    local: [OwnFolder; 2],
    mounts: Mounts,
}

/// One of them. A path alone does not tell it: mounted a second time, it has two.
struct OwnFolder {
    real: PathBuf,
    /// What the folder and those above it are, from the folder upwards; `None` where one is still to be made.
    identities: Vec<Option<Identity>>,
}

/// Device and inode: what a folder is, by whatever path it is reached.
type Identity = (u64, u64);

impl OwnFolders {
    /// Those that the settings name.
    pub fn of(workplace: &Workplace) -> Result<Self, Failure> {
        let settings = &workplace.settings;
        let local = [&settings.state_dir, &settings.cache_dir].map(|folder| OwnFolder::at(folder));
        Ok(Self { repository: workplace.repository()?.folder().map(OwnFolder::at), local, mounts: Mounts::now() })
    }

    /// No backup may hold them: it would grow with every run, and carry this computer's keys.
    pub fn refuse_source(&self, typed: &Path, real: &Path) -> Result<(), CliError> {
        if self.repository.as_ref().is_some_and(|repository| repository.holds(real)) {
            return Err(CliError::SourceIsRepository(typed.to_owned()));
        }
        match self.local.iter().any(|folder| folder.holds(real)) {
            true => Err(CliError::SourceIsState(typed.to_owned())),
            false => Ok(()),
        }
    }

    /// Nothing is brought back into them: it would lie there unencrypted, and travel wherever the repository is taken.
    pub fn refuse_target(&self, to: &Path) -> Result<(), CliError> {
        let real = real_path(to);
        match self.all().any(|folder| folder.holds(&real)) {
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
        let ours = self.below(&real);
        if ours.is_empty() {
            return Ok(());
        }
        let is_ours = |path: &Path| ours.iter().any(|folder| path.starts_with(folder));
        match below.find(|path| is_ours(&real.join(OsStr::from_bytes(path.as_bytes())))) {
            Some(path) => Err(CliError::TargetIsOurs(to.join(OsStr::from_bytes(path.as_bytes())))),
            None => Ok(()),
        }
    }

    /// Where they lie in a folder: in several places, if they are mounted there more than once.
    pub fn below(&self, real: &Path) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = Vec::new();
        for own in self.all() {
            let mounted = self.mounts.below_with_device_of(real, &own.real);
            let tops = std::iter::once(real).chain(mounted);
            let by_path = own.real.starts_with(real).then(|| own.real.clone());
            for place in by_path.into_iter().chain(tops.filter_map(|top| own.shown_below(top))) {
                if !found.contains(&place) {
                    found.push(place);
                }
            }
        }
        found
    }

    fn all(&self) -> impl Iterator<Item = &OwnFolder> {
        self.repository.iter().chain(&self.local)
    }
}

impl OwnFolder {
    fn at(path: &Path) -> Self {
        let real = real_path(path);
        let identities = real.ancestors().map(identity).collect();
        Self { real, identities }
    }

    /// Whether a path is this folder or leads into it.
    fn holds(&self, real: &Path) -> bool {
        let own = self.identities.first().copied().flatten();
        real.starts_with(&self.real) || own.is_some() && real.ancestors().any(|above| identity(above) == own)
    }

    /// Where this folder shows below another one, which is one of those above it by another path.
    fn shown_below(&self, top: &Path) -> Option<PathBuf> {
        let wanted = identity(top)?;
        let position = self.identities.iter().position(|one| *one == Some(wanted))?;
        let above = self.real.ancestors().nth(position)?;
        self.real.strip_prefix(above).ok().map(|rest| if position == 0 { top.to_owned() } else { top.join(rest) })
    }
}

fn identity(path: &Path) -> Option<Identity> {
    path.metadata().ok().map(|found| (found.dev(), found.ino()))
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

/// The path that somebody has named, the same however it is typed: without links above it. What a link of that name leads to is another
/// thing every day.
pub fn named_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (absolute.parent(), absolute.file_name()) {
        (Some(above), Some(name)) => real_path(above).join(name),
        _ => real_path(path),
    }
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

    #[test]
    fn the_path_that_was_named_is_the_same_however_it_is_typed_and_ends_at_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(&real, real.join("link")).unwrap();
        for typed in ["link", "link/", "link/.", "./link", "link/link", "link/../link"] {
            let expected =
                if typed == "link/../link" { real.parent().unwrap().join("link") } else { real.join("link") };
            assert_eq!(named_path(&real.join(typed)), expected, "{typed}");
        }
        assert_eq!(named_path(&real.join("link/..")), real.parent().unwrap());
        assert_eq!(named_path(&real.join("gone/deep")), real.join("gone/deep"));
        assert_eq!(named_path(Path::new("/")), Path::new("/"));
    }
}
