//! One message of an Outlook data file, from its properties ([MS-OXCMSG] names them) to the parts of an `.eml` file.

use std::cell::Cell;
use std::io::Write;

use chest_model::Timestamp;

use super::PstError;
use super::bodies::{Bodies, write_rich, write_text};
use super::eml::{Base64Lines, file_name, header, ids_header, people_header};
use super::file::{Node, PstFile};
use super::properties::{Properties, Table};

/// Messages within messages, up to here.
const DEEPEST: usize = 10;
const RECIPIENTS: u32 = 0x692;
const ATTACHMENT: u32 = 0x05;
/// An attachment that is a file.
const BY_VALUE: u32 = 1;
/// An attachment that is a message itself.
const BY_MESSAGE: u32 = 5;
/// Items that lie in folders like messages, but are none.
const NO_MAIL: [&str; 8] = [
    "ipm.contact",
    "ipm.distlist",
    "ipm.appointment",
    "ipm.task",
    "ipm.stickynote",
    "ipm.activity",
    "ipm.abchperson",
    "ipm.network",
];

/// What notes in a message are called: in place of an attachment or after its beginning, …
const UNREADABLE: &str = "could not be read.txt";
/// … and where a checksum says that what was read is not what was written.
pub(crate) const DAMAGED: &str = "damaged.txt";

/// Whether what is attached may be such a note: nobody has written it who wrote the message.
pub(crate) fn is_note(name: &str) -> bool {
    [UNREADABLE, DAMAGED].contains(&name)
}

/// Ids of properties.
mod id {
    pub const CLASS: u16 = 0x001a;
    pub const SUBJECT: u16 = 0x0037;
    pub const SUBMITTED: u16 = 0x0039;
    pub const REPRESENTED_NAME: u16 = 0x0042;
    pub const REPRESENTED_ADDRESS: u16 = 0x0065;
    pub const HEADERS: u16 = 0x007d;
    pub const RECIPIENT_TYPE: u16 = 0x0c15;
    pub const SENDER_NAME: u16 = 0x0c1a;
    pub const SENDER_ADDRESS: u16 = 0x0c1f;
    pub const SHOWN_BCC: u16 = 0x0e02;
    pub const SHOWN_CC: u16 = 0x0e03;
    pub const SHOWN_TO: u16 = 0x0e04;
    pub const DELIVERED: u16 = 0x0e06;
    pub const MESSAGE_ID: u16 = 0x1035;
    pub const REFERENCES: u16 = 0x1039;
    pub const IN_REPLY_TO: u16 = 0x1042;
    pub const NAME: u16 = 0x3001;
    pub const ADDRESS: u16 = 0x3003;
    pub const CONTENT: u16 = 0x3701;
    pub const SHORT_FILE_NAME: u16 = 0x3704;
    pub const METHOD: u16 = 0x3705;
    pub const FILE_NAME: u16 = 0x3707;
    pub const MIME_TYPE: u16 = 0x370e;
    pub const CONTENT_ID: u16 = 0x3712;
    pub const SMTP_ADDRESS: u16 = 0x39fe;
    /// What is asked of a recipient.
    pub const OF_RECIPIENT: [u16; 4] = [RECIPIENT_TYPE, NAME, ADDRESS, SMTP_ADDRESS];
    pub const CODE_PAGE: u16 = 0x3ffd;
    pub const SENDER_SMTP: u16 = 0x5d01;
    pub const REPRESENTED_SMTP: u16 = 0x5d02;
}

/// What came of an item.
pub(crate) enum Written {
    /// A message; some of it could not be read, and says so, if it is not whole.
    Message { is_whole: bool },
    /// It is none.
    Nothing,
}

/// When the message was sent, or else when it came in.
pub(crate) fn date(file: &mut PstFile<'_>, node: Node) -> Result<Option<Timestamp>, PstError> {
    // What was damaged before is not of this message.
    file.was_block_damaged();
    let message = Message::read(file, node)?;
    let date = message.date().filter(|_| message.is_mail(file));
    match file.was_block_damaged() {
        true => Err(PstError::Damaged("a block is not as it was written")),
        false => Ok(date),
    }
}

/// Writes the message.
pub(crate) fn write(file: &mut PstFile<'_>, node: Node, out: &mut dyn Write) -> Result<Written, PstError> {
    // What was damaged before is not of this message.
    file.was_block_damaged();
    let message = Message::read(file, node)?;
    if !message.is_mail(file) {
        return Ok(Written::Nothing);
    }
    let is_whole = message.write(file, 0, out)?;
    Ok(Written::Message { is_whole })
}

struct Message {
    node: Node,
    properties: Properties,
    code_page: u32,
    /// All that was asked of it could be read.
    is_whole: Cell<bool>,
}

impl Message {
    fn read(file: &mut PstFile<'_>, node: Node) -> Result<Self, PstError> {
        let properties = Properties::read(file, node)?;
        let code_page = properties.integer(id::CODE_PAGE).unwrap_or(1252);
        Ok(Self { node, properties, code_page, is_whole: Cell::new(true) })
    }

    fn is_mail(&self, file: &mut PstFile<'_>) -> bool {
        let class = self.text(file, id::CLASS).unwrap_or_default().to_ascii_lowercase();
        !NO_MAIL.iter().any(|other| class.starts_with(other))
    }

    fn text(&self, file: &mut PstFile<'_>, id: u16) -> Option<String> {
        let text = self.properties.whole_text(file, id, self.code_page);
        text.unwrap_or_else(|_| {
            self.is_whole.set(false);
            None
        })
    }

    /// The first of these that is there.
    fn first_text(&self, file: &mut PstFile<'_>, ids: &[u16]) -> String {
        ids.iter().find_map(|id| self.text(file, *id)).unwrap_or_default()
    }

    /// True if all of it could be read.
    fn write(&self, file: &mut PstFile<'_>, depth: usize, out: &mut dyn Write) -> Result<bool, PstError> {
        self.write_headers(file, out)?;
        header(out, "MIME-Version", "1.0")?;
        let bodies = Bodies::read(file, &self.properties, self.code_page)?;
        let texts = format!("texts-{:08x}-{depth}", self.node.id);
        let attachments: Vec<Node> =
            self.properties.heap.inside.iter().filter(|node| node.id & 0x1f == ATTACHMENT).copied().collect();
        let is_damaged = file.was_block_damaged();
        if attachments.is_empty() && bodies.rich.is_none() && !is_damaged {
            bodies.write(&texts, out)?;
            return Ok(bodies.is_whole && self.is_whole.get());
        }
        let boundary = format!("mixed-{:08x}-{depth}", self.node.id);
        write!(out, "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n")?;
        bodies.write(&texts, out)?;
        if let Some(rich) = &bodies.rich {
            write!(out, "\r\n--{boundary}\r\n")?;
            write_rich(rich, out)?;
        }
        if is_damaged {
            write!(out, "\r\n--{boundary}\r\n")?;
            write_note(DAMAGED, "Part of this message is damaged: words, names or dates in it may be wrong.", out)?;
        }
        let mut is_whole = bodies.is_whole && self.is_whole.get() && !is_damaged;
        for attachment in attachments {
            write!(out, "\r\n--{boundary}\r\n")?;
            let written = self.write_attachment(file, attachment, depth, out);
            let (name, words) = match (written, file.was_block_damaged()) {
                (Ok(whole), false) => {
                    is_whole &= whole;
                    continue;
                }
                (Ok(_), true) => (DAMAGED, "The attachment before this note is damaged.".to_owned()),
                (Err(error @ (PstError::Read(_) | PstError::Endless)), _) => return Err(error),
                (Err(error), _) => {
                    let why = format!("could not be read from the Outlook data file: {error}");
                    (UNREADABLE, format!("The attachment before this note {why}."))
                }
            };
            is_whole = false;
            // Whatever was written of it ends here.
            write!(out, "\r\n--{boundary}\r\n")?;
            write_note(name, &words, out)?;
        }
        write!(out, "\r\n--{boundary}--\r\n")?;
        Ok(is_whole)
    }

    /// Those that it came with, and what they lack.
    fn write_headers(&self, file: &mut PstFile<'_>, out: &mut dyn Write) -> Result<(), PstError> {
        let original = self.text(file, id::HEADERS).unwrap_or_default();
        let kept = kept_headers(&original);
        kept.iter().try_for_each(|line| write!(out, "{line}\r\n"))?;
        let lacks = |name: &str| {
            !kept.iter().any(|line| line.split(':').next().is_some_and(|known| known.eq_ignore_ascii_case(name)))
        };
        if lacks("From") {
            people_header(out, "From", &self.sender(file))?;
        }
        let recipients = self.recipients(file);
        for (name, recipients) in ["To", "Cc", "Bcc"].into_iter().zip(recipients).filter(|(name, _)| lacks(name)) {
            people_header(out, name, &recipients)?;
        }
        if lacks("Date")
            && let Some(date) = self.date_header()
        {
            header(out, "Date", &date)?;
        }
        if lacks("Subject")
            && let Some(subject) = self.text(file, id::SUBJECT)
        {
            header(out, "Subject", without_prefix_length(&subject))?;
        }
        for (name, id) in
            [("Message-ID", id::MESSAGE_ID), ("In-Reply-To", id::IN_REPLY_TO), ("References", id::REFERENCES)]
        {
            if lacks(name)
                && let Some(ids) = self.text(file, id)
            {
                ids_header(out, name, &ids)?;
            }
        }
        Ok(())
    }

    fn sender(&self, file: &mut PstFile<'_>) -> Vec<(String, String)> {
        let name = self.first_text(file, &[id::REPRESENTED_NAME, id::SENDER_NAME]);
        let address = self
            .first_text(file, &[id::REPRESENTED_SMTP, id::SENDER_SMTP, id::REPRESENTED_ADDRESS, id::SENDER_ADDRESS]);
        if name.is_empty() && address.is_empty() { Vec::new() } else { vec![(name, address)] }
    }

    /// To, copies, blind copies.
    fn recipients(&self, file: &mut PstFile<'_>) -> [Vec<(String, String)>; 3] {
        let mut found = [const { Vec::new() }; 3];
        let table = self.properties.heap.node(RECIPIENTS).ok().map(|node| Table::read(file, node, &id::OF_RECIPIENT));
        self.is_whole.set(self.is_whole.get() && !matches!(table, Some(Err(_))));
        if let Some(Ok(table)) = table {
            for row in 0..table.len() {
                let text = |file: &mut PstFile<'_>, id| table.text(file, row, id, self.code_page);
                let address = text(file, id::SMTP_ADDRESS).or_else(|| text(file, id::ADDRESS)).unwrap_or_default();
                let name = text(file, id::NAME).unwrap_or_default();
                let place = table.integer(row, id::RECIPIENT_TYPE).unwrap_or(1).clamp(1, 3) as usize - 1;
                found[place].push((name, address));
            }
        }
        for (place, id) in [id::SHOWN_TO, id::SHOWN_CC, id::SHOWN_BCC].into_iter().enumerate() {
            if found[place].is_empty() {
                let shown = self.text(file, id).unwrap_or_default();
                let names = shown.split(';').map(str::trim).filter(|name| !name.is_empty());
                found[place] = names.map(|name| (name.to_owned(), String::new())).collect();
            }
        }
        found
    }

    fn date(&self) -> Option<Timestamp> {
        self.properties.time(id::SUBMITTED).or_else(|| self.properties.time(id::DELIVERED))
    }

    fn date_header(&self) -> Option<String> {
        let moment = jiff::Timestamp::from_second(self.date()?.seconds).ok()?;
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_string(&moment).ok()
    }

    fn write_attachment(
        &self,
        file: &mut PstFile<'_>,
        node: Node,
        depth: usize,
        out: &mut dyn Write,
    ) -> Result<bool, PstError> {
        let properties = Properties::read(file, node)?;
        let mut text = |id| properties.text(file, id, self.code_page);
        let name = text(id::FILE_NAME).or_else(|| text(id::SHORT_FILE_NAME)).or_else(|| text(id::NAME));
        let (kind, content_id) = (text(id::MIME_TYPE), text(id::CONTENT_ID));
        if properties.integer(id::METHOD) == Some(BY_MESSAGE) {
            let inner = properties.object(id::CONTENT).filter(|_| depth < DEEPEST);
            let inner = inner.ok_or(PstError::Damaged("an attached message is not there"))?;
            let inner = Self::read(file, inner)?;
            write!(out, "Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n")?;
            return inner.write(file, depth + 1, out);
        }
        let kind =
            kind.filter(|kind| kind.contains('/') && kind.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';'));
        write!(out, "Content-Type: {}\r\n", kind.as_deref().unwrap_or("application/octet-stream"))?;
        let name = name.map(|name| format!("; {}", file_name(&name))).unwrap_or_default();
        write!(out, "Content-Disposition: attachment{name}\r\n")?;
        if let Some(content_id) = content_id {
            ids_header(out, "Content-ID", &format!("<{}>", content_id.trim_matches(['<', '>'])))?;
        }
        write!(out, "Content-Transfer-Encoding: base64\r\n\r\n")?;
        let mut lines = Base64Lines::new(out);
        let is_there = properties.stream(file, id::CONTENT, &mut |block| Ok(lines.push(&block)?))?;
        lines.finish()?;
        // Of a link to a file elsewhere there is no content.
        match properties.integer(id::METHOD) {
            Some(BY_VALUE) if !is_there => Err(PstError::Damaged("the content of an attachment is not there")),
            _ => Ok(true),
        }
    }
}

/// A note to whoever reads the message, as one more attachment.
fn write_note(name: &str, words: &str, out: &mut dyn Write) -> Result<(), PstError> {
    write!(out, "Content-Disposition: attachment; filename=\"{name}\"\r\n")?;
    write_text("plain", "utf-8", format!("{words}\r\n").as_bytes(), out)
}

/// Outlook puts the length of "Re: " before some subjects.
fn without_prefix_length(subject: &str) -> &str {
    let mut letters = subject.chars();
    match letters.next() {
        Some('\u{1}') => {
            letters.next();
            letters.as_str()
        }
        _ => subject,
    }
}

/// Whole header lines, without those that tell how the message was put together: that is done anew.
fn kept_headers(original: &str) -> Vec<&str> {
    let mut kept = Vec::new();
    let mut is_kept = false;
    for line in original.lines().map(|line| line.trim_end_matches('\r')).take_while(|line| !line.trim().is_empty()) {
        if !line.starts_with([' ', '\t']) {
            let name = line.split_once(':').map(|(name, _)| name.to_ascii_lowercase());
            let is_header = |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
            is_kept =
                name.filter(is_header).is_some_and(|name| !name.starts_with("content-") && name != "mime-version");
        }
        if is_kept {
            kept.push(line);
        }
    }
    kept
}
