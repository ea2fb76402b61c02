//! A message for somebody to look at before saving it, and what is attached to it.

use chest_model::Timestamp;

use crate::mime::Part;
use crate::plain::one_line;
use crate::summary::{LONGEST_NAME, attachment_name, date, guarded, people, subject, text};

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
    /// What is attached, in the order that [`attachment`] counts.
    pub attachments: Vec<AttachmentInfo>,
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
}

/// What there is to see of a message; empty where it cannot be understood.
pub fn preview(raw: &[u8]) -> Preview {
    guarded(|| look(&Part::parse(raw))).unwrap_or_default()
}

fn look(root: &Part<'_>) -> Preview {
    let attachments = root.attachments();
    let named = attachments.iter().enumerate().map(|(index, part)| AttachmentInfo {
        name: attachment_name(part, index),
        size: part.decoded(usize::MAX).len() as u64,
        content_type: one_line(&part.content_type(), LONGEST_NAME),
    });
    let mut preview = Preview { text: text(root, LONGEST_TEXT), attachments: named.collect(), ..Preview::default() };
    if let Some(headers) = &root.headers {
        preview.from = people([headers.from().or_else(|| headers.sender())]);
        preview.to = people([headers.to()]);
        preview.cc = people([headers.cc(), headers.bcc()]);
        preview.subject = subject(headers);
        preview.date = date(headers);
    }
    preview
}

/// What is attached in this place of [`Preview::attachments`]: its name as there, and the bytes that were sent.
pub fn attachment(raw: &[u8], index: usize) -> Option<(String, Vec<u8>)> {
    guarded(|| {
        let root = Part::parse(raw);
        let attachments = root.attachments();
        let part = attachments.get(index)?;
        Some((attachment_name(part, index), part.decoded(usize::MAX).into_owned()))
    })
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::summarise;
    use crate::types::Limits;

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
}
