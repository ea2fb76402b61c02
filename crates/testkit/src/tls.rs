//! TLS in front of any server of a test, with authorities and certificates made on the spot: right ones, and those of which a
//! client must not believe a word.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Somebody who vouches for servers.
pub struct TlsAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// For how long a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsLife {
    /// Longer than any test lasts.
    Unlimited,
    /// It ended years ago.
    Over,
}

/// What a server shows of itself, and the key that proves it.
pub struct TlsIdentity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    pem: String,
}

impl TlsAuthority {
    /// A new one, which nobody trusts yet.
    pub fn new() -> io::Result<Self> {
        let mut params = params(&[], TlsLife::Unlimited)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "An authority of a test");
        let key = KeyPair::generate().map_err(io::Error::other)?;
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)? })
    }

    /// Its own certificate, as a client is given it.
    pub fn pem(&self) -> String {
        self.issuer.as_ref().pem()
    }

    /// Vouches for a server of these names.
    pub fn vouch(&self, names: &[&str], life: TlsLife) -> io::Result<TlsIdentity> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params(names, life)?.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        Ok(TlsIdentity::new(&certificate, &key))
    }
}

impl TlsIdentity {
    /// A server that vouches for itself.
    pub fn self_signed(names: &[&str]) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params(names, TlsLife::Unlimited)?.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self::new(&certificate, &key))
    }

    /// What it shows, as a client is given it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let pem = certificate.pem();
        Self { certificate: certificate.der().clone(), key: PrivateKeyDer::Pkcs8(key.serialize_der().into()), pem }
    }
}

fn params(names: &[&str], life: TlsLife) -> io::Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = match life {
        TlsLife::Unlimited => date_time_ymd(4096, 1, 1),
        TlsLife::Over => date_time_ymd(2021, 1, 1),
    };
    Ok(params)
}

/// Speaks TLS on a loopback port, and passes what comes on to a server that does not. It ends when it is dropped.
pub struct TlsFront {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
    /// None only while it is being dropped.
    runtime: Option<Runtime>,
}

impl TlsFront {
    /// In front of `upstream`, showing `identity`.
    pub fn start(upstream: SocketAddr, identity: TlsIdentity) -> io::Result<Self> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate], identity.key)
            .map_err(io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicU64::default());
        let listener = {
            let _entered = runtime.enter();
            TcpListener::from_std(listener)?
        };
        runtime.spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), upstream, connections.clone()));
        Ok(Self { address, connections, runtime: Some(runtime) })
    }

    /// On which port it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections were begun so far, whatever became of them.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, upstream: SocketAddr, connections: Arc<AtomicU64>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        connections.fetch_add(1, Ordering::SeqCst);
        let tls = tls.clone();
        tokio::spawn(async move {
            // A client that believes none of it hangs up: that is what such tests want.
            let Ok(mut client) = tls.accept(client).await else { return };
            let Ok(mut server) = TcpStream::connect(upstream).await else { return };
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}
