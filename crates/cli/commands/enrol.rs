//! `chest writer enrol`: allows this computer to add backups.

use crate::args::EnrolArgs;
use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::amounts::{count, size};
use crate::output::{Report, json};
use crate::time::{day, day_and_time};
use chest_engine::enrol::{Beginning, EnrolOutcome, Inherited, enrol, enrol_in_older_state};
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace, args: &EnrolArgs) -> Result<Exit, Failure> {
    let store = workplace.repository_store(Doing::Enrolling)?;
    let credential = workplace.credential()?;
    let context = workplace.context(store);
    let beginning = if args.afresh { Beginning::Afresh } else { Beginning::WhereItLeftOff };
    let enrol = if args.accept_unproven_state { enrol_in_older_state } else { enrol };
    let outcome = enrol(&context, &credential, beginning).map_err(|error| Failure::of(&error, Doing::Enrolling))?;
    workplace.show(&Enrolled(outcome))?;
    Ok(Exit::Done)
}

struct Enrolled(EnrolOutcome);

#[derive(Serialize)]
struct EnrolledJson {
    writer: String,
    already: bool,
    inherited: Option<InheritedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gave_up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_without: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_behind: Option<String>,
}

#[derive(Serialize)]
struct InheritedJson {
    host: String,
    last_backup: Option<String>,
    packs: u64,
    bytes: u64,
    left_out: Vec<String>,
}

impl Report for Enrolled {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.0.already {
            true if self.0.accepted_without.is_none() => {
                writeln!(out, "This computer may add backups already. Nothing was changed.")?;
            }
            true => writeln!(out, "This computer may add backups already.")?,
            false => {
                writeln!(out, "This computer may now add backups. It can neither read nor delete them by itself.")?;
            }
        }
        if let Some(record) = self.0.gave_up.as_ref().filter(|_| self.0.accepted_without.is_none()) {
            writeln!(
                out,
                "It goes on with a new key, because {record}, a record of its earlier backups, is damaged or missing.\n\
                 `chest check` says what that means for those."
            )?;
        }
        if let Some(record) = &self.0.accepted_without {
            writeln!(
                out,
                "What lies here counts as the newest state for this computer from now on, although {record}\n\
                 is not in it. Should the newer copy come back, use only one of the two."
            )?;
        }
        self.0.inherited.as_ref().map_or(Ok(()), |inherited| write_inherited(out, inherited))?;
        self.0.clock_behind.map_or(Ok(()), |clock| {
            writeln!(
                out,
                "NOTE: this computer's clock says {}, and the last backup of a computer of its name ended later than that by the\n\
                 clock of then. One of the two is wrong. Until that time has come, backups bear it, so that each of them is the\n\
                 newest. If it is the clock of now, set it right.",
                day_and_time(clock)
            )
        })
    }

    fn json(&self) -> impl Serialize {
        let inherited = self.0.inherited.as_ref().map(|inherited| InheritedJson {
            host: inherited.host.clone(),
            last_backup: json::time(inherited.last_backup),
            packs: inherited.packs,
            bytes: inherited.bytes,
            left_out: inherited.left_out.clone(),
        });
        EnrolledJson {
            writer: self.0.writer.to_hex(),
            already: self.0.already,
            inherited,
            gave_up: self.0.gave_up.clone(),
            accepted_without: self.0.accepted_without.clone(),
            clock_behind: self.0.clock_behind.and_then(json::time),
        }
    }
}

fn write_inherited(out: &mut dyn Write, inherited: &Inherited) -> io::Result<()> {
    writeln!(
        out,
        "A computer called \"{}\" backed up here before, last on {}. What it stored, {}, has been read and is sound: none of it\n\
         will be sent again.",
        chest_model::shown(inherited.host.as_bytes()),
        day(inherited.last_backup),
        size(inherited.bytes)
    )?;
    match inherited.left_out.len() as u64 {
        0 => Ok(()),
        lost => writeln!(
            out,
            "{} that it stored {} missing or damaged: the next backup sends what it needs of that again. `chest check` says more.",
            count(lost, "pack"),
            if lost == 1 { "is" } else { "are" }
        ),
    }
}
