//! Open handles of the folders in the target: resolved without following links, and the last used ones kept open, so
//! that the files of one folder cost one resolution together.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, Once, PoisonError};

use chest_model::TreePath;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::abilities::{Abilities, beneath};
use super::error::TargetError;

/// Few beside the usual limit of 1024 open files; a restore goes folder by folder.
const KEPT_OPEN: usize = 64;
/// Below the 4096 bytes that one call can take.
const LONGEST_STEP: usize = 4000;

/// One folder, open.
#[derive(Debug)]
pub(super) struct Folder {
    handle: OwnedFd,
    /// Whether what killed restores left here has been looked for.
    pub(super) swept: Once,
}

impl Folder {
    fn new(handle: OwnedFd) -> Arc<Self> {
        Arc::new(Self { handle, swept: Once::new() })
    }

    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// All folders of a target.
#[derive(Debug)]
pub(super) struct Folders {
    root: Arc<Folder>,
    recent: Mutex<Recent>,
}

impl Folders {
    pub(super) fn new(root: OwnedFd) -> Self {
        Self { root: Folder::new(root), recent: Mutex::default() }
    }

    pub(super) fn root(&self) -> &Arc<Folder> {
        &self.root
    }

    /// The folder at `path` (the bytes of a tree path), every component of which must be a folder.
    pub(super) fn open(&self, path: &[u8], abilities: &Abilities) -> Result<Arc<Folder>, TargetError> {
        if path.is_empty() {
            return Ok(self.root.clone());
        }
        let (start, known) = self.nearest(path);
        if known == path.len() {
            return Ok(start);
        }
        let folder = Folder::new(descend(&start, path, known, abilities)?);
        self.lock().insert(path, folder.clone());
        Ok(folder)
    }

    /// The deepest folder on the way that is still open, and how much of the path it covers.
    fn nearest(&self, path: &[u8]) -> (Arc<Folder>, usize) {
        let mut recent = self.lock();
        let mut end = path.len();
        while end > 0 {
            if let Some(folder) = recent.get(&path[..end]) {
                return (folder, end);
            }
            end = path[..end].iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        }
        (self.root.clone(), 0)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handles used last.
#[derive(Debug, Default)]
struct Recent {
    folders: HashMap<Box<[u8]>, (Arc<Folder>, u64)>,
    clock: u64,
}

impl Recent {
    fn get(&mut self, path: &[u8]) -> Option<Arc<Folder>> {
        let (folder, used) = self.folders.get_mut(path)?;
        self.clock += 1;
        *used = self.clock;
        Some(folder.clone())
    }

    fn insert(&mut self, path: &[u8], folder: Arc<Folder>) {
        if self.folders.len() >= KEPT_OPEN {
            let oldest = self.folders.iter().min_by_key(|(_, (_, used))| *used).map(|(path, _)| path.clone());
            oldest.and_then(|path| self.folders.remove(&path));
        }
        self.clock += 1;
        self.folders.insert(path.into(), (folder, self.clock));
    }
}

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens `path` from `start`, which is its first `known` bytes.
fn descend(start: &Folder, path: &[u8], known: usize, abilities: &Abilities) -> Result<OwnedFd, TargetError> {
    if abilities.resolve_beneath.is_there()
        && let Ok(handle) = descend_in_long_steps(start.handle(), after_separator(&path[known..]))
    {
        return Ok(handle);
    }
    // Also after a failure above: it does not tell which component is in the way.
    descend_by_component(start.handle(), path, known)
}

fn after_separator(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"/").unwrap_or(path)
}

fn descend_in_long_steps(start: BorrowedFd<'_>, mut rest: &[u8]) -> Result<OwnedFd, Errno> {
    let mut reached: Option<OwnedFd> = None;
    loop {
        let (step, later) = split_step(rest);
        let from = reached.as_ref().map_or(start, AsFd::as_fd);
        let handle = rustix::fs::openat2(from, step, FOLDER, Mode::empty(), beneath())?;
        if later.is_empty() {
            return Ok(handle);
        }
        (reached, rest) = (Some(handle), later);
    }
}

/// As many components as one call can take, and the others.
fn split_step(rest: &[u8]) -> (&[u8], &[u8]) {
    if rest.len() <= LONGEST_STEP {
        return (rest, b"");
    }
    match rest[..LONGEST_STEP].iter().rposition(|&byte| byte == b'/') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, b""),
    }
}

fn descend_by_component(start: BorrowedFd<'_>, path: &[u8], known: usize) -> Result<OwnedFd, TargetError> {
    let mut reached: Option<OwnedFd> = None;
    let mut end = known;
    for component in after_separator(&path[known..]).split(|&byte| byte == b'/') {
        end += component.len() + usize::from(end > 0);
        let from = reached.as_ref().map_or(start, AsFd::as_fd);
        let name = std::ffi::OsStr::from_bytes(component);
        let handle = rustix::fs::openat(from, name, FOLDER, Mode::empty())
            .map_err(|errno| TargetError::at(&TreePath::from_bytes(path[..end].to_vec()).unwrap_or_default(), errno))?;
        reached = Some(handle);
    }
    reached.ok_or_else(|| TargetError::Missing { path: TreePath::from_bytes(path.to_vec()).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(dir: &std::path::Path) -> Folders {
        Folders::new(rustix::fs::open(dir, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap())
    }

    #[test]
    fn a_folder_stays_open_while_it_is_used_and_the_oldest_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let (folders, abilities) = (folders(dir.path()), Abilities::default());
        for number in 0..=KEPT_OPEN {
            std::fs::create_dir(dir.path().join(number.to_string())).unwrap();
        }
        let first = folders.open(b"0", &abilities).unwrap();
        for number in 1..KEPT_OPEN {
            folders.open(number.to_string().as_bytes(), &abilities).unwrap();
        }
        assert!(Arc::ptr_eq(&first, &folders.open(b"0", &abilities).unwrap()));
        folders.open(KEPT_OPEN.to_string().as_bytes(), &abilities).unwrap();
        let kept = &folders.lock().folders;
        assert!(kept.len() == KEPT_OPEN && kept.contains_key(&b"0"[..]) && !kept.contains_key(&b"1"[..]));
    }

    #[test]
    fn the_component_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::write(dir.path().join("a/file"), b"").unwrap();
        std::os::unix::fs::symlink("/", dir.path().join("a/link")).unwrap();
        for lacking in [false, true] {
            let (folders, abilities) = (folders(dir.path()), Abilities::default());
            if lacking {
                abilities.resolve_beneath.is_lacking();
            }
            let error = |path: &[u8]| folders.open(path, &abilities).unwrap_err();
            assert!(matches!(error(b"a/file/x/y"), TargetError::Obstructed { path } if path.as_bytes() == b"a/file"));
            assert!(matches!(error(b"a/link/tmp"), TargetError::Obstructed { path } if path.as_bytes() == b"a/link"));
            assert!(matches!(error(b"a/none/x"), TargetError::Missing { path } if path.as_bytes() == b"a/none"));
            folders.open(b"a", &abilities).unwrap();
            assert!(matches!(error(b"a/link/tmp"), TargetError::Obstructed { path } if path.as_bytes() == b"a/link"));
        }
    }

    #[test]
    fn a_step_never_parts_a_component() {
        let path = [vec![b'a'; 3999], b"/bc/d".to_vec()].concat();
        assert_eq!(split_step(&path), (&path[..3999], &b"bc/d"[..]));
        assert_eq!(split_step(b"a/b"), (&b"a/b"[..], &b""[..]));
    }
}
