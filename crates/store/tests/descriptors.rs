//! A folder that cannot be read makes a list fail. Alone in its process, because it takes away the file descriptors: the one
//! way to make a folder unreadable for root as well.

use chest_store::{LocalStore, ObjectName, ObjectStore, PutOutcome, StoreError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn a_folder_that_cannot_be_read_is_an_error_and_never_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    for name in ["shallow", "deep/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"] {
        assert_eq!(store.put(&ObjectName::new(name).unwrap(), "x".into()).unwrap(), PutOutcome::Done);
    }
    assert_eq!(store.list("").unwrap().len(), 2);

    let in_use = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(in_use + 8), maximum: limit.maximum }).unwrap();
    let answer = store.list("");
    setrlimit(Resource::Nofile, limit).unwrap();

    assert!(matches!(answer, Err(StoreError::Io { .. })), "{answer:?}");
    assert_eq!(store.list("").unwrap().len(), 2);
}
