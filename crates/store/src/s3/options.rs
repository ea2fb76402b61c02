//! What a store on S3 is opened with, and the rules for addresses: checked before the first byte leaves the computer.

use super::Authorities;
use crate::retry::LONGEST_SILENCE;
use crate::{AtOnce, StoreError};
use http::Uri;
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use zeroize::Zeroizing;

/// S3 allows 1,024 bytes for a key; an object's name needs at most 200 of them.
const LONGEST_PREFIX: usize = 800;

/// Everything that leads to one repository in a bucket.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// `https://…` of an S3-compatible service; none for AWS itself. `http://` is allowed on this computer only.
    pub endpoint: Option<String>,
    /// The region, as the provider names it.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What every key begins with, such as `council/laptop`; may be empty. Slashes at its ends do not matter.
    pub prefix: String,
    /// The credential's public half.
    pub access_key: Secret,
    /// The credential's secret half.
    pub secret_key: Secret,
    /// A third part, which short-lived credentials have.
    pub session_token: Option<Secret>,
    /// Whether the bucket stands in the path instead of the host name; none for what suits the endpoint.
    pub path_style: Option<bool>,
    /// The only authorities to be trusted, instead of the system's.
    pub authorities: Option<Authorities>,
    /// How long to wait.
    pub timeouts: S3Timeouts,
    /// How many requests that move much may be under way at once; of small ones, several times as many.
    pub concurrency: usize,
}

/// How long a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct S3Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// Without a byte either way.
    pub silence: Duration,
    /// Bytes in a second that the slowest line carries, which all requests share. One that takes longer although it moves is
    /// given up too.
    pub slowest_line: u64,
}

impl Default for S3Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), silence: LONGEST_SILENCE, slowest_line: 50_000 }
    }
}

/// So many small requests are as much of a burden as one large one.
const SMALL_FOR_A_LARGE: usize = 8;
const MOST_AT_ONCE: usize = 256;

impl S3Options {
    /// How many requests are made at once unless somebody says otherwise.
    pub const AT_ONCE: AtOnce = AtOnce { large: 8, small: 8 * SMALL_FOR_A_LARGE };

    pub(super) fn at_once(&self) -> AtOnce {
        let large = self.concurrency.clamp(1, MOST_AT_ONCE);
        AtOnce { large, small: (large * SMALL_FOR_A_LARGE).min(MOST_AT_ONCE) }
    }

    /// A bucket at AWS in London, with usual patience and as many requests at once as are usual.
    pub fn new(bucket: impl Into<String>, access_key: Secret, secret_key: Secret) -> Self {
        Self {
            endpoint: None,
            region: "eu-west-2".to_owned(),
            bucket: bucket.into(),
            prefix: String::new(),
            access_key,
            secret_key,
            session_token: None,
            path_style: None,
            authorities: None,
            timeouts: S3Timeouts::default(),
            concurrency: Self::AT_ONCE.large,
        }
    }
}

/// Part of a credential: wiped when dropped, and never shown.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes it over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<Zeroizing<String>> for Secret {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Whether it can be a half of a key, or what goes with one: such texts have neither blanks nor anything that a line of a request
/// cannot hold, as the end of a line has that comes from a file edited on another system.
pub fn is_plain_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether it can be the name of a region: it becomes part of a host's name.
pub fn is_region(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=64).contains(&text.len()) && text.chars().all(allowed)
}

/// An address fit to be shown: somebody may have written a name and a password into it.
pub fn without_user_info(address: &str) -> Cow<'_, str> {
    // Whatever the parts of such an address are taken for: nothing before the last of these signs is shown.
    let Some((before, host)) = address.rsplit_once('@') else { return Cow::Borrowed(address) };
    let scheme = before.find("://").map_or("", |end| &before[..end + 3]);
    Cow::Owned(format!("{scheme}(hidden)@{host}"))
}

/// Refuses what can lead nowhere before anything is sent.
pub(super) fn check(options: &S3Options) -> Result<(), StoreError> {
    check_bucket(&options.bucket)?;
    options.endpoint.as_deref().map_or(Ok(()), check_endpoint)?;
    if !is_region(&options.region) {
        return Err(StoreError::BadAddress(format!("{:?} cannot be the name of a region", options.region)));
    }
    let key = [Some(&options.access_key), Some(&options.secret_key), options.session_token.as_ref()];
    if key.into_iter().flatten().any(|part| !is_plain_key(part.reveal())) {
        return Err(StoreError::BadAddress("the key to it holds a character that no key has".to_owned()));
    }
    Ok(())
}

/// Refuses an endpoint that is not plainly the address of a service, or over which strangers could listen.
pub fn check_endpoint(endpoint: &str) -> Result<(), StoreError> {
    let shown = without_user_info(endpoint);
    let bad = |why: &str| Err(StoreError::BadAddress(format!("{shown:?}: {why}")));
    let Ok(uri) = endpoint.parse::<Uri>() else { return bad("this is no web address") };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return bad("it must begin with https://");
    };
    if authority.as_str().contains('@') {
        return bad("a name or password must not stand in the address");
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || endpoint.contains('#') {
        return bad("nothing may follow the name of the host; bucket and folder are given apart");
    }
    // What stands after the colon may be no number of a port at all, or a larger one than there is.
    let names_port = authority.as_str().rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    if names_port && uri.port_u16().is_none_or(|port| port == 0) {
        return bad("there is no such port");
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_this_computer(uri.host().unwrap_or_default()) => Ok(()),
        "http" => bad("http:// is not encrypted on the way and is allowed on this computer only; use https://"),
        _ => bad("it must begin with https://"),
    }
}

fn is_this_computer(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Refuses what no bucket is called.
pub fn check_bucket(bucket: &str) -> Result<(), StoreError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    // S3's own rule is stricter; some services allow a little more.
    if (3..=63).contains(&bucket.len()) && bucket.chars().all(allowed) && !bucket.contains("..") {
        return Ok(());
    }
    Err(StoreError::BadAddress(format!("{bucket:?} cannot be the name of a bucket")))
}

/// With a slash at its end and none at its beginning, or empty.
pub(super) fn normalise_prefix(prefix: &str) -> Result<String, StoreError> {
    let trimmed = prefix.trim_matches('/');
    if trimmed.is_empty() {
        return Ok(String::new());
    }
    let good = |part: &str| !matches!(part, "" | "." | "..") && !part.chars().any(|c| c.is_control() || c == '\\');
    if trimmed.len() <= LONGEST_PREFIX && trimmed.split('/').all(good) {
        return Ok(format!("{trimmed}/"));
    }
    Err(StoreError::BadAddress(format!("{prefix:?} cannot be a folder in a bucket")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unencrypted_line_is_for_this_computer_only() {
        for here in ["http://127.0.0.1:3900", "http://127.8.9.1", "http://[::1]:3900", "http://localhost:3900/"] {
            assert!(check_endpoint(here).is_ok(), "{here}");
        }
        for there in
            ["http://192.168.1.2", "http://127.1", "http://localhost.evil.example", "http://[::2]", "http://nas:9000"]
        {
            assert!(matches!(check_endpoint(there), Err(StoreError::BadAddress(_))), "{there}");
        }
    }

    #[test]
    fn only_the_plain_address_of_a_service_is_an_endpoint() {
        assert!(check_endpoint("https://s3.example.org").is_ok());
        for bad in [
            "",
            "s3.example.org",
            "ftp://s3.example.org",
            "https://",
            "https://user:word@s3.example.org",
            "https://s3.example.org/bucket",
            "https://s3.example.org/?x=1",
            "https://s3.example.org#x",
            "https://s3 example.org",
            "https://s3.example.org:99999",
            "https://s3.example.org:0",
            "https://s3.example.org:",
            "https://[::1]:65536",
        ] {
            assert!(matches!(check_endpoint(bad), Err(StoreError::BadAddress(_))), "{bad}");
        }
        for good in ["https://s3.example.org:65535", "https://[::1]", "https://[::1]:443"] {
            assert!(check_endpoint(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_never_repeated() {
        for address in [
            "https://u:sekret@s3.example.org",
            "u:sekret@host",
            "https://u:se/sekret@host",
            "https://u:a@sekret@host/?x",
        ] {
            let Err(error) = check_endpoint(address) else { panic!("{address}") };
            assert!(!error.to_string().contains("sekret"), "{error}");
        }
        assert_eq!(without_user_info("https://u:p@host:1/a"), "https://(hidden)@host:1/a");
        assert_eq!(without_user_info("https://host"), "https://host");
    }

    #[test]
    fn what_no_request_could_carry_is_refused_before_one_is_made_and_not_shown() {
        let opened = |change: &dyn Fn(&mut S3Options)| {
            let mut options = S3Options::new("bucket", Secret::new("GKaaaa"), Secret::new("bbbb+/="));
            change(&mut options);
            check(&options)
        };
        assert!(opened(&|_| {}).is_ok());
        for bad in ["GKhush\r", "GKhush\n", "GK hush", "GKhush\u{7f}", "GKhüsh", ""] {
            for (part, change) in [
                ("id", &(|options: &mut S3Options| options.access_key = Secret::new(bad)) as &dyn Fn(&mut S3Options)),
                ("secret", &|options| options.secret_key = Secret::new(bad)),
                ("token", &|options| options.session_token = Some(Secret::new(bad))),
            ] {
                let Err(StoreError::BadAddress(words)) = opened(change) else { panic!("{part} {bad:?}") };
                assert!(!words.contains("hush"), "{words}");
            }
        }
        for bad in ["x.evil.org/", "", "eu west", "eu-west-2\r", "eu-wést", &"a".repeat(65)] {
            assert!(opened(&|options| options.region = bad.to_owned()).is_err(), "{bad:?}");
        }
        for good in ["eu-west-2", "garage", "auto", "fr-par", "eu_central_003"] {
            assert!(opened(&|options| options.region = good.to_owned()).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_prefix_ends_with_one_slash_or_is_empty() {
        for (given, normal) in [("", ""), ("/", ""), ("a", "a/"), ("/a/b//", "a/b/"), ("St Mary's/PC", "St Mary's/PC/")]
        {
            assert_eq!(normalise_prefix(given).unwrap(), normal);
        }
        for bad in ["a//b", "../a", "a/./b", "a\u{7}b", "a\\b", &"a".repeat(801)] {
            assert!(normalise_prefix(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_bucket_has_a_name_that_fits_into_a_host_name_or_path() {
        assert!(check_bucket("parish-chest.example").is_ok());
        for bad in ["", "ab", "a/b", "a b", "a..b", "arn:aws:s3", &"a".repeat(64)] {
            assert!(check_bucket(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_credential_is_never_shown() {
        let options = S3Options::new("bucket", Secret::new("AKIAPUBLIC"), Secret::new("verysecret"));
        let shown = format!("{options:?}");
        assert!(!shown.contains("AKIAPUBLIC") && !shown.contains("verysecret"), "{shown}");
    }
}
