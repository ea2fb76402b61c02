//! Reads what is short by nature, and no more of it than that: a secret, a file of settings. A mistyped path may lead to something
//! that never ends, or that never begins.

use crate::interrupt::Interrupt;
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;
use zeroize::Zeroizing;

/// How often somebody who waits looks whether to go on waiting.
pub const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Why there is no content.
#[derive(Debug, thiserror::Error)]
pub enum Unbounded {
    /// It does not end where anything meant would.
    #[error("more than {0} bytes came, too many for what was meant")]
    TooLong(usize),
    /// Somebody asked to stop.
    #[error("stopped before the end")]
    Interrupted,
    /// The system's own error.
    #[error("{0}")]
    Failed(#[from] io::Error),
}

/// Everything up to the end, which comes after so many bytes at most.
pub fn read_at_most(source: &mut dyn Read, most: usize) -> Result<Zeroizing<Vec<u8>>, Unbounded> {
    // All at once: a buffer that grows leaves copies of a secret behind.
    let mut bytes = Zeroizing::new(vec![0; most + 1]);
    let mut length = 0;
    while length < bytes.len() {
        match source.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(length);
    if length > most { Err(Unbounded::TooLong(most)) } else { Ok(bytes) }
}

/// The same of whatever a path leads to.
pub fn read_path_at_most(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Unbounded> {
    read_at_most(&mut File::open(path)?, most)
}

/// The same of a file, reached through links if need be. What is no regular file is refused at once.
pub fn read_file_at_most(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Unbounded> {
    let mut file = open_at_once(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file").into());
    }
    read_at_most(&mut file, most)
}

/// The same of something that may keep whoever opens or reads it waiting, such as a pipe: for as long as nobody asks to stop.
pub fn await_at_most<S: Read>(
    open: impl FnOnce() -> io::Result<S> + Send + 'static,
    most: usize,
    interrupt: &Interrupt,
) -> Result<Zeroizing<Vec<u8>>, Unbounded> {
    let (sender, receiver) = sync_channel(1);
    // Left behind where somebody stops: it ends with the program.
    Builder::new().spawn(move || {
        let read = open().map_err(Unbounded::from).and_then(|mut source| read_at_most(&mut source, most));
        let _ = sender.send(read);
    })?;
    wait_for(&receiver, interrupt)
}

/// Opens whatever lies there, without waiting for somebody at the other end of a pipe.
pub fn open_at_once(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
}

fn wait_for<T>(receiver: &Receiver<Result<T, Unbounded>>, interrupt: &Interrupt) -> Result<T, Unbounded> {
    loop {
        match receiver.recv_timeout(BETWEEN_LOOKS) {
            Ok(read) => return read,
            Err(RecvTimeoutError::Timeout) if interrupt.is_asked() => return Err(Unbounded::Interrupted),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("it could not be read").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_long_as_may_be_is_read_and_one_byte_more_is_refused() {
        assert_eq!(read_at_most(&mut &[7; 10][..], 10).unwrap().as_slice(), [7; 10]);
        assert!(matches!(read_at_most(&mut &[7; 11][..], 10), Err(Unbounded::TooLong(10))));
        assert!(matches!(read_at_most(&mut io::repeat(7), 10), Err(Unbounded::TooLong(10))));
        assert_eq!(read_at_most(&mut io::empty(), 10).unwrap().len(), 0);
    }
}
