//! A file of an export that another computer has open: it is waited for, and what lies beside it does not wait until next week.

use super::build::{archive, stored};
use super::*;
use crate::Pause;
use crate::lent::{Borrower, Counted, folder_on_disk};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Without waiting; how often it would have waited.
fn counted() -> (ZipOptions, Arc<Counted>) {
    let pause = Arc::new(Counted::default());
    let waits: Box<dyn Pause> = Box::new(Arc::clone(&pause));
    (ZipOptions { waits: Waits::for_a_folder(waits), ..ZipOptions::default() }, pause)
}

/// Writes an export that holds these.
fn export(folder: &Path, name: &str, files: &[&str]) -> PathBuf {
    let members: Vec<_> = files.iter().map(|file| stored(file, b"x")).collect();
    let file = folder.join(name);
    std::fs::write(&file, archive(&members)).unwrap();
    file
}

fn found(folder: &Path, options: &ZipOptions) -> ExportFolder {
    match in_folder(folder, options).unwrap() {
        InFolder::Exports(found) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_part_that_is_kept_from_us_is_told_and_takes_no_other_part_with_it() {
    let folder = folder_on_disk();
    let parts = [("OneDrive_1_06-11-2026.zip", "a"), ("OneDrive_2_06-11-2026.zip", "b")];
    let parts = parts.map(|(name, file)| export(folder.path(), name, &[file]));
    let _borrower = Borrower::of(&parts[1], false);
    let (options, pause) = counted();
    let source = ZipSource::open(&parts, description(), &options).unwrap();
    assert_eq!(pause.0.load(Ordering::Relaxed), 3);
    let (whole, not) = whole_and_not(&source);
    assert_eq!(whole.into_keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(not.keys().collect::<Vec<_>>(), ["OneDrive_2_06-11-2026.zip"]);
    assert_eq!(not["OneDrive_2_06-11-2026.zip"].reason, UnreadableReason::InUse);
    // Where nothing else can be had of it, it is the whole that cannot be read.
    for others in [None, Some("<html>")] {
        others.iter().for_each(|page| std::fs::write(&parts[0], page).unwrap());
        let tried = if others.is_some() { &parts[..] } else { &parts[1..] };
        let refused = ZipSource::open(tried, description(), &options).err();
        assert!(
            matches!(refused, Some(SourceError::Unreadable { reason: UnreadableReason::InUse, .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_part_that_has_gone_takes_no_other_part_with_it() {
    let folder = folder_on_disk();
    let parts = ["E (1).zip", "E (2).zip"].map(|name| export(folder.path(), name, &[name]));
    std::fs::remove_file(&parts[0]).unwrap();
    let (whole, not) = whole_and_not(&ZipSource::open(&parts, description(), &counted().0).unwrap());
    assert_eq!((whole.len(), not["E (1).zip"].reason), (1, UnreadableReason::Vanished));
}

#[test]
fn a_file_that_is_given_back_is_taken_for_the_export_that_it_is() {
    let folder = folder_on_disk();
    let file = export(folder.path(), "OneDrive_1_06-11-2026.zip", &["a"]);
    let options = ZipOptions::default();
    let _borrower = Borrower::of(&file, true);
    let found = found(folder.path(), &options);
    assert_eq!((found.series[0].newest.len(), &found.series[0].unreadable[..]), (1, &[][..]));
    assert_eq!(paths(&ZipSource::open(&[file], description(), &options).unwrap()), ["", "a"]);
}

#[test]
fn of_exports_in_a_folder_only_the_file_is_told_that_is_kept_from_us() {
    let folder = folder_on_disk();
    let file = |name: &str, files: &[&str]| export(folder.path(), name, files);
    let older = [file("OneDrive_1_30-10-2026.zip", &["a", "b"]), file("OneDrive_2_30-10-2026.zip", &["c"])];
    let middle = file("OneDrive_1_06-11-2026.zip", &["a", "b"]);
    let newest = file("OneDrive_1_13-11-2026.zip", &["a", "b"]);
    let (_newest, _part) = (Borrower::of(&newest, false), Borrower::of(&older[1], false));
    let found = found(folder.path(), &counted().0);
    assert_eq!(found.series.len(), 1);
    let series = &found.series[0];
    let told: Vec<_> = series.unreadable.iter().map(|(name, failure)| (&name[..], failure.reason)).collect();
    assert_eq!(told, [(&b"OneDrive_1_13-11-2026.zip"[..], UnreadableReason::InUse)]);
    assert_eq!((&series.newest, &series.older[0].parts), (&vec![middle], &vec![older[0].clone()]));
    // It is tried as a file, and told by whoever reads that.
    assert_eq!((found.others, found.exports.len()), (1, 3));
}
