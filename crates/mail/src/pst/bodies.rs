//! The text of a message of an Outlook data file, in the forms in which it is there: plain, as a page (HTML), and as the rich text that
//! Outlook wrote. A page or a plain text that was put into a rich text is taken out of it again.

use std::io::Write;

use super::PstError;
use super::eml::{Base64Lines, file_name};
use super::file::PstFile;
use super::properties::{Properties, charset};
use super::rtf::{self, Meant};

const PLAIN: u16 = 0x1000;
const PACKED_RICH: u16 = 0x1009;
const PAGE: u16 = 0x1013;
const PAGE_CODE_PAGE: u16 = 0x3fde;
const UTF_8: &str = "utf-8";

/// The forms of a message's text.
#[derive(Default)]
pub(crate) struct Bodies {
    plain: Option<String>,
    page: Option<Page>,
    /// What has no other form that keeps all of it.
    pub rich: Option<Vec<u8>>,
    /// Nothing of them could not be read.
    pub is_whole: bool,
}

struct Page {
    charset: String,
    bytes: Vec<u8>,
}

impl Bodies {
    pub fn read(file: &mut PstFile<'_>, properties: &Properties, code_page: u32) -> Result<Self, PstError> {
        let mut found = Self { is_whole: true, ..Self::default() };
        let plain = properties.whole_text(file, PLAIN, code_page);
        found.plain = found.unless_lost(plain)?;
        let page = properties.binary(file, PAGE);
        let letters = properties.integer(PAGE_CODE_PAGE).unwrap_or(code_page);
        found.page = found.unless_lost(page)?.map(|page| Page {
            charset: if page.is_unicode { UTF_8.to_owned() } else { charset(letters) },
            bytes: page.bytes,
        });
        if found.page.is_none() {
            let rich = properties
                .binary(file, PACKED_RICH)
                .and_then(|packed| packed.map(|packed| rtf::unpack(&packed.bytes)).transpose());
            if let Some(rich) = found.unless_lost(rich)? {
                found.take_rich(rich);
            }
        }
        Ok(found)
    }

    /// What is damaged is not there, and remembered.
    fn unless_lost<T>(&mut self, value: Result<Option<T>, PstError>) -> Result<Option<T>, PstError> {
        match value {
            Err(error @ (PstError::Read(_) | PstError::Endless)) => Err(error),
            Err(_) => {
                self.is_whole = false;
                Ok(None)
            }
            found => found,
        }
    }

    fn take_rich(&mut self, rich: Vec<u8>) {
        match rtf::read(&rich) {
            Meant::Page(page) => self.page = Some(Page { charset: UTF_8.to_owned(), bytes: page.into_bytes() }),
            Meant::Plain(plain) => self.plain = self.plain.take().or(Some(plain)),
            Meant::Rich(words) => {
                self.plain = self.plain.take().or(Some(words));
                self.rich = Some(rich);
            }
        }
    }

    /// Writes them as a part, the plain form first.
    pub fn write(&self, boundary: &str, out: &mut dyn Write) -> Result<(), PstError> {
        match (&self.plain, &self.page) {
            (Some(plain), Some(page)) => {
                write!(out, "Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n")?;
                write_text("plain", UTF_8, plain.as_bytes(), out)?;
                write!(out, "\r\n--{boundary}\r\n")?;
                write_text("html", &page.charset, &page.bytes, out)?;
                write!(out, "\r\n--{boundary}--\r\n")?;
                Ok(())
            }
            (None, Some(page)) => write_text("html", &page.charset, &page.bytes, out),
            (plain, None) => write_text("plain", UTF_8, plain.as_deref().unwrap_or_default().as_bytes(), out),
        }
    }
}

/// Writes a text as a part.
pub(crate) fn write_text(kind: &str, charset: &str, bytes: &[u8], out: &mut dyn Write) -> Result<(), PstError> {
    write!(out, "Content-Type: text/{kind}; charset={charset}\r\n")?;
    write_base64(bytes, out)
}

/// Writes the rich text as an attachment: few programs show it.
pub(crate) fn write_rich(rich: &[u8], out: &mut dyn Write) -> Result<(), PstError> {
    let name = file_name("message.rtf");
    write!(out, "Content-Type: application/rtf\r\nContent-Disposition: attachment; {name}\r\n")?;
    write_base64(rich, out)
}

fn write_base64(bytes: &[u8], out: &mut dyn Write) -> Result<(), PstError> {
    write!(out, "Content-Transfer-Encoding: base64\r\n\r\n")?;
    let mut lines = Base64Lines::new(out);
    lines.push(bytes)?;
    Ok(lines.finish()?)
}
