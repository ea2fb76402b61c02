//! The second walk: holds two folders against each other with the standard library alone. It shares no code with the backup,
//! so that a mistake made there cannot hide itself here. Keep it so: no `use` of any crate of ours.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const BUFFER: usize = 256 << 10;

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) files: u64,
    pub(super) folders: u64,
    pub(super) bytes: u64,
    pub(super) differences: Vec<Difference>,
}

/// One thing that is not as it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) path: PathBuf,
    pub(super) what: String,
}

/// What must be the same, beside the content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    kind: Kind,
    modified: (i64, i64),
    mode: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    File { size: u64 },
    Folder,
    Link { target: PathBuf },
    Other,
}

impl Facts {
    /// Looks at an item, never through a link.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        let kind = match metadata.file_type() {
            kind if kind.is_file() => Kind::File { size: metadata.len() },
            kind if kind.is_dir() => Kind::Folder,
            kind if kind.is_symlink() => Kind::Link { target: fs::read_link(path)? },
            _ => Kind::Other,
        };
        Ok(Self { kind, modified: modified(&metadata), mode: metadata.mode() & 0o7777 })
    }

    /// In what these two differ, in words.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        match (&self.kind, &other.kind) {
            (Kind::File { size }, Kind::File { size: found }) if size != found => {
                Some(format!("{found} bytes long instead of {size}"))
            }
            (one, another) if one != another => {
                Some("not what it was: a file, a folder, or a link elsewhere".to_owned())
            }
            _ if self.modified != other.modified => Some("the time of its last change differs".to_owned()),
            _ if self.mode != other.mode => Some(format!("its rights are {:o} instead of {:o}", other.mode, self.mode)),
            _ => None,
        }
    }
}

fn modified(metadata: &Metadata) -> (i64, i64) {
    (metadata.mtime(), metadata.mtime_nsec())
}

/// Compares everything below two folders: names, kinds, lengths, times, rights and every byte.
pub(super) fn compare(original: &Path, copy: &Path) -> io::Result<Comparison> {
    let (wanted, mut found) = (walk(original)?, walk(copy)?);
    let mut comparison = Comparison::default();
    for (path, facts) in wanted {
        match facts.kind {
            Kind::File { size } => {
                comparison.files += 1;
                comparison.bytes += size;
            }
            Kind::Folder => comparison.folders += 1,
            Kind::Link { .. } | Kind::Other => {}
        }
        let what = match found.remove(&path) {
            None => Some("missing".to_owned()),
            Some(other) => match facts.difference(&other) {
                Some(what) => Some(what),
                None if matches!(facts.kind, Kind::File { .. }) => {
                    first_difference(&original.join(&path), &copy.join(&path))?
                        .map(|at| format!("its content differs from byte {at} on"))
                }
                None => None,
            },
        };
        comparison.differences.extend(what.map(|what| Difference { path, what }));
    }
    let extra = found.into_keys().map(|path| Difference { path, what: "was not there before".to_owned() });
    comparison.differences.extend(extra);
    Ok(comparison)
}

/// Everything below a folder, with paths relative to it.
pub(super) fn walk(top: &Path) -> io::Result<BTreeMap<PathBuf, Facts>> {
    let mut items = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(top.join(&folder))? {
            let path = folder.join(entry?.file_name());
            let facts = Facts::of(&top.join(&path))?;
            if facts.kind == Kind::Folder {
                folders.push(path.clone());
            }
            items.insert(path, facts);
        }
    }
    Ok(items)
}

/// The files among what a walk found, with their lengths.
pub(super) fn files(items: &BTreeMap<PathBuf, Facts>) -> impl Iterator<Item = (&PathBuf, u64)> {
    items.iter().filter_map(|(path, facts)| match facts.kind {
        Kind::File { size } => Some((path, size)),
        _ => None,
    })
}

/// Whether a name ends so, in capitals or not.
pub(super) fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// Where the contents of two files begin to differ.
pub(super) fn first_difference(one: &Path, other: &Path) -> io::Result<Option<u64>> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut left, mut right) = (vec![0; BUFFER], vec![0; BUFFER]);
    let mut offset = 0;
    loop {
        let (a, b) = (fill(&mut one, &mut left)?, fill(&mut other, &mut right)?);
        let differs = left[..a].iter().zip(&right[..b]).position(|(x, y)| x != y);
        if let Some(at) = differs.or((a != b).then_some(a.min(b))) {
            return Ok(Some(offset + at as u64));
        }
        if a < BUFFER {
            return Ok(None);
        }
        offset += a as u64;
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{FileTimes, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::{Duration, UNIX_EPOCH};

    struct Pair {
        folder: tempfile::TempDir,
    }

    impl Pair {
        /// Two equal trees.
        fn new() -> Self {
            let pair = Self { folder: tempfile::tempdir().unwrap() };
            for side in ["original", "copy"] {
                let top = pair.folder.path().join(side);
                fs::create_dir_all(top.join("minutes")).unwrap();
                fs::write(top.join("minutes/march"), vec![7; BUFFER + 10]).unwrap();
                symlink("minutes", top.join("link")).unwrap();
                pair.settle(side);
            }
            pair
        }

        fn path(&self, path: &str) -> PathBuf {
            self.folder.path().join(path)
        }

        /// Gives file and folder, where they are there, the same times on both sides.
        fn settle(&self, side: &str) {
            let times = FileTimes::new().set_modified(UNIX_EPOCH + Duration::new(1_793_534_400, 5));
            for file in
                ["minutes/march", "minutes"].iter().filter_map(|path| File::open(self.path(side).join(path)).ok())
            {
                file.set_times(times).unwrap();
            }
        }

        /// Without the link's own time, which the standard library cannot set.
        fn differences(&self) -> Vec<(String, String)> {
            let comparison = compare(&self.path("original"), &self.path("copy")).unwrap();
            comparison
                .differences
                .into_iter()
                .map(|one| (one.path.display().to_string(), one.what))
                .filter(|(path, what)| !(path == "link" && what.contains("time")))
                .collect()
        }

        fn only_difference(&self, path: &str) -> String {
            let mut differences = self.differences();
            assert_eq!(differences.len(), 1, "{differences:?}");
            let (found, what) = differences.remove(0);
            assert_eq!(found, path);
            what
        }
    }

    #[test]
    fn equal_trees_show_no_difference() {
        let pair = Pair::new();
        assert_eq!(pair.differences(), []);
        let comparison = compare(&pair.path("original"), &pair.path("copy")).unwrap();
        assert_eq!((comparison.files, comparison.folders, comparison.bytes), (1, 1, BUFFER as u64 + 10));
    }

    #[test]
    fn one_byte_is_found_and_its_place_told() {
        let pair = Pair::new();
        let mut content = vec![7; BUFFER + 10];
        content[BUFFER + 3] = 8;
        fs::write(pair.path("copy/minutes/march"), content).unwrap();
        pair.settle("copy");
        assert_eq!(pair.only_difference("minutes/march"), format!("its content differs from byte {} on", BUFFER + 3));
    }

    #[test]
    fn length_time_rights_kind_and_target_each_count() {
        let pair = Pair::new();
        fs::write(pair.path("copy/minutes/march"), vec![7; BUFFER]).unwrap();
        pair.settle("copy");
        assert!(pair.only_difference("minutes/march").contains("bytes long"));

        let pair = Pair::new();
        File::open(pair.path("copy/minutes")).unwrap().set_modified(UNIX_EPOCH).unwrap();
        assert!(pair.only_difference("minutes").contains("time"));

        let pair = Pair::new();
        fs::set_permissions(pair.path("copy/minutes/march"), Permissions::from_mode(0o611)).unwrap();
        assert!(pair.only_difference("minutes/march").contains("611"));

        let pair = Pair::new();
        fs::remove_file(pair.path("copy/link")).unwrap();
        symlink("elsewhere", pair.path("copy/link")).unwrap();
        assert!(pair.only_difference("link").contains("link elsewhere"));
    }

    #[test]
    fn missing_and_additional_items_count() {
        let pair = Pair::new();
        fs::remove_file(pair.path("copy/minutes/march")).unwrap();
        fs::write(pair.path("copy/minutes/april"), b"").unwrap();
        pair.settle("copy");
        let differences = pair.differences();
        assert_eq!(differences[0], ("minutes/march".to_owned(), "missing".to_owned()));
        assert_eq!(differences[1], ("minutes/april".to_owned(), "was not there before".to_owned()));
        assert_eq!(differences.len(), 2);
    }
}
