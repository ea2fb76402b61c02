//! Any bytes as one message: looked at, taken apart, and looked through for dates. What is shown moves no cursor.

#![no_main]

use chest_mail::{ContainerKind, Limits, NewestDate, Resume, attachment, identity, preview, recognise, visit};
use chest_model::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::ops::ControlFlow;

const NOW: Timestamp = Timestamp { seconds: 1_795_168_800, nanoseconds: 0 };

fn is_one_harmless_line(text: &str) -> bool {
    !text
        .chars()
        .any(|letter| letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

fn newest(input: &[u8], slice: usize) -> Option<Timestamp> {
    let mut scanner = NewestDate::new(NOW);
    input.chunks(slice).for_each(|slice| scanner.feed(slice));
    scanner.newest()
}

fuzz_target!(|input: &[u8]| {
    recognise(b"a.eml", input);
    let shown = preview(input);
    let names = [&shown.from, &shown.to, &shown.cc, &shown.subject].map(String::as_str);
    for line in names.into_iter().chain(shown.text.lines()) {
        assert!(is_one_harmless_line(line), "{line:?}");
    }
    for (index, file) in shown.attachments.iter().enumerate().take(50) {
        let (name, bytes) = attachment(input, index).expect("what is listed can be had");
        assert!(name == file.name && bytes.len() as u64 == file.size && is_one_harmless_line(&name));
    }
    assert!(attachment(input, shown.attachments.len()).is_none());
    let visited =
        visit(ContainerKind::Message, &mut Cursor::new(input), Resume::Start, &Limits::default(), &mut |message| {
            assert_eq!(message.identity, identity(input));
            assert_eq!(message.summary.subject, shown.subject);
            assert!(message.summary.attachments.iter().eq(shown.attachments.iter().map(|file| &file.name)));
            ControlFlow::Continue(())
        });
    assert_eq!(visited.messages, 1);
    let whole = newest(input, usize::MAX);
    assert!([1, 7, 513].into_iter().all(|slice| newest(input, slice) == whole));
});
