//! What is to be backed up: each path as a source, without the repository and this program's own folders, should they lie in it.

use crate::args::Backup;
use crate::context::Workplace;
use crate::errors::{CliError, Doing, Failure};
use crate::machine::threads;
use crate::selector::class;
use chest_engine::EngineError;
use chest_engine::source::{Excludes, FolderOptions, FolderSource, MissingSource, Source};
use chest_model::{Class, RootDescription, RootEncoding};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What is to be backed up.
pub struct Sources {
    /// In the order in which they were given.
    pub sources: Vec<Box<dyn Source>>,
    /// Folders of our own that lie in them and are left out.
    pub left_out: Vec<Vec<u8>>,
}

/// Opens every path. One that is not there is backed up as what it is, missing, unless all of them are.
pub fn open(workplace: &Workplace, args: &Backup) -> Result<Sources, Failure> {
    let given = given(args);
    if args.as_name.is_some() && given.len() > 1 {
        return Err(CliError::OneNameForSeveral.into());
    }
    let own = OwnFolders::of(workplace)?;
    let mut all = Sources { sources: Vec::new(), left_out: Vec::new() };
    let mut missing = Vec::new();
    for (path, class) in &given {
        let real = real_path(path);
        own.refuse(path, &real)?;
        let mut patterns = [&workplace.settings.exclude[..], &args.exclude].concat();
        // Last, so that no pattern of the user's takes them back in.
        for folder in own.below(&real) {
            patterns.push(anchored_pattern(folder.strip_prefix(&real).unwrap_or(folder)));
            all.left_out.push(folder.as_os_str().as_bytes().to_vec());
        }
        let excludes = Excludes::new(&patterns, !args.no_default_excludes)
            .map_err(|error| CliError::Exclude(error.to_string()))?;
        let options = FolderOptions { excludes, threads: threads(), one_file_system: args.one_file_system };
        let description = description(args, path, &real, *class);
        match FolderSource::new(path, description.clone(), options) {
            Ok(source) => all.sources.push(Box::new(source)),
            Err(error) => {
                all.sources.push(Box::new(MissingSource::new(description, &error)));
                missing.push(error);
            }
        }
    }
    if missing.len() < given.len() {
        return Ok(all);
    }
    let first = missing.into_iter().next().map_or(EngineError::NothingToBackUp, EngineError::from);
    Err(Failure::of(&first, Doing::BackingUp))
}

/// Every path that was named, with its class.
fn given(args: &Backup) -> Vec<(&Path, Class)> {
    let all = [(&args.paths, class(args.class)), (&args.email, Class::Email), (&args.other, Class::Other)];
    all.into_iter().flat_map(|(paths, class)| paths.iter().map(move |path| (path.as_path(), class))).collect()
}

fn description(args: &Backup, path: &Path, real: &Path, class: Class) -> RootDescription {
    let name = args.as_name.as_ref().map(|name| name.as_bytes().to_vec());
    RootDescription {
        label: name.unwrap_or_else(|| FolderSource::label_for(path)),
        native_path: real.as_os_str().as_bytes().to_vec(),
        encoding: RootEncoding::UnixBytes,
        class,
    }
}

/// The folders that no backup may hold: it would grow with every run, and carry this computer's keys.
struct OwnFolders {
    /// Where it is a folder.
    repository: Option<PathBuf>,
    local: [PathBuf; 2],
}

impl OwnFolders {
    fn of(workplace: &Workplace) -> Result<Self, Failure> {
        let settings = &workplace.settings;
        let local = [&settings.state_dir, &settings.cache_dir].map(|folder| real_path(folder));
        Ok(Self { repository: workplace.repository()?.folder().map(real_path), local })
    }

    fn refuse(&self, typed: &Path, real: &Path) -> Result<(), CliError> {
        if self.repository.as_ref().is_some_and(|repository| real.starts_with(repository)) {
            return Err(CliError::SourceIsRepository(typed.to_owned()));
        }
        match self.local.iter().any(|folder| real.starts_with(folder)) {
            true => Err(CliError::SourceIsState(typed.to_owned())),
            false => Ok(()),
        }
    }

    fn below<'s>(&'s self, real: &'s Path) -> impl Iterator<Item = &'s PathBuf> {
        self.repository.iter().chain(&self.local).filter(move |folder| folder.starts_with(real))
    }
}

/// The path without links, also where its last parts are still to be made.
fn real_path(path: &Path) -> PathBuf {
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

/// A pattern that fits this folder alone. Patterns are text: a byte that is none is met by `?`.
fn anchored_pattern(relative: &Path) -> String {
    let mut pattern = "/".to_owned();
    for chunk in relative.as_os_str().as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            if r"\*?[]{}!# ".contains(letter) {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern.extend(chunk.invalid().iter().map(|_| '?'));
    }
    pattern.push('/');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn the_pattern_fits_the_folder_whatever_its_name() {
        for name in [&b"chest"[..], b"a/b c", b"!x", b"#x", b"[a]", b"{a,b}", b"a*b?", br"a\b", b"a ", b"a\xffb", b" "]
        {
            let pattern = anchored_pattern(Path::new(OsStr::from_bytes(name)));
            let excludes = Excludes::new(std::slice::from_ref(&pattern), true).unwrap();
            assert!(excludes.excludes(name, true), "{pattern}");
            assert!(!excludes.excludes(&[b"other/", name].concat(), true), "{pattern}");
            assert!(!excludes.excludes(&[name, b"2"].concat(), true), "{pattern}");
        }
    }

    #[test]
    fn a_path_that_is_still_to_be_made_is_resolved_as_far_as_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(&real, real.join("link")).unwrap();
        assert_eq!(real_path(&real.join("link/new/deep")), real.join("new/deep"));
        assert_eq!(real_path(&real.join("link")), real);
    }
}
