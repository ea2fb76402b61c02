//! `chest completions` and `chest man`: for those who package the program.

use crate::args::Typed;
use crate::errors::{CliError, Failure};
use crate::exit::Exit;
use crate::output;
use clap::CommandFactory;
use clap_complete::Shell;

/// Writes a completion script.
pub fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Typed::command(), "chest", &mut script);
    output::write_bytes(&script)?;
    Ok(Exit::Done)
}

/// Writes the manual page of a command, or of the program.
pub fn page(command: &[String]) -> Result<Exit, Failure> {
    let mut described = Typed::command();
    described.build();
    for name in command {
        let found = described.find_subcommand(name).cloned();
        described = found.ok_or_else(|| CliError::NoSuchCommand(command.join(" ")))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(described).render(&mut page).map_err(|error| Failure::output(&error))?;
    output::write_bytes(&page)?;
    Ok(Exit::Done)
}
