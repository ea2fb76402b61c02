//! The bytes of one connection: read as fast as the line takes them, written when they have come to its other end.

use super::Shared;
use super::pace::Pacer;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A reader may be so far ahead of the line, lest a thread that wakes late leave it idle.
const READ_AHEAD: Duration = Duration::from_millis(8);
/// Chunks on the line beyond those that its length explains: a thread that sends little ones is not held up by their number.
const SPARE_CHUNKS: usize = 64;

/// Both ends of a connection.
pub(super) struct Connection {
    pub(super) client: TcpStream,
    pub(super) upstream: TcpStream,
}

impl Connection {
    pub(super) fn break_off(&self) {
        for end in [&self.client, &self.upstream] {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

/// Closed while the line is silent.
#[derive(Default)]
pub(super) struct Gate {
    is_closed: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(super) fn close(&self) {
        *self.is_closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    pub(super) fn open(&self) {
        *self.is_closed.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let is_closed = self.is_closed.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.opened.wait_while(is_closed, |is_closed| *is_closed));
    }
}

/// Bytes, and when they come to the other end. No bytes: the sender has ended.
struct OnTheLine {
    arrives: Instant,
    bytes: Vec<u8>,
}

/// One direction of one connection.
struct Way<'a> {
    from: &'a TcpStream,
    to: &'a TcpStream,
    pacer: &'a Pacer,
    delay: Duration,
    carried: &'a AtomicU64,
    gate: &'a Gate,
}

/// Carries a connection until both directions have ended.
pub(super) fn both_ways(shared: &Shared, connection: &Arc<Connection>, opened: Instant) {
    let delay = shared.settings.round_trip / 2;
    let Connection { client, upstream } = &**connection;
    for end in [client, upstream] {
        let _ = end.set_nodelay(true);
    }
    let gate = &shared.gate;
    let (up, carried) = (&shared.up, &shared.bytes_up);
    let up = Way { from: client, to: upstream, pacer: up, delay, carried, gate };
    let (down, carried) = (&shared.down, &shared.bytes_down);
    let down = Way { from: upstream, to: client, pacer: down, delay, carried, gate };
    std::thread::scope(|scope| {
        scope.spawn(|| up.carry(connection, opened + shared.settings.round_trip));
        scope.spawn(|| down.carry(connection, opened + delay));
    });
}

impl Way<'_> {
    fn carry(&self, connection: &Connection, open_from: Instant) {
        sleep_until(open_from);
        let (sender, receiver) = sync_channel(self.pacer.chunks_within(self.delay + READ_AHEAD) + SPARE_CHUNKS);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                if self.write(receiver).is_err() {
                    connection.break_off();
                }
            });
            if self.read(&sender).is_err() {
                connection.break_off();
            }
            drop(sender);
        });
    }

    fn read(&self, line: &SyncSender<OnTheLine>) -> std::io::Result<()> {
        let mut buffer = vec![0; self.pacer.chunk_len()];
        let mut from = self.from;
        loop {
            let length = from.read(&mut buffer)?;
            self.carried.fetch_add(length as u64, Ordering::SeqCst);
            let departs = self.pacer.depart(length);
            let chunk = OnTheLine { arrives: departs + self.delay, bytes: buffer[..length].to_vec() };
            // A writer that is gone has broken the connection off already.
            if line.send(chunk).is_err() || length == 0 {
                return Ok(());
            }
            if let Some(until) = departs.checked_sub(READ_AHEAD) {
                sleep_until(until);
            }
        }
    }

    fn write(&self, line: Receiver<OnTheLine>) -> std::io::Result<()> {
        let mut to = self.to;
        for OnTheLine { arrives, bytes } in line {
            sleep_until(arrives);
            self.gate.pass();
            if bytes.is_empty() {
                return to.shutdown(Shutdown::Write);
            }
            to.write_all(&bytes)?;
        }
        Ok(())
    }
}

fn sleep_until(instant: Instant) {
    let left = instant.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}
