//! Owner, rights, extended attributes and times, as an administrator and as an ordinary user.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use rustix::fs::XattrFlags;

use super::*;

fn xattr(at: &Path, name: &str) -> Result<Vec<u8>, rustix::io::Errno> {
    let mut value = vec![0; 1000];
    let length = rustix::fs::lgetxattr(at, name, &mut value[..])?;
    value.truncate(length);
    Ok(value)
}

fn rich() -> Metadata {
    Metadata {
        mode: Some(0o440),
        modified: Timestamp::new(-5, 999_999_999),
        xattrs: vec![(b"user.parish".to_vec(), b"\0bytes\xff".to_vec()), (b"user.x".to_vec(), Vec::new())],
        ..plain()
    }
}

fn assert_rich(at: &Path) {
    let stat = std::fs::metadata(at).unwrap();
    assert_eq!((stat.mode() & 0o7777, stat.mtime(), stat.mtime_nsec()), (0o440, -5, 999_999_999));
    assert_eq!(xattr(at, "user.parish").unwrap(), b"\0bytes\xff");
    assert_eq!(xattr(at, "user.x").unwrap(), b"");
}

fn write_with(target: &Target, name: &str, metadata: &Metadata) -> Vec<MetadataNote> {
    let file = target.begin_file(&path(name), 1).unwrap();
    file.write_at(0, b"x").unwrap();
    file.finish(metadata).unwrap().notes
}

fn files_and_folders_come_back_with_everything() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        assert_eq!(write_with(target, "file", &rich()), []);
        assert_rich(&dir.join("file"));
        target.make_folder(&path("folder")).unwrap();
        assert_eq!(std::fs::metadata(dir.join("folder")).unwrap().mode() & 0o7777, 0o700);
        restore(target, &path("folder/file"), b"x").unwrap();
        assert_eq!(target.set_folder_metadata(&path("folder"), &rich()).unwrap(), []);
        assert_rich(&dir.join("folder"));
        std::fs::set_permissions(dir.join("folder"), std::fs::Permissions::from_mode(0o700)).unwrap();
    });
}

#[test]
fn metadata_come_back_to_the_nanosecond() {
    files_and_folders_come_back_with_everything();
}

#[test]
fn metadata_come_back_for_an_ordinary_user_too() {
    as_ordinary_user(module_path!(), "metadata_come_back_for_an_ordinary_user_too", || {
        files_and_folders_come_back_with_everything();
    });
}

#[test]
fn another_owner_is_a_note_for_an_ordinary_user() {
    as_ordinary_user(module_path!(), "another_owner_is_a_note_for_an_ordinary_user", || {
        in_every_way(Existing::KeepBoth, |target, dir| {
            let metadata = Metadata { uid: 1, gid: 1, mode: Some(0o640), ..plain() };
            let note = [MetadataNote::Owner { uid: 1, gid: 1, reason: std::io::ErrorKind::PermissionDenied }];
            assert_eq!(write_with(target, "file", &metadata), note);
            assert_eq!(target.make_symlink(&path("link"), b"x", &metadata).unwrap().notes, note);
            target.make_folder(&path("folder")).unwrap();
            assert_eq!(target.set_folder_metadata(&path("folder"), &metadata).unwrap(), note);
            assert_eq!(std::fs::metadata(dir.join("file")).unwrap().mode() & 0o7777, 0o640);
        });
    });
}

#[test]
fn set_id_bits_are_not_given_to_a_file_whose_owner_could_not_be_set() {
    as_ordinary_user(module_path!(), "set_id_bits_are_not_given_to_a_file_whose_owner_could_not_be_set", || {
        let dir = tempfile::tempdir().unwrap();
        let target = open_with(dir.path(), TargetOptions { privileged: true, ..options(Existing::KeepBoth) }, |_| {});
        let notes = write_with(&target, "a", &Metadata { uid: 0, mode: Some(0o4755), ..plain() });
        assert!(notes.contains(&MetadataNote::SetIdBitsLeftOff { mode: 0o4755 }), "{notes:?}");
        assert_eq!(std::fs::metadata(dir.path().join("a")).unwrap().mode() & 0o7777, 0o755);
    });
}

#[test]
fn set_id_bits_and_security_attributes_need_a_privileged_restore() {
    let metadata = Metadata { mode: Some(0o6755), xattrs: privileged_xattrs(), ..plain() };
    in_every_way(Existing::KeepBoth, |target, dir| {
        let expected = [
            MetadataNote::SetIdBitsLeftOff { mode: 0o6755 },
            MetadataNote::PrivilegedXattrLeftOff { name: b"security.chest".to_vec() },
            MetadataNote::PrivilegedXattrLeftOff { name: b"trusted.chest".to_vec() },
        ];
        assert_eq!(write_with(target, "a", &metadata), expected);
        assert_eq!(std::fs::metadata(dir.join("a")).unwrap().mode() & 0o7777, 0o755);
        assert!(xattr(&dir.join("a"), "security.chest").is_err());
        // On a folder the bits give nobody any rights: new files inherit its group.
        target.make_folder(&path("folder")).unwrap();
        target.set_folder_metadata(&path("folder"), &Metadata { mode: Some(0o2755), ..plain() }).unwrap();
        assert_eq!(std::fs::metadata(dir.join("folder")).unwrap().mode() & 0o7777, 0o2755);
    });
}

/// An owner, set-id bits and attributes that only an administrator may give, or nobody: in a container he has some rights and lacks others.
fn only_from_an_administrator() -> Metadata {
    Metadata { uid: 1234, mode: Some(0o6755), xattrs: privileged_xattrs(), ..plain() }
}

fn privileged_xattrs() -> Vec<(Vec<u8>, Vec<u8>)> {
    vec![(b"security.chest".to_vec(), b"1".to_vec()), (b"trusted.chest".to_vec(), b"2".to_vec())]
}

/// What this process may not give to a file of its own, in the order in which it is given.
fn what_the_system_refuses(metadata: &Metadata) -> Vec<MetadataNote> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut refused = Vec::new();
    if let Err(error) = std::os::unix::fs::chown(file.path(), Some(metadata.uid), None) {
        refused.push(MetadataNote::Owner { uid: metadata.uid, gid: metadata.gid, reason: error.kind() });
        refused.push(MetadataNote::SetIdBitsLeftOff { mode: metadata.mode.unwrap() });
    }
    for (name, value) in &metadata.xattrs {
        if let Err(errno) = rustix::fs::setxattr(file.path(), &name[..], value, XattrFlags::empty()) {
            refused.push(MetadataNote::Xattr { name: name.clone(), reason: errno.kind() });
        }
    }
    refused
}

fn a_privileged_restore_gives_what_the_system_allows_and_names_the_rest() {
    let metadata = only_from_an_administrator();
    let refused = what_the_system_refuses(&metadata);
    let dir = tempfile::tempdir().unwrap();
    let target = open_with(dir.path(), TargetOptions { privileged: true, ..options(Existing::KeepBoth) }, |_| {});
    assert_eq!(write_with(&target, "a", &metadata), refused);
    let stat = std::fs::metadata(dir.path().join("a")).unwrap();
    let has_owner = (stat.uid(), stat.mode() & 0o7777) == (1234, 0o6755);
    let owner_refused = refused.iter().any(|note| matches!(note, MetadataNote::Owner { .. }));
    assert_ne!(has_owner, owner_refused, "{stat:?}");
    for (name, value) in metadata.xattrs {
        let found = xattr(&dir.path().join("a"), std::str::from_utf8(&name).unwrap());
        let names_it = |note: &MetadataNote| matches!(note, MetadataNote::Xattr { name: named, .. } if *named == name);
        assert_ne!(found == Ok(value), refused.iter().any(names_it), "{found:?}: {refused:?}");
    }
}

#[test]
fn a_privileged_restore_gives_what_this_user_may_and_names_the_rest() {
    a_privileged_restore_gives_what_the_system_allows_and_names_the_rest();
}

#[test]
fn a_privileged_restore_of_an_ordinary_user_names_what_only_an_administrator_may_give() {
    let test = "a_privileged_restore_of_an_ordinary_user_names_what_only_an_administrator_may_give";
    as_ordinary_user(module_path!(), test, || {
        assert_eq!(what_the_system_refuses(&only_from_an_administrator()).len(), 4);
        a_privileged_restore_gives_what_the_system_allows_and_names_the_rest();
    });
}

#[test]
fn attributes_that_the_system_refuses_are_notes() {
    in_every_way(Existing::KeepBoth, |target, _| {
        let name = b"nonsense.chest".to_vec();
        let metadata = Metadata { xattrs: vec![(name.clone(), b"1".to_vec())], ..plain() };
        let notes = write_with(target, "a", &metadata);
        assert!(matches!(&notes[..], [MetadataNote::Xattr { name: found, .. }] if *found == name), "{notes:?}");
        let notes = write_with(target, "b", &Metadata { uid: u32::MAX, ..plain() });
        assert!(matches!(&notes[..], [MetadataNote::Owner { .. }]), "{notes:?}");
    });
}

#[test]
fn a_snapshot_without_owners_and_rights_leaves_those_of_new_files() {
    in_every_way(Existing::KeepBoth, |target, dir| {
        let metadata = Metadata { mode: None, uid: 0, gid: 0, ..plain() };
        assert_eq!(write_with(target, "a", &metadata), []);
        let stat = std::fs::metadata(dir.join("a")).unwrap();
        assert_eq!((stat.mode() & 0o7777, stat.mtime()), (0o600, 1_600_000_000));
    });
}

#[test]
fn a_link_has_its_own_time() {
    in_every_way(Existing::Overwrite, |target, dir| {
        restore(target, &path("pointed-to"), b"x").unwrap();
        let before = std::fs::metadata(dir.join("pointed-to")).unwrap();
        let metadata = Metadata { modified: Timestamp::new(1_000_000_000, 7), mode: Some(0o777), ..plain() };
        assert_eq!(target.make_symlink(&path("link"), b"pointed-to", &metadata).unwrap().notes, []);
        let stat = std::fs::symlink_metadata(dir.join("link")).unwrap();
        assert_eq!((stat.mtime(), stat.mtime_nsec()), (1_000_000_000, 7));
        let after = std::fs::metadata(dir.join("pointed-to")).unwrap();
        assert_eq!((before.mtime(), before.mode()), (after.mtime(), after.mode()));
    });
}

#[test]
fn a_folder_that_may_not_be_read_gets_its_metadata_all_the_same() {
    as_ordinary_user(module_path!(), "a_folder_that_may_not_be_read_gets_its_metadata_all_the_same", || {
        in_every_way(Existing::KeepBoth, |target, dir| {
            std::fs::create_dir(dir.join("a")).unwrap();
            std::fs::set_permissions(dir.join("a"), std::fs::Permissions::from_mode(0o300)).unwrap();
            restore(target, &path("a/file"), b"x").unwrap();
            assert_eq!(target.set_folder_metadata(&path("a"), &Metadata { mode: Some(0o755), ..plain() }).unwrap(), []);
            let stat = std::fs::metadata(dir.join("a")).unwrap();
            assert_eq!((stat.mode() & 0o7777, stat.mtime_nsec()), (0o755, 123_456_789));
        });
    });
}
