//! `chest init`: shows, once, what must be written down, and makes the repository when it has been shown.

use crate::args::Init;
use crate::context::Workplace;
use crate::errors::{CliError, Doing, Failure};
use crate::exit::Exit;
use crate::output::{Report, goes_nowhere};
use crate::repository::Repository;
use crate::secrets;
use chest_engine::init::{InitOptions, InitOutcome, prepare};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::slot::KdfCost;
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace, args: &Init) -> Result<Exit, Failure> {
    let repository = workplace.repository()?;
    let passphrase = secrets::given_passphrase(&workplace.settings.secret, &workplace.interrupt)?;
    if passphrase.is_none() && !workplace.settings.can_ask {
        return Err(CliError::NoPassphraseForInit.into());
    }
    if goes_nowhere() {
        return Err(CliError::WordsUnseen.into());
    }
    if workplace.interrupt.is_asked() {
        return Err(CliError::Interrupted.into());
    }
    let place = workplace.create_place(Doing::Making)?;
    let memory_kib = args.kdf_memory.map_or(KdfCost::DEFAULT.memory_kib, |mebibytes| mebibytes * 1024);
    let options = InitOptions {
        passphrase,
        cost: KdfCost { memory_kib, ..KdfCost::DEFAULT },
        configuration: Configuration::new(),
    };
    let context = workplace.context(place.store);
    let prepared = prepare(&context, options).map_err(|error| Failure::of(&error, Doing::Making))?;
    // From the words on there is no way back: they are shown for a repository that will be there.
    if !workplace.interrupt.begin_finishing() {
        return Err(CliError::Interrupted.into());
    }
    // Nothing is put before these are out: of a repository whose words nobody has seen, nobody would ever see them.
    workplace.show_for_certain(&ToWriteDown { outcome: prepared.outcome(), repository })?;
    prepared.commit(&context).map_err(|error| Failure::of(&error, Doing::Making))?;
    workplace.interrupt.done();
    workplace
        .console
        .remark(&format!("\nThe new repository in {repository} is ready. This computer may add backups to it."));
    if workplace.settings.can_ask && !workplace.settings.json {
        workplace.console.remark("\nPress Enter when you have written this down.");
        secrets::wait_for_enter();
    }
    Ok(Exit::Done)
}

struct ToWriteDown<'o> {
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

impl Report for ToWriteDown<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "For the new repository in {}, to be written down:\n", self.repository)?;
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
