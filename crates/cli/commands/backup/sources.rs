//! What is to be backed up: each path, or each export, as a source, without the repository and this program's own folders,
//! should they lie in it.

use super::named::{Named, What, sort_out};
use crate::args::{Backup, CloudFilesName};
use crate::context::Workplace;
use crate::errors::{CliError, Doing, Failure};
use crate::machine::threads;
use crate::output::exports::{of_many, of_mixed, of_names, of_scattered, of_several};
use crate::own_folders::{OwnFolders, named_path, real_path};
use crate::selector::class;
use crate::time::uk;
use chest_engine::EngineError;
use chest_engine::source::{
    CloudFiles, Excludes, ExportSeries, FolderOptions, FolderSource, MissingSource, OlderZip, Source, SourceError,
    ZipOptions, ZipSource, in_cloud,
};
use chest_model::{Class, Environment, RootDescription, RootEncoding, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What is to be backed up.
pub struct Sources {
    /// In the order in which they were given.
    pub sources: Vec<Box<dyn Source>>,
    /// Folders of our own that lie in them and are left out.
    pub left_out: Vec<Vec<u8>>,
    /// What else is to be said of them before they are backed up.
    pub notes: Vec<String>,
}

/// Opens every path. One that is not there is backed up as what it is, missing, unless all of them are.
pub fn open(workplace: &Workplace, args: &Backup) -> Result<Sources, Failure> {
    let own = OwnFolders::of(workplace)?;
    let named = sort_out(&given(args), args.as_is, &zip_options(workplace, excludes(workplace, args, Vec::new())?));
    let paths: BTreeSet<&Path> = named.iter().map(|one| one.path.as_path()).collect();
    if args.as_name.is_some() && paths.len() > 1 {
        return Err(CliError::OneNameForSeveral.into());
    }
    let mut all = Sources { sources: Vec::new(), left_out: Vec::new(), notes: several_series(&named) };
    let mut missing = Vec::new();
    for one in &named {
        let real = real_path(&one.path);
        own.refuse_source(&one.path, &real)?;
        for part in one.parts() {
            own.refuse_source(part, &real_path(part))?;
        }
        let description = RootDescription {
            label: one.label(&named, args.as_name.as_deref()),
            native_path: named_path(&one.path).as_os_str().as_bytes().to_vec(),
            encoding: RootEncoding::UnixBytes,
            class: one.class,
        };
        // What is ours lies beside an export, and never in it, whatever is in it.
        let below = if one.is_as_it_is() { own.below(&real) } else { Vec::new() };
        let own_folders =
            below.iter().map(|folder| anchored_pattern(folder.strip_prefix(&real).unwrap_or(folder)) + "/");
        let exports = match &one.what {
            What::Beside(exports) => &exports[..],
            _ => &[],
        };
        let exports = exports.iter().map(|name| anchored_pattern(Path::new(name)));
        let excluded = excludes(workplace, args, own_folders.chain(exports).collect())?;
        all.left_out.extend(below.iter().map(|folder| folder.as_os_str().as_bytes().to_vec()));
        match open_one(workplace, args, one, description.clone(), excluded, &mut all.notes) {
            Ok(source) => all.sources.push(source),
            Err(error) => {
                all.sources.push(Box::new(MissingSource::new(description.clone(), &error)));
                missing.push(error);
            }
        }
    }
    if missing.len() < named.len() {
        return Ok(all);
    }
    let first = missing.into_iter().next().map_or(EngineError::NothingToBackUp, EngineError::from);
    Err(Failure::of(&first, Doing::BackingUp))
}

/// That a folder holds exports of several names.
fn several_series(named: &[Named]) -> Vec<String> {
    let title = |one: &Named| match &one.what {
        What::Newest(ExportSeries { title: Some(title), .. }) => Some((one.path.clone(), title.clone())),
        _ => None,
    };
    let mut by_folder: BTreeMap<PathBuf, Vec<Vec<u8>>> = BTreeMap::new();
    for (path, title) in named.iter().filter_map(title) {
        by_folder.entry(path).or_default().push(title);
    }
    by_folder.iter().map(|(folder, titles)| of_several(folder, titles)).collect()
}

fn open_one(
    workplace: &Workplace,
    args: &Backup,
    named: &Named,
    description: RootDescription,
    excludes: Excludes,
    notes: &mut Vec<String>,
) -> Result<Box<dyn Source>, SourceError> {
    match &named.what {
        What::AsItIs | What::Mixed | What::Scattered | What::Many | What::Beside(_) => {
            notes.extend((named.what == What::Mixed).then(|| of_mixed(&named.path)));
            notes.extend((named.what == What::Scattered).then(|| of_scattered(&named.path)));
            notes.extend((named.what == What::Many).then(|| of_many(&named.path)));
            return open_folder(args, &named.path, description, excludes);
        }
        What::Newest(_) | What::Older(_) | What::Export(_) => {}
    }
    let options = zip_options(workplace, excludes);
    if let What::Older(older) = &named.what {
        return Ok(Box::new(OlderZip::new(&older.parts, description, options)));
    }
    let source = ZipSource::open(named.parts(), description, &options)?.lacking(named.unreadable());
    notes.extend(of_names(source.notes(), source.note_count()));
    Ok(Box::new(source))
}

fn open_folder(
    args: &Backup,
    path: &Path,
    description: RootDescription,
    excludes: Excludes,
) -> Result<Box<dyn Source>, SourceError> {
    let options = FolderOptions { excludes, threads: threads(), one_file_system: args.one_file_system };
    let files = match args.cloud_files {
        CloudFilesName::Hydrate => CloudFiles::Hydrate,
        CloudFilesName::Skip => CloudFiles::Skip,
    };
    Ok(in_cloud(FolderSource::new(path, description, options)?, path, files))
}

/// A clock may be wrong by some hours, or its zone.
const LEEWAY_SECONDS: i64 = 24 * 3600;

/// Times in ZIP files are those of the clock on the wall.
fn zip_options(workplace: &Workplace, excludes: Excludes) -> ZipOptions {
    let now = workplace.machine.now();
    let not_after = Some(Timestamp::new(now.seconds.saturating_add(LEEWAY_SECONDS), 0));
    ZipOptions { excludes, zone: uk(), not_after, ..ZipOptions::default() }
}

/// What is left out; `own` comes last, so that no pattern of the user's takes it back in.
fn excludes(workplace: &Workplace, args: &Backup, own: Vec<String>) -> Result<Excludes, CliError> {
    let patterns = [&workplace.settings.exclude[..], &args.exclude, &own].concat();
    Excludes::new(&patterns, !args.no_default_excludes).map_err(|error| CliError::Exclude(error.to_string()))
}

/// Every path that was named, with its class.
fn given(args: &Backup) -> Vec<(&Path, Class)> {
    let all = [(&args.paths, class(args.class)), (&args.email, Class::Email), (&args.other, Class::Other)];
    all.into_iter().flat_map(|(paths, class)| paths.iter().map(move |path| (path.as_path(), class))).collect()
}

/// A pattern that fits this file or folder alone. Patterns are text: a byte that is none is met by `?`.
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
            assert!(Excludes::new(std::slice::from_ref(&pattern), true).unwrap().excludes(name, false), "{pattern}");
            let pattern = pattern + "/";
            let excludes = Excludes::new(std::slice::from_ref(&pattern), true).unwrap();
            assert!(excludes.excludes(name, true), "{pattern}");
            assert!(!excludes.excludes(&[b"other/", name].concat(), true), "{pattern}");
            assert!(!excludes.excludes(&[name, b"2"].concat(), true), "{pattern}");
        }
    }
}
