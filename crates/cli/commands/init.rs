//! `chest init`: makes a repository and shows, once, what must be written down.

use crate::args::Init;
use crate::context::Workplace;
use crate::errors::{CliError, Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use crate::repository::Repository;
use crate::secrets;
use chest_engine::init::{InitOptions, InitOutcome, init};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::slot::KdfCost;
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace, args: &Init) -> Result<Exit, Failure> {
    let repository = workplace.repository()?;
    let passphrase = secrets::given_passphrase(&workplace.settings.secret)?;
    if passphrase.is_none() && !workplace.settings.can_ask {
        return Err(CliError::NoPassphraseForInit.into());
    }
    let place = workplace.create_place(Doing::Making)?;
    let memory_kib = args.kdf_memory.map_or(KdfCost::DEFAULT.memory_kib, |mebibytes| mebibytes * 1024);
    let options = InitOptions {
        passphrase,
        cost: KdfCost { memory_kib, ..KdfCost::DEFAULT },
        configuration: Configuration::new(),
    };
    let context = workplace.context(place.store);
    let outcome = init(&context, options).map_err(|error| Failure::of(&error, Doing::Making))?;
    workplace.show(&Made { outcome: &outcome, repository })?;
    if workplace.settings.can_ask && !workplace.settings.json {
        workplace.console.remark("\nPress Enter when you have written this down.");
        secrets::wait_for_enter();
    }
    Ok(Exit::Done)
}

struct Made<'o> {
    outcome: &'o InitOutcome,
    repository: &'o Repository,
}

#[derive(Serialize)]
struct MadeJson<'o> {
    repository: String,
    writer: String,
    recovery_words: &'o [&'static str],
    generated_passphrase: Option<&'o str>,
    head_words: &'o [&'static str],
}

impl Report for Made<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "A new repository is ready in {}.", self.repository)?;
        writeln!(out, "This computer may add backups to it.\n")?;
        if let Some(passphrase) = &self.outcome.generated_passphrase {
            writeln!(out, "The passphrase, for everyday use. It is shown only now:\n\n    {}\n", **passphrase)?;
        }
        writeln!(out, "The 24 recovery words, for the sealed envelope. They are shown only now:\n")?;
        // Two columns, read downwards, as they are numbered on the printed sheet.
        let (left, right) = self.outcome.recovery_words.split_at(self.outcome.recovery_words.len() / 2);
        for (row, (first, second)) in left.iter().zip(right).enumerate() {
            writeln!(out, "    {:2}. {first:<12}  {:2}. {second}", row + 1, row + 1 + left.len())?;
        }
        writeln!(
            out,
            "\nWrite them on paper and keep them away from this computer. Whoever has the passphrase or the words"
        )?;
        writeln!(out, "can read every backup; without either of them nobody can, and nobody can help.\n")?;
        writeln!(out, "Head words of this repository: {}", self.outcome.head_words.join(" "))
    }

    fn json(&self) -> impl Serialize {
        MadeJson {
            repository: self.outcome.repository.to_hex(),
            writer: self.outcome.writer.to_hex(),
            recovery_words: &self.outcome.recovery_words,
            generated_passphrase: self.outcome.generated_passphrase.as_ref().map(|passphrase| passphrase.as_str()),
            head_words: &self.outcome.head_words,
        }
    }
}
