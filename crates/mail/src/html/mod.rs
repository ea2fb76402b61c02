//! HTML as text: nothing of it is run, fetched or drawn. What a link shows and where it leads are both told, because that they
//! differ is how people are deceived.

mod charset;
mod elements;
mod entities;
mod tags;

use std::borrow::Cow;

use crate::plain::{one_line, shortened};
pub(crate) use charset::declared_charset;
use elements::{Content, is_of_head};
use entities::entities;
use tags::{Found, Tag};

/// These begin a new line.
const BLOCKS: [&str; 21] = [
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
];
const LONGEST_LINK: usize = 300;

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
    /// Where links lead from that do not say so themselves: the first counts.
    base: Option<Cow<'a, str>>,
    /// In the head, which ends where something stands that is of no head: its end tag may be left out.
    in_head: bool,
    /// No end of these is further on.
    never_closed: Vec<&'static str>,
}

impl<'a> Page<'a> {
    fn text(&mut self, text: &str) {
        self.in_head &= text.trim_ascii().is_empty();
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
        self.in_head = (name == "head" && !tag.closes) || (self.in_head && is_of_head(&name, tag.closes));
        if !tag.closes
            && !tag.inside.ends_with('/')
            && let Some(after) = self.element(&name, after)
        {
            return after;
        }
        match (name.as_str(), tag.closes) {
            ("a", false) => {
                self.close_link();
                self.link = tag.attribute("href").map(|target| (target, self.out.len()));
            }
            ("a", true) => self.close_link(),
            ("base", false) if self.base.is_none() => self.base = tag.attribute("href"),
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

    /// Where to go on after an element in which tags mean nothing, or nothing is shown.
    fn element(&mut self, name: &str, after: &'a str) -> Option<&'a str> {
        let (name, content) = Content::of(name)?;
        if self.never_closed.contains(&name) {
            return None;
        }
        let Some((inside, after)) = content.end(name, after) else {
            // What has no end hides nothing: whoever searches would look for the rest of the message in vain.
            self.never_closed.push(name);
            self.space = true;
            return None;
        };
        if content == Content::Letters && !self.in_head {
            self.new_line();
            self.text(inside);
            self.new_line();
        }
        Some(after)
    }

    fn close_link(&mut self) {
        let Some((target, shown_from)) = self.link.take() else { return };
        let mut target = one_line(&target, LONGEST_LINK);
        if let Some(base) = self.base.as_ref().filter(|_| !names_a_scheme(&target)) {
            target = format!("{target} at {}", one_line(base, LONGEST_LINK));
        }
        let shown = self.out.get(shown_from..).unwrap_or_default().trim();
        // In the page itself there is nothing to go to.
        let is_within = target.starts_with('#') && self.base.is_none();
        if target.is_empty() || is_within || shown == target || target == format!("mailto:{shown}") {
            return;
        }
        let separator = if self.out.is_empty() || self.out.ends_with('\n') { "" } else { " " };
        self.out.push_str(&format!("{separator}[{target}]"));
        self.space = true;
    }
}

/// Whether a link says all of where it leads: `https:`, `mailto:`.
fn names_a_scheme(target: &str) -> bool {
    let scheme = target.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    })
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
        let base = "<head><base href='https://evil.example/'><base href=https://bank.example/></head>";
        for (link, text) in [
            ("<a href=login>https://bank.example</a>", "https://bank.example [login at https://evil.example/]"),
            ("<a href=login>login</a>", "login [login at https://evil.example/]"),
            ("<a href='#top'>top</a>", "top [#top at https://evil.example/]"),
            ("<a href=https://a.example>a</a>", "a [https://a.example]"),
        ] {
            shows(&format!("{base}{link}"), text);
        }
        shows("<a href=https://a.example><img src=x></a>", "[https://a.example]");
    }

    #[test]
    fn nothing_that_runs_or_draws_is_shown() {
        shows("a<script>alert('<b>')</script>b<STYLE>p{}</Style >c<svg><text>d</text></svg>e", "abce");
        shows("a<!-- never closed", "a");
        shows("a<template>no</template>b<math><mi>no</mi></math>c", "abc");
        shows("a<script>'</scripture>'</script \n>b<style></STYLE/>c", "abc");
        shows("a<b", "a");
    }

    #[test]
    fn hostile_pages_take_no_longer_than_others() {
        let started = std::time::Instant::now();
        for pattern in [
            "<a href=\"",
            "<",
            "<!--",
            "</",
            "&",
            "&#",
            "<a a a a=",
            "<script",
            "<p x='>",
            "<b ",
            "<li>",
            "= \"",
            "--!",
        ]
        .into_iter()
        .chain(["<script>", "<svg>", "<svg></", "<title></titles>", "<textarea></", "<head>", "<math><svg>"])
        {
            let page = pattern.repeat((256 << 10) / pattern.len());
            to_text(&page, 64 << 10);
            to_text(&format!("<p {page}"), 64 << 10);
            for element in ["script", "svg", "title", "head"] {
                to_text(&format!("<{element}>{page}"), 64 << 10);
            }
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    /// Pages in which an end was left out, or written in a rare way, before the word.
    const LEFT_OPEN: [&str; 29] = [
        "<html><head><meta charset=utf-8><title>x</title><body><p>The jubilee hedge</p></body></html>",
        "<head><base href=x><link rel=y><style>p{}</style><p>jubilee",
        "<head><title>x</title>jubilee",
        "<head><noscript>jubilee",
        "<head></body>jubilee",
        "<head><object></object>jubilee",
        "<head><title>x<body><p>jubilee",
        "<p>one</p><object data=x><p>jubilee</p>",
        "<object data=x>jubilee</object>",
        "<object data=x><embed><p>jubilee",
        "<noscript>jubilee</noscript>",
        "<noscript><p>jubilee",
        "<script>alert('x')<p>jubilee",
        "<style>p{}<p>jubilee",
        "<style>p{}</style<p> jubilee",
        "<template><p>jubilee",
        "<svg><path d=x>jubilee",
        "<svg><path d=x><p>jubilee</p><svg></svg>",
        "<table><tr><td><svg><path d=x></td><td>jubilee</td></tr></table><svg></svg>",
        "<math><mi>x</mi><div>jubilee</div></math>",
        "<textarea>jubilee",
        "<textarea><b>jubilee</textarea>",
        "<p>x</p><!--><p>jubilee</p>",
        "<p>x</p><!---><p>jubilee</p>",
        "<p>x</p><!-- y --!><p>jubilee</p>",
        "<p>x</p><!----!><p>jubilee</p>",
        "<p>x</p><!-- y ---><p>jubilee</p> -->",
        "<!--[if !mso]><!--><p>jubilee</p><!--<![endif]-->",
        "<!DOCTYPE html><!x><?y><p>jubilee</p>",
    ];

    #[test]
    fn an_end_that_was_left_out_hides_no_text_from_whoever_reads_or_searches() {
        for page in LEFT_OPEN {
            let message = format!("Subject: x\nContent-Type: text/html; charset=utf-8\n\n{page}\n");
            let shown = crate::preview(message.as_bytes());
            let searched = crate::summary::summarise(message.as_bytes(), &crate::Limits::default());
            assert_eq!(searched.completeness, crate::Completeness::Whole, "{page}");
            for text in [&shown.text, &searched.summary.text] {
                let words: Vec<&str> = text.split_whitespace().collect();
                let word = words.iter().find(|word| word.contains("jubilee"));
                assert!(matches!(word, Some(&"jubilee" | &"<b>jubilee")), "{page}: {text}");
            }
        }
    }

    #[test]
    fn what_is_shown_of_a_page_that_ends_nothing_is_text_only() {
        shows("a<script>b<p>c", "a b\nc");
        shows("<head><title>t</title><style>p{}</style><meta x><p>a<head><title>t</title></head>b", "ab");
        shows("<title>t</title>a<textarea>&lt;b>\n<i></textarea>c", "t\na\n<b> <i>\nc");
        shows("a<svg><text>no</text><p>b</p><text>c</text></svg>d", "a\nb\ncd");
        shows("a<script/>b<svg/>c", "abc");
        shows("<!-- a --><!-- > -- b --><!--- c --->d<!--> e <!-- -->", "d e");
    }

    #[test]
    fn comments_end_where_the_standard_ends_them() {
        for (page, text) in [
            ("<!--!>a-->b", "b"),
            ("<!---!>a-->b", "b"),
            ("<!---->b", "b"),
            ("<!-- a -- > c -->b", "b"),
            ("<!-- a <!-- c -->b", "b"),
            ("<!-- a --!b--!>b", "b"),
            ("x<!-- a ->b", "x"),
        ] {
            shows(page, text);
        }
    }
}
