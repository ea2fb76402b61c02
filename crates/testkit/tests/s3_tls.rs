//! The store on S3 over TLS: real certificates, real handshakes. Who cannot prove to be the store is told as that, at once, and
//! never taken for an outage, which would be waited for.

#![allow(clippy::unwrap_used, clippy::panic)]

use chest_store::retry::{Limits, RealPace, RetryMonitor, Retrying, Waiting};
use chest_store::s3::{Authorities, S3Options, Secret};
use chest_store::{ObjectName, ObjectStore, PutOutcome, S3Store, StoreError};
use chest_testkit::s3_server::{S3Server, S3Settings};
use chest_testkit::tls::{TlsAuthority, TlsFront, TlsIdentity, TlsLife};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const HERE: [&str; 2] = ["localhost", "127.0.0.1"];

/// Counts how often something was to be tried again, and ends it there.
#[derive(Default)]
struct Impatient(AtomicU32);

impl RetryMonitor for Impatient {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    fn waiting(&self, _: &Waiting<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn options(server: &S3Server, endpoint: String, trusted: Option<&str>) -> S3Options {
    let S3Settings { bucket, access_key, secret_key, .. } = server.settings();
    let mut options = S3Options::new(bucket, Secret::new(access_key), Secret::new(secret_key));
    options.endpoint = Some(endpoint);
    options.authorities = trusted.map(|pem| Authorities::from_pem(pem.as_bytes()).unwrap());
    options
}

/// What a first request comes to, and that nothing was tried again.
fn first_answer(options: &S3Options) -> StoreError {
    let store = match S3Store::open(options) {
        Ok(store) => store,
        // Where the system itself trusts nobody.
        Err(error) => return error,
    };
    let monitor = Arc::new(Impatient::default());
    let store = Retrying::new(store, Limits::default(), Arc::new(RealPace::new()), monitor.clone());
    let error = store.list("").unwrap_err();
    assert_eq!(monitor.0.load(Ordering::SeqCst), 0, "tried again: {error}");
    error
}

#[test]
fn over_tls_with_the_right_authority_everything_works() {
    let server = S3Server::start(S3Settings::default()).unwrap();
    let authority = TlsAuthority::new().unwrap();
    let front = TlsFront::start(server.address(), authority.vouch(&HERE, TlsLife::Unlimited).unwrap()).unwrap();
    for host in HERE {
        let endpoint = format!("https://{host}:{}", front.port());
        let store = S3Store::open(&options(&server, endpoint, Some(&authority.pem()))).unwrap();
        let name = ObjectName::new(format!("packs/{}", host.len())).unwrap();
        assert_eq!(store.put(&name, "bytes".into()).unwrap(), PutOutcome::Done);
        assert_eq!(store.get(&name).unwrap(), "bytes");
        assert!(store.list("packs/").unwrap().iter().any(|line| line.name == name));
    }
}

#[test]
fn whoever_cannot_prove_to_be_the_store_is_not_trusted_at_once() {
    let server = S3Server::start(S3Settings::default()).unwrap();
    let (ours, theirs) = (TlsAuthority::new().unwrap(), TlsAuthority::new().unwrap());
    let good = |authority: &TlsAuthority| authority.vouch(&HERE, TlsLife::Unlimited).unwrap();
    let cases = [
        ("an authority that only has the right name", good(&theirs), Some(ours.pem()), "BadSignature"),
        ("no authority given", good(&ours), None, ""),
        (
            "another name",
            ours.vouch(&["s3.example.org"], TlsLife::Unlimited).unwrap(),
            Some(ours.pem()),
            "valid for name",
        ),
        ("run out", ours.vouch(&HERE, TlsLife::Over).unwrap(), Some(ours.pem()), "expired"),
        ("vouches for itself", TlsIdentity::self_signed(&HERE).unwrap(), Some(ours.pem()), "UnknownIssuer"),
    ];
    for (case, identity, trusted, words) in cases {
        let front = TlsFront::start(server.address(), identity).unwrap();
        let endpoint = format!("https://localhost:{}", front.port());
        let error = first_answer(&options(&server, endpoint, trusted.as_deref()));
        assert!(matches!(&error, StoreError::NotTrusted(said) if said.contains(words)), "{case}: {error}");
        assert!(front.connections() <= 1, "{case}: {} connections", front.connections());
    }
    assert!(server.log().is_empty(), "somebody who was not trusted was told something");
}

#[test]
fn where_no_tls_is_spoken_that_is_said_and_not_waited_for() {
    let server = S3Server::start(S3Settings::default()).unwrap();
    let authority = TlsAuthority::new().unwrap();
    let endpoint = format!("https://localhost:{}", server.address().port());
    let error = first_answer(&options(&server, endpoint, Some(&authority.pem())));
    assert!(matches!(&error, StoreError::NotTrusted(words) if words.contains("does not encrypt")), "{error}");
}
