//! The S3 server against a client that sends exactly what the test says: what each operation answers, and each fault.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod raw_s3;

use chest_testkit::s3_server::{
    ConditionalPut, ObjectLock, S3Cost, S3Effect, S3FaultPlan, S3Server, S3Settings, S3Verb, Versioning,
};
use raw_s3::{Answer, ask};
use std::time::{Duration, Instant};

const MD5_OF_HELLO: &str = "XUFAKrxLKna5cZ2REBfFkg==";

fn server(change: impl FnOnce(&mut S3Settings)) -> S3Server {
    let mut settings = S3Settings::default();
    change(&mut settings);
    S3Server::start(settings).unwrap()
}

fn put(server: &S3Server, key: &str, body: &str) -> Answer {
    ask(server, "PUT", &format!("/parish/{key}"), &[], body).unwrap()
}

fn get(server: &S3Server, path: &str) -> Answer {
    ask(server, "GET", &format!("/parish{path}"), &[], "").unwrap()
}

#[test]
fn what_was_put_is_read_whole_and_in_part() {
    let server = server(|_| {});
    assert_eq!(put(&server, "a/b", "hello").status, 200);
    let whole = get(&server, "/a/b");
    assert_eq!((whole.status, whole.body.as_slice()), (200, b"hello".as_slice()));
    let range = |range: &str| ask(&server, "GET", "/parish/a/b", &[("range", range)], "").unwrap();
    let part = range("bytes=1-3");
    assert_eq!((part.status, part.body.as_slice()), (206, b"ell".as_slice()));
    assert_eq!(part.header("content-range"), "bytes 1-3/5");
    assert_eq!(range("bytes=3-9").body, b"lo");
    assert_eq!((range("bytes=5-9").status, range("bytes=5-9").code().as_str()), (416, "InvalidRange"));
    let head = ask(&server, "HEAD", "/parish/a/b", &[], "").unwrap();
    assert_eq!((head.status, head.header("content-length").as_str()), (200, "5"));
    assert_eq!((get(&server, "/none").status, get(&server, "/none").code().as_str()), (404, "NoSuchKey"));
    assert_eq!(ask(&server, "GET", "/other/a", &[], "").unwrap().code(), "NoSuchBucket");
}

#[test]
fn who_does_not_know_the_secret_is_refused() {
    let server = server(|_| {});
    let as_before = server.settings();
    let stranger = S3Settings { secret_key: "wrong".to_owned(), ..as_before.clone() };
    let answer = raw_s3::ask_as(&server, &stranger, "GET", "/parish/a", &[], "").unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (403, "SignatureDoesNotMatch"));
    let unknown = S3Settings { access_key: "AKIAOTHER".to_owned(), ..as_before };
    let answer = raw_s3::ask_as(&server, &unknown, "GET", "/parish/a", &[], "").unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (403, "InvalidAccessKeyId"));
}

#[test]
fn a_body_that_does_not_match_its_digest_is_refused_and_not_stored() {
    let server = server(|_| {});
    let with = |header: (&str, &str), body: &str| ask(&server, "PUT", "/parish/a", &[header], body).unwrap();
    // "hello", and what `crc32`, `sha256` and the catalogue of CRC-64/NVME give for it.
    let right = [
        ("content-md5", MD5_OF_HELLO),
        ("x-amz-checksum-crc32", "NhCmhg=="),
        ("x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
    ];
    for header in right {
        assert_eq!(with(header, "hello").status, 200, "{header:?}");
        assert!(server.remove("a"));
        let wrong = with(header, "hellO");
        assert_eq!((wrong.status, wrong.code().as_str()), (400, "BadDigest"), "{header:?}");
        assert!(server.keys().is_empty());
    }
}

#[test]
fn lists_come_in_pages_in_order_and_odd_keys_can_be_asked_for_encoded() {
    let server = server(|settings| settings.page_size = 2);
    for key in ["b/2", "a", "b/1", "b/3", "c", "b/x y+%"] {
        server.overwrite(key, key.to_owned());
    }
    let mut keys = Vec::new();
    let mut query = "list-type=2&prefix=b%2F&encoding-type=url".to_owned();
    for page in 0.. {
        let answer = get(&server, &format!("/?{query}"));
        assert_eq!(answer.status, 200);
        keys.extend(answer.between("<Key>", "</Key>"));
        assert_eq!(answer.between("<Size>", "</Size>").len(), 2);
        let truncated = answer.between("<IsTruncated>", "</IsTruncated>");
        if truncated == ["false"] {
            assert_eq!(page, 1);
            break;
        }
        let token = answer.between("<NextContinuationToken>", "</NextContinuationToken>").remove(0);
        query = format!("continuation-token={token}&encoding-type=url&list-type=2&prefix=b%2F");
    }
    assert_eq!(keys, ["b/1", "b/2", "b/3", "b/x+y%2B%25"]);
}

#[test]
fn versions_are_listed_in_pages_read_by_id_and_deleted_one_by_one() {
    let server = server(|settings| {
        settings.versioning = Versioning::On;
        settings.page_size = 2;
    });
    for body in ["one", "two"] {
        assert!(!put(&server, "a", body).header("x-amz-version-id").is_empty());
    }
    put(&server, "b", "three");
    let deleted = ask(&server, "DELETE", "/parish/a", &[], "").unwrap();
    assert_eq!((deleted.status, deleted.header("x-amz-delete-marker").as_str()), (204, "true"));
    assert_eq!(get(&server, "/a").status, 404);

    let first = get(&server, "/?versions");
    let ids = first.between("<VersionId>", "</VersionId>");
    assert_eq!((ids.len(), first.between("<DeleteMarker>", "</DeleteMarker>").len()), (2, 1));
    let markers: Vec<String> = ["NextKeyMarker", "NextVersionIdMarker"]
        .map(|name| first.between(&format!("<{name}>"), &format!("</{name}>")).remove(0))
        .into();
    let second = get(&server, &format!("/?key-marker={}&version-id-marker={}&versions", markers[0], markers[1]));
    assert_eq!(second.between("<Key>", "</Key>"), ["a", "b"]);
    assert_eq!(second.between("<IsTruncated>", "</IsTruncated>"), ["false"]);

    let oldest = &server.versions("a")[2].id;
    assert_eq!(get(&server, &format!("/a?versionId={oldest}")).body, b"one");
    assert_eq!(ask(&server, "DELETE", &format!("/parish/a?versionId={oldest}"), &[], "").unwrap().status, 204);
    assert_eq!(get(&server, &format!("/a?versionId={oldest}")).code(), "NoSuchVersion");
    assert_eq!(server.versions("a").len(), 2);

    server.change(|settings| settings.versioning = Versioning::Unsupported);
    assert_eq!(get(&server, "/?versions").status, 501);
}

#[test]
fn a_locked_version_stays_until_its_time_is_over() {
    let server = server(|settings| {
        settings.versioning = Versioning::On;
        settings.object_lock = ObjectLock::On { default_days: Some(1) };
    });
    assert_eq!(put(&server, "a", "hello").code(), "InvalidRequest", "a locked put without a digest is refused");
    assert_eq!(ask(&server, "PUT", "/parish/a", &[("content-md5", MD5_OF_HELLO)], "hello").unwrap().status, 200);
    let id = server.versions("a")[0].id.clone();
    let delete = || ask(&server, "DELETE", &format!("/parish/a?versionId={id}"), &[], "").unwrap();
    assert_eq!((delete().status, delete().code().as_str()), (403, "AccessDenied"));

    let retention =
        "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2026-11-20T00:00:00Z</RetainUntilDate></Retention>";
    assert_eq!(ask(&server, "PUT", "/parish/a?retention", &[], retention).unwrap().status, 200);
    let shorter = retention.replace("2026-11-20", "2026-10-01");
    assert_eq!(ask(&server, "PUT", "/parish/a?retention", &[], shorter).unwrap().code(), "AccessDenied");
    let shown = get(&server, "/a?retention").between("<RetainUntilDate>", "</RetainUntilDate>");
    assert!(shown[0].starts_with("2026-11-20T00:00:00"), "{shown:?}");

    server.advance_clock(Duration::from_secs(2 * 24 * 3600));
    assert_eq!(delete().status, 403);
    server.advance_clock(Duration::from_secs(100 * 24 * 3600));
    assert_eq!(delete().status, 204);
    assert!(server.keys().is_empty());
}

#[test]
fn the_bucket_tells_what_is_switched_on() {
    let server = server(|_| {});
    assert_eq!(ask(&server, "HEAD", "/parish", &[], "").unwrap().status, 200);
    assert!(get(&server, "/?versioning").between("<Status>", "</Status>").is_empty());
    assert_eq!(get(&server, "/?object-lock").code(), "ObjectLockConfigurationNotFoundError");
    assert_eq!(ask(&server, "PUT", "/parish/a?retention", &[], "<Retention/>").unwrap().code(), "InvalidRequest");
    server.change(|settings| {
        settings.versioning = Versioning::On;
        settings.object_lock = ObjectLock::On { default_days: Some(30) };
    });
    assert_eq!(get(&server, "/?versioning").between("<Status>", "</Status>"), ["Enabled"]);
    assert_eq!(get(&server, "/?object-lock").between("<Days>", "</Days>"), ["30"]);
    server.change(|settings| settings.object_lock = ObjectLock::Unsupported);
    assert_eq!(get(&server, "/?object-lock").status, 501);
}

#[test]
fn a_conditional_put_is_answered_as_the_provider_does() {
    let server = server(|_| {});
    let conditional = |body: &str| ask(&server, "PUT", "/parish/a", &[("if-none-match", "*")], body).unwrap();
    assert_eq!(conditional("first").status, 200);
    assert_eq!((conditional("second").status, conditional("second").code().as_str()), (412, "PreconditionFailed"));
    for (mode, status) in [
        (ConditionalPut::NotImplemented, 501),
        (ConditionalPut::Refused(400), 400),
        (ConditionalPut::Refused(403), 403),
        (ConditionalPut::Conflict(Duration::ZERO), 412),
    ] {
        server.change(|settings| settings.conditional_put = mode);
        assert_eq!(conditional("second").status, status, "{mode:?}");
        assert_eq!(server.read("a").unwrap(), "first");
    }
    server.change(|settings| settings.conditional_put = ConditionalPut::Ignored);
    assert_eq!(conditional("second").status, 200);
    assert_eq!(server.read("a").unwrap(), "second");
}

#[test]
fn of_conditional_puts_at_once_one_is_stored_and_the_others_conflict() {
    for (mode, loses) in [(ConditionalPut::Honoured, 412), (ConditionalPut::Conflict(Duration::from_millis(300)), 409)]
    {
        let server = server(|settings| settings.conditional_put = mode);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let each = |number: usize| {
                let server = &server;
                move || ask(server, "PUT", "/parish/a", &[("if-none-match", "*")], number.to_string()).unwrap().status
            };
            let threads: Vec<_> = (0..8).map(|number| scope.spawn(each(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{mode:?}: {statuses:?}");
        assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{mode:?}: {statuses:?}");
        assert!(statuses.contains(&loses), "{mode:?}: {statuses:?}");
    }
}

#[test]
fn a_request_meets_its_fault_and_is_carried_out_or_not() {
    let server = server(|_| {});
    let expect = |effect: S3Effect, status: Option<u16>, is_stored: bool| {
        server.set_plan(S3FaultPlan::new().on(S3Verb::Put, effect.clone()).at_most(1));
        let answer = ask(&server, "PUT", "/parish/a", &[], "hello");
        assert_eq!(answer.map(|answer| answer.status), status, "{effect:?}");
        assert_eq!(server.remove("a"), is_stored, "{effect:?}");
    };
    expect(S3Effect::SLOW_DOWN, Some(503), false);
    expect(S3Effect::INTERNAL_ERROR, Some(500), false);
    expect(S3Effect::AnswerAfterwards(500, "InternalError"), Some(500), true);
    expect(S3Effect::DropBefore, None, false);
    expect(S3Effect::DropAfter, None, true);
    expect(S3Effect::OkWithError("InternalError"), Some(200), false);
    let start = Instant::now();
    expect(S3Effect::Stall(Duration::from_millis(200)), Some(200), true);
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!(server.struck(), 7);
}

#[test]
fn bodies_are_damaged_on_their_way_and_not_in_the_bucket() {
    let server = server(|_| {});
    server.overwrite("a", "hello");
    let read = |effect: S3Effect| {
        server.set_plan(S3FaultPlan::new().on(S3Verb::Get, effect));
        let answer = get(&server, "/a");
        (answer.header("content-length").parse::<usize>().unwrap(), String::from_utf8(answer.body).unwrap())
    };
    assert_eq!(read(S3Effect::FlipBit(1)), (5, "jello".to_owned()));
    assert_eq!(read(S3Effect::CutBody(2)), (5, "he".to_owned()));
    assert_eq!(read(S3Effect::ShortBody(2)), (2, "he".to_owned()));
    assert_eq!(read(S3Effect::WrongLength(3)), (8, "hello".to_owned()));
    assert_eq!(read(S3Effect::WrongLength(-1)), (4, "hell".to_owned()));
    server.heal();
    assert_eq!(get(&server, "/a").body, b"hello");
    assert!(server.flip_bit("a", 1));
    assert_eq!(get(&server, "/a").body, b"jello");
}

#[test]
fn lists_hide_age_and_lag_as_planned() {
    let server = server(|_| {});
    server.overwrite("a/old", "x");
    let keys = |server: &S3Server| get(server, "/?list-type=2").between("<Key>", "</Key>");
    server.set_plan(S3FaultPlan::new().stale_lists());
    put(&server, "a/new", "x");
    assert_eq!(keys(&server), ["a/old"]);
    server.set_plan(S3FaultPlan::new().hide_from_lists(|key| key.ends_with("old")));
    assert_eq!(keys(&server), ["a/new"]);
    server.set_plan(S3FaultPlan::new().hide_newest_from_lists(1));
    assert_eq!(keys(&server), ["a/old"]);

    server.set_plan(S3FaultPlan::new().late_visibility(2));
    put(&server, "a/later", "x");
    assert_eq!(get(&server, "/a/later").status, 404);
    assert_eq!(keys(&server), ["a/new", "a/old"]);
    assert_eq!(keys(&server), ["a/later", "a/new", "a/old"]);
}

#[test]
fn a_credential_is_refused_from_a_request_on_and_a_storm_strikes_its_share() {
    let server = server(|_| {});
    server.overwrite("a", "x");
    server.set_plan(S3FaultPlan::new().refuse_credential_from(3));
    let statuses: Vec<u16> = (0..4).map(|_| get(&server, "/a").status).collect();
    assert_eq!(statuses, [200, 200, 403, 403]);
    let storm = |seed| {
        server.set_plan(S3FaultPlan::new().chance(seed, 40, [S3Effect::SLOW_DOWN, S3Effect::INTERNAL_ERROR]));
        (0..60).map(|_| get(&server, "/a").status).collect::<Vec<u16>>()
    };
    let statuses = storm(1);
    assert_eq!(statuses, storm(1));
    assert_ne!(statuses, storm(2));
    let struck = statuses.iter().filter(|status| **status != 200).count();
    assert!((10..40).contains(&struck), "{struck} of 60 at 40 %");
    assert!(statuses.contains(&500) && statuses.contains(&503));
}

#[test]
fn a_server_that_went_away_refuses_and_comes_back_with_all_it_held() {
    let server = server(|_| {});
    put(&server, "a", "hello");
    server.go_away();
    assert!(ask(&server, "GET", "/parish/a", &[], "").is_none());
    server.come_back().unwrap();
    assert_eq!(get(&server, "/a").body, b"hello");
}

#[test]
fn the_log_tells_what_was_asked_and_how_many_requests_had_to_wait() {
    let server = server(|settings| settings.latency = Duration::from_millis(100));
    put(&server, "a", "hello");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| get(&server, "/a"));
        }
    });
    get(&server, "/?list-type=2&prefix=b");
    let log = server.log();
    assert_eq!((log[0].verb, log[0].key.as_str(), log[0].bytes_up, log[0].status), (S3Verb::Put, "a", 5, Some(200)));
    assert_eq!((log[7].verb, log[7].key.as_str(), log[7].number), (S3Verb::List, "b", 8));
    assert!(log.iter().all(|entry| entry.ended.unwrap() >= entry.began + Duration::from_millis(100)));
    let S3Cost { requests, bytes_up, bytes_down, round_trips } = server.cost();
    let list = log[7].bytes_down;
    assert_eq!((requests, bytes_up, bytes_down, round_trips), (8, 5, 30 + list, 3));
    assert_eq!(server.take_log().len(), 8);
    assert_eq!(server.cost(), S3Cost::default());
}
