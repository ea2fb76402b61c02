//! `chest writer enrol`: allows this computer to add backups.

use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use chest_engine::enrol::{EnrolOutcome, enrol};
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace) -> Result<Exit, Failure> {
    let store = workplace.repository_store(Doing::Enrolling)?;
    let credential = workplace.credential()?;
    let context = workplace.context(store);
    let outcome = enrol(&context, &credential).map_err(|error| Failure::of(&error, Doing::Enrolling))?;
    workplace.show(&Enrolled(outcome))?;
    Ok(Exit::Done)
}

struct Enrolled(EnrolOutcome);

#[derive(Serialize)]
struct EnrolledJson {
    writer: String,
    already: bool,
}

impl Report for Enrolled {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.0.already {
            true => writeln!(out, "This computer may add backups already. Nothing was changed."),
            false => writeln!(out, "This computer may now add backups. It can neither read nor delete them by itself."),
        }
    }

    fn json(&self) -> impl Serialize {
        EnrolledJson { writer: self.0.writer.to_hex(), already: self.0.already }
    }
}
