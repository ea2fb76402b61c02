//! `chest key test`: whether a passphrase or the recovery words open the repository.

use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use chest_engine::EngineError;
use chest_engine::repo::repository::unlock;
use chest_engine::repo::slot::Credential;
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace) -> Result<Exit, Failure> {
    let store = workplace.repository_store(Doing::Reading)?;
    let credential = workplace.credential()?;
    let master =
        unlock(&*store, &credential).map_err(|error| Failure::of(&EngineError::Repo(error), Doing::Reading))?;
    let with = match credential {
        Credential::Passphrase(_) => Way::Passphrase,
        Credential::Words(_) => Way::Words,
    };
    workplace.show(&Opens { with, repository: master.repository().to_hex() })?;
    Ok(Exit::Done)
}

#[derive(Clone, Copy)]
enum Way {
    Passphrase,
    Words,
}

struct Opens {
    with: Way,
    repository: String,
}

#[derive(Serialize)]
struct OpensJson<'o> {
    opens: bool,
    with: &'static str,
    repository: &'o str,
}

impl Report for Opens {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.with {
            Way::Passphrase => writeln!(out, "Yes: this passphrase opens the repository."),
            Way::Words => writeln!(out, "Yes: these 24 recovery words open the repository."),
        }
    }

    fn json(&self) -> impl Serialize {
        let with = match self.with {
            Way::Passphrase => "passphrase",
            Way::Words => "recovery-words",
        };
        OpensJson { opens: true, with, repository: &self.repository }
    }
}
