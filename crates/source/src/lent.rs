//! For tests: a file that a file server has lent to another computer (a lease, as Samba takes). Opening it calls it back, and fails until
//! it is given back.

use crate::Pause;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
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
pub(crate) struct Borrower(Child);

impl Borrower {
    pub(crate) fn of(path: &Path, gives_back: bool) -> Self {
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

/// Pauses that take no time, and how many there were.
#[derive(Default)]
pub(crate) struct Counted(pub(crate) AtomicUsize);

impl Pause for Counted {
    fn pause(&self, _time: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A folder on the file system of the build: unlike a temporary folder, that is never one in memory only.
pub(crate) fn folder_on_disk() -> tempfile::TempDir {
    let test_program = std::env::current_exe().unwrap();
    tempfile::tempdir_in(test_program.parent().unwrap()).unwrap()
}
