//! Whole mailboxes: whatever was put into one is found in it, byte for byte.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;
use std::ops::ControlFlow;

use chest_mail::{
    Completeness, ContainerKind, FoundMessage, Limits, Locator, MailError, Resume, Visited, copy_raw, identity, raw,
    recognise, visit,
};
use proptest::prelude::*;

fn all(kind: ContainerKind, bytes: &[u8], from: Resume, limits: &Limits) -> (Vec<FoundMessage>, Visited) {
    let mut found = Vec::new();
    let visited = visit(kind, &mut Cursor::new(bytes), from, limits, &mut |message| {
        found.push(message);
        ControlFlow::Continue(())
    });
    (found, visited)
}

fn mbox(bytes: &[u8]) -> Vec<FoundMessage> {
    let (found, visited) = all(ContainerKind::Mbox, bytes, Resume::Start, &Limits::default());
    assert!(visited.problem.is_none() && visited.messages == found.len() as u64, "{visited:?}");
    found
}

fn raw_of(mailbox: &[u8], message: &FoundMessage) -> Vec<u8> {
    let bytes = raw(ContainerKind::Mbox, &mut Cursor::new(mailbox), &message.locator).unwrap();
    assert_eq!(identity(&bytes), message.identity);
    bytes
}

const ENVELOPE: &str = "From clerk@example.org Fri Nov 20 10:00:00 2026";

/// As mboxrd says.
fn written(messages: &[Vec<u8>], line_break: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        out.extend_from_slice(ENVELOPE.as_bytes());
        out.extend_from_slice(line_break.as_bytes());
        for line in message.split_inclusive(|&byte| byte == b'\n') {
            let quotes = line.iter().take_while(|&&byte| byte == b'>').count();
            if line[quotes..].starts_with(b"From ") {
                out.push(b'>');
            }
            out.extend_from_slice(line);
        }
        out.extend_from_slice(line_break.as_bytes());
    }
    out
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[ -~]{0,80}".prop_map(String::into_bytes),
        2 => Just(Vec::new()),
        2 => "(>){0,3}From [a-z]{1,5} Fri Nov 20 10:00:00 2026".prop_map(String::into_bytes),
        1 => "(>){0,3}From .{0,9}".prop_map(|line| line.replace(['\n', '\r'], "").into_bytes()),
        1 => Just(b"Content-Length: 10".to_vec()),
        1 => proptest::collection::vec(any::<u8>().prop_filter("a line", |&byte| byte != b'\n'), 0..50),
        1 => (60_000usize..140_000).prop_map(|length| vec![b'>'; length]),
    ]
}

fn message(line_break: &'static str) -> impl Strategy<Value = Vec<u8>> {
    (proptest::collection::vec(line(), 0..12), any::<bool>()).prop_map(move |(lines, headers)| {
        let mut message = if headers {
            format!("From: a@b.example{line_break}Subject: x{line_break}{line_break}")
        } else {
            String::new()
        };
        // A message whose first line is blank would look like the line break before it.
        message.push_str("X: y");
        message.push_str(line_break);
        let mut message = message.into_bytes();
        for line in lines {
            message.extend_from_slice(&line);
            message.extend_from_slice(line_break.as_bytes());
        }
        message
    })
}

fn mailbox() -> impl Strategy<Value = (Vec<Vec<u8>>, &'static str)> {
    prop_oneof![Just("\n"), Just("\r\n")]
        .prop_flat_map(|line_break| (proptest::collection::vec(message(line_break), 0..8), Just(line_break)))
}

proptest! {
    #[test]
    fn every_message_comes_out_as_it_went_in((messages, line_break) in mailbox()) {
        let bytes = written(&messages, line_break);
        let found = mbox(&bytes);
        let again: Vec<Vec<u8>> = found.iter().map(|message| raw_of(&bytes, message)).collect();
        prop_assert_eq!(again, messages);
    }

    #[test]
    fn messages_beyond_the_limit_are_the_same_but_for_their_summary((messages, line_break) in mailbox(), limit in 0usize..200) {
        let bytes = written(&messages, line_break);
        let limits = Limits { message_bytes: limit, ..Limits::default() };
        let (small, visited) = all(ContainerKind::Mbox, &bytes, Resume::Start, &limits);
        let large = mbox(&bytes);
        let bare = |message: &FoundMessage| (message.locator.clone(), message.identity, message.starts_at);
        prop_assert_eq!(small.iter().map(bare).collect::<Vec<_>>(), large.iter().map(bare).collect::<Vec<_>>());
        let longer = large.iter().filter(|message| matches!(message.locator, Locator::Span { length, .. } if length > limit as u64));
        prop_assert_eq!(visited.truncated, longer.count() as u64);
    }

    #[test]
    fn a_mailbox_that_grew_is_read_from_any_message_on((messages, line_break) in mailbox()) {
        let bytes = written(&messages, line_break);
        let found = mbox(&bytes);
        for (at, message) in found.iter().enumerate() {
            let (rest, visited) = all(ContainerKind::Mbox, &bytes, Resume::At(message.starts_at), &Limits::default());
            prop_assert!(visited.problem.is_none());
            prop_assert_eq!(&rest[..], &found[at..]);
        }
    }

    #[test]
    fn arbitrary_bytes_harm_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let bytes = [ENVELOPE.as_bytes(), b"\n", &bytes].concat();
        mbox(&bytes).iter().for_each(|message| { raw_of(&bytes, message); });
        all(ContainerKind::Message, &bytes, Resume::Start, &Limits::default());
    }
}

#[test]
fn resuming_where_no_message_begins_is_told() {
    let bytes = written(&[b"Subject: a\n\nx\n".to_vec()], "\n");
    let (found, visited) = all(ContainerKind::Mbox, &bytes, Resume::At(5), &Limits::default());
    assert!(
        found.is_empty() && matches!(visited.problem, Some(MailError::NotAMessageStart { offset: 5 })),
        "{visited:?}"
    );
    let (found, visited) = all(ContainerKind::Mbox, &bytes, Resume::At(bytes.len() as u64), &Limits::default());
    assert!(found.is_empty() && visited.problem.is_none(), "{visited:?}");
}

#[test]
fn a_length_that_leads_to_the_next_message_is_believed() {
    let body = format!("see\n\n{ENVELOPE}\nforwarded\n>From quoted\n");
    for between in ["\n", ""] {
        let message = format!("Subject: a\nContent-Length: {}\n\n{body}", body.len());
        let bytes = format!("{ENVELOPE}\n{message}{between}{ENVELOPE}\n{message}{between}");
        let found = mbox(bytes.as_bytes());
        let again: Vec<_> = found.iter().map(|found| raw_of(bytes.as_bytes(), found)).collect();
        // Nothing was quoted by a writer that counts and leaves "From " lines as they are.
        assert_eq!(again, [message.as_bytes(), message.as_bytes()]);
    }
}

#[test]
fn a_length_that_leads_elsewhere_is_not_believed() {
    for length in ["3", "0", "20", "1000000", "18446744073709551615", "99999999999999999999", "-1", "x", ""] {
        let message = format!("Subject: a\nContent-Length: {length}\n\nbody of it\n");
        let messages = [message.clone().into_bytes(), message.into_bytes()];
        let bytes = written(&messages, "\n");
        let found = mbox(&bytes);
        let again: Vec<_> = found.iter().map(|message| raw_of(&bytes, message)).collect();
        assert_eq!(again, messages, "Content-Length: {length}");
    }
}

#[test]
fn a_length_never_moves_the_end_of_a_message_that_can_be_told_without_it() {
    for body in ["body of it\n", "body\n\n", "body\n\n\n", "\n", "", ">From x\n\n"] {
        for length in 0..body.len() + 6 {
            let messages = vec![format!("Subject: a\nContent-Length: {length}\n\n{body}").into_bytes(); 2];
            for line_break in ["\n", "\r\n"] {
                let bytes = written(&messages, line_break);
                let again: Vec<_> = mbox(&bytes).iter().map(|message| raw_of(&bytes, message)).collect();
                assert_eq!(again, messages, "Content-Length: {length} of {body:?}");
            }
        }
    }
}

#[test]
fn messages_without_a_blank_line_between_them_are_told_apart_by_their_headers() {
    for line_break in ["\n", "\r\n"] {
        let message = |number: u8| {
            let text = "x".repeat(usize::from(number) * 1000);
            format!("Subject: {number}\nFrom: a@b.example\n\n{text}\n>From here\n").replace('\n', line_break)
        };
        let messages: Vec<String> = (1..=200).map(message).collect();
        let bytes: Vec<String> = messages.iter().map(|text| format!("{ENVELOPE}{line_break}{text}")).collect();
        let bytes = bytes.concat().into_bytes();
        let found = mbox(&bytes);
        assert_eq!(found.len(), messages.len());
        for (found, message) in found.iter().zip(&messages) {
            assert_eq!(raw_of(&bytes, found), message.replace(">From", "From").as_bytes());
        }
        let last = Resume::At(found[198].starts_at);
        let (again, visited) = all(ContainerKind::Mbox, &bytes, last, &Limits::default());
        assert!(visited.problem.is_none() && again == found[198..], "{visited:?}");
    }
}

#[test]
fn a_from_line_in_a_text_that_no_headers_follow_is_text() {
    for quoted in [
        format!("He wrote:\n{ENVELOPE}\nDear all,\nFrom: a@b.example is my address.\n"),
        format!("See\n{ENVELOPE}\nNote: nothing of a message.\n\n"),
        format!("See\n{ENVELOPE}\n"),
        format!("See\n{ENVELOPE}\n\nFrom: a@b.example\n"),
        "See\nFrom Friday on\nFrom: a@b.example\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n".to_owned(),
    ] {
        let bytes = format!("{ENVELOPE}\nSubject: a\n\n{quoted}\n{ENVELOPE}\nSubject: b\n\nx\n");
        let subjects: Vec<_> = mbox(bytes.as_bytes()).into_iter().map(|found| found.summary.subject).collect();
        assert_eq!(subjects.len(), 2, "{quoted}: {subjects:?}");
    }
}

#[test]
fn what_a_message_counts_as_its_own_is_its_own_whatever_follows_in_it() {
    let body = format!("See\n{ENVELOPE}\nFrom: a@b.example\nSubject: forwarded\n\ntext\n");
    let message = format!("Subject: a\nContent-Length: {}\n\n{body}", body.len());
    let bytes = format!("{ENVELOPE}\n{message}\n{ENVELOPE}\n{message}\n");
    let again: Vec<_> = mbox(bytes.as_bytes()).iter().map(|found| raw_of(bytes.as_bytes(), found)).collect();
    assert_eq!(again, [message.as_bytes(), message.as_bytes()]);
}

#[test]
fn a_locator_of_another_mailbox_is_refused() {
    let bytes = written(&[b"Subject: a\n\nx\n".to_vec()], "\n");
    let far = Locator::Span { offset: 10, length: 100_000, unquote: true };
    let mut input = Cursor::new(&bytes[..]);
    assert!(matches!(raw(ContainerKind::Mbox, &mut input, &far), Err(MailError::NotThere)));
    let item = Locator::Item(vec![1]);
    assert!(matches!(raw(ContainerKind::Mbox, &mut input, &item), Err(MailError::NotThere)));
}

#[test]
fn a_visitor_may_break_off() {
    let bytes = written(&[b"Subject: a\n\nx\n".to_vec(), b"Subject: b\n\nx\n".to_vec()], "\n");
    let mut subjects = Vec::new();
    let visited =
        visit(ContainerKind::Mbox, &mut Cursor::new(&bytes), Resume::Start, &Limits::default(), &mut |message| {
            subjects.push(message.summary.subject);
            ControlFlow::Break(())
        });
    assert_eq!((subjects, visited.stopped, visited.messages), (vec!["a".to_owned()], true, 1));
}

/// A message of many times the limit, which is never in memory as a whole.
#[test]
fn a_very_large_message_is_streamed() {
    let mut message = b"Subject: large\n\n".to_vec();
    let line = [&[b'x'; 99][..], b"\n"].concat();
    message.extend(line.iter().cycle().take(8 << 20));
    message.extend_from_slice(b"\nFrom me\n");
    let bytes = written(&[message.clone(), b"Subject: b\n\nx\n".to_vec()], "\n");
    let limits = Limits { message_bytes: 1 << 20, ..Limits::default() };
    let (found, visited) = all(ContainerKind::Mbox, &bytes, Resume::Start, &limits);
    assert_eq!((found.len(), visited.truncated, visited.failed), (2, 1, 0));
    assert_eq!(found[0].summary.subject, "large");
    assert!(raw_of(&bytes, &found[0]) == message);
    let mut copied = Vec::new();
    copy_raw(ContainerKind::Mbox, &mut Cursor::new(&bytes), &found[0].locator, &mut copied).unwrap();
    assert!(copied == message);
}

/// Next week's export appends after a line break that this week's end lacked, and a copy may have been through another system.
#[test]
fn the_same_message_is_the_same_whatever_ends_its_lines_and_the_mailbox() {
    let message = "Subject: a\n\nlast words";
    let identities = |mailbox: &str| mbox(mailbox.as_bytes()).iter().map(|found| found.identity).collect::<Vec<_>>();
    let ends_at_once = identities(&format!("{ENVELOPE}\n{message}"));
    assert_eq!(ends_at_once, identities(&format!("{ENVELOPE}\n{message}\n\n{ENVELOPE}\nSubject: b\n"))[..1]);
    assert_eq!(ends_at_once, identities(&format!("{ENVELOPE}\n{message}\n\n\n\n").replace('\n', "\r\n")));
    let (saved, _) =
        all(ContainerKind::Message, message.replace('\n', "\r\n").as_bytes(), Resume::Start, &Limits::default());
    assert_eq!(ends_at_once[0], saved[0].identity);
}

#[test]
fn mailboxes_that_begin_oddly_are_read_from_their_first_message() {
    for begins in ["\n\n", "\u{feff}", "\u{feff}\n"] {
        let bytes = format!("{begins}{ENVELOPE}\nSubject: a\n\nx\n\n{ENVELOPE}\nSubject: b\n\ny\n");
        let subjects: Vec<_> = mbox(bytes.as_bytes()).into_iter().map(|found| found.summary.subject).collect();
        assert_eq!(subjects, ["a", "b"], "{begins:?}");
    }
}

#[test]
fn what_has_no_headers_is_counted_and_its_words_are_found() {
    let bytes = format!("{ENVELOPE}\n\nDear all, the glockenspiel\n\nis sold\n\n{ENVELOPE}\nSubject: b\n\ny\n");
    let (found, visited) = all(ContainerKind::Mbox, bytes.as_bytes(), Resume::Start, &Limits::default());
    assert_eq!((visited.messages, visited.failed), (2, 1));
    assert_eq!(found[0].summary.text, "Dear all, the glockenspiel\n\nis sold");
    assert_eq!([&found[0], &found[1]].map(|one| one.completeness), [Completeness::NotUnderstood, Completeness::Whole]);
}

#[test]
fn a_saved_message_has_the_identity_of_the_same_message_in_a_mailbox() {
    let message = b"From: a@b.example\nSubject: x\n\n>From here\nFrom there\n".to_vec();
    let in_box = written(std::slice::from_ref(&message), "\n");
    let (found, visited) = all(ContainerKind::Message, &message, Resume::Start, &Limits::default());
    assert_eq!((visited.messages, visited.failed), (1, 0));
    assert_eq!(found[0].identity, mbox(&in_box)[0].identity);
    assert_eq!(raw(ContainerKind::Message, &mut Cursor::new(&message), &found[0].locator).unwrap(), message);
}

#[test]
fn the_councils_mail_is_found_to_the_last_message() {
    let folder = tempfile::TempDir::new().unwrap();
    let council = chest_council::Council::new(11, 8 << 20);
    council.write_mailboxes(folder.path(), &|_| {}).unwrap();
    let (mut boxes, mut saved, mut attached) = (0, 0, 0);
    let mut files = vec![folder.path().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().as_encoded_bytes();
        let kind = recognise(name, &bytes[..bytes.len().min(4096)]).unwrap();
        let (found, visited) = all(kind, &bytes, Resume::Start, &Limits::default());
        assert!(visited.problem.is_none() && visited.failed == 0, "{visited:?}");
        for message in &found {
            let summary = &message.summary;
            assert!(
                summary.date.is_some() && !summary.message_id.is_empty() && !summary.subject.is_empty(),
                "{summary:?}"
            );
            assert!(summary.from.contains('@') && summary.to.contains('@') && summary.text.len() > 20, "{summary:?}");
            attached += summary.attachments.len();
        }
        match kind {
            ContainerKind::Mbox => {
                let starts = memchr::memmem::find_iter(&bytes, b"\n\nFrom ").count() + 1;
                assert_eq!(found.len(), starts, "{}", path.display());
                boxes += 1;
            }
            _ => saved += found.len(),
        }
    }
    assert!(boxes == 3 && saved > 10 && attached > 5, "{boxes} mailboxes, {saved} messages, {attached} attachments");
}
