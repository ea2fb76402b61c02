//! Elements of a page that are more than a line break: what is in them is not shown, or is no HTML, or is of the head.

use super::BLOCKS;
use super::tags::{Found, Tag, until_closed};

/// What an element holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// No text: a program, a style, or what only a program would show.
    Hidden,
    /// A picture or a formula.
    Drawing,
    /// Text, whatever it looks like; of a page's head, nothing to show.
    Letters,
}

const SPECIAL: [(&str, Content); 7] = [
    ("script", Content::Hidden),
    ("style", Content::Hidden),
    ("template", Content::Hidden),
    ("svg", Content::Drawing),
    ("math", Content::Drawing),
    ("title", Content::Letters),
    ("textarea", Content::Letters),
];

/// These may stand in a head; any other begins the page.
const OF_HEAD: [&str; 12] =
    ["base", "basefont", "bgsound", "head", "html", "link", "meta", "noscript", "script", "style", "template", "title"];

/// Beside those that begin a new line, these are of the page and of no drawing, whose end tag was left out where they stand.
const OF_PAGE: [&str; 30] = [
    "b", "big", "body", "center", "code", "dd", "dl", "dt", "em", "embed", "head", "html", "i", "img", "listing",
    "menu", "meta", "nobr", "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "td", "th", "u", "var",
];

/// Whether a head goes on after this tag.
pub(super) fn is_of_head(name: &str, closes: bool) -> bool {
    if closes { !["head", "body", "html", "br"].contains(&name) } else { OF_HEAD.contains(&name) }
}

impl Content {
    /// Of an element of this name, in small letters; `None` where tags in it are tags as elsewhere.
    pub fn of(name: &str) -> Option<(&'static str, Self)> {
        SPECIAL.into_iter().find(|(special, _)| *special == name)
    }

    /// What is in the element, and what follows it; `None` where it has no end.
    pub fn end<'a>(self, name: &str, html: &'a str) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Hidden | Self::Letters => until_closed(html, name),
            Self::Drawing => after_drawing(html, name).map(|after| ("", after)),
        }
    }
}

fn after_drawing<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = html;
    loop {
        rest = &rest[memchr::memchr(b'<', rest.as_bytes())?..];
        rest = match Tag::at(rest) {
            Found::Tag(tag, after) if tag.closes && tag.name.eq_ignore_ascii_case(name) => return Some(after),
            Found::Tag(tag, _) if is_of_page(&tag.name.to_ascii_lowercase()) => return Some(rest),
            Found::Tag(_, after) | Found::Skip(after) => after,
            Found::Letter => &rest[1..],
            Found::Unfinished => return None,
        };
    }
}

fn is_of_page(name: &str) -> bool {
    BLOCKS.contains(&name) || OF_PAGE.contains(&name)
}
