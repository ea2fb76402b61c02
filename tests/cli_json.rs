//! The JSON answers are held against their examples in docs/json.md, key by key and value by value; only what differs from
//! run to run (ids, times, places, amounts of sealed bytes) is made equal on both sides.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// How much is stored depends on random padding; what is read again, on how coarse the file system's clock is.
const VARYING: [&str; 9] = [
    "bytes_sent",
    "bytes_fetched",
    "bytes_read",
    "files_read",
    "files_unchanged",
    "had_cache",
    "small_request_ms",
    "up_bytes_per_second",
    "down_bytes_per_second",
];
const MAILBOX: &str = "From clerk@example.org Fri Nov 20 10:00:00 2026\nFrom: Zoë Clerk <clerk@example.org>\n\
    To: Chair <chair@example.org>\nSubject: Hedge\nDate: Fri, 20 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n\
    Content-Type: multipart/mixed; boundary=b\n\n--b\n\nCut it before the jubilee.\n\
    --b\nContent-Type: application/pdf; name=\"Quotation.pdf\"\nContent-Transfer-Encoding: base64\n\n/wD/\n--b--\n";
const WORDS: [&str; 2] = ["recovery_words", "head_words"];

#[test]
fn every_json_answer_is_as_its_page_says() {
    let examples = examples(include_str!("../docs/json.md"));
    let office = Office::empty();
    let answers = answers(&office);
    let place = office.path("").canonicalize().unwrap();
    let place = place.to_str().unwrap().trim_end_matches('/');
    let mut wrong = Vec::new();
    for (name, answer) in &answers {
        let answer = normal(answer, "", place);
        let example = examples.get(*name).map(|example| normal(example, "", "/home/clerk"));
        if example.as_ref() != Some(&answer) {
            wrong.push(format!("{name}:\n{}", serde_json::to_string_pretty(&answer).unwrap()));
        }
    }
    assert!(wrong.is_empty(), "these answers are not as docs/json.md says:\n{}", wrong.join("\n\n"));
    let answered: Vec<&str> = answers.iter().map(|(name, _)| *name).collect();
    let unproven: Vec<&String> = examples.keys().filter(|name| !answered.contains(&name.as_str())).collect();
    assert!(unproven.is_empty(), "no test for the examples {unproven:?}");
}

#[test]
fn the_examples_are_compared_in_earnest() {
    let one = serde_json::json!({"files": 1, "bytes_sent": 5});
    let other = serde_json::json!({"files": 2, "bytes_sent": 6});
    assert_ne!(normal(&one, "", "x"), normal(&other, "", "x"));
}

/// One story that leads through every command.
fn answers(office: &Office) -> Vec<(&'static str, Value)> {
    let mut answers = Vec::new();
    let mut ask = |name: &'static str, arguments: &[&str], code: i32| {
        let arguments = arguments.iter().chain(&["--json"]);
        answers.push((name, office.run(arguments).ended(code).json()));
    };
    ask("init", &["init", "--kdf-memory", "64"], 0);
    ask("writer enrol", &["writer", "enrol"], 0);
    ask("key test", &["key", "test"], 0);
    office.write("docs/budget.csv", "hall,120\n");
    office.write("docs/Minutes/october.txt", "The minutes of October.\n");
    std::os::unix::fs::symlink("budget.csv", office.path("docs/current")).unwrap();
    ask("backup", &["backup", "docs"], 0);
    office.write("docs/budget.csv", "hall,120\ngreen,75\n");
    fs::remove_file(office.path("docs/Minutes/october.txt")).unwrap();
    office.write_named(std::ffi::OsStr::from_bytes(b"docs/plan\xff.txt"), "plan");
    office.write_locked("docs/locked.docx");
    ask("backup, PARTIAL", &["backup", "docs"], 3);
    ask("snapshots", &["snapshots"], 0);
    ask("history", &["history"], 0);
    ask("ls", &["ls", "latest:docs"], 0);
    ask("ls --exceptions", &["ls", "--exceptions", "latest"], 0);
    ask("find", &["find", "october"], 0);
    let first = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"][0]["id"].as_str().unwrap().to_owned();
    ask("diff", &["diff", &first, "latest"], 0);
    ask("restore --dry-run", &["restore", &first, "docs/Minutes", "--to", "out", "--dry-run"], 0);
    office.run(["restore", &first, "--to", "out"]).ended(0);
    ask("restore", &["restore", "latest", "--to", "out"], 3);
    ask("check", &["check", "--read-data"], 0);
    ask("config path", &["config", "path"], 0);
    ask("config check", &["config", "check"], 0);
    ask("config show", &["config", "show"], 0);
    ask("doctor", &["doctor"], 0);
    office.write("mail/inbox.mbox", MAILBOX);
    office.run(["backup", "--class", "email", "mail"]).ended(0);
    ask("find --mail", &["find", "--mail", "hedge"], 0);
    let found = office.run(["find", "--mail", "hedge", "--json"]).ended(0).json();
    let id = found["messages"][0]["id"].as_str().unwrap().to_owned();
    ask("mail show", &["mail", "show", &id], 0);
    ask("mail save", &["mail", "save", &id, "--to", "saved"], 0);
    office.write("notes/Council.url", "[InternetShortcut]\r\nURL=onenote:https://d.docs.live.net/5e1f/Council\r\n");
    office.write("notes/old account.ost", "!BDN");
    ask("backup, OneNote", &["backup", "notes"], 0);
    ask("an error", &["ls", "1999-12-31"], 1);
    answers
}

/// The blocks that begin with ```json NAME.
fn examples(page: &str) -> BTreeMap<String, Value> {
    let mut examples = BTreeMap::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("\n```json ") {
        let (name, after) = after.split_once('\n').unwrap();
        let (block, after) = after.split_once("\n```").unwrap();
        let value = serde_json::from_str(block).unwrap_or_else(|error| panic!("{name}: {error}"));
        examples.insert(name.to_owned(), value);
        rest = after;
    }
    examples
}

fn normal(value: &Value, key: &str, place: &str) -> Value {
    match value {
        Value::Array(words) if WORDS.contains(&key) => Value::from(format!("{} words", words.len())),
        Value::Array(values) => values.iter().map(|value| normal(value, key, place)).collect(),
        Value::Object(values) => {
            let values = values.iter().map(|(key, value)| (key.clone(), normal(value, key, place)));
            Value::Object(values.collect::<Map<String, Value>>())
        }
        Value::Number(_) | Value::Bool(_) if VARYING.contains(&key) => Value::from("varying"),
        Value::String(_) if key == "host" => Value::from("a host"),
        Value::String(mode) if key == "mode" => Value::from(format!("{} octal digits", mode.len())),
        Value::String(text) => Value::from(normal_text(text, place)),
        _ => value.clone(),
    }
}

fn normal_text(text: &str, place: &str) -> String {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_time = text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
    if is_hex && text.len() >= 32 {
        format!("an id of {} digits", text.len())
    } else if is_time {
        "a time".to_owned()
    } else if let Some((before, _)) = text.split_once(" (restored ") {
        format!("{before} (restored on a day)")
    } else {
        text.replace(place, "/home/clerk")
    }
}
