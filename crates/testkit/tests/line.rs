//! The simulated line against the clock: pace and delay, for one connection and for eight, in both directions.
//!
//! A machine that is busy makes everything later and nothing earlier, so each measure is taken a few times, and the median
//! has to be within the bound once in a few rounds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chest_testkit::line::{Line, LineSettings};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

const MEGABIT: u64 = 1_000_000;
const ROUNDS: usize = 4;
const MEASURES: usize = 3;

/// A server that reads eight bytes, a number N, and as many bytes; or, with the highest bit set, answers with N bytes.
/// Either way it says one byte more at the end.
fn sink_and_fountain() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut head = [0; 8];
                while stream.read_exact(&mut head).is_ok() {
                    let number = u64::from_be_bytes(head);
                    let length = number & !(1 << 63);
                    let done = if number == length {
                        std::io::copy(&mut Read::by_ref(&mut stream).take(length), &mut std::io::sink())
                    } else {
                        std::io::copy(&mut std::io::repeat(7).take(length), &mut stream)
                    };
                    if done.is_err() || stream.write_all(&[1]).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

fn send(stream: &mut TcpStream, length: u64) {
    stream.write_all(&length.to_be_bytes()).unwrap();
    std::io::copy(&mut std::io::repeat(7).take(length), stream).unwrap();
    stream.read_exact(&mut [0]).unwrap();
}

fn receive(stream: &mut TcpStream, length: u64) {
    stream.write_all(&(length | 1 << 63).to_be_bytes()).unwrap();
    std::io::copy(&mut Read::by_ref(stream).take(length), &mut std::io::sink()).unwrap();
    stream.read_exact(&mut [0]).unwrap();
}

fn connected(line: &Line) -> TcpStream {
    let mut stream = TcpStream::connect(line.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    send(&mut stream, 0);
    stream
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Asserts that the median is at most that part too little or too much.
fn assert_takes(what: &str, expected: f64, bound: f64, mut measure: impl FnMut() -> f64) {
    let mut medians = Vec::new();
    for _ in 0..ROUNDS {
        let mut measures: Vec<f64> = (0..MEASURES).map(|_| measure()).collect();
        measures.sort_by(f64::total_cmp);
        let median = measures[MEASURES / 2];
        println!("{what}: {median:.4} s, expected {expected:.4} s");
        if (median / expected - 1.0).abs() <= bound {
            return;
        }
        medians.push(median);
    }
    panic!("{what}: medians {medians:?} s, expected {expected} s within {} %", bound * 100.0);
}

#[test]
fn a_small_question_takes_one_round_trip_and_the_first_of_a_connection_two() {
    let settings = LineSettings {
        round_trip: Duration::from_millis(40),
        up_bits_per_second: 200 * MEGABIT,
        down_bits_per_second: 200 * MEGABIT,
    };
    let line = Line::start(sink_and_fountain(), settings).unwrap();
    let mut stream = connected(&line);
    assert_takes("a question", 0.040, 0.05, || seconds(|| send(&mut stream, 0)));
    assert_takes("a first question", 0.080, 0.05, || seconds(|| drop(connected(&line))));
}

#[test]
fn bytes_take_their_time_whether_over_one_connection_or_eight() {
    let settings = LineSettings {
        round_trip: Duration::from_millis(20),
        up_bits_per_second: 100 * MEGABIT,
        down_bits_per_second: 200 * MEGABIT,
    };
    let line = Line::start(sink_and_fountain(), settings).unwrap();
    for connections in [1, 8] {
        let mut streams: Vec<TcpStream> = (0..connections).map(|_| connected(&line)).collect();
        let mut at_once = |each: fn(&mut TcpStream, u64), total: u64| {
            seconds(|| {
                std::thread::scope(|scope| {
                    for stream in &mut streams {
                        scope.spawn(move || each(stream, total / connections));
                    }
                });
            })
        };
        let (up, down) = (4_000_000, 8_000_000);
        let expected = |bytes: u64, megabits: u64| (bytes * 8) as f64 / (megabits * MEGABIT) as f64 + 0.020;
        assert_takes(&format!("up, {connections}"), expected(up, 100), 0.03, || at_once(send, up));
        assert_takes(&format!("down, {connections}"), expected(down, 200), 0.03, || at_once(receive, down));
    }
}

#[test]
fn a_sender_feels_the_pace_of_the_line() {
    let settings = LineSettings {
        round_trip: Duration::from_millis(10),
        up_bits_per_second: 40 * MEGABIT,
        down_bits_per_second: 40 * MEGABIT,
    };
    let line = Line::start(sink_and_fountain(), settings).unwrap();
    let mut stream = connected(&line);
    stream.write_all(&8_000_000_u64.to_be_bytes()).unwrap();
    // 1.6 seconds on the line; the sender's own system hides a megabyte or two of it.
    let written = seconds(|| stream.write_all(&vec![0; 8_000_000]).unwrap());
    assert!(written > 1.1, "8 MB at 40 Mbit/s were taken off the sender's hands in {written} s");
}

#[test]
fn a_cut_line_breaks_its_connections_and_a_restored_one_takes_new_ones() {
    let settings = LineSettings {
        round_trip: Duration::from_millis(2),
        up_bits_per_second: 100 * MEGABIT,
        down_bits_per_second: 100 * MEGABIT,
    };
    let line = Line::start(sink_and_fountain(), settings).unwrap();
    let mut stream = connected(&line);
    line.cut();
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    assert_eq!(TcpStream::connect(line.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    line.restore().unwrap();
    send(&mut connected(&line), 1000);
    assert!(line.bytes_up() >= 1000 + 8);
    assert!(line.bytes_down() >= 2);
}

#[test]
fn on_a_silent_line_nothing_comes_and_nothing_is_lost() {
    let settings = LineSettings {
        round_trip: Duration::from_millis(2),
        up_bits_per_second: 100 * MEGABIT,
        down_bits_per_second: 100 * MEGABIT,
    };
    let line = Line::start(sink_and_fountain(), settings).unwrap();
    let mut stream = connected(&line);
    line.fall_silent();
    stream.write_all(&0_u64.to_be_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    line.restore().unwrap();
    stream.set_read_timeout(None).unwrap();
    stream.read_exact(&mut [0]).unwrap();
}
