//! What stands between the network and the bucket: names each request, lets it meet its fault, and writes the log.

use super::Shared;
use super::faults::{S3Call, S3Effect, S3Verb};
use super::service::RequestNumber;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use s3s::service::S3Service;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// The connection is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here, as planned")]
pub(super) struct Dropped;

const FRAME_LEN: usize = 64 << 10;
/// So long an answer that breaks off stands still first: hyper sends what it holds only while there is nothing else to do.
const BEFORE_BREAKING_OFF: Duration = Duration::from_millis(20);

/// Tells the log when a request is over, however it ends.
struct LogGuard {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.shared.log.end(self.number);
    }
}

/// An answer's body, in pieces, so that the log is told late and not when the first piece is on its way.
pub(super) struct AnswerBody {
    left: Bytes,
    /// Where the header lies about the length, which hyper then believes: the wait before the end.
    breaks_off: Option<Pin<Box<Sleep>>>,
    _guard: LogGuard,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return match &mut self.breaks_off {
                Some(wait) => wait.as_mut().poll(context).map(|()| None),
                None => Poll::Ready(None),
            };
        }
        let length = self.left.len().min(FRAME_LEN);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.breaks_off.is_none() { SizeHint::with_exact(self.left.len() as u64) } else { SizeHint::default() }
    }
}

/// Answers one request, or ends its connection.
pub(super) async fn answer(
    shared: Arc<Shared>,
    service: S3Service,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Dropped> {
    let mut call = call_of(&request);
    let effect = shared.faults.effect_on(&mut call);
    let number = shared.log.begin(&call);
    let guard = LogGuard { shared: shared.clone(), number };
    let latency = shared.settings().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match &effect {
        Some(S3Effect::DropBefore) => return Err(Dropped),
        Some(S3Effect::Stall(duration)) => tokio::time::sleep(*duration).await,
        _ => {}
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    shared.log.note(number, |entry| entry.bytes_up = body.len() as u64);
    let mut forwarded = Request::from_parts(head, s3s::Body::from(body));
    forwarded.extensions_mut().insert(RequestNumber(number));
    let response = match &effect {
        Some(S3Effect::Answer(status, code)) => error_response(*status, code),
        Some(S3Effect::OkWithError(code)) => error_response(200, code),
        effect => {
            let done = carried_out(&service, forwarded).await?;
            match effect {
                Some(S3Effect::DropAfter) => return Err(Dropped),
                Some(S3Effect::AnswerAfterwards(status, code)) => error_response(*status, code),
                _ => done,
            }
        }
    };
    Ok(finished(response, effect.as_ref(), guard))
}

async fn carried_out(service: &S3Service, request: Request<s3s::Body>) -> Result<Response<Bytes>, Dropped> {
    let response = service.call(request).await.map_err(|_| Dropped)?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    Ok(Response::from_parts(head, body))
}

fn error_response(status: u16, code: &str) -> Response<Bytes> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>as planned</Message></Error>"
    );
    let mut response = Response::new(Bytes::from(xml));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// The answer with its body damaged as planned, and in the log.
fn finished(response: Response<Bytes>, effect: Option<&S3Effect>, guard: LogGuard) -> Response<AnswerBody> {
    let (mut head, whole) = response.into_parts();
    let body = effect.map_or_else(|| whole.clone(), |effect| effect.on_body(whole.clone()));
    let claimed = match effect {
        Some(S3Effect::CutBody(_)) => Some(whole.len() as u64),
        Some(S3Effect::WrongLength(more)) => Some((whole.len() as u64).saturating_add_signed(*more)),
        Some(S3Effect::ShortBody(_)) => {
            head.headers.remove(CONTENT_LENGTH);
            None
        }
        _ => None,
    };
    if let Some(claimed) = claimed {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(claimed));
    }
    guard.shared.log.note(guard.number, |entry| {
        entry.status = Some(head.status.as_u16());
        entry.bytes_down = body.len() as u64;
    });
    let breaks_off = claimed.map(|_| Box::pin(tokio::time::sleep(BEFORE_BREAKING_OFF)));
    Response::from_parts(head, AnswerBody { left: body, breaks_off, _guard: guard })
}

/// What a request asks for, from its path and query.
fn call_of(request: &Request<Incoming>) -> S3Call {
    let path = request.uri().path().trim_start_matches('/');
    let key = decoded(path.split_once('/').map_or("", |(_, key)| key));
    let query: Vec<(String, String)> = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let asked = |name: &str| query.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
    let verb = verb_of(request.method(), key.is_empty(), &|name| asked(name).is_some());
    let key =
        if matches!(verb, S3Verb::List | S3Verb::ListVersions) { asked("prefix").unwrap_or_default() } else { key };
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    S3Call { number: 0, verb, key, length: length.unwrap_or(0) }
}

fn verb_of(method: &Method, is_bucket: bool, asked: &dyn Fn(&str) -> bool) -> S3Verb {
    match (method, is_bucket) {
        (&Method::GET, true) if asked("versions") => S3Verb::ListVersions,
        (&Method::GET, true) if asked("versioning") || asked("object-lock") => S3Verb::Bucket,
        (&Method::GET, true) => S3Verb::List,
        (&Method::HEAD, true) => S3Verb::Bucket,
        (&Method::GET, false) if asked("retention") => S3Verb::GetRetention,
        (&Method::PUT, false) if asked("retention") => S3Verb::PutRetention,
        (&Method::GET, false) => S3Verb::Get,
        (&Method::HEAD, false) => S3Verb::Head,
        (&Method::PUT, false) => S3Verb::Put,
        (&Method::DELETE, false) => S3Verb::Delete,
        _ => S3Verb::Other,
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
