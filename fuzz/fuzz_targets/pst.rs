//! Any bytes as an Outlook data file: whatever leads in circles ends, what is read stays in proportion, and every message comes out
//! as its identity says.

#![no_main]

use chest_mail::{ContainerKind, Limits, Resume, newest_in_pst, raw, recognise, visit};
use chest_model::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

/// How many messages are put together again.
const AGAIN: usize = 4;
/// What the reader promises: so many times over, and so much more.
const TIMES_OVER: u64 = 8;
const MORE: u64 = 65 << 20;

/// Counts what is read.
struct Counted<'a> {
    input: Cursor<&'a [u8]>,
    read: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.read += length as u64;
        Ok(length)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.input.seek(to)
    }
}

fuzz_target!(|input: &[u8]| {
    recognise(b"a.pst", input);
    let mut counted = Counted { input: Cursor::new(input), read: 0 };
    let mut found = Vec::new();
    let limits = Limits { message_bytes: 1 << 20, text_bytes: 1000 };
    visit(ContainerKind::Pst, &mut counted, Resume::Start, &limits, &mut |message| {
        found.push((message.locator, message.identity));
        ControlFlow::Continue(())
    });
    let most = TIMES_OVER * input.len() as u64 + MORE;
    assert!(counted.read <= most, "{} bytes read of {}", counted.read, input.len());
    newest_in_pst(&mut Cursor::new(input), Timestamp::new(1_795_168_800, 0));
    for (locator, identity) in found.iter().take(AGAIN) {
        if let Ok(raw) = raw(ContainerKind::Pst, &mut Cursor::new(input), locator) {
            assert_eq!(chest_mail::identity(&raw), *identity);
        }
    }
});
