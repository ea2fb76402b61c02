//! The store on S3 against answers that no honest service gives, and some that differ between services: a server that says, to
//! each request, what the test tells it to.
#![expect(clippy::unwrap_used, reason = "helpers of a test")]

use bytes::Bytes;
use chest_store::s3::{S3Options, S3Store, Secret};
use chest_store::{ObjectName, ObjectStore, PutOutcome, StoreError};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What arrived: the first line, the headers in lower case, the body.
struct Request {
    line: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                text => lines.push(text.to_owned()),
            }
        }
        let line = lines.remove(0);
        let headers: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
        let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).ok()?;
        Some(Self { line, headers, body })
    }

    fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|line| line.starts_with(header))
    }
}

/// What the server does with a request; the connection is closed afterwards.
type Script = dyn Fn(&Request) -> String + Send + Sync;

struct Scripted {
    store: S3Store,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn new(script: impl Fn(&Request) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, record): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&seen));
        // Ends with the process: an accepting thread cannot be called back.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let Some(request) = Request::read(&mut reader) else { continue };
                record.lock().unwrap().push(request.line.clone());
                // The client may be gone already: that is its own affair.
                let _ = (&stream).write_all(script(&request).as_bytes());
            }
        });
        let mut options = S3Options::new("parish", Secret::new("access"), Secret::new("secret"));
        options.endpoint = Some(format!("http://127.0.0.1:{port}"));
        options.prefix = "council".to_owned();
        options.timeouts.connect = Duration::from_secs(2);
        options.timeouts.silence = Duration::from_secs(1);
        Self { store: S3Store::open(&options).unwrap(), seen }
    }

    fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn error(status: &str, code: &str) -> String {
    answer(status, "", &format!("<Error><Code>{code}</Code><Message>words</Message></Error>"))
}

fn list(lines: &[(&str, u64)], more: &str) -> String {
    let lines: String =
        lines.iter().map(|(key, size)| format!("<Contents><Key>{key}</Key><Size>{size}</Size></Contents>")).collect();
    let body = format!("<ListBucketResult><EncodingType>url</EncodingType>{more}{lines}</ListBucketResult>");
    answer("200 OK", "", &body)
}

const WHOLE: &str = "<IsTruncated>false</IsTruncated>";
const TAG: &str = "etag: \"x\"\r\n";

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn bytes() -> Bytes {
    Bytes::from_static(b"parish")
}

#[test]
fn a_put_carries_its_digest_its_condition_and_no_other_checksum() {
    let server = Scripted::new(|request| {
        assert!(request.line.starts_with("PUT /parish/council/packs/ab"), "{}", request.line);
        assert_eq!(request.body, b"parish");
        let wanted = ["content-md5: 2h7gywi1ycteqtseoeaumg==", "if-none-match: *", "x-amz-content-sha256: "];
        let all = wanted.iter().all(|header| request.has(header));
        let no_more = !request.has("x-amz-checksum") && !request.has("x-amz-trailer") && !request.has("transfer-");
        if all && no_more { answer("200 OK", TAG, "") } else { error("400 Bad", &request.headers.join(" ")) }
    });
    assert_eq!(server.store.put(&name("packs/ab"), bytes()).unwrap(), PutOutcome::Done);
    assert_eq!(server.requests(), 1);
}

#[test]
fn a_service_without_conditions_is_asked_for_them_once() {
    for (status, code) in [("501 No", "NotImplemented"), ("400 Bad", "InvalidArgument")] {
        let server = Scripted::new(move |request| match request.has("if-none-match") {
            true => error(status, code),
            false => answer("200 OK", TAG, ""),
        });
        for (object, requests) in [("a", 2), ("b", 3)] {
            assert_eq!(server.store.put(&name(object), bytes()).unwrap(), PutOutcome::Done);
            assert_eq!(server.requests(), requests, "{code}");
        }
    }
}

#[test]
fn a_name_that_is_taken_is_done_only_where_it_has_the_right_size() {
    for (listed, requests) in [(6, 2), (3, 3)] {
        let server = Scripted::new(move |request| match request.line.starts_with("GET") {
            true => list(&[("council%2Fa", listed)], WHOLE),
            false if request.has("if-none-match") => error("412 No", "PreconditionFailed"),
            false => answer("200 OK", TAG, ""),
        });
        assert_eq!(server.store.put(&name("a"), bytes()).unwrap(), PutOutcome::Done);
        assert_eq!(server.requests(), requests);
    }
    // A service that has the condition the wrong way round.
    let inverted = Scripted::new(|request| match request.line.starts_with("GET") {
        true => list(&[], WHOLE),
        false if request.has("if-none-match") => error("412 No", "PreconditionFailed"),
        false => answer("200 OK", TAG, ""),
    });
    assert_eq!(inverted.store.put(&name("a"), bytes()).unwrap(), PutOutcome::Done);
}

#[test]
fn a_put_whose_answer_is_lost_is_unknown() {
    let hung_up = Scripted::new(|_| String::new());
    assert_eq!(hung_up.store.put(&name("a"), bytes()).unwrap(), PutOutcome::Unknown);
    let silent = Scripted::new(|_| {
        std::thread::sleep(Duration::from_secs(6));
        String::new()
    });
    assert_eq!(silent.store.put(&name("a"), bytes()).unwrap(), PutOutcome::Unknown);
    let racing = Scripted::new(|_| error("409 Conflict", "ConditionalRequestConflict"));
    assert_eq!(racing.store.put(&name("a"), bytes()).unwrap(), PutOutcome::Unknown);
}

#[test]
fn a_put_that_was_never_sent_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = S3Options::new("parish", Secret::new("a"), Secret::new("b"));
    options.endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
    drop(listener);
    let answer = S3Store::open(&options).unwrap().put(&name("a"), bytes());
    assert!(matches!(answer, Err(StoreError::Unreachable(_))), "{answer:?}");
}

#[test]
fn a_web_page_is_no_answer_of_a_store() {
    let portal = Scripted::new(|_| answer("200 OK", "content-type: text/html\r\n", "<html>Please pay</html>"));
    let store = &portal.store;
    let all = [
        store.put(&name("a"), bytes()).map(drop),
        store.get(&name("a")).map(drop),
        store.get_range(&name("a"), 0..3).map(drop),
        store.list("").map(drop),
        store.versions(&name("a")).map(drop),
        store.strays().map(drop),
    ];
    for answer in all {
        assert!(matches!(answer, Err(StoreError::NotAStore(_))), "{answer:?}");
    }
    for (status, headers, body) in
        [("404 Not Found", "", "<html>No such page</html>"), ("404 Not Found", "", ""), ("204 No Content", "", "")]
    {
        let gone = Scripted::new(move |_| answer(status, headers, body));
        for answer in [gone.store.get(&name("a")).map(drop), gone.store.list("").map(drop)] {
            assert!(matches!(answer, Err(StoreError::NotAStore(_))), "{status}: {answer:?}");
        }
    }
}

#[test]
fn a_range_is_believed_only_where_it_is_the_one_asked_for() {
    let range = |status: &'static str, said: &'static str, body: &'static str| {
        let server = Scripted::new(move |_| answer(status, &format!("{TAG}{said}"), body));
        server.store.get_range(&name("a"), 2..5)
    };
    assert_eq!(range("206 Partial", "content-range: bytes 2-4/9\r\n", "abc").unwrap(), "abc");
    for (status, said, body) in [
        ("200 OK", "", "123456789"),
        ("206 Partial", "", "abc"),
        ("206 Partial", "content-range: bytes 3-5/9\r\n", "abc"),
        ("206 Partial", "content-range: bytes 2-4/9\r\n", "ab"),
        ("206 Partial", "content-range: bytes 0-8/9\r\n", "123456789"),
    ] {
        let answer = range(status, said, body);
        assert!(matches!(answer, Err(StoreError::Garbled { .. })), "{said}: {answer:?}");
    }
    let short = range("206 Partial", "content-range: bytes 2-3/4\r\n", "ab");
    assert!(matches!(short, Err(StoreError::RangeOutside { size: 4, .. })), "{short:?}");
}

#[test]
fn a_body_that_ends_early_is_an_error() {
    let server = Scripted::new(|_| format!("HTTP/1.1 200 OK\r\n{TAG}content-length: 100\r\n\r\nonly this"));
    let answer = server.store.get(&name("a"));
    assert!(matches!(&answer, Err(error) if error.is_transient()), "{answer:?}");
}

#[test]
fn a_list_is_read_to_its_end_and_sorted() {
    let server = Scripted::new(|request| match request.line.contains("continuation-token=2") {
        false => list(
            &[("council%2Fb", 2), ("council%2Fa", 1)],
            "<IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken>",
        ),
        true => list(&[("council%2Fb", 2), ("council/A+B%2B", 4), ("council%2F", 0)], WHOLE),
    });
    let listed: Vec<_> = server.store.list("").unwrap().into_iter().map(|line| (line.name, line.size)).collect();
    assert_eq!(listed, [(name("a"), 1), (name("b"), 2)]);
    let strays: Vec<_> = server.store.strays().unwrap().into_iter().map(|stray| stray.name).collect();
    assert_eq!(strays, ["A B+"]);
}

#[test]
fn a_list_that_contradicts_itself_is_never_a_shorter_list() {
    for page in [
        list(&[("council/a", 1)], ""),
        list(&[("council/a", 1)], "<IsTruncated>true</IsTruncated>"),
        list(&[("council/a", 1)], "<IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken>"),
        list(&[("council/a", 1), ("council/a", 2)], WHOLE),
        list(&[("elsewhere/a", 1)], WHOLE),
        list(&[("council%zz", 1)], WHOLE),
        answer("200 OK", "", "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>council/a"),
    ] {
        let server = Scripted::new({
            let page = page.clone();
            move |_| page.clone()
        });
        let answer = server.store.list("");
        assert!(matches!(answer, Err(StoreError::Garbled { .. })), "{page}: {answer:?}");
    }
}

#[test]
fn versions_come_newest_first_with_marks_of_deletion() {
    let server = Scripted::new(|request| {
        assert!(request.line.contains("versions"), "{}", request.line);
        let line = |tag: &str, id: &str, latest: bool, day: u32, size: &str| {
            format!(
                "<{tag}><Key>council/a</Key><VersionId>{id}</VersionId><IsLatest>{latest}</IsLatest>\
                 <LastModified>2026-11-{day:02}T00:00:00.000Z</LastModified>{size}</{tag}>"
            )
        };
        let body = format!(
            "<ListVersionsResult>{WHOLE}{}{}{}</ListVersionsResult>",
            line("Version", "first", false, 1, "<Size>6</Size>"),
            line("Version", "second", false, 2, "<Size>7</Size>"),
            line("DeleteMarker", "mark", true, 3, "")
        );
        answer("200 OK", "", &body)
    });
    let versions = server.store.versions(&name("a")).unwrap();
    let shown: Vec<_> = versions.iter().map(|v| (v.id.0.as_str(), v.size, v.is_delete_marker)).collect();
    assert_eq!(shown, [("mark", 0, true), ("second", 7, false), ("first", 6, false)]);
}

#[test]
fn a_service_without_versions_shows_the_current_one() {
    let server = Scripted::new(|request| match request.line.contains("list-type=2") {
        true => list(&[("council/a", 6), ("council/ab", 7)], WHOLE),
        false => error("501 No", "NotImplemented"),
    });
    for requests in [2, 3] {
        let versions = server.store.versions(&name("a")).unwrap();
        assert_eq!(versions.iter().map(|version| version.size).collect::<Vec<_>>(), [6]);
        assert_eq!(server.requests(), requests);
    }
    assert!(server.store.versions(&name("b")).is_err(), "the list shows what was not asked for");
}

#[test]
fn deleting_what_is_not_there_succeeds_and_a_lock_refuses() {
    let version = chest_store::VersionId("1".to_owned());
    let gone = Scripted::new(|_| error("404 Not Found", "NoSuchVersion"));
    gone.store.delete_version(&name("a"), &version).unwrap();
    let locked = Scripted::new(|_| error("403 Forbidden", "AccessDenied"));
    let answer = locked.store.delete_version(&name("a"), &version);
    assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
}

#[test]
fn a_store_that_asks_for_time_says_how_long() {
    let server = Scripted::new(|_| answer("429 Slow", "retry-after: 17\r\n", "<Error><Code>SlowDown</Code></Error>"));
    let answer = server.store.get(&name("a"));
    assert!(
        matches!(answer, Err(StoreError::Busy { wait: Some(wait), .. }) if wait == Duration::from_secs(17)),
        "{answer:?}"
    );
}
