//! The passphrase or the recovery words: fetched from where the settings say, or asked for without showing what is typed.
//! Nothing but standard input is ever read from the keyboard, so that a program that runs this one stays in control.

use crate::bounded::{BETWEEN_LOOKS, Unbounded, await_at_most};
use crate::errors::CliError;
use crate::interrupt::Interrupt;
use crate::settings::SecretSource;
use chest_engine::repo::slot::{Credential, normalise_passphrase};
use chest_engine::repo::words::{RECOVERY_WORD_COUNT, TypedWords};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::ffi::OsStr;
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use zeroize::Zeroizing;

/// No passphrase and no 24 words are as long as this.
const LONGEST: usize = 16 << 10;

/// What opens the repository.
pub fn credential(source: &SecretSource, can_ask: bool, interrupt: &Interrupt) -> Result<Credential, CliError> {
    match source {
        SecretSource::WordsFile(path) => words(&read_file(path, interrupt)?),
        SecretSource::NotGiven if can_ask => from_prompt(&ask(interrupt)?),
        SecretSource::NotGiven => Err(CliError::NoSecret),
        _ => given_passphrase(source, interrupt)?.map(Credential::Passphrase).ok_or(CliError::NoSecret),
    }
}

/// The passphrase for a new repository, if one was given.
pub fn given_passphrase(source: &SecretSource, interrupt: &Interrupt) -> Result<Option<Zeroizing<String>>, CliError> {
    let passphrase = match source {
        SecretSource::Passphrase(given) => given.clone(),
        SecretSource::PassphraseFile(path) => read_file(path, interrupt)?,
        SecretSource::PassphraseCommand(command) => run(command, interrupt)?,
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
    if TypedWords::are_meant_by(typed) {
        return words(typed);
    }
    if normalise_passphrase(typed).is_empty() {
        return Err(CliError::EmptyPassphrase);
    }
    Ok(Credential::Passphrase(Zeroizing::new(typed.to_owned())))
}

/// A pipe is as good as a file: that is how shells hand over what is never to lie on a disk.
fn read_file(path: &Path, interrupt: &Interrupt) -> Result<Zeroizing<String>, CliError> {
    let failed = |problem: String| CliError::SecretFile { path: path.to_owned(), problem };
    let opened = path.to_owned();
    let bytes = await_at_most(move || std::fs::File::open(opened), LONGEST, interrupt)
        .map_err(|problem| unread(&problem, failed))?;
    text(&bytes, "the file")
}

fn run(command: &OsStr, interrupt: &Interrupt) -> Result<Zeroizing<String>, CliError> {
    let failed = |problem: String| CliError::SecretCommand { problem };
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut command = shell.spawn().map_err(|error| failed(error.to_string()))?;
    let heard = hear(&mut command, interrupt);
    if heard.is_err() {
        // Nobody listens to it any more. What it has started itself ends when it writes on.
        let _ = command.kill();
        let _ = command.wait();
    }
    let (bytes, status) = heard.map_err(|problem| unread(&problem, failed))?;
    if !status.success() {
        return Err(failed(status.to_string()));
    }
    text(&bytes, "the command")
}

/// All that a command writes, and how it ends.
fn hear(command: &mut Child, interrupt: &Interrupt) -> Result<(Zeroizing<Vec<u8>>, ExitStatus), Unbounded> {
    let out = command.stdout.take().ok_or_else(|| std::io::Error::other("it has no output"))?;
    let bytes = await_at_most(move || Ok(out), LONGEST, interrupt)?;
    loop {
        if let Some(status) = command.try_wait()? {
            return Ok((bytes, status));
        }
        if interrupt.is_asked() {
            return Err(Unbounded::Interrupted);
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

fn unread(problem: &Unbounded, failed: impl FnOnce(String) -> CliError) -> CliError {
    match problem {
        Unbounded::Interrupted => CliError::Interrupted,
        Unbounded::TooLong(_) | Unbounded::Failed(_) => failed(problem.to_string()),
    }
}

fn text(bytes: &[u8], from: &'static str) -> Result<Zeroizing<String>, CliError> {
    let text = std::str::from_utf8(bytes).map_err(|_| CliError::SecretNotText { from })?;
    Ok(without_line_end(without_mark(text)))
}

/// Editors on Windows begin a file with a mark that nobody sees and nobody can type.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
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
    let read = read_answer(&mut typed);
    interrupt.end_prompt();
    let _ = writeln!(std::io::stderr());
    match read {
        // Ctrl-D: nobody is going to type anything.
        Err(_) => Err(CliError::NoSecret),
        Ok(()) if typed.is_empty() => Err(CliError::NoSecret),
        Ok(()) => Ok(without_line_end(&typed)),
    }
}

/// One line; of a sheet that is pasted as it is printed, or typed row by row, all of its lines: whatever were left over, the
/// shell would show and keep.
fn read_answer(typed: &mut String) -> std::io::Result<()> {
    while std::io::stdin().lock().read_line(typed)? > 0 && !typed.ends_with("\n\n") {
        match TypedWords::begun_by(typed) {
            Some(words @ ..RECOVERY_WORD_COUNT) => {
                let left = RECOVERY_WORD_COUNT - words;
                let _ = writeln!(std::io::stderr(), "\nThe other {left} words (an empty line ends this):");
            }
            _ => break,
        }
    }
    Ok(())
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
    fn the_mark_at_the_beginning_of_a_file_is_no_part_of_the_passphrase() {
        for (bytes, passphrase) in [
            (&b"\xef\xbb\xbfthree red apples\r\n"[..], "three red apples"),
            (b"three\xef\xbb\xbf red apples", "three\u{feff} red apples"),
            (b"\xef\xbb\xbf", ""),
        ] {
            assert_eq!(*text(bytes, "the file").unwrap(), passphrase);
        }
    }

    #[test]
    fn an_empty_passphrase_is_never_taken() {
        assert!(matches!(given_passphrase(&source(" \t"), &Interrupt::default()), Err(CliError::EmptyPassphrase)));
        assert!(matches!(from_prompt(""), Err(CliError::EmptyPassphrase)));
    }

    #[test]
    fn twenty_four_typed_words_are_the_sheet_and_a_bad_one_is_named() {
        assert!(matches!(from_prompt(&"abandon ".repeat(24)), Ok(Credential::Words(_))));
        assert!(matches!(from_prompt(&"parish ".repeat(24)), Err(CliError::Words(_))));
        let numbered: String = (1..=24).map(|number| format!("{number}. abandon ")).collect();
        assert!(matches!(from_prompt(&numbered), Ok(Credential::Words(_))));
        assert!(matches!(from_prompt("three red apples"), Ok(Credential::Passphrase(_))));
    }

    #[test]
    fn a_command_is_run_by_the_shell_and_its_failure_is_told() {
        let run = |command: &str| run(OsStr::new(command), &Interrupt::default());
        assert_eq!(*run("printf 'three red'; echo ' apples'").unwrap(), "three red apples");
        assert!(matches!(run("exit 3"), Err(CliError::SecretCommand { .. })));
    }
}
