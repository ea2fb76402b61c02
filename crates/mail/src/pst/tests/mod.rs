//! Outlook data files that the tests write themselves: nobody's real mail is needed.

mod texts;
mod writer;

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use chest_model::Timestamp;
use proptest::prelude::*;

use super::format::Format;
use super::scramble::Scrambling;
use crate::time_limit::tests::Clock;
use crate::{
    Completeness, ContainerKind, FoundMessage, Limits, Locator, MailError, Resume, TimeLimit, Visited, attachment,
    newest_in_pst, preview, raw, recognise, visit,
};
use writer::{Inside, Value, Writer};

/// 20 November 2026, 10:00 UTC.
const SENT: i64 = 1_795_168_800;

#[derive(Debug, Clone)]
struct Message {
    subject: String,
    body: Option<String>,
    html: Option<String>,
    files: Vec<(String, Vec<u8>)>,
    copies: usize,
    inner: Option<Box<Message>>,
}

impl Message {
    fn simple(subject: &str) -> Self {
        let body = Some("Please cut it.".to_owned());
        Self { subject: subject.to_owned(), body, html: None, files: Vec::new(), copies: 0, inner: None }
    }

    fn put(&self, writer: &mut Writer, id: u32, class: &str) -> Inside {
        let mut inside = Vec::new();
        for (name, bytes) in &self.files {
            let values = [
                (0x3707, Value::Text(name.clone())),
                (0x3705, Value::Integer(1)),
                (0x3701, Value::Binary(bytes.clone())),
            ];
            let file = writer.inside_id(5);
            inside.push(writer.properties(file, &values, Vec::new()));
        }
        if let Some(inner) = &self.inner {
            let (file, node) = (writer.inside_id(5), writer.inside_id(4));
            let node = inner.put(writer, node, "IPM.Note");
            inside.push(writer.properties(
                file,
                &[(0x3705, Value::Integer(5)), (0x3701, Value::Object(node))],
                Vec::new(),
            ));
        }
        let copies =
            (0..self.copies).map(|number| (2, format!("Cöuncillor {number}"), format!("c{number}@example.org")));
        let people: Vec<_> =
            std::iter::once((1, "Chair".to_owned(), "chair@example.org".to_owned())).chain(copies).collect();
        inside.push(writer.recipients(&people));
        let mut values = vec![
            (0x001a, Value::Text(class.to_owned())),
            (0x0037, Value::Text(self.subject.clone())),
            (0x0039, Value::Time(SENT)),
            (0x0042, Value::Text("The Clerk".to_owned())),
            (0x5d02, Value::Text("clerk@example.org".to_owned())),
            (0x1035, Value::Text("<1@example.org>".to_owned())),
        ];
        values.extend(self.body.iter().map(|body| (0x1000, Value::Text(body.clone()))));
        values.extend(self.html.iter().map(|html| (0x1013, Value::Binary(html.clone().into_bytes()))));
        values.push((0x3fde, Value::Integer(65001)));
        writer.properties(id, &values, inside)
    }

    /// What `raw` gives, and all that is in it, is what was put in.
    fn check(&self, eml: &[u8]) {
        let shown = preview(eml);
        assert_eq!(shown.subject, self.subject.split_whitespace().collect::<Vec<_>>().join(" "));
        assert_eq!(
            (shown.from.as_str(), shown.to.as_str()),
            ("The Clerk <clerk@example.org>", "Chair <chair@example.org>")
        );
        let copies: Vec<String> =
            (0..self.copies).map(|number| format!("Cöuncillor {number} <c{number}@example.org>")).collect();
        assert_eq!(shown.cc, copies.join(", "));
        assert_eq!(shown.date.map(|date| date.seconds), Some(SENT));
        match (&self.body, &self.html) {
            (Some(body), _) if !body.is_empty() => assert_eq!(shown.text, body.trim_end()),
            (_, Some(_)) => assert_eq!(shown.text, "A page"),
            _ => assert_eq!(shown.text, ""),
        }
        for (index, (name, bytes)) in self.files.iter().enumerate() {
            let (found, content) = attachment(eml, index).unwrap();
            assert_eq!(found, *name);
            assert!(content == *bytes, "{name}: {} bytes, {} expected", content.len(), bytes.len());
        }
        if let Some(inner) = &self.inner {
            inner.check(&attachment(eml, self.files.len()).unwrap().1);
        }
        assert_eq!(shown.attachments.len(), self.listed());
    }

    /// How many files are listed, those of the message inside included.
    fn listed(&self) -> usize {
        self.files.len() + self.inner.as_ref().map_or(0, |inner| 1 + inner.listed())
    }
}

fn message_id(number: usize) -> u32 {
    (number as u32 + 1000) << 5 | 4
}

fn written(messages: &[Message], format: Format, scrambling: Scrambling) -> Vec<u8> {
    let mut writer = Writer::new(format, scrambling);
    for (number, message) in messages.iter().enumerate() {
        let node = message.put(&mut writer, message_id(number), "IPM.Note");
        writer.top(node);
    }
    writer.finish()
}

fn visited(bytes: &[u8]) -> (Vec<FoundMessage>, Visited) {
    let mut found = Vec::new();
    let visited =
        visit(ContainerKind::Pst, &mut Cursor::new(bytes), Resume::Start, &Limits::default(), &mut |message| {
            found.push(message);
            ControlFlow::Continue(())
        });
    (found, visited)
}

fn message() -> impl Strategy<Value = Message> {
    let text = "[ -~é\u{1f600}]{1,300}";
    let bytes = proptest::collection::vec(any::<u8>(), 0..12_000);
    let files = proptest::collection::vec(("[a-zé]{1,90}\\.pdf", bytes), 0..7);
    let body = proptest::option::of("([a-zé ]{0,50}[a-z]\n){0,60}");
    let html = proptest::option::of(Just("<p>A page</p>".to_owned()));
    let flat = (text, body, html, files, 0usize..4).prop_map(|(subject, body, html, files, copies)| Message {
        subject: format!("s{subject}"),
        body,
        html,
        files,
        copies,
        inner: None,
    });
    (flat.clone(), proptest::option::of(flat))
        .prop_map(|(message, inner)| Message { inner: inner.map(Box::new), ..message })
}

fn formats() -> impl Strategy<Value = (Format, Scrambling)> {
    let scrambling = prop_oneof![Just(Scrambling::None), Just(Scrambling::Permute), Just(Scrambling::Cyclic)];
    (prop_oneof![Just(Format::Narrow), Just(Format::Wide), Just(Format::Cache)], scrambling)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_message_comes_out_with_all_that_is_in_it(
        messages in proptest::collection::vec(message(), 0..8),
        (format, scrambling) in formats(),
    ) {
        let bytes = written(&messages, format, scrambling);
        let (found, visited) = visited(&bytes);
        prop_assert!(visited.problem.is_none() && visited.failed == 0, "{:?}", visited);
        prop_assert_eq!(found.len(), messages.len());
        for (found, message) in found.iter().zip(&messages) {
            let eml = raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &found.locator).unwrap();
            prop_assert_eq!(crate::identity(&eml), found.identity);
            message.check(&eml);
        }
    }

    #[test]
    fn a_damaged_file_ends_and_harms_nothing(
        place in any::<prop::sample::Index>(),
        damage in proptest::collection::vec(any::<u8>(), 1..20),
        cut in any::<prop::sample::Index>(),
        (format, scrambling) in formats(),
    ) {
        let files = vec![("a.pdf".to_owned(), vec![7; 9000])];
        let messages = [Message { files, copies: 2, ..Message::simple("Hedge") }, Message::simple("Bench")];
        let mut bytes = written(&messages, format, scrambling);
        let at = place.index(bytes.len() - damage.len());
        bytes[at..at + damage.len()].copy_from_slice(&damage);
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            let (found, _) = visited(bytes);
            newest_in_pst(&mut Cursor::new(bytes), Timestamp::new(SENT, 0));
            for message in found {
                let _ = raw(ContainerKind::Pst, &mut Cursor::new(bytes), &message.locator);
            }
        }
    }
}

#[test]
fn such_files_are_recognised() {
    for format in [Format::Narrow, Format::Wide, Format::Cache] {
        let bytes = written(&[], format, Scrambling::None);
        assert_eq!(recognise(b"Outlook.pst", &bytes[..100]), Some(ContainerKind::Pst));
        let (found, visited) = visited(&bytes);
        assert!(found.is_empty() && visited.problem.is_none(), "{visited:?}");
    }
}

#[test]
fn of_two_items_with_one_id_only_the_one_that_is_found_again_is_shown() {
    let mut writer = Writer::new(Format::Wide, Scrambling::None);
    for subject in ["Hedge", "Bench"] {
        let node = Message::simple(subject).put(&mut writer, message_id(0), "IPM.Note");
        writer.top(node);
    }
    let bytes = writer.finish();
    let (found, visited) = visited(&bytes);
    assert_eq!((found.len(), visited.failed), (1, 1), "{visited:?}");
    let eml = raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &found[0].locator).unwrap();
    assert_eq!(crate::identity(&eml), found[0].identity);
}

#[test]
fn the_newest_date_is_that_of_a_message_and_none_where_the_file_ends_too_early() {
    let newest = |bytes: &[u8], now: i64| {
        newest_in_pst(&mut Cursor::new(bytes), Timestamp::new(now, 0)).map(|newest| newest.seconds)
    };
    for (format, scrambling) in
        [(Format::Narrow, Scrambling::Permute), (Format::Wide, Scrambling::Cyclic), (Format::Cache, Scrambling::None)]
    {
        let bytes = written(&[Message::simple("Hedge"), Message::simple("Bench")], format, scrambling);
        assert_eq!(newest(&bytes, SENT), Some(SENT));
        assert_eq!(newest(&bytes, SENT - 48 * 3600), None, "a date to come says nothing");
        assert_eq!(newest(&bytes[..bytes.len() - 600], SENT), None);
        let mut writer = Writer::new(format, scrambling);
        let contact = Message::simple("Chair").put(&mut writer, message_id(0), "IPM.Contact");
        writer.top(contact);
        assert_eq!(newest(&writer.finish(), SENT), None);
    }
}

#[test]
fn contacts_and_appointments_are_no_messages() {
    let mut writer = Writer::new(Format::Wide, Scrambling::None);
    for (number, class) in
        ["IPM.Contact", "IPM.Appointment", "IPM.AbchPerson", "IPM.Note.SMIME", "REPORT.IPM.Note.NDR"].iter().enumerate()
    {
        let node = Message::simple(class).put(&mut writer, message_id(number), class);
        writer.top(node);
    }
    let bytes = writer.finish();
    let (found, _) = visited(&bytes);
    let subjects: Vec<_> = found.iter().map(|message| message.summary.subject.as_str()).collect();
    assert_eq!(subjects, ["IPM.Note.SMIME", "REPORT.IPM.Note.NDR"]);
    let contact = Locator::Item(message_id(0).to_le_bytes().to_vec());
    assert!(matches!(raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &contact), Err(MailError::NotThere)));
}

#[test]
fn an_attachment_that_cannot_be_read_says_so_in_its_place() {
    let mut writer = Writer::new(Format::Wide, Scrambling::None);
    let lost = writer.inside_id(5);
    let values = [(0x0037, Value::Text("Hedge".to_owned())), (0x1000, Value::Text("Words".to_owned()))];
    // Its block is nowhere.
    let node = writer.properties(message_id(0), &values, vec![(lost, 0xfff0, 0)]);
    writer.top(node);
    let bytes = writer.finish();
    let (found, visited) = visited(&bytes);
    assert_eq!((visited.messages, visited.failed), (1, 1));
    assert_eq!(found[0].summary.text, "Words");
    let eml = raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &found[0].locator).unwrap();
    let (name, words) = attachment(&eml, preview(&eml).attachments.len() - 1).unwrap();
    assert_eq!(name, "could not be read.txt");
    assert!(String::from_utf8(words).unwrap().contains("damaged"), "{name}");
}

#[test]
fn what_another_program_put_into_a_message_comes_out_and_what_is_not_there_is_told() {
    let mut writer = Writer::new(Format::Wide, Scrambling::Permute);
    let picture: Vec<u8> = (0..=255).cycle().take(9000).collect();
    let object = (writer.inside_id(0x1f), writer.data(&picture), 0);
    let attached = [
        vec![(0x3705, Value::Integer(6)), (0x3701, Value::Object(object))],
        // A link to a file elsewhere.
        vec![(0x3705, Value::Integer(7)), (0x3707, Value::Text("far.pdf".to_owned()))],
        vec![(0x3705, Value::Integer(1)), (0x3707, Value::Text("lost.pdf".to_owned()))],
    ];
    let inside: Vec<Inside> = attached
        .iter()
        .map(|values| {
            let id = writer.inside_id(5);
            writer.properties(id, values, Vec::new())
        })
        .collect();
    let node = writer.properties(message_id(0), &[(0x0037, Value::Text("Hedge".to_owned()))], inside);
    writer.top(node);
    let bytes = writer.finish();
    let (found, visited) = visited(&bytes);
    assert_eq!((visited.messages, visited.failed), (1, 1), "{visited:?}");
    let eml = raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &found[0].locator).unwrap();
    assert!(attachment(&eml, 0).unwrap().1 == picture);
    let names: Vec<String> = (1..4).filter_map(|place| Some(attachment(&eml, place)?.0)).collect();
    assert_eq!(names, ["far.pdf", "lost.pdf", "could not be read.txt"]);
}

#[test]
fn a_packed_block_that_is_not_as_long_as_it_says_is_damage() {
    let message = Message { body: Some("Please cut it. ".repeat(40)), ..Message::simple("Hedge") };
    let bytes = written(&[message], Format::Cache, Scrambling::None);
    let (packed, other) = (b"\x78\x9c", b"\x78\x00");
    let places: Vec<usize> =
        bytes.windows(2).enumerate().filter(|(_, pair)| pair == packed).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for place in places {
        let mut bytes = bytes.clone();
        bytes[place..place + 2].copy_from_slice(other);
        let (_, visited) = visited(&bytes);
        assert!(visited.failed == 1, "{visited:?}");
    }
}

#[test]
fn one_damaged_message_does_not_hide_the_others() {
    let mut writer = Writer::new(Format::Wide, Scrambling::None);
    writer.top((message_id(0), 0xfff0, 0));
    let node = Message::simple("Bench").put(&mut writer, message_id(1), "IPM.Note");
    writer.top(node);
    let (found, visited) = visited(&writer.finish());
    assert_eq!((found.len(), visited.messages, visited.failed), (1, 1, 1));
    assert_eq!(found[0].summary.subject, "Bench");
}

#[test]
fn a_tree_of_records_that_names_one_over_and_over_is_damage() {
    let mut writer = Writer::new(Format::Cache, Scrambling::None);
    let header = [&[0xb5, 2, 6, 1][..], &writer.record_id(2).to_le_bytes()].concat();
    let branch = [&[0, 0][..], &writer.record_id(3).to_le_bytes()].concat().repeat(1000);
    let data = writer.heap(0xbc, &[header, branch, vec![0; 8 * 500]]);
    writer.top((message_id(0), data, 0));
    let node = Message::simple("Bench").put(&mut writer, message_id(1), "IPM.Note");
    writer.top(node);
    let (found, visited) = visited(&writer.finish());
    assert_eq!((found.len(), visited.failed), (1, 1), "{visited:?}");
}

/// Pages of nodes, each of which names the next twenty times over: all of them are soon in memory, and nothing has to be read any more.
fn pages_that_lead_on_without_end(file: &mut Vec<u8>) {
    let place = |level: u8| 8192 + 512 * u64::from(7 - level);
    file.resize(8192, 0);
    for level in (0..=7).rev() {
        let mut page = vec![0; 512];
        let below =
            if level == 0 { Vec::new() } else { [&[0; 16][..], &place(level - 1).to_le_bytes()].concat().repeat(20) };
        page[..below.len()].copy_from_slice(&below);
        page[488..492].copy_from_slice(&[below.len() as u8 / 24, 20, 24, level]);
        page[496] = 0x81;
        file.extend(page);
    }
    file[224..232].copy_from_slice(&place(7).to_le_bytes());
}

#[test]
fn reading_ends_when_the_time_is_up_even_where_all_that_is_looked_at_is_in_memory() {
    let mut bytes = written(&[], Format::Wide, Scrambling::None);
    assert!(bytes.len() < 8192);
    pages_that_lead_on_without_end(&mut bytes);
    let clock = Clock::of_step(1);
    let limit = TimeLimit::new(&clock, Duration::from_secs(30));
    let mut input = limit.watch(Cursor::new(&bytes));
    let visited =
        visit(ContainerKind::Pst, &mut input, Resume::Start, &Limits::default(), &mut |_| ControlFlow::Break(()));
    assert!(
        matches!(visited.problem, Some(MailError::Pst(super::PstError::Read(_)))) && limit.is_over(),
        "{visited:?}"
    );
    let limit = TimeLimit::new(&clock, Duration::from_secs(30));
    assert_eq!(newest_in_pst(&mut limit.watch(Cursor::new(&bytes)), Timestamp::new(SENT, 0)), None);
    assert!(limit.is_over());
}

/// What is shown of a file, and whether it is told that this is not all, or not as it was.
fn shown(bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let (found, visited) = visited(bytes);
    let raw =
        |found: &FoundMessage| raw(ContainerKind::Pst, &mut Cursor::new(bytes), &found.locator).unwrap_or_default();
    (found.iter().map(raw).collect(), visited.failed > 0 || visited.problem.is_some())
}

#[test]
fn a_bit_that_flips_on_the_disk_is_told_or_changes_nothing() {
    for (format, scrambling) in
        [(Format::Narrow, Scrambling::None), (Format::Wide, Scrambling::Permute), (Format::Cache, Scrambling::Cyclic)]
    {
        let files = vec![("a.pdf".to_owned(), vec![7; 1500])];
        let messages = [Message { files, copies: 1, ..Message::simple("Hedge") }, Message::simple("Bench")];
        let whole = written(&messages, format, scrambling);
        let (expected, is_told) = shown(&whole);
        assert!(expected.len() == 2 && !is_told, "{format:?}");
        for place in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            let (found, is_told) = shown(&bytes);
            assert!(is_told || found == expected, "{format:?}: byte {place}");
        }
    }
}

/// A file of which some bytes cannot be read.
struct Unreadable<'b>(Cursor<&'b [u8]>, Range<u64>);

impl Read for Unreadable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.0.position();
        let read = self.0.read(buffer)?;
        let is_lost = at < self.1.end && self.1.start < at + read as u64;
        if is_lost { Err(io::Error::other("chunk 7 is not there")) } else { Ok(read) }
    }
}

impl Seek for Unreadable<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn what_the_storage_does_not_give_is_told_as_that_and_no_message_is_taken_for_a_damaged_one() {
    let long =
        Message { body: Some("Please cut it. ".repeat(200)), copies: 7, ..Message::simple(&"Hedge ".repeat(60)) };
    let files = vec![("a.pdf".to_owned(), vec![7; 3000])];
    let bytes = written(&[long, Message { files, ..Message::simple("Bench") }], Format::Wide, Scrambling::Permute);
    let (whole, _) = visited(&bytes);
    for place in (0..bytes.len() as u64).step_by(64) {
        let open = || Unreadable(Cursor::new(&bytes), place..place + 1);
        let mut found = Vec::new();
        let visited = visit(ContainerKind::Pst, &mut open(), Resume::Start, &Limits::default(), &mut |message| {
            found.push(message);
            ControlFlow::Continue(())
        });
        assert_eq!((visited.failed, &found[..]), (0, &whole[..found.len()]), "byte {place}");
        match visited.problem {
            Some(problem) => assert!(problem.to_string().ends_with("chunk 7 is not there"), "byte {place}: {problem}"),
            None => assert_eq!(found.len(), 2, "byte {place}"),
        }
        for message in &whole {
            match raw(ContainerKind::Pst, &mut open(), &message.locator) {
                Ok(eml) => assert_eq!(crate::identity(&eml), message.identity, "byte {place}"),
                Err(problem) => {
                    assert!(problem.to_string().ends_with("chunk 7 is not there"), "byte {place}: {problem}")
                }
            }
        }
    }
}

#[test]
fn a_message_of_damaged_words_is_shown_and_says_so() {
    let whole = written(&[Message::simple("Hedge"), Message::simple("Bench")], Format::Wide, Scrambling::None);
    let words: Vec<u8> = "Please cut".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let place = memchr::memmem::find(&whole, &words).unwrap();
    let mut bytes = whole.clone();
    bytes[place] = b'F';
    let (found, visited) = visited(&bytes);
    assert!((found.len(), visited.failed) == (2, 1) && visited.problem.is_none(), "{visited:?}");
    assert_eq!(
        [&found[0], &found[1]].map(|one| (one.completeness, one.summary.text.lines().next().unwrap_or_default())),
        [(Completeness::NotUnderstood, "Flease cut it."), (Completeness::Whole, "Please cut it.")]
    );
    let eml = raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &found[0].locator).unwrap();
    let (name, words) = attachment(&eml, 0).unwrap();
    assert_eq!((name.as_str(), words.starts_with(b"Part of this message is damaged")), ("damaged.txt", true));
    let newest = newest_in_pst(&mut Cursor::new(&bytes), Timestamp::new(SENT, 0));
    assert_eq!(newest.map(|newest| newest.seconds), Some(SENT), "that of the other message");
}

#[test]
fn an_attachment_that_is_damaged_is_kept_and_says_so() {
    let files = vec![("a.pdf".to_owned(), vec![7; 3000])];
    let mut bytes = written(&[Message { files, ..Message::simple("Hedge") }], Format::Wide, Scrambling::None);
    let place = memchr::memmem::find(&bytes, &[7; 900]).unwrap();
    bytes[place + 100] = 8;
    let (found, visited) = visited(&bytes);
    assert_eq!((found.len(), visited.failed), (1, 1), "{visited:?}");
    let eml = raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &found[0].locator).unwrap();
    let attached = [0, 1].map(|place| attachment(&eml, place).unwrap());
    assert_eq!((attached[0].1.len(), attached[1].0.as_str()), (3000, "damaged.txt"));
}

#[test]
fn a_page_of_the_index_that_is_damaged_hides_nothing_that_can_be_found_and_is_told() {
    let mut bytes = written(&[Message::simple("Hedge")], Format::Wide, Scrambling::None);
    // The end of the root page of the nodes, where no entry stands.
    let page = usize::try_from(u64::from_le_bytes(bytes[224..232].try_into().unwrap())).unwrap();
    bytes[page + 480] ^= 1;
    let (found, visited) = visited(&bytes);
    assert_eq!((found.len(), visited.failed), (1, 0));
    assert!(matches!(visited.problem, Some(MailError::PstIndexDamaged)), "{visited:?}");
    assert_eq!(newest_in_pst(&mut Cursor::new(&bytes), Timestamp::new(SENT, 0)), None, "there may be newer ones");
}

#[test]
fn a_header_that_leads_to_less_than_all_is_told() {
    for format in [Format::Narrow, Format::Wide, Format::Cache] {
        let messages: Vec<Message> = (0..8).map(|number| Message::simple(&format!("Matter {number}"))).collect();
        let mut bytes = written(&messages, format, Scrambling::None);
        let [header, _, _] = format.header_places();
        let root = usize::try_from(format.number(&bytes, header).unwrap()).unwrap();
        // To the first page below, which is as sound as its root.
        let (place, length) = (root + 2 * format.number_bytes(), format.number_bytes());
        bytes.copy_within(place..place + length, header);
        let (found, visited) = visited(&bytes);
        assert_eq!(found.len(), 5, "{format:?}");
        assert!(matches!(visited.problem, Some(MailError::PstIndexDamaged)), "{format:?}: {visited:?}");
    }
}

#[test]
fn unknown_formats_are_told() {
    let mut bytes = written(&[], Format::Wide, Scrambling::None);
    bytes[10] = 99;
    let (_, seen) = visited(&bytes);
    assert!(matches!(&seen.problem, Some(MailError::Pst(super::PstError::Version(99)))), "{seen:?}");
    bytes[10] = 23;
    bytes[513] = 16;
    let (_, seen) = visited(&bytes);
    assert!(matches!(&seen.problem, Some(MailError::Pst(super::PstError::Scrambled(16)))), "{seen:?}");
}

#[test]
fn an_item_that_is_not_there_is_told() {
    let bytes = written(&[Message::simple("Hedge")], Format::Wide, Scrambling::None);
    for item in [&message_id(5).to_le_bytes()[..], &[0x42, 0, 0, 0], &[1], &[]] {
        let asked = raw(ContainerKind::Pst, &mut Cursor::new(&bytes), &Locator::Item(item.to_vec()));
        assert!(matches!(asked, Err(MailError::NotThere)), "{item:?}: {asked:?}");
    }
}
