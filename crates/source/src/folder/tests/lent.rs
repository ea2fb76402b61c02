//! Files that a file server has lent to another computer (a lease, as Samba takes): opening one calls it back, and fails until it is.

use super::support::{find, folder_on_disk, items, source};
use crate::{PatientSource, Pause, Source, in_cloud};
use chest_model::UnreadableReason;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Takes a lease (`F_SETLEASE`, 1024), as no safe library does; gives it up (`F_UNLCK`, 2) when it is called back, or never.
const LEND: &str = r#"
    $| = 1; open(my $file, '+<', $ARGV[0]) or die;
    $SIG{IO} = sub { fcntl($file, 1024, 2) if $ARGV[1] };
    fcntl($file, 1024, 1) or die "no lease: $!";
    print "lent\n"; sleep 1 while 1;
"#;

/// Whoever has the file.
struct Borrower(Child);

impl Borrower {
    fn of(path: &Path, gives_back: bool) -> Self {
        let mut perl = Command::new("perl");
        perl.args(["-e", LEND]).arg(path).arg(if gives_back { "1" } else { "" }).stdout(Stdio::piped());
        let mut borrower = Self(perl.spawn().expect("perl is there"));
        let mut line = String::new();
        BufReader::new(borrower.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "lent\n");
        borrower
    }
}

impl Drop for Borrower {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[derive(Default)]
struct Counted(AtomicUsize);

impl Pause for Counted {
    fn pause(&self, _time: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

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
