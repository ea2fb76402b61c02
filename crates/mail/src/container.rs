//! Which files are mailboxes. Told by their first bytes; by the name only where it says that a file is something else.

use crate::date;
use crate::lines::without_mark;

/// What a mailbox is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContainerKind {
    /// Many messages in one file, each after a "From " line.
    Mbox,
    /// A file that is one message: `.eml`, or one of a Maildir.
    Message,
    /// An Outlook data file.
    Pst,
}

/// How many of a file's first bytes [`recognise`] wants to see.
const HEAD: usize = 4096;
/// Text that may well begin like a message: a memorandum, a saved page.
const NEVER_A_MESSAGE: [&str; 16] =
    ["txt", "csv", "tsv", "md", "rst", "html", "htm", "mht", "mhtml", "xml", "json", "log", "ics", "vcf", "rtf", "tex"];

/// Names of mailboxes. Of some kinds among them nothing can be read here: all the more it is to be told that they are there.
const MAIL: [&str; 10] = ["eml", "emlx", "mbox", "mbx", "mbs", "pst", "ost", "msg", "olm", "dbx"];
/// Names of what is never mail, as far as a name can be believed.
const OTHER: [&str; 47] = [
    "7z", "aac", "avi", "bmp", "css", "csv", "dll", "doc", "docx", "dotx", "exe", "gif", "gz", "heic", "htm", "html",
    "ics", "jpeg", "jpg", "js", "json", "lnk", "m4a", "md", "mht", "mhtml", "mov", "mp3", "mp4", "msf", "odp", "ods",
    "odt", "pdf", "png", "ppt", "pptx", "rtf", "svg", "tif", "tiff", "url", "vcf", "xls", "xlsx", "xml", "zip",
];

/// What can be said of a file by its name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameSays {
    /// Mailboxes are called so.
    Mail,
    /// It may well be a mailbox: Thunderbird's have no extension, and a Maildir's messages have one that is none.
    MaybeMail,
    /// Nothing: somebody has made up the end of the name, or it is that of files of many kinds.
    Nothing,
    /// Files of another kind are called so.
    OtherThanMail,
}

impl NameSays {
    /// What this name says.
    pub fn of(name: &[u8]) -> Self {
        let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&at| at > 0);
        let Some(extension) = dot.map(|at| String::from_utf8_lossy(&name[at + 1..]).to_ascii_lowercase()) else {
            return Self::MaybeMail;
        };
        // Flags of a Maildir's message; where a colon is forbidden they stand after another sign.
        let has_flags = [":2,", ";2,", "!2,"].iter().any(|flags| extension.contains(flags));
        match extension.as_str() {
            known if MAIL.contains(&known) => Self::Mail,
            known if OTHER.contains(&known) => Self::OtherThanMail,
            _ if has_flags => Self::MaybeMail,
            _ => Self::Nothing,
        }
    }
}

/// What kind of mailbox a file is, from its name and its first few thousand bytes; `None` for all others. A mailbox that is not
/// recognised is only not searched.
pub fn recognise(name: &[u8], head: &[u8]) -> Option<ContainerKind> {
    let head = without_mark(&head[..head.len().min(HEAD)]);
    if is_pst(head) {
        return Some(ContainerKind::Pst);
    }
    if is_mbox(head) {
        return Some(ContainerKind::Mbox);
    }
    is_message(name, head).then_some(ContainerKind::Message)
}

/// Or Outlook's cache of what a server holds (`SO`), which is laid out like one; not an address book.
fn is_pst(head: &[u8]) -> bool {
    head.starts_with(b"!BDN") && matches!(head.get(8..10), Some(b"SM" | b"SO"))
}

/// Whether a file is one message as Outlook saves it (`.msg`): nothing that can be read here, but worth a word of its own.
pub fn is_outlook_message(name: &[u8], head: &[u8]) -> bool {
    // Old documents of Office begin so, too.
    let is_compound = head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    is_compound && name.to_ascii_lowercase().ends_with(b".msg")
}

fn is_mbox(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').skip_while(|line| is_blank(line));
    lines.next().is_some_and(|line| date::of_envelope(line).is_some())
        && lines.next().is_some_and(|next| {
            // Some writers quote a second envelope there; a message may have no headers at all.
            header(next).is_some() || next.starts_with(b">From ") || (is_blank(next) && lines.next().is_some())
        })
}

/// A line without its break.
fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"" | b"\r")
}

fn is_message(name: &[u8], head: &[u8]) -> bool {
    let extension = name.rsplit(|&byte| byte == b'.').next().map(|last| String::from_utf8_lossy(last).to_lowercase());
    let extension = extension.unwrap_or_default();
    if NEVER_A_MESSAGE.contains(&extension.as_str()) {
        return false;
    }
    let found = Headers::count(head);
    match extension.as_str() {
        // Named so, it is meant to be a message, however little of one it is.
        "eml" => found.plausible >= 1,
        _ => found.all_are_headers && found.plausible >= 3 && found.only_machines_write >= 1,
    }
}

/// Whether these are headers of a message, up to the first blank line.
pub(crate) fn begins_as_message(head: &[u8]) -> bool {
    let found = Headers::count(head);
    found.all_are_headers && found.plausible >= 1
}

/// What is in a block of headers.
struct Headers {
    /// No other line stands before the first blank one.
    all_are_headers: bool,
    plausible: usize,
    only_machines_write: usize,
}

impl Headers {
    /// Up to the first line that is none.
    fn count(head: &[u8]) -> Self {
        let mut found = Self { all_are_headers: true, plausible: 0, only_machines_write: 0 };
        let mut lines = head.split(|&byte| byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            // The last one may be cut off.
            if line.trim_ascii().is_empty() || lines.peek().is_none() {
                break;
            }
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                continue;
            }
            let Some((name, value)) = header(line) else {
                found.all_are_headers = false;
                break;
            };
            found.note(name, value.trim_ascii());
        }
        found
    }

    fn note(&mut self, name: &[u8], value: &[u8]) {
        let has = |letter: u8| value.contains(&letter);
        let (plausible, by_machine) = match &name.to_ascii_lowercase()[..] {
            b"from" | b"to" | b"cc" | b"reply-to" | b"return-path" | b"delivered-to" => (has(b'@'), false),
            b"date" => (date::is_of_a_program(value), date::is_of_a_program(value)),
            b"message-id" => (has(b'<') && has(b'@'), has(b'<') && has(b'@')),
            b"mime-version" => (value.starts_with(b"1."), value.starts_with(b"1.")),
            b"received" => (value.starts_with(b"from ") || value.starts_with(b"by "), true),
            b"content-type" => (has(b'/'), false),
            b"subject" => (true, false),
            _ => (false, false),
        };
        self.plausible += usize::from(plausible);
        self.only_machines_write += usize::from(plausible && by_machine);
    }
}

/// Name and value of a header line.
fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':').filter(|&colon| colon > 0)?;
    let (name, value) = line.split_at(colon);
    name.iter().all(u8::is_ascii_graphic).then_some((name, &value[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Received: from a.example by b.example; Fri, 20 Nov 2026 10:00:00 +0000\r\n\
        From: Clerk <clerk@example.org>\r\nTo: chair@example.org\r\nSubject: Hedge\r\n\
        Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nText\r\n";

    fn kind(name: &str, head: &str) -> Option<ContainerKind> {
        recognise(name.as_bytes(), head.as_bytes())
    }

    #[test]
    fn mailboxes_are_told_by_their_content() {
        let mbox = format!("From clerk@example.org Fri Nov 20 10:00:00 2026\n{MESSAGE}");
        for name in ["Inbox", "clerk.mbox", "Sent.txt", ""] {
            assert_eq!(kind(name, &mbox), Some(ContainerKind::Mbox), "{name}");
        }
        for name in ["a.eml", "1700000000.M1P1.host:2,S", "a", "A.EML", "x.msg"] {
            assert_eq!(kind(name, MESSAGE), Some(ContainerKind::Message), "{name}");
        }
    }

    #[test]
    fn mailboxes_that_begin_oddly_are_mailboxes_all_the_same() {
        let envelope = "From clerk@example.org Fri Nov 20 10:00:00 2026\n";
        for begins in ["\n", "\r\n\r\n", "\u{feff}", "\u{feff}\n"] {
            assert_eq!(kind("Inbox", &format!("{begins}{envelope}{MESSAGE}")), Some(ContainerKind::Mbox), "{begins:?}");
        }
        assert_eq!(kind("Inbox", &format!("{envelope}\nA message without headers.\n")), Some(ContainerKind::Mbox));
        let latin_1 = [&b"From Zo\xeb Fri Nov 20 10:00:00 2026\nSubject: x\n\n"[..], b"x\n"].concat();
        assert_eq!(recognise(b"archive.2025", &latin_1), Some(ContainerKind::Mbox));
        for name in ["a.eml", "a"] {
            assert_eq!(kind(name, &format!("\u{feff}{MESSAGE}")), Some(ContainerKind::Message), "{name}");
        }
    }

    #[test]
    fn names_say_what_they_can() {
        let says = |name: &str| NameSays::of(name.as_bytes());
        for (expected, names) in [
            (NameSays::Mail, &["clerk.mbox", "x.EML", "Outlook.pst", "a.b.msg"][..]),
            (
                NameSays::MaybeMail,
                &["Inbox", ".hidden", "17.M1P2.host:2,S", "17.M1P2.host;2,RS", "17.M1.parish.org!2,"],
            ),
            (NameSays::Nothing, &["archive.2025", "Sent.bak", "Inbox.txt", "backup.dat", "Minutes 12.11.2025", "a."]),
            (NameSays::OtherThanMail, &["minutes.docx", "photo.JPG", "Inbox.msf"]),
        ] {
            names.iter().for_each(|name| assert_eq!(says(name), expected, "{name}"));
        }
    }

    #[test]
    fn what_is_saved_as_a_message_is_one_however_little_it_says() {
        for text in [
            "From: a@b.example\nSubject: x\n\n",
            "Subject: the only header\n\nText\n",
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nText\n--b--\n",
            "From: a@b.example\nTo: c@d.example\nNo blank line stands before this text.\n",
        ] {
            assert_eq!(kind("saved.eml", text), Some(ContainerKind::Message), "{text}");
            assert_eq!(kind("saved", text), None, "{text}");
        }
    }

    #[test]
    fn outlook_data_files_and_its_caches_are_told_from_address_books() {
        for (client, expected) in [(b"SM", Some(ContainerKind::Pst)), (b"SO", Some(ContainerKind::Pst)), (b"AB", None)]
        {
            let head = [&b"!BDN\x01\x02\x03\x04"[..], client, &[23, 0]].concat();
            assert_eq!(recognise(b"x.pst", &head), expected);
        }
        assert_eq!(recognise(b"x.pst", b"!BDN"), None);
    }

    #[test]
    fn messages_of_outlook_are_told_from_what_is_only_called_so() {
        let compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0";
        assert!(is_outlook_message(b"Hedge.MSG", compound) && recognise(b"Hedge.MSG", compound).is_none());
        assert!(!is_outlook_message(b"Hedge.doc", compound) && !is_outlook_message(b"Hedge.msg", MESSAGE.as_bytes()));
    }

    #[test]
    fn other_text_is_not_taken_for_mail() {
        let memo = "From: the clerk\nTo: all councillors\nDate: 20 November 2026\nSubject: Hedge\n\nPlease note\n";
        for (name, text) in [
            ("memo.txt", memo),
            ("memo", memo),
            ("memo.docx", memo),
            ("page.mht", MESSAGE),
            ("log.txt", MESSAGE),
            ("a.csv", "From,To,Date\nx,y,z\n"),
            ("a.yml", "from: x@y.example\nto: z\nsubject: a\n"),
            ("diary", "From Friday on the hall is closed\nDate: unknown\n"),
            ("x.eml", "Not a header\nFrom: a@b.example\nSubject: x\n\n"),
            ("", ""),
            ("x.eml", "\n\n"),
            ("letter", "From x Fri Nov 20 10:00:00 2026\nDear all\n"),
        ] {
            assert_eq!(kind(name, text), None, "{name}: {text}");
        }
    }
}
