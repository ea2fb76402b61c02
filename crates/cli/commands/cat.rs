//! `chest cat`: one file of a backup on standard output.

use crate::args::Cat;
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::selector::{narrowed, snapshot_and_path};
use chest_engine::{EngineError, browse};
use std::io::{self, ErrorKind, Write};

/// Runs it.
pub fn run(workplace: &Workplace, args: &Cat) -> Result<Exit, Failure> {
    let (typed, path) = snapshot_and_path(&args.what)?;
    let reading = workplace.open(Doing::Reading, args.older)?;
    let snapshot = reading.snapshot(&typed, &narrowed(&args.narrow, &path))?;
    // A bar would be drawn into the file's text where both go to the terminal.
    workplace.quiet();
    let mut out = io::BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let written = browse::cat(&reading.opened, &snapshot, &path, &mut out);
    match written.and_then(|_| out.flush().map_err(EngineError::Output)) {
        // Somebody who closes the pipe has read enough.
        Err(EngineError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Done),
        written => reading.told(written).map(|()| Exit::Done),
    }
}
