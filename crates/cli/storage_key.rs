//! The key to S3 storage: from the variables that every such program reads, or from the file that they share. It is never
//! typed on the command line, where other users of the computer could read it.

use crate::bounded::{Unbounded, read_path_at_most};
use crate::errors::CliError;
use chest_engine::store::s3::is_plain_key;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A file of keys that is longer than this is none.
const LONGEST: usize = 1 << 20;

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
            let given = |part: &Option<Zeroizing<Vec<u8>>>, name: &str| {
                plain(&text(part.as_ref().ok_or_else(|| half(name))?, name)?, name)
            };
            Ok(StorageKey {
                id: given(id, "AWS_ACCESS_KEY_ID")?,
                secret_key: given(secret_key, "AWS_SECRET_ACCESS_KEY")?,
                session_token: session_token
                    .is_some()
                    .then(|| given(session_token, "AWS_SESSION_TOKEN"))
                    .transpose()?,
            })
        }
        StorageKeySource::File { path: Some(path), profile } => from_file(path, profile),
        StorageKeySource::File { path: None, .. } => {
            Err(CliError::NoStorageKey("none is set, and there is no home folder to look for one".to_owned()))
        }
    }
}

fn text(bytes: &Zeroizing<Vec<u8>>, name: &str) -> Result<Zeroizing<String>, CliError> {
    let text = std::str::from_utf8(bytes).map_err(|_| CliError::StorageKeyNotPlain {
        name: name.to_owned(),
        problem: "holds something that is not text",
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Refused and not mended: a variable that is wrong for this program is wrong for the next one too.
fn plain(text: &str, name: &str) -> Result<Zeroizing<String>, CliError> {
    let problem = match text {
        text if is_plain_key(text) => return Ok(Zeroizing::new(text.to_owned())),
        text if is_plain_key(text.trim_end_matches(['\r', '\n'])) => {
            "ends with the end of a line, which is no part of a key"
        }
        _ => "holds a character that no key has",
    };
    Err(CliError::StorageKeyNotPlain { name: name.to_owned(), problem })
}

fn from_file(path: &Path, profile: &str) -> Result<StorageKey, CliError> {
    let shown = path.display();
    let missing = |what: String| CliError::NoStorageKey(what);
    let bytes = read_path_at_most(path, LONGEST).map_err(|error| match error {
        Unbounded::Failed(error) if error.kind() == ErrorKind::NotFound => {
            missing(format!("AWS_ACCESS_KEY_ID is not set, and there is no file {shown}"))
        }
        _ => missing(format!("{shown} cannot be read: {error}")),
    })?;
    let text = text(&bytes, &shown.to_string())?;
    let value = |name: &str| {
        let value = setting(&text, profile, name);
        value.map(|value| plain(value, &format!("{name} in [{profile}] of {shown}"))).transpose()
    };
    let must = |name: &str| value(name)?.ok_or_else(|| missing(format!("{shown} has no {name} in [{profile}]")));
    Ok(StorageKey {
        id: must("aws_access_key_id")?,
        secret_key: must("aws_secret_access_key")?,
        session_token: value("aws_session_token")?,
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
        key_in(FILE, profile)
    }

    fn key_in(text: &str, profile: &str) -> Result<StorageKey, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        std::fs::write(&path, text).unwrap();
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
    fn a_key_with_what_no_request_can_carry_is_refused_by_the_name_of_its_variable() {
        let part = |bytes: &[u8]| Some(Zeroizing::new(bytes.to_vec()));
        let told = |source: StorageKeySource| match storage_key(&source) {
            Err(error @ CliError::StorageKeyNotPlain { .. }) => error.to_string(),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("a bad key was taken"),
        };
        for bad in [b"hush\r".as_slice(), b"hush\n", b"hu sh", b"h\xc3\xbcsh", b"hush\xff", b"hu\x1bsh"] {
            for (name, source) in [
                ("AWS_ACCESS_KEY_ID", [part(bad), part(b"b"), None]),
                ("AWS_SECRET_ACCESS_KEY", [part(b"a"), part(bad), None]),
                ("AWS_SESSION_TOKEN", [part(b"a"), part(b"b"), part(bad)]),
            ] {
                let [id, secret_key, session_token] = source;
                let words = told(StorageKeySource::Given { id, secret_key, session_token });
                assert!(words.starts_with(name) && !words.contains("hu") && !words.contains('\r'), "{words:?}");
            }
        }
        let Err(error) = key_in("[default]\naws_access_key_id = A\naws_secret_access_key = hush\u{7}hush\n", "default")
        else {
            panic!("a bad key was taken")
        };
        let words = error.to_string();
        assert!(words.starts_with("aws_secret_access_key in [default] of") && !words.contains("hush"), "{words:?}");
    }

    #[test]
    fn a_file_that_never_ends_is_read_no_further_than_files_of_keys_are_long() {
        let source = StorageKeySource::File { path: Some("/dev/zero".into()), profile: "default".to_owned() };
        let Err(CliError::NoStorageKey(what)) = storage_key(&source) else { panic!("it ended") };
        assert!(what.contains("/dev/zero cannot be read: more than"), "{what}");
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
