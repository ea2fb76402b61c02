//! What is to be backed up: each path, or each export, as a source, without the repository and this program's own folders,
//! should they lie in it.

use super::named::{Named, What, sort_out};
use crate::args::{Backup, CloudFilesName};
use crate::context::Workplace;
use crate::errors::{CliError, Doing, Failure};
use crate::machine::threads;
use crate::output::exports::{of_mixed, of_names, of_older};
use crate::own_folders::{OwnFolders, real_path};
use crate::selector::class;
use crate::time::uk;
use chest_engine::EngineError;
use chest_engine::source::{
    CloudFiles, Excludes, FolderOptions, FolderSource, MissingSource, Source, SourceError, ZipLimits, ZipOptions,
    ZipSource, in_cloud,
};
use chest_model::{Class, RootDescription, RootEncoding};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
    let named = sort_out(&given(args), args.as_is, &zip_options(excludes(workplace, args, Vec::new())?));
    if args.as_name.is_some() && named.len() > 1 {
        return Err(CliError::OneNameForSeveral.into());
    }
    let mut all = Sources { sources: Vec::new(), left_out: Vec::new(), notes: Vec::new() };
    let mut missing = Vec::new();
    for one in &named {
        let real = real_path(&one.path);
        own.refuse_source(&one.path, &real)?;
        for part in one.parts() {
            own.refuse_source(part, &real_path(part))?;
        }
        let below = own.below(&real);
        let patterns = below.iter().map(|folder| anchored_pattern(folder.strip_prefix(&real).unwrap_or(folder)) + "/");
        let patterns: Vec<String> = patterns.collect();
        all.left_out.extend(below.iter().map(|folder| folder.as_os_str().as_bytes().to_vec()));
        let name = args.as_name.as_ref().map(|name| name.as_bytes().to_vec());
        let description = RootDescription {
            label: name.unwrap_or_else(|| one.label(&named)),
            native_path: real.as_os_str().as_bytes().to_vec(),
            encoding: RootEncoding::UnixBytes,
            class: one.class,
        };
        // What is ours lies beside an export, and never in it, whatever is in it.
        let own_patterns = if one.is_as_it_is() { patterns.clone() } else { Vec::new() };
        let excluded = excludes(workplace, args, own_patterns)?;
        match open_one(args, one, description.clone(), excluded, &mut all.notes) {
            Ok(source) => all.sources.push(source),
            Err(error) => {
                all.sources.push(Box::new(MissingSource::new(description.clone(), &error)));
                missing.push(error);
            }
        }
        if let What::Newest(folder) = &one.what
            && folder.others > 0
        {
            let exports = folder.exports.iter().map(|name| anchored_pattern(Path::new(name)));
            let excluded = excludes(workplace, args, patterns.into_iter().chain(exports).collect())?;
            all.sources.push(others_beside(args, one, description, excluded));
        }
    }
    if missing.len() < named.len() {
        return Ok(all);
    }
    let first = missing.into_iter().next().map_or(EngineError::NothingToBackUp, EngineError::from);
    Err(Failure::of(&first, Doing::BackingUp))
}

fn open_one(
    args: &Backup,
    named: &Named,
    description: RootDescription,
    excludes: Excludes,
    notes: &mut Vec<String>,
) -> Result<Box<dyn Source>, SourceError> {
    match &named.what {
        What::AsItIs | What::Mixed => {
            notes.extend((named.what == What::Mixed).then(|| of_mixed(&named.path)));
            return open_folder(args, &named.path, description, excludes);
        }
        What::Newest(folder) => notes.extend(of_older(folder.older)),
        What::Export(_) => {}
    }
    let source = ZipSource::open(named.parts(), description, &zip_options(excludes))?.lacking(named.unreadable());
    notes.extend(of_names(source.notes()));
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

/// What lies in a folder of exports and is none, as a folder of its own: in one with what is in them, two files could have one name.
fn others_beside(args: &Backup, named: &Named, exports: RootDescription, excludes: Excludes) -> Box<dyn Source> {
    let label = [&exports.label, &b" (other files)"[..]].concat();
    let description = RootDescription { label, ..exports };
    open_folder(args, &named.path, description.clone(), excludes)
        .unwrap_or_else(|error| Box::new(MissingSource::new(description, &error)))
}

/// Times in ZIP files are those of the clock on the wall.
fn zip_options(excludes: Excludes) -> ZipOptions {
    ZipOptions { excludes, zone: uk(), limits: ZipLimits::default() }
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
