//! What can be searched for in a message. A parser is fed by strangers here: whatever happens in it stays in it.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Addr, Address, Message};

use crate::attached;
use crate::bookkeeping::is_marked_deleted;
use crate::head_date;
use crate::mime::{Budget, Part, Role};
use crate::plain::{one_line, push_text};
use crate::searched::SearchedText;
use crate::types::{Completeness, Limits, Summary};
use crate::{calendar, html};

/// Longer names are cut off.
pub(crate) const LONGEST_NAME: usize = 1000;
/// Longer lists of people are cut off.
const LONGEST_PEOPLE: usize = 16 << 10;
/// So much of a text, as it lies in the message, is enough for what is shown.
const TEXT_AS_SENT: usize = 1 << 20;

/// So much of an attached message that is not there as it is, but in some encoding.
pub(crate) const ENCODED_MESSAGE: usize = 8 << 20;
/// The subject of an attached message is within these.
const HEADERS_OF_ATTACHED: usize = 64 << 10;

/// What came of a message.
pub(crate) struct Summarised {
    pub summary: Summary,
    pub completeness: Completeness,
    /// Its mail program says that it is deleted.
    pub is_marked_deleted: bool,
}

/// Understands a message, or the beginning of one. What has no headers is text.
pub(crate) fn summarise(raw: &[u8], limits: &Limits) -> Summarised {
    guarded(|| understand(raw, limits)).flatten().unwrap_or_else(|| {
        let (text, _) = SearchedText::of_plain(raw, limits.text_bytes).finish();
        let summary = Summary { text, ..Summary::default() };
        let is_marked_deleted = is_marked_deleted(raw);
        Summarised { summary, completeness: Completeness::NotUnderstood, is_marked_deleted }
    })
}

/// `None` where the parser gave up in the worst way.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Whatever was half done is thrown away.
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// `None` where there are no headers at all.
fn understand(raw: &[u8], limits: &Limits) -> Option<Summarised> {
    let mut budget = Budget::whole();
    let root = Part::parse_within(raw, &mut budget);
    let headers = root.headers.as_ref()?;
    let copies = [headers.to(), headers.cc(), headers.bcc()];
    let mut for_text = budget.clone();
    let attachments = names_of_attached(&root, &mut budget);
    let (text, is_cut) = SearchedText::of(&root, &mut for_text, limits.text_bytes).finish();
    // Of a message that goes on, what looks cut off need not be.
    let is_beginning = raw.len() >= limits.message_bytes;
    let completeness = match () {
        () if budget.is_damage_found() && !is_beginning => Completeness::NotUnderstood,
        () if is_cut || budget.is_overspent() => Completeness::Beginning,
        () => Completeness::Whole,
    };
    let summary = Summary {
        from: people([headers.from().or_else(|| headers.sender())]),
        to: people(copies),
        subject: subject(headers),
        date: head_date::of_head(root.head),
        message_id: one_line(headers.message_id().unwrap_or_default(), LONGEST_NAME),
        attachments,
        text,
    };
    Some(Summarised { summary, completeness, is_marked_deleted: is_marked_deleted(raw) })
}

fn names_of_attached(root: &Part<'_>, budget: &mut Budget) -> Vec<String> {
    let mut names = Vec::new();
    // Whoever broke off would be this visitor, and it does not.
    let _ = attached::visit(root, budget, ENCODED_MESSAGE, &mut |one| {
        names.push(one.name.to_owned());
        ControlFlow::Continue(())
    });
    names
}

/// The text that a reader of mail would show first; where there is none, what an invitation says. And whether some is missing at its end.
pub(crate) fn text(root: &Part<'_>, most: usize) -> (String, bool) {
    let (mut out, mut is_cut) = (String::new(), false);
    for part in root.texts() {
        is_cut |= part.body.len() > TEXT_AS_SENT;
        let letters = part.letters(TEXT_AS_SENT);
        if !out.is_empty() && !out.ends_with('\n') {
            push_text(&mut out, "\n", most);
        }
        let shown = match part.role() {
            // A letter more than there is room for tells that there is more.
            Role::Html => html::to_text(&letters, most + 4),
            _ => letters,
        };
        is_cut |= !push_text(&mut out, &shown, most);
    }
    out.truncate(out.trim_end().len());
    if out.is_empty() {
        for part in root.leaves().into_iter().filter(|part| part.is_invitation()) {
            is_cut |= part.body.len() > TEXT_AS_SENT;
            is_cut |= !push_text(&mut out, &calendar::shown(&part.letters(TEXT_AS_SENT)), most);
        }
        out.truncate(out.trim_end().len());
    }
    (out, is_cut)
}

/// What the sender called an attachment; of an attached message, its subject. What has no name is called by its place, wherever it is
/// listed, counted or saved.
pub(crate) fn attachment_name(part: &Part<'_>, index: usize) -> String {
    given_name(part).filter(|name| !name.is_empty()).unwrap_or_else(|| stand_in(part, index))
}

fn stand_in(part: &Part<'_>, index: usize) -> String {
    let extension = match part.content_type().as_str() {
        "message/rfc822" | "message/global" => ".eml",
        "text/html" => ".html",
        "text/plain" => ".txt",
        "text/calendar" => ".ics",
        _ => "",
    };
    format!("attachment {}{extension}", index + 1)
}

fn given_name(part: &Part<'_>) -> Option<String> {
    if let Some(name) = part.name() {
        return Some(one_line(name, LONGEST_NAME));
    }
    if !part.is_message() {
        return None;
    }
    let decoded = part.decoded(HEADERS_OF_ATTACHED);
    let inner = Part::parse(&decoded);
    let subject = subject(inner.headers.as_ref()?);
    (!subject.is_empty()).then(|| format!("{subject}.eml"))
}

pub(crate) fn subject(headers: &Message<'_>) -> String {
    one_line(headers.subject().unwrap_or_default(), LONGEST_NAME)
}

/// `Name <address>`, one after the other.
pub(crate) fn people<'a, const N: usize>(lists: [Option<&'a Address<'a>>; N]) -> String {
    let mut out = String::new();
    for person in lists.into_iter().flatten().flat_map(Address::iter).map(person).filter(|person| !person.is_empty()) {
        if out.len() + person.len() > LONGEST_PEOPLE {
            break;
        }
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&person);
    }
    out
}

fn person(person: &Addr<'_>) -> String {
    let clean = |text: &Option<std::borrow::Cow<'_, str>>| one_line(text.as_deref().unwrap_or_default(), LONGEST_NAME);
    match (clean(&person.name), clean(&person.address)) {
        (name, address) if name.is_empty() || name == address => address,
        (name, address) if address.is_empty() => name,
        (name, address) => format!("{name} <{address}>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::Timestamp;

    fn summary(message: &str) -> Summary {
        let found = summarise(message.as_bytes(), &Limits::default());
        assert_eq!(found.completeness, Completeness::Whole, "{message}");
        found.summary
    }

    #[test]
    fn what_is_searched_for_is_found() {
        let summary = summary(
            "From: =?utf-8?q?Zo=C3=AB?= Clerk <clerk@example.org>\r\nTo: chair@example.org,\r\n \"B, C\" <b@example.org>\r\n\
            Cc: d@example.org\r\nBcc: e@example.org\r\nSubject: =?utf-8?b?SGVkZ2U=?= at the\r\n green\r\n\
            Date: Fri, 20 Nov 2026 11:00:00 +0100\r\nMessage-ID: <1@example.org>\r\n\
            Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nPlease cut it.\r\n\
            --b\r\nContent-Type: application/pdf; name=\"Quote.pdf\"\r\n\r\nx\r\n--b--\r\n",
        );
        assert_eq!(summary.from, "Zoë Clerk <clerk@example.org>");
        assert_eq!(summary.to, "chair@example.org, B, C <b@example.org>, d@example.org, e@example.org");
        assert_eq!(summary.subject, "Hedge at the green");
        assert_eq!(summary.date, Some(Timestamp::new(1_795_168_800, 0)));
        assert_eq!(summary.message_id, "1@example.org");
        assert_eq!(summary.attachments, ["Quote.pdf"]);
        assert_eq!(summary.text, "Please cut it.");
    }

    #[test]
    fn the_text_is_bounded_and_html_is_only_read() {
        let page = format!("Content-Type: text/html\n\n<p>word<script>x</script>{}", " &amp;".repeat(1000));
        let limits = Limits { text_bytes: 10, ..Limits::default() };
        let found = summarise(page.as_bytes(), &limits);
        assert_eq!((found.summary.text.as_str(), found.completeness), ("word & & &", Completeness::Beginning));
    }

    #[test]
    fn what_has_no_headers_is_no_message() {
        for bytes in [&b""[..], b"\n\n", b"no header\n\nbody"] {
            let found = summarise(bytes, &Limits::default());
            assert_eq!(found.completeness, Completeness::NotUnderstood, "{bytes:?}");
        }
    }

    #[test]
    fn letters_that_were_not_encoded_are_read_as_those_of_western_europe() {
        let message = b"From: Zo\xeb Clerk <clerk@example.org>\nSubject: caf\xe9 \x96 caf\xc3\xa9\nTo: Zo\xc3\xab <z@example.org>\n\ncaf\xe9\n";
        let found = summarise(message, &Limits::default()).summary;
        assert_eq!(found.from, "Zoë Clerk <clerk@example.org>");
        assert_eq!(found.to, "Zoë <z@example.org>");
        assert_eq!((found.subject.starts_with("café – caf"), found.text.as_str()), (true, "café"));
    }

    #[test]
    fn the_mark_before_the_first_letter_hides_no_header() {
        assert_eq!(summary("\u{feff}From: a@b.example\nSubject: x\n\ny\n").from, "a@b.example");
    }

    #[test]
    fn a_parser_that_panics_harms_nothing() {
        assert_eq!(guarded(|| -> u8 { std::panic::panic_any(()) }), None);
    }
}
