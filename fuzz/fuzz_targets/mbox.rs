//! Any bytes as an mbox file: every message comes out as its identity says, whatever is kept of it in memory, and from any message on
//! the rest is the same.

#![no_main]

use chest_mail::{ContainerKind, FoundMessage, Limits, Resume, identity, raw, visit};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::ops::ControlFlow;

/// From how many messages on it is read again.
const RESUMED: usize = 4;

fn all(bytes: &[u8], from: Resume, message_bytes: usize) -> Vec<FoundMessage> {
    let limits = Limits { message_bytes, text_bytes: 1000 };
    let mut found = Vec::new();
    let visited = visit(ContainerKind::Mbox, &mut Cursor::new(bytes), from, &limits, &mut |message| {
        found.push(message);
        ControlFlow::Continue(())
    });
    assert_eq!(visited.messages, found.len() as u64);
    assert!(visited.problem.is_none() || found.is_empty(), "{visited:?}");
    found
}

fuzz_target!(|input: &[u8]| {
    let bytes = [b"From clerk@example.org Fri Nov 20 10:00:00 2026\n", input].concat();
    let found = all(&bytes, Resume::Start, usize::MAX);
    assert!(!found.is_empty());
    for message in &found {
        let raw = raw(ContainerKind::Mbox, &mut Cursor::new(&bytes), &message.locator).expect("what is found can be had");
        assert_eq!(identity(&raw), message.identity);
        assert!(message.summary.text.len() <= 1000);
    }
    for (at, message) in found.iter().enumerate().rev().take(RESUMED) {
        assert_eq!(all(&bytes, Resume::At(message.starts_at), usize::MAX)[..], found[at..]);
    }
    let bare = |message: &FoundMessage| (message.locator.clone(), message.identity);
    let small = all(&bytes, Resume::Start, 50);
    assert!(small.iter().map(bare).eq(found.iter().map(bare)));
    all(input, Resume::Start, usize::MAX);
});
