//! Removing folders that hold nothing any more. A folder that holds anything, or that is filled meanwhile, stays.

use super::place::{is_absence, open_folder};
use rustix::fs::{AtFlags, Dir, FileType, unlinkat};
use rustix::io::Errno;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd};

/// Removes `name` in `parent`, and what is empty below it.
pub(super) fn remove(parent: BorrowedFd<'_>, name: impl rustix::path::Arg + Copy) -> Result<(), Errno> {
    let folder = match open_folder(parent, name) {
        Ok(folder) => folder,
        Err(error) if is_absence(error) => return Ok(()),
        Err(error) => return Err(error),
    };
    for below in folders(folder.as_fd())? {
        remove(folder.as_fd(), below.as_c_str())?;
    }
    match unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT) => Ok(()),
        Err(error) => Err(error),
    }
}

fn folders(folder: BorrowedFd<'_>) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        // Some file systems do not say what an entry is: then it is tried.
        let may_be_folder = matches!(entry.file_type(), FileType::Directory | FileType::Unknown);
        if may_be_folder && !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use crate::LocalStore;
    use std::fs;

    #[test]
    fn only_what_is_empty_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["doctor/a/b/c", "doctor/full/deep", "other"] {
            fs::create_dir_all(path(name)).unwrap();
        }
        fs::write(path("doctor/full/file"), "x").unwrap();
        std::os::unix::fs::symlink(path("other"), path("doctor/a/link")).unwrap();
        let store = LocalStore::open(folder.path()).unwrap();
        store.remove_empty_folders("doctor").unwrap();
        assert!(!path("doctor/a/b").exists() && !path("doctor/full/deep").exists());
        assert!(path("doctor/full/file").exists() && path("doctor/a/link").exists() && path("other").exists());
        fs::remove_file(path("doctor/a/link")).unwrap();
        fs::remove_dir_all(path("doctor/full")).unwrap();
        store.remove_empty_folders("doctor").unwrap();
        store.remove_empty_folders("doctor").unwrap();
        assert!(!path("doctor").exists());
    }
}
