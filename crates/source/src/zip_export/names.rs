//! The names of members: what their bytes mean, and where they lie in the tree. A name that no tree can hold (`../x`, one with
//! a NUL or an empty part) is written in another way that leads back to it.

use super::extra;
use chest_model::TreePath;

const IN_UTF_8: u16 = 1 << 11;
/// What begins a part of a path that is written in another way.
const ESCAPED: &[u8] = b"%!";
/// Deeper than any cloud storage or Windows can have; what lies deeper is told, so that no archive of a few kilobytes becomes a
/// tree of millions of folders.
const DEEPEST: usize = 255;

/// The bytes from 0x80 of the IBM PC's first character set, in which old programs write names.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The systems whose programs part paths with `/` only and write names as the system has them: Unix and macOS.
pub(super) fn is_unix(made_by: u16) -> bool {
    matches!(made_by >> 8, 3 | 19)
}

/// A name in UTF-8, parts separated by `/`. Bytes that claim to be UTF-8 and are not stay as they are.
pub(super) fn decode(raw: &[u8], flags: u16, extra: &[u8], unix: bool) -> Vec<u8> {
    let mut name = match extra::unicode_name(extra, raw) {
        Some(unicode) => unicode.to_vec(),
        // Many programs write UTF-8 and do not say so; what is UTF-8 by chance makes no sense in the old character set.
        None if flags & IN_UTF_8 != 0 || unix || std::str::from_utf8(raw).is_ok() => raw.to_vec(),
        None => from_cp437(raw),
    };
    if !unix {
        // In a name of Windows it can be nothing but a separator; some programs write it.
        name.iter_mut().filter(|byte| **byte == b'\\').for_each(|byte| *byte = b'/');
    }
    name
}

fn from_cp437(raw: &[u8]) -> Vec<u8> {
    let upper: Vec<char> = CP437.chars().collect();
    let letter = |&byte: &u8| match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(at) => upper.get(usize::from(at)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    raw.iter().map(letter).collect::<String>().into_bytes()
}

/// Where a member lies.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: TreePath,
    /// Whether a part of its name had to be written in another way.
    pub(super) escaped: bool,
}

/// The place of a name without its last slash; `None` where it is longer or deeper than a tree can be.
pub(super) fn place(name: &[u8]) -> Option<Place> {
    if name.iter().filter(|&&byte| byte == b'/').count() >= DEEPEST {
        return None;
    }
    let parts: Vec<Vec<u8>> = name.split(|&byte| byte == b'/').map(storable).collect();
    let joined = parts.join(&b'/');
    let escaped = joined != name;
    let path = TreePath::from_bytes(joined).ok()?;
    (path.as_bytes().len() <= TreePath::LONGEST).then_some(Place { path, escaped })
}

/// How long a name is as a tree can hold it.
pub(super) fn stored_length(name: &[u8]) -> usize {
    let parts =
        name.split(|&byte| byte == b'/').map(|part| if is_storable(part) { part.len() } else { storable(part).len() });
    parts.map(|length| length + 1).sum()
}

fn is_storable(part: &[u8]) -> bool {
    !matches!(part, b"" | b"." | b"..") && !part.contains(&0) && !part.starts_with(ESCAPED)
}

/// A part of a path as a tree can hold it. Different parts stay different.
fn storable(part: &[u8]) -> Vec<u8> {
    if is_storable(part) {
        return part.to_vec();
    }
    let is_dots = part == b"." || part == b"..";
    let mut out = ESCAPED.to_vec();
    for &byte in part {
        match byte {
            0 => out.extend_from_slice(b"%00"),
            b'%' => out.extend_from_slice(b"%25"),
            b'.' if is_dots => out.extend_from_slice(b"%2E"),
            _ => out.push(byte),
        }
    }
    out
}

/// The longest name on every file system in common use: a name that is made up must not be one that cannot be restored.
const LONGEST_NAME: usize = 255;
const LONGEST_ARCHIVE: usize = 100;

/// At most `room` bytes, and no character of UTF-8 in halves.
pub(super) fn cut(name: &[u8], room: usize) -> &[u8] {
    let is_inside_character = |at: usize| name.get(at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    let mut end = room.min(name.len());
    for _ in 0..3 {
        if end > 0 && is_inside_character(end) {
            end -= 1;
        }
    }
    &name[..end]
}

/// The name that lies beside one that is taken: `minutes (2 in Export.zip).docx`.
pub(super) fn beside(path: &TreePath, number: usize, archive: &[u8]) -> TreePath {
    let name = path.name().unwrap_or_default();
    let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&at| at > 0 && name.len() - at <= 16);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let label = [format!(" ({number} in ").as_bytes(), cut(archive, LONGEST_ARCHIVE), b")"].concat();
    let made = [cut(stem, LONGEST_NAME.saturating_sub(label.len() + extension.len())), &label, extension].concat();
    let parent = path.parent().unwrap_or_default();
    // Both are parts of paths already, so that together they are one.
    parent.child(&made).unwrap_or_else(|_| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn placed(name: &str) -> String {
        String::from_utf8(place(name.as_bytes()).unwrap().path.as_bytes().to_vec()).unwrap()
    }

    /// The name that was written in another way.
    fn meant(part: &[u8]) -> Vec<u8> {
        let Some(mut rest) = part.strip_prefix(ESCAPED) else { return part.to_vec() };
        let mut out = Vec::new();
        while let Some((&first, tail)) = rest.split_first() {
            let code = (first == b'%').then(|| std::str::from_utf8(&tail[..2]).unwrap());
            out.push(code.map_or(first, |code| u8::from_str_radix(code, 16).unwrap()));
            rest = if code.is_some() { &tail[2..] } else { tail };
        }
        out
    }

    #[test]
    fn hostile_names_stay_below_the_root_and_all_others_stay_as_they_are() {
        for (name, expected) in [
            ("../x", "%!%2E%2E/x"),
            ("/etc/passwd", "%!/etc/passwd"),
            ("a//b", "a/%!/b"),
            ("a/./b", "a/%!%2E/b"),
            ("a\0b", "%!a%00b"),
            ("", "%!"),
            ("%!x%", "%!%25!x%25"),
            ("C:/x", "C:/x"),
            ("CON.txt", "CON.txt"),
            ("dot. ", "dot. "),
            ("100% of ..., etc", "100% of ..., etc"),
        ] {
            assert_eq!(placed(name), expected, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_that_was_written_in_another_way_leads_back_to_it(part in proptest::collection::vec(
            prop_oneof![Just(b'.'), Just(b'%'), Just(b'!'), Just(0u8), Just(b'2'), Just(b'E'), Just(b'a')], 0..6)
        ) {
            let stored = storable(&part);
            prop_assert!(TreePath::root().child(&stored).is_ok());
            prop_assert_eq!(meant(&stored), part);
        }
    }

    #[test]
    fn the_old_character_set_has_all_its_letters() {
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(from_cp437(b"caf\x82 \x9c5 \xe1\xff"), "café £5 ß\u{a0}".as_bytes());
    }

    #[test]
    fn what_lies_too_deep_or_is_too_long_has_no_place() {
        assert!(place("a/".repeat(254).as_bytes()).is_some());
        assert!(place("a/".repeat(255).as_bytes()).is_none());
        assert!(place(&[b'a'; TreePath::LONGEST]).is_some());
        assert!(place(&[b'a'; TreePath::LONGEST + 1]).is_none());
    }

    #[test]
    fn a_name_beside_keeps_its_extension() {
        let path = |text: &str| TreePath::from_bytes(text.as_bytes().to_vec()).unwrap();
        assert_eq!(beside(&path("a/minutes.docx"), 2, b"Export.zip"), path("a/minutes (2 in Export.zip).docx"));
        assert_eq!(beside(&path(".hidden"), 3, b"E"), path(".hidden (3 in E)"));
        let long = format!("x{}.pdf", "é".repeat(125));
        let made = beside(&path(&long), 12, &[b'E'; 255]).to_string();
        assert!(made.len() <= 255 && made.starts_with("xéé") && made.ends_with("EE).pdf"), "{made}");
    }
}
