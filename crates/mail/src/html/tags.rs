//! Tags and comments in a page, found as the HTML standard says where it matters: what one reader takes for a comment and another for text
//! would be lost in one of them.

use std::borrow::Cow;

use super::entities::entities;

/// A tag: `<a href="…">`.
pub(super) struct Tag<'a> {
    pub name: &'a str,
    pub closes: bool,
    /// What stands after the name.
    pub inside: &'a str,
}

/// What begins with a `<`.
pub(super) enum Found<'a> {
    /// With what follows it.
    Tag(Tag<'a>, &'a str),
    /// A comment, before this.
    Skip(&'a str),
    /// No tag at all.
    Letter,
    /// No end: what follows is never shown by anybody.
    Unfinished,
}

impl<'a> Tag<'a> {
    /// Of a page that begins with a `<`.
    pub fn at(html: &'a str) -> Found<'a> {
        if let Some(comment) = html.strip_prefix("<!--") {
            return comment_end(comment).map_or(Found::Unfinished, |end| Found::Skip(&comment[end + 1..]));
        }
        let body = &html[1..];
        let closes = body.starts_with('/');
        let named = body.strip_prefix('/').unwrap_or(body);
        match named.bytes().next() {
            Some(b'!' | b'?') => return body.find('>').map_or(Found::Unfinished, |end| Found::Skip(&body[end + 1..])),
            Some(first) if first.is_ascii_alphabetic() => {}
            _ => return Found::Letter,
        }
        let Some(end) = tag_end(named) else { return Found::Unfinished };
        let (inside, after) = (&named[..end], &named[end + 1..]);
        let name_end = inside.find(|letter: char| letter.is_whitespace() || letter == '/').unwrap_or(inside.len());
        let (name, inside) = inside.split_at(name_end);
        Found::Tag(Tag { name, closes, inside }, after)
    }

    /// The value of an attribute.
    pub fn attribute(&self, wanted: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.inside;
        loop {
            rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
            let end = rest.find(|letter: char| letter.is_whitespace() || letter == '=').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() && after.is_empty() {
                return None;
            }
            let Some(value) = after.trim_start().strip_prefix('=') else {
                rest = after;
                continue;
            };
            let value = value.trim_start();
            let (value, after) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(entities(value));
            }
            rest = after;
        }
    }
}

/// The `>` that is in no quotes.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            // Quotes count only where a value begins: `<p class=it's>` is written, too.
            (None, b'"' | b'\'') if tag[..at].trim_end().ends_with('=') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    // A quote that nobody closed: the tag ends where it ends.
    memchr::memchr(b'>', tag.as_bytes())
}

/// The `>` that ends a comment: after two hyphens, also with an exclamation mark, or at once.
fn comment_end(comment: &str) -> Option<usize> {
    memchr::memchr_iter(b'>', comment.as_bytes()).find(|&at| {
        let before = &comment[..at];
        matches!(before, "" | "-") || before.ends_with("--") || before.ends_with("--!")
    })
}

/// What is between here and the end tag of an element in which no other tag counts, and what follows that.
pub(super) fn until_closed<'a>(html: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    for at in memchr::memmem::find_iter(html.as_bytes(), "</") {
        let named = &html[at + 2..];
        let (found, after) = named.as_bytes().split_at_checked(name.len())?;
        // Another name may begin like this one.
        let is_whole = after.first().is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'/' | b'>'));
        if is_whole && found.eq_ignore_ascii_case(name.as_bytes()) {
            let after = &named[name.len()..];
            return Some((&html[..at], after.find('>').map_or("", |end| &after[end + 1..])));
        }
    }
    None
}
