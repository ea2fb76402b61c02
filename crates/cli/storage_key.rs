//! The key to S3 storage: from the variables that every such program reads, or from the file that they share. It is never
//! typed on the command line, where other users of the computer could read it.

use crate::errors::CliError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where the key comes from.
pub enum StorageKeySource {
    /// Variables: either may be missing by mistake.
    Given {
        /// `AWS_ACCESS_KEY_ID`.
        id: Option<Zeroizing<Vec<u8>>>,
        /// `AWS_SECRET_ACCESS_KEY`.
        secret_key: Option<Zeroizing<Vec<u8>>>,
        /// `AWS_SESSION_TOKEN`.
        session_token: Option<Zeroizing<Vec<u8>>>,
    },
    /// A section of the file that AWS's programs share.
    File {
        /// Which file; `None` where there is no home folder either.
        path: Option<PathBuf>,
        /// Which section.
        profile: String,
    },
}

/// A key. Has no `Debug`: it must not be printed by accident.
pub struct StorageKey {
    /// What the storage knows it by.
    pub id: Zeroizing<String>,
    /// The secret.
    pub secret_key: Zeroizing<String>,
    /// For keys that end after some hours.
    pub session_token: Option<Zeroizing<String>>,
}

/// Fetches it.
pub fn storage_key(source: &StorageKeySource) -> Result<StorageKey, CliError> {
    match source {
        StorageKeySource::Given { id, secret_key, session_token } => {
            let half = |name: &str| CliError::NoStorageKey(format!("{name} is not set, and its other half is"));
            Ok(StorageKey {
                id: text(id.as_ref().ok_or_else(|| half("AWS_ACCESS_KEY_ID"))?)?,
                secret_key: text(secret_key.as_ref().ok_or_else(|| half("AWS_SECRET_ACCESS_KEY"))?)?,
                session_token: session_token.as_ref().map(text).transpose()?,
            })
        }
        StorageKeySource::File { path: Some(path), profile } => from_file(path, profile),
        StorageKeySource::File { path: None, .. } => {
            Err(CliError::NoStorageKey("none is set, and there is no home folder to look for one".to_owned()))
        }
    }
}

fn text(bytes: &Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, CliError> {
    let text = std::str::from_utf8(bytes).map_err(|_| CliError::NoStorageKey("it is not text".to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn from_file(path: &Path, profile: &str) -> Result<StorageKey, CliError> {
    let shown = path.display();
    let missing = |what: String| CliError::NoStorageKey(what);
    let bytes = std::fs::read(path).map(Zeroizing::new).map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(format!("AWS_ACCESS_KEY_ID is not set, and there is no file {shown}")),
        _ => missing(format!("{shown} cannot be read: {error}")),
    })?;
    let text = text(&bytes)?;
    let value = |name: &str| setting(&text, profile, name);
    let must = |name: &str| value(name).ok_or_else(|| missing(format!("{shown} has no {name} in [{profile}]")));
    Ok(StorageKey {
        id: Zeroizing::new(must("aws_access_key_id")?.to_owned()),
        secret_key: Zeroizing::new(must("aws_secret_access_key")?.to_owned()),
        session_token: value("aws_session_token").map(|token| Zeroizing::new(token.to_owned())),
    })
}

/// `name = value` in the section of that name. Lines that begin with `#` or `;` are for people.
fn setting<'t>(text: &'t str, section: &str, name: &str) -> Option<&'t str> {
    let mut is_inside = false;
    let mut found = None;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_inside = heading.trim() == section;
        } else if let Some((key, value)) = line.split_once('=')
            && is_inside
            && key.trim().eq_ignore_ascii_case(name)
        {
            found = Some(value.trim()).filter(|value| !value.is_empty());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# keys\n[default]\naws_access_key_id = AAA\naws_secret_access_key=s+/=x\n\n\
        [ council ]\r\nAWS_ACCESS_KEY_ID=BBB\r\n; aws_secret_access_key = old\naws_secret_access_key = two\n\
        aws_session_token = three\n[empty]\naws_access_key_id =\n";

    fn key(profile: &str) -> Result<StorageKey, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        std::fs::write(&path, FILE).unwrap();
        storage_key(&StorageKeySource::File { path: Some(path), profile: profile.to_owned() })
    }

    #[test]
    fn the_file_has_a_section_for_each_profile() {
        let default = key("default").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((default.id.as_str(), default.secret_key.as_str()), ("AAA", "s+/=x"));
        assert!(default.session_token.is_none());
        let council = key("council").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((council.id.as_str(), council.secret_key.as_str()), ("BBB", "two"));
        assert_eq!(council.session_token.as_deref().map(String::as_str), Some("three"));
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_secret_is_not() {
        for profile in ["empty", "nobody"] {
            let Err(CliError::NoStorageKey(what)) = key(profile) else { panic!("{profile}") };
            assert!(what.contains("aws_access_key_id") && what.contains(profile), "{what}");
        }
        let secret_key = Some(Zeroizing::new(b"very-secret".to_vec()));
        let half = StorageKeySource::Given { id: None, secret_key, session_token: None };
        let Err(error) = storage_key(&half) else { panic!("half a key") };
        assert!(error.to_string().contains("AWS_ACCESS_KEY_ID") && !error.to_string().contains("very-secret"));
    }
}
