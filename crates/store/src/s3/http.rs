//! The connection below the SDK: HTTP/1.1 only, over TLS with the system's authorities or the given ones.
//!
//! Not the SDK's own: that one offers HTTP/2 wherever a server takes it, so that one lost packet holds up every transfer; it
//! panics over a damaged certificate file; and it tells only in words whether a request was sent at all, on which hangs
//! whether a put has failed or nobody knows.

use super::S3Options;
use super::traffic::{NotingConnector, Traffic};
use super::watch;
use crate::StoreError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector as SdkConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// How long sent bytes may stay unacknowledged, or a silent line unproven, before the connection counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(60);

/// Why a request was never sent: nothing that it asks for can have happened.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotConnected(pub Box<dyn Error + Send + Sync>);

#[derive(Debug, Clone)]
struct Connection {
    client: Client<HttpsConnector<NotingConnector>, SdkBody>,
}

/// What the SDK sends its requests through; what moves on its connections is noted in `traffic`.
pub(super) fn http_client(options: &S3Options, traffic: Traffic) -> Result<SharedHttpClient, StoreError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(options.timeouts.connect));
    tcp.set_keepalive(Some(DEAD_AFTER / 2));
    tcp.set_keepalive_interval(Some(DEAD_AFTER / 6));
    tcp.set_keepalive_retries(Some(3));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    tcp.set_tcp_user_timeout(Some(DEAD_AFTER));
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls(options)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(NotingConnector::new(tcp, traffic));
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(options.at_once().small)
        .build(https);
    let connection = SharedHttpConnector::new(Connection { client });
    Ok(http_client_fn(move |_, _| connection.clone()))
}

fn tls(options: &S3Options) -> Result<ClientConfig, StoreError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::NotTrusted(error.to_string()))?;
    let is_encrypted = options.endpoint.as_deref().is_none_or(|endpoint| endpoint.starts_with("https:"));
    match &options.authorities {
        Some(own) => Ok(builder.with_root_certificates(own.roots()).with_no_client_auth()),
        None if is_encrypted => Ok(builder
            .with_native_roots()
            .map_err(|error| StoreError::NotTrusted(format!("the system trusts no authority at all: {error}")))?
            .with_no_client_auth()),
        None => Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()),
    }
}

impl SdkConnector for Connection {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        watch::lies_on(capture_connection(&mut request));
        let answer = self.client.request(request);
        HttpConnectorFuture::new(async move {
            match answer.await {
                Ok(answer) => HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                    .map_err(|error| ConnectorError::other(error.into(), None)),
                Err(error) if error.is_connect() => Err(ConnectorError::io(NotConnected(error.into()).into())),
                Err(error) => Err(ConnectorError::io(error.into())),
            }
        })
    }
}
