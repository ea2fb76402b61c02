//! Opens local files, and nothing else: a pipe that lies in a file's place would keep whoever opens it waiting for ever, and a link
//! would lead out of the folder.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// What lies there is no file.
#[derive(Debug, thiserror::Error)]
#[error("what lies there is not a file")]
struct Irregular;

/// Opens a file; what is no regular file is refused at once, a link too.
pub fn open_regular(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, NEVER_WAITS);
    let file = match options.open(path) {
        Err(error) if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) => {
            // Another error than that may hide behind it, such as a file that must not be there yet.
            return Err(if error.kind() == io::ErrorKind::AlreadyExists { error } else { irregular() });
        }
        opened => opened?,
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}

/// Whether a file could not be opened because what lies there is none.
pub fn is_irregular(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Irregular>())
}

fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, Irregular)
}

#[cfg(unix)]
const NEVER_WAITS: i32 =
    rustix::fs::OFlags::NONBLOCK.union(rustix::fs::OFlags::NOFOLLOW).union(rustix::fs::OFlags::NOCTTY).bits() as i32;

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn whatever_is_no_file_is_refused_at_once_however_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, inner, link, socket) = (
            folder.path().join("pipe"),
            folder.path().join("inner"),
            folder.path().join("link"),
            folder.path().join("s"),
        );
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        std::fs::create_dir(&inner).unwrap();
        std::os::unix::fs::symlink("elsewhere", &link).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&pipe, &inner, &link, &socket] {
            let mut reading = OpenOptions::new();
            let mut appending = OpenOptions::new();
            let mut changing = OpenOptions::new();
            for options in [
                reading.read(true),
                appending.append(true).create(true),
                changing.read(true).write(true).create(true).truncate(true),
            ] {
                let refused = open_regular(options, path).unwrap_err();
                assert!(is_irregular(&refused), "{}: {refused}", path.display());
            }
        }
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[test]
    fn a_file_is_opened_and_a_missing_one_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let missing = open_regular(OpenOptions::new().read(true), &path).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        assert!(!is_irregular(&missing));
        open_regular(OpenOptions::new().write(true).create(true), &path).unwrap();
        open_regular(OpenOptions::new().read(true), &path).unwrap();
    }
}
