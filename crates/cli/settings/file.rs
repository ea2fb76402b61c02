//! The file of settings: what is the same at every run and need not be typed each time. A key that nobody knows is refused with
//! its line, because a setting that quietly does nothing is worse than none.

use crate::bounded::{Unbounded, read_file_at_most};
use crate::errors::CliError;
use serde::Deserialize;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Whoever writes more than this by hand has named another file.
const LONGEST: usize = 1 << 20;

/// Where the file of settings is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlace {
    /// Its path.
    pub path: PathBuf,
    /// Whether CHEST_CONFIG named it: then it must be there.
    pub named: bool,
}

/// What the file says, with its paths made whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsFile {
    /// `repository`.
    pub repository: Option<OsString>,
    /// `state-dir`.
    pub state_dir: Option<OsString>,
    /// `cache-dir`.
    pub cache_dir: Option<OsString>,
    /// `passphrase-file`.
    pub passphrase_file: Option<OsString>,
    /// `passphrase-command`.
    pub passphrase_command: Option<OsString>,
    /// `exclude`.
    pub exclude: Vec<String>,
    /// `s3-endpoint`.
    pub s3_endpoint: Option<OsString>,
    /// `s3-region`.
    pub s3_region: Option<OsString>,
    /// `s3-ca`.
    pub s3_ca: Option<OsString>,
}

/// As it is written.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Written {
    repository: Option<String>,
    state_dir: Option<String>,
    cache_dir: Option<String>,
    passphrase_file: Option<String>,
    passphrase_command: Option<String>,
    exclude: Vec<String>,
    s3_endpoint: Option<String>,
    s3_region: Option<String>,
    s3_ca: Option<String>,
}

impl SettingsFile {
    /// Reads it. One that nobody named may be missing.
    pub fn read(place: Option<&FilePlace>) -> Result<Self, CliError> {
        let Some(place) = place else { return Ok(Self::default()) };
        let failed = |problem: String| CliError::SettingsFile { path: place.path.clone(), line: None, problem };
        match read_file_at_most(&place.path, LONGEST) {
            Ok(bytes) => {
                let text = str::from_utf8(&bytes).map_err(|_| failed("it is not plain text in UTF-8".to_owned()))?;
                Self::parse(text, &place.path)
            }
            Err(Unbounded::Failed(error)) if error.kind() == ErrorKind::NotFound && !place.named => Ok(Self::default()),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, CliError> {
        // Not the error's whole text: that repeats the line, and somebody may have written a passphrase into it.
        let written: Written = toml::from_str(text).map_err(|error: toml::de::Error| CliError::SettingsFile {
            path: path.to_owned(),
            line: error.span().map(|span| line_of(text, span.start)),
            problem: error.message().to_owned(),
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let plain = |value: Option<String>| value.filter(|value| !value.is_empty()).map(OsString::from);
        let placed = |value: Option<String>| plain(value).map(|value| whole(&value, folder));
        Ok(Self {
            repository: placed(written.repository),
            state_dir: placed(written.state_dir),
            cache_dir: placed(written.cache_dir),
            passphrase_file: placed(written.passphrase_file),
            passphrase_command: plain(written.passphrase_command),
            exclude: written.exclude,
            s3_endpoint: plain(written.s3_endpoint),
            s3_region: plain(written.s3_region),
            s3_ca: placed(written.s3_ca),
        })
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1
}

/// A path in the file: `~/` is the home folder, and what is not absolute begins at the file's own folder, wherever the program
/// is started from. An address such as `s3://bucket` stays as it is.
fn whole(value: &OsString, folder: &Path) -> OsString {
    let path = Path::new(value);
    let is_address = value.to_str().is_some_and(|text| text.contains("://"));
    match (path.strip_prefix("~"), etcetera::home_dir()) {
        _ if is_address => value.clone(),
        (Ok(rest), Ok(home)) => home.join(rest).into_os_string(),
        _ => folder.join(path).into_os_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SettingsFile, CliError> {
        SettingsFile::parse(text, Path::new("/etc/chest/chest.toml"))
    }

    #[test]
    fn paths_begin_at_the_file_and_addresses_stay() {
        let file =
            parse("repository = \"usb/chest\"\nstate-dir = \"/var/chest\"\npassphrase-command = \"pass show chest\"")
                .unwrap();
        assert_eq!(file.repository, Some("/etc/chest/usb/chest".into()));
        assert_eq!(file.state_dir, Some("/var/chest".into()));
        assert_eq!(file.passphrase_command, Some("pass show chest".into()));
        assert_eq!(parse("repository = \"s3://bucket/a\"").unwrap().repository, Some("s3://bucket/a".into()));
        assert_eq!(parse("repository = \"\"").unwrap(), SettingsFile::default());
        let home = etcetera::home_dir().unwrap();
        assert_eq!(parse("cache-dir = \"~/cache\"").unwrap().cache_dir, Some(home.join("cache").into_os_string()));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_its_value() {
        let told = |text: &str| match parse(text) {
            Err(CliError::SettingsFile { line, problem, .. }) => (line, problem),
            other => panic!("{other:?}"),
        };
        let (line, problem) = told("# the office\n\nrepo = \"x\"\n");
        assert_eq!(line, Some(3));
        assert!(problem.contains("unknown field `repo`") && problem.contains("`repository`"), "{problem}");
        let (line, problem) = told("exclude = []\npassphrase = \"three red apples\"\n");
        assert_eq!(line, Some(2));
        assert!(!problem.contains("apples"), "{problem}");
        let (line, problem) = told("exclude = []\nrepository = three red apples\n");
        assert_eq!(line, Some(2));
        assert!(!problem.contains("apples"), "{problem}");
        assert_eq!(told("exclude = []\nrepository = 5\n").0, Some(2));
    }
}
