//! `chest config`: the settings, where each of them comes from, and whether their file is in order.

use crate::args::{Common, Config};
use crate::bounded::open_at_once;
use crate::errors::{CliError, Failure};
use crate::exit::Exit;
use crate::output::names::{for_json, shown};
use crate::output::tables::{Side, write_table};
use crate::output::{Console, Report};
use crate::repository::Repository;
use crate::settings::{Chosen, FilePlace, Origin, SecretSource, Settings, file_place};
use chest_engine::source::Excludes;
use chest_engine::store::s3::without_user_info;
use serde::Serialize;
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Runs it.
pub fn run(common: &Common, what: Config) -> Result<Exit, Failure> {
    let console = Console { json: common.json };
    let place = file_place().ok_or(CliError::NoHome)?;
    match what {
        Config::Path => console.show(&Where { exists: place.path.exists(), place })?,
        Config::Show => console.show(&All { settings: &Settings::gather(common)?, place: &place })?,
        Config::Check => {
            check(&Settings::gather(common)?)?;
            console.show(&InOrder { exists: place.path.exists(), place })?;
        }
    }
    Ok(Exit::Done)
}

/// What reading the file does not find by itself.
fn check(settings: &Settings) -> Result<(), CliError> {
    match &settings.repository {
        Ok(Repository::Bucket(bucket)) => bucket.check()?,
        // The way may be meant for a bucket that is named at a run.
        Ok(Repository::Folder(_)) | Err(CliError::NoRepositoryGiven) => {
            settings.choices.way_to_storage()?.check_way()?
        }
        Err(error) => return Err(error.clone()),
    }
    Excludes::new(&settings.exclude, true).map_err(|error| CliError::Exclude(error.to_string()))?;
    match &settings.secret {
        SecretSource::PassphraseFile(path) | SecretSource::WordsFile(path) => open_at_once(path)
            .map(drop)
            .map_err(|error| CliError::SecretFile { path: path.clone(), problem: error.to_string() }),
        _ => Ok(()),
    }
}

#[derive(Serialize)]
struct PlaceJson {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    exists: bool,
}

fn place_json(path: &Path, exists: bool) -> PlaceJson {
    let (path, path_bytes) = for_json(path.as_os_str().as_bytes());
    PlaceJson { path, path_bytes, exists }
}

struct Where {
    place: FilePlace,
    exists: bool,
}

impl Report for Where {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", shown(self.place.path.as_os_str().as_bytes()))
    }

    fn json(&self) -> impl Serialize {
        place_json(&self.place.path, self.exists)
    }
}

struct InOrder {
    place: FilePlace,
    exists: bool,
}

impl Report for InOrder {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let path = shown(self.place.path.as_os_str().as_bytes());
        match self.exists {
            true => writeln!(out, "The settings in {path} are in order."),
            false => writeln!(out, "There is no file of settings ({path}), and none is needed."),
        }
    }

    fn json(&self) -> impl Serialize {
        place_json(&self.place.path, self.exists)
    }
}

struct All<'s> {
    settings: &'s Settings,
    place: &'s FilePlace,
}

#[derive(Serialize)]
struct AllJson {
    path: String,
    settings: Vec<SettingJson>,
}

#[derive(Serialize)]
struct SettingJson {
    name: &'static str,
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_bytes: Option<String>,
    from: Option<&'static str>,
}

impl All<'_> {
    /// Every setting that can be had from several places: its name in the file, and what it is.
    fn rows(&self) -> Vec<(&'static str, Option<Chosen>)> {
        let choices = &self.settings.choices;
        let secret = choices.secret.map(|origin| Chosen { value: secret_place(&self.settings.secret), origin });
        let mut rows = vec![
            ("repository", choices.repository.clone().map(address)),
            ("state-dir", Some(choices.state_dir.clone())),
            ("cache-dir", Some(choices.cache_dir.clone())),
            (secret_name(&self.settings.secret), secret),
            ("s3-endpoint", choices.s3_endpoint.clone().map(|chosen| hiding_user_info(&chosen))),
            ("s3-region", choices.s3_region.clone()),
            ("s3-ca", choices.s3_ca.clone()),
        ];
        let patterns = self.settings.exclude.iter();
        rows.extend(patterns.map(|one| ("exclude", Some(Chosen { value: one.into(), origin: Origin::File }))));
        rows
    }
}

impl Report for All<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |(name, chosen): (&str, Option<Chosen>)| match chosen {
            Some(Chosen { value, origin }) => {
                vec![name.to_owned(), shown(value.as_bytes()), in_words(origin).to_owned()]
            }
            None => vec![name.to_owned(), "-".to_owned(), "not set".to_owned()],
        };
        let rows: Vec<Vec<String>> = self.rows().into_iter().map(row).collect();
        write_table(out, &[Side::Left, Side::Left, Side::Left], &rows)
    }

    fn json(&self) -> impl Serialize {
        let setting = |(name, chosen): (&'static str, Option<Chosen>)| {
            let (value, value_bytes) = chosen.as_ref().map(|chosen| for_json(chosen.value.as_bytes())).unzip();
            let from = chosen.map(|chosen| code(chosen.origin));
            SettingJson { name, value, value_bytes: value_bytes.flatten(), from }
        };
        let (path, _) = for_json(self.place.path.as_os_str().as_bytes());
        AllJson { path, settings: self.rows().into_iter().map(setting).collect() }
    }
}

/// A folder may have any name; an address may hold a key, by mistake.
fn address(chosen: Chosen) -> Chosen {
    let is_address = chosen.value.to_string_lossy().contains("://");
    if is_address { hiding_user_info(&chosen) } else { chosen }
}

fn hiding_user_info(chosen: &Chosen) -> Chosen {
    let value = without_user_info(&chosen.value.to_string_lossy()).into_owned().into();
    Chosen { value, origin: chosen.origin }
}

fn secret_name(secret: &SecretSource) -> &'static str {
    match secret {
        SecretSource::Passphrase(_) | SecretSource::NotGiven => "passphrase",
        SecretSource::PassphraseFile(_) => "passphrase-file",
        SecretSource::PassphraseCommand(_) => "passphrase-command",
        SecretSource::WordsFile(_) => "recovery-words-file",
    }
}

/// Where the secret lies; a command may hold a secret itself.
fn secret_place(secret: &SecretSource) -> OsString {
    match secret {
        SecretSource::PassphraseFile(path) | SecretSource::WordsFile(path) => path.clone().into_os_string(),
        SecretSource::Passphrase(_) | SecretSource::PassphraseCommand(_) | SecretSource::NotGiven => {
            "(not shown)".into()
        }
    }
}

fn in_words(origin: Origin) -> &'static str {
    match origin {
        Origin::Flag(name) | Origin::Variable(name) => name,
        Origin::File => "the file of settings",
        Origin::System => "the system's own place",
    }
}

fn code(origin: Origin) -> &'static str {
    match origin {
        Origin::Flag(name) | Origin::Variable(name) => name,
        Origin::File => "file",
        Origin::System => "system",
    }
}
