//! What the program says: results on standard output, as text or as one JSON object; everything else on standard error.

pub mod amounts;
pub mod called;
pub mod doubts;
pub mod exceptions;
pub mod exports;
pub mod json;
pub mod names;
pub mod notebooks;
pub mod passed_over;
pub mod progress;
pub mod tables;

use crate::errors::Failure;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;

/// Digits of an id that are shown to people: enough for any council, and twice what may be typed.
pub const SHORT_ID: usize = 12;

/// A result that can be told to people and to programs. Every command has one, and nothing else asks which of them listens.
pub trait Report {
    /// For people.
    fn text(&self, out: &mut dyn Write) -> io::Result<()>;
    /// For programs: the shape is documented in `docs/json.md`.
    fn json(&self) -> impl Serialize;
}

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// Whether a program listens.
    pub json: bool,
}

impl Console {
    /// Tells a result.
    pub fn show(&self, report: &impl Report) -> Result<(), Failure> {
        settle(self.write(report))
    }

    /// The same for whoever needs to know that it has been read.
    pub fn write(&self, report: &impl Report) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let told = if self.json { write_json(&mut out, &report.json()) } else { report.text(&mut out) };
        told.and_then(|()| out.flush())
    }

    /// Tells why it failed: on standard error too where a program that listens would not get it.
    pub fn fail(&self, failure: &Failure) {
        let told = self.json && !goes_nowhere() && write_json(&mut io::stdout().lock(), &failure.json()).is_ok();
        if !told {
            let _ = failure.text(&mut io::stderr().lock());
        }
    }

    /// A remark beside the result; programs read the same in the result itself.
    pub fn remark(&self, text: &str) {
        if !self.json {
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }
}

/// Writes bytes as they are.
pub fn write_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    settle(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Whether all that is written is thrown away. Where standard output was closed, the system's `/dev/null` stands in for it.
pub fn goes_nowhere() -> bool {
    let Ok(nowhere) = std::fs::metadata("/dev/null") else { return false };
    rustix::fs::fstat(io::stdout()).is_ok_and(|out| {
        rustix::fs::FileType::from_raw_mode(out.st_mode) == rustix::fs::FileType::CharacterDevice
            && out.st_rdev == nowhere.rdev()
    })
}

fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
    writeln!(out)
}

/// Somebody who closes the pipe has read enough: what was asked for is done all the same.
fn settle(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::output(&error)),
        _ => Ok(()),
    }
}
