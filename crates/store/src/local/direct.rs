//! Reading and writing past the system's cache (`O_DIRECT`, see `open(2)`), where the file system agrees. Where it does not, or there
//! is too little to gain, the answer is `false`, nothing has been done, and the caller goes the usual way.

use crate::aligned::{AlignedBuffer, is_aligned};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};

/// Fewer bytes are copied in no time.
const WORTH_IT: usize = 1 << 20;
/// No object of ours is longer; what is, is somebody's rubbish, and is read with more care for memory.
const LONGEST: usize = 64 << 20;

/// Systems that have no such flag get none.
#[cfg(target_os = "linux")]
const PAST_THE_CACHE: OFlags = OFlags::DIRECT;
#[cfg(not(target_os = "linux"))]
const PAST_THE_CACHE: OFlags = OFlags::empty();

/// Writes all of it to a file that is still empty.
pub(super) fn write(file: &File, bytes: &[u8]) -> io::Result<bool> {
    if !is_worth_it(bytes) {
        return Ok(false);
    }
    transfer(file, bytes.len(), ErrorKind::WriteZero, |mut file, done| file.write(&bytes[done..]))
}

/// Reads a file of that length. `None` for `false`.
pub(super) fn read(file: &File, length: u64) -> io::Result<Option<AlignedBuffer>> {
    let Some(length) = usize::try_from(length).ok().filter(|length| *length <= LONGEST) else { return Ok(None) };
    let mut buffer = AlignedBuffer::default();
    if length < WORTH_IT || !length.is_multiple_of(AlignedBuffer::EDGE) {
        return Ok(None);
    }
    buffer.set_len(length);
    let read = is_worth_it(&buffer)
        && transfer(file, length, ErrorKind::UnexpectedEof, |mut file, done| file.read(&mut buffer[done..]))?;
    Ok(read.then_some(buffer))
}

fn is_worth_it(bytes: &[u8]) -> bool {
    !PAST_THE_CACHE.is_empty() && bytes.len() >= WORTH_IT && is_aligned(bytes)
}

fn transfer(
    file: &File,
    length: usize,
    at_the_end: ErrorKind,
    mut step: impl FnMut(&File, usize) -> io::Result<usize>,
) -> io::Result<bool> {
    let flags = fcntl_getfl(file)?;
    if fcntl_setfl(file, flags | PAST_THE_CACHE).is_err() {
        return Ok(false);
    }
    let mut done = 0;
    let answer = loop {
        match step(file, done) {
            Ok(0) => break Err(at_the_end.into()),
            Ok(passed) => done += passed,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::InvalidInput && done == 0 => break Ok(false),
            Err(error) => break Err(error),
        }
        if done == length {
            break Ok(true);
        }
        // A disk that is full, or a signal, ends a piece anywhere; the next one must not begin there.
        if !done.is_multiple_of(AlignedBuffer::EDGE) {
            fcntl_setfl(file, flags)?;
        }
    };
    fcntl_setfl(file, flags)?;
    answer
}
