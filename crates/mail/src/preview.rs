//! A message for somebody to look at before saving it, and what is attached to it.

use std::ops::ControlFlow;

use chest_model::Timestamp;

use crate::attached::{self, Attached};
use crate::head_date;
use crate::mime::{Budget, Part};
use crate::plain::one_line;
use crate::pst::DAMAGED;
use crate::summary::{LONGEST_NAME, guarded, people, subject, text};

/// So much text is shown.
const LONGEST_TEXT: usize = 1 << 20;

/// A message to look at. All of it is fit to be shown: names are one line each, the text is lines of plain text, and nothing in
/// either moves a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// Whom it says it is from.
    pub from: String,
    /// To whom.
    pub to: String,
    /// To whom else.
    pub cc: String,
    /// As decoded.
    pub subject: String,
    /// When it says it was sent.
    pub date: Option<Timestamp>,
    /// Its text; of a page in HTML what stands there, and where its links really lead.
    pub text: String,
    /// The text goes on.
    pub text_is_cut: bool,
    /// What is attached, in the order that [`attachment`] counts; what is attached to an attached message comes after that.
    pub attachments: Vec<AttachmentInfo>,
    /// There may be more attached than is listed, and more text: there is more in the message than is taken in of one.
    pub is_cut: bool,
    /// Some of the message is missing or wrong: it was cut off, or bytes of what is attached are not as they were sent.
    pub is_damaged: bool,
}

/// One file attached to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentInfo {
    /// What the sender called it, or what it is: fit to be shown, not to be opened as a path.
    pub name: String,
    /// Of the file, not of how it was sent.
    pub size: u64,
    /// What the sender says it is: `application/pdf`.
    pub content_type: String,
    /// The attached message that it is attached to, by its name in this list.
    pub within: Option<String>,
}

/// What there is to see of a message; empty where it cannot be understood.
pub fn preview(raw: &[u8]) -> Preview {
    guarded(|| look(raw)).unwrap_or_default()
}

fn look(raw: &[u8]) -> Preview {
    let mut budget = Budget::whole();
    let root = Part::parse_within(raw, &mut budget);
    let (text, text_is_cut) = text(&root, LONGEST_TEXT);
    let mut preview = Preview { text, text_is_cut, ..Preview::default() };
    // Whoever broke off would be this visitor, and it does not.
    let _ = attached::visit(&root, &mut budget, usize::MAX, &mut |one| {
        preview.attachments.push(info(one));
        ControlFlow::Continue(())
    });
    preview.is_cut = budget.is_overspent();
    preview.is_damaged = budget.is_damage_found();
    if let Some(headers) = &root.headers {
        preview.from = people([headers.from().or_else(|| headers.sender())]);
        preview.to = people([headers.to()]);
        preview.cc = people([headers.cc(), headers.bcc()]);
        preview.subject = subject(headers);
        preview.date = head_date::of_head(root.head);
    }
    preview
}

fn info(one: &Attached<'_>) -> AttachmentInfo {
    AttachmentInfo {
        name: one.name.to_owned(),
        size: one.part.decoded(usize::MAX).len() as u64,
        content_type: one_line(&one.part.content_type(), LONGEST_NAME),
        within: one.within.map(str::to_owned),
    }
}

/// Takes a name, and the bytes that bear it.
pub type AttachmentVisitor<'v, E> = dyn FnMut(&str, &[u8]) -> Result<(), E> + 'v;

/// Gives the visitor all that is listed in [`Preview::attachments`]: its name as there, and the bytes that were sent. Whether that is all that is
/// attached, or the visitor's error.
pub fn visit_attachments<E>(raw: &[u8], visitor: &mut AttachmentVisitor<'_, E>) -> Result<bool, E> {
    let mut error = None;
    let mut give = |one: &Attached<'_>| match visitor(one.name, &one.part.decoded(usize::MAX)) {
        Ok(()) => ControlFlow::Continue(()),
        Err(problem) => {
            error = Some(problem);
            ControlFlow::Break(())
        }
    };
    let is_all = guarded(|| {
        let mut budget = Budget::whole();
        let root = Part::parse_within(raw, &mut budget);
        attached::visit(&root, &mut budget, usize::MAX, &mut give).is_continue() && !budget.is_overspent()
    });
    error.map_or(Ok(is_all.unwrap_or(false)), Err)
}

/// Of a message that is missing or wrong in part, what stands beside it where it is saved: the note's name, and its words.
pub fn damage_note(raw: &[u8]) -> Option<(&'static str, String)> {
    guarded(|| {
        let mut budget = Budget::whole();
        let root = Part::parse_within(raw, &mut budget);
        let mut words = "Part of this message is damaged: it was cut off, or bytes of it are wrong.\r\n".to_owned();
        // Whoever broke off would be this visitor, and it does not.
        let _ = attached::visit(&root, &mut budget, usize::MAX, &mut |one| {
            if one.is_damaged {
                words.push_str(&format!("Not as it was sent: {}\r\n", one.name));
            }
            ControlFlow::Continue(())
        });
        budget.is_damage_found().then_some((DAMAGED, words))
    })
    .flatten()
}

/// What is attached in this place of [`Preview::attachments`]: its name as there, and the bytes that were sent.
pub fn attachment(raw: &[u8], index: usize) -> Option<(String, Vec<u8>)> {
    let (mut place, mut found) = (0, None);
    let mut look = |one: &Attached<'_>| {
        if place == index {
            found = Some((one.name.to_owned(), one.part.decoded(usize::MAX).into_owned()));
            return ControlFlow::Break(());
        }
        place += 1;
        ControlFlow::Continue(())
    };
    guarded(|| {
        let mut budget = Budget::whole();
        let root = Part::parse_within(raw, &mut budget);
        attached::visit(&root, &mut budget, usize::MAX, &mut look).is_break()
    })?;
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::summarise;
    use crate::types::{Completeness, Limits};

    const FORWARD: &str = "From: \"Bank\x1b[2J\" <a@b.example>\nTo: c@d.example\nCc: =?utf-8?b?4oCuZXZpbA==?= <e@f.example>\n\
        Subject: Hello =?utf-8?q?=1B=5B2J=0Aforged?=\nContent-Type: multipart/mixed; boundary=b\n\n\
        --b\nContent-Type: text/html\n\n<p>See <a href=\"https://evil.example\">https://bank.example</a>\n\
        --b\nContent-Type: message/rfc822\n\nSubject: Inner\n\ninner text\n\
        --b\nContent-Type: application/octet-stream; name=\"../../etc/passwd\"\nContent-Transfer-Encoding: base64\n\n/wD/\n--b\n\
        Content-Disposition: attachment\n\nnameless\n--b--\n";

    #[test]
    fn a_preview_shows_what_matters_and_nothing_moves_the_cursor() {
        let preview = preview(FORWARD.as_bytes());
        assert_eq!(preview.text, "See https://bank.example [https://evil.example]");
        assert_eq!(preview.to, "c@d.example");
        let listed: Vec<_> = preview.attachments.iter().map(|file| (file.name.as_str(), file.size)).collect();
        assert_eq!(listed, [("Inner.eml", 26), ("../../etc/passwd", 3), ("attachment 3.txt", 8)]);
        for text in [&preview.from, &preview.cc, &preview.subject] {
            assert!(!text.chars().any(|letter| letter.is_control() || letter == '\u{202e}'), "{text:?}");
        }
    }

    #[test]
    fn what_is_searched_has_the_attachments_that_are_listed() {
        let unnamed = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n\
            --b\nContent-Type: application/pdf\nContent-Disposition: attachment\n\none\n\
            --b\nContent-Type: application/pdf; name=\"  \"\n\ntwo\n--b--\n";
        for message in [FORWARD, unnamed] {
            let listed: Vec<_> = preview(message.as_bytes()).attachments.into_iter().map(|file| file.name).collect();
            assert_eq!(summarise(message.as_bytes(), &Limits::default()).summary.attachments, listed);
            assert!(listed.len() > 1 && listed.iter().all(|name| !name.is_empty()), "{listed:?}");
        }
    }

    #[test]
    fn what_is_attached_comes_out_byte_for_byte() {
        let get = |index| attachment(FORWARD.as_bytes(), index);
        assert_eq!(get(0), Some(("Inner.eml".into(), b"Subject: Inner\n\ninner text".to_vec())));
        assert_eq!(get(1), Some(("../../etc/passwd".into(), vec![0xff, 0, 0xff])));
        assert_eq!(get(2), Some(("attachment 3.txt".into(), b"nameless".to_vec())));
        assert_eq!(get(3), None);
    }

    #[test]
    fn what_cannot_be_understood_shows_nothing_and_harms_nothing() {
        for bytes in [&b""[..], b"\0\xff\n\n\xff", b":::\n:\n"] {
            assert!(preview(bytes).attachments.is_empty());
            assert_eq!(attachment(bytes, 0), None);
        }
    }

    const FORWARDED_TWICE: &str = "Subject: Outer\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n\
        --b\nContent-Type: message/rfc822\n\n\
        Subject: Middle\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: application/pdf; name=Quotation.pdf\n\nquoted\n\
        --m\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n\
        U3ViamVjdDogSW5uZXIKQ29udGVudC1UeXBlOiBpbWFnZS9wbmc7IG5hbWU9UGxhbi5wbmcKCnBuZw==\n--m--\n\
        --b\nContent-Disposition: attachment\n\nlast\n--b--\n";

    #[test]
    fn what_is_attached_to_a_forwarded_message_is_listed_searched_and_saved() {
        let shown = preview(FORWARDED_TWICE.as_bytes());
        let listed: Vec<_> = shown
            .attachments
            .iter()
            .map(|file| (file.name.as_str(), file.within.as_deref().unwrap_or_default()))
            .collect();
        let expected = [
            ("Middle.eml", ""),
            ("Quotation.pdf", "Middle.eml"),
            ("Inner.eml", "Middle.eml"),
            ("Plan.png", "Inner.eml"),
            ("attachment 5.txt", ""),
        ];
        assert_eq!((&listed[..], shown.is_cut), (&expected[..], false));
        let names = expected.map(|(name, _)| name.to_owned());
        assert_eq!(summarise(FORWARDED_TWICE.as_bytes(), &Limits::default()).summary.attachments, names);
        let mut saved = Vec::new();
        let is_all = visit_attachments::<()>(FORWARDED_TWICE.as_bytes(), &mut |name, bytes| {
            saved.push((name.to_owned(), bytes.to_vec()));
            Ok(())
        });
        assert_eq!(is_all, Ok(true));
        assert_eq!(saved.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
        assert_eq!([&saved[1].1, &saved[3].1, &saved[4].1].map(|bytes| &bytes[..]), [&b"quoted"[..], b"png", b"last"]);
        let places = (0..5).map(|place| attachment(FORWARDED_TWICE.as_bytes(), place).unwrap());
        assert_eq!(places.collect::<Vec<_>>(), saved);
        assert_eq!(attachment(FORWARDED_TWICE.as_bytes(), 5), None);
        assert_eq!(
            visit_attachments(FORWARDED_TWICE.as_bytes(), &mut |name, _| Err(name.to_owned())),
            Err(names[0].clone())
        );
    }

    /// So many files, each with so long a head.
    fn many(files: usize, head: usize) -> String {
        let part = format!("--b\nContent-Type: application/pdf; name=x.pdf\nX: {}\n\nq\n", "h".repeat(head));
        format!("Subject: many\nContent-Type: multipart/mixed; boundary=b\n\n{}--b--\n", part.repeat(files))
    }

    #[test]
    fn that_there_is_more_attached_than_is_taken_in_is_told_and_what_is_given_is_whole() {
        let forwarded = format!("Subject: Outer\nContent-Type: message/rfc822\n\n{}", many(1001, 1));
        let endless = "Content-Type: message/rfc822\n\n".repeat(30);
        for (message, expected, is_cut) in [
            (many(1000, 1), 1000, false),
            (many(1001, 1), 1000, true),
            (many(4, 250 << 10), 4, false),
            (many(5, 250 << 10), 4, true),
            (many(1, 257 << 10), 0, true),
            (forwarded, 1001, true),
            (endless, 11, true),
        ] {
            let shown = preview(message.as_bytes());
            assert_eq!((shown.attachments.len(), shown.is_cut), (expected, is_cut), "{}", &message[..100]);
            let completeness = summarise(message.as_bytes(), &Limits::default()).completeness;
            assert_eq!(completeness == Completeness::Beginning, is_cut, "{completeness:?}: {}", &message[..100]);
            let mut given = Vec::new();
            let is_all = visit_attachments::<()>(message.as_bytes(), &mut |_, bytes| {
                given.push(bytes.to_vec());
                Ok(())
            });
            assert_eq!((is_all, given.len()), (Ok(!is_cut), expected), "{}", &message[..100]);
            assert!(!message.starts_with("Subject: many") || given.iter().all(|bytes| bytes == b"q"));
        }
    }

    #[test]
    fn what_is_damaged_is_said_by_all_and_named_in_a_note() {
        let message = |body: &str, end: &str| {
            format!(
                "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n\
                 Content-Type: application/pdf; name=x.pdf\nContent-Transfer-Encoding: base64\n\n{body}{end}"
            )
        };
        let closed = "\n--b--\n";
        let sound = message("AAECAw==", closed);
        let forwarded = |inner: &str| {
            format!(
                "Subject: y\nContent-Type: multipart/mixed; boundary=f\n\n--f\nContent-Type: message/rfc822\n\n{inner}\n--f--\n"
            )
        };
        for (message, is_damaged) in [
            (sound.clone(), false),
            (forwarded(&sound), false),
            (message("AAECAw==\n____\na list", closed), false),
            (message("AA!!!ECAw==", closed), true),
            (message("AAEC\nAw", closed), true),
            (message("AAECAw==", "\n--"), true),
            (forwarded(&message("AAECAw==", "")), true),
        ] {
            assert_eq!(preview(message.as_bytes()).is_damaged, is_damaged, "{message}");
            let completeness = summarise(message.as_bytes(), &Limits::default()).completeness;
            assert_eq!(completeness == Completeness::NotUnderstood, is_damaged, "{message}");
            let note = damage_note(message.as_bytes());
            let names_it = note.map(|(name, words)| (name, words.contains("Not as it was sent: x.pdf\r\n")));
            assert_eq!(names_it, is_damaged.then_some(("damaged.txt", true)), "{message}");
            let files = preview(message.as_bytes()).attachments;
            assert_eq!(files.last().map(|file| (file.name.as_str(), file.size)), Some(("x.pdf", 4)), "{message}");
        }
        let limits = Limits { message_bytes: 100, ..Limits::default() };
        let beginning = summarise(message("AAEC", "").as_bytes(), &limits);
        assert_ne!(beginning.completeness, Completeness::NotUnderstood, "more of it may follow");
        let text = "Subject: x\nContent-Transfer-Encoding: base64\n\nd29yZ\n";
        assert!(preview(text.as_bytes()).is_damaged);
        assert!(!damage_note(text.as_bytes()).unwrap().1.contains("Not as"));
    }

    #[test]
    fn a_message_that_is_nothing_but_an_invitation_shows_what_it_says() {
        let invitation = "Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n\
            SUMMARY:Hed\n ge\nDTSTART:20261120T100000Z\nLOCATION:Hall\\, upstairs\nEND:VEVENT\nEND:VCALENDAR\n";
        let shown = "Hedge\nWhen: 20261120T100000Z\nWhere: Hall, upstairs";
        let with_text = |text: &str| {
            format!(
                "Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n{text}\n--b\n{invitation}--b--\n"
            )
        };
        for (message, expected) in [
            (format!("Subject: x\n{invitation}"), shown),
            (with_text(" "), shown),
            (with_text("Please come."), "Please come."),
        ] {
            assert_eq!(preview(message.as_bytes()).text, expected, "{message}");
        }
    }

    #[test]
    fn parts_that_nest_deeper_than_anybody_looks_are_told() {
        let nested = |depth: usize| {
            let begin = |level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
            let heads: String = (0..depth).map(begin).collect();
            format!("{heads}Content-Type: application/pdf; name=x.pdf\n\nq\n")
        };
        let found = |depth| {
            let shown = preview(nested(depth).as_bytes());
            (shown.attachments.len(), shown.is_cut)
        };
        assert_eq!((found(20), found(21)), ((1, false), (0, true)));
    }

    #[test]
    fn that_a_text_goes_on_is_told() {
        for kind in ["plain", "html"] {
            let shown = |length: usize| {
                let lines = "0123456\n".repeat(length / 8);
                preview(
                    format!("Subject: x\nContent-Type: text/{kind}\n\n{lines}{}", "x".repeat(length % 8)).as_bytes(),
                )
            };
            assert!(!shown(1 << 20).text_is_cut && shown((1 << 20) + 1).text_is_cut, "{kind}");
            let length = shown((1 << 20) + 9).text.len();
            assert!(length <= 1 << 20 && length + 8 > 1 << 20, "{kind}: {length}");
        }
    }
}
