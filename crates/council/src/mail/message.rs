//! One message as it is sent (RFC 5322 and MIME), with bare line feeds; the container decides about line ends.

use super::headers::{base64_lines, encoded_text, file_name_parameter, mailbox_of, quoted_printable};
use crate::calendar::{Moment, mail_date};
use crate::people::Person;

/// Everything that a message says.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub id: String,
    /// The messages that it answers, the first of the thread first.
    pub references: Vec<String>,
    pub date: Moment,
    pub from: Person,
    pub to: Person,
    pub copies: Vec<Person>,
    pub subject: String,
    pub body: String,
    pub with_html: bool,
    pub attachments: Vec<Attachment>,
}

/// A file that goes with a message.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Message {
    /// The message as text.
    pub fn write(&self) -> String {
        let mut text = self.headers();
        match self.attachments.is_empty() {
            true => text.push_str(&self.body_part()),
            false => self.write_mixed(&mut text),
        }
        text
    }

    fn headers(&self) -> String {
        let mut text =
            format!("Date: {}\nFrom: {}\nTo: {}\n", mail_date(self.date), mailbox_of(&self.from), mailbox_of(&self.to));
        if !self.copies.is_empty() {
            let copies: Vec<String> = self.copies.iter().map(mailbox_of).collect();
            text.push_str(&format!("Cc: {}\n", copies.join(",\n ")));
        }
        text.push_str(&format!("Subject: {}\nMessage-ID: <{}>\n", encoded_text(&self.subject), self.id));
        if let Some(parent) = self.references.last() {
            let references: Vec<String> = self.references.iter().map(|id| format!("<{id}>")).collect();
            text.push_str(&format!("In-Reply-To: <{parent}>\nReferences: {}\n", references.join("\n ")));
        }
        text.push_str("MIME-Version: 1.0\n");
        text
    }

    fn boundary(&self, kind: &str) -> String {
        format!("=_{kind}_{}", self.id.split('@').next().unwrap_or_default())
    }

    fn write_mixed(&self, text: &mut String) {
        let boundary = self.boundary("mixed");
        text.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\n\n"));
        text.push_str("This is a message with several parts in MIME format.\n");
        text.push_str(&format!("--{boundary}\n{}", self.body_part()));
        for attachment in &self.attachments {
            text.push_str(&format!(
                "--{boundary}\nContent-Type: {}\nContent-Transfer-Encoding: base64\n\
                 Content-Disposition: attachment;\n {}\n\n",
                media_type(&attachment.name),
                file_name_parameter(&attachment.name)
            ));
            text.push_str(&base64_lines(&attachment.bytes));
        }
        text.push_str(&format!("--{boundary}--\n"));
    }

    fn body_part(&self) -> String {
        let plain = format!(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{}",
            quoted_printable(&self.body)
        );
        if !self.with_html {
            return plain;
        }
        let boundary = self.boundary("alternative");
        format!(
            "Content-Type: multipart/alternative; boundary=\"{boundary}\"\n\n--{boundary}\n{plain}--{boundary}\n\
             Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{}--{boundary}--\n",
            quoted_printable(&html(&self.body))
        )
    }
}

fn html(body: &str) -> String {
    let paragraphs: Vec<String> = body
        .split("\n\n")
        .map(|paragraph| {
            let text = crate::format::xml::escaped(paragraph).replace('\n', "<br>\n");
            format!("<p style=\"font-family: Calibri, Arial, sans-serif\">{text}</p>")
        })
        .collect();
    format!("<html><head><meta charset=\"utf-8\"></head><body>\n{}\n</body></html>", paragraphs.join("\n"))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pdf" => "application/pdf",
        "jpg" => "image/jpeg",
        "csv" => "text/csv",
        // Anything else, plain text too, travels as bytes, so that line ends survive.
        _ => "application/octet-stream",
    }
}
