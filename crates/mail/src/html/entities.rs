//! `&eacute;` and its like in a page.

use std::borrow::Cow;

use mail_parser::decoders::html::html_to_text;

const LONGEST_ENTITY: usize = 32;

/// `&amp;` and all others as the letters they mean.
pub(super) fn entities(text: &str) -> Cow<'_, str> {
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
