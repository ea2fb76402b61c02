//! A disk that is full, read-only, and taken away: a real one of 20 MiB, in memory. Without the usual harness, because it
//! starts itself again in a namespace of its own, where every user may mount (needs `unshare` of util-linux). Where nobody
//! may, it is ignored, and a line says why.

mod mounting;

use chest_store::{LocalStore, ObjectName, ObjectStore, PutOutcome, StoreError, VersionId};
use std::error::Error;
use std::path::Path;
use std::process::Command;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, child, folder] = arguments.as_slice()
        && child == "child"
    {
        return all(Path::new(folder));
    }
    if let Some(reason) = mounting::why_ignored()? {
        eprintln!("disk: {reason}");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let mut unshare = mounting::in_own_namespace();
    let status = unshare.arg(std::env::current_exe()?).arg("child").arg(folder.path()).status()?;
    assert!(status.success(), "{unshare:?} ended with {status}");
    Ok(())
}

fn all(disk: &Path) -> Outcome {
    run("mount", &["-t", "tmpfs", "-o", "size=20m", "none"], disk)?;
    let store = LocalStore::open(disk)?;
    a_full_disk_is_told_keeps_what_it_has_and_serves_again_when_there_is_room(&store)?;
    // Without `none`, the options of before would be repeated: an owner whom the namespace of an ordinary user does not know.
    run("mount", &["-o", "remount,ro", "none"], disk)?;
    a_read_only_disk_is_read_and_refuses_puts(&store)?;
    run("umount", &["--lazy"], disk)?;
    an_unmounted_disk_is_no_empty_store(&store, disk)
}

fn a_full_disk_is_told_keeps_what_it_has_and_serves_again_when_there_is_room(store: &LocalStore) -> Outcome {
    let first = ObjectName::new("packs/first")?;
    assert_eq!(store.put(&first, megabytes(16))?, PutOutcome::Done);
    let second = ObjectName::new("packs/second")?;
    let answer = store.put(&second, megabytes(16));
    assert!(matches!(answer, Err(StoreError::NoSpace(_))), "{answer:?}");
    assert!(matches!(store.get(&second), Err(StoreError::NotFound(_))));
    assert_eq!(store.list("")?.len(), 1);
    assert_eq!(store.strays()?, [], "the half-written file was removed");
    assert!(store.get(&first)? == megabytes(16));
    store.delete_version(&first, &VersionId("current".to_owned()))?;
    assert_eq!(store.put(&second, megabytes(16))?, PutOutcome::Done);
    Ok(())
}

fn a_read_only_disk_is_read_and_refuses_puts(store: &LocalStore) -> Outcome {
    let second = ObjectName::new("packs/second")?;
    assert!(store.get(&second)? == megabytes(16));
    assert_eq!(store.list("packs/")?.len(), 1);
    assert_eq!(store.strays()?, []);
    let answer = store.put(&ObjectName::new("packs/third")?, megabytes(1));
    assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    let answer = store.delete_version(&second, &VersionId("current".to_owned()));
    assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    Ok(())
}

fn an_unmounted_disk_is_no_empty_store(store: &LocalStore, mount_point: &Path) -> Outcome {
    let answer = store.list("");
    assert!(matches!(answer, Err(StoreError::NoSuchPlace(_))), "{answer:?}");
    // The empty folder under the mount is a place, and another one.
    assert!(LocalStore::open(mount_point)?.list("")?.is_empty());
    Ok(())
}

fn megabytes(number: usize) -> bytes::Bytes {
    (0..number << 20).map(|at| (at % 251) as u8).collect::<Vec<_>>().into()
}

fn run(program: &str, arguments: &[&str], path: &Path) -> Outcome {
    let status = Command::new(program).args(arguments).arg(path).status()?;
    if status.success() { Ok(()) } else { Err(format!("{program} {arguments:?} {}: {status}", path.display()).into()) }
}
