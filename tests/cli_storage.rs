//! S3 storage that is not what it should be, as whoever runs the program meets it: what is said, how soon, and how it ends.

#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, answer};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough for the slowest machine, and far below what any patience would take.
const AT_ONCE: Duration = Duration::from_secs(20);

/// The program, about to ask storage at that address.
fn asking(office: &Office, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = office.command(arguments);
    command.env("CHEST_REPO", "s3://parish/office").env("CHEST_S3_ENDPOINT", endpoint);
    command.env("AWS_ACCESS_KEY_ID", "GKaaaa").env("AWS_SECRET_ACCESS_KEY", "hush-hush");
    command
}

#[track_caller]
fn told_at_once(command: &mut Command, code: i32, words: &[&str]) -> Answer {
    let begun = Instant::now();
    let failed = answer(command).ended(code);
    assert!(begun.elapsed() < AT_ONCE, "took {:?}", begun.elapsed());
    for word in words {
        assert!(failed.err.contains(word), "{word:?} is missing: {}", failed.err);
    }
    assert!(!failed.err.contains("hush"), "{}", failed.err);
    failed
}

/// A server that answers every request with the same words and hangs up.
fn always(words: &'static str) -> String {
    serving(move |stream| {
        let mut lines = BufReader::new(stream).lines();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        // The program may have hung up.
        let _ = (&mut &*stream).write_all(words.as_bytes());
    })
}

fn serving(serve: impl Fn(&TcpStream) + Send + Sync + Copy + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // Ends with the test's process: an accepting thread cannot be called back.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(&stream));
        }
    });
    endpoint
}

#[test]
fn an_address_that_makes_no_sense_ends_at_once_with_two_and_keeps_its_password() {
    let office = Office::empty();
    for endpoint in ["https://127.0.0.1:99999", "http://192.0.2.1", "https://u:hush@127.0.0.1", "u:hush@127.0.0.1"] {
        told_at_once(&mut asking(&office, endpoint, &["snapshots"]), 2, &["the address of the store is wrong"]);
    }
    let region = asking(&office, "https://127.0.0.1", &["snapshots", "--s3-region", "x.evil.org/"]).output().unwrap();
    assert_eq!(region.status.code(), Some(2));
    for json in [&["config", "show"] as &[&str], &["config", "show", "--json"]] {
        let mut command = asking(&office, "https://u:hush@127.0.0.1", json);
        let shown = answer(command.env("CHEST_REPO", "s3://id:hush@parish/office")).ended(0);
        assert!(shown.out.contains("127.0.0.1") && !shown.out.contains("hush"), "{}", shown.out);
    }
}

#[test]
fn a_key_that_no_request_can_carry_is_refused_by_the_name_of_its_variable() {
    let office = Office::empty();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        for value in ["hush\r", "hüsh-hush"] {
            let mut command = asking(&office, "https://127.0.0.1:1", &["snapshots"]);
            told_at_once(command.env(name, value), 2, &[name, "Windows"]);
        }
    }
}

#[test]
fn a_damaged_certificate_file_is_named_and_nobody_is_accused() {
    let office = Office::empty();
    office.write("own-ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    let mut command = asking(&office, "https://127.0.0.1:1", &["snapshots"]);
    let failed = told_at_once(command.env("CHEST_S3_CA", office.path("own-ca.pem")), 2, &["own-ca.pem", "middle"]);
    assert!(!failed.err.contains("prove") && !failed.err.contains("[6"), "{}", failed.err);
}

#[test]
fn each_refusal_of_the_storage_comes_with_its_own_advice() {
    const REFUSALS: [(&str, &str, &str); 4] = [
        ("SignatureDoesNotMatch", "the secret half is wrong", "AWS_SECRET_ACCESS_KEY"),
        ("AuthorizationHeaderMalformed", "another region", "--s3-region"),
        ("RequestTimeTooSkewed", "the clock", "Set the clock"),
        ("AccessDenied", "refused", "that bucket"),
    ];
    let office = Office::empty();
    for (code, what, next) in REFUSALS {
        let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
        let words = format!("HTTP/1.1 403 No\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let endpoint = always(Box::leak(words.into_boxed_str()));
        told_at_once(&mut asking(&office, &endpoint, &["snapshots"]), 15, &[what, next]);
    }
}

#[test]
fn a_web_page_is_called_something_other_than_storage() {
    const PAGE: &str =
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>";
    let office = Office::empty();
    let endpoint = always(PAGE);
    let mut command = asking(&office, &endpoint, &["snapshots"]);
    let words = ["something other than S3 storage answers at that address", "login"];
    let failed = answer(&mut command).ended(13);
    assert!(words.iter().all(|word| failed.err.contains(word)), "{}", failed.err);
}

#[test]
fn storage_that_takes_connections_and_never_answers_is_told_and_given_up() {
    let office = Office::empty();
    let endpoint = serving(|_| std::thread::sleep(Duration::from_secs(60)));
    let mut command = asking(&office, &endpoint, &["snapshots"]);
    let failed = told_at_once(command.env("CHEST_S3_PATIENCE", "12"), 13, &["cannot be reached: no byte came or went"]);
    assert!(
        failed.err.contains("The storage does not answer (no byte has come or gone for 10 seconds)"),
        "{}",
        failed.err
    );
}

#[test]
fn ctrl_c_ends_the_wait_for_storage_that_never_answers() {
    let office = Office::empty();
    let endpoint = serving(|_| std::thread::sleep(Duration::from_secs(60)));
    let running = asking(&office, &endpoint, &["snapshots"]).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(4));
    let asked = Instant::now();
    let process = rustix::process::Pid::from_child(&running);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let ended = running.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
}
