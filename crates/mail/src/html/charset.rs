//! In what letters a page is written, where the mail around it does not say: by what it says itself, unless its bytes tell better.

use mail_parser::decoders::charsets::map::charset_decoder;

use super::tags::{Found, Tag};

/// As the HTML standard has it: what stands further on comes too late.
const LOOKED_AT: usize = 1024;
const MARKS: [(&[u8], &str); 3] = [(b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16"), (b"\xff\xfe", "utf-16")];
/// Where these are other letters than these, no tag could have been read.
const ASCII: &[u8] = b"<p a='1'>+AGE-~{VP~}&";

/// The name of the letters, by the mark before the first one, or by what they are, or else by a `<meta>` at the beginning.
pub(crate) fn declared_charset(page: &[u8]) -> Option<String> {
    if let Some((_, name)) = MARKS.iter().find(|(mark, _)| page.starts_with(mark)) {
        return Some((*name).to_owned());
    }
    // A server on the way may have rewritten the letters, and not what the page says of them. No other letters look so by chance.
    if !page.is_ascii() && is_utf_8(page) {
        return Some("utf-8".to_owned());
    }
    let beginning = String::from_utf8_lossy(&page[..page.len().min(LOOKED_AT)]);
    let mut rest = &*beginning;
    loop {
        rest = &rest[memchr::memchr(b'<', rest.as_bytes())?..];
        rest = match Tag::at(rest) {
            Found::Tag(tag, after) => match of_meta(&tag).filter(|name| is_believed(name)) {
                Some(name) => return Some(name),
                None => after,
            },
            Found::Skip(after) => after,
            Found::Letter => &rest[1..],
            Found::Unfinished => return None,
        };
    }
}

/// But for a letter that is cut at the end.
fn is_utf_8(page: &[u8]) -> bool {
    std::str::from_utf8(page).err().is_none_or(|error| error.error_len().is_none())
}

fn of_meta(tag: &Tag<'_>) -> Option<String> {
    if tag.closes || !tag.name.eq_ignore_ascii_case("meta") {
        return None;
    }
    if let Some(name) = tag.attribute("charset") {
        return Some(name.trim().to_owned());
    }
    let is_content_type = tag.attribute("http-equiv")?.trim().eq_ignore_ascii_case("content-type");
    is_content_type.then(|| of_content_type(&tag.attribute("content")?)).flatten()
}

/// `text/html; charset=iso-8859-2`
fn of_content_type(value: &str) -> Option<String> {
    let at = value.to_ascii_lowercase().find("charset")?;
    let name = value[at + "charset".len()..].trim_start().strip_prefix('=')?;
    let name = name.trim_start_matches(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\''));
    let end = name.find(|letter: char| letter.is_whitespace() || matches!(letter, ';' | '"' | '\''));
    Some(name[..end.unwrap_or(name.len())].to_owned())
}

fn is_believed(name: &str) -> bool {
    let is_utf_8 = ["utf-8", "utf8"].iter().any(|utf_8| name.eq_ignore_ascii_case(utf_8));
    is_utf_8 || charset_decoder(name.as_bytes()).is_some_and(|decode| decode(ASCII).as_bytes() == ASCII)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview;

    #[test]
    fn a_page_is_believed_where_it_says_in_what_letters_it_is_written() {
        for (page, expected) in [
            ("<html><head><meta charset=iso-8859-2></head>", Some("iso-8859-2")),
            ("<!-- <meta charset=koi8-r> --><META CHARSET=' windows-1251 '/>", Some("windows-1251")),
            (
                "<meta name=x content=y><meta http-equiv=\"Content-Type\" content=\"text/html; Charset = iso-8859-7\">",
                Some("iso-8859-7"),
            ),
            ("<meta content='text/html;charset=\"big5\";x' http-equiv=content-type>", Some("big5")),
            ("<meta charset=UTF-8>", Some("UTF-8")),
            ("<meta charset=iso-2022-jp>", Some("iso-2022-jp")),
            ("<meta charset=utf-16><meta charset=utf-7><meta charset=hz-gb-2312><meta charset=none>", None),
            ("<meta charset=utf-16><meta charset=shift_jis>", Some("shift_jis")),
            ("<meta name=description content='charset=koi8-r'>", None),
            ("<meta http-equiv=content-type content=text/html>", None),
            ("</meta charset=koi8-r>1 < 2 <metal charset=koi8-r><meta charset=koi8-r", None),
            ("\u{feff}<meta charset=koi8-r>", Some("utf-8")),
        ] {
            assert_eq!(declared_charset(page.as_bytes()).as_deref(), expected, "{page}");
        }
        assert_eq!(declared_charset("<meta charset=iso-8859-1>é".as_bytes()).as_deref(), Some("utf-8"));
        assert_eq!(declared_charset(b"<meta charset=iso-8859-1>\xe9.").as_deref(), Some("iso-8859-1"));
        let after = |bytes: usize| format!("{}<meta charset=koi8-r>", " ".repeat(bytes));
        let found = [1003, 1004].map(|bytes| declared_charset(after(bytes).as_bytes()).is_some());
        assert_eq!(found, [true, false]);
    }

    #[test]
    fn what_the_mail_says_of_its_letters_goes_before_what_the_page_says() {
        let shown =
            |kind: &str, page: &[u8]| preview(&[format!("Content-Type: {kind}\n\n").as_bytes(), page].concat()).text;
        let page = b"<meta charset=iso-8859-2>Dvo\xf8\xe1k";
        assert_eq!(shown("text/html", page), "Dvořák");
        assert_eq!(shown("text/html; charset=\"\"", page), "Dvořák");
        assert_eq!(shown("text/html; charset=iso-8859-1", page), "Dvoøák");
        assert_eq!(shown("text/html; charset=us-ascii", page), "Dvoøák");
        assert_eq!(shown("text/plain", page), "<meta charset=iso-8859-2>Dvoøák");
        assert_eq!(shown("text/html", b"\xff\xfeh\0\xe9\0"), "hé");
        assert_eq!(shown("text/html", "\u{feff}<meta charset=koi8-r>hé".as_bytes()), "hé");
    }
}
