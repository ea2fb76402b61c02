//! What was meant: what was typed, with the variables of the environment behind it. The only place that reads them.

use crate::args::{Common, ProgressStyle};
use crate::errors::CliError;
use etcetera::app_strategy::{AppStrategy, AppStrategyArgs, Xdg};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Where the passphrase or the recovery words come from.
pub enum SecretSource {
    /// It was given.
    Passphrase(Zeroizing<String>),
    /// A file holds it.
    PassphraseFile(PathBuf),
    /// A command of the shell writes it.
    PassphraseCommand(OsString),
    /// A file holds the recovery words.
    WordsFile(PathBuf),
    /// Nobody said.
    NotGiven,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressShown {
    /// A bar that is redrawn.
    Bar,
    /// Lines for people.
    Lines,
    /// Lines for programs.
    Json,
    /// Not at all.
    Nothing,
}

/// What was meant.
pub struct Settings {
    /// The folder that holds the repository.
    pub repository: Result<PathBuf, CliError>,
    /// Where the secret comes from.
    pub secret: SecretSource,
    /// What must not be lost lightly.
    pub state_dir: PathBuf,
    /// What may be deleted at any time.
    pub cache_dir: PathBuf,
    /// Whether a program reads the answer.
    pub json: bool,
    /// How progress is shown.
    pub progress: ProgressShown,
    /// Whether somebody sits at standard input.
    pub can_ask: bool,
}

impl Settings {
    /// Flags beat variables.
    pub fn gather(common: &Common) -> Result<Self, CliError> {
        let repository = common.repo.clone().or_else(|| variable("CHEST_REPO"));
        Ok(Self {
            repository: repository.ok_or(CliError::NoRepositoryGiven).and_then(folder),
            secret: secret()?,
            state_dir: place("CHEST_STATE_DIR", |system| system.state_dir().unwrap_or_else(|| system.data_dir()))?,
            cache_dir: place("CHEST_CACHE_DIR", AppStrategy::cache_dir)?,
            json: common.json,
            progress: progress(common, std::io::stderr().is_terminal()),
            can_ask: std::io::stdin().is_terminal(),
        })
    }
}

/// A variable that is set and not empty: scripts pass on empty ones without meaning anything by it.
fn variable(name: &str) -> Option<OsString> {
    // This file is where the environment comes in.
    #[allow(clippy::disallowed_methods)]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn folder(text: OsString) -> Result<PathBuf, CliError> {
    let scheme = text.as_bytes().windows(3).position(|three| three == b"://");
    match scheme {
        Some(end) => Err(CliError::NotAFolderRepository {
            scheme: String::from_utf8_lossy(&text.as_bytes()[..end]).into_owned(),
        }),
        None => Ok(PathBuf::from(text)),
    }
}

fn secret() -> Result<SecretSource, CliError> {
    if let Some(value) = variable("CHEST_PASSPHRASE") {
        let text =
            String::from_utf8(value.into_vec()).map_err(|_| CliError::SecretNotText { from: "CHEST_PASSPHRASE" })?;
        return Ok(SecretSource::Passphrase(Zeroizing::new(text)));
    }
    if let Some(path) = variable("CHEST_PASSPHRASE_FILE") {
        return Ok(SecretSource::PassphraseFile(path.into()));
    }
    if let Some(command) = variable("CHEST_PASSPHRASE_COMMAND") {
        return Ok(SecretSource::PassphraseCommand(command));
    }
    Ok(variable("CHEST_RECOVERY_WORDS_FILE")
        .map_or(SecretSource::NotGiven, |path| SecretSource::WordsFile(path.into())))
}

fn place(name: &str, of: impl Fn(&Xdg) -> PathBuf) -> Result<PathBuf, CliError> {
    if let Some(given) = variable(name) {
        return Ok(given.into());
    }
    let app = AppStrategyArgs {
        top_level_domain: "uk".to_owned(),
        author: "Parish Chest".to_owned(),
        app_name: "parish-chest".to_owned(),
    };
    let system = Xdg::new(app).map_err(|_| CliError::NoHome)?;
    Ok(of(&system))
}

fn progress(common: &Common, is_terminal: bool) -> ProgressShown {
    match common.progress {
        Some(ProgressStyle::Json) => ProgressShown::Json,
        Some(ProgressStyle::None) => ProgressShown::Nothing,
        Some(ProgressStyle::Auto) | None if common.plain => ProgressShown::Lines,
        Some(ProgressStyle::Auto) | None if is_terminal => ProgressShown::Bar,
        Some(ProgressStyle::Auto) => ProgressShown::Lines,
        // A program that asked for JSON has not asked for lines beside it.
        None if common.json => ProgressShown::Nothing,
        None => ProgressShown::Lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(json: bool, plain: bool, progress: Option<ProgressStyle>) -> Common {
        Common { repo: None, json, plain, progress }
    }

    #[test]
    fn a_folder_is_taken_as_it_is_and_a_scheme_is_refused_by_name() {
        assert_eq!(folder("/media/usb".into()).ok(), Some(PathBuf::from("/media/usb")));
        match folder("s3://bucket/prefix".into()) {
            Err(CliError::NotAFolderRepository { scheme }) => assert_eq!(scheme, "s3"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bars_are_only_for_terminals_and_never_with_plain() {
        assert_eq!(progress(&common(false, false, None), true), ProgressShown::Bar);
        assert_eq!(progress(&common(false, true, None), true), ProgressShown::Lines);
        assert_eq!(progress(&common(false, false, None), false), ProgressShown::Lines);
        assert_eq!(progress(&common(true, false, None), false), ProgressShown::Nothing);
        assert_eq!(progress(&common(true, false, Some(ProgressStyle::Json)), false), ProgressShown::Json);
        assert_eq!(progress(&common(false, false, Some(ProgressStyle::None)), true), ProgressShown::Nothing);
    }
}
