//! What a file is that is called `.zip` and is no archive: to whoever downloaded it, "a web page" says what to do.

use super::bytes::{ArchiveBytes, read_exact_at};
use std::io;

const LOOKED_AT: u64 = 1024;

/// How files of other kinds begin, and what they are.
const KINDS: [(&[u8], &str); 7] = [
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"!BDN", "an Outlook data file"),
    (b"MZ", "a program"),
];

/// What it is instead, and what to do.
pub(super) fn what_it_is(bytes: &dyn ArchiveBytes) -> io::Result<String> {
    let mut first = vec![0; bytes.length().min(LOOKED_AT) as usize];
    read_exact_at(bytes, 0, &mut first)?;
    let kind = KINDS.iter().find(|(begins, _)| first.starts_with(begins));
    Ok(if first.is_empty() {
        "it is empty (0 bytes), as of a download that has not begun or came to nothing: download it again".to_owned()
    } else if let Some((_, kind)) = kind {
        format!("it is no ZIP file but {kind}, whatever its name says. To store it as the file it is: --as-is")
    } else if first.iter().all(|&byte| byte == 0) {
        "it begins with nothing but zeros: the download or the disk has failed. Download it again".to_owned()
    } else if is_web_page(&first) {
        "it is a web page and no ZIP file: the download failed, or the page asked you to sign in. Download it again"
            .to_owned()
    } else {
        "it is no ZIP file, or its beginning is damaged: download it again".to_owned()
    })
}

fn is_web_page(first: &[u8]) -> bool {
    let text = String::from_utf8_lossy(first).to_ascii_lowercase();
    let text = text.trim_start_matches(|letter: char| letter == '\u{feff}' || letter.is_whitespace());
    text.starts_with('<') && ["<html", "<!doctype html", "<head", "<body"].iter().any(|tag| text.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_zip_and_is_none_is_called_what_it_is() {
        for (bytes, expected) in [
            (&b""[..], "it is empty (0 bytes)"),
            (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML><p>Please sign in", "it is a web page"),
            (b"<?xml version='1.0'?>\n<html xmlns=''>", "it is a web page"),
            (b"<Error><Code>AccessDenied</Code></Error>", "it is no ZIP file, or its beginning"),
            (b"Rar!\x1a\x07\x01\0", "it is no ZIP file but a RAR archive"),
            (b"%PDF-1.7", "it is no ZIP file but a PDF document"),
            (&[0; 5000], "it begins with nothing but zeros"),
            (b"PK\x01\x02", "it is no ZIP file, or its beginning is damaged"),
        ] {
            let said = what_it_is(&bytes.to_vec()).unwrap();
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
