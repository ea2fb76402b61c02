//! Files that a file server has lent to another computer (a lease, as Samba takes): opening one calls it back, and fails until it is.

use super::support::{find, folder_on_disk, items, source};
use crate::lent::{Borrower, Counted};
use crate::{PatientSource, Source, in_cloud};
use chest_model::UnreadableReason;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[test]
fn a_file_that_is_given_back_when_somebody_asks_for_it_is_read() {
    let dir = folder_on_disk();
    let path = dir.path().join("open in Word.docx");
    fs::write(&path, b"minutes").unwrap();
    let _borrower = Borrower::of(&path, true);
    let bare = source(dir.path());
    let item = find(&items(&bare), "open in Word.docx").clone();
    let source = in_cloud(bare, dir.path(), crate::CloudFiles::default());
    let mut buffer = [0; 20];
    let mut content = source.open(&item).unwrap();
    assert_eq!(content.read(&mut buffer).unwrap(), 7);
    assert!(source.xattrs(&item).is_ok());
}

#[test]
fn a_file_that_is_kept_is_tried_a_few_times_and_told() {
    let dir = folder_on_disk();
    let path = dir.path().join("kept.docx");
    fs::write(&path, b"minutes").unwrap();
    let _borrower = Borrower::of(&path, false);
    let bare = source(dir.path());
    let item = find(&items(&bare), "kept.docx").clone();
    let pause = Arc::new(Counted::default());
    let source = PatientSource::with_a_folder(bare, Box::new(Arc::clone(&pause)));
    let failure = source.open(&item).err().unwrap();
    assert_eq!((failure.reason, failure.may_pass), (UnreadableReason::InUse, true), "{failure}");
    assert_eq!(pause.0.load(Ordering::Relaxed), 3);
}
