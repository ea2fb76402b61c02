//! What was meant: what was typed, with the variables of the environment behind it, and the file of settings behind those. The
//! only place that reads them.

mod file;

pub use file::{FilePlace, SettingsFile};

use crate::args::{Common, ProgressStyle};
use crate::errors::CliError;
use crate::repository::{BucketAddress, Repository};
use crate::storage_key::StorageKeySource;
use etcetera::app_strategy::{AppStrategy, AppStrategyArgs, Xdg};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;
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

/// Who made a setting what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was typed.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// The file of settings.
    File,
    /// Nobody: it is the system's own place.
    System,
}

/// A setting, and who made it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// What it is.
    pub value: OsString,
    /// Who said so.
    pub origin: Origin,
}

/// The settings that can come from several places, as they were chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Where the repository is.
    pub repository: Option<Chosen>,
    /// What must not be lost lightly.
    pub state_dir: Chosen,
    /// What may be deleted at any time.
    pub cache_dir: Chosen,
    /// The S3 service's address.
    pub s3_endpoint: Option<Chosen>,
    /// Its region.
    pub s3_region: Option<Chosen>,
    /// A certificate of its own.
    pub s3_ca: Option<Chosen>,
    /// Where the secret comes from, not what it is; `None`: somebody is asked.
    pub secret: Option<Origin>,
}

/// What was meant.
pub struct Settings {
    /// What the program was called by.
    pub program: OsString,
    /// Where the repository lies.
    pub repository: Result<Repository, CliError>,
    /// Where the key to S3 storage comes from.
    pub storage_key: StorageKeySource,
    /// How long storage that does not answer is waited for, if somebody said.
    pub storage_patience: Option<Duration>,
    /// Where each setting comes from.
    pub choices: Choices,
    /// Patterns of what every backup leaves out, from the file of settings.
    pub exclude: Vec<String>,
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
    /// Flags beat variables, and variables beat the file.
    pub fn gather(common: &Common) -> Result<Self, CliError> {
        let file = SettingsFile::read(file_place().as_ref())?;
        let (secret, secret_origin) = secret(&file)?;
        let choices = Choices::make(common, &file, secret_origin)?;
        Ok(Self {
            program: std::env::args_os().next().unwrap_or_else(|| "chest".into()),
            repository: repository(&choices),
            storage_key: storage_key(),
            storage_patience: storage_patience()?,
            secret,
            state_dir: PathBuf::from(&choices.state_dir.value),
            cache_dir: PathBuf::from(&choices.cache_dir.value),
            exclude: file.exclude,
            choices,
            json: common.json,
            progress: progress(common, std::io::stderr().is_terminal()),
            can_ask: std::io::stdin().is_terminal(),
        })
    }
}

impl Choices {
    /// The way to S3 storage, without a bucket.
    pub fn way_to_storage(&self) -> Result<BucketAddress, CliError> {
        let text = |name, chosen: &Option<Chosen>| {
            let value = chosen.as_ref().map(|chosen| chosen.value.clone().into_string());
            value.transpose().map_err(|_| CliError::StorageSettingNotText { name })
        };
        Ok(BucketAddress {
            endpoint: text("CHEST_S3_ENDPOINT", &self.s3_endpoint)?,
            region: text("CHEST_S3_REGION", &self.s3_region)?,
            ca_file: self.s3_ca.as_ref().map(|chosen| PathBuf::from(&chosen.value)),
            ..BucketAddress::default()
        })
    }

    fn make(common: &Common, file: &SettingsFile, secret: Option<Origin>) -> Result<Self, CliError> {
        let nothing_typed = |name, written: &Option<OsString>| choose(None, name, written.as_ref());
        Ok(Self {
            repository: choose(
                common.repo.clone().map(|typed| ("--repo", typed)),
                "CHEST_REPO",
                file.repository.as_ref(),
            ),
            state_dir: match nothing_typed("CHEST_STATE_DIR", &file.state_dir) {
                Some(chosen) => chosen,
                None => systems_own(|system| system.state_dir().unwrap_or_else(|| system.data_dir()))?,
            },
            cache_dir: match nothing_typed("CHEST_CACHE_DIR", &file.cache_dir) {
                Some(chosen) => chosen,
                None => systems_own(AppStrategy::cache_dir)?,
            },
            s3_endpoint: choose(
                common.s3_endpoint.clone().map(|typed| ("--s3-endpoint", typed)),
                "CHEST_S3_ENDPOINT",
                file.s3_endpoint.as_ref(),
            ),
            s3_region: choose(
                common.s3_region.clone().map(|typed| ("--s3-region", typed)),
                "CHEST_S3_REGION",
                file.s3_region.as_ref(),
            )
            // Set already where other programs use the same storage.
            .or_else(|| choose(None, "AWS_REGION", None)),
            s3_ca: choose(common.s3_ca.clone().map(|typed| ("--s3-ca", typed)), "CHEST_S3_CA", file.s3_ca.as_ref()),
            secret,
        })
    }
}

fn choose(typed: Option<(&'static str, OsString)>, name: &'static str, written: Option<&OsString>) -> Option<Chosen> {
    let typed = typed.map(|(flag, value)| Chosen { value, origin: Origin::Flag(flag) });
    typed
        .or_else(|| variable(name).map(|value| Chosen { value, origin: Origin::Variable(name) }))
        .or_else(|| written.map(|value| Chosen { value: value.clone(), origin: Origin::File }))
}

/// Where the file of settings is looked for; `None` where nobody named one and there is no home folder.
pub fn file_place() -> Option<FilePlace> {
    match variable("CHEST_CONFIG") {
        Some(path) => Some(FilePlace { path: path.into(), named: true }),
        None => {
            let system = system().ok()?;
            Some(FilePlace { path: system.config_dir().join("chest.toml"), named: false })
        }
    }
}

/// A variable that is set and not empty: scripts pass on empty ones without meaning anything by it.
fn variable(name: &str) -> Option<OsString> {
    // This file is where the environment comes in.
    #[allow(clippy::disallowed_methods)]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn repository(choices: &Choices) -> Result<Repository, CliError> {
    let address = choices.repository.as_ref().ok_or(CliError::NoRepositoryGiven)?.value.clone();
    let bucket = match Repository::parse(address)? {
        Repository::Bucket(bucket) => bucket,
        folder @ Repository::Folder(_) => return Ok(folder),
    };
    let BucketAddress { bucket, prefix, .. } = bucket;
    Ok(Repository::Bucket(BucketAddress { bucket, prefix, ..choices.way_to_storage()? }))
}

fn storage_patience() -> Result<Option<Duration>, CliError> {
    const NAME: &str = "CHEST_S3_PATIENCE";
    let parsed = |value: OsString| value.to_str().and_then(|text| text.trim().parse().ok());
    let seconds = variable(NAME).map(|value| parsed(value).ok_or(CliError::NotSeconds { name: NAME })).transpose()?;
    Ok(seconds.map(Duration::from_secs))
}

/// In the order of AWS's own programs.
fn storage_key() -> StorageKeySource {
    let secret = |name| variable(name).map(|value| Zeroizing::new(value.into_vec()));
    match (secret("AWS_ACCESS_KEY_ID"), secret("AWS_SECRET_ACCESS_KEY")) {
        (None, None) => StorageKeySource::File {
            path: variable("AWS_SHARED_CREDENTIALS_FILE")
                .map(PathBuf::from)
                .or_else(|| etcetera::home_dir().ok().map(|home| home.join(".aws/credentials"))),
            profile: variable("AWS_PROFILE").unwrap_or_else(|| "default".into()).to_string_lossy().into_owned(),
        },
        (id, secret_key) => StorageKeySource::Given { id, secret_key, session_token: secret("AWS_SESSION_TOKEN") },
    }
}

fn secret(file: &SettingsFile) -> Result<(SecretSource, Option<Origin>), CliError> {
    let by = |name| Some(Origin::Variable(name));
    if let Some(value) = variable("CHEST_PASSPHRASE") {
        let text =
            String::from_utf8(value.into_vec()).map_err(|_| CliError::SecretNotText { from: "CHEST_PASSPHRASE" })?;
        return Ok((SecretSource::Passphrase(Zeroizing::new(text)), by("CHEST_PASSPHRASE")));
    }
    if let Some(path) = variable("CHEST_PASSPHRASE_FILE") {
        return Ok((SecretSource::PassphraseFile(path.into()), by("CHEST_PASSPHRASE_FILE")));
    }
    if let Some(command) = variable("CHEST_PASSPHRASE_COMMAND") {
        return Ok((SecretSource::PassphraseCommand(command), by("CHEST_PASSPHRASE_COMMAND")));
    }
    if let Some(path) = variable("CHEST_RECOVERY_WORDS_FILE") {
        return Ok((SecretSource::WordsFile(path.into()), by("CHEST_RECOVERY_WORDS_FILE")));
    }
    Ok(match (&file.passphrase_file, &file.passphrase_command) {
        (Some(path), _) => (SecretSource::PassphraseFile(path.into()), Some(Origin::File)),
        (None, Some(command)) => (SecretSource::PassphraseCommand(command.clone()), Some(Origin::File)),
        (None, None) => (SecretSource::NotGiven, None),
    })
}

fn system() -> Result<Xdg, CliError> {
    let app = AppStrategyArgs {
        top_level_domain: "uk".to_owned(),
        author: "Parish Chest".to_owned(),
        app_name: "parish-chest".to_owned(),
    };
    Xdg::new(app).map_err(|_| CliError::NoHome)
}

fn systems_own(of: impl Fn(&Xdg) -> PathBuf) -> Result<Chosen, CliError> {
    Ok(Chosen { value: of(&system()?).into_os_string(), origin: Origin::System })
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
        Common { json, plain, progress, ..Common::default() }
    }

    #[test]
    fn what_is_typed_about_the_storage_belongs_to_a_bucket_only() {
        let typed = |repo: &str| Common {
            repo: Some(repo.into()),
            s3_endpoint: Some("https://s3.example.org".into()),
            s3_region: Some("uk".into()),
            s3_ca: Some("/etc/own-ca.pem".into()),
            ..Common::default()
        };
        let meant = |repo: &str| {
            let file = SettingsFile { s3_region: Some("elsewhere".into()), ..SettingsFile::default() };
            repository(&Choices::make(&typed(repo), &file, None)?)
        };
        assert_eq!(meant("/media/usb"), Ok(Repository::Folder("/media/usb".into())));
        let bucket = BucketAddress {
            bucket: "council".to_owned(),
            prefix: "chest".to_owned(),
            endpoint: Some("https://s3.example.org".to_owned()),
            region: Some("uk".to_owned()),
            ca_file: Some("/etc/own-ca.pem".into()),
        };
        assert_eq!(meant("s3://council/chest"), Ok(Repository::Bucket(bucket)));
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
