//! A village's line: a TCP proxy on a loopback port that lets bytes through at a line's pace and after a line's delay, so
//! that what a program would take over such a line can be measured on one machine. Threads and plain sleeps, because their
//! clock is finer than that of an event loop.

mod pace;
mod pump;

use pace::Pacer;
use pump::{Connection, Gate};
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Small enough that a sender feels the line's pace soon, large enough for a gigabit. The sender's own system still takes
/// about a megabyte off its hands, as it would on a real line.
const SOCKET_BUFFER: usize = 32 << 10;
/// That of an Ethernet: with loopback's large ones a sender's system would take four megabytes.
const SEGMENT_LEN: u32 = 1460;

/// What the line is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSettings {
    /// There and back; half of it each way. A new connection takes one round trip before its first byte may pass.
    pub round_trip: Duration,
    /// From the program to the server, shared by all connections.
    pub up_bits_per_second: u64,
    /// From the server to the program, shared by all connections.
    pub down_bits_per_second: u64,
}

/// What all threads of a line share.
struct Shared {
    settings: LineSettings,
    upstream: SocketAddr,
    up: Pacer,
    down: Pacer,
    gate: Gate,
    bytes_up: AtomicU64,
    bytes_down: AtomicU64,
    connections: Mutex<Vec<Weak<Connection>>>,
}

/// The line. It is cut when it is dropped.
pub struct Line {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: Mutex<Option<Accepting>>,
}

struct Accepting {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Line {
    /// A line to `upstream`, on a free loopback port.
    pub fn start(upstream: SocketAddr, settings: LineSettings) -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), upstream, settings)
    }

    /// A line to `upstream`, on that port.
    pub fn start_at(listen: SocketAddr, upstream: SocketAddr, settings: LineSettings) -> io::Result<Self> {
        let listener = listen_on(listen)?;
        let shared = Arc::new(Shared {
            settings,
            upstream,
            up: Pacer::new(settings.up_bits_per_second),
            down: Pacer::new(settings.down_bits_per_second),
            gate: Gate::default(),
            bytes_up: AtomicU64::default(),
            bytes_down: AtomicU64::default(),
            connections: Mutex::default(),
        });
        let line = Self { shared, address: listener.local_addr()?, accepting: Mutex::default() };
        line.accept_from(listener);
        Ok(line)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it is like.
    pub fn settings(&self) -> LineSettings {
        self.shared.settings
    }

    /// Bytes taken from programs so far.
    pub fn bytes_up(&self) -> u64 {
        self.shared.bytes_up.load(Ordering::SeqCst)
    }

    /// Bytes taken from the server so far.
    pub fn bytes_down(&self) -> u64 {
        self.shared.bytes_down.load(Ordering::SeqCst)
    }

    /// Breaks every connection and refuses new ones, until [`Self::restore`].
    pub fn cut(&self) {
        self.stop_accepting();
        for connection in self.connections().drain(..).filter_map(|connection| connection.upgrade()) {
            connection.break_off();
        }
        self.shared.gate.open();
    }

    /// Connections stay, and nothing passes any more, until [`Self::restore`]: what a line that is down looks like.
    pub fn fall_silent(&self) {
        self.shared.gate.close();
    }

    /// As it was; after a cut, on the same port.
    pub fn restore(&self) -> io::Result<()> {
        self.shared.gate.open();
        if self.accepting().is_none() {
            self.accept_from(listen_on(self.address)?);
        }
        Ok(())
    }

    fn accept_from(&self, listener: TcpListener) {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (shared, stop) = (self.shared.clone(), stop.clone());
            move || accept(&listener, &shared, &stop)
        });
        *self.accepting() = Some(Accepting { stop, thread });
    }

    fn stop_accepting(&self) {
        let Some(Accepting { stop, thread }) = self.accepting().take() else { return };
        stop.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(self.address);
        let _ = thread.join();
    }

    fn accepting(&self) -> MutexGuard<'_, Option<Accepting>> {
        self.accepting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Weak<Connection>>> {
        self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Buffers are inherited by what is accepted, and must be set before the first byte comes.
fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_tcp_mss(SEGMENT_LEN)?;
    socket.bind(&address.into())?;
    socket.listen(128)?;
    Ok(socket.into())
}

fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_tcp_mss(SEGMENT_LEN)?;
    socket.connect(&address.into())?;
    Ok(socket.into())
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, stop: &AtomicBool) {
    while let Ok((client, _)) = listener.accept() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let (opened, shared) = (Instant::now(), shared.clone());
        // On a thread of its own: connecting may take its time.
        std::thread::spawn(move || shared.carry(client, opened));
    }
}

impl Shared {
    fn carry(self: Arc<Self>, client: TcpStream, opened: Instant) {
        let Ok(upstream) = connect_to(self.upstream) else { return };
        let connection = Arc::new(Connection { client, upstream });
        {
            let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
            connections.retain(|connection| connection.strong_count() > 0);
            connections.push(Arc::downgrade(&connection));
        }
        pump::both_ways(&self, &connection, opened);
    }
}
