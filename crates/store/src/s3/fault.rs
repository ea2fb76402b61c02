//! What an answer that is no success means. Judged by status and code, never by the words beside them.

use super::http::NotConnected;
use super::watch::GivenUp;
use crate::{ObjectName, StoreError};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rustls::pki_types::InvalidDnsNameError;
use rustls::{AlertDescription, Error as TlsError};
use std::error::Error;
use std::time::Duration;

/// The longest part of a store's own words that is passed on.
const LONGEST_WORDS: usize = 300;

/// How a request failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was never sent.
    NotSent(StoreError),
    /// It may have been carried out: no answer came, or only part of one.
    Lost(String),
    /// Somebody asked to stop while it was under way: it may have been carried out.
    Stopped,
    /// The store answered.
    Answered(Answer),
}

/// An answer that is no success.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub status: u16,
    pub code: String,
    pub words: String,
    /// It is a page for people, such as a router's or a hotel's.
    pub is_web_page: bool,
    pub retry_after: Option<Duration>,
}

/// What was asked for, to be named where it fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub doing: &'static str,
    pub bucket: &'a str,
    /// The key or prefix.
    pub what: &'a str,
    /// The object, where one was asked for.
    pub name: Option<&'a ObjectName>,
}

/// The kinds of refusal that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    NoSuchPlace,
    NotFound,
    WrongClock,
    WrongKey,
    WrongRegion,
    Refused,
    NoSpace,
    Busy,
    Garbled,
    NotAStore,
    Unsupported,
    Other,
}

const NOT_FOUND: &[&str] = &["NoSuchKey", "NoSuchVersion"];
const NO_SPACE: &[&str] = &[
    "EntityTooLargeForQuota",
    "InsufficientStorage",
    "InsufficientStorageSpace",
    "QuotaExceeded",
    "QuotaExceededException",
    "StorageFull",
    "StorageQuotaExceeded",
    "XMinioAdminBucketQuotaExceeded",
    "XMinioStorageFull",
];
const REFUSED: &[&str] =
    &["AccessDenied", "AccountProblem", "AllAccessDisabled", "InvalidObjectState", "InvalidSecurity", "NotSignedUp"];
const WRONG_KEY: &[&str] =
    &["ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired"];
const WRONG_REGION: &[&str] = &["AuthorizationHeaderMalformed", "PermanentRedirect"];
const BUSY: &[&str] = &[
    "ConditionalRequestConflict",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
];
/// What arrived there was not what was sent.
const GARBLED: &[&str] =
    &["BadDigest", "IncompleteBody", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"];

impl Answer {
    pub(super) fn meaning(&self) -> Meaning {
        let code = self.code.as_str();
        match self.status {
            _ if code == "NoSuchBucket" => Meaning::NoSuchPlace,
            _ if NOT_FOUND.contains(&code) => Meaning::NotFound,
            _ if code == "RequestTimeTooSkewed" => Meaning::WrongClock,
            _ if NO_SPACE.contains(&code) => Meaning::NoSpace,
            _ if WRONG_KEY.contains(&code) => Meaning::WrongKey,
            _ if WRONG_REGION.contains(&code) => Meaning::WrongRegion,
            _ if REFUSED.contains(&code) => Meaning::Refused,
            _ if GARBLED.contains(&code) => Meaning::Garbled,
            _ if BUSY.contains(&code) => Meaning::Busy,
            _ if code == "NotImplemented" => Meaning::Unsupported,
            // A 404 that says nothing more may come from anything on the way: it never proves that an object is gone.
            204 | 404 => Meaning::NotAStore,
            200..=299 if self.is_web_page => Meaning::NotAStore,
            200..=299 => Meaning::Garbled,
            300..=399 => Meaning::WrongRegion,
            401 | 403 | 407 => Meaning::Refused,
            429 | 500 | 502..=504 | 520..=530 => Meaning::Busy,
            501 => Meaning::Unsupported,
            507 => Meaning::NoSpace,
            _ => Meaning::Other,
        }
    }

    fn text(&self) -> String {
        let code = if self.code.is_empty() { "no code of S3" } else { &self.code };
        match self.words.as_str() {
            "" => format!("{code}, status {}", self.status),
            words => format!("{code}, status {}: {words}", self.status),
        }
    }

    fn hint(&self) -> &'static str {
        match self.code.as_str() {
            "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => "it has run out: ",
            "InvalidAccessKeyId" => "it is not known there: ",
            "SignatureDoesNotMatch" => "the secret half is wrong: ",
            "InvalidObjectState" => "the object was moved to an archive and has to be called back there first: ",
            _ => "",
        }
    }
}

impl Fault {
    /// The store's or the line's fault as one of ours.
    pub(super) fn into_error(self, asked: Asked<'_>) -> StoreError {
        let answer = match self {
            Self::NotSent(error) => return error,
            Self::Lost(what) => return StoreError::Unreachable(what),
            Self::Stopped => return StoreError::Stopped,
            Self::Answered(answer) => answer,
        };
        let text = answer.text();
        match (answer.meaning(), asked.name) {
            (Meaning::NoSuchPlace, _) => StoreError::NoSuchPlace(format!("the bucket {}", asked.bucket)),
            (Meaning::NotFound, Some(name)) => StoreError::NotFound(name.clone()),
            (Meaning::NotFound | Meaning::Garbled, _) => asked.garbled(text),
            (Meaning::NotAStore, _) => StoreError::NotAStore(text),
            (Meaning::WrongClock, _) => StoreError::WrongClock(text),
            (Meaning::WrongKey, _) => StoreError::WrongKey(format!("{}{text}", answer.hint())),
            (Meaning::WrongRegion, _) => StoreError::WrongRegion(text),
            (Meaning::Refused, _) => {
                StoreError::Refused(format!("{} {}: {}{text}", asked.doing, asked.what, answer.hint()))
            }
            (Meaning::NoSpace, _) => StoreError::NoSpace(text),
            (Meaning::Busy, _) => StoreError::Busy { what: text, wait: answer.retry_after },
            (Meaning::Unsupported, _) => StoreError::Unsupported("do what it was asked"),
            (Meaning::Other, _) => {
                StoreError::Io { doing: asked.doing, name: asked.what.to_owned(), source: std::io::Error::other(text) }
            }
        }
    }

    /// The answer, if it has that meaning.
    pub(super) fn means(&self, meaning: Meaning) -> bool {
        matches!(self, Self::Answered(answer) if answer.meaning() == meaning)
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::Answered(answer) if answer.code == code)
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(answer) => Some(answer.status),
            Self::NotSent(_) | Self::Lost(_) | Self::Stopped => None,
        }
    }

    /// Whether it shows that the store is there.
    pub(super) fn is_an_answer(&self) -> bool {
        matches!(self, Self::Answered(_))
    }
}

impl From<GivenUp> for Fault {
    fn from(given_up: GivenUp) -> Self {
        match given_up {
            GivenUp::Silent(time) => Self::Lost(format!("no byte came or went for {} seconds", time.as_secs())),
            GivenUp::TooSlow(time) => Self::Lost(format!("no answer within {} seconds", time.as_secs())),
            GivenUp::Stopped => Self::Stopped,
        }
    }
}

impl Asked<'_> {
    pub(super) fn garbled(&self, what: impl Into<String>) -> StoreError {
        StoreError::Garbled { doing: self.doing, name: self.what.to_owned(), what: what.into() }
    }
}

impl<E: ProvideErrorMetadata + Error + 'static> From<SdkError<E, HttpResponse>> for Fault {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        match &error {
            SdkError::ServiceError(service) => Self::Answered(answer(service.err(), service.raw())),
            SdkError::ResponseError(answer) => Self::Answered(Answer {
                status: answer.raw().status().as_u16(),
                words: plain("the answer makes no sense"),
                is_web_page: is_web_page(answer.raw()),
                ..Answer::default()
            }),
            SdkError::ConstructionFailure(_) => Self::NotSent(never_sent(&error)),
            SdkError::DispatchFailure(failure) if failure.is_user() => Self::NotSent(never_sent(&error)),
            _ => match find::<NotConnected>(&error) {
                Some(NotConnected(cause)) => Self::NotSent(not_connected(cause.as_ref())),
                None => Self::Lost(words_of(&error)),
            },
        }
    }
}

fn answer<E: ProvideErrorMetadata>(error: &E, raw: &HttpResponse) -> Answer {
    let retry_after = raw.headers().get("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    Answer {
        status: raw.status().as_u16(),
        code: plain(error.code().unwrap_or_default()),
        words: plain(error.message().unwrap_or_default()),
        is_web_page: is_web_page(raw),
        retry_after: retry_after.map(Duration::from_secs),
    }
}

fn is_web_page(raw: &HttpResponse) -> bool {
    raw.headers()
        .get("content-type")
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// No request can be made out of what was given: that does not pass by waiting.
fn never_sent(error: &(dyn Error + 'static)) -> StoreError {
    StoreError::BadAddress(format!("no request can be sent there: {}", words_of(error)))
}

fn not_connected(cause: &(dyn Error + 'static)) -> StoreError {
    if find::<InvalidDnsNameError>(cause).is_some() {
        return never_sent(cause);
    }
    match find::<TlsError>(cause) {
        Some(TlsError::InvalidMessage(_)) => StoreError::NotTrusted(
            "whatever answers there does not encrypt (TLS), which https:// asks for; is the port right?".to_owned(),
        ),
        Some(tls) if is_about_trust(tls) => StoreError::NotTrusted(words_of(cause)),
        _ => StoreError::Unreachable(words_of(cause)),
    }
}

/// What the other side is, or how it speaks: the same at every further try.
fn is_about_trust(tls: &TlsError) -> bool {
    match tls {
        TlsError::InvalidCertificate(_)
        | TlsError::NoCertificatesPresented
        | TlsError::PeerIncompatible(_)
        | TlsError::PeerMisbehaved(_) => true,
        TlsError::AlertReceived(alert) => !matches!(
            alert,
            AlertDescription::CloseNotify | AlertDescription::InternalError | AlertDescription::UserCanceled
        ),
        _ => false,
    }
}

/// The two innermost causes: those outside only say that something failed.
fn words_of(error: &(dyn Error + 'static)) -> String {
    let words: Vec<String> = chain(error).map(ToString::to_string).collect();
    let mut inner = words[words.len().saturating_sub(2)..].to_vec();
    // Many errors repeat their cause in their own words.
    if let [outer, cause] = inner.as_slice()
        && outer.contains(cause.as_str())
    {
        inner.truncate(1);
    }
    plain(&inner.join(": "))
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| cause_of(*error))
}

/// What an I/O error carries is its cause, and `source` steps over it: of a TLS error, which comes in several of them, it would
/// show nothing.
fn cause_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    carried.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
}

/// A stranger's words, fit for a terminal.
fn plain(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(LONGEST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: &str) -> Answer {
        Answer { status, code: code.to_owned(), ..Answer::default() }
    }

    fn error(status: u16, code: &str) -> StoreError {
        let name = ObjectName::new("packs/ab").unwrap();
        let asked = Asked { doing: "reading", bucket: "parish", what: "packs/ab", name: Some(&name) };
        Fault::Answered(answer(status, code)).into_error(asked)
    }

    #[test]
    fn answers_are_judged_by_code_and_status() {
        for (status, code, expected) in [
            (404, "NoSuchBucket", Meaning::NoSuchPlace),
            (404, "NoSuchKey", Meaning::NotFound),
            (404, "NoSuchVersion", Meaning::NotFound),
            (403, "RequestTimeTooSkewed", Meaning::WrongClock),
            (403, "AccessDenied", Meaning::Refused),
            (403, "", Meaning::Refused),
            (401, "", Meaning::Refused),
            (400, "ExpiredToken", Meaning::WrongKey),
            (403, "InvalidAccessKeyId", Meaning::WrongKey),
            (403, "SignatureDoesNotMatch", Meaning::WrongKey),
            (400, "AuthorizationHeaderMalformed", Meaning::WrongRegion),
            (301, "PermanentRedirect", Meaning::WrongRegion),
            (307, "", Meaning::WrongRegion),
            (204, "", Meaning::NotAStore),
            (404, "", Meaning::NotAStore),
            (403, "QuotaExceeded", Meaning::NoSpace),
            (507, "", Meaning::NoSpace),
            (503, "SlowDown", Meaning::Busy),
            (429, "", Meaning::Busy),
            (500, "InternalError", Meaning::Busy),
            (502, "", Meaning::Busy),
            (504, "", Meaning::Busy),
            (400, "RequestTimeout", Meaning::Busy),
            (409, "OperationAborted", Meaning::Busy),
            (400, "BadDigest", Meaning::Garbled),
            (501, "", Meaning::Unsupported),
            (200, "", Meaning::Garbled),
            (400, "InvalidArgument", Meaning::Other),
        ] {
            assert_eq!(answer(status, code).meaning(), expected, "{status} {code}");
        }
    }

    #[test]
    fn a_404_that_is_not_the_stores_own_never_says_that_an_object_is_gone() {
        assert!(matches!(error(404, ""), StoreError::NotAStore(_)));
        assert!(matches!(error(404, "NoSuchKey"), StoreError::NotFound(_)));
        assert!(matches!(error(404, "NoSuchBucket"), StoreError::NoSuchPlace(_)));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for (status, code) in [(503, "SlowDown"), (500, ""), (400, "BadDigest"), (200, ""), (404, "")] {
            assert!(error(status, code).is_transient(), "{status} {code}");
        }
        for (status, code) in [
            (403, ""),
            (404, "NoSuchKey"),
            (404, "NoSuchBucket"),
            (507, ""),
            (501, ""),
            (400, "InvalidArgument"),
            (302, ""),
        ] {
            assert!(!error(status, code).is_transient(), "{status} {code}");
        }
        assert!(Fault::Lost("reset".to_owned()).into_error(ASKED).is_transient());
    }

    const ASKED: Asked<'static> = Asked { doing: "listing", bucket: "parish", what: "", name: None };

    #[test]
    fn a_tls_error_is_found_however_deep_it_lies_in_errors_of_the_line() {
        // With real connections: crates/testkit/tests/s3_tls.rs.
        let deep = |tls: TlsError| {
            not_connected(&std::io::Error::other(std::io::Error::new(std::io::ErrorKind::InvalidData, tls)))
        };
        let unknown = TlsError::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert!(matches!(deep(unknown), StoreError::NotTrusted(words) if words.matches("UnknownIssuer").count() == 1));
        let alert = |alert| deep(TlsError::AlertReceived(alert));
        assert!(matches!(alert(AlertDescription::UnrecognisedName), StoreError::NotTrusted(_)));
        assert!(matches!(alert(AlertDescription::InternalError), StoreError::Unreachable(_)));
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert!(matches!(not_connected(&refused), StoreError::Unreachable(_)));
    }

    #[test]
    fn a_strangers_words_cannot_reach_the_terminal_as_commands() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a[2Jbc");
        assert_eq!(plain(&"x".repeat(1000)).len(), LONGEST_WORDS);
    }
}
