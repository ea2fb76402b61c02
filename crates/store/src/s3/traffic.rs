//! Connections that note when a byte last moved on them, so that a line which is slow can be told from one on which nothing
//! moves at all.

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

/// How much the system may take of a connection before it has sent it. What it took counts as moved: with its usual megabytes,
/// a transfer would seem over long before a slow line has carried it.
#[cfg(any(target_os = "android", target_os = "linux"))]
const MOST_UNSENT: u32 = 128 << 10;

/// When bytes moved: on one connection, and on all of a store's.
#[derive(Debug, Clone)]
pub(super) struct Traffic {
    began: Instant,
    /// Milliseconds after `began`.
    on_this: Arc<AtomicU64>,
    on_any: Arc<AtomicU64>,
}

impl Traffic {
    /// Of a store that has no connection yet.
    pub(super) fn of_a_store() -> Self {
        let on_any = Arc::new(AtomicU64::default());
        Self { began: Instant::now(), on_this: on_any.clone(), on_any }
    }

    /// Of a new connection beside the others.
    fn of_a_connection(&self) -> Self {
        let traffic = Self { on_this: Arc::default(), ..self.clone() };
        traffic.moved();
        traffic
    }

    fn moved(&self) {
        // More than the largest number of milliseconds is more than the age of the world.
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.on_this.store(now, Ordering::Relaxed);
        self.on_any.store(now, Ordering::Relaxed);
    }

    /// For how long nothing has moved here: on this connection, or on any where this is the store's own.
    pub(super) fn silent_for(&self) -> Duration {
        let last = Duration::from_millis(self.on_this.load(Ordering::Relaxed));
        self.began.elapsed().saturating_sub(last)
    }
}

/// Makes connections that note their traffic.
#[derive(Debug, Clone)]
pub(super) struct NotingConnector {
    tcp: HttpConnector,
    traffic: Traffic,
}

impl NotingConnector {
    pub(super) fn new(tcp: HttpConnector, traffic: Traffic) -> Self {
        Self { tcp, traffic }
    }
}

impl Service<Uri> for NotingConnector {
    type Response = TokioIo<Noting>;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connecting, traffic) = (self.tcp.call(to), self.traffic.clone());
        Box::pin(async move {
            let stream = connecting.await?.into_inner();
            // A system that cannot do this takes more at once: a slow line is then given up a little sooner.
            #[cfg(any(target_os = "android", target_os = "linux"))]
            let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(MOST_UNSENT);
            Ok(TokioIo::new(Noting { stream, traffic: traffic.of_a_connection() }))
        })
    }
}

/// A connection that notes its traffic.
#[derive(Debug)]
pub(super) struct Noting {
    stream: TcpStream,
    traffic: Traffic,
}

impl Noting {
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.traffic.moved();
        }
        written
    }
}

impl Connection for Noting {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.traffic.clone())
    }
}

impl AsyncRead for Noting {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let answer = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.traffic.moved();
        }
        answer
    }
}

impl AsyncWrite for Noting {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, from);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, from);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
