//! A client that signs each request and sends it as it is told, over a connection of its own, so that a test sees what went
//! over the wire and not what an SDK made of it.

use aws_sdk_s3::config::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use chest_testkit::s3_server::{S3Server, S3Settings};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The error code in the body, or nothing.
    pub fn code(&self) -> String {
        self.between("<Code>", "</Code>").into_iter().next().unwrap_or_default()
    }

    /// What stands between these words, as often as it does.
    pub fn between(&self, before: &str, after: &str) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.body);
        text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap_or_default().to_owned()).collect()
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> String {
        let lines = self.headers.lines().filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }
}

/// Sends a request for `path` (with its query, encoded) and reads until the server ends the connection. None where it did
/// so without an answer, or refused it.
pub fn ask(
    server: &S3Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Option<Answer> {
    ask_as(server, &server.settings(), method, path, headers, body)
}

/// [`ask`], with the credential of these settings.
pub fn ask_as(
    server: &S3Server,
    settings: &S3Settings,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Option<Answer> {
    let body = body.as_ref();
    let uri = format!("{}{path}", server.endpoint());
    let length = body.len().to_string();
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", server.address());
    for (name, value) in headers.iter().copied().chain([("content-length", length.as_str())]) {
        text += &format!("{name}: {value}\r\n");
    }
    for (name, value) in signature(settings, &uri, method, headers, body) {
        text += &format!("{name}: {value}\r\n");
    }
    let mut stream = TcpStream::connect(server.address()).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(text.as_bytes()).ok()?;
    stream.write_all(b"\r\n").ok()?;
    // The server may have ended the connection by now.
    let _ = stream.write_all(body);
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
    let headers = String::from_utf8(raw[..end].to_vec()).unwrap();
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Some(Answer { status, headers, body: raw[end + 4..].to_vec() })
}

// The signature must be of now: that is what the server holds it against.
#[expect(clippy::disallowed_methods)]
fn signature(
    settings: &S3Settings,
    uri: &str,
    method: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<(String, String)> {
    let (access_key, secret_key) = (settings.access_key.as_str(), settings.secret_key.as_str());
    let identity: Identity = Credentials::new(access_key, secret_key, None, None, "test").into();
    let mut signing = SigningSettings::default();
    signing.percent_encoding_mode = PercentEncodingMode::Single;
    signing.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    signing.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-2")
        .name("s3")
        .time(std::time::SystemTime::now())
        .settings(signing)
        .build()
        .unwrap()
        .into();
    let request = SignableRequest::new(method, uri, headers.iter().copied(), SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
