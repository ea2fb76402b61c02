//! The passphrase or the recovery words: fetched from where the settings say, or asked for without showing what is typed.
//! Nothing but standard input is ever read from the keyboard, so that a program that runs this one stays in control.

use crate::errors::CliError;
use crate::interrupt::Interrupt;
use crate::settings::SecretSource;
use chest_engine::repo::slot::{Credential, normalise_passphrase};
use chest_engine::repo::words::{RECOVERY_WORD_COUNT, TypedWords};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::ffi::OsStr;
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// What opens the repository.
pub fn credential(source: &SecretSource, can_ask: bool, interrupt: &Interrupt) -> Result<Credential, CliError> {
    match source {
        SecretSource::WordsFile(path) => words(&read_file(path)?),
        SecretSource::NotGiven if can_ask => from_prompt(&ask(interrupt)?),
        SecretSource::NotGiven => Err(CliError::NoSecret),
        _ => given_passphrase(source)?.map(Credential::Passphrase).ok_or(CliError::NoSecret),
    }
}

/// The passphrase for a new repository, if one was given.
pub fn given_passphrase(source: &SecretSource) -> Result<Option<Zeroizing<String>>, CliError> {
    let passphrase = match source {
        SecretSource::Passphrase(given) => given.clone(),
        SecretSource::PassphraseFile(path) => read_file(path)?,
        SecretSource::PassphraseCommand(command) => run(command)?,
        SecretSource::WordsFile(_) | SecretSource::NotGiven => return Ok(None),
    };
    if normalise_passphrase(&passphrase).is_empty() {
        return Err(CliError::EmptyPassphrase);
    }
    Ok(Some(passphrase))
}

/// Waits until somebody presses Enter.
pub fn wait_for_enter() {
    let _ = std::io::stdin().lock().read_line(&mut String::new());
}

fn words(text: &str) -> Result<Credential, CliError> {
    TypedWords::parse(text).map(Credential::Words).map_err(CliError::Words)
}

/// Whoever types 24 words means the sheet.
fn from_prompt(typed: &str) -> Result<Credential, CliError> {
    if typed.split_whitespace().count() == RECOVERY_WORD_COUNT {
        return words(typed);
    }
    if normalise_passphrase(typed).is_empty() {
        return Err(CliError::EmptyPassphrase);
    }
    Ok(Credential::Passphrase(Zeroizing::new(typed.to_owned())))
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, CliError> {
    let failed = |error: std::io::Error| CliError::SecretFile { path: path.to_owned(), problem: error.to_string() };
    let bytes = Zeroizing::new(std::fs::read(path).map_err(failed)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| CliError::SecretNotText { from: "the file" })?;
    Ok(without_line_end(text))
}

fn run(command: &OsStr) -> Result<Zeroizing<String>, CliError> {
    let failed = |problem: String| CliError::SecretCommand { problem };
    let answer = Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let bytes = Zeroizing::new(answer.stdout);
    if !answer.status.success() {
        return Err(failed(answer.status.to_string()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| CliError::SecretNotText { from: "the command" })?;
    Ok(without_line_end(text))
}

/// Editors and `echo` end a file with a line end that nobody means.
fn without_line_end(text: &str) -> Zeroizing<String> {
    let cut = text.strip_suffix('\n').unwrap_or(text);
    Zeroizing::new(cut.strip_suffix('\r').unwrap_or(cut).to_owned())
}

fn ask(interrupt: &Interrupt) -> Result<Zeroizing<String>, CliError> {
    let _ = write!(std::io::stderr(), "Passphrase (or the 24 recovery words): ");
    let _ = std::io::stderr().flush();
    hide_typing(interrupt);
    let mut typed = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().read_line(&mut typed);
    interrupt.end_prompt();
    let _ = writeln!(std::io::stderr());
    match read {
        // Ctrl-D: nobody is going to type anything.
        Ok(0) | Err(_) => Err(CliError::NoSecret),
        Ok(_) => Ok(without_line_end(&typed)),
    }
}

/// Where echo cannot be switched off, the typing shows: still better than no way in.
fn hide_typing(interrupt: &Interrupt) {
    let stdin = std::io::stdin();
    if let Ok(mut modes) = tcgetattr(&stdin) {
        interrupt.begin_prompt(modes.clone());
        modes.local_modes.remove(LocalModes::ECHO);
        let _ = tcsetattr(&stdin, OptionalActions::Flush, &modes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> SecretSource {
        SecretSource::Passphrase(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn one_line_end_is_cut_and_nothing_else() {
        for (text, cut) in [("a\n", "a"), ("a\r\n", "a"), (" a \n\n", " a \n"), ("a", "a"), ("", "")] {
            assert_eq!(*without_line_end(text), cut, "{text:?}");
        }
    }

    #[test]
    fn an_empty_passphrase_is_never_taken() {
        assert!(matches!(given_passphrase(&source(" \t")), Err(CliError::EmptyPassphrase)));
        assert!(matches!(from_prompt(""), Err(CliError::EmptyPassphrase)));
    }

    #[test]
    fn twenty_four_typed_words_are_the_sheet_and_a_bad_one_is_named() {
        assert!(matches!(from_prompt(&"abandon ".repeat(24)), Ok(Credential::Words(_))));
        assert!(matches!(from_prompt(&"parish ".repeat(24)), Err(CliError::Words(_))));
        assert!(matches!(from_prompt("three red apples"), Ok(Credential::Passphrase(_))));
    }

    #[test]
    fn a_command_is_run_by_the_shell_and_its_failure_is_told() {
        let run = |command: &str| run(OsStr::new(command));
        assert_eq!(*run("printf 'three red'; echo ' apples'").unwrap(), "three red apples");
        assert!(matches!(run("exit 3"), Err(CliError::SecretCommand { .. })));
    }
}
