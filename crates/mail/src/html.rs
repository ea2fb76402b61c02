//! HTML as text: nothing of it is run, fetched or drawn. What a link shows and where it leads are both told, because that they
//! differ is how people are deceived.

use std::borrow::Cow;

use mail_parser::decoders::html::html_to_text;

use crate::plain::{one_line, shortened};

/// What is inside these is no text.
const NEVER_SHOWN: [&str; 8] = ["script", "style", "head", "template", "svg", "object", "noscript", "math"];
/// These begin a new line.
const BLOCKS: [&str; 22] = [
    "p",
    "div",
    "br",
    "tr",
    "li",
    "ul",
    "ol",
    "table",
    "blockquote",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "header",
    "footer",
    "pre",
    "title",
];
const LONGEST_LINK: usize = 300;
const LONGEST_ENTITY: usize = 32;

/// The text of a page, of up to `most` bytes.
pub(crate) fn to_text(html: &str, most: usize) -> String {
    let mut page = Page::default();
    let mut rest = html;
    while !rest.is_empty() && page.out.len() < most {
        let Some(at) = memchr::memchr(b'<', rest.as_bytes()) else {
            page.text(rest);
            break;
        };
        page.text(&rest[..at]);
        rest = match Tag::at(&rest[at..]) {
            Found::Tag(tag, after) => page.tag(&tag, after),
            Found::Skip(after) => after,
            Found::Letter => {
                page.text("<");
                &rest[at + 1..]
            }
            Found::Unfinished => break,
        };
    }
    page.close_link();
    shortened(page.out.trim(), most).to_owned()
}

/// What is written so far.
#[derive(Default)]
struct Page<'a> {
    out: String,
    /// White space is owed before the next word.
    space: bool,
    link: Option<(Cow<'a, str>, usize)>,
}

impl<'a> Page<'a> {
    fn text(&mut self, text: &str) {
        for letter in entities(text).chars() {
            if letter.is_whitespace() || letter.is_control() {
                self.space = true;
                continue;
            }
            if std::mem::take(&mut self.space) && !self.out.is_empty() && !self.out.ends_with('\n') {
                self.out.push(' ');
            }
            self.out.push(letter);
        }
    }

    fn new_line(&mut self) {
        self.space = false;
        // One blank line at most: pages are full of empty blocks.
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Returns where to go on.
    fn tag(&mut self, tag: &Tag<'a>, after: &'a str) -> &'a str {
        let name = tag.name.to_ascii_lowercase();
        match (name.as_str(), tag.closes) {
            (never, false) if NEVER_SHOWN.contains(&never) && !tag.inside.ends_with('/') => {
                return after_closing(after, never);
            }
            ("a", false) => {
                self.close_link();
                self.link = tag.attribute("href").map(|target| (target, self.out.len()));
            }
            ("a", true) => self.close_link(),
            ("img", _) => {
                let words = tag.attribute("alt").map(|words| one_line(&words, LONGEST_LINK)).unwrap_or_default();
                if !words.is_empty() {
                    self.space = true;
                    self.text(&format!("[picture: {words}]"));
                }
            }
            ("td" | "th", _) => self.space = true,
            ("li", false) => {
                self.new_line();
                self.text("- ");
            }
            (block, _) if BLOCKS.contains(&block) && !(block == "br" && tag.closes) => self.new_line(),
            _ => {}
        }
        after
    }

    fn close_link(&mut self) {
        let Some((target, shown_from)) = self.link.take() else { return };
        let target = one_line(&target, LONGEST_LINK);
        let shown = self.out.get(shown_from..).unwrap_or_default().trim();
        // In the page itself there is nothing to go to.
        if target.is_empty() || target.starts_with('#') || shown == target || target == format!("mailto:{shown}") {
            return;
        }
        let separator = if self.out.is_empty() || self.out.ends_with('\n') { "" } else { " " };
        self.out.push_str(&format!("{separator}[{target}]"));
        self.space = true;
    }
}

/// A tag: `<a href="…">`.
struct Tag<'a> {
    name: &'a str,
    closes: bool,
    inside: &'a str,
}

enum Found<'a> {
    Tag(Tag<'a>, &'a str),
    Skip(&'a str),
    /// No tag at all.
    Letter,
    /// No end: what follows is never shown by anybody.
    Unfinished,
}

impl<'a> Tag<'a> {
    fn at(html: &'a str) -> Found<'a> {
        if let Some(comment) = html.strip_prefix("<!--") {
            return comment.find("-->").map_or(Found::Unfinished, |end| Found::Skip(&comment[end + 3..]));
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
    fn attribute(&self, wanted: &str) -> Option<Cow<'a, str>> {
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

fn after_closing<'a>(html: &'a str, name: &str) -> &'a str {
    for at in memchr::memmem::find_iter(html.as_bytes(), "</") {
        let Some(rest) = html.get(at + 2..).filter(|rest| rest.len() >= name.len()) else { break };
        if rest.as_bytes()[..name.len()].eq_ignore_ascii_case(name.as_bytes()) {
            return rest[name.len()..].find('>').map_or("", |end| &rest[name.len() + end + 1..]);
        }
    }
    ""
}

/// `&amp;` and all others as the letters they mean.
fn entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let window = &rest.as_bytes()[..rest.len().min(LONGEST_ENTITY)];
        let end =
            window.iter().skip(1).position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#').map(|end| end + 1);
        let entity = end.filter(|&end| window[end] == b';').map(|end| &rest[..=end]);
        match entity {
            Some("&nbsp;") => out.push(' '),
            Some(entity) => out.push_str(&entity_meaning(entity)),
            None => out.push('&'),
        }
        rest = &rest[entity.map_or(1, str::len)..];
    }
    out.push_str(rest);
    out.into()
}

fn entity_meaning(entity: &str) -> Cow<'_, str> {
    match entity {
        "&lt;" => "<".into(),
        "&gt;" => ">".into(),
        "&amp;" => "&".into(),
        // The library has the table of names.
        _ => Some(html_to_text(entity)).filter(|meaning| !meaning.is_empty()).map_or(entity.into(), Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(html: &str, text: &str) {
        assert_eq!(to_text(html, 10_000), text, "{html}");
    }

    #[test]
    fn pages_become_lines_of_text() {
        shows(
            "<html><head><title>t</title></head><body><p>Dear&nbsp;all,</p><p>two\n  words<br>next",
            "Dear all,\n\ntwo words\nnext",
        );
        shows("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\n\nc");
        shows("<ul><li>one<li>two</ul>", "- one\n- two");
        shows("caf&eacute; &#163;5 &#x263a; &lt;b&gt; &amp;amp; &unknown; & &", "café £5 ☺ <b> &amp; &unknown; & &");
        shows("1 < 2 and 3 > 2 <!-- no --><!DOCTYPE x>", "1 < 2 and 3 > 2");
        shows("<img src=http://spy.example/1.gif><img alt='the hall'>", "[picture: the hall]");
    }

    #[test]
    fn links_tell_where_they_really_lead() {
        shows(
            "<a href=\"https://evil.example/x?a=1&amp;b=2\">https://bank.example</a> now",
            "https://bank.example [https://evil.example/x?a=1&b=2] now",
        );
        shows("<A title='x > y' HREF='https://a.example'>https://a.example</A>", "https://a.example");
        shows("<a href=mailto:a@b.example>a@b.example</a> <a href='#top'>top</a>", "a@b.example top");
        shows("<a href='javascript:x()\u{202e}'>go</a>", "go [javascript:x()\\xe2\\x80\\xae]");
        shows("<a href=https://a.example>open", "open [https://a.example]");
        shows("<a href=https://a.example><img src=x></a>", "[https://a.example]");
    }

    #[test]
    fn nothing_that_runs_or_draws_is_shown() {
        shows("a<script>alert('<b>')</script>b<STYLE>p{}</Style >c<svg><text>d</text></svg>e", "abce");
        shows("a<script>never closed", "a");
        shows("a<!-- never closed", "a");
        shows("a<b", "a");
    }

    #[test]
    fn hostile_pages_take_no_longer_than_others() {
        let started = std::time::Instant::now();
        for pattern in
            ["<a href=\"", "<", "<!--", "</", "&", "&#", "<a a a a=", "<script", "<p x='>", "<b ", "<li>", "= \""]
        {
            let page = pattern.repeat((256 << 10) / pattern.len());
            to_text(&page, 64 << 10);
            to_text(&format!("<p {page}"), 64 << 10);
            to_text(&format!("<script>{page}"), 64 << 10);
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}
