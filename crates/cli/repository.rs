//! Where a repository lies, as it is written: a folder, or a bucket of S3 storage with a prefix in it.

use crate::bounded::read_path_at_most;
use crate::errors::CliError;
use crate::output::names::shown_place;
use crate::storage_key::StorageKey;
use chest_engine::store::StoreError;
use chest_engine::store::s3::{Authorities, S3Options, Secret, check_bucket, check_endpoint, is_region};
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

const S3: &[u8] = b"s3://";

/// All authorities that a system trusts fit into a tenth of it.
const LONGEST_CERTIFICATES: usize = 4 << 20;

/// Where a repository lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repository {
    /// In a folder.
    Folder(PathBuf),
    /// In S3 storage.
    Bucket(BucketAddress),
}

/// A bucket, and how to get there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketAddress {
    /// Its name.
    pub bucket: String,
    /// What the names of all objects begin with, without a slash at either end; may be empty.
    pub prefix: String,
    /// Where the storage answers; AWS where it is not given.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The certificate of the storage's own authority.
    pub ca_file: Option<PathBuf>,
}

impl Repository {
    /// A folder is taken as it is; what looks like an address must be one that is known.
    pub fn parse(text: OsString) -> Result<Self, CliError> {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(CliError::EmptyRepository);
        }
        if let Some(address) = bytes.strip_prefix(S3) {
            return BucketAddress::parse(address).map(Self::Bucket).map_err(|problem| CliError::NotABucket { problem });
        }
        // A colon in a folder's name is nothing strange; a whole scheme is.
        match bytes.windows(3).position(|three| three == b"://") {
            Some(end) if bytes[..end].iter().all(u8::is_ascii_alphanumeric) => {
                Err(CliError::UnknownScheme { scheme: String::from_utf8_lossy(&bytes[..end]).into_owned() })
            }
            _ => Ok(Self::Folder(PathBuf::from(OsString::from_vec(text.into_vec())))),
        }
    }

    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Bucket(_) => None,
        }
    }
}

/// As it is typed.
impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => f.write_str(&shown_place(folder)),
            Self::Bucket(address) if address.prefix.is_empty() => write!(f, "s3://{}", address.bucket),
            Self::Bucket(address) => write!(f, "s3://{}/{}", address.bucket, address.prefix),
        }
    }
}

impl BucketAddress {
    /// What a store is opened with.
    pub fn options(&self, key: StorageKey) -> Result<S3Options, CliError> {
        Ok(S3Options {
            endpoint: self.endpoint.clone(),
            region: self.region()?,
            prefix: self.prefix.clone(),
            session_token: key.session_token.map(Secret::from),
            authorities: self.ca_file.as_deref().map(authorities).transpose()?,
            ..S3Options::new(self.bucket.clone(), key.id.into(), key.secret_key.into())
        })
    }

    fn region(&self) -> Result<String, CliError> {
        match (&self.region, &self.endpoint) {
            (Some(region), _) if is_region(region) => Ok(region.clone()),
            (Some(region), _) => Err(CliError::NotARegion(region.clone())),
            // Most other storage has one region and calls it by the first one's name.
            (None, Some(_)) => Ok("us-east-1".to_owned()),
            (None, None) => Err(CliError::NoRegion),
        }
    }

    /// What is wrong with it, as far as can be told without its key and without asking it.
    pub fn check(&self) -> Result<(), CliError> {
        self.region()?;
        check_bucket(&self.bucket).map_err(|error| bad_address(&error))?;
        self.check_way()
    }

    /// The same of the way to storage alone, whatever bucket is named another time.
    pub fn check_way(&self) -> Result<(), CliError> {
        self.region.as_ref().map_or(Ok(()), |_| self.region().map(drop))?;
        self.endpoint.as_deref().map_or(Ok(()), check_endpoint).map_err(|error| bad_address(&error))?;
        self.ca_file.as_deref().map_or(Ok(()), |path| authorities(path).map(drop))
    }

    /// `bucket/prefix`; slashes at the end are as good as none. What a store cannot use, the store refuses.
    fn parse(text: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(text).map_err(|_| "it is not text")?;
        let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
        if bucket.contains('@') {
            return Err("a key does not belong into it");
        }
        if bucket.is_empty() {
            return Err("it names no bucket");
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned(), ..Self::default() })
    }
}

fn bad_address(error: &StoreError) -> CliError {
    CliError::StorageAddress(error.to_string())
}

fn authorities(path: &Path) -> Result<Authorities, CliError> {
    let failed = |problem: String| CliError::StorageCertificate { path: path.to_owned(), problem };
    let pem = read_path_at_most(path, LONGEST_CERTIFICATES).map_err(|error| failed(error.to_string()))?;
    Authorities::from_pem(&pem).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Repository, CliError> {
        Repository::parse(text.into())
    }

    #[test]
    fn a_folder_is_taken_as_it_is_and_an_unknown_scheme_is_refused_by_name() {
        assert_eq!(parse(""), Err(CliError::EmptyRepository));
        for text in ["/media/usb", "a://b/../x y", "C:\\x", "s3:/bucket"] {
            let folder = parse(text);
            match text.contains("://") {
                true => assert_eq!(folder, Err(CliError::UnknownScheme { scheme: "a".to_owned() })),
                false => assert_eq!(folder, Ok(Repository::Folder(text.into()))),
            }
        }
        assert_eq!(parse("/odd/a://b"), Ok(Repository::Folder("/odd/a://b".into())));
    }

    #[test]
    fn an_address_in_s3_is_a_bucket_and_a_prefix() {
        for (text, bucket, prefix, again) in [
            ("s3://council", "council", "", "s3://council"),
            ("s3://council/", "council", "", "s3://council"),
            ("s3://my.council-1/chest/office/", "my.council-1", "chest/office", "s3://my.council-1/chest/office"),
        ] {
            let Ok(Repository::Bucket(address)) = parse(text) else { panic!("{text}") };
            assert_eq!((address.bucket.as_str(), address.prefix.as_str()), (bucket, prefix));
            assert_eq!(Repository::Bucket(address).to_string(), again);
        }
    }

    #[test]
    fn what_names_no_bucket_is_refused_and_a_key_in_it_is_not_repeated() {
        for text in ["s3://", "s3:///x", "s3://id:secret@bucket/x"] {
            let Err(error @ CliError::NotABucket { .. }) = parse(text) else { panic!("{text}") };
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
