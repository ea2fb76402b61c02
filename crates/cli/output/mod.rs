//! What the program says: results on standard output, as text or as one JSON object; everything else on standard error.

pub mod amounts;
pub mod doubts;
pub mod exceptions;
pub mod exports;
pub mod json;
pub mod names;
pub mod notebooks;
pub mod progress;
pub mod tables;

use crate::errors::Failure;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};

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
        let mut out = io::BufWriter::new(io::stdout().lock());
        let told = if self.json { write_json(&mut out, &report.json()) } else { report.text(&mut out) };
        settle(told.and_then(|()| out.flush()))
    }

    /// Tells why it failed; there is nobody left to tell if that fails too.
    pub fn fail(&self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        if self.json {
            let _ = write_json(&mut io::stdout().lock(), &failure.json());
        } else {
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
